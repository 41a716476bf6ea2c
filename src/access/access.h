/* Staff, roles, sessions, API and write keys, sources. */
#ifndef ZX_ACCESS_ACCESS_H
#define ZX_ACCESS_ACCESS_H

#include "base/ctx.h"
#include "http/http.h"
#include "http/list.h"

/* Who acts in a request. */
struct actor {
    int64_t staff_id;      /* 0: an API key or the program */
    int64_t key_id;        /* 0: a person */
    int64_t source_id;     /* of the key */
    bool trusted;          /* key class */
    unsigned role;         /* one of enum role */
    struct str name;       /* of the staff member, for the audit */
    const int64_t *stores; /* what store staff may browse; NULL: all */
    size_t store_count;
};
bool access_may(const struct actor *a, const char *permission);
/* One test for objects, used by lists, search, live stream, exports alike: may this actor see a customer of this home store? */
bool access_can_see_store(const struct actor *a, int64_t store_id);

struct access_source {
    int64_t id;
    struct str code, name, kind; /* kind: "web", "server", "till", "import", "mini", "demo" */
    bool trusted, shared_device, enabled;
    struct str account_scope;  /* shop accounts of sources with the same scope are the same ids */
    struct str channel;        /* "web", "store", … */
    struct str signing_secret; /* HMAC of user ids signed by the shop's server; may be empty */
};
/* The source of a write or API key (as it came over the wire); in memory, thread-safe, follows changes. */
bool access_key_lookup(struct app *app, struct str key, struct access_source *ret, bool *ret_api);
/* The same from an Authorization header, without decoding or hashing one that came before: for the fast path. False when the
 * header holds no key, or none that holds. */
bool access_source_of_header(struct app *app, struct str authorization, struct access_source *ret, bool *ret_api);
/* Makes a key for the source of that name, and the source when there is none. Inside a transaction; a running server knows
 * the key after access_keys_reload(). `api`: for /api/v1, else a write key for collection. */
enum rc access_key_create(struct ctx *c, struct str source_name, bool api, bool trusted, struct str *ret_key) ZX_MUST_CHECK;
/* For set-up inside the program: the source of that code as it stands; and a source made as given, inside a transaction,
 * unless its code is there already. *s gets its id. Neither is audited. */
enum rc access_source_find(struct ctx *c, struct str code, struct access_source *ret) ZX_MUST_CHECK;
enum rc access_source_ensure(struct ctx *c, struct access_source *s) ZX_MUST_CHECK;
/* The scope under which a shop's accounts and orders are known: of the source of that code; of another word, the word itself. */
enum rc access_source_scope(struct ctx *c, struct str word, struct str *ret) ZX_MUST_CHECK;
enum rc access_keys_reload(struct ctx *c) ZX_MUST_CHECK;
/* Adds a person; the password is hashed here. RC_INVALID when weak or malformed, RC_CONFLICT when the e-mail is taken. */
enum rc access_staff_create(struct ctx *c, struct str email, struct str name, unsigned role, struct str password, int64_t *ret_id) ZX_MUST_CHECK;

/* The key of an Authorization header, "Bearer KEY" or "Basic base64(KEY:…)"; false when it holds none. `room` keeps the
 * decoded bytes. */
bool access_key_of_header(struct str authorization, char room[static 256], struct str *ret);

/* Writes an audit row of the server's own (logins, changes of settings, exports). */
enum rc access_audit(struct ctx *c, const char *action, const char *object, int64_t object_id, struct str detail_json) ZX_MUST_CHECK;

/* An export or a download: "export.run" in a transaction of its own; `kind` is what was taken, `format` "csv", "xlsx", … */
enum rc access_audit_taken(struct ctx *c, const char *kind, const char *format) ZX_MUST_CHECK;

/* Which rows of the audit: ?who= (a staff id, "program" or "key"), action, from, to (days in China), q, after, limit. */
struct access_audit_filter {
    struct list page;
    int who;
    int64_t staff_id, from_us, to_us;
    struct str action;
};
enum rc access_audit_filter_read(struct ctx *c, const struct request *r, int64_t limit, struct access_audit_filter *ret) ZX_MUST_CHECK;
/* The newest rows of it below the id `before`; the columns of the statement audit_list. */
struct db_rows *access_audit_rows(struct ctx *c, const struct access_audit_filter *f, int64_t before, int64_t limit);

/* How the server asks who it is, for http_start(). */
extern const struct http_auth access_auth;

extern const struct module access_module;
/* Background jobs as routes; the module job/ itself lies below http and knows no routes. */
extern const struct module job_module;

#endif

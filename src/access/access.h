/* Staff, roles, sessions, API and write keys, sources. */
#ifndef ZX_ACCESS_ACCESS_H
#define ZX_ACCESS_ACCESS_H

#include "base/ctx.h"
#include "http/route.h"

/* Who acts in a request. */
struct actor {
    int64_t staff_id;        /* 0: an API key or the program */
    int64_t key_id;          /* 0: a person */
    int64_t source_id;       /* of the key */
    bool trusted;            /* key class */
    unsigned role;           /* one of enum role */
    struct str name;         /* of the staff member, for the audit */
    const int64_t *stores;   /* what store staff may browse; NULL: all */
    size_t store_count;
};
bool access_may(const struct actor *a, const char *permission);
/* One test for objects, used by lists, search, live stream, exports alike: may this actor see a customer of this home store? */
bool access_can_see_store(const struct actor *a, int64_t store_id);

struct access_source {
    int64_t id;
    struct str code, name, kind; /* kind: "web", "server", "till", "import", "mini", "demo" */
    bool trusted, shared_device, enabled;
    struct str account_scope;    /* shop accounts of sources with the same scope are the same ids */
    struct str channel;          /* "web", "store", … */
    struct str signing_secret;   /* HMAC of user ids signed by the shop's server; may be empty */
};
/* The source of a write or API key (as it came over the wire); in memory, thread-safe, follows changes. */
bool access_key_lookup(struct app *app, struct str key, struct access_source *ret, bool *ret_api);
enum rc access_key_create(struct ctx *c, struct str source_name, bool api, bool trusted, struct str *ret_key) ZX_MUST_CHECK;
enum rc access_staff_create(struct ctx *c, struct str email, struct str name, unsigned role, struct str password, int64_t *ret_id) ZX_MUST_CHECK;

/* Writes an audit row of the server's own (logins, changes of settings, exports). */
enum rc access_audit(struct ctx *c, const char *action, const char *object, int64_t object_id, struct str detail_json) ZX_MUST_CHECK;

extern const struct module access_module;

#endif

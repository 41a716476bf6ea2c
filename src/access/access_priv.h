/* What the files of src/access share. */
#ifndef ZX_ACCESS_ACCESS_PRIV_H
#define ZX_ACCESS_ACCESS_PRIV_H

#include "access/access.h"
#include "base/limits.h"

#include <pthread.h>
#include <stdatomic.h>

/* ---- throttle.c ---- */

/* Counts failures by key in a window; full tables forget the oldest. Thread-safe. */
struct throttle;
struct throttle *throttle_new(void);
void throttle_free(struct throttle *t);
/* Seconds to wait before another try is looked at; 0: go on. */
int throttle_wait_s(struct throttle *t, struct str key, int allowed, int64_t now_us);
void throttle_count(struct throttle *t, struct str key, int64_t now_us);
void throttle_forget(struct throttle *t, struct str key);
/* Failures at one server count at all: what they say to each other, a key behind it (login.c). */
#define LOGIN_FAILED "failed "
#define LOGIN_SUCCEEDED "succeeded "
void login_told(struct app *app, struct str word);

/* ---- password.c ---- */

enum { PASSWORD_CHARS_MIN = 10, PASSWORD_BYTES_MAX = 256 };

/* At most LIMIT_ARGON2_AT_ONCE run at a time; RC_BUSY when too many wait already. */
struct argon_gate;
struct argon_gate *argon_gate_new(void);
void argon_gate_free(struct argon_gate *g);
enum rc password_hash(struct ctx *c, struct str password, struct str *ret) ZX_MUST_CHECK;
/* An empty hash costs the same time and never matches: who has no account learns nothing from the clock. */
enum rc password_verify(struct ctx *c, struct str hash, struct str password, bool *ret_ok) ZX_MUST_CHECK;
enum rc password_check_strength(struct ctx *c, const char *field, struct str password) ZX_MUST_CHECK;

/* ---- session.c ---- */

enum { SESSION_TOKEN_BYTES = 32, SESSION_TOKEN_CHARS = 43 };

/* The cookie's value out of a Cookie header; empty when missing. */
struct str session_cookie_find(struct str cookies, struct str name);
struct str session_cookie_name(const struct request *r);
/* Opens a session for a person: sets the cookie. Inside a transaction. */
enum rc session_open(struct ctx *c, const struct request *r, int64_t staff_id, struct reply *p, struct str *ret_csrf) ZX_MUST_CHECK;
/* The same while nothing can be written, outside of any transaction; gives the CSRF token. */
struct str session_open_in_memory(struct ctx *c, const struct request *r, int64_t staff_id, struct reply *p);
enum rc session_close(struct ctx *c, const struct request *r, struct reply *p) ZX_MUST_CHECK;
/* The session of the request; RC_OK with *ret NULL when there is none that holds. Checks CSRF on writes. */
enum rc session_identify(struct ctx *c, const struct request *r, const struct actor **ret) ZX_MUST_CHECK;
struct str session_csrf(struct ctx *c, struct str token);
/* While nothing can be written. */
static inline bool access_disk_fails(enum rc rc)
{
    return rc == RC_DISK_FULL || rc == RC_DISK_FAILING;
}
/* What holds without being used; what holds at the most. */
#define SESSION_IDLE_US (30 * 60 * US_PER_S)
#define SESSION_AGE_US (10 * 3600 * US_PER_S)

/* ---- session_memory.c: sessions that the disk had no room for ---- */

struct session_memory *session_memory_new(void);
void session_memory_free(struct session_memory *m);
void session_memory_put(struct session_memory *m, const uint8_t hash[static 32], int64_t staff_id, int64_t now_us);
/* Whose it is; 0: there is none that holds. Being asked keeps it alive. */
int64_t session_memory_find(struct session_memory *m, const uint8_t hash[static 32], int64_t now_us);
void session_memory_drop(struct session_memory *m, const uint8_t hash[static 32]);
void session_memory_drop_staff(struct session_memory *m, int64_t staff_id);
/* Did the browser say that the request comes from another site? */
bool session_is_cross_site(const struct request *r);

/* ---- key.c ---- */

enum key_kind { KEY_WRITE = 1, KEY_API = 2 };

struct key_table;
void key_table_free(struct key_table *t);
enum rc key_identify(struct ctx *c, struct str key, const struct actor **ret) ZX_MUST_CHECK;
enum rc source_create(struct ctx *c, struct str code, struct str name, struct str kind, struct str channel, bool trusted, int64_t *ret_id) ZX_MUST_CHECK;
/* What servers tell each other when keys or sources changed (db_tell). */
#define KEYS_CHANGED "keys"
enum rc key_create(struct ctx *c, int64_t source_id, enum key_kind kind, bool trusted, struct str *ret_key) ZX_MUST_CHECK;
struct str signing_seal(struct ctx *c, int64_t source_id, struct str secret);
struct str signing_open(struct arena *a, const struct app *app, int64_t source_id, struct str sealed);

/* ---- the module's state ---- */

struct access {
    struct throttle *throttle;
    struct argon_gate *argon;
    struct session_memory *sessions;
    _Atomic(struct key_table *) keys;
    struct key_table *retired; /* tables that readers may still hold; freed at stop */
    pthread_mutex_t keys_lock; /* one reload at a time */
};

const char *role_name(unsigned role);
bool role_find(struct str name, unsigned *ret);
extern const char *const role_names[];

/* As the table holds it: trimmed, ASCII letters small. */
struct str staff_email_fold(struct arena *a, struct str email);

/* ---- routes, a file each ---- */

extern const struct field login_fields[], password_fields[], session_fields[], staff_in_fields[], staff_patch_fields[], staff_fields[];
struct login {
    struct str email, password;
};
struct password_change {
    struct str current, password;
};
struct staff_in {
    struct str email, name, number, locale, password;
    int role;
    bool enabled;
    struct field_list stores; /* of struct str: store codes */
};
route_fn session_create_route, session_show_route, session_delete_route, session_password_route;
route_fn staff_list_route, staff_show_route, staff_create_route, staff_update_route, roles_route;
route_fn source_list_route, source_create_route, source_update_route, key_list_route, key_create_route, key_create_named_route, key_revoke_route;
route_fn audit_list_route; /* audit.c */
extern const struct field role_fields[], source_in_fields[], source_patch_fields[], source_fields[], key_in_fields[], key_named_fields[], key_fields[], key_made_fields[],
    audit_fields[];
struct source_in {
    struct str code, name, channel, account_scope, signing_secret;
    int kind;
    bool trusted, shared_device, enabled;
};
/* Positions in the words of "kind": see key_kinds in source.c. */
enum { KEY_KIND_WRITE = 0, KEY_KIND_API = 1 };
struct key_named_in {
    struct str source;
    int kind;
    bool trusted;
};
struct key_in {
    int kind;
    bool trusted;
};

#endif

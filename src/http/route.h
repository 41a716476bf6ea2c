/* Routes are rows, modules are descriptors. A row without a permission stops the program at start. */
#ifndef ZX_HTTP_ROUTE_H
#define ZX_HTTP_ROUTE_H

#include "base/ctx.h"
#include "db/db.h"
#include "json/json.h"

enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE, HTTP_OPTIONS, HTTP_METHOD_COUNT };
const char *http_method_name(enum http_method method);

/* Special values of .need beside permissions such as "customer.read". */
#define NEED_NOBODY "public"   /* anyone */
#define NEED_SESSION "session" /* any logged-in person */

/* What a handler sees of its request. All strings live as long as the request. */
struct request {
    enum http_method method;
    struct str path;
    struct str params[4]; /* the {…} of the path, in order, percent-decoded */
    struct str body;      /* as received, inflated */
    struct json json;     /* body parsed, when the route has .in */
    const void *in;       /* decoded by .in, NULL without */
    uint64_t in_set;      /* which top-level rows of .in were present */
    struct str if_match;  /* revision from If-Match, without quotes */
    struct str address;   /* of the client; behind a trusted proxy, as the proxy says */
    bool secure;          /* came by TLS to a trusted proxy */
    struct str language;  /* Accept-Language, raw */
    void *impl;           /* the server's own */
};
/* Query parameters and headers; empty when missing. */
struct str request_query(const struct request *r, const char *name);
struct str request_header(const struct request *r, const char *name);
/* A text of i18n/ in the language that the client asked for; the key itself when there is none. */
struct str request_text(const struct request *r, const char *key);
/* The {…} at `index` as an id; RC_NOT_FOUND when it is none. */
enum rc request_param_id(struct ctx *c, const struct request *r, size_t index, int64_t *ret) ZX_MUST_CHECK;
/* ?limit=, 1 … LIMIT_LIST_PAGE. */
enum rc request_limit(struct ctx *c, const struct request *r, int64_t otherwise, int64_t *ret) ZX_MUST_CHECK;
/* Was the write based on the row's current revision? RC_NEEDS_REV without If-Match, RC_STALE when it changed. */
enum rc request_check_rev(struct ctx *c, const struct request *r, int64_t current) ZX_MUST_CHECK;
/* Opaque signed keyset cursors: up to four numbers that say where the next page starts; good for the same path only.
 * The second reads what the first made: `text` is ?after= or the body's "after"; empty is the first page (*ret_given false). */
struct str request_cursor_make(struct ctx *c, const struct request *r, const int64_t *keys, size_t count);
enum rc request_cursor(struct ctx *c, const struct request *r, struct str text, int64_t *ret_keys, size_t count, bool *ret_given) ZX_MUST_CHECK;

/* What a handler leaves. JSON is written into `json`; a handler may also set a file or its own bytes. */
struct reply {
    struct jw json; /* body, when content_type is NULL */
    struct buf body;
    int status;               /* 0: 200, or the error's */
    const char *content_type; /* NULL: application/json */
    const char *file;         /* path of a file to stream instead of the body; owned by the arena */
    bool file_delete;         /* unlink it once sent */
    struct {
        const char *name;
        struct str value;
    } headers[12];
    size_t header_count;
};
void reply_header(struct reply *p, const char *name, struct str value); /* one with CR or LF is left out; the value lives in the arena */
void reply_rev(struct ctx *c, struct reply *p, int64_t rev);            /* ETag of an editable row */

/* Ends a list body after its items: …], "next": cursor or null, "total": {…}}. */
void reply_list_end(struct reply *p, struct str next, int64_t total, bool exact);

/* For routes that write by themselves (.raw): one transaction that also answers a repeat of the same POST with the first one's reply
 * (Idempotency-Key), without running fn again; *ret_replayed (may be NULL) says so. fn writes the whole reply. */
enum rc request_tx(struct ctx *c, const struct request *r, enum rc (*fn)(struct ctx *c, void *arg), void *arg, bool *ret_replayed) ZX_MUST_CHECK;

typedef enum rc route_fn(struct ctx *c, const struct request *r, struct reply *p);

struct route {
    enum http_method method;
    const char *path; /* "/api/v1/customers/{id}" */
    route_fn *run;
    const char *need;       /* a permission, NEED_SESSION or NEED_NOBODY; never NULL */
    const struct field *in; /* body */
    size_t in_size;
    const struct field *out; /* reply, for the document */
    const char *out_name;    /* name of the schema in the document; lists are {items: […], next, total} of it */
    bool out_list;
    bool writes;       /* runs on the writer, inside one transaction, and is audited */
    const char *act;   /* what the audit calls it, "customer.update": the object, a dot, the deed; with .writes never NULL */
    bool raw;          /* writes by itself: not in a transaction (commands of long work, vault calls) */
    size_t body_max;   /* 0: LIMIT_BODY_BYTES */
    bool alone;        /* runs without a reader and whoever asks, so that it answers while the truth is away; only with NEED_NOBODY */
    bool api_key;      /* an API key may call it too */
    const char *doc;   /* one sentence */
    const char *query; /* documented query parameters: "q,sort,after,limit" */
};

/* A permission and the roles that have it by default. */
enum role { ROLE_ADMIN = 1, ROLE_MANAGER = 2, ROLE_AGENT = 4, ROLE_STORE = 8, ROLE_API = 16, ROLE_ALL = 15 };
struct permission {
    const char *name; /* "customer.read" */
    unsigned roles;   /* or of enum role */
};

/* Durable background work, see job/job.h. */
struct job_kind;

struct customer_merge {
    int64_t winner, loser;
    int64_t merge_id;
};

/* One line of a customer's story. Modules add theirs; the customer module sorts and pages them. */
struct timeline_item {
    int64_t at_us, id;      /* sort key, newest first */
    const char *kind;       /* "web", "receipt", "order", "return", "note", "consent", "merge", … */
    struct str channel;     /* "store", "web", "wechat", … */
    struct str place;       /* store or site name */
    struct str title;       /* what happened: event name or document number; no personal values */
    struct str detail_json; /* an object, may be empty */
    int64_t amount_minor;   /* with has_amount */
    bool has_amount;
    int64_t repeat;   /* equal neighbours folded into one */
    int64_t staff_id; /* whose deed it was; 0: nobody's of the house */
};
struct timeline_query {
    const int64_t *members; /* all ids that are this person */
    size_t member_count;
    const int64_t *subjects; /* her devices */
    size_t subject_count;
    int64_t before_us, before_id; /* keyset: strictly older than this */
    struct str kind, channel;     /* filters, empty: all */
    size_t limit;                 /* at most this many of each module */
};
struct timeline {
    struct timeline_item *items;
    size_t count, cap;
};
void timeline_add(struct ctx *c, struct timeline *t, struct timeline_item item);

/* A person's business through one channel, for the record page. Spent is what she kept: returns are taken off. */
struct channel_totals {
    struct str channel;
    int64_t orders, spent_minor, bought_minor;
    int64_t returns, returned_minor;
    int64_t orders_year, spent_year_minor; /* of the last 365 days */
    int64_t last_order_us;
};

struct module {
    const char *name;
    const struct route *routes;            /* ends with .path == NULL */
    const struct db_sql *sql;              /* ends with .name == NULL; of the truth */
    const struct db_sql *warehouse_sql;    /* of the warehouse */
    const struct db_migration *migrations; /* ends with .text == NULL */
    const char *const *tables;             /* owned by this module, NULL-terminated; others write them through it */
    const struct permission *permissions;  /* ends with .name == NULL */
    const struct job_kind *jobs;           /* ends with .name == NULL */
    enum rc (*start)(struct app *app);     /* after the databases are open */
    void (*run)(struct app *app);          /* after all have started: threads that ask other modules begin here */
    void (*stop)(struct app *app);
    /* A server of this truth committed, see db_session_hooks; on the session's thread, while the module runs. */
    void (*told)(struct app *app, struct str word);
    enum rc (*on_customer_merge)(struct ctx *c, const struct customer_merge *m);
    enum rc (*on_customer_erase)(struct ctx *c, int64_t customer_id);
    enum rc (*on_customer_export)(struct ctx *c, int64_t customer_id, struct jw *out);
    enum rc (*on_timeline)(struct ctx *c, const struct timeline_query *q, struct timeline *out);
    /* Whose is this number (order, receipt, coupon …)? Two tills may have given the same one to two people. At most `max`. */
    enum rc (*on_lookup)(struct ctx *c, struct str text, int64_t *ret_customers, size_t max, size_t *ret_count);
    /* What each channel was to her; the record page adds them up. */
    enum rc (*on_record)(struct ctx *c, const int64_t *members, size_t member_count, struct channel_totals **ret, size_t *ret_count);
    /* What a matter in 待核对 is about (identity_review_note()): members of an object, if the rule is the module's own. */
    enum rc (*on_review)(struct ctx *c, struct str rule, int64_t thing_id, struct jw *out);
    /* From now on this code (or barcode) means this SKU: what was written before it was known can be joined. */
    enum rc (*on_sku)(struct ctx *c, struct str code, int64_t sku_id, int64_t style_id);
    void (*metrics)(struct app *app, struct buf *out); /* Prometheus text */
};

/* The list of app/modules.c, NULL-terminated. */
extern const struct module *const modules[];

#endif

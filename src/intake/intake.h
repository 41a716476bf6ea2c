/* The one way in. Events, receipts, orders, products, forms and imported rows become *units*; one commit thread takes them
 * in groups through identity, sealing, sales and the event log in a single transaction. A second thread puts the group on disk
 * and only then answers, while the first is at work on the next.
 *
 *   parse and check (any thread) → intake_push → queue (bounded in bytes) → commit thread → sync thread → answer, live view */
#ifndef ZX_INTAKE_INTAKE_H
#define ZX_INTAKE_INTAKE_H

#include "access/access.h"
#include "base/app.h"
#include "customer/customer.h"
#include "eventlog/eventlog.h"
#include "http/http.h"
#include "identity/identity.h"
#include "sales/sales.h"

struct intake;
enum rc intake_start(struct app *app, struct intake **ret) ZX_MUST_CHECK;
/* Commits what is queued, then stops. */
void intake_stop(struct intake *in);

enum intake_kind { INTAKE_EVENT = 1, INTAKE_DOCUMENT = 2, INTAKE_STATUS = 3, INTAKE_PROFILE = 4, INTAKE_BAD = 5 };
enum intake_outcome { INTAKE_NEW = 1, INTAKE_SAME = 2, INTAKE_UPDATED = 3, INTAKE_CONFLICT = 4, INTAKE_REFUSED = 5 };

/* One thing that came in. Everything it points to lives in its unit's arena. */
struct intake_item {
    enum intake_kind kind;
    struct event event;              /* INTAKE_EVENT; `event.subject` is set when the item has no claims */
    struct identity_claim *claims;   /* who; may be none */
    size_t claim_count;
    struct customer_traits *traits;  /* what was learned about her; NULL nothing */
    struct sale *sale;               /* INTAKE_DOCUMENT, and events that carry an order */
    struct {                         /* INTAKE_STATUS, and events that change an order */
        struct str key;
        enum sale_status status;     /* 0: none */
        int64_t refund_minor;
    } order;
    bool may_create;
    const char *reason;              /* INTAKE_BAD: why, a constant word */
    const struct field *known;       /* INTAKE_BAD for an unknown member: those there are */
    struct str raw;                  /* INTAKE_BAD: redacted text for quarantine */
    /* out */
    enum intake_outcome outcome;
    int64_t id, customer_id, subject;
    enum identity_outcome who;
    const char *why;                 /* of conflict or refusal */
};

/* What one request, import step or demo step brought: committed together, answered once. */
struct intake_unit {
    struct arena *arena;             /* owned: freed after `done` */
    struct access_source source;
    const struct app *app;           /* set while events are parsed */
    struct intake_item *items;
    size_t count;
    size_t bytes;                    /* of the request, for the queue's bound */
    int64_t received_us;
    enum rc rc;                      /* of its commit */
    /* Called on the sync thread when the commit is on disk (RC_OK), or after its failure. MUST NOT block. */
    void (*done)(struct intake_unit *u, enum rc rc);
    void *done_arg;
    struct intake_unit *next;
};
/* A unit with an arena of its own. */
struct intake_unit *intake_unit_new(const struct access_source *source, size_t bytes);
void intake_unit_free(struct intake_unit *u);
/* Queues a unit. RC_BUSY when the queue is full: nothing was taken, the caller still owns it. */
enum rc intake_push(struct intake *in, struct intake_unit *u) ZX_MUST_CHECK;
/* Queues and waits for the commit; the unit stays the caller's, with its results. Waits for room, too. */
enum rc intake_push_wait(struct intake *in, struct intake_unit *u) ZX_MUST_CHECK;

/* ---- bodies to units ---- */

/* A body of the Segment wire format (one call or {"batch":[…]}). `type` is the route's ("track" … "batch"), `key` NULL or where a key found
 * in the body is left. RC_BAD_REQUEST/RC_TOO_LARGE when the body as a whole can't be taken; bad events in it become INTAKE_BAD. */
struct json_parser;
enum rc intake_events_parse(struct app *app, struct json_parser *parser, struct str type, struct str body, struct intake_unit *u, const char **ret_why) ZX_MUST_CHECK;
/* One receipt (already decoded JSON) becomes an INTAKE_DOCUMENT item. */
enum rc intake_receipt_parse(struct ctx *c, struct json body, struct intake_unit *u, struct intake_item *item) ZX_MUST_CHECK;
/* For callers inside the program (demo, demo shop): takes a body as if it had come over HTTP from that source and waits for
 * the commit. `path` is "/v1/batch", "/v1/identify", …, "/api/v1/receipts", "/api/v1/products", "/api/v1/stores", "/api/v1/customers". */
enum rc intake_submit(struct ctx *c, const struct access_source *source, struct str path, struct str body) ZX_MUST_CHECK;

struct intake_stats {
    int64_t units, events, documents, duplicates, refused, commits, queue_bytes;
};
void intake_stats(struct intake *in, struct intake_stats *ret);

/* The collection paths, taken on the loop thread: for http_options. */
extern const struct http_collector intake_collector;

extern const struct module intake_module;

#endif

/* The demo retailer, 知禾服饰（演示）: a fictional fashion chain whose stores, goods, people, receipts, web visits and orders
 * are made up from a seed. It only writes request bodies of the public intake formats, in the order of time, and hands them
 * to a sink: nothing reaches an installation but through the very intake that real traffic takes. docs/demo.md lists what
 * was planted. Not a load generator: bench/ has its own. */
#ifndef ZX_APP_DEMO_DEMO_H
#define ZX_APP_DEMO_DEMO_H

#include "base/str.h"

/* Where a body belongs. All but DEMO_BROWSER are trusted sources. */
enum demo_channel {
    DEMO_STORES,      /* POST /api/v1/stores {"stores":[…]} */
    DEMO_PRODUCTS,    /* POST /api/v1/products {"products":[…]} */
    DEMO_CUSTOMERS,   /* POST /api/v1/customers, one form */
    DEMO_SHOP_SERVER, /* POST /v1/batch of the web shop's server: logins, orders, refunds */
    DEMO_BROWSER,     /* POST /v1/batch of the web shop's pages, public key */
    DEMO_WECHAT,      /* POST /v1/batch of the WeChat account's server */
    DEMO_TILL,        /* POST /api/v1/receipts {"receipts":[…]} */
    DEMO_CHANNEL_COUNT
};

/* The sources behind the channels: what keys are made for, before the first body. */
struct demo_source {
    enum demo_channel channel;
    const char *code;           /* "web-shop" */
    const char *name;           /* as people read it */
    const char *kind;           /* of access_source: "web", "server", "till", … */
    const char *sales_channel;  /* "web", "store", "wechat" */
    const char *account_scope;  /* shop accounts of equal scope are the same ids; "" none */
    bool trusted, shared_device;
};
extern const struct demo_source demo_sources[DEMO_CHANNEL_COUNT];
/* The brand, for headings. */
#define DEMO_RETAILER "知禾服饰（演示）"

struct demo_progress {
    int32_t day, days;          /* of the window, from 1 */
    int64_t customers, receipts, orders, events, bodies;
};

/* Who takes the bodies. A failure of send() ends the generation with its code. */
struct demo_sink {
    /* MUST; the body lives until it returns; at_us is when the last thing in it happened. */
    enum rc (*send)(void *arg, enum demo_channel channel, int64_t at_us, struct str body);
    void (*progress)(void *arg, const struct demo_progress *p); /* MAY; after each day */
    void *arg;
};

struct demo_options {
    int64_t customers;          /* people, at most DEMO_CUSTOMERS_MAX; the story people come on top */
    int32_t years;              /* length of the window that ends at now_us, 1–9 */
    uint64_t seed;
    int64_t now_us;
    int64_t events;             /* web events in all; 0: 50 for each person and year. Orders and receipts go with it */
};
enum { DEMO_CUSTOMERS_MAX = 20000000 };

/* The same options give the same bodies in the same order, on every machine. Memory is bounded by the busiest day. */
enum rc demo_generate(const struct demo_options *o, const struct demo_sink *sink, struct demo_progress *ret_totals) ZX_MUST_CHECK;

/* ---- the live trickle ---- */

/* Goes on where the generation ended: visits, orders and receipts of the same people at a believable pace. */
struct demo_trickle;
struct demo_trickle *demo_trickle_new(const struct demo_options *o);
void demo_trickle_free(struct demo_trickle *t); /* NULL is fine */
/* Sends the next small body to the sink, stamped now_us; *ret_wait_ms says how long to wait before the one after it. */
enum rc demo_trickle_next(struct demo_trickle *t, int64_t now_us, const struct demo_sink *sink, int64_t *ret_wait_ms) ZX_MUST_CHECK;

/* The shop account that belongs to a phone as it was typed, for the demo shop's login; false when nobody of the demo has it. */
bool demo_account_of_phone(const struct demo_options *o, struct str phone, char ret_account[static 24]);

/* ---- the stories ---- */

/* A story of the tour, found again by an identifier that never changes. */
struct demo_story {
    const char *key;            /* "till", "family", … : texts tour.<key>.title and tour.<key> */
    const char *title;          /* in English */
    const char *kind;           /* what `value` is: "card", "phone" or "account" */
    const char *value;
};
extern const struct demo_story demo_stories[]; /* ends with .key == NULL */

#endif

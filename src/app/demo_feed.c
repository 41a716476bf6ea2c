/* From the demo's bodies to units of the intake. */
#include "app/demo_feed.h"
#include "access/access.h"
#include "app/app_priv.h"
#include "base/id.h"
#include "base/limits.h"
#include "catalog/catalog.h"
#include "customer/customer.h"
#include "db/pool.h"
#include "intake/intake.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

enum { UNDER_WAY_MAX = 48, SECRET_BYTES = 24 };

struct demo_feed {
    struct ctx c;
    struct arena *keep;          /* the sources' texts; the context's arena is reset after each body */
    struct json_parser *parser;
    struct access_source sources[DEMO_CHANNEL_COUNT];
    pthread_mutex_t lock;
    pthread_cond_t ended;
    int under_way;
    enum rc failure;
    struct demo_feed_counts counts;
};

/* ---- sources ---- */

struct making {
    char *write_key;
};

static struct access_source source_of(struct ctx *c, const struct demo_source *d)
{
    uint8_t random[SECRET_BYTES];
    char *secret = arena_alloc(c->arena, 2 * sizeof(random));
    randombytes_buf(random, sizeof(random));
    str_hex(random, sizeof(random), secret);
    struct access_source s = {.code = str_z(d->code), .name = str_z(d->name), .kind = str_z(d->kind), .trusted = d->trusted,
                              .shared_device = d->shared_device, .enabled = true, .channel = str_z(d->sales_channel)};
    s.account_scope = d->account_scope[0] ? str_z(d->account_scope) : s.code;
    if (d->channel == DEMO_BROWSER)
        s.signing_secret = str_n(secret, 2 * sizeof(random));
    return s;
}

static enum rc make_sources(struct ctx *c, void *arg)
{
    struct making *m = arg;
    struct str key;
    for (size_t i = 0; i < DEMO_CHANNEL_COUNT; i++) {
        struct access_source s = source_of(c, &demo_sources[i]);
        enum rc rc = access_source_ensure(c, &s);
        if (rc)
            return rc;
    }
    enum rc rc = access_key_create(c, str_z(demo_sources[DEMO_BROWSER].code), false, false, &key);
    if (!rc)
        snprintf(m->write_key, 80, "%.*s", STR_FMT(key));
    return rc;
}

enum rc demo_feed_make_sources(struct ctx *c, char ret_write_key[static 80])
{
    struct making m = {ret_write_key};
    enum rc rc = db_pool_tx(c, c->app->truth, make_sources, &m);
    return rc ? rc : access_keys_reload(c);
}

static struct access_source keep_source(struct arena *a, const struct access_source *s)
{
    struct access_source kept = *s;
    kept.code = arena_str(a, s->code);
    kept.name = arena_str(a, s->name);
    kept.kind = arena_str(a, s->kind);
    kept.channel = arena_str(a, s->channel);
    kept.account_scope = arena_str(a, s->account_scope);
    kept.signing_secret = STR_NULL; /* no body of ours is checked against it */
    return kept;
}

/* ---- bodies to units ---- */

static void on_done(struct intake_unit *u, enum rc rc)
{
    struct demo_feed *f = u->done_arg;
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < u->count && !rc; i++) {
        const struct intake_item *item = &u->items[i];
        int64_t *const by_outcome[] = {NULL, &f->counts.taken, &f->counts.same, &f->counts.updated, &f->counts.conflicts, &f->counts.refused};
        ++*by_outcome[item->outcome];
        if (item->outcome >= INTAKE_CONFLICT && f->counts.why[0] == '\0')
            snprintf(f->counts.why, sizeof(f->counts.why), "%s", item->why ? item->why : "");
    }
    if (rc && !f->failure)
        f->failure = rc;
    f->under_way--;
    pthread_cond_signal(&f->ended);
    pthread_mutex_unlock(&f->lock);
    intake_unit_free(u);
}

static enum rc wait_below(struct demo_feed *f, int limit)
{
    pthread_mutex_lock(&f->lock);
    while (f->under_way >= limit)
        pthread_cond_wait(&f->ended, &f->lock);
    enum rc rc = f->failure;
    pthread_mutex_unlock(&f->lock);
    return rc;
}

/* Hands a unit over. With fewer than UNDER_WAY_MAX of our own, a full queue means that others fill it: then we wait. */
static enum rc push(struct demo_feed *f, struct intake_unit *u)
{
    enum rc rc = wait_below(f, UNDER_WAY_MAX);
    u->done = on_done;
    u->done_arg = f;
    pthread_mutex_lock(&f->lock);
    f->under_way++;
    pthread_mutex_unlock(&f->lock);
    if (!rc)
        rc = intake_push(f->c.app->intake, u);
    while (rc == RC_BUSY && f->c.app->intake) {
        const struct timespec moment = {0, 20 * 1000 * 1000};
        nanosleep(&moment, NULL);
        rc = intake_push(f->c.app->intake, u);
    }
    if (rc) {
        pthread_mutex_lock(&f->lock);
        f->under_way--;
        pthread_mutex_unlock(&f->lock);
        intake_unit_free(u);
    }
    return rc;
}

static void add_claims(struct intake_unit *u, struct intake_item *item, enum identity_kind kind, struct json list)
{
    for (struct json_iter it = json_iter(list); json_next(&it) && item->claim_count < 8;)
        item->claims[item->claim_count++] =
            (struct identity_claim){.kind = kind, .scope = STR(""), .value = arena_str(u->arena, json_str(it.value)), .proven = true};
}

static struct str text(struct intake_unit *u, struct json form, const char *key)
{
    return arena_str(u->arena, json_str(json_get(form, str_z(key))));
}

static void take_address(struct intake_unit *u, struct json form, struct customer_traits *t)
{
    struct json_iter it = json_iter(json_get(form, STR("addresses")));
    if (!json_next(&it))
        return;
    t->addresses = arena_new_one(u->arena, struct customer_address);
    t->address_count = 1;
    t->addresses[0] = (struct customer_address){.province = text(u, it.value, "province"), .city = text(u, it.value, "city"),
                                                .district = text(u, it.value, "district"), .street = text(u, it.value, "street")};
}

static void take_tastes(struct intake_unit *u, struct json form, struct customer_traits *t)
{
    struct json list = json_get(form, STR("tastes"));
    t->tastes = arena_new_array(u->arena, struct str, json_count(list) + 1);
    for (struct json_iter it = json_iter(list); json_next(&it);)
        t->tastes[t->taste_count++] = arena_str(u->arena, json_str(it.value));
}

static enum customer_class class_of(struct str word)
{
    return str_eqz(word, "staff") ? CUSTOMER_STAFF : str_eqz(word, "reseller") ? CUSTOMER_RESELLER : CUSTOMER_CONSUMER;
}

/* A customer form as the import of customers takes it. */
static enum rc take_form(struct demo_feed *f, struct json form, int64_t at_us, struct intake_unit *u)
{
    struct customer_traits *t = arena_new_one(u->arena, struct customer_traits);
    struct json sizes = json_get(form, STR("sizes"));
    struct store home;
    enum rc rc = catalog_store(&f->c, json_str(json_get(form, STR("home_store"))), &home);
    if (rc)
        return rc;
    u->items = arena_new_one(u->arena, struct intake_item);
    u->count = 1;
    *u->items = (struct intake_item){.kind = INTAKE_PROFILE, .event = {.id = id_next()}, .traits = t, .may_create = true};
    u->items->claims = arena_new_array(u->arena, struct identity_claim, 8);
    add_claims(u, u->items, IDENTITY_CARD, json_get(form, STR("cards")));
    add_claims(u, u->items, IDENTITY_PHONE, json_get(form, STR("phones")));
    add_claims(u, u->items, IDENTITY_EMAIL, json_get(form, STR("emails")));
    *t = (struct customer_traits){
        .at_us = at_us, .source_kind = "import", .name = text(u, form, "name"), .birthday = text(u, form, "birthday"),
        .gender = str_eqz(json_str(json_get(form, STR("gender"))), "f") ? GENDER_FEMALE : GENDER_MALE,
        .class = class_of(json_str(json_get(form, STR("class")))), .home_store_id = home.id, .first_store_id = home.id,
        .own_assistant = text(u, form, "own_assistant"), .member = json_bool(json_get(form, STR("member")), false),
        .size_top = text(u, sizes, "top"), .size_bottom = text(u, sizes, "bottom"), .size_shoe = text(u, sizes, "shoe"),
    };
    take_address(u, form, t);
    take_tastes(u, form, t);
    return RC_OK;
}

static enum rc take_receipts(struct demo_feed *f, struct json body, struct intake_unit *u)
{
    struct json list = json_get(body, STR("receipts"));
    u->items = arena_new_array(u->arena, struct intake_item, json_count(list) + 1);
    for (struct json_iter it = json_iter(list); json_next(&it);) {
        enum rc rc = intake_receipt_parse(&f->c, it.value, u, &u->items[u->count++]);
        if (rc)
            return rc; /* ours are all well-formed: a fault of the program */
    }
    return RC_OK;
}

static enum rc take(struct demo_feed *f, enum demo_channel channel, int64_t at_us, struct str body, struct intake_unit *u)
{
    const char *why;
    struct json doc;
    if (channel != DEMO_CUSTOMERS && channel != DEMO_TILL)
        return intake_events_parse(f->c.app, f->parser, STR("batch"), body, u, &why);
    enum rc rc = json_parse(f->parser, body, LIMIT_BODY_BYTES, &doc, &why);
    if (rc)
        return rc;
    return channel == DEMO_CUSTOMERS ? take_form(f, doc, at_us, u) : take_receipts(f, doc, u);
}

static enum rc send_unit(struct demo_feed *f, enum demo_channel channel, int64_t at_us, struct str body)
{
    struct intake_unit *u = intake_unit_new(&f->sources[channel], body.len);
    enum rc rc = take(f, channel, at_us, body, u);
    if (rc) {
        intake_unit_free(u);
        return rc;
    }
    return push(f, u);
}

static enum rc send_body(void *arg, enum demo_channel channel, int64_t at_us, struct str body)
{
    struct demo_feed *f = arg;
    enum rc rc;
    f->c.now_us = clock_now_us();
    if (channel == DEMO_STORES || channel == DEMO_PRODUCTS) {
        rc = intake_submit(&f->c, &f->sources[channel], channel == DEMO_STORES ? STR("/api/v1/stores") : STR("/api/v1/products"), body);
    } else {
        rc = send_unit(f, channel, at_us, body);
    }
    arena_reset(f->c.arena);
    return rc;
}

/* ---- life ---- */

static enum rc find_sources(struct demo_feed *f, struct arena *keep)
{
    for (size_t i = 0; i < DEMO_CHANNEL_COUNT; i++) {
        struct access_source s;
        enum rc rc = access_source_find(&f->c, str_z(demo_sources[i].code), &s);
        if (rc)
            return rc;
        f->sources[i] = keep_source(keep, &s);
    }
    return RC_OK;
}

enum rc demo_feed_open(struct app *app, struct demo_feed **ret)
{
    struct demo_feed *f = mem_zalloc(1, sizeof(*f));
    enum rc rc = app_ctx(app, &f->c);
    if (rc) {
        free(f);
        return rc;
    }
    f->parser = json_parser_new();
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->ended, NULL);
    f->keep = arena_new();
    rc = find_sources(f, f->keep);
    if (rc)
        demo_feed_close(f);
    else
        *ret = f;
    return rc;
}

struct demo_sink demo_feed_sink(struct demo_feed *f)
{
    return (struct demo_sink){.send = send_body, .arg = f};
}

enum rc demo_feed_drain(struct demo_feed *f)
{
    return wait_below(f, 1);
}

void demo_feed_counts(struct demo_feed *f, struct demo_feed_counts *ret)
{
    pthread_mutex_lock(&f->lock);
    *ret = f->counts;
    pthread_mutex_unlock(&f->lock);
}

void demo_feed_close(struct demo_feed *f)
{
    if (!f)
        return;
    (void)!wait_below(f, 1);
    pthread_mutex_destroy(&f->lock);
    pthread_cond_destroy(&f->ended);
    json_parser_free(f->parser);
    app_ctx_end(&f->c);
    arena_free(f->keep);
    free(f);
}

/* Keeps the vault's memory index of names: a thread that feeds everybody when the vault is new (start, or restart after a
 * crash), page by page in the background, and from then on follows change.seq. Nothing of the index is on disk. */
#include "customer/customer_priv.h"

#include "base/id.h"
#include "base/log.h"
#include "db/pool.h"
#include "http/http.h"
#include "vault/keystore.h"

#include <pthread.h>
#include <stdlib.h>

enum { FEED_PAGE = 2000, FOLLOW_PAGE = 1000, REST_MS = 50, LOOK_MS = 250, STATUS_EVERY_US = 1000000 };
static const int64_t PURGE_EVERY_US = 3600 * US_PER_S;
static const int64_t orphan_age_us = US_PER_DAY; /* no commit takes that long */

struct customer_feed {
    struct app *app;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t turn;
    bool woken, stop;
    /* of the thread alone */
    int64_t fed_pid;             /* the vault process that knows everybody; 0 none */
    int64_t after_seq;
    int64_t status_us;           /* when it was asked last */
    int64_t purged_us;           /* when refund accounts were looked through last */
};

static bool is_stopping(struct customer_feed *f)
{
    pthread_mutex_lock(&f->lock);
    bool stop = f->stop;
    pthread_mutex_unlock(&f->lock);
    return stop;
}

/* ---- everybody ---- */

struct feed_page {
    struct vault_remember *items;
    int64_t *ids;
    size_t count;
};

static enum rc page_records(struct ctx *c, int64_t after, struct feed_page *ret)
{
    *ret = (struct feed_page){arena_new_array(c->arena, struct vault_remember, FEED_PAGE), arena_new_array(c->arena, int64_t, FEED_PAGE), 0};
    struct db_rows *q = db_query(c->db, "customer_feed_records", DB_I64("after", after), DB_I64("limit", FEED_PAGE));
    while (ret->count < FEED_PAGE && db_next(q)) {
        struct vault_remember *item = &ret->items[ret->count];
        item->customer_id = ret->ids[ret->count++] = db_i64(q, "id");
        item->store_id = db_i64(q, "home_store_id");
        item->name.field = VAULT_NAME;
        item->name.place = sealed_place(VAULT_NAME, item->customer_id, db_i64(q, "sealed_for"));
        item->name.sealed = arena_str(c->arena, db_blob(q, "name"));
    }
    return db_end(q);
}

/* Rows come by customer, the newest phone last: it stays. */
static enum rc page_phones(struct ctx *c, int64_t after, struct feed_page *page)
{
    size_t at = 0;
    struct db_rows *q = db_query(c->db, "customer_feed_phones", DB_I64("after", after), DB_I64("upto", page->ids[page->count - 1]), DB_I64("kind", VAULT_PHONE));
    while (db_next(q)) {
        while (at < page->count && page->ids[at] < db_i64(q, "customer_id"))
            at++;
        if (at == page->count || page->ids[at] != db_i64(q, "customer_id"))
            continue;
        page->items[at].phone = (struct vault_open){
            .field = VAULT_PHONE, .place = sealed_place(VAULT_PHONE, db_i64(q, "id"), db_i64(q, "sealed_for")), .sealed = arena_str(c->arena, db_blob(q, "value")),
        };
    }
    return db_end(q);
}

static enum rc page_keys(struct ctx *c, struct feed_page *page)
{
    struct str *keys = arena_new_array(c->arena, struct str, page->count);
    enum rc rc = keystore_get(c, page->ids, page->count, keys);
    for (size_t i = 0; !rc && i < page->count; i++)
        page->items[i].wrapped = keys[i];
    return rc;
}

static enum rc feed_page(struct ctx *c, int64_t *after, size_t *ret_count)
{
    struct feed_page page;
    enum rc rc = page_records(c, *after, &page);
    if (!rc && page.count)
        rc = page_phones(c, *after, &page);
    if (!rc && page.count)
        rc = page_keys(c, &page);
    if (!rc && page.count)
        rc = vault_remember(c, page.items, page.count);
    if (rc)
        return rc;
    *ret_count = page.count;
    if (page.count)
        *after = page.ids[page.count - 1];
    return RC_OK;
}

/* ---- some people, as they are today ---- */

static void remember_of(const struct view *v, struct vault_remember *item)
{
    const struct profile *named = profile_newest(v->records, v->record_count, PROFILE_NAME);
    const struct view_contact *phone = view_contact(v, VAULT_PHONE);
    *item = (struct vault_remember){.customer_id = v->root, .store_id = view_number(v, PROFILE_HOME_STORE)};
    if (named)
        item->name = (struct vault_open){.field = VAULT_NAME, .place = sealed_place(VAULT_NAME, named->id, named->sealed_for), .sealed = named->v[PROFILE_NAME].text};
    if (phone)
        item->phone = (struct vault_open){.field = VAULT_PHONE, .place = sealed_place(VAULT_PHONE, phone->id, phone->sealed_for), .sealed = phone->sealed};
}

static enum rc add_keys(struct ctx *c, struct vault_remember *items, size_t count)
{
    int64_t *ids = arena_new_array(c->arena, int64_t, 2 * count);
    struct str *keys = arena_new_array(c->arena, struct str, 2 * count);
    for (size_t i = 0; i < count; i++) {
        ids[2 * i] = items[i].name.place.sealed_for;
        ids[2 * i + 1] = items[i].phone.place.sealed_for;
    }
    enum rc rc = keystore_get(c, ids, 2 * count, keys);
    for (size_t i = 0; !rc && i < count; i++) {
        items[i].name.wrapped = keys[2 * i];
        items[i].phone.wrapped = keys[2 * i + 1];
    }
    return rc;
}

/* Ids that are no longer a root are taken out; their root is put in as it is now. */
static enum rc remember(struct ctx *c, const int64_t *ids, size_t count)
{
    struct vault_remember *items = arena_new_array(c->arena, struct vault_remember, 2 * count);
    struct view *views;
    size_t n = 0, known;
    enum rc rc = views_gather(c, ids, count, &views, &known);
    if (rc)
        return rc;
    for (size_t i = 0; i < known; i++)
        remember_of(&views[i], &items[n++]);
    rc = add_keys(c, items, n);
    for (size_t i = 0; !rc && i < count; i++) {
        int64_t root;
        rc = customer_root(c, ids[i], &root);
        if (!rc && root != ids[i])
            items[n++] = (struct vault_remember){.customer_id = ids[i], .forget = true};
    }
    return rc || n == 0 ? rc : vault_remember(c, items, n);
}

/* Everybody was fed by her own record; the merged ones are put right here. */
static enum rc feed_merged(struct ctx *c, int64_t *after, size_t *ret_count)
{
    int64_t *ids = arena_new_array(c->arena, int64_t, FOLLOW_PAGE);
    size_t n = 0;
    struct db_rows *q = db_query(c->db, "customer_merged_ids", DB_I64("after", *after), DB_I64("limit", FOLLOW_PAGE));
    while (n < FOLLOW_PAGE && db_next(q))
        ids[n++] = db_i64(q, "customer_id");
    enum rc rc = db_end(q);
    if (rc)
        return rc;
    *ret_count = n;
    if (n)
        *after = ids[n - 1];
    return n ? remember(c, ids, n) : RC_OK;
}

typedef enum rc feed_step(struct ctx *c, int64_t *after, size_t *ret_count);

static enum rc feed_all(struct customer_feed *f, struct ctx *c, feed_step *step, int64_t *ret_total)
{
    int64_t after = 0;
    size_t count = 1;
    enum rc rc = RC_OK;
    *ret_total = 0;
    while (!rc && count) {
        if (is_stopping(f))
            return RC_GONE;
        arena_reset(c->arena);
        rc = step(c, &after, &count);
        *ret_total += (int64_t)count;
    }
    return rc;
}

/* What changes while everybody is fed is fed again: the sequence is read first. */
static enum rc feed(struct customer_feed *f, struct ctx *c, int64_t pid)
{
    int64_t seq, people, merged, started_us = clock_mono_us();
    enum rc rc = change_last(c, &seq);
    if (!rc)
        rc = feed_all(f, c, feed_page, &people);
    if (!rc)
        rc = feed_all(f, c, feed_merged, &merged);
    if (!rc)
        rc = vault_index_ready(c);
    if (rc)
        return rc;
    f->fed_pid = pid;
    f->after_seq = seq;
    log_info("customer.index", LOG_I("people", people - merged), LOG_I("ms", (clock_mono_us() - started_us) / US_PER_MS));
    return RC_OK;
}

/* ---- following ---- */

static bool concerns_names(enum change_kind kind)
{
    return kind == CHANGE_CUSTOMER || kind == CHANGE_MERGE || kind == CHANGE_ERASE;
}

/* Pages that show one of these people ask for her again; when there are too many to name, all do. */
static void tell_pages(struct ctx *c, const struct change *changes, size_t count)
{
    enum { NAMED_MAX = 200 };
    _cleanup_buf_ struct buf json = BUF_INIT(16 << 10);
    struct jw w = jw_on(&json);
    int64_t *ids = arena_new_array(c->arena, int64_t, count);
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (changes[i].customer_id)
            ids[n++] = changes[i].customer_id;
    n = id_distinct(ids, n);
    if (n == 0 || !c->app->http)
        return;
    jw_object(&w);
    jw_key(&w, "customers");
    jw_array(&w);
    for (size_t i = 0; i < n && i < NAMED_MAX; i++)
        jw_id(&w, ids[i]);
    jw_array_end(&w);
    jw_kv_bool(&w, "more", n > NAMED_MAX);
    jw_object_end(&w);
    http_publish(c->app->http, "change", "customer.read", 0, buf_str(&json));
}

/* A merge names the loser; her root follows from her. */
static enum rc follow(struct customer_feed *f, struct ctx *c, bool *ret_more)
{
    struct change *changes;
    size_t count, n = 0;
    enum rc rc = change_read(c, f->after_seq, FOLLOW_PAGE, &changes, &count);
    if (!rc && count)
        rc = db_pool_sync_read(c->app->truth);
    if (rc || count == 0)
        return rc;
    int64_t *ids = arena_new_array(c->arena, int64_t, count);
    for (size_t i = 0; i < count; i++)
        if (concerns_names(changes[i].kind))
            ids[n++] = changes[i].ref_id;
    n = id_distinct(ids, n);
    rc = n ? remember(c, ids, n) : RC_OK;
    if (rc)
        return rc;
    tell_pages(c, changes, count);
    f->after_seq = changes[count - 1].seq;
    *ret_more = count == FOLLOW_PAGE;
    return RC_OK;
}

/* ---- the thread ---- */

static enum rc known_to_truth(struct ctx *c, const int64_t *ids, size_t count, bool *known)
{
    struct db_rows *q = db_query(c->db, "customer_known_ids", DB_IDS("ids", ids, count));
    while (db_next(q)) {
        int64_t id = db_i64(q, "id");
        const int64_t *at = bsearch(&id, ids, count, sizeof(*ids), id_compare);
        if (at)
            known[at - ids] = true;
    }
    return db_end(q);
}

static enum rc look(struct customer_feed *f, struct ctx *c, bool *ret_more)
{
    struct vault_status status = {.pid = f->fed_pid};
    enum rc rc = RC_OK;
    if (f->fed_pid == 0 || clock_mono_us() - f->status_us > STATUS_EVERY_US) {
        f->status_us = clock_mono_us();
        rc = vault_status(c, &status);
    }
    if (!rc && status.pid != f->fed_pid)
        rc = feed(f, c, status.pid);
    return rc ? rc : follow(f, c, ret_more);
}

static enum rc round_of(struct customer_feed *f, struct ctx *c, bool *ret_more)
{
    enum rc rc = db_pool_reader(f->app->truth, &c->db);
    if (rc)
        return rc;
    rc = look(f, c, ret_more);
    db_pool_give(f->app->truth, c->db);
    return rc;
}

static void sweep_orphan_keys(struct customer_feed *f, struct ctx *c)
{
    int64_t swept = 0;
    if (db_pool_reader(f->app->truth, &c->db))
        return;
    enum rc rc = keystore_sweep(c, orphan_age_us, known_to_truth, &swept);
    db_pool_give(f->app->truth, c->db);
    if (rc)
        log_warn("customer.sweep", LOG_Z("code", rc_name(rc)));
    else if (swept)
        log_info("customer.sweep", LOG_I("keys", swept));
}

static void purge(struct customer_feed *f, struct ctx *c)
{
    if (f->purged_us && clock_mono_us() - f->purged_us < PURGE_EVERY_US)
        return;
    f->purged_us = clock_mono_us();
    enum rc rc = refund_purge(c);
    if (rc)
        log_warn("customer.purge", LOG_Z("code", rc_name(rc)));
}

/* Waits to be woken or for the next look; never looks more often than every REST_MS, however many commits there are. */
static void rest(struct customer_feed *f, int ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)ms * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&f->lock);
    while (!f->stop && !(f->woken && ms > REST_MS) && pthread_cond_timedwait(&f->turn, &f->lock, &until) == 0)
        ;
    if (ms > REST_MS)
        f->woken = false;
    pthread_mutex_unlock(&f->lock);
}

static void *run(void *arg)
{
    struct customer_feed *f = arg;
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    bool swept = false;
    while (!is_stopping(f)) {
        struct ctx c = {.arena = arena, .app = f->app, .vault = f->app->vault, .now_us = clock_now_us()};
        bool more = false;
        arena_reset(arena);
        enum rc rc = round_of(f, &c, &more);
        if (rc == RC_VAULT_DOWN)
            f->fed_pid = 0;
        else if (rc && rc != RC_GONE)
            log_warn("customer.index", LOG_Z("code", rc_name(rc)));
        if (!rc && !swept) {
            swept = true;
            sweep_orphan_keys(f, &c);
        }
        if (!rc)
            purge(f, &c);
        rest(f, REST_MS);
        if (!more)
            rest(f, LOOK_MS);
    }
    return NULL;
}

struct customer_feed *customer_feed_start(struct app *app)
{
    struct customer_feed *f = mem_zalloc(1, sizeof(*f));
    f->app = app;
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->turn, NULL);
    if (pthread_create(&f->thread, NULL, run, f) != 0)
        abort();
    return f;
}

void customer_feed_wake(struct customer_feed *f)
{
    if (!f)
        return;
    pthread_mutex_lock(&f->lock);
    f->woken = true;
    pthread_cond_signal(&f->turn);
    pthread_mutex_unlock(&f->lock);
}

void customer_feed_stop(struct customer_feed *f)
{
    if (!f)
        return;
    pthread_mutex_lock(&f->lock);
    f->stop = true;
    pthread_cond_signal(&f->turn);
    pthread_mutex_unlock(&f->lock);
    pthread_join(f->thread, NULL);
    pthread_cond_destroy(&f->turn);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

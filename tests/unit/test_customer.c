/* src/customer: what a record learns, keeps and shows, over a real vault process and real files. */
#include "customer/customer_priv.h"
#include "db/pool.h"
#include "embedded_sql.h"
#include "truth.h"
#include "vault/keystore.h"
#include "vault_fixture.h"

#include <sodium.h>

struct fixture {
    char keys[200]; /* where they are */
    struct truth *t;
    struct vault_fixture *v;
    struct ctx *c;
};

static int set_up(void **state)
{
    struct fixture *f = mem_zalloc(1, sizeof(*f));
    assert_true(sodium_init() >= 0);
    f->v = vault_fixture_new();
    f->t = truth_new();
    f->c = &f->t->c;
    f->c->vault = f->v->c.vault;
    engine_make(f->t->dir, "keys.db", f->keys, sizeof(f->keys));
    assert_int_equal(db_pool_open(f->keys, &f->t->app.keys), RC_OK);
    assert_int_equal(keystore_open(f->c), RC_OK);
    static const struct db_migration *const lists[] = {access_migrations, customer_migrations, catalog_migrations}; /* pages name staff, sources and stores */
    truth_migrate_all(f->t, lists, COUNT(lists));
    truth_register(customer_sql);
    assert_int_equal(db_pool_open(f->t->path, &f->t->app.truth), RC_OK);
    f->t->app.vault = f->c->vault;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    db_pool_close(f->t->app.truth);
    db_pool_close(f->t->app.keys);
    engine_remove(f->keys);
    vault_fixture_free(f->v);
    truth_free(f->t);
    free(f);
    return 0;
}

struct lesson {
    struct customer_traits *traits;
    size_t count;
};

static enum rc learn_in_tx(struct ctx *c, void *arg)
{
    struct lesson *l = arg;
    return customer_learn(c, l->traits, l->count);
}

static void learn(struct fixture *f, struct customer_traits *traits, size_t count)
{
    assert_int_equal(db_tx(f->c, learn_in_tx, &(struct lesson){traits, count}), RC_OK);
}

static struct view see(struct fixture *f, int64_t id)
{
    struct view *v;
    size_t count;
    assert_int_equal(views_load(f->c, &id, 1, &v, &count), RC_OK);
    assert_int_equal(count, 1);
    return *v;
}

static struct customer_contact contact(enum vault_field field, const char *value)
{
    struct customer_contact it = {.field = field, .value = str_z(value), .scope = STR("")};
    crypto_generichash(it.hash, sizeof(it.hash), (const uint8_t *)value, strlen(value), NULL, 0);
    return it;
}

static int64_t changes_of(struct fixture *f, const char *field)
{
    char text[128];
    snprintf(text, sizeof(text), "SELECT count(*) FROM customer_change WHERE field = '%s'", field);
    return truth_count(f->t, text);
}

/* ---- tests ---- */

static void every_statement_prepares(void **state)
{
    truth_check_sql(((struct fixture *)*state)->t, customer_sql);
}

static void learns_and_shows_masked(void **state)
{
    struct fixture *f = *state;
    struct customer_contact contacts[] = {contact(VAULT_PHONE, "13800005678"), contact(VAULT_CARD, "8800123412340021")};
    struct customer_address address = {STR("上海市"), STR("上海市"), STR("静安区"), STR("南京西路1266号"), STR("200040"), STR("李小明")};
    struct str tags[] = {STR("老客"), STR(" 老客 ")};
    struct customer_traits t = {
        .customer_id = 101, .create = true, .at_us = 1000, .source_kind = "form", .name = STR("李小明"), .birthday = STR("1990-05-12"),
        .gender = GENDER_FEMALE, .contacts = contacts, .contact_count = 2, .addresses = &address, .address_count = 1, .tags = tags, .tag_count = 2,
        .size_top = STR("M"), .note = STR("打 13912345678 找她"),
    };
    learn(f, &t, 1);
    struct view v = see(f, 101);
    assert_str(v.name, "李**");
    assert_str(v.phone, "138****5678");
    assert_str(v.card, "8800****0021");
    assert_int_equal(v.tag_count, 1);
    assert_int_equal(v.rev, 1);
    assert_int_equal(v.number, 1);
    _cleanup_buf_ struct buf out = BUF_INIT(1 << 20);
    struct jw w = jw_on(&out);
    assert_int_equal(record_write(f->c, 101, &v, &w), RC_OK);
    struct json record = truth_json(f->t, arena_z(f->c->arena, buf_str(&out)));
    assert_str(json_str(json_get(record, STR("salutation"))), "李女士");
    assert_str(json_str(json_get(record, STR("code"))), "C000001");
    assert_str(json_str(json_get(record, STR("birthday"))), "05-12");
    assert_str(json_str(json_get(json_get(record, STR("sizes")), STR("top"))), "M");
    struct json_iter addresses = json_iter(json_get(record, STR("addresses"))), notes = json_iter(json_get(record, STR("notes")));
    assert_true(json_next(&addresses));
    assert_str(json_str(addresses.value), "上海市静安区***");
    assert_true(json_next(&notes));
    assert_true(str_find_str(json_str(json_get(notes.value, STR("text"))), STR("13912345678")) < 0);
}

static void nothing_personal_stands_open(void **state)
{
    struct fixture *f = *state;
    struct customer_contact phone = contact(VAULT_PHONE, "13800005678");
    struct customer_traits t = {.customer_id = 102, .create = true, .at_us = 1, .source_kind = "form", .name = STR("王小红"), .contacts = &phone, .contact_count = 1};
    learn(f, &t, 1);
    assert_int_equal(truth_holding(f->t, "SELECT name FROM customer", "王小红"), 0);
    assert_int_equal(truth_holding(f->t, "SELECT value FROM customer_contact", "13800005678"), 0);
    assert_int_equal(truth_count(f->t, "SELECT count(*) FROM customer WHERE length(name) >= 72"), 1); /* padded, nonce and tag */
}

static void what_stands_open_is_redacted(void **state)
{
    struct fixture *f = *state;
    struct str words[] = {STR("找 13912345678"), STR("亚麻")};
    struct customer_address address = {STR("13912345678"), STR("a@b.example"), STR(""), STR("x"), STR(""), STR("")};
    struct customer_traits t = {.customer_id = 109, .create = true, .at_us = 1, .source_kind = "identify", .tags = words, .tag_count = 2, .tastes = words,
                                .taste_count = 2, .size_top = STR("13912345678"), .addresses = &address, .address_count = 1};
    learn(f, &t, 1);
    assert_int_equal(truth_holding(f->t, "SELECT tag FROM customer_tag", "1391234"), 0);
    assert_int_equal(truth_holding(f->t, "SELECT tastes || size_top FROM customer", "1391234"), 0);
    assert_int_equal(truth_holding(f->t, "SELECT province || city FROM customer_address", "1391234"), 0);
    assert_int_equal(truth_holding(f->t, "SELECT province || city FROM customer_address", "a@b"), 0);
    assert_int_equal(truth_holding(f->t, "SELECT tastes FROM customer", "亚麻"), 1);
}

static void newer_replaces_older_never_the_other_way(void **state)
{
    struct fixture *f = *state;
    struct customer_traits first = {.customer_id = 103, .create = true, .at_us = 5000, .source_kind = "form", .name = STR("陈一"), .size_top = STR("M")};
    struct customer_traits older = {.customer_id = 103, .at_us = 4000, .source_kind = "import", .name = STR("陈二二"), .size_top = STR("S")};
    struct customer_traits newer = {.customer_id = 103, .at_us = 6000, .source_kind = "form", .name = STR("陈三三三"), .size_top = STR("L"), .staff_id = 7};
    learn(f, &first, 1);
    learn(f, &older, 1);
    assert_str(see(f, 103).name, "陈*");
    assert_int_equal(see(f, 103).rev, 1);
    learn(f, &newer, 1);
    struct view v = see(f, 103);
    assert_str(v.name, "陈***");
    assert_str(view_text(&v, PROFILE_SIZE_TOP), "L");
    assert_int_equal(v.rev, 2);
    assert_int_equal(changes_of(f, "created"), 1);
    assert_int_equal(changes_of(f, "name"), 1);
    assert_int_equal(truth_count(f->t, "SELECT count(*) FROM customer_change WHERE field = 'size_top' AND old_text = 'M' AND new_text = 'L' AND staff_id = 7"), 1);
}

static void the_same_again_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct customer_contact phone = contact(VAULT_PHONE, "13800005678");
    struct customer_traits t = {.customer_id = 104, .create = true, .at_us = 1, .source_kind = "identify", .name = STR("赵六"), .birthday = STR("05-12"),
                                .contacts = &phone, .contact_count = 1};
    learn(f, &t, 1);
    int64_t seq_before, seq;
    assert_int_equal(change_last(f->c, &seq_before), RC_OK);
    t.create = false;
    for (int64_t at = 2; at < 5; at++) {
        t.at_us = at;
        learn(f, &t, 1);
    }
    assert_int_equal(see(f, 104).rev, 1);
    assert_int_equal(truth_count(f->t, "SELECT count(*) FROM customer_change"), 1);
    assert_int_equal(truth_count(f->t, "SELECT count(*) FROM customer_contact"), 1);
    assert_int_equal(change_last(f->c, &seq), RC_OK);
    assert_int_equal(seq, seq_before);
}

static void one_batch_may_speak_of_one_person_often(void **state)
{
    struct fixture *f = *state;
    struct customer_contact phone = contact(VAULT_PHONE, "13800005678"), mail = contact(VAULT_EMAIL, "li@qq.com");
    struct customer_traits t[] = {
        {.customer_id = 105, .create = true, .at_us = 10, .source_kind = "identify", .name = STR("孙一"), .contacts = &phone, .contact_count = 1},
        {.customer_id = 106, .create = true, .at_us = 10, .source_kind = "identify", .name = STR("周一")},
        {.customer_id = 105, .at_us = 30, .source_kind = "identify", .name = STR("孙三三"), .contacts = &phone, .contact_count = 1},
        {.customer_id = 105, .at_us = 20, .source_kind = "identify", .name = STR("孙二二二"), .contacts = &mail, .contact_count = 1},
    };
    learn(f, t, COUNT(t));
    struct view v = see(f, 105);
    assert_str(v.name, "孙**");
    assert_int_equal(v.contact_count, 2);
    assert_int_equal(see(f, 106).number, 2);
    assert_int_equal(truth_count(f->t, "SELECT count(*) FROM customer"), 2);
}

static void placeholders_and_masks_are_no_names(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"匿名", "张**", "张*", "test"};
    for (size_t i = 0; i < COUNT(names); i++) {
        trying(names[i]);
        struct customer_traits t = {.customer_id = 110 + (int64_t)i, .create = true, .at_us = 1, .source_kind = "identify", .name = str_z(names[i])};
        learn(f, &t, 1);
        assert_str(see(f, t.customer_id).name, "");
    }
}

static void forms_can_empty_fields(void **state)
{
    struct fixture *f = *state;
    struct customer_traits t = {.customer_id = 120, .create = true, .at_us = 1, .source_kind = "form", .name = STR("吴一一"), .gender = GENDER_MALE, .size_shoe = STR("42")};
    learn(f, &t, 1);
    struct customer_traits empty = {.customer_id = 120, .at_us = 2, .source_kind = "form", .clear = CLEAR_NAME | CLEAR_GENDER | CLEAR_SIZE_SHOE | CLEAR_TASTES};
    learn(f, &empty, 1);
    struct view v = see(f, 120);
    assert_str(v.name, "");
    assert_int_equal(view_number(&v, PROFILE_GENDER), 0);
    assert_int_equal(view_text(&v, PROFILE_SIZE_SHOE).len, 0);
    assert_int_equal(changes_of(f, "name"), 1);
    assert_int_equal(changes_of(f, "tastes"), 0);
}

/* ---- merges: identity's face is faked here ---- */

static int64_t merged_root = 131, merged_loser = 132;
static enum rc fake_root(struct ctx *c, int64_t id, int64_t *ret)
{
    (void)c;
    *ret = id == merged_loser ? merged_root : id;
    return RC_OK;
}
static enum rc fake_members(struct ctx *c, int64_t id, int64_t **ret, size_t *ret_count)
{
    *ret = arena_new_array(c->arena, int64_t, 2);
    (*ret)[0] = id == merged_loser ? merged_root : id;
    (*ret)[1] = merged_loser;
    *ret_count = (*ret)[0] == merged_root ? 2 : 1;
    return RC_OK;
}
static enum rc fake_members_ahead(struct ctx *c, int64_t id)
{
    (void)c, (void)id;
    return RC_OK;
}
static enum rc fake_subjects(struct ctx *c, const int64_t *members, size_t count, int64_t **ret, size_t *ret_count)
{
    (void)c, (void)members, (void)count, (void)ret;
    *ret_count = 0;
    return RC_OK;
}
static enum rc fake_identifiers(struct ctx *c, const int64_t *members, size_t count, struct customer_identifier **ret, size_t *ret_count)
{
    (void)c, (void)members, (void)count, (void)ret;
    *ret_count = 0;
    return RC_OK;
}
static const struct customer_identity fake_face = {
    .root = fake_root, .members = fake_members, .members_ahead = fake_members_ahead, .subjects = fake_subjects, .identifiers = fake_identifiers};

static enum rc merge_in_tx(struct ctx *c, void *arg)
{
    return customer_merged(c, arg);
}

static void a_merged_person_is_the_list_of_her_records(void **state)
{
    struct fixture *f = *state;
    struct customer_contact phone = contact(VAULT_PHONE, "13800005678"), card = contact(VAULT_CARD, "8800123412340021");
    struct str tag = STR("VIP");
    struct customer_traits t[] = {
        {.customer_id = 131, .create = true, .at_us = 10, .source_kind = "identify", .name = STR("郑一一"), .contacts = &phone, .contact_count = 1},
        {.customer_id = 132, .create = true, .at_us = 20, .source_kind = "receipt", .name = STR("郑二"), .contacts = &card, .contact_count = 1,
         .first_store_id = 9, .size_top = STR("XL"), .tags = &tag, .tag_count = 1},
    };
    learn(f, t, 2);
    assert_int_equal(customer_stat_add(f->c, 131, &(struct customer_stat){.orders = 1, .web_orders = 1, .spent_minor = 100, .seen_us = 50}), RC_OK);
    assert_int_equal(customer_stat_add(f->c, 132, &(struct customer_stat){.orders = 2, .spent_minor = 300, .seen_us = 5, .order_us = 5}), RC_OK);
    struct customer_merge m = {.winner = 131, .loser = 132, .merge_id = 1};
    assert_int_equal(db_tx(f->c, merge_in_tx, &m), RC_OK);
    customer_set_identity(&fake_face);
    struct view v = see(f, 132);
    customer_set_identity(NULL);
    assert_int_equal(v.root, 131);
    assert_str(v.name, "郑*");
    assert_str(v.phone, "138****5678");
    assert_str(v.card, "8800****0021");
    assert_str(view_text(&v, PROFILE_SIZE_TOP), "XL");
    assert_int_equal(view_number(&v, PROFILE_HOME_STORE), 9);
    assert_int_equal(v.totals.orders, 3);
    assert_int_equal(v.totals.spent_minor, 400);
    assert_int_equal(v.totals.seen_us, 50);
    assert_int_equal(v.first_seen_us, 5);
    assert_int_equal(v.rev, 2);
    assert_int_equal(truth_count(f->t, "SELECT home_store_id FROM customer_stat WHERE customer_id = 131"), 9);
    assert_int_equal(truth_count(f->t, "SELECT listed FROM customer_stat WHERE customer_id = 132"), 0);
    assert_int_equal(truth_count(f->t, "SELECT spent_minor FROM customer_stat WHERE customer_id = 132"), 300); /* for an undo */
    assert_int_equal(truth_count(f->t, "SELECT count(*) FROM customer_tag WHERE customer_id = 131"), 1);
    assert_int_equal(changes_of(f, "merged"), 1);
}

/* ---- lists ---- */

static void make_people(struct fixture *f, int64_t count)
{
    struct customer_traits *t = arena_new_array(f->c->arena, struct customer_traits, (size_t)count);
    static struct str tag = STR("rare");
    for (int64_t i = 0; i < count; i++)
        t[i] = (struct customer_traits){.customer_id = 1000 + i, .create = true, .at_us = 100 + i, .source_kind = "import", .first_store_id = 1 + i % 3,
                                        .class = i % 10 == 0 ? CUSTOMER_STAFF : CUSTOMER_CONSUMER, .tags = &tag, .tag_count = i % 7 == 0};
    learn(f, t, (size_t)count);
    for (int64_t i = 0; i < count; i++)
        assert_int_equal(customer_stat_add(f->c, 1000 + i, &(struct customer_stat){.orders = i % 5, .spent_minor = 1000 - i, .seen_us = 100 + i}), RC_OK);
}

/* Pages through a list; returns how many people it held, checks that the order holds and nobody comes twice. */
static int64_t walk(struct fixture *f, struct list_query q, bool (*before)(int64_t a, int64_t b))
{
    int64_t seen = 0, last = 0;
    bool more = true;
    for (q.first = true; more; q.first = false) {
        struct list_page page;
        assert_int_equal(list_by_stat(f->c, &q, &page), RC_OK);
        for (size_t i = 0; i < page.count; i++) {
            if (seen++)
                assert_true(before(last, page.ids[i]));
            last = page.ids[i];
        }
        memcpy(q.after, page.last, sizeof(q.after));
        more = page.more;
    }
    return seen;
}

static bool rising(int64_t a, int64_t b)
{
    return a < b;
}
static bool falling(int64_t a, int64_t b)
{
    return a > b;
}
static bool by_orders_falling(int64_t a, int64_t b)
{
    int64_t x = (a - 1000) % 5, y = (b - 1000) % 5;
    return x > y || (x == y && a > b);
}

static void lists_page_by_key(void **state)
{
    static const int64_t store[] = {2}, stores[] = {1, 3};
    static const struct {
        const char *sort;
        struct list_query q;
        bool (*before)(int64_t a, int64_t b);
        int64_t want;
    } cases[] = {
        {"", {.every_store = true, .limit = 7}, falling, 100},
        {"last_seen", {.every_store = true, .limit = 7}, rising, 100},
        {"spent", {.every_store = true, .limit = 9}, falling, 100},
        {"-spent", {.every_store = true, .limit = 200}, rising, 100},
        {"-orders", {.every_store = true, .limit = 11}, by_orders_falling, 100},
        {"created", {.every_store = true, .limit = 3}, rising, 100},
        {"-created", {.every_store = true, .limit = 3}, falling, 100},
        {"-last_seen", {.stores = store, .store_count = 1, .limit = 4}, falling, 33},
        {"-last_seen", {.stores = stores, .store_count = 2, .limit = 4}, falling, 67},
        {"-orders", {.stores = store, .store_count = 1, .limit = 4}, by_orders_falling, 33},
        {"-spent", {.every_store = true, .tag = STR("rare"), .limit = 4}, rising, 15},
        {"created", {.every_store = true, .class = CUSTOMER_STAFF, .limit = 4}, rising, 10},
        {"created", {.every_store = true, .class = CUSTOMER_CONSUMER, .limit = 50}, rising, 90},
        {"created", {.stores = store, .store_count = 1, .tag = STR("rare"), .class = CUSTOMER_CONSUMER, .limit = 50}, rising, 4},
        {"created", {.every_store = true, .tag = STR("none"), .limit = 50}, rising, 0},
    };
    struct fixture *f = *state;
    make_people(f, 100);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct list_query q = cases[i].q;
        q.sort = str_z(cases[i].sort);
        print_message("  case %zu\n", i);
        assert_int_equal(walk(f, q, cases[i].before), cases[i].want);
    }
    struct list_page page;
    assert_int_equal(list_by_stat(f->c, &(struct list_query){.sort = STR("name; DROP"), .limit = 1}, &page), RC_INVALID);
}

/* ---- the vault's memory index ---- */

/* Asks until the answer is the expected one; a deadline, not a delay. */
static bool finds(struct fixture *f, const char *query, int64_t id)
{
    for (int64_t deadline = clock_mono_us() + 120 * US_PER_S; clock_mono_us() < deadline; usleep(1000)) {
        struct vault_search s = {.query = str_z(query), .limit = 10};
        struct vault_hit *hits;
        size_t count;
        assert_int_equal(vault_search(f->c, &s, &hits, &count), RC_OK);
        if (id ? count == 1 && hits[0].customer_id == id : count == 0)
            return true;
    }
    return false;
}

static void the_index_follows_what_is_learned(void **state)
{
    struct fixture *f = *state;
    struct customer_contact phone = contact(VAULT_PHONE, "13800005678");
    struct customer_traits t[] = {
        {.customer_id = 201, .create = true, .at_us = 1, .source_kind = "form", .name = STR("单雄信"), .contacts = &phone, .contact_count = 1},
        {.customer_id = 202, .create = true, .at_us = 1, .source_kind = "form", .name = STR("欧阳锋")},
    };
    learn(f, t, 1);
    struct customer_feed *feed = customer_feed_start(&f->t->app);
    f->t->app.customer_feed = feed;
    assert_true(finds(f, "单雄信", 201));
    assert_true(finds(f, "shan xiong xin", 201));
    assert_true(finds(f, "单 5678", 201));
    learn(f, t + 1, 1);
    customer_ended(f->c, true);
    assert_true(finds(f, "ouyangfeng", 202));
    struct customer_traits renamed = {.customer_id = 202, .at_us = 2, .source_kind = "form", .name = STR("黄药师")};
    learn(f, &renamed, 1);
    assert_true(finds(f, "欧阳锋", 0)); /* unasked, at its next look */
    assert_true(finds(f, "黄药师", 202));
    customer_feed_stop(feed);
}

/* ---- export and erasure ---- */

struct exported {
    size_t rows;
    char line[512]; /* of the last row */
};

static enum rc export_row(void *arg, const struct str *cells, size_t count)
{
    struct exported *e = arg;
    size_t len = 0;
    for (size_t i = 1; i < count; i++) /* all but the id */
        len += (size_t)snprintf(e->line + len, sizeof(e->line) - len, "%.*s|", STR_FMT(cells[i]));
    e->rows++;
    return RC_OK;
}

static void make_exported(struct fixture *f)
{
    struct customer_contact contacts[] = {contact(VAULT_PHONE, "13800005678"), contact(VAULT_EMAIL, "li@qq.com")};
    struct customer_address address = {STR("上海市"), STR("上海市"), STR("静安区"), STR("南京西路1266号"), STR(""), STR("")};
    struct str tags[] = {STR("a"), STR("b")};
    struct customer_traits t = {.customer_id = 301, .create = true, .at_us = 1000, .source_kind = "form", .name = STR("李小明"), .birthday = STR("05-12"), .member = true,
                                .contacts = contacts, .contact_count = 2, .addresses = &address, .address_count = 1, .tags = tags, .tag_count = 2};
    learn(f, &t, 1);
    assert_int_equal(customer_stat_add(f->c, 301, &(struct customer_stat){.orders = 2, .spent_minor = -5}), RC_OK);
}

static void exports_masked_or_for_a_reason(void **state)
{
    struct fixture *f = *state;
    struct exported e = {.rows = 0};
    make_people(f, 250);
    assert_int_equal(customer_export(f->c, &(struct customer_export){.open = false}, export_row, &e), RC_OK);
    assert_int_equal(e.rows, 250);
    make_exported(f); /* id 301 comes first, so it is looked at alone */
    assert_int_equal(truth_count(f->t, "SELECT count(*) FROM customer_stat"), 251);
    assert_int_equal(db_script(f->c->db, "UPDATE customer_stat SET listed = 0 WHERE customer_id <> 301"), RC_OK);
    assert_int_equal(customer_export(f->c, &(struct customer_export){.open = false}, export_row, &e), RC_OK);
    assert_string_equal(e.line, "C000251|李**|u|05-12|138****5678|l***@qq.com||上海市|上海市|上海市静安区***|consumer|person|member|||a; b|"
                                "1970-01-01T00:00:00.001Z|1970-01-01T00:00:00.001Z|2|-0.05||");
    struct customer_export open = {.open = true, .why = {.staff_id = 1, .role = STR("administrator"), .purpose = STR("export"), .reason = STR("test of export")}};
    assert_int_equal(customer_export(f->c, &open, export_row, &e), RC_OK);
    assert_non_null(strstr(e.line, "|李小明|u|05-12|13800005678|li@qq.com||上海市|上海市|上海市 静安区 南京西路1266号|"));
}

static void erasure_leaves_nothing_personal(void **state)
{
    static const char *const empty[] = {"customer_contact", "customer_address", "customer_note", "customer_tag"};
    struct fixture *f = *state;
    char text[128];
    make_exported(f);
    assert_int_equal(customer_erased(f->c, 301), RC_OK);
    for (size_t i = 0; i < COUNT(empty); i++) {
        snprintf(text, sizeof(text), "SELECT count(*) FROM %s", empty[i]);
        assert_int_equal(truth_count(f->t, text), 0);
    }
    assert_int_equal(truth_count(f->t, "SELECT count(*) FROM customer WHERE name IS NOT NULL OR birthday IS NOT NULL"), 0);
    assert_str(see(f, 301).name, "");
    const int64_t id = 301;
    assert_int_equal(keystore_destroy(f->c, &id, 1), RC_OK);
    struct customer_traits again = {.customer_id = 301, .at_us = 9000, .source_kind = "identify", .name = STR("李小明")};
    learn(f, &again, 1); /* her key is gone: nothing personal is written any more */
    assert_int_equal(truth_count(f->t, "SELECT count(*) FROM customer WHERE name IS NOT NULL"), 0);
}

/* ---- tables and hooks ---- */

static void birthdays_are_dates(void **state)
{
    static const struct {
        const char *given, *want;
    } cases[] = {{"1990-05-12", "1990-05-12"}, {" 05-12 ", "0000-05-12"}, {"02-29", "0000-02-29"}, {"02-30", ""}, {"1990-13-01", ""}, {"12.5.1990", ""}, {"", ""}};
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_str(customer_birthday_text(f->c->arena, str_z(cases[i].given)), cases[i].want);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(every_statement_prepares), T(learns_and_shows_masked), T(nothing_personal_stands_open), T(what_stands_open_is_redacted), T(newer_replaces_older_never_the_other_way),
        T(the_same_again_changes_nothing), T(one_batch_may_speak_of_one_person_often), T(placeholders_and_masks_are_no_names), T(forms_can_empty_fields),
        T(a_merged_person_is_the_list_of_her_records), T(lists_page_by_key), T(the_index_follows_what_is_learned), T(exports_masked_or_for_a_reason),
        T(erasure_leaves_nothing_personal), T(birthdays_are_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

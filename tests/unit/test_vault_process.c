/* The vault as the server meets it: a process of its own behind a socket pair. */
#include "vault_fixture.h"

#include "vault/audit.h"
#include "vault/confine.h"
#include "vault/frame.h"

#include <fcntl.h>
#include <pthread.h>

static const struct vault_reveal agent = {.staff_id = 7, .customer_id = 42, .role = STR("agent"), .purpose = STR("delivery"), .reason = STR("快递要求核对收件人")};

static int set_up(void **state)
{
    *state = vault_fixture_new();
    return 0;
}

static int tear_down(void **state)
{
    vault_fixture_free(*state);
    return 0;
}

static struct vault_place place(const char *column, int64_t row, int64_t customer)
{
    return (struct vault_place){"customer", column, row, customer};
}

/* Seals a name and a phone for a new customer; the items come back ready to open. */
static void seal_two(struct ctx *c, int64_t customer, const char *name, const char *phone, struct vault_open ret[2])
{
    struct vault_key key = {.customer_id = customer};
    struct vault_seal seals[] = {
        {.field = VAULT_NAME, .place = place("name", customer, customer), .value = str_z(name)},
        {.field = VAULT_PHONE, .place = place("phone", customer, customer), .value = str_z(phone)},
    };
    assert_int_equal(vault_seal(c, &key, 1, seals, COUNT(seals)), RC_OK);
    for (size_t i = 0; i < COUNT(seals); i++) {
        assert_true(seals[i].sealed.len > seals[i].value.len);
        assert_true(str_find_str(seals[i].sealed, seals[i].value) < 0);
        ret[i] = (struct vault_open){seals[i].field, seals[i].place, key.wrapped, seals[i].sealed, STR_NULL, false};
    }
}

static void test_seal_and_mask(void **state)
{
    struct ctx *c = &((struct vault_fixture *)*state)->c;
    struct vault_open items[2];
    seal_two(c, 42, "李小明", "13812345678", items);
    assert_int_equal(vault_mask(c, items, 2), RC_OK);
    assert_str(items[0].text, "李**");
    assert_str(items[1].text, "138****5678");
}

static void test_erased_and_empty(void **state)
{
    struct ctx *c = &((struct vault_fixture *)*state)->c;
    struct vault_open items[2];
    seal_two(c, 42, "李小明", "13812345678", items);
    items[0].wrapped = STR_NULL;
    items[1].sealed = STR_NULL;
    assert_int_equal(vault_mask(c, items, 2), RC_OK);
    assert_true(items[0].erased);
    assert_str(items[0].text, "");
    assert_false(items[1].erased);
    assert_str(items[1].text, "");
}

/* What stands in the associated data can't be changed without being noticed. */
static void test_moved_value_is_refused(void **state)
{
    struct ctx *c = &((struct vault_fixture *)*state)->c;
    struct vault_open good[2], other[2], bad;
    seal_two(c, 42, "李小明", "13812345678", good);
    seal_two(c, 43, "王芳", "13912345678", other);
    for (size_t i = 0; i < 7; i++) {
        bad = good[1];
        switch (i) {
        case 0: bad.place.row_id++; break;
        case 1: bad.place.column = "phone2"; break;
        case 2: bad.place.table = "customers"; break;
        case 3: bad.place.sealed_for = 43; break;
        case 4: bad.wrapped = other[1].wrapped; break;
        case 5: bad.field = VAULT_CARD; break;
        default: bad.sealed = str_sub(bad.sealed, 0, bad.sealed.len - 1); break;
        }
        ctx_clear(c);
        assert_int_equal(vault_reveal(c, &agent, &bad, 1), RC_STORE);
        assert_int_equal(vault_mask(c, &bad, 1), RC_OK);
        assert_str(bad.text, "***");
    }
}

static void test_seal_with_stored_key(void **state)
{
    struct ctx *c = &((struct vault_fixture *)*state)->c;
    struct vault_key key = {.customer_id = 5};
    assert_int_equal(vault_new_keys(c, &key, 1), RC_OK);
    struct vault_seal s = {.field = VAULT_TEXT, .place = place("note", 9, 5), .wrapped = key.wrapped, .value = STR("喜欢亚麻, 电话13812345678")};
    assert_int_equal(vault_seal(c, NULL, 0, &s, 1), RC_OK);
    struct vault_open o = {s.field, s.place, key.wrapped, s.sealed, STR_NULL, false};
    assert_int_equal(vault_mask(c, &o, 1), RC_OK);
    assert_str(o.text, "喜欢亚麻, 电话‹phone›");
    assert_int_equal(vault_open_for(c, &agent, &o, 1), RC_OK);
    assert_str(o.text, "喜欢亚麻, 电话13812345678");
    s.wrapped = STR_NULL; /* and no new key in the same call */
    assert_int_equal(vault_seal(c, NULL, 0, &s, 1), RC_INVALID);
}

static void test_index(void **state)
{
    struct ctx *c = &((struct vault_fixture *)*state)->c;
    struct vault_index items[] = {
        {VAULT_PHONE, STR("13812345678"), {0}, VAULT_OK},      {VAULT_PHONE, STR("+86 138-1234-5678"), {0}, VAULT_OK},
        {VAULT_PHONE, STR("１３８１２３４５６７８"), {0}, VAULT_OK}, {VAULT_CARD, STR("13812345678"), {0}, VAULT_OK},
        {VAULT_PHONE, STR("138****5678"), {0}, VAULT_OK},      {VAULT_EMAIL, STR("Li@QQ.com"), {0}, VAULT_OK},
        {VAULT_EMAIL, STR("李@例子.公司"), {0}, VAULT_OK},      {VAULT_EMAIL, STR("李@xn--fsqu00a.xn--55qx5d"), {0}, VAULT_OK},
    };
    assert_int_equal(vault_index(c, items, COUNT(items)), RC_OK);
    assert_memory_equal(items[0].hash, items[1].hash, 16);
    assert_memory_equal(items[0].hash, items[2].hash, 16);
    assert_memory_not_equal(items[0].hash, items[3].hash, 16); /* another key per field */
    assert_int_equal(items[4].verdict, VAULT_MASKED);
    assert_int_equal(items[5].verdict, VAULT_OK);
    assert_int_equal(items[6].verdict, VAULT_OK); /* ICU has all it needs before files are out of reach */
    assert_memory_equal(items[6].hash, items[7].hash, 16);
}

static int64_t audit_records(struct vault_fixture *f)
{
    struct vault_status s;
    assert_int_equal(vault_status(&f->c, &s), RC_OK);
    return s.audit_records;
}

static void test_reveal_is_audited(void **state)
{
    struct vault_fixture *f = *state;
    struct vault_open items[2];
    char path[128], text[4096];
    seal_two(&f->c, 42, "李小明", "13812345678", items);
    int64_t before = audit_records(f);
    assert_int_equal(vault_reveal(&f->c, &agent, items, 2), RC_OK);
    assert_str(items[0].text, "李小明");
    assert_str(items[1].text, "13812345678");
    assert_int_equal(audit_records(f), before + 1);
    snprintf(path, sizeof(path), "%s/audit.log", f->dir);
    int fd = open(path, O_RDONLY);
    ssize_t n = read(fd, text, sizeof(text));
    close(fd);
    struct str log = str_n(text, (size_t)n);
    assert_true(str_find_str(log, STR("\"staff\":\"7\"")) > 0);
    assert_true(str_find_str(log, STR("快递要求核对收件人")) > 0);
    assert_true(str_find_str(log, STR("13812345678")) < 0);
}

static void test_reveal_needs_reason_and_rights(void **state)
{
    struct ctx *c = &((struct vault_fixture *)*state)->c;
    struct vault_open items[2];
    struct vault_reveal why;
    seal_two(c, 42, "李小明", "13812345678", items);
    for (size_t i = 0; i < 4; i++) {
        why = agent;
        if (i == 0)
            why.reason = STR("abc");
        else if (i == 1)
            why.purpose = STR_NULL;
        else if (i == 2)
            why.role = STR("store");
        else
            why.role = STR("");
        ctx_clear(c);
        assert_int_equal(vault_reveal(c, &why, items, 2), RC_DENIED);
        assert_true(items[0].text.len == 0);
    }
}

/* Thirty an hour for an agent; a restart of the vault gives none back. */
static void test_budget_survives_restart(void **state)
{
    struct vault_fixture *f = *state;
    struct vault_open items[2];
    seal_two(&f->c, 42, "李小明", "13812345678", items);
    for (size_t i = 0; i < 30; i++)
        assert_int_equal(vault_reveal(&f->c, &agent, items, 1), RC_OK);
    assert_int_equal(vault_reveal(&f->c, &agent, items, 1), RC_LIMIT);
    vault_fixture_kill(f);
    vault_client_attach(f->c.vault, vault_fixture_spawn(f));
    ctx_clear(&f->c);
    assert_int_equal(vault_reveal(&f->c, &agent, items, 1), RC_LIMIT);
    struct vault_reveal colleague = agent;
    colleague.staff_id = 8;
    ctx_clear(&f->c);
    assert_int_equal(vault_reveal(&f->c, &colleague, items, 1), RC_OK);
}

static void test_down_and_attach(void **state)
{
    struct vault_fixture *f = *state;
    struct vault_index item = {VAULT_PHONE, STR("13812345678"), {0}, VAULT_OK}, again = item;
    assert_int_equal(vault_index(&f->c, &item, 1), RC_OK);
    vault_fixture_kill(f);
    assert_int_equal(vault_index(&f->c, &again, 1), RC_VAULT_DOWN);
    vault_client_attach(f->c.vault, vault_fixture_spawn(f));
    ctx_clear(&f->c);
    assert_int_equal(vault_index(&f->c, &again, 1), RC_OK);
    assert_memory_equal(item.hash, again.hash, 16);
}

/* ---- many callers on one socket ---- */

enum { THREADS = 8, CALLS = 200 };

static void *call_often(void *arg)
{
    struct ctx c = {.arena = arena_new(), .vault = arg};
    intptr_t wrong = 0;
    for (int i = 0; i < CALLS; i++) {
        char phone[16];
        struct vault_open items[2];
        snprintf(phone, sizeof(phone), "139%08d", 12345000 + i);
        struct vault_key key = {.customer_id = 100 + i};
        struct vault_seal s = {.field = VAULT_PHONE, .place = place("phone", i, 100 + i), .value = str_z(phone)};
        wrong += vault_seal(&c, &key, 1, &s, 1) != RC_OK;
        items[0] = (struct vault_open){s.field, s.place, key.wrapped, s.sealed, STR_NULL, false};
        wrong += vault_mask(&c, items, 1) != RC_OK;
        wrong += !str_eq(str_sub(items[0].text, 7, 11), str_n(phone + 7, 4));
        arena_reset(c.arena);
    }
    arena_free(c.arena);
    return (void *)wrong;
}

static void test_many_threads(void **state)
{
    struct vault_fixture *f = *state;
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call_often, f->c.vault), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
}

static void *kill_soon(void *arg)
{
    usleep(20000);
    kill(*(pid_t *)arg, SIGKILL);
    return NULL;
}

/* Nobody waits for ever when the process dies in the middle. */
static void test_death_under_load(void **state)
{
    struct vault_fixture *f = *state;
    pthread_t threads[THREADS], killer;
    void *wrong;
    pthread_create(&killer, NULL, kill_soon, &f->pid);
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, call_often, f->c.vault);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], &wrong);
    pthread_join(killer, NULL);
    vault_fixture_wait(f);
    vault_client_attach(f->c.vault, vault_fixture_spawn(f));
    struct vault_index item = {VAULT_PHONE, STR("13812345678"), {0}, VAULT_OK};
    assert_int_equal(vault_index(&f->c, &item, 1), RC_OK);
}

/* ---- frames that no client of ours sends ---- */

static void send_bytes(struct vault_fixture *f, uint8_t code, struct str payload)
{
    struct buf b = BUF_INIT(1 << 20);
    vault_frame_begin(&b, 0xFFFFFF00, code);
    buf_add(&b, payload);
    assert_true(vault_frame_send(f->raw, &b));
    buf_free(&b);
}

static void test_bad_frames(void **state)
{
    struct vault_fixture *f = *state;
    static const struct str payloads[] = {STR(""), STR("\xff\xff\xff\xff"), STR("\x01\0\0\0"), STR("\x01\0\0\0\x02\xff\xff\xff\x7f"), STR("\x01\xff\xff\xff\xff\xff"),
                                          STR("\0\0\0\0\x01\0\0\0\x63"), STR("\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")};
    struct vault_index item = {VAULT_PHONE, STR("13812345678"), {0}, VAULT_OK};
    for (unsigned code = 0; code < 16; code++)
        for (size_t i = 0; i < COUNT(payloads); i++)
            send_bytes(f, (uint8_t)code, payloads[i]);
    assert_int_equal(vault_index(&f->c, &item, 1), RC_OK); /* their replies are nobody's and are passed over */
}

static void test_end_of_stream_ends_process(void **state)
{
    struct vault_fixture *f = *state;
    struct vault_index item = {VAULT_PHONE, STR("13812345678"), {0}, VAULT_OK};
    assert_int_equal(vault_index(&f->c, &item, 1), RC_OK);
    shutdown(f->raw, SHUT_RDWR);
    int status = vault_fixture_wait(f);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static bool process_says(pid_t pid, const char *line)
{
    char path[64], text[8192];
    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    int fd = open(path, O_RDONLY);
    ssize_t n = read(fd, text, sizeof(text));
    close(fd);
    return n > 0 && str_find_str(str_n(text, (size_t)n), str_z(line)) >= 0;
}

static void test_confined(void **state)
{
    struct vault_fixture *f = *state;
    struct vault_status s;
    assert_int_equal(vault_status(&f->c, &s), RC_OK);
    assert_true(process_says(f->pid, "NoNewPrivs:\t1"));
    assert_true(process_says(f->pid, VAULT_SANITIZED ? "Seccomp:\t0" : "Seccomp:\t2"));
}

/* ---- the index in memory ---- */

static void remember(struct ctx *c, int64_t customer, int64_t store, const char *name, const char *phone)
{
    struct vault_open items[2];
    seal_two(c, customer, name, phone, items);
    struct vault_remember r = {.customer_id = customer, .store_id = store, .wrapped = items[0].wrapped, .name = items[0], .phone = items[1]};
    assert_int_equal(vault_remember(c, &r, 1), RC_OK);
}

static void test_search(void **state)
{
    struct ctx *c = &((struct vault_fixture *)*state)->c;
    struct vault_hit *hits;
    size_t count, total;
    remember(c, 1, 10, "单雄信", "13812340001");
    remember(c, 2, 11, "吕布", "13812340002");
    remember(c, 3, 10, "李小明", "13812340001");
    assert_int_equal(vault_search(c, &(struct vault_search){.query = STR("shanxiongxin"), .limit = 10}, &hits, &count), RC_OK);
    assert_int_equal(count, 1);
    assert_int_equal(hits[0].customer_id, 1);
    assert_int_equal(vault_search(c, &(struct vault_search){.query = STR("李 0001"), .limit = 10}, &hits, &count), RC_OK);
    assert_int_equal(count, 1);
    assert_int_equal(hits[0].customer_id, 3);
    assert_int_equal(vault_by_name(c, &(struct vault_search){.limit = 10}, 1, &hits, &count, &total), RC_OK);
    assert_int_equal(total, 3);
    assert_int_equal(count, 2);
    assert_int_equal(hits[0].customer_id, 2); /* li, lv, shan */
    assert_int_equal(vault_remember(c, &(struct vault_remember){.customer_id = 2, .forget = true}, 1), RC_OK);
    assert_int_equal(vault_search(c, &(struct vault_search){.query = STR("lvbu"), .limit = 10}, &hits, &count), RC_OK);
    assert_int_equal(count, 0);
}

int main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ROW(test_seal_and_mask),
        ROW(test_erased_and_empty),
        ROW(test_moved_value_is_refused),
        ROW(test_seal_with_stored_key),
        ROW(test_index),
        ROW(test_reveal_is_audited),
        ROW(test_reveal_needs_reason_and_rights),
        ROW(test_budget_survives_restart),
        ROW(test_down_and_attach),
        ROW(test_many_threads),
        ROW(test_death_under_load),
        ROW(test_bad_frames),
        ROW(test_end_of_stream_ends_process),
        ROW(test_confined),
        ROW(test_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* audit.log: every edit, deletion, insertion, exchange and cut in the middle is found; a torn end is mended. */
#include "test.h"

#include "vault/audit.h"

#include <stdlib.h>
#include <unistd.h>

enum { RECORDS = 40, TEXT_MAX = 256 << 10 };

struct fixture {
    char dir[64], path[96];
    struct vault_keyring *keys;
    char text[TEXT_MAX];
    size_t len;
};

static const struct vault_reveal why = {.staff_id = 7, .customer_id = 42, .role = STR("agent"), .purpose = STR("delivery"),
                                        .reason = STR("she said \"staff\":\"9\" and 13812345678")};

static void save(const struct fixture *f, const char *text, size_t len)
{
    FILE *out = fopen(f->path, "wb");
    assert_int_equal(fwrite(text, 1, len, out), len);
    fclose(out);
}

static void load(struct fixture *f)
{
    FILE *in = fopen(f->path, "rb");
    f->len = fread(f->text, 1, sizeof(f->text), in);
    fclose(in);
}

static void add_records(struct fixture *f, size_t count, struct vault_budget *budget)
{
    struct vault_audit *a;
    assert_int_equal(vault_audit_open(f->dir, f->keys, budget, &a), RC_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(vault_audit_add(a, &(struct vault_audit_entry){"reveal", &why, STR("[{\"table\":\"customer\"}]")}), RC_OK);
    vault_audit_close(a);
}

static int set_up(void **state)
{
    struct vault_budget budget = {0};
    struct fixture *f = calloc(1, sizeof(*f));
    snprintf(f->dir, sizeof(f->dir), "/tmp/zhixin-audit-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof(f->path), "%s/audit.log", f->dir);
    assert_int_equal(vault_keyring_create(f->dir, NULL), RC_OK);
    assert_int_equal(vault_keyring_load(f->dir, NULL, &f->keys), RC_OK);
    add_records(f, RECORDS / 2, &budget); /* two epochs of the key */
    add_records(f, RECORDS / 2, &budget);
    vault_budget_free(&budget);
    load(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const files[] = {"keyring", "unseal.key", "audit.log"};
    struct fixture *f = *state;
    char path[128];
    for (size_t i = 0; i < COUNT(files); i++)
        snprintf(path, sizeof(path), "%s/%s", f->dir, files[i]), unlink(path);
    rmdir(f->dir);
    vault_keyring_free(f->keys);
    free(f);
    return 0;
}

static int64_t first_bad(const struct fixture *f)
{
    struct vault_audit_report r;
    assert_int_equal(vault_audit_verify(f->path, f->keys, &(struct vault_audit_anchor){0}, &r), RC_OK);
    return r.bad_line;
}

static void test_sound(void **state)
{
    struct fixture *f = *state;
    struct vault_audit_report r;
    assert_int_equal(vault_audit_verify(f->path, f->keys, &(struct vault_audit_anchor){0}, &r), RC_OK);
    assert_int_equal(r.bad_line, 0);
    assert_int_equal(r.count, RECORDS + 2);
    assert_true(r.anchored);
    struct str text = str_n(f->text, f->len);
    assert_true(str_find_str(text, STR("13812345678")) < 0);
    assert_true(str_find_str(text, STR("‹phone›")) > 0);
}

static void test_every_edit_is_found(void **state)
{
    struct fixture *f = *state;
    for (size_t at = 0; at < f->len; at += 7) {
        f->text[at] ^= 1;
        save(f, f->text, f->len);
        if (first_bad(f) == 0)
            fail_msg("byte %zu", at);
        f->text[at] ^= 1;
    }
}

/* Start and length of line n. */
static struct str line_of(const struct fixture *f, size_t n)
{
    struct str rest = str_n(f->text, f->len), line = STR_NULL;
    for (size_t i = 0; i <= n; i++)
        str_split(&rest, '\n', &line);
    return str_n(line.ptr, line.len + 1);
}

static void save_pieces(const struct fixture *f, const struct str *pieces, size_t count)
{
    _cleanup_buf_ struct buf b = BUF_INIT(2 * TEXT_MAX);
    for (size_t i = 0; i < count; i++)
        buf_add(&b, pieces[i]);
    save(f, b.ptr, b.len);
}

static void test_lines_moved(void **state)
{
    struct fixture *f = *state;
    for (size_t n = 0; n + 2 < RECORDS; n++) {
        struct str a = line_of(f, n), b = line_of(f, n + 1);
        struct str before = str_n(f->text, (size_t)(a.ptr - f->text)), behind = str_n(b.ptr + b.len, f->len - (size_t)(b.ptr + b.len - f->text));
        save_pieces(f, (struct str[]){before, b, behind}, 3); /* deleted */
        assert_int_not_equal(first_bad(f), 0);
        save_pieces(f, (struct str[]){before, b, a, behind}, 4); /* exchanged */
        assert_int_not_equal(first_bad(f), 0);
        save_pieces(f, (struct str[]){before, a, a, b, behind}, 5); /* repeated */
        assert_int_not_equal(first_bad(f), 0);
    }
}

/* Without the keyring nobody can write a chain of their own. */
static void test_forged_with_another_key(void **state)
{
    struct fixture *f = *state;
    struct vault_budget budget = {0};
    struct vault_keyring *own = f->keys, *other;
    char dir[64] = "/tmp/zhixin-audit-XXXXXX", path[128];
    assert_non_null(mkdtemp(dir));
    assert_int_equal(vault_keyring_create(dir, NULL), RC_OK);
    assert_int_equal(vault_keyring_load(dir, NULL, &other), RC_OK);
    unlink(f->path);
    f->keys = other;
    add_records(f, 3, &budget);
    f->keys = own;
    assert_int_equal(first_bad(f), 1);
    vault_keyring_free(other);
    vault_budget_free(&budget);
    snprintf(path, sizeof(path), "%s/keyring", dir), unlink(path);
    snprintf(path, sizeof(path), "%s/unseal.key", dir), unlink(path);
    rmdir(dir);
}

static void test_torn_end_is_cut_off(void **state)
{
    struct fixture *f = *state;
    struct str last = line_of(f, RECORDS + 1);
    for (size_t cut = 1; cut < last.len; cut += 13) {
        struct vault_budget budget = {0};
        save(f, f->text, f->len - cut);
        add_records(f, 1, &budget);
        assert_int_equal(first_bad(f), 0);
        vault_budget_free(&budget);
    }
}

/* A file cut off at a whole line is a sound, shorter chain: only what was noted elsewhere tells. */
static void test_cut_short_is_found_by_its_anchor(void **state)
{
    struct fixture *f = *state;
    struct vault_audit_report whole, cut;
    assert_int_equal(vault_audit_verify(f->path, f->keys, &(struct vault_audit_anchor){0}, &whole), RC_OK);
    struct vault_audit_anchor anchor = {.number = whole.count};
    memcpy(anchor.hash, whole.head, sizeof(anchor.hash));
    assert_int_equal(vault_audit_verify(f->path, f->keys, &anchor, &cut), RC_OK);
    assert_true(cut.anchored);
    save(f, f->text, f->len - line_of(f, RECORDS + 1).len);
    assert_int_equal(vault_audit_verify(f->path, f->keys, &anchor, &cut), RC_OK);
    assert_int_equal(cut.bad_line, 0);
    assert_false(cut.anchored);
}

static void test_budget_is_fed(void **state)
{
    struct fixture *f = *state;
    struct vault_budget budget = {0};
    add_records(f, 0, &budget);
    assert_int_equal(budget.count, RECORDS);
    assert_int_equal(vault_budget_check(&budget, STR("agent"), 7, clock_now_us()), RC_LIMIT);
    assert_int_equal(vault_budget_check(&budget, STR("agent"), 9, clock_now_us()), RC_OK); /* the reason names nobody */
    assert_int_equal(vault_budget_check(&budget, STR("agent"), 7, clock_now_us() + 3700 * US_PER_S), RC_OK);
    assert_int_equal(vault_budget_check(&budget, STR("store"), 9, clock_now_us()), RC_DENIED);
    vault_budget_free(&budget);
}

int main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ROW(test_sound), ROW(test_every_edit_is_found), ROW(test_lines_moved), ROW(test_forged_with_another_key), ROW(test_torn_end_is_cut_off), ROW(test_cut_short_is_found_by_its_anchor), ROW(test_budget_is_fed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

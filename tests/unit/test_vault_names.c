/* The index in memory: each kind of query, against a plain list that is looked through, and after much coming and going. */
#include "test.h"

#include "vault/names_priv.h"

#include <sched.h>
#include <stdlib.h>

enum { LIMIT = 50 };

static void put(struct vault_names *n, int64_t customer, int64_t store, const char *name, const char *phone)
{
    assert_true(vault_names_put(n, &(struct vault_names_entry){customer, store, str_z(name), str_z(phone)}));
}

static const struct person {
    int64_t store;
    const char *name, *phone;
} people[] = {
    {10, "李小明", "13812345678"}, {10, "李明", "13812345679"},      {11, "李小龙", "13900005678"}, {11, "王小明", "+86 138 0000 0001"}, {10, "单雄信", ""},
    {10, "吕布", "13700000002"},   {0, "歐陽娜娜", "13700000003"},   {12, "John Smith", "+85261234567"}, {12, "", "13611112222"},        {10, "阿凡提·买买提", "13611113333"},
    {10, "连战", "021-62345678"},  {11, "李 小明", "13812340000"},   {11, "José Li", "13612340000"},
};

static struct vault_names *people_new(bool settled)
{
    struct vault_names *n = vault_names_new();
    for (size_t i = 0; i < COUNT(people); i++)
        put(n, (int64_t)i + 1, people[i].store, people[i].name, people[i].phone);
    if (settled)
        vault_names_settle(n);
    return n;
}

/* "1:100 4:80": ids and scores of the hits. */
static void check_hits(struct vault_names *n, const char *query, const char *want)
{
    struct vault_hit hits[LIMIT];
    char got[512] = "";
    size_t count = vault_names_search(n, &(struct vault_search){.query = str_z(query), .limit = LIMIT}, hits), len = 0;
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(got + len, sizeof(got) - len, "%s%d:%d", i ? " " : "", (int)hits[i].customer_id, hits[i].score);
    if (strcmp(got, want) != 0)
        fail_msg("\"%s\": \"%s\", wanted \"%s\"", query, got, want);
}

static void check_queries(struct vault_names *n)
{
    static const char *const rows[][2] = {
        {"李小明", "1:100"},       {"李", "12:80 3:80 2:80 1:80"}, {"李小", "3:80 1:80"},       {"小明", "12:70 4:70 1:70"}, {"李 5678", "3:80 1:80"},
        {"5678 李", "3:80 1:80"},  {"李5678", "3:80 1:80"},        {"李小明5678", "1:100"},     {"5678", "11:30 3:30 1:30"}, {"567", ""},
        {"56789", ""},             {"lixiaoming", "12:60 1:60"},   {"li xiao ming", "12:60 1:60"}, {"LiXiaoM", "12:50 1:50"}, {"lxm", "12:40 1:40"},
        {"shanxiongxin", "5:60"},  {"lvbu", "6:60"},               {"lübu", "6:60"},            {"lü bu", "6:60"},           {"LÜ", "6:50"},
        {"欧阳娜娜", "7:100"},     {"歐陽", "7:80"},               {"ouyang", "7:50"},          {"oynn", "7:40"},            {"john smith", "8:100"},
        {"john", "8:80"},          {"js", "8:40"},                 {"smith", "8:33"},           {"阿凡提", "10:80"},         {"买买提", "10:70"},
        {"afanti", "10:50"},       {"xyz", ""},                    {"", ""},                    {" ", ""},                   {"lxm 5678", "1:40"},
        {"jose", "13:50"},         {"josé", "13:80"},              {"李*", ""},                 {"\xff", ""},                {"2222", "9:30"},
        {"xiaoming", "12:33 4:33 1:33"}, {"xiao ming", "12:33 4:33 1:33"}, {"xiaom", "12:33 4:33 1:33"}, {"nana", "7:33"}, {"xm", ""}, {"iaoming", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        check_hits(n, rows[i][0], rows[i][1]);
}

static void test_queries(void **state)
{
    (void)state;
    for (int settled = 0; settled < 2; settled++) {
        _cleanup_(vault_names_freep) struct vault_names *n = people_new(settled);
        check_queries(n);
    }
}

static void test_stores(void **state)
{
    _cleanup_(vault_names_freep) struct vault_names *n = people_new(true);
    const int64_t stores[] = {11, 99};
    struct vault_hit hits[LIMIT];
    size_t total;
    (void)state;
    assert_int_equal(vault_names_search(n, &(struct vault_search){STR("李"), stores, 2, LIMIT}, hits), 2);
    assert_int_equal(hits[0].customer_id, 12);
    assert_int_equal(vault_names_search(n, &(struct vault_search){STR("李"), stores, 0, LIMIT}, hits), 0); /* no store at all */
    assert_int_equal(vault_names_page(n, &(struct vault_search){STR(""), stores, 2, LIMIT}, 0, hits, &total), 4);
    assert_int_equal(total, 4);
}

static void test_page(void **state)
{
    static const int64_t by_name[] = {10, 8, 13, 2, 3, 12, 1, 11, 6, 7, 5, 4, 9}; /* a…, john, jose, li…, lian, lv, ou, shan, wang, none */
    _cleanup_(vault_names_freep) struct vault_names *n = people_new(false);
    struct vault_hit hits[LIMIT];
    size_t total;
    (void)state;
    assert_int_equal(vault_names_page(n, &(struct vault_search){.limit = LIMIT}, 0, hits, &total), COUNT(people));
    assert_int_equal(total, COUNT(people));
    for (size_t i = 0; i < COUNT(by_name); i++)
        assert_int_equal(hits[i].customer_id, by_name[i]);
    assert_int_equal(vault_names_page(n, &(struct vault_search){.limit = 2}, 12, hits, &total), 1);
    assert_int_equal(hits[0].customer_id, 9);
    assert_int_equal(vault_names_page(n, &(struct vault_search){.limit = 2}, 1000, hits, &total), 0);
    assert_int_equal(vault_names_page(n, &(struct vault_search){.query = STR("li"), .limit = 2}, 1, hits, &total), 2);
    assert_int_equal(total, 5); /* 李 ×4 and 连 */
    assert_int_equal(hits[0].customer_id, 3);
}

static void test_limit_keeps_the_best(void **state)
{
    _cleanup_(vault_names_freep) struct vault_names *n = vault_names_new();
    struct vault_hit hits[3];
    (void)state;
    for (int64_t i = 1; i <= 100; i++)
        put(n, i, 0, i == 50 ? "李" : "李明", "");
    vault_names_settle(n);
    assert_int_equal(vault_names_search(n, &(struct vault_search){.query = STR("李"), .limit = 3}, hits), 3);
    assert_int_equal(hits[0].customer_id, 50);
    assert_int_equal(hits[1].customer_id, 100);
    assert_int_equal(hits[2].customer_id, 99);
}

static void test_replace_and_forget(void **state)
{
    _cleanup_(vault_names_freep) struct vault_names *n = people_new(true);
    (void)state;
    put(n, 1, 10, "赵敏", "13812345678");
    check_hits(n, "李小明", "");
    check_hits(n, "zhaomin", "1:60");
    check_hits(n, "赵 5678", "1:80");
    size_t count = vault_names_count(n);
    put(n, 1, 10, "赵敏", "13812345678"); /* the same again costs nothing */
    assert_int_equal(vault_names_count(n), count);
    vault_names_forget(n, 1);
    vault_names_forget(n, 1);
    vault_names_forget(n, 777);
    assert_int_equal(vault_names_count(n), count - 1);
    check_hits(n, "zhaomin", "");
    vault_names_settle(n);
    check_hits(n, "5678", "11:30 3:30");
}

/* ---- many, changing, while the thread sorts ---- */

enum { MANY = 30000, ROUNDS = 8 };

static void name_of(unsigned seed, char out[static 32])
{
    static const char *const family[] = {"王", "李", "张", "刘", "陈", "杨", "欧阳", "单"};
    static const char *const given[] = {"伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋"};
    snprintf(out, 32, "%s%s%s", family[seed % 8], given[seed / 8 % 10], seed % 3 ? given[seed / 80 % 10] : "");
}

static size_t count_in_list(char (*names)[32], const char *prefix)
{
    size_t count = 0;
    for (size_t i = 0; i < MANY; i++)
        count += names[i][0] && strncmp(names[i], prefix, strlen(prefix)) == 0;
    return count;
}

/* Each name leads to its row in the order by names: none stands where the halving search does not look. */
static void check_order(const struct vault_names *n, char (*names)[32])
{
    for (size_t row = 0; row < n->row_count; row++) {
        int64_t customer = n->rows[row].customer_id;
        size_t from, to;
        bool found = customer == 0;
        if (!found)
            assert_str(names_name(n, (uint32_t)row), names[customer - 1]);
        names_range(n, NAMES_BY_NAME, names_name(n, (uint32_t)row), &from, &to);
        for (; from < to && !found; from++)
            found = n->order[NAMES_BY_NAME].rows[from] == row;
        assert_true(found);
    }
}

static void test_against_a_plain_list(void **state)
{
    static const char *const prefixes[] = {"王", "欧阳", "单敏", "李伟芳"};
    _cleanup_(vault_names_freep) struct vault_names *n = vault_names_new();
    char (*names)[32] = calloc(MANY, sizeof(*names));
    struct vault_hit *hits = calloc(MANY, sizeof(*hits));
    unsigned seed = 1;
    size_t total;
    (void)state;
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned untouched = round == 0 ? 0 : round < 3 ? 160 : 240; /* of 256: many changes sort anew, few are placed one by one */
        if (round == 1)
            vault_names_loaded(n);
        for (size_t i = 0; i < MANY; i++) {
            seed = seed * 1664525 + 1013904223;
            if (seed >> 24 < untouched)
                continue;
            if (seed >> 24 < untouched + 8 && round) {
                names[i][0] = '\0';
                vault_names_forget(n, (int64_t)i + 1);
            } else {
                name_of(seed >> 8, names[i]);
                put(n, (int64_t)i + 1, 0, names[i], "");
            }
            if (i % 1000 == 0)
                vault_names_tick(n, false);
        }
        for (size_t i = 0; i < COUNT(prefixes); i++) {
            size_t want = count_in_list(names, prefixes[i]);
            size_t got = vault_names_search(n, &(struct vault_search){.query = str_z(prefixes[i]), .limit = MANY}, hits);
            size_t prefix_hits = 0;
            while (prefix_hits < got && hits[prefix_hits].score >= 80)
                prefix_hits++;
            assert_int_equal(prefix_hits, want);
        }
        vault_names_page(n, &(struct vault_search){.limit = 1}, 0, hits, &total);
        assert_int_equal(total, count_in_list(names, ""));
        check_order(n, names);
    }
    free(names);
    free(hits);
}

/* After a forgetting, nothing of the name stands in the index's memory: it is found while there, and gone afterwards. */
static void test_forgotten_text_is_wiped(void **state)
{
    static const struct str name = STR("测试抹除");
    _cleanup_(vault_names_freep) struct vault_names *n = vault_names_new();
    (void)state;
    put(n, 1, 0, name.ptr, "");
    put(n, 2, 0, "旁人", "");
    vault_names_settle(n);
    assert_true(str_find_str(str_n(n->text, n->text_len), name) >= 0);
    vault_names_forget(n, 1);
    vault_names_settle(n);
    assert_true(str_find_str(str_n(n->text, n->text_len), name) < 0);
    check_hits(n, "测试", "");
    check_hits(n, "旁人", "2:100");
}

static void test_forgotten_text_is_wiped_in_the_background(void **state)
{
    static const struct str name = STR("测试抹除");
    _cleanup_(vault_names_freep) struct vault_names *n = vault_names_new();
    (void)state;
    put(n, 1, 0, name.ptr, "");
    put(n, 2, 0, "旁人", "");
    vault_names_settle(n);
    vault_names_forget(n, 1);
    put(n, 3, 0, "来者", "");
    while (vault_names_tick(n, true))
        sched_yield();
    assert_true(str_find_str(str_n(n->text, n->text_len), name) < 0);
    check_hits(n, "旁人", "2:100");
    check_hits(n, "来者", "3:100");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queries),
        cmocka_unit_test(test_stores),
        cmocka_unit_test(test_page),
        cmocka_unit_test(test_limit_keeps_the_best),
        cmocka_unit_test(test_replace_and_forget),
        cmocka_unit_test(test_against_a_plain_list),
        cmocka_unit_test(test_forgotten_text_is_wiped),
        cmocka_unit_test(test_forgotten_text_is_wiped_in_the_background),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

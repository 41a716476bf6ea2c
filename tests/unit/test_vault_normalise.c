/* Golden vectors of the normalisers: what stands here is in the hashes of installations. A change of a row is a new
 * VAULT_NORMALISER_VERSION. */
#include "test.h"

#include "shared_data.h"
#include "vault/normalise.h"
#include "vault/phone.h"

struct row {
    const char *typed;
    enum vault_verdict verdict;
    const char *normal;
};

static void check(enum vault_field field, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct vault_normal n;
        vault_normalise(field, str_z(rows[i].typed), &n);
        if (n.verdict != rows[i].verdict)
            fail_msg("\"%s\": verdict %d, wanted %d", rows[i].typed, (int)n.verdict, (int)rows[i].verdict);
        if (rows[i].normal)
            assert_str(vault_text_str(&n.text), rows[i].normal);
    }
}

static void test_phone(void **state)
{
    static const struct row rows[] = {
        {"13812345678", VAULT_OK, "+8613812345678"},
        {" 138 1234 5678 ", VAULT_OK, "+8613812345678"},
        {"138-1234-5678", VAULT_OK, "+8613812345678"},
        {"１３８１２３４５６７８", VAULT_OK, "+8613812345678"},
        {"＋８６－１３８１２３４５６７８", VAULT_OK, "+8613812345678"},
        {"138　1234　5678", VAULT_OK, "+8613812345678"},
        {"\xE2\x80\xAD" "13812345678\xE2\x80\xAC", VAULT_OK, "+8613812345678"}, /* direction marks, from an address book */
        {"+8613812345678", VAULT_OK, "+8613812345678"},
        {"+86 138 1234 5678", VAULT_OK, "+8613812345678"},
        {"(+86)13812345678", VAULT_OK, "+8613812345678"},
        {"(86)13812345678", VAULT_OK, "+8613812345678"},
        {"008613812345678", VAULT_OK, "+8613812345678"},
        {"0086-138-1234-5678", VAULT_OK, "+8613812345678"},
        {"8613812345678", VAULT_OK, "+8613812345678"},
        {"013812345678", VAULT_OK, "+8613812345678"},
        {"+86 013812345678", VAULT_OK, "+8613812345678"},
        {"手机：13812345678", VAULT_OK, "+8613812345678"},
        {"tel:+86-138-1234-5678", VAULT_OK, "+8613812345678"},
        {"19912345678", VAULT_OK, "+8619912345678"},
        {"12812345678", VAULT_MALFORMED, NULL},
        {"1381234567", VAULT_MALFORMED, NULL},
        {"138123456789", VAULT_MALFORMED, NULL},
        {"+86 12812345678", VAULT_MALFORMED, NULL},
        {"021-12345678", VAULT_MALFORMED, NULL}, /* no subscriber number starts with 1 */
        {"021-62345678", VAULT_OK, "+862162345678"},
        {"(021)6234 5678", VAULT_OK, "+862162345678"},
        {"+86 21 6234 5678", VAULT_OK, "+862162345678"},
        {"+86 (0)21 6234 5678", VAULT_OK, "+862162345678"},
        {"02162345678", VAULT_OK, "+862162345678"},
        {"0571-87654321", VAULT_OK, "+8657187654321"},
        {"0638-6683457", VAULT_OK, "+866386683457"},
        {"010 6552 9988", VAULT_OK, "+861065529988"},
        {"62345678", VAULT_MALFORMED, NULL}, /* whose city? */
        {"+852 6123 4567", VAULT_OK, "+85261234567"},
        {"00852 61234567", VAULT_OK, "+85261234567"},
        {"+852 1123 4567", VAULT_MALFORMED, NULL},
        {"+853 6612 3456", VAULT_OK, "+85366123456"},
        {"+886 912 345 678", VAULT_OK, "+886912345678"},
        {"+886 0912 345 678", VAULT_OK, "+886912345678"},
        {"+1 (415) 555-2671", VAULT_OK, "+14155552671"},
        {"+44 (0)20 7946 0958", VAULT_OK, "+442079460958"},
        {"+0123456789", VAULT_MALFORMED, NULL},
        {"+1", VAULT_MALFORMED, NULL},
        {"138****5678", VAULT_MASKED, NULL},
        {"138xxxx5678", VAULT_MASKED, NULL},
        {"138XXXX5678", VAULT_MASKED, NULL},
        {"138＊＊＊＊5678", VAULT_MASKED, NULL},
        {"138●●●●5678", VAULT_MASKED, NULL},
        {"13812345678-1234", VAULT_VIRTUAL, NULL},
        {"13812345678转1234", VAULT_VIRTUAL, NULL},
        {"13812345678,1234", VAULT_VIRTUAL, NULL},
        {"13812345678 ext. 1234", VAULT_VIRTUAL, NULL},
        {"13812345678x1234", VAULT_VIRTUAL, NULL},
        {"13812345678#1234", VAULT_VIRTUAL, NULL},
        {"021-62345678-801", VAULT_VIRTUAL, NULL},
        {"4008123123", VAULT_VIRTUAL, NULL},
        {"13800138000", VAULT_BLOCKED, NULL},
        {"13800000000", VAULT_BLOCKED, NULL},
        {"+86 139 9999 9999", VAULT_BLOCKED, NULL},
        {"", VAULT_MALFORMED, NULL},
        {"无", VAULT_MALFORMED, NULL},
        {"abc", VAULT_MALFORMED, NULL},
        {"-", VAULT_MALFORMED, NULL},
        {"\xff\xfe", VAULT_MALFORMED, NULL},
        {"13812345678 13912345678", VAULT_MALFORMED, NULL},
        {"li@qq.com", VAULT_MALFORMED, NULL},
    };
    (void)state;
    check(VAULT_PHONE, rows, COUNT(rows));
}

/* "CC":"number" pairs of the example file; each must come through as it is, whatever the spelling. */
static void test_phone_examples_of_all_regions(void **state)
{
    static const char *const codes[][2] = {{"HK", "852"}, {"MO", "853"}, {"TW", "886"}, {"SG", "65"}, {"JP", "81"}, {"KR", "82"}, {"US", "1"}, {"GB", "44"},
                                           {"DE", "49"},  {"FR", "33"},  {"AU", "61"},  {"NZ", "64"}, {"MY", "60"}, {"TH", "66"}, {"VN", "84"}, {"PH", "63"},
                                           {"RU", "7"},   {"BR", "55"},  {"IN", "91"},  {"CA", "1"},  {"CN", "86"}, {"IT", "39"}, {"NU", "683"}, {"AC", "247"}};
    _cleanup_free_ char *text = shared_data("phone_numbers/examples.mobile.json");
    (void)state;
    if (!text)
        skip();
    for (size_t i = 0; i < COUNT(codes); i++) {
        char mark[16], typed[64], want[64];
        snprintf(mark, sizeof(mark), "\"%s\":\"", codes[i][0]);
        const char *at = strstr(text, mark);
        assert_non_null(at);
        struct str number = str_n(at + strlen(mark), strcspn(at + strlen(mark), "\""));
        snprintf(typed, sizeof(typed), "+%s %.*s", codes[i][1], STR_FMT(number));
        snprintf(want, sizeof(want), "+%s%.*s", codes[i][1], STR_FMT(number));
        check(VAULT_PHONE, &(struct row){typed, VAULT_OK, want}, 1);
    }
}

static void test_email(void **state)
{
    static const struct row rows[] = {
        {"li@qq.com", VAULT_OK, "li@qq.com"},
        {"  Li.Xiaoming@QQ.COM ", VAULT_OK, "li.xiaoming@qq.com"},
        {"ｌｉ＠ｑｑ．ｃｏｍ", VAULT_OK, "li@qq.com"},
        {"mailto:li@qq.com", VAULT_OK, "li@qq.com"},
        {"li+shop@gmail.com", VAULT_OK, "li+shop@gmail.com"},
        {"李@例子.公司", VAULT_OK, "李@xn--fsqu00a.xn--55qx5d"},
        {"李@xn--fsqu00a.xn--55qx5d", VAULT_OK, "李@xn--fsqu00a.xn--55qx5d"},
        {"a@BÜCHER.de", VAULT_OK, "a@xn--bcher-kva.de"},
        {"l***@qq.com", VAULT_MASKED, NULL},
        {"test@test.com", VAULT_BLOCKED, NULL},
        {"qq@qq.com", VAULT_BLOCKED, NULL},
        {"none@163.com", VAULT_BLOCKED, NULL},
        {"x7k2@privaterelay.appleid.com", VAULT_VIRTUAL, NULL},
        {"li@qq", VAULT_MALFORMED, NULL},
        {"li@@qq.com", VAULT_MALFORMED, NULL},
        {"@qq.com", VAULT_MALFORMED, NULL},
        {"li@", VAULT_MALFORMED, NULL},
        {"li@.com", VAULT_MALFORMED, NULL},
        {"li@-qq.com", VAULT_MALFORMED, NULL},
        {"li..ming@qq.com", VAULT_MALFORMED, NULL},
        {".li@qq.com", VAULT_MALFORMED, NULL},
        {"li ming@qq.com", VAULT_MALFORMED, NULL},
        {"li@127.0.0.1", VAULT_MALFORMED, NULL},
        {"<li@qq.com>", VAULT_MALFORMED, NULL},
        {"li@qq.com,wang@qq.com", VAULT_MALFORMED, NULL},
        {"13812345678", VAULT_MALFORMED, NULL},
    };
    (void)state;
    check(VAULT_EMAIL, rows, COUNT(rows));
}

/* The text between <tag> and </tag> after *at, with the five entities decoded; false at the end. */
static bool next_element(const char **at, const char *tag, char *out, size_t cap)
{
    char open[32], close[32];
    snprintf(open, sizeof(open), "<%s>", tag);
    snprintf(close, sizeof(close), "</%s>", tag);
    const char *from = strstr(*at, open), *to = from ? strstr(from, close) : NULL;
    size_t len = 0;
    if (!to)
        return false;
    for (const char *p = from + strlen(open); p < to && len + 1 < cap; p++) {
        static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"};
        char c = *p;
        for (size_t i = 0; i < COUNT(entities); i++)
            if (strncmp(p, entities[i], strlen(entities[i])) == 0)
                c = "&<>\"'"[i], p += strlen(entities[i]) - 1;
        out[len++] = c;
    }
    out[len] = '\0';
    *at = to;
    return true;
}

/* isemail's corpus: what it calls an error is never an identifier, what it calls plainly valid mostly is. */
static void test_email_corpus(void **state)
{
    _cleanup_free_ char *text = shared_data("email_addr_isemail/tests.xml");
    char address[1024], category[64];
    size_t errors = 0, valid = 0;
    (void)state;
    if (!text)
        skip();
    for (const char *at = text; next_element(&at, "address", address, sizeof(address)) && next_element(&at, "category", category, sizeof(category));) {
        struct vault_normal n;
        vault_normalise(VAULT_EMAIL, str_z(address), &n);
        if (strcmp(category, "ISEMAIL_ERR") == 0) {
            errors++;
            if (n.verdict == VAULT_OK)
                fail_msg("taken: %s", address);
        }
        if (strcmp(category, "ISEMAIL_VALID_CATEGORY") == 0 && strchr(strrchr(address, '@'), '.')) { /* mail to a bare TLD is legal, and nobody's */
            valid++;
            if (n.verdict == VAULT_MALFORMED)
                fail_msg("refused: %s", address);
        }
    }
    assert_true(errors > 50 && valid > 5);
}

static void test_idnum(void **state)
{
    static const struct row rows[] = {
        {"11010519491231002X", VAULT_OK, "11010519491231002X"},
        {"11010519491231002x", VAULT_OK, "11010519491231002X"},
        {"１１０１０５１９４９１２３１００２Ｘ", VAULT_OK, "11010519491231002X"},
        {"110105 19491231 002X", VAULT_OK, "11010519491231002X"},
        {"440524188001010014", VAULT_OK, "440524188001010014"},
        {"110105491231002", VAULT_OK, "11010519491231002X"}, /* the old kind */
        {"110105194912310021", VAULT_MALFORMED, NULL},
        {"11010519490231002X", VAULT_MALFORMED, NULL},
        {"990105194912310020", VAULT_MALFORMED, NULL},
        {"1101051949123100", VAULT_MALFORMED, NULL},
        {"110105********002X", VAULT_MASKED, NULL},
        {"110105X9491231002X", VAULT_MALFORMED, NULL},
    };
    (void)state;
    check(VAULT_IDNUM, rows, COUNT(rows));
    assert_int_equal(vault_idnum_check_digit("11010519491231002"), 'X');
}

static void test_card(void **state)
{
    static const struct row rows[] = {
        {"8800 1234 0021", VAULT_OK, "880012340021"}, {"vip-0001a", VAULT_OK, "VIP0001A"}, {"ＶＩＰ７", VAULT_OK, "VIP7"},
        {"00000000", VAULT_BLOCKED, NULL},            {"12345678", VAULT_BLOCKED, NULL},   {"8800****0021", VAULT_MASKED, NULL},
        {"7", VAULT_MALFORMED, NULL},                 {"卡八八", VAULT_MALFORMED, NULL},
    };
    (void)state;
    check(VAULT_CARD, rows, COUNT(rows));
}

static void test_name(void **state)
{
    static const struct row rows[] = {
        {"李小明", VAULT_OK, "李小明"},        {" 李小明 ", VAULT_OK, "李小明"},  {"Ｊｏｈｎ　Smith", VAULT_OK, "john smith"}, {"José", VAULT_OK, "josé"},
        {"José", VAULT_OK, "josé"},           {"张**", VAULT_MASKED, NULL},     {"匿名", VAULT_BLOCKED, NULL},             {"先生", VAULT_BLOCKED, NULL},
        {"", VAULT_MALFORMED, NULL},           {"   ", VAULT_MALFORMED, NULL},   {"阿凡提•买买提", VAULT_OK, "阿凡提·买买提"}, {"ﷺ", VAULT_OK, NULL},
    };
    (void)state;
    check(VAULT_NAME, rows, COUNT(rows));
}

static void test_platform_ids(void **state)
{
    static const struct row rows[] = {
        {"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", VAULT_OK, "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}, {"1", VAULT_OK, "1"}, {"null", VAULT_BLOCKED, NULL},
        {"0000", VAULT_BLOCKED, NULL}, {"o*****o", VAULT_MASKED, NULL},
    };
    (void)state;
    check(VAULT_WECHAT, rows, COUNT(rows));
}

static void test_luhn(void **state)
{
    (void)state;
    assert_true(vault_luhn_valid(STR("4111111111111111")));
    assert_true(vault_luhn_valid(STR("378282246310005")));
    assert_false(vault_luhn_valid(STR("4111111111111112")));
    assert_false(vault_luhn_valid(STR("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_phone),  cmocka_unit_test(test_phone_examples_of_all_regions), cmocka_unit_test(test_email),
        cmocka_unit_test(test_email_corpus), cmocka_unit_test(test_idnum), cmocka_unit_test(test_card),
        cmocka_unit_test(test_name),   cmocka_unit_test(test_platform_ids), cmocka_unit_test(test_luhn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

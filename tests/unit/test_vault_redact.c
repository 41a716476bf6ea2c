/* Personal values in free text: what must be found, in how many spellings, and what must be left alone. */
#include "test.h"

#include "base/app.h"
#include "vault/vault.h"

#include <stdlib.h>

struct row {
    const char *text, *redacted;
};

static void test_redact(void **state)
{
    static const struct row rows[] = {
        /* mobile numbers */
        {"13812345678", "‹phone›"},
        {"请打13812345678谢谢", "请打‹phone›谢谢"},
        {"请打 138-1234-5678 。", "请打 ‹phone› 。"},
        {"138 1234 5678", "‹phone›"},
        {"138.1234.5678", "‹phone›"},
        {"电话.13812345678", "电话.‹phone›"},
        {"１３８１２３４５６７８", "‹phone›"},
        {"１３８－１２３４－５６７８", "‹phone›"},
        {"138　1234　5678", "‹phone›"},
        {"+8613812345678", "‹phone›"},
        {"＋86 138 1234 5678", "‹phone›"},
        {"(+86)13812345678", "(‹phone›"},
        {"0086 138 1234 5678", "‹phone›"},
        {"8613812345678", "‹phone›"},
        {"tel:13812345678", "tel:‹phone›"},
        {"微信vx13812345678", "微信vx‹phone›"},
        {"Tel13812345678", "Tel‹phone›"},
        {"13812345678/13912345678", "‹phone›/‹phone›"},
        {"13812345678 13912345678", "‹phone› ‹phone›"},
        {"13812345678,13912345678;13712345678", "‹phone›,‹phone›;‹phone›"},
        {"订单20260301 13812345678", "订单20260301 ‹phone›"},
        {"13812345678-1234", "‹phone›-1234"},
        {"{\"a\":\"13812345678\"}", "{\"a\":\"‹phone›\"}"},
        {"x=1&phone=13812345678&y=2", "x=1&phone=‹phone›&y=2"},
        /* landlines, overseas */
        {"021-62345678", "‹phone›"},
        {"(021) 6234 5678", "(‹phone›"},
        {"0571-87654321", "‹phone›"},
        {"+852 6123 4567", "‹phone›"},
        {"+1 (415) 555-2671", "‹phone›"},
        /* e-mail */
        {"li@qq.com", "‹email›"},
        {"联系li.ming+x@mail.qq.com。", "联系‹email›。"},
        {"邮箱li@qq.com谢谢", "邮箱‹email›谢谢"},
        {"<13812345678@139.com>", "<‹email›>"},
        {"li＠qq.com", "‹email›"},
        {"a@b.cn,c@d.cn", "‹email›,‹email›"},
        {"李@例子.公司", "‹email›"},
        {"li@qq.com.2026", "‹email›.2026"},
        {"13812345678@x li@qq.com", "‹phone›@x ‹email›"},
        {"li@qq.com 13812345678", "‹email› ‹phone›"},
        {"13812345678 li@qq.com", "‹phone› ‹email›"},
        /* ID numbers */
        {"11010519491231002X", "‹id›"},
        {"身份证11010519491231002x。", "身份证‹id›。"},
        {"440524188001010014", "‹id›"},
        {"110105 19491231 002X", "‹id›"},
        {"１１０１０５１９４９１２３１００２Ｘ", "‹id›"},
        {"110105491231002", "‹id›"},
        /* cards */
        {"4111111111111111", "‹card›"},
        {"4111 1111 1111 1111", "‹card›"},
        {"4111-1111-1111-1111", "‹card›"},
        {"6222021234567890128", "‹card›"},
        {"卡号6225 8801 1234 5674有效", "卡号‹card›有效"},
        {"5555555555554444", "‹card›"},
        {"378282246310005", "‹card›"},
        {"3782 822463 10005", "‹card›"},
        {"4222222222222", "‹card›"},
        {"30569309025904", "‹card›"},
        {"2223003122003222", "‹card›"},
    };
    _cleanup_(arena_freep) struct arena *a = arena_new();
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct str got = vault_redact(a, str_z(rows[i].text));
        if (!str_eqz(got, rows[i].redacted))
            fail_msg("\"%s\" → \"%.*s\", wanted \"%s\"", rows[i].text, STR_FMT(got), rows[i].redacted);
        assert_int_not_equal(vault_find_personal(str_z(rows[i].text)), 0);
        assert_int_equal(vault_find_personal(got), 0); /* nothing is left */
    }
}

static void test_leave_alone(void **state)
{
    static const char *const texts[] = {
        "",
        "亚麻连衣裙",
        "1709283600000",                        /* a time in milliseconds */
        "1709283600",
        "2026-03-01T13:40:00+08:00",
        "2026-03-01 13:40:00.123456",
        "20260301-0042",
        "SH01-1-20260301-0042",
        "SO13812345678",                        /* an order number */
        "13812345678A",
        "ab13812345678cd",
        "9f13812345678e4b7a6c5d4e3f2a1b0c",     /* hexadecimal */
        "f47ac10b-58cc-4372-a567-0e02b2c3d479", /* UUID */
        "6901234567892",                        /* barcode */
        "4006381330060",                        /* a German barcode that begins like a card */
        "202603011340000042",                   /* eighteen digits, no ID number */
        "110105194912310021",                   /* wrong check digit */
        "1234567890123456",
        "4111111111111112",                     /* fails Luhn */
        "0.13812345678",
        "13812.345678",
        "99999999999",
        "150 155 160 165 170",                  /* sizes */
        "K1001-02-M",
        "logo@2x.png",
        "@nickname",
        "a @ b",
        "user@localhost",
        "¥1,299.00 ×2",
        "138****5678",
        "12:00-18:00",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.6099.109 Safari/537.36",
        "https://example.com/p/1001?utm_source=wx&t=1709283600000",
        "400-812-3123",
    };
    _cleanup_(arena_freep) struct arena *a = arena_new();
    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_str(vault_redact(a, str_z(texts[i])), texts[i]);
        assert_int_equal(vault_find_personal(str_z(texts[i])), 0);
    }
}

static void test_first_kind(void **state)
{
    (void)state;
    assert_int_equal(vault_find_personal(STR("打13812345678")), VAULT_PHONE);
    assert_int_equal(vault_find_personal(STR("li@qq.com")), VAULT_EMAIL);
    assert_int_equal(vault_find_personal(STR("11010519491231002X")), VAULT_IDNUM);
    assert_int_equal(vault_find_personal(STR("4111111111111111")), VAULT_REFUND);
}

/* Any bytes at all, and any cut of them. */
static void test_any_bytes(void **state)
{
    static const char text[] = "\xEF\xBC\x91\xEF\xBC\xB3\xEF+138\xEF\xBC 1234 5678@\xEF\xBC\xA0x.cn\xE3\x80\x80@@..--+86+86(021)";
    _cleanup_(arena_freep) struct arena *a = arena_new();
    (void)state;
    for (size_t from = 0; from < sizeof(text); from++)
        for (size_t to = from; to < sizeof(text); to++) {
            char *exact = malloc(to - from + 1); /* so that a sanitizer sees a byte too far */
            memcpy(exact, text + from, to - from);
            vault_redact(a, str_n(exact, to - from));
            free(exact);
        }
}

/* Codes that look personal are hashed, each to its own; others, and random ids, stay. */
static void test_code(void **state)
{
    static const char *const stay[] = {"", "K1001-02-M", "20260301-0042", "6901234567892", "node-next-1795311342562-0b2e7a4c-13ab-4c1d-9f00-13912345678a",
                                       "0b2e7a4c-13ab-4c1d-9f00-139123456780"};
    static const char *const hashed[] = {"13912345678", "13912345679", "4111111111111111", "m-13912345678-0b2e7a4c-13ab-4c1d-9f00-139123456780", "li@example.com"};
    struct app app = {.server_key = {1}};
    struct arena *a = arena_new();
    (void)state;
    for (size_t i = 0; i < COUNT(stay); i++)
        assert_true(str_eqz(vault_code(&app, a, str_z(stay[i])), stay[i]));
    for (size_t i = 0; i < COUNT(hashed); i++) {
        struct str code = vault_code(&app, a, str_z(hashed[i]));
        assert_int_equal(code.len, 17);
        assert_true(str_eq(code, vault_code(&app, a, str_z(hashed[i]))));
        for (size_t k = 0; k < i; k++)
            assert_false(str_eq(code, vault_code(&app, a, str_z(hashed[k]))));
    }
    arena_free(a);
}

static void test_field_names(void **state)
{
    static const struct {
        const char *name;
        enum vault_field field;
    } rows[] = {
        {"phone", VAULT_PHONE},        {"Phone_Number", VAULT_PHONE}, {"receiver-mobile", VAULT_PHONE}, {"手机号", VAULT_PHONE},   {"contactPhone", VAULT_PHONE},
        {"email", VAULT_EMAIL},        {"E-Mail", VAULT_EMAIL},       {"收货人", VAULT_NAME},           {"firstName", VAULT_NAME}, {"id_card", VAULT_IDNUM},
        {"身份证号", VAULT_IDNUM},     {"birthday", VAULT_BIRTHDAY},  {"shipping_address", VAULT_ADDRESS}, {"openid", VAULT_WECHAT}, {"bank_card", VAULT_REFUND},
        {"会员卡号", VAULT_CARD},      {"name", 0},                   {"title", 0},                     {"sku", 0},                {"price", 0},
        {"", 0},                       {"phonetic", 0},               {"order_id", 0},                  {"phone_phone_phone_phone_phone_phone_phone_phone_phone_phone", 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if (vault_field_by_name(str_z(rows[i].name)) != rows[i].field)
            fail_msg("%s", rows[i].name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_redact),    cmocka_unit_test(test_leave_alone), cmocka_unit_test(test_first_kind),
        cmocka_unit_test(test_any_bytes), cmocka_unit_test(test_field_names), cmocka_unit_test(test_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* http/texts.c: flat and nested files, and the choice of a language. */
#include "http/http_priv.h"
#include "test.h"

static const unsigned char en[] = "{\"error.denied\":\"No.\",\"error.busy\":\"Busy.\",\"page.title\":\"Page\"}";
static const unsigned char cn[] = "{\"error\":{\"denied\":\"不行。\",\"cause\":{\"csrf\":\"请重新载入。\"}}}";
static const unsigned char tw[] = "{\"error.denied\":\"不行。\"}";
static const unsigned char broken[] = "{";
static const struct http_asset files[] = {
    {"/i18n/broken.json", "application/json", broken, sizeof(broken) - 1, false},
    {"/i18n/zh-TW.json", "application/json", tw, sizeof(tw) - 1, false},
    {"/i18n/en.json", "application/json", en, sizeof(en) - 1, false},
    {"/index.html", "text/html", en, sizeof(en) - 1, false},
    {"/i18n/zh-CN.json", "application/json", cn, sizeof(cn) - 1, false},
    {0},
};

static void finds_texts(void **state)
{
    struct texts *t = *state;
    size_t english = texts_choose(t, STR("en-GB")), chinese = texts_choose(t, STR("zh-CN"));
    assert_string_equal(texts_get(t, english, "error.denied"), "No.");
    assert_string_equal(texts_get(t, chinese, "error.denied"), "不行。");
    assert_string_equal(texts_get(t, chinese, "error.cause.csrf"), "请重新载入。");
    assert_string_equal(texts_get(t, chinese, "error.busy"), "Busy.");
    assert_string_equal(texts_get(t, chinese, "error.none"), "error.none");
    assert_string_equal(texts_get(t, english, "page.title"), "Page");
    assert_string_equal(texts_get(t, 99, "error.denied"), "No.");
}

static void chooses_languages(void **state)
{
    struct texts *t = *state;
    static const struct {
        const char *accept, *like;
    } cases[] = {
        {"", "en"},
        {"fr", "en"},
        {"zh", "zh-CN"},
        {"zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"},
        {"zh-HK", "zh-TW"},
        {"zh-Hant-MO", "zh-TW"},
        {"fr;q=1, zh-TW;q=0.4, en;q=0.5", "en"},
        {"en;q=0.2,zh;q=0.3", "zh-CN"},
        {"zh;q=0", "en"},
        {"zh;q=x,;;,,", "en"},
        {"*", "en"},
        {"zhx", "en"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        trying(cases[i].accept);
        assert_int_equal(texts_choose(t, str_z(cases[i].accept)), texts_choose(t, str_z(cases[i].like)));
    }
    assert_int_not_equal(texts_choose(t, STR("zh-CN")), texts_choose(t, STR("zh-TW")));
    assert_int_not_equal(texts_choose(t, STR("zh-CN")), texts_choose(t, STR("en")));
}

static int setup(void **state)
{
    *state = texts_load(files);
    return 0;
}

static int teardown(void **state)
{
    texts_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_texts), cmocka_unit_test(chooses_languages)};
    return cmocka_run_group_tests(tests, setup, teardown);
}

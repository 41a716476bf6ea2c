/* Readings of names: what the build took out of ICU, and the rules around it. */
#include "test.h"

#include "shared_data.h"
#include "vault/pinyin.h"

static void read_name(const char *name, struct vault_text *reading)
{
    struct vault_text form;
    reading->len = 0;
    if (vault_name_search_form(str_z(name), &form))
        vault_pinyin_of(vault_text_str(&form), reading);
}

static void test_readings(void **state)
{
    static const char *const rows[][2] = {
        {"王小明", "wang xiao ming"}, {"单雄信", "shan xiong xin"}, {"單雄信", "shan xiong xin"}, {"吕布", "lv bu"},          {"女娲", "nv wa"},
        {"曾国藩", "zeng guo fan"},   {"仇英", "qiu ying"},         {"解缙", "xie jin"},         {"查良镛", "zha liang yong"}, {"区大相", "ou da xiang"},
        {"任我行", "ren wo xing"},    {"欧阳娜娜", "ou yang na na"}, {"歐陽娜娜", "ou yang na na"}, {"尉迟恭", "yu chi gong"},   {"万俟卨", "mo qi xie"},
        {"澹台灭明", "tan tai mie ming"}, {"长孙无忌", "zhang sun wu ji"}, {"張單", "zhang dan"}, {"单", "dan"},             {"John Smith", "john smith"},
        {"José Núñez", "jose nunez"}, {"阿凡提·买买提", "a fan ti mai mai ti"}, {"John 李", "john li"}, {"李John", "li john"}, {"😀", ""}, {"𬭎", "hong"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct vault_text reading;
        read_name(rows[i][0], &reading);
        if (!str_eqz(vault_text_str(&reading), rows[i][1]))
            fail_msg("%s: \"%.*s\", wanted \"%s\"", rows[i][0], (int)reading.len, reading.bytes, rows[i][1]);
    }
}

static void test_search_form(void **state)
{
    static const char *const rows[][2] = {{"歐陽娜娜", "欧阳娜娜"}, {" 張  國榮 ", "张 国荣"}, {"ＪＯＨＮ", "john"}, {"Müller", "müller"}};
    struct vault_text form;
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_true(vault_name_search_form(str_z(rows[i][0]), &form));
        assert_str(vault_text_str(&form), rows[i][1]);
    }
    assert_false(vault_name_search_form(STR(""), &form));
    assert_false(vault_name_search_form(STR("\xff"), &form));
}

/* Letters of a toned syllable: "lǜ" → "lv". */
static void drop_tones(struct str toned, char out[static 32])
{
    static const struct {
        const char *toned;
        char plain;
    } vowels[] = {{"āáǎàâ", 'a'}, {"ēéěèêế", 'e'}, {"īíǐì", 'i'}, {"ōóǒò", 'o'}, {"ūúǔù", 'u'}, {"ǖǘǚǜü", 'v'}, {"ńňǹ", 'n'}, {"ḿ", 'm'}};
    size_t len = 0;
    while (toned.len && len < 31) {
        struct str rest = toned;
        uint32_t cp = str_next_char(&rest);
        char plain = cp < 0x80 ? (char)cp : '\0';
        for (size_t i = 0; i < COUNT(vowels) && !plain; i++)
            if (str_find_str(str_z(vowels[i].toned), str_sub(toned, 0, toned.len - rest.len)) >= 0)
                plain = vowels[i].plain;
        if (plain)
            out[len++] = plain;
        toned = rest;
    }
    out[len] = '\0';
}

/* 8,105 characters with their usual reading by an independent source: "U+4E00: yī  # 一". ICU differs in few. */
static void test_against_common_readings(void **state)
{
    _cleanup_free_ char *text = shared_data("zh_pinyin/kMandarin_8105.txt");
    size_t same = 0, all = 0;
    (void)state;
    if (!text)
        skip();
    struct str rest = str_z(text), line;
    while (str_split(&rest, '\n', &line)) {
        unsigned cp;
        int used = 0;
        char plain[32], name[8];
        if (sscanf(line.ptr, "U+%X: %n", &cp, &used) != 1 || used == 0)
            continue;
        struct str toned = str_sub(line, (size_t)used, line.len);
        toned.len = strcspn(toned.ptr, " \t\n#,");
        drop_tones(toned, plain);
        name[str_put_char(cp, name)] = '\0';
        struct vault_text reading;
        vault_pinyin_of(str_z(name), &reading);
        all++;
        same += str_eqz(vault_text_str(&reading), plain);
    }
    print_message("  %zu of %zu alike\n", same, all);
    assert_true(all > 8000);
    assert_true(same * 1000 > all * 985);
}

static void test_compound_surnames(void **state)
{
    (void)state;
    assert_int_equal(vault_compound_surname(STR("欧阳娜娜")), 6);
    assert_int_equal(vault_compound_surname(STR("欧阳")), 0); /* nothing behind it */
    assert_int_equal(vault_compound_surname(STR("李小明")), 0);
    assert_int_equal(vault_compound_surname(STR("")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readings),
        cmocka_unit_test(test_search_form),
        cmocka_unit_test(test_against_common_readings),
        cmocka_unit_test(test_compound_surnames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Normalisers of all identifier kinds but telephone numbers (phone.c). */
#include "vault/normalise.h"
#include "vault/phone.h"

#include "base/clock.h"

#include <string.h>
#include <unicode/uidna.h>
#include <unicode/ustring.h>

enum { LOCAL_PART_MAX = 64, DOMAIN_MAX = 253, LABEL_MAX = 63, CARD_MIN = 4, CARD_MAX = 32 };

static enum vault_verdict of_phone(struct str value, struct vault_text *ret)
{
    struct vault_phone phone;
    vault_phone_parse(value, &phone);
    vault_text_add(ret, str_n(phone.e164, phone.len));
    return phone.verdict;
}

/* ---- e-mail ---- */

static bool is_atom_char(char c)
{
    return vault_is_letter((unsigned char)c) || vault_is_digit((unsigned char)c) || (c && strchr("!#$%&'+-/=?^_`{|}~.", c)) || (unsigned char)c >= 0x80;
}

static bool is_local_part(struct str s)
{
    if (s.len == 0 || s.len > LOCAL_PART_MAX || s.ptr[0] == '.' || s.ptr[s.len - 1] == '.')
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!is_atom_char(s.ptr[i]) || (s.ptr[i] == '.' && s.ptr[i - 1] == '.'))
            return false;
    return true;
}

static bool is_label(struct str s)
{
    if (s.len == 0 || s.len > LABEL_MAX || s.ptr[0] == '-' || s.ptr[s.len - 1] == '-')
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!vault_is_letter((unsigned char)s.ptr[i]) && !vault_is_digit((unsigned char)s.ptr[i]) && s.ptr[i] != '-')
            return false;
    return true;
}

/* At least two labels, the last with a letter in it. */
static bool is_domain(struct str s)
{
    struct str label = STR_NULL, rest = s;
    size_t labels = 0, letters = 0;
    if (s.len > DOMAIN_MAX)
        return false;
    while (str_split(&rest, '.', &label)) {
        if (!is_label(label))
            return false;
        labels++;
    }
    for (size_t i = 0; i < label.len; i++)
        letters += vault_is_letter((unsigned char)label.ptr[i]);
    return labels >= 2 && letters > 0 && label.len >= 2;
}

/* UTS #46, so that 例子.公司 and its xn-- form are one. */
static bool domain_to_ascii(struct str domain, struct vault_text *ret)
{
    UErrorCode error = U_ZERO_ERROR;
    UIDNAInfo info = UIDNA_INFO_INITIALIZER;
    char ascii[DOMAIN_MAX + 1];
    UIDNA *idna = uidna_openUTS46(UIDNA_CHECK_BIDI | UIDNA_NONTRANSITIONAL_TO_ASCII, &error);
    int32_t len = uidna_nameToASCII_UTF8(idna, domain.ptr, (int32_t)domain.len, ascii, sizeof(ascii), &info, &error);
    uidna_close(idna);
    return U_SUCCESS(error) && info.errors == 0 && is_domain(str_n(ascii, (size_t)len)) && vault_text_add(ret, str_n(ascii, (size_t)len));
}

static bool add_domain(struct str domain, struct vault_text *ret)
{
    if (str_chars(domain) != domain.len || str_find_str(domain, STR("xn--")) >= 0)
        return domain_to_ascii(domain, ret);
    return is_domain(domain) && vault_text_add(ret, domain);
}

static bool is_relay_domain(struct str domain)
{
    static const struct str relays[] = {STR("privaterelay.appleid.com"), STR("relay.firefox.com"), STR("mozmail.com"), STR("duck.com"), STR("anonaddy.me"),
                                        STR("simplelogin.com"), STR("marketplace.amazon.com"), STR("marketplace.amazon.co.jp"), STR("members.ebay.com")};
    for (size_t i = 0; i < sizeof(relays) / sizeof(*relays); i++)
        if (str_eq(domain, relays[i]))
            return true;
    return false;
}

static bool is_placeholder_email(struct str local, struct str domain)
{
    static const struct str locals[] = {STR("noemail"), STR("no-email"), STR("none"), STR("null"), STR("noreply"), STR("no-reply")};
    static const struct str whole[] = {STR("test@example.com"), STR("test@qq.com"), STR("test@163.com"), STR("test@gmail.com"), STR("123@qq.com"),
                                       STR("1@qq.com"), STR("123456@qq.com"), STR("a@b.com"), STR("abc@123.com"), STR("user@example.com")};
    struct str address = str_n(local.ptr, local.len + 1 + domain.len); /* they stand in one buffer */
    ptrdiff_t dot = str_find(domain, '.');
    for (size_t i = 0; i < sizeof(locals) / sizeof(*locals); i++)
        if (str_eq(local, locals[i]))
            return true;
    for (size_t i = 0; i < sizeof(whole) / sizeof(*whole); i++)
        if (str_eq(address, whole[i]))
            return true;
    return dot > 0 && str_eq(local, str_sub(domain, 0, (size_t)dot)); /* test@test.com, qq@qq.com */
}

/* The domain in lower case by standard; the local part too, because no provider in use tells case apart and people type both. */
static enum vault_verdict of_email(struct str value, struct vault_text *ret)
{
    struct vault_text folded;
    if (!vault_text_fold(value, VAULT_FOLD_CASE, &folded))
        return VAULT_MALFORMED;
    struct str s = vault_text_str(&folded);
    if (str_starts(s, STR("mailto:")))
        s = str_sub(s, 7, s.len);
    ptrdiff_t at = str_find(s, '@');
    struct str local = str_sub(s, 0, (size_t)(at < 0 ? 0 : at)), domain = str_sub(s, (size_t)at + 1, s.len);
    if (at <= 0)
        return VAULT_MALFORMED;
    if (str_find(local, '*') >= 0)
        return VAULT_MASKED;
    if (!is_local_part(local) || !vault_text_add(ret, local) || !vault_text_add(ret, STR("@")) || !add_domain(domain, ret))
        return VAULT_MALFORMED;
    struct str normal_domain = str_sub(vault_text_str(ret), local.len + 1, ret->len);
    if (is_relay_domain(normal_domain))
        return VAULT_VIRTUAL;
    return is_placeholder_email(str_n(ret->bytes, local.len), normal_domain) ? VAULT_BLOCKED : VAULT_OK;
}

/* ---- ID numbers ---- */

char vault_idnum_check_digit(const char seventeen[static 17])
{
    static const int weights[17] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;
    for (size_t i = 0; i < 17; i++)
        sum += weights[i] * (seventeen[i] - '0');
    return "10X98765432"[sum % 11];
}

static bool is_birth_date(const char ymd[static 8])
{
    char iso[11];
    int32_t day;
    memcpy(iso, ymd, 4);
    iso[4] = iso[7] = '-';
    memcpy(iso + 5, ymd + 4, 2);
    memcpy(iso + 8, ymd + 6, 2);
    return (memcmp(ymd, "18", 2) == 0 || memcmp(ymd, "19", 2) == 0 || memcmp(ymd, "20", 2) == 0) && clock_parse_day(str_n(iso, 10), &day);
}

/* First two digits: provinces, Hong Kong, Macau and Taiwan residents, foreigners' permanent residence (GB/T 2260). */
static bool is_region(const char code[static 2])
{
    static const char codes[] = "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83 91";
    for (const char *p = codes; p < codes + sizeof(codes) - 1; p += 3)
        if (memcmp(p, code, 2) == 0)
            return true;
    return false;
}

static bool idnum_widen(struct str s, char out[static 18])
{
    if (s.len == 15) {
        memcpy(out, s.ptr, 6);
        memcpy(out + 6, "19", 2);
        memcpy(out + 8, s.ptr + 6, 9);
    } else if (s.len == 18) {
        memcpy(out, s.ptr, 17);
    } else {
        return false;
    }
    for (size_t i = 0; i < 17; i++)
        if (!vault_is_digit((unsigned char)out[i]))
            return false;
    out[17] = vault_idnum_check_digit(out);
    bool checked = s.len == 15 || out[17] == (s.ptr[17] == 'x' ? 'X' : s.ptr[17]);
    return checked && is_region(out) && is_birth_date(out + 6);
}

bool vault_idnum_valid(struct str digits)
{
    char wide[18];
    return idnum_widen(digits, wide);
}

/* Copies `value` in ASCII without blanks, dashes and dots, in capitals; false when something else stands in it. */
static bool compact_code(struct str value, struct vault_text *ret)
{
    ret->len = 0;
    while (value.len) {
        uint32_t cp = str_next_char(&value), c = vault_char_ascii(cp);
        if (vault_char_is_blank(cp) || c == '-' || c == '.' || c == '/' || c == '_')
            continue;
        if (c >= 'a' && c <= 'z')
            c -= 32;
        if (!(vault_is_letter(c) || vault_is_digit(c) || c == '*') || !vault_text_add_char(ret, c))
            return false;
    }
    return ret->len > 0;
}

static enum vault_verdict of_idnum(struct str value, struct vault_text *ret)
{
    struct vault_text code;
    char wide[18];
    if (!compact_code(value, &code))
        return VAULT_MALFORMED;
    struct str s = vault_text_str(&code);
    if (str_find(s, '*') >= 0)
        return VAULT_MASKED;
    if (!idnum_widen(s, wide))
        return VAULT_MALFORMED;
    vault_text_add(ret, str_n(wide, sizeof(wide)));
    return str_eqz(str_n(wide + 14, 3), "000") ? VAULT_BLOCKED : VAULT_OK;
}

/* ---- cards, names and the rest ---- */

bool vault_luhn_valid(struct str digits)
{
    unsigned sum = 0;
    for (size_t i = 0; i < digits.len; i++) {
        unsigned d = (unsigned)(digits.ptr[digits.len - 1 - i] - '0');
        if (i % 2)
            d = d > 4 ? 2 * d - 9 : 2 * d;
        sum += d;
    }
    return digits.len > 0 && sum % 10 == 0;
}

static bool is_one_char_repeated(struct str s)
{
    for (size_t i = 1; i < s.len; i++)
        if (s.ptr[i] != s.ptr[0])
            return false;
    return s.len > 0;
}

static bool is_counting(struct str s)
{
    for (size_t i = 1; i < s.len; i++)
        if (s.ptr[i] != (s.ptr[i - 1] == '9' ? '0' : s.ptr[i - 1] + 1))
            return false;
    return s.len > 0 && vault_is_digit((unsigned char)s.ptr[0]);
}

static enum vault_verdict of_card(struct str value, struct vault_text *ret)
{
    if (!compact_code(value, ret) || ret->len < CARD_MIN || ret->len > CARD_MAX)
        return VAULT_MALFORMED;
    struct str s = vault_text_str(ret);
    if (str_find(s, '*') >= 0)
        return VAULT_MASKED;
    return is_one_char_repeated(s) || is_counting(s) ? VAULT_BLOCKED : VAULT_OK;
}

static bool is_placeholder_name(struct str s)
{
    static const struct str words[] = {STR("匿名"), STR("匿名用户"), STR("测试"), STR("未知"), STR("顾客"), STR("客户"), STR("会员"), STR("先生"), STR("女士"),
                                       STR("小姐"), STR("无"), STR("散客"), STR("游客"), STR("test"), STR("null"), STR("none"), STR("anonymous"), STR("guest")};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (str_eq(s, words[i]))
            return true;
    return false;
}

static enum vault_verdict of_name(struct str value, struct vault_text *ret)
{
    if (!vault_text_fold(value, VAULT_FOLD_CASE, ret) || ret->len == 0)
        return VAULT_MALFORMED;
    if (str_find(vault_text_str(ret), '*') >= 0)
        return VAULT_MASKED;
    return is_placeholder_name(vault_text_str(ret)) ? VAULT_BLOCKED : VAULT_OK;
}

/* Ids of platforms are opaque: width and blanks only. */
static enum vault_verdict of_opaque(struct str value, struct vault_text *ret)
{
    if (!vault_text_fold(value, VAULT_FOLD_WIDTH, ret) || ret->len == 0)
        return VAULT_MALFORMED;
    if (str_find_str(vault_text_str(ret), STR("**")) >= 0)
        return VAULT_MASKED;
    struct str s = vault_text_str(ret);
    bool empty_word = str_ieq(s, STR("null")) || str_ieq(s, STR("undefined")) || str_ieq(s, STR("none"));
    return empty_word || (s.len >= 4 && is_one_char_repeated(s)) ? VAULT_BLOCKED : VAULT_OK;
}

void vault_normalise(enum vault_field field, struct str value, struct vault_normal *ret)
{
    ret->text.len = 0;
    ret->verdict = VAULT_MALFORMED;
    if (value.len == 0 || value.len > VAULT_TEXT_MAX || !str_is_text(value))
        return;
    switch (field) {
    case VAULT_PHONE: ret->verdict = of_phone(value, &ret->text); break;
    case VAULT_EMAIL: ret->verdict = of_email(value, &ret->text); break;
    case VAULT_IDNUM: ret->verdict = of_idnum(value, &ret->text); break;
    case VAULT_CARD: ret->verdict = of_card(value, &ret->text); break;
    case VAULT_NAME: ret->verdict = of_name(value, &ret->text); break;
    default: ret->verdict = of_opaque(value, &ret->text); break;
    }
}

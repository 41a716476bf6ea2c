/* Telephone numbers in the spellings that tills, forms and phones' address books bring. */
#include "vault/phone.h"
#include "vault/text.h"

#include <string.h>

enum { TYPED_MAX = 64, EXTENSION_MAX = 6, E164_DIGITS_MAX = 15, E164_DIGITS_MIN = 6 };

/* What was typed, reduced to digits, '+', '-' for separators, '*' for hidden digits and 'e' before an extension. */
struct typed {
    char text[TYPED_MAX];
    size_t len;
};

static bool typed_add(struct typed *t, char c)
{
    if (c == '-' && (t->len == 0 || t->text[t->len - 1] == '-'))
        return true;
    if (t->len == sizeof(t->text))
        return false;
    t->text[t->len++] = c;
    return true;
}

/* A label before the number: "tel:", "手机：", "电话 ". */
static struct str skip_label(struct str s)
{
    static const struct str labels[] = {STR("telephone"), STR("tel"), STR("phone"), STR("mobile"), STR("手机号码"), STR("手机号"), STR("手机"), STR("联系电话"),
                                        STR("电话"), STR("電話"), STR("手機")};
    s = str_trim(s);
    if (s.len && (vault_is_digit((unsigned char)s.ptr[0]) || s.ptr[0] == '+'))
        return s;
    for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++)
        if (s.len > labels[i].len && str_ieq(str_sub(s, 0, labels[i].len), labels[i])) {
            s = str_trim(str_sub(s, labels[i].len, s.len));
            if (str_starts(s, STR("：")))
                return str_sub(s, 3, s.len);
            return s.len && (s.ptr[0] == ':' || s.ptr[0] == '.') ? str_sub(s, 1, s.len) : s;
        }
    return s;
}

static bool take_extension_word(struct str *s)
{
    static const struct str words[] = {STR("extension"), STR("ext."), STR("ext"), STR("转"), STR("轉"), STR("分机"), STR("分機"), STR("#"), STR(","), STR(";")};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (s->len >= words[i].len && str_ieq(str_sub(*s, 0, words[i].len), words[i])) {
            *s = str_sub(*s, words[i].len, s->len);
            return true;
        }
    return false;
}

/* One x before digits is an extension, a run of them hides digits. */
static char meaning_of_x(struct str after, const struct typed *so_far)
{
    bool run = after.len && (after.ptr[0] | 32) == 'x';
    bool in_run = so_far->len && so_far->text[so_far->len - 1] == '*';
    return run || in_run ? '*' : 'e';
}

static bool reduce_char(struct str *rest, struct typed *t)
{
    if (vault_is_digit((unsigned char)rest->ptr[0])) {
        bool added = typed_add(t, rest->ptr[0]);
        *rest = str_sub(*rest, 1, rest->len);
        return added;
    }
    if (take_extension_word(rest))
        return typed_add(t, 'e');
    uint32_t cp = str_next_char(rest);
    uint32_t c = vault_char_ascii(cp);
    if (vault_is_digit(c) || c == '*' || (c == '+' && t->len == 0))
        return typed_add(t, (char)c);
    if (c == 'x' || c == 'X')
        return typed_add(t, meaning_of_x(*rest, t));
    if (vault_char_is_blank(cp) || c == '-' || c == '.' || c == '/' || c == '(' || c == ')' || c == '_')
        return typed_add(t, '-');
    return c == '+' && t->len == 1 && t->text[0] == '-' ? (t->len = 0, typed_add(t, '+')) : false;
}

static bool reduce(struct str value, struct typed *t)
{
    struct str rest = skip_label(value);
    t->len = 0;
    if (!str_is_text(rest))
        return false;
    while (rest.len) {
        if (str_starts(rest, STR("(0)"))) { /* the trunk prefix of "+44 (0)20 …" */
            rest = str_sub(rest, 3, rest.len);
            continue;
        }
        if (rest.ptr[0] == '(' && rest.len > 1 && rest.ptr[1] == '+')
            rest = str_sub(rest, 1, rest.len);
        if (!reduce_char(&rest, t))
            return false;
    }
    while (t->len && t->text[t->len - 1] == '-')
        t->len--;
    return t->len > 0;
}

/* ---- numbering plans ---- */

static bool is_mobile(struct str d)
{
    return d.len == 11 && d.ptr[0] == '1' && d.ptr[1] >= '3' && d.ptr[1] <= '9';
}

/* A mainland number with its area code but without the trunk 0; returns the length of the area code, 0 if it is none. */
static size_t area_of(struct str d)
{
    bool big_city = str_starts(d, STR("10")) || (d.len && d.ptr[0] == '2');
    size_t area = big_city ? 2 : 3;
    if (!big_city && (d.len == 0 || d.ptr[0] < '3'))
        return 0;
    if (d.len != area + 8 && (big_city || d.len != area + 7))
        return 0;
    return d.ptr[area] >= '2' && d.ptr[area] <= '8' ? area : 0;
}

static size_t calling_code_len(struct str d)
{
    static const char two[] = "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98";
    if (d.len < 4 || d.ptr[0] == '0')
        return 0;
    if (d.ptr[0] == '1' || d.ptr[0] == '7')
        return 1;
    for (const char *p = two; p < two + sizeof(two) - 1; p += 3)
        if (memcmp(p, d.ptr, 2) == 0)
            return 2;
    return 3;
}

static void set_number(struct vault_phone *p, enum vault_phone_kind kind, struct str country, struct str national)
{
    p->verdict = VAULT_OK;
    p->kind = kind;
    p->country_len = country.len;
    p->e164[0] = '+';
    memcpy(p->e164 + 1, country.ptr, country.len);
    memcpy(p->e164 + 1 + country.len, national.ptr, national.len);
    p->len = 1 + country.len + national.len;
    p->e164[p->len] = '\0';
}

static bool set_mainland(struct vault_phone *p, struct str national)
{
    size_t area;
    if (is_mobile(national)) {
        set_number(p, VAULT_PHONE_MOBILE, STR("86"), national);
        return true;
    }
    if ((area = area_of(national)) == 0)
        return false;
    set_number(p, VAULT_PHONE_LANDLINE, STR("86"), national);
    p->area_len = area;
    return true;
}

static struct str without_trunk(struct str d)
{
    return d.len && d.ptr[0] == '0' ? str_sub(d, 1, d.len) : d;
}

static bool set_overseas(struct vault_phone *p, struct str d)
{
    size_t code = calling_code_len(d);
    struct str country = str_sub(d, 0, code), national = str_sub(d, code, d.len);
    if (code == 0 || d.len > E164_DIGITS_MAX + 1)
        return false;
    if (str_eqz(country, "86"))
        return set_mainland(p, without_trunk(national));
    bool eight = str_eqz(country, "852") || str_eqz(country, "853");
    if (eight && (national.len != 8 || national.ptr[0] < '2'))
        return false;
    if (str_eqz(country, "886")) {
        national = without_trunk(national);
        if (national.len < 8 || national.len > 9 || national.ptr[0] == '0')
            return false;
    }
    if (code + national.len < E164_DIGITS_MIN || code + national.len > E164_DIGITS_MAX)
        return false;
    set_number(p, VAULT_PHONE_OVERSEAS, country, national);
    return true;
}

static bool is_hotline(struct str d)
{
    return d.len == 10 && (str_starts(d, STR("400")) || str_starts(d, STR("800")));
}

/* 13800138000 and numbers whose last eight digits are one digit are typed to get past a form. */
static bool is_blocked(const struct vault_phone *p)
{
    if (p->len < 9)
        return false;
    struct str tail = str_n(p->e164 + p->len - 8, 8);
    for (size_t i = 1; i < tail.len; i++)
        if (tail.ptr[i] != tail.ptr[0])
            return str_eqz(str_n(p->e164, p->len), "+8613800138000");
    return true;
}

void vault_phone_parse_digits(struct str d, bool plus, struct vault_phone *ret)
{
    bool known = false;
    *ret = (struct vault_phone){.verdict = VAULT_MALFORMED};
    if (plus)
        known = set_overseas(ret, d);
    else if (str_starts(d, STR("00")))
        known = set_overseas(ret, str_sub(d, 2, d.len));
    else if (is_mobile(d))
        known = set_mainland(ret, d);
    else if (d.len && d.ptr[0] == '0')
        known = set_mainland(ret, str_sub(d, 1, d.len));
    else if (str_starts(d, STR("86")) && d.len > 11 && (is_mobile(str_sub(d, 2, d.len)) || d.ptr[2] == '0'))
        known = set_mainland(ret, without_trunk(str_sub(d, 2, d.len)));
    else if (is_hotline(d))
        ret->verdict = VAULT_VIRTUAL;
    if (known && is_blocked(ret))
        ret->verdict = VAULT_BLOCKED;
}

/* ---- from what was typed ---- */

static void parse_span(struct str span, struct vault_phone *ret)
{
    char digits[TYPED_MAX];
    size_t len = 0;
    bool plus = span.len && span.ptr[0] == '+';
    for (size_t i = plus; i < span.len; i++)
        if (span.ptr[i] != '-')
            digits[len++] = span.ptr[i];
    vault_phone_parse_digits(str_n(digits, len), plus, ret);
}

/* "13812345678-1234": a platform's relay number behind a hyphen. */
static bool parse_with_tail(struct str span, struct vault_phone *ret)
{
    ptrdiff_t dash = (ptrdiff_t)span.len - 1;
    while (dash > 0 && span.ptr[dash] != '-')
        dash--;
    if (dash <= 0 || span.len - (size_t)dash - 1 > EXTENSION_MAX)
        return false;
    parse_span(str_sub(span, 0, (size_t)dash), ret);
    return ret->verdict == VAULT_OK || ret->verdict == VAULT_BLOCKED;
}

void vault_phone_parse(struct str value, struct vault_phone *ret)
{
    struct typed t;
    *ret = (struct vault_phone){.verdict = VAULT_MALFORMED};
    if (value.len > 4 * TYPED_MAX || !reduce(value, &t))
        return;
    struct str span = str_n(t.text, t.len);
    ptrdiff_t extension = str_find(span, 'e');
    if (str_find(span, '*') >= 0) {
        ret->verdict = t.len >= 4 ? VAULT_MASKED : VAULT_MALFORMED;
    } else if (extension >= 0) {
        parse_span(str_sub(span, 0, (size_t)extension), ret);
        ret->verdict = ret->verdict == VAULT_MALFORMED ? VAULT_MALFORMED : VAULT_VIRTUAL;
    } else {
        parse_span(span, ret);
        struct vault_phone relay;
        if (ret->verdict == VAULT_MALFORMED && parse_with_tail(span, &relay)) {
            *ret = relay;
            ret->verdict = VAULT_VIRTUAL;
        }
    }
    explicit_bzero(&t, sizeof(t));
}

/* Folding of text to one form, by ICU where it is needed. */
#include "vault/text.h"

#include <string.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

bool vault_text_add(struct vault_text *t, struct str s)
{
    if (s.len > sizeof(t->bytes) - t->len)
        return false;
    if (s.len)
        memcpy(t->bytes + t->len, s.ptr, s.len);
    t->len += s.len;
    return true;
}

bool vault_text_add_char(struct vault_text *t, uint32_t cp)
{
    char bytes[4];
    return vault_text_add(t, str_n(bytes, str_put_char(cp, bytes)));
}

bool vault_char_is_han(uint32_t cp)
{
    return (cp >= 0x4E00 && cp <= 0x9FFF) || (cp >= 0x3400 && cp <= 0x4DBF) || (cp >= 0x20000 && cp <= 0x323AF) || cp == 0x3007 ||
           (cp >= 0xF900 && cp <= 0xFAFF);
}

bool vault_char_is_blank(uint32_t cp)
{
    return cp == ' ' || (cp >= '\t' && cp <= '\r') || cp == 0xA0 || cp == 0xAD || cp == 0x3000 || (cp >= 0x2000 && cp <= 0x200F) ||
           (cp >= 0x2028 && cp <= 0x202F) || (cp >= 0x205F && cp <= 0x2064) || (cp >= 0x2066 && cp <= 0x2069) || cp == 0xFEFF;
}

static bool is_middle_dot(uint32_t cp)
{
    return cp == 0xB7 || cp == 0x2022 || cp == 0x2027 || cp == 0x30FB || cp == 0x2219 || cp == 0x22C5 || cp == 0xFF65;
}

uint32_t vault_char_ascii(uint32_t cp)
{
    if (cp >= 0xFF01 && cp <= 0xFF5E)
        return cp - 0xFEE0;
    if ((cp >= 0x2010 && cp <= 0x2015) || cp == 0x2212 || cp == 0xFE58 || cp == 0xFE63)
        return '-';
    if (cp == 0x25CF || cp == 0x2022 || cp == 0x2731 || cp == 0x2217 || cp == 0x2026)
        return '*';
    return cp;
}

static bool is_plain(struct str s)
{
    while (s.len) {
        uint32_t cp = str_next_char(&s);
        if (!(cp < 0x80 || (cp >= 0x4E00 && cp <= 0x9FFF) || cp == 0xB7))
            return false;
    }
    return true;
}

static bool fold_plain(struct str s, enum vault_fold fold, struct vault_text *ret)
{
    ret->len = 0;
    if (!vault_text_add(ret, s))
        return false;
    for (size_t i = 0; fold == VAULT_FOLD_CASE && i < ret->len; i++)
        if (ret->bytes[i] >= 'A' && ret->bytes[i] <= 'Z')
            ret->bytes[i] = (char)(ret->bytes[i] + 32);
    return true;
}

static bool fold_icu(struct str s, enum vault_fold fold, struct vault_text *ret)
{
    UErrorCode error = U_ZERO_ERROR;
    UChar from[VAULT_TEXT_MAX], to[VAULT_TEXT_MAX];
    int32_t from_len, to_len, len;
    const UNormalizer2 *n = fold == VAULT_FOLD_CASE ? unorm2_getNFKCCasefoldInstance(&error) : unorm2_getNFKCInstance(&error);
    u_strFromUTF8(from, VAULT_TEXT_MAX, &from_len, s.ptr, (int32_t)s.len, &error);
    to_len = unorm2_normalize(n, from, from_len, to, VAULT_TEXT_MAX, &error);
    u_strToUTF8(ret->bytes, VAULT_TEXT_MAX, &len, to, to_len, &error);
    explicit_bzero(from, sizeof(from));
    explicit_bzero(to, sizeof(to));
    ret->len = U_SUCCESS(error) ? (size_t)len : 0;
    return U_SUCCESS(error);
}

/* Joins runs of blanks and unifies middle dots, in place: the result is never longer. */
static void tidy(struct vault_text *t)
{
    struct str rest = vault_text_str(t);
    bool gap = false;
    size_t len = 0;
    while (rest.len) {
        char bytes[4];
        uint32_t cp = str_next_char(&rest);
        if (vault_char_is_blank(cp)) {
            gap = len > 0;
            continue;
        }
        if (gap)
            t->bytes[len++] = ' ';
        gap = false;
        size_t n = str_put_char(is_middle_dot(cp) ? 0xB7 : cp, bytes);
        memcpy(t->bytes + len, bytes, n);
        len += n;
    }
    t->len = len;
}

bool vault_text_fold(struct str s, enum vault_fold fold, struct vault_text *ret)
{
    if (s.len > VAULT_TEXT_MAX || !str_is_text(s))
        return false;
    bool done = is_plain(s) ? fold_plain(s, fold, ret) : fold_icu(s, fold, ret);
    if (done)
        tidy(ret);
    return done;
}

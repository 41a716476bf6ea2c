/* Readings of names from the tables that the build takes out of ICU. */
#include "vault/pinyin.h"
#include "vault/pinyin_tables.h"

#include <unicode/unorm2.h>

static uint32_t simple_of(uint32_t cp)
{
    return cp >= VAULT_PINYIN_FIRST && cp < VAULT_PINYIN_END ? vault_pinyin_simple[cp - VAULT_PINYIN_FIRST] : cp;
}

static unsigned find_reading(const struct vault_reading *list, size_t count, uint32_t cp)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (list[mid].cp < cp)
            low = mid + 1;
        else
            high = mid;
    }
    return low < count && list[low].cp == cp ? list[low].syllable : 0;
}

static unsigned reading_of(uint32_t cp)
{
    if (cp >= VAULT_PINYIN_FIRST && cp < VAULT_PINYIN_END)
        return vault_pinyin_block[cp - VAULT_PINYIN_FIRST];
    return find_reading(vault_pinyin_extra, vault_pinyin_extra_count, cp);
}

static const struct vault_compound *find_compound(struct str name)
{
    for (const struct vault_compound *c = vault_pinyin_compounds; c->text; c++)
        if (str_starts(name, str_z(c->text)))
            return c;
    return NULL;
}

size_t vault_compound_surname(struct str name)
{
    const struct vault_compound *c = find_compound(name);
    size_t len = c ? strlen(c->text) : 0;
    return name.len > len ? len : 0;
}

bool vault_name_search_form(struct str name, struct vault_text *ret)
{
    struct vault_text folded;
    bool done = vault_text_fold(name, VAULT_FOLD_CASE, &folded) && folded.len > 0;
    ret->len = 0;
    for (struct str rest = vault_text_str(&folded); done && rest.len;)
        done = vault_text_add_char(ret, simple_of(str_next_char(&rest)));
    explicit_bzero(&folded, sizeof(folded));
    return done;
}

/* The ASCII letter below an accent; 0 if there is none. */
static char base_letter(uint32_t cp)
{
    UErrorCode error = U_ZERO_ERROR;
    UChar apart[16];
    const UNormalizer2 *nfd = unorm2_getNFDInstance(&error);
    int32_t len = unorm2_getDecomposition(nfd, (UChar32)cp, apart, 16, &error);
    return U_SUCCESS(error) && len > 0 && vault_is_letter(apart[0]) ? (char)(apart[0] | 32) : '\0';
}

static void add_syllable(struct vault_text *t, unsigned syllable)
{
    if (syllable == 0)
        return;
    if (t->len && t->bytes[t->len - 1] != ' ')
        vault_text_add(t, STR(" "));
    vault_text_add(t, str_z(vault_pinyin_syllables[syllable]));
    vault_text_add(t, STR(" "));
}

static void add_other(struct vault_text *t, uint32_t cp)
{
    char letter = cp < 0x80 ? (char)cp : base_letter(cp);
    if (cp == ' ' || cp == 0xB7 || cp == '-' || cp == '.')
        letter = t->len && t->bytes[t->len - 1] != ' ' ? ' ' : '\0';
    else if (!vault_is_letter((unsigned char)letter) && !vault_is_digit((unsigned char)letter))
        letter = '\0';
    if (letter)
        vault_text_add(t, str_n(&letter, 1));
}

void vault_pinyin_of(struct str search_form, struct vault_text *ret)
{
    struct str rest = search_form;
    const struct vault_compound *surname = find_compound(rest);
    ret->len = 0;
    if (surname && vault_compound_surname(rest)) {
        add_syllable(ret, surname->first);
        add_syllable(ret, surname->second);
        rest = str_sub(rest, strlen(surname->text), rest.len);
    }
    for (bool first = rest.len == search_form.len; rest.len; first = false) {
        uint32_t cp = str_next_char(&rest);
        unsigned family = first && rest.len ? find_reading(vault_pinyin_surnames, vault_pinyin_surnames_count, cp) : 0;
        if (vault_char_is_han(cp))
            add_syllable(ret, family ? family : reading_of(cp));
        else
            add_other(ret, cp);
    }
    while (ret->len && ret->bytes[ret->len - 1] == ' ')
        ret->len--;
}

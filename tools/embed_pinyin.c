/* Build tool: turns ICU's readings of Han characters into a compact C table (docs/vault.md, "Pinyin"). ICU's own transliterator
 * takes 146 ms to load and 46 µs a name; the table costs nothing to load and about 0.1 µs a name, with the same answers.
 * usage: embed_pinyin OUT.c */
#include "vault/surnames.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uscript.h>
#include <unicode/ustring.h>
#include <unicode/utrans.h>

enum { BLOCK_FIRST = 0x3400, BLOCK_END = 0xA000, EXTRA_FIRST = 0x20000, EXTRA_END = 0x32400, TEXT_MAX = 64, SYLLABLES_MAX = 1024 };

static char syllables[SYLLABLES_MAX][8];
static size_t syllable_count = 1; /* 0: no reading */

static void die(const char *what)
{
    fprintf(stderr, "embed_pinyin: %s\n", what);
    exit(1);
}

static UTransliterator *rules_open(const char *id)
{
    UErrorCode error = U_ZERO_ERROR;
    UChar wide[TEXT_MAX];
    u_uastrcpy(wide, id);
    UTransliterator *t = utrans_openU(wide, -1, UTRANS_FORWARD, NULL, 0, NULL, &error);
    if (U_FAILURE(error))
        die(id);
    return t;
}

static void apply(const UTransliterator *t, const char *text, char out[static TEXT_MAX])
{
    UErrorCode error = U_ZERO_ERROR;
    UChar wide[TEXT_MAX];
    int32_t len = 0;
    u_strFromUTF8(wide, TEXT_MAX, &len, text, -1, &error);
    int32_t limit = len;
    utrans_transUChars(t, wide, &len, TEXT_MAX, 0, &limit, &error);
    u_strToUTF8(out, TEXT_MAX, NULL, wide, len, &error);
    if (U_FAILURE(error))
        die(u_errorName(error));
}

/* "lǚ bù" → "lv": the first syllable without its tone, ü as v. */
static void plain_syllable(const UTransliterator *decompose, const char *reading, char out[static 8])
{
    char apart[TEXT_MAX];
    size_t len = 0;
    apply(decompose, reading, apart);
    for (const char *p = apart; *p && *p != ' '; p++) {
        if (*p >= 'a' && *p <= 'z' && len < 7)
            out[len++] = *p;
        else if ((unsigned char)p[0] == 0xCC && (unsigned char)p[1] == 0x88 && len && out[len - 1] == 'u') /* diaeresis */
            out[len - 1] = 'v';
    }
    out[len] = '\0';
}

static unsigned syllable_of(const char *plain)
{
    if (!*plain)
        return 0;
    for (size_t i = 1; i < syllable_count; i++)
        if (strcmp(syllables[i], plain) == 0)
            return (unsigned)i;
    if (syllable_count == SYLLABLES_MAX)
        die("too many syllables");
    memcpy(syllables[syllable_count], plain, strlen(plain) + 1);
    return (unsigned)syllable_count++;
}

struct rules {
    UTransliterator *word, *name, *apart, *simple;
};

static void utf8_of(UChar32 cp, char out[static 8])
{
    int32_t len = 0;
    U8_APPEND_UNSAFE((uint8_t *)out, len, cp);
    out[len] = '\0';
}

/* The reading of one character; as a surname when `names` says so. */
static unsigned reading_of(const struct rules *r, UChar32 cp, int names)
{
    char character[8], text[16], reading[TEXT_MAX], plain[8];
    utf8_of(cp, character);
    snprintf(text, sizeof(text), "%s%s", character, names ? "明" : ""); /* a given name behind a surname */
    apply(names ? r->name : r->word, text, reading);
    plain_syllable(r->apart, reading, plain);
    return syllable_of(plain);
}

static unsigned simple_of(const struct rules *r, UChar32 cp)
{
    char text[8], simple[TEXT_MAX];
    int32_t at = 0;
    UChar32 to;
    utf8_of(cp, text);
    apply(r->simple, text, simple);
    U8_NEXT_UNSAFE((const uint8_t *)simple, at, to);
    return to < 0x10000 ? (unsigned)to : (unsigned)cp;
}

static int is_han(UChar32 cp)
{
    UErrorCode error = U_ZERO_ERROR;
    return uscript_getScript(cp, &error) == USCRIPT_HAN;
}

static void put_block(FILE *out, const struct rules *r)
{
    fputs("const uint16_t vault_pinyin_block[] = {\n", out);
    for (UChar32 cp = BLOCK_FIRST; cp < BLOCK_END; cp++)
        fprintf(out, "%u,%s", is_han(cp) ? reading_of(r, cp, 0) : 0, cp % 16 == 15 ? "\n" : "");
    fputs("};\nconst uint16_t vault_pinyin_simple[] = {\n", out);
    for (UChar32 cp = BLOCK_FIRST; cp < BLOCK_END; cp++)
        fprintf(out, "%u,%s", is_han(cp) ? simple_of(r, cp) : (unsigned)cp, cp % 16 == 15 ? "\n" : "");
    fputs("};\n", out);
}

static void put_extra(FILE *out, const struct rules *r)
{
    size_t count = 0;
    fputs("const struct vault_reading vault_pinyin_extra[] = {\n", out);
    for (UChar32 cp = EXTRA_FIRST; cp < EXTRA_END; cp++) {
        unsigned reading = is_han(cp) ? reading_of(r, cp, 0) : 0;
        if (reading)
            fprintf(out, "{%u,%u},%s", (unsigned)cp, reading, ++count % 8 == 0 ? "\n" : "");
    }
    fprintf(out, "};\nconst size_t vault_pinyin_extra_count = %zu;\n", count);
}

static void put_surnames(FILE *out, const struct rules *r)
{
    size_t count = 0;
    fputs("const struct vault_reading vault_pinyin_surnames[] = {\n", out);
    for (UChar32 cp = BLOCK_FIRST; cp < BLOCK_END; cp++) {
        if (!is_han(cp))
            continue;
        unsigned reading = reading_of(r, cp, 1);
        if (reading != reading_of(r, cp, 0))
            fprintf(out, "{%u,%u},%s", (unsigned)cp, reading, ++count % 8 == 0 ? "\n" : "");
    }
    fprintf(out, "};\nconst size_t vault_pinyin_surnames_count = %zu;\n", count);
}

static void put_compounds(FILE *out, const struct rules *r)
{
    static const char *const list[] = {
#define X(name) name,
        VAULT_COMPOUND_SURNAMES(X)
#undef X
    };
    fputs("const struct vault_compound vault_pinyin_compounds[] = {\n", out);
    for (size_t i = 0; i < sizeof(list) / sizeof(*list); i++) {
        char simple[TEXT_MAX], text[TEXT_MAX + 4], reading[TEXT_MAX], first[8], second[8];
        apply(r->simple, list[i], simple);
        snprintf(text, sizeof(text), "%s明", simple);
        apply(r->name, text, reading);
        const char *gap = strchr(reading, ' ');
        plain_syllable(r->apart, reading, first);
        plain_syllable(r->apart, gap ? gap + 1 : "", second);
        fprintf(out, "{\"%s\",%u,%u},\n", list[i], syllable_of(first), syllable_of(second));
    }
    fputs("{NULL,0,0}};\n", out);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        die("usage: embed_pinyin OUT.c");
    FILE *out = fopen(argv[1], "w");
    if (!out)
        die(argv[1]);
    struct rules r = {rules_open("Han-Latin"), rules_open("Han-Latin/Names"), rules_open("NFD"), rules_open("Traditional-Simplified")};
    fputs("/* Made by tools/embed_pinyin.c from ICU's data. */\n#include \"vault/pinyin_tables.h\"\n", out);
    put_block(out, &r);
    put_extra(out, &r);
    put_surnames(out, &r);
    put_compounds(out, &r);
    fputs("const char vault_pinyin_syllables[][8] = {\n", out);
    for (size_t i = 0; i < syllable_count; i++)
        fprintf(out, "\"%s\",%s", syllables[i], i % 12 == 11 ? "\n" : "");
    fputs("};\n", out);
    utrans_close(r.apart);
    utrans_close(r.name);
    utrans_close(r.word);
    utrans_close(r.simple);
    return fclose(out) ? 1 : 0;
}

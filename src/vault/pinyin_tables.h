/* The tables that tools/embed_pinyin.c makes at build time from ICU's data. */
#ifndef ZX_VAULT_PINYIN_TABLES_H
#define ZX_VAULT_PINYIN_TABLES_H

#include <stddef.h>
#include <stdint.h>

enum { VAULT_PINYIN_FIRST = 0x3400, VAULT_PINYIN_END = 0xA000 };

struct vault_reading {
    uint32_t cp;
    uint16_t syllable;
};
struct vault_compound {
    const char *text; /* UTF-8, two characters; the list ends with NULL */
    uint16_t first, second;
};

/* Index 0 is "no reading". ü is written v. */
extern const char vault_pinyin_syllables[][8];
/* By code point − VAULT_PINYIN_FIRST: reading, and the simplified form of the character. */
extern const uint16_t vault_pinyin_block[];
extern const uint16_t vault_pinyin_simple[];
/* Rare characters beyond the block, sorted. */
extern const struct vault_reading vault_pinyin_extra[];
extern const size_t vault_pinyin_extra_count;
/* Characters that read otherwise as a surname (单 shan, 曾 zeng), sorted. */
extern const struct vault_reading vault_pinyin_surnames[];
extern const size_t vault_pinyin_surnames_count;
extern const struct vault_compound vault_pinyin_compounds[];

#endif

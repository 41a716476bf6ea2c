/* Unicode work that several parts of the vault share. Plain ASCII and plain Han text, nearly all there is, never reach ICU. */
#ifndef ZX_VAULT_TEXT_H
#define ZX_VAULT_TEXT_H

#include "base/str.h"

enum { VAULT_TEXT_MAX = 1024 }; /* bytes of a name or identifier; longer is malformed */

/* Text of bounded size, on the stack, so that it can be wiped. */
struct vault_text {
    size_t len;
    char bytes[VAULT_TEXT_MAX];
};

static inline struct str vault_text_str(const struct vault_text *t)
{
    return str_n(t->bytes, t->len);
}

/* Adds bytes; false when the text is full. */
bool vault_text_add(struct vault_text *t, struct str s);
bool vault_text_add_char(struct vault_text *t, uint32_t cp);

enum vault_fold {
    VAULT_FOLD_WIDTH,  /* NFKC */
    VAULT_FOLD_CASE,   /* NFKC and case folding */
};
/* Normalises valid UTF-8, makes all middle dots ·, runs of blanks one, trims. False when it is no text or too long. */
bool vault_text_fold(struct str s, enum vault_fold fold, struct vault_text *ret);

bool vault_char_is_han(uint32_t cp);
bool vault_char_is_blank(uint32_t cp); /* all blanks and invisible marks that people paste */
/* Full-width forms, dashes and dots as ASCII; anything else unchanged. */
uint32_t vault_char_ascii(uint32_t cp);

static inline bool vault_is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

static inline bool vault_is_letter(uint32_t c)
{
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

#endif

/* Readings of names: "单雄信" → "shan xiong xin", "吕布" → "lv bu", "John 李" → "john li". Tones are dropped, ü is v. */
#ifndef ZX_VAULT_PINYIN_H
#define ZX_VAULT_PINYIN_H

#include "vault/text.h"

/* Length in bytes of a two-character surname at the front of a name that has a given name behind it, else 0. */
size_t vault_compound_surname(struct str name);
/* The form that names are searched in: folded, without case, simplified characters. False when it is no name. */
bool vault_name_search_form(struct str name, struct vault_text *ret);
/* Reading of a search form, syllables and words set apart by one blank. Characters without a reading are left out. */
void vault_pinyin_of(struct str search_form, struct vault_text *ret);

#endif

/* What strangers type where an identifier is expected: normalisers, masks, readings, redaction. Beside not crashing: a normal form is
 * a fixed point, and redacted text holds nothing personal. */
#include "vault/mask.h"
#include "vault/normalise.h"
#include "vault/pinyin.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void fuzz_normaliser(enum vault_field field, struct str text)
{
    struct vault_normal first, second;
    vault_normalise(field, text, &first);
    if (first.verdict != VAULT_OK)
        return;
    vault_normalise(field, vault_text_str(&first.text), &second);
    must(second.verdict == VAULT_OK && str_eq(vault_text_str(&first.text), vault_text_str(&second.text)));
}

static void fuzz_mask(enum vault_field field, struct str text)
{
    struct buf out = BUF_INIT(1 << 20);
    vault_mask_value(field, text, &out);
    must(!out.failed);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_n(data, size);
    struct vault_text form, reading;
    struct arena *a = arena_new();
    for (int field = 1; field < VAULT_FIELD_COUNT; field++) {
        fuzz_normaliser((enum vault_field)field, text);
        fuzz_mask((enum vault_field)field, text);
    }
    if (vault_name_search_form(text, &form))
        vault_pinyin_of(vault_text_str(&form), &reading);
    struct str redacted = vault_redact(a, text);
    must(!str_is_text(text) || vault_find_personal(redacted) == 0);
    vault_field_by_name(text);
    arena_free(a);
    return 0;
}

/* Codes of the shop (order numbers, SKUs, message ids) that happen to look like a personal value. To redact them would make
 * one of many: two orders would become the same order. So they are hashed, and two stay two. */
#include "base/app.h"
#include "vault/vault.h"

#include <sodium.h>

enum { UUID_CHARS = 36, HASH_BYTES = 8 };

/* 8-4-4-4-12 hexadecimal digits: random, whatever eleven of them in a row look like. */
static bool is_uuid(struct str s)
{
    for (size_t i = 0; i < UUID_CHARS; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool hex = (s.ptr[i] >= '0' && s.ptr[i] <= '9') || ((s.ptr[i] | 32) >= 'a' && (s.ptr[i] | 32) <= 'f');
        if (dash ? s.ptr[i] != '-' : !hex)
            return false;
    }
    return true;
}

static bool is_personal(struct str code)
{
    if (code.len >= UUID_CHARS && is_uuid(str_sub(code, code.len - UUID_CHARS, code.len)))
        code = str_sub(code, 0, code.len - UUID_CHARS);
    return vault_find_personal(code) != 0;
}

struct str vault_code(const struct app *app, struct arena *a, struct str code)
{
    static const char purpose[8] = "code";
    uint8_t hash[crypto_generichash_BYTES_MIN];
    char hex[2 * HASH_BYTES + 1];
    crypto_generichash_state state;
    if (!is_personal(code))
        return arena_str(a, code);
    crypto_generichash_init(&state, app->server_key, sizeof(app->server_key), sizeof(hash));
    crypto_generichash_update(&state, (const uint8_t *)purpose, sizeof(purpose));
    crypto_generichash_update(&state, (const uint8_t *)code.ptr, code.len);
    crypto_generichash_final(&state, hash, sizeof(hash));
    str_hex(hash, HASH_BYTES, hex);
    return arena_printf(a, "#%.*s", 2 * HASH_BYTES, hex);
}

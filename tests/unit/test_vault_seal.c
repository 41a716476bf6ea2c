/* Keyring, data keys, sealed values: formats that must stay readable, and what must not be opened. */
#include "test.h"

#include "vault/frame.h"
#include "vault/seal.h"
#include "vault_golden.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct place_dir {
    char dir[64], keyring[96], unseal[96];
};

static int set_up(void **state)
{
    struct place_dir *p = calloc(1, sizeof(*p));
    snprintf(p->dir, sizeof(p->dir), "/tmp/zhixin-seal-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->keyring, sizeof(p->keyring), "%s/keyring", p->dir);
    snprintf(p->unseal, sizeof(p->unseal), "%s/unseal.key", p->dir);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    struct place_dir *p = *state;
    unlink(p->keyring);
    unlink(p->unseal);
    rmdir(p->dir);
    free(p);
    return 0;
}

static void write_file(const char *path, const void *bytes, size_t len, mode_t mode)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    fclose(f);
    assert_int_equal(chmod(path, mode), 0);
}

static size_t unhex(const char *hex, uint8_t *out)
{
    size_t len = strlen(hex) / 2;
    assert_true(str_unhex(str_z(hex), out, len));
    return len;
}

static void write_golden(const struct place_dir *p)
{
    uint8_t file[4096];
    write_file(p->keyring, file, unhex(golden_keyring, file), 0600);
    write_file(p->unseal, golden_unseal_key, strlen(golden_unseal_key), 0600);
}

static const struct vault_where golden_place = {STR("customer_contact"), STR("value"), 12, 4711};

static void test_golden(void **state)
{
    const struct place_dir *p = *state;
    _cleanup_(vault_keyring_freep) struct vault_keyring *k = NULL;
    _cleanup_wipe_ struct buf plain = BUF_INIT(4096);
    struct vault_dek dek;
    uint8_t wrapped[128], sealed[256], hash[16], want[16];
    write_golden(p);
    assert_int_equal(vault_keyring_load(p->dir, NULL, &k), RC_OK);
    assert_true(vault_dek_unwrap(k, 4711, str_n(wrapped, unhex(golden_wrapped, wrapped)), &dek));
    assert_true(vault_value_open(&dek, VAULT_PHONE, &golden_place, str_n(sealed, unhex(golden_sealed, sealed)), &plain));
    assert_buf(&plain, "13812345678");
    vault_index_hash(k, VAULT_PHONE, STR("+8613812345678"), hash);
    unhex(golden_index, want);
    assert_memory_equal(hash, want, 16);
    assert_false(vault_dek_unwrap(k, 4712, str_n(wrapped, sizeof(wrapped)), &dek));
}

/* Every single bit of keyring, wrapped key and sealed value counts. */
static void test_every_bit_counts(void **state)
{
    const struct place_dir *p = *state;
    _cleanup_(vault_keyring_freep) struct vault_keyring *k = NULL, *none = NULL;
    _cleanup_wipe_ struct buf plain = BUF_INIT(4096);
    struct vault_dek dek, other;
    uint8_t wrapped[128], sealed[256], file[4096];
    write_golden(p);
    assert_int_equal(vault_keyring_load(p->dir, NULL, &k), RC_OK);
    size_t wrapped_len = unhex(golden_wrapped, wrapped), sealed_len = unhex(golden_sealed, sealed), file_len = unhex(golden_keyring, file);
    assert_true(vault_dek_unwrap(k, 4711, str_n(wrapped, wrapped_len), &dek));
    for (size_t bit = 0; bit < wrapped_len * 8; bit++) {
        wrapped[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(vault_dek_unwrap(k, 4711, str_n(wrapped, wrapped_len), &other));
        wrapped[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t bit = 0; bit < sealed_len * 8; bit++) {
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(vault_value_open(&dek, VAULT_PHONE, &golden_place, str_n(sealed, sealed_len), &plain));
        sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t byte = 0; byte < file_len; byte += byte < 80 ? 1 : 37) {
        if (byte >= 6 && byte < 14)
            continue; /* costs of Argon2: covered by the seal, but some values take minutes */
        file[byte] ^= 0x10;
        write_file(p->keyring, file, file_len, 0600);
        assert_int_not_equal(vault_keyring_load(p->dir, NULL, &none), RC_OK);
        file[byte] ^= 0x10;
    }
}

static void test_lengths_are_padded(void **state)
{
    static const size_t lens[][2] = {{0, 32}, {1, 32}, {31, 32}, {32, 64}, {63, 64}, {64, 128}, {127, 128}, {128, 256}, {1000, 1024}};
    const struct place_dir *p = *state;
    _cleanup_(vault_keyring_freep) struct vault_keyring *k = NULL;
    struct vault_dek dek;
    uint8_t wrapped[VAULT_WRAPPED_BYTES];
    char text[VAULT_VALUE_MAX + 1];
    write_golden(p);
    assert_int_equal(vault_keyring_load(p->dir, NULL, &k), RC_OK);
    vault_dek_make(k, 1, &dek, wrapped);
    memset(text, 0, sizeof(text)); /* zeros are the hardest to tell from padding */
    for (size_t i = 0; i < COUNT(lens); i++) {
        _cleanup_wipe_ struct buf sealed = BUF_INIT(1 << 20), plain = BUF_INIT(1 << 20);
        assert_true(vault_value_seal(&dek, VAULT_TEXT, &golden_place, str_n(text, lens[i][0]), &sealed));
        assert_int_equal(sealed.len, VAULT_SEALED_HEAD + lens[i][1] + 16);
        assert_true(vault_value_open(&dek, VAULT_TEXT, &golden_place, buf_str(&sealed), &plain));
        assert_int_equal(plain.len, lens[i][0]);
    }
    _cleanup_wipe_ struct buf out = BUF_INIT(1 << 20);
    assert_false(vault_value_seal(&dek, VAULT_TEXT, &golden_place, str_n(text, VAULT_VALUE_MAX + 1), &out));
}

static void test_create_never_overwrites(void **state)
{
    const struct place_dir *p = *state;
    struct stat st;
    assert_int_equal(vault_keyring_create(p->dir, NULL), RC_OK);
    assert_int_equal(vault_keyring_create(p->dir, NULL), RC_CONFLICT);
    assert_int_equal(stat(p->keyring, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(p->unseal, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_unseal_file(void **state)
{
    static const char phrase[] = "correct horse battery staple\n", wrong[] = "correct horse battery stable\n";
    const struct place_dir *p = *state;
    _cleanup_(vault_keyring_freep) struct vault_keyring *k = NULL;
    write_file(p->unseal, "short\n", 6, 0600);
    assert_int_equal(vault_keyring_create(p->dir, p->unseal), RC_DENIED);
    write_file(p->unseal, phrase, strlen(phrase), 0600);
    assert_int_equal(vault_keyring_create(p->dir, p->unseal), RC_OK);
    assert_int_equal(vault_keyring_load(p->dir, p->unseal, &k), RC_OK);
    vault_keyring_free(k);
    k = NULL;
    write_file(p->unseal, wrong, strlen(wrong), 0600);
    assert_int_equal(vault_keyring_load(p->dir, p->unseal, &k), RC_DENIED);
    write_file(p->unseal, phrase, strlen(phrase), 0640);
    assert_int_equal(vault_keyring_load(p->dir, p->unseal, &k), RC_DENIED); /* others may read it */
    unlink(p->unseal);
    assert_int_equal(vault_keyring_load(p->dir, p->unseal, &k), RC_DENIED);
}

static void test_no_keyring(void **state)
{
    const struct place_dir *p = *state;
    _cleanup_(vault_keyring_freep) struct vault_keyring *k = NULL;
    assert_int_equal(vault_keyring_load(p->dir, NULL, &k), RC_NOT_FOUND);
    assert_null(k);
}

int main(void)
{
#define ROW(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ROW(test_golden), ROW(test_every_bit_counts), ROW(test_lengths_are_padded), ROW(test_create_never_overwrites), ROW(test_unseal_file), ROW(test_no_keyring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

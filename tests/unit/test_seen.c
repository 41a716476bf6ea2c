/* The window of fingerprints: what was added is found with its unit, before and after a restart; others are not; and it takes
 * the room that it says. */
#include "eventlog/seen.h"
#include "test.h"

#include <ftw.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { MESSAGES = 3000000, OTHERS = 2000000, MESSAGES_A_UNIT = 1 << 16 };

static char dir[64];
static const uint8_t key[16] = "sixteen bytes...";
static int64_t bytes_taken;

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static int add_up(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)path, (void)ftw;
    bytes_taken += flag == FTW_F ? st->st_size : 0;
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    assert_true(sodium_init() >= 0);
    snprintf(dir, sizeof(dir), "/tmp/zhixin-seen-XXXXXX");
    assert_non_null(mkdtemp(dir));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static uint64_t message(const struct seen *s, uint64_t n)
{
    return seen_fingerprint(s, str_n(&n, sizeof(n)));
}

static int64_t unit_of(uint64_t n)
{
    return 1 + (int64_t)(n / MESSAGES_A_UNIT);
}

static void assert_all_are_there(const struct seen *s)
{
    int64_t units[SEEN_UNITS_MAX];
    for (uint64_t n = 0; n < MESSAGES; n++) {
        size_t count = seen_maybe(s, message(s, n), units), right = 0;
        for (size_t i = 0; i < count; i++)
            right += units[i] == unit_of(n);
        assert_int_equal(right, 1);
    }
    assert_int_equal(seen_count(s), MESSAGES);
}

static void messages_are_found_in_their_units(void **state)
{
    int64_t reload, units[SEEN_UNITS_MAX];
    size_t vain = 0;
    (void)state;
    struct seen *s = seen_open(dir, key, 1, &reload);
    assert_int_equal(reload, 1);
    for (uint64_t n = 0; n < MESSAGES; n++)
        seen_add(s, message(s, n), unit_of(n), 5);
    assert_all_are_there(s);
    for (uint64_t n = MESSAGES; n < MESSAGES + OTHERS; n++)
        vain += seen_maybe(s, message(s, n), units);
    assert_in_range(vain, 0, 5);
    seen_close(s, true);

    bytes_taken = 0;
    nftw(dir, add_up, 16, FTW_PHYS);
    assert_in_range(bytes_taken, 5 * MESSAGES, 30 << 20 | 5 << 12); /* 2, 4, 8 and 16 MB, and their heads */

    s = seen_open(dir, key, 1, &reload);
    assert_int_equal(reload, -1);
    assert_all_are_there(s);
    seen_close(s, true);
}

/* A table knows 64 units; many small ones need more tables, not larger ones. */
static void small_units_take_little_room(void **state)
{
    enum { UNITS = 1000 };
    int64_t reload, units[SEEN_UNITS_MAX];
    (void)state;
    struct seen *s = seen_open(dir, key, 1, &reload);
    for (uint64_t n = 0; n < UNITS; n++)
        seen_add(s, message(s, n), 1 + (int64_t)n, 5);
    for (uint64_t n = 0; n < UNITS; n++) {
        assert_int_equal(seen_maybe(s, message(s, n), units), 1);
        assert_int_equal(units[0], 1 + (int64_t)n);
    }
    seen_close(s, true);
    bytes_taken = 0;
    nftw(dir, add_up, 16, FTW_PHYS);
    assert_in_range(bytes_taken, 1, 16 * ((2 << 20) + 4096)); /* of the smallest size all of them */
}

/* What an older version wrote says nothing, as after a crash: all units are read again. */
static void tables_of_another_version_are_made_again(void **state)
{
    int64_t reload, units[SEEN_UNITS_MAX];
    char path[128];
    const uint32_t older = 1;
    (void)state;
    struct seen *s = seen_open(dir, key, 7, &reload);
    seen_add(s, message(s, 1), 7, 5);
    seen_close(s, true);
    snprintf(path, sizeof(path), "%s/%012d.fp", dir, 7);
    FILE *table = fopen(path, "r+b");
    assert_non_null(table);
    assert_int_equal(fseek(table, sizeof(uint64_t), SEEK_SET), 0);
    assert_int_equal(fwrite(&older, sizeof(older), 1, table), 1);
    assert_int_equal(fclose(table), 0);
    s = seen_open(dir, key, 7, &reload);
    assert_int_equal(reload, 7);
    assert_int_equal(seen_maybe(s, message(s, 1), units), 0);
    seen_close(s, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(messages_are_found_in_their_units, set_up, tear_down),
        cmocka_unit_test_setup_teardown(small_units_take_little_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tables_of_another_version_are_made_again, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What every unit test includes: cmocka in the right order, and comparisons of struct str. */
#ifndef ZX_TESTS_UNIT_TEST_H
#define ZX_TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/ctx.h"

#include <stdio.h>

#define assert_str(got, want) test_assert_str((got), (want), __FILE__, __LINE__)
static inline void test_assert_str(struct str got, const char *want, const char *file, int line)
{
    if (str_eqz(got, want))
        return;
    print_error("got  \"%.*s\"\nwant \"%s\"\n", STR_FMT(got), want);
    _fail(file, line);
}

/* Looks at a buf and empties it for the next round. */
static inline void test_assert_buf(struct buf *got, const char *want, const char *file, int line)
{
    test_assert_str(buf_str(got), want, file, line);
    assert_false(got->failed);
    buf_reset(got);
}
#define assert_buf(got, want) test_assert_buf((got), (want), __FILE__, __LINE__)

/* Says which row of a table is being tried, so that a failure names it. */
#define trying(what) print_message("  %s\n", (what))

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif

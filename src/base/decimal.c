/* Decimal text ↔ minor units. */
#include "base/decimal.h"

#include <assert.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Sign, digits before and digits behind the point; false unless there is at least one digit and nothing else. */
static bool take_apart(struct str s, bool *ret_negative, struct str *ret_whole, struct str *ret_fraction)
{
    size_t whole = 0, fraction = 0;
    *ret_negative = s.len && s.ptr[0] == '-';
    if (s.len && (s.ptr[0] == '-' || s.ptr[0] == '+'))
        s = str_sub(s, 1, s.len);
    while (whole < s.len && is_digit(s.ptr[whole]))
        whole++;
    *ret_whole = str_sub(s, 0, whole);
    s = str_sub(s, whole, s.len);
    bool point = s.len && s.ptr[0] == '.';
    if (point)
        s = str_sub(s, 1, s.len);
    while (point && fraction < s.len && is_digit(s.ptr[fraction]))
        fraction++;
    *ret_fraction = str_sub(s, 0, fraction);
    return fraction == s.len && whole + fraction > 0;
}

bool decimal_ok(struct str s)
{
    bool negative;
    struct str whole, fraction;
    return take_apart(s, &negative, &whole, &fraction);
}

/* value * 10 - digit: built downwards, because the negative side of int64_t reaches one further. */
static bool push_digit(int64_t *value, int digit)
{
    return !__builtin_mul_overflow(*value, 10, value) && !__builtin_sub_overflow(*value, digit, value);
}

const char *decimal_parse(struct str s, int exponent, int64_t *ret_minor)
{
    bool negative;
    int64_t value = 0;
    struct str whole, fraction;
    assert(exponent >= 0 && exponent <= DECIMAL_EXPONENT_MAX);
    if (!take_apart(s, &negative, &whole, &fraction))
        return "malformed";
    for (size_t i = (size_t)exponent; i < fraction.len; i++)
        if (fraction.ptr[i] != '0')
            return "too_precise";
    for (size_t i = 0; i < whole.len; i++)
        if (!push_digit(&value, whole.ptr[i] - '0'))
            return "too_large";
    for (size_t i = 0; i < (size_t)exponent; i++)
        if (!push_digit(&value, i < fraction.len ? fraction.ptr[i] - '0' : 0))
            return "too_large";
    if (!negative && value == INT64_MIN)
        return "too_large";
    *ret_minor = negative ? value : -value;
    return NULL;
}

void decimal_add(struct buf *b, int64_t minor, int exponent)
{
    char digits[24];
    size_t at = sizeof(digits);
    uint64_t rest = minor < 0 ? 0 - (uint64_t)minor : (uint64_t)minor;
    assert(exponent >= 0 && exponent <= DECIMAL_EXPONENT_MAX);
    for (int i = 0; i < exponent; i++, rest /= 10)
        digits[--at] = (char)('0' + rest % 10);
    if (exponent)
        digits[--at] = '.';
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (minor < 0)
        buf_add_byte(b, '-');
    buf_add_bytes(b, digits + at, sizeof(digits) - at);
}

int decimal_exponent_of(struct str currency)
{
    static const char none[][4] = {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"};
    static const char three[][4] = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        if (str_eqz(currency, none[i]))
            return 0;
    for (size_t i = 0; i < sizeof(three) / sizeof(three[0]); i++)
        if (str_eqz(currency, three[i]))
            return 3;
    return 2;
}

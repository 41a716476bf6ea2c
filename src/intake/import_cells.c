/* Cells as people and spreadsheets write them, into what the API takes. What is not understood passes as it is, so that
 * the API's own checks refuse it with their reason. Numbers stay decimal text all the way. */
#include "intake/import_priv.h"

#include "base/decimal.h"

#include <stdio.h>

enum { NUMBER_MAX = 64, PRODUCT_EXPONENT = 6 };

/* ---- numbers ---- */

/* Digits, sign and point only: without currency signs, thousands commas, blanks; full-width digits as plain ones. */
static bool strip(struct str cell, struct buf *out)
{
    bool brackets = cell.len > 2 && cell.ptr[0] == '(' && cell.ptr[cell.len - 1] == ')';
    if (brackets) {
        buf_add_byte(out, '-'); /* how accountants write what is below zero */
        cell = str_sub(cell, 1, cell.len - 1);
    }
    while (cell.len) {
        uint32_t cp = str_next_char(&cell);
        if (cp >= 0xFF10 && cp <= 0xFF19)
            cp = cp - 0xFF10 + '0';
        if ((cp >= '0' && cp <= '9') || cp == '.' || cp == '-' || cp == '+' || cp == 'e' || cp == 'E')
            buf_add_byte(out, (char)cp);
        else if (cp != ',' && cp != ' ' && cp != 0xA5 && cp != 0xFFE5 && cp != '$' && cp != 0xA3 && cp != 0x20AC && cp != 0x5143) /* ¥ ￥ $ £ € 元 */
            return false;
    }
    return !out->failed;
}

/* "1.25E+3" → "1250": the point moves, nothing is calculated. */
static bool without_exponent(struct str s, struct buf *out)
{
    size_t e = 0;
    int64_t shift;
    while (e < s.len && s.ptr[e] != 'e' && s.ptr[e] != 'E')
        e++;
    if (e == s.len) {
        buf_add(out, s);
        return decimal_ok(s);
    }
    struct str mantissa = str_sub(s, 0, e), power = str_sub(s, e + 1, s.len);
    if (power.len && power.ptr[0] == '+')
        power = str_sub(power, 1, power.len);
    if (!decimal_ok(mantissa) || !str_i64(power, &shift) || shift < -40 || shift > 40)
        return false;
    if (mantissa.ptr[0] == '-' || mantissa.ptr[0] == '+') {
        buf_add_byte(out, mantissa.ptr[0]);
        mantissa = str_sub(mantissa, 1, mantissa.len);
    }
    ptrdiff_t point = str_find(mantissa, '.');
    struct str whole = point < 0 ? mantissa : str_sub(mantissa, 0, (size_t)point);
    struct str fraction = point < 0 ? STR_NULL : str_sub(mantissa, (size_t)point + 1, mantissa.len);
    int64_t digits = (int64_t)(whole.len + fraction.len), at = (int64_t)whole.len + shift; /* where the point goes */
    for (int64_t i = at < 0 ? at : 0; i < (digits > at ? digits : at); i++) {
        if (i == (at < 0 ? at : 0) && at <= 0)
            buf_addz(out, "0.");
        else if (i == at)
            buf_add_byte(out, '.');
        size_t k = (size_t)i;
        buf_add_byte(out, i < 0 || i >= digits ? '0' : k < whole.len ? whole.ptr[k] : fraction.ptr[k - whole.len]);
    }
    return true;
}

struct str import_number(struct arena *a, struct str cell)
{
    _cleanup_buf_ struct buf stripped = BUF_INIT(NUMBER_MAX), plain = BUF_INIT(4 * NUMBER_MAX);
    if (decimal_ok(cell) || cell.len == 0)
        return cell;
    if (!strip(cell, &stripped) || !without_exponent(buf_str(&stripped), &plain))
        return cell;
    return arena_str(a, buf_str(&plain));
}

struct str import_product(struct arena *a, struct str quantity, struct str price)
{
    int64_t pieces, micro, product;
    _cleanup_buf_ struct buf out = BUF_INIT(NUMBER_MAX);
    if (decimal_parse(quantity, 0, &pieces) || decimal_parse(price, PRODUCT_EXPONENT, &micro) || __builtin_mul_overflow(pieces, micro, &product))
        return STR_NULL;
    decimal_add(&out, product, PRODUCT_EXPONENT);
    return arena_str(a, buf_str(&out));
}

struct str import_id(struct str cell)
{
    if (!str_ends(cell, STR(".0")))
        return cell;
    struct str whole = str_sub(cell, 0, cell.len - 2);
    for (size_t i = 0; i < whole.len; i++)
        if (whole.ptr[i] < '0' || whole.ptr[i] > '9')
            return cell;
    return whole.len ? whole : cell;
}

/* ---- times ---- */

static bool take_number(struct str *s, size_t digits_max, int *ret)
{
    size_t n = 0;
    int value = 0;
    for (; n < digits_max && n < s->len && s->ptr[n] >= '0' && s->ptr[n] <= '9'; n++)
        value = value * 10 + (s->ptr[n] - '0');
    *s = str_sub(*s, n, s->len);
    *ret = value;
    return n > 0;
}

static bool take_one_of(struct str *s, const char *const choices[])
{
    for (size_t i = 0; choices[i]; i++)
        if (str_starts(*s, str_z(choices[i]))) {
            *s = str_sub(*s, strlen(choices[i]), s->len);
            return true;
        }
    return false;
}

/* Year first, in any of the usual separators; other orders can't be told apart and are not guessed. */
static bool take_date(struct str *s, int *year, int *month, int *day)
{
    static const char *const after_year[] = {"-", "/", ".", "年", NULL}, *const after_month[] = {"-", "/", ".", "月", NULL};
    static const char *const after_day[] = {"日", "号", NULL};
    if (!take_number(s, 4, year) || *year < 1000 || !take_one_of(s, after_year) || !take_number(s, 2, month) || !take_one_of(s, after_month) || !take_number(s, 2, day))
        return false;
    take_one_of(s, after_day);
    return true;
}

struct str import_day(struct arena *a, struct str cell)
{
    int year, month, day;
    struct str rest = cell;
    if (!take_date(&rest, &year, &month, &day))
        return cell;
    return arena_printf(a, "%04d-%02d-%02d", year, month, day);
}

struct str import_time(struct arena *a, struct str cell)
{
    static const char *const colon[] = {":", "：", "时", NULL}, *const gap[] = {"T", " ", NULL};
    int64_t us;
    int year, month, day, hour = 0, minute = 0, second = 0;
    struct str rest = cell;
    if (clock_parse(cell, &us) || !take_date(&rest, &year, &month, &day))
        return cell;
    take_one_of(&rest, gap);
    rest = str_trim(rest);
    if (rest.len && (!take_number(&rest, 2, &hour) || !take_one_of(&rest, colon) || !take_number(&rest, 2, &minute)))
        return cell;
    if (take_one_of(&rest, colon) && !take_number(&rest, 2, &second))
        return cell;
    return rest.len ? cell : arena_printf(a, "%04d-%02d-%02dT%02d:%02d:%02d", year, month, day, hour, minute, second);
}

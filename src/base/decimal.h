/* Money and rates as decimal text ↔ whole minor units, never through a double. What does not fit exactly is refused,
 * not rounded. */
#ifndef ZX_BASE_DECIMAL_H
#define ZX_BASE_DECIMAL_H

#include "base/buf.h"

enum { DECIMAL_EXPONENT_MAX = 9 };

/* "399", "-0.50", "+12.3", ".5" → minor units with `exponent` digits behind the point: 39900, -50, 1230, 50 for 2.
 * Zeros beyond the exponent are fine ("399.000"). NULL when taken, else the cause: "malformed", "too_precise" (digits
 * that the unit does not have) or "too_large". Blanks, thousands separators and 1e3 are malformed. */
const char *decimal_parse(struct str s, int exponent, int64_t *ret_minor) ZX_MUST_CHECK;
/* Is s such text, of any precision? */
bool decimal_ok(struct str s);
/* The way back: 39900 → "399.00". */
void decimal_add(struct buf *b, int64_t minor, int exponent);
/* Digits behind the point of a currency (ISO 4217): CNY 2, JPY 0, KWD 3. Unknown ones: 2. */
int decimal_exponent_of(struct str currency);

#endif

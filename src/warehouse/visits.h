/* Sets of visitor numbers, packed: ascending numbers as varints of their differences, about a byte each. Sets of a whole
 * period are joined by setting bits, so that counting different visitors needs no sorting and little memory. */
#ifndef ZX_WAREHOUSE_VISITS_H
#define ZX_WAREHOUSE_VISITS_H

#include "base/buf.h"
#include "eventlog/eventlog.h"

/* The steps of the funnel, as bits, and what leads to them: any page or screen is browsing, and these names of the
 * e-commerce vocabulary. The one home of that rule: SQL takes the names as parameters. */
enum { VISIT_BROWSE = 1, VISIT_CART = 2, VISIT_ORDER = 4 };
#define VISIT_VIEWED "Product Viewed"
#define VISIT_LISTED "Product List Viewed"
#define VISIT_ADDED "Product Added"
#define VISIT_ORDERED "Order Completed"
/* The step that an event is, 0 none. */
int visit_step(const struct event *e);

struct visits_writer {
    struct buf packed;       /* with a maximum, as ever */
    uint32_t last;
    bool any;
};
/* Numbers come ascending, each once. */
void visits_add(struct visits_writer *w, uint32_t no);

struct visit_bits {
    uint64_t *words;
    size_t count;            /* of words */
};
/* Sets the bits of a packed set; grows as needed. false: malformed. */
bool visit_bits_join(struct visit_bits *b, struct str packed);
void visit_bits_set(struct visit_bits *b, uint32_t no);
void visit_bits_clear(struct visit_bits *b, uint32_t no);
bool visit_bits_has(const struct visit_bits *b, uint32_t no);
int64_t visit_bits_count(const struct visit_bits *b);
void visit_bits_free(struct visit_bits *b);

#endif

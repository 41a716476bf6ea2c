/* Sets of visitor numbers, packed: ascending numbers as varints of their differences, about a byte each. Sets of a whole
 * period are joined by setting bits, so that counting different visitors needs no sorting and little memory. */
#ifndef ZX_WAREHOUSE_VISITS_H
#define ZX_WAREHOUSE_VISITS_H

#include "base/buf.h"

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

/* Queries of the index in memory: 李小明 · 小明 · 李 5678 · li xiaoming · lixiaom · lxm · john · 5678. */
#include "vault/names_priv.h"
#include "vault/pinyin.h"

#include <assert.h>
#include <stdlib.h>

enum {
    SCORE_NAME = 100,
    SCORE_NAME_PREFIX = 80,
    SCORE_NAME_PART = 70,
    SCORE_PINYIN = 60,
    SCORE_PINYIN_PREFIX = 50,
    SCORE_INITIALS = 40,
    SCORE_INITIALS_PREFIX = 35,
    SCORE_PINYIN_PART = 33,
    SCORE_FOUR = 30,
};
enum { PART_LETTERS_MIN = 3 }; /* fewer letters stand in the middle of too many readings */
enum { SETTLE_MAX = 100000 }; /* customers: up to here, sorting before a list is shown is not felt */

/* What was asked for, taken apart once. */
struct query {
    struct vault_text name;      /* search form of all but the digits */
    struct vault_text letters;   /* its Latin letters without blanks, ü as v; empty when Han characters stand in it */
    uint16_t four;               /* NAMES_NO_FOUR if none */
    bool nothing;                /* cannot match anybody */
    bool *stores;                /* by store number; NULL: all */
};

/* Rows go to a visitor class by class, best first, each with the score that its class allows. A row may come again in a worse class:
 * the visitor asks score_row() when it matters. */
struct visitor {
    void (*take)(struct visitor *v, uint32_t row, int32_t score);
    bool (*full)(const struct visitor *v); /* wants nothing from worse classes */
};

/* ---- taking the query apart ---- */

/* Moves digits out of the text: exactly four are the end of a phone number, any other count matches nobody. */
static void split_digits(struct query *q, const struct vault_text *form)
{
    unsigned value = 0, count = 0;
    for (size_t i = 0; i < form->len; i++) {
        char c = form->bytes[i];
        if (vault_is_digit((unsigned char)c))
            value = (value * 10 + (unsigned)(c - '0')) % 10000, count++;
        else if (!(c == ' ' && (q->name.len == 0 || q->name.bytes[q->name.len - 1] == ' ')))
            q->name.bytes[q->name.len++] = c;
    }
    while (q->name.len && q->name.bytes[q->name.len - 1] == ' ')
        q->name.len--;
    q->four = count == 4 ? (uint16_t)value : NAMES_NO_FOUR;
    q->nothing = (count && count != 4) || (count == 0 && q->name.len == 0);
}

static void take_letters(struct query *q)
{
    for (struct str rest = vault_text_str(&q->name); rest.len;) {
        uint32_t cp = str_next_char(&rest);
        if (vault_is_letter(cp))
            vault_text_add_char(&q->letters, cp);
        else if (cp == 0xFC || (cp == ':' && q->letters.len && q->letters.bytes[q->letters.len - 1] == 'u'))
            q->letters.len -= cp == ':', vault_text_add_char(&q->letters, 'v');
        else if (cp != ' ' && cp != '\'' && cp != 0x2019 && cp != '-' && cp != '.') {
            q->letters.len = 0;
            return;
        }
    }
}

static void query_parse(const struct vault_names *n, const struct vault_search *s, struct query *q)
{
    struct vault_text form;
    *q = (struct query){.four = NAMES_NO_FOUR, .nothing = true};
    if (s->query.len <= NAMES_PART_MAX && vault_name_search_form(s->query, &form)) {
        split_digits(q, &form);
        take_letters(q);
    }
    if (!s->stores)
        return;
    q->stores = mem_zalloc(n->store_count, sizeof(*q->stores));
    for (size_t i = 0; i < s->store_count; i++)
        for (size_t k = 1; k < n->store_count; k++)
            q->stores[k] |= n->stores[k] == s->stores[i];
}

static void query_end(struct query *q)
{
    free(q->stores);
    explicit_bzero(q, sizeof(*q));
}

/* ---- scoring one row ---- */

static int32_t score_name(struct str name, struct str wanted)
{
    if (!str_starts(name, wanted))
        return str_find_str(name, wanted) >= 0 ? SCORE_NAME_PART : 0;
    return name.len == wanted.len ? SCORE_NAME : SCORE_NAME_PREFIX;
}

/* Do the syllables from this place on begin with the letters? */
static bool reads_from(struct str reading, size_t at, struct str letters)
{
    size_t k = 0;
    for (; at < reading.len && k < letters.len; at++)
        if (reading.ptr[at] != ' ' && reading.ptr[at] != letters.ptr[k++])
            return false;
    return k == letters.len;
}

/* Could they begin a syllable? Its vowel stands among the first three letters: initials are no reading. */
static bool is_syllable(struct str letters)
{
    bool vowel = false;
    for (size_t i = 0; i < PART_LETTERS_MIN && i < letters.len; i++)
        vowel |= strchr("aeiouv", letters.ptr[i]) != NULL;
    return vowel && letters.len >= PART_LETTERS_MIN;
}

/* A given name alone: the letters begin at a syllable that is not the first. */
static bool reads_within(struct str reading, struct str letters)
{
    if (!is_syllable(letters))
        return false;
    for (size_t at = 1; at + letters.len <= reading.len; at++)
        if (reading.ptr[at - 1] == ' ' && reads_from(reading, at, letters))
            return true;
    return false;
}

static int32_t score_reading(struct str reading, struct str letters)
{
    char buffer[NAMES_PART_MAX];
    struct str joined = names_squeeze(reading, buffer);
    if (str_starts(joined, letters))
        return joined.len == letters.len ? SCORE_PINYIN : SCORE_PINYIN_PREFIX;
    struct str initials = str_n(buffer, names_initials(reading, buffer, sizeof(buffer)));
    if (str_starts(initials, letters))
        return initials.len == letters.len ? SCORE_INITIALS : SCORE_INITIALS_PREFIX;
    return reads_within(reading, letters) ? SCORE_PINYIN_PART : 0;
}

static bool row_allowed(const struct vault_names *n, const struct query *q, uint32_t row)
{
    const struct names_row *r = &n->rows[row];
    return r->customer_id && (q->four == NAMES_NO_FOUR || r->four == q->four) && (!q->stores || q->stores[r->store]);
}

static int32_t score_row(const struct vault_names *n, const struct query *q, uint32_t row)
{
    if (q->nothing || !row_allowed(n, q, row))
        return 0;
    if (q->name.len == 0)
        return SCORE_FOUR;
    int32_t score = score_name(names_name(n, row), vault_text_str(&q->name));
    if (score >= SCORE_NAME_PREFIX || q->letters.len == 0)
        return score;
    return score_reading(names_reading(n, row), vault_text_str(&q->letters));
}

/* ---- walking the candidates ---- */

/* The rows of an order that start with `prefix`: whole matches stand before the longer ones. Tells whether there are whole ones. */
static bool visit_range(const struct vault_names *n, enum names_order order, struct str prefix, int32_t whole, int32_t longer, struct visitor *v)
{
    size_t from, to, at;
    if (v->full(v))
        return false;
    names_range(n, order, prefix, &from, &to);
    size_t end = names_whole_end(n, order, prefix, from, to);
    for (at = from; at < end; at++)
        v->take(v, n->order[order].rows[at], whole);
    for (bool enough = v->full(v); at < to && !enough; at++)
        v->take(v, n->order[order].rows[at], longer);
    return end > from;
}

/* Candidates for a text in the middle of names: places where its first three bytes stand, sixteen at a time, for a search of one needle
 * in 20 MB. memmem() takes four times as long on Chinese text, where the first byte is nearly always the same. */
typedef unsigned char bytes16 __attribute__((vector_size(16), aligned(1)));

static const char *find_text(const char *at, const char *end, struct str wanted)
{
    const unsigned char second = (unsigned char)wanted.ptr[1], third = (unsigned char)wanted.ptr[2];
    while (end - at >= 18 && (size_t)(end - at) >= wanted.len) {
        bytes16 match = (bytes16)(*(const bytes16 *)(at + 1) == second) & (bytes16)(*(const bytes16 *)(at + 2) == third);
        uint64_t halves[2];
        memcpy(halves, &match, sizeof(halves));
        for (size_t i = 0; (halves[0] | halves[1]) && i < 16; i++)
            if (match[i] && (size_t)(end - at) >= i + wanted.len && memcmp(at + i, wanted.ptr, wanted.len) == 0)
                return at + i;
        at += 16;
    }
    return memmem(at, (size_t)(end - at), wanted.ptr, wanted.len);
}

/* The row whose text holds this place, at or after `row`. */
static size_t row_at_text(const struct vault_names *n, size_t row, size_t place)
{
    size_t step = 1, high = row;
    while (high < n->sorted && n->rows[high].text <= place)
        row = high, high += step, step *= 2;
    if (high > n->sorted)
        high = n->sorted;
    while (high - row > 1) {
        size_t mid = (row + high) / 2;
        if (n->rows[mid].text <= place)
            row = mid;
        else
            high = mid;
    }
    return row;
}

/* Names that have the text in their middle: one pass over all texts, which stand in one piece. */
static void visit_parts(const struct vault_names *n, const struct query *q, struct visitor *v)
{
    size_t len = n->sorted < n->row_count ? n->rows[n->sorted].text : n->text_len, row = 0;
    const char *end = n->text + (n->sorted ? len : 0), *at = n->text;
    struct str wanted = vault_text_str(&q->name);
    if (v->full(v) || wanted.len < 3)
        return;
    while ((at = find_text(at, end, wanted))) {
        row = row_at_text(n, row, (size_t)(at - n->text));
        if (str_find_str(names_name(n, (uint32_t)row), wanted) >= 0)
            v->take(v, (uint32_t)row, SCORE_NAME_PART);
        at = row + 1 < n->sorted ? n->text + n->rows[row + 1].text : end;
    }
}

/* One pass over all texts for a blank and the first letters of a syllable; what stands there is read on. */
static void visit_needle(const struct vault_names *n, const struct query *q, struct visitor *v, struct str needle)
{
    size_t len = n->sorted < n->row_count ? n->rows[n->sorted].text : n->text_len, row = 0;
    const char *end = n->text + (n->sorted ? len : 0), *at = n->text;
    while ((at = find_text(at, end, needle))) {
        row = row_at_text(n, row, (size_t)(at - n->text));
        if (reads_within(names_reading(n, (uint32_t)row), vault_text_str(&q->letters)))
            v->take(v, (uint32_t)row, SCORE_PINYIN_PART);
        at = row + 1 < n->sorted ? n->text + n->rows[row + 1].text : end;
    }
}

/* Given names as they are read. A syllable of one letter (a, e, o) has its blank where the others have their second one. */
static void visit_readings(const struct vault_names *n, const struct query *q, struct visitor *v)
{
    struct str letters = vault_text_str(&q->letters);
    if (v->full(v) || !is_syllable(letters))
        return;
    const char longer[] = {' ', letters.ptr[0], letters.ptr[1]}, alone[] = {' ', letters.ptr[0], ' '};
    visit_needle(n, q, v, str_n(longer, sizeof(longer)));
    if (strchr("aeo", letters.ptr[0]))
        visit_needle(n, q, v, str_n(alone, sizeof(alone)));
}

static void visit_fresh(const struct vault_names *n, const struct query *q, struct visitor *v)
{
    for (size_t row = n->sorted; row < n->row_count; row++) {
        int32_t score = score_row(n, q, (uint32_t)row);
        if (score)
            v->take(v, (uint32_t)row, score);
    }
}

/* A hundred in a million: all other orders are longer. */
static void visit_four(const struct vault_names *n, const struct query *q, struct visitor *v)
{
    char four[4];
    size_t from, to;
    for (size_t i = 4, rest = q->four; i--; rest /= 10)
        four[i] = (char)('0' + rest % 10);
    names_range(n, NAMES_BY_FOUR, str_n(four, 4), &from, &to);
    for (; from < to; from++) {
        uint32_t row = n->order[NAMES_BY_FOUR].rows[from];
        int32_t score = score_row(n, q, row);
        if (score)
            v->take(v, row, score);
    }
}

static void visit_matches(const struct vault_names *n, const struct query *q, struct visitor *v)
{
    struct str name = vault_text_str(&q->name), letters = vault_text_str(&q->letters);
    if (q->nothing)
        return;
    visit_fresh(n, q, v);
    if (q->four != NAMES_NO_FOUR) {
        visit_four(n, q, v);
        return;
    }
    bool whole = visit_range(n, NAMES_BY_NAME, name, SCORE_NAME, SCORE_NAME_PREFIX, v);
    if (letters.len == 0) {
        if (!whole) /* who types a whole name looks for nobody whose name has it in its middle */
            visit_parts(n, q, v);
        return;
    }
    visit_range(n, NAMES_BY_PINYIN, letters, SCORE_PINYIN, SCORE_PINYIN_PREFIX, v);
    visit_range(n, NAMES_BY_INITIALS, letters, SCORE_INITIALS, SCORE_INITIALS_PREFIX, v);
    visit_readings(n, q, v);
}

/* ---- search: the best few ---- */

struct candidate {
    uint32_t row;
    int32_t score;
};

struct best {
    struct visitor visitor;
    const struct vault_names *names;
    const struct query *query;
    struct candidate *list;      /* a heap, worst on top */
    size_t count, limit;
};

/* Who was learnt of later comes first among equals: that is the row's number, and asks no memory. */
static bool is_worse(struct candidate a, struct candidate b)
{
    return a.score != b.score ? a.score < b.score : a.row < b.row;
}

static void sink(struct candidate *list, size_t count, size_t at)
{
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && is_worse(list[child + 1], list[child]))
            child++;
        if (!is_worse(list[child], list[at]))
            return;
        struct candidate swap = list[at];
        list[at] = list[child];
        list[child] = swap;
    }
}

static void best_take(struct visitor *v, uint32_t row, int32_t score)
{
    struct best *b = (struct best *)v;
    struct candidate one = {row, score};
    bool has_room = b->count < b->limit;
    if (!has_room && !is_worse(b->list[0], one))
        return;
    if (score_row(b->names, b->query, row) != score) /* filtered, dead, or taken in a better class */
        return;
    if (has_room) {
        b->list[b->count++] = one;
        for (size_t i = b->count == b->limit ? b->count : 0; i--;)
            sink(b->list, b->count, i);
    } else {
        b->list[0] = one;
        sink(b->list, b->count, 0);
    }
}

static bool best_full(const struct visitor *v)
{
    const struct best *b = (const struct best *)v;
    return b->count == b->limit;
}

static int compare_best_first(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    return is_worse(*x, *y) ? 1 : is_worse(*y, *x) ? -1 : 0;
}

size_t vault_names_search(const struct vault_names *n, const struct vault_search *s, struct vault_hit *hits)
{
    struct query q;
    if (s->limit == 0)
        return 0;
    query_parse(n, s, &q);
    struct best best = {.visitor = {best_take, best_full}, .names = n, .query = &q, .limit = s->limit};
    best.list = mem_alloc(s->limit * sizeof(*best.list));
    visit_matches(n, &q, &best.visitor);
    query_end(&q);
    qsort(best.list, best.count, sizeof(*best.list), compare_best_first);
    for (size_t i = 0; i < best.count; i++)
        hits[i] = (struct vault_hit){n->rows[best.list[i].row].customer_id, best.list[i].score};
    free(best.list);
    return best.count;
}

/* ---- listing by name ---- */

struct marks {
    struct visitor visitor;
    const struct vault_names *names;
    const struct query *query;
    uint8_t *bits;               /* by row */
    size_t count;
};

static void marks_take(struct visitor *v, uint32_t row, int32_t score)
{
    struct marks *m = (struct marks *)v;
    uint8_t bit = (uint8_t)(1 << row % 8);
    (void)score;
    if ((m->bits[row / 8] & bit) || !row_allowed(m->names, m->query, row))
        return;
    m->bits[row / 8] |= bit;
    m->count++;
}

static bool marks_full(const struct visitor *v)
{
    (void)v;
    return false;
}

/* The marks count what is not sorted in yet, which no page shows yet. */
static size_t page_of_marked(const struct vault_names *n, const struct marks *m, size_t offset, size_t limit, struct vault_hit *hits)
{
    const struct names_sorted *order = &n->order[NAMES_BY_READING];
    size_t seen = 0, count = 0;
    for (size_t i = 0; i < order->count && count < limit; i++) {
        uint32_t row = order->rows[i];
        if ((m->bits[row / 8] >> row % 8 & 1) && seen++ >= offset)
            hits[count++] = (struct vault_hit){n->rows[row].customer_id, 0};
    }
    return count;
}

static size_t page_of_all(const struct vault_names *n, size_t offset, size_t limit, struct vault_hit *hits)
{
    const struct names_sorted *order = &n->order[NAMES_BY_READING];
    size_t count = 0;
    for (size_t i = offset; i < order->count && count < limit; i++)
        if (n->rows[order->rows[i]].customer_id)
            hits[count++] = (struct vault_hit){n->rows[order->rows[i]].customer_id, 0};
    return count;
}

size_t vault_names_page(struct vault_names *n, const struct vault_search *s, size_t offset, struct vault_hit *hits, size_t *ret_total)
{
    struct query q;
    if (n->row_count < SETTLE_MAX)
        vault_names_settle(n);
    else
        vault_names_tick(n, true); /* the newest may be missing from a list of hundreds of thousands, for a second */
    if (s->query.len == 0 && !s->stores) {
        *ret_total = vault_names_count(n);
        return page_of_all(n, offset, s->limit, hits);
    }
    struct marks m = {{marks_take, marks_full}, n, &q, mem_zalloc(n->row_count / 8 + 1, 1), 0};
    query_parse(n, s, &q);
    if (s->query.len)
        visit_matches(n, &q, &m.visitor);
    else
        for (size_t row = 0; row < n->row_count; row++)
            marks_take(&m.visitor, (uint32_t)row, 0);
    size_t count = page_of_marked(n, &m, offset, s->limit, hits);
    *ret_total = m.count;
    query_end(&q);
    free(m.bits);
    return count;
}

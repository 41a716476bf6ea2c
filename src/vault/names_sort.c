/* The orders of the index in memory, and the thread that sorts new rows into them. It reads rows and texts up to a mark that the
 * owner gave it; these never move and, but for dying, never change. The owner puts the result in place. */
#include "vault/names_priv.h"

#include <pthread.h>
#include <stdlib.h>

enum { FRESH_MIN = 2048, FRESH_SHARE = 64, LOADING_MIN = 512 << 10, DEAD_SHARE = 4, ANEW_SHARE = 8 };

static const int64_t wipe_after_us = US_PER_S; /* what was forgotten is gone from the memory soon, not at once: sorting takes a while */

struct names_sorter {
    const struct vault_names *names;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    enum { IDLE, ASKED, DONE, STOP } state;
    size_t from_row, to_row;                  /* what is to be sorted in */
    size_t dead_before;                       /* dead rows that the new orders cannot hold any more */
    int64_t asked_us;
    struct names_sorted out[NAMES_ORDER_COUNT];
};

/* ---- keys ---- */

/* Syllables first: the mark sorts before letters, so 李 (li) stands before 连 (lian). Without a name: at the end. */
static struct str listing_key(struct str reading, struct str name, char *out)
{
    if (reading.len + name.len == 0)
        return STR("\xff");
    if (reading.len)
        memcpy(out, reading.ptr, reading.len);
    out[reading.len] = '\x01';
    if (name.len)
        memcpy(out + reading.len + 1, name.ptr, name.len);
    return str_n(out, reading.len + 1 + name.len);
}

/* The text that an order sorts by. */
static struct str key_of(const struct vault_names *n, enum names_order order, uint32_t row, char buffer[static NAMES_KEY_MAX])
{
    uint16_t four = n->rows[row].four;
    switch (order) {
    case NAMES_BY_NAME: return names_name(n, row);
    case NAMES_BY_PINYIN: return names_squeeze(names_reading(n, row), buffer);
    case NAMES_BY_READING: return listing_key(names_reading(n, row), names_name(n, row), buffer);
    case NAMES_BY_INITIALS: return str_n(buffer, names_initials(names_reading(n, row), buffer, NAMES_KEY_MAX));
    default:
        if (four == NAMES_NO_FOUR)
            return STR_NULL;
        for (size_t i = 4; i--; four = (uint16_t)(four / 10))
            buffer[i] = (char)('0' + four % 10);
        return str_n(buffer, 4);
    }
}

/* First position in [low, high) whose key is not before `key`; with `past`, which neither starts with it. `high` if there is none. */
static size_t bound(const struct vault_names *n, enum names_order order, size_t low, size_t high, struct str key, bool past)
{
    char buffer[NAMES_KEY_MAX];
    while (low < high) {
        size_t mid = (low + high) / 2;
        struct str at = key_of(n, order, n->order[order].rows[mid], buffer);
        int cmp = str_cmp(past ? str_sub(at, 0, key.len) : at, key);
        if (cmp < 0 || (past && cmp == 0))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

void names_range(const struct vault_names *n, enum names_order order, struct str prefix, size_t *from, size_t *to)
{
    *from = bound(n, order, 0, n->order[order].count, prefix, false);
    *to = bound(n, order, *from, n->order[order].count, prefix, true);
}

size_t names_whole_end(const struct vault_names *n, enum names_order order, struct str prefix, size_t from, size_t to)
{
    char buffer[NAMES_KEY_MAX];
    while (from < to) {
        size_t mid = (from + to) / 2;
        if (key_of(n, order, n->order[order].rows[mid], buffer).len == prefix.len)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

/* ---- sorting new rows in ---- */

/* A row on its way into an order: the first sixteen bytes of its key spare nearly all comparisons the texts. */
struct sorting {
    uint64_t head[2]; /* big-endian, filled up with zeros */
    uint32_t row;
};
struct sorting_in {
    const struct vault_names *n;
    enum names_order order;
};

static int compare_sorting(const void *a, const void *b, void *arg)
{
    const struct sorting *x = a, *y = b;
    const struct sorting_in *in = arg;
    char xk[NAMES_KEY_MAX], yk[NAMES_KEY_MAX];
    if (x->head[0] != y->head[0])
        return x->head[0] < y->head[0] ? -1 : 1;
    if (x->head[1] != y->head[1])
        return x->head[1] < y->head[1] ? -1 : 1;
    bool whole = (x->head[1] & 0xFF) == 0; /* keys hold no zeros: these end within their heads, and are equal */
    int cmp = whole ? 0 : str_cmp(key_of(in->n, in->order, x->row, xk), key_of(in->n, in->order, y->row, yk));
    return cmp ? cmp : (x->row > y->row) - (x->row < y->row);
}

static struct sorting sorting_of(struct str key, uint32_t row)
{
    struct sorting s = {{0, 0}, row};
    for (size_t i = 0; i < 16; i++)
        s.head[i / 8] = s.head[i / 8] << 8 | (i < key.len ? (unsigned char)key.ptr[i] : 0);
    return s;
}

static size_t sort_fresh(const struct vault_names *n, enum names_order order, size_t from, size_t to, struct sorting *fresh)
{
    char buffer[NAMES_KEY_MAX];
    size_t count = 0;
    for (size_t row = from; row < to; row++)
        if (names_customer(n, row))
            fresh[count++] = sorting_of(key_of(n, order, (uint32_t)row, buffer), (uint32_t)row);
    struct sorting_in in = {n, order};
    qsort_r(fresh, count, sizeof(*fresh), compare_sorting, &in);
    return count;
}

/* Where a key goes at or after `from`: in growing leaps and then by halving, for the keys come sorted. */
static size_t place_of(const struct vault_names *n, enum names_order order, size_t from, struct str key)
{
    char buffer[NAMES_KEY_MAX];
    size_t leap = 16, count = n->order[order].count;
    while (from + leap < count && str_cmp(key_of(n, order, n->order[order].rows[from + leap], buffer), key) < 0)
        from += leap, leap *= 2;
    return bound(n, order, from, from + leap < count ? from + leap : count, key, false);
}

static struct names_sorted merge(const struct vault_names *n, enum names_order order, const struct names_sorted *old, const struct sorting *fresh, size_t count)
{
    struct names_sorted out = {mem_alloc((old->count + count) * sizeof(uint32_t)), 0};
    size_t from = 0;
    for (size_t i = 0; i <= count; i++) {
        char buffer[NAMES_KEY_MAX];
        size_t to = i < count && old->count ? place_of(n, order, from, key_of(n, order, fresh[i].row, buffer)) : old->count;
        for (; from < to; from++)
            if (names_customer(n, old->rows[from]))
                out.rows[out.count++] = old->rows[from];
        if (i < count)
            out.rows[out.count++] = fresh[i].row;
    }
    out.rows = mem_realloc(out.rows, out.count * sizeof(uint32_t));
    return out;
}

/* Many new rows are sorted together with the old ones, by their heads, from memory that is read in a row; few are placed one by one. */
static void sort_in(const struct vault_names *n, size_t from_row, size_t to_row, struct names_sorted out[static NAMES_ORDER_COUNT])
{
    static const struct names_sorted none = {NULL, 0};
    bool anew = to_row - from_row > from_row / ANEW_SHARE;
    size_t first = anew ? 0 : from_row;
    struct sorting *fresh = mem_alloc((to_row - first) * sizeof(*fresh));
    for (size_t o = 0; o < NAMES_ORDER_COUNT; o++) {
        size_t count = sort_fresh(n, (enum names_order)o, first, to_row, fresh);
        out[o] = merge(n, (enum names_order)o, anew ? &none : &n->order[o], fresh, count);
    }
    explicit_bzero(fresh, (to_row - first) * sizeof(*fresh)); /* heads of names */
    free(fresh);
}

/* ---- the thread ---- */

static void *sorter_run(void *arg)
{
    struct names_sorter *s = arg;
    pthread_mutex_lock(&s->lock);
    while (s->state != STOP) {
        if (s->state != ASKED) {
            pthread_cond_wait(&s->moved, &s->lock);
            continue;
        }
        pthread_mutex_unlock(&s->lock);
        sort_in(s->names, s->from_row, s->to_row, s->out);
        pthread_mutex_lock(&s->lock);
        if (s->state == ASKED)
            s->state = DONE;
        pthread_cond_broadcast(&s->moved);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

struct names_sorter *names_sorter_new(struct vault_names *n)
{
    struct names_sorter *s = mem_zalloc(1, sizeof(*s));
    s->names = n;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->moved, NULL);
    if (pthread_create(&s->thread, NULL, sorter_run, s) != 0)
        abort();
    return s;
}

static void drop_out(struct names_sorter *s)
{
    for (size_t o = 0; o < NAMES_ORDER_COUNT; o++) {
        free(s->out[o].rows);
        s->out[o] = (struct names_sorted){0};
    }
}

void names_sorter_free(struct names_sorter *s)
{
    pthread_mutex_lock(&s->lock);
    s->state = STOP;
    pthread_cond_broadcast(&s->moved);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    drop_out(s);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->moved);
    free(s);
}

static void install(struct vault_names *n, struct names_sorted out[static NAMES_ORDER_COUNT], size_t to_row, size_t dead_before)
{
    for (size_t o = 0; o < NAMES_ORDER_COUNT; o++) {
        free(n->order[o].rows);
        n->order[o] = out[o];
        out[o] = (struct names_sorted){0};
    }
    n->sorted = to_row;
    names_wipe_dead(n, dead_before);
}

/* Few rows wait for company; while the index is being loaded, for as many as there are. */
static bool worth_sorting(const struct vault_names *n, bool idle)
{
    size_t fresh = n->row_count - n->sorted, sorted = n->sorted;
    if (n->unwiped_count && clock_mono_us() - n->sorter->asked_us > wipe_after_us)
        return true;
    if (idle)
        return fresh > 0;
    return n->loaded ? fresh > FRESH_MIN && fresh > sorted / FRESH_SHARE : fresh > LOADING_MIN && fresh > sorted;
}

static void ask(struct vault_names *n)
{
    struct names_sorter *s = n->sorter;
    s->from_row = n->sorted;
    s->to_row = n->row_count;
    s->dead_before = n->unwiped_count;
    s->asked_us = clock_mono_us();
    s->state = ASKED;
    pthread_cond_broadcast(&s->moved);
}

static void compact_if_worth(struct vault_names *n)
{
    if (n->dead > n->row_count / DEAD_SHARE && n->dead > FRESH_MIN)
        names_compact(n);
}

bool vault_names_tick(struct vault_names *n, bool idle)
{
    struct names_sorter *s = n->sorter;
    pthread_mutex_lock(&s->lock);
    if (s->state == DONE) {
        install(n, s->out, s->to_row, s->dead_before);
        s->state = IDLE;
        compact_if_worth(n);
    }
    if (s->state == IDLE && worth_sorting(n, idle))
        ask(n);
    bool busy = s->state != IDLE;
    pthread_mutex_unlock(&s->lock);
    return busy || n->row_count > n->sorted || n->unwiped_count;
}

void vault_names_loaded(struct vault_names *n)
{
    n->loaded = true;
    vault_names_tick(n, true);
}

static void wait_for_sorter(struct vault_names *n)
{
    struct names_sorter *s = n->sorter;
    pthread_mutex_lock(&s->lock);
    while (s->state == ASKED)
        pthread_cond_wait(&s->moved, &s->lock);
    if (s->state == DONE)
        install(n, s->out, s->to_row, s->dead_before);
    s->state = IDLE;
    pthread_mutex_unlock(&s->lock);
}

void vault_names_settle(struct vault_names *n)
{
    wait_for_sorter(n);
    if (n->row_count == n->sorted && n->unwiped_count == 0)
        return;
    struct names_sorted out[NAMES_ORDER_COUNT];
    sort_in(n, n->sorted, n->row_count, out);
    install(n, out, n->row_count, n->unwiped_count);
    compact_if_worth(n);
}

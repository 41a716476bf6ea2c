/* The funnel: different devices and people at each step of a period. Distinct counts over many days can't be added up; here
 * the sets of visitors of each day are joined bit by bit (warehouse/visits.h), and who is behind a device is looked up once. */
#include "base/id.h"
#include "insight/insight_priv.h"
#include "warehouse/visits.h"

#include <stdlib.h>

enum { WORDS_MAX = 4096 };

struct people {
    int64_t *ids;
    size_t count, cap;
};

struct funnel {
    struct visit_bits bits[FUNNEL_STEPS];
    struct people people[FUNNEL_STEPS];
    int64_t unnumbered[FUNNEL_STEPS]; /* recent devices that no segment knows */
};

static void add_person(struct people *p, int64_t id)
{
    if (p->count == p->cap) {
        p->cap = p->cap ? p->cap * 2 : 1024;
        p->ids = mem_realloc(p->ids, p->cap * sizeof(*p->ids));
    }
    p->ids[p->count++] = id;
}

static int64_t different(struct people *p)
{
    return (int64_t)id_distinct(p->ids, p->count);
}

static enum rc find_words(struct ctx *c, const struct insight_filter *f, int64_t **ret, size_t *ret_count)
{
    int64_t *ids = arena_new_array(c->arena, int64_t, WORDS_MAX);
    *ret = ids; /* ids[0] is 0: whatever the category */
    *ret_count = 1;
    if (f->any_category)
        return RC_OK;
    size_t count = 0;
    struct db_rows *q = db_query(c->warehouse, "insight_words");
    while (count < WORDS_MAX && db_next(q))
        if (filter_in_category(db_text(q, "word"), f->category))
            ids[count++] = db_i64(q, "id");
    *ret_count = count;
    return db_end(q);
}

static enum rc join_sealed(struct ctx *c, const struct insight_filter *f, struct funnel *u)
{
    int64_t *words;
    size_t count;
    enum rc rc = find_words(c, f, &words, &count);
    if (rc)
        return rc;
    struct db_rows *q = db_query(c->warehouse, "insight_visits", DB_I64("from_day", f->from_day), DB_I64("to_day", f->to_day), DB_IDS("words", words, count),
                                 DB_I64("any_channel", f->channel.len == 0), DB_TEXT("channel", f->channel));
    while (!rc && db_next(q)) {
        int64_t step = db_i64(q, "step");
        if (!visit_bits_join(&u->bits[step == 1 ? 0 : step == 2 ? 1 : 2], db_blob(q, "visitors")))
            rc = RC_STORE;
    }
    enum rc end = db_end(q);
    return rc ? rc : end;
}

/* Whoever is known as no consumer counts nowhere. */
static bool counts(struct db_rows *q)
{
    return db_is_null(q, "person_class") || db_i64(q, "person_class") == 1;
}

static void add_recent(struct funnel *u, struct db_rows *q)
{
    int64_t steps = db_i64(q, "steps");
    for (unsigned i = 0; counts(q) && i < FUNNEL_STEPS; i++) {
        if (!(steps >> i & 1))
            continue;
        if (!db_is_null(q, "no"))
            visit_bits_set(&u->bits[i], (uint32_t)db_i64(q, "no")); /* her person is found by number below */
        else
            u->unnumbered[i]++;
        if (db_is_null(q, "no") && !db_is_null(q, "person_id"))
            add_person(&u->people[i], db_i64(q, "person_id"));
    }
}

static enum rc join_recent(struct ctx *c, const struct insight_filter *f, struct funnel *u)
{
    struct db_rows *q = db_query(c->warehouse, "insight_recent_visits", DB_I64("from_day", f->from_day), DB_I64("to_day", f->to_day),
                                 DB_I64("any_channel", f->channel.len == 0), DB_TEXT("channel", f->channel), DB_I64("any_category", f->any_category),
                                 DB_TEXT("category", f->category));
    while (db_next(q))
        add_recent(u, q);
    return db_end(q);
}

static enum rc find_people(struct ctx *c, struct funnel *u)
{
    struct db_rows *q = db_query(c->warehouse, "insight_linked");
    while (db_next(q)) {
        uint32_t no = (uint32_t)db_i64_at(q, 0);
        int64_t person = db_i64_at(q, 1);
        bool consumer = db_i64_at(q, 2) == 1;
        for (unsigned i = 0; i < FUNNEL_STEPS; i++) {
            if (!visit_bits_has(&u->bits[i], no))
                continue;
            if (consumer)
                add_person(&u->people[i], person);
            else
                visit_bits_clear(&u->bits[i], no);
        }
    }
    return db_end(q);
}

enum rc funnel_read(struct ctx *c, const struct insight_filter *f, struct funnel_step ret[static FUNNEL_STEPS])
{
    struct funnel u = {0};
    enum rc rc = join_sealed(c, f, &u);
    if (!rc)
        rc = join_recent(c, f, &u);
    if (!rc)
        rc = find_people(c, &u);
    for (unsigned i = 0; i < FUNNEL_STEPS; i++) {
        if (!rc)
            ret[i] = (struct funnel_step){visit_bits_count(&u.bits[i]) + u.unnumbered[i], different(&u.people[i])};
        visit_bits_free(&u.bits[i]);
        free(u.people[i].ids);
    }
    return rc;
}

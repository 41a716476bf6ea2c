/* Whose devices these are: read for a whole group of events in few round trips, and kept right while the group is resolved. */
#include "identity/identity_priv.h"

#include <assert.h>
#include <stdlib.h>

enum { SUBJECTS_A_QUERY = 1000 };

static int by_subject(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Ascending, each once. */
static size_t sort_subjects(int64_t *subjects, size_t count)
{
    size_t kept = 0;
    if (count)
        qsort(subjects, count, sizeof(*subjects), by_subject);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || subjects[kept - 1] != subjects[i])
            subjects[kept++] = subjects[i];
    return kept;
}

struct link *links_get(const struct links *l, int64_t subject)
{
    struct link *found = l->count ? bsearch(&subject, l->list, l->count, sizeof(*l->list), by_subject) : NULL;
    assert(found); /* whoever asks for one has named it before */
    return found;
}

static enum rc read_some(struct ctx *c, const struct links *l, const int64_t *subjects, size_t count)
{
    struct db_rows *q = db_query(c->db, "subject_link_get", DB_IDS("subjects", subjects, count));
    while (db_next(q)) {
        struct link *link = links_get(l, db_i64(q, "subject"));
        link->customer_id = db_i64(q, "customer_id");
        link->pseudonym = db_i64(q, "pseudonym");
        link->shared = db_i64(q, "shared");
    }
    return db_end(q);
}

enum rc links_read(struct ctx *c, int64_t *subjects, size_t count, struct links *ret)
{
    enum rc rc = RC_OK;
    ret->count = sort_subjects(subjects, count);
    ret->list = arena_new_array(c->arena, struct link, ret->count + 1);
    for (size_t i = 0; i < ret->count; i++)
        ret->list[i] = (struct link){.subject = subjects[i]};
    for (size_t at = 0; !rc && at < ret->count; at += SUBJECTS_A_QUERY)
        rc = read_some(c, ret, subjects + at, ret->count - at < SUBJECTS_A_QUERY ? ret->count - at : SUBJECTS_A_QUERY);
    return rc;
}

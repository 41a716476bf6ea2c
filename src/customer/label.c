/* How people are named in the lists of other modules: masked, all of a page in one go. */
#include "customer/customer_priv.h"

const struct field customer_label_out[] = {
    {"code", FIELD_STR, FIELD_REQUIRED}, {"name", FIELD_STR, FIELD_REQUIRED, .doc = "Masked."}, {"salutation", FIELD_STR, FIELD_REQUIRED}, FIELD_END,
};

struct customer_labels {
    struct ctx *c;
    struct view *views;
    size_t count;
};

enum rc customer_labels(struct ctx *c, const int64_t *ids, size_t count, struct customer_labels **ret)
{
    struct customer_labels *labels = arena_new_one(c->arena, struct customer_labels);
    labels->c = c;
    enum rc rc = views_load(c, ids, count, &labels->views, &labels->count);
    if (!rc)
        *ret = labels;
    return rc;
}

static const struct view *view_of(const struct customer_labels *labels, int64_t id)
{
    for (size_t i = 0; i < labels->count; i++)
        for (size_t m = 0; m < labels->views[i].member_count; m++)
            if (labels->views[i].members[m] == id)
                return &labels->views[i];
    return NULL;
}

void customer_label_write(const struct customer_labels *labels, int64_t id, struct jw *w)
{
    const struct view *v = view_of(labels, id);
    jw_key(w, "customer");
    if (!v || !view_visible(labels->c, v)) {
        jw_null(w);
        return;
    }
    jw_object(w);
    view_write_label(labels->c, v, w);
    jw_object_end(w);
}

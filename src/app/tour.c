/* GET /api/v1/tour: the demo's stories with the customers they are about, found by identifiers that never change. Empty
 * where the data is not the demo's. */
#include "app/demo_home.h"
#include "identity/identity.h"

static const struct field story_fields[] = {
    {.name = "key", .type = FIELD_STR, .flags = FIELD_REQUIRED, .doc = "Name of the story."},
    {.name = "title", .type = FIELD_STR, .flags = FIELD_REQUIRED, .doc = "In English, where no text is at hand."},
    {.name = "customer_id", .type = FIELD_ID, .flags = FIELD_REQUIRED | FIELD_NULLABLE, .doc = "Whose record tells it."},
    {.name = "text_key", .type = FIELD_STR, .flags = FIELD_REQUIRED, .doc = "Key of its text; with .title behind it, of its title."},
    FIELD_END,
};

static enum identity_kind kind_of(const struct demo_story *s)
{
    return strcmp(s->kind, "card") == 0 ? IDENTITY_CARD : strcmp(s->kind, "phone") == 0 ? IDENTITY_PHONE : IDENTITY_ACCOUNT;
}

static enum rc story_write(struct ctx *c, const struct demo_story *s, struct jw *w)
{
    int64_t customer_id;
    enum identity_kind kind = kind_of(s);
    struct str scope = kind == IDENTITY_ACCOUNT ? str_z(demo_sources[DEMO_BROWSER].account_scope) : STR("");
    enum rc rc = identity_find(c, kind, scope, str_z(s->value), &customer_id);
    if (rc || customer_id == 0)
        return rc;
    jw_object(w);
    jw_kv_z(w, "key", s->key);
    jw_kv_z(w, "title", s->title);
    jw_kv_id(w, "customer_id", customer_id);
    jw_kv_str(w, "text_key", arena_printf(c->arena, "tour.%s", s->key));
    jw_object_end(w);
    return RC_OK;
}

static enum rc tour(struct ctx *c, const struct request *r, struct reply *p)
{
    enum rc rc = RC_OK;
    (void)r;
    jw_object(&p->json);
    jw_key(&p->json, "items");
    jw_array(&p->json);
    for (const struct demo_story *s = demo_stories; c->app->demo && s->key && !rc; s++)
        rc = story_write(c, s, &p->json);
    jw_array_end(&p->json);
    jw_kv_z(&p->json, "next", NULL);
    jw_object_end(&p->json);
    return rc;
}

static const struct route routes[] = {
    {HTTP_GET, "/api/v1/tour", tour, .need = NEED_SESSION, .out = story_fields, .out_name = "Story", .out_list = true, .doc = "The stories planted in the demo retailer."},
    {.path = NULL},
};

const struct module tour_module = {.name = "tour", .routes = routes};

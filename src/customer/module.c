/* How the program meets the customer record. */
#include "customer/bodies.h"
#include "embedded_sql.h"

static const struct route routes[] = {
    {HTTP_GET, "/api/v1/customers", customer_list, .need = "customer.read", .out = customer_row_out, .out_name = "CustomerRow", .out_list = true,
     .query = "sort,store,tag,class,after,limit", .doc = "Customers that the caller may browse; names and numbers masked."},
    {HTTP_POST, "/api/v1/customers", customer_create, .need = "customer.write", .in = customer_form_fields, .in_size = sizeof(struct form_in),
     .out = customer_out, .out_name = "Customer", .writes = true, .act = "customer.create", .api_key = true,
     .doc = "Makes a customer; 409 when somebody else has one of the identifiers."},
    {HTTP_POST, "/api/v1/customers/search", customer_search, .need = "customer.read", .in = customer_search_fields, .in_size = sizeof(struct search_in),
     .out = customer_row_out, .out_name = "CustomerRow", .out_list = true, .doc = "The list with a name to look for, which never stands in an address."},
    {HTTP_POST, "/api/v1/customers/lookup", customer_lookup, .need = "customer.read", .in = customer_lookup_fields, .in_size = sizeof(struct lookup_in),
     .out = customer_lookup_out,
     .doc = "One field: a whole identifier or number finds exactly, across the chain; a name or last four find a list in one's own stores."},
    {HTTP_POST, "/api/v1/customers/duplicates", customer_duplicates, .need = "customer.write", .in = customer_duplicates_fields,
     .in_size = sizeof(struct duplicates_in), .out = customer_duplicates_out, .doc = "Who could be meant by what is being typed."},
    {HTTP_GET, "/api/v1/customers/{id}", customer_show, .need = "customer.read", .out = customer_out, .out_name = "Customer",
     .doc = "The record; an id that was merged answers with its root."},
    {HTTP_PATCH, "/api/v1/customers/{id}", customer_update, .need = "customer.write", .in = customer_form_fields, .in_size = sizeof(struct form_in),
     .out = customer_out, .out_name = "Customer", .writes = true, .act = "customer.update",
     .doc = "Changes what is given; If-Match with the revision it is based on. 412 names the fields that others changed since."},
    {HTTP_GET, "/api/v1/customers/{id}/timeline", customer_story, .need = "customer.read", .out = customer_story_out, .out_name = "TimelineItem",
     .out_list = true, .query = "kind,channel,until,after,limit", .doc = "Her story over all channels, newest first."},
    {HTTP_GET, "/api/v1/customers/{id}/changes", customer_history, .need = "customer.read", .out = customer_change_out, .out_name = "CustomerChange",
     .out_list = true, .query = "after,limit", .doc = "Every change of the record: who, when, old, new, source."},
    {HTTP_POST, "/api/v1/customers/{id}/notes", customer_note, .need = "customer.write", .in = customer_note_fields, .in_size = sizeof(struct note_in),
     .out = customer_note_out, .writes = true, .act = "customer.note", .doc = "Adds a note; card, phone and ID numbers in it are redacted."},
    {HTTP_PUT, "/api/v1/customers/{id}/tags", customer_tags, .need = "customer.write", .in = customer_tags_fields, .in_size = sizeof(struct tags_in),
     .out = customer_tags_out, .writes = true, .act = "customer.tags", .doc = "Sets all tags."},
    {HTTP_PUT, "/api/v1/customers/{id}/consents", customer_consent, .need = "customer.write", .in = customer_consent_fields,
     .in_size = sizeof(struct consent_in), .out = customer_consent_out, .writes = true, .act = "customer.consent",
     .doc = "Records what she allowed or refused, for a purpose and a channel, with the text she saw and the proof."},
    {HTTP_GET, "/api/v1/customers/{id}/relations", customer_relation_list, .need = "customer.read", .out = customer_relations_out, .out_name = "CustomerRelations",
     .doc = "Who she is related to, seen from her."},
    {HTTP_POST, "/api/v1/customers/{id}/relations", customer_relation_add, .need = "customer.write", .in = customer_relation_fields,
     .in_size = sizeof(struct relation_in), .out = customer_relations_out, .out_name = "CustomerRelations", .writes = true, .act = "customer.relate",
     .doc = "Relates her to another customer; the other record shows it from its side. Both histories keep it."},
    {HTTP_DELETE, "/api/v1/customers/{id}/relations/{kind}/{other}", customer_relation_remove, .need = "customer.write", .out = customer_relations_out,
     .out_name = "CustomerRelations", .writes = true, .act = "customer.unrelate", .doc = "Takes a relation away, from both sides."},
    {HTTP_PUT, "/api/v1/customers/{id}/refund-account", customer_refund_put, .need = "customer.write", .in = customer_refund_fields,
     .in_size = sizeof(struct refund_in), .out = customer_refund_out, .writes = true, .act = "customer.refund_account",
     .doc = "Where her refund goes: sealed, shown by its last four, gone after thirty days."},
    {HTTP_DELETE, "/api/v1/customers/{id}/refund-account", customer_refund_delete, .need = "customer.write", .out = customer_refund_out, .writes = true,
     .act = "customer.forget_refund_account", .doc = "Forgets the refund account."},
    {HTTP_POST, "/api/v1/customers/{id}/reveal", customer_reveal, .need = "customer.reveal", .in = customer_reveal_fields,
     .in_size = sizeof(struct reveal_in), .out = customer_reveal_out, .doc = "Plaintext of some fields, for a purpose and a reason that the vault keeps."},
    {.path = NULL},
};

static const char *const tables[] = {"customer",
                                     "customer_contact",
                                     "customer_address",
                                     "customer_note",
                                     "customer_tag",
                                     "customer_relation",
                                     "customer_related",
                                     "customer_number",
                                     "customer_consent",
                                     "customer_change",
                                     "customer_stat",
                                     "customer_refund",
                                     NULL};

static const struct permission permissions[] = {
    {"customer.read", ROLE_ALL},
    {"customer.write", ROLE_ALL | ROLE_API},
    {"customer.reveal", ROLE_ADMIN | ROLE_MANAGER | ROLE_AGENT},
    {"customer.chain", ROLE_ADMIN | ROLE_MANAGER | ROLE_AGENT},
    {.name = NULL},
};

static enum rc start(struct app *app)
{
    app->customer_misses = customer_misses_new();
    return RC_OK;
}

static void run(struct app *app)
{
    app->customer_feed = app->vault ? customer_feed_start(app) : NULL;
}

static void stop(struct app *app)
{
    customer_feed_stop(app->customer_feed);
    app->customer_feed = NULL;
    customer_misses_free(app->customer_misses);
    app->customer_misses = NULL;
}

void customer_ended(struct ctx *c, bool committed)
{
    if (committed)
        customer_feed_wake(c->app->customer_feed);
}

static void told(struct app *app, struct str word)
{
    if (word.len == 0 || str_eqz(word, "change"))
        customer_feed_wake(app->customer_feed);
}

const struct module customer_module = {
    .name = "customer", .routes = routes, .sql = customer_sql, .migrations = customer_migrations, .tables = tables, .permissions = permissions,
    .start = start, .run = run, .stop = stop, .told = told, .on_customer_merge = customer_merged, .on_customer_erase = customer_erased, .on_customer_export = customer_told,
    .on_timeline = customer_timeline,
};

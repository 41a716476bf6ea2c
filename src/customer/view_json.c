/* A person as JSON: the row of a list, and the card that a till of another store gets. */
#include "customer/customer_priv.h"

static const char *const classes[] = {"", "consumer", "staff", "reseller", "test"};

const char *customer_class_word(int64_t class)
{
    return classes[class >= CUSTOMER_CONSUMER && class <= CUSTOMER_TEST ? class : CUSTOMER_CONSUMER];
}

bool customer_class_of(struct str word, enum customer_class *ret)
{
    for (int i = CUSTOMER_CONSUMER; i <= CUSTOMER_TEST; i++)
        if (str_eqz(word, classes[i])) {
            *ret = (enum customer_class)i;
            return true;
        }
    return false;
}

static bool is_han(struct str s)
{
    return s.len && str_next_char(&s) >= 0x3400;
}

/* "{{name}}女士" or "Ms {{name}}", in the reader's language; who names none (programs, commands, jobs) gets the house's own. */
static struct str salutation_text(const struct ctx *c, int64_t gender)
{
    static const char *const keys[] = {"salutation.u", "salutation.f", "salutation.m"}, *const own[] = {"{{name}}顾客", "{{name}}女士", "{{name}}先生"};
    size_t at = gender >= 0 && gender <= 2 ? (size_t)gender : 0;
    bool named = c->request && c->request->language.len && !str_eqz(c->request->language, "*");
    return named ? request_text(c->request, keys[at]) : str_z(own[at]);
}

/* 李* → 李女士; a name that is not Chinese stays as it is masked. */
static struct str salutation(struct ctx *c, const struct view *v)
{
    static const struct str mark = {"{{name}}", 8};
    ptrdiff_t star = str_find(v->name, '*');
    struct str surname = star > 0 ? str_sub(v->name, 0, (size_t)star) : v->name, text = salutation_text(c, view_number(v, PROFILE_GENDER));
    ptrdiff_t at = str_find_str(text, mark);
    if (v->name.len && !is_han(surname))
        return v->name;
    if (at < 0)
        return text;
    struct str before = str_sub(text, 0, (size_t)at), behind = str_sub(text, (size_t)at + mark.len, text.len);
    return str_trim(arena_concat(c->arena, arena_concat(c->arena, before, surname), behind));
}

static const char *gender_word(const struct view *v)
{
    switch (view_number(v, PROFILE_GENDER)) {
    case GENDER_FEMALE: return "f";
    case GENDER_MALE: return "m";
    default: return "u";
    }
}

static bool has_contact(const struct view *v, enum vault_field kind)
{
    for (size_t i = 0; i < v->contact_count; i++)
        if (v->contacts[i].kind == kind)
            return true;
    return false;
}

static void write_home(const struct view *v, struct jw *w)
{
    jw_key(w, "home_store");
    if (!v->home) {
        jw_null(w);
        return;
    }
    jw_object(w);
    jw_kv_str(w, "code", v->home->code);
    jw_kv_str(w, "name", v->home->name);
    jw_object_end(w);
}

static void write_channels(const struct view *v, struct jw *w)
{
    jw_key(w, "channels");
    jw_object(w);
    jw_kv_bool(w, "web", v->totals.web_orders > 0 || has_contact(v, VAULT_ACCOUNT));
    jw_kv_bool(w, "store", v->totals.orders > v->totals.web_orders || has_contact(v, VAULT_CARD));
    jw_object_end(w);
}

static void write_tags(const struct view *v, struct jw *w)
{
    jw_key(w, "tags");
    jw_array(w);
    for (size_t i = 0; i < v->tag_count; i++)
        jw_str(w, v->tags[i]);
    jw_array_end(w);
}

void view_write_label(struct ctx *c, const struct view *v, struct jw *w)
{
    jw_kv_str(w, "code", arena_printf(c->arena, "C%06lld", (long long)v->number));
    jw_kv_str(w, "name", v->name);
    jw_kv_str(w, "salutation", salutation(c, v));
}

static void write_who(struct ctx *c, const struct view *v, struct jw *w)
{
    jw_kv_id(w, "id", v->root);
    view_write_label(c, v, w);
    jw_kv_str(w, "card", v->card);
    jw_kv_z(w, "gender", gender_word(v));
    write_home(v, w);
    jw_kv_z(w, "known", view_number(v, PROFILE_MEMBER) ? "member" : "customer");
}

void view_write_row(struct ctx *c, const struct view *v, struct jw *w)
{
    write_who(c, v, w);
    jw_kv_str(w, "phone", v->phone);
    jw_kv_str(w, "own_assistant", view_text(v, PROFILE_ASSISTANT));
    write_tags(v, w);
    jw_kv_z(w, "class", customer_class_word(view_number(v, PROFILE_CLASS)));
    jw_kv_z(w, "kind", view_number(v, PROFILE_ORGANISATION) ? "organisation" : "person");
    jw_kv_time(w, "first_seen", v->first_seen_us);
    jw_kv_time(w, "last_seen", v->totals.seen_us);
    jw_kv_i64(w, "orders", v->totals.orders);
    jw_kv_money(w, "spent", v->totals.spent_minor, 2);
    write_channels(v, w);
    jw_kv_id(w, "rev", v->rev);
}

void view_write_sizes(const struct view *v, struct jw *w)
{
    static const struct {
        const char *word;
        enum profile_key key;
    } sizes[] = {{"top", PROFILE_SIZE_TOP}, {"bottom", PROFILE_SIZE_BOTTOM}, {"shoe", PROFILE_SIZE_SHOE}};
    jw_key(w, "sizes");
    jw_object(w);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        if (view_text(v, sizes[i].key).len)
            jw_kv_str(w, sizes[i].word, view_text(v, sizes[i].key));
    jw_object_end(w);
}

void view_write_till(struct ctx *c, const struct view *v, struct jw *w)
{
    jw_kv_bool(w, "till_card", true);
    write_who(c, v, w);
    view_write_sizes(v, w);
}

enum rc customer_row_write(struct ctx *c, int64_t customer_id, struct jw *w)
{
    struct view *v;
    size_t count;
    enum rc rc = views_load(c, &customer_id, 1, &v, &count);
    if (rc)
        return rc;
    if (count == 0 || !view_visible(c, v)) {
        jw_null(w);
        return RC_OK;
    }
    jw_object(w);
    view_write_row(c, v, w);
    jw_object_end(w);
    return RC_OK;
}

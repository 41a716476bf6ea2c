/* Everybody as rows, page by page by key, so that no read transaction stays open and no list is held in memory. */
#include "customer/customer_priv.h"

#include "base/decimal.h"

enum { EXPORT_PAGE = 100 /* with its sealed values within what the vault opens at once */ };

enum column {
    COLUMN_ID, COLUMN_CODE, COLUMN_NAME, COLUMN_GENDER, COLUMN_BIRTHDAY, COLUMN_PHONE, COLUMN_EMAIL, COLUMN_CARD, COLUMN_PROVINCE, COLUMN_CITY,
    COLUMN_ADDRESS, COLUMN_CLASS, COLUMN_KIND, COLUMN_KNOWN, COLUMN_HOME_STORE, COLUMN_ASSISTANT, COLUMN_TAGS, COLUMN_FIRST_SEEN, COLUMN_LAST_SEEN,
    COLUMN_ORDERS, COLUMN_SPENT, COLUMN_MEMBERS, COLUMN_COUNT
};
const char *const customer_export_columns[] = {
    "id", "code", "name", "gender", "birthday", "phone", "email", "card", "province", "city", "address", "class", "kind", "known", "home_store",
    "own_assistant", "tags", "first_seen", "last_seen", "orders", "spent", "members", NULL,
};

struct export_row {
    struct str cells[COLUMN_COUNT];
};

struct exporting {
    struct ctx *c;
    const struct customer_export *how;
    struct view *views;
    struct export_row *rows;
    size_t count;
    struct sealed_batch sealed;
};

static struct str cell_time(struct ctx *c, int64_t us)
{
    _cleanup_buf_ struct buf b = BUF_INIT(64);
    if (us)
        clock_add_iso(&b, us);
    return arena_str(c->arena, buf_str(&b));
}

static struct str cell_money(struct ctx *c, int64_t minor)
{
    _cleanup_buf_ struct buf b = BUF_INIT(64);
    decimal_add(&b, minor, 2);
    return arena_str(c->arena, buf_str(&b));
}

static struct str cell_words(struct ctx *c, const struct str *words, size_t count)
{
    _cleanup_buf_ struct buf b = BUF_INIT(64 << 10);
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_addz(&b, "; ");
        buf_add(&b, words[i]);
    }
    return arena_str(c->arena, buf_str(&b));
}

static struct str cell_ids(struct ctx *c, const int64_t *ids, size_t count)
{
    struct str *words = arena_new_array(c->arena, struct str, count);
    for (size_t i = 0; i < count; i++)
        words[i] = arena_printf(c->arena, "%lld", (long long)ids[i]);
    return cell_words(c, words, count);
}

static void fill_plain(struct exporting *e, size_t i)
{
    static const char *const genders[] = {"u", "f", "m"};
    struct ctx *c = e->c;
    const struct view *v = &e->views[i];
    struct str *cells = e->rows[i].cells;
    int64_t gender = view_number(v, PROFILE_GENDER);
    cells[COLUMN_ID] = arena_printf(c->arena, "%lld", (long long)v->root);
    cells[COLUMN_CODE] = arena_printf(c->arena, "C%06lld", (long long)v->number);
    cells[COLUMN_GENDER] = str_z(genders[gender >= 0 && gender <= 2 ? gender : 0]);
    cells[COLUMN_CLASS] = str_z(customer_class_word(view_number(v, PROFILE_CLASS)));
    cells[COLUMN_KIND] = view_number(v, PROFILE_ORGANISATION) ? STR("organisation") : STR("person");
    cells[COLUMN_KNOWN] = view_number(v, PROFILE_MEMBER) ? STR("member") : STR("customer");
    cells[COLUMN_HOME_STORE] = v->home ? v->home->code : STR("");
    cells[COLUMN_ASSISTANT] = view_text(v, PROFILE_ASSISTANT);
    cells[COLUMN_TAGS] = cell_words(c, v->tags, v->tag_count);
    cells[COLUMN_FIRST_SEEN] = cell_time(c, v->first_seen_us);
    cells[COLUMN_LAST_SEEN] = cell_time(c, v->totals.seen_us);
    cells[COLUMN_ORDERS] = arena_printf(c->arena, "%lld", (long long)v->totals.orders);
    cells[COLUMN_SPENT] = cell_money(c, v->totals.spent_minor);
    cells[COLUMN_MEMBERS] = v->member_count > 1 ? cell_ids(c, v->members, v->member_count) : STR("");
}

static void fill_profile(struct exporting *e, size_t i, enum profile_key key, enum column column)
{
    const struct profile *p = profile_newest(e->views[i].records, e->views[i].record_count, key);
    if (p)
        sealed_add(e->c, &e->sealed, profile_fields[key].field, p->id, p->sealed_for, p->v[key].text, &e->rows[i].cells[column]);
}

static void fill_contact(struct exporting *e, size_t i, enum vault_field kind, enum column column)
{
    const struct view_contact *contact = view_contact(&e->views[i], kind);
    if (contact)
        sealed_add(e->c, &e->sealed, kind, contact->id, contact->sealed_for, contact->sealed, &e->rows[i].cells[column]);
}

static enum rc fill_address(struct exporting *e, size_t i)
{
    struct str *cells = e->rows[i].cells;
    struct db_rows *q = db_query(e->c->db, "customer_addresses", DB_IDS("ids", e->views[i].members, e->views[i].member_count));
    if (db_next(q)) { /* the newest */
        cells[COLUMN_PROVINCE] = arena_str(e->c->arena, db_text(q, "province"));
        cells[COLUMN_CITY] = arena_str(e->c->arena, db_text(q, "city"));
        sealed_add(e->c, &e->sealed, VAULT_ADDRESS, db_i64(q, "id"), db_i64(q, "sealed_for"), arena_str(e->c->arena, db_blob(q, "value")), &cells[COLUMN_ADDRESS]);
    }
    return db_end(q);
}

static enum rc fill(struct exporting *e)
{
    enum rc rc = RC_OK;
    for (size_t i = 0; !rc && i < e->count; i++) {
        fill_plain(e, i);
        fill_profile(e, i, PROFILE_NAME, COLUMN_NAME);
        fill_profile(e, i, PROFILE_BIRTHDAY, COLUMN_BIRTHDAY);
        fill_contact(e, i, VAULT_PHONE, COLUMN_PHONE);
        fill_contact(e, i, VAULT_EMAIL, COLUMN_EMAIL);
        fill_contact(e, i, VAULT_CARD, COLUMN_CARD);
        rc = fill_address(e, i);
    }
    if (rc || e->sealed.count == 0)
        return rc;
    return e->how->open ? sealed_reveal(e->c, &e->sealed, &e->how->why, true) : sealed_mask(e->c, &e->sealed);
}

static enum rc export_page(struct ctx *c, const struct customer_export *how, int64_t *after, size_t *ret_count, customer_export_row *row, void *arg)
{
    int64_t *ids = arena_new_array(c->arena, int64_t, EXPORT_PAGE);
    struct exporting e = {.c = c, .how = how, .rows = arena_new_array(c->arena, struct export_row, EXPORT_PAGE)};
    size_t n = 0;
    struct db_rows *q = db_query(c->db, "customer_export_ids", DB_I64("after", *after), DB_I64("limit", EXPORT_PAGE));
    while (n < EXPORT_PAGE && db_next(q))
        ids[n++] = db_i64(q, "customer_id");
    enum rc rc = db_end(q);
    if (!rc)
        rc = views_sealed(c, ids, n, &e.views, &e.count);
    if (!rc)
        rc = fill(&e);
    for (size_t i = 0; !rc && i < e.count; i++) {
        struct str *cells = e.rows[i].cells;
        cells[COLUMN_ADDRESS] = customer_plain(c->arena, VAULT_ADDRESS, cells[COLUMN_ADDRESS]);
        cells[COLUMN_BIRTHDAY] = customer_plain(c->arena, VAULT_BIRTHDAY, cells[COLUMN_BIRTHDAY]);
        rc = row(arg, cells, COLUMN_COUNT);
    }
    if (rc)
        return rc;
    *ret_count = n;
    if (n)
        *after = ids[n - 1];
    return RC_OK;
}

enum rc customer_export(struct ctx *c, const struct customer_export *how, customer_export_row *row, void *arg)
{
    _cleanup_(arena_freep) struct arena *pages = arena_new();
    struct arena *own = c->arena;
    int64_t after = 0;
    size_t count = 1;
    enum rc rc = RC_OK;
    c->arena = pages;
    while (!rc && count) {
        arena_reset(pages);
        rc = export_page(c, how, &after, &count, row, arg);
    }
    c->arena = own;
    return rc;
}

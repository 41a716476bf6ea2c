/* Rows of a document → the body that the API would have had. Nothing is checked here: the field tables do. */
#include "intake/import_priv.h"

#include "base/decimal.h"
#include "base/limits.h"

enum { BODY_BYTES = 16 << 20, SCALE = 6 };

struct writing {
    struct ctx *c;
    const struct import_file *f;
    const struct csv_row *row;
    struct jw *w;
};

static struct str cell(const struct writing *t, enum import_field f)
{
    return import_cell(&t->f->columns, t->row, f);
}

static struct str number(const struct writing *t, enum import_field f)
{
    return import_number(t->c->arena, cell(t, f));
}

/* Members are left out where the cell is empty: what a file does not say is not said. */
static void put(const struct writing *t, const char *key, struct str value)
{
    if (value.len)
        jw_kv_str(t->w, key, value);
}

struct text_member {
    const char *key;
    enum import_field field;
};

static void put_texts(const struct writing *t, const struct text_member *list)
{
    for (; list->key; list++)
        put(t, list->key, cell(t, list->field));
}

/* Whole numbers as numbers: "6", "6.0", "1e3"; anything else as text, which the API refuses by its type. */
static void put_integer(const struct writing *t, const char *key, struct str text)
{
    int64_t value;
    if (text.len && decimal_parse(text, 0, &value) == NULL)
        jw_kv_i64(t->w, key, value);
    else
        put(t, key, text);
}

static enum rc parse(struct ctx *c, struct json_parser *parser, struct buf *text, struct json *ret)
{
    const char *why = "too_large";
    enum rc rc = text->failed ? RC_INVALID : json_parse(parser, buf_str(text), BODY_BYTES, ret, &why);
    return rc ? ctx_fail(c, RC_INVALID, "row", why) : RC_OK;
}

/* ---- receipts and orders ---- */

static struct str paid_of(const struct writing *t)
{
    struct str paid = number(t, IF_PAID);
    return paid.len ? paid : import_product(t->c->arena, number(t, IF_QUANTITY), number(t, IF_PRICE));
}

/* No piece, and no money down to the smallest unit anybody has: the row says nothing. */
static bool is_nothing(const struct writing *t)
{
    int64_t pieces = 1, micro = 0;
    struct str paid = paid_of(t);
    if (cell(t, IF_QUANTITY).len == 0 || decimal_parse(number(t, IF_QUANTITY), 0, &pieces) || pieces != 0)
        return false;
    const char *cause = paid.len ? decimal_parse(paid, SCALE, &micro) : NULL;
    bool tiny = cause && str_eqz(STR("too_precise"), cause) && str_starts(paid, STR("0.000000"));
    return tiny || (!cause && micro == 0);
}

static void put_return(const struct writing *t)
{
    struct str original = cell(t, IF_RETURN_NUMBER), store = cell(t, IF_RETURN_STORE), till = cell(t, IF_RETURN_TILL);
    if (original.len == 0)
        return;
    jw_key(t->w, "return_of");
    jw_object(t->w);
    if (t->f->kind == IMPORT_ORDERS) {
        jw_kv_str(t->w, "source", t->f->scope);
        jw_kv_str(t->w, "order_id", original);
    } else {
        jw_kv_str(t->w, "store", store.len ? store : cell(t, IF_STORE));
        put(t, "till", till.len ? till : cell(t, IF_TILL));
        jw_kv_str(t->w, "number", original);
    }
    put_integer(t, "line_no", number(t, IF_RETURN_LINE));
    jw_object_end(t->w);
}

static void put_line(const struct writing *t)
{
    static const struct text_member texts[] = {{"name", IF_NAME}, {"promotion", IF_PROMOTION}, {"coupon", IF_COUPON}, {"return_reason", IF_RETURN_REASON}, {NULL, 0}};
    jw_object(t->w);
    put_integer(t, "line_no", number(t, IF_LINE_NO));
    put(t, "sku", import_id(cell(t, IF_SKU)));
    put_integer(t, "quantity", number(t, IF_QUANTITY));
    put(t, "paid", paid_of(t));
    put(t, "list_price", number(t, IF_LIST_PRICE));
    put(t, "discount", number(t, IF_DISCOUNT));
    put(t, "tax_rate", number(t, IF_TAX_RATE));
    put_texts(t, texts);
    put_return(t);
    jw_object_end(t->w);
}

static void put_member(const struct writing *t)
{
    jw_key(t->w, "member");
    jw_object(t->w);
    put(t, "phone", import_id(cell(t, IF_PHONE)));
    put(t, "email", cell(t, IF_EMAIL));
    put(t, "card", import_id(cell(t, IF_CARD)));
    put(t, "account", import_id(cell(t, IF_ACCOUNT)));
    put(t, "unionid", cell(t, IF_UNIONID));
    jw_object_end(t->w);
}

static const char *tender_of(struct str word)
{
    static const struct {
        const char *word, *tender;
    } words[] = {
        {"微信", "wechat"},         {"支付宝", "alipay"},    {"现金", "cash"},   {"储值", "stored_value"}, {"礼品卡", "stored_value"}, {"积分", "points"},
        {"商场券", "mall_voucher"}, {"平台补贴", "subsidy"}, {"银行卡", "card"}, {"刷卡", "card"},         {"信用卡", "card"},         {"银联", "card"},
    };
    static const char *const plain[] = {"wechat", "alipay", "cash", "card", "stored_value", "points", "mall_voucher", "subsidy"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_find_str(word, str_z(words[i].word)) >= 0)
            return words[i].tender;
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        if (str_ieq(word, str_z(plain[i])))
            return plain[i];
    return "other";
}

/* One kind of payment for the whole document: the amount is what the lines add up to. */
static void put_payment(const struct writing *t, const struct csv_row *rows, const struct import_document *d)
{
    int64_t sum = 0, part = 0;
    struct str word = cell(t, IF_PAYMENT);
    if (word.len == 0)
        return;
    for (size_t i = 0; i < d->line_count; i++) {
        struct writing line = {t->c, t->f, &rows[d->row_of_line[i]], t->w};
        if (decimal_parse(paid_of(&line), SCALE, &part) || __builtin_add_overflow(sum, part, &sum))
            return; /* the line itself will be refused */
    }
    if (decimal_parse(number(t, IF_FREIGHT).len ? number(t, IF_FREIGHT) : STR("0"), SCALE, &part) == NULL)
        sum += part;
    if (decimal_parse(number(t, IF_ORDER_DISCOUNT).len ? number(t, IF_ORDER_DISCOUNT) : STR("0"), SCALE, &part) == NULL)
        sum -= part;
    jw_key(t->w, "tenders");
    jw_array(t->w);
    jw_object(t->w);
    jw_kv_z(t->w, "type", tender_of(word));
    jw_kv_money(t->w, "amount", sum, SCALE);
    jw_object_end(t->w);
    jw_array_end(t->w);
}

static void put_staff(const struct writing *t)
{
    if (t->f->kind != IMPORT_RECEIPTS || cell(t, IF_STAFF).len == 0)
        return;
    jw_key(t->w, "staff");
    jw_array(t->w);
    jw_object(t->w);
    jw_kv_str(t->w, "no", cell(t, IF_STAFF));
    jw_object_end(t->w);
    jw_array_end(t->w);
}

static const char *status_of(struct str word)
{
    static const struct {
        const char *word, *status;
    } words[] = {{"待付款", "placed"},   {"已付款", "paid"},     {"待发货", "paid"},       {"已发货", "shipped"},   {"已收货", "received"},
                 {"已签收", "received"}, {"已完成", "received"}, {"交易成功", "received"}, {"已取消", "cancelled"}, {"交易关闭", "cancelled"}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (str_eqz(word, words[i].word))
            return words[i].status;
    return NULL;
}

/* What belongs to the whole document, from its first row. */
static void put_head(const struct writing *t)
{
    struct str status = cell(t, IF_STATUS);
    const char *known = status_of(status);
    put(t, "store", import_id(cell(t, IF_STORE)));
    if (t->f->kind == IMPORT_RECEIPTS)
        put(t, "till", import_id(cell(t, IF_TILL)));
    else
        put(t, "status", known ? str_z(known) : status);
    put(t, "number", import_id(cell(t, IF_NUMBER)));
    put(t, "time", import_time(t->c->arena, cell(t, IF_TIME)));
    put(t, "currency", cell(t, IF_CURRENCY));
    put(t, "order_discount", number(t, IF_ORDER_DISCOUNT));
    put(t, "freight", number(t, IF_FREIGHT));
    put_member(t);
    put_staff(t);
}

static void choose_lines(const struct writing *first, const struct csv_row *rows, size_t count, struct import_document *d)
{
    size_t *row_of_line = arena_new_array(first->c->arena, size_t, count);
    bool *nothing = arena_new_array(first->c->arena, bool, count);
    for (size_t i = 0; i < count; i++) {
        struct writing t = {first->c, first->f, &rows[i], first->w};
        nothing[i] = is_nothing(&t);
        if (!nothing[i])
            row_of_line[d->line_count++] = i;
    }
    d->row_of_line = row_of_line;
    d->nothing = nothing;
}

enum rc import_body_sale(struct ctx *c, struct json_parser *parser, const struct import_file *f, const struct csv_row *rows, size_t count, struct import_document *ret)
{
    _cleanup_buf_ struct buf text = BUF_INIT(BODY_BYTES);
    struct jw w = jw_on(&text);
    struct writing first = {c, f, &rows[0], &w};
    struct import_document d = {.line_count = 0};
    choose_lines(&first, rows, count, &d);
    jw_object(&w);
    put_head(&first);
    put_payment(&first, rows, &d);
    jw_key(&w, "lines");
    jw_array(&w);
    for (size_t i = 0; i < d.line_count; i++)
        put_line(&(struct writing){c, f, &rows[d.row_of_line[i]], &w});
    jw_array_end(&w);
    jw_object_end(&w);
    *ret = d;
    return parse(c, parser, &text, &ret->body);
}

/* ---- products ---- */

/* A slash in a name would be one more level. */
static struct str level(struct arena *a, struct str name)
{
    char *copy = arena_z(a, name);
    for (size_t i = 0; i < name.len; i++)
        if (copy[i] == '/')
            copy[i] = '|';
    return str_n(copy, name.len);
}

/* One column holds a whole path; two hold a level each. */
static struct str category_of(const struct writing *t)
{
    struct arena *a = t->c->arena;
    struct str upper = cell(t, IF_CATEGORY), lower = cell(t, IF_SUBCATEGORY);
    if (lower.len == 0)
        return t->f->columns.at[IF_SUBCATEGORY] >= 0 ? level(a, upper) : upper;
    return upper.len ? arena_printf(a, "%.*s/%.*s", STR_FMT(level(a, upper)), STR_FMT(level(a, lower))) : level(a, lower);
}

enum rc import_body_product(struct ctx *c, struct json_parser *parser, const struct import_file *f, const struct csv_row *row, struct json *ret)
{
    static const struct text_member texts[] = {{"style_name", IF_STYLE_NAME}, {"brand", IF_BRAND}, {"season", IF_SEASON}, {"wave", IF_WAVE},
                                               {"color", IF_COLOR},           {"size", IF_SIZE},   {"image", IF_IMAGE},   {NULL, 0}};
    static const struct text_member prices[] = {{"list_price", IF_LIST_PRICE}, {"floor_price", IF_FLOOR_PRICE}, {"cost", IF_COST}, {"tax_rate", IF_TAX_RATE}, {NULL, 0}};
    _cleanup_buf_ struct buf text = BUF_INIT(BODY_BYTES);
    struct jw w = jw_on(&text);
    struct writing t = {c, f, row, &w};
    struct str sku = import_id(cell(&t, IF_SKU)), style = import_id(cell(&t, IF_STYLE));
    jw_object(&w);
    put(&t, "sku", sku);
    put(&t, "style", style.len ? style : sku); /* a trade without styles: each article is its own */
    put(&t, "category", category_of(&t));
    put(&t, "launch_day", import_day(c->arena, cell(&t, IF_LAUNCH_DAY)));
    put(&t, "barcode", import_id(cell(&t, IF_BARCODE)));
    put_texts(&t, texts);
    for (const struct text_member *p = prices; p->key; p++)
        put(&t, p->key, number(&t, p->field));
    jw_object_end(&w);
    return parse(c, parser, &text, ret);
}

/* ---- customers ---- */

static void put_list(const struct writing *t, const char *key, struct str text)
{
    struct str part;
    jw_key(t->w, key);
    jw_array(t->w);
    while (text.len && str_split(&text, ';', &part))
        if (str_trim(part).len)
            jw_str(t->w, str_trim(part));
    jw_array_end(t->w);
}

static void put_sizes(const struct writing *t)
{
    static const struct text_member sizes[] = {{"top", IF_SIZE_TOP}, {"bottom", IF_SIZE_BOTTOM}, {"shoe", IF_SIZE_SHOE}, {NULL, 0}};
    jw_key(t->w, "sizes");
    jw_object(t->w);
    put_texts(t, sizes);
    jw_object_end(t->w);
}

static void put_address(const struct writing *t)
{
    static const struct text_member parts[] = {{"province", IF_PROVINCE}, {"city", IF_CITY}, {"district", IF_DISTRICT}, {"street", IF_STREET}, {NULL, 0}};
    jw_key(t->w, "address");
    jw_object(t->w);
    put_texts(t, parts);
    jw_object_end(t->w);
}

enum rc import_body_customer(struct ctx *c, struct json_parser *parser, const struct import_file *f, const struct csv_row *row, struct json *ret)
{
    static const struct text_member texts[] = {{"name", IF_PERSON},     {"gender", IF_GENDER},         {"email", IF_EMAIL},
                                               {"unionid", IF_UNIONID}, {"home_store", IF_HOME_STORE}, {"own_assistant", IF_ASSISTANT},
                                               {"note", IF_NOTE},       {"class", IF_CLASS},           {NULL, 0}};
    _cleanup_buf_ struct buf text = BUF_INIT(BODY_BYTES);
    struct jw w = jw_on(&text);
    struct writing t = {c, f, row, &w};
    jw_object(&w);
    put_texts(&t, texts);
    put(&t, "birthday", import_day(c->arena, cell(&t, IF_BIRTHDAY)));
    put(&t, "phone", import_id(cell(&t, IF_PHONE)));
    put(&t, "card", import_id(cell(&t, IF_CARD)));
    put(&t, "account", import_id(cell(&t, IF_ACCOUNT)));
    put_list(&t, "tags", cell(&t, IF_TAGS));
    put_sizes(&t);
    put_address(&t);
    jw_object_end(&w);
    return parse(c, parser, &text, ret);
}

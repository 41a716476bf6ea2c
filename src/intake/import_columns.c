/* Column names to fields: a map file says it, or the names say it themselves, in English or Chinese. */
#include "intake/import_priv.h"

#include "base/limits.h"

#include <stdio.h>

enum { SALES = IMPORT_RECEIPTS | IMPORT_ORDERS, ALIASES_MAX = 14, FOLDED_MAX = 128 };

/* The first name is the field's own, the word of map files. Names are compared without case, blanks, _ and -. */
static const struct target {
    unsigned kinds; /* of enum import_kind, where the field means something */
    const char *names[ALIASES_MAX];
} targets[IF_COUNT] = {
    [IF_STORE] = {SALES, {"store", "store_id", "store_code", "shop", "门店", "门店编码", "店铺", "店号", "店铺编码"}},
    [IF_TILL] = {IMPORT_RECEIPTS, {"till", "pos", "register", "workstation", "收银台", "款台", "机号", "收银机"}},
    [IF_NUMBER] = {SALES,
                   {"number", "receipt", "receipt_no", "receipt_number", "basket_id", "invoice_no", "order_id", "order_no", "小票号", "单号", "订单号", "流水号",
                    "交易号"}},
    [IF_TIME] = {SALES,
                 {"time", "timestamp", "datetime", "date", "ts", "transaction_timestamp", "invoice_date", "ordered_at", "时间", "交易时间", "下单时间", "日期",
                  "销售时间"}},
    [IF_CURRENCY] = {SALES, {"currency", "币种", "货币"}},
    [IF_STATUS] = {IMPORT_ORDERS, {"status", "state", "状态", "订单状态"}},
    [IF_ORDER_DISCOUNT] = {SALES, {"order_discount", "整单优惠", "整单折扣"}},
    [IF_FREIGHT] = {SALES, {"freight", "shipping", "运费"}},
    [IF_PAYMENT] = {SALES, {"payment", "tender", "payment_method", "支付方式", "付款方式"}},
    [IF_STAFF] = {IMPORT_RECEIPTS, {"staff", "assistant", "cashier", "staff_no", "导购", "营业员", "导购工号"}},
    [IF_LINE_NO] = {SALES, {"line_no", "line", "行号"}},
    [IF_SKU] = {SALES | IMPORT_PRODUCTS, {"sku", "sku_code", "product_id", "stock_code", "item", "item_code", "商品编码", "货号", "款色码", "SKU编码"}},
    [IF_NAME] = {SALES, {"name", "product_name", "description", "item_name", "品名", "商品名称"}},
    [IF_QUANTITY] = {SALES, {"quantity", "qty", "pieces", "数量", "件数"}},
    [IF_PAID] = {SALES, {"paid", "amount", "line_total", "sales_value", "实收", "实付", "实收金额", "金额"}},
    [IF_PRICE] = {SALES, {"price", "unit_price", "单价", "成交价"}},
    [IF_LIST_PRICE] = {SALES | IMPORT_PRODUCTS, {"list_price", "retail_price", "吊牌价", "原价", "零售价"}},
    [IF_DISCOUNT] = {SALES, {"discount", "retail_disc", "折扣", "优惠", "优惠金额"}},
    [IF_TAX_RATE] = {SALES | IMPORT_PRODUCTS, {"tax_rate", "vat", "税率"}},
    [IF_PROMOTION] = {SALES, {"promotion", "campaign", "促销", "活动"}},
    [IF_COUPON] = {SALES, {"coupon", "coupon_code", "优惠券", "券号"}},
    [IF_RETURN_NUMBER] = {SALES, {"return_number", "return_of", "原单号", "原小票号"}},
    [IF_RETURN_STORE] = {IMPORT_RECEIPTS, {"return_store", "原门店"}},
    [IF_RETURN_TILL] = {IMPORT_RECEIPTS, {"return_till", "原款台"}},
    [IF_RETURN_LINE] = {SALES, {"return_line", "原行号"}},
    [IF_RETURN_REASON] = {SALES, {"return_reason", "退货原因"}},
    [IF_PHONE] = {SALES | IMPORT_CUSTOMERS, {"phone", "mobile", "tel", "member_phone", "手机", "手机号", "电话", "会员手机"}},
    [IF_EMAIL] = {SALES | IMPORT_CUSTOMERS, {"email", "e-mail", "mail", "邮箱"}},
    [IF_CARD] = {SALES | IMPORT_CUSTOMERS, {"card", "member_card", "card_no", "member", "会员卡", "会员卡号", "卡号", "会员号"}},
    [IF_ACCOUNT] = {SALES | IMPORT_CUSTOMERS, {"account", "user_id", "customer_id", "household_id", "buyer", "账号", "用户ID", "买家"}},
    [IF_UNIONID] = {SALES | IMPORT_CUSTOMERS, {"unionid", "wechat_unionid"}},
    [IF_STYLE] = {IMPORT_PRODUCTS, {"style", "style_code", "款号"}},
    [IF_STYLE_NAME] = {IMPORT_PRODUCTS, {"style_name", "name", "product_name", "product_type", "description", "品名", "商品名称", "款名"}},
    [IF_CATEGORY] = {IMPORT_PRODUCTS, {"category", "department", "品类", "大类", "类别"}},
    [IF_SUBCATEGORY] = {IMPORT_PRODUCTS, {"subcategory", "product_category", "中类", "小类"}},
    [IF_BRAND] = {IMPORT_PRODUCTS, {"brand", "品牌"}},
    [IF_SEASON] = {IMPORT_PRODUCTS, {"season", "季节", "季"}},
    [IF_WAVE] = {IMPORT_PRODUCTS, {"wave", "波段"}},
    [IF_LAUNCH_DAY] = {IMPORT_PRODUCTS, {"launch_day", "launch_date", "上市日期", "上架日期"}},
    [IF_COLOR] = {IMPORT_PRODUCTS, {"color", "colour", "颜色"}},
    [IF_SIZE] = {IMPORT_PRODUCTS, {"size", "package_size", "尺码", "规格"}},
    [IF_BARCODE] = {IMPORT_PRODUCTS, {"barcode", "ean", "gtin", "upc", "条码", "条形码"}},
    [IF_FLOOR_PRICE] = {IMPORT_PRODUCTS, {"floor_price", "底价"}},
    [IF_COST] = {IMPORT_PRODUCTS, {"cost", "purchase_price", "成本", "进价"}},
    [IF_IMAGE] = {IMPORT_PRODUCTS, {"image", "图片"}},
    [IF_PERSON] = {IMPORT_CUSTOMERS, {"name", "full_name", "customer_name", "姓名", "客户姓名", "会员姓名"}},
    [IF_GENDER] = {IMPORT_CUSTOMERS, {"gender", "sex", "性别"}},
    [IF_BIRTHDAY] = {IMPORT_CUSTOMERS, {"birthday", "birth_date", "dob", "生日", "出生日期"}},
    [IF_PROVINCE] = {IMPORT_CUSTOMERS, {"province", "state", "省", "省份"}},
    [IF_CITY] = {IMPORT_CUSTOMERS, {"city", "市", "城市"}},
    [IF_DISTRICT] = {IMPORT_CUSTOMERS, {"district", "county", "区", "区县"}},
    [IF_STREET] = {IMPORT_CUSTOMERS, {"street", "address", "地址", "详细地址"}},
    [IF_HOME_STORE] = {IMPORT_CUSTOMERS, {"home_store", "store", "归属门店", "门店", "开卡门店"}},
    [IF_ASSISTANT] = {IMPORT_CUSTOMERS, {"own_assistant", "assistant", "专属导购", "导购"}},
    [IF_SIZE_TOP] = {IMPORT_CUSTOMERS, {"size_top", "上装尺码"}},
    [IF_SIZE_BOTTOM] = {IMPORT_CUSTOMERS, {"size_bottom", "下装尺码"}},
    [IF_SIZE_SHOE] = {IMPORT_CUSTOMERS, {"size_shoe", "鞋码"}},
    [IF_TAGS] = {IMPORT_CUSTOMERS, {"tags", "标签"}},
    [IF_NOTE] = {IMPORT_CUSTOMERS, {"note", "remark", "备注"}},
    [IF_CLASS] = {IMPORT_CUSTOMERS, {"class", "客户类别"}},
};

enum import_kind import_kind_of(struct str word)
{
    return str_eqz(word, "receipts")    ? IMPORT_RECEIPTS
           : str_eqz(word, "orders")    ? IMPORT_ORDERS
           : str_eqz(word, "products")  ? IMPORT_PRODUCTS
           : str_eqz(word, "customers") ? IMPORT_CUSTOMERS
                                        : 0;
}

/* "Invoice No" and "invoice_no" and "InvoiceNo" are one name. */
static struct str folded(struct str s, char out[static FOLDED_MAX])
{
    size_t len = 0;
    for (size_t i = 0; i < s.len && len < FOLDED_MAX; i++)
        if (s.ptr[i] >= 'A' && s.ptr[i] <= 'Z')
            out[len++] = (char)(s.ptr[i] + 32);
        else if (s.ptr[i] != ' ' && s.ptr[i] != '_' && s.ptr[i] != '-')
            out[len++] = s.ptr[i];
    return str_n(out, len);
}

static bool same_name(struct str a, struct str b)
{
    char one[FOLDED_MAX], other[FOLDED_MAX];
    return str_eq(folded(a, one), folded(b, other));
}

static int column_named(const struct csv_row *header, struct str name)
{
    for (size_t i = 0; i < header->count; i++)
        if (same_name(str_trim(header->cells[i]), name))
            return (int)i;
    return -1;
}

struct mapping {
    struct ctx *c;
    enum import_kind kind;
    const struct csv_row *header;
    struct import_columns *columns;
    bool taken[LIMIT_CSV_COLUMNS]; /* columns that the map file speaks of */
    bool said[IF_COUNT];           /* fields that it speaks of */
};

/* ---- by a map file ---- */

static int field_named(enum import_kind kind, struct str name)
{
    for (int f = 0; f < IF_COUNT; f++)
        if (targets[f].kinds & kind && str_eqz(name, targets[f].names[0]))
            return f;
    return -1;
}

static enum rc map_fail(const struct mapping *m, const char *why, struct str what)
{
    return ctx_fail(m->c, RC_INVALID, "map", arena_printf(m->c->arena, "%s %.*s", why, STR_FMT(what)).ptr);
}

static enum rc map_constant(struct mapping *m, struct str field, struct str value)
{
    int f = field_named(m->kind, field);
    if (f < 0)
        return map_fail(m, "no_such_field", field);
    m->columns->constant[f] = arena_str(m->c->arena, value);
    m->said[f] = true;
    return RC_OK;
}

static enum rc map_column(struct mapping *m, struct str name, struct str field)
{
    int column = column_named(m->header, name), f = field_named(m->kind, field);
    bool ignored = str_eqz(field, "-");
    if (column < 0)
        return map_fail(m, "no_such_column", name);
    m->taken[column] = true;
    if (ignored)
        return RC_OK;
    if (f < 0)
        return map_fail(m, "no_such_field", field);
    m->columns->at[f] = (int16_t)column;
    m->said[f] = true;
    return RC_OK;
}

/* `column = field`, `column = -` to leave a column out, or `field := constant`. */
static enum rc map_line(struct mapping *m, struct str line)
{
    ptrdiff_t equals = str_find(line, '=');
    if (equals < 0)
        return map_fail(m, "no_equals_sign_in", line);
    bool constant = equals > 0 && line.ptr[equals - 1] == ':';
    struct str left = str_trim(str_sub(line, 0, (size_t)(constant ? equals - 1 : equals)));
    struct str right = str_trim(str_sub(line, (size_t)equals + 1, line.len));
    return constant ? map_constant(m, left, right) : map_column(m, left, right);
}

static enum rc map_by_file(struct mapping *m, struct str map)
{
    struct str line;
    while (str_split(&map, '\n', &line)) {
        line = str_trim(line);
        enum rc rc = line.len == 0 || line.ptr[0] == '#' ? RC_OK : map_line(m, line);
        if (rc)
            return rc;
    }
    return RC_OK;
}

/* ---- by the names ---- */

/* What the map file left open. Earlier names of a field win over later ones. */
static void map_by_names(struct mapping *m)
{
    for (size_t f = 0; f < IF_COUNT; f++)
        for (size_t i = 0; targets[f].kinds & m->kind && !m->said[f] && i < ALIASES_MAX && targets[f].names[i]; i++) {
            int column = column_named(m->header, str_z(targets[f].names[i]));
            if (column < 0 || m->taken[column])
                continue;
            m->columns->at[f] = (int16_t)column;
            break;
        }
}

/* ---- what must be there ---- */

static bool has(const struct import_columns *m, enum import_field f)
{
    return m->at[f] >= 0 || m->constant[f].len;
}

static enum rc need(struct ctx *c, const struct import_columns *m, enum import_field f)
{
    return has(m, f) ? RC_OK : ctx_fail(c, RC_INVALID, "map", arena_printf(c->arena, "no_column_for_%s", targets[f].names[0]).ptr);
}

static enum rc check_sales(struct ctx *c, enum import_kind kind, const struct import_columns *m)
{
    static const enum import_field always[] = {IF_NUMBER, IF_TIME, IF_SKU};
    enum rc rc = kind == IMPORT_RECEIPTS ? need(c, m, IF_STORE) : RC_OK;
    for (size_t i = 0; rc == RC_OK && i < sizeof(always) / sizeof(always[0]); i++)
        rc = need(c, m, always[i]);
    return rc || has(m, IF_PRICE) ? rc : need(c, m, IF_PAID);
}

enum rc import_columns_map(struct ctx *c, enum import_kind kind, const struct csv_row *header, struct str map, struct str store, struct import_columns *ret)
{
    struct import_columns m = {.constant = {STR_NULL}};
    struct mapping mapping = {.c = c, .kind = kind, .header = header, .columns = &m};
    for (size_t f = 0; f < IF_COUNT; f++)
        m.at[f] = -1;
    m.constant[kind == IMPORT_CUSTOMERS ? IF_HOME_STORE : IF_STORE] = store;
    enum rc rc = map_by_file(&mapping, map);
    map_by_names(&mapping);
    if (rc == RC_OK && kind & SALES)
        rc = check_sales(c, kind, &m);
    else if (rc == RC_OK && kind == IMPORT_PRODUCTS)
        rc = need(c, &m, IF_SKU);
    else if (rc == RC_OK && !has(&m, IF_PHONE) && !has(&m, IF_EMAIL) && !has(&m, IF_CARD) && !has(&m, IF_ACCOUNT) && !has(&m, IF_UNIONID))
        rc = need(c, &m, IF_PHONE);
    if (rc == RC_OK)
        *ret = m;
    return rc;
}

struct str import_cell(const struct import_columns *columns, const struct csv_row *row, enum import_field f)
{
    int at = columns->at[f];
    struct str cell = at >= 0 && (size_t)at < row->count ? str_trim(row->cells[at]) : STR_NULL;
    return cell.len ? cell : columns->constant[f];
}

/* Writes the web shop's events as its pages and its server send them: Segment batches with the names of e-commerce V2.
 * What a page says is public and unproven; logins, orders and refunds come from the shop's server. */
#include "app/demo/demo_priv.h"

#include <assert.h>

static const char *const group_names[GROUP_COUNT] = {"女装", "男装", "童装", "配饰"};
static const char *const group_paths[GROUP_COUNT] = {"/women", "/men", "/kids", "/extras"};

static void write_message_id(struct demo *g, struct buf *b)
{
    char hex[32];
    uint64_t word[2] = {dice_mix(g->options.seed, ++g->message_number), g->message_number};
    str_hex(word, sizeof(word), hex);
    buf_addz(b, "zxd-");
    buf_add_bytes(b, hex, 22); /* the number keeps it unique, the mixed word makes it look like one */
}

/* A device's id looks like the UUID that the browser library makes. */
static void write_device(const struct demo *g, struct buf *b, uint64_t device)
{
    char hex[32];
    uint64_t word[2] = {dice_mix(g->options.seed, device), dice_mix(device, 0xDE51CE)};
    str_hex(word, sizeof(word), hex);
    hex[12] = '4';
    hex[16] = "89ab"[word[0] & 3];
    for (size_t i = 0, at = 0; i < 5; i++) {
        static const size_t lengths[] = {8, 4, 4, 4, 12};
        if (i)
            buf_add_byte(b, '-');
        buf_add_bytes(b, hex + at, lengths[i]);
        at += lengths[i];
    }
}

static void write_head(struct demo *g, struct buf *b, const char *type, int64_t at_us, const struct visit *v, bool known)
{
    buf_addz(b, "{\"type\":\"");
    buf_addz(b, type);
    buf_addz(b, "\",\"messageId\":\"");
    write_message_id(g, b);
    buf_addz(b, "\",\"timestamp\":\"");
    text_local_time(b, at_us);
    buf_addz(b, "\",\"anonymousId\":\"");
    write_device(g, b, v->device);
    buf_add_byte(b, '"');
    if (known) {
        buf_addz(b, ",\"userId\":\"");
        person_write_account(b, v->person);
        buf_add_byte(b, '"');
    }
}

static void write_page_context(struct buf *b, const struct visit *v, const char *path, const char *last)
{
    static const char *const origins[] = {
        "", ",\"campaign\":{\"source\":\"wechat\",\"medium\":\"social\"}", ",\"campaign\":{\"source\":\"baidu\",\"medium\":\"search\"}",
        ",\"campaign\":{\"source\":\"xiaohongshu\",\"medium\":\"social\"}", ",\"campaign\":{\"source\":\"weibo\",\"medium\":\"social\"}",
    };
    buf_addz(b, ",\"context\":{\"library\":{\"name\":\"analytics.js\",\"version\":\"npm:next-1.84.3\"},\"locale\":\"zh-CN\",\"page\":{\"path\":\"");
    buf_addz(b, path);
    buf_addz(b, last);
    buf_addz(b, "\"},\"userAgent\":\"Mozilla/5.0 ");
    buf_addz(b, v->phone_screen ? "(Linux; Android 14) Mobile Chrome/140.0\"" : "(Windows NT 10.0; Win64; x64) Chrome/140.0\"");
    buf_addz(b, origins[v->origin]);
    buf_addz(b, "}");
}

static const struct style *style_of(const struct demo *g, uint32_t sku)
{
    return &g->goods.styles[g->goods.skus[sku].style];
}

/* "product_id":…,"sku":…,"name":…,"category":…,"price":…,"quantity":… without braces */
static void write_product(const struct demo *g, struct buf *b, uint32_t sku, int32_t unit_minor, int32_t quantity)
{
    const struct style *s = style_of(g, sku);
    buf_addz(b, "\"product_id\":\"");
    buf_addz(b, s->code);
    buf_addz(b, "\",\"sku\":\"");
    buf_addz(b, g->goods.skus[sku].code);
    buf_addz(b, "\",\"name\":\"");
    buf_addz(b, s->name);
    buf_addz(b, "\",\"category\":\"");
    buf_addz(b, s->garment->category);
    buf_addz(b, "\",\"price\":");
    text_money(b, unit_minor);
    buf_addz(b, ",\"quantity\":");
    buf_add_i64(b, quantity);
}

static void write_order_id(struct buf *b, int32_t civil_day, uint32_t number)
{
    buf_addz(b, "\"order_id\":\"W");
    text_date_digits(b, civil_day);
    buf_add_byte(b, '-');
    text_digits(b, number, 6);
    buf_add_byte(b, '"');
}

static int64_t basket_total(const struct basket *k)
{
    int64_t total = 0;
    for (uint32_t i = 0; i < k->count; i++)
        total += k->lines[i].paid_minor;
    return total;
}

/* ---- the pages ---- */

static const char *page_event_name(enum act act)
{
    switch (act) {
    case ACT_LIST: return "Product List Viewed";
    case ACT_SEARCH: return "Products Searched";
    case ACT_VIEW: return "Product Viewed";
    case ACT_ADD: return "Product Added";
    case ACT_REMOVE: return "Product Removed";
    case ACT_WISH: return "Product Added to Wishlist";
    case ACT_CART: return "Cart Viewed";
    case ACT_CHECKOUT: return "Checkout Started";
    case ACT_PAYMENT: return "Payment Info Entered";
    default: return "Page Viewed";
    }
}

static void write_page_properties(struct demo *g, struct buf *b, const struct moment *m, const struct visit *v)
{
    static const char *const searches[GROUP_COUNT] = {"连衣裙", "男士T恤", "儿童外套", "围巾"};
    switch ((enum act)m->act) {
    case ACT_LIST:
        buf_addf(b, "\"list_id\":\"%s\",\"category\":\"%s\"", group_paths[m->what] + 1, group_names[m->what]);
        break;
    case ACT_SEARCH:
        buf_addf(b, "\"query\":\"%s\"", searches[m->what]);
        break;
    case ACT_VIEW: case ACT_ADD: case ACT_REMOVE: case ACT_WISH:
        write_product(g, b, m->what, price_of(&g->goods, g->goods.skus[m->what].style, g->civil_day, true, v->logged_in).minor, 1);
        buf_addz(b, ",\"currency\":\"CNY\"");
        break;
    case ACT_CHECKOUT: case ACT_PAYMENT:
        write_order_id(b, g->civil_day, v->number);
        buf_addz(b, ",\"total\":");
        text_money(b, basket_total(&v->basket) - v->basket.discount_minor);
        buf_addz(b, ",\"currency\":\"CNY\"");
        break;
    default:
        buf_addz(b, "\"cart_id\":\"cart\"");
    }
}

static const char *page_path(const struct demo *g, const struct moment *m, const char **ret_last)
{
    *ret_last = "";
    switch ((enum act)m->act) {
    case ACT_PAGE: return "/";
    case ACT_LIST: return group_paths[m->what];
    case ACT_SEARCH: return "/search";
    case ACT_VIEW: case ACT_ADD: case ACT_WISH: *ret_last = style_of(g, m->what)->code; return "/p/";
    case ACT_CART: case ACT_REMOVE: return "/cart";
    default: return "/checkout";
    }
}

static enum rc tell_page_event(struct demo *g, const struct moment *m)
{
    const struct visit *v = &g->visits[m->who];
    const char *last, *path = page_path(g, m, &last);
    struct buf *b = tell_begin(g, DEMO_BROWSER);
    bool page = m->act == ACT_PAGE;
    write_head(g, b, page ? "page" : "track", m->at_us, v, v->logged_in);
    if (page) {
        buf_addz(b, ",\"name\":\"Home\",\"properties\":{\"path\":\"/\",\"title\":\"知禾服饰\"");
    } else {
        buf_addz(b, ",\"event\":\"");
        buf_addz(b, page_event_name((enum act)m->act));
        buf_addz(b, "\",\"properties\":{");
        write_page_properties(g, b, m, v);
    }
    buf_add_byte(b, '}');
    write_page_context(b, v, path, last);
    buf_add_byte(b, '}');
    g->totals.events++;
    return tell_end(g, DEMO_BROWSER);
}

/* ---- the shop's server ---- */

static void write_server_context(struct buf *b)
{
    buf_addz(b, ",\"context\":{\"library\":{\"name\":\"zhihe-shop\",\"version\":\"4.2\"}}}");
}

static void write_traits(struct demo *g, struct buf *b, int64_t index)
{
    struct person p = person_at(&g->people, index);
    buf_addz(b, ",\"traits\":{\"name\":\"");
    person_write_name(b, &g->people, index);
    buf_addz(b, "\",\"phone\":\"");
    person_write_phone(b, &g->people, index);
    if (person_has_email(&p)) {
        buf_addz(b, "\",\"email\":\"");
        person_write_email(b, index);
    }
    buf_addz(b, "\",\"gender\":\"");
    buf_addz(b, p.female ? "f" : "m");
    buf_addz(b, "\"}");
}

/* She logs in by a code sent to her phone; from here on the pages know her too. */
static enum rc tell_login(struct demo *g, const struct moment *m)
{
    struct visit *v = &g->visits[m->who];
    struct buf *b = tell_begin(g, DEMO_SHOP_SERVER);
    write_head(g, b, "identify", m->at_us, v, true);
    write_traits(g, b, v->person);
    write_server_context(b);
    v->logged_in = true;
    g->totals.events++;
    return tell_end(g, DEMO_SHOP_SERVER);
}

static void write_order_lines(struct demo *g, struct buf *b, const struct basket *k)
{
    buf_addz(b, ",\"products\":[");
    for (uint32_t i = 0; i < k->count; i++) {
        const struct basket_line *l = &k->lines[i];
        buf_addz(b, i ? ",{" : "{");
        write_product(g, b, l->sku, l->paid_minor / l->quantity, l->quantity);
        buf_addz(b, ",\"list_price\":");
        text_money(b, style_of(g, l->sku)->list_minor);
        if (l->promotion[0]) {
            buf_addz(b, ",\"promotion\":\"");
            buf_addz(b, l->promotion);
            buf_addz(b, "\"");
        }
        buf_addz(b, "}");
    }
    buf_addz(b, "]");
}

static enum rc tell_order(struct demo *g, const struct moment *m)
{
    const struct visit *v = &g->visits[m->who];
    const struct basket *k = &v->basket;
    int64_t revenue = basket_total(k) - k->discount_minor, shipping = revenue < 29900 ? 1200 : 0;
    struct buf *b = tell_begin(g, DEMO_SHOP_SERVER);
    write_head(g, b, "track", m->at_us, v, true);
    buf_addz(b, ",\"event\":\"Order Completed\",\"properties\":{");
    write_order_id(b, g->civil_day, v->number);
    buf_addz(b, ",\"total\":");
    text_money(b, revenue + shipping);
    buf_addz(b, ",\"revenue\":");
    text_money(b, revenue);
    buf_addz(b, ",\"shipping\":");
    text_money(b, shipping);
    buf_addz(b, ",\"discount\":");
    text_money(b, k->discount_minor);
    buf_addz(b, ",\"currency\":\"CNY\"");
    if (k->discount_minor)
        buf_addz(b, k->discount_minor == 5000 ? ",\"coupon\":\"VIP50\"" : ",\"coupon\":\"NEW20\"");
    write_order_lines(g, b, k);
    buf_add_byte(b, '}');
    write_server_context(b);
    g->totals.orders++;
    g->totals.events++;
    return tell_end(g, DEMO_SHOP_SERVER);
}

static const char *refund_reason(struct demo *g, const struct due *d)
{
    static const char *const reasons[] = {"尺码不合适", "尺码不合适", "与图片有色差", "不喜欢", "面料与想的不同", "多拍了一件"};
    return d->shrunk ? "洗后缩水" : reasons[dice_below(&g->dice, 6)];
}

/* A piece comes back, or the whole order is called off before it left. */
static enum rc tell_refund(struct demo *g, const struct moment *m)
{
    const struct due *d = &g->today.items[m->who];
    const struct visit v = {.person = d->person, .device = (uint64_t)(d->person + 1000) * 4};
    struct buf *b = tell_begin(g, DEMO_SHOP_SERVER);
    write_head(g, b, "track", m->at_us, &v, true);
    buf_addz(b, m->act == ACT_CANCEL ? ",\"event\":\"Order Cancelled\",\"properties\":{" : ",\"event\":\"Order Refunded\",\"properties\":{");
    write_order_id(b, d->sold_day, d->number);
    buf_addz(b, ",\"currency\":\"CNY\"");
    if (m->act == ACT_REFUND) {
        buf_addz(b, ",\"total\":");
        text_money(b, d->line.paid_minor);
        buf_addz(b, ",\"products\":[{");
        write_product(g, b, d->line.sku, d->line.paid_minor / d->line.quantity, d->line.quantity);
        buf_addz(b, ",\"line_no\":");
        buf_add_i64(b, d->line_no);
        buf_addz(b, ",\"reason\":\"");
        buf_addz(b, refund_reason(g, d));
        buf_addz(b, "\"}]");
    }
    buf_add_byte(b, '}');
    write_server_context(b);
    g->totals.events++;
    return tell_end(g, DEMO_SHOP_SERVER);
}

/* ---- the WeChat account ---- */

static void write_unionid(const struct demo *g, struct buf *b, int64_t person)
{
    char hex[16];
    uint64_t word = dice_mix(g->options.seed ^ 0x0CEA, (uint64_t)person);
    str_hex(&word, sizeof(word), hex);
    buf_addz(b, "oZHIHEdemo");
    buf_add_bytes(b, hex, sizeof(hex));
}

/* She follows the account and gives it her phone: WeChat's own id becomes hers. */
static enum rc tell_follow(struct demo *g, const struct moment *m)
{
    const struct visit *v = &g->visits[m->who];
    struct buf *b = tell_begin(g, DEMO_WECHAT);
    buf_addz(b, "{\"type\":\"identify\",\"messageId\":\"");
    write_message_id(g, b);
    buf_addz(b, "\",\"timestamp\":\"");
    text_local_time(b, m->at_us);
    buf_addz(b, "\",\"anonymousId\":\"wx-");
    write_device(g, b, v->device + (UINT64_C(1) << 40));
    buf_addz(b, "\",\"traits\":{\"unionid\":\"");
    write_unionid(g, b, v->person);
    buf_addz(b, "\",\"phone\":\"");
    person_write_phone(b, &g->people, v->person);
    buf_addz(b, "\"},\"context\":{\"library\":{\"name\":\"zhihe-wechat\",\"version\":\"1.6\"}}}");
    g->totals.events++;
    return tell_end(g, DEMO_WECHAT);
}

/* ---- identification by scanning a code, and binding a card (stories) ---- */

static enum rc tell_card(struct demo *g, const struct moment *m)
{
    const struct visit *v = &g->visits[m->who];
    struct buf *b = tell_begin(g, DEMO_SHOP_SERVER);
    write_head(g, b, "identify", m->at_us, v, m->act == ACT_BIND_CARD);
    buf_addz(b, ",\"traits\":{");
    if (m->act == ACT_SCAN) {
        buf_addz(b, "\"name\":\"");
        person_write_name(b, &g->people, v->person);
        buf_addz(b, "\",\"phone\":\"");
        person_write_phone(b, &g->people, v->person);
        buf_addz(b, "\",");
    }
    buf_addz(b, "\"card\":\"");
    person_write_card(b, m->act == ACT_BIND_CARD ? CAST_TWICE_STORE : v->person);
    buf_addz(b, "\"}");
    write_server_context(b);
    g->totals.events++;
    return tell_end(g, DEMO_SHOP_SERVER);
}

enum rc tell_event(struct demo *g, const struct moment *m)
{
    switch ((enum act)m->act) {
    case ACT_LOGIN: return tell_login(g, m);
    case ACT_ORDER: return tell_order(g, m);
    case ACT_REFUND: case ACT_CANCEL: return tell_refund(g, m);
    case ACT_FOLLOW: return tell_follow(g, m);
    case ACT_BIND_CARD: case ACT_SCAN: return tell_card(g, m);
    default: return tell_page_event(g, m);
    }
}

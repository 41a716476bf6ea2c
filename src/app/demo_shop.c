/* The demo shop's own server: goods, sign-in by phone and code, and orders. It stands for another company's web shop, so
 * it knows nothing of customers: it signs its user ids and sends the same bodies to the intake as any shop's server. The
 * code is shown on the page instead of being sent; that is the one thing a real shop must not do. */
#include "access/access.h"
#include "app/demo_home.h"
#include "base/limits.h"
#include "embedded_sql.h"
#include "intake/intake.h"

#include <sodium.h>
#include <stdlib.h>

enum { CODE_SECONDS = 300, STYLES_MAX = 72, RECENT_DAYS = 200, LINES_MAX = 20, FREE_SHIPPING_MINOR = 29900, SHIPPING_MINOR = 1200 };

static enum rc need_demo(struct ctx *c)
{
    return c->app->demo ? RC_OK : ctx_fail(c, RC_NOT_FOUND, "demo", "not_the_demo_retailer");
}

/* ---- goods ---- */

static const struct field shop_fields[] = {
    {.name = "write_key", .type = FIELD_STR, .flags = FIELD_REQUIRED, .doc = "Public key for the pages' events."},
    {.name = "name", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    FIELD_END,
};

static enum rc shop_show(struct ctx *c, const struct request *r, struct reply *p)
{
    (void)r;
    enum rc rc = need_demo(c);
    if (rc)
        return rc;
    jw_object(&p->json);
    jw_kv_z(&p->json, "write_key", c->app->demo->write_key);
    jw_kv_z(&p->json, "name", DEMO_RETAILER);
    jw_object_end(&p->json);
    return RC_OK;
}

static const struct field shop_sku_fields[] = {
    {.name = "sku", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    {.name = "color", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    {.name = "size", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    {.name = "image", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    FIELD_END,
};
static const struct field shop_product_fields[] = {
    {.name = "style", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    {.name = "name", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    {.name = "category", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    {.name = "price", .type = FIELD_MONEY, .flags = FIELD_REQUIRED},
    {.name = "image", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    {.name = "skus", .type = FIELD_LIST, .flags = FIELD_REQUIRED, .sub = shop_sku_fields},
    FIELD_END,
};

struct shop_style {
    struct str code, name, category, image;
};
struct shop_sku {
    int64_t style_id, list_minor;
    struct str code, color, size;
};

static enum rc load_styles(struct ctx *c, int64_t *ids, struct shop_style *styles, size_t *ret_count)
{
    int32_t today = clock_business_day(c->now_us, 8 * 3600, 0);
    size_t count = 0;
    struct db_rows *q = db_query(c->db, "shop_style_list", DB_I64("today", today), DB_I64("since", today - RECENT_DAYS), DB_TEXT("always", STR("常青")),
                                 DB_I64("limit", STYLES_MAX));
    for (; count < STYLES_MAX && db_next(q); count++) {
        ids[count] = db_i64(q, "id");
        styles[count] = (struct shop_style){arena_str(c->arena, db_text(q, "code")), arena_str(c->arena, db_text(q, "name")),
                                            arena_str(c->arena, db_text(q, "category")), arena_str(c->arena, db_text(q, "image"))};
    }
    *ret_count = count;
    return db_end(q);
}

static enum rc load_skus(struct ctx *c, const int64_t *ids, size_t count, struct shop_sku **ret, size_t *ret_count)
{
    size_t skus = 0, room = count * 32;
    struct shop_sku *all = arena_new_array(c->arena, struct shop_sku, room + 1);
    struct db_rows *q = db_query(c->db, "shop_sku_list", DB_IDS("ids", ids, count));
    for (; skus < room && db_next(q); skus++)
        all[skus] = (struct shop_sku){db_i64(q, "style_id"), db_i64(q, "list_minor"), arena_str(c->arena, db_text(q, "code")),
                                      arena_str(c->arena, db_text(q, "color")), arena_str(c->arena, db_text(q, "size"))};
    *ret = all;
    *ret_count = skus;
    return db_end(q);
}

/* "dress-02" and "07 墨绿" give "dress-07". */
static struct str image_of(struct ctx *c, struct str image, struct str color)
{
    ptrdiff_t dash = str_find(image, '-');
    return dash < 0 ? image : arena_concat(c->arena, str_sub(image, 0, (size_t)dash + 1), str_sub(color, 0, 2));
}

static void write_product(struct ctx *c, const struct shop_style *s, int64_t id, const struct shop_sku *skus, size_t count, struct jw *w)
{
    size_t first = 0;
    while (first < count && skus[first].style_id != id)
        first++;
    if (first == count)
        return;
    jw_object(w);
    jw_kv_str(w, "style", s->code);
    jw_kv_str(w, "name", s->name);
    jw_kv_str(w, "category", s->category);
    jw_kv_money(w, "price", skus[first].list_minor, 2);
    jw_kv_str(w, "image", image_of(c, s->image, skus[first].color));
    jw_key(w, "skus");
    jw_array(w);
    for (size_t i = first; i < count && skus[i].style_id == id; i++) {
        jw_object(w);
        jw_kv_str(w, "sku", skus[i].code);
        jw_kv_str(w, "color", skus[i].color);
        jw_kv_str(w, "size", skus[i].size);
        jw_kv_str(w, "image", image_of(c, s->image, skus[i].color));
        jw_object_end(w);
    }
    jw_array_end(w);
    jw_object_end(w);
}

static enum rc product_list(struct ctx *c, const struct request *r, struct reply *p)
{
    int64_t *ids = arena_new_array(c->arena, int64_t, STYLES_MAX);
    struct shop_style *styles = arena_new_array(c->arena, struct shop_style, STYLES_MAX);
    struct shop_sku *skus = NULL;
    size_t count = 0, sku_count = 0;
    (void)r;
    enum rc rc = need_demo(c);
    if (!rc)
        rc = load_styles(c, ids, styles, &count);
    if (!rc && count)
        rc = load_skus(c, ids, count, &skus, &sku_count);
    if (rc)
        return rc;
    jw_object(&p->json);
    jw_key(&p->json, "items");
    jw_array(&p->json);
    for (size_t i = 0; i < count; i++)
        write_product(c, &styles[i], ids[i], skus, sku_count, &p->json);
    jw_array_end(&p->json);
    jw_kv_z(&p->json, "next", NULL);
    jw_object_end(&p->json);
    return RC_OK;
}

/* ---- signing in ---- */

struct code_in {
    struct str phone;
};
static const struct field code_in_fields[] = {
    {.name = "phone", .type = FIELD_STR, .flags = FIELD_REQUIRED | FIELD_PERSONAL, .offset = offsetof(struct code_in, phone), .min = 11, .max = 11},
    FIELD_END,
};
static const struct field code_fields[] = {
    {.name = "code", .type = FIELD_STR, .flags = FIELD_REQUIRED, .doc = "Six digits; a real shop would send them by SMS."},
    {.name = "seconds", .type = FIELD_I64, .flags = FIELD_REQUIRED},
    FIELD_END,
};
struct login_in {
    struct str phone, code, anonymous_id;
};
static const struct field login_in_fields[] = {
    {.name = "phone", .type = FIELD_STR, .flags = FIELD_REQUIRED | FIELD_PERSONAL, .offset = offsetof(struct login_in, phone), .min = 11, .max = 11},
    {.name = "code", .type = FIELD_STR, .flags = FIELD_REQUIRED, .offset = offsetof(struct login_in, code), .min = 6, .max = 6},
    {.name = "anonymous_id", .type = FIELD_STR, .offset = offsetof(struct login_in, anonymous_id), .max = 100},
    FIELD_END,
};
static const struct field login_fields[] = {
    {.name = "user_id", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    {.name = "user_proof", .type = FIELD_STR, .flags = FIELD_REQUIRED, .doc = "HMAC-SHA256 of the user id, for context.user_proof."},
    {.name = "phone", .type = FIELD_STR, .flags = FIELD_REQUIRED, .doc = "Masked."},
    FIELD_END,
};

/* A keyed word of a phone: for the code (which also changes every five minutes) and for new user ids. */
static uint64_t keyed_word(const struct app *app, const char *purpose, struct str phone, int64_t slot)
{
    uint8_t hash[crypto_generichash_BYTES_MIN];
    uint64_t word;
    crypto_generichash_state state;
    crypto_generichash_init(&state, app->server_key, sizeof(app->server_key), sizeof(hash));
    crypto_generichash_update(&state, (const uint8_t *)purpose, strlen(purpose));
    crypto_generichash_update(&state, (const uint8_t *)phone.ptr, phone.len);
    crypto_generichash_update(&state, (const uint8_t *)&slot, sizeof(slot));
    crypto_generichash_final(&state, hash, sizeof(hash));
    memcpy(&word, hash, sizeof(word));
    return word;
}

static struct str code_at(struct ctx *c, struct str phone, int64_t slot)
{
    return arena_printf(c->arena, "%06u", (unsigned)(keyed_word(c->app, "shop-code", phone, slot) % 1000000));
}

static int64_t slot_of(int64_t now_us)
{
    return now_us / (CODE_SECONDS * US_PER_S);
}

static bool is_mobile(struct str phone)
{
    int64_t number;
    return phone.len == 11 && phone.ptr[0] == '1' && phone.ptr[1] >= '3' && str_i64(phone, &number);
}

static enum rc code_create(struct ctx *c, const struct request *r, struct reply *p)
{
    const struct code_in *in = r->in;
    enum rc rc = need_demo(c);
    if (rc)
        return rc;
    if (!is_mobile(in->phone))
        return ctx_fail(c, RC_INVALID, "phone", "malformed");
    jw_object(&p->json);
    jw_kv_str(&p->json, "code", code_at(c, in->phone, slot_of(c->now_us)));
    jw_kv_i64(&p->json, "seconds", CODE_SECONDS);
    jw_object_end(&p->json);
    return RC_OK;
}

/* The people of the demo have accounts; anybody else gets one that follows from the phone. */
static struct str user_id_of(struct ctx *c, struct str phone)
{
    char account[24];
    if (demo_account_of_phone(&c->app->demo->options, phone, account))
        return arena_str(c->arena, str_z(account));
    return arena_printf(c->arena, "s%016llx", (unsigned long long)keyed_word(c->app, "shop-user", phone, 0));
}

static enum rc user_proof_of(struct ctx *c, struct str user_id, struct str *ret_proof)
{
    struct access_source pages;
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    enum rc rc = access_source_find(c, str_z(demo_sources[DEMO_BROWSER].code), &pages);
    if (!rc && pages.signing_secret.len == 0)
        rc = ctx_fail(c, RC_STORE, "signing_secret", "missing");
    if (rc)
        return rc;
    crypto_auth_hmacsha256_init(&state, (const uint8_t *)pages.signing_secret.ptr, pages.signing_secret.len);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)user_id.ptr, user_id.len);
    crypto_auth_hmacsha256_final(&state, mac);
    char *hex = arena_alloc(c->arena, 2 * sizeof(mac));
    str_hex(mac, sizeof(mac), hex);
    *ret_proof = str_n(hex, 2 * sizeof(mac));
    return RC_OK;
}

/* ---- what the shop's server tells the intake ---- */

static void event_begin(struct ctx *c, struct jw *w, const char *type, struct str user_id, struct str anonymous_id)
{
    uint8_t random[12];
    char hex[2 * sizeof(random)];
    randombytes_buf(random, sizeof(random));
    str_hex(random, sizeof(random), hex);
    jw_object(w);
    jw_kv_z(w, "type", type);
    jw_kv_str(w, "messageId", arena_concat(c->arena, STR("shop-"), str_n(hex, sizeof(hex))));
    jw_kv_time(w, "timestamp", c->now_us);
    jw_kv_str(w, "userId", user_id);
    if (anonymous_id.len)
        jw_kv_str(w, "anonymousId", anonymous_id);
}

static enum rc event_send(struct ctx *c, const char *path, struct buf *body)
{
    struct access_source server;
    enum rc rc = access_source_find(c, str_z(demo_sources[DEMO_SHOP_SERVER].code), &server);
    return rc ? rc : intake_submit(c, &server, str_z(path), buf_str(body));
}

static enum rc send_identify(struct ctx *c, const struct login_in *in, struct str user_id)
{
    _cleanup_buf_ struct buf body = BUF_INIT(LIMIT_EVENT_BYTES);
    struct jw w = jw_on(&body);
    event_begin(c, &w, "identify", user_id, in->anonymous_id);
    jw_key(&w, "traits");
    jw_object(&w);
    jw_kv_str(&w, "phone", in->phone);
    jw_object_end(&w);
    jw_object_end(&w);
    return event_send(c, "/v1/identify", &body);
}

static enum rc login(struct ctx *c, const struct request *r, struct reply *p)
{
    const struct login_in *in = r->in;
    struct str user_id, proof;
    int64_t slot = slot_of(c->now_us);
    enum rc rc = need_demo(c);
    if (rc)
        return rc;
    if (!is_mobile(in->phone) || (!str_eq(in->code, code_at(c, in->phone, slot)) && !str_eq(in->code, code_at(c, in->phone, slot - 1))))
        return ctx_fail(c, RC_INVALID, "code", "wrong");
    user_id = user_id_of(c, in->phone);
    rc = user_proof_of(c, user_id, &proof);
    if (!rc)
        rc = send_identify(c, in, user_id);
    if (rc)
        return rc;
    jw_object(&p->json);
    jw_kv_str(&p->json, "user_id", user_id);
    jw_kv_str(&p->json, "user_proof", proof);
    jw_kv_str(&p->json, "phone", arena_printf(c->arena, "%.3s****%.4s", in->phone.ptr, in->phone.ptr + 7));
    jw_object_end(&p->json);
    return RC_OK;
}

/* ---- orders ---- */

struct order_line_in {
    struct str sku;
    int64_t quantity;
};
struct order_in {
    struct str user_id, user_proof, anonymous_id;
    struct field_list lines;
};
static const struct field order_line_fields[] = {
    {.name = "sku", .type = FIELD_STR, .flags = FIELD_REQUIRED, .offset = offsetof(struct order_line_in, sku), .min = 1, .max = 64},
    {.name = "quantity", .type = FIELD_I64, .flags = FIELD_REQUIRED, .offset = offsetof(struct order_line_in, quantity), .min = 1, .max = 20},
    FIELD_END,
};
static const struct field order_in_fields[] = {
    {.name = "user_id", .type = FIELD_STR, .flags = FIELD_REQUIRED, .offset = offsetof(struct order_in, user_id), .min = 1, .max = 64},
    {.name = "user_proof", .type = FIELD_STR, .flags = FIELD_REQUIRED, .offset = offsetof(struct order_in, user_proof), .min = 64, .max = 64},
    {.name = "anonymous_id", .type = FIELD_STR, .offset = offsetof(struct order_in, anonymous_id), .max = 100},
    {.name = "lines", .type = FIELD_LIST, .flags = FIELD_REQUIRED, .offset = offsetof(struct order_in, lines), .min = 1, .max = LINES_MAX,
     .sub = order_line_fields, .sub_size = sizeof(struct order_line_in)},
    FIELD_END,
};
static const struct field order_fields[] = {
    {.name = "order_id", .type = FIELD_STR, .flags = FIELD_REQUIRED},
    {.name = "total", .type = FIELD_MONEY, .flags = FIELD_REQUIRED},
    FIELD_END,
};

/* One of the products of Order Completed, at the price that the catalogue has. */
static enum rc write_order_line(struct ctx *c, const struct order_line_in *line, struct jw *w, int64_t *total_minor)
{
    struct db_rows *q = db_query(c->db, "shop_sku", DB_TEXT("code", line->sku));
    bool found = db_next(q);
    if (found) {
        jw_object(w);
        jw_kv_str(w, "product_id", db_text(q, "style"));
        jw_kv_str(w, "sku", db_text(q, "code"));
        jw_kv_str(w, "name", db_text(q, "name"));
        jw_kv_str(w, "category", db_text(q, "category"));
        jw_kv_money(w, "price", db_i64(q, "list_minor"), 2);
        jw_kv_i64(w, "quantity", line->quantity);
        jw_object_end(w);
        *total_minor += db_i64(q, "list_minor") * line->quantity;
    }
    enum rc rc = db_end(q);
    return rc || found ? rc : ctx_fail(c, RC_INVALID, "lines.sku", "unknown");
}

/* "W20251122-K7Q2MX9": day and seven characters without those that look alike. */
static struct str new_order_id(struct ctx *c)
{
    static const char letters[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    int year, month, day;
    char tail[7];
    clock_civil(clock_business_day(c->now_us, 8 * 3600, 0), &year, &month, &day);
    for (size_t i = 0; i < sizeof(tail); i++)
        tail[i] = letters[randombytes_uniform(sizeof(letters) - 1)];
    return arena_printf(c->arena, "W%04d%02d%02d-%.7s", year, month, day, tail);
}

static enum rc send_order(struct ctx *c, const struct order_in *in, struct str order_id, int64_t *ret_total)
{
    _cleanup_buf_ struct buf body = BUF_INIT(LIMIT_EVENT_BYTES);
    struct jw w = jw_on(&body);
    const struct order_line_in *lines = in->lines.items;
    int64_t goods = 0;
    event_begin(c, &w, "track", in->user_id, in->anonymous_id);
    jw_kv_z(&w, "event", "Order Completed");
    jw_key(&w, "properties");
    jw_object(&w);
    jw_kv_str(&w, "order_id", order_id);
    jw_kv_z(&w, "currency", "CNY");
    jw_key(&w, "products");
    jw_array(&w);
    for (size_t i = 0; i < in->lines.count; i++) {
        enum rc rc = write_order_line(c, &lines[i], &w, &goods);
        if (rc)
            return rc;
    }
    jw_array_end(&w);
    int64_t shipping = goods < FREE_SHIPPING_MINOR ? SHIPPING_MINOR : 0;
    jw_kv_money(&w, "revenue", goods, 2);
    jw_kv_money(&w, "shipping", shipping, 2);
    jw_kv_money(&w, "total", goods + shipping, 2);
    jw_object_end(&w);
    jw_object_end(&w);
    *ret_total = goods + shipping;
    return event_send(c, "/v1/track", &body);
}

static enum rc order_create(struct ctx *c, const struct request *r, struct reply *p)
{
    const struct order_in *in = r->in;
    struct str proof, order_id = new_order_id(c);
    int64_t total;
    enum rc rc = need_demo(c);
    if (!rc)
        rc = user_proof_of(c, in->user_id, &proof);
    if (rc)
        return rc;
    if (in->user_proof.len != proof.len || sodium_memcmp(proof.ptr, in->user_proof.ptr, proof.len) != 0)
        return ctx_fail(c, RC_DENIED, "user_proof", "wrong");
    rc = send_order(c, in, order_id, &total);
    if (rc)
        return rc;
    p->status = 201;
    jw_object(&p->json);
    jw_kv_str(&p->json, "order_id", order_id);
    jw_kv_money(&p->json, "total", total, 2);
    jw_object_end(&p->json);
    return RC_OK;
}

/* ---- descriptor ---- */

static enum rc start(struct app *app)
{
    struct demo_home home;
    if (demo_home_read(app->data_dir, &home))
        demo_home_open(app, &home);
    return RC_OK;
}

static void stop(struct app *app)
{
    free(app->demo);
    app->demo = NULL;
}

static const struct route routes[] = {
    {HTTP_GET, "/demo-shop/api/shop", shop_show, .need = NEED_NOBODY, .out = shop_fields, .out_name = "DemoShop",
     .doc = "What the demo shop's pages need to start."},
    {HTTP_GET, "/demo-shop/api/products", product_list, .need = NEED_NOBODY, .out = shop_product_fields, .out_name = "DemoShopProduct", .out_list = true,
     .doc = "What the demo shop sells."},
    {HTTP_POST, "/demo-shop/api/codes", code_create, .need = NEED_NOBODY, .in = code_in_fields, .in_size = sizeof(struct code_in), .out = code_fields,
     .out_name = "DemoShopCode", .doc = "A one-time code, shown instead of sent."},
    {HTTP_POST, "/demo-shop/api/login", login, .need = NEED_NOBODY, .in = login_in_fields, .in_size = sizeof(struct login_in), .out = login_fields,
     .out_name = "DemoShopLogin", .raw = true, .doc = "Signs in and gives the signed user id."},
    {HTTP_POST, "/demo-shop/api/orders", order_create, .need = NEED_NOBODY, .in = order_in_fields, .in_size = sizeof(struct order_in), .out = order_fields,
     .out_name = "DemoShopOrder", .raw = true, .doc = "Places an order."},
    {.path = NULL},
};

const struct module demo_shop_module = {.name = "demo_shop", .routes = routes, .sql = app_sql, .start = start, .stop = stop};

/* What the retailer sells: garments by season in colours and sizes, and which of them hang on the rails on a day. */
#include "app/demo/demo_priv.h"
#include "json/json.h"

#include <assert.h>
#include <stdio.h>

#define COUNT(a) ((uint32_t)(sizeof(a) / sizeof((a)[0])))

enum { SPRING = 1, AUTUMN = 2, BOTH = 3, COLOURS = 12, SIZES = 5 };
enum { SIZE_WOMEN, SIZE_MEN, SIZE_KIDS, SIZE_WAIST, SIZE_WAIST_MEN, SIZE_ONE };

static const char *const size_rows[][SIZES] = {
    [SIZE_WOMEN] = {"XS", "S", "M", "L", "XL"},        [SIZE_MEN] = {"S", "M", "L", "XL", "XXL"}, [SIZE_KIDS] = {"110", "120", "130", "140", "150"},
    [SIZE_WAIST] = {"25", "26", "27", "28", "29"},     [SIZE_WAIST_MEN] = {"30", "31", "32", "33", "34"},
    [SIZE_ONE] = {"F"},
};

static const char *const colours[COLOURS] = {
    "01 黑色", "02 米白", "03 燕麦", "04 浅灰", "05 藏青", "06 雾蓝", "07 墨绿", "08 砖红", "09 浅粉", "10 卡其", "11 焦糖", "12 丁香紫",
};

static const struct garment garments[] = {
    {"dress", "女装/连衣裙", "连衣裙", GROUP_WOMEN, 359, 899, BOTH, 6, SIZE_WOMEN},
    {"shirt", "女装/衬衫", "衬衫", GROUP_WOMEN, 229, 499, BOTH, 4, SIZE_WOMEN},
    {"tee", "女装/T恤", "T恤", GROUP_WOMEN, 99, 229, SPRING, 4, SIZE_WOMEN},
    {"knit", "女装/针织", "针织衫", GROUP_WOMEN, 259, 599, BOTH, 4, SIZE_WOMEN},
    {"skirt", "女装/半身裙", "半身裙", GROUP_WOMEN, 229, 499, BOTH, 3, SIZE_WOMEN},
    {"trousers", "女装/裤装", "长裤", GROUP_WOMEN, 249, 529, BOTH, 3, SIZE_WAIST},
    {"coat", "女装/外套", "风衣", GROUP_WOMEN, 599, 1299, BOTH, 3, SIZE_WOMEN},
    {"down", "女装/羽绒服", "羽绒服", GROUP_WOMEN, 799, 1299, AUTUMN, 3, SIZE_WOMEN},
    {"mshirt", "男装/衬衫", "男士衬衫", GROUP_MEN, 229, 459, BOTH, 3, SIZE_MEN},
    {"mtee", "男装/T恤", "男士T恤", GROUP_MEN, 99, 229, SPRING, 3, SIZE_MEN},
    {"polo", "男装/POLO衫", "POLO衫", GROUP_MEN, 179, 359, SPRING, 2, SIZE_MEN},
    {"mknit", "男装/针织", "男士毛衫", GROUP_MEN, 259, 559, AUTUMN, 3, SIZE_MEN},
    {"mtrousers", "男装/裤装", "男士长裤", GROUP_MEN, 229, 499, BOTH, 3, SIZE_WAIST_MEN},
    {"jacket", "男装/夹克", "夹克", GROUP_MEN, 459, 999, BOTH, 2, SIZE_MEN},
    {"mdown", "男装/羽绒服", "男士羽绒服", GROUP_MEN, 799, 1299, AUTUMN, 2, SIZE_MEN},
    {"kdress", "童装/连衣裙", "女童连衣裙", GROUP_KIDS, 159, 329, SPRING, 3, SIZE_KIDS},
    {"ktee", "童装/T恤", "儿童T恤", GROUP_KIDS, 69, 139, SPRING, 3, SIZE_KIDS},
    {"ktrousers", "童装/裤装", "儿童长裤", GROUP_KIDS, 119, 229, BOTH, 2, SIZE_KIDS},
    {"kcoat", "童装/外套", "儿童外套", GROUP_KIDS, 229, 499, AUTUMN, 3, SIZE_KIDS},
    {"scarf", "配饰/围巾", "围巾", GROUP_EXTRAS, 129, 359, AUTUMN, 3, SIZE_ONE},
    {"hat", "配饰/帽子", "帽子", GROUP_EXTRAS, 99, 229, BOTH, 2, SIZE_ONE},
    {"bag", "配饰/包袋", "手提包", GROUP_EXTRAS, 259, 699, BOTH, 2, SIZE_ONE},
    {"belt", "配饰/腰带", "腰带", GROUP_EXTRAS, 99, 259, BOTH, 1, SIZE_ONE},
    {"socks", "配饰/袜子", "中筒袜", GROUP_EXTRAS, 59, 79, BOTH, 1, SIZE_ONE},
};

static const char *const fabrics[2][8] = {
    {"亚麻", "棉麻", "真丝", "天丝", "泡泡纱", "香云纱", "薄牛仔", "纯棉"},
    {"羊毛", "羊绒", "灯芯绒", "丝绒", "粗花呢", "磨毛棉", "厚牛仔", "精纺"},
};
static const char *const details[] = {"收腰", "宽松", "法式", "通勤", "复古", "简约", "拼接", "立领", "提花", "格纹", "条纹", "落肩", "褶裥", "撞色"};

const char *goods_colour(uint32_t colour)
{
    return colours[colour - 1];
}

const char *goods_size(const struct goods *g, const struct sku *s)
{
    const char *size = size_rows[g->styles[s->style].garment->sizes][s->size];
    return size[0] == 'F' ? "均码" : size;
}

static uint32_t size_count(const struct garment *k)
{
    return k->sizes == SIZE_ONE ? 1 : SIZES;
}

static void add_skus(struct goods *g, uint32_t at)
{
    struct style *s = &g->styles[at];
    char style_code[sizeof(s->code)];
    memcpy(style_code, s->code, sizeof(style_code));
    s->first_sku = g->sku_count;
    for (uint32_t c = 0; c < s->colour_count; c++)
        for (uint32_t z = 0; z < size_count(s->garment); z++) {
            assert(g->sku_count < DEMO_SKUS_MAX);
            struct sku *k = &g->skus[g->sku_count++];
            *k = (struct sku){.style = (uint16_t)at, .colour = s->colours[c], .size = (uint8_t)z};
            snprintf(k->code, sizeof(k->code), "%s-%02u-%s", style_code, k->colour % 100U, size_rows[s->garment->sizes][z]);
        }
    s->sku_count = g->sku_count - s->first_sku;
}

/* Prices end in 9; cost lies at 22–30 % of the list price, the floor at half of it. */
static void set_prices(struct style *s, struct dice *d)
{
    int32_t yuan = dice_between(d, s->garment->list_low, s->garment->list_high) / 10 * 10 + 9;
    if (yuan > s->garment->list_high)
        yuan = s->garment->list_high;
    s->list_minor = yuan * 100;
    s->floor_minor = yuan / 2 * 100;
    s->cost_minor = yuan * dice_between(d, 22, 30);
}

static struct style *add_style(struct goods *g, const struct garment *k, struct dice *d)
{
    static const char letters[GROUP_COUNT] = {'K', 'M', 'T', 'P'};
    assert(g->style_count < DEMO_STYLES_MAX);
    struct style *s = &g->styles[g->style_count++];
    uint8_t from = (uint8_t)dice_below(d, COLOURS);
    *s = (struct style){.garment = k, .colour_count = k->sizes == SIZE_ONE ? 4 : 3, .pull = 2400 / (2 + dice_below(d, 40))};
    snprintf(s->code, sizeof(s->code), "%c%04u", letters[k->group], (1001U + g->next_code[k->group]++) % 10000U);
    for (uint8_t c = 0; c < s->colour_count; c++)
        s->colours[c] = (uint8_t)(1 + (from + c * 5) % COLOURS);
    set_prices(s, d);
    return s;
}

/* Two styles are always there, because stories hang on them. */
static void add_fixed(struct goods *g, struct dice *d)
{
    g->dress = g->style_count;
    struct style *s = add_style(g, &garments[0], d);
    *s = (struct style){.garment = s->garment, .code = "K1001", .name = "亚麻连衣裙", .season = "常青", .basic = true, .wave = 1, .colours = {2, 6, 7},
                        .colour_count = 3, .list_minor = 59900, .floor_minor = 29900, .cost_minor = 14000, .pull = 500};
    s->launch_day = g->days->first_day - 60;
    add_skus(g, g->dress);
    g->shrinking = g->style_count;
    s = add_style(g, &garments[9], d);
    *s = (struct style){.garment = s->garment, .code = "M1001", .name = "重磅圆领男士T恤", .season = "常青", .basic = true, .wave = 2, .colours = {1, 2, 5},
                        .colour_count = 3, .list_minor = 15900, .floor_minor = 7900, .cost_minor = 3600, .pull = 500};
    s->launch_day = g->days->first_day - 60;
    add_skus(g, g->shrinking);
    g->lot_day = g->days->first_day + g->days->count / 2;
}

static void add_basics(struct goods *g, struct dice *d)
{
    for (uint32_t k = 0; k < COUNT(garments); k++) {
        if (k % 2 == 0 && garments[k].group != GROUP_EXTRAS)
            continue;
        uint32_t at = g->style_count;
        struct style *s = add_style(g, &garments[k], d);
        s->basic = true;
        s->pull = s->pull > 200 ? 200 : s->pull;
        s->wave = 1;
        s->launch_day = g->days->first_day - 60;
        snprintf(s->season, sizeof(s->season), "常青");
        snprintf(s->name, sizeof(s->name), "经典%s", garments[k].noun);
        add_skus(g, at);
    }
}

static void add_season(struct goods *g, int year, uint8_t half, struct dice *d)
{
    int32_t start = half == SPRING ? clock_day_of(year, 1, 12) : clock_day_of(year, 7, 18);
    for (uint32_t k = 0; k < COUNT(garments); k++)
        for (uint32_t i = 0; (garments[k].seasons & half) && i < garments[k].styles; i++) {
            uint32_t at = g->style_count;
            struct style *s = add_style(g, &garments[k], d);
            s->wave = (uint8_t)(1 + dice_below(d, 4));
            s->launch_day = start + (s->wave - 1) * 26 + (int32_t)dice_below(d, 6);
            uint32_t nth = g->next_code[garments[k].group];
            snprintf(s->season, sizeof(s->season), "%04u%s", (unsigned)year % 10000U, half == SPRING ? "SS" : "AW");
            snprintf(s->name, sizeof(s->name), "%s%s%s", fabrics[half == AUTUMN][(nth * 3) % 8], details[(nth / 2) % COUNT(details)], garments[k].noun);
            add_skus(g, at);
        }
}

void goods_init(struct goods *g, uint64_t seed, const struct days *days)
{
    struct dice d = dice_new(dice_mix(seed, 0x600D5));
    int year, month, date;
    int32_t last = days->first_day + days->count;
    *g = (struct goods){.days = days};
    add_fixed(g, &d);
    add_basics(g, &d);
    clock_civil(days->first_day - 200, &year, &month, &date);
    for (; clock_day_of(year, 1, 12) < last; year++) {
        if (clock_day_of(year, 1, 12) > days->first_day - 240)
            add_season(g, year, SPRING, &d);
        if (clock_day_of(year, 7, 18) < last && clock_day_of(year, 7, 18) > days->first_day - 240)
            add_season(g, year, AUTUMN, &d);
    }
}

/* How much of its pull a style has at an age in days, permille. */
static uint32_t freshness(const struct style *s, int32_t age)
{
    static const struct {
        int32_t age;
        uint32_t permille;
    } steps[] = {{0, 0}, {14, 1300}, {60, 1000}, {120, 600}, {170, 300}, {220, 120}};
    if (s->basic)
        return age < 0 ? 0 : 450;
    for (uint32_t i = 0; i < COUNT(steps); i++)
        if (age < steps[i].age)
            return steps[i].permille;
    return 0;
}

void goods_set_day(struct goods *g, int32_t day)
{
    for (uint32_t r = 0; r < GROUP_COUNT; r++)
        g->rails[r].count = 0;
    for (uint32_t i = 0; i < g->style_count; i++) {
        const struct style *s = &g->styles[i];
        struct rail *r = &g->rails[s->garment->group];
        uint32_t weight = s->pull * freshness(s, day - s->launch_day) / 100;
        if (weight == 0)
            continue;
        r->style[r->count] = (uint16_t)i;
        r->sum[r->count] = weight + (r->count ? r->sum[r->count - 1] : 0);
        r->count++;
    }
}

uint32_t goods_pick_style(const struct goods *g, enum goods_group group, struct dice *d)
{
    const struct rail *r = &g->rails[group];
    uint32_t low = 0, high = r->count - 1, at = dice_below(d, r->sum[r->count - 1]);
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (at < r->sum[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return r->style[low];
}

uint32_t goods_pick_sku(const struct goods *g, uint32_t style, uint32_t size, int32_t day, struct dice *d)
{
    const struct style *s = &g->styles[style];
    uint32_t sizes = size_count(s->garment), colour_count = s->colour_count;
    if (style == g->shrinking && day < g->lot_day)
        colour_count = 2; /* the second lot, in 05, is not there yet */
    if (sizes > 1 && dice_chance(d, 120))
        size = size == 0 ? 1 : size - 1;
    return s->first_sku + dice_below(d, colour_count) * sizes + (sizes > 1 ? size : 0);
}

bool goods_is_shrinking(const struct goods *g, uint32_t sku)
{
    return g->skus[sku].style == g->shrinking && g->skus[sku].colour == 5;
}

uint32_t goods_other_size(const struct goods *g, uint32_t sku, struct dice *d)
{
    const struct sku *k = &g->skus[sku];
    if (size_count(g->styles[k->style].garment) == 1)
        return sku;
    if (k->size == 0)
        return sku + 1;
    return k->size == SIZES - 1 || dice_chance(d, 400) ? sku - 1 : sku + 1;
}

/* EAN-13 in the range for a company's own use (prefix 200), so that no real product is named. */
static void write_barcode(struct buf *b, uint32_t sku)
{
    char code[13];
    uint64_t body = UINT64_C(200100000000) + sku;
    uint32_t sum = 0;
    for (int i = 11; i >= 0; i--) {
        uint32_t digit = (uint32_t)(body % 10);
        body /= 10;
        code[i] = (char)('0' + digit);
        sum += digit * (i % 2 ? 3 : 1);
    }
    code[12] = (char)('0' + (10 - sum % 10) % 10);
    buf_add_bytes(b, code, sizeof(code));
}

static void write_row(const struct goods *g, uint32_t sku, struct jw *w)
{
    const struct sku *k = &g->skus[sku];
    const struct style *s = &g->styles[k->style];
    char text[24];
    struct buf barcode = BUF_INIT(16);
    write_barcode(&barcode, sku);
    jw_object(w);
    jw_kv_z(w, "style", s->code);
    jw_kv_z(w, "style_name", s->name);
    jw_kv_z(w, "category", s->garment->category);
    jw_kv_z(w, "brand", "知禾");
    jw_kv_z(w, "season", s->season);
    jw_kv_z(w, "wave", s->wave == 1 ? "1" : s->wave == 2 ? "2" : s->wave == 3 ? "3" : "4");
    jw_key(w, "launch_day");
    jw_day(w, s->launch_day);
    jw_kv_z(w, "sku", k->code);
    jw_kv_z(w, "color", goods_colour(k->colour));
    jw_kv_z(w, "size", goods_size(g, k));
    jw_kv_str(w, "barcode", buf_str(&barcode));
    jw_kv_money(w, "list_price", s->list_minor, 2);
    jw_kv_money(w, "floor_price", s->floor_minor, 2);
    jw_kv_money(w, "cost", s->cost_minor, 2);
    jw_kv_z(w, "tax_rate", "13");
    snprintf(text, sizeof(text), "%s-%02u", s->garment->key, k->colour % 100U);
    jw_kv_z(w, "image", text);
    jw_object_end(w);
    buf_free(&barcode);
}

/* One body from SKU *at on; *at moves behind the last row taken. */
static enum rc feed_body(const struct goods *g, int32_t day, bool first, uint32_t *at, struct buf *b, const struct demo_sink *sink)
{
    uint32_t rows = 0;
    buf_reset(b);
    struct jw w = jw_on(b);
    jw_object(&w);
    jw_key(&w, "products");
    jw_array(&w);
    for (; *at < g->sku_count && rows < 200; (*at)++) {
        int32_t launch = g->styles[g->skus[*at].style].launch_day;
        if (first ? launch > day : launch != day)
            continue;
        write_row(g, *at, &w);
        rows++;
    }
    jw_array_end(&w);
    jw_object_end(&w);
    return rows ? sink->send(sink->arg, DEMO_PRODUCTS, day * US_PER_DAY - DEMO_ZONE_S * US_PER_S, buf_str(b)) : RC_OK;
}

enum rc goods_feed(const struct goods *g, int32_t day, bool first, struct buf *b, const struct demo_sink *sink)
{
    for (uint32_t at = 0; at < g->sku_count;) {
        enum rc rc = feed_body(g, day, first, &at, b, sink);
        if (rc)
            return rc;
    }
    return RC_OK;
}

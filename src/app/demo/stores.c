/* The six stores, their assistants, and the sources that stand before the channels. */
#include "app/demo/demo_priv.h"
#include "json/json.h"

const struct demo_source demo_sources[DEMO_CHANNEL_COUNT] = {
    [DEMO_STORES] = {DEMO_STORES, "head-office", "总部主数据", "server", "", "", true, false},
    [DEMO_PRODUCTS] = {DEMO_PRODUCTS, "head-office", "总部主数据", "server", "", "", true, false},
    [DEMO_CUSTOMERS] = {DEMO_CUSTOMERS, "crm", "门店开卡", "server", "store", "", true, false},
    [DEMO_SHOP_SERVER] = {DEMO_SHOP_SERVER, "web-shop", "网店服务器", "server", "web", "web-shop", true, false},
    [DEMO_BROWSER] = {DEMO_BROWSER, "web-shop-pages", "网店页面", "web", "web", "web-shop", false, false},
    [DEMO_WECHAT] = {DEMO_WECHAT, "wechat", "微信服务号", "server", "wechat", "", true, false},
    [DEMO_TILL] = {DEMO_TILL, "tills", "门店收银", "till", "store", "", true, true},
};

const struct shop demo_shops[DEMO_STORES_COUNT] = {
    [STORE_SH01] = {"SH01", "上海静安店", "华东", "上海市", "上海市", {"静安区", "普陀区", "黄浦区"}, 220, 'A', 8},
    [STORE_SH02] = {"SH02", "上海徐汇店", "华东", "上海市", "上海市", {"徐汇区", "长宁区", "闵行区"}, 190, 'B', 6},
    [STORE_HZ01] = {"HZ01", "杭州湖滨店", "华东", "浙江省", "杭州市", {"上城区", "西湖区", "拱墅区"}, 160, 'H', 6},
    [STORE_NJ01] = {"NJ01", "南京新街口店", "华东", "江苏省", "南京市", {"秦淮区", "鼓楼区", "玄武区"}, 150, 'N', 6},
    {"CD01", "成都春熙路店", "西南", "四川省", "成都市", {"锦江区", "青羊区", "武侯区"}, 140, 'C', 5},
    {"GZ01", "广州天河店", "华南", "广东省", "广州市", {"天河区", "越秀区", "海珠区"}, 140, 'G', 5},
};

void stores_write_feed(struct buf *b)
{
    struct jw w = jw_on(b);
    jw_object(&w);
    jw_key(&w, "stores");
    jw_array(&w);
    for (size_t i = 0; i < DEMO_STORES_COUNT; i++) {
        const struct shop *s = &demo_shops[i];
        jw_object(&w);
        jw_kv_z(&w, "code", s->code);
        jw_kv_z(&w, "name", s->name);
        jw_kv_z(&w, "region", s->region);
        jw_kv_z(&w, "city", s->city);
        jw_kv_z(&w, "kind", i == DEMO_STORES_COUNT - 1 ? "franchised" : "own");
        jw_kv_i64(&w, "zone_offset_minutes", DEMO_ZONE_S / 60);
        jw_kv_i64(&w, "day_cut_minutes", 240);
        jw_object_end(&w);
    }
    jw_array_end(&w);
    jw_object_end(&w);
}

void staff_write_no(struct buf *b, uint32_t store, uint32_t assistant)
{
    buf_add_byte(b, demo_shops[store].staff_letter);
    text_digits(b, assistant, 2);
}

uint32_t staff_pick(struct dice *d, uint32_t store)
{
    if (store == STORE_HZ01 && dice_chance(d, 300))
        return ASSISTANT_LOSER;
    return 1 + dice_below(d, demo_shops[store].staff_count);
}

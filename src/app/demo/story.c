/* The five stories of the tour: a small cast with fixed names, phones, cards and accounts, and a script counted back from
 * the last day. What is hidden in the crowd instead (a sale, a lot, an assistant) is made in days.c, goods.c and people.c. */
#include "app/demo/demo_priv.h"

#include <assert.h>

const struct demo_story demo_stories[] = {
    {"till", "Recognised at the till", "card", "880000000101"},
    {"family", "One family phone, two people", "account", "u900102"},
    {"assistant", "The assistant's own phone", "card", "880000000104"},
    {"return", "Bought on the web, returned in a store", "card", "880000000105"},
    {"twice", "One person who was two customers", "card", "880000000106"},
    {.key = NULL},
};

static const struct cast casts[CAST_COUNT] = {
    {"沈静怡", "15400000101", "880000000101", "u900101", "shen.jingyi@example.com", "1991-05-12", STORE_SH01, 7, 2, true},
    {"周慧敏", "15400000102", "880000000102", "u900102", "zhou.huimin@example.com", "1972-09-03", STORE_HZ01, 1, 3, true},
    {"林子涵", "15400000102", "880000000103", "u900103", "lin.zihan@example.net", "2003-02-20", STORE_HZ01, 2, 1, true},
    {"李琳", "15400000104", "880000000104", "u900104", "li.lin@example.org", "1995-11-30", STORE_NJ01, ASSISTANT_OWN_PHONE, 2, true},
    {"何雨欣", "15400000105", "880000000105", "u900105", "he.yuxin@example.com", "1988-07-07", STORE_SH02, 2, 2, true},
    {"顾梦琪", "15400000106", "880000000106", "u900106", "gu.mengqi@example.com", "1993-03-15", STORE_SH01, 3, 2, true},
    {"顾梦琪", "15400000107", "880000000107", "u900107", "mengqi.gu@example.org", "1993-03-15", STORE_SH01, 3, 2, true},
};

const struct cast *cast_of(int64_t index)
{
    assert(index < 0 && index >= -CAST_COUNT);
    return &casts[-index - 1];
}

enum scene { SCENE_LOOK, SCENE_LOOK_KNOWN, SCENE_SCAN, SCENE_SALE, SCENE_FORM_SALE, SCENE_ORDER, SCENE_REGISTER_ORDER, SCENE_BIND, SCENE_TWENTY, SCENE_BRING_BACK };

static const struct step {
    int16_t days_back, minute;
    int8_t cast;
    uint8_t scene;
} script[] = {
    {9, 1270, CAST_TILL, SCENE_LOOK},
    {6, 750, CAST_TILL, SCENE_LOOK},
    {4, 812, CAST_TILL, SCENE_SCAN},
    {4, 820, CAST_TILL, SCENE_SALE},
    {1, 1215, CAST_TILL, SCENE_LOOK_KNOWN},

    {40, 1200, CAST_MOTHER, SCENE_REGISTER_ORDER},
    {30, 1260, CAST_DAUGHTER, SCENE_REGISTER_ORDER},
    {12, 1230, CAST_MOTHER, SCENE_ORDER},
    {11, 1300, CAST_DAUGHTER, SCENE_ORDER},

    {300, 700, CAST_ASSISTANT, SCENE_FORM_SALE},
    {25, 660, CAST_ASSISTANT, SCENE_TWENTY},
    {24, 660, CAST_ASSISTANT, SCENE_TWENTY},

    {150, 1000, CAST_RETURNER, SCENE_FORM_SALE},
    {20, 1245, CAST_RETURNER, SCENE_REGISTER_ORDER},
    {13, 930, CAST_RETURNER, SCENE_BRING_BACK},

    {200, 840, CAST_TWICE_STORE, SCENE_FORM_SALE},
    {120, 900, CAST_TWICE_STORE, SCENE_SALE},
    {60, 1020, CAST_TWICE_STORE, SCENE_SALE},
    {90, 1290, CAST_TWICE_WEB, SCENE_REGISTER_ORDER},
    {45, 1310, CAST_TWICE_WEB, SCENE_ORDER},
    {7, 1280, CAST_TWICE_WEB, SCENE_BIND},
};

enum { DRESS_M = 2, SIZES_A_COLOUR = 5 };

/* K1001 in a colour (0–2), size M. */
static uint32_t dress(const struct demo *g, uint32_t colour)
{
    return g->goods.styles[g->goods.dress].first_sku + colour * SIZES_A_COLOUR + DRESS_M;
}

static struct basket_line line_of(struct demo *g, uint32_t sku, bool web)
{
    struct price price = price_of(&g->goods, g->goods.skus[sku].style, g->civil_day, web, true);
    struct basket_line line = {.sku = sku, .quantity = 1, .paid_minor = price.minor};
    memcpy(line.promotion, price.promotion, sizeof(line.promotion));
    return line;
}

static uint32_t add_visit(struct demo *g, int64_t person, bool known)
{
    uint32_t who;
    struct visit *v = demo_add_visit(g, &who);
    v->person = person;
    v->device = (uint64_t)(person + 1000) * 4;
    v->logged_in = known;
    v->phone_screen = true;
    return who;
}

static void look(struct demo *g, int64_t person, int64_t at, bool known)
{
    uint32_t who = add_visit(g, person, known);
    demo_add_moment(g, at, ACT_PAGE, who, 0);
    demo_add_moment(g, at + 30 * US_PER_S, ACT_LIST, who, GROUP_WOMEN);
    for (uint32_t i = 0; i < 3; i++)
        demo_add_moment(g, at + (70 + 45 * i) * US_PER_S, ACT_VIEW, who, dress(g, i));
}

static void add_sale(struct demo *g, int64_t person, int64_t at, bool form)
{
    uint32_t who;
    struct receipt *r = demo_add_receipt(g, &who);
    const struct cast *c = cast_of(person);
    r->person = person;
    r->at_us = at;
    r->store = c->store;
    r->assistant = c->assistant;
    r->basket = (struct basket){.count = 1, .lines = {line_of(g, dress(g, 0), false)}};
    if (form)
        demo_add_moment(g, at - 240 * US_PER_S, ACT_FORM, who, 0);
    demo_add_moment(g, at, ACT_RECEIPT, who, 0);
}

static void add_order(struct demo *g, int64_t person, int64_t at, bool registers)
{
    uint32_t who = add_visit(g, person, !registers);
    struct visit *v = &g->visits[who];
    v->buys = true;
    v->number = ++g->order_number;
    v->basket = (struct basket){.count = 2, .lines = {line_of(g, dress(g, 2), true), line_of(g, dress(g, 1), true)}};
    demo_add_moment(g, at, ACT_PAGE, who, 0);
    demo_add_moment(g, at + 60 * US_PER_S, ACT_VIEW, who, v->basket.lines[0].sku);
    demo_add_moment(g, at + 90 * US_PER_S, ACT_ADD, who, v->basket.lines[0].sku);
    demo_add_moment(g, at + 120 * US_PER_S, ACT_ADD, who, v->basket.lines[1].sku);
    if (registers)
        demo_add_moment(g, at + 200 * US_PER_S, ACT_LOGIN, who, 0);
    demo_add_moment(g, at + 240 * US_PER_S, ACT_CHECKOUT, who, 0);
    demo_add_moment(g, at + 300 * US_PER_S, ACT_ORDER, who, 0);
    if (person == CAST_RETURNER) {
        g->returned_order = v->number;
        g->returned_day = g->civil_day;
        g->returned_line = v->basket.lines[0];
    }
}

/* The first piece of her web order, brought to a store. */
static void bring_back(struct demo *g, int64_t person, int64_t at)
{
    struct due back = {.person = person, .at_us = at, .what = DUE_STORE_RETURN, .sold_on_web = true, .number = g->returned_order,
                       .sold_day = g->returned_day, .line_no = 1, .line = g->returned_line};
    plan_return(g, &back);
}

/* Twenty walk-ins, and each time the assistant types her own phone to get them the member's price. */
static void add_twenty(struct demo *g, int64_t person, int64_t at)
{
    const struct cast *c = cast_of(person);
    for (uint32_t i = 0; i < 20; i++) {
        uint32_t who;
        struct receipt *r = demo_add_receipt(g, &who);
        r->typed_phone_of = person;
        r->at_us = at + i * INT64_C(1500) * US_PER_S;
        r->store = c->store;
        r->assistant = c->assistant;
        demo_fill_basket(g, &r->basket, NULL, false, g->civil_day);
        demo_add_moment(g, r->at_us, ACT_RECEIPT, who, 0);
    }
}

static void play(struct demo *g, const struct step *s)
{
    int64_t at = demo_midnight_us(g) + s->minute * 60 * US_PER_S;
    switch ((enum scene)s->scene) {
    case SCENE_LOOK: look(g, s->cast, at, false); break;
    case SCENE_LOOK_KNOWN: look(g, s->cast, at, true); break;
    case SCENE_SCAN: demo_add_moment(g, at, ACT_SCAN, add_visit(g, s->cast, false), 0); break;
    case SCENE_SALE: add_sale(g, s->cast, at, false); break;
    case SCENE_FORM_SALE: add_sale(g, s->cast, at, true); break;
    case SCENE_ORDER: add_order(g, s->cast, at, false); break;
    case SCENE_REGISTER_ORDER: add_order(g, s->cast, at, true); break;
    case SCENE_BIND: demo_add_moment(g, at, ACT_BIND_CARD, add_visit(g, s->cast, true), 0); break;
    case SCENE_TWENTY: add_twenty(g, s->cast, at); break;
    case SCENE_BRING_BACK: bring_back(g, s->cast, at); break;
    }
}

void plan_stories(struct demo *g, int32_t day)
{
    for (size_t i = 0; i < sizeof(script) / sizeof(script[0]); i++)
        if (g->days.count - 1 - script[i].days_back == day)
            play(g, &script[i]);
}

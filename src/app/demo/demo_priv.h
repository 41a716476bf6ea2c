/* What the demo's own files share. Nothing here is seen outside this folder. */
#ifndef ZX_APP_DEMO_DEMO_PRIV_H
#define ZX_APP_DEMO_DEMO_PRIV_H

#include "app/demo/demo.h"
#include "app/demo/dice.h"
#include "base/buf.h"
#include "base/clock.h"

enum {
    DEMO_DAYS_MAX = 3700,
    DEMO_DUE_DAYS = 64,          /* how far ahead a return can lie */
    DEMO_BASKET_LINES = 5,
    DEMO_STYLES_MAX = 1200,
    DEMO_SKUS_MAX = 24000,
    DEMO_ZONE_S = 8 * 3600,      /* China has one zone */
    DEMO_BATCH_ITEMS = 100,
    DEMO_BATCH_BYTES = 400 << 10,
};
#define NOBODY INT64_MIN         /* a walk-in or an unknown visitor */

/* ---- stores (stores.c) ---- */

enum { DEMO_STORES_COUNT = 6, DEMO_STAFF_MAX = 8 };
struct shop {
    const char *code, *name, *region, *province, *city;
    const char *districts[3];
    uint16_t weight;             /* share of the chain's receipts, permille */
    char staff_letter;
    uint8_t staff_count;
};
extern const struct shop demo_shops[DEMO_STORES_COUNT];
/* Two hidden stories sit on the floor: who sells much and loses customers, and who types her own phone. */
enum { STORE_SH01 = 0, STORE_SH02 = 1, STORE_HZ01 = 2, STORE_NJ01 = 3, ASSISTANT_LOSER = 3, ASSISTANT_OWN_PHONE = 5 };
void stores_write_feed(struct buf *b);
void staff_write_no(struct buf *b, uint32_t store, uint32_t assistant); /* "A07" */
/* Who serves: mostly the customer's own assistant; one of them takes far more than her share. */
uint32_t staff_pick(struct dice *d, uint32_t store);

/* ---- days (days.c) ---- */

enum festival { FESTIVAL_NONE, FESTIVAL_618, FESTIVAL_1111, FESTIVAL_SPRING };
struct days {
    int32_t first_day, count;    /* civil days since 1970, in China */
    int32_t bad_618_day;         /* 18 June that wins June and loses the year; 0 if none fits */
    double store[DEMO_DAYS_MAX], web[DEMO_DAYS_MAX]; /* weights, summing to 1 */
};
void days_init(struct days *d, int64_t now_us, int32_t years);
/* A day's part of a total. Cumulative, so that the days add up to it whatever the rounding. */
int64_t days_share(const double *weights, int32_t day, int64_t total);
/* Which sale runs on a civil day. */
enum festival days_festival(int32_t day);
bool days_in_bad_618(const struct days *d, int32_t day);
/* First day of the Spring Festival of a year (own table, 2015–2035), 0 outside. */
int32_t days_spring_festival(int year);
/* Seconds after midnight of a visit on the web, or of a sale in a store. */
int32_t days_web_second(struct dice *d);
int32_t days_store_second(struct dice *d);

/* ---- goods (goods.c, prices.c) ---- */

enum goods_group { GROUP_WOMEN, GROUP_MEN, GROUP_KIDS, GROUP_EXTRAS, GROUP_COUNT };
struct garment {
    const char *key, *category, *noun; /* key: of the drawing web/public/garments/<key>-<colour>.svg */
    enum goods_group group;
    uint16_t list_low, list_high;      /* yuan */
    uint8_t seasons;                   /* bits: 1 spring/summer, 2 autumn/winter */
    uint8_t styles;                    /* new ones a season */
    uint8_t sizes;                     /* index into size rows */
};
struct style {
    const struct garment *garment;
    char code[8];
    char name[72];
    char season[8];
    int32_t launch_day;                /* civil */
    uint8_t wave;
    bool basic;                        /* never goes out of season */
    uint8_t colours[4], colour_count;
    int32_t list_minor, floor_minor, cost_minor;
    uint32_t pull;                     /* popularity */
    uint32_t first_sku, sku_count;
};
struct sku {
    uint16_t style;
    uint8_t colour, size;
    char code[16];
};
/* What hangs on the rails today, by group, as growing sums of weights. */
struct rail {
    uint16_t style[DEMO_STYLES_MAX];
    uint32_t sum[DEMO_STYLES_MAX];
    uint32_t count;
};
struct goods {
    struct style styles[DEMO_STYLES_MAX];
    struct sku skus[DEMO_SKUS_MAX];
    uint32_t style_count, sku_count;
    struct rail rails[GROUP_COUNT];
    uint32_t next_code[GROUP_COUNT];
    uint32_t dress, shrinking;         /* styles of the stories: K1001 and M1001 */
    int32_t lot_day;                   /* civil: from here on M1001 in 05 is the lot that shrinks */
    const struct days *days;
};
void goods_init(struct goods *g, uint64_t seed, const struct days *days);
/* Feed rows of styles launched on a civil day (or before the window, with `first`) into {"products":[…]} bodies of at most
 * 200 rows; each is handed to `send`. */
enum rc goods_feed(const struct goods *g, int32_t day, bool first, struct buf *b, const struct demo_sink *sink) ZX_MUST_CHECK; /* stamped with the day's start */
void goods_set_day(struct goods *g, int32_t day);
/* A style of the group from the rails; a SKU of the style in a size near `size` (0–4). */
uint32_t goods_pick_style(const struct goods *g, enum goods_group group, struct dice *d);
uint32_t goods_pick_sku(const struct goods *g, uint32_t style, uint32_t size, int32_t day, struct dice *d);
bool goods_is_shrinking(const struct goods *g, uint32_t sku);
/* The same style and colour in another size; the SKU itself where there is one size only. */
uint32_t goods_other_size(const struct goods *g, uint32_t sku, struct dice *d);
const char *goods_colour(uint32_t colour); /* "02 米白" */
const char *goods_size(const struct goods *g, const struct sku *s);

struct price {
    int32_t minor;               /* of one piece, VAT included */
    char promotion[16];          /* "", "618-2025", "SEASON-END", "MEMBER" */
};
struct price price_of(const struct goods *g, uint32_t style, int32_t day, bool web, bool member);

/* ---- people (people.c, names.c) ---- */

enum { SIDE_WEB = 1, SIDE_STORE = 2 };
struct person {
    int64_t index;               /* below 0: of the stories */
    uint64_t hash;
    uint8_t sides, first_side;   /* where she buys, and where she came first */
    bool female, lead;           /* lead: registered, never buys */
    uint8_t home_store, assistant;
    uint8_t taste, size;         /* favourite group; 0–4 */
    int32_t first_day, second_day, last_day; /* of the window, from 0; second_day: on her other side, INT32_MAX never */
};
struct people {
    uint64_t seed;
    int64_t count;
    uint64_t phone_start;
    const struct days *days;
    int64_t joined[DEMO_DAYS_MAX]; /* people who have come by the end of a day of the window */
};
void people_init(struct people *all, int64_t count, uint64_t seed, const struct days *days);
struct person person_at(const struct people *all, int64_t index);
/* Somebody who buys on this side, has come by that day and still comes; NOBODY when none is found in a few tries. */
int64_t people_pick(const struct people *all, uint8_t side, int32_t day, struct dice *d);

void person_write_name(struct buf *b, const struct people *all, int64_t index);
void person_write_phone(struct buf *b, const struct people *all, int64_t index);
void person_write_email(struct buf *b, int64_t index);
void person_write_card(struct buf *b, int64_t index);
void person_write_account(struct buf *b, int64_t index);
void person_write_birthday(struct buf *b, const struct person *p);
void person_write_form(struct buf *b, const struct people *all, const struct person *p);
bool person_has_email(const struct person *p);
bool person_follows_wechat(const struct person *p);

/* A family name and a given name out of our own lists, as they are commonly given; now and then a Latin name or one with a dot. */
void name_write(struct buf *b, uint64_t word, bool female);

/* ---- the cast of the stories (story.c) ---- */

enum {
    CAST_TILL = -1, CAST_MOTHER = -2, CAST_DAUGHTER = -3, CAST_ASSISTANT = -4, CAST_RETURNER = -5, CAST_TWICE_STORE = -6, CAST_TWICE_WEB = -7,
    CAST_COUNT = 7,
};
struct cast {
    const char *name, *phone, *card, *account, *email, *birthday;
    uint8_t store, assistant, size;
    bool female;
};
const struct cast *cast_of(int64_t index);

/* ---- documents and events (receipts.c, events.c) ---- */

struct basket_line {
    uint32_t sku;
    int32_t quantity;
    int32_t paid_minor;          /* for the line */
    char promotion[16];
};
struct basket {
    struct basket_line lines[DEMO_BASKET_LINES];
    uint32_t count;
    int32_t discount_minor;      /* of the whole document */
};

/* What is sold back, kept from the sale until it is due. */
struct due {
    int64_t person;
    int64_t at_us;
    enum { DUE_WEB_REFUND, DUE_WEB_CANCEL, DUE_STORE_RETURN, DUE_STORE_EXCHANGE } what;
    bool sold_on_web;            /* a web order brought to a store */
    bool shrunk;
    uint8_t store, till;
    uint32_t number;             /* of the receipt or order within its day */
    int32_t sold_day;            /* civil */
    int32_t line_no;
    struct basket_line line;
};
struct due_list {
    struct due *items;
    size_t count, cap;
};

struct receipt {
    int64_t person, at_us;
    uint8_t store, assistant, helper; /* helper: takes 40 %, or 255 */
    uint32_t number;
    bool phone_only;             /* the till got a phone, not the card */
    int64_t typed_phone_of;      /* somebody else's phone was typed; NOBODY */
    struct basket basket;
    struct due due;              /* with is_return */
    bool is_return;
    uint32_t exchanged_for;      /* SKU, with DUE_STORE_EXCHANGE */
};

/* One visit of the web shop. */
struct visit {
    int64_t person;              /* or NOBODY */
    uint64_t device;
    bool logged_in, registers;
    bool phone_screen;
    uint8_t origin;              /* where she came from */
    uint32_t number;             /* of its order within the day */
    bool buys;
    struct basket basket;
};

/* The names of e-commerce events, and the acts of a shop's server. */
enum act {
    ACT_PAGE, ACT_LIST, ACT_SEARCH, ACT_VIEW, ACT_ADD, ACT_REMOVE, ACT_WISH, ACT_CART, ACT_CHECKOUT, ACT_PAYMENT,
    ACT_LOGIN,                   /* trusted identify from the shop's server */
    ACT_ORDER, ACT_REFUND, ACT_CANCEL, ACT_BIND_CARD, ACT_SCAN,
    ACT_FOLLOW,                  /* of the WeChat account */
    ACT_RECEIPT, ACT_FORM,
};

/* One thing that happens on a day; sorted by time, then told. */
struct moment {
    int64_t at_us;
    uint32_t order;              /* keeps equal times in the order they were made */
    uint8_t act;
    uint32_t who;                /* index of a visit, receipt, due or story step */
    uint32_t what;               /* a SKU or group */
};

struct channel_buf {
    struct buf body;
    uint32_t items;
    int64_t last_us;             /* when the newest of them happened */
};

/* All of one generation. */
struct demo {
    struct demo_options options;
    const struct demo_sink *sink;
    struct days days;
    struct people people;
    struct goods goods;
    struct dice dice;
    struct due_list due[DEMO_DUE_DAYS];
    struct due_list today;       /* what is due on the day at hand */
    int64_t person_today;        /* first of those who come today */
    struct moment *moments;
    size_t moment_count, moment_cap;
    struct visit *visits;
    size_t visit_count, visit_cap;
    struct receipt *receipts;
    size_t receipt_count, receipt_cap;
    struct channel_buf channels[DEMO_CHANNEL_COUNT];
    uint32_t order_number, receipt_numbers[DEMO_STORES_COUNT];
    uint64_t message_number;
    uint32_t returned_order;     /* of the story of a web order that is brought to a store */
    int32_t returned_day;
    struct basket_line returned_line;
    int32_t civil_day;           /* the day at hand */
    struct demo_progress totals;
    struct buf scratch;
};

struct demo *demo_new(const struct demo_options *o, const struct demo_sink *sink);
void demo_free(struct demo *g);
MEM_DEFINE_CLEANUP(struct demo, demo_free)
/* The start of the day at hand, µs UTC. */
int64_t demo_midnight_us(const struct demo *g);
void demo_add_moment(struct demo *g, int64_t at_us, enum act act, uint32_t who, uint32_t what);
struct visit *demo_add_visit(struct demo *g, uint32_t *ret_index);
struct receipt *demo_add_receipt(struct demo *g, uint32_t *ret_index);
void demo_add_due(struct demo *g, struct due item); /* into the list of its day; too far ahead is dropped */
void demo_fill_basket(struct demo *g, struct basket *b, const struct person *p, bool web, int32_t day);
/* A line less its part of the document's discount: what a return gives back, never more than was paid. */
struct basket_line demo_line_net(const struct basket *b, uint32_t i);

/* Plans of a day (visits.c, receipts.c, story.c): they only add moments. */
void plan_visits(struct demo *g, int32_t day);
void plan_receipts(struct demo *g, int32_t day);
void plan_stories(struct demo *g, int32_t day);
/* Single ones, for the trickle too: a visit without buying, an order of somebody who comes again, a member's receipt. */
void plan_browsing(struct demo *g, int32_t day, int64_t at);
void plan_repeat_order(struct demo *g, int32_t day, int64_t at);
void plan_member_sale(struct demo *g, int32_t day, int64_t at);
void plan_visit(struct demo *g, struct visit v, int64_t at_us);
void plan_return(struct demo *g, const struct due *back);
void plan_order_returns(struct demo *g, const struct visit *v, int64_t at_us);

/* Telling (events.c, receipts.c, demo.c): appends to the bodies of the channels; a full body is sent. */
enum rc tell_event(struct demo *g, const struct moment *m) ZX_MUST_CHECK;
enum rc tell_receipt(struct demo *g, const struct moment *m) ZX_MUST_CHECK;
enum rc tell_form(struct demo *g, int64_t person, int64_t at_us) ZX_MUST_CHECK;
/* Starts an item of a channel's list; tell_end() sends the body when it is full. */
struct buf *tell_begin(struct demo *g, enum demo_channel channel);
enum rc tell_end(struct demo *g, enum demo_channel channel) ZX_MUST_CHECK;
enum rc tell_flush(struct demo *g) ZX_MUST_CHECK;
enum rc tell_moment(struct demo *g, const struct moment *m) ZX_MUST_CHECK;

/* ---- small writers (text.c) ---- */

void text_digits(struct buf *b, uint64_t value, uint32_t width);     /* zero-padded, at most 20 */
void text_money(struct buf *b, int64_t minor);                       /* 399.00, no quotes */
void text_local_time(struct buf *b, int64_t at_us);                  /* "2026-03-01T13:40:00.000+08:00" without quotes */
void text_date_digits(struct buf *b, int32_t civil_day);             /* 20260301 */

#endif

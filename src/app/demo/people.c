/* The people. Nobody is kept in memory: all that is known of a person follows from the seed and her number, and numbers go
 * by the day on which she first comes. Phones start with 154, a prefix that no operator gives to subscribers
 * (docs/demo.md), so that no real person's number can appear. */
#include "app/demo/demo_priv.h"
#include "json/json.h"

#include <assert.h>

enum { FIRST_RUSH_DAYS = 90, FIRST_RUSH_PERMILLE = 350, PHONE_FIRST = 10000000, PHONE_ROOM = 90000000 };
/* Prime to PHONE_ROOM, so each number is used once; and its inverse, the way back from a phone to its person. */
static const uint64_t phone_step = 38196601, phone_unstep = 77363401;

/* A third were customers before the window and show up in its first months; the rest come as sales go. */
static void fill_joined(struct people *all)
{
    int32_t count = all->days->count, rush = count < 4 * FIRST_RUSH_DAYS ? (count + 3) / 4 : FIRST_RUSH_DAYS;
    double come = 0;
    for (int32_t i = 0; i < count; i++) {
        double rushed = (double)(i + 1 < rush ? i + 1 : rush) / rush * FIRST_RUSH_PERMILLE / 1000;
        come += (all->days->store[i] + all->days->web[i]) / 2 * (1000 - FIRST_RUSH_PERMILLE) / 1000;
        all->joined[i] = (int64_t)((double)all->count * (rushed + come) + 0.5);
    }
    all->joined[count - 1] = all->count;
}

static uint64_t phone_start_of(uint64_t seed)
{
    return dice_mix(seed, 0xCA11) % PHONE_ROOM;
}

void people_init(struct people *all, int64_t count, uint64_t seed, const struct days *days)
{
    assert(count > 0 && count <= DEMO_CUSTOMERS_MAX);
    *all = (struct people){.seed = dice_mix(seed, 0xFACE), .count = count, .days = days};
    all->phone_start = phone_start_of(seed);
    fill_joined(all);
}

static int32_t first_day_of(const struct people *all, int64_t index)
{
    int32_t low = 0, high = all->days->count - 1;
    while (low < high) {
        int32_t middle = (low + high) / 2;
        if (index < all->joined[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Facts by purpose: each draws its own word. */
static uint32_t fact(uint64_t hash, uint32_t purpose, uint32_t n)
{
    return dice_scale(dice_mix(hash, purpose), n);
}

static uint8_t sides_of(uint64_t hash)
{
    uint32_t r = fact(hash, 1, 1000);
    return r < 570 ? SIDE_STORE : r < 870 ? SIDE_WEB : SIDE_WEB | SIDE_STORE;
}

static uint8_t store_of(uint64_t hash)
{
    uint16_t weights[DEMO_STORES_COUNT];
    for (uint32_t i = 0; i < DEMO_STORES_COUNT; i++)
        weights[i] = demo_shops[i].weight;
    return (uint8_t)dice_weighted(dice_mix(hash, 3), weights, DEMO_STORES_COUNT, 1000);
}

static uint8_t taste_of(uint64_t hash, bool female)
{
    static const uint16_t women[GROUP_COUNT] = {700, 60, 120, 120}, men[GROUP_COUNT] = {80, 740, 80, 100};
    return (uint8_t)dice_weighted(dice_mix(hash, 5), female ? women : men, GROUP_COUNT, 1000);
}

/* Her other side comes some days after the first, if the window has room for it. */
static int32_t second_day_of(const struct people *all, uint64_t hash, int32_t first_day)
{
    static const int32_t gaps[] = {150, 90, 60, 30, 14, 3};
    for (uint32_t i = fact(hash, 6, 6); i < 6; i++)
        if (first_day + gaps[i] < all->days->count)
            return first_day + gaps[i];
    return INT32_MAX;
}

static int32_t lifetime_of(const struct people *all, const struct person *p)
{
    uint32_t r = fact(p->hash, 7, 1000), lot = fact(p->hash, 8, 1000);
    int32_t civil = all->days->first_day + p->first_day;
    if (p->sides == SIDE_STORE && p->home_store == STORE_HZ01 && p->assistant == ASSISTANT_LOSER && lot < 800)
        return 0;
    if (p->first_side == SIDE_WEB && days_in_bad_618(all->days, civil) && lot < 850)
        return 8;
    return r < 250 ? 30 + (int32_t)lot / 10 : r < 600 ? 200 + (int32_t)lot * 3 / 10 : DEMO_DAYS_MAX;
}

static struct person cast_person(int64_t index)
{
    const struct cast *c = cast_of(index);
    return (struct person){.index = index, .hash = dice_mix(77, (uint64_t)-index), .sides = SIDE_WEB | SIDE_STORE, .first_side = SIDE_STORE,
                           .female = c->female, .home_store = c->store, .assistant = c->assistant, .taste = GROUP_WOMEN, .size = c->size,
                           .second_day = INT32_MAX, .last_day = DEMO_DAYS_MAX};
}

struct person person_at(const struct people *all, int64_t index)
{
    if (index < 0)
        return cast_person(index);
    struct person p = {.index = index, .hash = dice_mix(all->seed, (uint64_t)index)};
    p.sides = sides_of(p.hash);
    p.first_side = p.sides != (SIDE_WEB | SIDE_STORE) ? p.sides : fact(p.hash, 2, 2) ? SIDE_WEB : SIDE_STORE;
    p.home_store = store_of(p.hash);
    p.assistant = (uint8_t)(1 + fact(p.hash, 9, demo_shops[p.home_store].staff_count));
    if (p.home_store == STORE_HZ01 && fact(p.hash, 10, 1000) < 300)
        p.assistant = ASSISTANT_LOSER;
    p.female = fact(p.hash, 4, 1000) < 720;
    p.lead = p.sides == SIDE_WEB && fact(p.hash, 11, 1000) < 50;
    p.taste = taste_of(p.hash, p.female);
    p.size = (uint8_t)((fact(p.hash, 12, 3) + fact(p.hash, 13, 3)) % 5);
    p.first_day = first_day_of(all, index);
    p.second_day = p.first_side == p.sides ? INT32_MAX : second_day_of(all, p.hash, p.first_day);
    int32_t life = lifetime_of(all, &p);
    p.last_day = p.first_day + life;
    return p;
}

int64_t people_pick(const struct people *all, uint8_t side, int32_t day, struct dice *d)
{
    static const uint16_t pace[] = {1000, 500, 500, 180, 180, 180, 180, 180}; /* how often she comes again */
    int64_t come = day > 0 ? all->joined[day - 1] : 0;
    if (come == 0)
        return NOBODY;
    for (int tries = 0; tries < 100; tries++) {
        int64_t index = dice_below(d, (uint32_t)come);
        uint64_t hash = dice_mix(all->seed, (uint64_t)index);
        if (!(sides_of(hash) & side) || !dice_chance(d, pace[fact(hash, 14, 8)]))
            continue;
        struct person p = person_at(all, index);
        if (day <= p.last_day && !p.lead && (p.first_side == side || day > p.second_day))
            return index;
    }
    return NOBODY;
}

bool person_has_email(const struct person *p)
{
    return p->index < 0 || fact(p->hash, 20, 1000) < 550;
}

bool person_follows_wechat(const struct person *p)
{
    return p->index >= 0 && fact(p->hash, 21, 1000) < 220;
}

void person_write_name(struct buf *b, const struct people *all, int64_t index)
{
    if (index < 0) {
        buf_addz(b, cast_of(index)->name);
        return;
    }
    uint64_t hash = dice_mix(all->seed, (uint64_t)index);
    name_write(b, dice_mix(hash, 22), fact(hash, 4, 1000) < 720);
}

void person_write_phone(struct buf *b, const struct people *all, int64_t index)
{
    if (index < 0) {
        buf_addz(b, cast_of(index)->phone);
        return;
    }
    buf_addz(b, "154");
    text_digits(b, PHONE_FIRST + (all->phone_start + (uint64_t)index * phone_step) % PHONE_ROOM, 8);
}

bool demo_account_of_phone(const struct demo_options *o, struct str phone, char ret_account[static 24])
{
    uint64_t number;
    struct buf account = {.ptr = ret_account, .cap = 24, .max = 24};
    int64_t index = 0;
    if (phone.len != 11 || !str_starts(phone, STR("154")) || !str_u64(str_sub(phone, 3, 11), &number))
        return false;
    for (int64_t i = -1; i >= -CAST_COUNT && index == 0; i--)
        if (str_eqz(phone, cast_of(i)->phone))
            index = i;
    if (index == 0 && number < PHONE_FIRST)
        return false;
    if (index == 0)
        index = (int64_t)((number - PHONE_FIRST + PHONE_ROOM - phone_start_of(o->seed)) % PHONE_ROOM * phone_unstep % PHONE_ROOM);
    if (index >= o->customers)
        return false;
    person_write_account(&account, index);
    buf_add_byte(&account, '\0');
    return true;
}

void person_write_email(struct buf *b, int64_t index)
{
    static const char *const domains[] = {"@example.com", "@example.net", "@example.org"};
    if (index < 0) {
        buf_addz(b, cast_of(index)->email);
        return;
    }
    buf_addz(b, "zh");
    buf_add_i64(b, 10000 + index);
    buf_addz(b, domains[index % 3]);
}

void person_write_card(struct buf *b, int64_t index)
{
    if (index < 0) {
        buf_addz(b, cast_of(index)->card);
        return;
    }
    buf_addz(b, "8800");
    text_digits(b, (uint64_t)(10000000 + index), 8);
}

void person_write_account(struct buf *b, int64_t index)
{
    if (index < 0) {
        buf_addz(b, cast_of(index)->account);
        return;
    }
    buf_add_byte(b, 'u');
    buf_add_i64(b, 1000000 + index);
}

void person_write_birthday(struct buf *b, const struct person *p)
{
    if (p->index < 0) {
        buf_addz(b, cast_of(p->index)->birthday);
        return;
    }
    clock_add_day(b, clock_day_of(1962, 1, 1) + (int32_t)((fact(p->hash, 23, 16000) + fact(p->hash, 24, 16000)) / 2));
}

static void write_address(struct jw *w, const struct person *p)
{
    static const char *const roads[] = {"桂花路", "梧桐路", "晨光路", "望江路", "书院街", "青柳路", "和风街", "丰和路", "石榴巷", "银杏大道"};
    const struct shop *s = &demo_shops[p->home_store];
    struct buf street = BUF_INIT(128);
    buf_addf(&street, "%s%u号%u栋%u室", roads[fact(p->hash, 25, 10)], 1 + fact(p->hash, 26, 300), 1 + fact(p->hash, 27, 20),
             101 + fact(p->hash, 28, 25) * 100 + fact(p->hash, 29, 4));
    jw_object(w);
    jw_kv_z(w, "province", s->province);
    jw_kv_z(w, "city", s->city);
    jw_kv_z(w, "district", s->districts[fact(p->hash, 30, 3)]);
    jw_kv_str(w, "street", buf_str(&street));
    jw_object_end(w);
    buf_free(&street);
}

static void write_sizes(struct jw *w, const struct person *p)
{
    static const char *const top[] = {"XS", "S", "M", "L", "XL"}, *const men_top[] = {"S", "M", "L", "XL", "XXL"};
    static const char *const bottom[] = {"25", "26", "27", "28", "29"}, *const men_bottom[] = {"30", "31", "32", "33", "34"};
    static const char *const shoe[] = {"35", "36", "37", "38", "39"}, *const men_shoe[] = {"40", "41", "42", "43", "44"};
    jw_key(w, "sizes");
    jw_object(w);
    jw_kv_z(w, "top", p->female ? top[p->size] : men_top[p->size]);
    jw_kv_z(w, "bottom", p->female ? bottom[p->size] : men_bottom[p->size]);
    jw_kv_z(w, "shoe", p->female ? shoe[p->size] : men_shoe[p->size]);
    jw_object_end(w);
}

/* "key":["value"] */
static void write_one(struct jw *w, const char *key, const struct buf *value)
{
    jw_key(w, key);
    jw_array(w);
    jw_str(w, buf_str(value));
    jw_array_end(w);
}

static void write_contacts(struct jw *w, const struct people *all, const struct person *p, struct buf *text)
{
    buf_reset(text);
    person_write_phone(text, all, p->index);
    write_one(w, "phones", text);
    if (person_has_email(p)) {
        buf_reset(text);
        person_write_email(text, p->index);
        write_one(w, "emails", text);
    }
    buf_reset(text);
    person_write_card(text, p->index);
    write_one(w, "cards", text);
}

static void write_tastes(struct jw *w, const struct person *p)
{
    static const char *const groups[GROUP_COUNT] = {"女装", "男装", "童装", "配饰"};
    static const char *const styles[] = {"简约", "通勤", "复古", "休闲", "法式", "运动"};
    jw_key(w, "tastes");
    jw_array(w);
    jw_str(w, str_z(groups[p->taste]));
    jw_str(w, str_z(styles[fact(p->hash, 31, 6)]));
    jw_array_end(w);
}

static const char *class_of(const struct person *p)
{
    uint32_t r = fact(p->hash, 32, 1000);
    if (p->index == CAST_ASSISTANT)
        return "staff";
    return p->index < 0 || r >= 6 ? "consumer" : r < 4 ? "staff" : "reseller";
}

void person_write_form(struct buf *b, const struct people *all, const struct person *p)
{
    struct buf text = BUF_INIT(256);
    struct jw w = jw_on(b);
    jw_object(&w);
    person_write_name(&text, all, p->index);
    jw_kv_str(&w, "name", buf_str(&text));
    jw_kv_z(&w, "gender", p->female ? "f" : "m");
    buf_reset(&text);
    person_write_birthday(&text, p);
    jw_kv_str(&w, "birthday", buf_str(&text));
    write_contacts(&w, all, p, &text);
    jw_key(&w, "addresses");
    jw_array(&w);
    if (fact(p->hash, 33, 1000) < 400)
        write_address(&w, p);
    jw_array_end(&w);
    jw_kv_z(&w, "home_store", demo_shops[p->home_store].code);
    buf_reset(&text);
    staff_write_no(&text, p->home_store, p->assistant);
    jw_kv_str(&w, "own_assistant", buf_str(&text));
    write_sizes(&w, p);
    write_tastes(&w, p);
    jw_kv_z(&w, "class", class_of(p));
    jw_kv_z(&w, "kind", "person");
    jw_kv_bool(&w, "member", true);
    jw_object_end(&w);
    buf_free(&text);
}

/* What a piece costs on a day: list price, member's price, end of season, the sales. Below the floor price sells only the
 * 618 that wins June and loses the year. */
#include "app/demo/demo_priv.h"

#include <stdio.h>

static int32_t season_permille(const struct style *s, int32_t age)
{
    if (s->basic || age < 75)
        return 1000;
    return age < 110 ? 800 : age < 150 ? 650 : 500;
}

static void name_promotion(struct price *p, const char *sale, int32_t day)
{
    int year, month, date;
    clock_civil(day, &year, &month, &date);
    snprintf(p->promotion, sizeof(p->promotion), "%s-%d", sale, year % 10000);
}

struct price price_of(const struct goods *g, uint32_t style, int32_t day, bool web, bool member)
{
    const struct style *s = &g->styles[style];
    int32_t permille = season_permille(s, day - s->launch_day), floor = s->floor_minor;
    struct price p = {.promotion = ""};
    enum festival festival = days_festival(day);
    if (permille < 1000)
        snprintf(p.promotion, sizeof(p.promotion), "SEASON-END");
    if (days_in_bad_618(g->days, day)) {
        permille = web ? 410 : permille * 7 / 10;
        floor = web ? 0 : floor;
        name_promotion(&p, "618", day);
    } else if (web && festival == FESTIVAL_618) {
        permille = permille * 85 / 100;
        name_promotion(&p, "618", day);
    } else if (festival == FESTIVAL_1111) {
        permille = permille * (web ? 75 : 88) / 100;
        name_promotion(&p, "1111", day);
    } else if (!web && festival == FESTIVAL_SPRING) {
        permille = permille * 92 / 100;
        name_promotion(&p, "SPRING", day);
    } else if (permille == 1000 && member) {
        permille = 950;
        snprintf(p.promotion, sizeof(p.promotion), "MEMBER");
    }
    p.minor = (int32_t)((int64_t)s->list_minor * permille / 1000 / 100 * 100);
    if (p.minor < floor)
        p.minor = floor;
    return p;
}

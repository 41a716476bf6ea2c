/* Shared by the files of insight. */
#ifndef ZX_INSIGHT_INSIGHT_PRIV_H
#define ZX_INSIGHT_INSIGHT_PRIV_H

#include "insight/insight.h"

/* What a question is narrowed to; the same for all parts of the page. */
struct insight_filter {
    int32_t from_day, to_day;
    int32_t before_from, before_to;      /* the period it is compared with */
    struct str compare;                  /* "weekday", "previous", "year", "year_weekday", "year_lunar" */
    struct str channel;                  /* "" all */
    struct str category;                 /* "" all; as it was typed */
    bool any_store, any_category;
    const int64_t *stores, *categories;
    size_t store_count, category_count;
};
/* Reads the query parameters; needs c->warehouse. RC_INVALID with the parameter's name. */
enum rc filter_read(struct ctx *c, const struct request *r, struct insight_filter *ret) ZX_MUST_CHECK;

/* The arguments of filtered statements, for a period. Some take only the first six (no category), or seven ($categories[]
 * without $any_category). */
enum { FILTER_ARGS_PLAIN = 6, FILTER_ARGS_CATEGORY = 7, FILTER_ARGS = 8 };
void filter_args(const struct insight_filter *f, int32_t from_day, int32_t to_day, struct db_arg out[static FILTER_ARGS]);

/* The sums that tiles are made of, of one period. */
struct sums {
    int64_t sales, margin, member_sales, sold, pieces, sold_with_list, list, returned, returned_pieces;
    int64_t documents, people, again, first_time;
    int64_t both, both_sales, both_margin; /* who bought on both sides, and what these bring */
    int64_t web, store;                    /* customers counted apart, after islands_read() */
};
enum rc sums_read(struct ctx *c, const struct insight_filter *f, int32_t from_day, int32_t to_day, struct sums *ret) ZX_MUST_CHECK;
/* Adds the customers that were merged since, who count apart, to the sums of the filter's period. */
enum rc islands_read(struct ctx *c, const struct insight_filter *f, struct sums *sums) ZX_MUST_CHECK;

/* How far devices came, and the customers known behind them. */
enum { FUNNEL_STEPS = 3 };
struct funnel_step {
    int64_t subjects, people;
};
enum rc funnel_read(struct ctx *c, const struct insight_filter *f, struct funnel_step ret[static FUNNEL_STEPS]) ZX_MUST_CHECK;
/* Is `path` the category that was asked for, or below it? */
bool filter_in_category(struct str path, struct str wanted);

enum tile_unit { TILE_MONEY, TILE_PERCENT, TILE_COUNT, TILE_RATIO };
struct tile {
    const char *key;
    enum tile_unit unit;
    bool finance;                        /* needs finance.read */
    const char *formula;                 /* text key */
    bool (*value)(const struct sums *s, double *ret); /* minor units, percent, count, ratio; false: nothing to divide by */
    const char *behind;                  /* what its list holds: "documents", "members", "returns", "again", "first", "people" */
};
extern const struct tile tiles[];        /* ends with .key == NULL */

/* May this actor see margin, cost and floor prices? */
bool may_see_finance(const struct ctx *c);

extern const struct field overview_fields[], overview_day_fields[], overview_step_fields[], overview_style_fields[], overview_detail_fields[];

route_fn overview_show, overview_daily, overview_funnel, overview_styles, overview_detail, overview_xlsx;

#endif

/* What an installation remembers of being the demo retailer: DATA/demo.ini, written by `zhixin demo`. */
#ifndef ZX_APP_DEMO_HOME_H
#define ZX_APP_DEMO_HOME_H

#include "app/demo/demo.h"
#include "base/app.h"
#include "http/route.h"
#include "job/job.h"

struct demo_home {
    struct demo_options options;
    char write_key[80];          /* of the shop's pages: public by nature, every visitor's browser has it */
    bool trickle;                /* the live trickle runs */
};
/* False when the installation is not the demo's. */
bool demo_home_read(const char *data_dir, struct demo_home *ret);
enum rc demo_home_write(const char *data_dir, const struct demo_home *home) ZX_MUST_CHECK;

/* From now on this installation is the demo retailer: shop and tour open. Once in a program's life. */
void demo_home_open(struct app *app, const struct demo_home *home);

/* Fills an installation and makes it the demo's. tell() comes after each day; what it answers other than RC_OK ends the
 * filling with that. *ret_result: a JSON object that counts what was sent and taken. RC_CONFLICT: it is the demo's already. */
enum rc demo_fill(struct ctx *c, const struct demo_options *o, enum rc (*tell)(void *arg, const struct demo_progress *p), void *arg, struct str *ret_result) ZX_MUST_CHECK;
/* The same as a job of a running installation, which a route starts. */
struct demo_ask {
    int64_t customers, years, seed, now_us, events;
};
extern const struct field demo_option_fields[]; /* of struct demo_ask */
extern const struct job_kind demo_jobs[];
struct str demo_options_write(struct arena *arena, const struct demo_options *o);
enum rc demo_route(struct ctx *c, const struct request *r, struct reply *p) ZX_MUST_CHECK;

/* The demo shop's server part and the tour. */
extern const struct module demo_shop_module, tour_module;

/* The live trickle of a running server: a thread that sends what demo_trickle_next() gives through the intake. Does nothing
 * where app->demo is NULL: after a filling, it begins with the next start. Stop it before the intake. */
struct demo_live;
struct demo_live *demo_live_start(struct app *app);
void demo_live_stop(struct demo_live *live); /* NULL is fine */

#endif

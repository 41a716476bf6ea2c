/* What an installation remembers of being the demo retailer: DATA/demo.ini, written by `zhixin demo`. */
#ifndef ZX_APP_DEMO_HOME_H
#define ZX_APP_DEMO_HOME_H

#include "app/demo/demo.h"
#include "base/app.h"
#include "http/route.h"

struct demo_home {
    struct demo_options options;
    char write_key[80];          /* of the shop's pages: public by nature, every visitor's browser has it */
    bool trickle;                /* the live trickle runs */
};
/* False when the installation is not the demo's. */
bool demo_home_read(const char *data_dir, struct demo_home *ret);
enum rc demo_home_write(const char *data_dir, const struct demo_home *home) ZX_MUST_CHECK;

/* The demo shop's server part and the tour. */
extern const struct module demo_shop_module, tour_module;

/* The live trickle of a running server: a thread that sends what demo_trickle_next() gives through the intake. Does nothing
 * where app->demo is NULL. Stop it before the intake. */
struct demo_live;
struct demo_live *demo_live_start(struct app *app);
void demo_live_stop(struct demo_live *live); /* NULL is fine */

#endif

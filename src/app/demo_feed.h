/* Carries the demo's bodies into the intake: makes the demo's sources, turns each body into a unit as its own endpoint
 * would, and keeps several units under way so that they share commits. Order is kept: there is one queue. */
#ifndef ZX_APP_DEMO_FEED_H
#define ZX_APP_DEMO_FEED_H

#include "app/demo_home.h"

struct demo_feed_counts {
    int64_t taken, updated, same, conflicts, refused; /* of events, receipts and forms */
    char why[128];                                    /* of the first that was refused, a word without personal values */
};
struct demo_feed;

/* Makes the sources that are missing, and a public key for the shop's pages. Needs the access module started. */
enum rc demo_feed_make_sources(struct ctx *c, char ret_write_key[static 80]) ZX_MUST_CHECK;
/* Finds the sources. The feed is used by one thread. */
enum rc demo_feed_open(struct app *app, struct demo_feed **ret) ZX_MUST_CHECK;
struct demo_sink demo_feed_sink(struct demo_feed *f);
/* Waits until all is committed; the first failure of a commit. */
enum rc demo_feed_drain(struct demo_feed *f) ZX_MUST_CHECK;
void demo_feed_counts(struct demo_feed *f, struct demo_feed_counts *ret);
void demo_feed_close(struct demo_feed *f); /* NULL is fine; waits for what is under way */
MEM_DEFINE_CLEANUP(struct demo_feed, demo_feed_close)

#endif

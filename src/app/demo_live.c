/* The thread behind the demo's live trickle. */
#include "app/demo_feed.h"
#include "base/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct demo_live {
    struct app *app;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stopping;
};

/* Waits, or returns true when it is time to stop. */
static bool pause_ms(struct demo_live *l, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    int64_t ns = until.tv_nsec + ms % 1000 * 1000000;
    until.tv_sec += ms / 1000 + ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    pthread_mutex_lock(&l->lock);
    int timed = 0;
    while (!l->stopping && timed == 0)
        timed = pthread_cond_timedwait(&l->wake, &l->lock, &until);
    bool stopping = l->stopping;
    pthread_mutex_unlock(&l->lock);
    return stopping;
}

static void trickle(struct demo_live *l, struct demo_feed *feed)
{
    struct demo_trickle *t = demo_trickle_new(&l->app->demo->options);
    const struct demo_sink sink = demo_feed_sink(feed);
    int64_t wait_ms = 1000;
    while (!pause_ms(l, wait_ms)) {
        enum rc rc = demo_trickle_next(t, clock_now_us(), &sink, &wait_ms);
        if (rc) {
            log_warn("demo.trickle_stopped", LOG_Z("code", rc_name(rc)));
            break;
        }
    }
    demo_trickle_free(t);
}

static void *run(void *arg)
{
    struct demo_live *l = arg;
    struct demo_feed *feed;
    if (demo_feed_open(l->app, &feed) != RC_OK) {
        log_warn("demo.no_sources");
        return NULL;
    }
    trickle(l, feed);
    demo_feed_close(feed);
    return NULL;
}

struct demo_live *demo_live_start(struct app *app)
{
    if (!app->demo || !app->demo->trickle)
        return NULL;
    struct demo_live *l = mem_zalloc(1, sizeof(*l));
    l->app = app;
    pthread_mutex_init(&l->lock, NULL);
    pthread_cond_init(&l->wake, NULL);
    if (pthread_create(&l->thread, NULL, run, l) != 0)
        abort();
    return l;
}

void demo_live_stop(struct demo_live *l)
{
    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    l->stopping = true;
    pthread_cond_signal(&l->wake);
    pthread_mutex_unlock(&l->lock);
    pthread_join(l->thread, NULL);
    pthread_mutex_destroy(&l->lock);
    pthread_cond_destroy(&l->wake);
    free(l);
}

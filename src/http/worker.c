/* The pool of workers: threads that run calls, each with its own JSON parser, behind one bounded queue. */
#include "http/http_priv.h"

#include <stdlib.h>

struct workers {
    struct http_server *server;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct call *first, **last;
    size_t queued;
    bool stop;
    unsigned count;
    pthread_t threads[];
};

static struct call *workers_pop(struct workers *w)
{
    pthread_mutex_lock(&w->lock);
    while (!w->first && !w->stop)
        pthread_cond_wait(&w->wake, &w->lock);
    struct call *k = w->first;
    if (k) {
        w->first = k->next;
        if (!w->first)
            w->last = &w->first;
        w->queued--;
    }
    pthread_mutex_unlock(&w->lock);
    return k;
}

static void *worker_main(void *arg)
{
    struct workers *w = arg;
    struct json_parser *parser = json_parser_new();
    struct metrics *m = &w->server->metrics;
    struct call *k;
    while ((k = workers_pop(w))) {
        struct MHD_Connection *mhd = k->conn->mhd;
        atomic_fetch_add(&m->calls, 1);
        k->json = parser;
        call_run(k);
        metrics_duration(m, clock_mono_us() - k->started_us);
        atomic_fetch_sub(&m->calls, 1);
        MHD_resume_connection(mhd); /* the loop thread may free k from here on */
    }
    json_parser_free(parser);
    return NULL;
}

struct workers *workers_start(struct http_server *s, unsigned count)
{
    struct workers *w = mem_zalloc(1, sizeof(*w) + count * sizeof(w->threads[0]));
    w->server = s;
    w->last = &w->first;
    w->count = count;
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
    for (unsigned i = 0; i < count; i++)
        if (pthread_create(&w->threads[i], NULL, worker_main, w) != 0)
            abort();
    return w;
}

bool workers_push(struct workers *w, struct call *k)
{
    pthread_mutex_lock(&w->lock);
    bool room = w->queued < LIMIT_CALL_QUEUE;
    if (room) {
        k->next = NULL;
        *w->last = k;
        w->last = &k->next;
        w->queued++;
        pthread_cond_signal(&w->wake);
    }
    pthread_mutex_unlock(&w->lock);
    return room;
}

void workers_stop(struct workers *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_broadcast(&w->wake);
    pthread_mutex_unlock(&w->lock);
    for (unsigned i = 0; i < w->count; i++)
        pthread_join(w->threads[i], NULL);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

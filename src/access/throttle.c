/* Failed logins by account and by address, in memory: a fixed table, four places to a bucket, the oldest gives way. */
#include "access/access_priv.h"

#include <sodium.h>
#include <stdlib.h>

enum { BUCKETS = 1024, PLACES = 4 };
static const int64_t WINDOW_US = 15 * 60 * US_PER_S;

struct place {
    uint64_t key;
    int64_t since_us;
    int count;
};
struct throttle {
    pthread_mutex_t lock;
    uint8_t secret[crypto_shorthash_KEYBYTES];
    struct place places[BUCKETS][PLACES];
};

struct throttle *throttle_new(void)
{
    struct throttle *t = mem_zalloc(1, sizeof(*t));
    randombytes_buf(t->secret, sizeof(t->secret));
    pthread_mutex_init(&t->lock, NULL);
    return t;
}

void throttle_free(struct throttle *t)
{
    if (!t)
        return;
    pthread_mutex_destroy(&t->lock);
    free(t);
}

static uint64_t key_of(const struct throttle *t, struct str text)
{
    uint64_t hash;
    crypto_shorthash((uint8_t *)&hash, (const uint8_t *)text.ptr, text.len, t->secret);
    return hash ? hash : 1;
}

static struct place *place_find(struct throttle *t, uint64_t key, int64_t now_us)
{
    struct place *bucket = t->places[key % BUCKETS];
    for (size_t i = 0; i < PLACES; i++)
        if (bucket[i].key == key && now_us - bucket[i].since_us < WINDOW_US)
            return &bucket[i];
    return NULL;
}

int throttle_wait_s(struct throttle *t, struct str key, int allowed, int64_t now_us)
{
    pthread_mutex_lock(&t->lock);
    const struct place *p = place_find(t, key_of(t, key), now_us);
    int64_t wait_us = p && p->count >= allowed ? p->since_us + WINDOW_US - now_us : 0;
    pthread_mutex_unlock(&t->lock);
    return (int)((wait_us + US_PER_S - 1) / US_PER_S);
}

void throttle_count(struct throttle *t, struct str key, int64_t now_us)
{
    pthread_mutex_lock(&t->lock);
    uint64_t hash = key_of(t, key);
    struct place *p = place_find(t, hash, now_us);
    if (!p) {
        struct place *bucket = t->places[hash % BUCKETS];
        p = bucket;
        for (size_t i = 1; i < PLACES; i++)
            if (bucket[i].since_us < p->since_us)
                p = &bucket[i];
        *p = (struct place){.key = hash, .since_us = now_us};
    }
    p->count++;
    pthread_mutex_unlock(&t->lock);
}

void throttle_forget(struct throttle *t, struct str key)
{
    pthread_mutex_lock(&t->lock);
    uint64_t hash = key_of(t, key);
    for (size_t i = 0; i < PLACES; i++)
        if (t->places[hash % BUCKETS][i].key == hash)
            t->places[hash % BUCKETS][i] = (struct place){0};
    pthread_mutex_unlock(&t->lock);
}

/* Sessions that the disk had no room for: people must be able to log in and look at customers while it is full. They live
 * as long as this process at most, and are as good as others; only the audit knows nothing of them, so the log does. */
#include "access/access_priv.h"

#include <sodium.h>
#include <stdlib.h>

enum { KEPT_MAX = 256 };

struct kept {
    uint8_t hash[32];
    int64_t staff_id, made_us, seen_us; /* staff_id 0: free */
};
struct session_memory {
    pthread_mutex_t lock;
    struct kept kept[KEPT_MAX];
};

struct session_memory *session_memory_new(void)
{
    struct session_memory *m = mem_zalloc(1, sizeof(*m));
    pthread_mutex_init(&m->lock, NULL);
    return m;
}

void session_memory_free(struct session_memory *m)
{
    if (!m)
        return;
    pthread_mutex_destroy(&m->lock);
    sodium_memzero(m, sizeof(*m));
    free(m);
}

/* A free place, else that of whoever was quiet longest. */
static struct kept *place_for(struct session_memory *m)
{
    struct kept *best = &m->kept[0];
    for (size_t i = 0; i < KEPT_MAX && best->staff_id; i++)
        if (m->kept[i].staff_id == 0 || m->kept[i].seen_us < best->seen_us)
            best = &m->kept[i];
    return best;
}

void session_memory_put(struct session_memory *m, const uint8_t hash[static 32], int64_t staff_id, int64_t now_us)
{
    pthread_mutex_lock(&m->lock);
    struct kept *place = place_for(m);
    *place = (struct kept){.staff_id = staff_id, .made_us = now_us, .seen_us = now_us};
    memcpy(place->hash, hash, sizeof(place->hash));
    pthread_mutex_unlock(&m->lock);
}

int64_t session_memory_find(struct session_memory *m, const uint8_t hash[static 32], int64_t now_us)
{
    int64_t staff_id = 0;
    pthread_mutex_lock(&m->lock);
    for (size_t i = 0; i < KEPT_MAX; i++) {
        struct kept *k = &m->kept[i];
        if (k->staff_id == 0 || sodium_memcmp(k->hash, hash, sizeof(k->hash)) != 0)
            continue;
        bool live = now_us - k->made_us < SESSION_AGE_US && now_us - k->seen_us < SESSION_IDLE_US;
        k->seen_us = now_us;
        staff_id = live ? k->staff_id : 0;
        if (!live)
            *k = (struct kept){0};
    }
    pthread_mutex_unlock(&m->lock);
    return staff_id;
}

void session_memory_drop(struct session_memory *m, const uint8_t hash[static 32])
{
    pthread_mutex_lock(&m->lock);
    for (size_t i = 0; i < KEPT_MAX; i++)
        if (memcmp(m->kept[i].hash, hash, sizeof(m->kept[i].hash)) == 0)
            m->kept[i] = (struct kept){0};
    pthread_mutex_unlock(&m->lock);
}

void session_memory_drop_staff(struct session_memory *m, int64_t staff_id)
{
    pthread_mutex_lock(&m->lock);
    for (size_t i = 0; i < KEPT_MAX; i++)
        if (m->kept[i].staff_id == staff_id)
            m->kept[i] = (struct kept){0};
    pthread_mutex_unlock(&m->lock);
}

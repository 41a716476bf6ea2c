/* Passwords: Argon2id with 64 MiB and three passes, never more than four at once, so that a flood of logins costs no more
 * than 256 MiB and leaves workers for everybody else. */
#include "access/access_priv.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <time.h>

enum { ARGON_BYTES = 64 << 20, ARGON_PASSES = 3, WAITING_MAX = 2, WAIT_S = 3 };

struct argon_gate {
    pthread_mutex_t lock;
    pthread_cond_t free_slot;
    int running, waiting;
    char dummy[crypto_pwhash_STRBYTES]; /* verified for accounts that do not exist */
};

struct argon_gate *argon_gate_new(void)
{
    struct argon_gate *g = mem_zalloc(1, sizeof(*g));
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->free_slot, NULL);
    return g;
}

void argon_gate_free(struct argon_gate *g)
{
    if (!g)
        return;
    pthread_cond_destroy(&g->free_slot);
    pthread_mutex_destroy(&g->lock);
    free(g);
}

static enum rc gate_enter(struct argon_gate *g)
{
    struct timespec until;
    bool in = true;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += WAIT_S;
    pthread_mutex_lock(&g->lock);
    if (g->running >= LIMIT_ARGON2_AT_ONCE) {
        in = g->waiting < WAITING_MAX;
        g->waiting += in;
        while (in && g->running >= LIMIT_ARGON2_AT_ONCE)
            if (pthread_cond_timedwait(&g->free_slot, &g->lock, &until) == ETIMEDOUT) {
                g->waiting--;
                in = false;
            }
        g->waiting -= in;
    }
    g->running += in;
    pthread_mutex_unlock(&g->lock);
    return in ? RC_OK : RC_BUSY;
}

static void gate_leave(struct argon_gate *g)
{
    pthread_mutex_lock(&g->lock);
    g->running--;
    pthread_cond_signal(&g->free_slot);
    pthread_mutex_unlock(&g->lock);
}

enum rc password_check_strength(struct ctx *c, const char *field, struct str password)
{
    if (!str_is_text(password) || password.len > PASSWORD_BYTES_MAX)
        return ctx_fail(c, RC_INVALID, field, "too_long");
    if (str_chars(password) < PASSWORD_CHARS_MIN)
        return ctx_fail(c, RC_INVALID, field, "too_short");
    return RC_OK;
}

static enum rc hash_into(struct argon_gate *g, struct str password, char out[static crypto_pwhash_STRBYTES])
{
    enum rc rc = g ? gate_enter(g) : RC_OK;
    if (rc)
        return rc;
    int failed = crypto_pwhash_str_alg(out, password.ptr, password.len, ARGON_PASSES, ARGON_BYTES, crypto_pwhash_ALG_ARGON2ID13);
    if (g)
        gate_leave(g);
    return failed ? RC_INTERNAL : RC_OK;
}

enum rc password_hash(struct ctx *c, struct str password, struct str *ret)
{
    char out[crypto_pwhash_STRBYTES];
    enum rc rc = hash_into(c->app->access ? c->app->access->argon : NULL, password, out);
    if (rc)
        return ctx_fail(c, rc, "", "argon2");
    *ret = arena_str(c->arena, str_z(out));
    return RC_OK;
}

/* Made once, on the first login of the process. */
static enum rc dummy_ready(struct argon_gate *g)
{
    char made[crypto_pwhash_STRBYTES];
    pthread_mutex_lock(&g->lock);
    bool there = g->dummy[0];
    pthread_mutex_unlock(&g->lock);
    if (there)
        return RC_OK;
    enum rc rc = hash_into(g, STR("nobody's password"), made);
    if (rc)
        return rc;
    pthread_mutex_lock(&g->lock);
    memcpy(g->dummy, made, sizeof(made));
    pthread_mutex_unlock(&g->lock);
    return RC_OK;
}

enum rc password_verify(struct ctx *c, struct str hash, struct str password, bool *ret_ok)
{
    struct argon_gate *g = c->app->access->argon;
    enum rc rc = dummy_ready(g);
    if (!rc)
        rc = gate_enter(g);
    if (rc)
        return ctx_fail(c, rc, "", "argon2");
    const char *against = hash.len ? arena_z(c->arena, hash) : g->dummy;
    bool same = crypto_pwhash_str_verify(against, password.ptr, password.len) == 0;
    gate_leave(g);
    *ret_ok = same && hash.len > 0;
    return RC_OK;
}

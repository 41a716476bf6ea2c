/* Shared by the files of src/intake. */
#ifndef ZX_INTAKE_INTAKE_PRIV_H
#define ZX_INTAKE_INTAKE_PRIV_H

#include "http/http.h"
#include "intake/intake.h"
#include "json/json.h"

#include <pthread.h>

/* ---- events.c: one call of the wire format ---- */

/* Turns one JSON object into an item; what can't be taken becomes INTAKE_BAD with its reason. `type` overrides the
 * event's own "type" (routes that name it) when not empty; sent_us is the batch's sentAt, 0 none. */
void intake_event_parse(const struct app *app, struct intake_unit *u, struct json call, struct str type, int64_t sent_us, struct intake_item *item);

/* ---- event_props.c: properties and context to typed columns, personal values left behind ---- */

void intake_props_take(struct intake_unit *u, struct json properties, struct event *e);
void intake_context_take(struct intake_unit *u, struct json context, struct event *e);

/* A number of an order or of goods, given as text or number: such stay apart whatever they look like (vault_code()). */
struct str intake_code_of(struct intake_unit *u, struct json v, size_t max);
/* Is the property of this name written by people? Then its value is kept nowhere. */
bool intake_is_free_text(struct str key);

/* ---- raw.c: bad calls, for quarantine ---- */

struct str intake_raw_text(struct intake_unit *u, struct json call);

/* ---- event_person.c: traits and ids to claims and traits ---- */

void intake_person_take(const struct app *app, struct intake_unit *u, struct json call, struct intake_item *item);
/* The event's properties, with what was only claimed about a person as their last member; in arena `a` if there is any. */
#define INTAKE_CLAIMS "$claims"
struct str intake_props_with_claims(struct arena *a, const struct intake_item *item);

/* ---- event_order.c: Order Completed, Updated, Refunded, Cancelled ---- */

/* Returns NULL, or why the order in the event can't be taken. */
const char *intake_order_take(struct intake_unit *u, struct json properties, struct intake_item *item);

/* ---- commit.c: one transaction for a group of units ---- */

/* Applies and commits, to be synced; every item then has its outcome. A failure says why nothing of the group was taken. What
 * comes to the queue `from` while others have their turn is taken into the group, behind the last of its units; NULL: nothing is. */
enum rc intake_commit(struct ctx *c, struct intake *from, struct intake_unit *units) ZX_MUST_CHECK;

/* ---- live.c: the last few hundred, for people who watch ---- */

struct live;
struct live *live_new(void);
void live_free(struct live *l);
/* Remembers what became of a unit and tells the live stream, when anybody listens. */
void live_add(struct live *l, struct app *app, const struct intake_unit *u, enum rc rc);
/* What another server's live_add() said: LIVE_SAID, the id, the JSON. */
#define LIVE_SAID "live "
void live_told(struct live *l, struct app *app, struct str said);
void live_write(struct live *l, struct jw *out);

struct intake {
    struct app *app;
    pthread_t committer, syncer;
    pthread_mutex_t lock;
    pthread_cond_t wake, room;
    struct intake_unit *first, **last;
    size_t queue_bytes;
    struct intake_unit *committed;   /* a group that the syncer has not taken yet */
    pthread_cond_t handed, taken;    /* over to the syncer; by it */
    bool stopping, committer_ended;
    struct live *live;
    struct intake_stats stats; /* under lock */
};

/* ---- queue.c ---- */

/* What waits in the queue, for a group that has so many bytes; NULL: nothing does, or it has no room. */
struct intake_unit *intake_more(struct intake *in, size_t bytes);

/* ---- handlers of module.c's routes ---- */

enum rc intake_receipts_post(struct ctx *c, const struct request *r, struct reply *p) ZX_MUST_CHECK;
enum rc intake_project_settings(struct ctx *c, const struct request *r, struct reply *p) ZX_MUST_CHECK;
enum rc intake_source_config(struct ctx *c, const struct request *r, struct reply *p) ZX_MUST_CHECK;
enum rc intake_preflight(struct ctx *c, const struct request *r, struct reply *p) ZX_MUST_CHECK;
struct json_parser *intake_loop_parser(void);

#endif

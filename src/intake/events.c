/* One call of the Segment wire format becomes one item: type, name, times, ids. What it tells of a person goes to
 * event_person.c, what it tells of an order to event_order.c. */
#include "base/limits.h"
#include "base/id.h"
#include "intake/intake_priv.h"

enum { MESSAGE_ID_MAX = 100, EVENT_NAME_MAX = 200 };
static const int64_t year_2000_us = INT64_C(946684800000000);

static int32_t type_of(struct str word)
{
    static const char *const words[] = {NULL, "track", "identify", "page", "screen", "group", "alias"};
    for (int32_t i = EVENT_TRACK; i <= EVENT_ALIAS; i++)
        if (str_eqz(word, words[i]))
            return i;
    return 0;
}

/* When it happened by the sender's clock, corrected by what that clock said when it sent (wire.md C1). */
static void set_times(struct intake_unit *u, struct json call, int64_t sent_us, struct event *e)
{
    int64_t at_us, own_sent_us;
    struct str original = json_str(json_get(call, STR("originalTimestamp")));
    struct str timestamp = original.len ? original : json_str(json_get(call, STR("timestamp")));
    if (clock_parse(json_str(json_get(call, STR("sentAt"))), &own_sent_us))
        sent_us = own_sent_us;
    e->received_us = u->received_us;
    if (!clock_parse(timestamp, &at_us))
        at_us = sent_us ? sent_us : u->received_us;
    if (sent_us && sent_us >= year_2000_us) {
        int64_t drift_us = u->received_us - sent_us;
        at_us += drift_us;
        e->flags |= drift_us > US_PER_S || drift_us < -US_PER_S ? EVENT_CLOCK_FIXED : 0;
    }
    if (at_us < year_2000_us || at_us > u->received_us + US_PER_DAY) {
        at_us = u->received_us;
        e->flags |= EVENT_TIME_RECEIVED;
    }
    e->at_us = at_us;
}

static const char *set_name(struct intake_unit *u, struct json call, struct event *e)
{
    struct str name = json_str(json_get(call, e->type == EVENT_TRACK ? STR("event") : STR("name")));
    if (e->type == EVENT_TRACK && name.len == 0)
        return "event_name_missing";
    if (str_chars(name) > EVENT_NAME_MAX)
        return "event_name_too_long";
    e->name = vault_redact(u->arena, name);
    return NULL;
}

static const char *set_message_id(struct intake_unit *u, struct json call, struct event *e)
{
    struct str id = json_str(json_get(call, STR("messageId")));
    if (id.len > MESSAGE_ID_MAX)
        return "message_id_too_long";
    e->message_id = id.len ? vault_code(u->app, u->arena, id) : arena_printf(u->arena, "zx-%lld", (long long)e->id);
    return NULL;
}

static const char *parse(const struct app *app, struct intake_unit *u, struct json call, struct str type, int64_t sent_us, struct intake_item *item)
{
    struct event *e = &item->event;
    const char *why;
    if (!json_is(call, JSON_OBJECT))
        return "not_an_object";
    if (u->bytes > LIMIT_EVENT_BYTES && json_text_size(call) > LIMIT_EVENT_BYTES)
        return "event_too_large";
    e->type = type_of(type.len ? type : json_str(json_get(call, STR("type"))));
    if (!e->type)
        return "type_unknown";
    e->source_id = u->source.id;
    e->flags = u->source.trusted ? EVENT_TRUSTED : 0;
    set_times(u, call, sent_us, e);
    if ((why = set_name(u, call, e)) || (why = set_message_id(u, call, e)))
        return why;
    intake_context_take(u, json_get(call, STR("context")), e);
    struct json properties = json_get(call, STR("properties"));
    intake_props_take(u, properties, e);
    intake_person_take(app, u, call, item);
    if (item->claim_count == 0 && e->subject == 0)
        return "no_user_or_anonymous_id";
    return e->type == EVENT_TRACK ? intake_order_take(u, properties, item) : NULL;
}

void intake_event_parse(const struct app *app, struct intake_unit *u, struct json call, struct str type, int64_t sent_us, struct intake_item *item)
{
    *item = (struct intake_item){.kind = INTAKE_EVENT, .event = {.id = id_next()}};
    const char *why = parse(app, u, call, type, sent_us, item);
    if (why)
        *item = (struct intake_item){.kind = INTAKE_BAD, .event = item->event, .reason = why, .raw = intake_raw_text(u, call)};
}

enum rc intake_events_parse(struct app *app, struct json_parser *parser, struct str type, struct str body, struct intake_unit *u, const char **ret_why)
{
    struct json call;
    int64_t sent_us = 0;
    enum rc rc = json_parse(parser, body, LIMIT_BATCH_BYTES, &call, ret_why);
    u->app = app;
    if (rc)
        return rc;
    struct json batch = json_get(call, STR("batch"));
    if (!json_is(batch, JSON_ARRAY)) {
        u->items = arena_new_one(u->arena, struct intake_item);
        u->count = 1;
        intake_event_parse(app, u, call, str_eqz(type, "batch") ? STR("") : type, 0, u->items);
        return RC_OK;
    }
    if (!clock_parse(json_str(json_get(call, STR("sentAt"))), &sent_us))
        sent_us = 0;
    u->items = arena_new_array(u->arena, struct intake_item, json_count(batch) + 1);
    for (struct json_iter it = json_iter(batch); json_next(&it);)
        intake_event_parse(app, u, it.value, STR(""), sent_us, &u->items[u->count++]);
    return RC_OK;
}

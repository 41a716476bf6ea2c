/* Replies of the customer's routes for the API document: the same names as view_json.c and record.c write. */
#include "customer/bodies.h"

static const char *const genders[] = {"f", "m", "u", NULL};
static const char *const classes[] = {"consumer", "staff", "reseller", "test", NULL};
static const char *const knowns[] = {"customer", "member", NULL};
static const char *const kinds[] = {"person", "organisation", NULL};
static const char *const consent_statuses[] = {"granted", "refused", "withdrawn", NULL};
static const char *const lookup_kinds[] = {"exact", "list", "none", NULL};

static const struct field store_out[] = {{"code", FIELD_STR, FIELD_REQUIRED}, {"name", FIELD_STR, FIELD_REQUIRED}, FIELD_END};
static const struct field sides_out[] = {{"web", FIELD_BOOL, FIELD_REQUIRED}, {"store", FIELD_BOOL, FIELD_REQUIRED}, FIELD_END};

#define ROW_FIELDS(need)                                                                                            \
    {"id", FIELD_ID, need}, {"code", FIELD_STR, need, .doc = "Short number that people read out: C000123."},        \
    {"name", FIELD_STR, need, .doc = "Masked."}, {"salutation", FIELD_STR, need},                                   \
    {"phone", FIELD_STR, need, .doc = "Masked; empty when none."},                                                  \
    {"card", FIELD_STR, need, .doc = "Masked member card; empty when none."},                                       \
    {"gender", FIELD_ENUM, need, .words = genders}, {"home_store", FIELD_OBJECT, FIELD_NULLABLE, .sub = store_out}, \
    {"own_assistant", FIELD_STR, need}, {"tags", FIELD_STRS, need},                                                 \
    {"class", FIELD_ENUM, need, .words = classes}, {"kind", FIELD_ENUM, need, .words = kinds},                      \
    {"known", FIELD_ENUM, need, .words = knowns}, {"first_seen", FIELD_TIME, FIELD_NULLABLE},                       \
    {"last_seen", FIELD_TIME, FIELD_NULLABLE}, {"orders", FIELD_I64, need}, {"spent", FIELD_MONEY, need},           \
    {"channels", FIELD_OBJECT, need, .sub = sides_out}, {"rev", FIELD_ID, need, .doc = "For If-Match."}

const struct field customer_row_out[] = {ROW_FIELDS(FIELD_REQUIRED), FIELD_END};

static const struct field size_out[] = {{"top", FIELD_STR}, {"bottom", FIELD_STR}, {"shoe", FIELD_STR}, FIELD_END};
static const struct field identifier_out[] = {
    {"id", FIELD_ID, FIELD_REQUIRED},        {"kind", FIELD_STR, FIELD_REQUIRED},     {"masked", FIELD_STR, FIELD_REQUIRED},
    {"scope", FIELD_STR, FIELD_REQUIRED},    {"status", FIELD_STR, FIELD_REQUIRED, .doc = "proven, claimed, flagged, removed, or noted: on her record, but no identifier of hers (another one holds it, or she has too many of the kind)."},
    {"first_at", FIELD_TIME, FIELD_NULLABLE}, {"last_at", FIELD_TIME, FIELD_NULLABLE}, {"source", FIELD_STR, FIELD_REQUIRED},
    {"links", FIELD_I64, FIELD_REQUIRED, .doc = "How often it came."}, FIELD_END,
};
const struct field customer_note_out[] = {
    {"id", FIELD_ID}, {"text", FIELD_STR, FIELD_REQUIRED}, {"by", FIELD_STR, FIELD_REQUIRED}, {"at", FIELD_TIME, FIELD_REQUIRED}, FIELD_END,
};
const struct field customer_consent_out[] = {
    {"purpose", FIELD_STR, FIELD_REQUIRED}, {"channel", FIELD_STR, FIELD_REQUIRED}, {"status", FIELD_ENUM, FIELD_REQUIRED, .words = consent_statuses},
    {"text_version", FIELD_STR, FIELD_REQUIRED}, {"at", FIELD_TIME, FIELD_REQUIRED}, {"proof", FIELD_STR, FIELD_REQUIRED}, FIELD_END,
};
static const struct field now_out[] = {
    {"orders_year", FIELD_I64, FIELD_REQUIRED}, {"spent_year", FIELD_MONEY, FIELD_REQUIRED}, {"average_order", FIELD_MONEY, FIELD_REQUIRED},
    {"last_order_at", FIELD_TIME, FIELD_NULLABLE}, {"days_since", FIELD_I64, FIELD_NULLABLE},
    {"web_share_percent", FIELD_I64, FIELD_NULLABLE, .doc = "Of what was bought; the store's share is the rest."},
    {"store_share_percent", FIELD_I64, FIELD_NULLABLE}, {"return_rate_percent", FIELD_I64, FIELD_NULLABLE, .doc = "By amount."},
    {"open_complaints", FIELD_I64, FIELD_REQUIRED}, FIELD_END,
};
static const struct field channel_out[] = {
    {"channel", FIELD_STR, FIELD_REQUIRED}, {"orders", FIELD_I64, FIELD_REQUIRED}, {"spent", FIELD_MONEY, FIELD_REQUIRED},
    {"returns", FIELD_I64, FIELD_REQUIRED}, FIELD_END,
};
static const struct field relation_out[] = {
    {"kind", FIELD_ENUM, FIELD_REQUIRED, .words = customer_relation_words, .doc = "What the other one is to her."},
    {"visible", FIELD_BOOL, FIELD_REQUIRED, .doc = "False: a customer of a store that the reader may not browse."},
    {"customer_id", FIELD_ID, FIELD_NULLABLE}, {"name", FIELD_STR, FIELD_REQUIRED, .doc = "Masked."}, {"at", FIELD_TIME, FIELD_REQUIRED}, FIELD_END,
};
const struct field customer_relations_out[] = {{"items", FIELD_LIST, FIELD_REQUIRED, .sub = relation_out}, FIELD_END};
static const struct field refund_out[] = {
    {"masked", FIELD_STR, FIELD_REQUIRED, .doc = "招商银行 尾号 5678"}, {"at", FIELD_TIME, FIELD_REQUIRED},
    {"until", FIELD_TIME, FIELD_REQUIRED, .doc = "When it is forgotten."}, FIELD_END,
};
const struct field customer_refund_out[] = {{"refund_account", FIELD_OBJECT, FIELD_REQUIRED | FIELD_NULLABLE, .sub = refund_out}, FIELD_END};

const struct field customer_out[] = {
    ROW_FIELDS(FIELD_REQUIRED),
    {"merged_into", FIELD_ID, FIELD_NULLABLE, .doc = "The root, when the id that was asked for is one of her merged ones."},
    {"members", FIELD_STRS, FIELD_REQUIRED, .doc = "All ids that are this person, the root first."},
    {"identifiers", FIELD_LIST, FIELD_REQUIRED, .sub = identifier_out},
    {"addresses", FIELD_STRS, FIELD_REQUIRED, .doc = "Masked."},
    {"birthday", FIELD_STR, FIELD_REQUIRED, .doc = "05-12; empty when unknown."},
    {"sizes", FIELD_OBJECT, FIELD_REQUIRED, .sub = size_out},
    {"tastes", FIELD_STRS, FIELD_REQUIRED},
    {"notes", FIELD_LIST, FIELD_REQUIRED, .sub = customer_note_out},
    {"consents", FIELD_LIST, FIELD_REQUIRED, .sub = customer_consent_out, .doc = "As they stand now."},
    {"now", FIELD_OBJECT, FIELD_REQUIRED, .sub = now_out},
    {"channels_totals", FIELD_LIST, FIELD_REQUIRED, .sub = channel_out},
    {"relations", FIELD_LIST, FIELD_REQUIRED, .sub = relation_out},
    {"refund_account", FIELD_OBJECT, FIELD_REQUIRED | FIELD_NULLABLE, .sub = refund_out},
    FIELD_END,
};

/* Of another store's customer the till gets a card, not a row: masked name and card, sizes. */
static const struct field found_out[] = {
    ROW_FIELDS(0),
    {"till_card", FIELD_BOOL, .doc = "True: a card of another store's customer."},
    {"sizes", FIELD_OBJECT, .sub = size_out},
    {"why", FIELD_STR, .doc = "What a duplicate shares: phone, email, card or name."},
    FIELD_END,
};
const struct field customer_lookup_out[] = {
    {"kind", FIELD_ENUM, FIELD_REQUIRED, .words = lookup_kinds},
    {"items", FIELD_LIST, FIELD_REQUIRED, .sub = found_out},
    FIELD_END,
};
const struct field customer_duplicates_out[] = {{"items", FIELD_LIST, FIELD_REQUIRED, .sub = found_out}, FIELD_END};
const struct field customer_story_out[] = {
    {"at", FIELD_TIME, FIELD_REQUIRED}, {"id", FIELD_ID}, {"kind", FIELD_STR, FIELD_REQUIRED, .doc = "web, receipt, order, return, note, consent, merge, change, …"},
    {"channel", FIELD_STR, FIELD_REQUIRED}, {"place", FIELD_STR, FIELD_REQUIRED}, {"title", FIELD_STR, FIELD_REQUIRED},
    {"by", FIELD_STR, FIELD_REQUIRED, .doc = "Whose of the staff it was; \"\" of what nobody of the house did."},
    {"amount", FIELD_MONEY, FIELD_NULLABLE}, {"repeat", FIELD_I64, FIELD_REQUIRED, .doc = "Equal neighbours folded into this one."},
    {"detail", FIELD_JSON, FIELD_REQUIRED}, FIELD_END,
};
const struct field customer_change_out[] = {
    {"id", FIELD_ID}, {"at", FIELD_TIME, FIELD_REQUIRED, .doc = "When it was so."}, {"recorded_at", FIELD_TIME, FIELD_REQUIRED},
    {"by", FIELD_STR, FIELD_REQUIRED}, {"field", FIELD_STR, FIELD_REQUIRED}, {"old", FIELD_STR, FIELD_NULLABLE, .doc = "Masked."},
    {"new", FIELD_STR, FIELD_NULLABLE, .doc = "Masked."}, {"source", FIELD_STR, FIELD_REQUIRED}, {"source_kind", FIELD_STR, FIELD_REQUIRED},
    {"ref", FIELD_ID, FIELD_NULLABLE}, FIELD_END,
};
const struct field customer_tags_out[] = {{"tags", FIELD_STRS, FIELD_REQUIRED}, FIELD_END};
const struct field customer_reveal_out[] = {
    {"values", FIELD_JSON, FIELD_REQUIRED, .doc = "A list of plaintexts for each field."},
    {"seconds", FIELD_I64, FIELD_REQUIRED, .doc = "How long they may be shown."}, FIELD_END,
};

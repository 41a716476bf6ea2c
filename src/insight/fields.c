/* What the overview's replies look like, for the OpenAPI document. */
#include "customer/customer.h"
#include "insight/insight_priv.h"

static const struct field period[] = {{"from", FIELD_DAY}, {"to", FIELD_DAY}, FIELD_END};

static const struct field tile[] = {
    {"key", FIELD_STR, .doc = "sales, margin, average_order, average_unit, units_per_order, discount_rate, member_share, repurchase_rate, new_customers, return_rate_amount, return_rate_pieces."},
    {"unit", FIELD_STR, .doc = "money, percent, count or ratio."},
    {"value", FIELD_JSON, FIELD_NULLABLE, .doc = "Decimal text of money, else a number; null when there is nothing to divide by."},
    {"before", FIELD_JSON, FIELD_NULLABLE, .doc = "The same of the period compared with."},
    {"formula", FIELD_STR, .doc = "Key of the text that says how it is counted."},
    FIELD_END,
};

static const struct field separate[] = {{"customers", FIELD_I64}, {"web_customers", FIELD_I64}, {"store_customers", FIELD_I64}, FIELD_END};
static const struct field joined[] = {
    {"people", FIELD_I64},
    {"both", FIELD_I64, .doc = "Of these, who bought on both sides."},
    {"both_margin_share_percent", FIELD_JSON, .doc = "Needs finance.read."},
    {"both_sales_share_percent", FIELD_JSON},
    FIELD_END,
};
static const struct field islands[] = {{"separate", FIELD_OBJECT, .sub = separate}, {"joined", FIELD_OBJECT, .sub = joined}, FIELD_END};

const struct field overview_fields[] = {
    {"period", FIELD_OBJECT, .sub = period},
    {"compare_period", FIELD_OBJECT, .sub = period},
    {"compare", FIELD_STR, .doc = "weekday, previous or year."},
    {"tiles", FIELD_LIST, .sub = tile},
    {"islands", FIELD_OBJECT, .sub = islands},
    {"as_of_seq", FIELD_ID, .doc = "The last change that is counted."},
    {"lag_ms", FIELD_I64, .doc = "Age of the oldest change that is not."},
    FIELD_END,
};

const struct field overview_day_fields[] = {
    {"day", FIELD_DAY}, {"channel", FIELD_STR}, {"sales", FIELD_MONEY}, {"orders", FIELD_I64}, {"margin", FIELD_MONEY, .doc = "Needs finance.read."}, FIELD_END,
};

const struct field overview_step_fields[] = {
    {"step", FIELD_STR, .doc = "browse, cart or order."}, {"subjects", FIELD_I64, .doc = "Devices."}, {"people", FIELD_I64, .doc = "Customers known behind them."}, FIELD_END,
};

const struct field overview_style_fields[] = {
    {"style_id", FIELD_ID},
    {"style", FIELD_STR},
    {"name", FIELD_STR},
    {"days_in_sale", FIELD_I64, FIELD_NULLABLE},
    {"days_to_first", FIELD_I64, FIELD_NULLABLE, .doc = "From launch to the first sale."},
    {"days_to_median", FIELD_I64, FIELD_NULLABLE, .doc = "From launch to the day by which half of the sales were made."},
    {"sold", FIELD_I64},
    {"lowest_price", FIELD_MONEY, FIELD_NULLABLE, .doc = "The lowest paid for a piece in the period."},
    {"sales", FIELD_MONEY},
    {"margin", FIELD_MONEY, .doc = "Needs finance.read."},
    {"floor_price", FIELD_MONEY, FIELD_NULLABLE, .doc = "Needs finance.read."},
    {"below_floor", FIELD_I64, .doc = "Pieces sold below the floor price; needs finance.read."},
    {"return_rate", FIELD_JSON, FIELD_NULLABLE, .doc = "Pieces returned for a hundred sold."},
    FIELD_END,
};

const struct field overview_detail_fields[] = {
    {"id", FIELD_ID, .doc = "Of a document."},
    {"number", FIELD_STR},
    {"at", FIELD_TIME},
    {"kind", FIELD_STR},
    {"channel", FIELD_STR},
    {"store", FIELD_STR},
    {"pieces", FIELD_I64},
    {"sales", FIELD_MONEY},
    {"amount", FIELD_MONEY, .doc = "Of a return."},
    {"margin", FIELD_MONEY, .doc = "Needs finance.read."},
    {"customer_id", FIELD_ID},
    {"customer", FIELD_OBJECT, FIELD_NULLABLE, .sub = customer_label_out, .doc = "How she is named, masked; null for walk-ins."},
    {"first_day", FIELD_DAY, .doc = "Of a person: the first purchase."},
    {"orders", FIELD_I64},
    {"spent", FIELD_MONEY},
    {"last_at", FIELD_TIME},
    FIELD_END,
};

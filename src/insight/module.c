/* How the program meets insight: its routes and who may see them. */
#include "embedded_sql.h"
#include "insight/insight_priv.h"

#define FILTER_QUERY "from,to,compare,channel,store,category"

static const struct route routes[] = {
    {HTTP_GET, "/api/v1/overview", overview_show, .need = "insight.read", .out = overview_fields, .out_name = "overview", .query = FILTER_QUERY,
     .doc = "The figures of a period with their comparison, and the same customers counted as two islands and as one."},
    {HTTP_GET, "/api/v1/overview/daily", overview_daily, .need = "insight.read", .out = overview_day_fields, .out_name = "overview_day", .out_list = true, .query = FILTER_QUERY,
     .doc = "Sales, orders and margin by day and channel."},
    {HTTP_GET, "/api/v1/overview/funnel", overview_funnel, .need = "insight.read", .out = overview_step_fields, .out_name = "overview_step", .out_list = true, .query = FILTER_QUERY,
     .doc = "Devices that browsed, put into the cart and ordered, and the customers behind them."},
    {HTTP_GET, "/api/v1/overview/styles", overview_styles, .need = "insight.read", .out = overview_style_fields, .out_name = "overview_style", .out_list = true, .query = FILTER_QUERY ",limit",
     .doc = "Styles sold in the period: days in sale, days to the first and the median sale, lowest price, return rate."},
    {HTTP_GET, "/api/v1/overview/detail", overview_detail, .need = "insight.read", .out = overview_detail_fields, .out_name = "overview_detail", .out_list = true, .query = "tile," FILTER_QUERY ",after,limit",
     .doc = "The documents or people behind a figure, newest first."},
    {HTTP_GET, "/api/v1/overview.xlsx", overview_xlsx, .need = "insight.read", .query = FILTER_QUERY, .doc = "The overview as a workbook."},
    {.path = NULL},
};

static const struct permission permissions[] = {
    {"insight.read", ROLE_ADMIN | ROLE_MANAGER},
    {NULL, 0},
};

const struct module insight_module = {
    .name = "insight", .routes = routes, .sql = insight_sql, .warehouse_sql = insight_warehouse_sql, .permissions = permissions,
};

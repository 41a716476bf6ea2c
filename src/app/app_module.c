/* Routes of the installation as a whole: exports, verify, rebuild, and filling it with the demo. */
#include "app/app_priv.h"
#include "app/demo_home.h"
#include "http/route.h"

static const struct permission permissions[] = {
    {"export.run", ROLE_ADMIN},
    {"store.check", ROLE_ADMIN},
    {"demo.run", ROLE_ADMIN},
    {NULL, 0},
};

static const struct field job_made_fields[] = {{.name = "job", .type = FIELD_ID, .flags = FIELD_REQUIRED}, FIELD_END};

#define AUDIT_QUERY "who,action,from,to,q"

static const struct route routes[] = {
    {HTTP_GET, "/api/v1/exports/{kind}", export_route, .need = "export.run", .raw = true, .query = "format",
     .doc = "Customers (masked), orders or events as CSV or JSON lines."},
    {HTTP_GET, "/api/v1/audit.csv", audit_csv_route, .need = "audit.read", .raw = true, .query = AUDIT_QUERY, .doc = "The audit as CSV, filtered as the list."},
    {HTTP_GET, "/api/v1/audit.xlsx", audit_xlsx_route, .need = "audit.read", .raw = true, .query = AUDIT_QUERY,
     .doc = "The audit as a workbook in the reader's language, filtered as the list."},
    {HTTP_POST, "/api/v1/verify", verify_route, .need = "store.check", .raw = true, .doc = "Checks every file; a text report with the logical hash of each store."},
    {HTTP_POST, "/api/v1/rebuild", rebuild_route, .need = "store.check", .raw = true, .doc = "Makes the warehouse anew from the truth."},
    {HTTP_POST, "/api/v1/demo", demo_route, .need = "demo.run", .writes = true, .act = "job.demo", .in = demo_option_fields, .in_size = sizeof(struct demo_ask),
     .out = job_made_fields, .out_name = "job_made", .doc = "Starts the job that fills the installation with the demo retailer."},
    {.path = NULL},
};

const struct module app_module = {.name = "app", .routes = routes, .permissions = permissions, .jobs = demo_jobs};

/* Routes of the installation as a whole: exports, verify, rebuild. */
#include "app/app_priv.h"
#include "http/route.h"

static const struct permission permissions[] = {
    {"export.run", ROLE_ADMIN},
    {"store.check", ROLE_ADMIN},
    {NULL, 0},
};

static const struct route routes[] = {
    {HTTP_GET, "/api/v1/exports/{kind}", export_route, .need = "export.run", .raw = true, .query = "format",
     .doc = "Customers (masked), orders or events as CSV or JSON lines."},
    {HTTP_POST, "/api/v1/verify", verify_route, .need = "store.check", .raw = true, .doc = "Checks every file; a text report with the logical hash of each store."},
    {HTTP_POST, "/api/v1/rebuild", rebuild_route, .need = "store.check", .raw = true, .doc = "Makes the warehouse anew from the truth."},
    {.path = NULL},
};

const struct module app_module = {.name = "app", .routes = routes, .permissions = permissions};

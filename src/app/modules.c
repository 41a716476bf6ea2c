/* The list of modules; nothing else knows them all. Order is the order of their starts: lower layers first. */
#include "access/access.h"
#include "app/app_priv.h"
#include "app/demo_home.h"
#include "catalog/catalog.h"
#include "customer/customer.h"
#include "eventlog/eventlog.h"
#include "http/http.h"
#include "identity/identity.h"
#include "insight/insight.h"
#include "intake/intake.h"
#include "sales/sales.h"
#include "vault/vault.h"
#include "warehouse/warehouse.h"

const struct module *const modules[] = {
    &http_module,  &vault_module,     &access_module,    &job_module,    &customer_module, &catalog_module,   &identity_module, &eventlog_module, &sales_module,
    &warehouse_module, &intake_module, &insight_module, &demo_shop_module, &tour_module, &app_module, NULL,
};

/* How the program meets the customer record. */
#include "customer/customer_priv.h"
#include "embedded_sql.h"

static const char *const tables[] = {"customer", "customer_contact", "customer_address", "customer_note", "customer_tag", "customer_relation",
                                     "customer_consent", "customer_change", "customer_stat", NULL};

static const struct permission permissions[] = {
    {"customer.read", ROLE_ALL},
    {"customer.write", ROLE_ALL | ROLE_API},
    {"customer.reveal", ROLE_ADMIN | ROLE_MANAGER | ROLE_AGENT},
    {"customer.chain", ROLE_ADMIN | ROLE_MANAGER | ROLE_AGENT},
    {.name = NULL},
};

const struct module customer_module = {
    .name = "customer", .sql = customer_sql, .migrations = customer_migrations, .tables = tables, .permissions = permissions,
    .on_customer_merge = customer_merged,
};

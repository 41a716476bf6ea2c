/* What the vault shows of itself to the outside: figures, no values. */
#include "vault/vault.h"

#include "base/app.h"
#include "http/route.h"

static void add_gauge(struct buf *out, const char *name, const char *help, int64_t value)
{
    buf_addf(out, "# HELP %s %s\n# TYPE %s gauge\n%s %lld\n", name, help, name, name, (long long)value);
}

static void metrics(struct app *app, struct buf *out)
{
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    struct ctx c = {.arena = arena, .app = app, .vault = app->vault, .now_us = clock_now_us()};
    struct vault_status s = {0};
    bool up = app->vault && vault_status(&c, &s) == RC_OK;
    add_gauge(out, "zhixin_vault_up", "Whether the vault answers.", up);
    if (!up)
        return;
    add_gauge(out, "zhixin_vault_names", "Customers in the index of names.", s.names);
    add_gauge(out, "zhixin_vault_index_ready", "Whether the index of names holds everybody.", s.index_ready);
    add_gauge(out, "zhixin_vault_memory_bytes", "Memory that the vault has allocated.", s.memory_kib << 10);
    add_gauge(out, "zhixin_vault_audit_records", "Records in audit.log.", s.audit_records);
}

const struct module vault_module = {.name = "vault", .metrics = metrics};

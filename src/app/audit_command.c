/* zhixin audit verify: is audit.log, line by line, what the vault wrote? It reads the file and the keyring itself, so that nobody has
 * to believe the running program; it works while the installation is served. */
#include "app/app_priv.h"
#include "vault/audit.h"

#include <stdio.h>
#include <time.h>

enum { TRIES = 3 };

/* "120:5f…": a record's number and hash, as an earlier run printed them. */
static bool anchor_of(const char *text, struct vault_audit_anchor *ret)
{
    struct str rest = str_z(text), number;
    *ret = (struct vault_audit_anchor){0};
    if (!text)
        return true;
    return str_split(&rest, ':', &number) && str_i64(number, &ret->number) && ret->number > 0 && rest.len == 2 * sizeof(ret->hash) &&
           str_unhex(rest, ret->hash, sizeof(ret->hash));
}

/* A server may be in the midst of a line: what ends too soon is looked at again. */
static enum rc check(struct ctx *c, const char *data, const char *unseal, const struct vault_audit_anchor *anchor, struct vault_audit_report *ret)
{
    const struct timespec moment = {0, 200 * 1000 * 1000};
    enum rc rc = vault_check_audit(c, data, unseal, anchor, ret);
    for (int tries = 1; !rc && ret->bad_line && tries < TRIES; tries++) {
        nanosleep(&moment, NULL);
        rc = vault_check_audit(c, data, unseal, anchor, ret);
    }
    return rc;
}

static bool tell(const struct vault_audit_report *r, const struct vault_audit_anchor *anchor)
{
    char head[2 * sizeof(r->head)];
    str_hex(r->head, sizeof(r->head), head);
    if (r->bad_line)
        printf("line %lld is not what was written\n", (long long)r->bad_line);
    if (!r->anchored)
        printf("record %lld is missing or another one\n", (long long)anchor->number);
    printf("records=%lld anchor=%lld:%.*s\n", (long long)r->count, (long long)r->count, (int)sizeof(head), head);
    bool well = r->bad_line == 0 && r->anchored;
    puts(well ? "all is well" : "not well");
    return well;
}

int command_audit(int argc, char **argv)
{
    const char *data = NULL, *anchor_text = NULL, *words[1] = {NULL};
    const struct arg args[] = {{"--data", "DIR", "the installation", &data, true},
                               {"--anchor", "N:HASH", "as an earlier run printed it: that record must still be there, so that a file cut short is found", &anchor_text, false},
                               {NULL, NULL, NULL, NULL, false}};
    struct vault_audit_anchor anchor;
    if (args_parse("audit", "Checks audit.log, the record of who saw which plaintext: status 0 when no line was edited, deleted, inserted or moved.", "verify", argc, argv,
                   args, words, 1) < 1 || strcmp(words[0], "verify") != 0 || !anchor_of(anchor_text, &anchor)) {
        fputs("usage: zhixin audit verify --data DIR [--anchor N:HASH]\n", stderr);
        return 2;
    }
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    struct ctx c = {.arena = arena, .now_us = clock_now_us()};
    struct config config;
    struct vault_audit_report report;
    enum rc rc = config_load(&c, data, &config);
    if (rc)
        return command_failed("audit", &c, rc);
    rc = check(&c, data, config.unseal_file[0] ? config.unseal_file : NULL, &anchor, &report);
    config_free(&config);
    if (rc)
        return command_failed("audit", &c, rc);
    return tell(&report, &anchor) ? 0 : 1;
}

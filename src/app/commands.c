/* The list of commands, and the short ones: init, serve, key, user, openapi, version, and the two processes. */
#include "access/access.h"
#include "app/app_priv.h"
#include "base/log.h"
#include "db/pool.h"
#include "eventlog/eventlog.h"
#include "http/http.h"
#include "intake/intake.h"
#include "vault/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

const struct command commands[] = {
    {"init", "make a new installation", command_init, false},
    {"serve", "run the program until SIGTERM", command_serve, false},
    {"demo", "fill an installation with the demo retailer", command_demo, false},
    {"import", "take a CSV file of receipts, orders, products or customers", command_import, false},
    {"export", "write customers, orders or events to standard output", command_export, false},
    {"rebuild", "make the warehouse anew from the truth", command_rebuild, false},
    {"verify", "check every file, and print the logical hash of each store", command_verify, false},
    {"move", "move the truth and the keys to PostgreSQL, or back into files", command_move, false},
    {"distribute", "lay the tables on PostgreSQL out over the machines of a Citus cluster", command_distribute, false},
    {"audit", "check the record of who saw which plaintext", command_audit, false},
    {"key", "create keys for sources", command_key, false},
    {"user", "add a member of staff", command_user, false},
    {"openapi", "print the OpenAPI document", command_openapi, false},
    {"version", "print the version", command_version, false},
    {"vault-process", "", command_vault_process, true},
    {"server-process", "", command_server_process, true},
    {NULL, NULL, NULL, false},
};

int command_failed(const char *name, const struct ctx *c, enum rc rc)
{
    fprintf(stderr, "zhixin %s: %s", name, rc_name(rc));
    if (c->error.cause[0])
        fprintf(stderr, " (%s%s%s)", c->error.field, c->error.field[0] ? ": " : "", c->error.cause);
    fputc('\n', stderr);
    return 1;
}

static int write_key_file(const char *path)
{
    uint8_t key[32];
    char hex[65];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || getrandom(key, sizeof(key), 0) != sizeof(key))
        return -1;
    str_hex(key, sizeof(key), hex);
    hex[64] = '\n';
    ssize_t put = write(fd, hex, sizeof(hex));
    explicit_bzero(key, sizeof(key));
    explicit_bzero(hex, sizeof(hex));
    int bad = put != sizeof(hex) || fsync(fd) != 0;
    return close(fd) || bad ? -1 : 0;
}

/* The first line of a file, without its newline; empty when it can't be read. Wiped by the caller. */
static struct str read_secret(const char *path, char *room, size_t size)
{
    FILE *in = fopen(path, "r");
    if (!in || !fgets(room, (int)size, in))
        room[0] = '\0';
    if (in)
        fclose(in);
    return str_trim(str_z(room));
}

struct new_staff {
    struct str email, name, password;
    unsigned role;
    int64_t id;
};

static enum rc add_staff(struct ctx *c, void *arg)
{
    struct new_staff *s = arg;
    return access_staff_create(c, s->email, s->name, s->role, s->password, &s->id);
}

static bool make_folder(const char *path)
{
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

/* ---- init ---- */

static enum rc init_files(struct ctx *c, const char *data, const struct config_given *given, const char **ret_unseal)
{
    const char *unseal = arena_printf(c->arena, "%s/unseal.key", data).ptr;
    const char *database = arena_printf(c->arena, "%s/zhixin.db", data).ptr;
    if (!make_folder(data) || !make_folder(arena_printf(c->arena, "%s/segments", data).ptr))
        return ctx_fail(c, RC_STORE, "data", "can_not_make_the_folder");
    if (access(database, F_OK) == 0 || access(unseal, F_OK) == 0)
        return ctx_fail(c, RC_CONFLICT, "data", "holds_an_installation_already");
    if (write_key_file(unseal) != 0)
        return ctx_fail(c, RC_STORE, "unseal.key", "can_not_be_written");
    *ret_unseal = unseal;
    return config_write_default(arena_printf(c->arena, "%s/zhixin.conf", data).ptr, given);
}

/* The first of a truth: a database that has staff is somebody's already. */
static enum rc add_first_staff(struct ctx *c, void *arg)
{
    int64_t staff;
    enum rc rc = db_get_i64(c->db, 0, &staff, "staff_count");
    if (!rc && staff > 0)
        return ctx_fail(c, RC_CONFLICT, "database", "holds_an_installation_already");
    return rc ? rc : add_staff(c, arg);
}

static enum rc init(struct ctx *c, const char *data, const struct config_given *given, struct new_staff *admin)
{
    struct app app;
    const char *unseal = NULL;
    const struct app_options options = {.parts = APP_TRUTH, .vault_fd = -1, .migrate = true};
    enum rc rc = init_files(c, data, given, &unseal);
    if (!rc)
        rc = vault_init(c, data, unseal);
    if (!rc)
        rc = app_open(data, &options, &app);
    if (rc)
        return rc;
    c->app = &app;
    rc = db_pool_tx(c, app.truth, add_first_staff, admin);
    app_close(&app);
    return rc;
}

int command_init(int argc, char **argv)
{
    const char *data = NULL, *email = NULL, *file = NULL, *name = NULL, *database = NULL, *keys = NULL, *warehouse = NULL;
    char secret[256] = "";
    const struct arg args[] = {{"--data", "DIR", "where the installation will live", &data, true},
                               {"--admin", "EMAIL", "the first administrator", &email, true},
                               {"--password-file", "FILE", "file whose first line is his password", &file, true},
                               {"--name", "NAME", "his name", &name, false},
                               {"--database", "URL", "postgres://… for the truth, instead of a file in DIR", &database, false},
                               {"--keys", "URL", "postgres://… of another database for the wrapped keys, instead of a file in DIR", &keys, false},
                               {"--warehouse", "duckdb|same", "figures from a file beside each server (the default), or from the truth's PostgreSQL", &warehouse, false},
                               {NULL, NULL, NULL, NULL, false}};
    if (args_parse("init", "Makes a new installation: databases, keyring, configuration file, first administrator.", NULL, argc, argv, args, NULL, 0) < 0)
        return 2;
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    struct ctx c = {.arena = arena, .now_us = clock_now_us()};
    const struct config_given given[] = {{"database", "url", database}, {"database", "keys", keys}, {"warehouse", "engine", warehouse}, {NULL, NULL, NULL}};
    struct new_staff admin = {.email = str_z(email), .name = str_z(name ? name : "Administrator"), .role = ROLE_ADMIN, .password = read_secret(file, secret, sizeof(secret))};
    enum rc rc = admin.password.len ? init(&c, data, given, &admin) : ctx_fail(&c, RC_INVALID, "password-file", "empty_or_unreadable");
    explicit_bzero(secret, sizeof(secret));
    if (rc)
        return command_failed("init", &c, rc);
    printf("installation made in %s; start it with: zhixin serve --data %s\n", data, data);
    return 0;
}

/* ---- serve and its processes ---- */

/* For this start alone: the processes that the supervisor starts read it where each looks for what is configured otherwise, and a
 * password in a URL shows in no list of processes but our own. */
static void override(const char *variable, const char *value)
{
    if (value)
        setenv(variable, value, 1);
}

int command_serve(int argc, char **argv)
{
    const char *data = NULL, *listen = NULL, *database = NULL, *keys = NULL, *warehouse = NULL;
    const struct arg args[] = {{"--data", "DIR", "the installation", &data, true},
                               {"--listen", "ADDR:PORT", "instead of the configured address; port 0 picks one", &listen, false},
                               {"--database", "URL", "postgres://… of the truth, instead of what is configured", &database, false},
                               {"--keys", "URL", "postgres://… of the wrapped keys, instead of what is configured", &keys, false},
                               {"--warehouse", "duckdb|same", "a file beside each server, or a schema of the truth's PostgreSQL, instead of what is configured", &warehouse, false},
                               {NULL, NULL, NULL, NULL, false}};
    if (args_parse("serve", "Runs the program: a supervisor with a vault process and a server process.", NULL, argc, argv, args, NULL, 0) < 0)
        return 2;
    override("ZHIXIN_DATABASE_URL", database);
    override("ZHIXIN_DATABASE_KEYS", keys);
    override("ZHIXIN_WAREHOUSE_ENGINE", warehouse);
    return supervisor_run(data, listen);
}

int command_vault_process(int argc, char **argv)
{
    const char *data = NULL, *fd = NULL;
    int64_t number = -1;
    char unseal[4096];
    const struct arg args[] = {{"--data", "DIR", "", &data, true}, {"--fd", "N", "", &fd, true}, {NULL, NULL, NULL, NULL, false}};
    if (args_parse("vault-process", "", NULL, argc, argv, args, NULL, 0) < 0 || !str_i64(str_z(fd), &number))
        return 2;
    struct config config;
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    struct ctx c = {.arena = arena};
    if (config_load(&c, data, &config) != RC_OK)
        return 2;
    snprintf(unseal, sizeof(unseal), "%s%s", config.unseal_file[0] ? config.unseal_file : data, config.unseal_file[0] ? "" : "/unseal.key");
    config_free(&config);
    log_set_process("vault");
    return vault_main((int)number, data, unseal);
}

int command_server_process(int argc, char **argv)
{
    const char *data = NULL, *listen = NULL, *vault_fd = NULL, *control_fd = NULL;
    int64_t vault_number, control_number;
    const struct arg args[] = {{"--data", "DIR", "", &data, true},        {"--listen", "ADDR", "", &listen, false},
                               {"--vault-fd", "N", "", &vault_fd, true},  {"--control-fd", "N", "", &control_fd, true},
                               {NULL, NULL, NULL, NULL, false}};
    if (args_parse("server-process", "", NULL, argc, argv, args, NULL, 0) < 0)
        return 2;
    if (!str_i64(str_z(vault_fd), &vault_number) || !str_i64(str_z(control_fd), &control_number))
        return 2;
    return server_run(data, listen, (int)vault_number, (int)control_number);
}

/* ---- key and user ---- */

struct new_key {
    struct str source, key;
    bool api, trusted;
};

static enum rc add_key(struct ctx *c, void *arg)
{
    struct new_key *k = arg;
    return access_key_create(c, k->source, k->api, k->trusted, &k->key);
}

/* Runs a transaction on an installation that is not being served, without intake. */
static enum rc on_stopped(struct ctx *c, const char *data, enum rc (*fn)(struct ctx *c, void *arg), void *arg)
{
    struct app app;
    const struct app_options options = {.parts = APP_TRUTH, .vault_fd = -1, .migrate = true};
    enum rc rc = app_open(data, &options, &app);
    if (rc)
        return rc;
    c->app = &app;
    rc = db_pool_tx(c, app.truth, fn, arg);
    app_close(&app);
    return rc;
}

static enum rc key_on_running(struct ctx *c, const struct running *r, struct new_key *k)
{
    _cleanup_buf_ struct buf body = BUF_INIT(4096);
    _cleanup_(json_parser_freep) struct json_parser *parser = json_parser_new();
    struct jw w = jw_on(&body);
    struct json reply;
    jw_object(&w);
    jw_kv_str(&w, "source", k->source);
    jw_kv_z(&w, "kind", k->api ? "api" : "write");
    jw_kv_bool(&w, "trusted", k->trusted);
    jw_object_end(&w);
    enum rc rc = running_json(c, r, parser, "POST", "/api/v1/keys", "application/json", buf_str(&body), &reply);
    if (!rc)
        k->key = arena_str(c->arena, json_str(json_get(reply, STR("key"))));
    return rc;
}

int command_key(int argc, char **argv)
{
    const char *data = NULL, *kind = NULL, *source = NULL, *trusted = NULL, *words[1] = {NULL};
    const struct arg args[] = {{"--data", "DIR", "the installation", &data, true},
                               {"--kind", "write|api", "write: for event collection; api: for /api/v1", &kind, true},
                               {"--source", "NAME", "the source it belongs to; made when there is none", &source, true},
                               {"--trusted", NULL, "what this source says about people is proven", &trusted, false},
                               {NULL, NULL, NULL, NULL, false}};
    if (args_parse("key", "Creates a key for a source and prints it alone. It is shown this once.", "create", argc, argv, args, words, 1) < 1 ||
        strcmp(words[0], "create") != 0 || (strcmp(kind, "write") != 0 && strcmp(kind, "api") != 0)) {
        fputs("usage: zhixin key create --data DIR --kind write|api --source NAME [--trusted]\n", stderr);
        return 2;
    }
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    struct ctx c = {.arena = arena, .now_us = clock_now_us()};
    struct new_key k = {.source = str_z(source), .api = strcmp(kind, "api") == 0, .trusted = trusted != NULL};
    struct running r;
    bool running;
    enum rc rc = running_find(&c, data, &r, &running);
    if (!rc)
        rc = running ? key_on_running(&c, &r, &k) : on_stopped(&c, data, add_key, &k);
    if (rc)
        return command_failed("key", &c, rc);
    printf("%.*s\n", STR_FMT(k.key));
    return 0;
}

static bool role_of(const char *word, unsigned *ret)
{
    static const struct {
        const char *word;
        unsigned role;
    } roles[] = {{"administrator", ROLE_ADMIN}, {"manager", ROLE_MANAGER}, {"agent", ROLE_AGENT}, {"store", ROLE_STORE}};
    for (size_t i = 0; i < 4; i++)
        if (strcmp(word, roles[i].word) == 0) {
            *ret = roles[i].role;
            return true;
        }
    return false;
}

static enum rc user_on_running(struct ctx *c, const struct running *r, const struct new_staff *s, const char *role)
{
    _cleanup_buf_ struct buf body = BUF_INIT(4096);
    _cleanup_(json_parser_freep) struct json_parser *parser = json_parser_new();
    struct jw w = jw_on(&body);
    struct json reply;
    jw_object(&w);
    jw_kv_str(&w, "email", s->email);
    jw_kv_str(&w, "name", s->name);
    jw_kv_z(&w, "role", role);
    jw_kv_str(&w, "password", s->password);
    jw_object_end(&w);
    enum rc rc = running_json(c, r, parser, "POST", "/api/v1/staff", "application/json", buf_str(&body), &reply);
    explicit_bzero(body.ptr, body.len);
    return rc;
}

int command_user(int argc, char **argv)
{
    const char *data = NULL, *email = NULL, *name = NULL, *role = NULL, *file = NULL, *words[1] = {NULL};
    char secret[256] = "";
    struct new_staff staff = {0};
    const struct arg args[] = {{"--data", "DIR", "the installation", &data, true},
                               {"--email", "EMAIL", "name to log in with", &email, true},
                               {"--name", "NAME", "as colleagues know the person", &name, true},
                               {"--role", "ROLE", "administrator, manager, agent or store", &role, true},
                               {"--password-file", "FILE", "file whose first line is the password", &file, true},
                               {NULL, NULL, NULL, NULL, false}};
    if (args_parse("user", "Adds a member of staff, also while the installation is being served.", "add", argc, argv, args, words, 1) < 1 ||
        strcmp(words[0], "add") != 0 || !role_of(role, &staff.role)) {
        fputs("usage: zhixin user add --data DIR --email EMAIL --name NAME --role administrator|manager|agent|store --password-file FILE\n", stderr);
        return 2;
    }
    _cleanup_(arena_freep) struct arena *arena = arena_new();
    struct ctx c = {.arena = arena, .now_us = clock_now_us()};
    staff.email = str_z(email);
    staff.name = str_z(name);
    staff.password = read_secret(file, secret, sizeof(secret));
    struct running r;
    bool running;
    enum rc rc = staff.password.len ? running_find(&c, data, &r, &running) : ctx_fail(&c, RC_INVALID, "password-file", "empty_or_unreadable");
    if (!rc)
        rc = running ? user_on_running(&c, &r, &staff, role) : on_stopped(&c, data, add_staff, &staff);
    explicit_bzero(secret, sizeof(secret));
    if (rc)
        return command_failed("user", &c, rc);
    printf("added %s as %s\n", email, role);
    return 0;
}

/* ---- documents ---- */

int command_openapi(int argc, char **argv)
{
    const struct arg args[] = {{NULL, NULL, NULL, NULL, false}};
    _cleanup_buf_ struct buf out = BUF_INIT(16 << 20);
    if (args_parse("openapi", "Prints the OpenAPI 3.1 document of /api/v1.", NULL, argc, argv, args, NULL, 0) < 0)
        return 2;
    http_openapi(&out);
    fwrite(out.ptr, 1, out.len, stdout);
    fputc('\n', stdout);
    return 0;
}

int command_version(int argc, char **argv)
{
    const struct arg args[] = {{NULL, NULL, NULL, NULL, false}};
    if (args_parse("version", "Prints the version.", NULL, argc, argv, args, NULL, 0) < 0)
        return 2;
    puts("zhixin " ZHIXIN_VERSION);
    return 0;
}

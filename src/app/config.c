/* The configuration file: ini sections, every key known here with its default; the environment overrides. */
#include "app/app_priv.h"
#include "base/log.h"

#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct setting {
    const char *section, *key, *otherwise, *comment;
    size_t offset;
    enum { TEXT, NUMBER, COUNT } type; /* COUNT: a number that may be 0 */
} settings[] = {
    {"server", "listen", "127.0.0.1:8080", "Address and port. Put a TLS proxy in front of anything but this machine.", offsetof(struct config, listen), TEXT},
    {"server", "workers", "4", "Threads that run requests.", offsetof(struct config, workers), NUMBER},
    {"server", "trusted_proxies", "", "Addresses or ranges (10.0.0.1, 192.168.0.0/16) of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed; empty: nobody's.",
     offsetof(struct config, trusted_proxies), TEXT},
    {"database", "url", "", "postgres://… of the truth; empty: zhixin.db in the data directory.", offsetof(struct config, database_url), TEXT},
    {"database", "keys", "", "postgres://… of the wrapped keys, never the same database; empty: keys.db in the data directory.", offsetof(struct config, database_keys), TEXT},
    {"vault", "unseal_file", "", "Key file (mode 0600) that opens the keyring; empty: unseal.key in the data directory.", offsetof(struct config, unseal_file), TEXT},
    {"warehouse", "engine", "duckdb", "duckdb: a file beside each server; same: a schema of the truth's PostgreSQL, which all servers share.",
     offsetof(struct config, warehouse_engine), TEXT},
    {"warehouse", "memory_mib", "192", "Memory that the analytical store may use.", offsetof(struct config, warehouse_memory_mib), NUMBER},
    {"warehouse", "rest_s", "20", "The analytical store is closed when nobody asked it and little happened for so many seconds; 0: never.", offsetof(struct config, warehouse_rest_s), COUNT},
    {"eventlog", "segment_events", "262144", "So many events are sealed into one segment file.", offsetof(struct config, segment_events), NUMBER},
    {"log", "level", "info", "debug, info, warn or error.", offsetof(struct config, log_level), TEXT},
};
enum { SETTINGS = sizeof(settings) / sizeof(settings[0]) };

static bool put(struct config *config, const struct setting *s, const char *value)
{
    void *at = (char *)config + s->offset;
    int64_t number;
    if (s->type != TEXT) {
        if (!str_i64(str_z(value), &number) || number < (s->type == COUNT ? 0 : 1))
            return false;
        *(int64_t *)at = number;
        return true;
    }
    free(*(char **)at);
    *(char **)at = mem_dupz(value, strlen(value));
    return true;
}

static int on_line(void *arg, const char *section, const char *key, const char *value)
{
    for (size_t i = 0; i < SETTINGS; i++)
        if (strcmp(settings[i].section, section) == 0 && strcmp(settings[i].key, key) == 0)
            return put(arg, &settings[i], value);
    return 0;
}

/* ZHIXIN_SERVER_LISTEN overrides [server] listen. */
static bool from_environment(struct config *config)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        char name[64] = "ZHIXIN_";
        size_t at = strlen(name);
        for (const char *p = settings[i].section; *p; p++)
            name[at++] = (char)(*p - 32);
        name[at++] = '_';
        for (const char *p = settings[i].key; *p; p++)
            name[at++] = *p == '_' ? '_' : (char)(*p - 32);
        name[at] = '\0';
        const char *value = getenv(name);
        if (value && !put(config, &settings[i], value)) {
            fprintf(stderr, "zhixin: %s: not a number%s\n", name, settings[i].type == COUNT ? "" : " above 0");
            return false;
        }
    }
    return true;
}

static bool knows_engine(const struct config *config)
{
    bool known = strcmp(config->warehouse_engine, "duckdb") == 0 || strcmp(config->warehouse_engine, "same") == 0;
    if (!known)
        fprintf(stderr, "zhixin: [warehouse] engine: %s is neither duckdb nor same\n", config->warehouse_engine);
    return known;
}

/* For the whole process, from here on. */
static bool set_log_level(const struct config *config)
{
    enum log_level level;
    bool known = log_level_named(config->log_level, &level);
    if (known)
        log_set_level(level);
    else
        fprintf(stderr, "zhixin: [log] level: %s is none of debug, info, warn, error\n", config->log_level);
    return known;
}

enum rc config_load(struct ctx *c, const char *data_dir, struct config *ret)
{
    struct config config = {0};
    const char *path = arena_printf(c->arena, "%s/zhixin.conf", data_dir).ptr;
    for (size_t i = 0; i < SETTINGS; i++)
        put(&config, &settings[i], settings[i].otherwise);
    int line = access(path, R_OK) == 0 ? ini_parse(path, on_line, &config) : 0;
    if (line != 0)
        fprintf(stderr, "zhixin: %s: line %d is not understood; see docs/operations.md for every key\n", path, line);
    if (line != 0 || !from_environment(&config) || !knows_engine(&config) || !set_log_level(&config)) {
        config_free(&config);
        return ctx_fail(c, RC_INVALID, "config", "malformed");
    }
    *ret = config;
    return RC_OK;
}

void config_free(struct config *config)
{
    free(config->listen);
    free(config->trusted_proxies);
    free(config->database_url);
    free(config->database_keys);
    free(config->warehouse_engine);
    free(config->unseal_file);
    free(config->log_level);
    *config = (struct config){0};
}

static const char *given_value(const struct config_given *given, const struct setting *s)
{
    for (; given && given->key; given++)
        if (given->value && strcmp(given->section, s->section) == 0 && strcmp(given->key, s->key) == 0)
            return given->value;
    return NULL;
}

enum rc config_write_default(const char *path, const struct config_given *given)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600); /* a URL may hold a password */
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    const char *section = "";
    if (!out)
        return RC_STORE;
    fputs("; Zhixin's configuration. A line without ';' in front counts; ZHIXIN_<SECTION>_<KEY> in the environment overrides it.\n", out);
    for (size_t i = 0; i < SETTINGS; i++) {
        if (strcmp(section, settings[i].section) != 0)
            fprintf(out, "\n[%s]\n", section = settings[i].section);
        const char *value = given_value(given, &settings[i]);
        fprintf(out, "; %s\n%s%s = %s\n", settings[i].comment, value ? "" : "; ", settings[i].key, value ? value : settings[i].otherwise);
    }
    return fclose(out) == 0 ? RC_OK : RC_STORE;
}

/* The line that sets a key, with or without ';' in front; `section` is where the line stands. */
static const struct config_given *given_by(const struct config_given *given, const char *section, struct str line)
{
    for (; given->key; given++) {
        struct str rest = line;
        if (str_starts(rest, STR(";")))
            rest = str_trim(str_sub(rest, 1, rest.len));
        size_t len = strlen(given->key);
        if (strcmp(given->section, section) == 0 && str_starts(rest, str_z(given->key)) && str_starts(str_trim(str_sub(rest, len, rest.len)), STR("=")))
            return given;
    }
    return NULL;
}

static void add_setting(FILE *out, const struct config_given *g)
{
    fprintf(out, "%s%s = %s\n", g->value[0] ? "" : "; ", g->key, g->value);
}

static void rewrite_lines(FILE *in, FILE *out, const struct config_given *given, bool *done)
{
    char line[8192], section[64] = "";
    while (fgets(line, sizeof(line), in)) {
        struct str text = str_trim(str_z(line));
        if (str_starts(text, STR("[")) && text.len - 2 < sizeof(section))
            snprintf(section, sizeof(section), "%.*s", (int)text.len - 2, text.ptr + 1);
        const struct config_given *g = given_by(given, section, text);
        if (!g)
            fputs(line, out);
        else if (!done[g - given])
            add_setting(out, g);
        if (g)
            done[g - given] = true;
    }
    for (size_t i = 0; given[i].key; i++) /* a file of before these keys were known; a section may stand twice */
        if (!done[i]) {
            fprintf(out, "\n[%s]\n", given[i].section);
            add_setting(out, &given[i]);
        }
}

enum rc config_rewrite(struct ctx *c, const char *path, const struct config_given *given)
{
    const char *coming = arena_printf(c->arena, "%s.coming", path).ptr;
    bool done[8] = {false};
    FILE *in = fopen(path, "r");
    int fd = open(coming, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!in || !out) {
        if (in)
            fclose(in);
        return ctx_fail(c, RC_STORE, "zhixin.conf", "can_not_be_written");
    }
    rewrite_lines(in, out, given, done);
    bool good = !ferror(in) && fflush(out) == 0 && fsync(fd) == 0;
    fclose(in);
    good = fclose(out) == 0 && good && rename(coming, path) == 0;
    int dir = open(c->app->data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    good = dir >= 0 && fsync(dir) == 0 && good;
    if (dir >= 0)
        close(dir);
    return good ? RC_OK : ctx_fail(c, RC_STORE, "zhixin.conf", "can_not_be_written");
}

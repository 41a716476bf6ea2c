/* Build tool: turns .sql files into C tables (docs/architecture.md, "Named SQL").
 *   src/<module>/<stem>.sql     blocks "-- name: x"        → const struct db_sql <module>_sql[]
 *   src/<module>/warehouse.sql  blocks "-- name: x"        → const struct db_sql <module>_warehouse_sql[]
 *   src/<module>/migrations.sql blocks "-- migration: 201" → const struct db_migration <module>_migrations[]
 * A name may end in "@postgres": the text of that engine alone.
 * usage: embed_sql OUT.c OUT.h FILE… */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *what, const char *file)
{
    fprintf(stderr, "embed_sql: %s: %s\n", file, what);
    exit(1);
}

/* "…/src/customer/warehouse.sql" → "customer_warehouse_sql" */
static void symbol_of(const char *file, char *ret, size_t size)
{
    const char *slash = strrchr(file, '/');
    const char *module = slash;
    if (!slash)
        die("not below src/<module>/", file);
    while (module > file && module[-1] != '/')
        module--;
    const char *suffix = strcmp(slash, "/migrations.sql") == 0  ? "migrations"
                         : strcmp(slash, "/warehouse.sql") == 0 ? "warehouse_sql"
                                                                : "sql";
    snprintf(ret, size, "%.*s_%s", (int)(slash - module), module, suffix);
}

static void put_line(FILE *out, const char *line)
{
    fputs("        \"", out);
    for (; *line && *line != '\n'; line++) {
        if (*line == '"' || *line == '\\')
            fputc('\\', out);
        fputc(*line, out);
    }
    fputs("\\n\"\n", out);
}

static bool block_start(const char *line, bool migrations, char name[static 128])
{
    return sscanf(line, migrations ? "-- migration: %127[0-9]" : "-- name: %127[a-z0-9_@]", name) == 1;
}

static void embed(FILE *out, FILE *header, const char *file)
{
    char symbol[256], name[128], *line = NULL;
    size_t cap = 0;
    bool open = false;
    symbol_of(file, symbol, sizeof(symbol));
    bool migrations = strstr(symbol, "_migrations") != NULL;
    FILE *in = fopen(file, "r");
    if (!in)
        die(strerror(errno), file);
    fprintf(header, "extern const struct %s %s[];\n", migrations ? "db_migration" : "db_sql", symbol);
    fprintf(out, "const struct %s %s[] = {\n", migrations ? "db_migration" : "db_sql", symbol);
    while (getline(&line, &cap, in) >= 0) {
        if (block_start(line, migrations, name)) {
            fprintf(out, migrations ? "%s    {%s,\n" : "%s    {\"%s\",\n", open ? "    },\n" : "", name);
            open = true;
        } else if (open && strncmp(line, "--", 2) != 0 && *line != '\n') {
            put_line(out, line);
        }
    }
    fprintf(out, "%s    {%s, NULL},\n};\n", open ? "    },\n" : "", migrations ? "0" : "NULL");
    free(line);
    fclose(in);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        die("usage: embed_sql OUT.c OUT.h FILE…", "");
    FILE *out = fopen(argv[1], "w"), *header = fopen(argv[2], "w");
    if (!out || !header)
        die(strerror(errno), argv[1]);
    fputs("/* Made by tools/embed_sql.c. */\n#pragma once\n#include \"db/db.h\"\n", header);
    fputs("/* Made by tools/embed_sql.c. */\n#include \"embedded_sql.h\"\n", out);
    for (int i = 3; i < argc; i++)
        embed(out, header, argv[i]);
    return fclose(out) | fclose(header) ? 1 : 0;
}

/* The top of the house: opening an installation, the processes of a running one, and the commands. */
#ifndef ZX_APP_APP_PRIV_H
#define ZX_APP_APP_PRIV_H

#include "base/app.h"
#include "base/ctx.h"

/* ---- config.c: one file with comments, environment overrides (ZHIXIN_<SECTION>_<KEY>) ---- */

struct config {
    char *listen;              /* server.listen */
    int64_t workers;           /* server.workers */
    char *trusted_proxies;     /* server.trusted_proxies */
    char *database_url;        /* database.url, "": zhixin.db */
    char *database_keys;       /* database.keys, "": keys.db */
    char *unseal_file;         /* vault.unseal_file, default DATA/unseal.key */
    char *log_level;           /* log.level */
    char *warehouse_engine;    /* warehouse.engine: "duckdb" or "same" */
    int64_t warehouse_memory_mib; /* warehouse.memory_mib */
    int64_t warehouse_rest_s;  /* warehouse.rest_s */
    int64_t segment_events;    /* eventlog.segment_events */
};
/* Reads DATA/zhixin.conf where it is there; unknown keys are errors that name the line. */
enum rc config_load(struct ctx *c, const char *data_dir, struct config *ret) ZX_MUST_CHECK;
void config_free(struct config *config);
/* Writes the file of a new installation, for its owner alone: every key with its default in a comment, or with what is given
 * for it (a list that ends with a NULL key; a NULL value is not given). */
struct config_given {
    const char *section, *key, *value;
};
enum rc config_write_default(const char *path, const struct config_given *given) ZX_MUST_CHECK;
/* Gives keys of an existing file other values ("": the default), in one act and on disk; all other lines stay as they are. */
enum rc config_rewrite(struct ctx *c, const char *path, const struct config_given *given) ZX_MUST_CHECK;

/* ---- open.c: databases, vault, modules of one installation ---- */

enum app_part {
    APP_TRUTH = 0,             /* databases, vault and modules: always */
    APP_INTAKE = 2,            /* event log and commit thread */
    APP_WAREHOUSE = 4,
};
struct app_options {
    unsigned parts;
    int vault_fd;              /* connected by the supervisor; -1: start one */
    bool migrate;              /* bring the databases up to date */
};
/* Opens an installation, running module starts. RC_VAULT_DOWN: the vault died or could not open its keys. What fails is printed with the way out. app_close() on the same thread. */
enum rc app_open(const char *data_dir, const struct app_options *options, struct app *ret) ZX_MUST_CHECK;
void app_close(struct app *app);
/* Brings a truth up to date with the migrations of all modules. */
enum rc migrate_truth(struct db *db) ZX_MUST_CHECK;
/* A context for a command or thread of the program itself: reader of the truth. Close it on every path. */
enum rc app_ctx(struct app *app, struct ctx *ret) ZX_MUST_CHECK;
void app_ctx_end(struct ctx *c);
/* Takes DATA/lock for as long as the process, and whoever inherits *ret_fd (NULL: nobody does), lives. RC_BUSY: a running
 * installation or another command has it; RC_NOT_FOUND: there is no such folder. */
enum rc app_lock(const char *data_dir, int *ret_fd) ZX_MUST_CHECK;

/* ---- processes ---- */

/* How a server process ends that could not open its installation; above 2, for the supervisor tries again: with another vault,
 * or when the database may be back. */
enum server_status { STATUS_VAULT_DOWN = 3, STATUS_DATABASE_AWAY = 4 };

/* Path of the running program, for exec. */
const char *app_self(void);
/* Starts `zhixin vault-process` on one end of a socket pair; *ret_fd is the other. */
int vault_spawn(const char *data_dir, int *ret_fd);
/* `zhixin serve`: keeps a vault and a server process alive until SIGTERM or SIGINT. */
int supervisor_run(const char *data_dir, const char *listen);
/* `zhixin server-process`: the server itself, control_fd leads to the supervisor. */
int server_run(const char *data_dir, const char *listen, int vault_fd, int control_fd);

/* ---- run.json: where a running server is reached by the commands of the same machine ---- */

struct running {
    char address[128];         /* "http://127.0.0.1:8080" */
    char token[65];            /* random for this start, file mode 0600 */
};
enum rc running_write(const char *data_dir, const struct running *r) ZX_MUST_CHECK;
bool running_read(const char *data_dir, struct running *ret);
void running_remove(const char *data_dir);
/* How a command reaches an installation: through the server that runs on it (*ret is that server, *ret_running true), or, where
 * none does, by itself, with the lock taken. An installation that is just starting is waited for. */
enum rc running_find(struct ctx *c, const char *data_dir, struct running *ret, bool *ret_running) ZX_MUST_CHECK;
/* One request of a command to the running server; the reply's body in the context's arena. *ret_status is HTTP's. */
enum rc running_call(struct ctx *c, const struct running *r, const char *method, const char *path, const char *content_type, struct str body, int *ret_status, struct str *ret_body) ZX_MUST_CHECK;
struct json;
struct json_parser;
/* The same where the reply is JSON: a refusal becomes the failure of the command. *ret lives until the parser's next use. */
enum rc running_json(struct ctx *c, const struct running *r, struct json_parser *parser, const char *method, const char *path, const char *content_type,
                     struct str body, struct json *ret) ZX_MUST_CHECK;
/* Starts the job that `path` stands for and waits for its end; *ret_result is what it counted. */
enum rc running_job(struct ctx *c, const struct running *r, struct json_parser *parser, const char *path, const char *content_type, struct str body,
                    void (*tell)(int64_t done, int64_t total), struct json *ret_result) ZX_MUST_CHECK;

/* ---- commands ---- */

struct command {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
    bool hidden;               /* processes that the supervisor starts */
};
extern const struct command commands[];
/* Prints "zhixin NAME: what went wrong (field: cause)" and what to do; returns 1. */
int command_failed(const char *name, const struct ctx *c, enum rc rc);

int command_init(int argc, char **argv);
int command_serve(int argc, char **argv);
int command_demo(int argc, char **argv);
int command_import(int argc, char **argv);
int command_export(int argc, char **argv);
int command_rebuild(int argc, char **argv);
int command_verify(int argc, char **argv);
int command_move(int argc, char **argv);
int command_distribute(int argc, char **argv);
int command_audit(int argc, char **argv);
int command_key(int argc, char **argv);
int command_user(int argc, char **argv);
int command_openapi(int argc, char **argv);
int command_version(int argc, char **argv);
int command_vault_process(int argc, char **argv);
int command_server_process(int argc, char **argv);

/* ---- app_module.c: the same over HTTP ---- */

struct request;
struct reply;
enum rc export_route(struct ctx *c, const struct request *r, struct reply *p) ZX_MUST_CHECK;
enum rc audit_csv_route(struct ctx *c, const struct request *r, struct reply *p) ZX_MUST_CHECK; /* audit_export.c */
enum rc audit_xlsx_route(struct ctx *c, const struct request *r, struct reply *p) ZX_MUST_CHECK;
enum rc verify_route(struct ctx *c, const struct request *r, struct reply *p) ZX_MUST_CHECK;
enum rc rebuild_route(struct ctx *c, const struct request *r, struct reply *p) ZX_MUST_CHECK;
extern const struct module app_module;

/* ---- command line (args.c) ---- */

/* "--name VALUE" options and "--flag"s of a command, then its plain words. Unknown ones are errors that show the help. */
struct arg {
    const char *name;          /* "--data" */
    const char *value;         /* what the help calls its value, NULL: a flag */
    const char *help;
    const char **ret;          /* value, or "1" of a flag */
    bool required;
};
/* Returns the number of plain words (in `words`), -1 after --help (status 0), -2 after an error (status 2). */
int args_parse(const char *command, const char *summary, const char *word_help, int argc, char **argv, const struct arg *args, const char **words, int words_max);

#endif

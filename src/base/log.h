/* JSON lines on standard error. A log line carries names, counts, codes and ids, never what a person typed:
 * values of personal fields do not reach this file's functions. */
#ifndef ZX_BASE_LOG_H
#define ZX_BASE_LOG_H

#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_field {
    const char *key;
    enum { LOG_FIELD_INT, LOG_FIELD_STR } kind;
    int64_t number;
    struct str text;
};
#define LOG_I(k, v) ((struct log_field){.key = (k), .kind = LOG_FIELD_INT, .number = (int64_t)(v)})
#define LOG_S(k, v) ((struct log_field){.key = (k), .kind = LOG_FIELD_STR, .text = (v)})
#define LOG_Z(k, v) LOG_S(k, str_z(v))

/* log_info("server.start", LOG_I("port", 8080), LOG_Z("data", dir)); `what` is a dotted constant name. */
#define log_at(level, what, ...)                                                                  \
    log_write(level, what, (const struct log_field[]){{.key = ""}, ##__VA_ARGS__},                \
              sizeof((const struct log_field[]){{.key = ""}, ##__VA_ARGS__}) / sizeof(struct log_field))
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_at(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_at(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_at(LOG_ERROR, __VA_ARGS__)

void log_set_level(enum log_level least);
bool log_level_named(const char *name, enum log_level *ret);
void log_set_process(const char *name); /* "server", "vault", …; a constant */
void log_write(enum log_level level, const char *what, const struct log_field *fields, size_t count);

#endif

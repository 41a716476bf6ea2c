/* JSON log lines, one write() each, so that lines of several processes do not mix. */
#include "base/log.h"
#include "base/buf.h"
#include "base/clock.h"

#include <errno.h>
#include <unistd.h>

static enum log_level least_level = LOG_INFO;
static const char *process_name = "zhixin";

static const char *const level_names[] = {"debug", "info", "warn", "error"};

bool log_level_named(const char *name, enum log_level *ret)
{
    for (unsigned i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++)
        if (strcmp(level_names[i], name) == 0) {
            *ret = (enum log_level)i;
            return true;
        }
    return false;
}

void log_set_level(enum log_level least)
{
    least_level = least;
}

void log_set_process(const char *name)
{
    process_name = name;
}

static void write_all(struct str line)
{
    while (line.len) {
        ssize_t n = write(STDERR_FILENO, line.ptr, line.len);
        if (n < 0 && errno != EINTR)
            return; /* nowhere left to say it */
        if (n > 0)
            line = str_sub(line, (size_t)n, line.len);
    }
}

void log_write(enum log_level level, const char *what, const struct log_field *fields, size_t count)
{
    if (level < least_level)
        return;
    _cleanup_buf_ struct buf line = BUF_INIT(16 << 10);
    buf_addz(&line, "{\"at\":\"");
    clock_add_iso(&line, clock_now_us());
    buf_addf(&line, "\",\"level\":\"%s\",\"process\":\"%s\",\"what\":\"%s\"", level_names[level], process_name, what);
    for (size_t i = 1; i < count; i++) { /* the first is the macro's placeholder */
        buf_addf(&line, ",\"%s\":", fields[i].key);
        if (fields[i].kind == LOG_FIELD_INT)
            buf_add_i64(&line, fields[i].number);
        else
            buf_add_json(&line, fields[i].text);
    }
    buf_addz(&line, "}\n");
    if (!line.failed)
        write_all(buf_str(&line));
}

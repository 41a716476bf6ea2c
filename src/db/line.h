/* What all connections to one PostgreSQL server know of it together: can it be reached, and who tries next. So a server that
 * does not answer costs one caller a few seconds now and then, and everybody else nothing: they are refused at once. */
#ifndef ZX_DB_LINE_H
#define ZX_DB_LINE_H

#include <stdbool.h>
#include <stdint.h>

struct db_line;

struct db_line *line_new(void);
void line_free(struct db_line *l); /* NULL is fine */

/* May the caller try to connect now? While the server is away only one tries at a time, and not more often than a growing pause
 * says. Whoever was let through tells how it ended; the log hears of it when that changes. */
bool line_may_try(struct db_line *l);
void line_reached(struct db_line *l);
void line_not_reached(struct db_line *l, const char *why);

/* A connection was lost. What was made before that is not trusted any more: see line_epoch(). Several connections that break
 * for one reason count once: `epoch` is the one the lost connection was made in. */
void line_lost(struct db_line *l, unsigned epoch, const char *why);
unsigned line_epoch(const struct db_line *l);

/* The server has no room for what is written, or has some again. */
void line_full(struct db_line *l, bool full);

struct line_state {
    bool away, full;
    int64_t losses, away_ms; /* so far: connections found broken, and for how long the server is away by now */
};
struct line_state line_state(struct db_line *l);
bool line_is_away(const struct db_line *l);

#endif

/* Carries committed pages from the write-ahead log into the SQLite file, on a thread of its own, so that no commit waits
 * for it: copying and syncing the pages of one commit goes on while the next is being made.
 *
 * The log begins anew only when all of it has been carried over and nobody writes. Under a steady stream that moment never
 * comes by itself: past a second mark the thread takes the writer's turn for the few pages that came in meanwhile. */
#ifndef ZX_DB_CHECKPOINT_H
#define ZX_DB_CHECKPOINT_H

#include "db/pool.h"

struct checkpointer;

/* Follows the commits of `writer`, which belongs to `pool`; `fd` is of the same file and stays the pool's. */
enum rc checkpointer_start(const char *path, int fd, struct db_pool *pool, struct db *writer, struct checkpointer **ret) ZX_MUST_CHECK;
void checkpointer_stop(struct checkpointer *k); /* NULL is fine; before the writer is closed */

#endif

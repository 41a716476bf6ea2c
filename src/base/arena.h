/* A bump allocator that owns all results of one request or job. Freed as a whole; secrets never go here. */
#ifndef ZX_BASE_ARENA_H
#define ZX_BASE_ARENA_H

#include "base/mem.h"
#include "base/str.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a); /* NULL is fine */
/* Forgets everything but keeps one block (of a megabyte at most), for the next request. */
void arena_reset(struct arena *a);
MEM_DEFINE_CLEANUP(struct arena, arena_free)

/* Zeroed memory, aligned for any type, valid until reset or free. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((malloc, returns_nonnull));
#define arena_new_array(a, type, count) ((type *)arena_alloc_array((a), (count), sizeof(type)))
#define arena_new_one(a, type) arena_new_array(a, type, 1)
void *arena_alloc_array(struct arena *a, size_t count, size_t size) __attribute__((malloc, returns_nonnull));
/* Copies; the copy is NUL-terminated behind its length. */
struct str arena_str(struct arena *a, struct str s);
struct str arena_concat(struct arena *a, struct str first, struct str second);
struct str arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3), nonnull(1, 2)));
/* NUL-terminated copy. */
char *arena_z(struct arena *a, struct str s);

#endif

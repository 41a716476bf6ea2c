/* Heap memory that never fails: out of memory aborts, limits (limits.h) keep us from getting there. */
#ifndef ZX_BASE_MEM_H
#define ZX_BASE_MEM_H

#include <stddef.h>

/* Like malloc, calloc and realloc, but abort when memory is out. Free with free(). */
void *mem_alloc(size_t size) __attribute__((malloc, returns_nonnull));
void *mem_zalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *mem_realloc(void *ptr, size_t size) __attribute__((returns_nonnull));
/* Copies `len` bytes and adds a terminating NUL. */
char *mem_dupz(const char *ptr, size_t len) __attribute__((malloc, returns_nonnull));

#define _cleanup_(fn) __attribute__((cleanup(fn)))

void mem_freep(void *pp);  /* for _cleanup_free_ */
void mem_closep(int *fd);  /* for _cleanup_close_ */
#define _cleanup_free_ _cleanup_(mem_freep)
#define _cleanup_close_ _cleanup_(mem_closep)

/* Declares x_freep() for `_cleanup_(x_freep)` on a `type *`, from `void fn(type *)` where NULL is fine. */
#define MEM_DEFINE_CLEANUP(type, fn)              \
    static inline void fn##p(type **p)            \
    {                                             \
        fn(*p);                                   \
    }

#endif

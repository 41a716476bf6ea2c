/* Bump allocation in blocks that double up to a megabyte. */
#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_BLOCK = 8 << 10, LARGEST_BLOCK = 1 << 20 };

struct block {
    struct block *next;
    size_t used, cap;
    alignas(max_align_t) char data[];
};

struct arena {
    struct block *head; /* newest first */
};

static struct block *block_new(size_t cap, struct block *next)
{
    struct block *b = mem_alloc(sizeof(*b) + cap);
    b->next = next;
    b->used = 0;
    b->cap = cap;
    return b;
}

struct arena *arena_new(void)
{
    struct arena *a = mem_alloc(sizeof(*a));
    a->head = block_new(FIRST_BLOCK, NULL);
    return a;
}

/* Keeps the largest ordinary block: who fills the same arena again and again asks malloc for nothing more. */
void arena_reset(struct arena *a)
{
    struct block *kept = NULL;
    for (struct block *b = a->head, *next; b; b = next) {
        bool better = b->cap <= LARGEST_BLOCK && (!kept || b->cap > kept->cap);
        next = b->next;
        free(better ? kept : b);
        kept = better ? b : kept;
    }
    assert(kept); /* the first of all is an ordinary one */
    kept->next = NULL;
    kept->used = 0;
    a->head = kept;
}

void arena_free(struct arena *a)
{
    if (!a)
        return;
    arena_reset(a);
    free(a->head);
    free(a);
}

/* Not zeroed: for what is written over at once. */
static void *alloc_raw(struct arena *a, size_t size)
{
    assert(size < SIZE_MAX / 2);
    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (a->head->cap - a->head->used < size) {
        size_t cap = a->head->cap * 2 > LARGEST_BLOCK ? LARGEST_BLOCK : a->head->cap * 2;
        a->head = block_new(cap > size ? cap : size, a->head);
    }
    void *ptr = a->head->data + a->head->used;
    a->head->used += size;
    return ptr;
}

void *arena_alloc(struct arena *a, size_t size)
{
    return memset(alloc_raw(a, size), 0, size);
}

void *arena_alloc_array(struct arena *a, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        abort();
    return arena_alloc(a, total);
}

struct str arena_concat(struct arena *a, struct str first, struct str second)
{
    char *copy = alloc_raw(a, first.len + second.len + 1);
    if (first.len)
        memcpy(copy, first.ptr, first.len);
    if (second.len)
        memcpy(copy + first.len, second.ptr, second.len);
    copy[first.len + second.len] = '\0';
    return str_n(copy, first.len + second.len);
}

struct str arena_str(struct arena *a, struct str s)
{
    return arena_concat(a, s, STR_NULL);
}

char *arena_z(struct arena *a, struct str s)
{
    return (char *)(uintptr_t)arena_str(a, s).ptr;
}

struct str arena_printf(struct arena *a, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    assert(len >= 0);
    char *out = alloc_raw(a, (size_t)len + 1);
    vsnprintf(out, (size_t)len + 1, format, again);
    va_end(again);
    va_end(args);
    return str_n(out, (size_t)len);
}

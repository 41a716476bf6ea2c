/* Reference files that stand beside the repository on machines that have them (../shared/data, or $ZHIXIN_DATA). */
#ifndef ZX_TESTS_UNIT_SHARED_DATA_H
#define ZX_TESTS_UNIT_SHARED_DATA_H

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

/* The whole file, NUL-terminated, for free(); NULL when this machine does not have it: skip the test. */
static inline char *shared_data(const char *name)
{
    static const char *const roots[] = {"../shared/data", "../../shared/data", "../../../shared/data"};
    char path[512];
    FILE *f = NULL;
    const char *own = getenv("ZHIXIN_DATA");
    if (own && snprintf(path, sizeof(path), "%s/%s", own, name) < (int)sizeof(path))
        f = fopen(path, "rb");
    for (size_t i = 0; !f && i < sizeof(roots) / sizeof(*roots); i++)
        if (snprintf(path, sizeof(path), "%s/%s", roots[i], name) < (int)sizeof(path))
            f = fopen(path, "rb");
    if (!f)
        return NULL;
    fseek(f, 0, SEEK_END);
    size_t size = (size_t)ftell(f);
    rewind(f);
    char *text = mem_alloc(size + 1);
    text[fread(text, 1, size, f)] = '\0';
    fclose(f);
    return text;
}

#endif

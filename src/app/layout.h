/* Where each table of the truth lies when it is spread over several machines by Citus. docs/scaling.md tells it to people. */
#ifndef ZX_APP_LAYOUT_H
#define ZX_APP_LAYOUT_H

enum layout_kind {
    LAYOUT_SPREAD = 1, /* rows lie where the hash of `column` says */
    LAYOUT_REFERENCE,  /* a copy on every machine */
    LAYOUT_MANAGED,    /* on the coordinator, and Citus knows it: whoever writes it commits in two phases */
    LAYOUT_LOCAL,      /* on the coordinator, a plain table */
};

struct layout {
    const char *table;
    enum layout_kind kind;
    const char *column; /* of spread tables, and part of each of their unique keys */
    const char *with;   /* the table whose rows of the same value lie on the same machine; NULL: the first of its group */
    const char *why;
};

/* Every table, in the order in which they are laid out; ends with .table == NULL. */
extern const struct layout layouts[];

#endif

/* The router: routes of all modules in a tree of path segments, built once at start. It finds a row; it runs nothing. */
#ifndef ZX_HTTP_ROUTER_H
#define ZX_HTTP_ROUTER_H

#include "http/route.h"

enum { ROUTE_PARAMS_MAX = 4 };

struct router;

struct route_match {
    const struct route *route;           /* NULL: no such path, or not by this method */
    unsigned allowed;                    /* methods the path has, a bit 1 << enum http_method each; 0: no such path */
    struct str params[ROUTE_PARAMS_MAX]; /* as they stand in the path, still percent-encoded */
};

/* Aborts on a row without `need`, with an odd path, or that another row hides: those are bugs of the program. */
struct router *router_new(const struct module *const *list);
void router_free(struct router *r);
MEM_DEFINE_CLEANUP(struct router, router_free)
/* Literal segments win over parameters; a parameter never matches an empty segment. */
void router_find(const struct router *r, enum http_method method, struct str path, struct route_match *ret);

/* "GET" …; HEAD counts as GET. False for anything else. */
bool http_method_of(struct str name, enum http_method *ret);

/* Percent-decodes into the arena. False when the escape is broken or the result is no text (UTF-8 without U+0000).
 * `plus_is_blank` for query strings. */
bool url_decode(struct arena *a, struct str s, bool plus_is_blank, struct str *ret);
/* The first parameter of that name in a raw query string, decoded; empty when missing or broken. */
struct str url_query_get(struct arena *a, struct str raw, struct str name);

#endif

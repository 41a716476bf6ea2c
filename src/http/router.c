/* The tree of routes and the decoding of paths and queries. */
#include "http/router.h"

#include "base/log.h"

#include <assert.h>
#include <stdlib.h>

struct node {
    struct str segment;    /* literal; unused in parameter nodes */
    struct node *next;     /* sibling */
    struct node *literals; /* children by literal */
    struct node *param;    /* the child for {…} */
    const struct route *routes[HTTP_METHOD_COUNT];
};

struct router {
    struct node root;
};

static const char *const method_names[HTTP_METHOD_COUNT] = {
    [HTTP_GET] = "GET", [HTTP_POST] = "POST", [HTTP_PUT] = "PUT", [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE", [HTTP_OPTIONS] = "OPTIONS",
};

bool http_method_of(struct str name, enum http_method *ret)
{
    if (str_eq(name, STR("HEAD"))) {
        *ret = HTTP_GET;
        return true;
    }
    for (int m = 0; m < HTTP_METHOD_COUNT; m++)
        if (str_eqz(name, method_names[m])) {
            *ret = (enum http_method)m;
            return true;
        }
    return false;
}

const char *http_method_name(enum http_method method)
{
    return method_names[method];
}

static _Noreturn void route_refuse(const struct module *m, const struct route *r, const char *why)
{
    log_error("http.route.refused", LOG_Z("module", m->name), LOG_Z("path", r->path), LOG_Z("why", why));
    abort();
}

static bool is_param(struct str segment)
{
    return segment.len > 2 && segment.ptr[0] == '{' && segment.ptr[segment.len - 1] == '}';
}

static struct node *child_literal(const struct node *n, struct str segment)
{
    struct node *child = n->literals;
    while (child && !str_eq(child->segment, segment))
        child = child->next;
    return child;
}

static struct node *child_make(struct node *n, struct str segment)
{
    if (is_param(segment)) {
        if (!n->param)
            n->param = mem_zalloc(1, sizeof(*n->param));
        return n->param;
    }
    struct node *child = child_literal(n, segment);
    if (child)
        return child;
    child = mem_zalloc(1, sizeof(*child));
    child->segment = segment;
    child->next = n->literals;
    n->literals = child;
    return child;
}

static void route_add(struct router *r, const struct module *m, const struct route *route)
{
    struct str rest = str_z(route->path), segment;
    struct node *n = &r->root;
    size_t params = 0;
    if (route->writes && (!route->act || !strchr(route->act, '.')))
        route_refuse(m, route, "no_act");
    if (!route->need || !*route->need)
        route_refuse(m, route, "no permission");
    if (!route->run)
        route_refuse(m, route, "no handler");
    if (!str_starts(rest, STR("/")))
        route_refuse(m, route, "path without a leading slash");
    rest = str_sub(rest, 1, rest.len);
    while (str_split(&rest, '/', &segment)) {
        n = child_make(n, segment);
        params += is_param(segment);
    }
    if (params > ROUTE_PARAMS_MAX)
        route_refuse(m, route, "too many parameters");
    if (n->routes[route->method])
        route_refuse(m, route, "declared twice");
    n->routes[route->method] = route;
}

struct router *router_new(const struct module *const *list)
{
    struct router *r = mem_zalloc(1, sizeof(*r));
    for (; *list; list++)
        for (const struct route *route = (*list)->routes; route && route->path; route++)
            route_add(r, *list, route);
    return r;
}

static void node_free_below(struct node *n)
{
    while (n->literals) {
        struct node *child = n->literals;
        n->literals = child->next;
        node_free_below(child);
        free(child);
    }
    if (n->param)
        node_free_below(n->param);
    free(n->param);
}

void router_free(struct router *r)
{
    if (!r)
        return;
    node_free_below(&r->root);
    free(r);
}

static unsigned node_methods(const struct node *n)
{
    unsigned bits = 0;
    for (int m = 0; m < HTTP_METHOD_COUNT; m++)
        if (n->routes[m])
            bits |= 1u << m;
    return bits;
}

/* Walks down; a literal that leads nowhere falls back to the parameter beside it. The tree's depth bounds the recursion. */
static const struct node *node_find(const struct node *n, struct str rest, struct str *params, size_t used)
{
    struct str segment;
    if (!str_split(&rest, '/', &segment))
        return node_methods(n) ? n : NULL;
    const struct node *child = child_literal(n, segment);
    const struct node *found = child ? node_find(child, rest, params, used) : NULL;
    if (found || !n->param || segment.len == 0 || used == ROUTE_PARAMS_MAX)
        return found;
    params[used] = segment;
    return node_find(n->param, rest, params, used + 1);
}

void router_find(const struct router *r, enum http_method method, struct str path, struct route_match *ret)
{
    *ret = (struct route_match){0};
    if (path.len == 0 || path.ptr[0] != '/')
        return;
    const struct node *n = node_find(&r->root, str_sub(path, 1, path.len), ret->params, 0);
    if (!n)
        return;
    ret->route = n->routes[method];
    ret->allowed = node_methods(n);
}

bool url_decode(struct arena *a, struct str s, bool plus_is_blank, struct str *ret)
{
    char *out = arena_alloc(a, s.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        char byte = s.ptr[i];
        if (byte == '%') {
            if (!str_unhex(str_sub(s, i + 1, i + 3), &byte, 1))
                return false;
            i += 2;
        } else if (byte == '+' && plus_is_blank) {
            byte = ' ';
        }
        out[len++] = byte;
    }
    *ret = str_n(out, len);
    return str_is_text(*ret);
}

struct str url_query_get(struct arena *a, struct str raw, struct str name)
{
    struct str pair, key, value;
    while (str_split(&raw, '&', &pair)) {
        ptrdiff_t eq = str_find(pair, '=');
        struct str raw_key = eq < 0 ? pair : str_sub(pair, 0, (size_t)eq);
        if (raw_key.len < name.len || !url_decode(a, raw_key, true, &key) || !str_eq(key, name))
            continue;
        if (eq >= 0 && url_decode(a, str_sub(pair, (size_t)eq + 1, pair.len), true, &value))
            return value;
        return STR_NULL;
    }
    return STR_NULL;
}

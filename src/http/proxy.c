/* Who is behind a proxy. Headers are believed from configured addresses only; each proxy adds, at the right end, whom it heard, so
 * the client is the first from the right that is no proxy of ours. What stands left of it the client may have made up. */
#include "http/http_priv.h"

#include <arpa/inet.h>

/* "203.0.113.9", "203.0.113.9:4711", "[2001:db8::1]:4711", "::ffff:203.0.113.9": IPv4 as mapped IPv6. */
static bool address_of(struct str text, uint8_t ret[static 16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    char z[INET6_ADDRSTRLEN];
    struct str host = str_trim(text);
    ptrdiff_t colon = str_find(host, ':');
    if (host.len && host.ptr[0] == '[') {
        ptrdiff_t end = str_find(host, ']');
        host = str_sub(host, 1, end < 0 ? 0 : (size_t)end);
    } else if (colon >= 0 && str_find(str_sub(host, (size_t)colon + 1, host.len), ':') < 0) {
        host = str_sub(host, 0, (size_t)colon);
    }
    if (host.len == 0 || host.len >= sizeof(z))
        return false;
    memcpy(z, host.ptr, host.len);
    z[host.len] = '\0';
    memcpy(ret, mapped, sizeof(mapped));
    return inet_pton(AF_INET, z, ret + sizeof(mapped)) == 1 || inet_pton(AF_INET6, z, ret) == 1;
}

static bool range_of(struct str text, struct proxy_range *ret)
{
    struct str rest = str_trim(text), address;
    int64_t bits = 128, most = str_find(rest, ':') < 0 ? 32 : 128;
    bool has_bits = str_find(rest, '/') >= 0;
    if (!str_split(&rest, '/', &address) || !address_of(address, ret->address))
        return false;
    if (has_bits && (!str_i64(rest, &bits) || bits < 0 || bits > most))
        return false;
    ret->bits = has_bits && most == 32 ? 96 + (unsigned)bits : (unsigned)bits;
    return true;
}

bool proxies_parse(struct str text, struct proxies *ret)
{
    struct proxies p = {.count = 0};
    struct str one;
    while (str_trim(text).len && str_split(&text, ',', &one))
        if (p.count == PROXIES_MAX || !range_of(one, &p.ranges[p.count++]))
            return false;
    *ret = p;
    return true;
}

static bool in_range(const struct proxy_range *r, const uint8_t address[static 16])
{
    unsigned whole = r->bits / 8, rest = r->bits % 8;
    if (memcmp(r->address, address, whole) != 0)
        return false;
    return rest == 0 || ((r->address[whole] ^ address[whole]) >> (8 - rest)) == 0;
}

static bool is_ours(const struct proxies *p, const uint8_t address[static 16])
{
    for (size_t i = 0; i < p->count; i++)
        if (in_range(&p->ranges[i], address))
            return true;
    return false;
}

bool proxies_trust(const struct proxies *p, struct str peer)
{
    uint8_t address[16];
    return p->count && address_of(peer, address) && is_ours(p, address);
}

static struct str address_text(struct arena *a, const uint8_t address[static 16])
{
    char z[INET6_ADDRSTRLEN] = "";
    if (memcmp(address, (const uint8_t[12]){[10] = 0xff, [11] = 0xff}, 12) == 0)
        inet_ntop(AF_INET, address + 12, z, sizeof(z));
    else
        inet_ntop(AF_INET6, address, z, sizeof(z));
    return arena_str(a, str_z(z));
}

/* What the last comma leaves: the right end of the list, taken off it. */
static struct str take_last(struct str *list)
{
    size_t at = list->len;
    while (at > 0 && list->ptr[at - 1] != ',')
        at--;
    struct str last = str_sub(*list, at, list->len);
    *list = str_sub(*list, 0, at ? at - 1 : 0);
    return last;
}

struct str proxies_client(const struct proxies *p, struct arena *a, struct str peer, struct str forwarded)
{
    struct str client = peer;
    uint8_t address[16];
    if (!proxies_trust(p, peer))
        return peer;
    while (forwarded.len && address_of(take_last(&forwarded), address)) {
        client = address_text(a, address);
        if (!is_ours(p, address))
            break;
    }
    return client;
}

/* ---- headers ---- */

struct header_list {
    struct str name;
    struct buf out;
};

static enum MHD_Result add_value(void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
    struct header_list *list = cls;
    (void)kind;
    if (str_ieq(str_z(key), list->name))
        buf_addf(&list->out, "%s%s", list->out.len ? "," : "", value ? value : "");
    return MHD_YES;
}

/* A header may come in several lines, which are one list in their order. */
static struct str joined_header(struct conn *n, const char *name)
{
    struct header_list list = {.name = str_z(name), .out = BUF_INIT(LIMIT_HEADER_BYTES)};
    MHD_get_connection_values(n->mhd, MHD_HEADER_KIND, add_value, &list);
    struct str all = arena_str(conn_arena(n), buf_str(&list.out));
    buf_free(&list.out);
    return all;
}

void proxies_apply(struct conn *n, struct request *r)
{
    const struct proxies *p = &n->server->proxies;
    if (!proxies_trust(p, r->address))
        return;
    struct str proto = joined_header(n, "X-Forwarded-Proto");
    r->secure = str_ieq(str_trim(take_last(&proto)), STR("https"));
    r->address = proxies_client(p, conn_arena(n), r->address, joined_header(n, "X-Forwarded-For"));
}

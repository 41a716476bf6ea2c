/* Files of the console, embedded at build: one ready response each, with ETag, cache rules and the page's security headers.
 * Unknown paths without a dot get the nearest index.html, for the console routes in the browser. */
#include "http/http_priv.h"

#include <sodium.h>
#include <stdlib.h>

enum { ASSET_BYTES_MAX = 32 << 20, ETAG_BYTES = 8 };

/* antd writes its styles at run time, hence 'unsafe-inline' for styles and for nothing else. In the console no text becomes
 * markup or script (Trusted Types); the demo shop runs other people's unmodified SDK and can not promise that. */
static const char page_policy[] = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
                                  "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
static const char trusted_types[] = "require-trusted-types-for 'script'; trusted-types default";

struct asset {
    const struct http_asset *file;
    char etag[2 * ETAG_BYTES + 3];
    struct MHD_Response *packed; /* as embedded */
    struct MHD_Response *plain;  /* inflated on first use by a client without gzip */
};
struct assets {
    pthread_mutex_t lock;
    size_t count;
    struct asset items[];
};

static int asset_order(const void *a, const void *b)
{
    return strcmp(((const struct asset *)a)->file->path, ((const struct asset *)b)->file->path);
}

/* Names below /assets/ carry a hash of their content. */
static bool is_immutable(const struct http_asset *file)
{
    return strstr(file->path, "/assets/") != NULL;
}

static void add_page_headers(struct MHD_Response *response, const struct asset *a)
{
    MHD_add_response_header(response, "ETag", a->etag);
    MHD_add_response_header(response, "Cache-Control", is_immutable(a->file) ? "public, max-age=31536000, immutable" : "no-cache");
    MHD_add_response_header(response, "Vary", "Accept-Encoding");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Content-Security-Policy", page_policy);
    if (strncmp(a->file->path, "/demo-shop/", 11) != 0)
        MHD_add_response_header(response, "Content-Security-Policy", trusted_types); /* both policies hold */
    MHD_add_response_header(response, "Cross-Origin-Opener-Policy", "same-origin");
    MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
    MHD_add_response_header(response, "X-Frame-Options", "DENY");
    MHD_add_response_header(response, "Referrer-Policy", "same-origin");
    MHD_add_response_header(response, "Permissions-Policy", "geolocation=(), microphone=(), payment=(), usb=()");
}

static struct MHD_Response *asset_response(const struct asset *a, const void *data, size_t len, enum MHD_ResponseMemoryMode mode)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(len, (void *)(uintptr_t)data, mode);
    if (!response)
        abort();
    MHD_add_response_header(response, "Content-Type", a->file->type);
    add_page_headers(response, a);
    return response;
}

static void asset_init(struct asset *a, const struct http_asset *file)
{
    uint8_t hash[crypto_generichash_BYTES_MIN];
    a->file = file;
    crypto_generichash(hash, sizeof(hash), file->data, file->len, NULL, 0);
    a->etag[0] = '"';
    str_hex(hash, ETAG_BYTES, a->etag + 1);
    a->etag[2 * ETAG_BYTES + 1] = '"';
    a->packed = asset_response(a, file->data, file->len, MHD_RESPMEM_PERSISTENT);
    if (file->gzip)
        MHD_add_response_header(a->packed, "Content-Encoding", "gzip");
}

struct assets *assets_new(const struct http_asset *list)
{
    size_t count = 0;
    while (list[count].path)
        count++;
    struct assets *all = mem_zalloc(1, sizeof(*all) + count * sizeof(all->items[0]));
    pthread_mutex_init(&all->lock, NULL);
    all->count = count;
    for (size_t i = 0; i < count; i++)
        asset_init(&all->items[i], &list[i]);
    qsort(all->items, count, sizeof(all->items[0]), asset_order);
    return all;
}

void assets_free(struct assets *all)
{
    if (!all)
        return;
    for (size_t i = 0; i < all->count; i++) {
        MHD_destroy_response(all->items[i].packed);
        if (all->items[i].plain)
            MHD_destroy_response(all->items[i].plain);
    }
    pthread_mutex_destroy(&all->lock);
    free(all);
}

static struct asset *asset_find(struct assets *all, struct str path)
{
    size_t low = 0, high = all->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = str_cmp(path, str_z(all->items[mid].file->path));
        if (order == 0)
            return &all->items[mid];
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

static bool last_segment_has_dot(struct str path)
{
    size_t at = path.len;
    while (at && path.ptr[at - 1] != '/')
        at--;
    return str_find(str_sub(path, at, path.len), '.') >= 0;
}

/* The index.html of the folder, or of the nearest one above that has any. */
static struct asset *index_find(struct assets *all, struct arena *a, struct str path)
{
    size_t at = path.len;
    while (at) {
        if (path.ptr[at - 1] == '/') {
            struct asset *found = asset_find(all, arena_concat(a, str_sub(path, 0, at), STR("index.html")));
            if (found)
                return found;
        }
        at--;
    }
    return NULL;
}

static struct MHD_Response *asset_plain(struct assets *all, struct asset *a)
{
    pthread_mutex_lock(&all->lock);
    if (!a->plain) {
        struct buf plain = BUF_INIT(ASSET_BYTES_MAX);
        if (body_inflate(str_n(a->file->data, a->file->len), ASSET_BYTES_MAX - 1, &plain) == RC_OK)
            a->plain = asset_response(a, plain.ptr, plain.len, MHD_RESPMEM_MUST_COPY);
        buf_free(&plain);
    }
    pthread_mutex_unlock(&all->lock);
    return a->plain ? a->plain : a->packed;
}

static enum MHD_Result not_modified(struct conn *n, const struct asset *a)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
    if (!response)
        abort();
    add_page_headers(response, a);
    return conn_reply(n, MHD_HTTP_NOT_MODIFIED, response);
}

enum MHD_Result assets_reply(struct conn *n)
{
    struct assets *all = n->server->assets;
    struct asset *a = asset_find(all, n->path);
    if (!a && !last_segment_has_dot(n->path))
        a = index_find(all, conn_arena(n), n->path);
    if (!a)
        return conn_fail(n, RC_NOT_FOUND);
    if (str_find_str(conn_header(n, "If-None-Match"), str_z(a->etag)) >= 0)
        return not_modified(n, a);
    bool takes_gzip = str_find_str(conn_header(n, "Accept-Encoding"), STR("gzip")) >= 0;
    return conn_reply_kept(n, MHD_HTTP_OK, takes_gzip || !a->file->gzip ? a->packed : asset_plain(all, a));
}

/* Build tool: turns the built console (web/dist) and the texts (i18n) into one C table of http_asset, gzip-compressed
 * where that helps. A missing web/dist gives a table with the texts alone, so that the program builds without Node.
 * usage: embed_files OUT.c DIST I18N DEPFILE */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

static int asset_count;
static FILE *bytes_out, *deps;
static char table[1 << 20];
static size_t table_len;

static const char *type_of(const char *path)
{
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"}, {".js", "text/javascript; charset=utf-8"}, {".css", "text/css; charset=utf-8"},
        {".json", "application/json"}, {".svg", "image/svg+xml"}, {".png", "image/png"}, {".ico", "image/x-icon"},
        {".woff2", "font/woff2"}, {".webmanifest", "application/manifest+json"}, {".map", "application/json"}, {".txt", "text/plain; charset=utf-8"},
    };
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(dot, types[i][0]) == 0)
            return types[i][1];
    return "application/octet-stream";
}

static unsigned char *read_whole(const char *path, size_t *ret_len)
{
    struct stat st;
    FILE *in = fopen(path, "rb");
    if (!in || fstat(fileno(in), &st) != 0) {
        fprintf(stderr, "embed_files: %s: %s\n", path, strerror(errno));
        exit(1);
    }
    unsigned char *data = malloc((size_t)st.st_size + 1);
    *ret_len = data ? fread(data, 1, (size_t)st.st_size, in) : 0;
    fclose(in);
    return data;
}

/* gzip of data, or NULL when it does not get smaller by a tenth. */
static unsigned char *squeeze(const unsigned char *data, size_t len, size_t *ret_len)
{
    z_stream z = {0};
    if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        exit(1);
    uLong bound = deflateBound(&z, len);
    unsigned char *out = malloc(bound);
    z.next_in = (unsigned char *)(size_t)data;
    z.avail_in = (uInt)len;
    z.next_out = out;
    z.avail_out = (uInt)bound;
    if (!out || deflate(&z, Z_FINISH) != Z_STREAM_END)
        exit(1);
    *ret_len = z.total_out;
    deflateEnd(&z);
    if (*ret_len < len - len / 10)
        return out;
    free(out);
    return NULL;
}

static void put_asset(const char *path, const char *url)
{
    size_t len, small_len = 0;
    unsigned char *data = read_whole(path, &len), *small = squeeze(data, len, &small_len);
    const unsigned char *bytes = small ? small : data;
    size_t count = small ? small_len : len;
    fprintf(bytes_out, "static const unsigned char asset_%d[] = {", asset_count);
    for (size_t i = 0; i < count; i++)
        fprintf(bytes_out, "%s%u,", i % 24 == 0 ? "\n" : "", bytes[i]);
    fprintf(bytes_out, "0};\n");
    table_len += (size_t)snprintf(table + table_len, sizeof(table) - table_len, "    {\"%s\", \"%s\", asset_%d, %zu, %s},\n", url,
                                  type_of(path), asset_count, count, small ? "true" : "false");
    fprintf(deps, " %s", path);
    asset_count++;
    free(small);
    free(data);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void walk(const char *dir, const char *url)
{
    struct dirent **list;
    int count = scandir(dir, &list, NULL, by_name);
    for (int i = 0; i < count; i++) {
        const char *name = list[i]->d_name;
        char path[4096], below[4096];
        struct stat st;
        snprintf(path, sizeof(path), "%s/%s", dir, name);
        snprintf(below, sizeof(below), "%s/%s", url, name);
        if (name[0] != '.' && stat(path, &st) == 0) {
            if (S_ISDIR(st.st_mode))
                walk(path, below);
            else
                put_asset(path, below);
        }
        free(list[i]);
    }
    if (count >= 0)
        free(list);
}

int main(int argc, char **argv)
{
    if (argc != 5 || !(bytes_out = fopen(argv[1], "w")) || !(deps = fopen(argv[4], "w"))) {
        fprintf(stderr, "usage: embed_files OUT.c DIST I18N DEPFILE\n");
        return 1;
    }
    fprintf(bytes_out, "/* Made by tools/embed_files.c. */\n#include \"http/http.h\"\n");
    fprintf(deps, "%s:", argv[1]);
    walk(argv[2], "");
    walk(argv[3], "/i18n");
    fprintf(bytes_out, "const struct http_asset http_assets[] = {\n%s    {0},\n};\n", table);
    fputc('\n', deps);
    return fclose(bytes_out) | fclose(deps) ? 1 : 0;
}

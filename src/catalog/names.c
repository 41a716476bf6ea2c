/* Names that become ids at first sight: regions, brands, categories. */
#include "base/id.h"
#include "catalog/catalog_priv.h"

static enum rc name_id(struct ctx *c, const char *get, const char *insert, struct str name, int64_t *ret_id)
{
    int64_t id = 0;
    enum rc rc = name.len ? db_get_i64(c->db, 0, &id, get, DB_TEXT("name", name)) : RC_OK;
    if (rc == RC_OK && id == 0 && name.len) {
        id = id_next();
        rc = db_run(c->db, insert, DB_I64("id", id), DB_TEXT("name", name));
    }
    if (rc == RC_OK)
        *ret_id = id;
    return rc;
}

enum rc catalog_region(struct ctx *c, struct str name, int64_t *ret_id)
{
    return name_id(c, "catalog_region_get", "catalog_region_insert", name, ret_id);
}

enum rc catalog_brand(struct ctx *c, struct str name, int64_t *ret_id)
{
    return name_id(c, "catalog_brand_get", "catalog_brand_insert", name, ret_id);
}

static enum rc category_level(struct ctx *c, struct str path, struct str name, int64_t parent, int64_t *ret_id)
{
    int64_t id;
    enum rc rc = db_get_i64(c->db, 0, &id, "catalog_category_get", DB_TEXT("path", path));
    if (rc == RC_OK && id == 0) {
        id = id_next();
        rc = db_run(c->db, "catalog_category_insert", DB_I64("id", id), DB_I64("parent_id", parent), DB_TEXT("path", path), DB_TEXT("name", name));
    }
    if (rc == RC_OK)
        *ret_id = id;
    return rc;
}

enum rc catalog_category(struct ctx *c, struct str path, int64_t *ret_id)
{
    int64_t id = 0;
    struct str rest = path, name;
    while (path.len && str_split(&rest, '/', &name)) {
        if (name.len == 0)
            return ctx_fail(c, RC_INVALID, "category", "malformed");
        struct str so_far = str_n(path.ptr, (size_t)(name.ptr + name.len - path.ptr));
        enum rc rc = category_level(c, so_far, name, id, &id);
        if (rc)
            return rc;
    }
    *ret_id = id;
    return RC_OK;
}

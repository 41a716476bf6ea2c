/* FILE.refused.csv: reason, row, and the row itself if the file was somebody's own: mended there, it can be taken as it is. Of
 * an upload only reason and row: what lies in the data directory holds no personal value. */
#include "intake/import_run.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FLUSH_BYTES = 16 << 20 };

static void add_header(struct import_run *r)
{
    bool own = !import_upload_is(r->request.path);
    buf_addz(&r->refused, "reason,row");
    if (own) {
        buf_add_byte(&r->refused, ',');
        buf_add(&r->refused, r->file.header);
    }
    buf_addz(&r->refused, "\r\n");
}

enum rc import_refuse(struct import_run *r, size_t row, struct str reason)
{
    r->counts.refused++;
    if (r->refused_bytes == 0 && r->refused.len == 0)
        add_header(r);
    buf_add_csv(&r->refused, reason);
    buf_addf(&r->refused, ",%u", r->file.rows[row].number);
    if (!import_upload_is(r->request.path)) {
        buf_add_byte(&r->refused, ',');
        buf_add(&r->refused, str_trim(import_file_raw(&r->file, row)));
    }
    buf_addz(&r->refused, "\r\n");
    return r->refused.len < FLUSH_BYTES ? RC_OK : import_refused_flush(r);
}

enum rc import_refused_flush(struct import_run *r)
{
    if (r->refused.len == 0)
        return RC_OK;
    if (r->refused_fd < 0 && import_upload_is(r->request.path))
        (void)mkdir(arena_printf(r->keep, "%s/imports", r->c->app->data_dir).ptr, 0700); /* there already, or the open fails */
    if (r->refused_fd < 0)
        r->refused_fd = open(arena_z(r->keep, r->refused_path), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (r->refused_fd < 0 || ftruncate(r->refused_fd, r->refused_bytes) != 0)
        return ctx_fail(r->c, RC_STORE, "refused", "can_not_be_written");
    for (struct str left = buf_str(&r->refused); left.len;) {
        ssize_t n = pwrite(r->refused_fd, left.ptr, left.len, r->refused_bytes);
        if (n < 0)
            return ctx_fail(r->c, errno == ENOSPC ? RC_DISK_FULL : RC_STORE, "refused", "can_not_be_written");
        r->refused_bytes += n;
        left = str_sub(left, (size_t)n, left.len);
    }
    buf_reset(&r->refused);
    return RC_OK;
}

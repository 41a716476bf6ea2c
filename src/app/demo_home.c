/* DATA/demo.ini: read by inih, written whole and renamed into place. */
#include "app/demo_home.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static void number(const char *value, int64_t *ret)
{
    int64_t n;
    if (str_i64(str_z(value), &n))
        *ret = n;
}

static int take(void *arg, const char *section, const char *name, const char *value)
{
    struct demo_home *home = arg;
    struct str key = str_z(name);
    int64_t n = 0;
    if (strcmp(section, "demo") != 0)
        return 1;
    number(value, &n);
    if (str_eqz(key, "customers"))
        home->options.customers = n;
    else if (str_eqz(key, "years"))
        home->options.years = (int32_t)n;
    else if (str_eqz(key, "seed"))
        home->options.seed = (uint64_t)n;
    else if (str_eqz(key, "now_us"))
        home->options.now_us = n;
    else if (str_eqz(key, "trickle"))
        home->trickle = n != 0;
    else if (str_eqz(key, "write_key"))
        snprintf(home->write_key, sizeof(home->write_key), "%s", value);
    return 1;
}

bool demo_home_read(const char *data_dir, struct demo_home *ret)
{
    char path[4096];
    struct demo_home home = {.trickle = true};
    snprintf(path, sizeof(path), "%s/demo.ini", data_dir);
    if (ini_parse(path, take, &home) != 0 || home.options.customers <= 0 || home.options.customers > DEMO_CUSTOMERS_MAX)
        return false;
    if (home.options.years < 1 || home.options.years > 9 || home.options.now_us <= 0)
        return false;
    *ret = home;
    return true;
}

enum rc demo_home_write(const char *data_dir, const struct demo_home *home)
{
    char path[4096], fresh[4096 + 8];
    snprintf(path, sizeof(path), "%s/demo.ini", data_dir);
    snprintf(fresh, sizeof(fresh), "%s.new", path);
    int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return RC_STORE;
    int put = dprintf(fd,
                      "; Written by `zhixin demo`. trickle = 0 stops the live trickle at the next start.\n"
                      "[demo]\ncustomers = %" PRId64 "\nyears = %d\nseed = %" PRIu64 "\nnow_us = %" PRId64 "\nwrite_key = %s\ntrickle = %d\n",
                      home->options.customers, home->options.years, home->options.seed, home->options.now_us, home->write_key, home->trickle);
    bool bad = put < 0 || fsync(fd) != 0;
    if (close(fd) != 0 || bad || rename(fresh, path) != 0)
        return errno == ENOSPC ? RC_DISK_FULL : RC_STORE;
    return RC_OK;
}

void demo_home_open(struct app *app, const struct demo_home *home)
{
    struct demo_home *own = mem_alloc(sizeof(*own));
    *own = *home;
    app->demo = own; /* whole before anybody sees it */
}

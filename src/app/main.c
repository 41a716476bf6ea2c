/* zhixin: one program, many commands; see `zhixin --help`. */
#include "app/app_priv.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static void usage(FILE *out)
{
    fputs("usage: zhixin COMMAND [OPTION…]\n\n", out);
    for (const struct command *c = commands; c->name; c++)
        if (!c->hidden)
            fprintf(out, "  %-10s %s\n", c->name, c->summary);
    fputs("\nzhixin COMMAND --help tells the options of each.\n", out);
}

int main(int argc, char **argv)
{
    if (sodium_init() < 0) {
        fputs("zhixin: libsodium does not start\n", stderr);
        return 1;
    }
    if (argc < 2 || strcmp(argv[1], "--help") == 0) {
        usage(argc < 2 ? stderr : stdout);
        return argc < 2 ? 2 : 0;
    }
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(argv[1], c->name) == 0)
            return c->run(argc - 1, argv + 1);
    fprintf(stderr, "zhixin: no command %s\n", argv[1]);
    usage(stderr);
    return 2;
}

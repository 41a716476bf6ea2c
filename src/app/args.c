/* The command line, by argp, from one table a command. */
#include "app/app_priv.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARGS_MAX = 16, FIRST_KEY = 1000 };

struct parse {
    const struct arg *args;
    size_t count;
    const char **words;
    int word_count, words_max;
};

static error_t take(int key, char *value, struct argp_state *state)
{
    struct parse *p = state->input;
    if (key >= FIRST_KEY && key < FIRST_KEY + (int)p->count) {
        *p->args[key - FIRST_KEY].ret = value ? value : "1";
        return 0;
    }
    if (key == ARGP_KEY_ARG) {
        if (p->word_count == p->words_max)
            argp_error(state, "unexpected word: %s", value);
        else
            p->words[p->word_count++] = value;
        return 0;
    }
    if (key == ARGP_KEY_END)
        for (size_t i = 0; i < p->count; i++)
            if (p->args[i].required && !*p->args[i].ret)
                argp_error(state, "%s is needed", p->args[i].name);
    return key == ARGP_KEY_END ? 0 : ARGP_ERR_UNKNOWN;
}

int args_parse(const char *command, const char *summary, const char *word_help, int argc, char **argv, const struct arg *args, const char **words, int words_max)
{
    struct argp_option options[ARGS_MAX + 1] = {0};
    struct parse p = {.args = args, .words = words, .words_max = words_max};
    char name[64];
    for (; args[p.count].name && p.count < ARGS_MAX; p.count++)
        options[p.count] = (struct argp_option){.name = args[p.count].name + 2, .key = FIRST_KEY + (int)p.count, .arg = args[p.count].value, .doc = args[p.count].help};
    const struct argp argp = {.options = options, .parser = take, .args_doc = word_help, .doc = summary};
    snprintf(name, sizeof(name), "zhixin %s", command);
    argv[0] = name;
    argp_err_exit_status = 2;
    if (argp_parse(&argp, argc, argv, 0, NULL, &p) != 0)
        return -2;
    return p.word_count;
}

/* http/router.c: which row a path finds, what is refused at start, and the decoding of paths and queries. */
#include "http/router.h"
#include "test.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static enum rc run(struct ctx *c, const struct request *r, struct reply *p)
{
    (void)c, (void)r, (void)p;
    return RC_OK;
}

static const struct route routes[] = {
    {HTTP_GET, "/", run, .need = NEED_NOBODY},        {HTTP_GET, "/a", run, .need = NEED_NOBODY},
    {HTTP_GET, "/a/{id}", run, .need = "a.read"},     {HTTP_PATCH, "/a/{id}", run, .need = "a.write"},
    {HTTP_POST, "/a/search", run, .need = "a.read"},  {HTTP_GET, "/a/{id}/b/{b}", run, .need = "a.read"},
    {HTTP_GET, "/a/search/b", run, .need = "a.read"}, {0},
};
static const struct module module = {.name = "test", .routes = routes};
static const struct module *const list[] = {&module, NULL};

static void finds_rows(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum http_method method;
        int row;
        unsigned allowed;
        const char *first, *second;
    } cases[] = {
        {"/", HTTP_GET, 0, 1 << HTTP_GET, "", ""},
        {"/a", HTTP_GET, 1, 1 << HTTP_GET, "", ""},
        {"/a", HTTP_POST, -1, 1 << HTTP_GET, "", ""},
        {"/a/7", HTTP_GET, 2, 1 << HTTP_GET | 1 << HTTP_PATCH, "7", ""},
        {"/a/%2F", HTTP_PATCH, 3, 1 << HTTP_GET | 1 << HTTP_PATCH, "%2F", ""},
        {"/a/search", HTTP_POST, 4, 1 << HTTP_POST, "", ""},
        {"/a/search/b/9", HTTP_GET, 5, 1 << HTTP_GET, "search", "9"},
        {"/a/search/b", HTTP_GET, 6, 1 << HTTP_GET, "", ""},
        {"/a/7/b/9", HTTP_GET, 5, 1 << HTTP_GET, "7", "9"},
        {"/a/", HTTP_GET, -1, 0, "", ""},
        {"/a/7/", HTTP_GET, -1, 0, "", ""},
        {"/a//b/1", HTTP_GET, -1, 0, "", ""},
        {"//", HTTP_GET, -1, 0, "", ""},
        {"", HTTP_GET, -1, 0, "", ""},
        {"a", HTTP_GET, -1, 0, "", ""},
        {"/A", HTTP_GET, -1, 0, "", ""},
    };
    _cleanup_(router_freep) struct router *r = router_new(list);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct route_match match;
        trying(cases[i].path);
        router_find(r, cases[i].method, str_z(cases[i].path), &match);
        assert_ptr_equal(match.route, cases[i].row < 0 ? NULL : &routes[cases[i].row]);
        assert_int_equal(match.allowed, cases[i].allowed);
        if (match.route) {
            assert_str(match.params[0], cases[i].first);
            assert_str(match.params[1], cases[i].second);
        }
    }
}

static void start(const struct route *rows)
{
    const struct module bad = {.name = "bad", .routes = rows};
    const struct module *const bad_list[] = {&bad, NULL};
    setrlimit(RLIMIT_CORE, &(struct rlimit){0});
    router_free(router_new(bad_list));
    _exit(0);
}

static void refuses_bugs_at_start(void **state)
{
    (void)state;
    static const struct route without_need[] = {{HTTP_GET, "/x", run}, {0}};
    static const struct route empty_need[] = {{HTTP_GET, "/x", run, .need = ""}, {0}};
    static const struct route without_handler[] = {{HTTP_GET, "/x", .need = "x"}, {0}};
    static const struct route twice[] = {{HTTP_GET, "/x/{a}", run, .need = "x"}, {HTTP_GET, "/x/{b}", run, .need = "x"}, {0}};
    static const struct route relative[] = {{HTTP_GET, "x", run, .need = "x"}, {0}};
    static const struct route deep[] = {{HTTP_GET, "/{a}/{b}/{c}/{d}/{e}", run, .need = "x"}, {0}};
    static const struct route *const bad[] = {without_need, empty_need, without_handler, twice, relative, deep};
    for (size_t i = 0; i < COUNT(bad); i++) {
        int status;
        pid_t pid = fork();
        if (pid == 0)
            start(bad[i]);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    }
}

static void decodes_urls(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want; /* NULL: refused */
        bool plus;
    } cases[] = {
        {"", "", false},           {"abc", "abc", false},   {"a%20b", "a b", false}, {"a+b", "a+b", false}, {"a+b", "a b", true}, {"%e6%9d%8e", "李", false},
        {"%E6%9D%8E", "李", true}, {"%", NULL, false},      {"%4", NULL, false},     {"%zz", NULL, false},  {"%00", NULL, false}, {"%ff", NULL, false},
        {"%2F", "/", false},       {"%c0%af", NULL, false}, {"100%", NULL, false},
    };
    _cleanup_(arena_freep) struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str got;
        trying(cases[i].text);
        bool ok = url_decode(a, str_z(cases[i].text), cases[i].plus, &got);
        assert_int_equal(ok, cases[i].want != NULL);
        if (ok)
            assert_str(got, cases[i].want);
    }
}

static void reads_queries(void **state)
{
    (void)state;
    static const struct {
        const char *query, *name, *want;
    } cases[] = {
        {"", "q", ""},       {"q=1", "q", "1"},   {"a=1&q=2", "q", "2"},   {"q=1&q=2", "q", "1"}, {"q", "q", ""},
        {"q=", "q", ""},     {"qq=1", "q", ""},   {"q=a%26b", "q", "a&b"}, {"%71=x", "q", "x"},   {"q=%ff", "q", ""},
        {"&&q=1", "q", "1"}, {"q==1", "q", "=1"}, {"=1", "q", ""},         {"Q=1", "q", ""},      {"q=a+b", "q", "a b"},
    };
    _cleanup_(arena_freep) struct arena *a = arena_new();
    for (size_t i = 0; i < COUNT(cases); i++) {
        trying(cases[i].query);
        assert_str(url_query_get(a, str_z(cases[i].query), str_z(cases[i].name)), cases[i].want);
    }
}

static void knows_methods(void **state)
{
    (void)state;
    enum http_method m;
    assert_true(http_method_of(STR("PATCH"), &m) && m == HTTP_PATCH);
    assert_true(http_method_of(STR("HEAD"), &m) && m == HTTP_GET);
    assert_false(http_method_of(STR("get"), &m));
    assert_false(http_method_of(STR("TRACE"), &m));
    assert_false(http_method_of(STR(""), &m));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_rows),    cmocka_unit_test(refuses_bugs_at_start), cmocka_unit_test(decodes_urls),
        cmocka_unit_test(reads_queries), cmocka_unit_test(knows_methods),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "test.h"

#include "fake_http.h"

#include "image/engine.h"

/* How large layers are, by the engine's history; "0", "12" and "9" are sizes, the last one first.
 */

enum { LAYERS_MAX = 8, ENTRIES_MAX = 10 };

static const struct sizes_case {
    const char *name;
    long status;
    const char *reply;            /* NULL: made of the entries */
    int64_t entries[ENTRIES_MAX]; /* as the engine gives them; ended by -2 */
    size_t count;                 /* layers */
    int64_t sizes[LAYERS_MAX];
} sizes_cases[] = {
    { .name = "one entry a layer", .entries = { 3, 2, 1, -2 }, .count = 3, .sizes = { 1, 2, 3 } },
    { .name = "entries without a layer",
      .entries = { 0, 3, 0, 2, 1, 0, -2 },
      .count = 3,
      .sizes = { 1, 2, 3 } },
    { .name = "a layer without a file, in one place",
      .entries = { 3, 0, 100, -2 },
      .count = 3,
      .sizes = { 100, 0, 3 } },
    { .name = "in one of two places",
      .entries = { 0, 3, 0, 100, -2 },
      .count = 3,
      .sizes = { 100, 3, 3 } },
    { .name = "one of two, between others",
      .entries = { 4, 0, 300, 0, 2, -2 },
      .count = 4,
      .sizes = { 2, 300, 300, 4 } },
    { .name = "the top layer is not taken for a lower one",
      .entries = { 0, 0, 5, 0, 300, 0, 2, -2 },
      .count = 4,
      .sizes = { 2, 300, 300, 5 } },
    { .name = "fewer entries than layers",
      .entries = { 1, 2, -2 },
      .count = 3,
      .sizes = { -1, -1, -1 } },
    { .name = "more sizes than layers",
      .entries = { 1, 2, 3, -2 },
      .count = 2,
      .sizes = { -1, -1 } },
    { .name = "no sizes at all", .entries = { 0, 0, -2 }, .count = 2, .sizes = { -1, -1 } },
    { .name = "no layers", .entries = { 0, 0, -2 }, .count = 0 },
    { .name = "an engine that knows no history",
      .status = 404,
      .reply = "{\"message\":\"page not found\"}",
      .count = 1,
      .sizes = { -1 } },
    { .name = "no JSON", .reply = "<html>", .count = 1, .sizes = { -1 } },
    { .name = "another kind of JSON", .reply = "{\"Size\":1}", .count = 1, .sizes = { -1 } },
    { .name = "odd entries",
      .reply = "[7,{\"Size\":\"x\"},{\"Size\":-5},{\"Size\":6}]",
      .count = 1,
      .sizes = { 6 } },
};

static void check(const struct sizes_case *c)
{
    struct sw_engine engine = { .socket = (char[]){ "/run/docker.sock" },
                                .base = (char[]){ "http://docker" },
                                .shown = (char[]){ "unix:///run/docker.sock" } };
    SW_CLEANUP(sw_buf_release) struct sw_buf made = { 0 };
    int64_t sizes[LAYERS_MAX] = { 0 };
    struct fake_http_step step = { .method = "GET",
                                   .url = "http://docker/images/web%3Av1/history",
                                   .status = c->status,
                                   .reply = c->reply };
    struct fake_http fake;
    struct test_env t;

    print_message("%s\n", c->name);
    test_env_init(&t);
    fake_http_init(&fake);
    t.env.http = &fake.transport;
    sw_buf_init(&made, SW_BUF_TEXT_MAX);
    for (size_t i = 0; !c->reply && c->entries[i] != -2; i++) {
        sw_buf_addf(&made, "%s{\"Id\":\"<missing>\",\"Size\":%lld}", i > 0 ? "," : "[",
                    (long long)c->entries[i]);
    }
    sw_buf_add_cstr(&made, "]");
    step.reply = c->reply ? c->reply : made.ptr;
    fake_http_expect(&fake, &step);
    sw_engine_sizes(&t.env, &engine, "web:v1", sizes, c->count);
    for (size_t i = 0; i < c->count; i++) {
        assert_int_equal(sizes[i], c->sizes[i]);
    }
    fake_http_done(&fake);
    test_env_release(&t);
}

static void test_engine_sizes__are_those_of_the_history(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(sizes_cases); i++) {
        check(&sizes_cases[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine_sizes__are_those_of_the_history),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "test.h"

#include <slipway/fs.h>

#include <sys/stat.h>
#include <unistd.h>

#include "temp_dir.h"

static void write_text(const char *dir, const char *name, const char *text, mode_t mode)
{
    struct sw_err err = SW_ERR_INIT;
    char *path = sw_fs_join(dir, name);

    assert_ok(sw_fs_write_atomic(path, sw_str(text), mode, &err));
    free(path);
}

static void make_dir(const char *dir, const char *name)
{
    struct sw_err err = SW_ERR_INIT;
    char *path = sw_fs_join(dir, name);

    assert_ok(sw_fs_mkdirs(path, 0755, &err));
    free(path);
}

static void assert_text(const char *dir, const char *name, const char *expected)
{
    struct sw_err err = SW_ERR_INIT;
    struct sw_buf text;
    char *path = sw_fs_join(dir, name);

    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    assert_ok(sw_fs_read(path, &text, &err));
    assert_string_equal(text.ptr, expected);
    sw_buf_release(&text);
    free(path);
}

/* from/{a, d/b (executable), link -> a, dangling -> nowhere} */
static void fill(const char *dir)
{
    char *link = sw_fs_join(dir, "from/link");
    char *dangling = sw_fs_join(dir, "from/dangling");

    make_dir(dir, "from/d");
    make_dir(dir, "from/empty");
    write_text(dir, "from/a", "A", 0644);
    write_text(dir, "from/d/b", "B", 0751);
    assert_int_equal(symlink("a", link), 0);
    assert_int_equal(symlink("nowhere", dangling), 0);
    free(link);
    free(dangling);
}

static void test_fs_copy__copies_files_links_and_folders(void **state)
{
    const char *dir = *state;
    struct sw_err err = SW_ERR_INIT;
    struct stat info;
    size_t files = 0;
    char target[16] = { 0 };
    char *from = sw_fs_join(dir, "from");
    char *to = sw_fs_join(dir, "to");
    char *link = sw_fs_join(dir, "to/link");
    char *b = sw_fs_join(dir, "to/d/b");
    char *empty = sw_fs_join(dir, "to/empty");

    fill(dir);
    assert_ok(sw_fs_copy(from, to, &files, &err));
    assert_int_equal(files, 4);
    assert_text(dir, "to/a", "A");
    assert_text(dir, "to/d/b", "B");
    assert_int_equal(stat(b, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0751);
    assert_int_equal(readlink(link, target, sizeof(target) - 1), 1);
    assert_string_equal(target, "a");
    assert_true(sw_fs_is_dir(empty));
    free(from);
    free(to);
    free(link);
    free(b);
    free(empty);
}

static void test_fs_copy__replaces_and_merges(void **state)
{
    const char *dir = *state;
    struct sw_err err = SW_ERR_INIT;
    char *from = sw_fs_join(dir, "from");
    char *to = sw_fs_join(dir, "to");
    char *to_a = sw_fs_join(dir, "to/a");
    char *outside = sw_fs_join(dir, "outside");

    fill(dir);
    make_dir(dir, "to");
    write_text(dir, "outside", "precious", 0644);
    write_text(dir, "to/kept", "kept", 0644);
    assert_int_equal(symlink(outside, to_a), 0);
    assert_ok(sw_fs_copy(from, to, NULL, &err));
    assert_text(dir, "to/a", "A");
    assert_text(dir, "to/kept", "kept");
    assert_text(dir, "outside", "precious"); /* a link that stands in the way is not followed */
    free(from);
    free(to);
    free(to_a);
    free(outside);
}

static void test_fs_copy__into_itself_ends(void **state)
{
    const char *dir = *state;
    struct sw_err err = SW_ERR_INIT;
    char *from = sw_fs_join(dir, "from");
    char *inside = sw_fs_join(dir, "from/copy");
    char *nested = sw_fs_join(dir, "from/copy/copy");

    fill(dir);
    assert_ok(sw_fs_copy(from, inside, NULL, &err));
    assert_text(dir, "from/copy/d/b", "B");
    assert_false(sw_fs_exists(nested));
    free(from);
    free(inside);
    free(nested);
}

static void test_fs_copy__says_what_is_missing(void **state)
{
    const char *dir = *state;
    struct sw_err err = SW_ERR_INIT;
    char *from = sw_fs_join(dir, "nothing");
    char *to = sw_fs_join(dir, "to");
    char *message = sw_xasprintf("cannot read \"%s\": No such file or directory", from);

    assert_fails(sw_fs_copy(from, to, NULL, &err), SW_E_FAILED, message);
    free(from);
    free(to);
    free(message);
}

static void test_fs_remove_tree__leaves_what_links_point_at(void **state)
{
    const char *dir = *state;
    char *from = sw_fs_join(dir, "from");
    char *link = sw_fs_join(dir, "from/out");
    char *outside = sw_fs_join(dir, "outside");

    fill(dir);
    make_dir(dir, "outside");
    write_text(dir, "outside/f", "kept", 0644);
    assert_int_equal(symlink(outside, link), 0);
    sw_fs_remove_tree(from);
    assert_false(sw_fs_exists(from));
    assert_text(dir, "outside/f", "kept");
    sw_fs_remove_tree(from);
    free(from);
    free(link);
    free(outside);
}

#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, temp_dir_setup, temp_dir_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TREE_TEST(test_fs_copy__copies_files_links_and_folders),
        TREE_TEST(test_fs_copy__replaces_and_merges),
        TREE_TEST(test_fs_copy__into_itself_ends),
        TREE_TEST(test_fs_copy__says_what_is_missing),
        TREE_TEST(test_fs_remove_tree__leaves_what_links_point_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

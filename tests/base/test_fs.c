#include "temp_dir.h"
#include "test.h"

#include <slipway/fs.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The files of a folder. */
static int file_count(const char *folder)
{
    DIR *dir = opendir(folder);
    int count = -2; /* "." and ".." */

    assert_non_null(dir);
    while (readdir(dir)) {
        count++;
    }
    (void)closedir(dir);
    return count;
}

/* A configuration may be linked to a place where it is yet to be. */
static void test_fs__atomic_write_makes_what_a_link_points_to(void **state)
{
    char *SW_CLEANUP(sw_free_str) first = sw_fs_join(*state, "first");
    char *SW_CLEANUP(sw_free_str) second = sw_fs_join(*state, "second");
    char *SW_CLEANUP(sw_free_str) ring = sw_fs_join(*state, "ring");
    char *SW_CLEANUP(sw_free_str) folder = sw_fs_join(*state, "folder");
    char *SW_CLEANUP(sw_free_str) target = sw_fs_join(*state, "folder/target");
    struct sw_err err = SW_ERR_INIT;
    struct stat st;

    assert_ok(sw_fs_mkdirs(folder, 0755, &err));
    assert_int_equal(symlink("second", first), 0);
    assert_int_equal(symlink(target, second), 0);
    assert_ok(sw_fs_can_replace(first, &err));
    assert_ok(sw_fs_write_atomic(first, SW_STR("one"), 0600, &err));
    assert_int_equal(lstat(first, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(lstat(second, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(lstat(target, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(st.st_size, 3);
    /* The folder of what it points to has to be there. */
    assert_int_equal(unlink(second), 0);
    assert_int_equal(symlink("nowhere/target", second), 0);
    assert_int_not_equal(sw_fs_can_replace(first, &err), SW_OK);
    assert_int_not_equal(sw_fs_write_atomic(first, SW_STR("one"), 0600, &err), SW_OK);
    /* Links in a ring lead nowhere, and end. */
    assert_int_equal(symlink("ring", ring), 0);
    assert_ok(sw_fs_can_replace(ring, &err));
}

static void test_fs__atomic_write_keeps_links_and_sets_the_mode(void **state)
{
    char *SW_CLEANUP(sw_free_str) file = sw_fs_join(*state, "real");
    char *SW_CLEANUP(sw_free_str) link = sw_fs_join(*state, "link");
    struct sw_buf SW_CLEANUP(sw_buf_release) back = { 0 };
    struct sw_err err;
    struct stat st;

    assert_ok(sw_fs_write_atomic(file, SW_STR("one"), 0644, &err));
    assert_int_equal(symlink("real", link), 0);
    assert_ok(sw_fs_write_atomic(link, SW_STR("two"), 0600, &err));
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    sw_buf_init(&back, 100);
    assert_ok(sw_fs_read(file, &back, &err));
    assert_string_equal(back.ptr, "two");
}

static void test_fs__what_is_no_file_gets_the_bytes_and_stays(void **state)
{
    char *SW_CLEANUP(sw_free_str) pipe = sw_fs_join(*state, "pipe");
    int SW_CLEANUP(sw_close_fd) reader = -1;
    struct stat st;
    char got[8] = "";
    struct sw_err err;

    assert_int_equal(mkfifo(pipe, 0600), 0);
    reader = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(reader >= 0);
    assert_ok(sw_fs_can_replace(pipe, &err));
    assert_ok(sw_fs_write_atomic(pipe, SW_STR("result"), 0644, &err));
    assert_int_equal(read(reader, got, sizeof(got)), 6);
    assert_string_equal(got, "result");
    assert_int_equal(stat(pipe, &st), 0);
    assert_true(S_ISFIFO(st.st_mode));
    assert_int_equal(st.st_mode & 0777, 0600);

    /* A folder where nothing can be made does not matter to what is there. */
    assert_ok(sw_fs_can_replace("/dev/null", &err));
    assert_ok(sw_fs_write_atomic("/dev/null", SW_STR("result"), 0644, &err));
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
}

static void test_fs__appends_whole_lines(void **state)
{
    static const char *const texts[] = { "", "one\n", "two", "three\n" };
    char *SW_CLEANUP(sw_free_str) file = sw_fs_join(*state, "lines");
    struct sw_buf SW_CLEANUP(sw_buf_release) back = { 0 };
    struct sw_err err;

    for (size_t i = 0; i < SW_COUNT(texts); i++) {
        assert_ok(sw_fs_append(file, sw_str(texts[i]), 0600, &err));
    }
    sw_buf_init(&back, 100);
    assert_ok(sw_fs_read(file, &back, &err));
    assert_string_equal(back.ptr, "one\ntwo\nthree\n");
}

/* Writes `more` to a file that may not become larger than 8 bytes. */
static enum sw_status write_limited(bool append, const char *file, struct sw_str more,
                                    struct sw_err *err)
{
    struct rlimit before;
    struct rlimit small;
    enum sw_status status;

    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 8;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    status =
        append ? sw_fs_append(file, more, 0600, err) : sw_fs_write_atomic(file, more, 0600, err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    return status;
}

static void test_fs__a_write_that_fails_leaves_the_file_as_it_was(void **state)
{
    char *SW_CLEANUP(sw_free_str) file = sw_fs_join(*state, "full");
    char *SW_CLEANUP(sw_free_str) text = sw_xasprintf("cannot write \"%s\": File too large", file);
    struct sw_err err;

    for (int append = 0; append < 2; append++) {
        struct sw_buf SW_CLEANUP(sw_buf_release) back = { 0 };

        assert_ok(sw_fs_write_atomic(file, SW_STR("old\n"), 0600, &err));
        assert_fails(write_limited(append, file, SW_STR("much longer\n"), &err), SW_E_FAILED, text);
        sw_buf_init(&back, 100);
        assert_ok(sw_fs_read(file, &back, &err));
        assert_string_equal(back.ptr, "old\n");
        assert_int_equal(file_count(*state), 1);
    }
}

static void test_fs__failures_name_the_file(void **state)
{
    char *SW_CLEANUP(sw_free_str) file = sw_fs_join(*state, "none/file");
    char *SW_CLEANUP(sw_free_str) text = NULL;
    struct sw_buf SW_CLEANUP(sw_buf_release) back = { 0 };
    struct sw_err err;

    sw_buf_init(&back, 2);
    text = sw_xasprintf("cannot open \"%s\": No such file or directory", file);
    assert_fails(sw_fs_read(file, &back, &err), SW_E_NOT_FOUND, text);
    assert_fails(sw_fs_read_input(file, &back, &err), SW_E_INPUT, text);
    free(text);
    text = sw_xasprintf("cannot read \"%s\": Is a directory", (const char *)*state);
    assert_fails(sw_fs_read(*state, &back, &err), SW_E_INPUT, text);
    free(text);
    text = sw_xasprintf("cannot write beside \"%s\": No such file or directory", file);
    assert_fails(sw_fs_write_atomic(file, SW_STR("x"), 0600, &err), SW_E_FAILED, text);
    free(text);
    text = sw_xasprintf("cannot write \"%s\": No such file or directory", file);
    assert_fails(sw_fs_can_replace(file, &err), SW_E_FAILED, text);
    free(text);
    text = sw_xasprintf("cannot write \"%s\": it is a folder", (const char *)*state);
    assert_fails(sw_fs_can_replace(*state, &err), SW_E_FAILED, text);
}

static void test_fs__reading_stops_at_the_limit(void **state)
{
    char *SW_CLEANUP(sw_free_str) file = sw_fs_join(*state, "big");
    char *SW_CLEANUP(sw_free_str) text = NULL;
    struct sw_buf SW_CLEANUP(sw_buf_release) back = { 0 };
    struct sw_err err;

    assert_ok(sw_fs_append(file, SW_STR("12"), 0600, &err));
    assert_ok(sw_fs_append(file, SW_STR("3"), 0600, &err));
    sw_buf_init(&back, 2);
    text = sw_xasprintf("\"%s\" is larger than 2 bytes", file);
    assert_fails(sw_fs_read(file, &back, &err), SW_E_TOO_LARGE, text);
}

static void test_fs__an_empty_name_is_no_folder(void **state)
{
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    assert_int_equal(sw_fs_mkdirs("", 0700, &err), SW_E_FAILED);
    assert_string_equal(err.msg, "cannot make the folder \"\": No such file or directory");
    assert_ok(sw_fs_mkdirs("/", 0700, &err));
}

static void test_fs__makes_folders_and_joins_paths(void **state)
{
    char *SW_CLEANUP(sw_free_str) deep = sw_fs_join(*state, "a/b/c");
    char *SW_CLEANUP(sw_free_str) parent = sw_fs_dirname(deep);
    char *SW_CLEANUP(sw_free_str) absolute = sw_fs_join("/x", "/y");
    char *SW_CLEANUP(sw_free_str) root = sw_fs_dirname("/y");
    struct sw_err err;

    assert_ok(sw_fs_mkdirs(deep, 0700, &err));
    assert_ok(sw_fs_mkdirs(deep, 0700, &err));
    assert_true(sw_fs_is_dir(parent));
    assert_string_equal(absolute, "/y");
    assert_string_equal(root, "/");
}

static void test_fs__a_temporary_folder_is_private_and_new(void **state)
{
    const char *dir = *state;
    struct sw_err err = SW_ERR_INIT;
    struct stat info;
    char *one = NULL;
    char *two = NULL;

    assert_ok(sw_fs_temp_dir(dir, &one, &err));
    assert_ok(sw_fs_temp_dir(dir, &two, &err));
    assert_string_not_equal(one, two);
    assert_int_equal(stat(one, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
    free(one);
    free(two);
}

static void test_fs__names_tmpdir_when_it_cannot_be_used(void **state)
{
    static const char remedy[] = "; set TMPDIR to a folder that exists and can be written";
    const uid_t user = geteuid();
    SW_CLEANUP(sw_free_str) char *denied = NULL;
    struct sw_err err = SW_ERR_INIT;
    char *path = NULL;
    int fd = -1;

    assert_int_equal(sw_fs_temp("/does/not/exist", &fd, &err), SW_E_FAILED);
    denied =
        sw_xasprintf("cannot make a temporary file in \"/does/not/exist\", which TMPDIR names: "
                     "No such file or directory%s",
                     remedy);
    assert_string_equal(err.msg, denied);
    free(denied);
    assert_int_equal(chmod(*state, 0500), 0);
    /* The superuser may write to all folders. */
    assert_int_equal(user == 0 ? seteuid(65534) : 0, 0);
    assert_int_equal(sw_fs_temp(*state, &fd, &err), SW_E_FAILED);
    denied = sw_xasprintf("cannot make a temporary file in \"%s\", which TMPDIR names: Permission "
                          "denied%s",
                          (char *)*state, remedy);
    assert_string_equal(err.msg, denied);
    assert_int_equal(sw_fs_temp_dir(*state, &path, &err), SW_E_FAILED);
    assert_int_equal(user == 0 ? seteuid(user) : 0, 0);
    free(denied);
    denied =
        sw_xasprintf("cannot make a temporary folder in \"%s\", which TMPDIR names: Permission "
                     "denied%s",
                     (char *)*state, remedy);
    assert_string_equal(err.msg, denied);
    assert_int_equal(chmod(*state, 0700), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fs__atomic_write_makes_what_a_link_points_to,
                                        temp_dir_setup, temp_dir_teardown),
        cmocka_unit_test_setup_teardown(test_fs__atomic_write_keeps_links_and_sets_the_mode,
                                        temp_dir_setup, temp_dir_teardown),
        cmocka_unit_test_setup_teardown(test_fs__what_is_no_file_gets_the_bytes_and_stays,
                                        temp_dir_setup, temp_dir_teardown),
        cmocka_unit_test_setup_teardown(test_fs__appends_whole_lines, temp_dir_setup,
                                        temp_dir_teardown),
        cmocka_unit_test_setup_teardown(test_fs__a_write_that_fails_leaves_the_file_as_it_was,
                                        temp_dir_setup, temp_dir_teardown),
        cmocka_unit_test_setup_teardown(test_fs__failures_name_the_file, temp_dir_setup,
                                        temp_dir_teardown),
        cmocka_unit_test_setup_teardown(test_fs__reading_stops_at_the_limit, temp_dir_setup,
                                        temp_dir_teardown),
        cmocka_unit_test(test_fs__an_empty_name_is_no_folder),
        cmocka_unit_test_setup_teardown(test_fs__makes_folders_and_joins_paths, temp_dir_setup,
                                        temp_dir_teardown),
        cmocka_unit_test_setup_teardown(test_fs__a_temporary_folder_is_private_and_new,
                                        temp_dir_setup, temp_dir_teardown),
        cmocka_unit_test_setup_teardown(test_fs__names_tmpdir_when_it_cannot_be_used,
                                        temp_dir_setup, temp_dir_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "temp_dir.h"
#include "test.h"

#include <slipway/fs.h>
#include <slipway/orbpack.h>

#include <unistd.h>

/* Files of an orb, ended by a NULL path. */
struct file {
    const char *path;
    const char *content;
};

static void write_files(const char *dir, const struct file *files)
{
    struct sw_err err = SW_ERR_INIT;
    for (; files->path != NULL; files++) {
        SW_CLEANUP(sw_free_str) char *path = sw_fs_join(dir, files->path);
        SW_CLEANUP(sw_free_str) char *parent = sw_fs_dirname(path);
        assert_ok(sw_fs_mkdirs(parent, 0755, &err));
        assert_ok(sw_fs_write_atomic(path, sw_str(files->content), 0644, &err));
    }
}

static enum sw_status pack(const char *dir, struct sw_buf *out, struct sw_err *err)
{
    SW_CLEANUP(sw_yaml_pool_cleanup) struct sw_yaml_pool *pool = sw_yaml_pool_new();
    struct sw_yaml *orb = NULL;
    enum sw_status status = sw_orb_pack(pool, dir, NULL, &orb, err);
    return status == SW_OK ? sw_yaml_emit(sw_yaml_sorted(pool, orb), out, err) : status;
}

static void assert_packs(const char *dir, const struct file *files, const char *expected)
{
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_buf_release) struct sw_buf out;
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    write_files(dir, files);
    assert_ok(pack(dir, &out, &err));
    assert_string_equal(out.ptr, expected);
}

/* The message starts with the folder's path, which differs from run to run. */
static void assert_refuses(const char *dir, const struct file *files, const char *expected)
{
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_buf_release) struct sw_buf out;
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    write_files(dir, files);
    assert_int_equal(pack(dir, &out, &err), SW_E_INPUT);
    assert_int_equal(strncmp(err.msg, dir, strlen(dir)), 0);
    assert_string_equal(err.msg + strlen(dir), expected);
}

static void test_orb_pack__puts_files_under_their_names(void **state)
{
    static const struct file files[] = {
        { "@orb.yml", "version: 2.1\ndescription: >\n  An\n  orb\nkept: yes\n" },
        { "commands/b.yml", "steps:\n  - run: echo b\n" },
        { "commands/a.yaml", "description: a\nsteps: []\n" },
        { "commands/deep/er/c.yml", "steps: [checkout]\n" },
        { "commands/@more.yml", "d:\n  steps: [checkout]\n" },
        { "executors/default.yml", "docker:\n  - image: cimg/base:stable\n" },
        { "jobs/empty.yml", "# nothing yet\n" },
        { "jobs/.hidden.yml", "not: [read\n" },
        { "jobs/README.md", "not read\n" },
        { "other/x.yml", "not: read\n" },
        { "scripts/x.sh", "echo\n" },
        { NULL, NULL },
    };
    assert_packs(*state, files,
                 "commands:\n"
                 "  a:\n"
                 "    description: a\n"
                 "    steps: []\n"
                 "  b:\n"
                 "    steps:\n"
                 "    - run: echo b\n"
                 "  c:\n"
                 "    steps:\n"
                 "    - checkout\n"
                 "  d:\n"
                 "    steps:\n"
                 "    - checkout\n"
                 "description: |\n"
                 "  An orb\n"
                 "executors:\n"
                 "  default:\n"
                 "    docker:\n"
                 "    - image: cimg/base:stable\n"
                 "jobs:\n"
                 "  empty: {}\n"
                 "kept: true\n"
                 "version: 2.1\n");
}

static void test_orb_pack__includes_files_as_text(void **state)
{
    static const struct file files[] = {
        { "@orb.yml", "version: 2.1\ndescription: <<include(scripts/no.sh)>>\n" },
        { "commands/a.yml", "steps:\n"
                            "  - run:\n"
                            "      command: <<include(scripts/a.sh)>>\n"
                            "      environment:\n"
                            "        TWO: <<include(scripts/b)>> and << include(scripts/b) >>\n" },
        { "examples/e.yml", "usage: <<include(scripts/no.sh)>>\n" },
        { "scripts/a.sh", "cat <<EOF\n<<include(scripts/b)>>\n$((1<<2))\nEOF\n" },
        { "scripts/b", "b" },
        { NULL, NULL },
    };
    assert_packs(*state, files,
                 "commands:\n"
                 "  a:\n"
                 "    steps:\n"
                 "    - run:\n"
                 "        command: |\n"
                 "          cat \\<<EOF\n"
                 "          \\<<include(scripts/b)>>\n"
                 "          $((1\\<<2))\n"
                 "          EOF\n"
                 "        environment:\n"
                 "          TWO: b and b\n"
                 "description: <<include(scripts/no.sh)>>\n"
                 "examples:\n"
                 "  e:\n"
                 "    usage: <<include(scripts/no.sh)>>\n"
                 "version: 2.1\n");
}

static void test_orb_pack__shares_anchors_between_files(void **state)
{
    static const struct file files[] = {
        { "@orb.yml", "version: 2.1\n" },
        { "commands/a.yml", "steps: *later\n" },
        { "jobs/j.yml", "steps: &later [checkout]\n" },
        { NULL, NULL },
    };
    assert_packs(*state, files,
                 "commands:\n  a:\n    steps:\n    - checkout\n"
                 "jobs:\n  j:\n    steps:\n    - checkout\n"
                 "version: 2.1\n");
}

static void test_orb_pack__types_words_as_yaml_1_1_and_keeps_quoted_ones(void **state)
{
    static const struct file files[] = {
        { "@orb.yml", "version: 2.1\n" },
        { "commands/a.yml", "parameters:\n  x: {type: boolean, default: on}\n"
                            "  y: {type: string, default: 'on'}\n" },
        { NULL, NULL },
    };
    assert_packs(*state, files,
                 "commands:\n  a:\n    parameters:\n      x:\n        default: true\n"
                 "        type: boolean\n      'y':\n        default: 'on'\n        type: string\n"
                 "version: 2.1\n");
}

static void test_orb_pack__wants_a_root(void **state)
{
    static const struct file files[] = { { "commands/a.yml", "steps: []\n" }, { NULL, NULL } };
    assert_refuses(*state, files, ": @orb.yml file not found, are you sure this is the Orb root?");
}

static void test_orb_pack__refuses_the_same_name_twice(void **state)
{
    static const struct file files[] = { { "@orb.yml", "version: 2.1\n" },
                                         { "commands/aws/login.yml", "steps: []\n" },
                                         { "commands/login.yml", "steps: []\n" },
                                         { NULL, NULL } };
    SW_CLEANUP(sw_free_str)
    char *expected = sw_xasprintf("/commands/login.yml:1:1: \"login\" is already defined in "
                                  "%s/commands/aws/login.yml:1; two files of one section cannot "
                                  "share a name",
                                  (const char *)*state);
    assert_refuses(*state, files, expected);
}

static void test_orb_pack__names_the_file_of_a_duplicate_key(void **state)
{
    static const struct file files[] = { { "@orb.yml", "version: 2.1\n" },
                                         { "jobs/a.yml", "steps: []\nauth: 1\nauth: 2\n" },
                                         { NULL, NULL } };
    assert_refuses(*state, files,
                   "/jobs/a.yml:3:1: mapping key \"auth\" already defined at line 2");
}

static void test_orb_pack__refuses_files_that_are_no_maps(void **state)
{
    static const struct file files[] = { { "@orb.yml", "version: 2.1\n" },
                                         { "jobs/a.yml", "- a\n" },
                                         { NULL, NULL } };
    assert_refuses(*state, files, "/jobs/a.yml:1:1: file must hold a mapping, found: sequence");
}

static void test_orb_pack__refuses_a_missing_include(void **state)
{
    static const struct file files[] = { { "@orb.yml", "version: 2.1\n" },
                                         { "commands/a.yml",
                                           "steps:\n  - run: <<include(scripts/gone.sh)>>\n" },
                                         { NULL, NULL } };
    SW_CLEANUP(sw_free_str)
    char *expected = sw_xasprintf("/commands/a.yml:2:10: could not read included file "
                                  "\"scripts/gone.sh\": no such file below \"%s\"",
                                  (const char *)*state);
    assert_refuses(*state, files, expected);
}

static void test_orb_pack__does_not_leave_the_folder(void **state)
{
    static const struct file files[] = { { "orb/@orb.yml", "version: 2.1\n" },
                                         { "orb/commands/a.yml",
                                           "steps:\n  - run: <<include(scripts/s.sh)>>\n" },
                                         { "orb/scripts/keep", "" },
                                         { "outside.sh", "secret\n" },
                                         { NULL, NULL } };
    write_files(*state, files);
    SW_CLEANUP(sw_free_str) char *dir = sw_fs_join(*state, "orb");
    SW_CLEANUP(sw_free_str) char *link_path = sw_fs_join(dir, "scripts/s.sh");
    assert_int_equal(symlink("../../outside.sh", link_path), 0);
    SW_CLEANUP(sw_free_str)
    char *expected = sw_xasprintf("/commands/a.yml:2:10: included file \"scripts/s.sh\" is outside "
                                  "\"%s\"; --include-root can name the folder that includes may "
                                  "come from",
                                  dir);
    static const struct file none[] = { { NULL, NULL } };
    assert_refuses(dir, none, expected);

    static const struct file dotted[] = {
        { "commands/a.yml", "steps:\n  - run: <<include(../outside.sh)>>\n" }, { NULL, NULL }
    };
    SW_CLEANUP(sw_free_str)
    char *expected_dots = sw_xasprintf("/commands/a.yml:2:10: included file \"../outside.sh\" is "
                                       "outside \"%s\"; --include-root can name the folder "
                                       "that includes may come from",
                                       dir);
    assert_refuses(dir, dotted, expected_dots);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_orb_pack__puts_files_under_their_names, temp_dir_setup,
                                        temp_dir_teardown),
        cmocka_unit_test_setup_teardown(test_orb_pack__includes_files_as_text, temp_dir_setup,
                                        temp_dir_teardown),
        cmocka_unit_test_setup_teardown(test_orb_pack__shares_anchors_between_files, temp_dir_setup,
                                        temp_dir_teardown),
        cmocka_unit_test_setup_teardown(
            test_orb_pack__types_words_as_yaml_1_1_and_keeps_quoted_ones, temp_dir_setup,
            temp_dir_teardown),
        cmocka_unit_test_setup_teardown(test_orb_pack__wants_a_root, temp_dir_setup,
                                        temp_dir_teardown),
        cmocka_unit_test_setup_teardown(test_orb_pack__refuses_the_same_name_twice, temp_dir_setup,
                                        temp_dir_teardown),
        cmocka_unit_test_setup_teardown(test_orb_pack__names_the_file_of_a_duplicate_key,
                                        temp_dir_setup, temp_dir_teardown),
        cmocka_unit_test_setup_teardown(test_orb_pack__refuses_files_that_are_no_maps,
                                        temp_dir_setup, temp_dir_teardown),
        cmocka_unit_test_setup_teardown(test_orb_pack__refuses_a_missing_include, temp_dir_setup,
                                        temp_dir_teardown),
        cmocka_unit_test_setup_teardown(test_orb_pack__does_not_leave_the_folder, temp_dir_setup,
                                        temp_dir_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

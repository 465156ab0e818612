#include "local_private.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>

#include <dirent.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Names of a repository's files. */
#define FILE_LIST_MAX ((size_t)256 * 1024 * 1024)
enum { GIT_TIMEOUT_MS = 600000 };

static void say_files(struct local_run *run, size_t count, const char *to)
{
    local_log(run, "    %zu file%s to %s\n", count, count == 1 ? "" : "s", to);
}

/* Copies to `to`, whose folder is made. */
static enum sw_status copy_to(const char *from, const char *to, size_t *ret_files,
                              struct sw_err *err)
{
    char *SW_CLEANUP(sw_free_str) folder = sw_fs_dirname(to);

    if (sw_fs_mkdirs(folder, 0755, err)) {
        return err->status;
    }
    return sw_fs_copy(from, to, ret_files, err);
}

static bool is_empty_folder(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    bool empty = true;

    if (!dir) {
        return true;
    }
    while (empty && (entry = readdir(dir)) != NULL) {
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    }
    (void)closedir(dir);
    return empty;
}

/* The git program with a NULL-terminated list of words; its texts are collected into `out`. */
static enum sw_status git(const struct local_run *run, const char *const *argv, struct sw_buf *out,
                          struct sw_err *err)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) said = { 0 };
    int code = 0;
    const struct sw_proc proc = {
        .argv = argv, .out = out, .err_out = &said, .timeout_ms = GIT_TIMEOUT_MS
    };

    sw_buf_init(&said, SW_BUF_TEXT_MAX);
    enum sw_status status = sw_proc_run(run->env, &proc, &code, err);
    if (status == SW_E_TIMEOUT) {
        err->status = SW_E_FAILED; /* a time-out of a step is one of its silence */
    }
    if (status != SW_OK) {
        return err->status;
    }
    return code == 0 ? SW_OK
                     : sw_fail(err, SW_E_FAILED, "git %s: %.*s",
                               strcmp(argv[1], "-C") == 0 ? argv[3] : argv[1],
                               SW_STR_ARG(sw_str_trim(sw_buf_str(&said))));
}

/*
 * Makes `to` a repository at the source's commit, without files and without copying objects, so
 * that steps can ask git about it.
 */
static enum sw_status clone_repository(const struct local_run *run, const char *to,
                                       struct sw_err *err)
{
    const char *const clone[] = { "git",           "clone",     "-q", "--shared",
                                  "--no-checkout", run->source, to,   NULL };
    const char *const reset[] = { "git", "-C", to, "reset", "-q", NULL };
    const char *url = sw_proc_getenv(&run->environ, "CIRCLE_REPOSITORY_URL");
    const char *const set_url[] = { "git",    "-C",           to,  "remote", "set-url",
                                    "origin", url ? url : "", NULL };
    struct sw_buf SW_CLEANUP(sw_buf_release) out = { 0 };

    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    if (git(run, clone, &out, err) || (url && git(run, set_url, &out, err))) {
        return err->status;
    }
    /* Fails in a repository without a commit, which is fine. */
    (void)git(run, reset, &out, err);
    return SW_OK;
}

static bool is_below(const char *path, const char *folder)
{
    size_t len = strlen(folder);

    return strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* Copies the files that git knows, and the new ones that it does not ignore. */
static enum sw_status copy_listed(struct local_run *run, const char *to, size_t *ret_files,
                                  struct sw_err *err)
{
    const char *const argv[] = { "git",      "-C",       run->source,          "ls-files", "-z",
                                 "--cached", "--others", "--exclude-standard", NULL };
    struct sw_buf SW_CLEANUP(sw_buf_release) names = { 0 };

    sw_buf_init(&names, FILE_LIST_MAX);
    if (git(run, argv, &names, err)) {
        return err->status;
    }
    for (struct sw_str rest = sw_buf_str(&names); rest.len > 0;) {
        struct sw_str name = sw_str_cut(&rest, '\0');
        char *SW_CLEANUP(sw_free_str) copy = sw_str_dup(name);
        char *SW_CLEANUP(sw_free_str) from = sw_fs_join(run->source, copy);
        char *SW_CLEANUP(sw_free_str) target = sw_fs_join(to, copy);
        struct stat info;

        /* Deleted files are still listed; a folder is a submodule, which checkout leaves empty. */
        if (lstat(from, &info) || S_ISDIR(info.st_mode) || is_below(from, to)) {
            continue;
        }
        if (copy_to(from, target, ret_files, err)) {
            return err->status;
        }
    }
    return SW_OK;
}

static enum sw_status checkout(struct local_run *run, const struct local_step *step,
                               struct sw_err *err)
{
    char *SW_CLEANUP(sw_free_str) to =
        local_path(run, run->work_dir, sw_json_str(step->args, "path", "."));
    char *SW_CLEANUP(sw_free_str) marker = sw_fs_join(to, ".git");
    char *SW_CLEANUP(sw_free_str) source_marker = sw_fs_join(run->source, ".git");
    bool repository = sw_fs_exists(marker);
    size_t files = 0;

    if (strcmp(to, run->source) == 0) {
        local_log(run, "    the job works in the source itself: nothing is copied\n");
        return SW_OK;
    }
    if (!repository && !is_empty_folder(to)) {
        return sw_fail(
            err, SW_E_INPUT,
            "\"%s\" is neither empty nor a git repository: checkout does not write there", to);
    }
    if (sw_fs_mkdirs(to, 0755, err)) {
        return err->status;
    }
    if (run->source_is_git && !repository && sw_fs_exists(source_marker) &&
        clone_repository(run, to, err)) {
        return err->status;
    }
    if (run->source_is_git ? copy_listed(run, to, &files, err)
                           : sw_fs_copy(run->source, to, &files, err)) {
        return err->status;
    }
    local_log(run, "    %zu file%s from %s\n", files, files == 1 ? "" : "s", run->source);
    return SW_OK;
}

/* Whether a path has ".." among its parts. */
static bool climbs(const char *path)
{
    for (struct sw_str rest = sw_str(path); rest.ptr;) {
        if (sw_str_is(sw_str_cut(&rest, '/'), "..")) {
            return true;
        }
    }
    return false;
}

/* "root/pattern" with what is special in the root made plain. */
static char *glob_pattern(const char *root, const char *pattern)
{
    struct sw_buf out;

    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    for (const char *c = root; *c; c++) {
        if (strchr("*?[\\", *c)) {
            sw_buf_add_char(&out, '\\');
        }
        sw_buf_add_char(&out, *c);
    }
    sw_buf_addf(&out, "/%s", pattern);
    return sw_buf_take(&out);
}

static enum sw_status persist_matches(const struct local_run *run, const char *root,
                                      const char *pattern, size_t *ret_files, struct sw_err *err)
{
    char *SW_CLEANUP(sw_free_str) whole = glob_pattern(root, pattern);
    glob_t found = { .gl_pathc = 0 };
    enum sw_status status = SW_OK;

    if (climbs(pattern) || pattern[0] == '/') {
        return sw_fail(err, SW_E_INPUT, "the path \"%s\" does not stay below the root", pattern);
    }
    if (glob(whole, 0, NULL, &found) != 0) {
        globfree(&found);
        return sw_fail(err, SW_E_INPUT, "nothing in \"%s\" matches \"%s\"", root, pattern);
    }
    for (size_t i = 0; status == SW_OK && i < found.gl_pathc; i++) {
        const char *rest = found.gl_pathv[i] + strlen(root) + 1;
        char *SW_CLEANUP(sw_free_str) to = strcmp(rest, ".") == 0
                                               ? sw_xstrdup(run->options->workspace)
                                               : sw_fs_join(run->options->workspace, rest);

        status = copy_to(found.gl_pathv[i], to, ret_files, err);
    }
    globfree(&found);
    return status;
}

static enum sw_status persist(struct local_run *run, const struct local_step *step,
                              struct sw_err *err)
{
    char *SW_CLEANUP(sw_free_str) root =
        local_path(run, run->work_dir, sw_json_str(step->args, "root", "."));
    const json_t *paths = sw_json_array(step->args, "paths");
    size_t files = 0;

    if (!run->options->workspace) {
        local_log(run, "    nothing is kept: no workspace folder was given (--workspace)\n");
        return SW_OK;
    }
    if (sw_fs_mkdirs(run->options->workspace, 0755, err)) {
        return err->status;
    }
    for (size_t i = 0; i < json_array_size(paths); i++) {
        const char *pattern = json_string_value(json_array_get(paths, i));

        if (pattern && persist_matches(run, root, pattern, &files, err)) {
            return err->status;
        }
    }
    say_files(run, files, run->options->workspace);
    return SW_OK;
}

static enum sw_status attach(struct local_run *run, const struct local_step *step,
                             struct sw_err *err)
{
    char *SW_CLEANUP(sw_free_str) at =
        local_path(run, run->work_dir, sw_json_str(step->args, "at", "."));
    size_t files = 0;

    if (!run->options->workspace) {
        local_log(run, "    nothing is attached: no workspace folder was given (--workspace)\n");
        return SW_OK;
    }
    if (!sw_fs_is_dir(run->options->workspace)) {
        return sw_fail(err, SW_E_INPUT,
                       "the workspace folder \"%s\" does not exist; run the job that persists to "
                       "it first",
                       run->options->workspace);
    }
    if (sw_fs_mkdirs(at, 0755, err) || sw_fs_copy(run->options->workspace, at, &files, err)) {
        return err->status;
    }
    say_files(run, files, at);
    return SW_OK;
}

/* A path as a name below the artifacts folder. */
static const char *below(const char *path)
{
    while (strncmp(path, "./", 2) == 0 || strncmp(path, "~/", 2) == 0) {
        path += 2;
    }
    while (path[0] == '/') {
        path++;
    }
    return path;
}

static enum sw_status store(struct local_run *run, const struct local_step *step,
                            struct sw_err *err)
{
    const char *path = sw_json_str(step->args, "path", NULL);
    const char *destination = sw_json_str(step->args, "destination", path);
    size_t files = 0;

    if (!path) {
        return sw_fail(err, SW_E_INPUT, "the step needs a path");
    }

    char *SW_CLEANUP(sw_free_str) from = local_path(run, run->work_dir, path);
    char *SW_CLEANUP(sw_free_str) folder =
        run->options->artifacts
            ? sw_fs_join(run->options->artifacts,
                         step->kind == LOCAL_TEST_RESULTS ? "test-results" : ".")
            : NULL;

    if (!folder) {
        local_log(run, "    nothing is kept: no artifacts folder was given (--artifacts)\n");
        return SW_OK;
    }
    if (climbs(destination)) {
        return sw_fail(err, SW_E_INPUT, "\"%s\" does not stay below the artifacts folder",
                       destination);
    }
    if (!sw_fs_exists(from)) {
        local_log(run, "    there is nothing at %s\n", from);
        return SW_OK;
    }

    char *SW_CLEANUP(sw_free_str) to = sw_fs_join(folder, below(destination));

    if (copy_to(from, to, &files, err)) {
        return err->status;
    }
    say_files(run, files, run->options->artifacts);
    return SW_OK;
}

enum sw_status local_other_step(struct local_run *run, const struct local_step *step,
                                struct sw_err *err)
{
    switch (step->kind) {
    case LOCAL_CHECKOUT:
        return checkout(run, step, err);
    case LOCAL_PERSIST:
        return persist(run, step, err);
    case LOCAL_ATTACH:
        return attach(run, step, err);
    case LOCAL_ARTIFACTS:
    case LOCAL_TEST_RESULTS:
        return store(run, step, err);
    case LOCAL_NOTICE:
    case LOCAL_RUN:
        break;
    }
    local_log(run, "    %s\n", step->notice);
    return SW_OK;
}

#include "local_private.h"

#include <slipway/alloc.h>
#include <slipway/dotenv.h>
#include <slipway/fs.h>
#include <slipway/log.h>

/* What a small program says. */
#define GIT_TEXT_MAX ((size_t)64 * 1024)
enum { GIT_TIMEOUT_MS = 30000 };

/* The programs that steps may call; both names stand for it. */
static const char shim_text[] =
    "case \"${1-} ${2-}\" in\n"
    "'env subst')\n"
    "    shift 2\n"
    "    exec \"$slipway\" env subst --allow-unset \"$@\"\n"
    "    ;;\n"
    "'step halt' | 'task halt')\n"
    "    : >\"$state/halt\"\n"
    "    ;;\n"
    "*)\n"
    "    echo \"circleci: \\\"$*\\\" does not exist in a local run; there are: env subst, step halt\" "
    ">&2\n"
    "    exit 2\n"
    "    ;;\n"
    "esac\n";

char *local_git(const struct sw_env *env, const char *dir, const char *const *args)
{
    const char *argv[16] = { "git", "-C", dir };
    struct sw_buf SW_CLEANUP(sw_buf_release) out = { 0 };
    struct sw_buf SW_CLEANUP(sw_buf_release) said = { 0 };
    struct sw_err err = SW_ERR_INIT;
    int code = 0;
    const struct sw_proc proc = {
        .argv = argv, .out = &out, .err_out = &said, .timeout_ms = GIT_TIMEOUT_MS
    };

    for (size_t i = 3; i + 1 < SW_COUNT(argv) && args[i - 3]; i++) {
        argv[i] = args[i - 3];
    }
    sw_buf_init(&out, GIT_TEXT_MAX);
    sw_buf_init(&said, GIT_TEXT_MAX);
    if (sw_proc_run(env, &proc, &code, &err) || code != 0) {
        return NULL;
    }
    return sw_str_dup(sw_str_trim(sw_buf_str(&out)));
}

char *local_path(const struct local_run *run, const char *base, const char *path)
{
    const char *home = sw_env_get(run->env, "HOME");
    const char *const projects[] = { "~/project", run->job.working_directory };

    for (size_t i = 0; i < SW_COUNT(projects); i++) {
        size_t len = projects[i] ? strlen(projects[i]) : 0;

        if (len > 1 && strncmp(path, projects[i], len) == 0) {
            if (path[len] == '\0') {
                return sw_xstrdup(run->work_dir);
            }
            if (path[len] == '/') {
                return sw_fs_join(run->work_dir, path + len + 1);
            }
        }
    }
    if (home && strcmp(path, "~") == 0) {
        return sw_xstrdup(home);
    }
    if (home && strncmp(path, "~/", 2) == 0) {
        return sw_fs_join(home, path + 2);
    }
    return strcmp(path, ".") == 0 ? sw_xstrdup(base) : sw_fs_join(base, path);
}

static enum sw_status apply_map(struct sw_strs *list, json_t *map, const char *where,
                                struct sw_err *err)
{
    const char *name;
    json_t *value;

    json_object_foreach(map, name, value)
    {
        struct sw_buf SW_CLEANUP(sw_buf_release) text = { 0 };

        if (!sw_is_env_name(sw_str(name))) {
            return sw_fail(err, SW_E_INPUT, "%s: \"%s\" cannot be a variable's name", where, name);
        }
        sw_buf_init(&text, SW_BUF_TEXT_MAX);
        local_value_text(value, &text);
        sw_proc_setenv(list, name, text.ptr);
    }
    return SW_OK;
}

enum sw_status local_env_apply(struct sw_strs *list, json_t *environment, const char *where,
                               struct sw_err *err)
{
    if (json_is_object(environment)) {
        return apply_map(list, environment, where, err);
    }
    for (size_t i = 0; i < json_array_size(environment); i++) {
        if (apply_map(list, json_array_get(environment, i), where, err)) {
            return err->status;
        }
    }
    return SW_OK;
}

static void add_secret(struct local_run *run, const char *value)
{
    sw_strs_add(&run->secrets, sw_str(value));
    sw_redact_add(sw_str(value));
}

/* Values of the variables whose names speak of secrets. */
static void add_named_secrets(struct local_run *run)
{
    for (size_t i = 0; i < run->environ.count; i++) {
        const char *equals = strchr(run->environ.items[i], '=');

        if (equals && sw_names_secret(sw_str_n(run->environ.items[i],
                                               (size_t)(equals - run->environ.items[i])))) {
            add_secret(run, equals + 1);
        }
    }
}

/* Values of an environment file are secrets, as those of a CircleCI context are. */
static enum sw_status set_from_file(void *ctx, struct sw_str name, struct sw_str value,
                                    struct sw_err *err)
{
    struct local_run *run = ctx;

    if (!sw_is_env_name(name)) {
        return sw_fail(err, SW_E_INPUT, "--env-file: \"%.*s\" cannot be a variable's name",
                       SW_STR_ARG(name));
    }

    char *SW_CLEANUP(sw_free_str) name_copy = sw_str_dup(name);
    char *SW_CLEANUP(sw_free_secret_str) value_copy = sw_str_dup(value);

    sw_proc_setenv(&run->environ, name_copy, value_copy);
    add_secret(run, value_copy);
    return SW_OK;
}

static enum sw_status read_env_file(struct local_run *run, const char *path, struct sw_err *err)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) text = { 0 };

    sw_buf_init_secret(&text, SW_DOTENV_MAX);
    if (sw_fs_read_input(path, &text, err)) {
        return sw_wrap(err, "--env-file");
    }
    return sw_dotenv_parse(sw_buf_str(&text), path, set_from_file, run, err);
}

static enum sw_status apply_option(struct local_run *run, const char *text, struct sw_err *err)
{
    struct sw_str value = sw_str(text);
    struct sw_str name = sw_str_cut(&value, '=');

    if (!sw_is_env_name(name)) {
        return sw_fail(err, SW_E_INPUT, "--env: \"%.*s\" cannot be a variable's name",
                       SW_STR_ARG(name));
    }

    char *SW_CLEANUP(sw_free_str) name_copy = sw_str_dup(name);
    const char *given = value.ptr ? value.ptr : sw_env_get_raw(run->env, name_copy);

    if (!given) {
        return sw_fail(err, SW_E_INPUT, "--env: variable \"%s\" is not set", name_copy);
    }
    sw_proc_setenv(&run->environ, name_copy, given);
    return SW_OK;
}

/* What git knows about the source, as the variables that are made of it. */
static void set_from_git(struct local_run *run)
{
    static const struct {
        const char *name;
        const char *args[5];
    } questions[] = {
        { "CIRCLE_SHA1", { "rev-parse", "--verify", "-q", "HEAD" } },
        { "CIRCLE_BRANCH", { "symbolic-ref", "-q", "--short", "HEAD" } },
        { "CIRCLE_REPOSITORY_URL", { "config", "--get", "remote.origin.url" } },
    };

    for (size_t i = 0; i < SW_COUNT(questions); i++) {
        char *SW_CLEANUP(sw_free_str) answer = local_git(run->env, run->source, questions[i].args);

        if (answer && answer[0]) {
            sw_proc_setenv(&run->environ, questions[i].name, answer);
        }
    }
}

/* CIRCLE_PROJECT_USERNAME and _REPONAME: the last two parts of the repository's address. */
static void set_project(struct local_run *run)
{
    struct sw_str url = sw_str(sw_proc_getenv(&run->environ, "CIRCLE_REPOSITORY_URL"));
    ptrdiff_t slash;

    if (sw_str_ends(url, ".git")) {
        url = sw_str_first(url, url.len - 4);
    }
    slash = sw_str_rfind(url, '/');
    if (slash <= 0) {
        return;
    }

    char *SW_CLEANUP(sw_free_str) name = sw_str_dup(sw_str_from(url, (size_t)slash + 1));
    struct sw_str rest = sw_str_first(url, (size_t)slash);
    ptrdiff_t before = sw_str_rfind(rest, '/');
    ptrdiff_t colon = sw_str_rfind(rest, ':');
    char *SW_CLEANUP(sw_free_str) owner =
        sw_str_dup(sw_str_from(rest, (size_t)((before > colon ? before : colon) + 1)));

    sw_proc_setenv(&run->environ, "CIRCLE_PROJECT_REPONAME", name);
    sw_proc_setenv(&run->environ, "CIRCLE_PROJECT_USERNAME", owner);
}

static void set_built_ins(struct local_run *run)
{
    static const char id[] = "00000000-0000-4000-8000-000000000000";
    const struct {
        const char *name;
        const char *value;
    } variables[] = {
        { "CI", "true" },
        { "CIRCLECI", "true" },
        { "CIRCLE_BUILD_NUM", "1" },
        { "CIRCLE_JOB", run->options->job },
        { "CIRCLE_NODE_INDEX", "0" },
        { "CIRCLE_NODE_TOTAL", "1" },
        { "CIRCLE_PIPELINE_ID", id },
        { "CIRCLE_WORKFLOW_ID", id },
        { "CIRCLE_WORKFLOW_JOB_ID", id },
        { "CIRCLE_WORKFLOW_WORKSPACE_ID", id },
        { "CIRCLE_WORKING_DIRECTORY", run->work_dir },
        { "CIRCLE_INTERNAL_TASK_DATA", run->state_dir },
        { "CIRCLE_OIDC_TOKEN", NULL }, /* nobody here could sign one */
        { "CIRCLE_OIDC_TOKEN_V2", NULL },
        { "BASH_ENV", NULL }, /* the caller's own is not for the steps */
    };

    for (size_t i = 0; i < SW_COUNT(variables); i++) {
        sw_proc_setenv(&run->environ, variables[i].name, variables[i].value);
    }
    if (run->source_is_git) {
        set_from_git(run);
    }
    set_project(run);
}

static enum sw_status apply_options(struct local_run *run, struct sw_err *err)
{
    const struct sw_strs *files = run->options->env_files;
    const struct sw_strs *env = run->options->env;

    for (size_t i = 0; files && i < files->count; i++) {
        if (read_env_file(run, files->items[i], err)) {
            return err->status;
        }
    }
    for (size_t i = 0; env && i < env->count; i++) {
        if (apply_option(run, env->items[i], err)) {
            return err->status;
        }
    }
    return SW_OK;
}

enum sw_status local_env_start(struct local_run *run, struct sw_err *err)
{
    const char *tag;

    sw_proc_environ(&run->environ);
    set_built_ins(run);
    if (apply_options(run, err)) {
        return err->status;
    }
    add_named_secrets(run);
    tag = sw_proc_getenv(&run->environ, "CIRCLE_TAG");
    if (tag && tag[0]) {
        sw_proc_setenv(&run->environ, "CIRCLE_BRANCH", NULL); /* a build is of one or the other */
    }
    return SW_OK;
}

enum sw_status local_env_finish(struct local_run *run, struct sw_err *err)
{
    const char *path;

    if (local_env_apply(&run->environ, run->job.image_environment, "the image's environment",
                        err) ||
        local_env_apply(&run->environ, run->job.environment, "the job's environment", err)) {
        return err->status;
    }
    path = sw_proc_getenv(&run->environ, "PATH");

    char *SW_CLEANUP(sw_free_str) with_shim =
        sw_xasprintf("%s/bin:%s", run->state_dir, path ? path : "/usr/local/bin:/usr/bin:/bin");

    sw_proc_setenv(&run->environ, "PATH", with_shim);
    if (!sw_proc_getenv(&run->environ, "BASH_ENV")) {
        char *SW_CLEANUP(sw_free_str) bash_env = sw_fs_join(run->state_dir, "bash_env");

        sw_proc_setenv(&run->environ, "BASH_ENV", bash_env);
    }
    return SW_OK;
}

enum sw_status local_env_prepare(struct local_run *run, struct sw_err *err)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) text = { 0 };
    char *SW_CLEANUP(sw_free_str) bin = sw_fs_join(run->state_dir, "bin");
    char *SW_CLEANUP(sw_free_str) program = sw_fs_join(bin, "circleci");
    char *SW_CLEANUP(sw_free_str) agent = sw_fs_join(bin, "circleci-agent");
    char *SW_CLEANUP(sw_free_str) bash_env = sw_fs_join(run->state_dir, "bash_env");

    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_buf_add_cstr(&text, "#!/bin/sh\nslipway=");
    sw_buf_add_shell_quoted(&text, sw_str(run->options->program));
    sw_buf_add_cstr(&text, "\nstate=");
    sw_buf_add_shell_quoted(&text, sw_str(run->state_dir));
    sw_buf_add_char(&text, '\n');
    sw_buf_add_cstr(&text, shim_text);
    if (sw_fs_mkdirs(bin, 0755, err) || sw_fs_write_atomic(program, sw_buf_str(&text), 0755, err) ||
        sw_fs_write_atomic(agent, sw_buf_str(&text), 0755, err) ||
        sw_fs_write_atomic(bash_env, SW_STR(""), 0600, err)) {
        return err->status;
    }
    return SW_OK;
}

bool local_env_halted(const struct local_run *run)
{
    char *SW_CLEANUP(sw_free_str) marker = sw_fs_join(run->state_dir, "halt");

    return sw_fs_exists(marker);
}

#include <slipway/build.h>

#include "dockerfiles.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>
#include <slipway/proc.h>
#include <slipway/progress.h>

enum {
    CLIENT_TIMEOUT_MS = 60000, /* for questions to the client; a build has no limit here */
    BUILDKIT_MAJOR = 23,       /* clients from here on have BuildKit in the buildx plugin only */
};
#define CLIENT_TEXT_MAX ((size_t)64 * 1024)

/* What the docker client is and has. */
struct client {
    int64_t major;
    bool has_buildx;
};

static const char *dockerfile_of(const struct sw_build *build)
{
    return build->dockerfile ? build->dockerfile : "Dockerfile";
}

static const char *context_of(const struct sw_build *build)
{
    return build->context ? build->context : ".";
}

/* A context that docker fetches: an URL, a git address, or standard input. */
static bool is_remote(const char *context)
{
    return strstr(context, "://") || strncmp(context, "git@", 4) == 0 ||
           strncmp(context, "github.com/", 11) == 0 || strcmp(context, "-") == 0;
}

/* Appends what Dockerfiles there are to the message of *err. */
static enum sw_status append_found(struct sw_err *err)
{
    struct sw_strs SW_CLEANUP(sw_strs_release) found = { 0 };

    sw_dockerfiles_find(&found);
    if (found.count == 0) {
        return sw_append(err, "; there is none in this folder or below: is the source checked out "
                              "before the build?");
    }
    (void)sw_append(err, "; there %s: ", found.count == 1 ? "is" : "are");
    for (size_t i = 0; i < found.count; i++) {
        (void)sw_append(err, "%s%s", i > 0 ? ", " : "", found.items[i]);
    }
    return err->status;
}

enum sw_status sw_build_check(const struct sw_build *build, struct sw_err *err)
{
    const char *dockerfile = dockerfile_of(build);
    const char *context = context_of(build);

    if (is_remote(context)) {
        return SW_OK;
    }
    if (!sw_fs_is_dir(context)) {
        return sw_fail(err, SW_E_INPUT, "the build context \"%s\" %s", context,
                       sw_fs_exists(context) ? "is not a folder" : "does not exist");
    }
    if (sw_fs_is_dir(dockerfile)) {
        return sw_fail(err, SW_E_INPUT,
                       "the Dockerfile \"%s\" is a folder; name the file in it, from the working "
                       "directory on",
                       dockerfile);
    }
    if (!sw_fs_exists(dockerfile)) {
        (void)sw_fail(err, SW_E_INPUT, "the Dockerfile \"%s\" does not exist", dockerfile);
        return append_found(err);
    }
    return SW_OK;
}

/* Flags of docker that the legacy builder does not know. */
static const char *const buildkit_flags[] = {
    "--allow",   "--annotation", "--attest",   "--build-context",
    "--builder", "--cache-to",   "--load",     "--metadata-file",
    "--output",  "-o",           "--progress", "--provenance",
    "--push",    "--sbom",       "--secret",   "--ssh",
};

/* Whether `word` is the flag, alone or with "=value". */
static bool is_flag(const char *word, const char *flag)
{
    size_t len = strlen(flag);

    return strncmp(word, flag, len) == 0 && (word[len] == '\0' || word[len] == '=');
}

/* The first word among the further ones that is one of `flags`; NULL when there is none. */
static const char *find_flag(const struct sw_build *build, const char *const *flags, size_t count)
{
    for (size_t i = 0; build->extra && i < build->extra->count; i++) {
        for (size_t k = 0; k < count; k++) {
            if (is_flag(build->extra->items[i], flags[k])) {
                return flags[k];
            }
        }
    }
    return NULL;
}

static bool several_platforms(const struct sw_build *build)
{
    return build->platform && strchr(build->platform, ',');
}

/* type=... or the like: more than a reference, which every builder knows. */
static bool has_typed(const struct sw_strs *caches)
{
    for (size_t i = 0; caches && i < caches->count; i++) {
        if (strchr(caches->items[i], '=')) {
            return true;
        }
    }
    return false;
}

bool sw_build_needs_buildkit(const struct sw_build *build, const char **ret_what)
{
    *ret_what = find_flag(build, buildkit_flags, SW_COUNT(buildkit_flags));
    if (several_platforms(build)) {
        *ret_what = "--platform with several platforms";
    }
    if (build->cache_to && build->cache_to->count > 0) {
        *ret_what = "--cache-to";
    }
    if (has_typed(build->cache_from)) {
        *ret_what = "--cache-from with a type";
    }
    if (build->secrets && build->secrets->count > 0) {
        *ret_what = "--secret";
    }
    return *ret_what != NULL;
}

static void add_pair(struct sw_strs *argv, const char *flag, const char *value)
{
    if (value) {
        sw_strs_add(argv, sw_str(flag));
        sw_strs_add(argv, sw_str(value));
    }
}

static void add_each(struct sw_strs *argv, const char *flag, const struct sw_strs *values)
{
    for (size_t i = 0; values && i < values->count; i++) {
        add_pair(argv, flag, values->items[i]);
    }
}

/* A reference alone is a tag that gets the layers of all stages, as a manifest that ECR takes. */
static void add_cache_to(struct sw_strs *argv, const struct sw_strs *caches)
{
    for (size_t i = 0; caches && i < caches->count; i++) {
        SW_CLEANUP(sw_free_str)
        char *whole = strchr(caches->items[i], '=')
                          ? sw_xstrdup(caches->items[i])
                          : sw_xasprintf("type=registry,ref=%s,mode=max,image-manifest=true,"
                                         "oci-mediatypes=true",
                                         caches->items[i]);
        add_pair(argv, "--cache-to", whole);
    }
}

void sw_build_argv(const struct sw_build *build, bool buildx, struct sw_strs *ret)
{
    static const char *const outputs[] = { "--load", "--push", "--output", "-o" };

    sw_strs_add(ret, SW_STR("docker"));
    if (buildx) {
        sw_strs_add(ret, SW_STR("buildx"));
    }
    sw_strs_add(ret, SW_STR("build"));
    /* A builder of its own keeps the image to itself unless told where to put it. */
    if (buildx && !several_platforms(build) && !find_flag(build, outputs, SW_COUNT(outputs))) {
        sw_strs_add(ret, SW_STR("--load"));
    }
    add_pair(ret, "-f", dockerfile_of(build));
    add_each(ret, "-t", build->refs);
    add_pair(ret, "--platform", build->platform);
    add_pair(ret, "--target", build->target);
    if (build->no_cache) {
        sw_strs_add(ret, SW_STR("--no-cache"));
    }
    add_each(ret, "--build-arg", build->args);
    add_each(ret, "--secret", build->secrets);
    add_each(ret, "--cache-from", build->cache_from);
    add_cache_to(ret, build->cache_to);
    for (size_t i = 0; build->extra && i < build->extra->count; i++) {
        sw_strs_add(ret, sw_str(build->extra->items[i]));
    }
    sw_strs_add(ret, sw_str(context_of(build)));
}

static void add_word(struct sw_str word, struct sw_buf *out)
{
    bool plain = word.len > 0;

    for (size_t i = 0; i < word.len && plain; i++) {
        plain = sw_is_alnum(word.ptr[i]) || strchr("_./:=@,+%-", word.ptr[i]);
    }
    if (plain) {
        sw_buf_add_str(out, word);
    } else {
        sw_buf_add_shell_quoted(out, word);
    }
}

void sw_build_line(const struct sw_strs *argv, struct sw_buf *out)
{
    static const char flag[] = "--build-arg";

    for (size_t i = 0; i < argv->count; i++) {
        struct sw_str word = sw_str(argv->items[i]);
        bool joined = sw_str_starts(word, "--build-arg=");
        size_t from = joined ? sizeof(flag) : 0;
        ptrdiff_t equals = sw_str_find(sw_str_from(word, from), '=');

        sw_buf_add_cstr(out, i > 0 ? " " : "");
        if (equals >= 0 && (joined || (i > 0 && strcmp(argv->items[i - 1], flag) == 0))) {
            add_word(sw_str_first(word, from + (size_t)equals + 1), out);
            sw_buf_add_cstr(out, "****");
        } else {
            add_word(word, out);
        }
    }
}

/* Runs the docker client. */
static enum sw_status start(const struct sw_env *env, const struct sw_proc *proc, int *ret_exit,
                            struct sw_err *err)
{
    enum sw_status status = sw_proc_run(env, proc, ret_exit, err);

    return status != SW_E_NOT_FOUND
               ? status
               : sw_fail(err, SW_E_FAILED,
                         "there is no docker client on PATH; use an executor that has one (a "
                         "machine executor, or an image like cimg/base), or install docker-ce-cli");
}

/* Asks the docker client something; its texts are collected. */
static enum sw_status ask(const struct sw_env *env, const char *const *argv, struct sw_buf *out,
                          struct sw_buf *err_out, int *ret_exit, struct sw_err *err)
{
    const struct sw_proc proc = {
        .argv = argv, .out = out, .err_out = err_out, .timeout_ms = CLIENT_TIMEOUT_MS
    };
    enum sw_status status = start(env, &proc, ret_exit, err);

    if (status == SW_E_TIMEOUT) {
        err->status = SW_E_NETWORK; /* a time-out here is not one of a rollout */
        return sw_wrap(err, "asking docker for its version");
    }
    return status;
}

static bool is_denied(const struct sw_buf *text)
{
    return sw_str_find_str(sw_buf_str(text), SW_STR("permission denied")) >= 0;
}

/* The last line that is not blank: docker says what is wrong there. */
static struct sw_str last_line(struct sw_str text)
{
    ptrdiff_t newline;

    text = sw_str_trim(text);
    newline = sw_str_rfind(text, '\n');
    return newline < 0 ? text : sw_str_from(text, (size_t)newline + 1);
}

static enum sw_status engine_error(const struct sw_env *env, const struct sw_buf *said,
                                   struct sw_err *err)
{
    const char *host = sw_env_get(env, "DOCKER_HOST");
    struct sw_str line = last_line(sw_buf_str(said));

    host = host ? host : "unix:///var/run/docker.sock";
    if (is_denied(said)) {
        return sw_fail(err, SW_E_DENIED,
                       "no permission to use the docker engine at \"%s\"; run as a member of the "
                       "group docker, or as root (docker: %.*s)",
                       host, SW_STR_ARG(line));
    }
    (void)sw_fail(err, SW_E_NETWORK,
                  "the docker engine does not answer at \"%s\"; in a job with a docker executor "
                  "put the step setup_remote_docker before this one, or use a machine executor; "
                  "elsewhere start the engine or set DOCKER_HOST",
                  host);
    err->retryable = true;
    return line.len > 0 ? sw_append(err, " (docker: %.*s)", SW_STR_ARG(line)) : err->status;
}

/* Finds the client and its engine. */
static enum sw_status find_client(const struct sw_env *env, struct client *ret, struct sw_err *err)
{
    static const char *const argv[] = {
        "docker", "version", "--format",
        /* Naming the server makes the client ask it. Podman, under docker's name, has none. */
        "{{.Client.Version}} {{if .Server}}{{.Server.Version}}{{end}}", NULL
    };
    struct sw_buf SW_CLEANUP(sw_buf_release) out = { 0 };
    struct sw_buf SW_CLEANUP(sw_buf_release) said = { 0 };
    struct sw_str text;
    struct sw_str client;
    int code = 0;
    enum sw_status status;

    sw_buf_init(&out, CLIENT_TEXT_MAX);
    sw_buf_init(&said, CLIENT_TEXT_MAX);
    status = ask(env, argv, &out, &said, &code, err);
    if (status) {
        return status;
    }
    text = sw_str_trim(sw_buf_str(&out));
    client = sw_str_cut(&text, ' ');
    if (code != 0) {
        return engine_error(env, &said, err);
    }
    if (!sw_parse_int(sw_str_cut(&client, '.'), 0, 100000, &ret->major)) {
        ret->major = BUILDKIT_MAJOR;
    }
    return SW_OK;
}

static enum sw_status find_buildx(const struct sw_env *env, struct client *ret, struct sw_err *err)
{
    static const char *const argv[] = { "docker", "buildx", "version", NULL };
    struct sw_buf SW_CLEANUP(sw_buf_release) out = { 0 };
    struct sw_buf SW_CLEANUP(sw_buf_release) said = { 0 };
    int code = 0;
    enum sw_status status;

    sw_buf_init(&out, CLIENT_TEXT_MAX);
    sw_buf_init(&said, CLIENT_TEXT_MAX);
    status = ask(env, argv, &out, &said, &code, err);
    ret->has_buildx = status == SW_OK && code == 0;
    return status;
}

/* Whether DOCKER_BUILDKIT asks for BuildKit. */
static bool wants_buildkit(const struct sw_env *env)
{
    const char *value = sw_env_get(env, "DOCKER_BUILDKIT");

    return value && (strcmp(value, "1") == 0 || strcmp(value, "true") == 0);
}

/* Decides between builders; `envp` gets what the client has to know. */
static enum sw_status choose_builder(const struct sw_env *env, const struct sw_build *build,
                                     struct client *client, struct sw_strs *envp, bool *ret_buildx,
                                     struct sw_err *err)
{
    const char *what = NULL;
    bool needed = sw_build_needs_buildkit(build, &what);

    *ret_buildx = false;
    if (!needed && !wants_buildkit(env)) {
        return SW_OK;
    }
    if (find_client(env, client, err) || find_buildx(env, client, err)) {
        return err->status;
    }
    *ret_buildx = needed && client->has_buildx;
    if (client->has_buildx || (client->major < BUILDKIT_MAJOR && !needed)) {
        return SW_OK;
    }
    if (client->major < BUILDKIT_MAJOR) {
        sw_proc_setenv(envp, "DOCKER_BUILDKIT", "1");
        return SW_OK;
    }
    if (needed) {
        return sw_fail(err, SW_E_FAILED,
                       "%s needs BuildKit, which this docker client has only with its buildx "
                       "plugin; install docker-buildx-plugin (or docker-buildx)",
                       what);
    }
    sw_warn(env, "DOCKER_BUILDKIT is set, but the docker client has no buildx plugin: building "
                 "with the legacy builder");
    sw_proc_setenv(envp, "DOCKER_BUILDKIT", NULL);
    return SW_OK;
}

/*
 * A failed build is the engine's fault where that does not answer. It is asked only now: asking
 * takes as long as all else around a build that goes well.
 */
static enum sw_status build_error(const struct sw_env *env, int code, struct sw_err *err)
{
    struct client client = { 0 };

    return find_client(env, &client, err)
               ? err->status
               : sw_fail(err, SW_E_FAILED,
                         "docker build failed with exit code %d; the lines of docker above say why",
                         code);
}

static enum sw_status run(const struct sw_env *env, const struct sw_strs *words,
                          const struct sw_strs *envp, struct sw_err *err)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) line = { 0 };
    const struct sw_proc proc = { .argv = (const char *const *)words->items,
                                  .envp = (const char *const *)envp->items };
    int code = 0;
    enum sw_status status;

    sw_buf_init(&line, SW_BUF_TEXT_MAX);
    sw_build_line(words, &line);
    sw_say(env, "%s", line.ptr);
    status = start(env, &proc, &code, err);
    return status == SW_OK && code != 0 ? build_error(env, code, err) : status;
}

enum sw_status sw_build_image(const struct sw_env *env, const struct sw_build *build,
                              struct sw_err *err)
{
    struct sw_strs SW_CLEANUP(sw_strs_release) words = { 0 };
    struct sw_strs SW_CLEANUP(sw_strs_release) envp = { 0 };
    struct client client = { 0 };
    bool buildx = false;

    sw_proc_environ(&envp);
    if (!sw_proc_getenv(&envp, "BUILDX_NO_DEFAULT_ATTESTATIONS")) {
        sw_proc_setenv(&envp, "BUILDX_NO_DEFAULT_ATTESTATIONS", "1");
    }
    if (sw_build_check(build, err) || choose_builder(env, build, &client, &envp, &buildx, err)) {
        return err->status;
    }
    sw_build_argv(build, buildx, &words);
    return run(env, &words, &envp, err);
}

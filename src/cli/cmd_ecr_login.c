#include "commands.h"
#include "registries.h"

#include <slipway/alloc.h>
#include <slipway/dockerconfig.h>
#include <slipway/ecr.h>

#include <unistd.h>

struct login_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    const char *registry;
    struct sw_cli_more_registries more;
    bool is_public;
    bool install_helper;
};

static const struct sw_opt login_opts[] = {
    SW_CLI_COMMON(struct login_args, common),
    { .kind = SW_OPT_STR,
      .name = "registry",
      .offset = offsetof(struct login_args, registry),
      .value = "HOST",
      .help = "registry to log in to, as an operand would name it",
      .flags = SW_OPT_NAME },
    SW_CLI_MORE_REGISTRIES(struct login_args, more),
    { .kind = SW_OPT_FLAG,
      .name = "public",
      .offset = offsetof(struct login_args, is_public),
      .help = "log in to Amazon ECR Public" },
    { .kind = SW_OPT_FLAG,
      .name = "install-helper",
      .offset = offsetof(struct login_args, install_helper),
      .help = "let docker ask docker-credential-slipway; no password is written to disk" },
    SW_CLI_AWS(struct login_args, aws),
    { .kind = SW_OPT_END },
};

/* One registry to log in to. */
struct registry {
    const char *host;
    struct sw_ecr_host parsed;
    const struct sw_ecr_host *ecr; /* &parsed, or NULL for a registry on this machine */
};

/* The host of what the user wrote, which may be a URL or a repository's URI. */
static enum sw_status add_host(struct sw_strs *hosts, const char *text, struct sw_err *err)
{
    struct sw_str host = sw_docker_server_host(sw_str(text));
    if (host.len == 0) {
        return sw_cli_usage(err, "a registry host is empty; is the variable behind it set?");
    }
    if (!sw_strs_has(hosts, host)) {
        sw_strs_add(hosts, host);
    }
    return SW_OK;
}

static enum sw_status collect_hosts(const struct sw_cli *cli, const struct login_args *args,
                                    struct sw_strs *hosts, struct sw_err *err)
{
    enum sw_status status = SW_OK;
    for (size_t i = 0; status == SW_OK && i < cli->operands.count; i++) {
        status = add_host(hosts, cli->operands.items[i], err);
    }
    if (status == SW_OK && args->registry) {
        status = add_host(hosts, args->registry, err);
    }
    if (status == SW_OK && args->is_public) {
        status = add_host(hosts, SW_ECR_PUBLIC_HOST, err);
    }
    return status;
}

static enum sw_status read_registry(const char *host, struct registry *ret, struct sw_err *err)
{
    *ret = (struct registry){ .host = host };
    if (sw_ecr_host_parse(sw_str(host), &ret->parsed)) {
        ret->ecr = &ret->parsed;
        return SW_OK;
    }
    if (sw_ecr_is_loopback(host)) {
        return SW_OK;
    }
    return sw_cli_usage(err,
                        "\"%s\" is not an Amazon ECR registry, such as "
                        "123456789012.dkr.ecr.us-east-1.amazonaws.com or public.ecr.aws",
                        host);
}

/* Said once the login is kept: a login that docker cannot find is none. */
static void say_logged_in(const struct sw_env *env, const char *host,
                          const struct sw_ecr_token *token)
{
    char until[SW_TIME_TEXT_MAX];
    sw_time_format(token->expires_ms, SW_TIME_ISO, until);
    sw_say(env, "logged in to %s as %s%s%s", host, token->user,
           token->expires_ms ? ", valid until " : "", token->expires_ms ? until : "");
}

/* Tells how the login that was just told of is kept, and what was in its way. */
static void say_stored(const struct sw_env *env, const struct sw_docker_store_result *result)
{
    switch (result->where) {
    case SW_DOCKER_STORED_FILE:
        sw_say(env, "the login is in %s", result->path);
        break;
    case SW_DOCKER_STORED_HELPER:
        sw_say(env, "the login is kept by docker-credential-%s", result->helper);
        break;
    case SW_DOCKER_STORED_OVERRIDE:
        sw_warn(env, "docker's credential helper cannot keep the login: %s", result->helper_error);
        sw_say(env, "the login is in %s, which now goes before that helper", result->path);
        break;
    case SW_DOCKER_STORED_OWN:
        sw_say(env, "nothing is stored: docker-credential-slipway answers");
        break;
    }
}

static enum sw_status store(struct sw_cli *cli, const char *host, const struct sw_ecr_token *token,
                            struct sw_err *err)
{
    struct sw_docker_store_result result = { 0 };
    enum sw_status status =
        sw_docker_auth_store(cli->env, host, token->user, token->password, &result, err);
    if (status == SW_OK) {
        say_logged_in(cli->env, host, token);
        say_stored(cli->env, &result);
        sw_docker_store_result_release(&result);
    }
    return status;
}

static enum sw_status set_helper(struct sw_cli *cli, const char *host,
                                 const struct sw_ecr_token *token, struct sw_err *err)
{
    char *path SW_CLEANUP(sw_free_str) = NULL;
    bool changed = false;
    enum sw_status status =
        sw_docker_helper_set(cli->env, host, SW_DOCKER_OWN_HELPER, &path, &changed, err);
    if (status == SW_OK) {
        say_logged_in(cli->env, host, token);
        sw_say(cli->env, "docker-credential-slipway %s for it, by %s",
               changed ? "now answers" : "answers already", path);
    }
    return status;
}

/* Keeps the login for one host, and names the host as the result. */
static enum sw_status keep(struct sw_cli *cli, const struct login_args *args, const char *host,
                           const struct sw_ecr_token *token, struct sw_err *err)
{
    enum sw_status status =
        args->install_helper ? set_helper(cli, host, token, err) : store(cli, host, token, err);
    if (status == SW_OK && sw_docker_env_has(cli->env, host)) {
        sw_warn(cli->env,
                "DOCKER_AUTH_CONFIG has a login of its own for %s, which docker 28.3 and later "
                "prefers; unset it",
                host);
    }
    if (status == SW_OK) {
        sw_cli_out(cli, "%s\n", host);
    }
    return status;
}

/* Logs in to one registry; *ret_host, when asked for, is its host, the caller's. */
static enum sw_status log_in(struct sw_cli *cli, const struct login_args *args, struct sw_aws *aws,
                             const struct registry *registry, char **ret_host, struct sw_err *err)
{
    struct sw_ecr_token token = { 0 };
    enum sw_status status = sw_ecr_token_get(aws, registry->ecr, &token, err);
    if (status != SW_OK) {
        return registry->host ? sw_wrap(err, "\"%s\"", registry->host) : status;
    }
    const char *host = registry->host ? registry->host : token.host;
    if (host) {
        status = keep(cli, args, host, &token, err);
    } else {
        status = sw_fail(err, SW_E_UNAVAILABLE,
                         "AWS's answer names no registry; name the host to log in to");
    }
    if (status == SW_OK && ret_host) {
        *ret_host = sw_xstrdup(host);
    }
    sw_ecr_token_release(&token);
    return status;
}

static enum sw_status check_hosts(const struct sw_strs *hosts, struct sw_err *err)
{
    struct registry registry;
    for (size_t i = 0; i < hosts->count; i++) {
        if (read_registry(hosts->items[i], &registry, err) != SW_OK) {
            return err->status;
        }
    }
    return SW_OK;
}

static enum sw_status log_in_all(struct sw_cli *cli, const struct login_args *args,
                                 struct sw_aws *aws, const struct sw_strs *hosts,
                                 struct sw_err *err)
{
    struct registry registry;
    enum sw_status status = SW_OK;
    for (size_t i = 0; status == SW_OK && i < hosts->count; i++) {
        status = read_registry(hosts->items[i], &registry, err);
        if (status == SW_OK) {
            status = log_in(cli, args, aws, &registry, NULL, err);
        }
    }
    return status;
}

/* The caller's own registry, whose host AWS says, and what is named by way of it. */
static enum sw_status log_in_own(struct sw_cli *cli, const struct login_args *args,
                                 struct sw_aws *aws, struct sw_err *err)
{
    const struct registry own = { .host = NULL };
    struct sw_strs hosts SW_CLEANUP(sw_strs_release) = { 0 };
    char *host SW_CLEANUP(sw_free_str) = NULL;
    enum sw_status status = log_in(cli, args, aws, &own, &host, err);
    if (status == SW_OK) {
        status = sw_cli_more_hosts(&args->more, sw_str(host), &hosts, err);
    }
    return status == SW_OK ? log_in_all(cli, args, aws, &hosts, err) : status;
}

/* Whether an option, as NAME, $NAME or ${NAME}, names the variable that is read without it. */
static bool is_usual(const char *text, const char *usual)
{
    size_t len = strlen(usual);
    if (!text) {
        return true;
    }
    text += strspn(text, "${");
    return strncmp(text, usual, len) == 0 && (text[len] == '\0' || strcmp(text + len, "}") == 0);
}

/* The helper is called by docker, which does not know the options of this command. */
static void warn_of_lost_options(const struct sw_env *env, const struct sw_cli_aws *aws)
{
    if (aws->profile || aws->endpoint_url || aws->session_token_var || aws->role_arn ||
        !is_usual(aws->access_key_var, "AWS_ACCESS_KEY_ID") ||
        !is_usual(aws->secret_key_var, "AWS_SECRET_ACCESS_KEY")) {
        sw_warn(env, "docker calls the helper without the options given here; set AWS_PROFILE, "
                     "AWS_ACCESS_KEY_ID and the like where docker runs");
    }
}

static enum sw_status install_program(const struct sw_env *env, const struct sw_cli_aws *aws,
                                      struct sw_err *err)
{
    enum { PATH_BYTES = 4096 };
    char program[PATH_BYTES];
    char *link SW_CLEANUP(sw_free_str) = NULL;
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
    if (len <= 0) {
        return sw_fail(err, SW_E_FAILED, "cannot find out where this program is");
    }
    program[len] = '\0';
    enum sw_status status = sw_ecr_helper_link(env, program, &link, err);
    if (status == SW_OK && link) {
        sw_say(env, "made the link %s", link);
    }
    warn_of_lost_options(env, aws);
    return status;
}

static enum sw_status run_login(struct sw_cli *cli, void *args_, struct sw_err *err)
{
    const struct login_args *args = args_;
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    struct sw_strs hosts SW_CLEANUP(sw_strs_release) = { 0 };
    enum sw_status status = collect_hosts(cli, args, &hosts, err);
    if (status == SW_OK && hosts.count > 0) {
        status = sw_cli_more_hosts(&args->more, sw_str(hosts.items[0]), &hosts, err);
    }
    if (status == SW_OK && args->install_helper) {
        status = install_program(cli->env, &args->aws, err);
    }
    if (status == SW_OK) {
        status = check_hosts(&hosts, err); /* before the first call */
    }
    if (status == SW_OK) {
        status = sw_cli_aws_new(cli, &args->aws, &aws, err);
    }
    if (status != SW_OK) {
        return status;
    }
    return hosts.count > 0 ? log_in_all(cli, args, aws, &hosts, err)
                           : log_in_own(cli, args, aws, err);
}

const struct sw_command sw_cmd_ecr_login = {
    .name = "ecr login",
    .summary = "log docker in to Amazon ECR",
    .description =
        "Gets a login token for each registry and puts it where docker looks for it: into the "
        "credential helper that docker's configuration names for the host, else into the file "
        "$DOCKER_CONFIG/config.json or ~/.docker/config.json. The region is that of the host; "
        "FIPS, dual-stack, China, sovereign and isolated hosts are understood, and public.ecr.aws. "
        "Without a host, the login is for the caller's own registry in the region of the "
        "settings. A registry on this machine (127.0.0.1:PORT) gets the same token.\n\n"
        "With --install-helper no password is written: docker is told to ask "
        "docker-credential-slipway, which gets a token whenever docker needs one.\n\n"
        "The result is the host of each registry, one a line. A token is good for 12 hours.",
    .operands = "[HOST...]",
    .operands_max = SW_OPERANDS_ANY,
    .example = "slipway ecr login 123456789012.dkr.ecr.us-east-1.amazonaws.com\n"
               "slipway ecr login --public --install-helper",
    .opts = login_opts,
    .args_size = sizeof(struct login_args),
    .run = run_login,
};

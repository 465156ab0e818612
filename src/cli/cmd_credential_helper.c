#include "cmd_credential_helper.h"

#include <slipway/alloc.h>
#include <slipway/dockerconfig.h>
#include <slipway/ecr.h>
#include <slipway/fs.h>
#include <slipway/log.h>

/* The protocol's limit for one line, and ours for the whole request. */
enum { LINE_MAX_BYTES = 64 * 1024, REQUEST_MAX = 1024 * 1024 };

/* Texts that clients compare; they must not be changed. */
static const char text_not_found[] = "credentials not found in native keychain";
static const char text_no_server[] = "no credentials server URL";
static const char text_no_user[] = "no credentials username";

/* One request: its standard input without newlines, and where the answer goes. */
struct request {
    const struct sw_env *env;
    struct sw_buf input;
    FILE *out;
};

struct action {
    const char *name;
    bool reads_input;
    enum sw_status (*run)(struct request *request, struct sw_err *err);
};

/* A host that this helper has credentials for; *ret_ecr is NULL for a registry stand-in. */
static bool is_ours(const struct request *request, const char *host, struct sw_ecr_host *parsed,
                    const struct sw_ecr_host **ret_ecr)
{
    if (sw_ecr_host_parse(sw_str(host), parsed)) {
        *ret_ecr = parsed;
        return true;
    }
    *ret_ecr = NULL;
    return sw_ecr_is_stand_in(request->env, host);
}

/* The request's host; the protocol's own error when there is none. The caller's. */
static enum sw_status read_host(struct sw_str server, char **ret, struct sw_err *err)
{
    struct sw_str host = sw_docker_server_host(server);
    if (host.len == 0) {
        return sw_fail(err, SW_E_INPUT, "%s", text_no_server);
    }
    *ret = sw_str_dup(host);
    return SW_OK;
}

static enum sw_status get_token(const struct sw_env *env, const struct sw_ecr_host *host,
                                struct sw_ecr_token *ret, struct sw_err *err)
{
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    const struct sw_aws_options from_environment = { 0 };
    enum sw_status status = sw_aws_new(env, &from_environment, &aws, err);
    return status == SW_OK ? sw_ecr_token_get(aws, host, ret, err) : status;
}

static void write_json(FILE *out, const json_t *value)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init_secret(&text, SW_BUF_TEXT_MAX);
    sw_json_dump(value, 0, &text);
    (void)fprintf(out, "%s\n", text.ptr);
}

static enum sw_status run_get(struct request *request, struct sw_err *err)
{
    char *host SW_CLEANUP(sw_free_str) = NULL;
    struct sw_ecr_host parsed;
    const struct sw_ecr_host *ecr = NULL;
    struct sw_ecr_token token = { 0 };
    enum sw_status status = read_host(sw_buf_str(&request->input), &host, err);
    if (status != SW_OK) {
        return status;
    }
    if (!is_ours(request, host, &parsed, &ecr)) {
        return sw_fail(err, SW_E_NOT_FOUND, "%s", text_not_found);
    }
    status = get_token(request->env, ecr, &token, err);
    if (status != SW_OK) {
        return status;
    }
    char *server SW_CLEANUP(sw_free_str) = sw_str_dup(sw_str_trim(sw_buf_str(&request->input)));
    json_auto_t *answer = json_pack("{s:s, s:s, s:s}", "ServerURL", server, "Username", token.user,
                                    "Secret", token.password);
    sw_ecr_token_release(&token);
    if (!answer) {
        return sw_fail(err, SW_E_INPUT, "the server URL is not UTF-8 text");
    }
    write_json(request->out, answer);
    return SW_OK;
}

static enum sw_status run_store(struct request *request, struct sw_err *err)
{
    json_auto_t *entry = NULL;
    char *host SW_CLEANUP(sw_free_str) = NULL;
    struct sw_ecr_host parsed;
    const struct sw_ecr_host *ecr = NULL;
    enum sw_status status =
        sw_json_parse(sw_buf_str(&request->input), "standard input", &entry, err);
    if (status == SW_OK) {
        status = read_host(sw_str(sw_json_str(entry, "ServerURL", "")), &host, err);
    }
    if (status != SW_OK) {
        return status;
    }
    if (sw_json_str(entry, "Username", "")[0] == '\0') {
        return sw_fail(err, SW_E_INPUT, "%s", text_no_user);
    }
    if (!is_ours(request, host, &parsed, &ecr)) {
        return sw_fail(err, SW_E_INPUT,
                       "%s serves Amazon ECR only and keeps no password for \"%s\"",
                       SW_CREDENTIAL_HELPER_NAME, host);
    }
    return SW_OK;
}

static enum sw_status run_erase(struct request *request, struct sw_err *err)
{
    char *host SW_CLEANUP(sw_free_str) = NULL;
    return read_host(sw_buf_str(&request->input), &host, err);
}

static enum sw_status run_list(struct request *request, struct sw_err *err)
{
    struct sw_strs hosts = { 0 };
    struct sw_ecr_host parsed;
    const struct sw_ecr_host *ecr = NULL;
    enum sw_status status = sw_docker_helper_hosts(request->env, SW_DOCKER_OWN_HELPER, &hosts, err);
    if (status == SW_OK) {
        json_auto_t *list = json_object();
        for (size_t i = 0; i < hosts.count; i++) {
            if (is_ours(request, hosts.items[i], &parsed, &ecr)) {
                (void)json_object_set_new(list, hosts.items[i], json_string("AWS"));
            }
        }
        write_json(request->out, list);
    }
    sw_strs_release(&hosts);
    return status;
}

static enum sw_status run_version(struct request *request, struct sw_err *err)
{
    (void)err;
    (void)fprintf(request->out, "%s (slipway) %s\n", SW_CREDENTIAL_HELPER_NAME, SLIPWAY_VERSION);
    return SW_OK;
}

static enum sw_status run_usage(struct request *request, struct sw_err *err)
{
    (void)err;
    (void)fprintf(request->out, "Usage: %s <store|get|erase|list|version>\n",
                  SW_CREDENTIAL_HELPER_NAME);
    return SW_OK;
}

static const struct action actions[] = {
    { "get", true, run_get },          { "store", true, run_store },
    { "erase", true, run_erase },      { "list", false, run_list },
    { "version", false, run_version }, { "--version", false, run_version },
    { "-v", false, run_version },      { "--help", false, run_usage },
    { "-h", false, run_usage },
};

/* Standard input with its newlines dropped, as the protocol's reference reads it. */
static enum sw_status read_request(struct sw_buf *ret, struct sw_err *err)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init_secret(&text, REQUEST_MAX);
    enum sw_status status = sw_fs_read("-", &text, err);
    if (status != SW_OK) {
        return status;
    }
    for (struct sw_str rest = sw_buf_str(&text); rest.ptr;) {
        struct sw_str line = sw_str_cut(&rest, '\n');
        if (line.len > LINE_MAX_BYTES) {
            return sw_fail(err, SW_E_TOO_LARGE, "a line of the request is longer than %d bytes",
                           LINE_MAX_BYTES);
        }
        sw_buf_add_str(ret, line);
    }
    return sw_buf_check(ret, "the request", err);
}

static enum sw_status run_action(struct request *request, const char *name, struct sw_err *err)
{
    for (size_t i = 0; i < SW_COUNT(actions); i++) {
        if (strcmp(actions[i].name, name) != 0) {
            continue;
        }
        enum sw_status status = actions[i].reads_input ? read_request(&request->input, err) : SW_OK;
        return status == SW_OK ? actions[i].run(request, err) : status;
    }
    return sw_fail(err, SW_E_USAGE, "%s: unknown action: %s", SW_CREDENTIAL_HELPER_NAME, name);
}

/* Whether the text is one that clients know, so that nobody needs to be told more. */
static bool is_protocol_text(const char *text)
{
    return strcmp(text, text_not_found) == 0 || strcmp(text, text_no_server) == 0 ||
           strcmp(text, text_no_user) == 0;
}

/*
 * Errors go to standard output, where the client takes them from; real failures also to standard
 * error, because clients often replace them by "no basic auth credentials".
 */
static void report(const struct sw_err *failure, FILE *out, FILE *err)
{
    struct sw_buf line SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&line, SW_BUF_TEXT_MAX);
    sw_redact(&line, sw_str(failure->msg));
    (void)fprintf(out, "%s\n", line.ptr);
    if (failure->status != SW_E_USAGE && !is_protocol_text(failure->msg)) {
        (void)fprintf(err, "%s: %s\n", SW_CREDENTIAL_HELPER_NAME, line.ptr);
    }
}

int sw_credential_helper_main(struct sw_env *env, int argc, char *const *argv, FILE *out, FILE *err)
{
    struct request request = { .env = env, .out = out };
    struct sw_err failure = SW_ERR_INIT;
    if (argc != 2) {
        (void)run_usage(&request, &failure);
        return 1;
    }
    sw_buf_init_secret(&request.input, REQUEST_MAX);
    enum sw_status status = run_action(&request, argv[1], &failure);
    sw_buf_release(&request.input);
    if (status == SW_OK && (fflush(out) != 0 || ferror(out))) {
        status = sw_fail(&failure, SW_E_FAILED, "cannot write the answer to standard output");
    }
    if (status != SW_OK) {
        report(&failure, out, err);
        return 1;
    }
    return 0;
}

#include <slipway/dockerconfig.h>

#include <slipway/alloc.h>
#include <slipway/json.h>
#include <slipway/log.h>
#include <slipway/proc.h>

/* The text by which every helper says "not logged in". */
static const char not_found_text[] = "credentials not found in native keychain";
/* How much of a helper's own words goes into an error, with the NUL. */
enum { HELPER_WORDS_MAX = 301 };

/* Runs one action; a failure of the helper itself is SW_E_CREDENTIALS with its words. */
static enum sw_status helper_run(const struct sw_env *env, const char *helper, const char *action,
                                 struct sw_str input, struct sw_buf *out, struct sw_err *err)
{
    if (helper[0] == '\0' || strchr(helper, '/')) {
        return sw_fail(err, SW_E_INPUT, "\"%s\" is not the name of a credential helper", helper);
    }
    char *program SW_CLEANUP(sw_free_str) = sw_xasprintf("docker-credential-%s", helper);
    const char *argv[] = { program, action, NULL };
    struct sw_proc proc = {
        .argv = argv, .input = input, .out = out, .timeout_ms = SW_DOCKER_HELPER_TIMEOUT_MS
    };
    int code = 0;
    enum sw_status status = sw_proc_run(env, &proc, &code, err);
    if (status == SW_E_TIMEOUT) {
        return sw_fail(err, SW_E_CREDENTIALS, "%s %s did not answer within %d s", program, action,
                       SW_DOCKER_HELPER_TIMEOUT_MS / 1000);
    }
    if (status == SW_E_NOT_FOUND) {
        return sw_fail(err, SW_E_CREDENTIALS,
                       "%s, which docker's configuration names, is not on PATH", program);
    }
    if (status != SW_OK) {
        return sw_wrap(err, "%s %s", program, action);
    }
    if (code == 0) {
        return SW_OK;
    }
    struct sw_str said = sw_str_trim(sw_buf_str(out));
    char words[HELPER_WORDS_MAX];
    sw_str_to_line(sw_str_cut(&said, '\n'), words, sizeof(words));
    if (strcmp(words, not_found_text) == 0) {
        return sw_fail(err, SW_E_NOT_FOUND, "%s %s: %s", program, action, words);
    }
    return sw_fail(err, SW_E_CREDENTIALS, "%s %s: %s", program, action,
                   words[0] != '\0' ? words : "failed without a word");
}

enum sw_status sw_docker_helper_get(const struct sw_env *env, const char *helper,
                                    const char *server, char **ret_user, char **ret_secret,
                                    struct sw_err *err)
{
    struct sw_buf out SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init_secret(&out, SW_DOCKER_HELPER_MAX);
    enum sw_status status = helper_run(env, helper, "get", sw_str(server), &out, err);
    if (status != SW_OK) {
        return status;
    }
    json_auto_t *answer = NULL;
    /* The parser's message is dropped: it may quote the secret. */
    struct sw_err parse_err = SW_ERR_INIT;
    if (sw_json_parse(sw_buf_str(&out), helper, &answer, &parse_err) != SW_OK) {
        return sw_fail(err, SW_E_CREDENTIALS, "docker-credential-%s get: the answer is not JSON",
                       helper);
    }
    const char *user = sw_json_str(answer, "Username", NULL);
    const char *secret = sw_json_str(answer, "Secret", NULL);
    if (!user || !secret) {
        return sw_fail(err, SW_E_CREDENTIALS,
                       "docker-credential-%s get: the answer lacks \"Username\" or \"Secret\"",
                       helper);
    }
    sw_redact_add(sw_str(secret));
    *ret_user = sw_xstrdup(user);
    *ret_secret = sw_xstrdup(secret);
    return SW_OK;
}

enum sw_status sw_docker_helper_store(const struct sw_env *env, const char *helper,
                                      const char *server, const char *user, const char *secret,
                                      struct sw_err *err)
{
    json_auto_t *request =
        json_pack("{s:s, s:s, s:s}", "ServerURL", server, "Username", user, "Secret", secret);
    if (!request) {
        return sw_fail(err, SW_E_INPUT, "the credentials for \"%s\" are not UTF-8 text", server);
    }
    struct sw_buf input SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init_secret(&input, SW_DOCKER_HELPER_MAX);
    sw_json_dump(request, 0, &input);
    enum sw_status status = sw_buf_check(&input, "the credentials to store", err);
    if (status != SW_OK) {
        return status;
    }
    struct sw_buf out SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init_secret(&out, SW_DOCKER_HELPER_MAX);
    return helper_run(env, helper, "store", sw_buf_str(&input), &out, err);
}

/* credential_process: a program of the user's that prints credentials. */
#include "provider.h"

#include <slipway/json.h>
#include <slipway/proc.h>

/* https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html */
enum { OUTPUT_MAX = 256 * 1024, TIMEOUT_MS = 60 * 1000, WORDS_MAX = 256 };

/* The words as the AWS CLI splits them. */
static enum sw_status split(const char *command, struct sw_strs *ret, struct sw_err *err)
{
    enum sw_status status = sw_strs_add_words(ret, sw_str(command), "\"\\", err);
    if (status == SW_OK && ret->count == 0) {
        return sw_fail(err, SW_E_INPUT, "no command");
    }
    if (status == SW_OK && ret->count > WORDS_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE, "more than %d words", WORDS_MAX);
    }
    return status;
}

static enum sw_status run(const struct sw_env *env, const struct sw_strs *words,
                          struct sw_buf *output, struct sw_err *err)
{
    int exit_code = 0;
    const char *program = words->items[0];
    const struct sw_proc proc = {
        .argv = (const char *const *)words->items,
        .out = output,
        .timeout_ms = TIMEOUT_MS,
    };
    enum sw_status status = sw_proc_run(env, &proc, &exit_code, err);
    if (status == SW_OK && exit_code != 0) {
        return sw_fail(err, SW_E_CREDENTIALS, "\"%s\" ended with exit code %d", program, exit_code);
    }
    if (status == SW_E_TIMEOUT) {
        err->status = SW_E_CREDENTIALS; /* the other one is about rollouts */
    }
    return status;
}

static enum sw_status read_output(struct sw_str text, struct sw_credentials *ret,
                                  struct sw_err *err)
{
    static const struct aws_credential_keys keys = { "SessionToken", "Expiration" };
    json_auto_t *document = NULL;
    enum sw_status status = sw_json_parse(text, "its output", &document, err);
    if (status != SW_OK) {
        err->status = SW_E_CREDENTIALS;
        return err->status;
    }
    if (sw_json_int(document, "Version", 0) != 1) {
        return sw_fail(err, SW_E_CREDENTIALS, "its output is not of \"Version\": 1");
    }
    return aws_credentials_from_json(document, &keys, "its output", "a credential process", ret,
                                     err);
}

enum sw_status aws_process_get(const struct sw_env *env, const char *command, const char *profile,
                               struct sw_credentials *ret, struct sw_err *err)
{
    struct sw_strs words SW_CLEANUP(sw_strs_release) = { 0 };
    struct sw_buf output SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init_secret(&output, OUTPUT_MAX);
    enum sw_status status = split(command, &words, err);
    if (status == SW_OK) {
        status = run(env, &words, &output, err);
    }
    if (status == SW_OK) {
        status = read_output(sw_buf_str(&output), ret, err);
    }
    if (status != SW_OK) {
        (void)aws_configured_but_missing(err);
        return sw_wrap(err, "credential_process of profile \"%s\"", profile);
    }
    return SW_OK;
}

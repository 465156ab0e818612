/* Credentials documents of the container and metadata endpoints and of credential processes. */
#include "provider.h"

#include <slipway/alloc.h>
#include <slipway/json.h>

static bool has_control_characters(const char *text)
{
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c <= ' ' || *c == 0x7f) {
            return true;
        }
    }
    return false;
}

enum sw_status aws_credentials_from_json(const json_t *document,
                                         const struct aws_credential_keys *keys, const char *what,
                                         const char *source, struct sw_credentials *ret,
                                         struct sw_err *err)
{
    const char *key = sw_json_str(document, "AccessKeyId", "");
    const char *secret = sw_json_str(document, "SecretAccessKey", "");
    const char *token = sw_json_str(document, keys->token, "");
    const char *expires = sw_json_str(document, keys->expires, "");
    int64_t expires_ms = 0;
    if (!key[0] || !secret[0]) {
        return sw_fail(err, SW_E_CREDENTIALS, "%s holds no \"%s\"", what,
                       key[0] ? "SecretAccessKey" : "AccessKeyId");
    }
    if (has_control_characters(key) || has_control_characters(secret) ||
        has_control_characters(token)) {
        return sw_fail(err, SW_E_CREDENTIALS, "%s holds keys with blanks or line breaks", what);
    }
    if (expires[0] && !sw_time_parse(expires, &expires_ms)) {
        return sw_fail(err, SW_E_CREDENTIALS, "%s expires at \"%s\", which is not a time", what,
                       expires);
    }
    *ret = (struct sw_credentials){
        .access_key_id = sw_xstrdup(key),
        .secret_access_key = sw_xstrdup(secret),
        .session_token = token[0] ? sw_xstrdup(token) : NULL,
        .expires_ms = expires_ms,
        .source = source,
    };
    sw_credentials_redact(ret);
    return SW_OK;
}

/* Credential values: copying, wiping, hiding. */
#include <slipway/creds.h>

#include <slipway/alloc.h>
#include <slipway/log.h>

void sw_credentials_release(struct sw_credentials *credentials)
{
    sw_free_secret(credentials->access_key_id);
    sw_free_secret(credentials->secret_access_key);
    sw_free_secret(credentials->session_token);
    *credentials = (struct sw_credentials){ 0 };
}

void sw_credentials_redact(const struct sw_credentials *credentials)
{
    sw_redact_add(sw_str(credentials->secret_access_key));
    sw_redact_add(sw_str(credentials->session_token));
}

char *sw_role_session_name(struct sw_str text)
{
    enum { NAME_MIN = 2, NAME_MAX = 64 };
    struct sw_str cut = sw_str_first(sw_str_trim(text), NAME_MAX);
    if (cut.len < NAME_MIN) {
        return sw_xstrdup("slipway");
    }
    char *name = sw_str_dup(cut);
    for (char *c = name; *c; c++) {
        if (!sw_is_alnum(*c) && !strchr("+=,.@_-", *c)) {
            *c = '-';
        }
    }
    return name;
}

/* Where a setting comes from: option, environment variable, profile. */
#include "client.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>

#include <stdlib.h>

/* "~/x" with $HOME in place of "~". The caller's. */
static char *expand_home(const struct sw_env *env, const char *path)
{
    const char *home = sw_env_get(env, "HOME");
    if (home && path[0] == '~' && (path[1] == '/' || path[1] == '\0')) {
        return sw_xasprintf("%s%s", home, path + 1);
    }
    return sw_xstrdup(path);
}

static enum sw_status load(struct aws_identity *identity, enum aws_file file, const char *variable,
                           const char *fallback, struct sw_err *err)
{
    const char *path = sw_env_get(identity->env, variable);
    if (!path && !sw_env_get(identity->env, "HOME")) {
        return SW_OK;
    }
    char *expanded SW_CLEANUP(sw_free_str) = expand_home(identity->env, path ? path : fallback);
    return aws_profiles_load(&identity->profiles, file, expanded, err);
}

/* The profile files, read at the first call. SW_E_INPUT when one is malformed. */
static enum sw_status profiles_get(struct aws_identity *identity, const struct aws_profiles **ret,
                                   struct sw_err *err)
{
    if (!identity->profiles_read) {
        enum sw_status status =
            load(identity, AWS_FILE_CONFIG, "AWS_CONFIG_FILE", "~/.aws/config", err);
        if (status == SW_OK) {
            status = load(identity, AWS_FILE_CREDENTIALS, "AWS_SHARED_CREDENTIALS_FILE",
                          "~/.aws/credentials", err);
        }
        if (status != SW_OK) {
            aws_profiles_release(&identity->profiles);
            return status;
        }
        identity->profiles_read = true;
    }
    *ret = &identity->profiles;
    return SW_OK;
}

static const char *named_profile(const struct aws_identity *identity)
{
    if (identity->profile) {
        return identity->profile;
    }
    const char *name = sw_env_get(identity->env, "AWS_PROFILE");
    return name ? name : sw_env_get(identity->env, "AWS_DEFAULT_PROFILE");
}

const char *aws_profile_name(const struct aws_identity *identity)
{
    const char *name = named_profile(identity);
    return name ? name : "default";
}

bool aws_profile_is_named(const struct aws_identity *identity)
{
    return named_profile(identity) != NULL;
}

enum sw_status aws_no_such_profile(const struct aws_identity *identity, const char *name,
                                   struct sw_err *err)
{
    sw_fail(err, SW_E_INPUT, "there is no AWS profile \"%s\"; ", name);
    size_t listed = 0;
    for (size_t i = 0; i < identity->profiles.count; i++) {
        const struct aws_section *section = &identity->profiles.sections[i];
        if (section->kind == AWS_SECTION_PROFILE) {
            sw_append(err, "%s%s", listed == 0 ? "there are: " : ", ", section->name);
            listed++;
        }
    }
    if (listed == 0) {
        sw_append(err, "the AWS config and credentials files are empty or missing");
    }
    return err->status;
}

enum sw_status aws_profile_in_use(struct aws_identity *identity, const struct aws_section **ret,
                                  struct sw_err *err)
{
    const struct aws_profiles *profiles = NULL;
    enum sw_status status = profiles_get(identity, &profiles, err);
    if (status != SW_OK) {
        return status;
    }
    const char *name = aws_profile_name(identity);
    const struct aws_section *section = aws_profiles_find(profiles, AWS_SECTION_PROFILE, name);
    if (!section && identity->profile) {
        return aws_no_such_profile(identity, name, err);
    }
    *ret = section;
    return SW_OK;
}

/* Variable, else profile key; *ret is borrowed, NULL when neither is set. */
static enum sw_status setting(struct aws_identity *identity, const char *variable, const char *key,
                              const char **ret, struct sw_err *err)
{
    const struct aws_section *profile = NULL;
    *ret = sw_env_get(identity->env, variable);
    if (*ret) {
        return SW_OK;
    }
    enum sw_status status = aws_profile_in_use(identity, &profile, err);
    if (status == SW_OK) {
        *ret = aws_section_get(profile, key);
    }
    return status;
}

/* Option, else variable, else profile key; booleans are "true" in any case. */
static enum sw_status setting_bool(struct aws_identity *identity, bool option, const char *variable,
                                   const char *key, bool *ret, struct sw_err *err)
{
    const char *value = NULL;
    if (option) {
        *ret = true;
        return SW_OK;
    }
    enum sw_status status = setting(identity, variable, key, &value, err);
    if (status == SW_OK) {
        *ret = sw_str_eq_nocase(sw_str(value), SW_STR("true"));
    }
    return status;
}

enum sw_status aws_setting_int(struct aws_identity *identity, const char *variable, const char *key,
                               int64_t min, int64_t max, int64_t *ret, struct sw_err *err)
{
    const char *value = NULL;
    enum sw_status status = setting(identity, variable, key, &value, err);
    if (status == SW_OK && value && !sw_parse_int(sw_str(value), min, max, ret)) {
        return sw_fail(err, SW_E_INPUT,
                       "%s (or %s in the profile) is \"%s\", which is no number from %lld to %lld",
                       variable, key, value, (long long)min, (long long)max);
    }
    return status;
}

static const char *find_region(const struct sw_aws *aws)
{
    const struct aws_identity *identity = aws->identity;
    const char *region = identity->region;
    region = region ? region : sw_env_get(identity->env, "AWS_REGION");
    return region ? region : sw_env_get(identity->env, "AWS_DEFAULT_REGION");
}

enum sw_status sw_aws_region(struct sw_aws *aws, const char **ret, struct sw_err *err)
{
    if (!aws->region) {
        const char *region = find_region(aws);
        if (!region) {
            const struct aws_section *profile = NULL;
            enum sw_status status = aws_profile_in_use(aws->identity, &profile, err);
            if (status != SW_OK) {
                return status;
            }
            region = aws_section_get(profile, "region");
        }
        if (!region) {
            return sw_fail(err, SW_E_USAGE,
                           "no AWS region is set; pass --region or set AWS_REGION");
        }
        enum sw_status status = sw_region_check(sw_str(region), err);
        if (status != SW_OK) {
            return status;
        }
        aws->region = sw_xstrdup(region);
    }
    *ret = aws->region;
    return SW_OK;
}

/* ---- endpoints ---- */

/* "ECS" or, for a service that is not listed, the prefix in capitals with '_'. The caller's. */
static char *service_id(const char *service)
{
    const struct sw_service *known = sw_service_find(service);
    char *id = sw_xstrdup(known ? known->id : service);
    for (char *c = id; *c; c++) {
        *c = (char)(sw_is_alnum(*c) ? sw_upper(*c) : '_');
    }
    return id;
}

static const char *profile_endpoint(const struct aws_identity *identity,
                                    const struct aws_section *profile, const char *id)
{
    const char *services = aws_section_get(profile, "services");
    if (services) {
        char *key SW_CLEANUP(sw_free_str) = sw_xasprintf("%s.endpoint_url", id);
        for (char *c = key; *c; c++) {
            *c = sw_lower(*c);
        }
        const char *url = aws_section_get(
            aws_profiles_find(&identity->profiles, AWS_SECTION_SERVICES, services), key);
        if (url) {
            return url;
        }
    }
    return aws_section_get(profile, "endpoint_url");
}

/* *ret is borrowed; NULL when the rules decide. */
static enum sw_status configured_endpoint(struct aws_identity *identity, const char *service,
                                          const char **ret, struct sw_err *err)
{
    bool ignored = false;
    *ret = identity->endpoint_url;
    if (*ret) {
        return SW_OK;
    }
    enum sw_status status = setting_bool(identity, false, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                                         "ignore_configured_endpoint_urls", &ignored, err);
    if (status != SW_OK || ignored) {
        return status;
    }
    char *id SW_CLEANUP(sw_free_str) = service_id(service);
    char *variable SW_CLEANUP(sw_free_str) = sw_xasprintf("AWS_ENDPOINT_URL_%s", id);
    *ret = sw_env_get(identity->env, variable);
    if (!*ret) {
        *ret = sw_env_get(identity->env, "AWS_ENDPOINT_URL");
    }
    if (!*ret) {
        const struct aws_section *profile = NULL;
        status = aws_profile_in_use(identity, &profile, err);
        *ret = status == SW_OK ? profile_endpoint(identity, profile, id) : NULL;
    }
    return status;
}

/* `variant`: FIPS or dual-stack was asked for by the user, who cannot have both. */
static enum sw_status use_configured(const char *configured, bool variant, struct sw_endpoint *ret,
                                     struct sw_err *err)
{
    struct sw_url url;
    enum sw_status status = sw_url_parse(configured, &url, err);
    if (status != SW_OK) {
        return sw_wrap(err, "bad AWS endpoint URL");
    }
    if (url.query.len > 0) {
        return sw_fail(err, SW_E_INPUT, "bad AWS endpoint URL: \"%s\" has a query", configured);
    }
    if (variant) {
        return sw_fail(err, SW_E_INPUT,
                       "FIPS and dual-stack endpoints cannot be had together with the endpoint "
                       "URL \"%s\"; leave one of them away",
                       configured);
    }
    struct sw_str text = sw_str(configured);
    while (sw_str_ends(text, "/")) {
        text.len--;
    }
    free(ret->url);
    ret->url = sw_str_dup(text);
    return SW_OK;
}

enum sw_status aws_endpoint_for(struct sw_aws *aws, const char *service, struct sw_endpoint *ret,
                                struct sw_err *err)
{
    struct aws_identity *identity = aws->identity;
    const char *region = NULL;
    const char *configured = NULL;
    bool fips = false;
    bool dual_stack = false;
    enum sw_status status = sw_aws_region(aws, &region, err);
    if (status == SW_OK) {
        status = setting_bool(identity, identity->use_fips, "AWS_USE_FIPS_ENDPOINT",
                              "use_fips_endpoint", &fips, err);
    }
    if (status == SW_OK) {
        status = setting_bool(identity, identity->use_dualstack, "AWS_USE_DUALSTACK_ENDPOINT",
                              "use_dualstack_endpoint", &dual_stack, err);
    }
    if (status == SW_OK) {
        status = configured_endpoint(identity, service, &configured, err);
    }
    if (status != SW_OK) {
        return status;
    }
    struct sw_endpoint endpoint = { 0 };
    sw_endpoint_of(service, region, fips || aws->use_fips, dual_stack || aws->use_dualstack,
                   &endpoint);
    if (configured) {
        status = use_configured(configured, fips || dual_stack, &endpoint, err);
    }
    if (status != SW_OK) {
        sw_endpoint_release(&endpoint);
        return status;
    }
    *ret = endpoint;
    return SW_OK;
}

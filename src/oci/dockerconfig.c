#include <slipway/dockerconfig.h>

#include <slipway/alloc.h>
#include <slipway/fs.h>
#include <slipway/json.h>
#include <slipway/log.h>
#include <slipway/progress.h>
#include <slipway/registry_auth.h>

#include "dockerconfig_internal.h"

/* Docker Hub's one key, whatever name it goes by. */
static const char hub_key[] = "https://index.docker.io/v1/";
static const char *const hub_hosts[] = { "docker.io", "index.docker.io", "registry-1.docker.io" };

static const char env_name[] = "DOCKER_AUTH_CONFIG";

enum sw_status sw_docker_config_path(const struct sw_env *env, char **ret, struct sw_err *err)
{
    const char *dir = sw_env_get(env, "DOCKER_CONFIG");
    if (dir) {
        *ret = sw_fs_join(dir, "config.json");
        return SW_OK;
    }
    const char *home = sw_env_get(env, "HOME");
    if (!home) {
        return sw_fail(err, SW_E_INPUT,
                       "no place for docker's configuration: set DOCKER_CONFIG or HOME");
    }
    *ret = sw_fs_join(home, ".docker/config.json");
    return SW_OK;
}

struct sw_str sw_docker_server_host(struct sw_str server)
{
    struct sw_str rest = sw_str_trim(server);
    ptrdiff_t scheme = sw_str_find_str(rest, SW_STR("://"));
    if (scheme >= 0) {
        rest = sw_str_from(rest, (size_t)scheme + 3);
    }
    return sw_str_cut(&rest, '/');
}

const char *sw_docker_config_key(const char *host)
{
    return sw_is_one_of(host, hub_hosts, SW_COUNT(hub_hosts)) ? hub_key : host;
}

enum sw_status sw_docker_config_load(const char *path, json_t **ret, struct sw_err *err)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init_secret(&text, SW_DOCKER_CONFIG_MAX);
    struct sw_err read_err = SW_ERR_INIT;
    enum sw_status status = sw_fs_read(path, &text, &read_err);
    if (status != SW_OK && status != SW_E_NOT_FOUND) {
        *err = read_err;
        return status;
    }
    if (sw_str_trim(sw_buf_str(&text)).len == 0) {
        *ret = json_object();
        return SW_OK;
    }
    json_auto_t *root = NULL;
    status = sw_json_parse(sw_buf_str(&text), path, &root, err);
    if (status != SW_OK) {
        return status;
    }
    if (!json_is_object(root)) {
        return sw_fail(err, SW_E_INPUT, "%s: docker's configuration is a JSON object, not %s", path,
                       sw_json_type_name(root));
    }
    *ret = SW_TAKE(root);
    return SW_OK;
}

const char *sw_docker_config_helper(const json_t *config, const char *key, bool *ret_own_entry)
{
    const char *own = sw_json_str(sw_json_object(config, "credHelpers"), key, NULL);
    if (ret_own_entry) {
        *ret_own_entry = own != NULL;
    }
    return own ? own : sw_json_str(config, "credsStore", "");
}

/* The entry of "auths" for `key`: the key itself, else one whose host part it is. */
static const json_t *find_entry(json_t *auths, const char *key)
{
    const json_t *exact = sw_json_object(auths, key);
    if (exact) {
        return exact;
    }
    const char *name = NULL;
    json_t *entry = NULL;
    json_object_foreach(auths, name, entry)
    {
        if (json_is_object(entry) && sw_str_is(sw_docker_server_host(sw_str(name)), key)) {
            return entry;
        }
    }
    return NULL;
}

/* "auth" is base64 of "user:password"; old clients padded the password with NUL bytes. */
static enum sw_status decode_auth(const char *auth, const char *key, char **ret_user,
                                  char **ret_secret, struct sw_err *err)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init_secret(&text, SW_DOCKER_HELPER_MAX);
    if (!sw_buf_add_base64_decoded(&text, sw_str_trim(sw_str(auth)))) {
        return sw_fail(err, SW_E_INPUT,
                       "the \"auth\" text for \"%s\" in docker's configuration is not base64; "
                       "log in to it again",
                       key);
    }
    if (text.overflowed) {
        return sw_fail(err, SW_E_TOO_LARGE,
                       "the \"auth\" text for \"%s\" in docker's configuration is larger than %zu "
                       "bytes",
                       key, text.max);
    }
    while (text.len > 0 && text.ptr[text.len - 1] == '\0') {
        sw_buf_truncate(&text, text.len - 1);
    }
    ptrdiff_t colon = sw_str_find(sw_buf_str(&text), ':');
    if (colon <= 0 || sw_str_find(sw_buf_str(&text), '\0') >= 0) {
        return sw_fail(err, SW_E_INPUT,
                       "the \"auth\" text for \"%s\" in docker's configuration is not "
                       "\"user:password\" in base64; log in to it again",
                       key);
    }
    *ret_user = sw_xstrndup(text.ptr, (size_t)colon);
    *ret_secret = sw_xstrdup(text.ptr + colon + 1);
    return SW_OK;
}

/* SW_E_NOT_FOUND, without a message, when the entry is an empty marker. */
static enum sw_status read_entry(const json_t *entry, const char *key, char **ret_user,
                                 char **ret_secret, struct sw_err *err)
{
    const char *token = sw_json_str(entry, "identitytoken", "");
    const char *auth = sw_json_str(entry, "auth", "");
    const char *user = sw_json_str(entry, "username", "");
    if (token[0] != '\0') {
        *ret_user = sw_xstrdup(SW_REGISTRY_TOKEN_USER);
        *ret_secret = sw_xstrdup(token);
    } else if (auth[0] != '\0') {
        enum sw_status status = decode_auth(auth, key, ret_user, ret_secret, err);
        if (status != SW_OK) {
            return status;
        }
    } else if (user[0] != '\0') {
        *ret_user = sw_xstrdup(user);
        *ret_secret = sw_xstrdup(sw_json_str(entry, "password", ""));
    } else {
        return SW_E_NOT_FOUND;
    }
    sw_redact_add(sw_str(*ret_secret));
    sw_redact_add(sw_str(auth));
    return SW_OK;
}

/* docker takes nothing but {"auths": {HOST: {"auth": TEXT}}} from the variable. */
static const char *env_config_fault(const json_t *root)
{
    const char *name = NULL;
    json_t *value = NULL;
    if (!json_is_object(root) || json_object_size(root) != 1 || !sw_json_object(root, "auths")) {
        return "it must be one JSON object with \"auths\" alone";
    }
    json_object_foreach(sw_json_object(root, "auths"), name, value)
    {
        if (!json_is_object(value) || json_object_size(value) != 1 ||
            sw_json_str(value, "auth", "")[0] == '\0') {
            return "each host of its \"auths\" must have \"auth\" alone";
        }
    }
    return NULL;
}

/*
 * What the variable says, as docker reads it; the caller's. NULL when it is not set, or is not what
 * docker takes: *ret_fault then says why.
 */
static json_t *parse_env(const struct sw_env *env, const char **ret_fault)
{
    const char *text = sw_env_get(env, env_name);
    json_auto_t *root = NULL;
    struct sw_err err = SW_ERR_INIT;
    *ret_fault = NULL;
    if (!text) {
        return NULL;
    }
    if (strlen(text) > SW_DOCKER_CONFIG_MAX) {
        *ret_fault = "it is too long";
        return NULL;
    }
    /* The parser's own message is dropped: it may quote the text, which holds secrets. */
    *ret_fault = sw_json_parse(sw_str(text), env_name, &root, &err) == SW_OK
                     ? env_config_fault(root)
                     : "it is not valid JSON";
    return *ret_fault ? NULL : SW_TAKE(root);
}

/* SW_E_NOT_FOUND when the variable says nothing about `key`. */
static enum sw_status get_from_env(const struct sw_env *env, const char *key, char **ret_user,
                                   char **ret_secret, struct sw_err *err)
{
    const char *fault = NULL;
    json_auto_t *root = parse_env(env, &fault);
    if (fault) {
        sw_warn(env, "%s is ignored, as docker does: %s", env_name, fault);
    }
    const json_t *entry = find_entry(sw_json_object(root, "auths"), key);
    return entry ? read_entry(entry, key, ret_user, ret_secret, err) : SW_E_NOT_FOUND;
}

bool sw_docker_env_has(const struct sw_env *env, const char *host)
{
    const char *fault = NULL;
    json_auto_t *root = parse_env(env, &fault);
    return find_entry(sw_json_object(root, "auths"), sw_docker_config_key(host)) != NULL;
}

static enum sw_status get_from_file(const struct sw_env *env, const char *path, const char *key,
                                    char **ret_user, char **ret_secret, struct sw_err *err)
{
    json_auto_t *config = NULL;
    enum sw_status status = sw_docker_config_load(path, &config, err);
    if (status != SW_OK) {
        return status;
    }
    const char *helper = sw_docker_config_helper(config, key, NULL);
    if (helper[0] != '\0') {
        sw_debug(env, "auth", "asking docker-credential-%s about %s", helper, key);
        return sw_docker_helper_get(env, helper, key, ret_user, ret_secret, err);
    }
    const json_t *entry = find_entry(sw_json_object(config, "auths"), key);
    return entry ? read_entry(entry, key, ret_user, ret_secret, err) : SW_E_NOT_FOUND;
}

enum sw_status sw_docker_auth_get(const struct sw_env *env, const char *host, char **ret_user,
                                  char **ret_secret, struct sw_err *err)
{
    const char *key = sw_docker_config_key(host);
    enum sw_status status = get_from_env(env, key, ret_user, ret_secret, err);
    if (status != SW_E_NOT_FOUND) {
        return status;
    }
    char *path SW_CLEANUP(sw_free_str) = NULL;
    struct sw_err path_err = SW_ERR_INIT;
    if (sw_docker_config_path(env, &path, &path_err) != SW_OK) {
        return sw_fail(err, SW_E_NOT_FOUND, "no credentials for \"%s\": %s", host, path_err.msg);
    }
    status = get_from_file(env, path, key, ret_user, ret_secret, err);
    if (status == SW_E_NOT_FOUND) {
        return sw_fail(err, SW_E_NOT_FOUND, "no credentials for \"%s\" in %s", host, path);
    }
    return status;
}

enum sw_status sw_docker_helper_hosts(const struct sw_env *env, const char *helper,
                                      struct sw_strs *ret_hosts, struct sw_err *err)
{
    char *path SW_CLEANUP(sw_free_str) = NULL;
    json_auto_t *config = NULL;
    enum sw_status status = sw_docker_config_path(env, &path, err);
    if (status == SW_OK) {
        status = sw_docker_config_load(path, &config, err);
    }
    if (status != SW_OK) {
        return status;
    }
    const char *host = NULL;
    json_t *value = NULL;
    json_object_foreach(sw_json_object(config, "credHelpers"), host, value)
    {
        if (json_is_string(value) && strcmp(json_string_value(value), helper) == 0) {
            sw_strs_add(ret_hosts, sw_str(host));
        }
    }
    return SW_OK;
}

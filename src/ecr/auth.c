#include <slipway/ecr.h>

#include <slipway/alloc.h>
#include <slipway/dockerconfig.h>
#include <slipway/log.h>

/* A token known already. */
struct sw_ecr_auth_entry {
    char *host;
    struct sw_ecr_token token;
};

/* Tokens that end within this are asked for anew, so that they last through an upload. */
enum { EXPIRY_MARGIN_MS = 30 * 60 * 1000 };

bool sw_ecr_is_loopback(const char *host)
{
    struct sw_str name = sw_str(host);
    if (sw_str_starts(name, "[")) {
        name = sw_str_from(name, 1);
        return sw_host_is_loopback(sw_str_cut(&name, ']'));
    }
    return sw_host_is_loopback(sw_str_cut(&name, ':'));
}

bool sw_ecr_is_stand_in(const struct sw_env *env, const char *host)
{
    return sw_ecr_is_loopback(host) && (sw_env_get(env, "AWS_ENDPOINT_URL_ECR") != NULL ||
                                        sw_env_get(env, "AWS_ENDPOINT_URL") != NULL);
}

/* The entry of `host`; NULL when there is none yet. */
static struct sw_ecr_auth_entry *find_entry(const struct sw_ecr_auth *auth, const char *host)
{
    for (size_t i = 0; i < auth->count; i++) {
        if (strcmp(auth->entries[i].host, host) == 0) {
            return &auth->entries[i];
        }
    }
    return NULL;
}

/* The entry of `host`, made when there is none yet. */
static struct sw_ecr_auth_entry *entry_of(struct sw_ecr_auth *auth, const char *host)
{
    struct sw_ecr_auth_entry *entry = find_entry(auth, host);
    if (entry) {
        return entry;
    }
    auth->entries = sw_grow(auth->entries, auth->count, &auth->capacity, sizeof(*auth->entries));
    auth->entries[auth->count] = (struct sw_ecr_auth_entry){ .host = sw_xstrdup(host) };
    return &auth->entries[auth->count++];
}

static bool is_good(const struct sw_ecr_token *token, int64_t now_ms)
{
    return token->password &&
           (token->expires_ms == 0 || now_ms < token->expires_ms - EXPIRY_MARGIN_MS);
}

/* `parsed` is NULL for a registry stand-in. */
static enum sw_status get_from_ecr(struct sw_ecr_auth *auth, const char *host,
                                   const struct sw_ecr_host *parsed, char **ret_user,
                                   char **ret_secret, struct sw_err *err)
{
    struct sw_ecr_token *token = &entry_of(auth, host)->token;
    if (!is_good(token, sw_env_wall_ms(sw_aws_env(auth->aws)))) {
        sw_ecr_token_release(token);
        enum sw_status status = sw_ecr_token_get(auth->aws, parsed, token, err);
        if (status != SW_OK) {
            return status;
        }
    }
    *ret_user = sw_xstrdup(token->user);
    *ret_secret = sw_xstrdup(token->password);
    return SW_OK;
}

/* An ECR host: AWS first; a login that docker knows helps when there are no AWS credentials. */
static enum sw_status get_for_ecr_host(struct sw_ecr_auth *auth, const char *host,
                                       const struct sw_ecr_host *parsed, char **ret_user,
                                       char **ret_secret, struct sw_err *err)
{
    enum sw_status status = get_from_ecr(auth, host, parsed, ret_user, ret_secret, err);
    if (status != SW_E_CREDENTIALS) {
        return status;
    }
    struct sw_err docker_err = SW_ERR_INIT;
    if (sw_docker_auth_get(sw_aws_env(auth->aws), host, ret_user, ret_secret, &docker_err) !=
        SW_OK) {
        return status;
    }
    sw_debug(sw_aws_env(auth->aws), "auth", "%s: using docker's login: %s", host, err->msg);
    return SW_OK;
}

static enum sw_status get_for_other_host(struct sw_ecr_auth *auth, const char *host,
                                         char **ret_user, char **ret_secret, struct sw_err *err)
{
    const struct sw_env *env = sw_aws_env(auth->aws);
    enum sw_status status = sw_docker_auth_get(env, host, ret_user, ret_secret, err);
    if (status == SW_E_NOT_FOUND && sw_ecr_is_stand_in(env, host)) {
        return get_from_ecr(auth, host, NULL, ret_user, ret_secret, err);
    }
    return status;
}

static enum sw_status auth_get(void *ctx, const char *host, char **ret_user, char **ret_secret,
                               struct sw_err *err)
{
    struct sw_ecr_auth *auth = ctx;
    struct sw_ecr_host parsed;
    enum sw_status status = SW_OK;
    (void)pthread_mutex_lock(&auth->lock);
    if (sw_ecr_host_parse(sw_str(host), &parsed)) {
        status = get_for_ecr_host(auth, host, &parsed, ret_user, ret_secret, err);
    } else {
        status = get_for_other_host(auth, host, ret_user, ret_secret, err);
    }
    (void)pthread_mutex_unlock(&auth->lock);
    return status;
}

static enum sw_status newest_list(void *ctx, const char *host, const char *repository, size_t max,
                                  struct sw_strs *ret, struct sw_err *err)
{
    struct sw_ecr_auth *auth = ctx;
    struct sw_ecr_host parsed;
    bool is_ecr = sw_ecr_host_parse(sw_str(host), &parsed);
    enum sw_status status = SW_OK;
    (void)pthread_mutex_lock(&auth->lock);
    const struct sw_ecr_auth_entry *entry = find_entry(auth, host);
    if (!entry || !entry->token.password || (is_ecr && parsed.kind != SW_ECR_PRIVATE)) {
        status = sw_fail(err, SW_E_NOT_FOUND, "%s is not signed in to as a private registry", host);
    } else {
        status = sw_ecr_newest_tags(auth->aws, is_ecr ? &parsed : NULL, repository, max, ret, err);
    }
    (void)pthread_mutex_unlock(&auth->lock);
    return status;
}

void sw_ecr_auth_init(struct sw_ecr_auth *auth, struct sw_aws *aws)
{
    *auth = (struct sw_ecr_auth){ .callback = { .get = auth_get, .ctx = auth },
                                  .newest = { .list = newest_list, .ctx = auth },
                                  .aws = aws };
    (void)pthread_mutex_init(&auth->lock, NULL);
}

void sw_ecr_auth_release(struct sw_ecr_auth *auth)
{
    if (!auth->aws) {
        return;
    }
    for (size_t i = 0; i < auth->count; i++) {
        free(auth->entries[i].host);
        sw_ecr_token_release(&auth->entries[i].token);
    }
    free(auth->entries);
    (void)pthread_mutex_destroy(&auth->lock);
    *auth = (struct sw_ecr_auth){ 0 };
}

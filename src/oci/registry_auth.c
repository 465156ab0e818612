#include "registry_private.h"

#include <slipway/alloc.h>
#include <slipway/json.h>
#include <slipway/log.h>

enum { TOKEN_REPLY_MAX = 1024 * 1024 };

/*
 * The scope of push or pull on a repository; the caller's. For a mount it is two repositories with
 * a blank between them, the second to be read from: two scopes, likewise.
 */
static char *scope_of(const struct sw_registry *registry, const char *repository)
{
    struct sw_str from = sw_str(repository);
    struct sw_str name = sw_str_cut(&from, ' ');
    const char *actions = registry->push ? "pull,push" : "pull";

    if (from.len == 0) {
        return sw_xasprintf("repository:%s:%s", repository, actions);
    }
    return sw_xasprintf("repository:%.*s:%s repository:%.*s:pull", SW_STR_ARG(name), actions,
                        SW_STR_ARG(from));
}

static struct sw_registry_token *find_token(struct sw_registry *registry, const char *scope)
{
    for (size_t i = 0; i < registry->token_count; i++) {
        if (strcmp(registry->tokens[i].scope, scope) == 0) {
            return &registry->tokens[i];
        }
    }
    return NULL;
}

char *sw_registry_authorization(struct sw_registry *registry, const char *repository,
                                unsigned *ret_generation)
{
    SW_CLEANUP(sw_free_str) char *scope = scope_of(registry, repository);
    const struct sw_registry_token *token;
    char *value = NULL;

    (void)pthread_mutex_lock(&registry->lock);
    token = find_token(registry, scope);
    if (token) {
        value = sw_xstrdup(token->authorization);
    } else if (registry->basic) {
        value = sw_xstrdup(registry->basic);
    }
    *ret_generation = registry->generation;
    (void)pthread_mutex_unlock(&registry->lock);
    return value;
}

/* Asks for the login once. Having none is no failure. */
static enum sw_status know_login(struct sw_registry *registry, struct sw_err *err)
{
    struct sw_err none = SW_ERR_INIT;
    enum sw_status status;

    if (registry->login_known || !registry->auth.get) {
        registry->login_known = true;
        return SW_OK;
    }
    status = registry->auth.get(registry->auth.ctx, registry->host, &registry->user,
                                &registry->secret, &none);
    if (status != SW_OK && status != SW_E_NOT_FOUND) {
        *err = none;
        return sw_wrap(err, "no login for registry \"%s\"", registry->host);
    }
    if (status == SW_OK) {
        sw_redact_add(sw_str(registry->secret));
    }
    registry->login_known = true;
    return SW_OK;
}

/* "Basic ..." for a login; the caller's. */
static char *basic_value(const struct sw_registry *registry)
{
    struct sw_buf plain;
    struct sw_buf out;

    sw_buf_init_secret(&plain, SW_BUF_TEXT_MAX);
    sw_buf_init_secret(&out, SW_BUF_TEXT_MAX);
    sw_buf_addf(&plain, "%s:%s", registry->user, registry->secret);
    sw_buf_add_cstr(&out, "Basic ");
    sw_buf_add_base64(&out, plain.ptr, plain.len);
    sw_buf_release(&plain);
    sw_redact_add(sw_str_from(sw_buf_str(&out), strlen("Basic ")));
    return sw_buf_take(&out);
}

static bool has_password(const struct sw_registry *registry)
{
    return registry->user && strcmp(registry->user, SW_REGISTRY_TOKEN_USER) != 0;
}

enum sw_status sw_registry_prepare(struct sw_registry *registry, struct sw_err *err)
{
    enum sw_status status = SW_OK;

    if (!registry->wants_login) {
        return SW_OK;
    }
    (void)pthread_mutex_lock(&registry->lock);
    if (registry->generation == 0 && !registry->basic) {
        status = know_login(registry, err);
        if (status == SW_OK && has_password(registry)) {
            registry->basic = basic_value(registry);
        }
    }
    (void)pthread_mutex_unlock(&registry->lock);
    return status;
}

/* A token service gets our login only over TLS, or on this machine. */
static enum sw_status check_realm(const struct sw_registry *registry, const char *realm,
                                  struct sw_err *err)
{
    struct sw_url url;

    if (sw_url_parse(realm, &url, err) != SW_OK) {
        err->status = SW_E_UNAVAILABLE;
        return sw_wrap(err, "registry \"%s\" names a token service that is no address",
                       registry->host);
    }
    if (!sw_str_is(url.scheme, "https") && !sw_host_is_loopback(url.host) &&
        !registry->plain_http) {
        return sw_fail(err, SW_E_CREDENTIALS,
                       "registry \"%s\" wants its login sent to \"%s\" without encryption; refused",
                       registry->host, realm);
    }
    return SW_OK;
}

/* Several scopes are one text with blanks in a form, and one parameter each in a query. */
static void add_scopes(struct sw_str scopes, bool joined, struct sw_buf *out)
{
    const char *name = "scope=";

    while (scopes.ptr) {
        struct sw_str scope = joined ? scopes : sw_str_cut(&scopes, ' ');

        sw_buf_add_cstr(out, name);
        sw_buf_add_uri(out, scope, false);
        if (joined) {
            return;
        }
        name = "&scope=";
    }
}

/* The parameters of the token request, in query form or `joined` in that of a form. */
static void token_query(const struct sw_challenge *challenge, const char *scope, bool joined,
                        struct sw_buf *out)
{
    const char *asked = scope;

    /* A service with scopes of its own, such as "aws" of public.ecr.aws, knows better. */
    if (challenge->scope && challenge->scope[0] &&
        strncmp(challenge->scope, "repository:", strlen("repository:")) != 0) {
        asked = challenge->scope;
    }
    if (challenge->service) {
        sw_buf_add_cstr(out, "service=");
        sw_buf_add_uri(out, sw_str(challenge->service), false);
        sw_buf_add_char(out, '&');
    }
    add_scopes(sw_str(asked), joined, out);
}

/* Asks the token service: POST with an identity token, GET with a password or anonymously. */
static enum sw_status ask_token(struct sw_registry *registry, const struct sw_challenge *challenge,
                                const char *scope, struct sw_http_reply *ret, struct sw_err *err)
{
    struct sw_http_header headers[2];
    struct sw_http_request request = { .method = "GET",
                                       .headers = headers,
                                       .reply_max = TOKEN_REPLY_MAX,
                                       .plain_http_ok = registry->plain_http };
    struct sw_retry_policy policy = registry->policy;
    SW_CLEANUP(sw_free_secret_str) char *basic = NULL;
    struct sw_buf query;
    struct sw_buf url;
    enum sw_status status;

    sw_buf_init_secret(&query, SW_BUF_TEXT_MAX);
    sw_buf_init(&url, SW_BUF_TEXT_MAX);
    token_query(challenge, scope, registry->user && !has_password(registry), &query);
    sw_buf_add_cstr(&url, challenge->realm);
    if (registry->user && !has_password(registry)) {
        sw_buf_add_cstr(&query, "&client_id=slipway&grant_type=refresh_token&refresh_token=");
        sw_buf_add_uri(&query, sw_str(registry->secret), false);
        headers[request.header_count++] =
            (struct sw_http_header){ "Content-Type", "application/x-www-form-urlencoded" };
        request.method = "POST";
        request.data = sw_buf_str(&query);
        policy.unsafe_methods = true;
    } else {
        sw_buf_add_char(&url, strchr(challenge->realm, '?') ? '&' : '?');
        sw_buf_add_str(&url, sw_buf_str(&query));
    }
    if (has_password(registry)) {
        basic = basic_value(registry);
        headers[request.header_count++] = (struct sw_http_header){ "Authorization", basic };
    }
    request.url = url.ptr;
    status = sw_http_send(registry->env, &request, &policy, ret, err);
    sw_buf_release(&query);
    sw_buf_release(&url);
    if (status != SW_OK) {
        return sw_wrap(err, "cannot get a token for registry \"%s\"", registry->host);
    }
    return SW_OK;
}

/* Keeps the token of a token service's answer for `scope`. */
static enum sw_status keep_token(struct sw_registry *registry, const char *scope,
                                 const struct sw_http_reply *reply, struct sw_err *err)
{
    json_auto_t *doc = NULL;
    struct sw_registry_token *token = find_token(registry, scope);
    const char *text;

    if (reply->status == 401 || reply->status == 403) {
        return sw_fail(err, SW_E_CREDENTIALS, "the token service of registry \"%s\" refused %s",
                       registry->host,
                       registry->user ? "the login; log in again" : "anonymous access; log in");
    }
    if (reply->status != 200 ||
        sw_json_parse(sw_buf_str(&reply->body), "token answer", &doc, err) != SW_OK) {
        return sw_fail(err, SW_E_UNAVAILABLE,
                       "the token service of registry \"%s\" answered with HTTP status %ld and no "
                       "token",
                       registry->host, reply->status);
    }
    text = sw_json_str(doc, "token", sw_json_str(doc, "access_token", ""));
    if (!text[0] || strpbrk(text, "\r\n")) {
        return sw_fail(err, SW_E_UNAVAILABLE, "the token service of registry \"%s\" sent no token",
                       registry->host);
    }
    sw_redact_add(sw_str(text));
    if (!token) {
        registry->tokens = sw_grow(registry->tokens, registry->token_count,
                                   &registry->token_capacity, sizeof(*registry->tokens));
        token = &registry->tokens[registry->token_count++];
        *token = (struct sw_registry_token){ .scope = sw_xstrdup(scope) };
    }
    sw_free_secret(token->authorization);
    token->authorization = sw_xasprintf("Bearer %s", text);
    return SW_OK;
}

static enum sw_status exchange(struct sw_registry *registry, const char *repository,
                               const struct sw_challenge *challenge, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *scope = scope_of(registry, repository);
    struct sw_http_reply reply;
    enum sw_status status = check_realm(registry, challenge->realm, err);

    if (status != SW_OK) {
        return status;
    }
    status = ask_token(registry, challenge, scope, &reply, err);
    if (status != SW_OK) {
        return status;
    }
    status = keep_token(registry, scope, &reply, err);
    sw_http_reply_release(&reply);
    return status;
}

/* Reads all challenges of a 401; those before a malformed one count. */
static enum sw_status read_challenges(const struct sw_http_reply *reply, struct sw_challenges *list,
                                      struct sw_err *err)
{
    const char *value;
    enum sw_status status = SW_OK;

    for (size_t i = 0; (value = sw_http_reply_header_at(reply, "WWW-Authenticate", i)) != NULL;
         i++) {
        status = sw_challenges_parse(list, sw_str(value), err);
        if (status != SW_OK && list->count == 0) {
            return status;
        }
    }
    return SW_OK;
}

static enum sw_status answer(struct sw_registry *registry, const char *repository,
                             const struct sw_challenges *list, struct sw_err *err)
{
    const struct sw_challenge *bearer = sw_challenges_find(list, "Bearer");

    if (bearer && bearer->realm) {
        return exchange(registry, repository, bearer, err);
    }
    if (list->count == 0) {
        return sw_fail(err, SW_E_CREDENTIALS,
                       "registry \"%s\" asks for a login without saying of what kind (no "
                       "WWW-Authenticate); a proxy before it may want one",
                       registry->host);
    }
    if (!sw_challenges_find(list, "Basic")) {
        return sw_fail(err, SW_E_CREDENTIALS,
                       "registry \"%s\" asks for a login in a way that is neither Basic nor Bearer",
                       registry->host);
    }
    if (!has_password(registry)) {
        return sw_fail(err, SW_E_CREDENTIALS,
                       "registry \"%s\" asks for a login and no credentials for it were found; "
                       "%s",
                       registry->host,
                       sw_registry_is_ecr(registry->host) ? "run: slipway ecr login"
                                                          : "log in to it first");
    }
    sw_free_secret(registry->basic);
    registry->basic = basic_value(registry);
    return SW_OK;
}

enum sw_status sw_registry_login(struct sw_registry *registry, const char *repository,
                                 const struct sw_http_reply *reply, unsigned generation,
                                 struct sw_err *err)
{
    struct sw_challenges list = { 0 };
    enum sw_status status;

    (void)pthread_mutex_lock(&registry->lock);
    if (registry->generation != generation) {
        (void)pthread_mutex_unlock(&registry->lock);
        return SW_OK;
    }
    status = read_challenges(reply, &list, err);
    if (status == SW_OK) {
        status = know_login(registry, err);
    }
    if (status == SW_OK) {
        status = answer(registry, repository, &list, err);
    }
    if (status == SW_OK) {
        registry->generation++;
    }
    (void)pthread_mutex_unlock(&registry->lock);
    sw_challenges_release(&list);
    return status;
}

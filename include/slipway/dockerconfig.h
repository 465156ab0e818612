#ifndef SLIPWAY_DOCKERCONFIG_H
#define SLIPWAY_DOCKERCONFIG_H

/*
 * Docker's client configuration, as far as it holds credentials: $DOCKER_CONFIG/config.json or
 * ~/.docker/config.json, the credential helpers it names, and DOCKER_AUTH_CONFIG.
 * References: docker/cli "docker login" and cli/config; docker/docker-credential-helpers.
 *
 * Reading gives what the docker command would use. Writing changes one host's entry and keeps
 * every other key of the file in its order; the file is locked against other Slipway processes
 * (flock on its folder, so nothing stale can stay behind), replaced atomically with mode 0600, and
 * a symbolic link is followed. A malformed file is refused with its line and column, and left
 * alone.
 *
 * A host is "name" or "name:port". Docker Hub's names (docker.io, index.docker.io,
 * registry-1.docker.io) stand for its key "https://index.docker.io/v1/".
 */

#include <slipway/env.h>
#include <slipway/err.h>
#include <slipway/str.h>

/* Limits: the configuration file, and what a credential helper may answer. */
#define SW_DOCKER_CONFIG_MAX ((size_t)4 * 1024 * 1024)
#define SW_DOCKER_HELPER_MAX ((size_t)256 * 1024)
enum { SW_DOCKER_HELPER_TIMEOUT_MS = 60000, SW_DOCKER_LOCK_TIMEOUT_MS = 30000 };

/* The suffix of Slipway's own credential helper, docker-credential-slipway. */
#define SW_DOCKER_OWN_HELPER "slipway"

/* The configuration file's path, whether it exists or not; the caller's. SW_E_INPUT when neither
 * DOCKER_CONFIG nor HOME is set. */
SW_NODISCARD enum sw_status sw_docker_config_path(const struct sw_env *env, char **ret,
                                                  struct sw_err *err);

/*
 * What docker would send to `host`, in docker's order: DOCKER_AUTH_CONFIG, credHelpers, credsStore,
 * auths. The user name is SW_REGISTRY_TOKEN_USER when the secret is an identity token.
 * SW_E_NOT_FOUND when nothing is configured; SW_E_CREDENTIALS when a helper fails, with its words.
 */
SW_NODISCARD enum sw_status sw_docker_auth_get(const struct sw_env *env, const char *host,
                                               char **ret_user, char **ret_secret,
                                               struct sw_err *err);

/*
 * Whether DOCKER_AUTH_CONFIG holds a login for `host`: docker 28.3 and later takes that one
 * then, whatever is stored or configured.
 */
bool sw_docker_env_has(const struct sw_env *env, const char *host);

/* Where sw_docker_auth_store() put the secret. */
enum sw_docker_stored {
    SW_DOCKER_STORED_FILE,     /* in the file's "auths" */
    SW_DOCKER_STORED_HELPER,   /* in the configured credential helper, as docker login does */
    SW_DOCKER_STORED_OVERRIDE, /* in "auths"; the configured helper refused and is bypassed for
                                  this host */
    SW_DOCKER_STORED_OWN,      /* nowhere: Slipway's own helper answers for this host */
};
struct sw_docker_store_result {
    enum sw_docker_stored where;
    char *path;         /* of the configuration file */
    char *helper;       /* suffix of the configured helper, or NULL */
    char *helper_error; /* its words when it refused, or NULL */
};
void sw_docker_store_result_release(struct sw_docker_store_result *result);

/*
 * Stores credentials for `host` so that docker finds them: through the helper that is configured
 * for the host, else in "auths". docker ignores "auths" for a host that has a helper, so when the
 * helper cannot store, "credHelpers" is changed for this one host to make the entry count.
 * `result` is filled on success and then the caller's.
 */
SW_NODISCARD enum sw_status sw_docker_auth_store(const struct sw_env *env, const char *host,
                                                 const char *user, const char *secret,
                                                 struct sw_docker_store_result *result,
                                                 struct sw_err *err);

/*
 * Makes docker-credential-<helper> answer for `host`: sets "credHelpers" and drops a secret that
 * "auths" held for it. The path of the file is in *ret_path, the caller's. *ret_changed is false
 * when everything was so already (the file is not touched then).
 */
SW_NODISCARD enum sw_status sw_docker_helper_set(const struct sw_env *env, const char *host,
                                                 const char *helper, char **ret_path,
                                                 bool *ret_changed, struct sw_err *err);

/* Appends the hosts for which "credHelpers" names `helper`, in the file's order. */
SW_NODISCARD enum sw_status sw_docker_helper_hosts(const struct sw_env *env, const char *helper,
                                                   struct sw_strs *ret_hosts, struct sw_err *err);

/*
 * The credential helper protocol, asked by us: runs docker-credential-<helper>.
 * get: SW_E_NOT_FOUND for its fixed text "credentials not found in native keychain".
 */
SW_NODISCARD enum sw_status sw_docker_helper_get(const struct sw_env *env, const char *helper,
                                                 const char *server, char **ret_user,
                                                 char **ret_secret, struct sw_err *err);
SW_NODISCARD enum sw_status sw_docker_helper_store(const struct sw_env *env, const char *helper,
                                                   const char *server, const char *user,
                                                   const char *secret, struct sw_err *err);

/* The host of a server text as clients send it: scheme, path and white space taken off. */
struct sw_str sw_docker_server_host(struct sw_str server);

#endif

#ifndef SLIPWAY_OCI_DOCKERCONFIG_INTERNAL_H
#define SLIPWAY_OCI_DOCKERCONFIG_INTERNAL_H

/* What the reading and the writing half of dockerconfig share. */

#include <slipway/dockerconfig.h>
#include <slipway/json.h>

/* The key that docker uses for `host` in "auths", "credHelpers" and towards helpers. */
const char *sw_docker_config_key(const char *host);

/*
 * The configuration at `path` as an object; a missing or blank file is an empty one. SW_E_INPUT
 * with path, line and column when it is malformed. The caller's.
 */
SW_NODISCARD enum sw_status sw_docker_config_load(const char *path, json_t **ret,
                                                  struct sw_err *err);

/*
 * The suffix of the helper that is responsible for `key`: credHelpers first, then credsStore;
 * "" when the file itself is. *ret_own_entry (may be NULL) says that it came from credHelpers.
 * Borrowed from `config`.
 */
const char *sw_docker_config_helper(const json_t *config, const char *key, bool *ret_own_entry);

#endif

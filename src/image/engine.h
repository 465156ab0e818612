#ifndef SLIPWAY_IMAGE_ENGINE_H
#define SLIPWAY_IMAGE_ENGINE_H

/*
 * The Docker engine: where DOCKER_HOST says it is, and the calls that a push needs
 * (https://docs.docker.com/reference/api/engine/). A local socket and plain TCP are spoken to
 * directly; to what only the docker client knows (ssh://, TLS with client certificates, contexts)
 * leads a relay (engine_relay.h).
 */

#include "engine_relay.h"

#include <slipway/buf.h>
#include <slipway/env.h>
#include <slipway/str.h>

#include <stdint.h>

struct sw_engine {
    char *shown;                   /* for messages: "unix:///var/run/docker.sock" */
    char *socket;                  /* path; NULL: TCP */
    char *base;                    /* "http://host:port" */
    struct sw_engine_relay *relay; /* behind `socket`; NULL: there is none */
};

/* Finds the engine; nothing is sent and no client started. SW_E_INPUT on a DOCKER_HOST that is no
 * address. */
SW_NODISCARD enum sw_status sw_engine_find(const struct sw_env *env, struct sw_engine *ret,
                                           struct sw_err *err);
void sw_engine_release(struct sw_engine *engine);

/* What the engine says of an image. */
struct sw_engine_image {
    char *id;
    /* What the id is the digest of, a manifest or an index, where the engine says that it keeps
     * such; else NULL, and it may be that of a configuration. */
    char *media_type;
    char *platform; /* that the engine chooses, "linux/amd64"; NULL when it says none */
    struct sw_strs diff_ids;
};
void sw_engine_image_release(struct sw_engine_image *image);

/* SW_E_NOT_FOUND when the engine has no such image, SW_E_NETWORK when it does not answer. */
SW_NODISCARD enum sw_status sw_engine_inspect(const struct sw_env *env,
                                              const struct sw_engine *engine, const char *name,
                                              struct sw_engine_image *ret, struct sw_err *err);

/*
 * At most how many bytes of files each of an image's `count` layers has, lowest first; -1 where the
 * engine does not tell.
 */
void sw_engine_sizes(const struct sw_env *env, const struct sw_engine *engine, const char *name,
                     int64_t *sizes, size_t count);

/*
 * The digests of those manifests of an image for several platforms of which the engine has every
 * blob. *ret is the caller's.
 */
SW_NODISCARD enum sw_status sw_engine_available(const struct sw_env *env,
                                                const struct sw_engine *engine, const char *name,
                                                struct sw_strs *ret, struct sw_err *err);

/*
 * The engine's answer to a GET about an image, "json" or "history", within `limit_ms` (0: however
 * long it takes). The text is the caller's.
 */
SW_NODISCARD enum sw_status sw_engine_get(const struct sw_env *env, const struct sw_engine *engine,
                                          const char *name, const char *what, int64_t limit_ms,
                                          struct sw_buf *ret, struct sw_err *err);

/*
 * Writes the archive of an image as it comes. Returns what `write` returns when that fails, and
 * ends when `env` wants a stop, however silent the engine is.
 */
SW_NODISCARD enum sw_status sw_engine_export(
    const struct sw_env *env, const struct sw_engine *engine, const char *name,
    enum sw_status (*write)(void *ctx, const char *data, size_t len, struct sw_err *err), void *ctx,
    struct sw_err *err);

#endif

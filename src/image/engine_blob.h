#ifndef SLIPWAY_IMAGE_ENGINE_BLOB_H
#define SLIPWAY_IMAGE_ENGINE_BLOB_H

/*
 * What a Docker engine that keeps its images in containerd has stored, blob by blob: indexes,
 * manifests, configurations and layers, each under its digest and as it would be pushed.
 *
 * From version 29 on the engine answers gRPC on the socket of its API, and BuildKit, which is part
 * of it, reads there for its clients from the engine's own content store
 * (containerd.services.content.v1.Content; "docker buildx history" lives by it). An engine that
 * does not answer so leaves its export (engine.h).
 */

#include "engine.h"

#include <slipway/http.h>

struct sw_engine_blobs {
    const struct sw_env *env;
    const struct sw_engine *engine;
};

/*
 * Passes the blob of that digest to the sink as it comes; nothing is checked. SW_E_NOT_FOUND when
 * nothing came: the engine has none, or does not answer such calls. `ctx` is a sw_engine_blobs.
 */
SW_NODISCARD enum sw_status sw_engine_blob_read(const void *ctx, const char *digest,
                                                const struct sw_http_sink *sink,
                                                struct sw_err *err);
/*
 * Appends the document of that digest, which is checked: SW_E_UNAVAILABLE when it is another one.
 * SW_E_NOT_FOUND as above. `ctx` is a sw_engine_blobs.
 */
SW_NODISCARD enum sw_status sw_engine_document(const void *ctx, const char *digest,
                                               struct sw_buf *out, struct sw_err *err);

#endif

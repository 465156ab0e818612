#ifndef SLIPWAY_IMAGE_DOCKER_EXPORT_H
#define SLIPWAY_IMAGE_DOCKER_EXPORT_H

/* An image on its way out of the Docker engine, read while the engine writes it. */

#include "archive.h"
#include "engine.h"

/*
 * Has the engine export the image `name` and takes the archive. Once all that the wish awaits has
 * passed, the connection to the engine is closed, whatever is left to come. `shown` is what people
 * call the image. When the engine breaks off, that is the failure.
 */
SW_NODISCARD enum sw_status sw_docker_export(const struct sw_env *env,
                                             const struct sw_engine *engine, const char *name,
                                             const char *shown, const struct sw_archive_wish *wish,
                                             struct sw_intake *intake, struct sw_archive *archive,
                                             struct sw_err *err);

#endif

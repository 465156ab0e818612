#ifndef SLIPWAY_IMAGE_DOCKER_STORED_H
#define SLIPWAY_IMAGE_DOCKER_STORED_H

/*
 * An image of a Docker engine that gives what it has stored blob by blob (engine_blob.h): there is
 * no export, and nothing is read but the image's documents and the layers that have to be sent.
 * Everything follows from the image's id by digests, each of which is checked.
 */

#include "engine_blob.h"
#include "intake.h"
#include "transfer.h"
#include "tree.h"

/*
 * Reads the image, handing blobs on. *ret_done is false, and nothing was handed on, when the engine
 * does not give its blobs. `name` is what people call the image; `platform` NULL takes what there
 * is, and of several what the engine would take. `blobs` is used until the intake is released.
 */
SW_NODISCARD enum sw_status sw_docker_stored_load(struct sw_engine_blobs *blobs,
                                                  const struct sw_engine_image *stored,
                                                  const char *name, const char *platform,
                                                  bool *ret_done, struct sw_intake *intake,
                                                  struct sw_image *ret, struct sw_err *err);

/*
 * The same from what the targets have, where they have the image's manifest: for engines that do
 * not give their blobs.
 */
SW_NODISCARD enum sw_status sw_docker_known_load(const struct sw_engine_image *stored,
                                                 const char *name, const char *platform,
                                                 bool *ret_done, struct sw_intake *intake,
                                                 struct sw_image *ret, struct sw_err *err);

/*
 * Reads all documents of the image, for all platforms and with attestations; *ret_done is as above.
 * SW_E_INPUT when some of them are not there. *ret and *ret_store are as in
 * sw_image_source.load_all; the store borrows `blobs`.
 */
SW_NODISCARD enum sw_status sw_docker_stored_tree(struct sw_engine_blobs *blobs,
                                                  const struct sw_engine_image *stored,
                                                  bool *ret_done, struct sw_tree *ret,
                                                  struct sw_store *ret_store, struct sw_err *err);

#endif

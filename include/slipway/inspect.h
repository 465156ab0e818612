#ifndef SLIPWAY_INSPECT_H
#define SLIPWAY_INSPECT_H

/*
 * What a registry knows of an image, from its manifest and its configuration; no layer is read.
 */

#include <slipway/json.h>
#include <slipway/ref.h>
#include <slipway/registry.h>

struct sw_inspect_options {
    const char *platform; /* the image of an index to look at; NULL: the index itself */
    bool show_env;        /* values of environment variables too, which may be secrets */
    bool history;         /* the steps it was built by, whose build arguments may be secrets */
};

/*
 * Collects the facts of the image that `ref` names; `registry` is a client of its host. The object
 * in *ret, the caller's, has these members, those that do not apply left out:
 *
 *   digest, media_type    of the manifest or the index
 *   platforms             of an index: [{platform, digest, media_type, size}]
 *   attestations          of an index: how many it has
 *   index                 with a platform picked: {digest, media_type} of the index
 *   platform, created     "linux/amd64"; the time as the configuration has it
 *   layers, layers_size   [{digest, media_type, size}], bottom first; the sum of sizes as stored
 *   config                {digest, media_type, size}
 *   labels                {name: value}
 *   entrypoint, cmd       lists of words
 *   env                   names, or with show_env "NAME=VALUE"
 *   user, working_dir, exposed_ports
 *   history               [{created, created_by, comment, empty_layer}]
 *
 * Statuses: those of registry.h; SW_E_NOT_FOUND also when there is no image for the platform;
 * SW_E_UNAVAILABLE for documents that make no sense.
 */
SW_NODISCARD enum sw_status sw_image_inspect(struct sw_registry *registry, const struct sw_ref *ref,
                                             const struct sw_inspect_options *options, json_t **ret,
                                             struct sw_err *err);

#endif

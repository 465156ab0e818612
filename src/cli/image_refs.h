#ifndef SLIPWAY_CLI_IMAGE_REFS_H
#define SLIPWAY_CLI_IMAGE_REFS_H

/* Options that name images, shared by the commands that build and push them. */

#include "cli.h"
#include "registries.h"

#include <slipway/ref.h>

struct sw_cli_image {
    const char *registry;
    const char *repo;
    struct sw_strs tags; /* comma lists */
    struct sw_strs refs; /* complete references */
    struct sw_cli_more_registries more;
};
extern const struct sw_opt sw_cli_image_opts[];

#define SW_CLI_IMAGE(type, member)                                                             \
    {                                                                                          \
        .kind = SW_OPT_INCLUDE, .offset = offsetof(type, member), .include = sw_cli_image_opts \
    }

/*
 * The references that the options name: REGISTRY/REPO:TAG for each tag ("latest" without one), then
 * the same in further registries, the complete ones, then `more` (operands; may be NULL), each once
 * and checked. SW_E_USAGE when an option is missing; SW_E_INPUT names the option, and the character
 * that is wrong.
 */
SW_NODISCARD enum sw_status sw_cli_image_refs(const struct sw_cli_image *image,
                                              const struct sw_strs *more, struct sw_strs *ret,
                                              struct sw_err *err);

/* The value of --platform; *ret is NULL when it is not given. SW_E_USAGE when it is none. */
SW_NODISCARD enum sw_status sw_cli_platform(const char *text, const char **ret, struct sw_err *err);

#endif

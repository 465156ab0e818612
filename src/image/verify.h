#ifndef SLIPWAY_IMAGE_VERIFY_H
#define SLIPWAY_IMAGE_VERIFY_H

#include "intake.h"

#include <slipway/registry.h>

/*
 * Whether a packed layer of a repository unpacks to the diff id it is said to have: reads it whole,
 * through memory. Any failure means that it is not known to do so, and says why.
 */
SW_NODISCARD enum sw_status sw_layer_verify(struct sw_registry *registry, const char *repository,
                                            const struct sw_known_layer *layer, struct sw_err *err);

#endif

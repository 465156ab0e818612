#ifndef SLIPWAY_CIRCLECI_ORB_INCLUDE_H
#define SLIPWAY_CIRCLECI_ORB_INCLUDE_H

#include <slipway/yaml.h>

/*
 * Returns `node` with every <<include(path)>> in its values replaced by the content of the file at
 * that path from `root`, in which "<<" is written "\<<". Files must be below `limit`. Trees without
 * an include come back as they are.
 */
SW_NODISCARD enum sw_status sw_orb_include(struct sw_yaml_pool *pool, const char *root,
                                           const char *limit, struct sw_yaml *node,
                                           struct sw_yaml **ret, struct sw_err *err);

#endif

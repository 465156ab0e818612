#ifndef SLIPWAY_ECS_CODEDEPLOY_PRIVATE_H
#define SLIPWAY_ECS_CODEDEPLOY_PRIVATE_H

/* Shared by the parts of CodeDeploy. */

#include <slipway/codedeploy.h>

/* One call of the CodeDeploy API with `input`, which is consumed. */
SW_NODISCARD enum sw_status codedeploy_call(struct sw_aws *aws, const char *action, json_t *input,
                                            const struct sw_aws_call_options *options, json_t **ret,
                                            struct sw_err *err);

#endif

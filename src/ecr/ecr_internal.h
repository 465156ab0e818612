#ifndef SLIPWAY_ECR_INTERNAL_H
#define SLIPWAY_ECR_INTERNAL_H

/* What the files of this folder share. */

#include <slipway/ecr.h>

/*
 * One call of the ECR API, or of the ECR Public API where it lives. `action` is the bare name;
 * *ret_output is the caller's, NULL drops it.
 */
SW_NODISCARD enum sw_status sw_ecr_call(struct sw_aws *aws, enum sw_ecr_kind kind,
                                        const char *action, const json_t *input,
                                        json_t **ret_output, struct sw_err *err);
/* One try of a call of the ECR API that can be done without. */
SW_NODISCARD enum sw_status sw_ecr_ask(struct sw_aws *aws, const char *action, const json_t *input,
                                       json_t **ret_output, struct sw_err *err);

#endif

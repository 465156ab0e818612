#ifndef SLIPWAY_ECR_INTERNAL_H
#define SLIPWAY_ECR_INTERNAL_H

/* What the files of this folder share. */

#include <slipway/ecr.h>

#define SW_ECR_TARGET        "AmazonEC2ContainerRegistry_V20150921."
#define SW_ECR_PUBLIC_TARGET "SpencerFrontendService."

/* `aws`'s identity for the region and the form of `host`; the caller's. */
SW_NODISCARD enum sw_status sw_ecr_client(struct sw_aws *aws, const struct sw_ecr_host *host,
                                          struct sw_aws **ret, struct sw_err *err);

#endif

#include "ecr_internal.h"

#include <slipway/alloc.h>

/* The two APIs, by enum sw_ecr_kind. */
static const struct api {
    const char *service; /* endpoint and signing name */
    const char *target;  /* what stands before the action in X-Amz-Target */
} apis[] = {
    [SW_ECR_PRIVATE] = { "ecr", "AmazonEC2ContainerRegistry_V20150921" },
    [SW_ECR_PUBLIC] = { "ecr-public", "SpencerFrontendService" },
};

static enum sw_status call(struct sw_aws *aws, enum sw_ecr_kind kind, const char *action,
                           const json_t *input, const struct sw_aws_call_options *options,
                           json_t **ret_output, struct sw_err *err)
{
    struct sw_aws *client SW_CLEANUP(sw_aws_cleanup) = NULL;
    char *target SW_CLEANUP(sw_free_str) = sw_xasprintf("%s.%s", apis[kind].target, action);
    if (kind == SW_ECR_PUBLIC) {
        enum sw_status status = sw_aws_with_region(aws, SW_ECR_PUBLIC_REGION, &client, err);
        if (status != SW_OK) {
            return status;
        }
    }
    return sw_aws_json(client ? client : aws, apis[kind].service, target, input, options,
                       ret_output, err);
}

enum sw_status sw_ecr_call(struct sw_aws *aws, enum sw_ecr_kind kind, const char *action,
                           const json_t *input, json_t **ret_output, struct sw_err *err)
{
    return call(aws, kind, action, input, NULL, ret_output, err);
}

enum sw_status sw_ecr_ask(struct sw_aws *aws, const char *action, const json_t *input,
                          json_t **ret_output, struct sw_err *err)
{
    return call(aws, SW_ECR_PRIVATE, action, input, &sw_aws_once, ret_output, err);
}

/* The REST-JSON protocol: method and path say what is wanted, JSON goes out and comes back. */
#include "client.h"
#include "fault.h"

enum sw_status sw_aws_rest(struct sw_aws *aws, const char *service, const char *operation,
                           const char *method, const char *path, const json_t *input,
                           const struct sw_aws_call_options *options, json_t **ret_output,
                           struct sw_err *err)
{
    const struct aws_call call = {
        .service = service,
        .operation = operation,
        .method = method,
        .path = path,
        .content_type = input ? "application/json" : NULL,
        .auth = AWS_AUTH_IDENTITY,
        .options = options,
    };
    return aws_call_json(aws, &call, input, ret_output, err);
}

/* The REST-JSON protocol: method and path say what is wanted, JSON goes out and comes back. */
#include "client.h"
#include "fault.h"

enum sw_status sw_aws_rest(struct sw_aws *aws, const char *service, const char *operation,
                           const char *method, const char *path, const json_t *input,
                           const struct sw_aws_call_options *options, json_t **ret_output,
                           struct sw_err *err)
{
    struct sw_buf body SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init_secret(&body, SW_JSON_MAX);
    if (input) {
        sw_json_dump(input, 0, &body);
    }
    const struct aws_call call = {
        .service = service,
        .operation = operation,
        .method = method,
        .path = path,
        .content_type = input ? "application/json" : NULL,
        .body = sw_buf_str(&body),
        .auth = AWS_AUTH_IDENTITY,
        .options = options,
    };
    enum sw_status status = sw_buf_check(&body, "the request", err);
    if (status != SW_OK) {
        return aws_wrap_call(&call, err);
    }
    return aws_call_json(aws, &call, ret_output, err);
}

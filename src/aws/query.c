/* The query protocol: a form goes out, XML comes back. */
#include "client.h"
#include "fault.h"
#include "xml.h"

static void add_pair(struct sw_buf *body, const char *name, const char *value)
{
    if (body->len > 0) {
        sw_buf_add_char(body, '&');
    }
    sw_buf_add_uri(body, sw_str(name), false);
    sw_buf_add_char(body, '=');
    sw_buf_add_uri(body, sw_str(value), false);
}

/* What stands in <XResponse><XResult>, or in <XResponse> alone; borrowed from `document`. */
static json_t *result_of(json_t *document)
{
    json_t *root = json_object_iter_value(json_object_iter(document));
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(root, key, value)
    {
        if (sw_str_ends(sw_str(key), "Result")) {
            return value;
        }
    }
    json_object_del(root, "ResponseMetadata");
    return root;
}

static enum sw_status read_output(struct sw_str body, json_t **ret_output, struct sw_err *err)
{
    json_auto_t *document = NULL;
    enum sw_status status = aws_xml_parse(body, &document, err);
    if (status != SW_OK) {
        err->status = SW_E_UNAVAILABLE;
        return err->status;
    }
    json_t *result = result_of(document);
    /* An empty result element reads as "". */
    *ret_output = json_is_object(result) ? json_incref(result) : json_object();
    return SW_OK;
}

enum sw_status aws_query_as(struct sw_aws *aws, const struct aws_call *how, const char *version,
                            const struct sw_aws_param *params, size_t count, json_t **ret_output,
                            struct sw_err *err)
{
    struct sw_buf body SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init_secret(&body, SW_BUF_TEXT_MAX);
    add_pair(&body, "Action", how->operation);
    add_pair(&body, "Version", version);
    for (size_t i = 0; i < count; i++) {
        add_pair(&body, params[i].name, params[i].value);
    }
    struct aws_call call = *how;
    call.content_type = "application/x-www-form-urlencoded; charset=utf-8";
    call.body = sw_buf_str(&body);
    enum sw_status status = sw_buf_check(&body, "the request", err);
    if (status != SW_OK) {
        return aws_wrap_call(&call, err);
    }
    struct sw_http_reply reply SW_CLEANUP(sw_http_reply_release) = { 0 };
    status = aws_call_send(aws, &call, &reply, err);
    if (status != SW_OK) {
        return status;
    }
    json_t *output = NULL;
    status = read_output(sw_buf_str(&reply.body), &output, err);
    if (status != SW_OK) {
        return aws_wrap_call(&call, err);
    }
    if (ret_output) {
        *ret_output = SW_TAKE(output);
    }
    json_decref(output);
    return SW_OK;
}

enum sw_status sw_aws_query(struct sw_aws *aws, const char *service, const char *action,
                            const char *version, const struct sw_aws_param *params, size_t count,
                            const struct sw_aws_call_options *options, json_t **ret_output,
                            struct sw_err *err)
{
    struct aws_call how = {
        .service = service,
        .operation = action,
        .auth = AWS_AUTH_IDENTITY,
        .options = options,
    };
    return aws_query_as(aws, &how, version, params, count, ret_output, err);
}

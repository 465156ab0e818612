/* Errors that AWS answers with. */
#include "fault.h"

#include "client.h"
#include "xml.h"

#include <slipway/json.h>

/* ---- reading ---- */

/* "namespace#Code:http://..." is "Code". */
static void copy_code(struct aws_fault *fault, const char *text)
{
    struct sw_str code = sw_str(text);
    ptrdiff_t hash = sw_str_find(code, '#');
    if (hash >= 0) {
        code = sw_str_from(code, (size_t)hash + 1);
    }
    sw_str_to_line(sw_str_cut(&code, ':'), fault->code, sizeof(fault->code));
}

static const char *first_str(const json_t *object, const char *const *keys, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *value = sw_json_str(object, keys[i], NULL);
        if (value) {
            return value;
        }
    }
    return NULL;
}

static void read_members(struct aws_fault *fault, const json_t *object)
{
    static const char *const codes[] = { "__type", "code", "Code" };
    static const char *const messages[] = { "message", "Message", "errorMessage" };
    const char *code = first_str(object, codes, SW_COUNT(codes));
    const char *message = first_str(object, messages, SW_COUNT(messages));
    if (code && !fault->code[0]) {
        copy_code(fault, code);
    }
    if (message) {
        sw_str_to_line(sw_str(message), fault->message, sizeof(fault->message));
    }
}

/* <ErrorResponse><Error>, or EC2's <Response><Errors><Error>; RequestId at the top or beside. */
static void read_xml(struct aws_fault *fault, json_t *document)
{
    static const char *const ids[] = { "RequestId", "RequestID", "requestId" };
    const json_t *root = json_object_iter_value(json_object_iter(document));
    const json_t *error = sw_json_object(root, "Error");
    if (!error) {
        error = sw_json_object(sw_json_object(root, "Errors"), "Error");
    }
    read_members(fault, error);
    const char *id = first_str(root, ids, SW_COUNT(ids));
    if (id && !fault->request_id[0]) {
        sw_str_to_line(sw_str(id), fault->request_id, sizeof(fault->request_id));
    }
}

static void read_body(struct aws_fault *fault, struct sw_str body)
{
    struct sw_err ignored = SW_ERR_INIT;
    json_auto_t *document = NULL;
    struct sw_str trimmed = sw_str_trim(body);
    if (sw_str_starts(trimmed, "{")) {
        if (sw_json_parse(trimmed, "error", &document, &ignored) == SW_OK) {
            read_members(fault, document);
        }
    } else if (sw_str_starts(trimmed, "<")) {
        if (aws_xml_parse(trimmed, &document, &ignored) == SW_OK) {
            read_xml(fault, document);
        }
    }
}

void aws_fault_read(const struct sw_http_reply *reply, struct aws_fault *ret)
{
    *ret = (struct aws_fault){ 0 };
    const char *type = sw_http_reply_header(reply, "x-amzn-ErrorType");
    const char *id = sw_http_reply_header(reply, "x-amzn-RequestId");
    id = id ? id : sw_http_reply_header(reply, "x-amz-request-id");
    if (type) {
        copy_code(ret, type);
    }
    if (id) {
        sw_str_to_line(sw_str(id), ret->request_id, sizeof(ret->request_id));
    }
    read_body(ret, sw_buf_str(&reply->body));
}

/* ---- judging ---- */

static bool message_has(const struct aws_fault *fault, const char *words)
{
    return sw_str_find_str(sw_str(fault->message), sw_str(words)) >= 0;
}

bool aws_fault_is_throttling(const struct aws_fault *fault)
{
    /* What the AWS SDKs repeat, and STS's word for an identity provider that did not answer. */
    static const char *const codes[] = {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "IDPCommunicationError",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    };
    return sw_is_one_of(fault->code, codes, SW_COUNT(codes)) ||
           message_has(fault, "Too many concurrent attempts to create a new revision of the "
                              "specified family");
}

bool aws_fault_is_clock_skew(const struct aws_fault *fault)
{
    static const char *const codes[] = { "RequestExpired", "RequestInTheFuture",
                                         "RequestTimeTooSkewed" };
    static const char *const signature_codes[] = { "AuthFailure", "InvalidSignatureException",
                                                   "SignatureDoesNotMatch" };
    return sw_is_one_of(fault->code, codes, SW_COUNT(codes)) ||
           (sw_is_one_of(fault->code, signature_codes, SW_COUNT(signature_codes)) &&
            (message_has(fault, "Signature expired") || message_has(fault, "not yet current")));
}

bool aws_fault_is_expired(const struct aws_fault *fault)
{
    static const char *const codes[] = { "ExpiredToken", "ExpiredTokenException",
                                         "TokenRefreshRequired" };
    return sw_is_one_of(fault->code, codes, SW_COUNT(codes)) ||
           (strcmp(fault->code, "RequestExpired") == 0);
}

static bool is_unknown_key(const char *code)
{
    static const char *const codes[] = { "AuthFailure", "InvalidAccessKeyId",
                                         "InvalidClientTokenId", "NotSignedUp",
                                         "UnrecognizedClientException" };
    return sw_is_one_of(code, codes, SW_COUNT(codes));
}

static bool is_wrong_secret(const char *code)
{
    static const char *const codes[] = { "InvalidSignatureException", "SignatureDoesNotMatch" };
    return sw_is_one_of(code, codes, SW_COUNT(codes));
}

static bool is_other_credentials_fault(const char *code)
{
    static const char *const codes[] = {
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidIdentityToken",
        "InvalidToken",
        "IDPRejectedClaim",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
    };
    return sw_is_one_of(code, codes, SW_COUNT(codes));
}

static bool is_denied(const char *code)
{
    static const char *const codes[] = {
        "AccessDenied",          "AccessDeniedException",
        "AuthorizationError",    "AuthorizationErrorException",
        "NotAuthorized",         "OptInRequired",
        "UnauthorizedException", "UnauthorizedOperation",
        "UnauthorizedAccess",
    };
    return sw_is_one_of(code, codes, SW_COUNT(codes));
}

static bool is_not_found(const char *code)
{
    return sw_str_find_str(sw_str(code), SW_STR("NotFound")) >= 0 ||
           strcmp(code, "NoSuchEntity") == 0;
}

static enum sw_status status_of(const struct aws_fault *fault, long http_status)
{
    if (is_unknown_key(fault->code) || is_wrong_secret(fault->code) ||
        is_other_credentials_fault(fault->code) || aws_fault_is_expired(fault) ||
        aws_fault_is_clock_skew(fault)) {
        return SW_E_CREDENTIALS;
    }
    if (is_denied(fault->code)) {
        return SW_E_DENIED;
    }
    if (aws_fault_is_throttling(fault) || http_status >= 500 || http_status == 429 ||
        !fault->code[0]) {
        return SW_E_UNAVAILABLE;
    }
    return is_not_found(fault->code) ? SW_E_NOT_FOUND : SW_E_FAILED;
}

/* ---- telling ---- */

static const char *label_of(const struct aws_call *call)
{
    const struct sw_service *service = sw_service_find(call->service);
    return service ? service->label : call->service;
}

enum sw_status aws_wrap_call(const struct aws_call *call, struct sw_err *err)
{
    return sw_wrap(err, "%s %s", label_of(call), call->operation);
}

/* AWS names the missing right: "... is not authorized to perform: ecs:UpdateService on ...". */
static struct sw_str missing_right(const struct aws_fault *fault)
{
    static const char mark[] = "to perform: ";
    ptrdiff_t at = sw_str_find_str(sw_str(fault->message), sw_str(mark));
    if (at < 0) {
        return sw_str(NULL);
    }
    struct sw_str rest = sw_str_from(sw_str(fault->message), (size_t)at + sizeof(mark) - 1);
    return sw_str_cut(&rest, ' ');
}

static void advise_denied(const struct aws_fault *fault, const struct aws_call *call,
                          struct sw_err *err)
{
    struct sw_str right = missing_right(fault);
    if (strcmp(call->operation, "AssumeRoleWithWebIdentity") == 0) {
        sw_append(err, "; the role's trust policy must allow this CircleCI organization's OIDC "
                       "provider, audience and subject");
    } else if (right.len > 0) {
        sw_append(err, "; allow \"%.*s\" in this identity's IAM policy", SW_STR_ARG(right));
    } else {
        sw_append(err, "; allow \"%s:%s\" in this identity's IAM policy", call->service,
                  call->operation);
    }
}

static void advise_expired(const struct aws_call *call, struct sw_err *err)
{
    if (strcmp(call->operation, "AssumeRoleWithWebIdentity") == 0) {
        sw_append(err, "; the OIDC token has expired: CircleCI's is good for one hour from the "
                       "start of the job");
    } else {
        sw_append(err, "; the session token has expired: get new credentials");
    }
}

static void advise_unknown_key(const char *source, struct sw_err *err)
{
    sw_append(err, "; AWS does not know this access key id or session token");
    if (source && strcmp(source, aws_source_environment) == 0) {
        sw_append(err, ": check AWS_ACCESS_KEY_ID, and AWS_SESSION_TOKEN if the key is a "
                       "temporary one");
    }
}

static void advise_wrong_secret(const char *source, struct sw_err *err)
{
    bool environment = source && strcmp(source, aws_source_environment) == 0;
    sw_append(err,
              "; the secret does not belong to the access key id: check %s for missing characters "
              "and blanks",
              environment ? "AWS_SECRET_ACCESS_KEY" : "it");
}

static void advise(const struct aws_fault *fault, const struct aws_call *call, const char *source,
                   struct sw_err *err)
{
    if (aws_fault_is_clock_skew(fault) && !aws_fault_is_expired(fault)) {
        sw_append(err, "; set this machine's clock right");
    } else if (aws_fault_is_expired(fault)) {
        advise_expired(call, err);
    } else if (is_unknown_key(fault->code)) {
        advise_unknown_key(source, err);
    } else if (is_wrong_secret(fault->code)) {
        advise_wrong_secret(source, err);
    } else if (is_denied(fault->code)) {
        advise_denied(fault, call, err);
        return;
    }
    if (err->status == SW_E_CREDENTIALS && source) {
        sw_append(err, " (credentials from %s)", source);
    }
}

enum sw_status aws_fault_report(const struct aws_fault *fault, const struct aws_call *call,
                                long http_status, const char *source, struct sw_err *err)
{
    enum sw_status status = status_of(fault, http_status);
    if (!fault->code[0]) {
        sw_fail(err, status, "HTTP status %ld without an AWS error", http_status);
    } else if (!fault->message[0]) {
        sw_fail(err, status, "%s", fault->code);
    } else {
        sw_fail(err, status, "%s: %s", fault->code, fault->message);
    }
    if (fault->request_id[0]) {
        sw_append(err, " (request id %s)", fault->request_id);
    }
    advise(fault, call, source, err);
    sw_err_set_code(err, fault->code);
    err->http_status = http_status;
    err->retryable = status == SW_E_UNAVAILABLE;
    return aws_wrap_call(call, err);
}

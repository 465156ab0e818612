/* Calls on the wire: exact requests, answers, errors, retries, clock correction. */
#include "aws_world.h"
#include "sweep.h"

static const char describe_services[] = "AmazonEC2ContainerServiceV20141113.DescribeServices";
static const char ecs_url[] = "https://ecs.us-west-2.amazonaws.com/";

/* A client with the keys of the SigV4 examples in us-west-2, and a scripted world. */
static void call_world(struct world *w, const struct fake_http_step *steps, size_t count)
{
    struct world_setup setup = {
        .vars = { { "AWS_ACCESS_KEY_ID", "AKIDEXAMPLE" },
                  { "AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
                  { "AWS_REGION", "us-west-2" } },
    };
    assert_true(count <= WORLD_STEPS_MAX);
    memcpy(setup.steps, steps, count * sizeof(*steps));
    world_init(w, &setup);
}

static enum sw_status describe(struct world *w, const struct sw_aws_call_options *options,
                               json_t **ret)
{
    json_auto_t *input =
        json_pack("{s:s, s:[s]}", "cluster", "default-kim5", "services", "kim-app-nginx");
    return sw_aws_json(w->aws, "ecs", describe_services, input, options, ret, &w->err);
}

static void test_call__sends_signed_json(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { .method = "POST",
          .url = ecs_url,
          .headers = { { "Content-Type", "application/x-amz-json-1.1" },
                       { "X-Amz-Target", describe_services },
                       { "X-Amz-Date", "20150830T123600Z" },
                       { "X-Amz-Security-Token", NULL },
                       { "Authorization",
                         "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-west-2/ecs/"
                         "aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
                         "Signature=311dbc4fac55f6845323f0631df6fc2eab1a609c4e32a752fec774222cc374f3" } },
          .body = "{\"cluster\":\"default-kim5\",\"services\":[\"kim-app-nginx\"]}",
          .reply = "{\"services\":[]}" },
    };
    struct world w;
    call_world(&w, steps, SW_COUNT(steps));
    json_t *output = NULL;
    assert_int_equal(describe(&w, NULL, &output), SW_OK);
    assert_true(json_is_array(json_object_get(output, "services")));
    json_decref(output);
    world_done(&w);
}

static void test_call__sends_an_empty_object_for_no_input_and_the_session_token(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { .method = "POST",
          .url = "https://api.ecr.eu-west-1.amazonaws.com/",
          .headers = { { "X-Amz-Security-Token", "FwoGZXIvYXdzEBYaD+a/b==" },
                       { "Authorization",
                         "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-west-1/ecr/"
                         "aws4_request, SignedHeaders=content-type;host;x-amz-date;"
                         "x-amz-security-token;x-amz-target, Signature=83aac705c32b93a6f68c1c8b687c6fe5b093f5039a0720dc41ad917bd46e880b" } },
          .body = "{}",
          .reply = "{\"authorizationData\":[]}" },
    };
    struct world w;
    call_world(&w, steps, SW_COUNT(steps));
    test_env_set(&w.t, "AWS_SESSION_TOKEN", "FwoGZXIvYXdzEBYaD+a/b==");
    struct sw_err err = SW_ERR_INIT;
    struct sw_aws *ireland = NULL;
    assert_ok(sw_aws_with_region(w.aws, "eu-west-1", &ireland, &err));
    assert_ok(sw_aws_json(ireland, "ecr",
                          "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken", NULL, NULL,
                          NULL, &err));
    sw_aws_free(ireland);
    world_done(&w);
}

/* One answer, and what becomes of it. */
struct fault_row {
    const char *name;
    long http_status;
    const char *type_header;
    const char *body;
    enum sw_status status;
    const char *code;
    const char *message;
};

static const struct fault_row fault_rows[] = {
    { "not found", 400, NULL,
      "{\"__type\":\"com.amazonaws.ecs#ClusterNotFoundException\",\"message\":\"Cluster not "
      "found.\"}",
      SW_E_NOT_FOUND, "ClusterNotFoundException",
      "ECS DescribeServices: ClusterNotFoundException: Cluster not found. (request id r-1)" },
    { "code in a header", 400, "InvalidParameterException:http://internal/coral/", "{}",
      SW_E_FAILED, "InvalidParameterException",
      "ECS DescribeServices: InvalidParameterException (request id r-1)" },
    { "capital message, line breaks", 400, NULL,
      "{\"__type\":\"ClientException\",\"Message\":\"one\\ntwo\"}", SW_E_FAILED, "ClientException",
      "ECS DescribeServices: ClientException: one two (request id r-1)" },
    { "unknown key", 400, NULL,
      "{\"__type\":\"UnrecognizedClientException\",\"message\":\"The security token included in "
      "the request is invalid.\"}",
      SW_E_CREDENTIALS, "UnrecognizedClientException",
      "ECS DescribeServices: UnrecognizedClientException: The security token included in the "
      "request is invalid. (request id r-1); AWS does not know this access key id or session "
      "token: check AWS_ACCESS_KEY_ID, and AWS_SESSION_TOKEN if the key is a temporary one "
      "(credentials from environment variables)" },
    { "wrong secret", 400, NULL,
      "{\"__type\":\"InvalidSignatureException\",\"message\":\"The request signature we "
      "calculated does not match\"}",
      SW_E_CREDENTIALS, "InvalidSignatureException",
      "ECS DescribeServices: InvalidSignatureException: The request signature we calculated does "
      "not match (request id r-1); the secret does not belong to the access key id: check "
      "AWS_SECRET_ACCESS_KEY for missing characters and blanks (credentials from environment "
      "variables)" },
    { "expired", 400, NULL,
      "{\"__type\":\"ExpiredTokenException\",\"message\":\"The security token included in the "
      "request is expired\"}",
      SW_E_CREDENTIALS, "ExpiredTokenException",
      "ECS DescribeServices: ExpiredTokenException: The security token included in the request "
      "is expired (request id r-1); the session token has expired: get new credentials "
      "(credentials from environment variables)" },
    { "denied, right named", 400, NULL,
      "{\"__type\":\"AccessDeniedException\",\"message\":\"User: arn:aws:iam::1:user/ci is not "
      "authorized to perform: ecs:DescribeServices on resource: arn:x\"}",
      SW_E_DENIED, "AccessDeniedException",
      "ECS DescribeServices: AccessDeniedException: User: arn:aws:iam::1:user/ci is not "
      "authorized to perform: ecs:DescribeServices on resource: arn:x (request id r-1); allow "
      "\"ecs:DescribeServices\" in this identity's IAM policy" },
    { "denied, right not named", 403, NULL, "{\"__type\":\"AccessDeniedException\"}", SW_E_DENIED,
      "AccessDeniedException",
      "ECS DescribeServices: AccessDeniedException (request id r-1); allow "
      "\"ecs:DescribeServices\" in this identity's IAM policy" },
    { "xml error of another service", 403, NULL,
      "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code><Message>bad "
      "token</Message></Error><RequestId>x-9</RequestId></ErrorResponse>",
      SW_E_CREDENTIALS, "InvalidClientTokenId",
      "ECS DescribeServices: InvalidClientTokenId: bad token (request id r-1); AWS does not know "
      "this access key id or session token: check AWS_ACCESS_KEY_ID, and AWS_SESSION_TOKEN if "
      "the key is a temporary one (credentials from environment variables)" },
    { "a proxy's page", 403, NULL, "<html><body>Forbidden</body></html>", SW_E_UNAVAILABLE, "",
      "ECS DescribeServices: HTTP status 403 without an AWS error (request id r-1)" },
    { "nothing", 404, NULL, "", SW_E_UNAVAILABLE, "",
      "ECS DescribeServices: HTTP status 404 without an AWS error (request id r-1)" },
};

static void check_fault(const struct fault_row *row)
{
    const struct fake_http_step step = {
        .method = "POST",
        .url = ecs_url,
        .status = row->http_status,
        .reply_headers = { { "x-amzn-RequestId", "r-1" },
                           { row->type_header ? "x-amzn-ErrorType" : NULL, row->type_header } },
        .reply = row->body,
    };
    struct world w;
    call_world(&w, &step, 1);
    enum sw_status status = describe(&w, NULL, NULL);
    if (status != row->status || strcmp(w.err.msg, row->message) != 0 ||
        strcmp(w.err.code, row->code) != 0 || w.err.http_status != row->http_status) {
        fail_msg("%s: expected %s \"%s\", got %s \"%s\" (code %s)", row->name,
                 sw_status_name(row->status), row->message, sw_status_name(status), w.err.msg,
                 w.err.code);
    }
    world_done(&w);
}

static void test_call__explains_what_aws_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(fault_rows); i++) {
        check_fault(&fault_rows[i]);
    }
}

static void test_call__repeats_throttled_calls_under_status_400(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { .url = ecs_url,
          .status = 400,
          .reply = "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}" },
        { .url = ecs_url,
          .status = 400,
          .reply = "{\"__type\":\"ClientException\",\"message\":\"Too many concurrent attempts to "
                   "create a new revision of the specified family.\"}" },
        { .url = ecs_url, .reply = "{}" },
    };
    struct world w;
    call_world(&w, steps, SW_COUNT(steps));
    const struct sw_aws_call_options options = { .not_idempotent = true };
    assert_int_equal(describe(&w, &options, NULL), SW_OK);
    assert_int_equal(w.fake.request_count, 3);
    assert_non_null(
        strstr(w.t.said.ptr, " answered ThrottlingException: Rate exceeded; trying again"));
    world_done(&w);
}

static void test_call__throttling_that_lasts_is_unavailable(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { .url = ecs_url,
          .status = 400,
          .reply = "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}",
          .times = 8 },
    };
    struct world w;
    call_world(&w, steps, SW_COUNT(steps));
    struct sw_err err;
    assert_fails((describe(&w, NULL, NULL), err = w.err, err.status), SW_E_UNAVAILABLE,
                 "ECS DescribeServices: ThrottlingException: Rate exceeded");
    assert_true(err.retryable);
    world_done(&w);
}

static void test_call__max_attempts_can_be_set(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { .url = ecs_url,
          .status = 400,
          .reply = "{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}",
          .times = 2 },
    };
    struct world w;
    call_world(&w, steps, SW_COUNT(steps));
    test_env_set(&w.t, "AWS_MAX_ATTEMPTS", "2");
    assert_int_equal(describe(&w, NULL, NULL), SW_E_UNAVAILABLE);
    test_env_set(&w.t, "AWS_MAX_ATTEMPTS", "many");
    assert_int_equal(describe(&w, NULL, NULL), SW_E_INPUT);
    assert_string_equal(w.err.msg,
                        "ECS DescribeServices: AWS_MAX_ATTEMPTS (or max_attempts in the profile) "
                        "is \"many\", which is no number from 1 to 100");
    world_done(&w);
}

static void test_call__repeats_server_errors_only_when_that_is_safe(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { .url = ecs_url, .status = 500, .reply = "{\"__type\":\"ServerException\"}" },
        { .url = ecs_url, .reply = "{}" },
    };
    struct world w;
    call_world(&w, steps, SW_COUNT(steps));
    assert_int_equal(describe(&w, NULL, NULL), SW_OK);
    world_done(&w);

    call_world(&w, steps, 1);
    const struct sw_aws_call_options once = { .not_idempotent = true };
    struct sw_err err;
    assert_fails((describe(&w, &once, NULL), err = w.err, err.status), SW_E_UNAVAILABLE,
                 "ECS DescribeServices: ServerException");
    world_done(&w);
}

static void test_call__corrects_a_skewed_clock_and_keeps_the_correction(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { .url = ecs_url,
          .headers = { { "X-Amz-Date", "20150830T123600Z" } },
          .status = 403,
          .reply_headers = { { "Date", "Sun, 30 Aug 2015 13:36:00 GMT" } },
          .reply = "{\"__type\":\"InvalidSignatureException\",\"message\":\"Signature expired: "
                   "20150830T123600Z is now earlier than 20150830T133100Z\"}" },
        { .url = ecs_url, .headers = { { "X-Amz-Date", "20150830T133600Z" } }, .reply = "{}" },
        { .url = ecs_url, .headers = { { "X-Amz-Date", "20150830T133600Z" } }, .reply = "{}" },
    };
    struct world w;
    call_world(&w, steps, SW_COUNT(steps));
    assert_int_equal(describe(&w, NULL, NULL), SW_OK);
    assert_int_equal(describe(&w, NULL, NULL), SW_OK);
    world_done(&w);
}

static void test_call__a_clock_that_stays_wrong_is_reported(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { .url = ecs_url,
          .status = 403,
          .reply_headers = { { "Date", "Sun, 30 Aug 2015 13:36:00 GMT" } },
          .reply = "{\"__type\":\"RequestTimeTooSkewed\",\"message\":\"too skewed\"}",
          .times = 2 },
    };
    struct world w;
    call_world(&w, steps, SW_COUNT(steps));
    struct sw_err err;
    assert_fails((describe(&w, NULL, NULL), err = w.err, err.status), SW_E_CREDENTIALS,
                 "ECS DescribeServices: RequestTimeTooSkewed: too skewed; set this machine's clock "
                 "right (credentials from environment variables)");
    world_done(&w);
}

static void test_call__corrects_the_clock_again_in_a_later_call(void **state)
{
    (void)state;
    static const char skewed[] = "{\"__type\":\"RequestTimeTooSkewed\",\"message\":\"too skewed\"}";
    static const struct fake_http_step steps[] = {
        { .url = ecs_url,
          .status = 403,
          .reply_headers = { { "Date", "Sun, 30 Aug 2015 13:36:00 GMT" } },
          .reply = skewed },
        { .url = ecs_url, .headers = { { "X-Amz-Date", "20150830T133600Z" } }, .reply = "{}" },
        { .url = ecs_url,
          .headers = { { "X-Amz-Date", "20150830T133600Z" } },
          .status = 403,
          .reply_headers = { { "Date", "Sun, 30 Aug 2015 14:36:00 GMT" } },
          .reply = skewed },
        { .url = ecs_url, .headers = { { "X-Amz-Date", "20150830T143600Z" } }, .reply = "{}" },
    };
    struct world w;
    call_world(&w, steps, SW_COUNT(steps));
    assert_int_equal(describe(&w, NULL, NULL), SW_OK);
    assert_int_equal(describe(&w, NULL, NULL), SW_OK);
    world_done(&w);
}

static void test_call__corrects_the_clock_once_in_a_call(void **state)
{
    (void)state;
    static const char skewed[] = "{\"__type\":\"RequestTimeTooSkewed\",\"message\":\"too skewed\"}";
    static const struct fake_http_step steps[] = {
        { .url = ecs_url,
          .status = 403,
          .reply_headers = { { "Date", "Sun, 30 Aug 2015 13:36:00 GMT" } },
          .reply = skewed },
        { .url = ecs_url,
          .status = 403,
          .reply_headers = { { "Date", "Sun, 30 Aug 2015 14:36:00 GMT" } },
          .reply = skewed },
    };
    struct world w;
    call_world(&w, steps, SW_COUNT(steps));
    assert_int_equal(describe(&w, NULL, NULL), SW_E_CREDENTIALS);
    world_done(&w);
}

static void test_call__asks_about_the_region_of_a_host_that_is_not_found(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { .url = ecs_url, .failure = FAKE_NO_HOST },
    };
    struct world w;
    call_world(&w, steps, SW_COUNT(steps));
    struct sw_err err;
    assert_fails((describe(&w, NULL, NULL), err = w.err, err.status), SW_E_NETWORK,
                 "ECS DescribeServices: cannot find host \"fake.example.com\"; is the "
                 "region \"us-west-2\" right, and is there a network?");
    world_done(&w);
}

static void test_call__refuses_answers_that_are_no_json_object(void **state)
{
    (void)state;
    static const struct {
        const char *reply;
        const char *message;
    } rows[] = {
        { "[]", "ECS DescribeServices: the answer is a JSON array where an object is expected" },
        { "{\"a\":", NULL },
    };
    for (size_t i = 0; i < SW_COUNT(rows); i++) {
        const struct fake_http_step step = { .url = ecs_url, .reply = rows[i].reply };
        struct world w;
        call_world(&w, &step, 1);
        assert_int_equal(describe(&w, NULL, NULL), SW_E_UNAVAILABLE);
        if (rows[i].message) {
            assert_string_equal(w.err.msg, rows[i].message);
        }
        world_done(&w);
    }
}

static void test_call__query_protocol_sends_a_form_and_reads_xml(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { .method = "POST",
          .url = "http://127.0.0.1:5000/",
          .headers = { { "Content-Type", "application/x-www-form-urlencoded; charset=utf-8" },
                       { "X-Amz-Target", NULL },
                       { "Authorization",
                         "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/sts/"
                         "aws4_request, SignedHeaders=content-type;host;x-amz-date, "
                         "Signature=d01c78c5ca17a2d4bb57d94f46cd6ac77dc2a3501bec7c948436efdeb66bf952" } },
          .body = "Action=GetCallerIdentity&Version=2011-06-15",
          .reply = "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:x</Arn>"
                   "</GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId>"
                   "</ResponseMetadata></GetCallerIdentityResponse>" },
        { .url = "http://127.0.0.1:5000/",
          .body = "Action=DescribeX&Version=1&Filter.1.Name=a%20b%26c&Filter.1.Value=%2F",
          .reply = "<DescribeXResponse><requestId>r</requestId><set><item>1</item></set>"
                   "</DescribeXResponse>" },
    };
    struct world w;
    call_world(&w, steps, SW_COUNT(steps));
    test_env_set(&w.t, "AWS_ENDPOINT_URL", "http://127.0.0.1:5000/");
    test_env_set(&w.t, "AWS_REGION", "us-east-1");
    struct sw_err err = SW_ERR_INIT;
    json_t *output = NULL;
    assert_ok(sw_aws_query(w.aws, "sts", "GetCallerIdentity", "2011-06-15", NULL, 0, NULL, &output,
                           &err));
    assert_string_equal(sw_json_str(output, "Arn", ""), "arn:x");
    json_decref(output);
    const struct sw_aws_param params[] = { { "Filter.1.Name", "a b&c" },
                                           { "Filter.1.Value", "/" } };
    assert_ok(sw_aws_query(w.aws, "ec2", "DescribeX", "1", params, SW_COUNT(params), NULL, &output,
                           &err));
    assert_string_equal(json_string_value(json_array_get(json_object_get(output, "set"), 0)), "1");
    json_decref(output);
    world_done(&w);
}

/* ---- sweep ---- */

static void sweep_setup(void *ctx, struct fake_http *fake)
{
    static const struct fake_http_step steps[] = {
        { .url = ecs_url, .reply = "{\"services\":[]}" },
    };
    (void)ctx;
    fake_http_expect_all(fake, steps, SW_COUNT(steps));
}

static enum sw_status sweep_run(void *ctx, struct test_env *t, struct sw_err *err)
{
    (void)ctx;
    test_env_set(t, "AWS_ACCESS_KEY_ID", "AKID");
    test_env_set(t, "AWS_SECRET_ACCESS_KEY", "secret");
    test_env_set(t, "AWS_REGION", "us-west-2");
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    enum sw_status status = sw_aws_new(&t->env, NULL, &aws, err);
    if (status != SW_OK) {
        return status;
    }
    json_t *output = NULL;
    status = sw_aws_json(aws, "ecs", describe_services, NULL, NULL, &output, err);
    json_decref(output);
    return status;
}

/* Members are the caller's business: sw_aws_json hands on any object. */
static bool sweep_tolerates(void *ctx, const struct sweep_run *run)
{
    (void)ctx;
    return run->fault == SWEEP_WRONG_MEMBERS || run->fault == SWEEP_EMPTY_OBJECT;
}

#define SCHEDULER_URL "https://scheduler.us-west-2.amazonaws.com/schedules/night%20job"
/* Signatures that botocore makes of these requests. */
#define SCHEDULER_AUTH(headers, signature)                                                \
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-west-2/scheduler/aws4_request, " \
    "SignedHeaders=" headers ", Signature=" signature

static void test_call__rest_calls_have_method_path_and_query(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { .method = "GET",
          .url = SCHEDULER_URL "?groupName=a%2Fb",
          .headers = { { "Content-Type", NULL },
                       { "X-Amz-Target", NULL },
                       { "Authorization",
                         SCHEDULER_AUTH("host;x-amz-date",
                                        "9bd0924fbb700f8ace9e639ca70a4ef2de0ea22672323d62bccc457d"
                                        "9457e0fd") } },
          .body = "",
          .reply = "{\"Name\":\"night job\"}" },
        { .method = "PUT",
          .url = SCHEDULER_URL,
          .headers = { { "Content-Type", "application/json" },
                       { "Authorization",
                         SCHEDULER_AUTH("content-type;host;x-amz-date",
                                        "bc83e08f7531c439a33ed1cf336165080939f890bb52e7bf7f19a64d"
                                        "fa3855be") } },
          .body = "{\"State\":\"ENABLED\"}",
          .reply = "" },
        { .method = "GET",
          .url = SCHEDULER_URL,
          .status = 404,
          .reply_headers = { { "x-amzn-ErrorType", "ResourceNotFoundException:http://x/" } },
          .reply = "{\"Message\":\"Schedule night job does not exist.\"}" },
    };
    struct world w;
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *output = NULL;
    json_auto_t *input = json_pack("{s:s}", "State", "ENABLED");
    call_world(&w, steps, SW_COUNT(steps));
    assert_ok(sw_aws_rest(w.aws, "scheduler", "GetSchedule", "GET",
                          "/schedules/night%20job?groupName=a%2Fb", NULL, NULL, &output, &err));
    assert_string_equal(sw_json_str(output, "Name", ""), "night job");
    assert_ok(sw_aws_rest(w.aws, "scheduler", "UpdateSchedule", "PUT", "/schedules/night%20job",
                          input, NULL, NULL, &err));
    assert_int_equal(sw_aws_rest(w.aws, "scheduler", "GetSchedule", "GET", "/schedules/night%20job",
                                 NULL, NULL, NULL, &err),
                     SW_E_NOT_FOUND);
    assert_string_equal(err.msg, "EventBridge Scheduler GetSchedule: ResourceNotFoundException: "
                                 "Schedule night job does not exist.");
    assert_string_equal(err.code, "ResourceNotFoundException");
    world_done(&w);
}

static void test_call__survives_every_fault(void **state)
{
    (void)state;
    const struct sweep sweep = {
        .name = "json call", .setup = sweep_setup, .run = sweep_run, .tolerates = sweep_tolerates
    };
    sweep_all(&sweep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_call__sends_signed_json),
        cmocka_unit_test(test_call__sends_an_empty_object_for_no_input_and_the_session_token),
        cmocka_unit_test(test_call__explains_what_aws_refused),
        cmocka_unit_test(test_call__repeats_throttled_calls_under_status_400),
        cmocka_unit_test(test_call__throttling_that_lasts_is_unavailable),
        cmocka_unit_test(test_call__max_attempts_can_be_set),
        cmocka_unit_test(test_call__repeats_server_errors_only_when_that_is_safe),
        cmocka_unit_test(test_call__corrects_a_skewed_clock_and_keeps_the_correction),
        cmocka_unit_test(test_call__a_clock_that_stays_wrong_is_reported),
        cmocka_unit_test(test_call__corrects_the_clock_again_in_a_later_call),
        cmocka_unit_test(test_call__corrects_the_clock_once_in_a_call),
        cmocka_unit_test(test_call__asks_about_the_region_of_a_host_that_is_not_found),
        cmocka_unit_test(test_call__refuses_answers_that_are_no_json_object),
        cmocka_unit_test(test_call__query_protocol_sends_a_form_and_reads_xml),
        cmocka_unit_test(test_call__rest_calls_have_method_path_and_query),
        cmocka_unit_test(test_call__survives_every_fault),
    };
    return cmocka_run_group_tests_name("call", tests, NULL, NULL);
}

/* Waiting for image scans: what is asked, how long, and what counts as done. */
#include "ecr_world.h"
#include "sweep.h"

#include <slipway/ecr.h>

#define LOOK                                                                       \
    .method = "POST", .url = PRIVATE_URL,                                          \
    .headers = { { "X-Amz-Target", PRIVATE_TARGET "DescribeImageScanFindings" } }, \
    .body = "{\"repositoryName\":\"web\",\"imageId\":{\"imageTag\":\"1\"}}"

static const char no_scan[] =
    "{\"__type\":\"ScanNotFoundException\",\"message\":\"Image scan does not exist\"}";
static const char running[] = "{\"imageScanStatus\":{\"status\":\"IN_PROGRESS\"}}";
static const char complete[] =
    "{\"imageScanStatus\":{\"status\":\"COMPLETE\"},\"imageScanFindings\":{"
    "\"findingSeverityCounts\":{\"CRITICAL\":1,\"LOW\":20,\"UNTRIAGED\":3,\"UNDEFINED\":4}}}";

static const struct sw_ecr_scan_options options = {
    .repository = "web", .tag = "1", .timeout_ms = 20000, .poll_interval_ms = 5000
};

static void test_scan__is_waited_for(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { LOOK, .status = 400, .reply = no_scan },
        { LOOK, .reply = running },
        { LOOK, .reply = complete },
    };
    struct sw_ecr_scan scan = { 0 };
    struct ecr_world w;
    struct sw_err err = SW_ERR_INIT;
    ecr_world_init(&w, steps, SW_COUNT(steps));
    assert_ok(sw_ecr_scan_wait(w.aws, &options, &scan, &err));
    assert_string_equal(scan.status, "COMPLETE");
    assert_int_equal(scan.findings[SW_ECR_CRITICAL], 1);
    assert_int_equal(scan.findings[SW_ECR_HIGH], 0);
    assert_int_equal(scan.findings[SW_ECR_LOW], 20);
    assert_int_equal(scan.findings[SW_ECR_UNDEFINED], 7);
    assert_int_equal(w.t.slept_ms, 10000);
    sw_ecr_scan_release(&scan);
    ecr_world_done(&w);
}

/* An image of that name in the caller's own registry says nothing about the one of another account.
 */
static void test_scan__is_that_of_the_account_whose_registry_it_is(void **state)
{
    (void)state;
    static const char body[] = "{\"registryId\":\"210987654321\",\"repositoryName\":\"web\","
                               "\"imageId\":{\"imageTag\":\"1\"}}";
    static const struct fake_http_step steps[] = {
        { .body = body, .status = 400, .reply = no_scan },
        { .headers = { { "X-Amz-Target", PRIVATE_TARGET "StartImageScan" } },
          .body = body,
          .reply = "{}" },
        { .body = body, .reply = complete },
    };
    struct sw_ecr_scan_options of_other = options;
    struct sw_ecr_scan scan = { 0 };
    struct ecr_world w;
    struct sw_err err = SW_ERR_INIT;
    of_other.account = "210987654321";
    of_other.start = true;
    ecr_world_init(&w, steps, SW_COUNT(steps));
    assert_ok(sw_ecr_scan_wait(w.aws, &of_other, &scan, &err));
    assert_int_equal(scan.findings[SW_ECR_CRITICAL], 1);
    sw_ecr_scan_release(&scan);
    ecr_world_done(&w);
}

static void test_scan__is_started_once_when_asked(void **state)
{
    (void)state;
    static const struct fake_http_step steps[] = {
        { .body = "{\"repositoryName\":\"web\",\"imageId\":{\"imageDigest\":\"sha256:ab\"}}",
          .status = 400,
          .reply = no_scan },
        { .headers = { { "X-Amz-Target", PRIVATE_TARGET "StartImageScan" } },
          .body = "{\"repositoryName\":\"web\",\"imageId\":{\"imageDigest\":\"sha256:ab\"}}",
          .reply = "{}" },
        { .status = 400, .reply = no_scan },
        { .reply = "{\"imageScanStatus\":{\"status\":\"ACTIVE\"}}" },
    };
    struct sw_ecr_scan_options by_digest = options;
    by_digest.digest = "sha256:ab";
    by_digest.start = true;
    struct sw_ecr_scan scan = { 0 };
    struct ecr_world w;
    struct sw_err err = SW_ERR_INIT;
    ecr_world_init(&w, steps, SW_COUNT(steps));
    assert_ok(sw_ecr_scan_wait(w.aws, &by_digest, &scan, &err));
    assert_string_equal(scan.status, "ACTIVE");
    sw_ecr_scan_release(&scan);
    ecr_world_done(&w);
}

static void test_scan__failures_say_why(void **state)
{
    (void)state;
    static const struct {
        struct fake_http_step step;
        enum sw_status status;
        const char *text;
    } cases[] = {
        { { LOOK, .reply = running, .times = 5 },
          SW_E_FAILED,
          "scan of \"web:1\": the scan was still IN_PROGRESS after 20.0 s" },
        { { LOOK, .status = 400, .reply = no_scan, .times = 5 },
          SW_E_FAILED,
          "scan of \"web:1\": there was no scan within 20.0 s; turn on scan on push, or use "
          "--start" },
        { { LOOK, .reply = "{\"imageScanStatus\":{\"status\":\"FAILED\",\"description\":\"no "
                           "OS\"}}" },
          SW_E_FAILED,
          "scan of \"web:1\": the scan ended as FAILED: no OS" },
        { { LOOK, .reply = "{\"imageScanStatus\":{\"status\":\"UNSUPPORTED_IMAGE\"}}" },
          SW_E_FAILED,
          "scan of \"web:1\": the scan ended as UNSUPPORTED_IMAGE: AWS says no more" },
        { { LOOK, .reply = "{}" },
          SW_E_UNAVAILABLE,
          "scan of \"web:1\": AWS's answer has no scan status" },
        { { LOOK, .reply = "{\"imageScanStatus\":{\"status\":\"COMPLETE\"}}" },
          SW_E_UNAVAILABLE,
          "scan of \"web:1\": AWS's answer has no \"imageScanFindings\"" },
        { { LOOK, .reply = "{\"imageScanStatus\":{\"status\":\"COMPLETE\"},\"imageScanFindings\":{"
                           "\"findingSeverityCounts\":{\"HIGH\":\"2\"}}}" },
          SW_E_UNAVAILABLE,
          "scan of \"web:1\": AWS's answer has a count of HIGH findings that is no number" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_ecr_scan scan = { 0 };
        struct ecr_world w;
        struct sw_err err = SW_ERR_INIT;
        ecr_world_init(&w, &cases[i].step, 1);
        assert_fails(sw_ecr_scan_wait(w.aws, &options, &scan, &err), cases[i].status,
                     cases[i].text);
        ecr_world_done(&w);
    }
}

/* The user presses Ctrl-C while the answer is on its way. */
static const char *press_stop(void *ctx, const struct fake_http_request *request)
{
    (void)request;
    ((struct ecr_world *)ctx)->t.stop = true;
    return NULL;
}

static void test_scan__stop_ends_the_waiting(void **state)
{
    (void)state;
    struct sw_ecr_scan scan = { 0 };
    struct ecr_world w;
    struct sw_err err = SW_ERR_INIT;
    const struct fake_http_step step = { LOOK, .check = press_stop, .ctx = &w, .reply = running };
    ecr_world_init(&w, &step, 1);
    assert_fails(sw_ecr_scan_wait(w.aws, &options, &scan, &err), SW_E_STOPPED,
                 "scan of \"web:1\": stopped while waiting");
    assert_int_equal(w.t.sleeps, 1);
    ecr_world_done(&w);
}

static void sweep_setup(void *ctx, struct fake_http *fake)
{
    static const struct fake_http_step steps[] = {
        { LOOK, .reply = running },
        { LOOK, .reply = complete },
    };
    (void)ctx;
    fake_http_expect_all(fake, steps, SW_COUNT(steps));
}

static enum sw_status sweep_run_scan(void *ctx, struct test_env *t, struct sw_err *err)
{
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    struct sw_ecr_scan scan = { 0 };
    (void)ctx;
    test_env_set(t, "AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    test_env_set(t, "AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
    test_env_set(t, "AWS_REGION", "us-west-2");
    enum sw_status status = sw_aws_new(&t->env, NULL, &aws, err);
    if (status == SW_OK) {
        status = sw_ecr_scan_wait(aws, &options, &scan, err);
    }
    assert_true(status != SW_OK || strcmp(scan.status, "COMPLETE") == 0);
    sw_ecr_scan_release(&scan);
    return status;
}

static void test_scan__survives_every_fault(void **state)
{
    (void)state;
    const struct sweep sweep = { .name = "scan", .setup = sweep_setup, .run = sweep_run_scan };
    sweep_all(&sweep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scan__is_waited_for),
        cmocka_unit_test(test_scan__is_that_of_the_account_whose_registry_it_is),
        cmocka_unit_test(test_scan__is_started_once_when_asked),
        cmocka_unit_test(test_scan__failures_say_why),
        cmocka_unit_test(test_scan__stop_ends_the_waiting),
        cmocka_unit_test(test_scan__survives_every_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Endpoints against botocore's rule sets (tests/data/endpoints), regions and their slips. */
#include "test.h"

#include <slipway/buf.h>
#include <slipway/endpoint.h>
#include <slipway/fs.h>

static void check_line(struct sw_str line)
{
    char *service = sw_str_dup(sw_str_cut(&line, ' '));
    char *region = sw_str_dup(sw_str_cut(&line, ' '));
    bool fips = sw_str_is(sw_str_cut(&line, ' '), "1");
    bool dual_stack = sw_str_is(sw_str_cut(&line, ' '), "1");
    struct sw_str url = sw_str_cut(&line, ' ');
    struct sw_endpoint endpoint = { 0 };
    sw_endpoint_of(service, region, fips, dual_stack, &endpoint);
    if (!sw_str_is(url, endpoint.url) || !sw_str_is(line, endpoint.signing_region)) {
        fail_msg("%s %s fips=%d dualstack=%d: expected %.*s (%.*s), got %s (%s)", service, region,
                 fips, dual_stack, SW_STR_ARG(url), SW_STR_ARG(line), endpoint.url,
                 endpoint.signing_region);
    }
    sw_endpoint_release(&endpoint);
    free(service);
    free(region);
}

static void test_endpoint__follows_the_rule_sets(void **state)
{
    (void)state;
    struct sw_err err = SW_ERR_INIT;
    struct sw_buf text;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    assert_ok(sw_fs_read(TEST_DATA_DIR "/endpoints/expected.txt", &text, &err));
    struct sw_str rest = sw_buf_str(&text);
    size_t count = 0;
    while (rest.ptr) {
        struct sw_str line = sw_str_cut(&rest, '\n');
        if (line.len > 0) {
            check_line(line);
            count++;
        }
    }
    assert_int_equal(count, 900);
    sw_buf_release(&text);
}

static void test_endpoint__unlisted_services_take_the_common_form(void **state)
{
    (void)state;
    struct sw_endpoint endpoint = { 0 };
    sw_endpoint_of("autoscaling", "eu-west-1", false, false, &endpoint);
    assert_string_equal(endpoint.url, "https://autoscaling.eu-west-1.amazonaws.com");
    assert_string_equal(endpoint.signing_region, "eu-west-1");
    sw_endpoint_release(&endpoint);
    assert_null(sw_service_find("autoscaling"));
}

static void test_endpoint__knows_partitions_by_region(void **state)
{
    (void)state;
    static const struct {
        const char *region;
        const char *partition;
    } rows[] = {
        { "us-east-1", "aws" },
        { "xx-future-1", "aws" },
        { "cn-north-1", "aws-cn" },
        { "us-gov-east-1", "aws-us-gov" },
        { "us-iso-east-1", "aws-iso" },
        { "us-isob-east-1", "aws-iso-b" },
        { "eu-isoe-west-1", "aws-iso-e" },
        { "us-isof-south-1", "aws-iso-f" },
        { "eusc-de-east-1", "aws-eusc" },
    };
    for (size_t i = 0; i < SW_COUNT(rows); i++) {
        assert_string_equal(sw_partition_of(sw_str(rows[i].region))->id, rows[i].partition);
    }
}

static void test_endpoint__checks_region_names(void **state)
{
    (void)state;
    static const char *const good[] = { "us-east-1", "eu-central-1", "us-gov-west-1",
                                        "ap-southeast-11", "us-isob-east-1" };
    static const struct {
        const char *region;
        const char *message;
    } bad[] = {
        { "us-east-1a", "\"us-east-1a\" is an availability zone; its region is \"us-east-1\"" },
        { "${AWS_REGION}",
          "\"${AWS_REGION}\" is not a region name: the variable in it was not expanded" },
        { "US-EAST-1", "\"US-EAST-1\" is not a region name; one looks like \"us-east-1\" or "
                       "\"eu-central-1\"" },
        { "", "\"\" is not a region name; one looks like \"us-east-1\" or \"eu-central-1\"" },
        { "us-1", "\"us-1\" is not a region name; one looks like \"us-east-1\" or "
                  "\"eu-central-1\"" },
        { "us-east-1.evil.example", "\"us-east-1.evil.example\" is not a region name; one looks "
                                    "like \"us-east-1\" or \"eu-central-1\"" },
        { "us--east-1", "\"us--east-1\" is not a region name; one looks like \"us-east-1\" or "
                        "\"eu-central-1\"" },
    };
    struct sw_err err = SW_ERR_INIT;
    for (size_t i = 0; i < SW_COUNT(good); i++) {
        assert_ok(sw_region_check(sw_str(good[i]), &err));
    }
    for (size_t i = 0; i < SW_COUNT(bad); i++) {
        assert_fails(sw_region_check(sw_str(bad[i].region), &err), SW_E_INPUT, bad[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_endpoint__follows_the_rule_sets),
        cmocka_unit_test(test_endpoint__unlisted_services_take_the_common_form),
        cmocka_unit_test(test_endpoint__knows_partitions_by_region),
        cmocka_unit_test(test_endpoint__checks_region_names),
    };
    return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}

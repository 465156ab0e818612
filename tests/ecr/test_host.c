#include "test.h"

#include <slipway/ecr.h>

struct good_host {
    const char *host;
    size_t kind; /* enum sw_ecr_kind */
    const char *account;
    const char *region;
    const char *partition;
    const char *suffix;
    bool fips;
    bool dualstack;
};

static const struct good_host good_hosts[] = {
    { "123456789012.dkr.ecr.us-east-1.amazonaws.com", SW_ECR_PRIVATE, "123456789012", "us-east-1",
      "aws", "amazonaws.com", false, false },
    { "000000000000.dkr.ecr.ap-southeast-7.amazonaws.com", SW_ECR_PRIVATE, "000000000000",
      "ap-southeast-7", "aws", "amazonaws.com", false, false },
    { "123456789012.dkr.ecr-fips.us-west-2.amazonaws.com", SW_ECR_PRIVATE, "123456789012",
      "us-west-2", "aws", "amazonaws.com", true, false },
    { "123456789012.dkr-ecr.eu-central-1.on.aws", SW_ECR_PRIVATE, "123456789012", "eu-central-1",
      "aws", "on.aws", false, true },
    { "123456789012.dkr-ecr-fips.us-east-2.on.aws", SW_ECR_PRIVATE, "123456789012", "us-east-2",
      "aws", "on.aws", true, true },
    { "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com", SW_ECR_PRIVATE, "123456789012",
      "us-gov-west-1", "aws-us-gov", "amazonaws.com", true, false },
    { "123456789012.dkr-ecr-fips.us-gov-east-1.on.aws", SW_ECR_PRIVATE, "123456789012",
      "us-gov-east-1", "aws-us-gov", "on.aws", true, true },
    { "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", SW_ECR_PRIVATE, "123456789012",
      "cn-north-1", "aws-cn", "amazonaws.com.cn", false, false },
    { "123456789012.dkr-ecr.cn-northwest-1.on.amazonwebservices.com.cn", SW_ECR_PRIVATE,
      "123456789012", "cn-northwest-1", "aws-cn", "on.amazonwebservices.com.cn", false, true },
    { "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu", SW_ECR_PRIVATE, "123456789012",
      "eusc-de-east-1", "aws-eusc", "amazonaws.eu", false, false },
    { "123456789012.dkr-ecr.eusc-de-east-1.on.amazonwebservices.eu", SW_ECR_PRIVATE, "123456789012",
      "eusc-de-east-1", "aws-eusc", "on.amazonwebservices.eu", false, true },
    { "123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov", SW_ECR_PRIVATE, "123456789012",
      "us-iso-east-1", "aws-iso", "c2s.ic.gov", false, false },
    { "123456789012.dkr-ecr.us-iso-west-1.on.aws.ic.gov", SW_ECR_PRIVATE, "123456789012",
      "us-iso-west-1", "aws-iso", "on.aws.ic.gov", false, true },
    { "123456789012.dkr.ecr.us-isob-east-1.sc2s.sgov.gov", SW_ECR_PRIVATE, "123456789012",
      "us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov", false, false },
    { "123456789012.dkr-ecr.us-isob-east-1.on.aws.scloud", SW_ECR_PRIVATE, "123456789012",
      "us-isob-east-1", "aws-iso-b", "on.aws.scloud", false, true },
    { "123456789012.dkr.ecr.eu-isoe-west-1.cloud.adc-e.uk", SW_ECR_PRIVATE, "123456789012",
      "eu-isoe-west-1", "aws-iso-e", "cloud.adc-e.uk", false, false },
    { "123456789012.dkr-ecr.eu-isoe-west-1.on.cloud-aws.adc-e.uk", SW_ECR_PRIVATE, "123456789012",
      "eu-isoe-west-1", "aws-iso-e", "on.cloud-aws.adc-e.uk", false, true },
    { "123456789012.dkr.ecr.us-isof-south-1.csp.hci.ic.gov", SW_ECR_PRIVATE, "123456789012",
      "us-isof-south-1", "aws-iso-f", "csp.hci.ic.gov", false, false },
    { "123456789012.dkr-ecr-fips.us-isof-east-1.on.aws.hci.ic.gov", SW_ECR_PRIVATE, "123456789012",
      "us-isof-east-1", "aws-iso-f", "on.aws.hci.ic.gov", true, true },
    { "public.ecr.aws", SW_ECR_PUBLIC, "", "us-east-1", "aws", "ecr.aws", false, false },
    { "ecr-public.aws.com", SW_ECR_PUBLIC, "", "us-east-1", "aws", "aws.com", false, true },
};

static void test_host__reads_every_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(good_hosts); i++) {
        const struct good_host *good = &good_hosts[i];
        struct sw_ecr_host host;
        print_message("%s\n", good->host);
        assert_true(sw_ecr_host_parse(sw_str(good->host), &host));
        assert_int_equal(host.kind, good->kind);
        assert_string_equal(host.account, good->account);
        assert_string_equal(host.region, good->region);
        assert_string_equal(host.partition, good->partition);
        assert_string_equal(host.suffix, good->suffix);
        assert_int_equal(host.fips, good->fips);
        assert_int_equal(host.dualstack, good->dualstack);
    }
}

static const char *const other_hosts[] = {
    "",
    ".",
    "docker.io",
    "ghcr.io",
    "127.0.0.1:5000",
    "amazonaws.com",
    /* account: length, characters */
    "12345678901.dkr.ecr.us-east-1.amazonaws.com",
    "1234567890123.dkr.ecr.us-east-1.amazonaws.com",
    "12345678901a.dkr.ecr.us-east-1.amazonaws.com",
    ".dkr.ecr.us-east-1.amazonaws.com",
    "dkr.ecr.us-east-1.amazonaws.com",
    /* anchors: something before, behind, instead */
    "x.123456789012.dkr.ecr.us-east-1.amazonaws.com",
    " 123456789012.dkr.ecr.us-east-1.amazonaws.com",
    "123456789012.dkr.ecr.us-east-1.amazonaws.com ",
    "123456789012.dkr.ecr.us-east-1.amazonaws.com.",
    "123456789012.dkr.ecr.us-east-1.amazonaws.com:443",
    "123456789012.dkr.ecr.us-east-1.amazonaws.com/nginx",
    "https://123456789012.dkr.ecr.us-east-1.amazonaws.com",
    "123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.example",
    "123456789012.dkr.ecr.us-east-1.amazonaws.comevil",
    "123456789012.dkr.ecr.us-east-1.evilamazonaws.com",
    "123456789012.dkr.ecr.us-east-1-amazonaws.com",
    "123456789012xdkr.ecr.us-east-1.amazonaws.com",
    "123456789012.dkr.ecr.us-east-1.amazonawsxcom",
    /* service labels */
    "123456789012.dkr.ecr2.us-east-1.amazonaws.com",
    "123456789012.dkr.ecrfips.us-east-1.amazonaws.com",
    "123456789012.dkr-ecr.us-east-1.amazonaws.com",
    "123456789012.dkr.ecr.us-east-1.on.aws",
    "123456789012.dkr-ecr-fips.us-east-1.amazonaws.com",
    "123456789012.dkr.s3.us-east-1.amazonaws.com",
    "123456789012.dkr.ecr",
    "123456789012.dkr.ecr.",
    /* regions */
    "123456789012.dkr.ecr..amazonaws.com",
    "123456789012.dkr.ecr.us.amazonaws.com",
    "123456789012.dkr.ecr.us-1.amazonaws.com",
    "123456789012.dkr.ecr.us-east.amazonaws.com",
    "123456789012.dkr.ecr.us-east-.amazonaws.com",
    "123456789012.dkr.ecr.us--1.amazonaws.com",
    "123456789012.dkr.ecr.us-east-100.amazonaws.com",
    "123456789012.dkr.ecr.us-east-1a.amazonaws.com",
    "123456789012.dkr.ecr.US-EAST-1.amazonaws.com",
    "123456789012.dkr.ecr.us-east_1.amazonaws.com",
    "123456789012.dkr.ecr.u-east-1.amazonaws.com",
    "123456789012.dkr.ecr.us-aaaaaaaaaaaaaaaaaaaaaaaaaaa-1.amazonaws.com",
    /* region and suffix of different partitions */
    "123456789012.dkr.ecr.cn-north-1.amazonaws.com",
    "123456789012.dkr.ecr.us-east-1.amazonaws.com.cn",
    "123456789012.dkr.ecr.eusc-de-east-1.amazonaws.com",
    "123456789012.dkr.ecr.eu-central-1.amazonaws.eu",
    "123456789012.dkr.ecr.us-isob-east-1.c2s.ic.gov",
    "123456789012.dkr.ecr.us-iso-east-1.sc2s.sgov.gov",
    "123456789012.dkr-ecr.us-gov-west-1.on.aws.ic.gov",
    /* public */
    "public.ecr.aws.",
    "xpublic.ecr.aws",
    "public.ecr.aws.com",
    "public.ecr.us-east-1.amazonaws.com",
    "gallery.ecr.aws",
};

static void test_host__refuses_near_misses(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(other_hosts); i++) {
        struct sw_ecr_host host;
        print_message("\"%s\"\n", other_hosts[i]);
        assert_false(sw_ecr_host_parse(sw_str(other_hosts[i]), &host));
    }
}

static void test_host__does_not_read_past_its_text(void **state)
{
    (void)state;
    static const char text[] = "123456789012.dkr.ecr.us-east-1.amazonaws.com.cn";
    struct sw_ecr_host host;
    assert_true(sw_ecr_host_parse(sw_str_n(text, strlen(text) - 3), &host));
    for (size_t len = 0; len < strlen(text) - 3; len++) {
        assert_false(sw_ecr_host_parse(sw_str_n(text, len), &host));
    }
}

static void test_host__in_another_region_keeps_its_form(void **state)
{
    static const struct {
        const char *host, *region, *expected;
    } cases[] = {
        { "123456789012.dkr.ecr.us-east-1.amazonaws.com", "eu-west-1",
          "123456789012.dkr.ecr.eu-west-1.amazonaws.com" },
        { "123456789012.dkr.ecr-fips.us-east-1.amazonaws.com", "us-gov-west-1",
          "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com" },
        { "123456789012.dkr-ecr.us-east-1.on.aws", "cn-north-1",
          "123456789012.dkr-ecr.cn-north-1.on.amazonwebservices.com.cn" },
        { "123456789012.dkr-ecr-fips.us-east-1.on.aws", "us-west-2",
          "123456789012.dkr-ecr-fips.us-west-2.on.aws" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_ecr_host host;
        struct sw_buf out SW_CLEANUP(sw_buf_release) = { 0 };
        sw_buf_init(&out, SW_BUF_TEXT_MAX);
        assert_true(sw_ecr_host_parse(sw_str(cases[i].host), &host));
        assert_true(sw_ecr_is_region(sw_str(cases[i].region)));
        sw_ecr_host_in_region(&host, sw_str(cases[i].region), &out);
        assert_string_equal(out.ptr, cases[i].expected);
        assert_true(sw_ecr_host_parse(sw_buf_str(&out), &host));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_host__reads_every_form),
        cmocka_unit_test(test_host__refuses_near_misses),
        cmocka_unit_test(test_host__in_another_region_keeps_its_form),
        cmocka_unit_test(test_host__does_not_read_past_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Names of ECR: the input is read as a registry host, as a repository name, and as tags. */

#include "fuzz.h"

#include <slipway/alloc.h>
#include <slipway/ecr.h>

/* What a private host says is enough to write it again. */
static void check_host(struct sw_str text)
{
    struct sw_ecr_host host;
    if (!sw_ecr_host_parse(text, &host)) {
        return;
    }
    FUZZ_CHECK(host.region[0] != '\0' && host.partition[0] != '\0');
    if (host.kind == SW_ECR_PRIVATE) {
        char *again SW_CLEANUP(sw_free_str) =
            sw_xasprintf("%s.dkr%secr%s.%s.%s", host.account, host.dualstack ? "-" : ".",
                         host.fips ? "-fips" : "", host.region, host.suffix);
        FUZZ_CHECK(sw_str_is(text, again));
    }
}

static void check_repository(const char *name)
{
    struct sw_err err = SW_ERR_INIT;
    if (sw_ecr_repository_check(name, SW_ECR_PRIVATE, &err) != SW_OK) {
        FUZZ_CHECK(err.status == SW_E_INPUT && err.msg[0] != '\0');
        return;
    }
    size_t len = strlen(name);
    FUZZ_CHECK(len >= SW_ECR_REPOSITORY_MIN && len <= SW_ECR_REPOSITORY_MAX);
    FUZZ_CHECK(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-/") == len);
    FUZZ_CHECK(strstr(name, "//") == NULL && strstr(name, "..") == NULL);
}

static void check_tags(const char *text)
{
    struct sw_err err = SW_ERR_INIT;
    struct sw_ecr_tags tags = { 0 };
    enum sw_status status = sw_ecr_tags_add(&tags, text, &err);
    FUZZ_CHECK(status == SW_OK || err.msg[0] != '\0');
    FUZZ_CHECK(tags.count <= SW_ECR_TAGS_MAX);
    for (size_t i = 0; i < tags.count; i++) {
        size_t key = strlen(tags.items[i].key);
        FUZZ_CHECK(key > 0 && key <= SW_ECR_TAG_KEY_MAX);
        FUZZ_CHECK(strlen(tags.items[i].value) <= SW_ECR_TAG_VALUE_MAX);
    }
    sw_ecr_tags_release(&tags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_str text = sw_str_n((const char *)data, size);
    char *copy = sw_str_dup(text);
    check_host(text);
    check_repository(copy);
    check_tags(copy);
    free(copy);
    return 0;
}

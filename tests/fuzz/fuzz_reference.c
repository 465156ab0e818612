/* Image references: what is accepted is printed and read back as the same reference. */

#include "fuzz.h"

#include <slipway/digest.h>
#include <slipway/ref.h>

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void check_parts(const struct sw_ref *ref)
{
    struct sw_err err = SW_ERR_INIT;

    FUZZ_CHECK(sw_ref_check_host(sw_str(ref->host), &err) == SW_OK);
    FUZZ_CHECK(sw_ref_check_repository(sw_str(ref->repository), &err) == SW_OK ||
               strlen(ref->repository) > SW_REF_NAME_MAX);
    FUZZ_CHECK(!ref->tag || sw_ref_check_tag(sw_str(ref->tag), &err) == SW_OK);
    FUZZ_CHECK(!ref->digest || sw_digest_is_valid(sw_str(ref->digest)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_err err = SW_ERR_INIT;
    struct sw_ref ref = { 0 };
    struct sw_ref again = { 0 };
    struct sw_buf text;

    if (sw_ref_parse(sw_str_n((const char *)data, size), &ref, &err) != SW_OK) {
        FUZZ_CHECK(err.status == SW_E_INPUT && err.msg[0] != '\0' && !ref.host);
        return 0;
    }
    check_parts(&ref);
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_ref_format(&ref, &text);
    if (strlen(ref.repository) <= SW_REF_NAME_MAX) {
        FUZZ_CHECK(sw_ref_parse(sw_buf_str(&text), &again, &err) == SW_OK);
        FUZZ_CHECK(same(ref.host, again.host) && same(ref.repository, again.repository));
        FUZZ_CHECK(same(ref.tag, again.tag) && same(ref.digest, again.digest));
    }
    sw_buf_release(&text);
    sw_ref_release(&again);
    sw_ref_release(&ref);
    return 0;
}

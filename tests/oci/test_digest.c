#include "test.h"

#include <slipway/digest.h>

/* FIPS 180-4 example values. */
#define EMPTY "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC   "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void test_digest__hashes(void **state)
{
    char out[SW_DIGEST_SIZE];

    (void)state;
    sw_digest_of(SW_STR("abc"), out);
    assert_string_equal(out, ABC);
    sw_digest_of((struct sw_str){ NULL, 0 }, out);
    assert_string_equal(out, EMPTY);
}

static void test_digest__streams_and_starts_over(void **state)
{
    SW_CLEANUP(sw_sha256_cleanup) struct sw_sha256 *hash = sw_sha256_new();
    char out[SW_DIGEST_SIZE];

    (void)state;
    sw_sha256_add(hash, "a", 1);
    sw_sha256_add(hash, "bc", 2);
    sw_sha256_take(hash, out);
    assert_string_equal(out, ABC);
    sw_sha256_take(hash, out);
    assert_string_equal(out, EMPTY);
}

static void test_digest__knows_its_form(void **state)
{
    char upper[] = EMPTY;

    (void)state;
    assert_true(sw_digest_is_valid(SW_STR(EMPTY)));
    assert_false(sw_digest_is_valid(SW_STR(EMPTY "0")));
    assert_false(sw_digest_is_valid(sw_str_first(SW_STR(EMPTY), sizeof(EMPTY) - 2)));
    assert_false(sw_digest_is_valid(sw_str_from(SW_STR(EMPTY), 1)));
    upper[7] = 'E';
    assert_false(sw_digest_is_valid(sw_str(upper)));
    upper[7] = 'g';
    assert_false(sw_digest_is_valid(sw_str(upper)));
}

static void test_digest__has_a_short_form(void **state)
{
    char out[SW_DIGEST_SHORT_SIZE];

    (void)state;
    sw_digest_short(ABC, out);
    assert_string_equal(out, "sha256:ba7816bf8f01");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_digest__hashes),
        cmocka_unit_test(test_digest__streams_and_starts_over),
        cmocka_unit_test(test_digest__knows_its_form),
        cmocka_unit_test(test_digest__has_a_short_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

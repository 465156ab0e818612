#include "test.h"

#include "oci/digest_private.h"

#include <slipway/alloc.h>
#include <slipway/sha256.h>

#include <openssl/evp.h>

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

/* What OpenSSL says of the first `len` bytes. */
static void digest_by_openssl(const char *data, size_t len, char out[SW_DIGEST_SIZE])
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    char hex[2 * 32 + 1];

    assert_int_equal(EVP_Digest(data, len, raw, NULL, EVP_sha256(), NULL), 1);
    sw_hex(raw, 32, hex);
    (void)snprintf(out, SW_DIGEST_SIZE, "sha256:%s", hex);
}

/* Adds `len` bytes to two hashes in parts; the second begins `lead` bytes ahead and goes faster. */
static void add_in_parts(struct sw_sha256 *a, struct sw_sha256 *b, const char *data, size_t len,
                         size_t step, size_t lead)
{
    size_t at_a = 0;
    size_t at_b = lead < len ? lead : len;

    sw_sha256_add(b, data, at_b);
    while (at_a < len || at_b < len) {
        const size_t part_a = len - at_a < step ? len - at_a : step;
        const size_t part_b = len - at_b < 2 * step ? len - at_b : 2 * step;

        const struct sw_sha256_part parts[] = { { a, data + at_a, part_a },
                                                { b, data + at_b, part_b } };

        sw_sha256_add_all(parts, SW_COUNT(parts));
        at_a += part_a;
        at_b += part_b;
    }
}

static void assert_agrees(bool built_in, const char *data, size_t len, size_t step)
{
    SW_CLEANUP(sw_sha256_cleanup) struct sw_sha256 *a = sw_sha256_new_with(built_in);
    SW_CLEANUP(sw_sha256_cleanup) struct sw_sha256 *b = sw_sha256_new_with(built_in);
    char expected[SW_DIGEST_SIZE];
    char out[SW_DIGEST_SIZE];

    digest_by_openssl(data, len, expected);
    add_in_parts(a, b, data, len, step, step / 3);
    sw_sha256_take(a, out);
    assert_string_equal(out, expected);
    sw_sha256_take(b, out);
    assert_string_equal(out, expected);
}

static void test_digest__agrees_with_openssl_however_it_is_fed(void **state)
{
    static const size_t steps[] = { 1, 63, 64, 65, 100, 1000, 4096 };
    enum { LEN_MAX = 5000 };
    SW_CLEANUP(sw_free_str) char *data = sw_xmalloc(LEN_MAX);

    (void)state;
    for (size_t i = 0; i < LEN_MAX; i++) {
        data[i] = (char)(i * i >> 3);
    }
    for (size_t i = 0; i < SW_COUNT(steps); i++) {
        /* All lengths around the ends of blocks, where the padding differs. */
        for (size_t len = 0; len <= LEN_MAX; len += len < 260 ? 1 : 787) {
            assert_agrees(/* built_in= */ false, data, len, steps[i]);
            if (sw_sha256_is_built_in()) {
                assert_agrees(/* built_in= */ true, data, len, steps[i]);
            }
        }
    }
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
        cmocka_unit_test(test_digest__agrees_with_openssl_however_it_is_fed),
        cmocka_unit_test(test_digest__knows_its_form),
        cmocka_unit_test(test_digest__has_a_short_form),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

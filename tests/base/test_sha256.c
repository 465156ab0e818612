#include "test.h"

#include <slipway/sha256.h>

#include <openssl/evp.h>

/* FIPS 180-4 examples, of one block and of two. */
static const struct example {
    const char *message;
    size_t blocks;
    uint32_t digest[SW_SHA256_WORDS];
} examples[] = {
    { "",
      1,
      { 0xe3b0c442, 0x98fc1c14, 0x9afbf4c8, 0x996fb924, 0x27ae41e4, 0x649b934c, 0xa495991b,
        0x7852b855 } },
    { "abc",
      1,
      { 0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223, 0xb00361a3, 0x96177a9c, 0xb410ff61,
        0xf20015ad } },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      2,
      { 0x248d6a61, 0xd20638b8, 0xe5c02693, 0x0c3e6039, 0xa33ce459, 0x64ff2167, 0xf6ecedd4,
        0x19db06c1 } },
};

static void need_instructions(void)
{
    if (!sw_sha256_is_built_in()) {
        print_message("this processor has no instructions for SHA-256\n");
        skip();
    }
}

/* FIPS 180-4, 5.1.1: what follows a message of `len` bytes, at the end of its last block. */
static void pad(unsigned char *end, size_t len)
{
    for (size_t i = 1; i <= 8; i++) {
        end[-(ptrdiff_t)i] = (unsigned char)((uint64_t)len * 8 >> (8 * (i - 1)));
    }
}

static void fill_blocks(const struct example *example, unsigned char *out)
{
    const size_t len = strlen(example->message);

    memset(out, 0, example->blocks * SW_SHA256_BLOCK);
    memcpy(out, example->message, len);
    out[len] = 0x80;
    pad(out + example->blocks * SW_SHA256_BLOCK, len);
}

static void test_sha256__gives_the_published_values(void **state)
{
    (void)state;
    need_instructions();
    for (size_t i = 0; i < SW_COUNT(examples); i++) {
        unsigned char padded[2 * SW_SHA256_BLOCK];
        uint32_t words[SW_SHA256_WORDS];

        fill_blocks(&examples[i], padded);
        sw_sha256_start(words);
        sw_sha256_blocks(words, padded, examples[i].blocks);
        assert_memory_equal(words, examples[i].digest, sizeof(words));
    }
}

static void test_sha256__keeps_two_messages_apart(void **state)
{
    unsigned char first[SW_SHA256_BLOCK];
    unsigned char second[SW_SHA256_BLOCK];
    uint32_t a[SW_SHA256_WORDS];
    uint32_t b[SW_SHA256_WORDS];

    (void)state;
    need_instructions();
    fill_blocks(&examples[0], first);
    fill_blocks(&examples[1], second);
    sw_sha256_start(a);
    sw_sha256_start(b);
    sw_sha256_blocks_of_two(a, first, b, second, 1);
    assert_memory_equal(a, examples[0].digest, sizeof(a));
    assert_memory_equal(b, examples[1].digest, sizeof(b));
}

/* Bytes without order, the same in each run. */
static void make_noise(unsigned char *out, size_t len)
{
    uint32_t seed = 1;

    for (size_t i = 0; i < len; i++) {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        out[i] = (unsigned char)seed;
    }
}

/* Ends the message, and compares with OpenSSL's digest of it. */
static void assert_state_of(uint32_t state[SW_SHA256_WORDS], const unsigned char *data, size_t len)
{
    unsigned char last[SW_SHA256_BLOCK] = { 0x80 };
    unsigned char expected[EVP_MAX_MD_SIZE];
    unsigned char actual[SW_SHA256_WORDS * 4];

    pad(last + sizeof(last), len);
    sw_sha256_blocks(state, last, 1);
    for (size_t i = 0; i < sizeof(actual); i++) {
        actual[i] = (unsigned char)(state[i / 4] >> (24 - 8 * (i % 4)));
    }
    assert_int_equal(EVP_Digest(data, len, expected, NULL, EVP_sha256(), NULL), 1);
    assert_memory_equal(actual, expected, sizeof(actual));
}

static void test_sha256__agrees_with_openssl(void **state)
{
    enum { BLOCKS_MAX = 40 };
    static unsigned char noise[2 * BLOCKS_MAX * SW_SHA256_BLOCK + 1];

    (void)state;
    need_instructions();
    make_noise(noise, sizeof(noise));
    for (size_t blocks = 0; blocks <= BLOCKS_MAX; blocks++) {
        const unsigned char *first = noise + blocks % 2; /* on any address */
        const unsigned char *second = first + blocks * SW_SHA256_BLOCK;
        const size_t len = blocks * SW_SHA256_BLOCK;
        uint32_t a[SW_SHA256_WORDS];
        uint32_t b[SW_SHA256_WORDS];
        uint32_t alone[SW_SHA256_WORDS];

        sw_sha256_start(a);
        sw_sha256_start(b);
        sw_sha256_start(alone);
        sw_sha256_blocks_of_two(a, first, b, second, blocks);
        sw_sha256_blocks(alone, first, blocks);
        assert_memory_equal(a, alone, sizeof(a));
        assert_state_of(a, first, len);
        assert_state_of(b, second, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256__gives_the_published_values),
        cmocka_unit_test(test_sha256__keeps_two_messages_apart),
        cmocka_unit_test(test_sha256__agrees_with_openssl),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

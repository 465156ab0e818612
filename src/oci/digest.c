#include "digest_private.h"

#include <slipway/alloc.h>
#include <slipway/buf.h>
#include <slipway/sha256.h>

#include <openssl/evp.h>

#include <stdio.h>
#include <string.h>

#define PREFIX "sha256:"

/* OpenSSL's hash or, where the processor can do that by itself, the state and what is left over. */
struct sw_sha256 {
    EVP_MD_CTX *md; /* NULL: the rest is used */
    uint32_t state[SW_SHA256_WORDS];
    uint64_t total; /* bytes */
    unsigned char kept[SW_SHA256_BLOCK];
    size_t kept_len; /* less than a block */
};

/* OpenSSL fails here only when memory is exhausted or its build lacks SHA-256. */
static void must(int ok)
{
    if (ok != 1) {
        (void)fputs("slipway: SHA-256 is not available in this OpenSSL\n", stderr);
        abort();
    }
}

static void start(struct sw_sha256 *hash)
{
    if (hash->md) {
        must(EVP_DigestInit_ex(hash->md, EVP_sha256(), NULL));
    }
    sw_sha256_start(hash->state);
    hash->total = 0;
    hash->kept_len = 0;
}

struct sw_sha256 *sw_sha256_new_with(bool built_in)
{
    struct sw_sha256 *hash = sw_xcalloc(1, sizeof(*hash));

    if (!built_in) {
        hash->md = EVP_MD_CTX_new();
        must(hash->md != NULL);
    }
    start(hash);
    return hash;
}

struct sw_sha256 *sw_sha256_new(void)
{
    return sw_sha256_new_with(sw_sha256_is_built_in());
}

void sw_sha256_free(struct sw_sha256 *hash)
{
    if (hash) {
        EVP_MD_CTX_free(hash->md);
        free(hash);
    }
}

/* Data on its way into a hash. */
struct input {
    const unsigned char *data;
    size_t len;
};

static void advance(struct input *input, size_t len)
{
    input->data += len;
    input->len -= len;
}

/* Keeps bytes for a block that is not complete; one that is now is hashed. */
static void keep(struct sw_sha256 *hash, struct input *input)
{
    size_t room = sizeof(hash->kept) - hash->kept_len;
    size_t part = input->len < room ? input->len : room;

    if (part > 0) {
        memcpy(hash->kept + hash->kept_len, input->data, part);
        hash->kept_len += part;
        advance(input, part);
    }
    if (hash->kept_len == sizeof(hash->kept)) {
        sw_sha256_blocks(hash->state, hash->kept, 1);
        hash->kept_len = 0;
    }
}

/* Counts the input, and completes the block that was begun. */
static void enter(struct sw_sha256 *hash, struct input *input)
{
    hash->total += input->len;
    if (hash->kept_len > 0) {
        keep(hash, input);
    }
}

/* Hashes all blocks that are there and keeps the rest. */
static void finish(struct sw_sha256 *hash, struct input *input)
{
    size_t blocks = input->len / SW_SHA256_BLOCK;

    if (blocks > 0) {
        sw_sha256_blocks(hash->state, input->data, blocks);
        advance(input, blocks * SW_SHA256_BLOCK);
    }
    keep(hash, input);
}

void sw_sha256_add(struct sw_sha256 *hash, const void *data, size_t len)
{
    struct input input = { data, len };

    if (len == 0) {
        return;
    }
    if (hash->md) {
        must(EVP_DigestUpdate(hash->md, data, len));
        return;
    }
    enter(hash, &input);
    finish(hash, &input);
}

/* One of two hashes that are worked on. */
struct lane {
    struct sw_sha256 *hash; /* NULL: none is left */
    struct input input;
};

/* Takes the next part that has to be hashed here; OpenSSL works on one at a time. */
static void refill(struct lane *lane, const struct sw_sha256_part *parts, size_t count,
                   size_t *next)
{
    lane->hash = NULL;
    while (*next < count && !lane->hash) {
        const struct sw_sha256_part *part = &parts[(*next)++];

        if (part->hash->md || part->len == 0) {
            sw_sha256_add(part->hash, part->data, part->len);
        } else {
            *lane = (struct lane){ part->hash, { part->data, part->len } };
            enter(lane->hash, &lane->input);
        }
    }
}

/* Hashes as many blocks as both lanes have. */
static void go_on(struct lane *a, struct lane *b)
{
    size_t blocks = (a->input.len < b->input.len ? a->input.len : b->input.len) / SW_SHA256_BLOCK;

    sw_sha256_blocks_of_two(a->hash->state, a->input.data, b->hash->state, b->input.data, blocks);
    advance(&a->input, blocks * SW_SHA256_BLOCK);
    advance(&b->input, blocks * SW_SHA256_BLOCK);
}

void sw_sha256_add_all(const struct sw_sha256_part *parts, size_t count)
{
    struct lane lanes[2];
    size_t next = 0;

    refill(&lanes[0], parts, count, &next);
    refill(&lanes[1], parts, count, &next);
    while (lanes[0].hash && lanes[1].hash) {
        go_on(&lanes[0], &lanes[1]);
        for (size_t i = 0; i < SW_COUNT(lanes); i++) {
            if (lanes[i].input.len < SW_SHA256_BLOCK) {
                finish(lanes[i].hash, &lanes[i].input);
                refill(&lanes[i], parts, count, &next);
            }
        }
    }
    for (size_t i = 0; i < SW_COUNT(lanes); i++) {
        if (lanes[i].hash) {
            finish(lanes[i].hash, &lanes[i].input);
        }
    }
}

/* FIPS 180-4, 5.1.1: a one bit, zeros, and the length in bits at the end of a block. */
static void pad(struct sw_sha256 *hash)
{
    const uint64_t bits = hash->total * 8;
    unsigned char padding[2 * SW_SHA256_BLOCK] = { 0x80 };
    size_t used = hash->kept_len + 1 + sizeof(bits);
    size_t len = (used > SW_SHA256_BLOCK ? 2 * SW_SHA256_BLOCK : SW_SHA256_BLOCK) - hash->kept_len;

    for (size_t i = 0; i < sizeof(bits); i++) {
        padding[len - 1 - i] = (unsigned char)(bits >> (8 * i));
    }
    sw_sha256_add(hash, padding, len);
}

void sw_sha256_take(struct sw_sha256 *hash, char out[SW_DIGEST_SIZE])
{
    unsigned char raw[SW_SHA256_WORDS * 4];

    if (hash->md) {
        must(EVP_DigestFinal_ex(hash->md, raw, NULL));
    } else {
        pad(hash);
        for (size_t i = 0; i < sizeof(raw); i++) {
            raw[i] = (unsigned char)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
        }
    }
    start(hash);
    memcpy(out, PREFIX, sizeof(PREFIX) - 1);
    sw_hex(raw, sizeof(raw), out + sizeof(PREFIX) - 1);
}

void sw_digest_of(struct sw_str data, char out[SW_DIGEST_SIZE])
{
    SW_CLEANUP(sw_sha256_cleanup) struct sw_sha256 *hash = sw_sha256_new();

    sw_sha256_add(hash, data.len ? data.ptr : "", data.len);
    sw_sha256_take(hash, out);
}

bool sw_digest_is_valid(struct sw_str text)
{
    if (text.len != SW_DIGEST_SIZE - 1 || !sw_str_starts(text, PREFIX)) {
        return false;
    }
    for (size_t i = sizeof(PREFIX) - 1; i < text.len; i++) {
        char c = text.ptr[i];

        if (!sw_is_digit(c) && !(c >= 'a' && c <= 'f')) {
            return false;
        }
    }
    return true;
}

void sw_digest_short(const char *digest, char out[SW_DIGEST_SHORT_SIZE])
{
    (void)snprintf(out, SW_DIGEST_SHORT_SIZE, "%.*s", SW_DIGEST_SHORT_SIZE - 1, digest);
}

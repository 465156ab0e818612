#include <slipway/digest.h>

#include <slipway/alloc.h>
#include <slipway/buf.h>

#include <openssl/evp.h>

#include <stdio.h>

#define PREFIX "sha256:"

struct sw_sha256 {
    EVP_MD_CTX *md;
};

/* OpenSSL fails here only when memory is exhausted or its build lacks SHA-256. */
static void must(int ok)
{
    if (ok != 1) {
        (void)fputs("slipway: SHA-256 is not available in this OpenSSL\n", stderr);
        abort();
    }
}

struct sw_sha256 *sw_sha256_new(void)
{
    struct sw_sha256 *hash = sw_xmalloc(sizeof(*hash));

    hash->md = EVP_MD_CTX_new();
    must(hash->md != NULL);
    must(EVP_DigestInit_ex(hash->md, EVP_sha256(), NULL));
    return hash;
}

void sw_sha256_free(struct sw_sha256 *hash)
{
    if (hash) {
        EVP_MD_CTX_free(hash->md);
        free(hash);
    }
}

void sw_sha256_add(struct sw_sha256 *hash, const void *data, size_t len)
{
    must(EVP_DigestUpdate(hash->md, data, len));
}

void sw_sha256_take(struct sw_sha256 *hash, char out[SW_DIGEST_SIZE])
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned int len = 0;

    must(EVP_DigestFinal_ex(hash->md, raw, &len));
    must(EVP_DigestInit_ex(hash->md, EVP_sha256(), NULL));
    memcpy(out, PREFIX, sizeof(PREFIX) - 1);
    sw_hex(raw, len, out + sizeof(PREFIX) - 1);
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

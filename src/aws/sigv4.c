/* SigV4, from the canonical request to the signed request. */
#include "sigv4_internal.h"

#include <slipway/alloc.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <stdlib.h>

static const char algorithm[] = "AWS4-HMAC-SHA256";

enum sw_status sigv4_digest_hex(struct sw_str data, char out[SIGV4_DIGEST_HEX_MAX],
                                struct sw_err *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int len = 0;
    if (EVP_Digest(data.len > 0 ? data.ptr : "", data.len, digest, &len, EVP_sha256(), NULL) != 1) {
        return sw_fail(err, SW_E_FAILED, "this system's OpenSSL cannot compute SHA-256");
    }
    sw_hex(digest, SIGV4_DIGEST_HEX_MAX / 2, out);
    return SW_OK;
}

static enum sw_status hmac_sha256(const unsigned char *key, size_t key_len, struct sw_str data,
                                  unsigned char out[SW_SIGV4_KEY_SIZE], struct sw_err *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int len = 0;
    const unsigned char *bytes = (const unsigned char *)(data.len > 0 ? data.ptr : "");
    if (!HMAC(EVP_sha256(), key, (int)key_len, bytes, data.len, digest, &len)) {
        return sw_fail(err, SW_E_FAILED, "this system's OpenSSL cannot compute HMAC-SHA-256");
    }
    memcpy(out, digest, SW_SIGV4_KEY_SIZE);
    OPENSSL_cleanse(digest, sizeof(digest));
    return SW_OK;
}

void sigv4_add_scope(struct sw_buf *out, const struct sw_sigv4_options *options, const char *date)
{
    sw_buf_addf(out, "%.*s/%s/%s/aws4_request", SIGV4_DATE_LEN, date, options->region,
                options->service);
}

bool sigv4_sends_token(const struct sw_credentials *credentials)
{
    return credentials->session_token && credentials->session_token[0];
}

enum sw_status sw_sigv4_string_to_sign(const struct sw_sigv4_options *options,
                                       struct sw_str canonical_request, struct sw_buf *out,
                                       struct sw_err *err)
{
    char when[SW_TIME_TEXT_MAX];
    char digest[SIGV4_DIGEST_HEX_MAX];
    sw_time_format(options->wall_ms, SW_TIME_AMZ, when);
    enum sw_status status = sigv4_digest_hex(canonical_request, digest, err);
    if (status != SW_OK) {
        return status;
    }
    sw_buf_addf(out, "%s\n%s\n", algorithm, when);
    sigv4_add_scope(out, options, when);
    sw_buf_addf(out, "\n%s", digest);
    return sw_buf_check(out, "the string to sign", err);
}

enum sw_status sw_sigv4_signing_key(const struct sw_sigv4_options *options,
                                    struct sw_str secret_access_key,
                                    unsigned char ret_key[SW_SIGV4_KEY_SIZE], struct sw_err *err)
{
    char when[SW_TIME_TEXT_MAX];
    sw_time_format(options->wall_ms, SW_TIME_AMZ, when);
    const struct sw_str parts[] = { sw_str_n(when, SIGV4_DATE_LEN), sw_str(options->region),
                                    sw_str(options->service), SW_STR("aws4_request") };
    struct sw_buf seed SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init_secret(&seed, SW_SIGV4_TEXT_MAX);
    sw_buf_add_cstr(&seed, "AWS4");
    sw_buf_add_str(&seed, secret_access_key);
    enum sw_status status = sw_buf_check(&seed, "the secret access key", err);

    unsigned char key[SW_SIGV4_KEY_SIZE] = { 0 };
    for (size_t i = 0; i < SW_COUNT(parts) && status == SW_OK; i++) {
        const unsigned char *with = i == 0 ? (const unsigned char *)seed.ptr : key;
        status = hmac_sha256(with, i == 0 ? seed.len : sizeof(key), parts[i], key, err);
    }
    if (status == SW_OK) {
        memcpy(ret_key, key, sizeof(key));
    }
    OPENSSL_cleanse(key, sizeof(key));
    return status;
}

enum sw_status sw_sigv4_signature(const unsigned char key[SW_SIGV4_KEY_SIZE],
                                  struct sw_str string_to_sign,
                                  char ret_signature[SW_SIGV4_SIGNATURE_SIZE], struct sw_err *err)
{
    unsigned char mac[SW_SIGV4_KEY_SIZE];
    enum sw_status status = hmac_sha256(key, SW_SIGV4_KEY_SIZE, string_to_sign, mac, err);
    if (status != SW_OK) {
        return status;
    }
    struct sw_buf hex SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&hex, SW_SIGV4_SIGNATURE_SIZE);
    sw_buf_add_hex(&hex, mac, sizeof(mac));
    memcpy(ret_signature, hex.ptr, SW_SIGV4_SIGNATURE_SIZE);
    return SW_OK;
}

void sw_sigv4_signed_release(struct sw_sigv4_signed *sig)
{
    for (size_t i = 0; i < sig->header_count; i++) {
        sw_free_secret(sig->headers[i].value);
    }
    sw_free_secret(sig->query);
    *sig = (struct sw_sigv4_signed){ 0 };
}

static void signed_add(struct sw_sigv4_signed *sig, const char *name, char *value)
{
    sig->headers[sig->header_count].name = name;
    sig->headers[sig->header_count].value = value;
    sig->header_count++;
}

/* Steps 1 to 4. */
static enum sw_status compute_signature(const struct sw_sigv4_request *request,
                                        const struct sw_sigv4_options *options,
                                        const struct sw_credentials *credentials,
                                        char signature[SW_SIGV4_SIGNATURE_SIZE], struct sw_err *err)
{
    struct sw_buf canonical SW_CLEANUP(sw_buf_release) = { 0 };
    struct sw_buf to_sign SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init_secret(&canonical, SW_SIGV4_TEXT_MAX);
    sw_buf_init(&to_sign, SW_SIGV4_TEXT_MAX);
    unsigned char key[SW_SIGV4_KEY_SIZE] = { 0 };

    enum sw_status status =
        sw_sigv4_canonical_request(request, options, credentials, &canonical, err);
    if (status == SW_OK) {
        status = sw_sigv4_string_to_sign(options, sw_buf_str(&canonical), &to_sign, err);
    }
    if (status == SW_OK) {
        status = sw_sigv4_signing_key(options, sw_str(credentials->secret_access_key), key, err);
    }
    if (status == SW_OK) {
        status = sw_sigv4_signature(key, sw_buf_str(&to_sign), signature, err);
    }
    OPENSSL_cleanse(key, sizeof(key));
    return status;
}

static enum sw_status sign_headers(const struct sw_sigv4_request *request,
                                   const struct sw_sigv4_options *options,
                                   const struct sw_credentials *credentials, const char *signature,
                                   struct sw_sigv4_signed *sig, struct sw_err *err)
{
    char when[SW_TIME_TEXT_MAX];
    sw_time_format(options->wall_ms, SW_TIME_AMZ, when);
    if (sigv4_sends_token(credentials)) {
        signed_add(sig, "X-Amz-Security-Token", sw_xstrdup(credentials->session_token));
    }
    signed_add(sig, "X-Amz-Date", sw_xstrdup(when));
    if (options->sign_body) {
        char digest[SIGV4_DIGEST_HEX_MAX];
        enum sw_status status = sigv4_digest_hex(request->body, digest, err);
        if (status != SW_OK) {
            return status;
        }
        signed_add(sig, "x-amz-content-sha256", sw_xstrdup(digest));
    }
    struct sw_buf value SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&value, SW_SIGV4_TEXT_MAX);
    sw_buf_addf(&value, "%s Credential=%s/", algorithm, credentials->access_key_id);
    sigv4_add_scope(&value, options, when);
    sw_buf_add_cstr(&value, ", SignedHeaders=");
    enum sw_status status = sigv4_add_signed_names(request, options, credentials, &value, err);
    if (status != SW_OK) {
        return status;
    }
    sw_buf_addf(&value, ", Signature=%s", signature);
    status = sw_buf_check(&value, "the Authorization header", err);
    if (status == SW_OK) {
        signed_add(sig, "Authorization", sw_buf_take(&value));
    }
    return status;
}

static enum sw_status sign_query(const struct sw_sigv4_request *request,
                                 const struct sw_sigv4_options *options,
                                 const struct sw_credentials *credentials, const char *signature,
                                 struct sw_sigv4_signed *sig, struct sw_err *err)
{
    struct sw_buf query SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init_secret(&query, SW_SIGV4_TEXT_MAX);
    sw_buf_add_str(&query, request->query);
    enum sw_status status =
        sigv4_add_query_params(request, options, credentials, false, &query, err);
    if (status != SW_OK) {
        return status;
    }
    sw_buf_addf(&query, "&X-Amz-Signature=%s", signature);
    status = sw_buf_check(&query, "the presigned query", err);
    if (status == SW_OK) {
        sig->query = sw_buf_take(&query);
    }
    return status;
}

enum sw_status sw_sigv4_sign(const struct sw_sigv4_request *request,
                             const struct sw_sigv4_options *options,
                             const struct sw_credentials *credentials, struct sw_sigv4_signed *ret,
                             struct sw_err *err)
{
    char signature[SW_SIGV4_SIGNATURE_SIZE] = { 0 };
    enum sw_status status = compute_signature(request, options, credentials, signature, err);
    if (status != SW_OK) {
        return status;
    }
    struct sw_sigv4_signed sig = { 0 };
    status = options->mode == SW_SIGV4_HEADER
                 ? sign_headers(request, options, credentials, signature, &sig, err)
                 : sign_query(request, options, credentials, signature, &sig, err);
    if (status != SW_OK) {
        sw_sigv4_signed_release(&sig);
        return status;
    }
    *ret = sig;
    return SW_OK;
}

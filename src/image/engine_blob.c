#include "engine_blob.h"

#include "grpc.h"

#include <slipway/alloc.h>
#include <slipway/digest.h>

#include <string.h>

enum {
    REQUEST_MAX = 256,
    FIELD_DIGEST = 1, /* of ReadContentRequest */
    FIELD_DATA = 2,   /* of ReadContentResponse */
    WORDS_MAX = 300,
};

/* An answer on its way. */
struct reading {
    struct sw_grpc_answer answer;
    const struct sw_http_sink *sink;
    bool begun; /* data has come */
};

static enum sw_status pass_on(void *ctx, const char *data, size_t len, struct sw_err *err)
{
    struct reading *reading = ctx;

    reading->begun = true;
    return reading->sink->write(reading->sink->ctx, data, len, err);
}

static enum sw_status take(void *ctx, const char *data, size_t len, struct sw_err *err)
{
    struct reading *reading = ctx;

    return sw_grpc_take(&reading->answer, data, len, err);
}

/* What the engine says itself of how it went: 0 is well. */
static enum sw_status judge(const struct sw_http_reply *reply, struct sw_err *err)
{
    const char *code = sw_http_reply_header(reply, "grpc-status");
    const char *words = sw_http_reply_header(reply, "grpc-message");

    if (reply->status != 200) {
        return sw_fail(err, SW_E_NOT_FOUND, "the answer has the HTTP status %ld", reply->status);
    }
    if (!code) {
        return sw_fail(err, SW_E_NOT_FOUND, "the answer has no gRPC status");
    }
    if (strcmp(code, "0") == 0) {
        return SW_OK;
    }
    return sw_fail(err, SW_E_NOT_FOUND, "the answer has the gRPC status %.*s%s%.*s", WORDS_MAX,
                   code, words ? ": " : "", WORDS_MAX, words ? words : "");
}

static enum sw_status call(const struct sw_engine_blobs *blobs, const char *digest,
                           const struct sw_http_sink *sink, struct sw_err *err)
{
    static const struct sw_http_header headers[] = { { "Content-Type", "application/grpc" },
                                                     { "TE", "trailers" } };
    SW_CLEANUP(sw_free_str)
    char *url = sw_xasprintf("%s/containerd.services.content.v1.Content/Read", blobs->engine->base);
    SW_CLEANUP(sw_buf_release) struct sw_buf message = { 0 };
    struct sw_http_request request = { .method = "POST",
                                       .url = url,
                                       .headers = headers,
                                       .header_count = SW_COUNT(headers),
                                       .sink = sink,
                                       .unix_socket = blobs->engine->socket,
                                       .plain_http_ok = true,
                                       .http2 = true,
                                       .stop = blobs->env };
    struct sw_http_reply reply = { 0 };
    enum sw_status status;

    sw_buf_init(&message, REQUEST_MAX);
    sw_grpc_request(FIELD_DIGEST, digest, &message);
    request.data = sw_buf_str(&message);
    status = sw_http_send(blobs->env, &request, &sw_retry_never, &reply, err);
    if (status == SW_OK) {
        status = judge(&reply, err);
    }
    sw_http_reply_release(&reply);
    return status;
}

enum sw_status sw_engine_blob_read(const void *ctx, const char *digest,
                                   const struct sw_http_sink *sink, struct sw_err *err)
{
    const struct sw_engine_blobs *blobs = ctx;
    struct reading reading = { .sink = sink };
    const struct sw_http_sink data = { pass_on, &reading };
    const struct sw_http_sink whole = { take, &reading };
    enum sw_status status;

    reading.answer = (struct sw_grpc_answer){ .field = FIELD_DATA, .sink = &data };
    status = call(blobs, digest, &whole, err);
    if (status == SW_E_NOT_FOUND && reading.begun) {
        err->status = status = SW_E_UNAVAILABLE;
    } else if (status == SW_OK && !reading.begun) {
        status = sw_fail(err, SW_E_NOT_FOUND, "nothing came");
    } else if (status == SW_OK && !sw_grpc_is_whole(&reading.answer)) {
        status = sw_fail(err, SW_E_UNAVAILABLE, "the answer was cut off");
    }
    return status == SW_OK ? SW_OK
                           : sw_wrap(err, "reading %s from the Docker engine at %s", digest,
                                     blobs->engine->shown);
}

static enum sw_status collect(void *ctx, const char *data, size_t len, struct sw_err *err)
{
    struct sw_buf *out = ctx;

    sw_buf_add(out, data, len);
    return sw_buf_check(out, "a document of the Docker engine", err);
}

enum sw_status sw_engine_document(const void *ctx, const char *digest, struct sw_buf *out,
                                  struct sw_err *err)
{
    const struct sw_http_sink sink = { collect, out };
    char actual[SW_DIGEST_SIZE];
    enum sw_status status = sw_engine_blob_read(ctx, digest, &sink, err);

    if (status != SW_OK) {
        return status;
    }
    sw_digest_of(sw_buf_str(out), actual);
    if (strcmp(actual, digest) != 0) {
        return sw_fail(err, SW_E_UNAVAILABLE, "the Docker engine gave %s in the place of %s",
                       actual, digest);
    }
    return SW_OK;
}

/* gRPC answers: what comes out does not depend on how they arrive, and is no longer than they. */

#include "fuzz.h"

#include "image/grpc.h"

enum { FIELD = 2, OUT_MAX = 1024 * 1024 };

static enum sw_status collect(void *ctx, const char *data, size_t len, SW_UNUSED struct sw_err *err)
{
    sw_buf_add(ctx, data, len);
    return SW_OK;
}

/* Feeds all of it in pieces; what comes out is `out`'s. */
static bool take(const char *data, size_t size, size_t piece, struct sw_buf *out)
{
    const struct sw_http_sink sink = { collect, out };
    struct sw_grpc_answer answer = { .field = FIELD, .sink = &sink };
    struct sw_err err = SW_ERR_INIT;
    enum sw_status status = SW_OK;

    for (size_t at = 0; status == SW_OK && at < size; at += piece) {
        size_t len = size - at < piece ? size - at : piece;

        status = sw_grpc_take(&answer, data + at, len, &err);
    }
    FUZZ_CHECK(status == SW_OK || (status == SW_E_UNAVAILABLE && err.msg[0] != '\0'));
    return status == SW_OK && sw_grpc_is_whole(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_buf once;
    struct sw_buf bytewise;
    bool whole;

    sw_buf_init(&once, OUT_MAX);
    sw_buf_init(&bytewise, OUT_MAX);
    whole = take((const char *)data, size, size + 1, &once);
    FUZZ_CHECK(take((const char *)data, size, 1, &bytewise) == whole);
    FUZZ_CHECK(sw_str_eq(sw_buf_str(&once), sw_buf_str(&bytewise)));
    FUZZ_CHECK(once.len <= size);
    sw_buf_release(&once);
    sw_buf_release(&bytewise);
    return 0;
}

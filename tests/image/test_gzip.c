#include "test.h"

#include "gzip_add.h"

#include <slipway/buf.h>
#include <slipway/stream.h>

#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

static enum sw_status collect(void *ctx, const char *data, size_t len, SW_UNUSED struct sw_err *err)
{
    sw_buf_add(ctx, data, len);
    return SW_OK;
}

/* Text that compresses like text: numbers and words. */
static void make_data(struct sw_buf *out, size_t len)
{
    for (unsigned i = 0; out->len < len; i++) {
        sw_buf_addf(out, "line %u of %zu: %x\n", i * 7919U, len, i * 2654435761U);
    }
    sw_buf_truncate(out, len);
}

static void compress_with(unsigned workers, struct sw_str data, size_t step, struct sw_buf *out)
{
    struct sw_gzip *gzip = sw_gzip_new(workers, SW_GZIP_LEVEL_DEFAULT);
    const struct sw_gzip_sink sink = { .write = collect, .ctx = out };
    struct sw_err err = SW_ERR_INIT;

    sw_gzip_begin(gzip, &sink);
    while (data.len > 0) {
        struct sw_str part = sw_str_first(data, step);

        assert_ok(gzip_add(gzip, part.ptr, part.len, &err));
        data = sw_str_from(data, part.len);
    }
    assert_ok(sw_gzip_end(gzip, &err));
    sw_gzip_free(gzip);
}

/* What zlib, another implementation, makes of one gzip member that must fill the input. */
static void unzip_with_zlib(struct sw_str packed, struct sw_buf *out)
{
    SW_CLEANUP(sw_free_str) char *block = sw_xmalloc(1 << 20);
    z_stream stream = { 0 };
    int result;

    assert_int_equal(inflateInit2(&stream, 31), Z_OK);
    stream.next_in = (z_const Bytef *)packed.ptr;
    stream.avail_in = (uInt)packed.len;
    do {
        stream.next_out = (Bytef *)block;
        stream.avail_out = 1 << 20;
        result = inflate(&stream, Z_NO_FLUSH);
        assert_true(result == Z_OK || result == Z_STREAM_END);
        sw_buf_add(out, block, (1U << 20) - stream.avail_out);
    } while (result != Z_STREAM_END);
    assert_int_equal(stream.avail_in, 0);
    (void)inflateEnd(&stream);
}

enum { MIB = 1 << 20 };

static const size_t sizes[] = { 0, 1, 1024, MIB - 1, MIB, MIB + 1, 5 * MIB + 12345 };

static void test_gzip__is_read_back_by_zlib(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(sizes); i++) {
        struct sw_buf data;
        struct sw_buf packed;
        struct sw_buf again;

        sw_buf_init(&data, SW_BUF_TEXT_MAX);
        sw_buf_init(&packed, SW_BUF_TEXT_MAX);
        sw_buf_init(&again, SW_BUF_TEXT_MAX);
        make_data(&data, sizes[i]);
        compress_with(3, sw_buf_str(&data), 100000, &packed);
        unzip_with_zlib(sw_buf_str(&packed), &again);
        assert_int_equal(again.len, data.len);
        assert_memory_equal(again.ptr, data.ptr, data.len);
        /* No time, no name, unknown system. */
        assert_memory_equal(packed.ptr, "\x1f\x8b\x08\0\0\0\0\0\x04\xff", 10);
        sw_buf_release(&data);
        sw_buf_release(&packed);
        sw_buf_release(&again);
    }
}

static void test_gzip__hashes_what_comes_in_and_what_is_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(sizes); i++) {
        SW_CLEANUP(sw_gzip_cleanup)
        struct sw_gzip *gzip = sw_gzip_new(2, SW_GZIP_LEVEL_DEFAULT);
        SW_CLEANUP(sw_sha256_cleanup) struct sw_sha256 *unpacked = sw_sha256_new();
        SW_CLEANUP(sw_sha256_cleanup) struct sw_sha256 *packed = sw_sha256_new();
        struct sw_err err = SW_ERR_INIT;
        struct sw_buf data;
        struct sw_buf out;
        const struct sw_gzip_sink sink = { collect, &out, unpacked, packed };
        char actual[SW_DIGEST_SIZE];
        char expected[SW_DIGEST_SIZE];

        sw_buf_init(&data, SW_BUF_TEXT_MAX);
        sw_buf_init(&out, SW_BUF_TEXT_MAX);
        make_data(&data, sizes[i]);
        sw_gzip_begin(gzip, &sink);
        assert_ok(gzip_add(gzip, data.ptr, data.len, &err));
        assert_ok(sw_gzip_end(gzip, &err));
        sw_sha256_take(unpacked, actual);
        sw_digest_of(sw_buf_str(&data), expected);
        assert_string_equal(actual, expected);
        sw_sha256_take(packed, actual);
        sw_digest_of(sw_buf_str(&out), expected);
        assert_string_equal(actual, expected);
        sw_buf_release(&data);
        sw_buf_release(&out);
    }
}

static void test_gzip__gives_the_same_bytes_however_it_is_fed(void **state)
{
    struct sw_buf data;
    struct sw_buf first;
    struct sw_buf second;

    (void)state;
    sw_buf_init(&data, SW_BUF_TEXT_MAX);
    sw_buf_init(&first, SW_BUF_TEXT_MAX);
    sw_buf_init(&second, SW_BUF_TEXT_MAX);
    make_data(&data, (size_t)6 * 1024 * 1024);
    compress_with(1, sw_buf_str(&data), SW_BUF_TEXT_MAX, &first);
    compress_with(4, sw_buf_str(&data), 4099, &second);
    assert_int_equal(first.len, second.len);
    assert_memory_equal(first.ptr, second.ptr, first.len);
    sw_buf_release(&data);
    sw_buf_release(&first);
    sw_buf_release(&second);
}

static void test_gzip__copes_with_data_that_does_not_compress(void **state)
{
    struct sw_buf data;
    struct sw_buf packed;
    struct sw_buf again;
    uint32_t seed = 1;

    (void)state;
    sw_buf_init(&data, SW_BUF_TEXT_MAX);
    sw_buf_init(&packed, SW_BUF_TEXT_MAX);
    sw_buf_init(&again, SW_BUF_TEXT_MAX);
    while (data.len < (size_t)3 * 1024 * 1024) {
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        sw_buf_add(&data, &seed, sizeof(seed));
    }
    compress_with(2, sw_buf_str(&data), 65536, &packed);
    assert_true(packed.len < data.len + data.len / 100);
    unzip_with_zlib(sw_buf_str(&packed), &again);
    assert_memory_equal(again.ptr, data.ptr, data.len);
    sw_buf_release(&data);
    sw_buf_release(&packed);
    sw_buf_release(&again);
}

static enum sw_status refuse(SW_UNUSED void *ctx, SW_UNUSED const char *data, SW_UNUSED size_t len,
                             struct sw_err *err)
{
    return sw_fail(err, SW_E_FAILED, "disk full");
}

static void test_gzip__passes_a_failing_sink_on_and_is_usable_again(void **state)
{
    struct sw_gzip *gzip = sw_gzip_new(2, SW_GZIP_LEVEL_DEFAULT);
    const struct sw_gzip_sink bad = { .write = refuse };
    struct sw_err err = SW_ERR_INIT;
    struct sw_buf out;
    struct sw_buf again;
    const struct sw_gzip_sink good = { .write = collect, .ctx = &out };

    (void)state;
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    sw_buf_init(&again, SW_BUF_TEXT_MAX);
    sw_gzip_begin(gzip, &bad);
    assert_fails(gzip_add(gzip, "x", 1, &err), SW_E_FAILED, "disk full");
    sw_gzip_begin(gzip, &good);
    assert_ok(gzip_add(gzip, "hello", 5, &err));
    assert_ok(sw_gzip_end(gzip, &err));
    unzip_with_zlib(sw_buf_str(&out), &again);
    assert_string_equal(again.ptr, "hello");
    sw_gzip_free(gzip);
    sw_buf_release(&out);
    sw_buf_release(&again);
}

/* Unpacks all of `packed`. */
static enum sw_status unpack(enum sw_packing packing, struct sw_str packed, struct sw_buf *out,
                             struct sw_err *err)
{
    struct sw_memory_part part = { packed.ptr, packed.len };
    SW_CLEANUP(sw_unpack_cleanup)
    struct sw_unpack *stream = sw_unpack_new(packing, sw_memory_reader(&part));
    const struct sw_reader reader = sw_unpack_reader(stream);
    char data[1000];
    size_t len = 0;
    enum sw_status status;

    do {
        status = reader.read(reader.ctx, data, sizeof(data), &len, err);
        sw_buf_add(out, data, status == SW_OK ? len : 0);
    } while (status == SW_OK && len > 0);
    return status;
}

/* The same data packed in either way. */
static void pack(enum sw_packing packing, struct sw_str data, struct sw_buf *out)
{
    if (packing == SW_PACKING_GZIP) {
        compress_with(1, data, SW_BUF_TEXT_MAX, out);
    } else {
        size_t room = ZSTD_compressBound(data.len);
        SW_CLEANUP(sw_free_str) char *packed = sw_xmalloc(room);

        ZSTD_CCtx *zstd = ZSTD_createCCtx();

        /* Frames without a checksum can be damaged without notice. */
        (void)ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, 1);
        sw_buf_add(out, packed, ZSTD_compress2(zstd, packed, room, data.ptr, data.len));
        (void)ZSTD_freeCCtx(zstd);
    }
}

static void check_unpack(enum sw_packing packing, const char *truncated, const char *damaged)
{
    struct sw_err err = SW_ERR_INIT;
    struct sw_buf data;
    struct sw_buf packed;
    struct sw_buf out;

    sw_buf_init(&data, SW_BUF_TEXT_MAX);
    sw_buf_init(&packed, SW_BUF_TEXT_MAX);
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    make_data(&data, 300000);
    pack(packing, sw_buf_str(&data), &packed);
    assert_int_equal(sw_packing_of(packed.ptr, packed.len), packing);
    assert_ok(unpack(packing, sw_buf_str(&packed), &out, &err));
    assert_int_equal(out.len, data.len);
    assert_memory_equal(out.ptr, data.ptr, data.len);

    sw_buf_clear(&out);
    assert_fails(unpack(packing, sw_str_first(sw_buf_str(&packed), packed.len - 1), &out, &err),
                 SW_E_INPUT, truncated);
    packed.ptr[packed.len / 2] ^= 0x55;
    sw_buf_clear(&out);
    assert_int_equal(unpack(packing, sw_buf_str(&packed), &out, &err), SW_E_INPUT);
    assert_non_null(strstr(err.msg, damaged));
    packed.ptr[packed.len / 2] ^= 0x55;

    /* Members and frames may follow one another. */
    pack(packing, SW_STR("more"), &packed);
    sw_buf_clear(&out);
    assert_ok(unpack(packing, sw_buf_str(&packed), &out, &err));
    assert_int_equal(out.len, data.len + 4);
    assert_string_equal(out.ptr + data.len, "more");
    sw_buf_release(&data);
    sw_buf_release(&packed);
    sw_buf_release(&out);
}

static void test_gzip__unpacks_gzip(void **state)
{
    (void)state;
    check_unpack(SW_PACKING_GZIP, "the compressed data is truncated", "the gzip data is damaged");
}

static void test_gzip__unpacks_zstd(void **state)
{
    (void)state;
    check_unpack(SW_PACKING_ZSTD, "the compressed data is truncated", "the zstd data is damaged");
}

static void test_gzip__tells_packings_apart(void **state)
{
    (void)state;
    assert_int_equal(sw_packing_of("\x1f\x8b\x08", 3), SW_PACKING_GZIP);
    assert_int_equal(sw_packing_of("\x1f\x8b", 2), SW_PACKING_NONE);
    assert_int_equal(sw_packing_of("\x28\xb5\x2f\xfd", 4), SW_PACKING_ZSTD);
    assert_int_equal(sw_packing_of("ustar", 4), SW_PACKING_NONE);
    assert_int_equal(sw_packing_of("", 0), SW_PACKING_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gzip__is_read_back_by_zlib),
        cmocka_unit_test(test_gzip__hashes_what_comes_in_and_what_is_written),
        cmocka_unit_test(test_gzip__gives_the_same_bytes_however_it_is_fed),
        cmocka_unit_test(test_gzip__copes_with_data_that_does_not_compress),
        cmocka_unit_test(test_gzip__passes_a_failing_sink_on_and_is_usable_again),
        cmocka_unit_test(test_gzip__unpacks_gzip),
        cmocka_unit_test(test_gzip__unpacks_zstd),
        cmocka_unit_test(test_gzip__tells_packings_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "test.h"

#include "gzip_add.h"
#include "image/deflate.h"

#include <slipway/alloc.h>
#include <slipway/buf.h>

#include <pthread.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

/* What is stored and what is packed, and that zlib reads both. */

enum { KIB = 1024, BLOCK = 64 * KIB, PIECE = 1024 * KIB, AGAIN = 21000 };

static void add_noise(struct sw_buf *out, size_t len)
{
    static uint64_t seed = 88172645463325252U;

    for (size_t i = 0; i < len; i++) {
        char byte;

        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        byte = (char)(seed >> 32);
        sw_buf_add(out, &byte, 1);
    }
}

static void add_text(struct sw_buf *out, size_t len)
{
    const size_t end = out->len + len;

    for (unsigned i = 0; out->len < end; i++) {
        sw_buf_addf(out, "line %u: %x\n", i * 7919U, i * 2654435761U);
    }
    sw_buf_truncate(out, end);
}

/* Packs `data` in pieces of that size, each with the window before it. */
static void deflate_all(struct sw_buf *data, size_t size, int level, struct sw_buf *out)
{
    const size_t room = 2 * size + KIB;
    SW_CLEANUP(sw_free_str) char *to = sw_xmalloc(room);
    SW_CLEANUP(sw_free_str) char *memory = sw_xmalloc(sw_deflate_memory(level));
    size_t at = 0;

    do {
        const size_t left = data->len - at;
        unsigned char *in = (unsigned char *)data->ptr + at;
        const struct sw_deflate_piece piece = {
            .in = in,
            .in_len = left < size ? left : size,
            .window = at > 0 ? in - SW_DEFLATE_WINDOW : NULL,
            .last = left <= size,
        };

        sw_buf_add(out, to,
                   sw_deflate(&piece, level, (unsigned char *)memory, (unsigned char *)to, room));
        at += piece.in_len;
    } while (at < data->len);
}

/* Asserts that `packed` is one deflate stream that ends where it should and holds `data`. */
static void assert_unpacks(const struct sw_buf *packed, const struct sw_buf *data)
{
    SW_CLEANUP(sw_free_str) char *back = sw_xmalloc(data->len + 1);
    z_stream stream = { .next_in = (z_const Bytef *)packed->ptr, .avail_in = (uInt)packed->len };

    assert_int_equal(inflateInit2(&stream, -15), Z_OK);
    stream.next_out = (Bytef *)back;
    stream.avail_out = (uInt)data->len + 1;
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.avail_in, 0);
    assert_int_equal(stream.total_out, data->len);
    (void)inflateEnd(&stream);
    if (data->len > 0) {
        assert_memory_equal(back, data->ptr, data->len);
    }
}

static void test_deflate__stores_noise(void **state)
{
    struct sw_buf data;
    struct sw_buf packed;
    struct sw_buf expected;

    (void)state;
    sw_buf_init(&data, SW_BUF_TEXT_MAX);
    sw_buf_init(&packed, SW_BUF_TEXT_MAX);
    sw_buf_init(&expected, SW_BUF_TEXT_MAX);
    add_noise(&data, BLOCK + 1000);
    deflate_all(&data, PIECE, SW_GZIP_LEVEL_DEFAULT, &packed);
    /* RFC 1951, 3.2.4: last or not, the length, its complement, the bytes. */
    sw_buf_add(&expected, "\x00\x00\x80\xff\x7f", 5);
    sw_buf_add(&expected, data.ptr, (size_t)32 * KIB);
    sw_buf_add(&expected, "\x00\x00\x80\xff\x7f", 5);
    sw_buf_add(&expected, data.ptr + (size_t)32 * KIB, (size_t)32 * KIB);
    sw_buf_add(&expected, "\x01\xe8\x03\x17\xfc", 5);
    sw_buf_add(&expected, data.ptr + BLOCK, 1000);
    assert_int_equal(packed.len, expected.len);
    assert_memory_equal(packed.ptr, expected.ptr, expected.len);
    sw_buf_release(&data);
    sw_buf_release(&packed);
    sw_buf_release(&expected);
}

/* t: 64 KiB of text, n: of noise, s: 300 bytes of noise, x: 1000 of text, r: AGAIN bytes over and
 * over.
 */
static void make_data(const char *plan, struct sw_buf *out)
{
    for (const char *part = plan; *part; part++) {
        switch (*part) {
        case 't':
            add_text(out, BLOCK);
            break;
        case 'n':
            add_noise(out, BLOCK);
            break;
        case 's':
            add_noise(out, 300);
            break;
        case 'x':
            add_text(out, 1000);
            break;
        default: {
            const size_t from = out->len - AGAIN;

            for (size_t i = 0; i < BLOCK; i++) {
                const char byte = out->ptr[from + i]; /* so that they come again and again */

                sw_buf_add(out, &byte, 1);
            }
        }
        }
    }
}

static const struct plan {
    const char *plan;
    int level;
    size_t piece;
    size_t stored; /* blocks of 64 KiB */
} plans[] = {
    { "", 1, PIECE, 0 },
    { "x", 1, PIECE, 0 },
    { "s", 1, PIECE, 0 },
    { "n", 0, PIECE, 1 },
    { "n", 1, PIECE, 1 },
    { "n", 2, PIECE, 0 },
    { "n", 3, PIECE, 0 },
    { "ntn", 1, PIECE, 2 },
    { "tntnnt", 1, PIECE, 3 },
    { "tntnnts", 0, PIECE, 3 },
    { "tnx", 1, PIECE, 1 },
    { "tns", 1, PIECE, 1 },
    /* At the ends of pieces: noise and text before and after, and a last piece that is full. */
    { "tnnttn", 1, (size_t)2 * BLOCK, 3 },
    { "ttnt", 1, (size_t)2 * BLOCK, 1 }, /* the window of the run, not of the piece */
    { "tnnt", 1, BLOCK, 2 },
    { "nnnn", 1, BLOCK, 4 },
    { "nntx", 1, BLOCK, 2 },
    /* What repeats is packed though each byte is as frequent as another. */
    { "nr", 1, PIECE, 1 },
    { "nrr", 1, BLOCK, 1 },
};

/* How many blocks are there as they are; ISA-L stores some, too, but in other lengths. */
static size_t count_stored(const struct sw_buf *data, const struct sw_buf *packed)
{
    const size_t half = (size_t)32 * KIB;
    size_t count = 0;

    for (size_t at = 0; at + BLOCK <= data->len; at += BLOCK) {
        const char *found = memmem(packed->ptr, packed->len, data->ptr + at, half);

        count += found && memcmp(found - 4, "\x00\x80\xff\x7f", 4) == 0;
    }
    return count;
}

static void test_deflate__unpacks_to_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(plans); i++) {
        const struct plan *plan = &plans[i];
        struct sw_buf data;
        struct sw_buf packed;

        sw_buf_init(&data, SW_BUF_TEXT_MAX);
        sw_buf_init(&packed, SW_BUF_TEXT_MAX);
        make_data(plan->plan, &data);
        deflate_all(&data, plan->piece, plan->level, &packed);
        assert_unpacks(&packed, &data);
        assert_int_equal(count_stored(&data, &packed), plan->stored);
        sw_buf_release(&data);
        sw_buf_release(&packed);
    }
}

/* A stream whose length is a multiple of the pieces ends with an empty one. */
static void test_deflate__ends_with_an_empty_piece(void **state)
{
    struct sw_buf data;
    struct sw_buf packed;
    unsigned char out[KIB];
    unsigned char memory[1] = { 0 };
    SW_CLEANUP(sw_free_str) char *real = sw_xmalloc(sw_deflate_memory(SW_GZIP_LEVEL_DEFAULT));
    struct sw_deflate_piece piece = { .in = memory, .last = true };

    (void)state;
    sw_buf_init(&data, SW_BUF_TEXT_MAX);
    sw_buf_init(&packed, SW_BUF_TEXT_MAX);
    add_noise(&data, BLOCK);
    /* A stored block that is not the last one, and what the empty piece makes of itself. */
    sw_buf_add(&packed, "\x00\x00\x80\xff\x7f", 5);
    sw_buf_add(&packed, data.ptr, (size_t)32 * KIB);
    sw_buf_add(&packed, "\x00\x00\x80\xff\x7f", 5);
    sw_buf_add(&packed, data.ptr + (size_t)32 * KIB, (size_t)32 * KIB);
    piece.window = (unsigned char *)data.ptr + BLOCK - SW_DEFLATE_WINDOW;
    sw_buf_add(&packed, out,
               sw_deflate(&piece, SW_GZIP_LEVEL_DEFAULT, (unsigned char *)real, out, sizeof(out)));
    assert_unpacks(&packed, &data);
    sw_buf_release(&data);
    sw_buf_release(&packed);
}

static enum sw_status collect(void *ctx, const char *data, size_t len, SW_UNUSED struct sw_err *err)
{
    sw_buf_add(ctx, data, len);
    return SW_OK;
}

static void gzip_with(unsigned workers, const struct sw_buf *data, struct sw_buf *out)
{
    SW_CLEANUP(sw_gzip_cleanup)
    struct sw_gzip *gzip = sw_gzip_new(workers, SW_GZIP_LEVEL_DEFAULT);
    const struct sw_gzip_sink sink = { .write = collect, .ctx = out };
    struct sw_err err = SW_ERR_INIT;

    sw_gzip_begin(gzip, &sink);
    assert_ok(gzip_add(gzip, data->ptr, data->len, &err));
    assert_ok(sw_gzip_end(gzip, &err));
}

/* Each number of processors gives the same bytes, also where noise lies across pieces. */
static void test_deflate__is_the_same_on_all_processors(void **state)
{
    struct sw_buf data;
    struct sw_buf first;

    (void)state;
    sw_buf_init(&data, SW_BUF_TEXT_MAX);
    sw_buf_init(&first, SW_BUF_TEXT_MAX);
    make_data("tntnnttnttttttnnnntnnttxttnntnnnnntntntnntnnttnt", &data);
    gzip_with(1, &data, &first);
    for (unsigned workers = 2; workers <= SW_GZIP_WORKERS_MAX; workers++) {
        struct sw_buf other;

        sw_buf_init(&other, SW_BUF_TEXT_MAX);
        gzip_with(workers, &data, &other);
        assert_int_equal(other.len, first.len);
        assert_memory_equal(other.ptr, first.ptr, first.len);
        sw_buf_release(&other);
    }
    sw_buf_release(&data);
    sw_buf_release(&first);
}

/* Packs the data as one piece, with the stack so many times 64 KiB further down. */
__attribute__((noinline)) static void deflate_down(unsigned depth, struct sw_buf *data, int level,
                                                   struct sw_buf *out)
{
    volatile char room[64 * KIB];

    room[depth] = 0;
    if (depth > 0) {
        deflate_down(depth - 1, data, level, out);
    } else {
        deflate_all(data, PIECE, level, out);
    }
    if (room[depth] != 0) { /* after the call: it needs a frame of its own */
        abort();
    }
}

/* Counts where the stack was when something else came out. */
static void *count_differences(void *ctx)
{
    unsigned *differences = ctx;
    struct sw_buf data;

    sw_buf_init(&data, SW_BUF_TEXT_MAX);
    for (unsigned i = 0; i < 12; i++) {
        sw_buf_addf(&data, "....%04x", i * 40503U & 0xffffU);
    }
    for (unsigned i = 0; i < 256 * (SW_GZIP_LEVEL_MAX + 1); i++) {
        const int level = (int)(i / 256);
        struct sw_buf first;
        struct sw_buf other;

        sw_buf_init(&first, SW_BUF_TEXT_MAX);
        sw_buf_init(&other, SW_BUF_TEXT_MAX);
        deflate_down(0, &data, level, &first);
        deflate_down(i % 256, &data, level, &other);
        *differences += !sw_str_eq(sw_buf_str(&first), sw_buf_str(&other));
        sw_buf_release(&first);
        sw_buf_release(&other);
    }
    sw_buf_release(&data);
    return NULL;
}

/* How deep in the stack packing happens, and where a thread has its stack, is never the same. */
static void test_deflate__is_the_same_wherever_the_stack_is(void **state)
{
    const size_t room = (size_t)64 * 1024 * KIB;
    unsigned differences = 0;
    pthread_attr_t attributes;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, room), 0);
    assert_int_equal(pthread_create(&thread, &attributes, count_differences, &differences), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(differences, 0);
    (void)pthread_attr_destroy(&attributes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deflate__stores_noise),
        cmocka_unit_test(test_deflate__unpacks_to_the_same),
        cmocka_unit_test(test_deflate__ends_with_an_empty_piece),
        cmocka_unit_test(test_deflate__is_the_same_on_all_processors),
        cmocka_unit_test(test_deflate__is_the_same_wherever_the_stack_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

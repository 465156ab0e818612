#include <slipway/gzip.h>

#include <slipway/alloc.h>

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>

#include <pthread.h>
#include <string.h>

enum {
    PIECE_SIZE = 1024 * 1024,
    OUT_SIZE = 2 * PIECE_SIZE, /* level 1 never comes near */
    WINDOW = 32 * 1024,
    SLOTS_MAX = SW_GZIP_WORKERS_MAX + 2,
};

enum slot_state { SLOT_FREE, SLOT_FILLED, SLOT_BUSY, SLOT_DONE };

struct slot {
    enum slot_state state; /* guarded by the lock */
    bool last;
    size_t in_len;
    size_t window_len;
    size_t out_len;
    unsigned char in[PIECE_SIZE];
    unsigned char window[WINDOW]; /* the input before this piece */
    unsigned char out[OUT_SIZE];
};

/*
 * The slots form a ring: the adding thread fills them in order at `head` and takes results in
 * order at `tail`; workers take any filled one.
 */
struct sw_gzip {
    struct sw_gzip_sink sink;
    struct slot *slots[SLOTS_MAX];
    size_t slot_count;
    size_t head;
    size_t tail;
    size_t pending; /* slots between tail and head */
    struct slot *filling;
    uint32_t crc;
    uint32_t total;
    bool header_written;

    pthread_t threads[SW_GZIP_WORKERS_MAX];
    unsigned thread_count;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    pthread_cond_t done;
    bool quit;
};

static void compress_piece(struct slot *slot, unsigned char *level_buf)
{
    struct isal_zstream stream;

    isal_deflate_init(&stream);
    stream.level = 1;
    stream.level_buf = level_buf;
    stream.level_buf_size = ISAL_DEF_LVL1_DEFAULT;
    stream.gzip_flag = IGZIP_DEFLATE;
    stream.end_of_stream = slot->last;
    stream.flush = slot->last ? NO_FLUSH : SYNC_FLUSH;
    if (slot->window_len > 0) {
        (void)isal_deflate_set_dict(&stream, slot->window, (uint32_t)slot->window_len);
    }
    stream.next_in = slot->in;
    stream.avail_in = (uint32_t)slot->in_len;
    stream.next_out = slot->out;
    stream.avail_out = OUT_SIZE;
    /* Cannot fail with these settings, and the output has room for twice the input. */
    if (isal_deflate(&stream) != COMP_OK || stream.avail_in > 0 || stream.avail_out == 0) {
        abort();
    }
    slot->out_len = OUT_SIZE - stream.avail_out;
}

static struct slot *next_filled(struct sw_gzip *gzip)
{
    for (size_t i = 0; i < gzip->pending; i++) {
        struct slot *slot = gzip->slots[(gzip->tail + i) % gzip->slot_count];

        if (slot->state == SLOT_FILLED) {
            return slot;
        }
    }
    return NULL;
}

static void *work(void *ctx)
{
    struct sw_gzip *gzip = ctx;
    unsigned char *level_buf = sw_xmalloc(ISAL_DEF_LVL1_DEFAULT);

    (void)pthread_mutex_lock(&gzip->lock);
    for (;;) {
        struct slot *slot = next_filled(gzip);

        if (slot) {
            slot->state = SLOT_BUSY;
            (void)pthread_mutex_unlock(&gzip->lock);
            compress_piece(slot, level_buf);
            (void)pthread_mutex_lock(&gzip->lock);
            slot->state = SLOT_DONE;
            (void)pthread_cond_signal(&gzip->done);
        } else if (gzip->quit) {
            break;
        } else {
            (void)pthread_cond_wait(&gzip->filled, &gzip->lock);
        }
    }
    (void)pthread_mutex_unlock(&gzip->lock);
    free(level_buf);
    return NULL;
}

struct sw_gzip *sw_gzip_new(unsigned workers)
{
    struct sw_gzip *gzip = sw_xcalloc(1, sizeof(*gzip));

    workers = workers < 1 ? 1 : workers;
    workers = workers > SW_GZIP_WORKERS_MAX ? SW_GZIP_WORKERS_MAX : workers;
    gzip->slot_count = workers + 2;
    for (size_t i = 0; i < gzip->slot_count; i++) {
        gzip->slots[i] = sw_xmalloc(sizeof(*gzip->slots[i]));
        gzip->slots[i]->state = SLOT_FREE;
    }
    (void)pthread_mutex_init(&gzip->lock, NULL);
    (void)pthread_cond_init(&gzip->filled, NULL);
    (void)pthread_cond_init(&gzip->done, NULL);
    for (unsigned i = 0; i < workers; i++) {
        if (pthread_create(&gzip->threads[i], NULL, work, gzip) != 0) {
            break;
        }
        gzip->thread_count++;
    }
    return gzip;
}

/* Takes the oldest piece back, compressed. Without any thread the work is done here. */
static struct slot *take_oldest(struct sw_gzip *gzip)
{
    struct slot *slot = gzip->slots[gzip->tail];

    if (gzip->thread_count == 0) {
        unsigned char *level_buf = sw_xmalloc(ISAL_DEF_LVL1_DEFAULT);

        compress_piece(slot, level_buf);
        free(level_buf);
        slot->state = SLOT_DONE;
    }
    (void)pthread_mutex_lock(&gzip->lock);
    while (slot->state != SLOT_DONE) {
        (void)pthread_cond_wait(&gzip->done, &gzip->lock);
    }
    slot->state = SLOT_FREE;
    gzip->tail = (gzip->tail + 1) % gzip->slot_count;
    gzip->pending--;
    (void)pthread_mutex_unlock(&gzip->lock);
    return slot;
}

static void drop_all(struct sw_gzip *gzip)
{
    while (gzip->pending > 0) {
        (void)take_oldest(gzip);
    }
    gzip->filling = NULL;
}

void sw_gzip_free(struct sw_gzip *gzip)
{
    if (!gzip) {
        return;
    }
    drop_all(gzip);
    (void)pthread_mutex_lock(&gzip->lock);
    gzip->quit = true;
    (void)pthread_cond_broadcast(&gzip->filled);
    (void)pthread_mutex_unlock(&gzip->lock);
    for (unsigned i = 0; i < gzip->thread_count; i++) {
        (void)pthread_join(gzip->threads[i], NULL);
    }
    (void)pthread_cond_destroy(&gzip->filled);
    (void)pthread_cond_destroy(&gzip->done);
    (void)pthread_mutex_destroy(&gzip->lock);
    for (size_t i = 0; i < gzip->slot_count; i++) {
        free(gzip->slots[i]);
    }
    free(gzip);
}

/* The slot at the head of the ring, empty, with the window of the piece before. */
static void start_piece(struct sw_gzip *gzip, const struct slot *before)
{
    struct slot *slot = gzip->slots[gzip->head];

    slot->in_len = 0;
    slot->window_len = 0;
    slot->last = false;
    if (before) {
        /* Every piece but the last is full. */
        memcpy(slot->window, before->in + PIECE_SIZE - WINDOW, WINDOW);
        slot->window_len = WINDOW;
    }
    gzip->filling = slot;
}

void sw_gzip_begin(struct sw_gzip *gzip, const struct sw_gzip_sink *sink)
{
    drop_all(gzip);
    gzip->sink = *sink;
    gzip->crc = 0;
    gzip->total = 0;
    gzip->header_written = false;
    start_piece(gzip, NULL);
}

static void submit(struct sw_gzip *gzip, bool last)
{
    (void)pthread_mutex_lock(&gzip->lock);
    gzip->filling->last = last;
    gzip->filling->state = SLOT_FILLED;
    gzip->head = (gzip->head + 1) % gzip->slot_count;
    gzip->pending++;
    (void)pthread_cond_signal(&gzip->filled);
    (void)pthread_mutex_unlock(&gzip->lock);
}

static enum sw_status write_header(struct sw_gzip *gzip, struct sw_err *err)
{
    /* RFC 1952: deflate, no flags, no time, fastest compressor, unknown system. */
    static const unsigned char header[10] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255 };

    if (gzip->header_written) {
        return SW_OK;
    }
    gzip->header_written = true;
    return gzip->sink.write(gzip->sink.ctx, (const char *)header, sizeof(header), err);
}

/* Writes the oldest pieces until at most `left` are in work. */
static enum sw_status drain(struct sw_gzip *gzip, size_t left, struct sw_err *err)
{
    while (gzip->pending > left) {
        const struct slot *slot = take_oldest(gzip);
        enum sw_status status =
            gzip->sink.write(gzip->sink.ctx, (const char *)slot->out, slot->out_len, err);

        if (status != SW_OK) {
            return status;
        }
    }
    return SW_OK;
}

/* Hands the full piece to the workers and starts the next one. */
static enum sw_status next_piece(struct sw_gzip *gzip, struct sw_err *err)
{
    const struct slot *before = gzip->filling;
    enum sw_status status = SW_OK;

    submit(gzip, /* last= */ false);
    /* One slot stays free for filling; `before` is still in the ring, or kept its input. */
    status = drain(gzip, gzip->slot_count - 1, err);
    start_piece(gzip, before);
    return status;
}

enum sw_status sw_gzip_add(struct sw_gzip *gzip, const char *data, size_t len, struct sw_err *err)
{
    enum sw_status status = write_header(gzip, err);

    gzip->crc = crc32_gzip_refl(gzip->crc, (const unsigned char *)data, len);
    gzip->total += (uint32_t)len;
    while (len > 0 && status == SW_OK) {
        struct slot *slot = gzip->filling;
        size_t room = PIECE_SIZE - slot->in_len;
        size_t part = len < room ? len : room;

        memcpy(slot->in + slot->in_len, data, part);
        slot->in_len += part;
        data += part;
        len -= part;
        if (slot->in_len == PIECE_SIZE) {
            status = next_piece(gzip, err);
        }
    }
    return status;
}

static void put_le32(unsigned char out[4], uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        out[i] = (unsigned char)(value >> (8 * i));
    }
}

enum sw_status sw_gzip_end(struct sw_gzip *gzip, struct sw_err *err)
{
    unsigned char trailer[8];
    enum sw_status status = write_header(gzip, err);

    submit(gzip, /* last= */ true);
    gzip->filling = NULL;
    if (status == SW_OK) {
        status = drain(gzip, 0, err);
    }
    if (status != SW_OK) {
        return status;
    }
    put_le32(trailer, gzip->crc);
    put_le32(trailer + 4, gzip->total);
    return gzip->sink.write(gzip->sink.ctx, (const char *)trailer, sizeof(trailer), err);
}

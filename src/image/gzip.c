#include <slipway/gzip.h>

#include "deflate.h"

#include <slipway/alloc.h>

#include <isa-l/crc.h>

#include <pthread.h>
#include <string.h>

enum {
    PIECE_SIZE = 1024 * 1024,
    /* No level comes near, and what is not used takes no memory. */
    OUT_SIZE = 2 * PIECE_SIZE + 1024,
    SLOT_ALIGN = 4096,
    /* One is being filled; the others are work for as long as who fills them gets no processor. */
    SLOTS_AHEAD = 4,
    SLOTS_MAX = SW_GZIP_WORKERS_MAX + SLOTS_AHEAD,
};

enum slot_state { SLOT_FREE, SLOT_FILLED, SLOT_BUSY, SLOT_DONE };

struct slot {
    enum slot_state state; /* guarded by the lock */
    bool last;
    bool has_window;
    size_t in_len;
    size_t out_len;
    size_t out_hashed; /* of out, once it is written */
    _Alignas(SLOT_ALIGN) unsigned char in[PIECE_SIZE];
    unsigned char window[SW_DEFLATE_WINDOW]; /* the input before this piece */
    unsigned char out[OUT_SIZE];
};

/*
 * The slots form a ring: the adding thread fills them at `head`, workers take any filled one, and
 * whichever worker finishes the oldest one writes what is complete, in order, while that is still
 * in its cache. What a slot wrote is hashed when it is filled again, beside the new input: two
 * hashes at once take hardly longer than one.
 */
struct sw_gzip {
    int level;
    struct sw_gzip_sink sink;
    struct slot *slots[SLOTS_MAX];
    size_t slot_count;
    size_t head;
    struct slot *filling;
    uint32_t crc;
    uint32_t total;
    bool begun;

    pthread_t threads[SW_GZIP_WORKERS_MAX];
    unsigned thread_count;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t filled;
    pthread_cond_t freed;
    size_t tail;
    size_t pending; /* slots between tail and head */
    bool writing;   /* a worker has the sink */
    bool dropping;  /* nothing more is to be written */
    bool quit;
    struct sw_err err; /* the sink's failure; status SW_OK: none */
};

static void compress_piece(const struct sw_gzip *gzip, struct slot *slot, unsigned char *memory)
{
    const struct sw_deflate_piece piece = {
        .in = slot->in,
        .in_len = slot->in_len,
        .window = slot->has_window ? slot->window : NULL,
        .last = slot->last,
    };

    slot->out_len = sw_deflate(&piece, gzip->level, memory, slot->out, OUT_SIZE);
    slot->out_hashed = 0;
}

/* The lock is held. */
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

/* Writes one slot unless all is lost. The lock is held, and released for the writing. */
static void write_slot(struct sw_gzip *gzip, const struct slot *slot)
{
    struct sw_err err = SW_ERR_INIT;
    enum sw_status status;

    if (gzip->dropping || gzip->err.status != SW_OK) {
        return;
    }
    (void)pthread_mutex_unlock(&gzip->lock);
    status = gzip->sink.write(gzip->sink.ctx, (const char *)slot->out, slot->out_len, &err);
    (void)pthread_mutex_lock(&gzip->lock);
    if (status != SW_OK) {
        gzip->err = err;
    }
}

/* Writes what is complete, when nobody does. The lock is held. */
static void write_done(struct sw_gzip *gzip)
{
    if (gzip->writing) {
        return;
    }
    gzip->writing = true;
    while (gzip->pending > 0 && gzip->slots[gzip->tail]->state == SLOT_DONE) {
        struct slot *slot = gzip->slots[gzip->tail];

        write_slot(gzip, slot);
        slot->state = SLOT_FREE;
        gzip->tail = (gzip->tail + 1) % gzip->slot_count;
        gzip->pending--;
        (void)pthread_cond_signal(&gzip->freed);
    }
    gzip->writing = false;
}

/* The lock is held, and released for the work. */
static void work_on(struct sw_gzip *gzip, struct slot *slot, unsigned char *memory)
{
    bool dropping = gzip->dropping || gzip->err.status != SW_OK;

    slot->state = SLOT_BUSY;
    if (!dropping) {
        (void)pthread_mutex_unlock(&gzip->lock);
        compress_piece(gzip, slot, memory);
        (void)pthread_mutex_lock(&gzip->lock);
    }
    slot->state = SLOT_DONE;
    write_done(gzip);
}

static unsigned char *new_memory(const struct sw_gzip *gzip)
{
    return sw_xmalloc(sw_deflate_memory(gzip->level));
}

static void *work(void *ctx)
{
    struct sw_gzip *gzip = ctx;
    unsigned char *memory = new_memory(gzip);

    (void)pthread_mutex_lock(&gzip->lock);
    for (;;) {
        struct slot *slot = next_filled(gzip);

        if (slot) {
            work_on(gzip, slot, memory);
        } else if (gzip->quit) {
            break;
        } else {
            (void)pthread_cond_wait(&gzip->filled, &gzip->lock);
        }
    }
    (void)pthread_mutex_unlock(&gzip->lock);
    free(memory);
    return NULL;
}

/* The kernel copies fastest to where a page begins. */
static struct slot *new_slot(void)
{
    struct slot *slot = sw_xaligned(SLOT_ALIGN, sizeof(*slot));

    slot->state = SLOT_FREE;
    slot->out_len = 0;
    slot->out_hashed = 0;
    return slot;
}

struct sw_gzip *sw_gzip_new(unsigned workers, int level)
{
    struct sw_gzip *gzip = sw_xcalloc(1, sizeof(*gzip));

    workers = workers < 1 ? 1 : workers;
    workers = workers > SW_GZIP_WORKERS_MAX ? SW_GZIP_WORKERS_MAX : workers;
    gzip->level = level;
    gzip->slot_count = workers + SLOTS_AHEAD;
    for (size_t i = 0; i < gzip->slot_count; i++) {
        gzip->slots[i] = new_slot();
    }
    (void)pthread_mutex_init(&gzip->lock, NULL);
    (void)pthread_cond_init(&gzip->filled, NULL);
    (void)pthread_cond_init(&gzip->freed, NULL);
    for (unsigned i = 0; i < workers; i++) {
        if (pthread_create(&gzip->threads[i], NULL, work, gzip) != 0) {
            break;
        }
        gzip->thread_count++;
    }
    return gzip;
}

/* Waits until at most `left` slots are in work; the sink's failure, if any. */
static enum sw_status wait_pending(struct sw_gzip *gzip, size_t left, struct sw_err *err)
{
    enum sw_status status;

    (void)pthread_mutex_lock(&gzip->lock);
    while (gzip->pending > left) {
        (void)pthread_cond_wait(&gzip->freed, &gzip->lock);
    }
    status = gzip->err.status;
    if (status != SW_OK) {
        *err = gzip->err;
    }
    (void)pthread_mutex_unlock(&gzip->lock);
    return status;
}

void sw_gzip_stop(struct sw_gzip *gzip)
{
    struct sw_err ignored = SW_ERR_INIT;

    (void)pthread_mutex_lock(&gzip->lock);
    gzip->dropping = true;
    (void)pthread_mutex_unlock(&gzip->lock);
    (void)wait_pending(gzip, 0, &ignored);
    gzip->filling = NULL;
}

void sw_gzip_free(struct sw_gzip *gzip)
{
    if (!gzip) {
        return;
    }
    sw_gzip_stop(gzip);
    (void)pthread_mutex_lock(&gzip->lock);
    gzip->quit = true;
    (void)pthread_cond_broadcast(&gzip->filled);
    (void)pthread_mutex_unlock(&gzip->lock);
    for (unsigned i = 0; i < gzip->thread_count; i++) {
        (void)pthread_join(gzip->threads[i], NULL);
    }
    (void)pthread_cond_destroy(&gzip->filled);
    (void)pthread_cond_destroy(&gzip->freed);
    (void)pthread_mutex_destroy(&gzip->lock);
    for (size_t i = 0; i < gzip->slot_count; i++) {
        free(gzip->slots[i]);
    }
    free(gzip);
}

/* Empties the slot at the head of the ring and gives it the window of the piece before. */
static void start_piece(struct sw_gzip *gzip, const struct slot *before)
{
    struct slot *slot = gzip->slots[gzip->head];

    slot->in_len = 0;
    slot->has_window = before != NULL;
    slot->last = false;
    if (before) {
        /* Every piece but the last is full, and stays so until this thread fills it again. */
        memcpy(slot->window, before->in + PIECE_SIZE - SW_DEFLATE_WINDOW, SW_DEFLATE_WINDOW);
    }
    gzip->filling = slot;
}

void sw_gzip_begin(struct sw_gzip *gzip, const struct sw_gzip_sink *sink)
{
    sw_gzip_stop(gzip);
    for (size_t i = 0; i < gzip->slot_count; i++) {
        gzip->slots[i]->out_len = 0;
        gzip->slots[i]->out_hashed = 0;
    }
    gzip->sink = *sink;
    gzip->crc = 0;
    gzip->total = 0;
    gzip->begun = false;
    /* No worker has anything to do now. */
    gzip->dropping = false;
    gzip->err = (struct sw_err)SW_ERR_INIT;
    start_piece(gzip, NULL);
}

size_t sw_gzip_to_hash(struct sw_gzip *gzip, size_t len,
                       struct sw_sha256_part ret_parts[SW_GZIP_PARTS])
{
    struct slot *slot = gzip->filling;
    const size_t room = PIECE_SIZE - slot->in_len;
    const uint64_t left = slot->out_len - slot->out_hashed;
    /* Spread over the piece, so that there is some beside each part of it. */
    const size_t old = (size_t)(left * len / room);

    if (!gzip->sink.unpacked) {
        return 0;
    }
    ret_parts[0] = (struct sw_sha256_part){ gzip->sink.unpacked, slot->in + slot->in_len, len };
    ret_parts[1] = (struct sw_sha256_part){ gzip->sink.packed, slot->out + slot->out_hashed, old };
    slot->out_hashed += old;
    return SW_GZIP_PARTS;
}

/* Hashes what a slot wrote and nobody has hashed yet. */
static void hash_rest(const struct sw_gzip *gzip, struct slot *slot)
{
    if (gzip->sink.packed) {
        sw_sha256_add(gzip->sink.packed, slot->out + slot->out_hashed,
                      slot->out_len - slot->out_hashed);
        slot->out_hashed = slot->out_len;
    }
}

static void submit(struct sw_gzip *gzip, bool last)
{
    struct slot *slot = gzip->filling;

    hash_rest(gzip, slot);
    (void)pthread_mutex_lock(&gzip->lock);
    slot->last = last;
    slot->state = SLOT_FILLED;
    gzip->head = (gzip->head + 1) % gzip->slot_count;
    gzip->pending++;
    if (gzip->thread_count == 0) {
        unsigned char *memory = new_memory(gzip);

        work_on(gzip, slot, memory); /* no thread could be started */
        free(memory);
    }
    (void)pthread_cond_signal(&gzip->filled);
    (void)pthread_mutex_unlock(&gzip->lock);
}

/* Writes what surrounds the pieces, while no worker writes. */
static enum sw_status write_frame(struct sw_gzip *gzip, const unsigned char *data, size_t len,
                                  struct sw_err *err)
{
    if (gzip->sink.packed) {
        sw_sha256_add(gzip->sink.packed, data, len);
    }
    return gzip->sink.write(gzip->sink.ctx, (const char *)data, len, err);
}

static enum sw_status write_header(struct sw_gzip *gzip, struct sw_err *err)
{
    /* RFC 1952: deflate, no flags, no time, fastest compressor, unknown system. */
    static const unsigned char header[10] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255 };

    if (gzip->begun) {
        return SW_OK;
    }
    gzip->begun = true;
    return write_frame(gzip, header, sizeof(header), err);
}

char *sw_gzip_room(struct sw_gzip *gzip, size_t *ret_room)
{
    struct slot *slot = gzip->filling;

    *ret_room = PIECE_SIZE - slot->in_len;
    return (char *)slot->in + slot->in_len;
}

enum sw_status sw_gzip_fill(struct sw_gzip *gzip, size_t len, struct sw_err *err)
{
    struct slot *slot = gzip->filling;
    enum sw_status status = write_header(gzip, err);

    gzip->crc = crc32_gzip_refl(gzip->crc, slot->in + slot->in_len, len);
    gzip->total += (uint32_t)len;
    slot->in_len += len;
    if (status != SW_OK || slot->in_len < PIECE_SIZE) {
        return status;
    }
    submit(gzip, /* last= */ false);
    /* One slot is free for filling. */
    status = wait_pending(gzip, gzip->slot_count - 1, err);
    start_piece(gzip, slot);
    return status;
}

static void put_le32(unsigned char out[4], uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        out[i] = (unsigned char)(value >> (8 * i));
    }
}

enum sw_status sw_gzip_close(struct sw_gzip *gzip, struct sw_err *err)
{
    enum sw_status status = write_header(gzip, err);

    if (status == SW_OK) {
        submit(gzip, /* last= */ true);
        gzip->filling = NULL;
    }
    return status;
}

bool sw_gzip_is_busy(struct sw_gzip *gzip)
{
    bool busy;

    (void)pthread_mutex_lock(&gzip->lock);
    busy = gzip->pending > 0;
    (void)pthread_mutex_unlock(&gzip->lock);
    return busy;
}

enum sw_status sw_gzip_end(struct sw_gzip *gzip, struct sw_err *err)
{
    unsigned char trailer[8];
    enum sw_status status = gzip->filling ? sw_gzip_close(gzip, err) : SW_OK;

    if (status == SW_OK) {
        status = wait_pending(gzip, 0, err);
    }
    if (status != SW_OK) {
        return status;
    }
    for (size_t i = 0; i < gzip->slot_count; i++) {
        hash_rest(gzip, gzip->slots[(gzip->head + i) % gzip->slot_count]); /* oldest first */
    }
    put_le32(trailer, gzip->crc);
    put_le32(trailer + 4, gzip->total);
    return write_frame(gzip, trailer, sizeof(trailer), err);
}

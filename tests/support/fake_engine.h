#ifndef SLIPWAY_FAKE_ENGINE_H
#define SLIPWAY_FAKE_ENGINE_H

/*
 * A Docker engine with the containerd image store, in memory, behind a fake_http handler: it tells
 * of one image, gives what it has stored blob by blob as Docker 29 does, and exports an archive.
 * Requests for anybody else go to a registry.
 *
 *     struct fake_engine engine;
 *     fake_engine_init(&engine, &registry);
 *     fake.handler = fake_engine_answer;
 *     fake.handler_ctx = &engine;
 */

#include "fake_registry.h"

enum { FAKE_ENGINE_BLOBS_MAX = 32 };

struct fake_engine_blob {
    char digest[SW_DIGEST_SIZE];
    struct sw_str bytes; /* borrowed */
    unsigned reads;      /* so far */
};

struct fake_engine {
    struct fake_registry *registry;
    struct sw_buf inspect; /* the answer about the image */
    struct sw_buf details; /* the same with what there is of each platform */
    struct sw_str archive; /* what is exported; borrowed */
    bool silent;           /* it speaks HTTP/1.1 only: there are no blobs */
    long status;           /* of the answer to a call for a blob; 0: 200 */
    const char *changed;   /* digest of a blob that comes with another last byte */
    const char *cut;       /* digest of a blob that comes without its last bytes */
    size_t piece;          /* bytes of a blob in one message; 0: 1000 */
    unsigned exports;      /* so far */
    struct fake_engine_blob blobs[FAKE_ENGINE_BLOBS_MAX];
    size_t blob_count;
    struct sw_buf answers[256]; /* given so far */
    size_t answer_count;
};

void fake_engine_init(struct fake_engine *engine, struct fake_registry *registry);
void fake_engine_release(struct fake_engine *engine);
fake_http_handler fake_engine_answer;

/* Stores a blob; its digest is computed. */
void fake_engine_add(struct fake_engine *engine, struct sw_str bytes);
void fake_engine_remove(struct fake_engine *engine, const char *digest);
/* How often a blob was asked for. */
unsigned fake_engine_reads(struct fake_engine *engine, const char *digest);
/* Says that the engine has all of these manifests. */
void fake_engine_set_available(struct fake_engine *engine, const char *const *digests,
                               size_t count);
/* Says of the image what the engine would: its target, and the platform that it would choose. */
void fake_engine_set(struct fake_engine *engine, const char *media_type, const char *digest,
                     const char *architecture);

#endif

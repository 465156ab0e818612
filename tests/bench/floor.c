/*
 * The least that a push of these bytes takes: reading them, hashing them with SHA-256, two pieces
 * side by side where that is faster, and compressing them as slipway does, on all processors, and
 * nothing else. Prints the seconds that took.
 *
 * usage: floor FILE
 */

#include "image/deflate.h"

#include <slipway/gzip.h>
#include <slipway/sha256.h>

#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 1024 * 1024, LANES = 2, THREADS_MAX = 64 };

struct job {
    int fd;
    off_t size;
    atomic_llong next; /* offset of the pieces that nobody has taken yet */
    atomic_bool failed;
};

struct buffers {
    unsigned char in[LANES][PIECE];
    size_t len[LANES];
    unsigned char out[2 * PIECE + 1024];
    unsigned char *memory;
};

static int hash(const struct buffers *buffers)
{
    unsigned char digest[EVP_MAX_MD_SIZE];

    if (sw_sha256_is_built_in() && buffers->len[0] == PIECE && buffers->len[1] == PIECE) {
        uint32_t states[LANES][SW_SHA256_WORDS];

        sw_sha256_start(states[0]);
        sw_sha256_start(states[1]);
        sw_sha256_blocks_of_two(states[0], buffers->in[0], states[1], buffers->in[1],
                                PIECE / SW_SHA256_BLOCK);
        return 1;
    }
    for (int i = 0; i < LANES; i++) {
        if (!EVP_Digest(buffers->in[i], buffers->len[i], digest, NULL, EVP_sha256(), NULL)) {
            return 0;
        }
    }
    return 1;
}

static void take_pieces(struct job *job, struct buffers *buffers, off_t offset)
{
    for (int i = 0; i < LANES; i++) {
        ssize_t len = pread(job->fd, buffers->in[i], PIECE, offset + (off_t)i * PIECE);

        if (len < 0) {
            atomic_store(&job->failed, 1);
            return;
        }
        buffers->len[i] = (size_t)len;
    }
    if (!hash(buffers)) {
        atomic_store(&job->failed, 1);
        return;
    }
    for (int i = 0; i < LANES && buffers->len[i] > 0; i++) {
        const struct sw_deflate_piece piece = { .in = buffers->in[i], .in_len = buffers->len[i] };

        (void)sw_deflate(&piece, SW_GZIP_LEVEL_DEFAULT, buffers->memory, buffers->out,
                         sizeof(buffers->out));
    }
}

static void *work(void *ctx)
{
    struct job *job = ctx;
    struct buffers *buffers = malloc(sizeof(*buffers));

    if (buffers) {
        buffers->memory = malloc(sw_deflate_memory(SW_GZIP_LEVEL_DEFAULT));
    }
    if (!buffers || !buffers->memory) {
        atomic_store(&job->failed, 1);
        free(buffers);
        return NULL;
    }
    for (;;) {
        off_t offset = (off_t)atomic_fetch_add(&job->next, (long long)LANES * PIECE);

        if (offset >= job->size || atomic_load(&job->failed)) {
            break;
        }
        take_pieces(job, buffers, offset);
    }
    free(buffers->memory);
    free(buffers);
    return NULL;
}

static int run(struct job *job)
{
    pthread_t threads[THREADS_MAX];
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    long started = 0;

    count = count < 1 ? 1 : count;
    count = count > THREADS_MAX ? THREADS_MAX : count;
    while (started < count && pthread_create(&threads[started], NULL, work, job) == 0) {
        started++;
    }
    for (long i = 0; i < started; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    return started == count && !atomic_load(&job->failed) ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct job job = { .fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1 };
    struct timespec begin;
    struct timespec end;
    struct stat st;

    if (job.fd < 0 || fstat(job.fd, &st) != 0) {
        (void)fputs("usage: floor FILE\n", stderr);
        return 2;
    }
    job.size = st.st_size;
    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    if (run(&job) != 0) {
        (void)fputs("floor: it did not work\n", stderr);
        return 1;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    (void)printf("%.4f\n",
                 (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
    return 0;
}

/*
 * Runs a fuzz target without libFuzzer: on each file of the folders named on the command line, on
 * each prefix of it, and with each byte replaced by a few troublesome ones. Of the variations of
 * longer files only every n-th is run, so that a replay takes seconds under sanitizers as well.
 */

#include "fuzz.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>

#include <dirent.h>
#include <stdio.h>

/* Longer inputs are replayed as they are, without variations. */
enum { VARIED_MAX = 2048, VARIATIONS_MAX = 2048 };
#define INPUT_MAX ((size_t)16 * 1024 * 1024)

/* In memory of exactly that size, so that a read beyond it is noticed. */
static void run(const char *data, size_t len)
{
    uint8_t *copy = sw_xmalloc(len ? len : 1);
    if (len > 0) {
        memcpy(copy, data, len);
    }
    (void)LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static void run_variations(struct sw_buf *input)
{
    static const char bytes[] = { '\0', '\n', ' ', '"', '%', '/', ':', '{', '\x7f', '\xff' };
    size_t step = 1 + input->len * (1 + sizeof(bytes)) / VARIATIONS_MAX;
    size_t nth = 0;
    for (size_t len = 0; len < input->len; len++) {
        if (nth++ % step == 0) {
            run(input->ptr, len);
        }
    }
    for (size_t k = 0; k < sizeof(bytes); k++) {
        for (size_t i = 0; i < input->len; i++) {
            char original = input->ptr[i];
            if (nth++ % step == 0) {
                input->ptr[i] = bytes[k];
                run(input->ptr, input->len);
                input->ptr[i] = original;
            }
        }
    }
}

static bool replay(const char *path)
{
    struct sw_err err = SW_ERR_INIT;
    struct sw_buf input SW_CLEANUP(sw_buf_release);
    sw_buf_init(&input, INPUT_MAX);
    if (sw_fs_read(path, &input, &err) != SW_OK) {
        (void)fprintf(stderr, "%s\n", err.msg);
        return false;
    }
    (void)fprintf(stderr, "%s\n", path);
    run(input.ptr, input.len);
    if (input.len <= VARIED_MAX) {
        run_variations(&input);
    }
    return true;
}

/* The number of files replayed, or -1 after a failure. */
static int replay_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    int count = 0;
    if (!dir) {
        perror(folder);
        return -1;
    }
    for (const struct dirent *entry = readdir(dir); entry && count >= 0; entry = readdir(dir)) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        char *path SW_CLEANUP(sw_free_str) = sw_fs_join(folder, entry->d_name);
        count = replay(path) ? count + 1 : -1;
    }
    (void)closedir(dir);
    return count;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++) {
        int replayed = replay_folder(argv[i]);
        if (replayed < 0) {
            return 1;
        }
        count += replayed;
    }
    (void)fprintf(stderr, "%d inputs\n", count);
    return count > 0 ? 0 : 1;
}

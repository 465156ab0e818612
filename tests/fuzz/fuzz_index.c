/*
 * Indexes and what is below them: limits hold, a platform that is picked is one of the index, and
 * documents can be written in the order that is given.
 */

#include "fuzz.h"

#include "image/tree.h"

#include <slipway/alloc.h>

#include <string.h>

enum { PARTS_MAX = 8, READS_MAX = 64 };

/* The input is documents with NUL bytes between them: the root, and what it may name. */
struct library {
    struct sw_str parts[PARTS_MAX];
    char digests[PARTS_MAX][SW_DIGEST_SIZE];
    size_t count;
    size_t reads;
};

static enum sw_status read_part(void *ctx, const char *digest, struct sw_buf *out,
                                struct sw_err *err)
{
    struct library *library = ctx;

    /* Names of digests that a fuzzer cannot guess: the last digit picks a document. */
    size_t at = (size_t)(digest[SW_DIGEST_SIZE - 2] % PARTS_MAX);

    if (library->reads++ == READS_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE, "enough");
    }
    for (size_t i = 0; i < library->count; i++) {
        if (strcmp(library->digests[i], digest) == 0) {
            at = i;
        }
    }
    if (at >= library->count) {
        return sw_fail(err, SW_E_NOT_FOUND, "there is none");
    }
    sw_buf_add_str(out, library->parts[at]);
    return SW_OK;
}

static void check_pick(const struct sw_descriptors *entries, const char *platform)
{
    const struct sw_descriptor *entry = NULL;
    struct sw_err err = SW_ERR_INIT;

    if (sw_index_pick(entries, platform, &entry, &err) == SW_OK) {
        FUZZ_CHECK(sw_platform_matches(platform, entry->platform));
    } else {
        FUZZ_CHECK(err.status == SW_E_NOT_FOUND);
    }
}

static void check_entries(struct sw_str text)
{
    static const char *const platforms[] = { "linux/amd64", "linux/arm64", "windows/amd64", "" };
    struct sw_err err = SW_ERR_INIT;
    struct sw_descriptors entries = { 0 };

    if (sw_index_parse(text, "index", &entries, &err) != SW_OK) {
        FUZZ_CHECK(err.msg[0] != '\0');
        return;
    }
    FUZZ_CHECK(entries.count <= SW_INDEX_ENTRIES_MAX);
    for (size_t i = 0; i < entries.count; i++) {
        FUZZ_CHECK(sw_digest_is_valid(sw_str(entries.items[i].digest)));
        FUZZ_CHECK(entries.items[i].size >= 0);
    }
    for (size_t i = 0; i < SW_COUNT(platforms); i++) {
        check_pick(&entries, platforms[i]);
    }
    sw_descriptors_release(&entries);
}

/* What is named comes before what names it, the root last. */
static void check_order(const struct sw_tree *tree)
{
    size_t *order = sw_tree_order(tree);
    unsigned last = 1000;

    FUZZ_CHECK(order[tree->count - 1] == 0);
    for (size_t i = 0; i < tree->count; i++) {
        const struct sw_tree_document *document = &tree->documents[order[i]];

        if (document->is_index) {
            FUZZ_CHECK(document->depth <= last);
            last = document->depth;
        } else {
            FUZZ_CHECK(last == 1000);
        }
    }
    free(order);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct library library = { .count = 0 };
    const struct sw_tree_reader reader = { read_part, &library };
    struct sw_tree tree = { 0 };
    struct sw_err err = SW_ERR_INIT;

    for (struct sw_str rest = sw_str_n((const char *)data, size);
         rest.ptr && library.count < PARTS_MAX; library.count++) {
        library.parts[library.count] = sw_str_cut(&rest, '\0');
        sw_digest_of(library.parts[library.count], library.digests[library.count]);
    }
    if (library.count == 0) {
        return 0;
    }
    check_entries(library.parts[0]);
    if (sw_tree_load(&reader, library.parts[0], SW_MEDIA_OCI_INDEX, &tree, &err) == SW_OK) {
        check_order(&tree);
        sw_tree_release(&tree);
    } else {
        FUZZ_CHECK(err.msg[0] != '\0' && tree.documents == NULL);
    }
    return 0;
}

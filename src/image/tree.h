#ifndef SLIPWAY_IMAGE_TREE_H
#define SLIPWAY_IMAGE_TREE_H

/*
 * An image as it is stored: its documents (a manifest; or an index with its manifests, the
 * attestations among them, and further indexes) as bytes, and what blobs they name. Whatever is
 * moved this way keeps its digests.
 */

#include <slipway/digest.h>
#include <slipway/manifest.h>

#include <stdbool.h>

struct sw_tree_document {
    char digest[SW_DIGEST_SIZE];
    char *media_type;
    char *platform; /* as its index says; NULL when it says nothing */
    struct sw_buf bytes;
    bool is_index;
    char *subject; /* digest of the manifest that it is about; NULL when there is none */
    unsigned depth;
    struct sw_descriptors blobs; /* of a manifest: the configuration, then the layers */
};

struct sw_tree {
    struct sw_tree_document *documents; /* the root first, each before what it names */
    size_t count;
    size_t capacity;
    size_t bytes; /* of all documents */
};

/* Where the documents come from. */
struct sw_tree_reader {
    /* Appends the document of that digest. SW_E_NOT_FOUND when it is not there. */
    enum sw_status (*read)(void *ctx, const char *digest, struct sw_buf *out, struct sw_err *err);
    void *ctx;
};

/*
 * Reads everything below a root whose bytes are given. SW_E_INPUT, naming it, for a document that
 * is neither manifest nor index; SW_E_NOT_FOUND for one that is missing. *ret is the caller's.
 */
SW_NODISCARD enum sw_status sw_tree_load(const struct sw_tree_reader *reader, struct sw_str root,
                                         const char *media_type, struct sw_tree *ret,
                                         struct sw_err *err);
/*
 * Says of a failure with SW_E_NOT_FOUND that `where` ("archive") holds only some of the images of
 * the index, and what to do about it; it becomes SW_E_INPUT. Returns err->status.
 */
enum sw_status sw_tree_explain(const char *where, struct sw_err *err);
/* A zeroed one is fine. */
void sw_tree_release(struct sw_tree *tree);

/*
 * The documents in an order in which they can be written, what is named before what names it, the
 * root last: indexes into tree->documents, as many as there are. The caller's.
 */
size_t *sw_tree_order(const struct sw_tree *tree);

#endif

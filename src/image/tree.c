#include "tree.h"

#include <slipway/alloc.h>

#include <string.h>

enum { DEPTH_MAX = 4 };
#define BYTES_MAX ((size_t)64 * 1024 * 1024)

void sw_tree_release(struct sw_tree *tree)
{
    for (size_t i = 0; i < tree->count; i++) {
        struct sw_tree_document *document = &tree->documents[i];

        free(document->media_type);
        free(document->platform);
        free(document->subject);
        sw_buf_release(&document->bytes);
        sw_descriptors_release(&document->blobs);
    }
    free(tree->documents);
    *tree = (struct sw_tree){ 0 };
}

static struct sw_tree_document *add(struct sw_tree *tree, const char *media_type, unsigned depth)
{
    struct sw_tree_document *document;

    tree->documents =
        sw_grow(tree->documents, tree->count, &tree->capacity, sizeof(*tree->documents));
    document = &tree->documents[tree->count++];
    *document = (struct sw_tree_document){ .media_type = sw_xstrdup(media_type), .depth = depth };
    sw_buf_init(&document->bytes, SW_MANIFEST_MAX);
    return document;
}

/* A manifest that was met before need not be read again; an index may have to be written earlier.
 */
static bool is_known(const struct sw_tree *tree, const struct sw_descriptor *entry)
{
    for (size_t i = 0; i < tree->count; i++) {
        if (strcmp(tree->documents[i].digest, entry->digest) == 0 && !tree->documents[i].is_index) {
            return true;
        }
    }
    return false;
}

static enum sw_status read_child(const struct sw_tree_reader *reader,
                                 const struct sw_descriptor *entry, struct sw_buf *out,
                                 struct sw_err *err)
{
    char actual[SW_DIGEST_SIZE];
    enum sw_status status = reader->read(reader->ctx, entry->digest, out, err);

    if (status != SW_OK) {
        return sw_wrap(err, "manifest %s%s%s%s of the index", entry->digest,
                       entry->platform ? " (" : "", entry->platform ? entry->platform : "",
                       entry->platform ? ")" : "");
    }
    sw_digest_of(sw_buf_str(out), actual);
    if (strcmp(actual, entry->digest) != 0) {
        return sw_fail(err, SW_E_INPUT, "manifest %s of the index is %s", entry->digest, actual);
    }
    return sw_buf_check(out, "a manifest", err);
}

static enum sw_status add_child(const struct sw_tree_reader *reader, struct sw_tree *tree,
                                const struct sw_descriptor *entry, unsigned depth,
                                struct sw_err *err)
{
    struct sw_tree_document *document;
    enum sw_status status;

    if (is_known(tree, entry)) {
        return SW_OK;
    }
    if (tree->count == SW_INDEX_ENTRIES_MAX || tree->bytes > BYTES_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE, "the index has too many manifests");
    }
    document = add(tree, entry->media_type, depth);
    document->platform = entry->platform ? sw_xstrdup(entry->platform) : NULL;
    memcpy(document->digest, entry->digest, SW_DIGEST_SIZE);
    status = read_child(reader, entry, &document->bytes, err);
    tree->bytes += document->bytes.len;
    return status;
}

static enum sw_status open_index(const struct sw_tree_reader *reader, struct sw_tree *tree,
                                 size_t at, struct sw_err *err)
{
    struct sw_descriptors SW_CLEANUP(sw_descriptors_release) entries = { 0 };
    const unsigned depth = tree->documents[at].depth + 1;
    enum sw_status status = sw_index_parse(sw_buf_str(&tree->documents[at].bytes),
                                           tree->documents[at].digest, &entries, err);

    tree->documents[at].is_index = true;
    if (status == SW_OK && depth == DEPTH_MAX && entries.count > 0) {
        return sw_fail(err, SW_E_INPUT, "indexes are nested too deeply");
    }
    for (size_t i = 0; status == SW_OK && i < entries.count; i++) {
        status = add_child(reader, tree, &entries.items[i], depth, err);
    }
    return status;
}

static enum sw_status open_manifest(struct sw_tree_document *document, struct sw_err *err)
{
    struct sw_manifest SW_CLEANUP(sw_manifest_release) manifest = { 0 };
    enum sw_status status =
        sw_manifest_parse(sw_buf_str(&document->bytes), document->digest, &manifest, err);

    if (status != SW_OK) {
        return sw_wrap(err, "\"%s\" is no kind of manifest that can be moved",
                       document->media_type);
    }
    document->subject = SW_TAKE(manifest.subject);
    sw_descriptors_add(&document->blobs, manifest.config.media_type, manifest.config.digest,
                       manifest.config.size);
    for (size_t i = 0; i < manifest.layers.count; i++) {
        const struct sw_descriptor *layer = &manifest.layers.items[i];

        sw_descriptors_add(&document->blobs, layer->media_type, layer->digest, layer->size);
    }
    return SW_OK;
}

enum sw_status sw_tree_load(const struct sw_tree_reader *reader, struct sw_str root,
                            const char *media_type, struct sw_tree *ret, struct sw_err *err)
{
    struct sw_tree tree = { 0 };
    struct sw_tree_document *top = add(&tree, media_type, 0);
    enum sw_status status = SW_OK;

    sw_buf_add_str(&top->bytes, root);
    sw_digest_of(root, top->digest);
    for (size_t i = 0; status == SW_OK && i < tree.count; i++) {
        status = sw_media_is_index(tree.documents[i].media_type)
                     ? open_index(reader, &tree, i, err)
                     : open_manifest(&tree.documents[i], err);
    }
    if (status != SW_OK) {
        sw_tree_release(&tree);
        return status;
    }
    *ret = tree;
    return SW_OK;
}

enum sw_status sw_tree_explain(const char *where, struct sw_err *err)
{
    if (err->status == SW_E_NOT_FOUND) {
        err->status = SW_E_INPUT;
        (void)sw_append(err,
                        "; the %s does not hold all images of the index: push those that are there "
                        "with --platform, and put them together with: slipway image index create",
                        where);
    }
    return err->status;
}

/*
 * Manifests come first, those that are about another one behind the others, because some
 * registries want the subject to be there; then indexes, the deepest first.
 */
static unsigned rank(const struct sw_tree_document *document)
{
    if (document->is_index) {
        return 2 + DEPTH_MAX - document->depth;
    }
    return document->subject ? 1 : 0;
}

size_t *sw_tree_order(const struct sw_tree *tree)
{
    size_t *order = sw_xcalloc(tree->count + 1, sizeof(*order));
    size_t count = 0;

    for (unsigned r = 0; r <= 2 + DEPTH_MAX; r++) {
        for (size_t i = 0; i < tree->count; i++) {
            if (rank(&tree->documents[i]) == r) {
                order[count++] = i;
            }
        }
    }
    return order;
}

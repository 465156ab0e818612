#include "oci_walk.h"

#include <slipway/alloc.h>
#include <slipway/json.h>

#include <string.h>

enum { LIST_MAX = 1024 };

static enum sw_status read_document(void *ctx, const char *digest, struct sw_buf *out,
                                    struct sw_err *err)
{
    return sw_oci_document(ctx, digest, out, err);
}

/* What an entry is called, or what it is. */
static const char *name_of(const struct sw_descriptor *entry)
{
    if (entry->ref_name) {
        return entry->ref_name;
    }
    return entry->name ? entry->name : entry->digest;
}

static void list_entries(const struct sw_descriptors *entries, struct sw_buf *out)
{
    for (size_t i = 0; entries->items && i < entries->count; i++) {
        sw_buf_addf(out, "%s%s", i ? ", " : "", name_of(&entries->items[i]));
    }
}

static enum sw_status no_choice(const struct sw_archive *archive,
                                const struct sw_descriptors *entries, const char *name,
                                struct sw_err *err)
{
    SW_CLEANUP(sw_buf_release) struct sw_buf list = { 0 };

    sw_buf_init(&list, LIST_MAX);
    list_entries(entries, &list);
    if (entries->count == 0) {
        return sw_fail(err, SW_E_INPUT, "the %s has no image in index.json",
                       sw_archive_word(archive));
    }
    if (name) {
        return sw_fail(err, SW_E_INPUT, "image \"%s\" is not in the %s; it has: %s", name,
                       sw_archive_word(archive), list.ptr);
    }
    return sw_fail(err, SW_E_INPUT, "the %s has several images (%s); pick one by name or digest",
                   sw_archive_word(archive), list.ptr);
}

/* The entry that is meant; the same image may stand there under several names. */
static enum sw_status choose(const struct sw_archive *archive, const struct sw_descriptors *entries,
                             const char *name, const struct sw_descriptor **ret, struct sw_err *err)
{
    const struct sw_oci_wish wish = { .name = name, .named = true };
    const struct sw_descriptor *found = NULL;

    for (size_t i = 0; i < entries->count; i++) {
        const struct sw_descriptor *entry = &entries->items[i];

        if (name && !sw_oci_has_name(&wish, entry)) {
            continue;
        }
        if (found && strcmp(found->digest, entry->digest) != 0) {
            return no_choice(archive, entries, NULL, err);
        }
        found = entry;
    }
    if (!found) {
        return no_choice(archive, entries, name, err);
    }
    *ret = found;
    return SW_OK;
}

static enum sw_status read_entries(const struct sw_archive *archive, struct sw_descriptors *ret,
                                   struct sw_err *err)
{
    SW_CLEANUP(sw_buf_release) struct sw_buf text = { 0 };
    enum sw_status status;

    sw_buf_init(&text, SW_MANIFEST_MAX);
    status = sw_archive_text(archive, "index.json", &text, err);
    if (status == SW_E_NOT_FOUND) {
        return sw_fail(err, SW_E_INPUT,
                       "the archive has no index.json, so that nothing says what images for "
                       "several platforms there are");
    }
    return status == SW_OK ? sw_index_parse(sw_buf_str(&text), "index.json", ret, err) : status;
}

/* What the root is: index.json may say anything of it, or nothing. The caller's. */
static char *root_type(const struct sw_descriptor *entry, const struct sw_buf *root)
{
    json_auto_t *doc = NULL;
    struct sw_err ignored = SW_ERR_INIT;

    if (sw_media_is_index(entry->media_type) || sw_media_is_manifest(entry->media_type) ||
        sw_json_parse(sw_buf_str(root), "root", &doc, &ignored) != SW_OK || !json_is_object(doc)) {
        return sw_xstrdup(entry->media_type);
    }
    return sw_xstrdup(sw_json_str(doc, "mediaType", entry->media_type));
}

enum sw_status sw_oci_tree(const struct sw_archive *archive, const char *name, struct sw_tree *ret,
                           struct sw_err *err)
{
    /* The reader takes a pointer that may be written to, and does not. */
    struct sw_archive borrowed = *archive;
    const struct sw_tree_reader reader = { read_document, &borrowed };
    struct sw_descriptors SW_CLEANUP(sw_descriptors_release) entries = { 0 };
    SW_CLEANUP(sw_buf_release) struct sw_buf root = { 0 };
    const struct sw_descriptor *entry = NULL;
    enum sw_status status = read_entries(archive, &entries, err);

    sw_buf_init(&root, SW_MANIFEST_MAX);
    if (status == SW_OK) {
        status = choose(archive, &entries, name, &entry, err);
    }
    if (status != SW_OK || !entry) {
        return status;
    }
    status = sw_oci_document(archive, entry->digest, &root, err);
    if (status == SW_OK) {
        SW_CLEANUP(sw_free_str) char *type = root_type(entry, &root);

        status = sw_tree_load(&reader, sw_buf_str(&root), type, ret, err);
    }
    return status == SW_OK ? SW_OK : sw_tree_explain(sw_archive_word(archive), err);
}

#include "oci_walk.h"

#include <slipway/alloc.h>

#include <string.h>

enum { DEPTH_MAX = 4, VISITS_MAX = 4096 };

struct walk {
    const struct sw_archive *archive;
    const struct sw_oci_wish *wish;
    struct sw_oci_choice *choice;
    struct sw_buf platforms; /* of the manifests that fit */
    size_t visits;
    size_t fits;
};

char *sw_oci_blob_path(const char *digest)
{
    return sw_xasprintf("blobs/sha256/%s", digest + strlen("sha256:"));
}

void sw_oci_choice_release(struct sw_oci_choice *choice)
{
    if (choice->found) {
        sw_buf_release(&choice->bytes);
        free(choice->media_type);
        sw_manifest_release(&choice->parsed);
        choice->found = false;
    }
}

/* The bytes of a document named by a descriptor; *ret_there is false when the archive lacks it. */
static enum sw_status read_document(const struct sw_archive *archive, const char *digest,
                                    struct sw_buf *out, bool *ret_there, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *path = sw_oci_blob_path(digest);
    char actual[SW_DIGEST_SIZE];
    enum sw_status status = sw_archive_text(archive, path, out, err);

    *ret_there = status == SW_OK;
    if (status == SW_E_NOT_FOUND) {
        return SW_OK;
    }
    if (status != SW_OK) {
        return status;
    }
    sw_digest_of(sw_buf_str(out), actual);
    if (strcmp(actual, digest) != 0) {
        return sw_fail(err, SW_E_INPUT, "the archive is damaged: \"%s\" is %s", path, actual);
    }
    return SW_OK;
}

static bool has_blob(const struct sw_archive *archive, const char *digest)
{
    SW_CLEANUP(sw_free_str) char *path = sw_oci_blob_path(digest);

    return sw_archive_find(archive, path) != NULL;
}

/* The platform of a manifest: the index says it, or else its configuration. The caller's. */
static char *platform_of(const struct walk *walk, const struct sw_descriptor *descriptor,
                         const struct sw_manifest *manifest)
{
    struct sw_image_config config = { 0 };
    struct sw_err ignored = SW_ERR_INIT;
    struct sw_buf text;
    char *platform = NULL;
    bool there = false;

    if (descriptor->platform) {
        return sw_xstrdup(descriptor->platform);
    }
    sw_buf_init(&text, SW_CONFIG_MAX);
    if (read_document(walk->archive, manifest->config.digest, &text, &there, &ignored) == SW_OK &&
        there &&
        sw_image_config_parse(sw_buf_str(&text), "configuration", &config, &ignored) == SW_OK) {
        platform = SW_TAKE(config.platform);
        sw_image_config_release(&config);
    }
    sw_buf_release(&text);
    return platform;
}

static bool fits(const struct walk *walk, const struct sw_manifest *manifest, const char *platform)
{
    const struct sw_oci_wish *wish = walk->wish;

    if (!has_blob(walk->archive, manifest->config.digest)) {
        return false;
    }
    if (wish->config && strcmp(wish->config, manifest->config.digest) != 0) {
        return false;
    }
    return !wish->platform || sw_platform_matches(wish->platform, platform);
}

/* Looks at one manifest; the first that fits is kept. */
static void consider(struct walk *walk, const struct sw_descriptor *descriptor,
                     struct sw_buf *bytes)
{
    struct sw_manifest manifest = { 0 };
    struct sw_err ignored = SW_ERR_INIT;
    const char *type;

    /* Other artifacts may stand beside images. */
    if (sw_manifest_parse(sw_buf_str(bytes), "manifest", &manifest, &ignored) != SW_OK) {
        return;
    }
    SW_CLEANUP(sw_free_str) char *platform = platform_of(walk, descriptor, &manifest);

    if (fits(walk, &manifest, platform)) {
        walk->fits++;
        sw_buf_addf(&walk->platforms, "%s%s", walk->platforms.len ? ", " : "",
                    platform ? platform : "?");
        if (!walk->choice->found) {
            type = manifest.media_type[0] ? manifest.media_type : descriptor->media_type;
            walk->choice->found = true;
            walk->choice->media_type = sw_xstrdup(type);
            walk->choice->parsed = manifest;
            walk->choice->bytes = *bytes;
            sw_buf_init(bytes, SW_MANIFEST_MAX);
            return;
        }
    }
    sw_manifest_release(&manifest);
}

/* An index that is still to be looked through. */
struct level {
    struct sw_descriptors entries;
    size_t next;
};

static bool is_of_interest(const struct walk *walk, const struct sw_descriptor *entry, int depth)
{
    if (sw_descriptor_is_attestation(entry)) {
        return false;
    }
    return depth > 0 || !walk->wish->name || !entry->name ||
           sw_image_name_equal(entry->name, walk->wish->name);
}

/* Visits one entry; a nested index becomes the level below. */
static enum sw_status visit(struct walk *walk, const struct sw_descriptor *entry,
                            struct level *levels, int *depth, struct sw_err *err)
{
    struct sw_buf bytes;
    bool there = false;
    enum sw_status status;

    if (!is_of_interest(walk, entry, *depth)) {
        return SW_OK;
    }
    if (++walk->visits > VISITS_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE, "the archive has more than %d manifests", VISITS_MAX);
    }
    sw_buf_init(&bytes, SW_MANIFEST_MAX);
    status = read_document(walk->archive, entry->digest, &bytes, &there, err);
    if (status == SW_OK && there && sw_media_is_index(entry->media_type)) {
        if (*depth + 1 == DEPTH_MAX) {
            status = sw_fail(err, SW_E_INPUT, "the archive's indexes are nested too deeply");
        } else {
            struct level *below = &levels[*depth + 1];

            *below = (struct level){ 0 };
            status = sw_index_parse(sw_buf_str(&bytes), entry->digest, &below->entries, err);
            *depth += status == SW_OK;
        }
    } else if (status == SW_OK && there) {
        consider(walk, entry, &bytes);
    }
    sw_buf_release(&bytes);
    return status;
}

static enum sw_status walk_levels(struct walk *walk, struct level *levels, struct sw_err *err)
{
    enum sw_status status = SW_OK;
    int depth = 0;

    while (depth >= 0 && status == SW_OK) {
        struct level *level = &levels[depth];

        if (level->next == level->entries.count) {
            sw_descriptors_release(&level->entries);
            depth--;
        } else {
            status = visit(walk, &level->entries.items[level->next++], levels, &depth, err);
        }
    }
    for (; depth >= 0; depth--) {
        sw_descriptors_release(&levels[depth].entries);
    }
    return status;
}

/* Manifests that fit beyond the first leave a choice that is the user's. */
static enum sw_status judge(const struct walk *walk, struct sw_err *err)
{
    if (walk->fits < 2 || walk->wish->config) {
        return SW_OK;
    }
    return sw_fail(err, SW_E_INPUT,
                   "the archive has %zu images (%s); pick one by name or with --platform",
                   walk->fits, walk->platforms.ptr);
}

enum sw_status sw_oci_choose(const struct sw_archive *archive, const struct sw_oci_wish *wish,
                             struct sw_oci_choice *ret, struct sw_err *err)
{
    struct walk walk = { .archive = archive, .wish = wish, .choice = ret };
    struct level levels[DEPTH_MAX];
    struct sw_buf text;
    enum sw_status status;

    ret->found = false;
    sw_buf_init(&text, SW_MANIFEST_MAX);
    sw_buf_init(&walk.platforms, 512);
    levels[0] = (struct level){ 0 };
    status = sw_archive_text(archive, "index.json", &text, err);
    if (status == SW_OK) {
        status = sw_index_parse(sw_buf_str(&text), "index.json", &levels[0].entries, err);
    }
    if (status == SW_OK) {
        status = walk_levels(&walk, levels, err);
    } else if (status == SW_E_NOT_FOUND) {
        status = SW_OK; /* an archive in Docker's older layout */
    }
    if (status == SW_OK) {
        status = judge(&walk, err);
    }
    if (status != SW_OK) {
        sw_oci_choice_release(ret);
    }
    sw_buf_release(&text);
    sw_buf_release(&walk.platforms);
    return status;
}

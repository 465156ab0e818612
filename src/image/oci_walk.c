#include "oci_walk.h"

#include <slipway/alloc.h>
#include <slipway/json.h>

#include <string.h>

enum { DEPTH_MAX = 4, VISITS_MAX = 4096, LIST_MAX = 1024 };

struct walk {
    const struct sw_archive *archive;
    const struct sw_oci_wish *wish;
    struct sw_oci_choice *choice;
    bool needed;                  /* none is a failure */
    struct sw_buf platforms;      /* of the manifests that fit */
    struct sw_buf others;         /* of those of other platforms */
    struct sw_buf names;          /* of the entries of index.json */
    char first[SW_DIGEST_SIZE];   /* digest of the one that is kept */
    char missing[SW_DIGEST_SIZE]; /* the first blob of what is looked for that is not there */
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

enum sw_status sw_oci_keep_manifest(const struct sw_oci_choice *choice, struct sw_image *image,
                                    struct sw_err *err)
{
    const struct sw_str bytes = sw_buf_str(&choice->bytes);
    json_auto_t *doc = NULL;

    image->manifest_type =
        sw_xstrdup(choice->media_type[0] ? choice->media_type : SW_MEDIA_OCI_MANIFEST);
    if (choice->parsed.media_type[0]) {
        sw_buf_add_str(&image->manifest, bytes);
        return SW_OK;
    }
    if (sw_json_parse(bytes, "manifest", &doc, err) != SW_OK) {
        return err->status;
    }
    (void)json_object_set_new(doc, "mediaType", json_string(image->manifest_type));
    sw_json_dump(doc, 0, &image->manifest);
    return sw_buf_check(&image->manifest, "the image's manifest", err);
}

enum sw_status sw_oci_document(const struct sw_archive *archive, const char *digest,
                               struct sw_buf *out, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *path = sw_oci_blob_path(digest);
    char actual[SW_DIGEST_SIZE];
    enum sw_status status = sw_archive_text(archive, path, out, err);

    if (status != SW_OK) {
        return status;
    }
    sw_digest_of(sw_buf_str(out), actual);
    if (strcmp(actual, digest) != 0) {
        return sw_fail(err, SW_E_INPUT, "the %s is damaged: \"%s\" is %s", sw_archive_word(archive),
                       path, actual);
    }
    return SW_OK;
}

/* The bytes of a document named by a descriptor; *ret_there is false when the archive lacks it. */
static enum sw_status read_document(const struct sw_archive *archive, const char *digest,
                                    struct sw_buf *out, bool *ret_there, struct sw_err *err)
{
    enum sw_status status = sw_oci_document(archive, digest, out, err);

    *ret_there = status == SW_OK;
    return status == SW_E_NOT_FOUND ? SW_OK : status;
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

static void note_missing(struct walk *walk, const char *digest)
{
    if (walk->missing[0] == '\0') {
        memcpy(walk->missing, digest, SW_DIGEST_SIZE);
    }
}

/* Adds to "a, b" what is not in it. */
static void add_word(struct sw_buf *list, const char *word)
{
    for (struct sw_str rest = sw_buf_str(list); rest.ptr && rest.len > 0;) {
        if (sw_str_is(sw_str_trim(sw_str_cut(&rest, ',')), word)) {
            return;
        }
    }
    sw_buf_addf(list, "%s%s", list->len ? ", " : "", word);
}

/* What an entry of index.json can be picked by. */
static const char *handle_of(const struct sw_descriptor *entry)
{
    const char *name = entry->ref_name ? entry->ref_name : entry->name;

    return name ? name : entry->digest;
}

/* "linux/amd64", and the name where that alone might not pick it. */
static void add_image(struct sw_buf *list, const struct sw_descriptor *descriptor,
                      const char *platform)
{
    const char *name = handle_of(descriptor);

    if (name == descriptor->digest && descriptor->platform) {
        name = ""; /* of an index: its platform is its own */
    }
    sw_buf_addf(list, "%s%s%s%s", list->len ? ", " : "", platform ? platform : "",
                platform && name[0] ? " " : "", name);
}

static bool fits(struct walk *walk, const struct sw_manifest *manifest, const char *platform)
{
    const struct sw_oci_wish *wish = walk->wish;

    if (wish->config && strcmp(wish->config, manifest->config.digest) != 0) {
        return false;
    }
    if (wish->platform && platform && !sw_platform_matches(wish->platform, platform)) {
        add_word(&walk->others, platform);
        return false;
    }
    if (!has_blob(walk->archive, manifest->config.digest)) {
        note_missing(walk, manifest->config.digest);
        return false;
    }
    return !wish->platform || platform;
}

/* Keeps the first manifest that fits; *manifest and *bytes are taken over then. */
static void keep(struct walk *walk, const struct sw_descriptor *descriptor,
                 struct sw_manifest *manifest, struct sw_buf *bytes)
{
    struct sw_oci_choice *choice = walk->choice;

    choice->found = true;
    choice->media_type =
        sw_xstrdup(manifest->media_type[0] ? manifest->media_type : descriptor->media_type);
    choice->parsed = *manifest;
    choice->bytes = *bytes;
    memcpy(walk->first, descriptor->digest, SW_DIGEST_SIZE);
    *manifest = (struct sw_manifest){ 0 };
    sw_buf_init(bytes, SW_MANIFEST_MAX);
}

/* Looks at one manifest. An image that has several names is there several times. */
static void consider(struct walk *walk, const struct sw_descriptor *descriptor,
                     struct sw_buf *bytes)
{
    struct sw_manifest SW_CLEANUP(sw_manifest_release) manifest = { 0 };
    struct sw_err ignored = SW_ERR_INIT;

    /* Other artifacts may stand beside images. */
    if (strcmp(walk->first, descriptor->digest) == 0 ||
        sw_manifest_parse(sw_buf_str(bytes), "manifest", &manifest, &ignored) != SW_OK) {
        return;
    }
    SW_CLEANUP(sw_free_str) char *platform = platform_of(walk, descriptor, &manifest);

    if (!fits(walk, &manifest, platform)) {
        return;
    }
    walk->fits++;
    add_image(&walk->platforms, descriptor, platform);
    if (!walk->choice->found) {
        keep(walk, descriptor, &manifest, bytes);
    }
}

/* An index that is still to be looked through. */
struct level {
    struct sw_descriptors entries;
    size_t next;
};

bool sw_oci_has_name(const struct sw_oci_wish *wish, const struct sw_descriptor *entry)
{
    if (sw_digest_is_valid(sw_str(wish->name))) {
        return strcmp(entry->digest, wish->name) == 0;
    }
    if (entry->ref_name && wish->named && strcmp(entry->ref_name, wish->name) == 0) {
        return true;
    }
    return entry->name ? sw_image_name_equal(entry->name, wish->name) : !wish->named;
}

static bool is_of_interest(struct walk *walk, const struct sw_descriptor *entry, int depth)
{
    if (sw_descriptor_is_attestation(entry)) {
        return false;
    }
    if (depth > 0 || !walk->wish->name) {
        return true;
    }
    add_word(&walk->names, handle_of(entry));
    return sw_oci_has_name(walk->wish, entry);
}

/* Whether a document that is not there may have been what is looked for. */
static bool is_wanted(const struct walk *walk, const struct sw_descriptor *entry)
{
    return !walk->wish->platform || !entry->platform ||
           sw_platform_matches(walk->wish->platform, entry->platform);
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
        return sw_fail(err, SW_E_TOO_LARGE, "the %s has more than %d manifests",
                       sw_archive_word(walk->archive), VISITS_MAX);
    }
    sw_buf_init(&bytes, SW_MANIFEST_MAX);
    status = read_document(walk->archive, entry->digest, &bytes, &there, err);
    if (status == SW_OK && there && sw_media_is_index(entry->media_type)) {
        if (*depth + 1 == DEPTH_MAX) {
            status = sw_fail(err, SW_E_INPUT, "the %s's indexes are nested too deeply",
                             sw_archive_word(walk->archive));
        } else {
            struct level *below = &levels[*depth + 1];

            *below = (struct level){ 0 };
            status = sw_index_parse(sw_buf_str(&bytes), entry->digest, &below->entries, err);
            *depth += status == SW_OK;
        }
    } else if (status == SW_OK && there) {
        consider(walk, entry, &bytes);
    } else if (status == SW_OK && is_wanted(walk, entry)) {
        note_missing(walk, entry->digest);
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

/* Why there is none. */
static enum sw_status none(const struct walk *walk, struct sw_err *err)
{
    const char *word = sw_archive_word(walk->archive);
    const struct sw_oci_wish *wish = walk->wish;

    if (walk->missing[0]) {
        return sw_fail(err, SW_E_INPUT, "blob %s, a part of the image, is missing from the %s",
                       walk->missing, word);
    }
    if (walk->others.len > 0) {
        return sw_fail(err, SW_E_INPUT, "the %s has no image for %s; it has: %s", word,
                       wish->platform, walk->others.ptr);
    }
    if (wish->name) {
        return sw_fail(err, SW_E_INPUT, "image \"%s\" is not in the %s; it has: %s", wish->name,
                       word, walk->names.len ? walk->names.ptr : "no name");
    }
    if (walk->archive->dir || sw_archive_find(walk->archive, "index.json")) {
        return sw_fail(err, SW_E_INPUT, "the %s has no image in index.json", word);
    }
    if (sw_archive_find(walk->archive, "manifest.json")) {
        return sw_fail(err, SW_E_INPUT,
                       "the archive has no index.json; it is one of \"docker save\", which "
                       "docker-archive:FILE reads");
    }
    return sw_fail(err, SW_E_INPUT,
                   "this is no image archive: it has neither manifest.json nor an image in "
                   "index.json");
}

/* Manifests that fit beyond the first leave a choice that is the user's. */
static enum sw_status judge(const struct walk *walk, struct sw_err *err)
{
    if (walk->fits == 0 && walk->needed) {
        return none(walk, err);
    }
    if (walk->fits < 2 || walk->wish->config) {
        return SW_OK;
    }
    return sw_fail(err, SW_E_INPUT,
                   "the %s has %zu images (%s); pick one by name, by digest or with --platform",
                   sw_archive_word(walk->archive), walk->fits, walk->platforms.ptr);
}

static enum sw_status choose(struct walk *walk, struct sw_err *err)
{
    struct level levels[DEPTH_MAX];
    struct sw_buf text;
    enum sw_status status;

    sw_buf_init(&text, SW_MANIFEST_MAX);
    levels[0] = (struct level){ 0 };
    status = sw_archive_text(walk->archive, "index.json", &text, err);
    if (status == SW_OK) {
        status = sw_index_parse(sw_buf_str(&text), "index.json", &levels[0].entries, err);
    }
    if (status == SW_OK) {
        status = walk_levels(walk, levels, err);
    } else if (status == SW_E_NOT_FOUND) {
        status = SW_OK; /* an archive in Docker's older layout */
    }
    sw_buf_release(&text);
    return status == SW_OK ? judge(walk, err) : status;
}

static enum sw_status start(struct walk *walk, struct sw_err *err)
{
    enum sw_status status;

    walk->choice->found = false;
    sw_buf_init(&walk->platforms, LIST_MAX);
    sw_buf_init(&walk->others, LIST_MAX);
    sw_buf_init(&walk->names, LIST_MAX);
    status = choose(walk, err);
    if (status != SW_OK) {
        sw_oci_choice_release(walk->choice);
    }
    sw_buf_release(&walk->platforms);
    sw_buf_release(&walk->others);
    sw_buf_release(&walk->names);
    return status;
}

enum sw_status sw_oci_choose(const struct sw_archive *archive, const struct sw_oci_wish *wish,
                             struct sw_oci_choice *ret, struct sw_err *err)
{
    struct walk walk = { .archive = archive, .wish = wish, .choice = ret };

    return start(&walk, err);
}

enum sw_status sw_oci_need(const struct sw_archive *archive, const struct sw_oci_wish *wish,
                           struct sw_oci_choice *ret, struct sw_err *err)
{
    struct walk walk = { .archive = archive, .wish = wish, .choice = ret, .needed = true };

    return start(&walk, err);
}

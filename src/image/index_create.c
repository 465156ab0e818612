#include <slipway/index.h>

#include "deliver.h"
#include "origin.h"
#include "remote.h"

#include <slipway/alloc.h>
#include <slipway/json.h>

#include <string.h>

/* An entry of the index that is being made. */
struct member {
    json_t *descriptor; /* as it will stand there; owned */
    char *platform;     /* with its version, for comparing and for messages; owned */
    size_t source;      /* index of the reference that brought it */
    bool attestation;
};

struct making {
    struct sw_push_world world;
    const struct sw_index_options *options;
    const struct sw_ref *manifests;
    struct sw_origins origins;
    struct member *members;
    size_t count;
    size_t capacity;
    bool docker_only; /* every member is in Docker's format */
    struct sw_buf bytes;
    struct sw_tree tree;
};

void sw_index_result_release(struct sw_index_result *result)
{
    for (size_t i = 0; i < result->entry_count; i++) {
        free(result->entries[i].platform);
    }
    free(result->entries);
    sw_copy_result_release(&result->copy);
    *result = (struct sw_index_result){ 0 };
}

static void making_release(struct making *making)
{
    for (size_t i = 0; i < making->count; i++) {
        json_decref(making->members[i].descriptor);
        free(making->members[i].platform);
    }
    free(making->members);
    sw_buf_release(&making->bytes);
    sw_tree_release(&making->tree);
    sw_origins_release(&making->origins);
}

/* "HOST/REPOSITORY:TAG@DIGEST" of the n-th reference. The caller's. */
static char *name_of(const struct making *making, size_t source)
{
    struct sw_buf text;

    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_ref_format(&making->manifests[source], &text);
    return sw_buf_take(&text);
}

/* "os/architecture[/variant][ version]" of a platform object. The caller's. */
static char *platform_text(const json_t *platform)
{
    const char *variant = sw_json_str(platform, "variant", "");
    const char *version = sw_json_str(platform, "os.version", "");

    return sw_xasprintf("%s/%s%s%s%s%s", sw_json_str(platform, "os", "unknown"),
                        sw_json_str(platform, "architecture", "unknown"), variant[0] ? "/" : "",
                        variant, version[0] ? " " : "", version);
}

/* Two images for one platform leave open which one runs. */
static enum sw_status check_pair(const struct making *making, const struct member *one,
                                 const struct member *two, struct sw_err *err)
{
    if (one->attestation || two->attestation || strcmp(one->platform, two->platform) != 0) {
        return SW_OK;
    }
    SW_CLEANUP(sw_free_str) char *a = name_of(making, one->source);
    SW_CLEANUP(sw_free_str) char *b = name_of(making, two->source);

    return sw_fail(err, SW_E_INPUT, "\"%s\" and \"%s\" both have an image for %s", a, b,
                   one->platform);
}

static enum sw_status check_duplicates(const struct making *making, struct sw_err *err)
{
    enum sw_status status = SW_OK;

    for (size_t i = 0; i < making->count; i++) {
        for (size_t k = 0; k < i && status == SW_OK; k++) {
            status = check_pair(making, &making->members[k], &making->members[i], err);
        }
    }
    return status;
}

/* Whether an attestation stands there already: an image may be named together with its index. */
static bool stands_there(const struct making *making, const char *digest)
{
    for (size_t i = 0; i < making->count; i++) {
        if (strcmp(sw_json_str(making->members[i].descriptor, "digest", ""), digest) == 0) {
            return true;
        }
    }
    return false;
}

/* Takes over `descriptor`, whose platform is complete. `bytes` are those of the image, if read. */
static void add_member(struct making *making, json_t *descriptor, size_t source, size_t place,
                       struct sw_str bytes)
{
    struct member member = { .descriptor = descriptor, .source = source };
    const char *digest = sw_json_str(descriptor, "digest", "");

    member.platform = platform_text(sw_json_object(descriptor, "platform"));
    member.attestation = sw_str_starts(sw_str(member.platform), "unknown/");
    if (member.attestation && stands_there(making, digest)) {
        json_decref(descriptor);
        free(member.platform);
        return;
    }
    if (strcmp(sw_json_str(descriptor, "mediaType", ""), SW_MEDIA_DOCKER_MANIFEST) != 0) {
        making->docker_only = false;
    }
    sw_origins_note(&making->origins, digest, place, bytes);
    making->members =
        sw_grow(making->members, making->count, &making->capacity, sizeof(*making->members));
    making->members[making->count++] = member;
}

static void set_text(json_t *object, const char *key, const char *value)
{
    if (value[0] && !json_object_get(object, key)) {
        (void)json_object_set_new(object, key, json_string(value));
    }
}

/*
 * Completes the platform of an entry by what its configuration says: an index may leave out the
 * variant, and the version that Windows images are chosen by.
 */
static enum sw_status complete_platform(const struct sw_push_place *place,
                                        const struct sw_descriptor *config, json_t *descriptor,
                                        struct sw_err *err)
{
    static const char *const keys[] = { "os", "architecture", "variant", "os.version" };
    SW_CLEANUP(sw_buf_release) struct sw_buf bytes = { 0 };
    json_auto_t *doc = NULL;
    json_t *platform = sw_json_object(descriptor, "platform");
    const json_t *features;

    sw_buf_init(&bytes, SW_CONFIG_MAX);
    if (sw_registry_get_blob(place->registry, place->repository, config->digest, &bytes, err) ||
        sw_json_parse(sw_buf_str(&bytes), "configuration", &doc, err)) {
        return err->status;
    }
    if (!platform) {
        platform = json_object();
        (void)json_object_set_new(descriptor, "platform", platform);
    }
    for (size_t i = 0; i < SW_COUNT(keys); i++) {
        set_text(platform, keys[i], sw_json_str(doc, keys[i], ""));
    }
    features = sw_json_array(doc, "os.features");
    if (json_array_size(features) > 0 && !json_object_get(platform, "os.features")) {
        (void)json_object_set_new(platform, "os.features", json_deep_copy(features));
    }
    if (!json_object_get(platform, "os") || !json_object_get(platform, "architecture")) {
        return sw_fail(err, SW_E_INPUT, "its configuration names no platform");
    }
    return SW_OK;
}

/* Adds one image; `descriptor` is taken over. */
static enum sw_status add_image(struct making *making, const struct sw_remote *image,
                                json_t *descriptor, size_t source, size_t place, struct sw_err *err)
{
    struct sw_manifest SW_CLEANUP(sw_manifest_release) manifest = { 0 };
    enum sw_status status =
        sw_manifest_parse(sw_buf_str(&image->bytes), image->digest, &manifest, err);

    if (status == SW_OK) {
        status = complete_platform(&making->origins.places.items[place], &manifest.config,
                                   descriptor, err);
    }
    if (status == SW_OK) {
        add_member(making, descriptor, source, place, sw_buf_str(&image->bytes));
    } else {
        json_decref(descriptor);
    }
    return status;
}

/* Adds what an entry of another index names; `entry` is borrowed. */
static enum sw_status add_entry(struct making *making, const json_t *entry,
                                const struct sw_descriptor *parsed, size_t source, size_t place,
                                struct sw_err *err)
{
    const struct sw_push_place *origin = &making->origins.places.items[place];
    SW_CLEANUP(sw_remote_release) struct sw_remote image = { 0 };
    enum sw_status status;

    if (sw_media_is_index(parsed->media_type)) {
        return sw_fail(err, SW_E_INPUT,
                       "it has an index within the index; name the images themselves");
    }
    if (sw_descriptor_is_attestation(parsed)) {
        if (!making->options->drop_attestations) {
            add_member(making, json_deep_copy(entry), source, place, SW_STR(""));
        }
        return SW_OK;
    }
    status =
        sw_remote_get(origin->registry, &making->manifests[source], parsed->digest, &image, err);
    return status == SW_OK ? add_image(making, &image, json_deep_copy(entry), source, place, err)
                           : status;
}

static enum sw_status add_index(struct making *making, const struct sw_remote *index, size_t source,
                                size_t place, struct sw_err *err)
{
    struct sw_descriptors SW_CLEANUP(sw_descriptors_release) entries = { 0 };
    json_auto_t *doc = NULL;
    enum sw_status status = sw_index_parse(sw_buf_str(&index->bytes), "index", &entries, err);

    if (status == SW_OK) {
        status = sw_json_parse(sw_buf_str(&index->bytes), "index", &doc, err);
    }
    for (size_t i = 0; status == SW_OK && i < entries.count; i++) {
        status = add_entry(making, json_array_get(sw_json_array(doc, "manifests"), i),
                           &entries.items[i], source, place, err);
    }
    return status;
}

/* Reads what the n-th reference names. */
static enum sw_status add_reference(struct making *making, size_t source, struct sw_err *err)
{
    const struct sw_ref *ref = &making->manifests[source];
    const struct sw_copy_options *copy = &making->options->copy;
    const struct sw_registry_options options = { .auth = copy->auth,
                                                 .policy = copy->policy,
                                                 .plain_http = copy->plain_http };
    SW_CLEANUP(sw_remote_release) struct sw_remote remote = { 0 };
    size_t place = 0;
    enum sw_status status =
        sw_places_add(&making->origins.places, &making->world.env, ref, &options, &place, err);

    if (status == SW_OK) {
        status = sw_remote_get(making->origins.places.items[place].registry, ref,
                               sw_ref_object(ref), &remote, err);
    }
    if (status == SW_OK && sw_media_is_index(remote.media_type)) {
        status = add_index(making, &remote, source, place, err);
    } else if (status == SW_OK) {
        status = add_image(making, &remote,
                           json_pack("{s:s, s:I, s:s}", "mediaType", remote.media_type, "size",
                                     (json_int_t)remote.bytes.len, "digest", remote.digest),
                           source, place, err);
    }
    return status;
}

static enum sw_status read_references(struct making *making, size_t count, struct sw_err *err)
{
    for (size_t i = 0; i < count; i++) {
        SW_CLEANUP(sw_free_str) char *name = name_of(making, i);
        const size_t before = making->count;
        enum sw_status status = add_reference(making, i, err);

        if (status != SW_OK) {
            return sw_wrap(err, "image \"%s\"", name);
        }
        if (making->count == before) {
            return sw_fail(err, SW_E_INPUT, "image \"%s\" is an index without an image", name);
        }
    }
    return check_duplicates(making, err);
}

/* Writes the index and reads what belongs to it. */
static enum sw_status write_index(struct making *making, struct sw_err *err)
{
    const struct sw_tree_reader reader = sw_origins_reader(&making->origins);
    const char *media_type = making->docker_only ? SW_MEDIA_DOCKER_LIST : SW_MEDIA_OCI_INDEX;
    json_t *list = json_array();
    json_auto_t *doc = json_pack("{s:i, s:s, s:o}", "schemaVersion", 2, "mediaType", media_type,
                                 "manifests", list);
    enum sw_status status;

    for (size_t i = 0; i < making->count; i++) {
        (void)json_array_append(list, making->members[i].descriptor);
    }
    sw_json_dump(doc, 2, &making->bytes);
    status = sw_buf_check(&making->bytes, "the index", err);
    if (status == SW_OK) {
        status = sw_tree_load(&reader, sw_buf_str(&making->bytes), media_type, &making->tree, err);
    }
    making->origins.tree = &making->tree;
    return status;
}

static void fill_entries(const struct making *making, struct sw_index_result *ret)
{
    ret->entries = sw_xcalloc(making->count + 1, sizeof(*ret->entries));
    for (size_t i = 0; i < making->count; i++) {
        const struct member *member = &making->members[i];

        memcpy(ret->entries[i].digest, sw_json_str(member->descriptor, "digest", ""),
               SW_DIGEST_SIZE);
        ret->entries[i].platform = sw_xstrdup(member->platform);
        ret->entry_count++;
    }
}

enum sw_status sw_image_index_create(const struct sw_env *env, const struct sw_ref *manifests,
                                     size_t manifest_count, const struct sw_ref *targets,
                                     size_t target_count, const struct sw_index_options *options,
                                     struct sw_index_result *ret, struct sw_err *err)
{
    struct making making = { .options = options, .manifests = manifests, .docker_only = true };
    const struct sw_store store = sw_origins_store(&making.origins);
    struct sw_index_result result = { 0 };
    enum sw_status status;

    sw_push_world_init(&making.world, env);
    sw_buf_init(&making.bytes, SW_MANIFEST_MAX);
    status = read_references(&making, manifest_count, err);
    if (status == SW_OK) {
        status = write_index(&making, err);
    }
    if (status == SW_OK) {
        status = sw_deliver(&making.world, &making.tree, &store, targets, target_count,
                            &options->copy, "written", &result.copy, err);
    }
    if (status == SW_OK) {
        fill_entries(&making, &result);
        *ret = result;
    }
    making_release(&making);
    return status;
}

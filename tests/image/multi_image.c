#include "multi_image.h"

#include <slipway/manifest.h>

#include <string.h>

enum { CONFIG_AMD64, CONFIG_ARM64, COMMON, LAYER_AMD64, LAYER_ARM64, EMPTY, STATEMENT };

static void set_blob(struct multi_image *image, size_t at, const char *text)
{
    sw_buf_init(&image->blobs[at], SW_BUF_TEXT_MAX);
    sw_buf_add_cstr(&image->blobs[at], text);
    sw_digest_of(sw_buf_str(&image->blobs[at]), image->blob_digests[at]);
}

static void set_config(struct multi_image *image, size_t at, const char *architecture,
                       const char *variant)
{
    struct sw_buf text;

    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_buf_addf(&text,
                "{\"os\":\"linux\",\"architecture\":\"%s\",%s\"rootfs\":{\"type\":\"layers\","
                "\"diff_ids\":[\"sha256:%064d\",\"sha256:%064zu\"]}}",
                architecture, variant, COMMON, LAYER_AMD64 + at);
    set_blob(image, at, text.ptr);
    sw_buf_release(&text);
}

static void add_descriptor(const struct multi_image *image, struct sw_buf *out, size_t blob,
                           const char *media_type)
{
    sw_buf_addf(out, "{\"mediaType\": \"%s\", \"digest\": \"%s\", \"size\": %zu}", media_type,
                image->blob_digests[blob], image->blobs[blob].len);
}

static void set_manifest(struct multi_image *image, size_t at)
{
    struct sw_buf *out = &image->manifests[at];
    const bool attestation = at >= 2;

    sw_buf_init(out, SW_BUF_TEXT_MAX);
    sw_buf_addf(out, "{\n  \"schemaVersion\": 2,\n  \"mediaType\": \"%s\",\n  \"config\": ",
                SW_MEDIA_OCI_MANIFEST);
    add_descriptor(image, out, attestation ? EMPTY : CONFIG_AMD64 + at,
                   attestation ? "application/vnd.oci.empty.v1+json" : SW_MEDIA_OCI_CONFIG);
    sw_buf_add_cstr(out, ",\n  \"layers\": [");
    if (attestation) {
        add_descriptor(image, out, STATEMENT, "application/vnd.in-toto+json");
        sw_buf_addf(out,
                    "],\n  \"subject\": {\"mediaType\": \"%s\", \"digest\": \"%s\", "
                    "\"size\": %zu}\n}\n",
                    SW_MEDIA_OCI_MANIFEST, image->manifest_digests[at - 2],
                    image->manifests[at - 2].len);
    } else {
        add_descriptor(image, out, COMMON, SW_MEDIA_OCI_LAYER_GZIP);
        sw_buf_add_cstr(out, ", ");
        add_descriptor(image, out, LAYER_AMD64 + at, SW_MEDIA_OCI_LAYER_GZIP);
        sw_buf_add_cstr(out, "]\n}\n");
    }
    sw_digest_of(sw_buf_str(out), image->manifest_digests[at]);
}

static void set_index(struct multi_image *image)
{
    static const char *const platforms[] = {
        "\"platform\": {\"os\": \"linux\", \"architecture\": \"amd64\"}",
        "\"platform\": {\"os\": \"linux\", \"architecture\": \"arm64\", \"variant\": \"v8\"}",
    };
    struct sw_buf *out = &image->index;

    sw_buf_init(out, SW_BUF_TEXT_MAX);
    sw_buf_addf(out, "{\n  \"schemaVersion\": 2,\n  \"mediaType\": \"%s\",\n  \"manifests\": [",
                SW_MEDIA_OCI_INDEX);
    /* The attestations first, although they are about manifests that come later. */
    for (size_t i = 0; i < MULTI_MANIFESTS; i++) {
        size_t at = (i + 2) % MULTI_MANIFESTS;

        sw_buf_addf(out, "%s\n    {\"mediaType\": \"%s\", \"digest\": \"%s\", \"size\": %zu, ",
                    i ? "," : "", SW_MEDIA_OCI_MANIFEST, image->manifest_digests[at],
                    image->manifests[at].len);
        if (at < 2) {
            sw_buf_addf(out, "%s}", platforms[at]);
        } else {
            sw_buf_addf(out,
                        "\"annotations\": {\"vnd.docker.reference.digest\": \"%s\", "
                        "\"vnd.docker.reference.type\": \"attestation-manifest\"}, "
                        "\"platform\": {\"os\": \"unknown\", \"architecture\": \"unknown\"}}",
                        image->manifest_digests[at - 2]);
        }
    }
    sw_buf_add_cstr(out, "\n  ]\n}\n");
    sw_digest_of(sw_buf_str(out), image->index_digest);
}

void multi_image_build(struct multi_image *image)
{
    *image = (struct multi_image){ 0 };
    set_blob(image, COMMON, "the layer that both platforms share");
    set_blob(image, LAYER_AMD64, "the layer of amd64");
    set_blob(image, LAYER_ARM64, "the layer of arm64, a bit longer");
    set_blob(image, EMPTY, "{}");
    set_blob(image, STATEMENT, "{\"_type\":\"https://in-toto.io/Statement/v0.1\"}");
    set_config(image, CONFIG_AMD64, "amd64", "");
    set_config(image, CONFIG_ARM64, "arm64", "\"variant\":\"v8\",");
    for (size_t i = 0; i < MULTI_MANIFESTS; i++) {
        set_manifest(image, i);
    }
    set_index(image);
}

void multi_image_release(struct multi_image *image)
{
    for (size_t i = 0; i < MULTI_BLOBS; i++) {
        sw_buf_release(&image->blobs[i]);
    }
    for (size_t i = 0; i < MULTI_MANIFESTS; i++) {
        sw_buf_release(&image->manifests[i]);
    }
    sw_buf_release(&image->index);
}

void multi_image_put(const struct multi_image *image, struct fake_registry *registry,
                     const char *repository, const char *tag)
{
    for (size_t i = 0; i < MULTI_BLOBS; i++) {
        fake_registry_put_blob(registry, repository, sw_buf_str(&image->blobs[i]));
    }
    for (size_t i = 0; i < MULTI_MANIFESTS; i++) {
        fake_registry_put_as(registry, repository, image->manifest_digests[i],
                             SW_MEDIA_OCI_MANIFEST, image->manifests[i].ptr);
    }
    fake_registry_put_as(registry, repository, tag, SW_MEDIA_OCI_INDEX, image->index.ptr);
}

static bool holds(const struct fake_registry_item *item, const struct sw_buf *bytes)
{
    return item && sw_str_eq(sw_buf_str(&item->bytes), sw_buf_str(bytes));
}

bool multi_image_is_at(const struct multi_image *image, const struct fake_registry *registry,
                       const char *repository, const char *tag)
{
    bool all = holds(fake_registry_tag(registry, repository, tag), &image->index);

    for (size_t i = 0; i < MULTI_BLOBS; i++) {
        all = all && holds(fake_registry_blob(registry, repository, image->blob_digests[i]),
                           &image->blobs[i]);
    }
    for (size_t i = 0; i < MULTI_MANIFESTS; i++) {
        all = all && holds(fake_registry_tag(registry, repository, image->manifest_digests[i]),
                           &image->manifests[i]);
    }
    return all;
}

#include "image_file.h"

#include "tar_file.h"

#include <slipway/alloc.h>

#include <stdio.h>
#include <unistd.h>
#define ZLIB_CONST
#include <zlib.h>

#define OCI_LAYER    "application/vnd.oci.image.layer.v1.tar"
#define OCI_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define OCI_INDEX    "application/vnd.oci.image.index.v1+json"

static void gzip(struct sw_str data, struct sw_buf *out)
{
    char packed[8192];
    z_stream stream = { 0 };

    if (deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        abort();
    }
    stream.next_in = (z_const Bytef *)data.ptr;
    stream.avail_in = (uInt)data.len;
    stream.next_out = (Bytef *)packed;
    stream.avail_out = sizeof(packed);
    if (deflate(&stream, Z_FINISH) != Z_STREAM_END) {
        abort();
    }
    sw_buf_add(out, packed, sizeof(packed) - stream.avail_out);
    (void)deflateEnd(&stream);
}

static const char *hex(const char *digest)
{
    return digest + strlen("sha256:");
}

static void add_blob(struct sw_buf *tar, struct sw_str content)
{
    char digest[SW_DIGEST_SIZE];
    char path[128];

    sw_digest_of(content, digest);
    (void)snprintf(path, sizeof(path), "blobs/sha256/%s", hex(digest));
    tar_file_add(tar, path, content);
}

static void build_layers(struct image_file *file, enum image_fault fault)
{
    static const char *const names[] = { "etc/one", "etc/two" };
    static const char *const contents[] = { "first\n", "second\n" };
    const int times = fault == IMAGE_LARGE ? 20 * 1000 : 1;

    for (size_t i = 0; i < 2; i++) {
        struct sw_buf content;

        sw_buf_init(&content, SW_BUF_TEXT_MAX);
        for (int n = 0; n < times; n++) {
            sw_buf_add_cstr(&content, contents[i]);
        }
        sw_buf_init(&file->layers[i], SW_BUF_TEXT_MAX);
        sw_buf_init(&file->packed[i], SW_BUF_TEXT_MAX);
        tar_file_add(&file->layers[i], names[i], sw_buf_str(&content));
        tar_file_end(&file->layers[i]);
        sw_buf_release(&content);
        gzip(sw_buf_str(&file->layers[i]), &file->packed[i]);
        sw_digest_of(sw_buf_str(&file->layers[i]), file->diff_ids[i]);
        sw_digest_of(sw_buf_str(&file->packed[i]), file->digests[i]);
    }
}

static void build_config(struct image_file *file)
{
    sw_buf_init(&file->config, SW_BUF_TEXT_MAX);
    sw_buf_addf(&file->config,
                "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\","
                "\"diff_ids\":[\"%s\",\"%s\"]}}",
                file->diff_ids[0], file->diff_ids[1]);
    sw_digest_of(sw_buf_str(&file->config), file->config_digest);
}

/* The content of layer `index` in the archive. */
static struct sw_str layer_content(const struct image_file *file, enum image_layout layout,
                                   enum image_fault fault, size_t index)
{
    size_t actual = fault == IMAGE_WRONG_DIFF_ID ? 0 : index;
    bool packed = layout == IMAGE_CONTAINERD || layout == IMAGE_OCI;

    return sw_buf_str(packed ? &file->packed[actual] : &file->layers[actual]);
}

static void add_manifest_json(struct image_file *file, const char *config, const char *first,
                              const char *second, enum image_fault fault)
{
    struct sw_buf text;

    if (fault == IMAGE_NO_MANIFEST) {
        return;
    }
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    if (fault == IMAGE_MANIFEST_GARBAGE) {
        sw_buf_add_cstr(&text, "[{");
    } else {
        sw_buf_addf(&text,
                    "[{\"Config\":\"%s\",\"RepoTags\":[\"acme/app:v1\"],\"Layers\":[\"%s\","
                    "\"%s\"%s%s%s]}]\n",
                    config, first, second, fault == IMAGE_LAYERS_TOO_MANY ? ",\"" : "",
                    fault == IMAGE_LAYERS_TOO_MANY ? second : "",
                    fault == IMAGE_LAYERS_TOO_MANY ? "\"" : "");
    }
    tar_file_add(&file->tar, "manifest.json", sw_buf_str(&text));
    sw_buf_release(&text);
}

static struct sw_str config_content(const struct image_file *file, enum image_fault fault)
{
    static const char changed[] = "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{"
                                  "\"type\":\"layers\",\"diff_ids\":[]}}";

    return fault == IMAGE_CONFIG_CHANGED ? sw_str(changed) : sw_buf_str(&file->config);
}

static void build_docker_24(struct image_file *file, enum image_fault fault)
{
    char config[128];

    (void)snprintf(config, sizeof(config), "%s.json", hex(file->config_digest));
    tar_file_header(&file->tar, "aaaa/", '5', "", 0);
    tar_file_add(&file->tar, "aaaa/VERSION", SW_STR("1.0"));
    tar_file_add(&file->tar, "aaaa/json", SW_STR("{\"id\":\"aaaa\"}"));
    tar_file_add(&file->tar, "aaaa/layer.tar", layer_content(file, IMAGE_DOCKER_24, fault, 0));
    if (fault != IMAGE_LAYER_MISSING) {
        /* A layer that another image wrote is a link. */
        tar_file_add(&file->tar, "cccc/layer.tar", layer_content(file, IMAGE_DOCKER_24, fault, 1));
    }
    tar_file_link(&file->tar, "bbbb/layer.tar", '2', "../cccc/layer.tar");
    if (fault != IMAGE_CONFIG_MISSING) {
        tar_file_add(&file->tar, config, config_content(file, fault));
    }
    add_manifest_json(file, config, "aaaa/layer.tar", "bbbb/layer.tar", fault);
}

/* Adds blobs by the names they should have. */
static void add_named(struct image_file *file, const char *digest, struct sw_str content)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "blobs/sha256/%s", hex(digest));
    tar_file_add(&file->tar, path, content);
}

static void add_image_blobs(struct image_file *file, enum image_layout layout,
                            enum image_fault fault)
{
    bool packed = layout != IMAGE_DOCKER_25;

    for (size_t i = 0; i < 2; i++) {
        if (i == 0 || fault != IMAGE_LAYER_MISSING) {
            add_named(file, packed ? file->digests[i] : file->diff_ids[i],
                      layer_content(file, layout, fault, i));
        }
    }
    if (fault != IMAGE_CONFIG_MISSING) {
        add_named(file, file->config_digest, config_content(file, fault));
    }
}

static void build_oci_manifest(struct image_file *file, bool packed, enum image_fault fault)
{
    sw_buf_addf(&file->manifest,
                "{\"schemaVersion\": 2,%s\n \"config\": "
                "{\"mediaType\": \"application/vnd.oci.image.config.v1+json\", \"digest\": \"%s\", "
                "\"size\": %zu},\n \"layers\": [",
                fault == IMAGE_NO_MEDIA_TYPE ? "" : " \"mediaType\": \"" OCI_MANIFEST "\",",
                file->config_digest, file->config.len);
    for (size_t i = 0; i < 2; i++) {
        sw_buf_addf(&file->manifest, "%s{\"mediaType\": \"%s\", \"digest\": \"%s\", \"size\": %zu}",
                    i ? ", " : "", packed ? OCI_LAYER "+gzip" : OCI_LAYER,
                    packed ? file->digests[i] : file->diff_ids[i],
                    packed ? file->packed[i].len : file->layers[i].len);
    }
    sw_buf_add_cstr(&file->manifest, "]}\n");
}

/* index.json with the manifest itself, or with an index of images and attestations below it. */
static void add_index(struct image_file *file, bool nested)
{
    char digest[SW_DIGEST_SIZE];
    struct sw_buf inner;
    struct sw_buf index;

    sw_buf_init(&inner, SW_BUF_TEXT_MAX);
    sw_buf_init(&index, SW_BUF_TEXT_MAX);
    add_blob(&file->tar, sw_buf_str(&file->manifest));
    sw_digest_of(sw_buf_str(&file->manifest), digest);
    sw_buf_addf(&inner,
                "{\"schemaVersion\":2,\"mediaType\":\"" OCI_INDEX "\",\"manifests\":["
                "{\"mediaType\":\"" OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":%zu,"
                "\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}},"
                "{\"mediaType\":\"" OCI_MANIFEST "\",\"digest\":\"sha256:%064d\",\"size\":5,"
                "\"platform\":{\"os\":\"linux\",\"architecture\":\"arm64\"}},"
                "{\"mediaType\":\"" OCI_MANIFEST "\",\"digest\":\"sha256:%064d\",\"size\":5,"
                "\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"}}]}",
                digest, file->manifest.len, 1, 2);
    if (nested) {
        add_blob(&file->tar, sw_buf_str(&inner));
        sw_digest_of(sw_buf_str(&inner), digest);
    }
    sw_buf_addf(&index,
                "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"%s\",\"digest\":\"%s\","
                "\"size\":%zu,\"annotations\":{\"io.containerd.image.name\":"
                "\"docker.io/acme/app:v1\"}}]}",
                nested ? OCI_INDEX : OCI_MANIFEST, digest, nested ? inner.len : file->manifest.len);
    tar_file_add(&file->tar, "index.json", sw_buf_str(&index));
    tar_file_add(&file->tar, "oci-layout", SW_STR("{\"imageLayoutVersion\":\"1.0.0\"}"));
    sw_buf_release(&inner);
    sw_buf_release(&index);
}

static void build_blobs(struct image_file *file, enum image_layout layout, enum image_fault fault)
{
    bool packed = layout != IMAGE_DOCKER_25;
    char paths[3][128];

    add_image_blobs(file, layout, fault);
    build_oci_manifest(file, packed, fault);
    add_index(file, packed);
    (void)snprintf(paths[0], 128, "blobs/sha256/%s", hex(file->config_digest));
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(paths[i + 1], 128, "blobs/sha256/%s",
                       hex(packed ? file->digests[i] : file->diff_ids[i]));
    }
    if (layout != IMAGE_OCI) {
        add_manifest_json(file, paths[0], paths[1], paths[2], fault);
    }
}

void image_file_build(struct image_file *file, enum image_layout layout, enum image_fault fault)
{
    *file = (struct image_file){ 0 };
    sw_buf_init(&file->tar, SW_BUF_TEXT_MAX);
    sw_buf_init(&file->manifest, SW_BUF_TEXT_MAX);
    build_layers(file, fault);
    build_config(file);
    if (layout == IMAGE_DOCKER_24) {
        build_docker_24(file, fault);
    } else {
        build_blobs(file, layout, fault);
    }
    tar_file_end(&file->tar);
}

void image_file_release(struct image_file *file)
{
    sw_buf_release(&file->tar);
    sw_buf_release(&file->config);
    sw_buf_release(&file->manifest);
    for (size_t i = 0; i < 2; i++) {
        sw_buf_release(&file->layers[i]);
        sw_buf_release(&file->packed[i]);
    }
}

char *image_file_write(struct sw_str tar)
{
    const char *dir = getenv("TMPDIR");
    char *path = sw_xasprintf("%s/slipway-image-XXXXXX", dir && dir[0] ? dir : "/tmp");
    int fd = mkstemp(path);

    if (fd < 0 || write(fd, tar.ptr, tar.len) != (ssize_t)tar.len || close(fd) != 0) {
        abort();
    }
    return path;
}

/* Manifests, indexes and configurations: limits hold, and what is written is read back. */

#include "fuzz.h"

#include <slipway/digest.h>
#include <slipway/manifest.h>

static void check_manifest(struct sw_str text)
{
    struct sw_err err = SW_ERR_INIT;
    struct sw_manifest manifest = { 0 };
    struct sw_manifest again = { 0 };
    struct sw_buf out;

    if (sw_manifest_parse(text, "manifest", &manifest, &err) != SW_OK) {
        FUZZ_CHECK(err.msg[0] != '\0' && !manifest.media_type);
        return;
    }
    FUZZ_CHECK(sw_digest_is_valid(sw_str(manifest.config.digest)));
    FUZZ_CHECK(manifest.layers.count <= SW_LAYERS_MAX);
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    sw_manifest_write(&manifest, &out);
    FUZZ_CHECK(sw_manifest_parse(sw_buf_str(&out), "manifest", &again, &err) == SW_OK);
    FUZZ_CHECK(again.layers.count == manifest.layers.count);
    FUZZ_CHECK(strcmp(again.config.digest, manifest.config.digest) == 0);
    sw_buf_release(&out);
    sw_manifest_release(&manifest);
    sw_manifest_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_str text = sw_str_n((const char *)data, size);
    struct sw_err err = SW_ERR_INIT;
    struct sw_descriptors entries = { 0 };
    struct sw_image_config config = { 0 };

    check_manifest(text);
    if (sw_index_parse(text, "index", &entries, &err) == SW_OK) {
        FUZZ_CHECK(entries.count <= SW_INDEX_ENTRIES_MAX);
        sw_descriptors_release(&entries);
    }
    if (sw_image_config_parse(text, "configuration", &config, &err) == SW_OK) {
        FUZZ_CHECK(config.diff_id_count <= SW_LAYERS_MAX);
        sw_image_config_release(&config);
    }
    return 0;
}

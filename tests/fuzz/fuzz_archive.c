/*
 * Whole image archives as they come through a pipe: manifest.json, index.json, links, layers. An
 * image that is accepted has the layers its configuration names.
 */

#include "fuzz.h"

#include "image/archive.h"

static enum sw_status go_on(SW_UNUSED void *ctx, SW_UNUSED struct sw_err *err)
{
    return SW_OK;
}

static enum sw_status has_none(SW_UNUSED void *ctx, SW_UNUSED const char *digest, bool *ret,
                               SW_UNUSED struct sw_err *err)
{
    *ret = false;
    return SW_OK;
}

static enum sw_status take(SW_UNUSED void *ctx, struct sw_blob *blob, SW_UNUSED struct sw_err *err)
{
    FUZZ_CHECK(sw_digest_is_valid(sw_str(blob->digest)) && blob->size >= 0);
    return SW_OK;
}

static const char *get(SW_UNUSED void *ctx, SW_UNUSED const char *name)
{
    return NULL;
}

static void check_image(const struct sw_image *image)
{
    FUZZ_CHECK(image->config_blob != NULL);
    FUZZ_CHECK(image->layer_count == image->parsed.diff_id_count);
    for (size_t i = 0; i < image->layer_count; i++) {
        FUZZ_CHECK(strcmp(image->layers[i]->diff_id, image->parsed.diff_ids[i]) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sw_packer *packer;
    const struct sw_env env = { .get = get };
    const struct sw_strs wanted = { 0 };
    const struct sw_archive_wish wish = { .layers = &wanted };
    struct sw_memory_part part = { (const char *)data, size };
    struct sw_intake intake = { .env = &env, .check = go_on, .has = has_none, .ready = take };
    struct sw_archive archive = { .fd = -1 };
    struct sw_image image;
    struct sw_err err = SW_ERR_INIT;
    enum sw_status status;

    if (!packer) {
        /* Once: threads cost more than all the rest. */
        packer = sw_packer_new(&sw_compression_default, 1);
    }
    intake.packers[0] = packer;
    sw_image_init(&image);
    status = sw_archive_take(&archive, sw_memory_reader(&part), &intake, &wish, &err);
    if (status == SW_OK) {
        status = sw_docker_image_load(&archive, NULL, NULL, &intake, &image, &err);
    }
    if (status == SW_OK) {
        check_image(&image);
    } else {
        FUZZ_CHECK(err.msg[0] != '\0');
    }
    sw_image_release(&image);
    sw_archive_release(&archive);
    sw_intake_release(&intake);
    return 0;
}

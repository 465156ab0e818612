#include "stored_world.h"

#include <slipway/manifest.h>

static void make_world(struct world *world)
{
    *world = (struct world){ .options = { .uploads = 2, .workers = 1 } };
    fake_registry_set_up(&world->registry, &world->fake, &world->t);
    fake_engine_init(&world->engine, &world->registry);
    world->fake.handler = fake_engine_answer;
    world->fake.handler_ctx = &world->engine;
    image_file_build(&world->file, IMAGE_CONTAINERD, IMAGE_FINE);
    multi_image_build(&world->multi);
    sw_buf_init(&world->manifest, SW_BUF_TEXT_MAX);
    world->engine.archive = sw_buf_str(&world->file.tar);
}

void world_release(struct world *world)
{
    sw_push_result_release(&world->result);
    sw_buf_release(&world->manifest);
    multi_image_release(&world->multi);
    image_file_release(&world->file);
    fake_engine_release(&world->engine);
    fake_registry_tear_down(&world->registry, &world->fake, &world->t);
}

void store_manifest(struct world *world, const struct sw_buf *manifest)
{
    fake_engine_add(&world->engine, sw_buf_str(manifest));
    sw_digest_of(sw_buf_str(manifest), world->id);
    fake_engine_set(&world->engine, SW_MEDIA_OCI_MANIFEST, world->id, "amd64");
}

void world_init(struct world *world)
{
    make_world(world);
    fake_engine_add(&world->engine, sw_buf_str(&world->file.config));
    for (size_t i = 0; i < 2; i++) {
        fake_engine_add(&world->engine, sw_buf_str(&world->file.packed[i]));
    }
    store_manifest(world, &world->file.manifest);
}

void world_init_unpacked(struct world *world)
{
    make_world(world);
    fake_engine_add(&world->engine, sw_buf_str(&world->file.config));
    sw_buf_addf(&world->manifest,
                "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{\"mediaType\":\"%s\","
                "\"digest\":\"%s\",\"size\":%zu},\"layers\":[",
                SW_MEDIA_DOCKER_MANIFEST, SW_MEDIA_DOCKER_CONFIG, world->file.config_digest,
                world->file.config.len);
    for (size_t i = 0; i < 2; i++) {
        fake_engine_add(&world->engine, sw_buf_str(&world->file.layers[i]));
        sw_buf_addf(&world->manifest,
                    "%s{\"mediaType\":\"application/vnd.docker.image.rootfs.diff.tar\","
                    "\"digest\":\"%s\",\"size\":%zu}",
                    i ? "," : "", world->file.diff_ids[i], world->file.layers[i].len);
    }
    sw_buf_add_cstr(&world->manifest, "]}");
    store_manifest(world, &world->manifest);
}

void world_init_multi(struct world *world)
{
    const struct multi_image *multi = &world->multi;

    make_world(world);
    for (size_t i = 0; i < MULTI_BLOBS; i++) {
        fake_engine_add(&world->engine, sw_buf_str(&multi->blobs[i]));
    }
    for (size_t i = 0; i < MULTI_MANIFESTS; i++) {
        fake_engine_add(&world->engine, sw_buf_str(&multi->manifests[i]));
    }
    fake_engine_add(&world->engine, sw_buf_str(&multi->index));
    fake_engine_set(&world->engine, SW_MEDIA_OCI_INDEX, multi->index_digest, "amd64");
}

enum sw_status push_to(struct world *world, const char *platform, const char *tag,
                       struct sw_err *err)
{
    SW_CLEANUP(sw_image_source_cleanup) struct sw_image_source *source = NULL;
    SW_CLEANUP(sw_free_str) char *text = sw_xasprintf(STORED_HOST "/app:%s", tag);
    SW_CLEANUP(sw_ref_release) struct sw_ref target = { 0 };
    enum sw_status status =
        sw_image_source_open(&world->t.env, "docker-daemon:web:v1", platform, &source, err);

    sw_push_result_release(&world->result);
    assert_int_equal(sw_ref_parse(sw_str(text), &target, err), SW_OK);
    return status == SW_OK ? sw_image_push(&world->t.env, source, &target, 1, &world->options,
                                           &world->result, err)
                           : status;
}

enum sw_status push(struct world *world, struct sw_err *err)
{
    return push_to(world, NULL, "v1", err);
}

void assert_tag(const struct world *world, const char *tag, const struct sw_buf *manifest)
{
    const struct fake_registry_item *item = fake_registry_tag(&world->registry, "app", tag);

    assert_non_null(item);
    assert_true(sw_str_eq(sw_buf_str(&item->bytes), sw_buf_str(manifest)));
}

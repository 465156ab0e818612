#include "archive_world.h"

#include "ref_list.h"

void world_init(struct world *world, enum image_layout layout, enum image_fault fault)
{
    fake_registry_set_up(&world->registry, &world->fake, &world->t);
    image_file_build(&world->file, layout, fault);
    world->path = image_file_write(sw_buf_str(&world->file.tar));
}

void world_release(struct world *world)
{
    (void)unlink(world->path);
    free(world->path);
    image_file_release(&world->file);
    fake_registry_tear_down(&world->registry, &world->fake, &world->t);
}

enum sw_status push_source(const struct sw_env *env, const char *source, const char *refs,
                           const char *platform, const struct sw_registry_auth *auth,
                           struct sw_push_result *result, struct sw_err *err)
{
    const struct sw_push_options options = {
        .auth = auth, .no_learn = true, .uploads = 1, .workers = 1
    };
    SW_CLEANUP(sw_image_source_cleanup) struct sw_image_source *opened = NULL;
    SW_CLEANUP(ref_list_release) struct ref_list targets = { 0 };
    enum sw_status status = sw_image_source_open(env, source, platform, &opened, err);

    ref_list_init(&targets, refs);
    if (status == SW_OK) {
        status = sw_image_push(env, opened, targets.items, targets.count, &options, result, err);
    }
    return status;
}

enum sw_status push_to(struct world *world, const char *refs, struct sw_push_result *result,
                       struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *source = sw_xasprintf("docker-archive:%s", world->path);

    return push_source(&world->t.env, source, refs, NULL, NULL, result, err);
}

void check_stored(const struct world *world, const char *repository, const char *tag, bool packed,
                  const char *name)
{
    const struct fake_registry_item *item = fake_registry_tag(&world->registry, repository, tag);
    struct sw_manifest manifest = { 0 };
    struct sw_err err = SW_ERR_INIT;

    print_message("%s\n", name);
    assert_non_null(item);
    assert_ok(sw_manifest_parse(sw_buf_str(&item->bytes), "manifest", &manifest, &err));
    assert_string_equal(manifest.config.digest, world->file.config_digest);
    assert_int_equal(manifest.layers.count, 2);
    assert_non_null(fake_registry_blob(&world->registry, repository, world->file.config_digest));
    for (size_t i = 0; i < 2; i++) {
        const struct fake_registry_item *blob =
            fake_registry_blob(&world->registry, repository, manifest.layers.items[i].digest);

        assert_non_null(blob);
        assert_int_equal(blob->bytes.len, manifest.layers.items[i].size);
        if (packed) {
            assert_string_equal(manifest.layers.items[i].digest, world->file.digests[i]);
        }
    }
    if (packed) {
        assert_string_equal(item->bytes.ptr, world->file.manifest.ptr);
        assert_string_equal(item->media_type, SW_MEDIA_OCI_MANIFEST);
    } else {
        assert_string_equal(item->media_type, SW_MEDIA_DOCKER_MANIFEST);
    }
    sw_manifest_release(&manifest);
}

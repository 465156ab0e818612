#include "layout_world.h"

#include <slipway/json.h>

/* Changes a member of the layout's only manifest, of its first layer when `of_layer`. */
static void change_manifest(const struct world *world, bool of_layer, const char *name,
                            json_t *value)
{
    char digest[SW_DIGEST_SIZE];
    json_auto_t *doc = NULL;
    SW_CLEANUP(sw_buf_release) struct sw_buf text;
    SW_CLEANUP(sw_free_str) char *index = NULL;
    struct sw_err err = SW_ERR_INIT;

    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    assert_ok(sw_json_parse(sw_buf_str(&world->file.manifest), "manifest", &doc, &err));
    assert_int_equal(
        json_object_set_new(of_layer ? json_array_get(json_object_get(doc, "layers"), 0) : doc,
                            name, value),
        0);
    sw_json_dump(doc, 0, &text);
    write_blob(world, text.ptr, digest);
    index = sw_xasprintf("{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":"
                         "\"" SW_MEDIA_OCI_MANIFEST "\",\"digest\":\"%s\",\"size\":%zu}]}",
                         digest, text.len);
    write_file(world, "index.json", index);
}

/* Docker's manifest has no place for what an image says of itself. */
static void test_oci_manifest__keeps_annotations_when_layers_are_compressed(void **state)
{
    struct world world;
    struct sw_push_result result;
    struct sw_err err = SW_ERR_INIT;
    const struct fake_registry_item *item;
    SW_CLEANUP(sw_free_str) char *source = NULL;

    (void)state;
    world_init(&world, IMAGE_DOCKER_25, IMAGE_FINE);
    change_manifest(&world, false, "annotations", json_pack("{s:s}", "org.acme.team", "web"));
    source = sw_xasprintf("oci:%s", world.dir);
    assert_ok(push(&world.t.env, source, NULL, &result, &err));
    item = fake_registry_tag(&world.registry, "app", "v1");
    assert_non_null(item);
    assert_string_equal(item->media_type, SW_MEDIA_OCI_MANIFEST);
    assert_non_null(strstr(item->bytes.ptr, "\"annotations\":{\"org.acme.team\":\"web\"}"));
    assert_non_null(strstr(item->bytes.ptr, SW_MEDIA_OCI_CONFIG));
    assert_non_null(strstr(item->bytes.ptr, SW_MEDIA_OCI_LAYER_GZIP));
    assert_null(strstr(item->bytes.ptr, "vnd.docker"));
    sw_push_result_release(&result);
    world_release(&world);
}

static void test_oci_manifest__that_is_encrypted_is_refused(void **state)
{
    struct world world;
    struct sw_push_result result = { 0 };
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_free_str) char *source = NULL;
    SW_CLEANUP(sw_free_str) char *message = NULL;

    (void)state;
    world_init(&world, IMAGE_DOCKER_25, IMAGE_FINE);
    change_manifest(&world, true, "mediaType",
                    json_string("application/vnd.oci.image.layer.v1.tar+gzip+encrypted"));
    source = sw_xasprintf("oci:%s", world.dir);
    assert_int_equal(push(&world.t.env, source, NULL, &result, &err), SW_E_INPUT);
    message = sw_xasprintf("layout \"%s\": layer %s is encrypted, and Amazon ECS runs no such "
                           "image; push the one that it was made from",
                           world.dir, world.file.diff_ids[0]);
    assert_string_equal(err.msg, message);
    world_release(&world);
}

static void test_oci_manifest__of_another_kind_of_folder_is_told_apart(void **state)
{
    struct world world;
    struct sw_push_result result = { 0 };
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_free_str) char *source = NULL;
    SW_CLEANUP(sw_free_str) char *index = NULL;
    SW_CLEANUP(sw_free_str) char *message = NULL;

    (void)state;
    world_init(&world, IMAGE_DOCKER_25, IMAGE_FINE);
    source = sw_xasprintf("oci:%s", world.dir);
    index = sw_fs_join(world.dir, "index.json");
    assert_int_equal(unlink(index), 0);
    write_file(&world, "manifest.json", "{}");
    assert_int_equal(push(&world.t.env, source, NULL, &result, &err), SW_E_INPUT);
    message = sw_xasprintf("layout \"%s\": this is no OCI layout but a folder of skopeo's dir: "
                           "kind; make one with 'skopeo copy dir:%s oci:LAYOUT'",
                           world.dir, world.dir);
    assert_string_equal(err.msg, message);
    world_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oci_manifest__keeps_annotations_when_layers_are_compressed),
        cmocka_unit_test(test_oci_manifest__that_is_encrypted_is_refused),
        cmocka_unit_test(test_oci_manifest__of_another_kind_of_folder_is_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "test.h"

#include <slipway/json.h>
#include <slipway/manifest.h>

#define A "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void test_manifest__is_read(void **state)
{
    struct sw_manifest manifest = { 0 };
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    assert_ok(sw_manifest_parse(
        SW_STR("{\"schemaVersion\":2,\"mediaType\":\"" SW_MEDIA_OCI_MANIFEST "\","
               "\"config\":{\"mediaType\":\"c\",\"digest\":\"" A "\",\"size\":7},"
               "\"layers\":[{\"digest\":\"" B "\",\"size\":0},"
               "{\"mediaType\":\"l\",\"digest\":\"" A "\",\"size\":9007199254740993}],"
               "\"subject\":{\"mediaType\":\"m\",\"digest\":\"" B "\",\"size\":1},"
               "\"annotations\":{\"x\":\"y\"}}"),
        "m", &manifest, &err));
    assert_string_equal(manifest.media_type, SW_MEDIA_OCI_MANIFEST);
    assert_string_equal(manifest.subject, B);
    assert_string_equal(manifest.config.media_type, "c");
    assert_string_equal(manifest.config.digest, A);
    assert_int_equal(manifest.config.size, 7);
    assert_int_equal(manifest.layers.count, 2);
    assert_string_equal(manifest.layers.items[0].media_type, "");
    assert_int_equal(manifest.layers.items[0].size, 0);
    assert_int_equal(manifest.layers.items[1].size, 9007199254740993);
    assert_null(manifest.layers.items[1].platform);
    assert_string_equal(manifest.annotations, "{\"x\":\"y\"}");
    sw_manifest_release(&manifest);

    assert_ok(sw_manifest_parse(SW_STR("{\"config\":{\"digest\":\"" A "\",\"size\":1},"
                                       "\"layers\":[],\"subject\":{\"digest\":\"x\"}}"),
                                "m", &manifest, &err));
    assert_string_equal(manifest.media_type, "");
    assert_null(manifest.subject);
    assert_null(manifest.annotations);
    sw_manifest_release(&manifest);
}

#define CONFIG "\"config\":{\"digest\":\"" A "\",\"size\":1}"

static void test_manifest__that_is_wrong_is_refused(void **state)
{
    static const struct {
        const char *text;
        enum sw_status status;
        const char *message;
    } cases[] = {
        { "", SW_E_INPUT, "m: empty, expected JSON" },
        { "[]", SW_E_INPUT, "m: expected an object, found an array" },
        { "{}", SW_E_INPUT, "m: \"config\" is missing; expected an object" },
        { "{" CONFIG "}", SW_E_INPUT, "m: \"layers\" is missing; expected an array" },
        { "{" CONFIG ",\"layers\":{}}", SW_E_INPUT,
          "m: \"layers\" must be an array, not an object" },
        { "{\"config\":[],\"layers\":[]}", SW_E_INPUT,
          "m: \"config\" must be an object, not an array" },
        { "{\"config\":{\"size\":1},\"layers\":[]}", SW_E_INPUT,
          "m: \"digest\" is missing; expected a string" },
        { "{\"config\":{\"digest\":\"sha256:1\",\"size\":1},\"layers\":[]}", SW_E_INPUT,
          "m: \"sha256:1\" is no sha256 digest" },
        { "{\"config\":{\"digest\":\"" A "\"},\"layers\":[]}", SW_E_INPUT,
          "m: \"size\" is missing; expected an integer" },
        { "{\"config\":{\"digest\":\"" A "\",\"size\":-1},\"layers\":[]}", SW_E_INPUT,
          "m: the size of " A " is negative" },
        { "{" CONFIG ",\"layers\":[1]}", SW_E_INPUT, "m: expected an object, found an integer" },
        { "{" CONFIG ",\"layers\":[{\"digest\":\"sha512:00\",\"size\":1}]}", SW_E_INPUT,
          "m: \"sha512:00\" is no sha256 digest" },
        { "{" CONFIG ",\"layers\":[],\"mediaType\":1}", SW_E_INPUT,
          "m: \"mediaType\" must be a string, not an integer" },
        { "{" CONFIG ",\"layers\":[],\"layers\":[]}", SW_E_INPUT, NULL },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_manifest manifest = { 0 };
        struct sw_err err = SW_ERR_INIT;

        print_message("%s\n", cases[i].text);
        assert_int_equal(sw_manifest_parse(sw_str(cases[i].text), "m", &manifest, &err),
                         cases[i].status);
        if (cases[i].message) {
            assert_string_equal(err.msg, cases[i].message);
        }
        assert_null(manifest.media_type);
    }
}

/* {"config":...,"layers":[N times the same]} or {"manifests":[...]}. */
static void repeat(struct sw_buf *out, const char *head, size_t count)
{
    sw_buf_init(out, SW_BUF_TEXT_MAX);
    sw_buf_add_cstr(out, head);
    for (size_t i = 0; i < count; i++) {
        sw_buf_addf(out, "%s{\"digest\":\"" A "\",\"size\":1}", i ? "," : "");
    }
    sw_buf_add_cstr(out, "]}");
}

static void test_manifest__has_limits(void **state)
{
    struct sw_manifest manifest = { 0 };
    struct sw_descriptors entries = { 0 };
    struct sw_err err = SW_ERR_INIT;
    struct sw_buf text;

    (void)state;
    repeat(&text, "{" CONFIG ",\"layers\":[", SW_LAYERS_MAX);
    assert_ok(sw_manifest_parse(sw_buf_str(&text), "m", &manifest, &err));
    assert_int_equal(manifest.layers.count, SW_LAYERS_MAX);
    sw_manifest_release(&manifest);
    sw_buf_release(&text);
    repeat(&text, "{" CONFIG ",\"layers\":[", SW_LAYERS_MAX + 1);
    assert_fails(sw_manifest_parse(sw_buf_str(&text), "m", &manifest, &err), SW_E_TOO_LARGE,
                 "m has 1025 entries; the limit is 1024");
    sw_buf_release(&text);
    repeat(&text, "{\"manifests\":[", SW_INDEX_ENTRIES_MAX + 1);
    assert_fails(sw_index_parse(sw_buf_str(&text), "i", &entries, &err), SW_E_TOO_LARGE,
                 "i has 4097 entries; the limit is 4096");
    sw_buf_release(&text);
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i <= SW_MANIFEST_MAX; i++) {
        sw_buf_add_char(&text, ' ');
    }
    assert_fails(sw_manifest_parse(sw_buf_str(&text), "m", &manifest, &err), SW_E_TOO_LARGE,
                 "m has 4194305 bytes; the limit is 4194304");
    sw_buf_release(&text);
}

#define ENTRY(more) "{\"mediaType\":\"t\",\"digest\":\"" A "\",\"size\":1" more "}"

static void test_manifest__entries_of_an_index_are_read(void **state)
{
    static const struct {
        const char *entry;
        const char *platform;
        const char *name;
        const char *ref_name;
        bool attestation;
    } cases[] = {
        { ENTRY(""), NULL, NULL, NULL, false },
        { ENTRY(",\"platform\":{\"os\":\"linux\",\"architecture\":\"amd64\"}"), "linux/amd64", NULL,
          NULL, false },
        { ENTRY(",\"platform\":{\"os\":\"linux\",\"architecture\":\"arm\",\"variant\":\"v7\"}"),
          "linux/arm/v7", NULL, NULL, false },
        { ENTRY(",\"platform\":{\"os\":\"linux\"}"), NULL, NULL, NULL, false },
        { ENTRY(",\"platform\":{\"os\":\"\",\"architecture\":\"\"}"), NULL, NULL, NULL, false },
        { ENTRY(",\"platform\":\"linux/amd64\""), NULL, NULL, NULL, false },
        { ENTRY(",\"platform\":{\"os\":\"unknown\",\"architecture\":\"unknown\"}"),
          "unknown/unknown", NULL, NULL, true },
        { ENTRY(",\"annotations\":{\"io.containerd.image.name\":\"docker.io/library/a:1\","
                "\"org.opencontainers.image.ref.name\":\"1\"}"),
          NULL, "docker.io/library/a:1", "1", false },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        SW_CLEANUP(sw_free_str) char *text = sw_xasprintf("{\"manifests\":[%s]}", cases[i].entry);
        struct sw_descriptors entries = { 0 };
        struct sw_err err = SW_ERR_INIT;
        const struct sw_descriptor *entry;

        assert_ok(sw_index_parse(sw_str(text), "i", &entries, &err));
        assert_int_equal(entries.count, 1);
        entry = &entries.items[0];
        assert_string_equal(entry->platform ? entry->platform : "-",
                            cases[i].platform ? cases[i].platform : "-");
        assert_string_equal(entry->name ? entry->name : "-", cases[i].name ? cases[i].name : "-");
        assert_string_equal(entry->ref_name ? entry->ref_name : "-",
                            cases[i].ref_name ? cases[i].ref_name : "-");
        assert_int_equal(sw_descriptor_is_attestation(entry), cases[i].attestation);
        sw_descriptors_release(&entries);
    }
}

static void test_manifest__an_index_that_is_wrong_is_refused(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        { "{}", "i: \"manifests\" is missing; expected an array" },
        { "{\"manifests\":null}", "i: \"manifests\" is missing; expected an array" },
        { "{\"manifests\":{}}", "i: \"manifests\" must be an array, not an object" },
        { "{\"manifests\":[{}]}", "i: \"digest\" is missing; expected a string" },
        { "{\"manifests\":[{\"digest\":\"" A "\",\"size\":\"1\"}]}",
          "i: \"size\" must be an integer, not a string" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_descriptors entries = { 0 };
        struct sw_err err = SW_ERR_INIT;

        print_message("%s\n", cases[i].text);
        assert_fails(sw_index_parse(sw_str(cases[i].text), "i", &entries, &err), SW_E_INPUT,
                     cases[i].message);
        assert_null(entries.items);
    }
}

static void test_manifest__is_written_with_its_type(void **state)
{
    struct sw_manifest manifest = { 0 };
    struct sw_buf out;
    char media_type[] = SW_MEDIA_DOCKER_MANIFEST;
    char config_type[] = SW_MEDIA_DOCKER_CONFIG;
    char digest[] = A;
    char annotations[] = "{\"x\":\"y\"}";

    (void)state;
    manifest.media_type = media_type;
    manifest.config =
        (struct sw_descriptor){ .media_type = config_type, .digest = digest, .size = 3 };
    sw_descriptors_add(&manifest.layers, SW_MEDIA_DOCKER_LAYER, B, 5);
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    sw_manifest_write(&manifest, &out);
    assert_string_equal(out.ptr,
                        "{\"schemaVersion\":2,\"mediaType\":\"" SW_MEDIA_DOCKER_MANIFEST "\","
                        "\"config\":{\"mediaType\":\"" SW_MEDIA_DOCKER_CONFIG "\",\"size\":3,"
                        "\"digest\":\"" A "\"},\"layers\":[{\"mediaType\":\"" SW_MEDIA_DOCKER_LAYER
                        "\",\"size\":5,\"digest\":\"" B "\"}]}");
    sw_buf_release(&out);

    manifest.annotations = annotations;
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    sw_manifest_write(&manifest, &out);
    assert_true(sw_str_ends(sw_buf_str(&out), "],\"annotations\":{\"x\":\"y\"}}"));
    sw_buf_release(&out);
    sw_descriptors_release(&manifest.layers);
}

static void test_manifest__a_configuration_is_read(void **state)
{
    static const struct {
        const char *text;
        enum sw_status status;
        const char *result; /* platform, or the message */
        size_t layers;
    } cases[] = {
        { "{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"diff_ids\":[]}}", SW_OK,
          "linux/amd64", 0 },
        { "{\"os\":\"linux\",\"architecture\":\"arm64\",\"variant\":\"v8\",\"rootfs\":{"
          "\"diff_ids\":[\"" A "\",\"" B "\"]}}",
          SW_OK, "linux/arm64/v8", 2 },
        { "{\"architecture\":\"amd64\",\"rootfs\":{\"diff_ids\":[]}}", SW_E_INPUT,
          "c: \"os\" is missing; expected a string", 0 },
        { "{\"os\":\"linux\",\"architecture\":\"amd64\"}", SW_E_INPUT,
          "c: \"rootfs\" is missing; expected an object", 0 },
        { "{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{}}", SW_E_INPUT,
          "c: \"diff_ids\" is missing; expected an array", 0 },
        { "{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"diff_ids\":[\"x\"]}}",
          SW_E_INPUT, "c: rootfs.diff_ids[0] is no sha256 digest", 0 },
        { "{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"diff_ids\":[\"" A "\",1]}}",
          SW_E_INPUT, "c: rootfs.diff_ids[1] is no sha256 digest", 0 },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_image_config config = { 0 };
        struct sw_err err = SW_ERR_INIT;

        print_message("%s\n", cases[i].text);
        assert_int_equal(sw_image_config_parse(sw_str(cases[i].text), "c", &config, &err),
                         cases[i].status);
        assert_string_equal(cases[i].status == SW_OK ? config.platform : err.msg, cases[i].result);
        assert_int_equal(config.diff_id_count, cases[i].layers);
        sw_image_config_release(&config);
    }
}

static void test_manifest__media_types_say_what_they_are(void **state)
{
    static const struct {
        const char *type;
        bool index;
        bool manifest;
        bool foreign;
    } cases[] = {
        { SW_MEDIA_OCI_INDEX, true, false, false },
        { SW_MEDIA_DOCKER_LIST, true, false, false },
        { SW_MEDIA_OCI_MANIFEST, false, true, false },
        { SW_MEDIA_DOCKER_MANIFEST, false, true, false },
        { SW_MEDIA_OCI_LAYER_GZIP, false, false, false },
        { SW_MEDIA_DOCKER_LAYER, false, false, false },
        { "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", false, false, true },
        { "application/vnd.oci.image.layer.nondistributable.v1.tar", false, false, true },
        { "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", false, false, true },
        { "", false, false, false },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("%s\n", cases[i].type);
        assert_int_equal(sw_media_is_index(cases[i].type), cases[i].index);
        assert_int_equal(sw_media_is_manifest(cases[i].type), cases[i].manifest);
        assert_int_equal(sw_media_is_foreign(cases[i].type), cases[i].foreign);
    }
}

static void test_manifest__a_platform_is_picked(void **state)
{
    static const struct {
        const char *platform;
        int picked; /* -1: none */
    } cases[] = {
        { "linux/amd64", 1 },    { "linux/arm64", 2 }, { "linux/arm64/v9", 3 },
        { "linux/arm64/v8", 2 }, { "linux/arm", 4 },   { "linux/arm/v6", -1 },
        { "linux", 1 },          { "linux/amd", -1 },  { "linux/s390x", -1 },
    };
    static const char *const platforms[] = { "unknown/unknown", "linux/amd64",  "linux/arm64/v8",
                                             "linux/arm64/v9",  "linux/arm/v7", NULL };
    struct sw_descriptors entries = { 0 };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(platforms); i++) {
        sw_descriptors_add(&entries, SW_MEDIA_OCI_MANIFEST, A, 1);
        entries.items[i].platform = platforms[i] ? sw_xstrdup(platforms[i]) : NULL;
    }
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        const struct sw_descriptor *entry = NULL;
        struct sw_err err = SW_ERR_INIT;

        print_message("%s\n", cases[i].platform);
        if (cases[i].picked >= 0) {
            assert_ok(sw_index_pick(&entries, cases[i].platform, &entry, &err));
            assert_ptr_equal(entry, &entries.items[cases[i].picked]);
        } else {
            SW_CLEANUP(sw_free_str)
            char *expected = sw_xasprintf("the index has no image for %s; it has: linux/amd64, "
                                          "linux/arm64/v8, linux/arm64/v9, linux/arm/v7",
                                          cases[i].platform);

            assert_fails(sw_index_pick(&entries, cases[i].platform, &entry, &err), SW_E_NOT_FOUND,
                         expected);
            assert_null(entry);
        }
    }
    sw_descriptors_release(&entries);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_manifest__is_read),
        cmocka_unit_test(test_manifest__that_is_wrong_is_refused),
        cmocka_unit_test(test_manifest__has_limits),
        cmocka_unit_test(test_manifest__entries_of_an_index_are_read),
        cmocka_unit_test(test_manifest__an_index_that_is_wrong_is_refused),
        cmocka_unit_test(test_manifest__is_written_with_its_type),
        cmocka_unit_test(test_manifest__a_configuration_is_read),
        cmocka_unit_test(test_manifest__media_types_say_what_they_are),
        cmocka_unit_test(test_manifest__a_platform_is_picked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

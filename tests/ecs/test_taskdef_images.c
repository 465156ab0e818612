/*
 * What a change does beside its edits: images are asked for in their registries, pinned by digest
 * or verified before a deployment; broken rules are found, and other families warned of.
 */

#include "ecs_world.h"

#include <slipway/service.h>

#define DIGEST_1 "sha256:1111111111111111111111111111111111111111111111111111111111111111"
#define DIGEST_2 "sha256:2222222222222222222222222222222222222222222222222222222222222222"

/* A definition in `json` and a script of HEAD requests. */
struct trial {
    struct ecs_world w;
    struct sw_changes changes;
    struct sw_taskdef taskdef;
    struct sw_err err;
};

static void trial_init(struct trial *trial, const char *json)
{
    *trial = (struct trial){ .taskdef = { .definition = test_json(json),
                                          .label = sw_xstrdup("f:1"),
                                          .family = sw_xstrdup("f") } };
    ecs_world_init(&trial->w);
}

static void trial_head(struct trial *trial, const char *url, long status, const char *digest)
{
    const struct fake_http_step step = {
        .method = "HEAD",
        .url = url,
        .status = status,
        .reply_headers = { { "Docker-Content-Digest", digest ? digest : "" },
                           { "Content-Type", "application/vnd.oci.image.index.v1+json" } },
    };
    fake_http_expect(&trial->w.fake, &step);
}

static void trial_done(struct trial *trial)
{
    sw_changes_release(&trial->changes);
    sw_taskdef_release(&trial->taskdef);
    ecs_world_done(&trial->w);
}

#define TWO_IMAGES                                                                           \
    "{'family':'f','containerDefinitions':[{'name':'web','image':'127.0.0.1:5000/a/web:1'}," \
    "{'name':'log','image':'127.0.0.1:5000/log@" DIGEST_2 "'},"                              \
    "{'name':'side','image':'127.0.0.1:5000/side'}]}"

static void test_taskdef_images__pin_gives_each_image_the_digest_of_its_tag(void **state)
{
    struct trial trial;

    (void)state;
    trial_init(&trial, TWO_IMAGES);
    trial.changes.pin = true;
    struct sw_err err = SW_ERR_INIT;
    assert_ok(sw_changes_add_option(&trial.changes, SW_CHANGE_IMAGE_TAG, "--o", "web=2", &err));
    trial_head(&trial, "http://127.0.0.1:5000/v2/a/web/manifests/2", 200, DIGEST_1);
    trial_head(&trial, "http://127.0.0.1:5000/v2/side/manifests/latest", 200, DIGEST_2);
    assert_ok(sw_taskdef_change(trial.w.aws, &trial.taskdef, &trial.changes, &err));
    SW_CLEANUP(sw_free_str) char *text = test_json_text(trial.taskdef.definition);
    assert_string_equal(
        text,
        "{'family':'f','containerDefinitions':[{'name':'web','image':'127.0.0.1:5000/a/web@" DIGEST_1
        "'},{'name':'log','image':'127.0.0.1:5000/log@" DIGEST_2 "'},"
        "{'name':'side','image':'127.0.0.1:5000/side@" DIGEST_2 "'}]}");
    assert_string_equal(trial.w.t.said.ptr,
                        "container \"web\": 127.0.0.1:5000/a/web:2 is " DIGEST_1 "\n"
                        "container \"side\": 127.0.0.1:5000/side is " DIGEST_2 "\n");
    trial_done(&trial);
}

static void test_taskdef_images__pin_fails_when_a_digest_is_not_to_be_had(void **state)
{
    static const struct {
        long status;
        enum sw_status expected;
        const char *message;
    } cases[] = {
        { 404, SW_E_PREFLIGHT,
          "image \"127.0.0.1:5000/a/web:1\" of container \"web\" does not exist, so it cannot be "
          "pinned: " },
        { 403, SW_E_DENIED,
          "the digest of image \"127.0.0.1:5000/a/web:1\" of container \"web\" cannot be asked for, "
          "so it is not pinned: " },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct trial trial;
        trial_init(&trial, TWO_IMAGES);
        trial.changes.pin = true;
        trial_head(&trial, "http://127.0.0.1:5000/v2/a/web/manifests/1", cases[i].status, NULL);
        struct sw_err err = SW_ERR_INIT;
        enum sw_status status =
            sw_taskdef_change(trial.w.aws, &trial.taskdef, &trial.changes, &err);
        assert_string_equal(sw_status_name(status), sw_status_name(cases[i].expected));
        assert_memory_equal(err.msg, cases[i].message, strlen(cases[i].message));
        trial_done(&trial);
    }
}

/* Verifies with the change, if any; `web`, `log` and `side` tell which images are asked for. */
static void assert_asks(enum sw_change_kind kind, const char *text, bool web, bool log, bool side)
{
    struct trial trial;
    struct sw_err err = SW_ERR_INIT;
    trial_init(&trial, TWO_IMAGES);
    if (text) {
        assert_ok(sw_changes_add_option(&trial.changes, kind, "--o", text, &err));
    }
    if (web) {
        trial_head(&trial, "http://127.0.0.1:5000/v2/a/web/manifests/1", 200, DIGEST_1);
    }
    if (log) {
        trial_head(&trial, "http://127.0.0.1:5000/v2/log/manifests/" DIGEST_2, 200, DIGEST_2);
    }
    if (side) {
        trial_head(&trial, "http://127.0.0.1:5000/v2/side/manifests/latest", 200, DIGEST_1);
    }
    assert_ok(sw_deploy_verify_images(trial.w.aws, trial.taskdef.definition, &trial.changes, &err));
    assert_string_equal(trial.w.t.said.ptr, "");
    trial_done(&trial);
}

/* Which images are asked for: those that changes name; all when they name none. */
static void test_taskdef_images__verify_asks_for_what_changes_or_for_all(void **state)
{
    (void)state;
    assert_asks(SW_CHANGE_IMAGE, NULL, true, true, true);
    assert_asks(SW_CHANGE_ENV, "web:A=1", true, true, true);
    assert_asks(SW_CHANGE_IMAGE_TAG, "web=1", true, false, false);
    assert_asks(SW_CHANGE_IMAGE, "side=127.0.0.1:5000/side", false, false, true);
    assert_asks(SW_CHANGE_IMAGE, "127.0.0.1:5000/a/web:1", true, false, false);
}

/* An image that is gone stops a deployment that changes no image as well. */
static void test_taskdef_images__a_missing_image_stops_though_none_changes(void **state)
{
    struct trial trial;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    trial_init(&trial, TWO_IMAGES);
    assert_ok(sw_changes_add_option(&trial.changes, SW_CHANGE_ENV, "--o", "side:A=1", &err));
    trial_head(&trial, "http://127.0.0.1:5000/v2/a/web/manifests/1", 404, NULL);
    enum sw_status status =
        sw_deploy_verify_images(trial.w.aws, trial.taskdef.definition, &trial.changes, &err);
    assert_string_equal(sw_status_name(status), sw_status_name(SW_E_PREFLIGHT));
    static const char start[] =
        "image \"127.0.0.1:5000/a/web:1\" of container \"web\" does not exist: ";
    assert_memory_equal(err.msg, start, strlen(start));
    trial_done(&trial);
}

static void test_taskdef_images__what_cannot_be_asked_for_is_a_warning(void **state)
{
    struct trial trial;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    trial_init(&trial, TWO_IMAGES);
    assert_ok(sw_changes_add_option(&trial.changes, SW_CHANGE_IMAGE_TAG, "--o", "web=1", &err));
    trial_head(&trial, "http://127.0.0.1:5000/v2/a/web/manifests/1", 403, NULL);
    assert_ok(sw_deploy_verify_images(trial.w.aws, trial.taskdef.definition, &trial.changes, &err));
    static const char start[] =
        "warning: whether image \"127.0.0.1:5000/a/web:1\" exists cannot be checked: ";
    assert_memory_equal(trial.w.t.said.ptr, start, strlen(start));
    trial_done(&trial);
}

static void test_taskdef_images__another_family_is_warned_of(void **state)
{
    struct trial trial;
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    trial_init(&trial, TWO_IMAGES);
    assert_ok(sw_changes_add_option(&trial.changes, SW_CHANGE_SET, "--o", "/family=g", &err));
    assert_ok(sw_taskdef_change(trial.w.aws, &trial.taskdef, &trial.changes, &err));
    assert_string_equal(trial.taskdef.family, "g");
    assert_string_equal(trial.w.t.said.ptr,
                        "warning: the family changes from \"f\" to \"g\": whatever runs the newest "
                        "revision of \"f\" does not get this one\n");
    trial_done(&trial);
}

/* What a registered revision gets away with is no problem of the changes. */
static void test_taskdef_images__only_new_problems_are_the_changes(void **state)
{
    static const char message[] =
        "ECS would not take f:1 as it is changed: container \"web\" mounts "
        "volume \"v\", which is not defined; --volume defines it";

    (void)state;
    for (size_t described = 0; described < 2; described++) {
        struct trial trial;
        struct sw_err err = SW_ERR_INIT;
        trial_init(&trial, TWO_IMAGES);
        trial.taskdef.arn = described ? sw_xstrdup(TD "f:1") : NULL;
        assert_ok(sw_changes_add_option(&trial.changes, SW_CHANGE_MOUNT, "--o", "web=v:/x", &err));
        assert_ok(sw_taskdef_change(trial.w.aws, &trial.taskdef, &trial.changes, &err));
        char *arn = NULL;
        enum sw_status status = sw_taskdef_register(trial.w.aws, &trial.taskdef, &arn, &err);
        assert_string_equal(sw_status_name(status), sw_status_name(SW_E_INPUT));
        assert_null(arn);
        if (described) {
            assert_string_equal(err.msg, message);
        } else {
            assert_int_equal(trial.taskdef.problems.count, 4);
        }
        trial_done(&trial);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taskdef_images__pin_gives_each_image_the_digest_of_its_tag),
        cmocka_unit_test(test_taskdef_images__pin_fails_when_a_digest_is_not_to_be_had),
        cmocka_unit_test(test_taskdef_images__verify_asks_for_what_changes_or_for_all),
        cmocka_unit_test(test_taskdef_images__a_missing_image_stops_though_none_changes),
        cmocka_unit_test(test_taskdef_images__what_cannot_be_asked_for_is_a_warning),
        cmocka_unit_test(test_taskdef_images__another_family_is_warned_of),
        cmocka_unit_test(test_taskdef_images__only_new_problems_are_the_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

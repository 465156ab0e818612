/* Images that name no container: which one gets them. */

#include "ecs_test.h"

#include <slipway/taskdef.h>

#define OWN(image)     "{'name':'own','image':'" image "'}"
#define LOG(image)     "{'name':'log','image':'" image "'}"
#define OF(containers) "{'family':'f','containerDefinitions':[" containers "]}"
#define HAS            "; name it, as in web=IMAGE; it has: "

/* An image without a container's name, applied to a definition. */
struct trial {
    json_t *definition;
    struct sw_changes changes;
    struct sw_strs notes;
};

static enum sw_status trial_apply(struct trial *trial, enum sw_change_kind kind,
                                  const char *definition, const char *text, struct sw_err *ret_err)
{
    struct sw_err err = SW_ERR_INIT;
    print_message("case %s\n", text);
    *trial = (struct trial){ .definition = test_json(definition) };
    assert_ok(sw_changes_add_option(&trial->changes, kind, "--o", text, &err));
    return sw_taskdef_apply(trial->definition, &trial->changes, "f:7", &trial->notes, ret_err);
}

static void trial_release(struct trial *trial)
{
    json_decref(trial->definition);
    sw_strs_release(&trial->notes);
    sw_changes_release(&trial->changes);
}

static void test_image_owner__is_the_one_of_the_repository_or_the_only_one(void **state)
{
    static const struct {
        enum sw_change_kind kind;
        const char *definition, *text, *result;
    } cases[] = {
        /* The one of the same repository, whatever its tag or digest was. */
        { SW_CHANGE_IMAGE, OF(LOG("h:1/log:1") "," OWN("h:1/a/own:1")), "h:1/a/own:2",
          OF(LOG("h:1/log:1") "," OWN("h:1/a/own:2")) },
        { SW_CHANGE_IMAGE, OF(OWN("nginx") "," LOG("h:1/nginx")), "docker.io/library/nginx:2",
          OF(OWN("docker.io/library/nginx:2") "," LOG("h:1/nginx")) },
        /* The only one. */
        { SW_CHANGE_IMAGE, OF(OWN("placeholder")), "h:1/own:2", OF(OWN("h:1/own:2")) },
        { SW_CHANGE_IMAGE, OF("{'name':'own'}"), "h:1/own:2", OF(OWN("h:1/own:2")) },
        { SW_CHANGE_IMAGE_TAG, OF(OWN("h:1/own:1")), "2", OF(OWN("h:1/own:2")) },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct trial trial;
        struct sw_err err = SW_ERR_INIT;
        assert_ok(trial_apply(&trial, cases[i].kind, cases[i].definition, cases[i].text, &err));
        SW_CLEANUP(sw_free_str) char *text = test_json_text(trial.definition);
        assert_string_equal(text, cases[i].result);
        assert_int_equal(trial.notes.count, 1);
        assert_string_equal(trial.notes.items[0],
                            "the image goes to container \"own\" of task definition f:7");
        trial_release(&trial);
    }
}

static void test_image_owner__is_asked_for_when_it_is_not_clear(void **state)
{
    static const struct {
        enum sw_change_kind kind;
        const char *definition, *text, *message;
    } cases[] = {
        { SW_CHANGE_IMAGE, OF(OWN("h:1/own") "," LOG("h:1/own:1")), "h:1/own:2",
          "which container gets the image? more than one container of task definition f:7 run an "
          "image of h:1/own" HAS "own (h:1/own), log (h:1/own)" },
        { SW_CHANGE_IMAGE, OF(OWN("h:1/a") "," LOG("own:1")), "h:1/own:2",
          "which container gets the image? no container of task definition f:7 runs an image of "
          "h:1/own" HAS "own (h:1/a), log (own)" },
        { SW_CHANGE_IMAGE, OF(""), "h:1/own:2",
          "which container gets the image? no container of task definition f:7 runs an image of "
          "h:1/own; name it, as in web=IMAGE; it has no containers" },
        { SW_CHANGE_IMAGE_TAG, OF(OWN("h:1/own") "," LOG("h:1/own:1")), "2",
          "which container's image gets the tag? task definition f:7 has not just one; name it, as "
          "in web=TAG; it has: own (h:1/own), log (h:1/own)" },
        { SW_CHANGE_IMAGE_TAG, OF("{'name':'own'}"), "2",
          "container \"own\" of task definition f:7 has no image whose tag could be changed; give "
          "the whole image" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct trial trial;
        struct sw_err err = SW_ERR_INIT;
        assert_fails(trial_apply(&trial, cases[i].kind, cases[i].definition, cases[i].text, &err),
                     SW_E_INPUT, cases[i].message);
        trial_release(&trial);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_image_owner__is_the_one_of_the_repository_or_the_only_one),
        cmocka_unit_test(test_image_owner__is_asked_for_when_it_is_not_clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

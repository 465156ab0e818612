#include "ecs.h"

#include <slipway/alloc.h>
#include <slipway/ecr.h>
#include <slipway/progress.h>

/* The image's name with its digest; one that has it already stays. */
static enum sw_status pin_image(struct sw_aws *aws, const struct sw_registry_auth *auth,
                                json_t *container, struct sw_err *err)
{
    const char *image = sw_json_str(container, "image", "");
    const char *name = sw_json_str(container, "name", "");
    struct sw_image_parts parts = sw_image_split(sw_str(image));
    SW_CLEANUP(sw_free_str) char *digest = NULL;
    if (parts.digest.len > 0) {
        return SW_OK;
    }
    enum sw_status status = ecs_image_digest(aws, auth, image, &digest, err);
    if (status == SW_E_NOT_FOUND) {
        struct sw_err cause = *err;
        return sw_fail(err, SW_E_PREFLIGHT,
                       "image \"%s\" of container \"%s\" does not exist, so it cannot be pinned: "
                       "%s; nothing was registered; was it pushed by an earlier job, and under "
                       "this tag?",
                       image, name, cause.msg);
    }
    if (status != SW_OK) {
        return sw_wrap(err,
                       "the digest of image \"%s\" of container \"%s\" cannot be asked for, "
                       "so it is not pinned",
                       image, name);
    }
    SW_CLEANUP(sw_free_str)
    char *pinned = sw_xasprintf("%.*s@%s", SW_STR_ARG(parts.name), digest);
    sw_say(sw_aws_env(aws), "container \"%s\": %s is %s", name, image, digest);
    (void)json_object_set_new(container, "image", json_string(pinned));
    return SW_OK;
}

static enum sw_status pin(struct sw_aws *aws, json_t *definition, struct sw_err *err)
{
    struct sw_ecr_auth auth;
    enum sw_status status = SW_OK;
    size_t index = 0;
    json_t *container = NULL;
    sw_ecr_auth_init(&auth, aws);
    json_array_foreach(sw_json_array(definition, "containerDefinitions"), index, container)
    {
        status = status == SW_OK ? pin_image(aws, &auth.callback, container, err) : status;
    }
    sw_ecr_auth_release(&auth);
    return status;
}

/* Another family has its own revisions, and those who run the newest of the old one miss it. */
static void follow_family(const struct sw_env *env, struct sw_taskdef *taskdef)
{
    const char *family = sw_json_str(taskdef->definition, "family", "");
    if (strcmp(family, taskdef->family) != 0) {
        sw_warn(env,
                "the family changes from \"%s\" to \"%s\": whatever runs the newest revision "
                "of \"%s\" does not get this one",
                taskdef->family, family, taskdef->family);
        free(taskdef->family);
        taskdef->family = sw_xstrdup(family);
    }
}

/* What the changes break; a rule that a registered revision breaks already is none of ECS's. */
static void find_problems(struct sw_taskdef *taskdef, const json_t *before)
{
    struct sw_strs old SW_CLEANUP(sw_strs_release) = { 0 };
    struct sw_strs found SW_CLEANUP(sw_strs_release) = { 0 };
    if (taskdef->arn) {
        sw_taskdef_check(before, &old);
    }
    sw_taskdef_check(taskdef->definition, &found);
    sw_strs_release(&taskdef->problems);
    for (size_t i = 0; i < found.count; i++) {
        if (!sw_strs_has(&old, sw_str(found.items[i]))) {
            sw_strs_add(&taskdef->problems, sw_str(found.items[i]));
        }
    }
}

enum sw_status sw_taskdef_refuse(const struct sw_taskdef *taskdef, struct sw_err *err)
{
    if (taskdef->problems.count == 0) {
        return SW_OK;
    }
    (void)sw_fail(err, SW_E_INPUT, "ECS would not take %s%s: ", taskdef->label,
                  taskdef->arn ? " as it is changed" : "");
    for (size_t i = 0; i < taskdef->problems.count; i++) {
        (void)sw_append(err, "%s%s", i ? "; " : "", taskdef->problems.items[i]);
    }
    return err->status;
}

enum sw_status sw_taskdef_change(struct sw_aws *aws, struct sw_taskdef *taskdef,
                                 const struct sw_changes *changes, struct sw_err *err)
{
    const struct sw_env *env = sw_aws_env(aws);
    struct sw_strs notes SW_CLEANUP(sw_strs_release) = { 0 };
    json_auto_t *before = json_deep_copy(taskdef->definition);
    enum sw_status status =
        sw_taskdef_apply(taskdef->definition, changes, taskdef->label, &notes, err);
    for (size_t i = 0; status == SW_OK && i < notes.count; i++) {
        sw_say(env, "%s", notes.items[i]);
    }
    if (status == SW_OK && changes->pin) {
        status = pin(aws, taskdef->definition, err);
    }
    if (status == SW_OK) {
        follow_family(env, taskdef);
        find_problems(taskdef, before);
    }
    taskdef->tags_wanted =
        taskdef->tags_wanted || !taskdef->arn || sw_changes_has(changes, SW_CHANGE_TAG);
    return status;
}

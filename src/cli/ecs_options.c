#include "ecs_options.h"

#include <slipway/alloc.h>
#include <slipway/ecr.h>

const struct sw_opt sw_cli_ecs_source_opts[] = {
    { .kind = SW_OPT_STR,
      .name = "family",
      .offset = offsetof(struct sw_cli_ecs_source, family),
      .value = "FAMILY",
      .help = "start from the newest active revision of this family" },
    { .kind = SW_OPT_STR,
      .name = "task-definition",
      .offset = offsetof(struct sw_cli_ecs_source, task_definition),
      .value = "REVISION",
      .help = "start from this FAMILY:REVISION or ARN instead" },
    { .kind = SW_OPT_STR,
      .name = "file",
      .offset = offsetof(struct sw_cli_ecs_source, file),
      .value = "FILE",
      .help =
          "start from this JSON or YAML file instead, as the ECS API or the AWS CLI writes it" },
    { .kind = SW_OPT_FLAG,
      .name = "expand-file",
      .offset = offsetof(struct sw_cli_ecs_source, expand_file),
      .help = "expand ${VAR} in the texts of the file, after it is read" },
    { .kind = SW_OPT_END },
};

#define LIST(option, member, placeholder, text)                                        \
    {                                                                                  \
        .kind = SW_OPT_LIST, .name = (option),                                         \
        .offset = offsetof(struct sw_cli_ecs_changes, member), .value = (placeholder), \
        .help = (text)                                                                 \
    }
#define TEXT(option, member, text)                                                             \
    {                                                                                          \
        .kind = SW_OPT_STR, .name = (option),                                                  \
        .offset = offsetof(struct sw_cli_ecs_changes, member), .value = "TEXT", .help = (text) \
    }

const struct sw_opt sw_cli_ecs_changes_opts[] = {
    LIST("image", images, "CONTAINER=IMAGE", "give the container this image"),
    LIST("tag-image", image_tags, "CONTAINER=TAG", "give the container's image this tag"),
    LIST("env", env, "CONTAINER:NAME=VALUE", "set an environment variable"),
    LIST("remove-env", remove_env, "CONTAINER:NAME", "remove an environment variable"),
    LIST("secret", secrets, "CONTAINER:NAME=ARN", "set a variable from a secret or parameter"),
    LIST("remove-secret", remove_secrets, "CONTAINER:NAME", "remove a secret"),
    LIST("label", labels, "CONTAINER:KEY=VALUE", "set a docker label"),
    LIST("tags", tags, "KEY=VALUE",
         "set a tag of the task definition; also key=K,value=V or AWS's JSON list"),
    TEXT("image-updates", image_updates, "image changes as an update string"),
    TEXT("env-updates", env_updates, "environment variables as an update string"),
    TEXT("secret-updates", secret_updates, "secrets as an update string"),
    TEXT("label-updates", label_updates, "docker labels as an update string"),
    { .kind = SW_OPT_END },
};

static enum sw_status read_updates(const struct sw_cli_ecs_changes *options,
                                   struct sw_changes *changes, struct sw_err *err)
{
    const struct {
        enum sw_updates_kind kind;
        const char *what;
        const char *text;
    } updates[] = {
        { SW_UPDATES_IMAGE, "--image-updates", options->image_updates },
        { SW_UPDATES_ENV, "--env-updates", options->env_updates },
        { SW_UPDATES_SECRET, "--secret-updates", options->secret_updates },
        { SW_UPDATES_LABEL, "--label-updates", options->label_updates },
    };
    for (size_t i = 0; i < SW_COUNT(updates); i++) {
        enum sw_status status = sw_changes_add_updates(changes, updates[i].kind, updates[i].what,
                                                       sw_str(updates[i].text), err);
        if (status != SW_OK) {
            return status;
        }
    }
    return SW_OK;
}

/* Tags may come in the forms that AWS's own tools take; one text can hold several. */
static enum sw_status read_tags(const struct sw_strs *texts, struct sw_changes *changes,
                                struct sw_err *err)
{
    struct sw_ecr_tags tags = { .items = NULL };
    enum sw_status status = SW_OK;
    for (size_t i = 0; status == SW_OK && i < texts->count; i++) {
        status = sw_ecr_tags_add(&tags, texts->items[i], err);
    }
    if (status == SW_OK && tags.count > SW_CHANGES_MAX - changes->count) {
        status = sw_fail(err, SW_E_TOO_LARGE, "more than %d changes", SW_CHANGES_MAX);
    }
    for (size_t i = 0; status == SW_OK && i < tags.count; i++) {
        const struct sw_str none = { NULL, 0 };
        sw_changes_add(changes, SW_CHANGE_TAG, none, sw_str(tags.items[i].key),
                       sw_str(tags.items[i].value));
    }
    sw_ecr_tags_release(&tags);
    return status == SW_OK ? SW_OK : sw_wrap(err, "--tags");
}

enum sw_status sw_cli_ecs_changes_read(const struct sw_cli_ecs_changes *options,
                                       struct sw_changes *ret, struct sw_err *err)
{
    /* Removals come first, so that a name can be removed from one list and set in another. */
    const struct {
        enum sw_change_kind kind;
        const char *option;
        const struct sw_strs *texts;
    } lists[] = {
        { SW_CHANGE_IMAGE, "--image", &options->images },
        { SW_CHANGE_IMAGE_TAG, "--tag-image", &options->image_tags },
        { SW_CHANGE_ENV_REMOVE, "--remove-env", &options->remove_env },
        { SW_CHANGE_SECRET_REMOVE, "--remove-secret", &options->remove_secrets },
        { SW_CHANGE_ENV, "--env", &options->env },
        { SW_CHANGE_SECRET, "--secret", &options->secrets },
        { SW_CHANGE_LABEL, "--label", &options->labels },
    };
    *ret = (struct sw_changes){ .items = NULL };
    enum sw_status status = read_updates(options, ret, err);
    for (size_t i = 0; status == SW_OK && i < SW_COUNT(lists); i++) {
        for (size_t k = 0; status == SW_OK && k < lists[i].texts->count; k++) {
            status = sw_changes_add_option(ret, lists[i].kind, lists[i].option,
                                           lists[i].texts->items[k], err);
        }
    }
    if (status == SW_OK) {
        status = read_tags(&options->tags, ret, err);
    }
    if (status != SW_OK) {
        sw_changes_release(ret);
    }
    return status;
}

void sw_cli_ecs_edit_release(struct sw_cli_ecs_edit *edit)
{
    sw_taskdef_release(&edit->taskdef);
    json_decref(edit->before);
    free(edit->before_arn);
    free(edit->before_label);
    *edit = (struct sw_cli_ecs_edit){ .before = NULL };
}

/* What the definition is compared with: itself as described, or the newest of a file's family. */
static void keep_before(struct sw_aws *aws, bool compare, struct sw_cli_ecs_edit *edit)
{
    if (edit->taskdef.arn) {
        edit->before = json_deep_copy(edit->taskdef.definition);
        edit->before_arn = sw_xstrdup(edit->taskdef.arn);
        edit->before_label = sw_xstrdup(edit->taskdef.label);
        return;
    }
    struct sw_err ignored = SW_ERR_INIT;
    struct sw_taskdef peer = { .definition = NULL };
    if (compare && sw_taskdef_describe(aws, edit->taskdef.family, &peer, &ignored) == SW_OK) {
        edit->before = SW_TAKE(peer.definition);
        edit->before_arn = SW_TAKE(peer.arn);
        edit->before_label = SW_TAKE(peer.label);
    }
    sw_taskdef_release(&peer);
}

static enum sw_status apply(const struct sw_env *env, const struct sw_changes *changes,
                            struct sw_cli_ecs_edit *edit, struct sw_err *err)
{
    struct sw_strs notes = { .items = NULL };
    enum sw_status status =
        sw_taskdef_apply(edit->taskdef.definition, changes, edit->taskdef.label, &notes, err);
    for (size_t i = 0; status == SW_OK && i < notes.count; i++) {
        sw_say(env, "%s", notes.items[i]);
    }
    for (size_t i = 0; i < changes->count; i++) {
        edit->wants_tags = edit->wants_tags || changes->items[i].kind == SW_CHANGE_TAG;
    }
    edit->change_count = changes->count;
    sw_strs_release(&notes);
    return status;
}

enum sw_status sw_cli_ecs_edit(struct sw_aws *aws, const struct sw_cli_ecs_source *source,
                               const struct sw_cli_ecs_changes *options, bool compare,
                               struct sw_cli_ecs_edit *ret, struct sw_err *err)
{
    const struct sw_deploy_options from = {
        .family = sw_cli_text_or_null(source->family),
        .task_definition = sw_cli_text_or_null(source->task_definition),
        .file = sw_cli_text_or_null(source->file),
        .expand_file = source->expand_file,
    };
    struct sw_changes changes;
    *ret = (struct sw_cli_ecs_edit){ .before = NULL };
    enum sw_status status = sw_cli_ecs_changes_read(options, &changes, err);
    if (status != SW_OK) {
        return status;
    }
    status = sw_deploy_load(aws, &from, NULL, &ret->taskdef, err);
    if (status == SW_OK) {
        keep_before(aws, compare, ret);
        status = apply(sw_aws_env(aws), &changes, ret, err);
    }
    sw_changes_release(&changes);
    return status;
}

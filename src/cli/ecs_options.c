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

const struct sw_opt sw_cli_ecs_running_opts[] = {
    { .kind = SW_OPT_STR,
      .name = "service",
      .offset = offsetof(struct sw_cli_ecs_running, service),
      .value = "SERVICE",
      .help = "start from what this service runs; needs --cluster" },
    { .kind = SW_OPT_STR,
      .name = "cluster",
      .offset = offsetof(struct sw_cli_ecs_running, cluster),
      .value = "CLUSTER",
      .help = "name or ARN of the service's cluster" },
    { .kind = SW_OPT_END },
};

#define CHANGE(change, option, placeholder, text)                                             \
    {                                                                                         \
        .kind = SW_OPT_LIST, .name = (option),                                                \
        .offset = offsetof(struct sw_cli_ecs_changes, lists[change]), .value = (placeholder), \
        .help = (text)                                                                        \
    }
#define WHOLE(change, option, placeholder, text)                                              \
    {                                                                                         \
        .kind = SW_OPT_STR, .name = (option),                                                 \
        .offset = offsetof(struct sw_cli_ecs_changes, texts[change]), .value = (placeholder), \
        .help = (text)                                                                        \
    }
#define TEXT(option, member, text)                                                             \
    {                                                                                          \
        .kind = SW_OPT_STR, .name = (option),                                                  \
        .offset = offsetof(struct sw_cli_ecs_changes, member), .value = "TEXT", .help = (text) \
    }

const struct sw_opt sw_cli_ecs_changes_opts[] = {
    CHANGE(
        SW_CHANGE_IMAGE, "image", "[CONTAINER=]IMAGE",
        "give the container this image; unnamed, the one that runs an image of its repository, or "
        "the only one"),
    CHANGE(SW_CHANGE_IMAGE_TAG, "tag-image", "[CONTAINER=]TAG",
           "give the container's image this tag; unnamed, the only one's"),
    { .kind = SW_OPT_FLAG,
      .name = "pin",
      .offset = offsetof(struct sw_cli_ecs_changes, pin),
      .help = "name all images by the digest that their tag has now" },
    CHANGE(SW_CHANGE_ENV, "env", "CONTAINER:NAME=VALUE", "set an environment variable"),
    CHANGE(SW_CHANGE_ENV_REMOVE, "remove-env", "CONTAINER:NAME", "remove an environment variable"),
    { .kind = SW_OPT_LIST,
      .name = "env-file",
      .offset = offsetof(struct sw_cli_ecs_changes, env_files),
      .value = "CONTAINER=FILE",
      .help = "set the environment variables of a file with NAME=VALUE lines" },
    CHANGE(SW_CHANGE_ENV_FILE, "s3-env-file", "CONTAINER=ARN",
           "let ECS read environment variables from this file in S3"),
    CHANGE(SW_CHANGE_ENV_FILE_REMOVE, "remove-s3-env-file", "CONTAINER=ARN", "remove such a file"),
    CHANGE(SW_CHANGE_SECRET, "secret", "CONTAINER:NAME=ARN",
           "set a variable from a secret or parameter"),
    CHANGE(SW_CHANGE_SECRET_REMOVE, "remove-secret", "CONTAINER:NAME", "remove a secret"),
    CHANGE(SW_CHANGE_LABEL, "label", "CONTAINER:KEY=VALUE", "set a docker label"),
    CHANGE(SW_CHANGE_LABEL_REMOVE, "remove-label", "CONTAINER:KEY", "remove a docker label"),
    CHANGE(SW_CHANGE_COMMAND, "command", "CONTAINER=WORDS",
           "set the command; WORDS may be a JSON array"),
    CHANGE(SW_CHANGE_ENTRY_POINT, "entry-point", "CONTAINER=WORDS",
           "set the entry point; WORDS may be a JSON array"),
    CHANGE(SW_CHANGE_CONTAINER_CPU, "container-cpu", "CONTAINER=UNITS",
           "set the container's CPU units, 1024 being one vCPU"),
    CHANGE(SW_CHANGE_CONTAINER_MEMORY, "container-memory", "CONTAINER=MIB",
           "set the container's memory limit"),
    CHANGE(SW_CHANGE_CONTAINER_MEMORY_RESERVATION, "container-memory-reservation", "CONTAINER=MIB",
           "set the memory that is reserved for the container"),
    CHANGE(SW_CHANGE_PORT, "port", "CONTAINER=[HOST:]PORT", "map a port; may end in /tcp or /udp"),
    CHANGE(SW_CHANGE_PORT_REMOVE, "remove-port", "CONTAINER=PORT", "remove a port mapping"),
    CHANGE(SW_CHANGE_MOUNT, "mount", "CONTAINER=VOLUME:PATH",
           "mount a volume; may end in :ro or :rw"),
    CHANGE(SW_CHANGE_MOUNT_REMOVE, "remove-mount", "CONTAINER=PATH", "remove a mount"),
    CHANGE(SW_CHANGE_ULIMIT, "ulimit", "CONTAINER:NAME=SOFT[:HARD]", "set a ulimit"),
    CHANGE(SW_CHANGE_ULIMIT_REMOVE, "remove-ulimit", "CONTAINER:NAME", "remove a ulimit"),
    CHANGE(SW_CHANGE_SYSTEM_CONTROL, "system-control", "CONTAINER:NAME=VALUE",
           "set a kernel parameter of the container"),
    CHANGE(SW_CHANGE_SYSTEM_CONTROL_REMOVE, "remove-system-control", "CONTAINER:NAME",
           "remove a kernel parameter"),
    CHANGE(SW_CHANGE_HEALTH_CHECK, "health-check", "CONTAINER=COMMAND",
           "set the health check, for a shell or as a JSON array"),
    CHANGE(SW_CHANGE_HEALTH_OPTION, "health-check-option", "CONTAINER:NAME=NUMBER",
           "set interval, timeout, retries or startPeriod of the health check"),
    CHANGE(SW_CHANGE_LOG_DRIVER, "log-driver", "CONTAINER=DRIVER",
           "set the log driver; its options stay"),
    CHANGE(SW_CHANGE_LOG_OPTION, "log-option", "CONTAINER:KEY=VALUE",
           "set an option of the log driver"),
    CHANGE(SW_CHANGE_LOG_OPTION_REMOVE, "remove-log-option", "CONTAINER:KEY",
           "remove an option of the log driver"),
    CHANGE(SW_CHANGE_ESSENTIAL, "essential", "CONTAINER=BOOLEAN",
           "whether the task ends with the container"),
    CHANGE(SW_CHANGE_PRIVILEGED, "privileged", "CONTAINER=BOOLEAN",
           "whether the container has the host's rights"),
    CHANGE(SW_CHANGE_CONTAINER, "add-container", "NAME=IMAGE",
           "add a container, which the other options can name"),
    CHANGE(SW_CHANGE_CONTAINER_REMOVE, "remove-container", "NAME", "remove a container"),
    CHANGE(SW_CHANGE_VOLUME, "volume", "NAME=WHAT",
           "set a volume: nothing, /host/path, fs-12345678[:/path], or JSON"),
    CHANGE(SW_CHANGE_VOLUME_REMOVE, "remove-volume", "NAME", "remove a volume"),
    WHOLE(SW_CHANGE_CPU, "cpu", "UNITS", "set the task's CPU, e.g. 256 or '1 vCPU'"),
    WHOLE(SW_CHANGE_MEMORY, "memory", "MIB", "set the task's memory, e.g. 512 or '1 GB'"),
    WHOLE(SW_CHANGE_TASK_ROLE, "task-role", "ARN", "set the role of the containers"),
    WHOLE(SW_CHANGE_EXECUTION_ROLE, "execution-role", "ARN",
          "set the role that ECS pulls images and reads secrets with"),
    WHOLE(SW_CHANGE_NETWORK_MODE, "network-mode", "MODE", "set the network mode"),
    WHOLE(SW_CHANGE_COMPATIBILITIES, "requires-compatibilities", "LIST",
          "set the launch types that ECS checks it for, e.g. FARGATE"),
    WHOLE(SW_CHANGE_PLATFORM, "runtime-platform", "OS/ARCHITECTURE",
          "set the platform, e.g. linux/arm64"),
    WHOLE(SW_CHANGE_EPHEMERAL_STORAGE, "ephemeral-storage", "GIB",
          "set the size of the task's own storage on Fargate"),
    CHANGE(SW_CHANGE_TAG, "tags", "KEY=VALUE",
           "set a tag of the task definition; also key=K,value=V or AWS's JSON list"),
    CHANGE(SW_CHANGE_TAG_REMOVE, "remove-tag", "KEY", "remove a tag of the task definition"),
    CHANGE(SW_CHANGE_SET, "set", "/POINTER=VALUE",
           "set any field, e.g. /containerDefinitions/web/user=app"),
    { .kind = SW_OPT_LIST,
      .name = "set-file",
      .offset = offsetof(struct sw_cli_ecs_changes, set_files),
      .value = "/POINTER=FILE",
      .help = "set any field to what the file holds" },
    CHANGE(SW_CHANGE_UNSET, "unset", "/POINTER", "remove any field, or element of a list"),
    CHANGE(SW_CHANGE_STRIP, "strip", "FIELD",
           "leave out a field of the whole that AWS gives out but does not take"),
    TEXT("image-updates", image_updates, "image changes as an update string"),
    TEXT("env-updates", env_updates, "environment variables as an update string"),
    TEXT("secret-updates", secret_updates, "secrets as an update string"),
    TEXT("label-updates", label_updates, "docker labels as an update string"),
    { .kind = SW_OPT_END },
};

/*
 * The order in which changes are applied, whatever the order of the options: containers first, so
 * that the rest can name them; removals before settings, so that a name can leave one list and
 * enter another; what names any field last. Update strings come before all but the containers.
 */
static const enum sw_change_kind structure_kinds[] = { SW_CHANGE_STRIP, SW_CHANGE_CONTAINER_REMOVE,
                                                       SW_CHANGE_CONTAINER };
static const enum sw_change_kind early_kinds[] = {
    SW_CHANGE_IMAGE,
    SW_CHANGE_IMAGE_TAG,
    SW_CHANGE_UNSET,
    SW_CHANGE_ENV_REMOVE,
    SW_CHANGE_SECRET_REMOVE,
    SW_CHANGE_ENV_FILE_REMOVE,
    SW_CHANGE_LABEL_REMOVE,
    SW_CHANGE_PORT_REMOVE,
    SW_CHANGE_MOUNT_REMOVE,
    SW_CHANGE_ULIMIT_REMOVE,
    SW_CHANGE_SYSTEM_CONTROL_REMOVE,
    SW_CHANGE_LOG_OPTION_REMOVE,
    SW_CHANGE_VOLUME_REMOVE,
    SW_CHANGE_TAG_REMOVE,
};
static const enum sw_change_kind late_kinds[] = {
    SW_CHANGE_ENV,
    SW_CHANGE_SECRET,
    SW_CHANGE_ENV_FILE,
    SW_CHANGE_LABEL,
    SW_CHANGE_COMMAND,
    SW_CHANGE_ENTRY_POINT,
    SW_CHANGE_CONTAINER_CPU,
    SW_CHANGE_CONTAINER_MEMORY,
    SW_CHANGE_CONTAINER_MEMORY_RESERVATION,
    SW_CHANGE_ESSENTIAL,
    SW_CHANGE_PRIVILEGED,
    SW_CHANGE_PORT,
    SW_CHANGE_MOUNT,
    SW_CHANGE_ULIMIT,
    SW_CHANGE_SYSTEM_CONTROL,
    SW_CHANGE_HEALTH_CHECK,
    SW_CHANGE_HEALTH_OPTION,
    SW_CHANGE_LOG_DRIVER,
    SW_CHANGE_LOG_OPTION,
    SW_CHANGE_CPU,
    SW_CHANGE_MEMORY,
    SW_CHANGE_TASK_ROLE,
    SW_CHANGE_EXECUTION_ROLE,
    SW_CHANGE_NETWORK_MODE,
    SW_CHANGE_COMPATIBILITIES,
    SW_CHANGE_PLATFORM,
    SW_CHANGE_EPHEMERAL_STORAGE,
    SW_CHANGE_VOLUME,
    SW_CHANGE_SET,
};

/* "--NAME" of the option that a kind of change has in the table above; the caller's. */
static char *option_name(enum sw_change_kind kind)
{
    const size_t list = offsetof(struct sw_cli_ecs_changes, lists) + kind * sizeof(struct sw_strs);
    const size_t text = offsetof(struct sw_cli_ecs_changes, texts) + kind * sizeof(const char *);
    const struct sw_opt *opt = sw_cli_ecs_changes_opts;
    while (opt->offset != list && opt->offset != text) {
        opt++;
    }
    return sw_xasprintf("--%s", opt->name);
}

static enum sw_status read_kind(const struct sw_cli_ecs_changes *options, enum sw_change_kind kind,
                                struct sw_changes *changes, struct sw_err *err)
{
    const struct sw_strs *list = &options->lists[kind];
    const char *text = sw_cli_text_or_null(options->texts[kind]);
    SW_CLEANUP(sw_free_str) char *option = option_name(kind);
    enum sw_status status = SW_OK;
    if (text) {
        status = sw_changes_add_option(changes, kind, option, text, err);
    }
    for (size_t i = 0; status == SW_OK && i < list->count; i++) {
        status = sw_changes_add_option(changes, kind, option, list->items[i], err);
    }
    return status;
}

static enum sw_status read_kinds(const struct sw_cli_ecs_changes *options,
                                 const enum sw_change_kind *kinds, size_t count,
                                 struct sw_changes *changes, struct sw_err *err)
{
    enum sw_status status = SW_OK;
    for (size_t i = 0; status == SW_OK && i < count; i++) {
        status = read_kind(options, kinds[i], changes, err);
    }
    return status;
}

/* Options whose values are in files. */
static enum sw_status read_files(const struct sw_strs *files, const char *option,
                                 enum sw_status (*add)(struct sw_changes *changes,
                                                       const char *option, const char *text,
                                                       struct sw_err *err),
                                 struct sw_changes *changes, struct sw_err *err)
{
    enum sw_status status = SW_OK;
    for (size_t i = 0; status == SW_OK && i < files->count; i++) {
        status = add(changes, option, files->items[i], err);
    }
    return status;
}

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
        if (sw_ecr_tags_add(&tags, texts->items[i], err) != SW_OK) {
            status = sw_wrap(err, "--tags");
        }
    }
    for (size_t i = 0; status == SW_OK && i < tags.count; i++) {
        status = sw_changes_add_tag(changes, "--tags", tags.items[i].key, tags.items[i].value, err);
    }
    sw_ecr_tags_release(&tags);
    return status;
}

enum sw_status sw_cli_ecs_changes_read(const struct sw_cli_ecs_changes *options,
                                       struct sw_changes *ret, struct sw_err *err)
{
    *ret = (struct sw_changes){ .pin = options->pin };
    enum sw_status status =
        read_kinds(options, structure_kinds, SW_COUNT(structure_kinds), ret, err);
    if (status == SW_OK) {
        status = read_updates(options, ret, err);
    }
    if (status == SW_OK) {
        status = read_kinds(options, early_kinds, SW_COUNT(early_kinds), ret, err);
    }
    if (status == SW_OK) {
        status = read_files(&options->env_files, "--env-file", sw_changes_add_env_file, ret, err);
    }
    if (status == SW_OK) {
        status = read_kinds(options, late_kinds, SW_COUNT(late_kinds), ret, err);
    }
    if (status == SW_OK) {
        status = read_files(&options->set_files, "--set-file", sw_changes_add_set_file, ret, err);
    }
    if (status == SW_OK) {
        status = read_tags(&options->lists[SW_CHANGE_TAG], ret, err);
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

void sw_cli_ecs_edit_warn(const struct sw_cli *cli, const struct sw_cli_ecs_edit *edit)
{
    for (size_t i = 0; i < edit->taskdef.problems.count; i++) {
        sw_warn(cli->env, "ECS would not take this: %s", edit->taskdef.problems.items[i]);
    }
}

/* The service that is named beside no other source; NULL when none is. */
static enum sw_status describe_running(struct sw_aws *aws, const struct sw_deploy_options *from,
                                       const struct sw_cli_ecs_running *running, json_t **ret,
                                       struct sw_err *err)
{
    const char *service = sw_cli_text_or_null(running->service);
    const char *cluster = sw_cli_text_or_null(running->cluster);
    if (!service || from->family || from->task_definition || from->file) {
        return SW_OK;
    }
    if (!cluster) {
        return sw_cli_usage(err, "--service needs --cluster, the service's cluster");
    }
    return sw_service_describe(aws, cluster, service, ret, err);
}

enum sw_status sw_cli_ecs_edit(struct sw_aws *aws, const struct sw_cli_ecs_source *source,
                               const struct sw_cli_ecs_running *running,
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
    json_auto_t *service = NULL;
    *ret = (struct sw_cli_ecs_edit){ .before = NULL };
    enum sw_status status = sw_cli_ecs_changes_read(options, &changes, err);
    if (status != SW_OK) {
        return status;
    }
    status = describe_running(aws, &from, running, &service, err);
    if (status == SW_OK) {
        status = sw_deploy_load(aws, &from, service, &ret->taskdef, err);
    }
    if (status == SW_OK) {
        keep_before(aws, compare, ret);
        status = sw_taskdef_change(aws, &ret->taskdef, &changes, err);
    }
    sw_changes_release(&changes);
    return status;
}

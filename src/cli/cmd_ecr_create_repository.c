#include "commands.h"
#include "registries.h"

#include <slipway/alloc.h>
#include <slipway/ecr.h>

struct create_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    bool is_public;
    bool scan_on_push;
    bool immutable;
    struct sw_strs movable;
    const char *encryption;
    const char *kms_key;
    struct sw_strs tags;
    struct sw_cli_more_registries more;
    const char *output;
};

static const struct sw_opt create_opts[] = {
    SW_CLI_COMMON(struct create_args, common),
    { .kind = SW_OPT_FLAG,
      .name = "public",
      .offset = offsetof(struct create_args, is_public),
      .help = "create it in Amazon ECR Public" },
    { .kind = SW_OPT_FLAG,
      .name = "scan-on-push",
      .offset = offsetof(struct create_args, scan_on_push),
      .help = "scan each image for vulnerabilities when it is pushed; on by default" },
    { .kind = SW_OPT_FLAG,
      .name = "immutable",
      .offset = offsetof(struct create_args, immutable),
      .help = "tags cannot be moved to another image" },
    { .kind = SW_OPT_LIST,
      .name = "immutable-except",
      .offset = offsetof(struct create_args, movable),
      .value = "PATTERN[,PATTERN...]",
      .help = "with --immutable: tags that can be moved all the same, e.g. latest or dev-*" },
    { .kind = SW_OPT_ENUM,
      .name = "encryption",
      .offset = offsetof(struct create_args, encryption),
      .value = "KIND",
      .help = "encryption at rest; default AES256",
      .choices = "AES256|KMS" },
    { .kind = SW_OPT_STR,
      .name = "kms-key",
      .offset = offsetof(struct create_args, kms_key),
      .value = "KEY",
      .help = "with --encryption KMS: id, alias or ARN of the key" },
    { .kind = SW_OPT_LIST,
      .name = "tag",
      .offset = offsetof(struct create_args, tags),
      .value = "KEY=VALUE",
      .help = "resource tag; also Key=K,Value=V or AWS's JSON list" },
    SW_CLI_MORE_REGISTRIES(struct create_args, more),
    { .kind = SW_OPT_ENUM,
      .name = "output",
      .letter = 'o',
      .offset = offsetof(struct create_args, output),
      .value = "FORMAT",
      .help = "form of the result",
      .choices = "text|json" },
    SW_CLI_AWS(struct create_args, aws),
    { .kind = SW_OPT_END },
};

static void set_defaults(void *args_)
{
    struct create_args *args = args_;
    args->scan_on_push = true;
    args->output = "text";
}

static void split_patterns(const struct sw_strs *given, struct sw_strs *patterns)
{
    for (size_t i = 0; i < given->count; i++) {
        sw_strs_add_parts(patterns, sw_str(given->items[i]), ',');
    }
}

static enum sw_status read_tags(const struct sw_strs *given, struct sw_ecr_tags *tags,
                                struct sw_err *err)
{
    for (size_t i = 0; i < given->count; i++) {
        if (given->items[i][0] != '\0' && sw_ecr_tags_add(tags, given->items[i], err) != SW_OK) {
            return err->status;
        }
    }
    return SW_OK;
}

static void print_result(struct sw_cli *cli, const struct create_args *args, const char *name,
                         const struct sw_ecr_repository *repository)
{
    if (strcmp(args->output, "json") == 0) {
        json_auto_t *facts = json_pack("{s:s, s:s, s:s, s:b}", "repositoryName", name,
                                       "repositoryUri", repository->uri, "repositoryArn",
                                       repository->arn, "created", (int)repository->created);
        sw_cli_out_json(cli, facts);
    } else if (repository->uri[0] != '\0') {
        sw_cli_out(cli, "%s\n", repository->uri);
    }
}

static void say_what_happened(const struct sw_env *env, const struct create_args *args,
                              const char *name, const struct sw_ecr_repository *repository)
{
    if (repository->created) {
        sw_say(env, "created the repository \"%s\"", name);
        return;
    }
    sw_say(env, "the repository \"%s\" exists already and is left as it is", name);
    if (args->immutable && strcmp(repository->mutability, "MUTABLE") == 0) {
        sw_warn(env, "its tags can be moved although --immutable was given");
    }
}

/* One repository that is asked for, in one registry after the other. */
struct creation {
    struct sw_cli *cli;
    const struct create_args *args;
    struct sw_ecr_repository_options options;
};

static enum sw_status create_in(void *ctx, struct sw_aws *aws, const char *account,
                                struct sw_err *err)
{
    struct creation *creation = ctx;
    const char *name = creation->options.name;
    struct sw_ecr_repository repository = { 0 };
    creation->options.account = account;
    enum sw_status status = sw_ecr_repository_ensure(aws, &creation->options, &repository, err);
    if (status == SW_OK) {
        say_what_happened(creation->cli->env, creation->args, name, &repository);
        print_result(creation->cli, creation->args, name, &repository);
    }
    sw_ecr_repository_release(&repository);
    return status;
}

static enum sw_status create(struct creation *creation, struct sw_err *err)
{
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    const struct sw_cli_registry_job job = { create_in, creation };
    enum sw_status status = sw_cli_aws_new(creation->cli, &creation->args->aws, &aws, err);
    return status == SW_OK ? sw_cli_each_registry(&creation->args->more, aws, &job, err) : status;
}

static enum sw_status run_create(struct sw_cli *cli, void *args_, struct sw_err *err)
{
    const struct create_args *args = args_;
    const char *name = cli->operands.items[0];
    struct sw_strs movable = { 0 };
    struct sw_ecr_tags tags = { 0 };
    split_patterns(&args->movable, &movable);
    enum sw_status status = read_tags(&args->tags, &tags, err);
    if (status == SW_OK) {
        struct creation creation = {
            .cli = cli,
            .args = args,
            .options = { .name = name,
                         .kind = args->is_public ? SW_ECR_PUBLIC : SW_ECR_PRIVATE,
                         .scan_on_push = args->scan_on_push,
                         .immutable = args->immutable,
                         .movable = &movable,
                         .encryption = sw_cli_text_or_null(args->encryption),
                         .kms_key = sw_cli_text_or_null(args->kms_key),
                         .tags = &tags },
        };
        status = create(&creation, err);
    }
    sw_strs_release(&movable);
    sw_ecr_tags_release(&tags);
    return status;
}

const struct sw_command sw_cmd_ecr_create_repository = {
    .name = "ecr create-repository",
    .summary = "make sure that a repository exists in Amazon ECR",
    .description =
        "Creates the repository unless it is there. An existing one is success and is left as it "
        "is: the options are for the creation only. The repository is looked for first, so no "
        "right to create is needed when it exists.\n\n"
        "The result is the repository's URI.",
    .json = "repositoryName, repositoryUri, repositoryArn, created (whether it is new).",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .example = "slipway ecr create-repository team/web --immutable --immutable-except latest",
    .opts = create_opts,
    .args_size = sizeof(struct create_args),
    .defaults = set_defaults,
    .run = run_create,
};

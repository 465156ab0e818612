#include "commands.h"

#include <slipway/deregister.h>

struct deregister_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    const char *family;
    int64_t keep;
    struct sw_strs clusters;
    bool delete_inactive;
    bool dry_run;
    const char *output;
};

static const struct sw_opt deregister_opts[] = {
    SW_CLI_COMMON(struct deregister_args, common),
    { .kind = SW_OPT_STR,
      .name = "family",
      .offset = offsetof(struct deregister_args, family),
      .value = "FAMILY",
      .help = "the family whose old revisions go",
      .flags = SW_OPT_REQUIRED },
    { .kind = SW_OPT_INT,
      .name = "keep",
      .offset = offsetof(struct deregister_args, keep),
      .value = "NUMBER",
      .help = "so many of the newest active revisions stay",
      .flags = SW_OPT_REQUIRED,
      .min = 1,
      .max = 100000 },
    { .kind = SW_OPT_LIST,
      .name = "cluster",
      .offset = offsetof(struct deregister_args, clusters),
      .value = "CLUSTER",
      .help = "look for use in this cluster only; default: in all clusters of the region" },
    { .kind = SW_OPT_FLAG,
      .name = "delete",
      .offset = offsetof(struct deregister_args, delete_inactive),
      .help = "delete inactive revisions as well, those of earlier times included" },
    { .kind = SW_OPT_FLAG,
      .name = "dry-run",
      .offset = offsetof(struct deregister_args, dry_run),
      .help = "only tell what would be done" },
    { .kind = SW_OPT_ENUM,
      .name = "output",
      .letter = 'o',
      .offset = offsetof(struct deregister_args, output),
      .value = "FORMAT",
      .help = "form of the result",
      .choices = "text|json" },
    SW_CLI_AWS(struct deregister_args, aws),
    { .kind = SW_OPT_END },
};

static void set_defaults(void *args_)
{
    struct deregister_args *args = args_;
    args->output = "text";
}

static json_t *list_of(const struct sw_strs *texts)
{
    json_t *list = json_array();
    for (size_t i = 0; i < texts->count; i++) {
        (void)json_array_append_new(list, json_string(texts->items[i]));
    }
    return list;
}

static void print_json(struct sw_cli *cli, const struct deregister_args *args,
                       const struct sw_deregister_result *done)
{
    json_auto_t *facts =
        json_pack("{s:s, s:b, s:o, s:o, s:o, s:o, s:O}", "family", args->family, "dryRun",
                  (int)args->dry_run, "kept", list_of(&done->kept), "inUse", list_of(&done->in_use),
                  "deregistered", list_of(&done->deregistered), "deleted", list_of(&done->deleted),
                  "failures", done->failures);
    sw_cli_out_json(cli, facts);
}

static void print_lines(struct sw_cli *cli, const char *verb, const struct sw_strs *revisions)
{
    for (size_t i = 0; i < revisions->count; i++) {
        sw_cli_out(cli, "%s %s\n", verb, revisions->items[i]);
    }
}

static void print_result(struct sw_cli *cli, const struct deregister_args *args,
                         const struct sw_deregister_result *done)
{
    if (strcmp(args->output, "json") == 0) {
        print_json(cli, args, done);
    } else {
        print_lines(cli, args->dry_run ? "would deregister" : "deregistered", &done->deregistered);
        print_lines(cli, args->dry_run ? "would delete" : "deleted", &done->deleted);
    }
    if (done->deregistered.count == 0 && done->deleted.count == 0) {
        sw_say(cli->env, "nothing to clear up: family \"%s\" has %zu active revision%s to keep",
               args->family, done->kept.count, done->kept.count == 1 ? "" : "s");
    }
}

static enum sw_status run_deregister(struct sw_cli *cli, void *args_, struct sw_err *err)
{
    const struct deregister_args *args = args_;
    struct sw_aws *aws SW_CLEANUP(sw_aws_cleanup) = NULL;
    const struct sw_deregister_options options = { .family = args->family,
                                                   .keep = args->keep,
                                                   .clusters = &args->clusters,
                                                   .delete_inactive = args->delete_inactive,
                                                   .dry_run = args->dry_run };
    struct sw_deregister_result done = { .failures = NULL };
    if (!sw_cli_text_or_null(args->family)) {
        return sw_cli_usage(err, "--family is empty");
    }
    if (strpbrk(args->family, ":/")) {
        const char *name = strrchr(args->family, '/');
        struct sw_str family = sw_str(name ? name + 1 : args->family);
        family = sw_str_cut(&family, ':');
        return sw_cli_usage(err, "--family takes a family, not one of its revisions: give %.*s",
                            SW_STR_ARG(family));
    }
    enum sw_status status = sw_cli_aws_new(cli, &args->aws, &aws, err);
    if (status == SW_OK) {
        status = sw_taskdef_deregister(aws, &options, &done, err);
    }
    bool something = done.deregistered.count > 0 || done.deleted.count > 0;
    if (status == SW_OK || status == SW_E_FAILED || something) {
        print_result(cli, args, &done);
    }
    sw_deregister_result_release(&done);
    return status;
}

const struct sw_command sw_cmd_ecs_deregister = {
    .name = "ecs deregister",
    .summary = "deregister old revisions of a task definition",
    .description =
        "Keeps the newest active revisions of a family and deregisters the older ones, except "
        "those that are in use: by a service, also in a deployment that is not done yet, or by a "
        "task. Use is looked for in all clusters of the region, or in those that are named; when "
        "it cannot be found out, nothing is deregistered. Rules and schedules that name a revision "
        "by its number are not looked at.\n\n"
        "With --delete, inactive revisions that are not in use are deleted for good as well.",
    .json = "family, dryRun, kept, inUse, deregistered, deleted, failures.",
    .operands = "",
    .example = "slipway ecs deregister --family web --keep 10 --dry-run\n"
               "slipway ecs deregister --family web --keep 10 --cluster prod --delete",
    .opts = deregister_opts,
    .args_size = sizeof(struct deregister_args),
    .defaults = set_defaults,
    .run = run_deregister,
};

#include "commands.h"
#include "orb_options.h"

/* slipway orb create NAMESPACE/ORB */

struct create_args {
    struct sw_cli_common common;
    struct sw_cli_registry registry;
    const char *org_id;
    bool is_private;
};

static const struct sw_opt create_opts[] = {
    SW_CLI_COMMON(struct create_args, common),
    { SW_OPT_STR, "org-id", 0, offsetof(struct create_args, org_id), "ID",
      "claim a namespace that is not there for this organisation (Organization Settings)", 0, NULL,
      0, 0, NULL },
    { SW_OPT_FLAG, "private", 0, offsetof(struct create_args, is_private), NULL,
      "only members of the organisation can use the orb; this cannot be changed later", 0, NULL, 0,
      0, NULL },
    SW_CLI_REGISTRY(struct create_args, registry),
    { .kind = SW_OPT_END },
};

static void print_created(struct sw_cli *cli, const struct create_args *args,
                          const struct sw_orb_ref *ref, const struct sw_orb_created *created)
{
    if (created->space_created) {
        sw_say(cli->env, "created the namespace %s", ref->space);
    }
    sw_say(cli->env, "%s the %s orb %s/%s", created->orb_created ? "created" : "there is already",
           created->is_private ? "private" : "public", ref->space, ref->name);
    if (sw_cli_registry_json(&args->registry)) {
        json_auto_t *facts =
            json_pack("{s:s, s:s, s:b, s:b, s:b}", "namespace", ref->space, "orb", ref->name,
                      "namespace_created", created->space_created, "orb_created",
                      created->orb_created, "private", created->is_private);
        sw_cli_out_json(cli, facts);
    } else {
        sw_cli_out(cli, "%s/%s\n", ref->space, ref->name);
    }
}

static enum sw_status run_create(struct sw_cli *cli, void *data, struct sw_err *err)
{
    const struct create_args *args = data;
    struct sw_orb_ref SW_CLEANUP(sw_orb_ref_release) ref = { 0 };
    struct sw_circleci SW_CLEANUP(sw_circleci_release) api = { 0 };
    struct sw_orb_created created = { 0 };
    const char *org_id = sw_cli_text_or_null(args->org_id);
    enum sw_status status = sw_orb_ref_parse(cli->operands.items[0], &ref, err);
    if (status == SW_OK && ref.version != NULL) {
        status = sw_fail(err, SW_E_USAGE, "an orb is created without a version: %s/%s", ref.space,
                         ref.name);
    }
    if (status == SW_OK) {
        status = sw_cli_registry_open(cli, &args->registry, &api, err);
    }
    if (status == SW_OK) {
        status = sw_orb_create(&api, &ref, args->is_private, org_id, &created, err);
    }
    if (status == SW_OK) {
        print_created(cli, args, &ref, &created);
    }
    return status;
}

const struct sw_command sw_cmd_orb_create = {
    .name = "orb create",
    .summary = "create an orb in CircleCI's registry, before its first version",
    .description =
        "Makes NAMESPACE/ORB known to the registry. With --org-id a namespace that is not there is\n"
        "claimed first: an organisation has one, and only its owners and admins may. What is\n"
        "there already stays as it is. The token comes from a variable, never from the command\n"
        "line.",
    .json = "namespace, orb, namespace_created, orb_created, private.",
    .operands = "NAMESPACE/ORB",
    .operands_min = 1,
    .operands_max = 1,
    .example = "slipway orb create acme/slipway --org-id 0fbf2e6c-0e1c-4a5e-9b3a-6a5d1b1f0a11",
    .opts = create_opts,
    .args_size = sizeof(struct create_args),
    .run = run_create,
};

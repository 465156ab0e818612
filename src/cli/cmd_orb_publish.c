#include "commands.h"
#include "config_options.h"
#include "orb_options.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>
#include <slipway/orbpack.h>

/* slipway orb publish FILE|DIR REF; increment FILE|DIR ORB STEP; promote REF STEP */

struct publish_args {
    struct sw_cli_common common;
    struct sw_cli_registry registry;
    struct sw_cli_config config; /* only --orb can be given */
    bool skip_published;
    bool validate;
};

static const struct sw_opt publish_opts[] = {
    SW_CLI_COMMON(struct publish_args, common),
    { SW_OPT_FLAG, "skip-published", 0, offsetof(struct publish_args, skip_published), NULL,
      "a version that is there with the same source is success", 0, NULL, 0, 0, NULL },
    { SW_OPT_FLAG, "validate", 0, offsetof(struct publish_args, validate), NULL,
      "check the orb before it is sent, on by default", 0, NULL, 0, 0, NULL },
    { SW_OPT_LIST, "orb", 0, offsetof(struct publish_args, config.orbs), "REF=PATH",
      "for the check, take an orb that this one imports from a packed file or a source folder", 0,
      NULL, 0, 0, NULL },
    SW_CLI_REGISTRY(struct publish_args, registry),
    { .kind = SW_OPT_END },
};

static void publish_defaults(void *data)
{
    struct publish_args *args = data;
    args->validate = true;
}

/* What the operands ask for. */
struct plan {
    const char *path; /* NULL: a development version is promoted */
    const char *step; /* NULL: the reference has the version */
    struct sw_orb_ref ref;
};

/* An orb that is counted up is named without a version, any other with one. */
static enum sw_status read_ref(struct plan *plan, const char *text, struct sw_err *err)
{
    bool wants_version = plan->path == NULL || plan->step == NULL;
    enum sw_status status = sw_orb_ref_parse(text, &plan->ref, err);
    if (status != SW_OK) {
        return status;
    }
    if (wants_version && plan->ref.version == NULL) {
        return sw_fail(
            err, SW_E_USAGE,
            "\"%s\" lacks a version: write %s@dev:LABEL or %s@x.y.z, or use \"increment\"", text,
            text, text);
    }
    if (!wants_version && plan->ref.version != NULL) {
        return sw_fail(err, SW_E_USAGE,
                       "\"increment\" finds the version itself: write the orb as %s/%s",
                       plan->ref.space, plan->ref.name);
    }
    return plan->path == NULL ? sw_orb_promote_check(&plan->ref, err) : SW_OK;
}

static enum sw_status read_operands(const struct sw_strs *operands, struct plan *plan,
                                    struct sw_err *err)
{
    char **items = operands->items;
    size_t count = operands->count;
    bool increment = strcmp(items[0], "increment") == 0;
    bool promote = strcmp(items[0], "promote") == 0;
    size_t wanted = increment ? 4 : promote ? 3 : 2;
    if (count != wanted) {
        return sw_fail(err, SW_E_USAGE,
                       "orb publish takes FILE|DIR NAMESPACE/ORB@VERSION, or increment FILE|DIR "
                       "NAMESPACE/ORB STEP, or promote NAMESPACE/ORB@dev:LABEL STEP");
    }
    plan->path = promote ? NULL : items[increment ? 1 : 0];
    plan->step = increment || promote ? items[count - 1] : NULL;
    if (plan->path != NULL && strcmp(plan->path, "-") == 0) {
        return sw_fail(err, SW_E_USAGE,
                       "an orb is published from a file or a folder, not from standard input");
    }
    if (plan->step != NULL && sw_orb_step_check(plan->step, err) != SW_OK) {
        return err->status;
    }
    return read_ref(plan, items[increment ? 2 : 1], err);
}

/* A folder is packed; a file is sent as it is. */
static enum sw_status read_orb(const char *path, struct sw_buf *out, struct sw_err *err)
{
    if (!sw_fs_is_dir(path)) {
        return sw_fs_read_input(path, out, err);
    }
    SW_CLEANUP(sw_yaml_pool_cleanup) struct sw_yaml_pool *pool = sw_yaml_pool_new();
    struct sw_yaml *orb = NULL;
    enum sw_status status = sw_orb_pack(pool, path, NULL, &orb, err);
    return status == SW_OK ? sw_yaml_emit(sw_yaml_sorted(pool, orb), out, err) : status;
}

/* All that can be found out without the registry. */
static enum sw_status prepare(struct sw_cli *cli, const struct publish_args *args,
                              struct plan *plan, struct sw_buf *source, struct sw_err *err)
{
    enum sw_status status = read_operands(&cli->operands, plan, err);
    if (status == SW_OK && plan->path != NULL && args->validate) {
        status = sw_cli_check_orb(cli, &args->config, plan->path, args->common.quiet, false, err);
    }
    return status == SW_OK && plan->path != NULL ? read_orb(plan->path, source, err) : status;
}

static enum sw_status publish(const struct publish_args *args, const struct plan *plan,
                              struct sw_str source, const struct sw_circleci *api,
                              struct sw_orb_published *ret, struct sw_err *err)
{
    bool same_ok = args->skip_published;
    if (plan->path == NULL) {
        return sw_orb_promote(api, &plan->ref, plan->step, same_ok, ret, err);
    }
    if (plan->step != NULL) {
        return sw_orb_increment(api, &plan->ref, source, plan->step, same_ok, ret, err);
    }
    return sw_orb_publish(api, &plan->ref, source, same_ok, ret, err);
}

static void print_published(struct sw_cli *cli, const struct publish_args *args,
                            const struct sw_orb_ref *ref, const struct sw_orb_published *published)
{
    char *SW_CLEANUP(sw_free_str) full =
        sw_xasprintf("%s/%s@%s", ref->space, ref->name, published->version);
    bool dev = sw_orb_version_is_dev(published->version);
    if (published->unchanged) {
        sw_say(cli->env, "%s was published before, with the same source", full);
    } else {
        sw_say(cli->env, "published %s%s", full,
               published->is_private ? " (a private orb)" : ", which everybody can read");
    }
    if (dev) {
        sw_say(cli->env, "it expires in 90 days unless it is published again, and members of the "
                         "organisation can overwrite it");
    }
    if (sw_cli_registry_json(&args->registry)) {
        json_auto_t *facts =
            json_pack("{s:s, s:s, s:s, s:s, s:b, s:b}", "reference", full, "namespace", ref->space,
                      "orb", ref->name, "version", published->version, "published",
                      !published->unchanged, "private", published->is_private);
        sw_cli_out_json(cli, facts);
    } else {
        sw_cli_out(cli, "%s\n", full);
    }
}

static enum sw_status run_publish(struct sw_cli *cli, void *data, struct sw_err *err)
{
    const struct publish_args *args = data;
    struct plan plan = { 0 };
    struct sw_buf SW_CLEANUP(sw_buf_release) source = { 0 };
    struct sw_circleci SW_CLEANUP(sw_circleci_release) api = { 0 };
    struct sw_orb_published SW_CLEANUP(sw_orb_published_release) published = { 0 };
    sw_buf_init(&source, SW_BUF_TEXT_MAX);
    enum sw_status status = prepare(cli, args, &plan, &source, err);
    if (status == SW_OK) {
        status = sw_cli_registry_open(cli, &args->registry, &api, err);
    }
    if (status == SW_OK) {
        status = publish(args, &plan, sw_buf_str(&source), &api, &published, err);
    }
    if (status == SW_OK) {
        print_published(cli, args, &plan.ref, &published);
    }
    sw_orb_ref_release(&plan.ref);
    return status;
}

const struct sw_command sw_cmd_orb_publish = {
    .name = "orb publish",
    .summary = "publish a version of an orb in CircleCI's registry",
    .description =
        "Publishes the packed FILE, or the orb whose source folder is DIR, as the version that\n"
        "NAMESPACE/ORB@VERSION names: x.y.z, which never changes, or dev:LABEL, which may be\n"
        "overwritten and expires in 90 days.\n"
        "\n"
        "  increment FILE|DIR NAMESPACE/ORB STEP      publishes the version after the latest one\n"
        "  promote NAMESPACE/ORB@dev:LABEL STEP       makes a development version permanent\n"
        "\n"
        "STEP is major, minor, patch, or the version x.y.z itself. The orb is checked before it is\n"
        "sent (--no-validate leaves that to the registry). The token comes from a variable, never\n"
        "from the command line. The orb must exist: \"slipway orb create\" makes it.",
    .json = "reference, namespace, orb, version, published, private.",
    .operands = "[increment|promote] [FILE|DIR] ORB[@VERSION] [STEP]",
    .operands_min = 2,
    .operands_max = 4,
    .example = "slipway orb publish orb acme/slipway@dev:main\n"
               "slipway orb publish increment orb acme/slipway patch\n"
               "slipway orb publish promote acme/slipway@dev:main 1.0.0",
    .opts = publish_opts,
    .args_size = sizeof(struct publish_args),
    .defaults = publish_defaults,
    .run = run_publish,
};

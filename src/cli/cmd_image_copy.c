#include "commands.h"

#include "image_login.h"
#include "image_refs.h"
#include "image_result.h"

#include <slipway/alloc.h>
#include <slipway/copy.h>

/* slipway image copy */

struct copy_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    const char *platform;
    const char *digest_file;
    const char *output;
    bool plain_http;
    struct sw_strs mount_from;
};

static const struct sw_opt copy_opts[] = {
    SW_CLI_COMMON(struct copy_args, common),
    { SW_OPT_STR, "platform", 0, offsetof(struct copy_args, platform), "OS/ARCH",
      "copy only the image of this platform", 0, NULL, 0, 0, NULL },
    { SW_OPT_LIST, "mount-from", 0, offsetof(struct copy_args, mount_from), "REPO",
      "share layers with this repository of DST's registry, where it has them", 0, NULL, 0, 0,
      NULL },
    { SW_OPT_STR, "digest-file", 0, offsetof(struct copy_args, digest_file), "FILE",
      "write the image's digest to this file", 0, NULL, 0, 0, NULL },
    { SW_OPT_FLAG, "plain-http", 0, offsetof(struct copy_args, plain_http), NULL,
      "talk to the registries without TLS (loopback registries always are)", 0, NULL, 0, 0, NULL },
    { SW_OPT_ENUM, "output", 'o', offsetof(struct copy_args, output), "text|json",
      "form of the result", 0, "text|json", 0, 0, NULL },
    SW_CLI_AWS(struct copy_args, aws),
    { .kind = SW_OPT_END },
};

static void copy_defaults(void *data)
{
    struct copy_args *args = data;

    args->output = "text";
}

/* The tag of targets that have none: the source's own. A digest is none. */
static const char *default_tag(const struct sw_ref *source)
{
    if (source->tag) {
        return source->tag;
    }
    return source->digest ? NULL : "latest";
}

static enum sw_status read_operands(const struct sw_cli *cli, struct sw_ref *source,
                                    struct sw_cli_targets *targets, struct sw_err *err)
{
    struct sw_strs more = cli->operands;

    more.items++;
    more.count--;
    if (sw_ref_parse(sw_str(cli->operands.items[0]), source, err)) {
        return err->status;
    }
    return sw_cli_targets_parse(&more, default_tag(source), targets, err);
}

static enum sw_status copy(struct sw_cli *cli, const struct copy_args *args, const char *platform,
                           const struct sw_ref *source, const struct sw_cli_targets *targets,
                           struct sw_err *err)
{
    SW_CLEANUP(sw_cli_login_release) struct sw_cli_login login = { 0 };
    SW_CLEANUP(sw_copy_result_release) struct sw_copy_result result = { 0 };
    const struct sw_copy_options options = { .auth = &login.auth.callback,
                                             .plain_http = args->plain_http,
                                             .platform = platform,
                                             .mount_from = args->mount_from };
    enum sw_status status = sw_cli_login_init(&login, cli, &args->aws, err);

    if (status == SW_OK) {
        status =
            sw_image_copy(cli->env, source, targets->refs, targets->count, &options, &result, err);
    }
    if (status != SW_OK) {
        return status;
    }
    return sw_cli_copy_report(cli, args->output, args->digest_file, targets, &result, err);
}

static enum sw_status run_copy(struct sw_cli *cli, void *data, struct sw_err *err)
{
    const struct copy_args *args = data;
    SW_CLEANUP(sw_ref_release) struct sw_ref source = { 0 };
    SW_CLEANUP(sw_cli_targets_release) struct sw_cli_targets targets = { 0 };
    const char *platform = NULL;
    enum sw_status status = read_operands(cli, &source, &targets, err);

    if (status == SW_OK) {
        status = sw_cli_platform(args->platform, &platform, err);
    }
    if (status == SW_OK) {
        status = sw_cli_digest_file_check(args->digest_file, err);
    }
    return status == SW_OK ? copy(cli, args, platform, &source, &targets, err) : status;
}

const struct sw_command sw_cmd_image_copy = {
    .name = "image copy",
    .summary = "copy an image from registry to registry, or between repositories",
    .description =
        "Copies the image SRC, named by a tag or a digest, to each DST: from one account or\n"
        "region to another, from a build repository to that of releases. Manifests and layers\n"
        "keep their bytes, so the digest stays the same. An image of several platforms is copied\n"
        "whole, attestations included; --platform takes one image out of it.\n\n"
        "Layers go from registry to registry through memory. They are read once, however many\n"
        "targets want them; those that a target has are not sent; and a registry that can share\n"
        "layers between its repositories is asked to. Tags are written last: none names an image\n"
        "that is not complete. A tag that names this very image already is left alone.\n\n"
        "A DST without a tag gets the one of SRC. Foreign layers, which are not to be passed on,\n"
        "are left out and named.",
    .json = "digest, media_type, references, written (a truth value for each of them), "
            "bytes_sent, bytes_mounted, bytes_skipped.",
    .operands = "SRC DST...",
    .operands_min = 2,
    .operands_max = SW_OPERANDS_ANY,
    .example = "slipway image copy 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:v1 \\\n"
               "    123456789012.dkr.ecr.us-east-1.amazonaws.com/web \\\n"
               "    210987654321.dkr.ecr.eu-west-1.amazonaws.com/web:v1",
    .opts = copy_opts,
    .args_size = sizeof(struct copy_args),
    .defaults = copy_defaults,
    .run = run_copy,
};

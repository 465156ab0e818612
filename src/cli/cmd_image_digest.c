#include "commands.h"

#include "image_login.h"

#include <slipway/ref.h>

/* slipway image digest */

struct digest_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    const char *output;
    bool plain_http;
};

static const struct sw_opt digest_opts[] = {
    SW_CLI_COMMON(struct digest_args, common),
    { SW_OPT_FLAG, "plain-http", 0, offsetof(struct digest_args, plain_http), NULL,
      "talk to the registry without TLS (loopback registries always are)", 0, NULL, 0, 0, NULL },
    { SW_OPT_ENUM, "output", 'o', offsetof(struct digest_args, output), "text|json",
      "form of the result", 0, "text|json", 0, 0, NULL },
    SW_CLI_AWS(struct digest_args, aws),
    { .kind = SW_OPT_END },
};

static void digest_defaults(void *data)
{
    struct digest_args *args = data;

    args->output = "text";
}

static void print(struct sw_cli *cli, const struct digest_args *args, const char *text,
                  const struct sw_manifest_info *info)
{
    json_auto_t *doc = NULL;

    if (strcmp(args->output, "json") != 0) {
        sw_cli_out(cli, "%s\n", info->digest);
        return;
    }
    doc = json_pack("{s:s, s:s, s:s}", "reference", text, "digest", info->digest, "media_type",
                    info->media_type);
    if (info->size >= 0) {
        (void)json_object_set_new(doc, "size", json_integer(info->size));
    }
    sw_cli_out_json(cli, doc);
}

static enum sw_status ask(struct sw_cli *cli, const struct digest_args *args,
                          const struct sw_ref *ref, struct sw_manifest_info *ret,
                          struct sw_err *err)
{
    SW_CLEANUP(sw_cli_login_release) struct sw_cli_login login = { 0 };
    SW_CLEANUP(sw_registry_cleanup) struct sw_registry *registry = NULL;
    enum sw_status status = sw_cli_login_init(&login, cli, &args->aws, err);

    if (status == SW_OK) {
        status = sw_cli_login_registry(&login, cli, ref->host, args->plain_http, /* push= */ false,
                                       &registry, err);
    }
    if (status == SW_OK) {
        status = sw_registry_head_manifest(registry, ref->repository, sw_ref_object(ref), ret, err);
    }
    if (status == SW_E_NOT_FOUND && err->http_status == 404) {
        (void)sw_fail(err, SW_E_NOT_FOUND, "image \"%s/%s%s%s\" does not exist", ref->host,
                      ref->repository, ref->digest ? "@" : ":", sw_ref_object(ref));
    }
    return status;
}

static enum sw_status run_digest(struct sw_cli *cli, void *data, struct sw_err *err)
{
    const struct digest_args *args = data;
    const char *text = cli->operands.items[0];
    SW_CLEANUP(sw_ref_release) struct sw_ref ref = { 0 };
    struct sw_manifest_info info = { .size = -1 };
    enum sw_status status = sw_ref_parse(sw_str(text), &ref, err);

    if (status == SW_OK) {
        status = ask(cli, args, &ref, &info, err);
    }
    if (status == SW_OK) {
        print(cli, args, text, &info);
    }
    sw_manifest_info_release(&info);
    return status;
}

const struct sw_command sw_cmd_image_digest = {
    .name = "image digest",
    .summary = "print the digest that a reference names in its registry",
    .description =
        "Asks the registry for the manifest's digest without getting the image. Exit code\n"
        "1 when there is no such image.",
    .json = "reference, digest, media_type, size.",
    .operands = "REF",
    .operands_min = 1,
    .operands_max = 1,
    .example = "slipway image digest 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:v1",
    .opts = digest_opts,
    .args_size = sizeof(struct digest_args),
    .defaults = digest_defaults,
    .run = run_digest,
};

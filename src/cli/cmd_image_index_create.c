#include "commands.h"

#include "image_login.h"
#include "image_result.h"

#include <slipway/alloc.h>
#include <slipway/index.h>

/* slipway image index create */

struct index_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    struct sw_strs manifests;
    const char *attestations;
    struct sw_strs mount_from;
    const char *digest_file;
    const char *output;
    bool plain_http;
};

static const struct sw_opt index_opts[] = {
    SW_CLI_COMMON(struct index_args, common),
    { SW_OPT_LIST, "manifest", 0, offsetof(struct index_args, manifests), "REF",
      "image of a platform, or an index whose images are all taken", SW_OPT_REQUIRED, NULL, 0, 0,
      NULL },
    { SW_OPT_ENUM, "attestations", 0, offsetof(struct index_args, attestations), "keep|drop",
      "what to do with attestations that come with the images", 0, "keep|drop", 0, 0, NULL },
    { SW_OPT_LIST, "mount-from", 0, offsetof(struct index_args, mount_from), "REPO",
      "share layers with this repository of the registry, where it has them", 0, NULL, 0, 0, NULL },
    { SW_OPT_STR, "digest-file", 0, offsetof(struct index_args, digest_file), "FILE",
      "write the index's digest to this file", 0, NULL, 0, 0, NULL },
    { SW_OPT_FLAG, "plain-http", 0, offsetof(struct index_args, plain_http), NULL,
      "talk to the registries without TLS (loopback registries always are)", 0, NULL, 0, 0, NULL },
    { SW_OPT_ENUM, "output", 'o', offsetof(struct index_args, output), "text|json",
      "form of the result", 0, "text|json", 0, 0, NULL },
    SW_CLI_AWS(struct index_args, aws),
    { .kind = SW_OPT_END },
};

static void index_defaults(void *data)
{
    struct index_args *args = data;

    args->output = "text";
    args->attestations = "keep";
}

/* The images to put together. */
struct images {
    struct sw_ref *refs;
    size_t count;
};

static void images_release(struct images *images)
{
    for (size_t i = 0; i < images->count; i++) {
        sw_ref_release(&images->refs[i]);
    }
    free(images->refs);
}

static enum sw_status parse_images(const struct sw_strs *texts, struct images *ret,
                                   struct sw_err *err)
{
    ret->refs = sw_xcalloc(texts->count + 1, sizeof(*ret->refs));
    for (size_t i = 0; i < texts->count; i++) {
        if (sw_ref_parse(sw_str(texts->items[i]), &ret->refs[i], err)) {
            return sw_wrap(err, "--manifest");
        }
        ret->count++;
    }
    return SW_OK;
}

static void print_json(struct sw_cli *cli, const struct sw_cli_targets *targets,
                       const struct sw_index_result *result)
{
    json_auto_t *doc = sw_cli_copy_json(targets, &result->copy);
    json_t *manifests = json_array();

    for (size_t i = 0; i < result->entry_count; i++) {
        (void)json_array_append_new(manifests,
                                    json_pack("{s:s, s:s}", "digest", result->entries[i].digest,
                                              "platform", result->entries[i].platform));
    }
    (void)json_object_set_new(doc, "manifests", manifests);
    sw_cli_out_json(cli, doc);
}

static enum sw_status create(struct sw_cli *cli, const struct index_args *args,
                             const struct images *images, const struct sw_cli_targets *targets,
                             struct sw_err *err)
{
    SW_CLEANUP(sw_cli_login_release) struct sw_cli_login login = { 0 };
    SW_CLEANUP(sw_index_result_release) struct sw_index_result result = { 0 };
    const struct sw_index_options options = {
        .copy = { .auth = &login.auth.callback,
                  .plain_http = args->plain_http,
                  .mount_from = args->mount_from },
        .drop_attestations = strcmp(args->attestations, "drop") == 0,
    };
    enum sw_status status = sw_cli_login_init(&login, cli, &args->aws, err);

    if (status == SW_OK) {
        status = sw_image_index_create(cli->env, images->refs, images->count, targets->refs,
                                       targets->count, &options, &result, err);
    }
    if (status != SW_OK) {
        return status;
    }
    status = sw_cli_digest_file_write(args->digest_file, result.copy.digest, err);
    if (strcmp(args->output, "json") == 0) {
        print_json(cli, targets, &result);
    } else {
        sw_cli_print_targets(cli, targets, result.copy.digest);
    }
    return status;
}

static enum sw_status run_index_create(struct sw_cli *cli, void *data, struct sw_err *err)
{
    const struct index_args *args = data;
    SW_CLEANUP(images_release) struct images images = { 0 };
    SW_CLEANUP(sw_cli_targets_release) struct sw_cli_targets targets = { 0 };
    enum sw_status status = sw_cli_targets_parse(&cli->operands, "latest", &targets, err);

    if (status == SW_OK) {
        status = parse_images(&args->manifests, &images, err);
    }
    if (status == SW_OK) {
        status = sw_cli_digest_file_check(args->digest_file, err);
    }
    return status == SW_OK ? create(cli, args, &images, &targets, err) : status;
}

const struct sw_command sw_cmd_image_index_create = {
    .name = "image index create",
    .summary = "put images of single platforms together to one image of several",
    .description =
        "Writes an index of the images that --manifest names, to each REF: an OCI index, or\n"
        "Docker's manifest list when all images are in Docker's format. So the images of a\n"
        "platform can be built side by side, each on a machine of its kind, and one tag made of\n"
        "them at the end.\n\n"
        "Images of other repositories and registries are copied first, as \"image copy\" does it.\n"
        "Platforms, with variant and version of the system, are read from the images themselves;\n"
        "two for the same platform are refused. Of an index all images are taken, and what it\n"
        "says about them (attestations) as well, unless --attestations drop.",
    .json = "as that of image copy, with manifests (digest, platform).",
    .operands = "REF...",
    .operands_min = 1,
    .operands_max = SW_OPERANDS_ANY,
    .example = "registry=123456789012.dkr.ecr.eu-west-1.amazonaws.com\n"
               "slipway image index create \"$registry/web:v1\" \\\n"
               "    --manifest \"$registry/web:v1-amd64\" --manifest \"$registry/web:v1-arm64\"",
    .opts = index_opts,
    .args_size = sizeof(struct index_args),
    .defaults = index_defaults,
    .run = run_index_create,
};

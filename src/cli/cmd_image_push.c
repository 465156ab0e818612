#include "commands.h"

#include "image_login.h"
#include "image_refs.h"
#include "image_result.h"

#include <slipway/alloc.h>
#include <slipway/image.h>

#include <sys/stat.h>

/* slipway image push */

struct push_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    struct sw_cli_image image;
    const char *digest_file;
    const char *platform;
    const char *output;
    const char *compression;
    const char *compression_level;
    bool plain_http;
    bool all_platforms;
    bool no_learn;
    bool verify_learned;
    struct sw_strs learn_from;
    struct sw_strs mount_from;
};

static const struct sw_opt push_opts[] = {
    SW_CLI_COMMON(struct push_args, common),
    SW_CLI_IMAGE(struct push_args, image),
    { SW_OPT_STR, "digest-file", 0, offsetof(struct push_args, digest_file), "FILE",
      "write the image's digest to this file", 0, NULL, 0, 0, NULL },
    { SW_OPT_STR, "platform", 0, offsetof(struct push_args, platform), "OS/ARCH",
      "platform of the image, when the source has several", 0, NULL, 0, 0, NULL },
    { SW_OPT_FLAG, "all-platforms", 0, offsetof(struct push_args, all_platforms), NULL,
      "push the image for all platforms, and attestations, as they are in the source", 0, NULL, 0,
      0, NULL },
    { SW_OPT_LIST, "mount-from", 0, offsetof(struct push_args, mount_from), "REPO",
      "share layers with this repository of the registry, where it has them", 0, NULL, 0, 0, NULL },
    { SW_OPT_ENUM, "compression", 0, offsetof(struct push_args, compression), "gzip|zstd|none",
      "how unpacked layers are stored; default gzip", 0, "gzip|zstd|none", 0, 0, NULL },
    { SW_OPT_STR, "compression-level", 0, offsetof(struct push_args, compression_level), "N",
      "gzip: 0 (fastest) to 3 (smallest), default 1; zstd: 1 to 19, default 3", 0, NULL, 0, 0,
      NULL },
    { SW_OPT_LIST, "learn-from", 0, offsetof(struct push_args, learn_from), "TAG",
      "learn layers first from the repository's image of this tag", 0, NULL, 0, 0, NULL },
    { SW_OPT_FLAG, "no-learn", 0, offsetof(struct push_args, no_learn), NULL,
      "compress every layer instead of learning from images in the repository", 0, NULL, 0, 0,
      NULL },
    { SW_OPT_FLAG, "verify-learned", 0, offsetof(struct push_args, verify_learned), NULL,
      "unpack what was learned to see that it is right; what is not is sent anew", 0, NULL, 0, 0,
      NULL },
    { SW_OPT_FLAG, "plain-http", 0, offsetof(struct push_args, plain_http), NULL,
      "talk to the registry without TLS (loopback registries always are)", 0, NULL, 0, 0, NULL },
    { SW_OPT_ENUM, "output", 'o', offsetof(struct push_args, output), "text|json",
      "form of the result", 0, "text|json", 0, 0, NULL },
    SW_CLI_AWS(struct push_args, aws),
    { .kind = SW_OPT_END },
};

static void push_defaults(void *data)
{
    struct push_args *args = data;

    args->output = "text";
}

/* "web.tar" alone would be an image of Docker Hub. */
static enum sw_status check_no_file(const struct sw_strs *operands, struct sw_err *err)
{
    struct stat st;

    if (operands->count > 0 && stat(operands->items[0], &st) == 0 && S_ISREG(st.st_mode)) {
        return sw_cli_usage(err,
                            "\"%s\" is a file; say which kind of archive: docker-archive:%s or "
                            "oci-archive:%s",
                            operands->items[0], operands->items[0], operands->items[0]);
    }
    return SW_OK;
}

/* The first operand is the source when it looks like one; the rest are references. */
static enum sw_status read_operands(const struct sw_cli *cli, const struct sw_cli_image *image,
                                    char **ret_source, struct sw_strs *refs, struct sw_err *err)
{
    struct sw_strs more = cli->operands;
    enum sw_status status;

    if (more.count > 0 && sw_image_source_is(more.items[0])) {
        *ret_source = sw_xstrdup(more.items[0]);
        more.items++;
        more.count--;
    } else if (check_no_file(&more, err)) {
        return err->status;
    }
    status = sw_cli_image_refs(image, &more, refs, err);
    if (status == SW_OK && refs->count == 0) {
        status = sw_cli_usage(err, "nowhere to push to: give --repo (with --registry and --tag), "
                                   "or a reference HOST/NAME:TAG");
    }
    if (status == SW_OK && !*ret_source) {
        *ret_source = sw_xasprintf("docker-daemon:%s", refs->items[0]);
    }
    return status;
}

static void print_json(struct sw_cli *cli, const struct sw_cli_targets *targets,
                       const struct sw_push_result *result)
{
    json_auto_t *layers = json_array();
    json_auto_t *doc = NULL;

    for (size_t i = 0; i < result->layer_count; i++) {
        const struct sw_push_layer *layer = &result->layers[i];

        (void)json_array_append_new(layers,
                                    json_pack("{s:s, s:s, s:I, s:b}", "digest", layer->digest,
                                              "diff_id", layer->diff_id, "size",
                                              (json_int_t)layer->size, "sent", (int)layer->sent));
    }
    doc = json_pack("{s:s, s:o, s:O, s:I, s:I, s:I}", "digest", result->digest, "references",
                    sw_cli_targets_json(targets), "layers", layers, "bytes_sent",
                    (json_int_t)result->bytes_sent, "bytes_mounted",
                    (json_int_t)result->bytes_mounted, "bytes_skipped",
                    (json_int_t)result->bytes_skipped);
    sw_cli_out_json(cli, doc);
}

static enum sw_status report(struct sw_cli *cli, const struct push_args *args,
                             const struct sw_cli_targets *targets,
                             const struct sw_push_result *result, struct sw_err *err)
{
    enum sw_status status = sw_cli_digest_file_write(args->digest_file, result->digest, err);

    if (strcmp(args->output, "json") == 0) {
        print_json(cli, targets, result);
    } else {
        sw_cli_print_targets(cli, targets, result->digest);
    }
    return status;
}

/* Pushes what the source has as it is. */
static enum sw_status push_all(struct sw_cli *cli, const struct push_args *args,
                               struct sw_image_source *source, const struct sw_cli_targets *targets,
                               struct sw_err *err)
{
    SW_CLEANUP(sw_cli_login_release) struct sw_cli_login login = { 0 };
    SW_CLEANUP(sw_copy_result_release) struct sw_copy_result result = { 0 };
    const struct sw_copy_options options = { .auth = &login.auth.callback,
                                             .plain_http = args->plain_http,
                                             .mount_from = args->mount_from };
    enum sw_status status = sw_cli_login_init(&login, cli, &args->aws, err);

    if (status == SW_OK) {
        status = sw_image_push_all(cli->env, source, targets->refs, targets->count, &options,
                                   &result, err);
    }
    if (status != SW_OK) {
        return status;
    }
    return sw_cli_copy_report(cli, args->output, args->digest_file, targets, &result, err);
}

static enum sw_status check_options(const struct push_args *args, struct sw_err *err)
{
    if (args->all_platforms && args->platform && args->platform[0]) {
        return sw_cli_usage(err, "--all-platforms and --platform cannot go together");
    }
    if (args->all_platforms && (args->compression || args->compression_level)) {
        return sw_cli_usage(err, "--all-platforms sends layers as they are; leave --compression "
                                 "and --compression-level out");
    }
    return SW_OK;
}

/* *ret is NULL when the options say nothing. */
static enum sw_status read_compression(const struct push_args *args, struct sw_compression *slot,
                                       const struct sw_compression **ret, struct sw_err *err)
{
    const char *kind = sw_cli_text_or_null(args->compression);
    const char *level = sw_cli_text_or_null(args->compression_level);

    *ret = kind || level ? slot : NULL;
    return *ret ? sw_compression_parse(kind, level, slot, err) : SW_OK;
}

static enum sw_status push(struct sw_cli *cli, const struct push_args *args,
                           const struct sw_compression *compression, struct sw_image_source *source,
                           const struct sw_cli_targets *targets, struct sw_err *err)
{
    SW_CLEANUP(sw_cli_login_release) struct sw_cli_login login = { 0 };
    struct sw_push_options options = { .auth = &login.auth.callback,
                                       .newest = &login.auth.newest,
                                       .plain_http = args->plain_http,
                                       .no_learn = args->no_learn,
                                       .verify_learned = args->verify_learned,
                                       .learn_from = args->learn_from,
                                       .mount_from = args->mount_from,
                                       .compression = compression };
    struct sw_push_result result = { 0 };
    enum sw_status status = sw_cli_login_init(&login, cli, &args->aws, err);

    if (status == SW_OK) {
        status =
            sw_image_push(cli->env, source, targets->refs, targets->count, &options, &result, err);
    }
    if (status == SW_OK) {
        status = report(cli, args, targets, &result, err);
        sw_push_result_release(&result);
    }
    return status;
}

static enum sw_status run_push(struct sw_cli *cli, void *data, struct sw_err *err)
{
    const struct push_args *args = data;
    SW_CLEANUP(sw_image_source_cleanup) struct sw_image_source *source = NULL;
    SW_CLEANUP(sw_free_str) char *source_text = NULL;
    SW_CLEANUP(sw_strs_release) struct sw_strs refs = { 0 };
    SW_CLEANUP(sw_cli_targets_release) struct sw_cli_targets targets = { 0 };
    const char *platform = NULL;
    const struct sw_compression *compression = NULL;
    struct sw_compression slot;
    enum sw_status status = read_operands(cli, &args->image, &source_text, &refs, err);

    if (status == SW_OK) {
        status = check_options(args, err);
    }
    if (status == SW_OK) {
        status = sw_cli_platform(args->platform, &platform, err);
    }
    if (status == SW_OK) {
        status = sw_cli_targets_parse(&refs, "latest", &targets, err);
    }
    if (status == SW_OK) {
        status = read_compression(args, &slot, &compression, err);
    }
    if (status == SW_OK) {
        status = sw_cli_digest_file_check(args->digest_file, err);
    }
    if (status == SW_OK) {
        status = sw_image_source_open(cli->env, source_text, platform, &source, err);
    }
    if (status != SW_OK) {
        return status;
    }
    return args->all_platforms ? push_all(cli, args, source, &targets, err)
                               : push(cli, args, compression, source, &targets, err);
}

const struct sw_command sw_cmd_image_push = {
    .name = "image push",
    .summary = "push an image to one or several references",
    .description =
        "Sends the layers a repository does not have, and then writes the tags: a push that\n"
        "fails leaves no half of an image behind. Several references get the image in one go.\n\n"
        "SOURCE is docker-daemon:NAME, an image of the Docker engine; docker-archive:FILE[:NAME],\n"
        "a file of \"docker save\" or \"docker buildx --output\" (\"-\" is standard input);\n"
        "oci:DIR[:NAME], an OCI layout in a folder; or oci-archive:FILE[:NAME], one packed with\n"
        "tar. NAME picks one of several images, --platform one of several platforms;\n"
        "--all-platforms pushes an index with all of them, byte for byte. Packed\n"
        "layers and the manifest that names them are sent as they are. Without SOURCE it is the image of the Docker engine that has\n"
        "the first reference's name. A tag that names this very image already is left alone, so\n"
        "that a repeated push to an immutable tag is no failure.\n\n"
        "Layers that an image of the repository has already are recognised by what that image\n"
        "tells (its configuration lists the unpacked layers, its manifest the packed ones) and\n"
        "are neither read, nor compressed, nor sent. Asked are the tags about to be written, the\n"
        "tags of --learn-from, latest, and the images pushed last, where Amazon ECR may be asked\n"
        "for them (ecr:DescribeImages), else some of the repository's list. Somebody who can\n"
        "write the repository could tell a wrong pair; the image then fails to start, since\n"
        "runtimes check each unpacked layer. --verify-learned unpacks what it learned first, and\n"
        "sends anew what is wrong; --no-learn compresses everything instead.\n\n"
        "With --mount-from REPO layers of another repository of the same registry are recognised\n"
        "too, and shared without travelling where the registry can do that. On Amazon ECR blob\n"
        "mounting is a setting of the account.\n\n"
        "Unpacked layers are compressed with gzip at a level that a network rarely waits for.\n"
        "--compression zstd makes smaller layers that unpack faster (Docker 23 and later, AWS\n"
        "Fargate); such an image gets an OCI manifest. The same layer gives the same bytes each\n"
        "time. Who gives --compression or --compression-level gets all unpacked layers stored\n"
        "that way: what an image of the repository tells counts only where it is stored so as\n"
        "well. Layers of a repository that was filled with another level stay as they are; use\n"
        "--no-learn once to replace them.\n\n"
        "For Amazon ECR the login comes from the AWS credentials; for other registries from\n"
        "Docker's configuration.",
    .json = "digest, references, layers (digest, diff_id, size, sent), bytes_sent, "
            "bytes_mounted, bytes_skipped.",
    .operands = "[SOURCE] [REF...]",
    .operands_max = SW_OPERANDS_ANY,
    .example = "slipway image push --registry 123456789012.dkr.ecr.eu-west-1.amazonaws.com \\\n"
               "    --repo web --tag v1,latest\n"
               "slipway image push docker-archive:image.tar \\\n"
               "    123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:v1",
    .opts = push_opts,
    .args_size = sizeof(struct push_args),
    .defaults = push_defaults,
    .run = run_push,
};

#include "commands.h"

#include "image_login.h"

#include <slipway/alloc.h>
#include <slipway/ref.h>
#include <slipway/retag.h>

/* slipway image tag */

struct tag_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    const char *output;
    bool plain_http;
    bool keep;
};

static const struct sw_opt tag_opts[] = {
    SW_CLI_COMMON(struct tag_args, common),
    { SW_OPT_FLAG, "plain-http", 0, offsetof(struct tag_args, plain_http), NULL,
      "talk to the registry without TLS (loopback registries always are)", 0, NULL, 0, 0, NULL },
    { SW_OPT_FLAG, "keep-existing", 0, offsetof(struct tag_args, keep), NULL,
      "leave tags alone that the repository has already", 0, NULL, 0, 0, NULL },
    { SW_OPT_ENUM, "output", 'o', offsetof(struct tag_args, output), "text|json",
      "form of the result", 0, "text|json", 0, 0, NULL },
    SW_CLI_AWS(struct tag_args, aws),
    { .kind = SW_OPT_END },
};

static void tag_defaults(void *data)
{
    struct tag_args *args = data;

    args->output = "text";
}

static enum sw_status add_tag(struct sw_str tag, struct sw_strs *tags, struct sw_err *err)
{
    if (sw_ref_check_tag(tag, err) != SW_OK) {
        if (sw_str_find(tag, '/') >= 0 || sw_str_find(tag, ':') >= 0) {
            (void)sw_append(err,
                            "; give the tag alone, it is written in the image's own repository");
        }
        return err->status;
    }
    if (!sw_strs_has(tags, tag)) {
        sw_strs_add(tags, tag);
    }
    return SW_OK;
}

/* The operands after the first: tags, and comma lists of them. */
static enum sw_status read_tags(const struct sw_strs *operands, struct sw_strs *tags,
                                struct sw_err *err)
{
    struct sw_strs SW_CLEANUP(sw_strs_release) named = { 0 };

    for (size_t i = 1; i < operands->count; i++) {
        sw_strs_add_parts(&named, sw_str(operands->items[i]), ',');
    }
    for (size_t i = 0; i < named.count; i++) {
        if (add_tag(sw_str(named.items[i]), tags, err)) {
            return err->status;
        }
    }
    if (tags->count == 0) {
        return sw_fail(err, SW_E_INPUT,
                       "the new tag is empty: is the variable that it is made of set?");
    }
    return SW_OK;
}

static void print_text(struct sw_cli *cli, const struct sw_ref *ref, const struct sw_strs *tags,
                       const struct sw_retag_result *result)
{
    for (size_t i = 0; i < tags->count; i++) {
        if (!result->kept[i]) {
            sw_cli_out(cli, "%s/%s:%s@%s\n", ref->host, ref->repository, tags->items[i],
                       result->digest);
        }
    }
}

static void print_json(struct sw_cli *cli, const struct sw_ref *ref, const struct sw_strs *tags,
                       const struct sw_retag_result *result)
{
    json_auto_t *list = json_array();
    json_auto_t *doc = NULL;

    for (size_t i = 0; i < tags->count; i++) {
        json_t *reference = json_sprintf("%s/%s:%s", ref->host, ref->repository, tags->items[i]);

        (void)json_array_append_new(
            list, json_pack("{s:s, s:o, s:b, s:b}", "tag", tags->items[i], "reference", reference,
                            "written", (int)result->written[i], "kept", (int)result->kept[i]));
    }
    doc = json_pack("{s:s, s:s, s:O}", "digest", result->digest, "media_type", result->media_type,
                    "tags", list);
    sw_cli_out_json(cli, doc);
}

static enum sw_status tag_image(struct sw_cli *cli, const struct tag_args *args,
                                const struct sw_ref *ref, const struct sw_strs *tags,
                                struct sw_retag_result *ret, struct sw_err *err)
{
    SW_CLEANUP(sw_cli_login_release) struct sw_cli_login login = { 0 };
    SW_CLEANUP(sw_registry_cleanup) struct sw_registry *registry = NULL;
    enum sw_status status = sw_cli_login_init(&login, cli, &args->aws, err);

    if (status == SW_OK) {
        status = sw_cli_login_registry(&login, cli, ref->host, args->plain_http, /* push= */ true,
                                       &registry, err);
    }
    if (status == SW_OK) {
        const struct sw_retag retag = { .source = ref, .tags = tags, .keep = args->keep };

        status = sw_image_retag(cli->env, registry, &retag, ret, err);
    }
    return status;
}

static enum sw_status run_tag(struct sw_cli *cli, void *data, struct sw_err *err)
{
    const struct tag_args *args = data;
    SW_CLEANUP(sw_ref_release) struct sw_ref ref = { 0 };
    SW_CLEANUP(sw_strs_release) struct sw_strs tags = { 0 };
    SW_CLEANUP(sw_retag_result_release) struct sw_retag_result result = { 0 };
    enum sw_status status = sw_ref_parse(sw_str(cli->operands.items[0]), &ref, err);

    if (status == SW_OK) {
        status = read_tags(&cli->operands, &tags, err);
    }
    if (status == SW_OK) {
        status = tag_image(cli, args, &ref, &tags, &result, err);
    }
    if (status != SW_OK) {
        return status;
    }
    if (strcmp(args->output, "json") == 0) {
        print_json(cli, &ref, &tags, &result);
    } else {
        print_text(cli, &ref, &tags, &result);
    }
    return SW_OK;
}

const struct sw_command sw_cmd_image_tag = {
    .name = "image tag",
    .summary = "give new tags to an image in its registry",
    .description =
        "Writes the manifest of an image again, under each new tag of the same repository: no\n"
        "layer is pulled or pushed, and images of several platforms stay what they are. The\n"
        "image is named by a tag or by its digest. NEW_TAG may be a list with commas.\n\n"
        "A tag that names the image already is left alone, so that doing it again is no failure,\n"
        "for immutable tags neither. An immutable tag of another image is an error that names\n"
        "both digests.",
    .json = "digest, media_type, tags (tag, reference, written, kept).",
    .operands = "SOURCE_REF NEW_TAG...",
    .operands_min = 2,
    .operands_max = SW_OPERANDS_ANY,
    .example =
        "slipway image tag 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:v1 stable latest",
    .opts = tag_opts,
    .args_size = sizeof(struct tag_args),
    .defaults = tag_defaults,
    .run = run_tag,
};

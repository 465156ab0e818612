#include "commands.h"

#include "image_login.h"
#include "image_refs.h"

#include <slipway/alloc.h>
#include <slipway/inspect.h>
#include <slipway/ref.h>

/* slipway image inspect */

struct inspect_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    const char *platform;
    const char *output;
    bool plain_http;
    bool show_env;
    bool history;
};

static const struct sw_opt inspect_opts[] = {
    SW_CLI_COMMON(struct inspect_args, common),
    { SW_OPT_STR, "platform", 0, offsetof(struct inspect_args, platform), "OS/ARCH",
      "the image of this platform instead of the index of all", 0, NULL, 0, 0, NULL },
    { SW_OPT_FLAG, "show-env", 0, offsetof(struct inspect_args, show_env), NULL,
      "print the values of environment variables, not only their names", 0, NULL, 0, 0, NULL },
    { SW_OPT_FLAG, "history", 0, offsetof(struct inspect_args, history), NULL,
      "print the steps that the image was built by", 0, NULL, 0, 0, NULL },
    { SW_OPT_FLAG, "plain-http", 0, offsetof(struct inspect_args, plain_http), NULL,
      "talk to the registry without TLS (loopback registries always are)", 0, NULL, 0, 0, NULL },
    { SW_OPT_ENUM, "output", 'o', offsetof(struct inspect_args, output), "text|json",
      "form of the result", 0, "text|json", 0, 0, NULL },
    SW_CLI_AWS(struct inspect_args, aws),
    { .kind = SW_OPT_END },
};

static void inspect_defaults(void *data)
{
    struct inspect_args *args = data;

    args->output = "text";
}

/* Prints what a stranger wrote: on one line, and without steering the terminal. */
static void print_foreign(struct sw_cli *cli, const char *label, const char *text)
{
    SW_CLEANUP(sw_free_str) char *line = sw_xstrdup(text);

    sw_blank_controls(line, strlen(line), "");
    sw_cli_out(cli, "%-14s%s\n", label, line);
}

static void print_str(struct sw_cli *cli, const json_t *facts, const char *key, const char *label)
{
    const char *text = sw_json_str(facts, key, NULL);

    if (text) {
        print_foreign(cli, label, text);
    }
}

/* A list of words as JSON, which shows where each ends. */
static void print_words(struct sw_cli *cli, const json_t *facts, const char *key)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) text = { 0 };

    if (json_object_get(facts, key)) {
        sw_buf_init(&text, SW_BUF_TEXT_MAX);
        sw_json_dump(json_object_get(facts, key), 0, &text);
        print_foreign(cli, key, text.ptr);
    }
}

static void print_descriptor(struct sw_cli *cli, const char *label, const json_t *facts,
                             const char *what)
{
    char size[SW_SIZE_TEXT_MAX];
    SW_CLEANUP(sw_free_str) char *line = NULL;

    sw_format_size(sw_json_int(facts, "size", 0), size);
    line = sw_xasprintf("%s  %s%s%s", sw_json_str(facts, "digest", "?"), size, what ? "  " : "",
                        what ? what : "");
    print_foreign(cli, label, line);
}

static void print_layers(struct sw_cli *cli, const json_t *facts)
{
    const json_t *layers = sw_json_array(facts, "layers");
    char size[SW_SIZE_TEXT_MAX];

    if (!layers) {
        return;
    }
    sw_format_size(sw_json_int(facts, "layers_size", 0), size);
    sw_cli_out(cli, "%-14s%s in %zu layer%s\n", "size", size, json_array_size(layers),
               json_array_size(layers) == 1 ? "" : "s");
    for (size_t i = 0; i < json_array_size(layers); i++) {
        print_descriptor(cli, "layer", json_array_get(layers, i), NULL);
    }
}

static void print_platforms(struct sw_cli *cli, const json_t *facts)
{
    const json_t *platforms = sw_json_array(facts, "platforms");
    const int64_t attestations = sw_json_int(facts, "attestations", 0);

    for (size_t i = 0; i < json_array_size(platforms); i++) {
        const json_t *entry = json_array_get(platforms, i);
        SW_CLEANUP(sw_free_str)
        char *line = sw_xasprintf("%s  %s", sw_json_str(entry, "digest", "?"),
                                  sw_json_str(entry, "platform", "no platform"));

        print_foreign(cli, "image", line);
    }
    if (attestations > 0) {
        sw_cli_out(cli, "%-14s%lld\n", "attestations", (long long)attestations);
    }
}

static void print_labels(struct sw_cli *cli, json_t *labels)
{
    const char *name = NULL;
    json_t *value = NULL;

    json_object_foreach(labels, name, value)
    {
        SW_CLEANUP(sw_free_str)
        char *line =
            sw_xasprintf("%s=%s", name, json_is_string(value) ? json_string_value(value) : "");

        print_foreign(cli, "label", line);
    }
}

static void print_env(struct sw_cli *cli, const json_t *env)
{
    for (size_t i = 0; i < json_array_size(env); i++) {
        print_foreign(cli, "env", json_string_value(json_array_get(env, i)));
    }
}

static void print_history(struct sw_cli *cli, const json_t *history)
{
    for (size_t i = 0; i < json_array_size(history); i++) {
        const json_t *step = json_array_get(history, i);
        SW_CLEANUP(sw_free_str)
        char *line = sw_xasprintf("%s  %s", sw_json_str(step, "created", "no time"),
                                  sw_json_str(step, "created_by", ""));

        print_foreign(cli, "history", line);
    }
}

static void print_text(struct sw_cli *cli, const json_t *facts)
{
    print_str(cli, facts, "reference", "reference");
    print_str(cli, facts, "digest", "digest");
    print_str(cli, facts, "media_type", "media type");
    print_str(cli, sw_json_object(facts, "index"), "digest", "index");
    print_platforms(cli, facts);
    print_str(cli, facts, "platform", "platform");
    print_str(cli, facts, "created", "created");
    print_layers(cli, facts);
    print_str(cli, facts, "user", "user");
    print_str(cli, facts, "working_dir", "folder");
    print_words(cli, facts, "entrypoint");
    print_words(cli, facts, "cmd");
    for (size_t i = 0; i < json_array_size(sw_json_array(facts, "exposed_ports")); i++) {
        print_foreign(cli, "port",
                      json_string_value(json_array_get(sw_json_array(facts, "exposed_ports"), i)));
    }
    print_env(cli, sw_json_array(facts, "env"));
    print_labels(cli, sw_json_object(facts, "labels"));
    print_history(cli, sw_json_array(facts, "history"));
}

static enum sw_status inspect(struct sw_cli *cli, const struct inspect_args *args,
                              const char *platform, const struct sw_ref *ref, json_t **ret,
                              struct sw_err *err)
{
    SW_CLEANUP(sw_cli_login_release) struct sw_cli_login login = { 0 };
    SW_CLEANUP(sw_registry_cleanup) struct sw_registry *registry = NULL;
    const struct sw_inspect_options options = { .platform = platform,
                                                .show_env = args->show_env,
                                                .history = args->history };
    enum sw_status status = sw_cli_login_init(&login, cli, &args->aws, err);

    if (status == SW_OK) {
        status = sw_cli_login_registry(&login, cli, ref->host, args->plain_http, /* push= */ false,
                                       &registry, err);
    }
    return status == SW_OK ? sw_image_inspect(registry, ref, &options, ret, err) : status;
}

static enum sw_status run_inspect(struct sw_cli *cli, void *data, struct sw_err *err)
{
    const struct inspect_args *args = data;
    SW_CLEANUP(sw_ref_release) struct sw_ref ref = { 0 };
    struct sw_buf SW_CLEANUP(sw_buf_release) text = { 0 };
    json_auto_t *facts = NULL;
    json_auto_t *doc = NULL;
    const char *platform = NULL;
    enum sw_status status = sw_ref_parse(sw_str(cli->operands.items[0]), &ref, err);

    if (status == SW_OK) {
        status = sw_cli_platform(args->platform, &platform, err);
    }
    if (status == SW_OK && !ref.tag && !ref.digest) {
        ref.tag = sw_xstrdup("latest");
    }
    if (status == SW_OK) {
        status = inspect(cli, args, platform, &ref, &facts, err);
    }
    if (status != SW_OK) {
        return status;
    }
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_ref_format(&ref, &text);
    doc = json_pack("{s:s}", "reference", text.ptr);
    (void)json_object_update(doc, facts);
    if (strcmp(args->output, "json") == 0) {
        sw_cli_out_json(cli, doc);
    } else {
        print_text(cli, doc);
    }
    return SW_OK;
}

const struct sw_command sw_cmd_image_inspect = {
    .name = "image inspect",
    .summary = "show what an image in its registry is made of",
    .description =
        "Prints digest, media type, platform, time of creation, layers with their sizes, labels\n"
        "and how the image runs, from its manifest and configuration; no layer is pulled. Of an\n"
        "image for several platforms the list of these is shown; --platform goes on to one.\n\n"
        "Environment variables are shown by name only, since their values end up in logs where\n"
        "nobody expects them; --show-env prints them all. The same goes for the steps it was\n"
        "built by, which repeat build arguments: --history.",
    .json = "reference, digest, media_type, index, platform or platforms, created, layers "
            "(digest, size, media type), layers_size, config, labels, env, entrypoint, cmd, "
            "user, working_dir, exposed_ports, history, attestations.",
    .operands = "REF",
    .operands_min = 1,
    .operands_max = 1,
    .example = "slipway image inspect 123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:v1\n"
               "slipway image inspect --platform linux/arm64 --output json \\\n"
               "    123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:v1",
    .opts = inspect_opts,
    .args_size = sizeof(struct inspect_args),
    .defaults = inspect_defaults,
    .run = run_inspect,
};

#include "commands.h"

#include "image_login.h"
#include "image_refs.h"

#include <slipway/alloc.h>
#include <slipway/ref.h>

/* slipway image exists */

struct exists_args {
    struct sw_cli_common common;
    struct sw_cli_aws aws;
    struct sw_cli_image image;
    bool all;
    const char *output;
    bool plain_http;
};

static const struct sw_opt exists_opts[] = {
    SW_CLI_COMMON(struct exists_args, common),
    SW_CLI_IMAGE(struct exists_args, image),
    { SW_OPT_FLAG, "all", 0, offsetof(struct exists_args, all), NULL,
      "all of the images must be there, on by default; with --no-all one is enough", 0, NULL, 0, 0,
      NULL },
    { SW_OPT_FLAG, "plain-http", 0, offsetof(struct exists_args, plain_http), NULL,
      "talk to the registry without TLS (loopback registries always are)", 0, NULL, 0, 0, NULL },
    { SW_OPT_ENUM, "output", 'o', offsetof(struct exists_args, output), "text|json",
      "form of the result", 0, "text|json", 0, 0, NULL },
    SW_CLI_AWS(struct exists_args, aws),
    { .kind = SW_OPT_END },
};

static void exists_defaults(void *data)
{
    struct exists_args *args = data;

    args->all = true;
    args->output = "text";
}

/* An image that is asked for. */
struct question {
    struct sw_ref ref;
    char *text;   /* complete, with the tag */
    char *digest; /* NULL: there is no such image */
};

struct questions {
    struct question *items;
    size_t count;
    size_t found;
};

static void questions_release(struct questions *questions)
{
    for (size_t i = 0; i < questions->count; i++) {
        sw_ref_release(&questions->items[i].ref);
        free(questions->items[i].text);
        free(questions->items[i].digest);
    }
    free(questions->items);
}

static enum sw_status parse_questions(const struct sw_strs *texts, struct questions *ret,
                                      struct sw_err *err)
{
    ret->items = sw_xcalloc(texts->count + 1, sizeof(*ret->items));
    for (size_t i = 0; i < texts->count; i++) {
        struct question *question = &ret->items[i];
        struct sw_buf text;

        if (sw_ref_parse(sw_str(texts->items[i]), &question->ref, err) != SW_OK) {
            return err->status;
        }
        if (!question->ref.tag && !question->ref.digest) {
            question->ref.tag = sw_xstrdup("latest");
        }
        sw_buf_init(&text, SW_BUF_TEXT_MAX);
        sw_ref_format(&question->ref, &text);
        question->text = sw_buf_take(&text);
        ret->count++;
    }
    return SW_OK;
}

/* Asks for exactly this tag or digest; only a plain "not found" says that it is not there. */
static enum sw_status ask(struct sw_registry *registry, struct question *question,
                          struct sw_err *err)
{
    struct sw_manifest_info info;
    enum sw_status status = sw_registry_head_manifest(registry, question->ref.repository,
                                                      sw_ref_object(&question->ref), &info, err);

    if (status == SW_E_NOT_FOUND && err->http_status == 404) {
        return SW_OK;
    }
    if (status == SW_OK) {
        question->digest = SW_TAKE(info.digest);
        sw_manifest_info_release(&info);
    }
    return status;
}

static enum sw_status ask_all(struct sw_cli *cli, const struct exists_args *args,
                              struct questions *questions, struct sw_err *err)
{
    SW_CLEANUP(sw_cli_login_release) struct sw_cli_login login = { 0 };
    enum sw_status status = sw_cli_login_init(&login, cli, &args->aws, err);

    for (size_t i = 0; status == SW_OK && i < questions->count; i++) {
        struct question *question = &questions->items[i];
        SW_CLEANUP(sw_registry_cleanup) struct sw_registry *registry = NULL;

        status = sw_cli_login_registry(&login, cli, question->ref.host, args->plain_http,
                                       /* push= */ false, &registry, err);
        if (status == SW_OK) {
            status = ask(registry, question, err);
        }
        questions->found += question->digest != NULL;
    }
    return status;
}

static void print_text(struct sw_cli *cli, const struct questions *questions)
{
    for (size_t i = 0; i < questions->count; i++) {
        const struct question *question = &questions->items[i];

        if (question->digest && question->ref.digest) {
            sw_cli_out(cli, "%s\n", question->text);
        } else if (question->digest) {
            sw_cli_out(cli, "%s@%s\n", question->text, question->digest);
        }
    }
}

static void print_json(struct sw_cli *cli, const struct questions *questions, bool exists)
{
    json_auto_t *list = json_array();
    json_auto_t *doc = NULL;

    for (size_t i = 0; i < questions->count; i++) {
        const struct question *question = &questions->items[i];
        json_t *item = json_pack("{s:s, s:b}", "reference", question->text, "exists",
                                 (int)(question->digest != NULL));

        if (question->digest) {
            (void)json_object_set_new(item, "digest", json_string(question->digest));
        }
        (void)json_array_append_new(list, item);
    }
    doc = json_pack("{s:b, s:O}", "exists", (int)exists, "images", list);
    sw_cli_out_json(cli, doc);
}

/* Names the images that are missing. */
static enum sw_status name_missing(const struct questions *questions, struct sw_err *err)
{
    const size_t missing = questions->count - questions->found;
    const char *separator = "";

    if (questions->count == 1) {
        return sw_fail(err, SW_E_NOT_FOUND, "image \"%s\" does not exist",
                       questions->items[0].text);
    }
    (void)sw_fail(err, SW_E_NOT_FOUND, "%zu of %zu images do not exist: ", missing,
                  questions->count);
    for (size_t i = 0; i < questions->count; i++) {
        if (!questions->items[i].digest) {
            (void)sw_append(err, "%s\"%s\"", separator, questions->items[i].text);
            separator = ", ";
        }
    }
    return err->status;
}

static enum sw_status report(struct sw_cli *cli, const struct exists_args *args,
                             const struct questions *questions, struct sw_err *err)
{
    const bool exists = questions->found >= (args->all ? questions->count : 1);

    if (strcmp(args->output, "json") == 0) {
        print_json(cli, questions, exists);
    } else {
        print_text(cli, questions);
    }
    return exists ? SW_OK : name_missing(questions, err);
}

static enum sw_status run_exists(struct sw_cli *cli, void *data, struct sw_err *err)
{
    const struct exists_args *args = data;
    SW_CLEANUP(sw_strs_release) struct sw_strs refs = { 0 };
    SW_CLEANUP(questions_release) struct questions questions = { 0 };
    enum sw_status status = sw_cli_image_refs(&args->image, &cli->operands, &refs, err);

    if (status == SW_OK && refs.count == 0) {
        return sw_cli_usage(err, "nothing to look for: give --repo (with --registry and --tag), or "
                                 "a reference HOST/NAME:TAG");
    }
    if (status == SW_OK) {
        status = parse_questions(&refs, &questions, err);
    }
    if (status == SW_OK) {
        status = ask_all(cli, args, &questions, err);
    }
    return status == SW_OK ? report(cli, args, &questions, err) : status;
}

const struct sw_command sw_cmd_image_exists = {
    .name = "image exists",
    .summary = "tell by the exit code whether images are in their registry",
    .description =
        "Exit code 0 when all of the images are there, 1 when one is missing; the error names\n"
        "those that are. A tag is asked for as it stands: \"v1\" is not found because there is a\n"
        "\"v1.2\". What cannot be answered is neither yes nor no: exit code 3 when the login or\n"
        "a right is missing, 4 when the registry cannot be reached. A repository that does not\n"
        "exist has no images.\n\n"
        "With --no-all one image that is there is enough. Those found are printed with their\n"
        "digests.",
    .json = "exists, images (reference, exists, digest).",
    .operands = "[REF...]",
    .operands_max = SW_OPERANDS_ANY,
    .example = "slipway image exists --registry 123456789012.dkr.ecr.eu-west-1.amazonaws.com \\\n"
               "    --repo web --tag \"$CIRCLE_SHA1,latest\"",
    .opts = exists_opts,
    .args_size = sizeof(struct exists_args),
    .defaults = exists_defaults,
    .run = run_exists,
};

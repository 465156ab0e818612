#include "commands.h"

#include "image_refs.h"

#include <slipway/build.h>
#include <slipway/fs.h>
#include <slipway/subst.h>

/* slipway image build */

struct build_args {
    struct sw_cli_common common;
    struct sw_cli_image image;
    const char *dockerfile;
    const char *path;
    const char *platform;
    const char *target;
    struct sw_strs args;
    const char *more_args;
    struct sw_strs secrets;
    const char *more_secrets;
    struct sw_strs cache_from;
    struct sw_strs cache_to;
    const char *extra;
    bool no_cache;
};

static const struct sw_opt build_opts[] = {
    SW_CLI_COMMON(struct build_args, common),
    SW_CLI_IMAGE(struct build_args, image),
    { SW_OPT_STR, "dockerfile", 'f', offsetof(struct build_args, dockerfile), "FILE",
      "Dockerfile, from the working directory on; default Dockerfile", SW_OPT_RAW, NULL, 0, 0,
      NULL },
    { SW_OPT_STR, "path", 0, offsetof(struct build_args, path), "CONTEXT",
      "build context; default the working directory", 0, NULL, 0, 0, NULL },
    { SW_OPT_STR, "platform", 0, offsetof(struct build_args, platform), "OS/ARCH[,...]",
      "platform of the image; default that of the machine", 0, NULL, 0, 0, NULL },
    { SW_OPT_STR, "target", 0, offsetof(struct build_args, target), "STAGE",
      "stop at this stage of the Dockerfile", 0, NULL, 0, 0, NULL },
    { SW_OPT_LIST, "build-arg", 0, offsetof(struct build_args, args), "NAME[=VALUE]",
      "build argument; without a value the environment's", 0, NULL, 0, 0, NULL },
    { SW_OPT_STR, "build-args", 0, offsetof(struct build_args, more_args), "TEXT",
      "build arguments, one a line, in which nothing is quoted", SW_OPT_RAW, NULL, 0, 0, NULL },
    { SW_OPT_LIST, "secret", 0, offsetof(struct build_args, secrets),
      "VARIABLE|id=ID,env=VARIABLE|id=ID,src=FILE",
      "secret for the build, in a variable or a file; no argument holds it", SW_OPT_RAW, NULL, 0, 0,
      NULL },
    { SW_OPT_STR, "secrets", 0, offsetof(struct build_args, more_secrets), "TEXT",
      "secrets, one a line, as --secret takes them", SW_OPT_RAW, NULL, 0, 0, NULL },
    { SW_OPT_LIST, "cache-from", 0, offsetof(struct build_args, cache_from), "REF|type=...",
      "use the layers of this image or cache", 0, NULL, 0, 0, NULL },
    { SW_OPT_LIST, "cache-to", 0, offsetof(struct build_args, cache_to), "REF|type=...",
      "keep the layers of all stages there for later builds", 0, NULL, 0, 0, NULL },
    { SW_OPT_STR, "extra-args", 0, offsetof(struct build_args, extra), "TEXT",
      "further words for docker: ${VAR} is expanded and quotes group as in a shell", SW_OPT_RAW,
      NULL, 0, 0, NULL },
    { SW_OPT_FLAG, "no-cache", 0, offsetof(struct build_args, no_cache), NULL,
      "do not use cached layers", 0, NULL, 0, 0, NULL },
    { .kind = SW_OPT_END },
};

static const struct sw_subst_options strict = { .unset_is_error = true };

/*
 * --dockerfile under --expand. The value used to be pasted into a script, and configurations add
 * flags to it: "Dockerfile --build-arg KEY=VALUE". What no file is called, and goes on with a flag
 * after a blank, is therefore split: the file, then words for docker.
 */
static enum sw_status expand_dockerfile(struct sw_cli *cli, const char *text, struct sw_buf *file,
                                        struct sw_strs *extra, struct sw_err *err)
{
    struct sw_strs SW_CLEANUP(sw_strs_release) words = { 0 };

    if (sw_subst(cli->env, sw_str(text), &strict, "--dockerfile", file, err)) {
        return err->status;
    }
    if (sw_fs_exists(file->ptr) || sw_str_find_str(sw_buf_str(file), SW_STR(" -")) < 0) {
        return SW_OK;
    }
    if (sw_subst_words(cli->env, sw_str(text), &strict, "--dockerfile", &words, err)) {
        return err->status;
    }
    if (words.count > 1 && words.items[1][0] == '-') {
        sw_buf_clear(file);
        sw_buf_add_cstr(file, words.items[0]);
        for (size_t i = 1; i < words.count; i++) {
            sw_strs_add(extra, sw_str(words.items[i]));
        }
    }
    return SW_OK;
}

/* The lines of a text that say something; NULL has none. */
static void split_lines(const char *text, struct sw_strs *ret)
{
    sw_strs_add_parts(ret, sw_str(text ? text : ""), '\n');
}

static enum sw_status add_build_args(struct sw_cli *cli, const struct build_args *args,
                                     struct sw_strs *ret, struct sw_err *err)
{
    struct sw_strs SW_CLEANUP(sw_strs_release) lines = { 0 };

    for (size_t i = 0; i < args->args.count; i++) {
        sw_strs_add(ret, sw_str(args->args.items[i]));
    }
    split_lines(args->more_args, &lines);
    for (size_t i = 0; i < lines.count; i++) {
        struct sw_buf SW_CLEANUP(sw_buf_release) text = { 0 };

        sw_buf_init(&text, SW_SUBST_MAX);
        if (!args->common.expand) {
            sw_buf_add_cstr(&text, lines.items[i]);
        } else if (sw_subst(cli->env, sw_str(lines.items[i]), &strict, "--build-args", &text,
                            err)) {
            return err->status;
        }
        sw_strs_take(ret, sw_buf_take(&text));
    }
    return SW_OK;
}

static enum sw_status add_secrets(struct sw_cli *cli, const struct build_args *args,
                                  const struct sw_strs *texts, const char *option,
                                  struct sw_strs *ret, struct sw_err *err)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (sw_build_secret_add(cli->env, sw_str(texts->items[i]), args->common.expand, ret, err)) {
            return sw_wrap(err, "%s", option);
        }
    }
    return SW_OK;
}

static enum sw_status read_secrets(struct sw_cli *cli, const struct build_args *args,
                                   struct sw_strs *ret, struct sw_err *err)
{
    struct sw_strs SW_CLEANUP(sw_strs_release) lines = { 0 };

    split_lines(args->more_secrets, &lines);
    return add_secrets(cli, args, &args->secrets, "--secret", ret, err)
               ? err->status
               : add_secrets(cli, args, &lines, "--secrets", ret, err);
}

/* Texts that an unset parameter leaves empty name no cache. */
static void add_caches(const struct sw_strs *given, struct sw_strs *ret)
{
    for (size_t i = 0; i < given->count; i++) {
        split_lines(given->items[i], ret);
    }
}

static enum sw_status run_build(struct sw_cli *cli, void *data, struct sw_err *err)
{
    const struct build_args *args = data;
    struct sw_strs SW_CLEANUP(sw_strs_release) refs = { 0 };
    struct sw_strs SW_CLEANUP(sw_strs_release) extra = { 0 };
    struct sw_strs SW_CLEANUP(sw_strs_release) build_args = { 0 };
    struct sw_strs SW_CLEANUP(sw_strs_release) secrets = { 0 };
    struct sw_strs SW_CLEANUP(sw_strs_release) cache_from = { 0 };
    struct sw_strs SW_CLEANUP(sw_strs_release) cache_to = { 0 };
    struct sw_buf SW_CLEANUP(sw_buf_release) dockerfile = { 0 };
    struct sw_build build = {
        .dockerfile = args->dockerfile && args->dockerfile[0] ? args->dockerfile : NULL,
        .context = args->path && args->path[0] ? args->path : NULL,
        .refs = &refs,
        .args = &build_args,
        .secrets = &secrets,
        .cache_from = &cache_from,
        .cache_to = &cache_to,
        .extra = &extra,
        .platform = args->platform && args->platform[0] ? args->platform : NULL,
        .target = args->target && args->target[0] ? args->target : NULL,
        .no_cache = args->no_cache,
    };

    sw_buf_init(&dockerfile, SW_SUBST_MAX);
    if (args->common.expand && build.dockerfile) {
        if (expand_dockerfile(cli, build.dockerfile, &dockerfile, &extra, err)) {
            return err->status;
        }
        build.dockerfile = dockerfile.ptr;
    }
    if (args->extra &&
        sw_subst_words(cli->env, sw_str(args->extra), &strict, "--extra-args", &extra, err)) {
        return err->status;
    }
    add_caches(&args->cache_from, &cache_from);
    add_caches(&args->cache_to, &cache_to);
    if (sw_cli_image_refs(&args->image, NULL, &refs, err) ||
        add_build_args(cli, args, &build_args, err) || read_secrets(cli, args, &secrets, err)) {
        return err->status;
    }
    if (refs.count == 0) {
        return sw_cli_usage(err, "no name for the image: give --repo (with --registry and --tag), "
                                 "or --ref");
    }
    return sw_build_image(cli->env, &build, err);
}

const struct sw_command sw_cmd_image_build = {
    .name = "image build",
    .summary = "build an image with docker",
    .description =
        "Checks the names, the Dockerfile and the context first, then runs \"docker build\"; its\n"
        "output passes through. The image gets the name REGISTRY/REPO:TAG for\n"
        "each tag, and each --ref. No shell is involved, and no text is executed.\n\n"
        "A secret is named by the variable or the file that holds it, and docker reads it there:\n"
        "--secret NPM_TOKEN, or --secret id=npm,src=.npmrc, is /run/secrets/NPM_TOKEN or\n"
        "/run/secrets/npm in a RUN --mount=type=secret,id=... A cache that is a reference alone is\n"
        "a tag of a registry, in the form that Amazon ECR takes; writing one needs a builder of\n"
        "docker buildx create.\n\n"
        "What only BuildKit can do (secrets, several platforms, cache export) uses\n"
        "\"docker buildx build\". Attestations are off unless BUILDX_NO_DEFAULT_ATTESTATIONS says\n"
        "otherwise. Exit codes: 2 wrong input, 4 the engine does not answer, 1 the build failed.",
    .operands = "",
    .operands_max = 0,
    .example = "slipway image build --registry 123456789012.dkr.ecr.eu-west-1.amazonaws.com \\\n"
               "    --repo web --tag v1,latest --build-arg VERSION=1 --path services/web \\\n"
               "    --dockerfile services/web/Dockerfile",
    .opts = build_opts,
    .args_size = sizeof(struct build_args),
    .run = run_build,
};

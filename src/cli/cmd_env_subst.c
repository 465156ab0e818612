#include "commands.h"

#include <slipway/fs.h>
#include <slipway/subst.h>

/* slipway env subst [TEXT] */

struct subst_args {
    struct sw_cli_common common;
    const char *from;
    bool name;
    bool allow_unset;
    bool words;
    bool null;
};

static const struct sw_opt subst_opts[] = {
    SW_CLI_COMMON(struct subst_args, common),
    { SW_OPT_STR, "from", 0, offsetof(struct subst_args, from), "VAR",
      "take the text from this environment variable", SW_OPT_RAW, NULL, 0, 0, NULL },
    { SW_OPT_FLAG, "name", 0, offsetof(struct subst_args, name), NULL,
      "a text that is just the name of a set variable stands for its value", 0, NULL, 0, 0, NULL },
    { SW_OPT_FLAG, "allow-unset", 0, offsetof(struct subst_args, allow_unset), NULL,
      "an unset variable is empty instead of an error", 0, NULL, 0, 0, NULL },
    { SW_OPT_FLAG, "words", 0, offsetof(struct subst_args, words), NULL,
      "split into words as a shell does and print one per line", 0, NULL, 0, 0, NULL },
    { SW_OPT_FLAG, "null", '0', offsetof(struct subst_args, null), NULL,
      "end each word with a NUL byte instead of a new line", 0, NULL, 0, 0, NULL },
    { .kind = SW_OPT_END },
};

/* The text, from where the command line says; *ret may point into `input`. */
static enum sw_status get_text(const struct sw_cli *cli, const struct subst_args *args,
                               struct sw_buf *input, struct sw_str *ret, struct sw_err *err)
{
    enum sw_status status = SW_OK;

    if (args->from && cli->operands.count > 0) {
        return sw_cli_usage(err, "give either TEXT or --from, not both");
    }
    if (cli->operands.count > 0) {
        *ret = sw_str(cli->operands.items[0]);
    } else if (args->from) {
        const char *value = sw_env_get_raw(cli->env, args->from);

        if (!value && !args->allow_unset) {
            return sw_fail(err, SW_E_INPUT, "--from: variable \"%s\" is not set", args->from);
        }
        *ret = sw_str(value);
    } else {
        status = sw_fs_read("-", input, err);
        *ret = sw_buf_str(input);
    }
    return status;
}

static enum sw_status print_words(struct sw_cli *cli, const struct subst_args *args,
                                  const struct sw_subst_options *options, struct sw_str text,
                                  struct sw_err *err)
{
    struct sw_strs SW_CLEANUP(sw_strs_release) words = { 0 };
    enum sw_status status = sw_subst_words(cli->env, text, options, "text", &words, err);

    for (size_t i = 0; status == SW_OK && i < words.count; i++) {
        sw_cli_out(cli, "%s%c", words.items[i], args->null ? '\0' : '\n');
    }
    return status;
}

static enum sw_status run_subst(struct sw_cli *cli, void *data, struct sw_err *err)
{
    const struct subst_args *args = data;
    const struct sw_subst_options options = { .unset_is_error = !args->allow_unset,
                                              .bare_name = args->name };
    struct sw_buf SW_CLEANUP(sw_buf_release) input = { 0 };
    struct sw_buf SW_CLEANUP(sw_buf_release) result = { 0 };
    struct sw_str text = { NULL, 0 };
    enum sw_status status;

    if (args->null && !args->words) {
        return sw_cli_usage(err, "--null goes with --words");
    }
    if (args->name && args->words) {
        return sw_cli_usage(err, "--name and --words exclude each other");
    }
    sw_buf_init(&input, SW_SUBST_MAX);
    sw_buf_init(&result, SW_SUBST_MAX);
    status = get_text(cli, args, &input, &text, err);
    if (status == SW_OK && args->words) {
        return print_words(cli, args, &options, text, err);
    }
    if (status == SW_OK) {
        status = sw_subst(cli->env, text, &options, "text", &result, err);
    }
    if (status == SW_OK) {
        (void)fwrite(result.ptr, 1, result.len, cli->out); /* a failure shows when main flushes */
    }
    return status;
}

const struct sw_command sw_cmd_env_subst = {
    .name = "env subst",
    .summary = "expand ${VAR} in a text as a shell would, running nothing",
    .description =
        "Prints TEXT, or the text on standard input, with its variables replaced; no new line is\n"
        "added. Known are $NAME and ${NAME}, the forms :- - :+ + := = :? ? with a text,\n"
        "${#NAME}, ${NAME:offset:length}, ${NAME#pattern} ${NAME##pattern} ${NAME%pattern}\n"
        "${NAME%%pattern}, ${NAME/pattern/text} ${NAME//pattern/text}, ${NAME^^} ${NAME,,}, and\n"
        "these inside each other. A backslash makes $ a plain character.\n\n"
        "$(date), $(date -u) and $(date +FORMAT) give the time as date(1) prints it, without running\n"
        "it. Any other $(command) or `command` is refused: text is never executed. An unset variable\n"
        "without a default is an error that names it, unless --allow-unset is given.",
    .operands = "[TEXT]",
    .operands_max = 1,
    .example = "slipway env subst 'web-${CIRCLE_SHA1:0:7}-${CIRCLE_BRANCH//\\//-}'\n"
               "echo '{\"tag\": \"${CIRCLE_TAG:-latest}\"}' | slipway env subst",
    .opts = subst_opts,
    .args_size = sizeof(struct subst_args),
    .run = run_subst,
};

#include "cli.h"

#include "cmd_credential_helper.h"
#include "commands.h"
#include "help.h"

#include <slipway/alloc.h>
#include <slipway/log.h>

#include <poll.h>
#include <unistd.h>

enum { WORDS_MAX = 3, COMMAND_SLIPS_MAX = 2 }; /* of a command's name */

static bool is_word(const char *arg, const char *a, const char *b)
{
    return strcmp(arg, a) == 0 || strcmp(arg, b) == 0;
}

/* The first words of argv as a command's name, "word word"; the caller's. */
static char *join_words(char *const *argv, int count)
{
    struct sw_buf name;

    sw_buf_init(&name, SW_BUF_TEXT_MAX);
    for (int i = 1; i <= count; i++) {
        sw_buf_addf(&name, "%s%s", i > 1 ? " " : "", argv[i]);
    }
    return sw_buf_take(&name);
}

/* Puts the first words of argv against the table; *ret_words is how many matched. */
static const struct sw_command *find_command(int argc, char *const *argv, int *ret_words)
{
    for (int words = argc > WORDS_MAX ? WORDS_MAX : argc - 1; words >= 1; words--) {
        char *SW_CLEANUP(sw_free_str) name = join_words(argv, words);

        for (size_t i = 0; sw_commands[i]; i++) {
            if (strcmp(sw_commands[i]->name, name) == 0) {
                *ret_words = words;
                return sw_commands[i];
            }
        }
    }
    return NULL;
}

/* Commands that start with the word, for "slipway ecs" and "slipway ecs dpeloy". */
static void add_family(const char *word, struct sw_buf *out)
{
    size_t len = strlen(word);

    for (size_t i = 0; sw_commands[i]; i++) {
        const char *name = sw_commands[i]->name;

        if (!sw_commands[i]->hidden && strncmp(name, word, len) == 0 && name[len] == ' ') {
            sw_buf_addf(out, "%s%s", out->len ? ", " : "", name);
        }
    }
}

/* The command's name without its family: "deploy" of "ecs deploy". */
static struct sw_str last_word(const char *name)
{
    const char *blank = strrchr(name, ' ');

    return sw_str(blank ? blank + 1 : name);
}

/* The command that is called so without its family; NULL when there is none, or several. */
static const char *command_of_word(const char *word)
{
    const char *found = NULL;

    for (size_t i = 0; sw_commands[i]; i++) {
        if (!sw_commands[i]->hidden && sw_str_is(last_word(sw_commands[i]->name), word)) {
            if (found) {
                return NULL;
            }
            found = sw_commands[i]->name;
        }
    }
    return found;
}

/* The command that was probably meant; NULL when none comes near. */
static const char *nearest_command(int argc, char *const *argv)
{
    const char *nearest = NULL;
    size_t least = COMMAND_SLIPS_MAX + 1;

    for (int words = argc > WORDS_MAX ? WORDS_MAX : argc - 1; words >= 1; words--) {
        char *SW_CLEANUP(sw_free_str) name = join_words(argv, words);

        for (size_t i = 0; sw_commands[i]; i++) {
            size_t slips = sw_str_distance(sw_str(sw_commands[i]->name), sw_str(name), least);

            if (!sw_commands[i]->hidden && slips < least) {
                least = slips;
                nearest = sw_commands[i]->name;
            }
        }
    }
    return nearest ? nearest : command_of_word(argv[1]);
}

static enum sw_status unknown_command(int argc, char *const *argv, struct sw_err *err)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) family = { 0 };
    const char *nearest = nearest_command(argc, argv);
    bool two_words = nearest && strchr(nearest, ' ') && argc > 2;

    if (nearest) {
        return sw_fail(err, SW_E_USAGE, "there is no command \"%s%s%s\"; did you mean \"%s\"?",
                       argv[1], two_words ? " " : "", two_words ? argv[2] : "", nearest);
    }
    sw_buf_init(&family, SW_ERR_MSG_MAX);
    add_family(argv[1], &family);
    if (family.len > 0) {
        return sw_fail(err, SW_E_USAGE, "there is no command \"%s%s%s\"; there are: %s", argv[1],
                       argc > 2 ? " " : "", argc > 2 ? argv[2] : "", family.ptr);
    }
    if (argv[1][0] == '-') {
        return sw_fail(err, SW_E_USAGE,
                       "unknown option \"%s\"; a command comes first, and its options behind it: "
                       "slipway COMMAND %s",
                       argv[1], argv[1]);
    }
    return sw_fail(err, SW_E_USAGE, "there is no command \"%s\"; 'slipway help' lists them",
                   argv[1]);
}

static enum sw_status check_operands(const struct sw_command *command,
                                     const struct sw_strs *operands, struct sw_err *err)
{
    size_t count = operands->count;

    if (count < command->operands_min) {
        return sw_fail(err, SW_E_USAGE, "%s needs %s", command->name, command->operands);
    }
    if (count > command->operands_max) {
        return sw_fail(err, SW_E_USAGE, "%s takes %s%s, but got \"%s\"%s", command->name,
                       command->operands[0] ? "only " : "no operands", command->operands,
                       operands->items[command->operands_max],
                       command->operands[0] ? " as well" : "");
    }
    return SW_OK;
}

static void print_text(FILE *out, void (*write)(struct sw_buf *out))
{
    struct sw_buf SW_CLEANUP(sw_buf_release) text = { 0 };

    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    write(&text);
    (void)fwrite(text.ptr, 1, text.len, out);
}

static void print_command_help(FILE *out, const struct sw_command *command)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) text = { 0 };

    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_help_command(command, sw_help_width(out), &text);
    (void)fwrite(text.ptr, 1, text.len, out);
}

/* "slipway ecs" and "slipway ecs --help"; false when it is neither. */
static bool print_family_help(int argc, char *const *argv, FILE *out)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) text = { 0 };

    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    if (argc > 3 || (argc == 3 && !is_word(argv[2], "--help", "-h")) ||
        !sw_help_family(argv[1], &text)) {
        return false;
    }
    (void)fwrite(text.ptr, 1, text.len, out);
    return true;
}

static void apply_common(struct sw_env *env, const struct sw_cli_common *common)
{
    if (env->progress && common->quiet) {
        env->progress->quiet = true;
    }
    if (env->log && common->debug) {
        env->log->subjects = "all";
    }
}

static bool talks_to_aws(const struct sw_command *command)
{
    for (const struct sw_opt *opt = command->opts; opt->kind != SW_OPT_END; opt++) {
        if (opt->kind == SW_OPT_INCLUDE && opt->include == sw_cli_aws_opts) {
            return true;
        }
    }
    return false;
}

static enum sw_status run_checked(struct sw_cli *cli, const struct sw_command *command, void *args,
                                  struct sw_err *err)
{
    if (check_operands(command, &cli->operands, err) ||
        (talks_to_aws(command) && sw_opt_check_texts(command->opts, args, err))) {
        return err->status;
    }
    return command->run(cli, args, err);
}

static enum sw_status run_command(struct sw_cli *cli, const struct sw_command *command, int argc,
                                  char *const *argv, struct sw_err *err)
{
    void *args = sw_xcalloc(1, command->args_size);
    struct sw_strs owned = { 0 };
    enum sw_status status;

    if (command->defaults) {
        command->defaults(args);
    }
    status = sw_opt_parse(command->opts, argc, argv, cli->env, args, &cli->operands, &owned, err);
    if (status == SW_OK && ((const struct sw_cli_common *)args)->help) {
        print_command_help(cli->out, command);
    } else if (status == SW_OK) {
        apply_common(cli->env, args);
        status = run_checked(cli, command, args, err);
    }
    sw_opt_release(command->opts, args);
    sw_strs_release(&cli->operands);
    sw_strs_release(&owned);
    free(args);
    return status;
}

/* CircleCI sets CIRCLE_PR_NUMBER for pull requests from forks alone, and keeps variables from them.
 */
static bool misses_for_a_fork(const struct sw_cli *cli, const struct sw_err *err)
{
    return sw_env_get(cli->env, "CIRCLE_PR_NUMBER") && strstr(err->msg, "not set") &&
           (err->status == SW_E_INPUT || err->status == SW_E_CREDENTIALS);
}

static int report(struct sw_cli *cli, const struct sw_command *command, const struct sw_err *err)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) line = { 0 };

    sw_buf_init(&line, SW_BUF_TEXT_MAX);
    sw_buf_add_cstr(&line, "error: ");
    sw_redact(&line, sw_str(err->msg));
    sw_buf_add_char(&line, '\n');
    if (err->status == SW_E_USAGE && command) {
        sw_buf_addf(&line, "'slipway %s --help' explains its options\n", command->name);
    }
    if (err->resumes && err->retryable) {
        sw_buf_add_cstr(&line,
                        "what has arrived stays: the same command again goes on from there\n");
    }
    if (misses_for_a_fork(cli, err)) {
        sw_buf_add_cstr(&line, "this pull request comes from a fork: its jobs get no variables of "
                               "the project and no contexts; run the job for branches of the "
                               "project only\n");
    }
    if (cli->env->progress) {
        sw_progress_clear(cli->env->progress);
    }
    (void)fwrite(line.ptr, 1, line.len, cli->err);
    return sw_exit_code(err->status);
}

static bool shows_color(const struct sw_env *env, FILE *out)
{
    const char *term = sw_env_get(env, "TERM");

    return isatty(fileno(out)) && !sw_env_get(env, "NO_COLOR") && term && strcmp(term, "dumb") != 0;
}

/* The program is also installed under the credential helper's name. */
static bool is_credential_helper(const char *program)
{
    const char *slash = strrchr(program, '/');

    return strcmp(slash ? slash + 1 : program, SW_CREDENTIAL_HELPER_NAME) == 0;
}

/* Whether the reader of a pipe has gone, as that of `slipway help | head -n 1` has. */
static bool has_no_reader(FILE *out)
{
    struct pollfd poll_fd = { .fd = fileno(out) };

    return poll(&poll_fd, 1, 0) == 1 && (poll_fd.revents & POLLERR);
}

/*
 * A result that did not arrive whole is a failure. A reader that had enough is told nothing, like
 * by programs that SIGPIPE ends.
 */
static int close_result(struct sw_cli *cli, const struct sw_command *command, int exit_code)
{
    struct sw_err err = SW_ERR_INIT;
    bool is_lost = fflush(cli->out) || ferror(cli->out);

    if (!is_lost || exit_code != 0) {
        return exit_code;
    }
    (void)sw_fail(&err, SW_E_FAILED, "cannot write the result to standard output");
    return has_no_reader(cli->out) ? sw_exit_code(err.status) : report(cli, command, &err);
}

static int run_line(struct sw_cli *cli, int argc, char *const *argv,
                    const struct sw_command **ret_command)
{
    struct sw_err err = SW_ERR_INIT;
    int words = 0;
    int exit_code = 0;

    if (argc < 2 || is_word(argv[1], "--help", "-h")) {
        print_text(argc < 2 ? cli->err : cli->out, sw_help_overview);
        return argc < 2 ? sw_exit_code(SW_E_USAGE) : 0;
    }
    if (is_word(argv[1], "--version", "-V") || strcmp(argv[1], "version") == 0) {
        (void)fprintf(cli->out, "slipway %s\n", SLIPWAY_VERSION);
        return 0;
    }
    *ret_command = find_command(argc, argv, &words);
    if (!*ret_command && print_family_help(argc, argv, argc == 2 ? cli->err : cli->out)) {
        return argc == 2 ? sw_exit_code(SW_E_USAGE) : 0;
    }
    if (!*ret_command) {
        (void)unknown_command(argc, argv, &err);
        return report(cli, NULL, &err);
    }
    if (run_command(cli, *ret_command, argc - 1 - words, argv + 1 + words, &err)) {
        exit_code = report(cli, *ret_command, &err);
    }
    return exit_code != 0 && cli->exit_code ? cli->exit_code : exit_code;
}

int sw_cli_main(struct sw_env *env, int argc, char *const *argv, FILE *out, FILE *err_stream)
{
    struct sw_cli cli = { .env = env, .out = out, .err = err_stream };
    const struct sw_command *command = NULL;
    int exit_code;

    if (argc > 0 && is_credential_helper(argv[0])) {
        return sw_credential_helper_main(env, argc, argv, out, err_stream);
    }
    cli.color = shows_color(env, out);
    exit_code = run_line(&cli, argc, argv, &command);
    return close_result(&cli, command, exit_code);
}

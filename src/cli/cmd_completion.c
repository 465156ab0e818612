#include "commands.h"
#include "help.h"

struct completion_args {
    struct sw_cli_common common;
};

static const struct sw_opt completion_opts[] = {
    SW_CLI_COMMON(struct completion_args, common),
    { .kind = SW_OPT_END },
};

static enum sw_status run_completion(struct sw_cli *cli, void *args, struct sw_err *err)
{
    static const struct {
        const char *name;
        void (*write)(struct sw_buf *out);
    } shells[] = {
        { "bash", sw_completion_bash },
        { "zsh", sw_completion_zsh },
        { "fish", sw_completion_fish },
    };
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    const char *shell = cli->operands.items[0];
    (void)args;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i < SW_COUNT(shells); i++) {
        if (strcmp(shells[i].name, shell) == 0) {
            shells[i].write(&text);
            sw_cli_out(cli, "%s", text.ptr);
            return SW_OK;
        }
    }
    return sw_cli_usage(err, "no completion for \"%s\"; there is one for bash, zsh and fish",
                        shell);
}

const struct sw_command sw_cmd_completion = {
    .name = "completion",
    .summary = "print a completion script for a shell",
    .description = "Prints a script that teaches the shell this program's commands and options. "
                   "An installation puts the scripts where the shells look for them.",
    .operands = "bash|zsh|fish",
    .operands_min = 1,
    .operands_max = 1,
    .example = "source <(slipway completion bash)",
    .opts = completion_opts,
    .args_size = sizeof(struct completion_args),
    .run = run_completion,
};

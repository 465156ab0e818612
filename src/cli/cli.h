#ifndef SLIPWAY_CLI_CLI_H
#define SLIPWAY_CLI_CLI_H

/*
 * The command line: one table of commands, one cmd_<name>.c each. A command parses nothing itself;
 * it gets its filled argument struct, does its work through libslipway, writes its result with
 * sw_cli_out() and returns a status. main prints the error and turns the status into the exit code.
 */

#include "opt.h"

#include <slipway/aws.h>
#include <slipway/env.h>
#include <slipway/progress.h>

#include <stdio.h>

/* Options that every command has (--debug, --quiet, --expand, --help). */
struct sw_cli_common {
    bool help;
    bool debug;
    bool quiet;
    bool expand;
};
/* Options of commands that talk to AWS: --region, --profile, --endpoint-url, ... */
struct sw_cli_aws {
    const char *region;
    const char *profile;
    const char *endpoint_url;
    const char *access_key_var;
    const char *secret_key_var;
    const char *session_token_var;
    const char *role_arn;
    const char *role_session_name;
    bool use_fips;
    bool use_dualstack;
};
extern const struct sw_opt sw_cli_common_opts[];
extern const struct sw_opt sw_cli_aws_opts[];

/* In a command's table: SW_CLI_COMMON(struct deploy_args, common), SW_CLI_AWS(struct deploy_args,
 * aws) */
#define SW_CLI_COMMON(type, member)                                                             \
    {                                                                                           \
        .kind = SW_OPT_INCLUDE, .offset = offsetof(type, member), .include = sw_cli_common_opts \
    }
#define SW_CLI_AWS(type, member)                                                             \
    {                                                                                        \
        .kind = SW_OPT_INCLUDE, .offset = offsetof(type, member), .include = sw_cli_aws_opts \
    }

/* What a running command works with. */
struct sw_cli {
    struct sw_env *env;
    FILE *out;  /* results */
    FILE *err;  /* people */
    bool color; /* stdout is a terminal that shows colours (NO_COLOR honoured) */
    struct sw_strs operands;
    int exit_code; /* set by a command that passes a program's exit code on: when run() fails, the
                      process exits with it instead of the status's own, unless it is 0 */
};

struct sw_command {
    const char *name;        /* "ecs deploy" */
    const char *summary;     /* one line, lower case, no full stop */
    const char *description; /* paragraphs for --help and the man page */
    const char *json;        /* members of the result with --output json; NULL: it has none */
    const char *operands;    /* "SOURCE REF...", "" for none */
    size_t operands_min;
    size_t operands_max;       /* SW_OPERANDS_ANY for no limit */
    const char *example;       /* lines for --help, without prompt */
    const struct sw_opt *opts; /* starts with SW_CLI_COMMON at offset 0 of the struct */
    size_t args_size;
    /* Sets defaults in a zeroed argument struct before parsing; may be NULL. */
    void (*defaults)(void *args);
    enum sw_status (*run)(struct sw_cli *cli, void *args, struct sw_err *err);
    bool hidden;
};
#define SW_OPERANDS_ANY ((size_t)-1)

/* All commands in the order of the reference, ended by NULL (commands.c). */
extern const struct sw_command *const sw_commands[];

/*
 * Runs one command line (argv[0] is the program's name; docker-credential-slipway is recognised by
 * it) in the given world and returns the process exit code.
 */
int sw_cli_main(struct sw_env *env, int argc, char *const *argv, FILE *out, FILE *err);
/*
 * The whole of main(): signals, standard streams, the real world, and the command line. `clock`
 * NULL is the real one.
 */
int sw_cli_process(const struct sw_clock *clock, int argc, char **argv);

/* Writes to the result stream. */
void sw_cli_out(struct sw_cli *cli, const char *fmt, ...) SW_PRINTF(2, 3);
/* Writes a JSON value, indented by 2, and a newline. */
void sw_cli_out_json(struct sw_cli *cli, const json_t *value);
/* A client from the options; the caller's (sw_aws_free). */
SW_NODISCARD enum sw_status sw_cli_aws_new(struct sw_cli *cli, const struct sw_cli_aws *options,
                                           struct sw_aws **ret, struct sw_err *err);
/* SW_E_USAGE "..." plus a hint at the command's --help. */
enum sw_status sw_cli_usage(struct sw_err *err, const char *fmt, ...) SW_PRINTF(2, 3);
/* NULL for a text that is empty, as an unset parameter leaves it. */
const char *sw_cli_text_or_null(const char *text);

#endif

#ifndef SLIPWAY_CLI_CONFIG_OPTIONS_H
#define SLIPWAY_CLI_CONFIG_OPTIONS_H

/* What the commands that compile a configuration share. */

#include "cli.h"

#include <slipway/config.h>

/* --orb, --pipeline-parameters, --pipeline-value */
struct sw_cli_config {
    struct sw_strs orbs;
    const char *parameters;
    struct sw_strs values;
};
extern const struct sw_opt sw_cli_config_opts[];

/* The options as the compiler takes them. */
struct sw_cli_compile {
    struct sw_config_options options;
    struct sw_config_orb *orbs;
    struct sw_strs texts; /* references and paths */
    json_t *parameters;
};

/* Reads the option values; release the result in any case. */
SW_NODISCARD enum sw_status sw_cli_compile_init(struct sw_cli_compile *compile,
                                                const struct sw_cli_config *config,
                                                const char *path, struct sw_err *err);
void sw_cli_compile_release(struct sw_cli_compile *compile);

/* Writes all problems to the people's stream, warnings unless --quiet. */
void sw_cli_print_problems(struct sw_cli *cli, const struct sw_config_problems *problems,
                           bool quiet);
/* With --strict warnings fail a check: "WHAT "PATH" has 2 warnings"; SW_OK when there are none. */
SW_NODISCARD enum sw_status sw_cli_strict(struct sw_err *err, const char *what, const char *path,
                                          const struct sw_config_problems *problems);
/*
 * Ends a failed run whose problems were printed: "WHAT "PATH" is not valid: 3 errors". Without
 * problems *err is left as it is.
 */
enum sw_status sw_cli_invalid(struct sw_err *err, const char *what, const char *path,
                              const struct sw_config_problems *problems);

/* Checks the orb at `path` (sw_orb_validate()) and prints its problems; `strict`: warnings fail. */
SW_NODISCARD enum sw_status sw_cli_check_orb(struct sw_cli *cli, const struct sw_cli_config *config,
                                             const char *path, bool quiet, bool strict,
                                             struct sw_err *err);

#endif

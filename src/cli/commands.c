#include "cli.h"

#include "commands.h"

const struct sw_command *const sw_commands[] = {
    &sw_cmd_env_subst,
    &sw_cmd_help,
    &sw_cmd_image_build,
    NULL,
};

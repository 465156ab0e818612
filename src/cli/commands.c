#include "cli.h"

#include "commands.h"

const struct sw_command *const sw_commands[] = {
    &sw_cmd_completion,
    &sw_cmd_config_process,
    &sw_cmd_config_validate,
    &sw_cmd_ecr_create_repository,
    &sw_cmd_ecr_get_login_password,
    &sw_cmd_ecr_login,
    &sw_cmd_ecr_set_lifecycle_policy,
    &sw_cmd_ecr_set_policy,
    &sw_cmd_ecr_wait_scan,
    &sw_cmd_ecs_deploy,
    &sw_cmd_ecs_diff,
    &sw_cmd_ecs_register,
    &sw_cmd_ecs_render,
    &sw_cmd_ecs_rollback,
    &sw_cmd_ecs_status,
    &sw_cmd_ecs_wait,
    &sw_cmd_env_subst,
    &sw_cmd_help,
    &sw_cmd_image_build,
    &sw_cmd_image_digest,
    &sw_cmd_image_exists,
    &sw_cmd_image_inspect,
    &sw_cmd_image_push,
    &sw_cmd_image_tag,
    &sw_cmd_local_execute,
    &sw_cmd_orb_pack,
    &sw_cmd_orb_validate,
    NULL,
};

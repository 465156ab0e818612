#ifndef SLIPWAY_CLI_COMMANDS_H
#define SLIPWAY_CLI_COMMANDS_H

/* The commands, one per cmd_<name>.c, in the order of the reference. */

#include "cli.h"

extern const struct sw_command sw_cmd_config_process;
extern const struct sw_command sw_cmd_config_validate;
extern const struct sw_command sw_cmd_completion;
extern const struct sw_command sw_cmd_ecr_create_repository;
extern const struct sw_command sw_cmd_ecr_get_login_password;
extern const struct sw_command sw_cmd_ecr_login;
extern const struct sw_command sw_cmd_ecr_set_lifecycle_policy;
extern const struct sw_command sw_cmd_ecr_set_policy;
extern const struct sw_command sw_cmd_ecr_tag_repository;
extern const struct sw_command sw_cmd_ecr_wait_scan;
extern const struct sw_command sw_cmd_ecs_check;
extern const struct sw_command sw_cmd_ecs_continue;
extern const struct sw_command sw_cmd_ecs_deploy;
extern const struct sw_command sw_cmd_ecs_deregister;
extern const struct sw_command sw_cmd_ecs_diff;
extern const struct sw_command sw_cmd_ecs_register;
extern const struct sw_command sw_cmd_ecs_render;
extern const struct sw_command sw_cmd_ecs_rollback;
extern const struct sw_command sw_cmd_ecs_run_task;
extern const struct sw_command sw_cmd_ecs_schedule;
extern const struct sw_command sw_cmd_ecs_status;
extern const struct sw_command sw_cmd_ecs_wait;
extern const struct sw_command sw_cmd_env_subst;
extern const struct sw_command sw_cmd_help;
extern const struct sw_command sw_cmd_image_build;
extern const struct sw_command sw_cmd_orb_create;
extern const struct sw_command sw_cmd_orb_pack;
extern const struct sw_command sw_cmd_orb_publish;
extern const struct sw_command sw_cmd_orb_validate;
extern const struct sw_command sw_cmd_image_copy;
extern const struct sw_command sw_cmd_image_digest;
extern const struct sw_command sw_cmd_image_exists;
extern const struct sw_command sw_cmd_image_index_create;
extern const struct sw_command sw_cmd_image_inspect;
extern const struct sw_command sw_cmd_image_push;
extern const struct sw_command sw_cmd_image_tag;
extern const struct sw_command sw_cmd_local_execute;

#endif

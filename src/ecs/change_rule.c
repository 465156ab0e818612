#include "change_rule.h"

/* Forms: CONTAINER=VALUE, CONTAINER:NAME=VALUE, CONTAINER:NAME, VALUE, NAME=VALUE, NAME. */
#define OF_CONTAINER(text)        .expected = (text), .container = true, .value = true
#define OF_SOME_CONTAINER(text)   OF_CONTAINER(text), .finds_container = true
#define OF_CONTAINER_NAMED(text)  .expected = (text), .container = true, .name = true, .value = true
#define OF_CONTAINER_NAME(text)   .expected = (text), .container = true, .name = true
#define OF_TASK(text)             .expected = (text), .value = true
#define OF_TASK_NAMED(text)       .expected = (text), .name = true, .value = true
#define OF_TASK_NAME(text)        .expected = (text), .name = true
#define DOES(operation, at, with) .op = (operation), .path = (at), .parse = (with)

static const struct ecs_change_rule rules[] = {
    [SW_CHANGE_IMAGE] = { OF_SOME_CONTAINER("[CONTAINER=]IMAGE, e.g. web=nginx:1.27"),
                          .op = ECS_OP_IMAGE },
    [SW_CHANGE_IMAGE_NAME] = { OF_CONTAINER("CONTAINER=IMAGE, e.g. web=nginx"),
                               .op = ECS_OP_IMAGE },
    [SW_CHANGE_IMAGE_TAG] = { OF_SOME_CONTAINER("[CONTAINER=]TAG, e.g. web=1.27"),
                              .op = ECS_OP_IMAGE },
    [SW_CHANGE_ENV] = { OF_CONTAINER_NAMED("CONTAINER:NAME=VALUE, e.g. web:LOG_LEVEL=info"),
                        .op = ECS_OP_VARIABLE },
    [SW_CHANGE_ENV_REMOVE] = { OF_CONTAINER_NAME("CONTAINER:NAME, e.g. web:LOG_LEVEL"),
                               .op = ECS_OP_VARIABLE_REMOVE, .noun = "environment variable" },
    [SW_CHANGE_SECRET] = { OF_CONTAINER_NAMED(
                               "CONTAINER:NAME=ARN, e.g. web:PASSWORD=arn:aws:ssm:..."),
                           .op = ECS_OP_VARIABLE },
    [SW_CHANGE_SECRET_REMOVE] = { OF_CONTAINER_NAME("CONTAINER:NAME, e.g. web:LOG_LEVEL"),
                                  .op = ECS_OP_VARIABLE_REMOVE, .noun = "secret" },
    [SW_CHANGE_ENV_FILE] = { OF_CONTAINER("CONTAINER=ARN, e.g. web=arn:aws:s3:::bucket/web.env"),
                             DOES(ECS_OP_MERGE, "environmentFiles", ecs_parse_env_file) },
    [SW_CHANGE_ENV_FILE_REMOVE] = { OF_CONTAINER(
                                        "CONTAINER=ARN, e.g. web=arn:aws:s3:::bucket/web.env"),
                                    DOES(ECS_OP_REMOVE_ITEM, "environmentFiles", ecs_parse_text),
                                    .noun = "environment file" },
    [SW_CHANGE_LABEL] = { OF_CONTAINER_NAMED("CONTAINER:KEY=VALUE, e.g. web:team=shop"),
                          .op = ECS_OP_SET_KEY, .path = "dockerLabels" },
    [SW_CHANGE_LABEL_REMOVE] = { OF_CONTAINER_NAME("CONTAINER:KEY, e.g. web:team"),
                                 .op = ECS_OP_REMOVE_KEY, .path = "dockerLabels",
                                 .noun = "docker label" },
    [SW_CHANGE_COMMAND] = { OF_CONTAINER("CONTAINER=WORDS, e.g. web='serve --port 80'"),
                            DOES(ECS_OP_SET, "command", ecs_parse_words) },
    [SW_CHANGE_ENTRY_POINT] = { OF_CONTAINER("CONTAINER=WORDS, e.g. web='[\"sh\", \"-c\"]'"),
                                DOES(ECS_OP_SET, "entryPoint", ecs_parse_words) },
    [SW_CHANGE_CONTAINER_CPU] = { OF_CONTAINER("CONTAINER=UNITS, e.g. web=256"),
                                  DOES(ECS_OP_SET, "cpu", ecs_parse_number) },
    [SW_CHANGE_CONTAINER_MEMORY] = { OF_CONTAINER("CONTAINER=MIB, e.g. web=512"),
                                     DOES(ECS_OP_SET, "memory", ecs_parse_number) },
    [SW_CHANGE_CONTAINER_MEMORY_RESERVATION] = { OF_CONTAINER("CONTAINER=MIB, e.g. web=128"),
                                                 DOES(ECS_OP_SET, "memoryReservation",
                                                      ecs_parse_number) },
    [SW_CHANGE_ESSENTIAL] = { OF_CONTAINER("CONTAINER=true or CONTAINER=false"),
                              DOES(ECS_OP_SET, "essential", ecs_parse_boolean) },
    [SW_CHANGE_PRIVILEGED] = { OF_CONTAINER("CONTAINER=true or CONTAINER=false"),
                               DOES(ECS_OP_SET, "privileged", ecs_parse_boolean) },
    [SW_CHANGE_PORT] = { OF_CONTAINER(
                             "CONTAINER=[HOST:]PORT[/PROTOCOL], e.g. web=80 or web=0:53/udp"),
                         DOES(ECS_OP_MERGE, "portMappings", ecs_parse_port) },
    [SW_CHANGE_PORT_REMOVE] = { OF_CONTAINER("CONTAINER=PORT[/PROTOCOL], e.g. web=80"),
                                DOES(ECS_OP_REMOVE_ITEM, "portMappings", ecs_parse_port_identity),
                                .noun = "port mapping" },
    [SW_CHANGE_MOUNT] = { OF_CONTAINER("CONTAINER=VOLUME:PATH[:ro], e.g. web=data:/var/lib/data"),
                          DOES(ECS_OP_MERGE, "mountPoints", ecs_parse_mount) },
    [SW_CHANGE_MOUNT_REMOVE] = { OF_CONTAINER("CONTAINER=PATH, e.g. web=/var/lib/data"),
                                 DOES(ECS_OP_REMOVE_ITEM, "mountPoints", ecs_parse_text),
                                 .noun = "mount at" },
    [SW_CHANGE_ULIMIT] = { OF_CONTAINER_NAMED(
                               "CONTAINER:NAME=SOFT[:HARD], e.g. web:nofile=1024:4096"),
                           DOES(ECS_OP_MERGE, "ulimits", ecs_parse_ulimit) },
    [SW_CHANGE_ULIMIT_REMOVE] = { OF_CONTAINER_NAME("CONTAINER:NAME, e.g. web:nofile"),
                                  DOES(ECS_OP_REMOVE_ITEM, "ulimits", ecs_parse_name),
                                  .noun = "ulimit" },
    [SW_CHANGE_SYSTEM_CONTROL] = { OF_CONTAINER_NAMED(
                                       "CONTAINER:NAMESPACE=VALUE, e.g. web:net.core.somaxconn=1024"),
                                   DOES(ECS_OP_MERGE, "systemControls", ecs_parse_system_control) },
    [SW_CHANGE_SYSTEM_CONTROL_REMOVE] = { OF_CONTAINER_NAME(
                                              "CONTAINER:NAMESPACE, e.g. web:net.core.somaxconn"),
                                          DOES(ECS_OP_REMOVE_ITEM, "systemControls",
                                               ecs_parse_name),
                                          .noun = "system control" },
    [SW_CHANGE_HEALTH_CHECK] = { OF_CONTAINER(
                                     "CONTAINER=COMMAND, e.g. web='curl -f http://localhost/'"),
                                 DOES(ECS_OP_SET, "healthCheck.command", ecs_parse_health_check) },
    [SW_CHANGE_HEALTH_OPTION] = { OF_CONTAINER_NAMED(
                                      "CONTAINER:NAME=NUMBER, e.g. web:startPeriod=60"),
                                  DOES(ECS_OP_SET_KEY, "healthCheck", ecs_parse_health_option) },
    [SW_CHANGE_LOG_DRIVER] = { OF_CONTAINER("CONTAINER=DRIVER, e.g. web=awslogs"),
                               DOES(ECS_OP_SET, "logConfiguration.logDriver", ecs_parse_text) },
    [SW_CHANGE_LOG_OPTION] = { OF_CONTAINER_NAMED(
                                   "CONTAINER:KEY=VALUE, e.g. web:awslogs-group=/ecs/web"),
                               .op = ECS_OP_SET_KEY, .path = "logConfiguration.options" },
    [SW_CHANGE_LOG_OPTION_REMOVE] = { OF_CONTAINER_NAME("CONTAINER:KEY, e.g. web:mode"),
                                      .op = ECS_OP_REMOVE_KEY, .path = "logConfiguration.options",
                                      .noun = "log option" },
    [SW_CHANGE_CPU] = { OF_TASK("UNITS, e.g. 256 or '1 vCPU'"),
                        DOES(ECS_OP_SET, "cpu", ecs_parse_text) },
    [SW_CHANGE_MEMORY] = { OF_TASK("MIB, e.g. 512 or '1 GB'"),
                           DOES(ECS_OP_SET, "memory", ecs_parse_text) },
    [SW_CHANGE_TASK_ROLE] = { OF_TASK("ARN, e.g. arn:aws:iam::123456789012:role/web"),
                              DOES(ECS_OP_SET, "taskRoleArn", ecs_parse_text) },
    [SW_CHANGE_EXECUTION_ROLE] = { OF_TASK("ARN, e.g. arn:aws:iam::123456789012:role/pull"),
                                   DOES(ECS_OP_SET, "executionRoleArn", ecs_parse_text) },
    [SW_CHANGE_NETWORK_MODE] = { OF_TASK("MODE, e.g. awsvpc"),
                                 DOES(ECS_OP_SET, "networkMode", ecs_parse_text) },
    [SW_CHANGE_COMPATIBILITIES] = { OF_TASK("a list, e.g. FARGATE,EC2"),
                                    DOES(ECS_OP_SET, "requiresCompatibilities", ecs_parse_list) },
    [SW_CHANGE_PLATFORM] = { OF_TASK("OS/ARCHITECTURE, e.g. linux/arm64"),
                             DOES(ECS_OP_SET, "runtimePlatform", ecs_parse_platform) },
    [SW_CHANGE_EPHEMERAL_STORAGE] = { OF_TASK("GIB, e.g. 50"),
                                      DOES(ECS_OP_SET, "ephemeralStorage.sizeInGiB",
                                           ecs_parse_number) },
    [SW_CHANGE_VOLUME] = { OF_TASK_NAMED("NAME=, NAME=/HOST/PATH, NAME=FILE-SYSTEM[:/PATH] or "
                                         "NAME=JSON, e.g. data=fs-12345678:/web"),
                           DOES(ECS_OP_REPLACE, "volumes", ecs_parse_volume) },
    [SW_CHANGE_VOLUME_REMOVE] = { OF_TASK_NAME("NAME, e.g. data"),
                                  DOES(ECS_OP_REMOVE_ITEM, "volumes", ecs_parse_name),
                                  .noun = "volume" },
    [SW_CHANGE_CONTAINER] = { OF_TASK_NAMED("NAME=IMAGE, e.g. log=fluent/fluent-bit:3"),
                              DOES(ECS_OP_MERGE, "containerDefinitions", ecs_parse_new_container) },
    [SW_CHANGE_CONTAINER_REMOVE] = { OF_TASK_NAME("CONTAINER, e.g. log"),
                                     DOES(ECS_OP_REMOVE_ITEM, "containerDefinitions",
                                          ecs_parse_name),
                                     .noun = "container" },
    [SW_CHANGE_TAG] = { OF_TASK_NAMED("KEY=VALUE, e.g. team=shop"),
                        DOES(ECS_OP_MERGE, "tags", ecs_parse_tag) },
    [SW_CHANGE_TAG_REMOVE] = { OF_TASK_NAME("KEY, e.g. team"),
                               DOES(ECS_OP_REMOVE_ITEM, "tags", ecs_parse_name), .noun = "tag" },
    [SW_CHANGE_STRIP] = { OF_TASK_NAME("FIELD, e.g. enableFaultInjection"), .op = ECS_OP_REMOVE_KEY,
                          .path = "" },
    [SW_CHANGE_SET] = { OF_TASK_NAMED("/POINTER=VALUE, e.g. /containerDefinitions/web/cpu=128"),
                        .op = ECS_OP_POINTER_SET },
    [SW_CHANGE_UNSET] = { OF_TASK_NAME("/POINTER, e.g. /containerDefinitions/web/cpu"),
                          .op = ECS_OP_POINTER_UNSET },
};

const struct ecs_change_rule *ecs_change_rule(enum sw_change_kind kind)
{
    return &rules[kind];
}

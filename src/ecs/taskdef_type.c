#include "taskdef_type.h"

/* The table, in the order of the API; what it is used for is in taskdef_convert.c. */

#define OBJECT(name) \
    static const struct ecs_type name = { .kind = ECS_OBJECT, .members = name##_members }
#define LIST(name, of) static const struct ecs_type name = { .kind = ECS_LIST, .item = &(of) }

static const struct ecs_type text = { .kind = ECS_TEXT };
static const struct ecs_type number = { .kind = ECS_INT };
static const struct ecs_type boolean = { .kind = ECS_BOOL };

static const struct ecs_member repository_credentials_members[] = {
    { "credentialsParameter", &text },
    { NULL, NULL },
};
OBJECT(repository_credentials);

LIST(texts, text);
static const struct ecs_member port_mapping_members[] = {
    { "containerPort", &number },
    { "hostPort", &number },
    { "protocol", &text },
    { "name", &text },
    { "appProtocol", &text },
    { "containerPortRange", &text },
    { NULL, NULL },
};
OBJECT(port_mapping);

LIST(port_mappings, port_mapping);
LIST(numbers, number);
static const struct ecs_member restart_policy_members[] = {
    { "enabled", &boolean },
    { "ignoredExitCodes", &numbers },
    { "restartAttemptPeriod", &number },
    { NULL, NULL },
};
OBJECT(restart_policy);

static const struct ecs_member pair_members[] = {
    { "name", &text },
    { "value", &text },
    { NULL, NULL },
};
OBJECT(pair);

LIST(pairs, pair);
static const struct ecs_member environment_file_members[] = {
    { "value", &text },
    { "type", &text },
    { NULL, NULL },
};
OBJECT(environment_file);

LIST(environment_files, environment_file);
static const struct ecs_member mount_point_members[] = {
    { "sourceVolume", &text },
    { "containerPath", &text },
    { "readOnly", &boolean },
    { NULL, NULL },
};
OBJECT(mount_point);

LIST(mount_points, mount_point);
static const struct ecs_member volume_from_members[] = {
    { "sourceContainer", &text },
    { "readOnly", &boolean },
    { NULL, NULL },
};
OBJECT(volume_from);

LIST(volume_froms, volume_from);
static const struct ecs_member capabilities_members[] = {
    { "add", &texts },
    { "drop", &texts },
    { NULL, NULL },
};
OBJECT(capabilities);

static const struct ecs_member device_members[] = {
    { "hostPath", &text },
    { "containerPath", &text },
    { "permissions", &texts },
    { NULL, NULL },
};
OBJECT(device);

LIST(devices, device);
static const struct ecs_member tmpfs_members[] = {
    { "containerPath", &text },
    { "size", &number },
    { "mountOptions", &texts },
    { NULL, NULL },
};
OBJECT(tmpfs);

LIST(tmpfs_list, tmpfs);
static const struct ecs_member linux_parameters_members[] = {
    { "capabilities", &capabilities }, { "devices", &devices },  { "initProcessEnabled", &boolean },
    { "sharedMemorySize", &number },   { "tmpfs", &tmpfs_list }, { "maxSwap", &number },
    { "swappiness", &number },         { NULL, NULL },
};
OBJECT(linux_parameters);

static const struct ecs_member secret_members[] = {
    { "name", &text },
    { "valueFrom", &text },
    { NULL, NULL },
};
OBJECT(secret);

LIST(secrets, secret);
static const struct ecs_member dependency_members[] = {
    { "containerName", &text },
    { "condition", &text },
    { NULL, NULL },
};
OBJECT(dependency);

LIST(dependencies, dependency);
static const struct ecs_member host_entry_members[] = {
    { "hostname", &text },
    { "ipAddress", &text },
    { NULL, NULL },
};
OBJECT(host_entry);

LIST(host_entries, host_entry);
static const struct ecs_type text_map = { .kind = ECS_MAP, .item = &text };
static const struct ecs_member ulimit_members[] = {
    { "name", &text },
    { "softLimit", &number },
    { "hardLimit", &number },
    { NULL, NULL },
};
OBJECT(ulimit);

LIST(ulimits, ulimit);
static const struct ecs_member log_configuration_members[] = {
    { "logDriver", &text },
    { "options", &text_map },
    { "secretOptions", &secrets },
    { NULL, NULL },
};
OBJECT(log_configuration);

static const struct ecs_member health_check_members[] = {
    { "command", &texts },  { "interval", &number },    { "timeout", &number },
    { "retries", &number }, { "startPeriod", &number }, { NULL, NULL },
};
OBJECT(health_check);

static const struct ecs_member system_control_members[] = {
    { "namespace", &text },
    { "value", &text },
    { NULL, NULL },
};
OBJECT(system_control);

LIST(system_controls, system_control);
static const struct ecs_member resource_requirement_members[] = {
    { "value", &text },
    { "type", &text },
    { NULL, NULL },
};
OBJECT(resource_requirement);

LIST(resource_requirements, resource_requirement);
static const struct ecs_member firelens_configuration_members[] = {
    { "type", &text },
    { "options", &text_map },
    { NULL, NULL },
};
OBJECT(firelens_configuration);

static const struct ecs_member container_members[] = {
    { "name", &text },
    { "image", &text },
    { "repositoryCredentials", &repository_credentials },
    { "cpu", &number },
    { "memory", &number },
    { "memoryReservation", &number },
    { "links", &texts },
    { "portMappings", &port_mappings },
    { "essential", &boolean },
    { "restartPolicy", &restart_policy },
    { "entryPoint", &texts },
    { "command", &texts },
    { "environment", &pairs },
    { "environmentFiles", &environment_files },
    { "mountPoints", &mount_points },
    { "volumesFrom", &volume_froms },
    { "linuxParameters", &linux_parameters },
    { "secrets", &secrets },
    { "dependsOn", &dependencies },
    { "startTimeout", &number },
    { "stopTimeout", &number },
    { "versionConsistency", &text },
    { "hostname", &text },
    { "user", &text },
    { "workingDirectory", &text },
    { "disableNetworking", &boolean },
    { "privileged", &boolean },
    { "readonlyRootFilesystem", &boolean },
    { "dnsServers", &texts },
    { "dnsSearchDomains", &texts },
    { "extraHosts", &host_entries },
    { "dockerSecurityOptions", &texts },
    { "interactive", &boolean },
    { "pseudoTerminal", &boolean },
    { "dockerLabels", &text_map },
    { "ulimits", &ulimits },
    { "logConfiguration", &log_configuration },
    { "healthCheck", &health_check },
    { "systemControls", &system_controls },
    { "resourceRequirements", &resource_requirements },
    { "firelensConfiguration", &firelens_configuration },
    { "credentialSpecs", &texts },
    { NULL, NULL },
};
OBJECT(container);

LIST(containers, container);
static const struct ecs_member host_volume_members[] = {
    { "sourcePath", &text },
    { NULL, NULL },
};
OBJECT(host_volume);

static const struct ecs_member docker_volume_members[] = {
    { "scope", &text },          { "autoprovision", &boolean }, { "driver", &text },
    { "driverOpts", &text_map }, { "labels", &text_map },       { NULL, NULL },
};
OBJECT(docker_volume);

static const struct ecs_member efs_authorization_members[] = {
    { "accessPointId", &text },
    { "iam", &text },
    { NULL, NULL },
};
OBJECT(efs_authorization);

static const struct ecs_member efs_volume_members[] = {
    { "fileSystemId", &text },
    { "rootDirectory", &text },
    { "transitEncryption", &text },
    { "transitEncryptionPort", &number },
    { "authorizationConfig", &efs_authorization },
    { NULL, NULL },
};
OBJECT(efs_volume);

static const struct ecs_member s3files_volume_members[] = {
    { "fileSystemArn", &text },
    { "rootDirectory", &text },
    { "transitEncryptionPort", &number },
    { "accessPointArn", &text },
    { NULL, NULL },
};
OBJECT(s3files_volume);

static const struct ecs_member fsx_authorization_members[] = {
    { "credentialsParameter", &text },
    { "domain", &text },
    { NULL, NULL },
};
OBJECT(fsx_authorization);

static const struct ecs_member fsx_volume_members[] = {
    { "fileSystemId", &text },
    { "rootDirectory", &text },
    { "authorizationConfig", &fsx_authorization },
    { NULL, NULL },
};
OBJECT(fsx_volume);

static const struct ecs_member volume_members[] = {
    { "name", &text },
    { "host", &host_volume },
    { "dockerVolumeConfiguration", &docker_volume },
    { "efsVolumeConfiguration", &efs_volume },
    { "s3filesVolumeConfiguration", &s3files_volume },
    { "fsxWindowsFileServerVolumeConfiguration", &fsx_volume },
    { "configuredAtLaunch", &boolean },
    { NULL, NULL },
};
OBJECT(volume);

LIST(volumes, volume);
static const struct ecs_member placement_constraint_members[] = {
    { "type", &text },
    { "expression", &text },
    { NULL, NULL },
};
OBJECT(placement_constraint);

LIST(placement_constraints, placement_constraint);
static const struct ecs_member tag_members[] = {
    { "key", &text },
    { "value", &text },
    { NULL, NULL },
};
OBJECT(tag);

LIST(tags, tag);
static const struct ecs_member proxy_configuration_members[] = {
    { "type", &text },
    { "containerName", &text },
    { "properties", &pairs },
    { NULL, NULL },
};
OBJECT(proxy_configuration);

static const struct ecs_member inference_accelerator_members[] = {
    { "deviceName", &text },
    { "deviceType", &text },
    { NULL, NULL },
};
OBJECT(inference_accelerator);

LIST(inference_accelerators, inference_accelerator);
static const struct ecs_member ephemeral_storage_members[] = {
    { "sizeInGiB", &number },
    { NULL, NULL },
};
OBJECT(ephemeral_storage);

static const struct ecs_member runtime_platform_members[] = {
    { "cpuArchitecture", &text },
    { "operatingSystemFamily", &text },
    { NULL, NULL },
};
OBJECT(runtime_platform);

static const struct ecs_member taskdef_members[] = {
    { "family", &text },
    { "taskRoleArn", &text },
    { "executionRoleArn", &text },
    { "networkMode", &text },
    { "containerDefinitions", &containers },
    { "volumes", &volumes },
    { "placementConstraints", &placement_constraints },
    { "requiresCompatibilities", &texts },
    { "cpu", &text },
    { "memory", &text },
    { "tags", &tags },
    { "pidMode", &text },
    { "ipcMode", &text },
    { "proxyConfiguration", &proxy_configuration },
    { "inferenceAccelerators", &inference_accelerators },
    { "ephemeralStorage", &ephemeral_storage },
    { "runtimePlatform", &runtime_platform },
    { "enableFaultInjection", &boolean },
    { NULL, NULL },
};
const struct ecs_type ecs_taskdef_type = { .kind = ECS_OBJECT, .members = taskdef_members };

static const struct ecs_member described_members[] = {
    { "taskDefinition", &ecs_taskdef_type },
    { "tags", &tags },
    { NULL, NULL },
};
const struct ecs_type ecs_described_type = { .kind = ECS_OBJECT, .members = described_members };

#include "cause.h"

#include <string.h>

/* What each class of failure means and what to do about it. */

#define SHOW_LOG "look at the last lines of the container's log"

const struct sw_cause_class ecs_causes[CAUSE_COUNT] = {
    [CAUSE_IMAGE_MISSING] = { "image-missing", "the image does not exist",
                              "check repository, tag and registry; was the image pushed by an "
                              "earlier job, and under this tag?",
                              "slipway image exists IMAGE", true },
    [CAUSE_IMAGE_DENIED] = { "image-denied", "the image may not be pulled",
                             "allow ecr:GetAuthorizationToken, ecr:BatchGetImage and "
                             "ecr:GetDownloadUrlForLayer to the task's execution role (on EC2 "
                             "without one: to the instance role); for another account's "
                             "repository also in its policy",
                             "aws iam attach-role-policy --role-name EXECUTION_ROLE --policy-arn "
                             "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
                             true },
    [CAUSE_IMAGE_LAYERS] = { "image-layers", "the image's layers cannot be fetched",
                             "ECR keeps layers in S3: check the route to S3 and the policy of its "
                             "gateway endpoint; push the image anew if a layer was lost",
                             NULL, false },
    [CAUSE_IMAGE_PULL] = { "image-pull", "the image cannot be pulled",
                           "read AWS's words: they name the registry's answer", NULL, true },
    [CAUSE_REGISTRY_UNREACHABLE] = { "registry-unreachable",
                                     "the registry cannot be reached from the task",
                                     "give the subnet a route to it: a NAT gateway, a public IP "
                                     "address, or VPC endpoints for ecr.api, ecr.dkr and s3",
                                     NULL, false },
    [CAUSE_REGISTRY_LIMIT] = { "registry-limit", "the registry's pull limit is reached",
                               "keep a copy of the image in ECR, or pull with a login", NULL,
                               false },
    [CAUSE_REGISTRY_CA] = { "registry-certificate",
                            "the registry's certificate is not trusted by the instance",
                            "install the registry's certificate authority on the instances (in "
                            "/etc/docker/certs.d)",
                            NULL, true },
    [CAUSE_PLATFORM] = { "platform", "the image is for another processor or operating system",
                         "build it for the machines that run it",
                         "slipway image build --platform linux/amd64", true },
    [CAUSE_SECRET_MISSING] = { "secret-missing", "a secret or parameter does not exist",
                               "check the ARN, the JSON key and the region in the task "
                               "definition's secrets",
                               NULL, true },
    [CAUSE_SECRET_DELETED] = { "secret-missing", "a secret is marked for deletion",
                               "restore it, or name another one in the task definition's secrets",
                               "aws secretsmanager restore-secret --secret-id SECRET", true },
    [CAUSE_SECRET_KEY] = { "secret-missing",
                           "a secret does not have the JSON key that is asked for",
                           "compare the key behind the secret's ARN in the task definition "
                           "(ARN:KEY::) with the keys in the secret",
                           NULL, true },
    [CAUSE_SECRET_DENIED] = { "secret-denied", "a secret or parameter may not be read",
                              "allow secretsmanager:GetSecretValue or ssm:GetParameters (and "
                              "kms:Decrypt for a key of your own) to the task's execution role",
                              NULL, true },
    [CAUSE_SECRET_UNREACHABLE] = { "secret-unreachable",
                                   "secrets cannot be read from the task's network",
                                   "give the subnet a route to Secrets Manager and SSM: NAT, "
                                   "public IP, or VPC endpoints",
                                   NULL, false },
    [CAUSE_SECRET] = { "secret", "a secret or parameter cannot be read",
                       "check the ARNs in the task definition's secrets and what the execution "
                       "role may read",
                       NULL, true },
    [CAUSE_ENV_FILE] = { "env-file", "a file of environment variables cannot be read",
                         "check bucket, key (it must end in .env) and region, and allow "
                         "s3:GetObject and s3:GetBucketLocation to the execution role",
                         NULL, true },
    [CAUSE_LOG_GROUP] = { "log-group", "the log group does not exist",
                          "create it, or set awslogs-create-group to \"true\"",
                          "aws logs create-log-group --log-group-name GROUP", true },
    [CAUSE_LOG_DRIVER] = { "log-driver", "the log driver cannot start",
                           "allow logs:CreateLogStream and logs:PutLogEvents (and "
                           "logs:CreateLogGroup with awslogs-create-group) to the execution role",
                           NULL, true },
    [CAUSE_LOG_UNREACHABLE] = { "log-unreachable",
                                "CloudWatch Logs cannot be reached from the task",
                                "give the subnet a route to it: a NAT gateway, a public IP "
                                "address, or a VPC endpoint for logs",
                                NULL, false },
    [CAUSE_FILE_SYSTEM] = { "file-system", "the EFS file system cannot be mounted",
                            "check that it has a mount target in the task's Availability Zone, "
                            "and that the mount target's security group lets the task in on port "
                            "2049",
                            NULL, true },
    [CAUSE_FILE_SYSTEM_NAME] = { "file-system",
                                 "the EFS file system is not known in the task's network",
                                 "check its id, that it has a mount target in this VPC and the "
                                 "task's Availability Zone, and that the VPC has DNS resolution and "
                                 "DNS hostnames on",
                                 "aws efs describe-mount-targets --file-system-id FILE_SYSTEM",
                                 true },
    [CAUSE_FILE_SYSTEM_TIMEOUT] = { "file-system", "the EFS file system does not answer the task",
                                    "let the mount target's security group accept the tasks' on "
                                    "port 2049",
                                    "aws ec2 authorize-security-group-ingress --group-id "
                                    "MOUNT_TARGET_GROUP --protocol tcp --port 2049 --source-group "
                                    "TASKS_GROUP",
                                    true },
    [CAUSE_FILE_SYSTEM_DENIED] = { "file-system", "the EFS file system refuses the mount",
                                   "allow elasticfilesystem:ClientMount and ClientWrite to the task "
                                   "role in the file system's policy, with transit encryption on, "
                                   "and check that access point and root directory exist",
                                   NULL, true },
    [CAUSE_VOLUME] = { "volume", "a volume cannot be made or mounted",
                       "check the task definition's volumes and their drivers", NULL, true },
    [CAUSE_ROLE] = { "role", "ECS cannot assume the task's or execution role",
                     "let the role's trust policy name ecs-tasks.amazonaws.com, and check that "
                     "the role exists",
                     "aws iam get-role --role-name ROLE", true },
    [CAUSE_ROLE_PASS] = { "role", "whoever deploys may not hand a role of the task to ECS",
                          "allow iam:PassRole on the task's role and execution role to the "
                          "identity that deploys",
                          NULL, true },
    [CAUSE_ROLE_LINKED] = { "role", "the account has no service-linked role for ECS",
                            "create it, once for the account: aws iam "
                            "create-service-linked-role --aws-service-name ecs.amazonaws.com",
                            NULL, true },
    [CAUSE_COMMAND] = { "command", "the container's command cannot be run",
                        "check command, entryPoint and that the program in the image is "
                        "executable",
                        NULL, true },
    [CAUSE_START] = { "start", "the container cannot be created or started",
                      "read AWS's words: they are the container runtime's", NULL, true },
    [CAUSE_PORT_TAKEN] = { "port-taken", "the host port is taken on every suitable instance",
                           "use hostPort 0 with a target group of type instance, lower "
                           "minimumHealthyPercent so that an old task may stop first, or add an "
                           "instance",
                           NULL, false },
    [CAUSE_MEMORY_SHORT] = { "memory-short", "no instance has enough free memory",
                             "lower the task's memory reservation, add or enlarge instances, or "
                             "lower minimumHealthyPercent",
                             NULL, false },
    [CAUSE_CPU_SHORT] = { "cpu-short", "no instance has enough free CPU units",
                          "lower the task's cpu, add or enlarge instances, or lower "
                          "minimumHealthyPercent",
                          NULL, false },
    [CAUSE_GPU_SHORT] = { "gpu-short", "no instance has enough free GPUs",
                          "add instances that have, or ask for fewer", NULL, false },
    [CAUSE_ATTRIBUTE] = { "attribute", "no instance has an attribute that the task needs",
                          "update the ECS agent or AMI, and check log driver and networkMode; "
                          "with awsvpc, that instances are in the service's subnets' zones",
                          NULL, true },
    [CAUSE_CONSTRAINT] = { "constraint", "no instance satisfies a placement constraint",
                           "compare the placement constraints of service and task definition with "
                           "the instances' attributes; distinctInstance needs an instance per task",
                           NULL, false },
    [CAUSE_AGENT] = { "agent", "the ECS agent of an instance is not connected",
                      "restart it there, and check its role, its outbound port 443 and ECS_CLUSTER "
                      "in /etc/ecs/ecs.config",
                      "sudo systemctl restart ecs", false },
    [CAUSE_NO_INSTANCES] = { "no-instances", "the cluster has no instance that could run the task",
                             "check that instances are running, registered with this cluster, and "
                             "their agent is connected",
                             "aws ecs list-container-instances --cluster CLUSTER", true },
    [CAUSE_CAPACITY_PROVIDER] = { "capacity-provider",
                                  "the service's capacity provider gives the task no instance",
                                  "check its Auto Scaling group's maximum and managed scaling, and "
                                  "that the task definition suits it",
                                  NULL, false },
    [CAUSE_PROVISIONING_LIMIT] = { "provisioning-limit",
                                   "too many tasks of the cluster wait for instances",
                                   "check why the cluster's capacity providers do not scale out",
                                   NULL, false },
    [CAUSE_PLACEMENT] = { "placement", "no instance meets the task's requirements",
                          "compare the task's needs with the cluster's instances", NULL, false },
    [CAUSE_PERCENTAGES] = { "percentages", "minimumHealthyPercent and maximumPercent allow no step",
                            "raise maximumPercent or lower minimumHealthyPercent; with one task: "
                            "100/200 or 0/100",
                            "aws ecs update-service --cluster CLUSTER --service SERVICE "
                            "--deployment-configuration "
                            "minimumHealthyPercent=100,maximumPercent=200",
                            true },
    [CAUSE_CAPACITY] = { "capacity", "AWS has no capacity left there",
                         "wait, or use another Availability Zone or instance type", NULL, false },
    [CAUSE_PLATFORM_VERSION] = { "platform-version",
                                 "Fargate's platform version lacks what the task definition needs",
                                 "use LATEST, and look at what the task definition asks for: EFS, "
                                 "ephemeral storage and secrets' JSON keys need 1.4.0",
                                 "aws ecs update-service --cluster CLUSTER --service SERVICE "
                                 "--platform-version LATEST",
                                 true },
    [CAUSE_QUOTA] = { "quota", "a quota of the account is reached",
                      "stop what is not needed, or ask AWS for a higher quota (Service Quotas)",
                      NULL, true },
    [CAUSE_ELB_HEALTH] = { "elb-health", "the load balancer's health check fails",
                           "check the health check's path, port and expected codes, the security "
                           "groups between load balancer and tasks, and the service's health "
                           "check grace period",
                           NULL, false },
    [CAUSE_ELB_TIMEOUT] = { "elb-timeout", "the load balancer gets no answer from the tasks' port",
                            "let the instances' (with awsvpc: the tasks') security group accept "
                            "the load balancer's on the tasks' ports, with hostPort 0 on all of "
                            "32768-65535; if it does, the app answers too slowly",
                            "aws ec2 authorize-security-group-ingress --group-id TASKS_GROUP "
                            "--protocol tcp --port 32768-65535 --source-group "
                            "LOAD_BALANCER_GROUP",
                            false },
    [CAUSE_ELB_REFUSED] = { "elb-refused", "the tasks' port refuses the load balancer's connection",
                            "check that the app listens on 0.0.0.0 and on the containerPort of the "
                            "service's load balancer, and speaks the target group's protocol",
                            NULL, false },
    [CAUSE_ELB_CODES] = { "elb-codes", "the health check's path answers with an unexpected code",
                          "point the health check to a path that answers 200, or widen the "
                          "expected codes",
                          "aws elbv2 modify-target-group --target-group-arn ARN "
                          "--health-check-path PATH",
                          false },
    [CAUSE_ELB_CODES_REDIRECT] = { "elb-codes",
                                   "the health check's path answers with a redirection",
                                   "point the health check to a path that answers 200, or accept "
                                   "the code",
                                   "aws elbv2 modify-target-group --target-group-arn ARN "
                                   "--matcher HttpCode=200-399",
                                   false },
    [CAUSE_ELB_CODES_BAD_REQUEST] = { "elb-codes",
                                      "the health check's request is refused with code 400",
                                      "the load balancer sends the target's address as Host: let "
                                      "the app accept any host name on that path",
                                      NULL, false },
    [CAUSE_ELB_CODES_LOGIN] = { "elb-codes", "the health check's path wants a login",
                                "let the app answer that path without one, or use another path",
                                "aws elbv2 modify-target-group --target-group-arn ARN "
                                "--health-check-path PATH",
                                false },
    [CAUSE_ELB_CODES_NOT_FOUND] = { "elb-codes",
                                    "the health check's path does not exist in the app",
                                    "point the health check to a path that the app has",
                                    "aws elbv2 modify-target-group --target-group-arn ARN "
                                    "--health-check-path PATH",
                                    false },
    [CAUSE_ELB_CODES_SERVER] = { "elb-codes", "the app answers the health check with an error",
                                 "look at the app's log: it, or something that it needs, fails",
                                 NULL, false },
    [CAUSE_CONTAINER_HEALTH] = { "container-health", "the container's own health check fails",
                                 "run its command in the image; it may need a program that is not "
                                 "there (curl), or a longer startPeriod",
                                 NULL, false },
    [CAUSE_TARGET_GROUP] = { "target-group", "ECS cannot register tasks with the target group",
                             "check that the target group exists, is used by a listener, and lies "
                             "in the tasks' VPC",
                             NULL, false },
    [CAUSE_TARGET_GROUP_MISSING] = { "target-group-missing", "the target group was deleted",
                                     "create it anew and set it at the service", NULL, true },
    [CAUSE_TARGET_VPC] = { "target-vpc", "the target group lies in another VPC than the tasks",
                           "create a target group in the tasks' VPC and set it at the service: the "
                           "VPC of a target group cannot be changed",
                           "aws elbv2 create-target-group --name NAME --vpc-id TASKS_VPC --protocol "
                           "HTTP --port 80",
                           true },
    [CAUSE_TARGET_UNUSED] = { "target-unused", "no listener sends to the target group",
                              "add a rule that forwards to it to a listener of the load balancer",
                              "aws elbv2 create-rule --listener-arn ARN --priority 10 --conditions "
                              "Field=path-pattern,Values='/*' --actions "
                              "Type=forward,TargetGroupArn=ARN",
                              true },
    [CAUSE_TARGET_ZONE] = { "target-zone",
                            "tasks run in an Availability Zone that the load balancer does not "
                            "serve",
                            "add a subnet of that zone to the load balancer, or keep the service "
                            "out of the zone",
                            "aws elbv2 set-subnets --load-balancer-arn ARN --subnets SUBNET...",
                            false },
    [CAUSE_TARGET_TYPE] = { "target-type", "the target group's type does not fit the network mode",
                            "awsvpc needs a target group of type ip, bridge and host one of type "
                            "instance; the type cannot be changed: create another",
                            NULL, true },
    [CAUSE_TARGET_NOT_REGISTERED] = { "target-not-registered",
                                      "a task is not registered with the target group",
                                      "check that the service has this target group, and that both "
                                      "are in one VPC",
                                      NULL, false },
    [CAUSE_CONTAINER_NAME] = { "container-name",
                               "the service's load balancer names a container or port that the "
                               "task definition does not have",
                               "give the container in the task definition that name and port "
                               "mapping, or change the service's load balancer",
                               NULL, true },
    [CAUSE_NO_LOAD_BALANCER] = { "no-load-balancer",
                                 "no load balancer or service discovery leads to the tasks",
                                 "attach a target group to the service",
                                 "aws ecs update-service --cluster CLUSTER --service SERVICE "
                                 "--load-balancers "
                                 "targetGroupArn=ARN,containerName=NAME,containerPort=PORT",
                                 false },
    [CAUSE_OUT_OF_MEMORY] = { "out-of-memory", "the container was killed for using too much memory",
                              "raise the container's memory", NULL, true },
    [CAUSE_NETWORK_INTERFACE] = { "network-interface", "no network interface for the task",
                                  "check the instance type's limit of network interfaces "
                                  "(awsvpcTrunking raises it) and the security groups",
                                  NULL, false },
    [CAUSE_SUBNET_FULL] = { "subnet-full", "the subnet has no free IP address",
                            "use other or larger subnets for the service", NULL, false },
    [CAUSE_DISK_FULL] = { "disk-full", "the instance's disk is full",
                          "free space there, or replace the instance", "docker system prune",
                          false },
    [CAUSE_DOCKER_TIMEOUT] = { "docker-timeout", "Docker on the instance does not answer in time",
                               "the instance is overloaded or its disk slow, or its log driver "
                               "reaches nobody; replace the instance if it goes on",
                               NULL, false },
    [CAUSE_DEPENDENCY] = { "dependency", "a container that others depend on did not start",
                           "look at that container's own reason", NULL, true },
    [CAUSE_THROTTLED] = { "throttled", "ECS is slowing down because tasks keep stopping",
                          "look at why the tasks stop", NULL, false },
    [CAUSE_API_THROTTLED] = { "api-throttled", "AWS limits how fast ECS may work for this service",
                              "wait; it goes on by itself", NULL, false },
    [CAUSE_EXIT_ZERO] = { "exit-zero",
                          "the main process ended normally, but a service must keep running",
                          "keep the program in the foreground", NULL, true },
    [CAUSE_EXIT_CODE] = { "exit-code", "the container ended with an error", SHOW_LOG, NULL, true },
    [CAUSE_EXIT_KILLED] = { "exit-killed", "the container was killed (SIGKILL)",
                            "give it more memory when its use was near the limit; when it was being "
                            "stopped, let it end on SIGTERM or raise stopTimeout",
                            NULL, true },
    [CAUSE_EXIT_TERMINATED] = { "exit-terminated",
                                "the container ended when asked to stop (SIGTERM)",
                                "look at why it was stopped: another container of the task may "
                                "have ended first",
                                NULL, false },
    [CAUSE_EXIT_CRASH] = { "exit-crash", "the program crashed (segmentation fault or abort)",
                           SHOW_LOG, NULL, true },
    [CAUSE_BY_USER] = { "stopped-by-user", "somebody stopped the task",
                        "look at who did, in CloudTrail", NULL, false },
    [CAUSE_INTERRUPTED] = { "interrupted", "the task was stopped before it had started",
                            "nothing, if it happens once: ECS starts the task again", NULL, false },
    [CAUSE_INFRASTRUCTURE] = { "infrastructure", "the machine under the task went away",
                               "nothing, if it happens once: ECS starts the task again", NULL,
                               false },
    [CAUSE_INTERNAL] = { "internal", "AWS had trouble of its own starting the task",
                         "nothing, if it happens once: ECS tries again; else ask AWS, whose "
                         "health page may know more",
                         NULL, false },
    [CAUSE_PROTECTION] = { "protection", "tasks under scale-in protection may not be stopped",
                           "wait until their protection ends, or end it",
                           "aws ecs update-task-protection --cluster CLUSTER --tasks TASK "
                           "--no-protection-enabled",
                           false },
    [CAUSE_LAUNCH] = { "launch", "ECS cannot launch the task",
                       "read AWS's words: they name what is wrong", NULL, true },
    [CAUSE_ALARM] = { "alarm", "a CloudWatch alarm of the deployment went off",
                      "look at the alarm's metric since the deployment began",
                      "aws cloudwatch describe-alarms --state-value ALARM", true },
    [CAUSE_HOOK] = { "hook", "a hook of the deployment failed",
                     "look at the log of the Lambda function that the hook calls", NULL, true },
    [CAUSE_DEPLOYMENT_FAILED] = { "deployment-failed", "ECS gave the deployment up",
                                  "look at why the tasks failed", NULL, true },
    [CAUSE_OTHER] = { "other", "something else went wrong", "read AWS's words above", NULL, false },
};

const struct sw_cause_class *sw_cause_class_find(const char *id)
{
    for (size_t i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++) {
        if (strcmp(ecs_causes[i].id, id) == 0) {
            return &ecs_causes[i];
        }
    }
    return NULL;
}

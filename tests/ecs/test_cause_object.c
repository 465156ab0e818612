/* What a failure is about is named, and stands in the command that mends it: whole paragraphs. */
#include "ecs_test.h"

#include <slipway/rollout.h>

#define PULL "CannotPullContainerError: "
#define INIT "ResourceInitializationError: "
#define ASM                                                                       \
    INIT "unable to pull secrets or registry auth: execution resource retrieval " \
         "failed: unable to retrieve secret from asm: "
#define DB  "arn:aws:secretsmanager:eu-west-1:1:secret:db-AbCdEf"
#define EFS INIT "failed to invoke EFS utils commands to set up EFS volumes: stderr: "

/* A task that ran container "web" with image "r/web:2" and stopped for that reason. */
static const struct {
    const char *reason;
    const char *head;    /* behind `1x container "web": ` */
    const char *command; /* NULL: none */
} rows[] = {
    { PULL "pull image manifest has been retried 5 time(s): failed to resolve ref h/web@sha256:0: "
           "h/web@sha256:0: not found",
      "the image does not exist: \"h/web@sha256:0\"", "slipway image exists h/web@sha256:0" },
    { PULL "Error response from daemon: manifest for h:80/web:1 not found: manifest unknown: x",
      "the image does not exist: \"h:80/web:1\"", "slipway image exists h:80/web:1" },
    { PULL "failed to resolve reference \"h/web:1\": h/web:1: not found",
      "the image does not exist: \"h/web:1\"", "slipway image exists h/web:1" },
    { PULL "manifest unknown", "the image does not exist: \"r/web:2\"",
      "slipway image exists r/web:2" },
    { PULL "Error response from daemon: pull access denied for h/web",
      "the image may not be pulled: \"h/web\"",
      "aws iam attach-role-policy --role-name EXECUTION_ROLE --policy-arn "
      "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy" },
    { PULL "The task cannot pull 'h/web:1' from the Amazon ECR repository 'web'. There is a "
           "connection issue between the task and Amazon ECR. Check your task network "
           "configuration.",
      "the registry cannot be reached from the task: \"h/web:1\"", NULL },
    { PULL "image Manifest does not contain descriptor matching platform 'linux/arm64'",
      "the image is for another processor or operating system: \"r/web:2\"",
      "slipway image build --platform linux/arm64" },
    { PULL "no matching manifest for linux/arm64/v8 in the manifest list entries",
      "the image is for another processor or operating system: \"r/web:2\"",
      "slipway image build --platform linux/arm64/v8" },
    { ASM "failed to fetch secret " DB " from secrets manager: AccessDeniedException: User: "
          "arn:aws:sts::1:assumed-role/x/y is not authorized",
      "a secret or parameter may not be read: \"" DB "\"", NULL },
    { ASM "failed to fetch secret " DB " from secrets manager: InvalidRequestException: You can't "
          "perform this operation on the secret because it was marked for deletion.",
      "a secret is marked for deletion: \"" DB "\"",
      "aws secretsmanager restore-secret --secret-id " DB },
    { ASM "retrieved secret from Secrets Manager did not contain json key password",
      "a secret does not have the JSON key that is asked for: \"password\"", NULL },
    { INIT "unable to retrieve secrets from ssm: invalid ssm parameters: /prod/db/url",
      "a secret or parameter does not exist: \"/prod/db/url\"", NULL },
    { INIT "failed to validate logger args: failed to create Cloudwatch log stream: "
           "AccessDeniedException: not authorized to perform: logs:CreateLogStream on resource: "
           "arn:aws:logs:eu-west-1:1:log-group:/ecs/web:log-stream:ecs/web/0",
      "the log driver cannot start: \"/ecs/web\"", NULL },
    { "ECS was unable to assume the role 'arn:aws:iam::1:role/path/webTask' that was provided for "
      "this task.",
      "ECS cannot assume the task's or execution role: \"arn:aws:iam::1:role/path/webTask\"",
      "aws iam get-role --role-name webTask" },
    { "Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-0a': "
      "InsufficientFreeAddressesInSubnet",
      "the subnet has no free IP address: \"subnet-0a\"", NULL },
    { EFS "Failed to resolve \"fs-0a1.efs.eu-west-1.amazonaws.com\" - check that your file system "
          "ID is correct, and ensure that the VPC has an EFS mount target for this file system ID. "
          ": unsuccessful EFS utils command execution; code: 1",
      "the EFS file system is not known in the task's network: \"fs-0a1\"",
      "aws efs describe-mount-targets --file-system-id fs-0a1" },
    { EFS "b'mount.nfs4: Connection timed out' : unsuccessful EFS utils command execution; code: "
          "32",
      "the EFS file system does not answer the task",
      "aws ec2 authorize-security-group-ingress --group-id MOUNT_TARGET_GROUP --protocol tcp "
      "--port 2049 --source-group TASKS_GROUP" },
    { EFS "b'mount.nfs4: access denied by server while mounting 127.0.0.1:/'",
      "the EFS file system refuses the mount", NULL },
    { EFS "mount.nfs4: Connection reset by peer", "the EFS file system cannot be mounted", NULL },
    { "CannotStartContainerError: runc create failed: unable to start container process: exec: "
      "\"npm\": executable file not found in $PATH: unknown",
      "the container's command cannot be run: \"npm\"", NULL },
    /* What needs quotes gets them; what is nothing but a full stop is no name. */
    { PULL "failed to resolve reference \"h/$(x):1\": h/x: not found",
      "the image does not exist: \"h/$(x):1\"", "slipway image exists 'h/$(x):1'" },
    { INIT "unable to retrieve secrets from ssm: invalid ssm parameters: .",
      "a secret or parameter does not exist", NULL },
    { "OutOfMemoryError: Container killed due to memory usage",
      "the container was killed for using too much memory", NULL },
};

static void test_cause_object__is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(rows); i++) {
        struct sw_causes causes = { .cluster = "prod", .service = "web" };
        struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
        json_auto_t *answer =
            json_pack("{s:[{s:s, s:s, s:s, s:[{s:s, s:s, s:s}]}]}", "tasks", "taskArn", "arn:t",
                      "startedBy", "ecs-svc/2", "stopCode", "TaskFailedToStart", "containers",
                      "name", "web", "image", "r/web:2", "reason", rows[i].reason);
        print_message("reason %s\n", rows[i].reason);
        sw_causes_add_tasks(&causes, answer, "ecs-svc/2");
        sw_buf_init(&text, SW_BUF_TEXT_MAX);
        sw_causes_print(&causes, &text);
        struct sw_str rest = sw_str(text.ptr);
        struct sw_str first = sw_str_cut(&rest, '\n');
        char *head SW_CLEANUP(sw_free_str) = sw_str_dup(first);
        char *wanted SW_CLEANUP(sw_free_str) =
            sw_xasprintf("1x container \"web\": %s", rows[i].head);
        assert_string_equal(head, wanted);
        const char *command = strstr(text.ptr, "\n   command: ");
        assert_string_equal(command ? command + 13 : "", rows[i].command ? rows[i].command : "");
        sw_causes_release(&causes);
    }
}

/* Events name target groups; the names of cluster and service are known. */
static void test_cause_object__of_events(void **state)
{
    struct sw_causes causes = { .cluster = "prod", .service = "my web" };
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };

    (void)state;
    sw_causes_add_event(&causes, "1",
                        "(service web) (port 8080) is unhealthy in (target-group arn:tg/web/0) due "
                        "to (reason Health checks failed with these codes: [404])",
                        1000);
    sw_causes_add_event(&causes, "2",
                        "(service web) was unable to stop or start tasks during a deployment "
                        "because of the service deployment configuration.",
                        1000);
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_causes_print(&causes, &text);
    assert_non_null(strstr(text.ptr, "1x the health check's path does not exist in the app: "
                                     "\"arn:tg/web/0\"\n"));
    assert_non_null(strstr(text.ptr, "\n   command: aws elbv2 modify-target-group "
                                     "--target-group-arn arn:tg/web/0 --health-check-path PATH\n"));
    assert_non_null(strstr(text.ptr, "\n   command: aws ecs update-service --cluster prod "
                                     "--service 'my web' --deployment-configuration "));
    sw_causes_release(&causes);
}

/* That tasks keep stopping is told when nobody knows why, and only then. */
static void test_cause_object__what_is_known_is_not_told_in_general(void **state)
{
    static const char slower[] =
        "(service web) is unable to consistently start tasks successfully.";
    struct sw_causes causes = { .items = NULL };
    json_auto_t *answer =
        test_json("{'tasks':[{'taskArn':'t','startedBy':'d','containers':[{'exitCode':1}]}]}");

    (void)state;
    sw_causes_add_event(&causes, "1", slower, 1000);
    assert_int_equal(causes.count, 1);
    sw_causes_release(&causes);
    sw_causes_add_tasks(&causes, answer, "d");
    sw_causes_add_event(&causes, "1", slower, 1000);
    assert_int_equal(causes.count, 1);
    assert_string_equal(causes.items[0].klass->id, "exit-code");
    sw_causes_release(&causes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cause_object__is_named),
        cmocka_unit_test(test_cause_object__of_events),
        cmocka_unit_test(test_cause_object__what_is_known_is_not_told_in_general),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

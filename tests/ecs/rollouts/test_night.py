"""What wakes people at night: each way in which a deployment fails, and the last words that they read.

The reasons are AWS's own. A row has what tasks of the new revision meet, and how the error ends: with the cause, what
it is about, and what to change.
"""

import harness
from harness import service

PULL, INIT = "CannotPullContainerError: ", "ResourceInitializationError: "
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:v2"
DB = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"
ROLE = "User: arn:aws:sts::123456789012:assumed-role/webExec/0a1b is not authorized to perform: "
SECRETS = INIT + "unable to pull secrets or registry auth: execution resource retrieval failed: "
ASM = SECRETS + "unable to retrieve secret from asm: service call has been retried 1 time(s): "
EFS = INIT + "failed to invoke EFS utils commands to set up EFS volumes: stderr: "
UNPLACED = "no container instance met all of its requirements. The closest matching (container-instance 0f3c) "
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef"
BALANCED = {"loadBalancers": [{"targetGroupArn": GROUP, "containerName": "web", "containerPort": 8080}]}


def stops(reason, container_reason=None):
    more = {"container_reason": container_reason} if container_reason else {}
    return {"fails": "start", "after_s": 4, "reason": reason, **more}


def ends(code, *log):
    return {"fails": "exit", "exit_code": code, "log": list(log)}


def unplaced(why):
    return {"unplaceable": why}


# Name: (fate of the tasks, how the error ends).
ROWS = {
    "image tag missing": (
        stops(PULL + f"pull image manifest has been retried 5 time(s): failed to resolve ref {IMAGE}: {IMAGE}: not"
                     " found"),
        f'container "web": the image does not exist: "{IMAGE}"; check repository, tag and registry; was the image'
        " pushed by an earlier job, and under this tag?"),
    "wrong architecture": (
        stops(PULL + "pull image manifest has been retried 1 time(s): image Manifest does not contain descriptor"
              " matching platform 'linux/arm64'"),
        f'container "web": the image is for another processor or operating system: "{IMAGE}"; build it for the'
        " machines that run it"),
    "wrong architecture, of one image alone": (
        ends(1, "exec /usr/local/bin/entrypoint.sh: exec format error"),
        f'container "web": the image is for another processor or operating system: "{IMAGE}" (exit code 1); its log'
        " ends with: exec /usr/local/bin/entrypoint.sh: exec format error; build it for the machines that run it"),
    "no memory in the cluster": (
        unplaced(UNPLACED + "has insufficient memory available"),
        "no instance has enough free memory; lower the task's memory reservation, add or enlarge instances, or lower"
        " minimumHealthyPercent"),
    "no network interface left": (
        unplaced(UNPLACED + 'encountered error "RESOURCE:ENI"'),
        "no network interface for the task; check the instance type's limit of network interfaces (awsvpcTrunking"
        " raises it) and the security groups"),
    "port conflict": (
        unplaced(UNPLACED + "is already using a port required by your task"),
        "the host port is taken on every suitable instance; use hostPort 0 with a target group of type instance, lower"
        " minimumHealthyPercent so that an old task may stop first, or add an instance"),
    "no route to ECR": (
        stops(INIT + "unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR:"
              " There is a connection issue between the task and Amazon ECR. Check your task network configuration."
              ' RequestError: send request failed caused by: Post "https://api.ecr.eu-west-1.amazonaws.com/": dial tcp'
              ' 10.0.0.5:443: i/o timeout'),
        f'container "web": the registry cannot be reached from the task: "{IMAGE}"; give the subnet a route to it: a'
        " NAT gateway, a public IP address, or VPC endpoints for ecr.api, ecr.dkr and s3"),
    "execution role without ECR": (
        stops(SECRETS + "unable to retrieve ecr registry auth: service call has been retried 3 time(s):"
                        " AccessDeniedException: "
              + ROLE + "ecr:GetAuthorizationToken on resource: *"),
        f'container "web": the image may not be pulled: "{IMAGE}"; allow ecr:GetAuthorizationToken, ecr:BatchGetImage'
        " and ecr:GetDownloadUrlForLayer to the task's execution role (on EC2 without one: to the instance role); for"
        " another account's repository also in its policy"),
    "execution role without the secret": (
        stops(ASM + f"failed to fetch secret {DB} from secrets manager: AccessDeniedException: {ROLE}"
              f"secretsmanager:GetSecretValue on resource: {DB}"),
        f'container "web": a secret or parameter may not be read: "{DB}"; allow secretsmanager:GetSecretValue or'
        " ssm:GetParameters (and kms:Decrypt for a key of your own) to the task's execution role"),
    "execution role without logs": (
        stops(INIT + "failed to validate logger args: create stream has been retried 1 times: failed to create"
              f" Cloudwatch log stream: AccessDeniedException: {ROLE}logs:CreateLogStream on resource:"
              " arn:aws:logs:eu-west-1:123456789012:log-group:/ecs/web:log-stream:ecs/web/0a1b : exit status 1"),
        'container "web": the log driver cannot start: "/ecs/web"; allow logs:CreateLogStream and logs:PutLogEvents'
        " (and logs:CreateLogGroup with awslogs-create-group) to the execution role"),
    "log group missing": (
        stops(INIT + "failed to validate logger args: create stream has been retried 1 times: failed to create"
              " Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit"
              " status 1"),
        'container "web": the log group does not exist: "/ecs/web"; create it, or set awslogs-create-group to "true"'),
    "secret deleted": (
        stops(ASM + f"failed to fetch secret {DB} from secrets manager: InvalidRequestException: You can't perform this"
              " operation on the secret because it was marked for deletion."),
        f'container "web": a secret is marked for deletion: "{DB}"; restore it, or name another one in the task'
        " definition\'s secrets"),
    "secret missing": (
        stops(ASM + f"failed to fetch secret {DB} from secrets manager: ResourceNotFoundException: Secrets Manager"
              " can't find the specified secret."),
        f'container "web": a secret or parameter does not exist: "{DB}"; check the ARN, the JSON key and the region in'
        " the task definition's secrets"),
    "parameter missing": (
        stops(SECRETS + "unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid ssm"
              " parameters: /prod/db/url"),
        'container "web": a secret or parameter does not exist: "/prod/db/url"; check the ARN, the JSON key and the'
        " region in the task definition's secrets"),
    "secret without the key": (
        stops(ASM + "retrieved secret from Secrets Manager did not contain json key password"),
        'container "web": a secret does not have the JSON key that is asked for: "password"; compare the key behind the'
        " secret's ARN in the task definition (ARN:KEY::) with the keys in the secret"),
    "exit 0": (
        ends(0, "migrated", "done"),
        'container "web": the main process ended normally, but a service must keep running (exit code 0); its log ends'
        " with: done; keep the program in the foreground"),
    "exit 1": (
        ends(1, "starting", "Error: DATABASE_URL is not set", ""),
        'container "web": the container ended with an error (exit code 1); its log ends with: Error: DATABASE_URL is'
        " not set; look at the last lines of the container's log"),
    "exit 137": (
        ends(137),
        'container "web": the container was killed (SIGKILL) (exit code 137); give it more memory when its use was'
        " near the limit; when it was being stopped, let it end on SIGTERM or raise stopTimeout"),
    "out of memory": (
        "oom",
        'container "web": the container was killed for using too much memory (exit code 137); raise the container\'s'
        ' memory'),
    "no such command": (
        stops("Task failed to start", "CannotStartContainerError: Error response from daemon: failed to create task for"
              " container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start"
              ' container process: exec: "npm": executable file not found in $PATH: unknown'),
        'container "web": the container\'s command cannot be run: "npm"; check command, entryPoint and that the'
        " program in the image is executable"),
    "role that cannot be assumed": (
        stops("ECS was unable to assume the role 'arn:aws:iam::123456789012:role/webTask' that was provided for this"
              " task. Please verify that the role being passed has the proper trust relationship and permissions and"
              " that your IAM user has permissions to pass this role."),
        'container "web": ECS cannot assume the task\'s or execution role: "arn:aws:iam::123456789012:role/webTask";'
        " let the role's trust policy name ecs-tasks.amazonaws.com, and check that the role exists"),
    "subnet full": (
        stops("Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in"
              " subnet 'subnet-0abc': InsufficientFreeAddressesInSubnet"),
        'container "web": the subnet has no free IP address: "subnet-0abc"; use other or larger subnets for the service'),
    "file system unknown": (
        stops(EFS + 'Failed to resolve "fs-0123456789abcdef0.efs.eu-west-1.amazonaws.com" - check that your file'
              " system ID is correct, and ensure that the VPC has an EFS mount target for this file system ID. :"
              " unsuccessful EFS utils command execution; code: 1"),
        'container "web": the EFS file system is not known in the task\'s network: "fs-0123456789abcdef0"; check its'
        " id, that it has a mount target in this VPC and the task's Availability Zone, and that the VPC has DNS"
        " resolution and DNS hostnames on"),
    "file system out of reach": (
        stops(EFS + "b'mount.nfs4: Connection timed out' : unsuccessful EFS utils command execution; code: 32"),
        'container "web": the EFS file system does not answer the task; let the mount target\'s security group accept'
        " the tasks' on port 2049"),
    "pull limit": (
        stops(PULL + "inspect image has been retried 5 time(s): httpReaderSeeker: failed open: unexpected status code"
              " https://registry-1.docker.io/v2/library/nginx/manifests/1: 429 Too Many Requests - Server message:"
              " toomanyrequests: You have reached your unauthenticated pull rate limit."),
        f'container "web": the registry\'s pull limit is reached: "{IMAGE}"; keep a copy of the image in ECR, or pull'
        " with a login"),
}  # fmt: skip


class NightTest(harness.TestCase):
    def last_words(self, trial, *options):
        result = self.deploy(trial, "--timeout", "3m", *options)
        errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
        self.assertEqual(len(errors), 1, result.stderr)
        return errors[0].partition("; most likely: ")[2]

    def test_tasks_that_stop_or_do_not_start(self):
        for name, (fate, words) in ROWS.items():
            with self.subTest(name):
                self.assertEqual(self.last_words(self.trial(plans={"web:2": fate})), words)

    def test_health_checks(self):
        """The stand-in's load balancer says 502."""
        error = (f'the app answers the health check with an error: "{GROUP}"; look at the app\'s log: it, or something'
                 " that it needs, fails")  # fmt: skip
        hint = ("; the service has no health check grace period: --health-check-grace-period gives tasks that start"
                " slowly the time")  # fmt: skip
        plans = {"web:2": {"fails": "elb", "after_s": 20}}
        self.assertEqual(self.last_words(self.trial(plans=plans, services=[service(**BALANCED)])), error + hint)
        patient = service(**BALANCED, healthCheckGracePeriodSeconds=60)
        self.assertEqual(self.last_words(self.trial(plans=plans, services=[patient])), error)

    def test_percentages_that_allow_no_step(self):
        stuck = service(deploymentConfiguration={"minimumHealthyPercent": 100, "maximumPercent": 100})
        self.assertEqual(self.last_words(self.trial(services=[stuck])), "minimumHealthyPercent and maximumPercent"
                         " allow no step; raise maximumPercent or lower minimumHealthyPercent; with one task: 100/200"
                         " or 0/100")  # fmt: skip

    def test_updates_that_are_refused(self):
        for code, message, words in (
            ("PlatformTaskDefinitionIncompatibilityException",
             "The specified platform does not satisfy the task definition's required capabilities.",
             "Fargate's platform version lacks what the task definition needs: use LATEST, and look at what the task"
             " definition asks for: EFS, ephemeral storage and secrets' JSON keys need 1.4.0"),
            ("ClientException",
             "User: arn:aws:iam::1:user/ci is not authorized to perform: iam:PassRole on resource:"
             " arn:aws:iam::1:role/webExec",
             "whoever deploys may not hand a role of the task to ECS: allow iam:PassRole on the task's role and"
             " execution role to the identity that deploys"),
            ("InvalidParameterException",
             "Unable to assume the service linked role. Please verify that the ECS service linked role exists.",
             "the account has no service-linked role for ECS: create it, once for the account: aws iam"
             " create-service-linked-role --aws-service-name ecs.amazonaws.com"),
            ("InvalidParameterException",
             f"The target group with targetGroupArn {GROUP} does not have an associated load balancer.",
             "no listener sends to the target group: add a rule that forwards to it to a listener of the load balancer"),
            ("ClientException", "The container web does not exist in the task definition.",
             "the service's load balancer names a container or port that the task definition does not have: give the"
             " container in the task definition that name and port mapping, or change the service's load balancer"),
        ):  # fmt: skip
            with self.subTest(code + message):
                refusal = {"status": 400, "code": code, "message": message, "times": 9}
                result = self.deploy(self.trial(errors={"UpdateService": refusal}))
                self.assertEqual(result.returncode, 1)
                self.assertIn(f"{code}: {message} (request id ", result.stderr)
                self.assertTrue(result.stderr.endswith(f"); {words}\n"), result.stderr)

    def test_a_machine_that_goes_away_is_no_failure(self):
        spot = {**stops("Your Spot Task was interrupted."), "after_s": 2}
        trial = self.trial(plans={"web:2": [spot, "good"]})
        self.check(trial, self.deploy(trial), 0, said=['1x container "web": the machine under the task went away\n'])

    def test_credentials_that_ended(self):
        trial = self.trial(errors={
            "DescribeServices": {"status": 400, "code": "ExpiredTokenException", "times": 99,
                                 "message": "The security token included in the request is expired"}})  # fmt: skip
        result = self.deploy(trial)
        self.assertEqual(result.returncode, 3)
        self.assertTrue(result.stderr.endswith("; the session token has expired: get new credentials (credentials from"
                                               " environment variables)\n"), result.stderr)  # fmt: skip

    def test_nobody_to_start(self):
        trial = self.trial(services=[service(desiredCount=0)])
        self.check(trial, self.deploy(trial), 0, said=['service "web" wants 0 tasks: the rollout was accepted, but'
                                                       " nothing was started; --desired-count starts some\n"])  # fmt: skip


if __name__ == "__main__":
    harness.main()

"""What is in the sandbox's AWS account from the start: a cluster, a task definition with its service, and
an image repository."""

import boto3

ACCOUNT = "123456789012"
CLUSTER = "default-kim5"
FAMILY = "kim-app-nginx"
REPOSITORY = "nginx"

TASK_DEFINITION = {
    "family": FAMILY,
    "taskRoleArn": f"arn:aws:iam::{ACCOUNT}:role/kim-task",
    "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/ecsTaskExecutionRole",
    "networkMode": "bridge",
    "requiresCompatibilities": ["EC2"],
    "cpu": "256",
    "memory": "512",
    "volumes": [{"name": "cache", "host": {"sourcePath": "/var/cache/kim"}}],
    "placementConstraints": [{"type": "memberOf", "expression": "attribute:ecs.instance-type =~ t2.*"}],
    "tags": [{"key": "team", "value": "kim's"}],
    "containerDefinitions": [
        {
            "name": "nginx",
            "image": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/nginx:first",
            "cpu": 128,
            "memory": 256,
            "essential": True,
            "portMappings": [{"containerPort": 80, "hostPort": 0, "protocol": "tcp"}],
            "environment": [{"name": "COLOR", "value": "blue"}],
            "secrets": [
                {"name": "TOKEN", "valueFrom": f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/kim/token"}
            ],
            "mountPoints": [{"sourceVolume": "cache", "containerPath": "/cache"}],
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/kim/nginx"}},
        },
        {"name": "log-router", "image": "fluent/fluent-bit:2", "cpu": 32, "memory": 64, "essential": False},
    ],
}


def seed(endpoint, key, secret, region):
    def client(service):
        return boto3.client(
            service,
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
        )

    client("ecr").create_repository(repositoryName=REPOSITORY)
    ecs = client("ecs")
    ecs.create_cluster(clusterName=CLUSTER)
    ecs.register_task_definition(**TASK_DEFINITION)
    ecs.create_service(cluster=CLUSTER, serviceName=FAMILY, taskDefinition=FAMILY, desiredCount=2)

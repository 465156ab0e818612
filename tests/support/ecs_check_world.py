"""Fills an empty moto with a service as a newcomer has it (an instance, a load balancer, roles), with the traps
that are named.

    ecs_check_world.py --image IMAGE [TRAP...]
"""

import argparse
import json
import os
import urllib.request

import boto3

TRAPS = (
    "host-port", "no-load-balancer", "closed-ports", "other-vpc", "health-path", "container-name", "image-tag",
    "execution-role", "no-listener", "target-type", "trust", "log-group", "secret", "parameter",
    "no-instances", "zone",
)  # fmt: skip


def client(name):
    return boto3.client(name, endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name="eu-west-1")


def trust(service):
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def network(ec2, traps):
    """The VPC's parts: subnets in two zones, and the security groups of instances and load balancer."""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"eu-west-1{zone}")["Subnet"]["SubnetId"]
        for i, zone in enumerate("abc")
    ]
    groups = [
        ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        for name in ("instances", "balancer")
    ]
    for low, high in [(80, 8080)] if "closed-ports" in traps else [(80, 80), (32768, 65535)]:
        rule = {"IpProtocol": "tcp", "FromPort": low, "ToPort": high, "UserIdGroupPairs": [{"GroupId": groups[1]}]}
        ec2.authorize_security_group_ingress(GroupId=groups[0], IpPermissions=[rule])
    return vpc, subnets, groups


def instance(ec2, ecs, subnet, group):
    image = ec2.describe_images()["Images"][0]["ImageId"]
    started = ec2.run_instances(
        ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet, SecurityGroupIds=[group], InstanceType="t3.small"
    )["Instances"][0]["InstanceId"]
    registered = ecs.register_container_instance(
        cluster="prod", instanceIdentityDocument=json.dumps({"instanceId": started})
    )["containerInstance"]["containerInstanceArn"]
    capabilities = {
        "com.amazonaws.ecs.capability.logging-driver.awslogs": "",
        "ecs.capability.secrets.asm.environment-variables": "",
        "ecs.capability.secrets.ssm.environment-variables": "",
        "ecs.cpu-architecture": "x86_64",
        "ecs.os-type": "linux",
    }
    ecs.put_attributes(
        cluster="prod",
        attributes=[
            {"name": name, "value": value, "targetType": "container-instance", "targetId": registered.split("/")[-1]}
            for name, value in capabilities.items()
        ],
    )


def target_group(elb, ec2, vpc, subnets, group, traps):
    balancer = elb.create_load_balancer(Name="web", Subnets=subnets, SecurityGroups=[group])["LoadBalancers"][0]
    if "other-vpc" in traps:
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    made = elb.create_target_group(
        Name="web", Protocol="HTTP", Port=80, VpcId=vpc, HealthCheckPath="/" if "health-path" in traps else "/healthz",
        TargetType="ip" if "target-type" in traps else "instance",
    )["TargetGroups"][0]["TargetGroupArn"]  # fmt: skip
    if "no-listener" not in traps:
        elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": made}],
        )  # fmt: skip
    return made


def container(image, traps):
    secrets = []
    if "secret" in traps:
        arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:nothing-AbCdEf:key::"
        secrets.append({"name": "SECRET", "valueFrom": arn})
    if "parameter" in traps:
        secrets.append({"name": "PARAMETER", "valueFrom": "/nothing"})
    return {
        "name": "app" if "container-name" in traps else "web",
        "image": image + "-missing" if "image-tag" in traps else image,
        "memory": 128,
        "secrets": secrets,
        "portMappings": [{"containerPort": 8080, "hostPort": 80 if "host-port" in traps else 0}],
        "healthCheck": {"command": ["CMD-SHELL", "/app --probe http://localhost:8080/healthz"]},
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {"awslogs-group": "/web", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "web"},
        },
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--image", required=True)
    parser.add_argument("traps", nargs="*", choices=[[], *TRAPS])
    arguments = parser.parse_args()
    traps = arguments.traps
    request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"] + "/moto-api/reset", method="POST")
    urllib.request.urlopen(request).close()
    ec2, elb, iam, ecs, logs = (client(name) for name in ("ec2", "elbv2", "iam", "ecs", "logs"))
    vpc, subnets, groups = network(ec2, traps)
    ecs.create_cluster(clusterName="prod")
    if "no-instances" not in traps:
        instance(ec2, ecs, subnets[2 if "zone" in traps else 0], groups[0])
    role = "arn:aws:iam::123456789012:role/exec"
    if "execution-role" not in traps:
        document = trust("ec2.amazonaws.com" if "trust" in traps else "ecs-tasks.amazonaws.com")
        role = iam.create_role(RoleName="exec", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    if "log-group" not in traps:
        logs.create_log_group(logGroupName="/web")
    ecs.register_task_definition(
        family="web", executionRoleArn=role, containerDefinitions=[container(arguments.image, traps)]
    )
    more = {}
    if "no-load-balancer" not in traps:
        group = target_group(elb, ec2, vpc, subnets[:2], groups[1], traps)
        more["loadBalancers"] = [{"targetGroupArn": group, "containerName": "web", "containerPort": 8080}]
    ecs.create_service(
        cluster="prod", serviceName="web", taskDefinition="web:1", desiredCount=2 if "host-port" in traps else 1,
        launchType="EC2", healthCheckGracePeriodSeconds=60, **more,
    )  # fmt: skip


main()

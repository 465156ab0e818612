"""Fills moto with services as newcomers have them (an instance, a load balancer, roles), each in a cluster of its
own with the traps that are named: "good" has none, "host-port+container-name" has two.

    ecs_check_world.py --image IMAGE CLUSTER...
"""

import argparse
import json
import os

import boto3

TRAPS = (
    "good", "host-port", "no-load-balancer", "closed-ports", "other-vpc", "health-path", "container-name", "image-tag",
    "execution-role", "no-listener", "target-type", "trust", "log-group", "secret", "parameter",
    "no-instances", "zone",
)  # fmt: skip


def client(name):
    return boto3.client(name, endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name="eu-west-1")


def trust(service):
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def network(name, ec2, traps):
    """The VPC's parts: subnets in three zones, and the security groups of instances and load balancer."""
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24",
                          AvailabilityZone=f"eu-west-1{zone}")["Subnet"]["SubnetId"]
        for i, zone in enumerate("abc")
    ]
    groups = [
        ec2.create_security_group(GroupName=f"{name}-{of}", Description=of, VpcId=vpc)["GroupId"]
        for of in ("instances", "balancer")
    ]
    for low, high in [(80, 8080)] if "closed-ports" in traps else [(80, 80), (32768, 65535)]:
        rule = {"IpProtocol": "tcp", "FromPort": low, "ToPort": high, "UserIdGroupPairs": [{"GroupId": groups[1]}]}
        ec2.authorize_security_group_ingress(GroupId=groups[0], IpPermissions=[rule])
    return vpc, subnets, groups


def instance(name, machine_image, ec2, ecs, subnet, group):
    started = ec2.run_instances(
        ImageId=machine_image, MinCount=1, MaxCount=1, SubnetId=subnet, SecurityGroupIds=[group],
        InstanceType="t3.small",
    )["Instances"][0]["InstanceId"]  # fmt: skip
    registered = ecs.register_container_instance(
        cluster=name, instanceIdentityDocument=json.dumps({"instanceId": started})
    )["containerInstance"]["containerInstanceArn"]
    capabilities = {
        "com.amazonaws.ecs.capability.logging-driver.awslogs": "",
        "ecs.capability.secrets.asm.environment-variables": "",
        "ecs.capability.secrets.ssm.environment-variables": "",
        "ecs.cpu-architecture": "x86_64",
        "ecs.os-type": "linux",
    }
    ecs.put_attributes(
        cluster=name,
        attributes=[
            {"name": key, "value": value, "targetType": "container-instance", "targetId": registered.split("/")[-1]}
            for key, value in capabilities.items()
        ],
    )


def target_group(name, elb, ec2, vpc, subnets, group, traps):
    balancer = elb.create_load_balancer(Name=name, Subnets=subnets, SecurityGroups=[group])["LoadBalancers"][0]
    if "other-vpc" in traps:
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    made = elb.create_target_group(
        Name=name, Protocol="HTTP", Port=80, VpcId=vpc, HealthCheckPath="/" if "health-path" in traps else "/healthz",
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
    group = "/missing" if "log-group" in traps else "/web"
    return {
        "name": "app" if "container-name" in traps else "web",
        "image": image + "-missing" if "image-tag" in traps else image,
        "memory": 128,
        "secrets": secrets,
        "portMappings": [{"containerPort": 8080, "hostPort": 80 if "host-port" in traps else 0}],
        "healthCheck": {"command": ["CMD-SHELL", "/app --probe http://localhost:8080/healthz"]},
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {"awslogs-group": group, "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "web"},
        },
    }


def scene(name, image, machine_image, roles, clients):
    ec2, elb, ecs = clients
    traps = name.split("+")
    name = name.replace("+", "-")
    vpc, subnets, groups = network(name, ec2, traps)
    ecs.create_cluster(clusterName=name)
    if "no-instances" not in traps:
        instance(name, machine_image, ec2, ecs, subnets[2 if "zone" in traps else 0], groups[0])
    role = roles["missing" if "execution-role" in traps else "trust" if "trust" in traps else "exec"]
    ecs.register_task_definition(family=name, executionRoleArn=role, containerDefinitions=[container(image, traps)])
    more = {}
    if "no-load-balancer" not in traps:
        group = target_group(name, elb, ec2, vpc, subnets[:2], groups[1], traps)
        more["loadBalancers"] = [{"targetGroupArn": group, "containerName": "web", "containerPort": 8080}]
    ecs.create_service(
        cluster=name, serviceName="web", taskDefinition=name, desiredCount=2 if "host-port" in traps else 1,
        launchType="EC2", healthCheckGracePeriodSeconds=60, **more,
    )  # fmt: skip


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--image", required=True)
    parser.add_argument("clusters", nargs="+")
    arguments = parser.parse_args()
    for trap in (trap for name in arguments.clusters for trap in name.split("+")):
        if trap not in TRAPS:
            parser.error(f"no trap {trap}; there are: {', '.join(TRAPS)}")
    ec2, elb, iam, ecs, logs = (client(name) for name in ("ec2", "elbv2", "iam", "ecs", "logs"))
    roles = {
        name: iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(by + ".amazonaws.com"))["Role"]["Arn"]
        for name, by in (("exec", "ecs-tasks"), ("trust", "ec2"))
    }
    roles["missing"] = "arn:aws:iam::123456789012:role/missing"
    logs.create_log_group(logGroupName="/web")
    machine_image = ec2.describe_images(Owners=["amazon"], MaxResults=5)["Images"][0]["ImageId"]
    for name in arguments.clusters:
        scene(name, arguments.image, machine_image, roles, (ec2, elb, ecs))


main()

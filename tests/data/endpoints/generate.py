#!/usr/bin/env python3
"""Writes expected.txt: endpoints as botocore's rule sets give them, one per line:
service region fips dualstack url signing-region

python3 tests/data/endpoints/generate.py > tests/data/endpoints/expected.txt
"""
import botocore.loaders
from botocore.endpoint_provider import EndpointProvider

SERVICES = {"application-autoscaling": None, "codedeploy": None, "ec2": None, "ecr": None,
            "ecr-public": None, "ecs": None, "elasticloadbalancing": "elbv2", "events": None,
            "iam": None, "logs": None, "monitoring": "cloudwatch", "scheduler": None,
            "secretsmanager": None, "ssm": None, "sts": None}
REGIONS = ["us-east-1", "eu-central-1", "ap-southeast-7", "mx-central-1", "cn-north-1",
           "cn-northwest-1", "us-gov-west-1", "us-gov-east-1", "eusc-de-east-1", "us-iso-east-1",
           "us-iso-west-1", "us-isob-east-1", "eu-isoe-west-1", "us-isof-south-1",
           "us-isof-east-1"]

loader = botocore.loaders.Loader()
partitions = loader.load_data("partitions")
for service, model in SERVICES.items():
    rules = loader.load_service_model(model or service, "endpoint-rule-set-1")
    provider = EndpointProvider(rules, partitions)
    for region in REGIONS:
        for fips in (False, True):
            for dual_stack in (False, True):
                options = {"Region": region, "UseFIPS": fips, "UseDualStack": dual_stack}
                if "UseGlobalEndpoint" in rules["parameters"]:
                    options["UseGlobalEndpoint"] = False
                endpoint = provider.resolve_endpoint(**options)
                schemes = endpoint.properties.get("authSchemes", [{}])
                print(service, region, int(fips), int(dual_stack), endpoint.url,
                      schemes[0].get("signingRegion", region))

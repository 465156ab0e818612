"""Compares what a job of the orb asked of AWS with its policy, both ways.

    policies.py RECORDS POLICIES

RECORDS holds a file JOB.N.json per run: {"rights": the stand-in's, "registry": the proxy's log}.
"""

import collections
import json
import pathlib
import re
import sys

# How services sign, where their rights are called otherwise.
PREFIXES = {"monitoring": "cloudwatch"}
# What the registry's protocol needs. ECR has no right for what is not here: signing in is an API call.
REGISTRY = (
    (r"(GET|HEAD) /v2/.+/manifests/", ["ecr:BatchGetImage"]),
    (r"PUT /v2/.+/manifests/", ["ecr:PutImage"]),
    (r"POST /v2/.+/blobs/uploads/", ["ecr:InitiateLayerUpload"]),
    (r"PATCH /v2/.+/blobs/uploads/", ["ecr:UploadLayerPart"]),
    (r"PUT /v2/.+/blobs/uploads/", ["ecr:UploadLayerPart", "ecr:CompleteLayerUpload"]),
    (r"HEAD /v2/.+/blobs/", ["ecr:BatchCheckLayerAvailability"]),
    (r"GET /v2/.+/blobs/(?!uploads/)", ["ecr:GetDownloadUrlForLayer"]),
    (r"GET /v2/.+/tags/list", ["ecr:ListImages"]),
)
# Rights that AWS asks for behind a call, without a call of their own.
BEHIND = {
    "ecr:CreateRepository": ["ecr:TagResource"],
    "ecs:RegisterTaskDefinition": ["iam:PassRole"],
    "ecs:RunTask": ["iam:PassRole"],
    "events:PutTargets": ["iam:PassRole"],
}
# Statements for what the sandbox does not act out: CodeDeploy, scans, schedules, rollouts that are stopped, and layers that
# a promotion copies, as its registry shares them. Their actions need not be in the record.
NOT_ACTED_OUT = {
    "PushLayers",
    "ReadLayers",
    "WithCodeDeploy",
    "WithCodeDeployAndOnFailure",
    "WithOnFailure",
    "WithScanGate",
    "WithScheduleName",
    "WithStart",
}
OPTIONAL = "UsedWhenThere"


def rights_of(record):
    rights = set()
    for right in record["rights"]:
        service, _, action = right.partition(":")
        rights.add(f"{PREFIXES.get(service, service)}:{action}")
    for entry in record["registry"]:
        for pattern, needed in REGISTRY:
            if re.match(pattern, f"{entry['method']} {entry['path']}"):
                rights.update(needed)
    for right in list(rights):
        rights.update(BEHIND.get(right, []))
    return rights


def differences(job, used, policy):
    allowed, needed = set(), set()
    for statement in policy["Statement"]:
        allowed.update(statement["Action"])
        if not statement["Sid"].startswith(OPTIONAL) and statement["Sid"] not in NOT_ACTED_OUT:
            needed.update(statement["Action"])
    for right in sorted(used - allowed):
        yield f"{job}: uses {right}, which its policy does not have"
    for right in sorted(needed - used):
        yield f"{job}: its policy has {right}, which it did not use"


def main():
    records, policies = map(pathlib.Path, sys.argv[1:])
    used = collections.defaultdict(set)
    for path in sorted(records.glob("*.json")):
        used[path.name.split(".")[0]] |= rights_of(json.loads(path.read_text()))
    lines = [f"{path.stem}: was not recorded" for path in sorted(policies.glob("*.json")) if path.stem not in used]
    for job, rights in sorted(used.items()):
        policy = policies / f"{job}.json"
        lines += differences(job, rights, json.loads(policy.read_text()) if policy.exists() else {"Statement": []})
    print("\n".join(lines), end="\n" if lines else "")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())

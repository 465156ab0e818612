"""The IAM policy of each job: one file per job, well-formed, narrow, and listed in orb/README.md."""

import json
import pathlib
import re
import unittest

ORB = pathlib.Path(__file__).resolve().parent.parent.parent / "orb"
# A job of the orb that asks nothing of AWS: it builds, and that is all.
WITHOUT = {"build-image"}
# Actions that know no resource, or whose callers cannot name one before.
WIDE = re.compile(
    r"(ecr:GetAuthorizationToken|ecs:(Describe|Register|Deregister)TaskDefinition|ecs:ListTaskDefinition(s|Families)"
    r"|ecs:List(Clusters|Services|Tasks)|ecs:DescribeTasks|events:ListRules|scheduler:ListSchedules"
    r"|codedeploy:List\w+|ec2:Describe\w+|elasticloadbalancing:Describe\w+|cloudwatch:DescribeAlarms"
    r"|application-autoscaling:DescribeScalableTargets|logs:DescribeLogGroups|sts:GetCallerIdentity|ssm:DescribeParameters)"
)


def policies():
    return {path.stem: path for path in sorted((ORB / "policies").glob("*.json"))}


class Policies(unittest.TestCase):
    def test_each_job_has_one(self):
        jobs = {path.stem for path in (ORB / "jobs").glob("*.yml")}
        self.assertEqual(set(policies()), jobs - WITHOUT)

    def test_each_is_listed(self):
        listed = set(re.findall(r"\]\(policies/([\w-]+)\.json\)", (ORB / "README.md").read_text()))
        self.assertEqual(listed, set(policies()))

    def test_each_is_a_policy(self):
        for name, path in policies().items():
            with self.subTest(policy=name):
                text = path.read_text()
                policy = json.loads(text)
                self.assertEqual(policy["Version"], "2012-10-17")
                sids = [statement["Sid"] for statement in policy["Statement"]]
                self.assertEqual(len(sids), len(set(sids)))
                # What IAM takes for a managed policy.
                self.assertLessEqual(len("".join(text.split())), 6144)
                for statement in policy["Statement"]:
                    self.check(statement)

    def test_the_trust_of_circleci_is_that_of_the_template(self):
        template = (ORB / "aws" / "ecs-service.template").read_text()
        text = re.search(r"AssumeRolePolicyDocument: !Sub\n +- \|\n((?: {10}.*\n)+)", template)[1]
        for name, placeholder in {
            "CircleciOrganizationId": "ORGANIZATION_ID",
            "CircleciProjectId": "PROJECT_ID",
            "Provider": "arn:aws:iam::ACCOUNT:oidc-provider/oidc.circleci.com/org/ORGANIZATION_ID",
        }.items():
            text = text.replace(f"${{{name}}}", placeholder)
        self.assertEqual(json.loads(text), json.loads((ORB / "aws" / "trust-circleci.json").read_text()))

    def check(self, statement):
        self.assertRegex(statement["Sid"], r"\A[A-Za-z0-9]+\Z")
        self.assertEqual(statement["Effect"], "Allow")
        self.assertEqual(statement["Action"], sorted(set(statement["Action"])))
        for action in statement["Action"]:
            self.assertRegex(action, r"\A[a-z0-9-]+:[A-Z][A-Za-z]+\Z")
            if statement["Resource"] == "*":
                self.assertRegex(action, rf"\A{WIDE.pattern}\Z")
        if "iam:PassRole" in statement["Action"]:
            self.assertIn("iam:PassedToService", statement["Condition"]["StringEquals"])


if __name__ == "__main__":
    unittest.main()

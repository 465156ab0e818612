"""Stands in for AWS on loopback, in front of moto_server: checks credentials and signatures, acts out
ECS rollouts, throttles and fails when told to, and counts calls. Everything else is moto's answer.

    aws_standin.py --moto URL

Control:
    POST /_standin/scenario  {"rollout": "success" | "fail-rollback" | "fail-no-rollback" | "never" | "slow" |
                              "superseded", "throttle": N,
                              "task": {"failure": REASON} or {"exitCode", "stopCode", "stoppedReason"},
                              "errors": {"DescribeServices": {"status", "code", "message", "times"}}}
    POST /_standin/trust     who may assume which role, see trust.py; until then moto answers for STS
    GET  /_standin/secrets   what roles were given so far
    GET  /_standin/calls     {"total", "by_action", "list", "rights", "callers"}: calls since the last reset, throttled ones
                             included; rights: each "service:Action" once, the service as it was signed for; callers:
                             {"service:Action": each key id or role that called it}
    POST /_standin/reset     forgets scenario and calls, and lets every service rest
"""

import argparse
import json
import re
import threading
import urllib.parse
from collections import Counter, defaultdict

import loopback
import rollout
import sigv4_check
import trust

ECS = "AmazonEC2ContainerServiceV20141113."
# RegisterTaskDefinition refuses what only DescribeTaskDefinition returns; moto takes it.
READ_ONLY = (
    "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt",
    "deregisteredAt", "registeredBy", "deleteRequestedAt",
)  # fmt: skip
# Rights that a user who deployed with the older tools does not have.
DENIED = ("ListServiceDeployments", "DescribeServiceDeployments", "DescribeServiceRevisions")


class Refusal(Exception):
    def __init__(self, code, message, status=400):
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class Standin(loopback.Server):
    def __init__(self, moto):
        super().__init__(Handler)
        self.moto = loopback.host_of(moto)
        self.lock = threading.RLock()
        self.scenario = {}
        self.calls = []
        self.rights = set()
        self.callers = defaultdict(set)
        self.trust = trust.Trust()
        self.services = {}
        self.control = {
            ("POST", "/_standin/scenario"): self.set_scenario,
            ("GET", "/_standin/calls"): self.report_calls,
            ("POST", "/_standin/reset"): self.reset,
            ("POST", "/_standin/trust"): self.trust.set,
            ("GET", "/_standin/secrets"): lambda _: self.trust.secrets(),
        }

    def set_scenario(self, scenario):
        if scenario.get("rollout", "success") not in rollout.SCENARIOS:
            return {"error": "unknown rollout; there are: " + ", ".join(rollout.SCENARIOS)}
        with self.lock:
            self.scenario = scenario
        return {}

    def report_calls(self, _):
        with self.lock:
            return {
                "total": len(self.calls),
                "by_action": Counter(self.calls),
                "list": list(self.calls),
                "rights": sorted(self.rights),
                "callers": {action: sorted(callers) for action, callers in sorted(self.callers.items())},
            }

    def reset(self, _):
        with self.lock:
            self.scenario, self.calls, self.rights = {}, [], set()
            self.callers.clear()
            self.trust.set({})
            for service in self.services.values():
                service.rest()
        return {}

    def planned_failure(self, action):
        """Raises what the scenario has in store for this call."""
        with self.lock:
            if self.scenario.get("throttle", 0) > 0:
                self.scenario["throttle"] -= 1
                raise Refusal("ThrottlingException", "Rate exceeded")
            error = self.scenario.get("errors", {}).get(action)
            if error and error.get("times", -1) != 0:
                error["times"] = error.get("times", -1) - 1
                raise Refusal(error["code"], error.get("message", ""), error.get("status", 400))
        if action in DENIED:
            raise Refusal(
                "AccessDeniedException",
                f"User: arn:aws:iam::123456789012:user/sandbox is not authorized to perform: ecs:{action}"
                " because no identity-based policy allows the action",
            )

    def ask(self, headers, body, path="/", method="POST"):
        kept = loopback.without(headers, {"host", "connection", "content-length"})
        return loopback.exchange(self.moto, method, path, kept, body)

    def ask_ecs(self, headers, action, value):
        """An ECS call of our own, as the caller."""
        own = loopback.without(headers, {"x-amz-target"})
        own["X-Amz-Target"] = ECS + action
        status, _, body = self.ask(own, json.dumps(value))
        return json.loads(body) if status == 200 else None

    # What happens around an ECS call: before_ may refuse it, after_ changes the answer.

    def before_RegisterTaskDefinition(self, headers, request):
        extra = [name for name in READ_ONLY if name in request]
        if extra:
            raise Refusal("ClientException", f"Unknown parameter in input: \"{extra[0]}\"")

    def before_UpdateService(self, headers, request):
        wanted = request.get("taskDefinition")
        if not wanted:
            return
        found = self.ask_ecs(headers, "DescribeTaskDefinition", {"taskDefinition": wanted})
        if found is None:
            raise Refusal("ClientException", "Unable to describe task definition.")
        request["taskDefinition"] = found["taskDefinition"]["taskDefinitionArn"]

    def after_UpdateService(self, headers, request, answer):
        service = answer["service"]
        state = self.service_of(headers, service)
        with self.lock:
            wanted = request.get("taskDefinition") or state.task_definition
            if request.get("desiredCount") is not None:
                state.resize(request["desiredCount"])
            if wanted != state.task_definition or request.get("forceNewDeployment"):
                state.start(self.definition(headers, wanted), self.scenario.get("rollout", "success"))
            state.show(service)

    def after_CreateService(self, headers, request, answer):
        self.service_of(headers, answer["service"]).show(answer["service"])

    def after_DescribeServices(self, headers, request, answer):
        for service in answer["services"]:
            state = self.service_of(headers, service)
            with self.lock:
                state.look()
                state.show(service)

    def after_RunTask(self, headers, request, answer):
        with self.lock:
            reason = self.scenario.get("task", {}).get("failure")
        if reason:
            answer["tasks"], answer["failures"] = [], [{"arn": request["cluster"], "reason": reason}]

    def end_as_planned(self, task):
        """A task of RunTask that has stopped shows the end that the scenario gives it."""
        with self.lock:
            plan = self.scenario.get("task", {})
        if task["lastStatus"] != "STOPPED":
            return
        task["stopCode"] = plan.get("stopCode", "EssentialContainerExited")
        task["stoppedReason"] = plan.get("stoppedReason", "Essential container in task exited")
        for container in task["containers"]:
            container["exitCode"] = plan.get("exitCode", 0)

    def after_ListTasks(self, headers, request, answer):
        with self.lock:
            for task in self.stopped_tasks():
                if self.matches(task, request):
                    answer["taskArns"].append(task["taskArn"])

    def after_DescribeTasks(self, headers, request, answer):
        for task in answer["tasks"]:
            self.end_as_planned(task)
        with self.lock:
            tasks = {task["taskArn"]: task for task in self.stopped_tasks()}
        found = [tasks[arn] for arn in request["tasks"] if arn in tasks]
        answer["tasks"] += found
        arns = {task["taskArn"] for task in found}
        answer["failures"] = [f for f in answer.get("failures", []) if f.get("arn") not in arns]

    def stopped_tasks(self):
        return [task for service in self.services.values() for task in service.stopped_tasks()]

    def definition(self, headers, reference):
        return self.ask_ecs(headers, "DescribeTaskDefinition", {"taskDefinition": reference})["taskDefinition"]

    @staticmethod
    def matches(task, request):
        if request.get("desiredStatus", "RUNNING") != "STOPPED":
            return False
        name, family, started_by = (request.get(n) for n in ("serviceName", "family", "startedBy"))
        return (
            (not name or task["group"] == "service:" + name.split("/")[-1])
            and (not family or f":task-definition/{family}:" in task["taskDefinitionArn"])
            and (not started_by or task["startedBy"] == started_by)
        )

    def service_of(self, headers, service):
        """Our state of a service, made from moto's when it is first seen."""
        with self.lock:
            state = self.services.get(service["serviceArn"])
            if state is None:
                state = rollout.Service(
                    service["serviceName"],
                    service["clusterArn"],
                    self.definition(headers, service["taskDefinition"]),
                    service["desiredCount"],
                )
                self.services[service["serviceArn"]] = state
            return state


class Handler(loopback.Handler):
    def serve(self):
        body = self.body()
        target = self.headers.get("X-Amz-Target", "")
        form = urllib.parse.parse_qs(body.decode("latin-1")) if not target else {}
        action = target.rpartition(".")[2] or form.get("Action", [self.path])[0]
        key, service = self.signed()
        with self.server.lock:
            self.server.calls.append(action)
            self.server.rights.add(f"{service}:{action}")
            self.server.callers[f"{service}:{action}"].add(self.server.trust.caller(key))
        if action.startswith("AssumeRole") and self.server.trust.roles:
            self.assume_role(action, form, key, body)
            return
        try:
            refusal = sigv4_check.verdict(self.command, self.path, self.headers, body)
            if refusal:
                raise Refusal(*refusal)
            self.server.planned_failure(action)
            status, headers, answer = self.answer(target, action, body)
        except Refusal as refusal:
            self.refuse(refusal, query=not target)
            return
        kept = [(n, v) for n, v in headers if n.lower() == "content-type"]
        self.reply(status, answer, [*kept, ("x-amzn-RequestId", loopback.request_id())])

    def signed(self):
        """Key id and service of the signature; empty texts without one."""
        scope = re.search(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/", self.headers.get("Authorization", ""))
        return (scope[1], scope[2]) if scope else ("", "")

    def assume_role(self, action, form, key, body):
        try:
            signed = action == "AssumeRole"
            refusal = sigv4_check.verdict(self.command, self.path, self.headers, body) if signed else None
            if refusal:
                raise Refusal(*refusal)
            answer = self.server.trust.assume(action, form, key)
        except (Refusal, trust.Denied) as error:
            self.refuse(Refusal(error.code, str(error)), query=True)
            return
        self.reply(200, answer.encode(), [("Content-Type", "text/xml")])

    def answer(self, target, action, body):
        if not target.startswith(ECS):
            return self.server.ask(self.headers, body, self.path, self.command)
        request = json.loads(body or b"{}")
        before = getattr(self.server, f"before_{action}", None)
        after = getattr(self.server, f"after_{action}", None)
        # The state of a service before moto changes it.
        if action == "UpdateService":
            self.remember(request)
        if before:
            before(self.headers, request)
        status, headers, answer = self.server.ask(self.headers, json.dumps(request))
        if status == 200 and after:
            value = json.loads(answer)
            after(self.headers, request, value)
            answer = json.dumps(value).encode()
        return status, headers, answer

    def remember(self, request):
        found = self.server.ask_ecs(
            self.headers,
            "DescribeServices",
            {"cluster": request.get("cluster", "default"), "services": [request.get("service", "")]},
        )
        for service in (found or {}).get("services", []):
            self.server.service_of(self.headers, service)

    def refuse(self, refusal, query):
        ident = loopback.request_id()
        headers = [("x-amzn-RequestId", ident)]
        if query:
            code = {
                "UnrecognizedClientException": "InvalidClientTokenId",
                "InvalidSignatureException": "SignatureDoesNotMatch",
                "ExpiredTokenException": "ExpiredToken",
                "MissingAuthenticationTokenException": "MissingAuthenticationToken",
            }.get(refusal.code, refusal.code)
            text = (
                f'<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
                f"<Code>{code}</Code><Message>{refusal.message}</Message></Error>"
                f"<RequestId>{ident}</RequestId></ErrorResponse>"
            )
            self.reply(403 if refusal.status == 400 else refusal.status, text.encode(),
                       [("Content-Type", "text/xml"), *headers])
            return
        value = {"__type": refusal.code, "message": refusal.message}
        self.reply(refusal.status, json.dumps(value).encode(),
                   [("Content-Type", "application/x-amz-json-1.1"), *headers])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--moto", required=True)
    Standin(parser.parse_args().moto).run()


if __name__ == "__main__":
    main()

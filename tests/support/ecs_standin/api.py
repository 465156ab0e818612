"""The actions of the ECS API. Each takes a request and gives the reply, or raises a Refusal."""

from world import Refusal

# RegisterTaskDefinition refuses what only DescribeTaskDefinition returns.
READ_ONLY = (
    "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities", "registeredAt",
    "deregisteredAt", "registeredBy", "deleteRequestedAt",
)  # fmt: skip
SERVICES_MAX, TASKS_MAX, RECORDS_MAX, PAGE_MAX = 10, 100, 20, 100
CODE_DEPLOY_REFUSAL = (
    "Unable to update task definition on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to"
    " trigger a new deployment."
)


class Api:
    def __init__(self, world):
        self.world = world

    def call(self, action, request):
        function = getattr(self, action, None) if action[0].isupper() else None
        if function is None:
            raise Refusal("UnknownOperationException", f"The stand-in does not act out {action}.")
        return function(request)

    # Help.

    def _check_cluster(self, request):
        name = request.get("cluster", "default").rpartition("/")[2]
        if name not in self.world.names:
            raise Refusal("ClusterNotFoundException", "Cluster not found.")

    def _service(self, request):
        self._check_cluster(request)
        service = self.world.service(request["service"])
        if service is None:
            raise Refusal("ServiceNotFoundException", "Service not found.")
        return service

    @staticmethod
    def _page(items, request, key):
        """One page; the token is the place where the next begins."""
        begin = int(request.get("nextToken", "0"))
        end = begin + min(request.get("maxResults", PAGE_MAX), PAGE_MAX)
        page = {key: items[begin:end]}
        if end < len(items):
            page["nextToken"] = str(end)
        return page

    @staticmethod
    def _limit(items, most, what):
        if len(items) > most:
            raise Refusal("InvalidParameterException", f"{what} cannot be more than {most}.")

    # Clusters.

    def ListClusters(self, request):
        return self._page([self.world.cluster_arn], request, "clusterArns")

    def DescribeClusters(self, request):
        found, failures = [], []
        for name in request.get("clusters", ["default"]):
            if name.rpartition("/")[2] == self.world.cluster:
                found.append({"clusterArn": self.world.cluster_arn, "clusterName": self.world.cluster,
                              "status": "ACTIVE",
                              "registeredContainerInstancesCount": self.world.instances})  # fmt: skip
            else:
                failures.append({"arn": name, "reason": "MISSING"})
        return {"clusters": found, "failures": failures}

    # Task definitions.

    def RegisterTaskDefinition(self, request):
        extra = [name for name in READ_ONLY if name in request]
        if extra:
            raise Refusal("ClientException", f"Unknown parameter in input: \"{extra[0]}\"")
        definition = self.world.register(request)
        return {"taskDefinition": definition, "tags": request.get("tags", [])}

    def DescribeTaskDefinition(self, request):
        definition = self.world.definition(request["taskDefinition"])
        answer = {"taskDefinition": definition}
        if "TAGS" in request.get("include", []):
            answer["tags"] = self.world.tags[definition["taskDefinitionArn"]]
        return answer

    def DeregisterTaskDefinition(self, request):
        definition = self.world.definition(request["taskDefinition"])
        definition["status"] = "INACTIVE"
        definition["deregisteredAt"] = self.world.clock.now
        return {"taskDefinition": definition}

    def DeleteTaskDefinitions(self, request):
        deleted, failures = [], []
        for reference in request["taskDefinitions"]:
            definition = self.world.definition(reference)
            if definition["status"] == "ACTIVE":
                failures.append({"arn": definition["taskDefinitionArn"],
                                 "reason": "The specified task definition is still active."})
                continue
            definition["status"] = "DELETE_IN_PROGRESS"
            deleted.append(definition)
        return {"taskDefinitions": deleted, "failures": failures}

    def ListTaskDefinitions(self, request):
        family, status = request.get("familyPrefix"), request.get("status", "ACTIVE")
        found = [
            definition["taskDefinitionArn"]
            for name, revisions in sorted(self.world.definitions.items())
            for definition in revisions
            if family in (None, name) and definition["status"] == status
        ]
        return self._page(found[::-1] if request.get("sort") == "DESC" else found, request, "taskDefinitionArns")

    # Services.

    def CreateService(self, request):
        self._check_cluster(request)
        name = request["serviceName"]
        present = self.world.services.get(name)
        if present and present.status != "INACTIVE":
            raise Refusal("InvalidParameterException", "Creation of service was not idempotent.")
        self._active_definition(request["taskDefinition"])
        service = self.world.create({**request, "atRest": False})
        return {"service": service.describe()}

    def _active_definition(self, reference):
        definition = self.world.definition(reference)
        if definition["status"] != "ACTIVE":
            raise Refusal("ClientException", "TaskDefinition is inactive")
        return definition

    def UpdateService(self, request):
        service = self._service(request)
        if service.status != "ACTIVE":
            raise Refusal("ServiceNotActiveException", "Service was not ACTIVE.")
        wanted = request.get("taskDefinition")
        if service.controller != "ECS" and (wanted or request.get("forceNewDeployment")):
            text = CODE_DEPLOY_REFUSAL.replace("CODE_DEPLOY", service.controller)
            raise Refusal("InvalidParameterException", text)
        if service.scheduling == "DAEMON" and "desiredCount" in request:
            raise Refusal("InvalidParameterException",
                          "The daemon scheduling strategy does not support a desired count for services.")  # fmt: skip
        definition = self._active_definition(wanted) if wanted else service.primary.definition
        service.configuration.update(request.get("deploymentConfiguration", {}))
        if "desiredCount" in request:
            service.desired = service.primary.desired = request["desiredCount"]
        changed = definition["taskDefinitionArn"] != service.task_definition
        if changed or request.get("forceNewDeployment"):
            service.deploy(definition)
        elif "desiredCount" in request:
            service.resize()
        shown = service.describe()
        if self.world.late_record and len(service.records) > 1:
            shown["currentServiceDeployment"] = service.records[1].arn
        return {"service": shown}

    def DeleteService(self, request):
        service = self._service(request)
        if service.desired > 0 and not request.get("force") and service.scheduling != "DAEMON":
            raise Refusal("InvalidParameterException",
                          "The service cannot be stopped while it is scaled above 0.")  # fmt: skip
        service.delete()
        return {"service": service.describe()}

    def DescribeServices(self, request):
        self._check_cluster(request)
        self._limit(request["services"], SERVICES_MAX, "Services")
        found, failures = [], []
        for name in request["services"]:
            service = self.world.service(name)
            if service:
                found.append(service.describe_lagging())
            else:
                failures.append({"arn": self.world.cluster_arn.replace(":cluster/", ":service/") + "/" + name,
                                 "reason": "MISSING"})  # fmt: skip
        return {"services": found, "failures": failures}

    def ListServices(self, request):
        self._check_cluster(request)
        arns = [service.arn for service in self.world.services.values() if service.status != "INACTIVE"]
        return self._page(arns, request, "serviceArns")

    # Service deployments and revisions.

    def _record(self, arn):
        for service in self.world.services.values():
            for record in service.records:
                if record.arn == arn:
                    return record
        return None

    def ListServiceDeployments(self, request):
        service = self._service(request)
        span, states = request.get("createdAt", {}), request.get("status")
        found = [
            record.listed()
            for record in service.records
            if (not states or record.status in states)
            and span.get("after", 0) <= record.created <= span.get("before", float("inf"))
        ]
        return self._page(found, request, "serviceDeployments")

    def DescribeServiceDeployments(self, request):
        arns = request["serviceDeploymentArns"]
        self._limit(arns, RECORDS_MAX, "Service deployments")
        records = {arn: self._record(arn) for arn in arns}
        return {
            "serviceDeployments": [record.describe() for record in records.values() if record],
            "failures": [{"arn": arn, "reason": "MISSING"} for arn, record in records.items() if record is None],
        }

    def DescribeServiceRevisions(self, request):
        arns = request["serviceRevisionArns"]
        known = {r.arn: r for service in self.world.services.values() for r in service.revisions}
        return {
            "serviceRevisions": [known[arn].describe() for arn in arns if arn in known],
            "failures": [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known],
        }

    def _open_record(self, request):
        record = self._record(request["serviceDeploymentArn"])
        if record is None:
            raise Refusal("ServiceDeploymentNotFoundException",
                          "The service deploy ARN that you specified doesn't exist.")
        return record

    def StopServiceDeployment(self, request):
        record = self._open_record(request)
        if record.over or record.status.startswith("ROLLBACK"):
            raise Refusal("ConflictException",
                          f"The service deployment cannot be stopped because its status is {record.status}.")  # fmt: skip
        record.service.stop_deployment(record, request.get("stopType", "ROLLBACK"))
        return {"serviceDeploymentArn": record.arn}

    def ContinueServiceDeployment(self, request):
        record = self._open_record(request)
        hook = next((hook for hook in record.hooks if hook.id == request["hookId"]), None)
        if hook is None or hook.status != "AWAITING_ACTION":
            raise Refusal("InvalidParameterException", "The hook is not awaiting an action.")
        hook.status = "FAILED" if request.get("action") == "ROLLBACK" else "SUCCEEDED"
        return {"serviceDeploymentArn": record.arn}

    # Tasks.

    def ListTasks(self, request):
        self._check_cluster(request)
        name = request.get("serviceName", "").rpartition("/")[2]
        if name and name not in self.world.services:
            raise Refusal("ServiceNotFoundException", "Service not found.")
        wanted = request.get("desiredStatus", "RUNNING")
        arns = [
            task.arn
            for task in self.world.tasks
            if ("RUNNING" if task.live else "STOPPED") == wanted
            and (wanted == "RUNNING" or task.stopped is not None)
            and (not name or task.group == f"service:{name}")
            and request.get("startedBy") in (None, task.started_by)
            and request.get("family") in (None, task.definition["family"])
        ]
        return self._page(arns, request, "taskArns")

    def DescribeTasks(self, request):
        self._check_cluster(request)
        self._limit(request["tasks"], TASKS_MAX, "Tasks")
        known = {name: task for task in self.world.tasks for name in (task.arn, task.id)}
        return {
            "tasks": [known[name].describe() for name in request["tasks"] if name in known],
            "failures": [{"arn": name, "reason": "MISSING"} for name in request["tasks"] if name not in known],
        }

    def RunTask(self, request):
        self._check_cluster(request)
        definition = self._active_definition(request["taskDefinition"])
        group = request.get("group", f"family:{definition['family']}")
        tasks = [
            self.world.new_task(self.world.cluster_arn, definition, request.get("startedBy", ""), group)
            for _ in range(request.get("count", 1))
        ]
        return {"tasks": [task.describe() for task in tasks], "failures": []}

    def StopTask(self, request):
        self._check_cluster(request)
        task = next((t for t in self.world.tasks if request["task"] in (t.arn, t.id)), None)
        if task is None:
            raise Refusal("InvalidParameterException", "The referenced task was not found.")
        task.stop("UserInitiated", request.get("reason", "Task stopped by user"))
        return {"task": task.describe()}

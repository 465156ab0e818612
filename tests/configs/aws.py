"""AWS on loopback for whole configurations: accounts with an ECS of their own in simulated time, one moto for everything
else, and roles that are assumed with CircleCI's token. Credentials and signatures are checked."""

import json
import pathlib
import re
import sys
import threading
import urllib.parse

SUPPORT = pathlib.Path(__file__).resolve().parent.parent / "support"
sys.path[:0] = [str(SUPPORT / "ecs_standin"), str(SUPPORT)]

import loopback  # noqa: E402
import model  # noqa: E402
import server as ecs_standin  # noqa: E402
import sigv4_check  # noqa: E402

OIDC_TOKEN = "token-of-the-job-by-circleci"
ROLE_KEY, ROLE_TOKEN = "ASIAROLEOFACCOUNT000", "session-token-of-the-role"
ROLE_SECRET = "role/Secret+Key/0123456789abcdefghijklmn"
PUBLIC = "SpencerFrontendService."
ECR = "AmazonEC2ContainerRegistry_V20150921."
CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/")


class Aws(loopback.Server):
    def __init__(self, moto):
        super().__init__(Handler)
        self.moto = loopback.host_of(moto)
        self.lock = threading.RLock()
        self.begin([])
        self.control = {
            ("POST", "/_sim/sleep"): self._sleep,
            ("GET", "/_sim/now"): lambda _: {"now_ms": self._now_ms()},
        }

    def begin(self, accounts):
        """Nothing but these is there from now on."""
        loopback.exchange(self.moto, "POST", "/moto-api/reset", {}, b"")
        with self.lock:
            self.accounts = {account.id: account for account in accounts}
            self.by_key = {account.key: account for account in accounts}
            self.role = accounts[0] if accounts else None
            self.calls, self.public = [], set()
        for account in accounts:
            sigv4_check.IDENTITIES[account.key] = (account.secret, None, False)
        sigv4_check.IDENTITIES[ROLE_KEY] = (ROLE_SECRET, ROLE_TOKEN, False)

    def take_calls(self):
        """Those since the last time: "service:Action"."""
        with self.lock:
            taken, self.calls = self.calls, []
            return taken

    def problems(self):
        return [problem for account in self.accounts.values() for problem in account.ecs.problems]

    def _sleep(self, request):
        with self.lock:
            for account in self.accounts.values():
                account.ecs.sleep(request)
            return {"now_ms": self._now_ms(), "signals": []}

    def pass_time(self, seconds):
        self._sleep({"ms": seconds * 1000})

    def _now_ms(self):
        return max((account.ecs.now_ms() for account in self.accounts.values()), default=0)

    def owner_of(self, key):
        return self.role if key == ROLE_KEY else self.by_key[key]

    def ask_moto(self, account, headers, body, path="/", method="POST"):
        kept = loopback.without(headers, {"host", "connection", "content-length"})
        kept["x-moto-account-id"] = account.id
        return loopback.exchange(self.moto, method, path, kept, body)

    def ask_public(self, action, request):
        """Amazon ECR Public, as far as it is needed; moto has none."""
        name = request.get("repositoryName", "")
        if action == "GetAuthorizationToken":
            # base64 of AWS:123456789012-auth-token
            return 200, {"authorizationData": {"authorizationToken": "QVdTOjEyMzQ1Njc4OTAxMi1hdXRoLXRva2Vu",
                                               "expiresAt": 4e9}}
        if action == "CreateRepository":
            self.public.add(name)
            return 200, {"repository": {"repositoryName": name, "repositoryUri": f"public.ecr.aws/alias/{name}"}}
        if action == "DeleteRepository" and name in self.public:
            self.public.remove(name)
            return 200, {"repository": {"repositoryName": name}}
        return 400, {"__type": "RepositoryNotFoundException",
                     "message": f"The repository with name '{name}' does not exist"}


class Handler(loopback.Handler):
    def serve(self):
        body = self.body()
        target = self.headers.get("X-Amz-Target", "")
        form = urllib.parse.parse_qs(body.decode("latin-1")) if not target else {}
        action = form.get("Action", [""])[0] or target.rpartition(".")[2] or f"{self.command} {self.path}"
        if action == "AssumeRoleWithWebIdentity":
            self.assume_role(action, form.get("WebIdentityToken") == [OIDC_TOKEN])
            return
        refusal = sigv4_check.verdict(self.command, self.path, self.headers, body)
        if refusal:
            self.answer(400, {"__type": refusal[0], "message": refusal[1]})
            return
        key, _, service = CREDENTIAL.search(self.headers["Authorization"]).groups()
        with self.server.lock:
            self.server.calls.append(f"{service}:{action}")
        if action == "AssumeRole":
            self.assume_role(action, True, counted=True)
            return
        self.ask(self.server.owner_of(key), target, action, body)

    def ask(self, account, target, action, body):
        simulated = model.TARGETS.get(target.rpartition(".")[0])
        if simulated:
            with self.server.lock:
                self.answer(*account.ecs.ask(simulated, action, json.loads(body or b"{}")))
        elif target.startswith(PUBLIC):
            self.answer(*self.server.ask_public(action, json.loads(body or b"{}")))
        else:
            status, headers, answer = self.server.ask_moto(account, self.headers, body, self.path, self.command)
            self.reply(status, answer, [(n, v) for n, v in headers if n.lower() == "content-type"])

    def answer(self, status, value):
        self.reply(status, json.dumps(value).encode(), [("Content-Type", "application/x-amz-json-1.1")])

    def assume_role(self, action, allowed, counted=False):
        if not counted:
            with self.server.lock:
                self.server.calls.append(f"sts:{action}")
        if not allowed:
            text = "<ErrorResponse><Error><Code>InvalidIdentityToken</Code><Message>No token of CircleCI</Message></Error></ErrorResponse>"
            self.reply(400, text.encode(), [("Content-Type", "text/xml")])
            return
        text = (
            f'<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result><Credentials>'
            f"<AccessKeyId>{ROLE_KEY}</AccessKeyId><SecretAccessKey>{ROLE_SECRET}</SecretAccessKey>"
            f"<SessionToken>{ROLE_TOKEN}</SessionToken><Expiration>2036-01-01T00:00:00Z</Expiration></Credentials>"
            f"</{action}Result></{action}Response>"
        )
        self.reply(200, text.encode(), [("Content-Type", "text/xml")])


class Account:
    """One account, in one region."""

    def __init__(self, number, key, secret, region, scenario):
        self.id, self.key, self.secret, self.region = number, key, secret, region
        self.ecs = ecs_standin.Standin({"account": number, "region": region, "throttle": False, **scenario})

    @property
    def registry(self):
        return f"{self.id}.dkr.ecr.{self.region}.amazonaws.com"

    def ask(self, aws, service, target, request):
        """A call of somebody else to moto."""
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": target,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={self.key}/20260101/{self.region}/{service}/aws4_request",
            "x-moto-account-id": self.id,
        }
        status, _, answer = loopback.exchange(aws.moto, "POST", "/", headers, json.dumps(request))
        if status != 200:
            raise ValueError(f"{target}: {answer.decode()}")
        return json.loads(answer)

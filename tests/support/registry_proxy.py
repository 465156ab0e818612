"""Stands in front of a real registry: writes down what is sent, behaves like ECR where the registry
does not (a repository must exist), and fails when it is told to.

    registry_proxy.py --registry HOST:PORT --ecr URL

With a certificate it is an HTTPS proxy as well, behind which are the registries of all accounts and regions by
their own names, each with repositories of its own, and Amazon ECR Public; ECR's API is told what is pushed to them.

Control:
    POST /_proxy/faults   [{"match": "POST .*/blobs/uploads/", "status": 500, "times": 3}]  (times -1: for ever)
    GET  /_proxy/log      [{"method", "path", "status", "sent", "received"}]  since the last reset
    POST /_proxy/reset    forgets faults and log
"""

import argparse
import base64
import hashlib
import json
import re
import threading

import forwarder
import loopback

UPLOAD = re.compile(r"^/v2/(.+)/blobs/uploads/")
MANIFEST = re.compile(r"^/v2/(.+)/manifests/([^/?]+)$")
ECR_HOST = re.compile(r"^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com$")
# The passwords that moto gives: good for every registry.
TOKEN = re.compile(r"^AWS:\d{12}-auth-token$")
HOME, HOME_REGION = "123456789012", "us-east-1"


class Proxy(loopback.Server):
    def __init__(self, registry, ecr, tls=None):
        """`tls` is the context with the certificate of the registries that are known by name."""
        super().__init__(Handler)
        self.registry = registry
        self.ecr = ecr
        self.tls = tls
        self.lock = threading.Lock()
        self.idle = threading.Condition(self.lock)
        self.busy = 0  # requests that are not in the log yet
        self.faults = []
        self.log = []
        self.control = {
            ("POST", "/_proxy/faults"): self.set_faults,
            ("GET", "/_proxy/log"): lambda _: list(self.log),
            ("POST", "/_proxy/reset"): self.reset,
        }

    def set_faults(self, faults):
        with self.lock:
            self.faults = [dict(fault, pattern=re.compile(fault["match"])) for fault in faults]
        return {}

    def reset(self, _):
        with self.lock:
            self.faults, self.log = [], []
        return {}

    def take_fault(self, method, path):
        """The status to fail this request with, or None."""
        with self.lock:
            for fault in self.faults:
                if fault["times"] != 0 and fault["pattern"].match(f"{method} {path}"):
                    fault["times"] -= 1
                    return fault["status"]
        return None

    def note(self, **entry):
        with self.lock:
            self.log.append(entry)

    def begin(self):
        with self.lock:
            self.busy += 1

    def end(self):
        with self.idle:
            self.busy -= 1
            self.idle.notify_all()

    def take_log(self):
        """The log since the last time, with everything that was answered."""
        with self.idle:
            self.idle.wait_for(lambda: self.busy == 0, 10)
            taken, self.log = self.log, []
            return taken

    def ask_ecr(self, action, request, account, region):
        """A call of ECR's API of an account; whether it went well."""
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"AmazonEC2ContainerRegistry_V20150921.{action}",
            "Authorization": f"AWS4-HMAC-SHA256 Credential=AKIAPROXY/20260101/{region}/ecr/aws4_request",
            "x-moto-account-id": account,
        }
        status, _, _ = loopback.exchange(loopback.host_of(self.ecr), "POST", "/", headers, json.dumps(request))
        return status == 200

    def tell_ecr(self, name, reference, manifest, owner):
        """An image was pushed: it is listed, and scanned."""
        digest = "sha256:" + hashlib.sha256(manifest).hexdigest()
        image = {"repositoryName": name, "imageManifest": manifest.decode(), "imageDigest": digest}
        if ":" not in reference:
            image["imageTag"] = reference
        if self.ask_ecr("PutImage", image, *owner):
            self.ask_ecr("StartImageScan", {"repositoryName": name, "imageId": {"imageDigest": digest}}, *owner)


class Handler(forwarder.Handler):
    owner = None  # account and region of the registry that is asked by its name; "public" for Amazon ECR Public

    def do_CONNECT(self):
        host = self.path.partition(":")[0]
        if self.server.tls is None or not (host == "public.ecr.aws" or ECR_HOST.match(host)):
            self.reply(502)
            return
        self.send_response_only(200)
        self.end_headers()
        self.owner = ECR_HOST.match(host).groups() if host != "public.ecr.aws" else ("public", "us-east-1")
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        self.setup()

    def serve(self):
        self.server.begin()
        try:
            self.serve_and_note()
        finally:
            self.server.end()

    def serve_and_note(self):
        self.sent, self.kept = 0, b""
        path = self.path
        status = self.server.take_fault(self.command, self.path)
        if status is not None:
            self.drain()
            body = {"errors": [{"code": "UNKNOWN", "message": "internal server error"}]}
            self.reply_json(status, body)
            received = 0
        elif not self.known():
            self.drain()
            status, received = 404, 0
            name = UPLOAD.match(self.path)[1]
            message = f"The repository with name '{name}' does not exist in the registry with id '123456789012'"
            self.reply_json(404, {"errors": [{"code": "NAME_UNKNOWN", "message": message}]})
        else:
            self.to_own_place()
            status, received = self.forward(self.server.registry)
        self.server.note(method=self.command, path=path, status=status, sent=self.sent, received=received,
                         registry="/".join(self.owner or ()))  # fmt: skip

    @property
    def prefix(self):
        """What is before the repositories' names of a registry in the one that all share."""
        return "/".join(self.owner) + "/"

    def to_own_place(self):
        if not self.owner:
            return
        self.path = re.sub("^/v2/(?=.)", f"/v2/{self.prefix}", self.path)
        self.path = re.sub("([?&]from=)", f"\\1{self.prefix}", self.path)
        kind, _, text = self.headers.get("Authorization", "").partition(" ")
        if kind == "Basic" and TOKEN.match(base64.b64decode(text).decode(errors="replace")):
            own = base64.b64encode(f"AWS:{HOME}-auth-token".encode()).decode()
            self.headers.replace_header("Authorization", f"Basic {own}")
        self.headers["X-Forwarded-Proto"] = "https"

    def copy_answer(self, answer):
        manifest = MANIFEST.match(self.path.replace(f"/v2/{self.prefix}", "/v2/", 1)) if self.owner else None
        if manifest and self.command == "PUT" and answer.status == 201:
            self.server.tell_ecr(*manifest.groups(), self.kept, self.owner)
        return super().copy_answer(answer)

    def send_header(self, name, value):
        if self.owner and name == "Location":
            value = value.replace(f"/v2/{self.prefix}", "/v2/")
        super().send_header(name, value)

    def counted(self):
        for data in super().counted():
            if MANIFEST.match(self.path):
                self.kept += data
            yield data

    def known(self):
        upload = UPLOAD.match(self.path)
        if upload is None or self.command != "POST":
            return True
        owner = self.owner or (HOME, HOME_REGION)
        if owner[0] == "public":
            return True
        return self.server.ask_ecr("DescribeRepositories", {"repositoryNames": [upload[1]]}, *owner)

    def drain(self):
        if self.headers.get("Expect"):
            self.close_connection = True  # an early answer: the body never comes
            return
        for _ in self.counted():
            pass


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--registry", required=True)
    parser.add_argument("--ecr", required=True)
    options = parser.parse_args()
    Proxy(options.registry, options.ecr).run()


if __name__ == "__main__":
    main()

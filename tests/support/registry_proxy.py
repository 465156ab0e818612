"""Stands in front of a real registry: writes down what is sent, behaves like ECR where the registry
does not (a repository must exist), and fails when it is told to.

    registry_proxy.py --registry HOST:PORT --ecr URL

Control:
    POST /_proxy/faults   [{"match": "POST .*/blobs/uploads/", "status": 500, "times": 3}]  (times -1: for ever)
    GET  /_proxy/log      [{"method", "path", "status", "sent", "received"}]  since the last reset
    POST /_proxy/reset    forgets faults and log
"""

import argparse
import json
import re
import threading

import forwarder
import loopback

UPLOAD = re.compile(r"^/v2/(.+)/blobs/uploads/")


class Proxy(loopback.Server):
    def __init__(self, registry, ecr):
        super().__init__(Handler)
        self.registry = registry
        self.ecr = ecr
        self.lock = threading.Lock()
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

    def repository_exists(self, name):
        """Asks the ECR API, as ECR's own registry knows only repositories that were created."""
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories",
            "Authorization": "AWS4-HMAC-SHA256 Credential=AKIAPROXY/20260101/us-east-1/ecr/aws4_request",
        }
        body = json.dumps({"repositoryNames": [name]})
        status, _, _ = loopback.exchange(loopback.host_of(self.ecr), "POST", "/", headers, body)
        return status == 200


class Handler(forwarder.Handler):
    def serve(self):
        self.sent = 0
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
            status, received = self.forward(self.server.registry)
        self.server.note(method=self.command, path=self.path, status=status, sent=self.sent, received=received)

    def known(self):
        upload = UPLOAD.match(self.path)
        return upload is None or self.command != "POST" or self.server.repository_exists(upload[1])

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

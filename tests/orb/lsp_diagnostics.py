"""What circleci-yaml-language-server says of a file: the diagnostics that an editor would show."""

import json
import pathlib
import subprocess


class Client:
    """A language server behind a pipe (Language Server Protocol 3)."""

    def __init__(self, program):
        self.process = subprocess.Popen([program, "-stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        self.number = 0

    def send(self, method, params, wants_answer=False):
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        if wants_answer:
            self.number += 1
            message["id"] = self.number
        data = json.dumps(message).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self.process.stdin.flush()

    def receive(self):
        length = 0
        while line := self.process.stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return json.loads(self.process.stdout.read(length)) if length else None

    def wait_for(self, wanted):
        while (message := self.receive()) is not None:
            if wanted(message):
                return message
        raise EOFError("the language server ended")

    def diagnostics(self, path):
        uri = path.resolve().as_uri()
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": path.read_text()}
        self.send("textDocument/didOpen", {"textDocument": document})
        answer = self.wait_for(
            lambda m: m.get("method") == "textDocument/publishDiagnostics" and m["params"]["uri"] == uri
        )
        return answer["params"]["diagnostics"] or []

    def start(self):
        options = {"isCciExtension": False}
        self.send("initialize",
                  {"processId": None, "rootUri": None, "capabilities": {}, "initializationOptions": options}, True)
        self.wait_for(lambda m: m.get("id") == self.number)
        self.send("initialized", {})

    def stop(self):
        self.process.stdin.close()
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def diagnostics(program, path):
    client = Client(program)
    client.start()
    try:
        return client.diagnostics(pathlib.Path(path))
    finally:
        client.stop()

"""A proxy in front of a real registry that strikes once, at the n-th time that a request, or an answer, gets to
some phase of its course. Several proxies may share the striker that counts."""

import http.client
import json
import re
import socket
import struct
import threading

import forwarder
import loopback

# Where the blow falls: when a request came; before each piece of its body is passed on; when the registry has done it
# but the client got no more than the answer's first lines; when it got the first piece of the answer's body.
PHASES = ("asked", "sending", "done", "answering")
# How often the program gets to these is the same in each run; how bodies fall into pieces is not.
FIXED_PHASES = ("asked", "done")


class Striker:
    def __init__(self):
        self.lock = threading.Lock()
        self.storing = 0
        self.stored = threading.Condition()
        self.arm(None)

    def arm(self, blow, phase="", number=0):
        """`blow` gets the proxy where it falls; then the request there is cut off. It may set `gone` to a proxy that
        takes nothing any more."""
        with self.lock:
            self.blow, self.phase, self.number = blow, phase, number
            self.struck, self.gone, self.premature, self.times = False, None, [], dict.fromkeys(PHASES, 0)
            self.course = []

    def note(self, line):
        """Writes down what happened, for the message of a test that fails."""
        with self.lock:
            self.course.append(line)

    def reached(self, proxy, phase, otherwise=lambda: None):
        """Whether the blow fell here; `otherwise` is done while none can fall."""
        with self.lock:
            number = self.times[phase]
            self.times[phase] += 1
            if self.struck or self.blow is None or (phase, number) != (self.phase, self.number):
                otherwise()
                return False
            self.struck = True
            self.blow(proxy)
        return True

    def count_storing(self, change):
        """Counts the requests that a registry has whole, or is about to have, and has not answered yet."""
        with self.stored:
            self.storing += change
            self.stored.notify_all()

    def let_store(self):
        """Waits until no registry is writing: one that is killed over a file leaves a damaged one."""
        with self.stored:
            if not self.stored.wait_for(lambda: self.storing == 0, 60):
                raise RuntimeError("the registry does not answer")


class Proxy(loopback.Server):
    def __init__(self, registry, striker):
        super().__init__(Handler)
        self.registry = registry
        self.striker = striker
        self.open = 0
        self.closed = threading.Condition()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def process_request(self, request, client_address):
        with self.closed:
            self.open += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        super().shutdown_request(request)
        with self.closed:
            self.open -= 1
            self.closed.notify_all()

    def settle(self):
        """Waits until all connections have ended, and with them what the registry was told over them."""
        with self.closed:
            if not self.closed.wait_for(lambda: self.open == 0, 60):
                raise RuntimeError("a connection stays open")


class Handler(forwarder.Handler):
    chunk = 64 * 1024
    whole = False

    def setup(self):
        super().setup()
        self.reset_if_gone()

    def reset_if_gone(self):
        """Ends the connection as a machine does on which nothing listens any more."""
        if self.server.striker.gone is not self.server:
            return
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise ConnectionError("gone")

    def cut(self):
        self.note("cut")
        raise ConnectionError("struck")

    def note(self, what):
        digest = re.search(r"digest=(\S+)", self.path)
        place = self.path.split("?")[0] + (f" of {digest[1]}" if digest else "")
        self.server.striker.note(f"{self.client_address[1]} {self.command} {place}: {what}")

    def reached(self, phase, otherwise=lambda: None):
        return self.server.striker.reached(self.server, phase, otherwise)

    def note_whole(self, whole=True):
        if self.whole != whole:
            self.whole = whole
            self.server.striker.count_storing(1 if whole else -1)

    def serve(self):
        self.sent = 0
        self.reset_if_gone()
        self.note("asked")
        has_body = "Transfer-Encoding" in self.headers or int(self.headers.get("Content-Length") or 0) > 0
        if self.reached("asked", lambda: self.note_whole(not has_body)):
            self.cut()
        try:
            self.forward(self.server.registry.address)
        except http.client.HTTPException as e:
            raise ConnectionError("the registry went away") from e
        finally:
            self.note_whole(False)

    def counted(self):
        body = bytearray()
        length = int(self.headers.get("Content-Length") or -1)
        for data in super().counted():
            body += data
            last = len(body) == length
            if last and self.command == "PUT" and "/manifests/" in self.path:
                self.must_be_complete(json.loads(body))
            if self.reached("sending", self.note_whole if last else lambda: None):
                self.cut()
            yield data
        self.note_whole()

    def must_be_complete(self, document):
        """A manifest comes last: all that it names must be in the registry by now."""
        repository = self.path.removeprefix("/v2/").split("/manifests/")[0]
        self.server.striker.premature += self.server.registry.missing(repository, document)

    def copy_answer(self, answer):
        self.note_whole(False)
        self.note(f"{answer.status} after {self.sent} bytes")
        if self.reached("done"):
            self.send_response_only(answer.status)
            self.send_header("Date", "Mon, 02 Nov 2026 00:00:00 GMT")
            self.flush_headers()
            self.cut()
        return super().copy_answer(answer)

    def pass_on(self, data):
        super().pass_on(data)
        if self.reached("answering"):
            self.cut()

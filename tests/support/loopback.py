"""What the loopback servers of the sandbox share: replies, control requests, and starting up."""

import http.client
import http.server
import json
import os
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection. Subclasses implement serve(); `server.control` maps (method, path) to functions."""

    protocol_version = "HTTP/1.1"
    # Who tries TLS is told that this is HTTP.
    default_request_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes
    control_prefix = "/_"

    def log_message(self, format, *args):  # noqa: A002 (the base class's name)
        pass

    def handle_one_request(self):
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def body(self):
        """The whole request body."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def reply(self, status, body=b"", headers=()):
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def reply_json(self, status, value, headers=()):
        self.reply(status, json.dumps(value).encode(), [("Content-Type", "application/json"), *headers])

    def dispatch(self):
        """Control requests are answered here, all others by serve()."""
        function = self.server.control.get((self.command, self.path))
        if function is None:
            self.serve()
            return
        data = self.body()
        self.reply_json(200, function(json.loads(data) if data else None))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = dispatch


class Server(http.server.ThreadingHTTPServer):
    """A server on a free loopback port."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.control = {}

    @property
    def address(self):
        return f"127.0.0.1:{self.server_address[1]}"

    def run(self):
        """Says where it listens and serves until it is ended."""
        print(f"listening on http://{self.address}", flush=True)
        try:
            self.serve_forever()
        except KeyboardInterrupt:
            sys.exit(130)

    def handle_error(self, request, client_address):
        if isinstance(sys.exc_info()[1], ConnectionError):
            return
        super().handle_error(request, client_address)


def host_of(url):
    """The host:port of an http URL."""
    return url.split("//", 1)[1].rstrip("/")


def without(headers, names):
    """The headers but those of the given lower-case names; a header that is there twice stays so."""
    kept = http.client.HTTPMessage()
    for name, value in headers.items():
        if name.lower() not in names:
            kept[name] = value
    return kept


def exchange(host, method, path, headers, body):
    """One request to `host`; returns status, headers as a list, and the body."""
    connection = http.client.HTTPConnection(host, timeout=60)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()
    finally:
        connection.close()


def request_id():
    """Looks like the ids that AWS gives its answers."""
    value = os.urandom(16).hex()
    return "-".join((value[:8], value[8:12], value[12:16], value[16:20], value[20:]))

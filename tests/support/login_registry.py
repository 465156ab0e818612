"""A registry that knows one login, to let clients judge a configuration by.

usage: login_registry.py USER PASSWORD     prints its port, serves until killed
"""

import base64
import http.server
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        if self.headers.get("Authorization") != self.server.expected:
            self.answer(401, b'{"errors":[{"code":"UNAUTHORIZED"}]}', {"WWW-Authenticate": 'Basic realm="test"'})
        else:
            self.answer(200, b"{}", {"Docker-Distribution-Api-Version": "registry/2.0"})

    do_HEAD = do_GET

    def log_message(self, *args):
        pass


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.expected = "Basic " + base64.b64encode(":".join(sys.argv[1:3]).encode()).decode()
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()

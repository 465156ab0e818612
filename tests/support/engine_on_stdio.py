"""A Docker engine's API on standard input and output, as `docker system dial-stdio` gives it.

usage: engine_on_stdio.py FOLDER

The folder has, for each image, NAME.json, what the engine says of it, and NAME.tar, its export; with NAME.endless the
export never ends. What is asked is added to FOLDER/asked.
"""

import http.server
import json
import pathlib
import sys
import urllib.parse


class Engine(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, folder):  # there is no socket, and none of what the base class does with it
        self.folder = folder
        self.rfile, self.wfile = sys.stdin.buffer, sys.stdout.buffer
        self.client_address = ("standard input", 0)

    def log_message(self, *_):
        pass

    def do_GET(self):
        words = urllib.parse.unquote(self.path).split("/")
        name, what = "/".join(words[2:-1]), words[-1]
        with open(self.folder / "asked", "a", encoding="utf-8") as log:
            log.write(f"{what} {name}\n")
        facts, archive = self.folder / f"{name}.json", self.folder / f"{name}.tar"
        if words[1] != "images" or what not in ("json", "get") or not facts.exists():
            self.answer(404, json.dumps({"message": f"No such image: {name}"}).encode())
        elif what == "json":
            self.answer(200, facts.read_bytes())
        else:
            self.export(archive, (self.folder / f"{name}.endless").exists())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def export(self, archive, endless):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.chunk(archive.read_bytes())
        while endless:
            self.chunk(bytes(1 << 20))
        self.chunk(b"")

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()


try:
    Engine(pathlib.Path(sys.argv[1])).handle()
except BrokenPipeError:
    sys.stderr.close()

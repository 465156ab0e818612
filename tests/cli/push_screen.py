"""What a push shows on a terminal: a line for each layer on its way and one for all, then the lines that stay.
A proxy in front of a real registry takes bodies piece by piece, as the test lets it."""

import json
import os
import pathlib
import pty
import random
import re
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

SUPPORT = pathlib.Path(__file__).resolve().parent.parent / "support"
sys.path.insert(0, str(SUPPORT))

import forwarder  # noqa: E402
import image_files  # noqa: E402
import loopback  # noqa: E402
import real_registry  # noqa: E402

PROGRAM = os.environ["SLIPWAY_PROGRAM"]
LAYER_SIZE = 32_000_000
SIZE = r"\d+(?:\.\d)? (?:B|kB|MB)"
LAYER = r"layer sha256:[0-9a-f]{12}"


def write_archive(path):
    """One layer that does not compress, larger than what lies in the buffers of a connection."""
    layers = [image_files.layer("noise", random.Random(1).randbytes(LAYER_SIZE))]
    image_files.write_archive(path, image_files.config("amd64", layers), layers)


class Proxy(loopback.Server):
    """Takes a piece of a large body for each time `pieces` is released."""

    def __init__(self, registry):
        super().__init__(Handler)
        self.registry = registry
        self.pieces = threading.Semaphore(0)
        self.free = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def let(self, everything=False):
        if everything:
            self.free.set()
        self.pieces.release()


class Handler(forwarder.Handler):
    chunk = 256 * 1024

    def serve(self):
        self.forward(self.server.registry.address)

    def counted(self):
        taken = 0
        for data in super().counted():
            taken += len(data)
            if taken > self.chunk and not self.server.free.is_set():
                self.server.pieces.acquire()
            yield data


class Screen:
    """As much of a terminal as the program uses: new lines, carriage returns, up, and erasing a line."""

    TOKEN = re.compile(r"\r|\n|\x1b\[[0-9?]*[A-Za-z]|[^\r\n\x1b]+")

    def __init__(self):
        self.lines, self.row, self.column = [""], 0, 0

    def feed(self, text):
        for token in self.TOKEN.findall(text):
            line = self.lines[self.row]
            if token == "\r":
                self.column = 0
            elif token == "\n":
                self.row += 1
                if self.row == len(self.lines):
                    self.lines.append("")
            elif token == "\x1b[K":
                self.lines[self.row] = line[: self.column]
            elif token == "\x1b[A":
                self.row -= 1
            elif token not in ("\x1b[?7l", "\x1b[?7h"):
                if token.startswith("\x1b"):
                    raise AssertionError(f"the program sends {token!r}")
                self.lines[self.row] = line[: self.column] + token + line[self.column + len(token) :]
                self.column += len(token)

    def shown(self):
        return [line for line in self.lines if line]


@unittest.skipUnless(
    all(map(shutil.which, real_registry.TOOLS)),
    f"{' or '.join(real_registry.TOOLS)} is not installed; tests/setup does it",
)
class OnATerminal(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        registry = real_registry.Registry(self.folder / "registry")
        self.addCleanup(registry.stop)
        self.proxy = Proxy(registry)
        self.image = f"{self.proxy.address}/web:v1"
        write_archive(self.folder / "image.tar")
        auth = {"auths": {self.proxy.address: {"auth": real_registry.LOGIN}}}
        (self.folder / "config.json").write_text(json.dumps(auth))

    def push(self, *options):
        """Starts the push; its standard error is a terminal of its own."""
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        command = [PROGRAM, "image", "push", f"docker-archive:{self.folder}/image.tar", self.image]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "DOCKER_CONFIG": str(self.folder)}
        process = subprocess.Popen(
            [*command, *options], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=slave
        )
        os.close(slave)
        self.addCleanup(process.stdout.close)
        return process, master

    def read(self, master, screen):
        """Feeds what there is, or comes soon; False at the end."""
        if not select.select([master], [], [], 0.05)[0]:
            return True
        try:
            data = os.read(master, 65536)
        except OSError:  # the other end was closed
            return False
        screen.feed(data.decode())
        return bool(data)

    def watch(self, process, master, expected):
        """Lets the body through until the screen shows lines that fit, then all of it."""
        screen, end, seen = Screen(), time.monotonic() + 60, False
        while self.read(master, screen):
            self.assertLess(time.monotonic(), end, screen.shown())
            shown = screen.shown()
            fits = len(shown) == len(expected) and all(map(re.fullmatch, expected, shown))
            seen = seen or fits
            self.proxy.let(everything=seen)
        self.assertTrue(seen, screen.shown())
        self.assertEqual(process.wait(60), 0, screen.shown())
        return screen.shown()

    def test_a_layer_on_its_way_has_a_line(self):
        process, master = self.push("--no-learn")
        shown = self.watch(
            process,
            master,
            [
                rf"configuration sha256:[0-9a-f]{{12}}: sent, {SIZE} in \d+\.\d s",
                rf"{LAYER}  {SIZE} of 32\.\d MB",
                rf"all  {SIZE} of 32\.\d MB, {SIZE}/s, \d+\.\d s left",
            ],
        )
        self.assertEqual(
            [re.sub(r"sha256:[0-9a-f]{12}", "DIGEST", re.sub(r"\d+\.\d s$", "TIME", line)) for line in shown],
            [
                "configuration DIGEST: sent, 173 B in TIME",
                "layer DIGEST: sent, 32.0 MB in TIME",
                f"pushed {self.image}",
                "32.0 MB sent, 0 B already there",
            ],
        )
        self.assertRegex(process.stdout.read().decode(), rf"^{re.escape(self.image)}@sha256:[0-9a-f]{{64}}\n$")

    def test_a_layer_that_is_still_being_compressed_has_a_line(self):
        process, master = self.push()
        shown = self.watch(
            process,
            master,
            [
                rf"configuration sha256:[0-9a-f]{{12}}: sent, {SIZE} in \d+\.\d s",
                rf"layer  {SIZE} so far",
                rf"all  {SIZE}, {SIZE}/s",
            ],
        )
        self.assertEqual(shown[-2:], [f"pushed {self.image}", "32.0 MB sent, 0 B already there"])


if __name__ == "__main__":
    unittest.main()

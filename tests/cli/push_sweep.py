"""A push is killed, cut off, or loses its registry at every point of its course: a real registry
(distribution) stands behind a proxy that strikes once, at the n-th time a request gets to some phase,
for all n. Afterwards every tag that is there names a whole image, and the same push again completes."""

import base64
import hashlib
import http.client
import io
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import unittest

SUPPORT = pathlib.Path(__file__).resolve().parent.parent / "support"
sys.path.insert(0, str(SUPPORT))

import forwarder  # noqa: E402
import loopback  # noqa: E402

PROGRAM = os.environ["SLIPWAY_PROGRAM"]
AUTHORIZATION = "Basic " + base64.b64encode(b"AWS:correct-horse").decode()
TAGS = ("v1", "latest")
# Where in a request the blow falls: when it came, after each piece of its body, and when the registry
# has done it but the client got no more than the answer's first lines (libcurl itself repeats what got
# no answer on a connection it had used before).
PHASES = ("asked", "sending", "done")
MANIFEST_TYPES = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
TOOLS = ("docker-registry", "htpasswd")


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def layer(name, data):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def write_archive(path):
    """What `docker save` writes; the layers do not compress, so that bodies have several pieces."""
    noise = random.Random(1)
    layers = [layer(f"file-{i}", noise.randbytes(size)) for i, size in enumerate((200_000, 150_000, 100))]
    config = json.dumps({
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": [sha256(data) for data in layers]},
    }).encode()  # fmt: skip
    files = {f"{i}/layer.tar": data for i, data in enumerate(layers)}
    manifest = [{"Config": "config.json", "RepoTags": ["acme/web:v1"], "Layers": list(files)}]
    files |= {"config.json": config, "manifest.json": json.dumps(manifest).encode()}
    with tarfile.open(path, "w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


class Registry:
    """The real thing, with a password; what it holds outlives it."""

    def __init__(self, folder):
        self.folder = folder
        line = subprocess.run(
            ["htpasswd", "-nbB", "-C", "4", "AWS", "correct-horse"], check=True, capture_output=True, text=True
        ).stdout
        (folder / "htpasswd").write_text(line.strip() + "\n")
        (folder / "registry.yml").write_text(
            "version: 0.1\nlog: {level: info, accesslog: {disabled: true}}\n"
            f"storage: {{filesystem: {{rootdirectory: {folder}/registry}}}}\n"
            'http: {addr: "127.0.0.1:0"}\n'
            f"auth: {{htpasswd: {{realm: test, path: {folder}/htpasswd}}}}\n"
        )
        self.start()

    def start(self):
        log = self.folder / "registry.log"
        with open(log, "wb") as out:
            command = ["docker-registry", "serve", str(self.folder / "registry.yml")]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        end = time.monotonic() + 60
        while not (match := re.search(r"listening on (127\.0\.0\.1:\d+)", log.read_text(errors="replace"))):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("the registry does not start:\n" + log.read_text(errors="replace"))
            time.sleep(0.005)
        self.host = match[1]

    def stop(self):
        self.process.kill()
        self.process.wait()

    def get(self, path, method="GET"):
        headers = {"Authorization": AUTHORIZATION, "Accept": MANIFEST_TYPES}
        status, _, body = loopback.exchange(self.host, method, f"/v2/{path}", headers, None)
        return status, body

    def image(self, repository, tag):
        """The digest of what a tag names, once all its parts are there and are what their digests say."""
        status, manifest = self.get(f"{repository}/manifests/{tag}")
        if status != 200:
            raise AssertionError(f"{repository}:{tag}: the manifest is answered with {status}")
        value = json.loads(manifest)
        for part in (value["config"], *value["layers"]):
            status, blob = self.get(f"{repository}/blobs/{part['digest']}")
            if status != 200 or sha256(blob) != part["digest"] or len(blob) != part["size"]:
                raise AssertionError(f"{repository}:{tag} lacks {part['digest']}: {status}, {len(blob)} bytes")
        return sha256(manifest)

    def images(self, repository):
        status, body = self.get(f"{repository}/tags/list")
        tags = json.loads(body).get("tags") or [] if status == 200 else []
        return {tag: self.image(repository, tag) for tag in tags}


class Proxy(loopback.Server):
    """Stands in front of the registry and strikes once, at the request and phase it is told."""

    def __init__(self, registry):
        super().__init__(Handler)
        self.registry = registry
        self.lock = threading.Lock()
        self.storing = 0
        self.stored = threading.Condition()
        self.arm(None)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def arm(self, blow, phase="", number=0):
        self.blow, self.phase, self.number = blow, phase, number
        self.struck, self.premature, self.times = False, [], dict.fromkeys(PHASES, 0)

    def reached(self, phase):
        """Whether the blow fell here."""
        with self.lock:
            number = self.times[phase]
            self.times[phase] += 1
            if self.struck or self.blow is None or (phase, number) != (self.phase, self.number):
                return False
            self.struck = True
            self.blow()
        return True

    def count_storing(self, change):
        """Counts the requests that the registry has whole and has not answered yet."""
        with self.stored:
            self.storing += change
            self.stored.notify_all()

    def let_store(self):
        """Waits until it is not writing: a registry that is killed over a file leaves a damaged one."""
        with self.stored:
            if not self.stored.wait_for(lambda: self.storing == 0, 60):
                raise RuntimeError("the registry does not answer")


class Handler(forwarder.Handler):
    chunk = 64 * 1024
    asked_whole = False
    # The client gets no answer; it is cut off only when the registry has stored what it had got whole.
    silent = False

    def note_whole(self, whole):
        if self.asked_whole != whole:
            self.asked_whole = whole
            self.server.count_storing(1 if whole else -1)

    def cut(self):
        raise ConnectionError("struck")

    def serve(self):
        self.sent, self.silent = 0, False
        if self.server.reached("asked"):
            self.cut()
        has_body = "Transfer-Encoding" in self.headers or int(self.headers.get("Content-Length") or 0) > 0
        self.note_whole(not has_body)
        try:
            self.forward(self.server.registry.host)
        except http.client.HTTPException as e:
            raise ConnectionError("the registry went away") from e
        finally:
            self.note_whole(False)

    def counted(self):
        body = bytearray()
        for data in super().counted():
            body += data
            yield data
            if self.server.reached("sending"):
                self.silent = True
                if self.sent != int(self.headers.get("Content-Length") or -1):
                    self.cut()
        if self.command == "PUT" and "/manifests/" in self.path:
            self.must_be_whole(json.loads(body))
        self.note_whole(True)

    def must_be_whole(self, manifest):
        """A manifest comes last: all that it names must be in the registry by now."""
        repository = self.path.removeprefix("/v2/").split("/manifests/")[0]
        for part in (manifest["config"], *manifest["layers"]):
            if self.server.registry.get(f"{repository}/blobs/{part['digest']}", "HEAD")[0] != 200:
                self.server.premature.append(part["digest"])

    def copy_answer(self, answer):
        self.note_whole(False)
        if self.silent:
            self.cut()
        if self.server.reached("done"):
            self.send_response_only(answer.status)
            self.send_header("Date", "Mon, 02 Nov 2026 00:00:00 GMT")
            self.flush_headers()
            self.cut()
        return super().copy_answer(answer)


@unittest.skipUnless(all(map(shutil.which, TOOLS)), f"{' or '.join(TOOLS)} is not installed; tests/setup does it")
class Sweep(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.registry = Registry(cls.folder)
        cls.addClassCleanup(lambda: cls.registry.stop())
        cls.proxy = Proxy(cls.registry)
        cls.archive = cls.folder / "image.tar"
        write_archive(cls.archive)
        auth = {"auths": {cls.proxy.address: {"auth": AUTHORIZATION.removeprefix("Basic ")}}}
        (cls.folder / "config.json").write_text(json.dumps(auth))
        cls.env = {"PATH": os.environ["PATH"], "HOME": str(cls.folder), "DOCKER_CONFIG": str(cls.folder)}
        cls.digest = cls.pushed("undisturbed")
        cls.times = dict(cls.proxy.times)

    @classmethod
    def start(cls, repository):
        """Begins the push; its lines go to a file, so that nothing waits for a reader."""
        command = [PROGRAM, "image", "push", f"docker-archive:{cls.archive}"]
        command += [f"{cls.proxy.address}/{repository}:{tag}" for tag in TAGS]
        with open(cls.folder / "told", "wb") as out:
            return subprocess.Popen(command, env=cls.env, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    @classmethod
    def pushed(cls, repository):
        """Pushes undisturbed; returns the digest that all tags name."""
        status = cls.start(repository).wait(60)
        images = cls.registry.images(repository)
        if status != 0 or set(images) != set(TAGS) or len(set(images.values())) != 1:
            raise AssertionError(f"{repository}: exit {status}, {images}:\n{(cls.folder / 'told').read_text()}")
        return images[TAGS[0]]

    def strike_everywhere(self, kind, blow, expected):
        """One push per point; `blow` gets the process, `expected` is the exit of a push that was struck."""
        struck = 0
        for phase in PHASES:
            for number in range(self.times[phase]):
                with self.subTest(kind=kind, phase=phase, number=number):
                    struck += self.strike(f"{kind}/{phase}-{number}", phase, number, blow, expected)
        # How bodies fall into pieces may differ from run to run, the requests do not.
        self.assertGreaterEqual(struck, self.times["asked"] + self.times["done"])

    def strike(self, repository, phase, number, blow, expected):
        started = threading.Event()

        def blow_when_started():
            started.wait()
            blow(process)

        self.proxy.arm(blow_when_started, phase, number)
        process = self.start(repository)
        started.set()
        status = process.wait(60)
        struck = self.proxy.struck
        self.assertEqual(status, expected if struck else 0, (self.folder / "told").read_text())
        self.assertEqual(self.proxy.premature, [])
        self.assertLessEqual(set(self.registry.images(repository).values()), {self.digest})
        self.proxy.arm(None)
        self.assertEqual(self.pushed(repository), self.digest)
        return struck

    def test_a_push_that_was_killed_completes_when_it_is_run_again(self):
        def kill(process):
            process.kill()
            process.wait()

        self.strike_everywhere("kill", kill, -signal.SIGKILL)

    def test_a_connection_that_is_cut_is_made_again(self):
        self.strike_everywhere("cut", lambda _: None, 0)

    def test_a_registry_that_is_restarted_gets_all_there_is(self):
        def restart(_):
            self.proxy.let_store()
            self.registry.stop()
            self.registry.start()

        self.strike_everywhere("restart", restart, 0)


if __name__ == "__main__":
    unittest.main()

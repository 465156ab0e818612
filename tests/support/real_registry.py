"""A real registry (distribution) on loopback, with a password, and a judge of what it holds."""

import base64
import json
import re
import subprocess
import time

import loopback
from image_files import INDEX, MANIFEST, sha256

TOOLS = ("docker-registry", "htpasswd")
LOGIN = base64.b64encode(b"AWS:correct-horse").decode()
HEADERS = {
    "Authorization": "Basic " + LOGIN,
    "Accept": f"{INDEX}, {MANIFEST}, application/vnd.docker.distribution.manifest.v2+json",
}


class Registry:
    """What it holds outlives it. The login is AWS with the password "correct-horse"."""

    def __init__(self, folder):
        folder.mkdir()
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
        self.address = match[1]

    def stop(self):
        self.process.kill()
        self.process.wait()

    def restart(self):
        self.stop()
        self.start()

    def image(self, repository, tag):
        """The digest of what a tag names, once all that belongs to it is there; None when it names nothing."""
        status, _, document = loopback.exchange(self.address, "GET", f"/v2/{repository}/manifests/{tag}", HEADERS, None)
        if status == 404:
            return None
        if status != 200:
            raise AssertionError(f"{repository}:{tag}: the manifest is answered with {status}")
        if missing := self.missing(repository, json.loads(document)):
            raise AssertionError(f"{repository}:{tag} lacks {missing}")
        return sha256(document)

    def missing(self, repository, document):
        """What a manifest or an index names and the repository does not have, or has with other bytes; children of an
        index with all that they name."""
        lost = []
        for child in document.get("manifests", []):
            if (data := self.stored(repository, "_manifests/revisions", child)) is None:
                lost.append(child["digest"])
            else:
                lost += self.missing(repository, json.loads(data))
        blobs = [document["config"], *document["layers"]] if "config" in document else []
        return lost + [blob["digest"] for blob in blobs if self.stored(repository, "_layers", blob) is None]

    def stored(self, repository, kind, descriptor):
        """The bytes as they lie on the disk, where looking is a hundred times faster than asking; None when the
        registry would not find them."""
        root = self.folder / "registry/docker/registry/v2"
        digest, name = descriptor["digest"], descriptor["digest"].removeprefix("sha256:")
        try:
            link = (root / "repositories" / repository / kind / "sha256" / name / "link").read_text()
            data = (root / "blobs/sha256" / name[:2] / name / "data").read_bytes()
        except FileNotFoundError:
            return None
        return data if link == digest == sha256(data) and len(data) == descriptor["size"] else None

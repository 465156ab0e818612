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


def first_difference(data, other):
    """Where two strings of bytes differ first; None when they are the same."""
    if data == other:
        return None
    return next((i for i, (a, b) in enumerate(zip(data, other, strict=False)) if a != b), min(len(data), len(other)))


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

    def has_any(self, repository):
        """Whether a blob has arrived in the repository."""
        return (self.folder / "registry/docker/registry/v2/repositories" / repository / "_layers").exists()

    def missing(self, repository, document):
        """What a manifest or an index names and the repository does not have, or has with other bytes; children of an
        index with all that they name."""
        lost = []
        for child in document.get("manifests", []):
            data, wrong = self.stored(repository, "_manifests/revisions", child)
            lost += [f"{child['digest']} ({wrong})"] if wrong else self.missing(repository, json.loads(data))
        for blob in [document["config"], *document["layers"]] if "config" in document else []:
            _, wrong = self.stored(repository, "_layers", blob)
            lost += [f"{blob['digest']} ({wrong})"] if wrong else []
        return lost

    def differences(self, image, like):
        """How two images differ, each a pair of repository and tag; a line for each part of the first that is not the
        second's: which, how long, and where the first byte is that differs."""
        parts, others = self.parts(*image), self.parts(*like)
        lines = [
            f"{name}, {len(data)} bytes, differs from {other_name}, {len(other)} bytes, "
            f"at byte {at}: {data[at : at + 16].hex()} instead of {other[at : at + 16].hex()}"
            for (name, data), (other_name, other) in zip(parts, others, strict=False)
            if (at := first_difference(data, other)) is not None
        ]
        if len(parts) != len(others):
            lines.append(f"{len(parts)} parts instead of {len(others)}")
        return lines

    def parts(self, repository, reference):
        """The name and the bytes of a manifest or an index, and of all that it names; no bytes where there are none."""
        _, _, data = loopback.exchange(self.address, "GET", f"/v2/{repository}/manifests/{reference}", HEADERS, None)
        document = json.loads(data)
        parts = [("manifest " + sha256(data), data)]
        for child in document.get("manifests", []):
            parts += self.parts(repository, child["digest"])
        for blob in [document["config"], *document["layers"]] if "config" in document else []:
            name = blob["digest"].removeprefix("sha256:")
            path = self.folder / "registry/docker/registry/v2/blobs/sha256" / name[:2] / name / "data"
            parts.append(("blob " + blob["digest"], path.read_bytes() if path.exists() else b""))
        return parts

    def stored(self, repository, kind, descriptor):
        """The bytes as they lie on the disk, where looking is a hundred times faster than asking, and None; or None and
        why the registry would not find them, or find others."""
        root = self.folder / "registry/docker/registry/v2"
        digest, size = descriptor["digest"], descriptor["size"]
        name = digest.removeprefix("sha256:")
        try:
            link = (root / "repositories" / repository / kind / "sha256" / name / "link").read_text()
            data = (root / "blobs/sha256" / name[:2] / name / "data").read_bytes()
        except FileNotFoundError as e:
            return None, f"there is no {e.filename}"
        if link != digest:
            return None, f'its link is "{link}"'
        if sha256(data) != digest or len(data) != size:
            return None, f"{len(data)} bytes instead of {size}, which are {sha256(data)}"
        return data, None

#!/usr/bin/env python3
"""The docker of a machine that has buildx and emulators, made of one that lacks them: builds for several platforms, which
buildx would write to a file in OCI's format, are put together of one build each. Everything else goes to the docker that
comes next on PATH.

    buildx.py ENGINE ARGUMENTS...     ENGINE is the other docker
"""

import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile

DOCKER_MANIFEST, OCI = "manifest.json", "application/vnd.oci.image"


class Layout:
    """An OCI layout in a tar file."""

    def __init__(self, path):
        self.tar = tarfile.open(path, "w")  # noqa: SIM115 closed below
        self.seen = set()

    def add(self, name, data):
        info = tarfile.TarInfo(name)
        info.size = len(data)
        self.tar.addfile(info, io.BytesIO(data))

    def blob(self, kind, data):
        """The descriptor of these bytes, which are in the layout now."""
        digest = hashlib.sha256(data).hexdigest()
        if digest not in self.seen:
            self.seen.add(digest)
            self.add(f"blobs/sha256/{digest}", data)
        return {"mediaType": f"{OCI}.{kind}", "digest": f"sha256:{digest}", "size": len(data)}

    def image(self, archive, platform):
        """Takes over an image that docker saved, as one of this platform."""
        with tarfile.open(archive) as saved:

            def read(name):
                return saved.extractfile(name).read()

            entry = json.loads(read(DOCKER_MANIFEST))[0]
            layers = [self.blob("layer.v1.tar+gzip", gzip.compress(read(name), 1, mtime=0)) for name in entry["Layers"]]
            system, _, architecture = platform.partition("/")
            config = {**json.loads(read(entry["Config"])), "os": system, "architecture": architecture}
            config = self.blob("config.v1+json", json.dumps(config).encode())
        manifest = {"schemaVersion": 2, "mediaType": f"{OCI}.manifest.v1+json", "config": config, "layers": layers}
        descriptor = self.blob("manifest.v1+json", json.dumps(manifest).encode())
        return {**descriptor, "platform": {"os": system, "architecture": architecture}}

    def close(self, images):
        index = {"schemaVersion": 2, "mediaType": f"{OCI}.index.v1+json", "manifests": images}
        whole = self.blob("index.v1+json", json.dumps(index).encode())
        self.add("index.json", json.dumps({"schemaVersion": 2, "manifests": [whole]}).encode())
        self.add("oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
        self.tar.close()


def split(words):
    """The options that only buildx knows, and everything else."""
    ours, others = {}, []
    words = iter(words)
    for word in words:
        name, _, value = word.partition("=")
        if name in ("--builder", "--output", "--platform", "--cache-to", "--cache-from", "--secret"):
            ours[name] = value or next(words)
        elif name == "--load":
            ours[name] = value
        else:
            others.append(word)
    return ours, others


def build(engine, words):
    ours, others = split(words)
    platforms = ours.get("--platform", "").split(",")
    if len(platforms) == 1:
        platform = [f"--platform={platforms[0]}"] if platforms[0] else []
        # The cache of docker's old builder takes one platform for the other.
        fresh = ["--no-cache"] if "DOCKER_DEFAULT_PLATFORM" in os.environ else []
        return subprocess.run([engine, "build", *platform, *fresh, *others], check=False).returncode
    target = dict(part.split("=", 1) for part in ours["--output"].split(","))["dest"]
    os.environ.pop("DOCKER_DEFAULT_PLATFORM", None)
    layout, images = Layout(target), []
    for platform in platforms:
        with tempfile.TemporaryDirectory() as scratch:
            name, archive = f"one-of-several:{os.getpid()}", f"{scratch}/image.tar"
            # An image to begin with is there for one platform only.
            status = subprocess.run([engine, "build", "-t", name, *others], check=False).returncode
            if status:
                return status
            subprocess.run([engine, "save", "-o", archive, name], check=True)
            subprocess.run([engine, "rmi", "--no-prune", name], check=True, stdout=subprocess.DEVNULL)
            images.append(layout.image(archive, platform))
    layout.close(images)
    return 0


def main():
    engine, *words = sys.argv[1:]
    if words[:1] == ["buildx"] and words[1] != "build":
        return 0
    if words[:1] == ["run"] and any(word.startswith("tonistiigi/binfmt") for word in words):
        return 0
    if words[:1] == ["buildx"]:
        return build(engine, words[2:])
    if words[:1] == ["build"]:
        return build(engine, words[1:])
    os.execv(engine, [engine, *words])


if __name__ == "__main__":
    sys.exit(main())

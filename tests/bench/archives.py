"""Image archives as "docker save" writes them, made of data that compresses like a real file system.

The bytes come from the files under /usr, so that a compressor works as hard as it does in practice.
"""

import hashlib
import io
import json
import os
import random
import tarfile

MB = 1000 * 1000


def system_bytes(limit):
    """Up to `limit` bytes of this system's programs and libraries, read file after file."""
    chunks, size = [], 0
    for folder in ("/usr/lib", "/usr/bin", "/usr/share"):
        for path, folders, files in os.walk(folder):
            folders.sort()
            for name in sorted(files):
                full = os.path.join(path, name)
                if os.path.islink(full) or not os.path.isfile(full):
                    continue
                try:
                    with open(full, "rb") as file:
                        data = file.read(16 * MB)
                except OSError:
                    continue
                chunks.append(data)
                size += len(data)
                if size >= limit:
                    return b"".join(chunks)[:limit]
    return b"".join(chunks)


def layer_tar(name, data):
    """An uncompressed layer: one file of `data`, padded to the end of the archive."""
    header = tarfile.TarInfo(name)
    header.size = len(data)
    header.mtime = 0
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        tar.addfile(header, io.BytesIO(data))
    return out.getvalue()


def write_archive(path, reference, layers):
    """`layers` is a list of uncompressed layer tars; writes a docker-archive and returns its size."""
    diff_ids = ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers]
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "history": [{"created_by": "bench"} for _ in layers],
        }
    ).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    names = [f"{n:04d}/layer.tar" for n in range(len(layers))]
    manifest = [{"Config": config_name, "RepoTags": [reference], "Layers": names}]
    entries = list(zip(names, layers)) + [
        (config_name, config),
        ("manifest.json", json.dumps(manifest).encode()),
    ]
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for name, data in entries:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return os.path.getsize(path)


class Pool:
    """Slices of system bytes, different for each call, and incompressible data on request."""

    def __init__(self, size):
        self.data = system_bytes(size)
        self.offset = 0
        self.random = random.Random(1)

    def take(self, size):
        out = bytearray()
        while len(out) < size:
            if self.offset >= len(self.data):
                self.offset = 0
            part = self.data[self.offset : self.offset + size - len(out)]
            self.offset += len(part)
            out += part
        return bytes(out)

    def noise(self, size):
        return self.random.randbytes(size)



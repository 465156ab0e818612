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


def system_files():
    """The files below /usr, in an order that mixes all kinds."""
    found = []
    for folder in ("/usr/lib", "/usr/bin", "/usr/share"):
        for path, _, names in os.walk(folder):
            for name in names:
                full = os.path.join(path, name)
                if not os.path.islink(full) and os.path.isfile(full):
                    found.append(full)
    return sorted(found, key=lambda full: hashlib.sha1(full.encode(errors="replace")).digest())


def system_bytes(limit):
    """Up to `limit` bytes of this system's programs, libraries and data, file after file."""
    chunks, size = [], 0
    for full in system_files():
        try:
            with open(full, "rb") as file:
                data = file.read(16 * MB)
        except OSError:
            continue
        chunks.append(data)
        size += len(data)
        if size >= limit:
            break
    return b"".join(chunks)[:limit]


def layer_tar(name, data):
    """An uncompressed layer: one file of `data`, padded to the end of the archive."""
    header = tarfile.TarInfo(name)
    header.size = len(data)
    header.mtime = 0
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        tar.addfile(header, io.BytesIO(data))
    return out.getvalue()


def write_parts(path, reference, diff_ids, add_layers):
    """Writes a docker-archive; add_layers(tar, names) adds the layers."""
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "history": [{"created_by": "bench"} for _ in diff_ids],
        }
    ).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    names = [f"{n:04d}/layer.tar" for n in range(len(diff_ids))]
    manifest = [{"Config": config_name, "RepoTags": [reference], "Layers": names}]
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT, copybufsize=MB) as tar:
        add_layers(tar, names)
        for name, data in [(config_name, config), ("manifest.json", json.dumps(manifest).encode())]:
            add_file(tar, name, len(data), io.BytesIO(data))


def add_file(tar, name, size, file):
    info = tarfile.TarInfo(name)
    info.size = size
    tar.addfile(info, file)


def write_archive(path, reference, layers):
    """`layers` is a list of uncompressed layer tars."""

    def add_layers(tar, names):
        for name, layer in zip(names, layers):
            add_file(tar, name, len(layer), io.BytesIO(layer))

    write_parts(path, reference, ["sha256:" + hashlib.sha256(layer).hexdigest() for layer in layers], add_layers)


class Hashing:
    """A file that hashes what is written to it."""

    def __init__(self, path):
        self.file = open(path, "w+b")
        self.hash = hashlib.sha256()

    def write(self, data):
        self.hash.update(data)
        return self.file.write(data)


class Endless:
    """The bytes of the pool over and over, cut at different places: what repeats is far away."""

    def __init__(self, pool):
        self.pool = pool

    def read(self, size):
        return self.pool.take(size)


def write_huge(path, reference, pool, sizes):
    """An archive with layers of so many MB, written without holding one of them."""
    layers = []
    for n, size in enumerate(sizes):
        layer = Hashing(f"{path}.{n}")
        with tarfile.open(fileobj=layer, mode="w|", format=tarfile.GNU_FORMAT, copybufsize=MB) as tar:
            add_file(tar, f"huge{n}", size * MB, Endless(pool))
        layers.append(layer)

    def add_layers(tar, names):
        for name, layer in zip(names, layers):
            size = layer.file.tell()
            layer.file.seek(0)
            add_file(tar, name, size, layer.file)
            layer.file.close()

    write_parts(path, reference, ["sha256:" + layer.hash.hexdigest() for layer in layers], add_layers)
    for layer in layers:
        os.remove(layer.file.name)


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



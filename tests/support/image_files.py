"""Images as files: what `docker save` writes, and OCI image layouts."""

import hashlib
import io
import json
import tarfile

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def write_tar(out, files):
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def layer(name, data):
    """A layer with one file, not compressed."""
    out = io.BytesIO()
    write_tar(out, {name: data})
    return out.getvalue()


def config(architecture, layers):
    """The configuration of an image with these layers, which are not compressed."""
    return json.dumps({
        "architecture": architecture, "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": [sha256(data) for data in layers]},
    }).encode()  # fmt: skip


def write_archive(path, configuration, layers):
    """What `docker save` writes."""
    files = {f"{i}/layer.tar": data for i, data in enumerate(layers)}
    manifest = [{"Config": "config.json", "RepoTags": ["acme/web:v1"], "Layers": list(files)}]
    files |= {"config.json": configuration, "manifest.json": json.dumps(manifest).encode()}
    with open(path, "wb") as out:
        write_tar(out, files)


class Layout:
    """An OCI image layout in a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.blobs = folder / "blobs" / "sha256"
        self.blobs.mkdir(parents=True)

    def add(self, media_type, data):
        digest = sha256(data)
        (self.blobs / digest.removeprefix("sha256:")).write_bytes(data)
        return {"mediaType": media_type, "digest": digest, "size": len(data)}

    def add_document(self, media_type, members):
        return self.add(media_type, json.dumps({"schemaVersion": 2, "mediaType": media_type} | members).encode())

    def finish(self, root):
        (self.folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        (self.folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [root]}))

"""What a push sent: reads the registry proxy's log on stdin, and the image's manifest from a file.

    pushed.py MANIFEST < log.json
"""

import json
import re
import sys
import urllib.parse

UPLOAD = re.compile(r"/v2/.+/blobs/uploads/([^?]*)\??(.*)")


def uploads(log):
    """Digest and bytes of each blob that was uploaded."""
    sent, finished = {}, []
    for entry in log:
        match = UPLOAD.match(entry["path"])
        if not match:
            continue
        session, query = match.groups()
        sent[session] = sent.get(session, 0) + entry["sent"]
        digest = urllib.parse.parse_qs(query).get("digest")
        if digest and entry["status"] == 201:
            finished.append((digest[0], sent.pop(session)))
    return finished


def size(count):
    for unit in ("B", "kB", "MB"):
        if count < 1000 or unit == "MB":
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return ""


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        manifest = json.load(file)
    done = dict(uploads(json.load(sys.stdin)))
    layers = manifest["layers"]
    for number, layer in enumerate(layers, 1):
        name = f"layer {number} of {len(layers)}"
        there = size(done[layer["digest"]]) + " uploaded" if layer["digest"] in done else "was there already"
        print(f"  {name:<15}{size(layer['size']):>9}   {there}")
    total = sum(done.values())
    print(f"  {'sent':<15}{size(total):>9}   layers and configuration, {len(done)} uploads")


if __name__ == "__main__":
    main()

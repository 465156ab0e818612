"""Exits 0 when this Python has exactly the packages that a requirements file pins."""

import importlib.metadata
import re
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    pins = re.findall(r"^([\w-]+)(?:\[[\w,-]+\])?==(\S+)", file.read(), re.MULTILINE)
for name, version in pins:
    try:
        if importlib.metadata.version(name) != version:
            sys.exit(1)
    except importlib.metadata.PackageNotFoundError:
        sys.exit(1)

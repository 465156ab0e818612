"""Whether two YAML files hold the same values, whatever they look like. Prints what differs.

usage: same_values.py [--legacy] FILE OFFICIAL-FILE

--legacy knows what CircleCI's program of the 0.1 line does to the usage of an example: it writes the version as a text and
drops what was not there when it was written, such as parameters.
"""

import sys

import yaml

KEPT_IN_USAGE = {"version", "setup", "orbs", "jobs", "workflows"}


def load(path):
    with open(path, encoding="utf-8") as file:
        return yaml.safe_load(file)


def as_legacy(orb):
    for example in (orb.get("examples") or {}).values():
        usage = {key: value for key, value in example["usage"].items() if key in KEPT_IN_USAGE}
        example["usage"] = {**usage, "version": str(usage["version"])}
    return orb


def differences(one, other, path):
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys(), key=str):
            if key in one and key in other:
                yield from differences(one[key], other[key], f"{path}/{key}")
            else:
                yield f"{path}/{key}: only in {'the first' if key in one else 'the second'}"
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, pair in enumerate(zip(one, other)):
            yield from differences(*pair, f"{path}/{index}")
    elif type(one) is not type(other) or one != other:
        yield f"{path}: {one!r:.200} and {other!r:.200}"


def main():
    words = sys.argv[1:]
    own, official = load(words[-2]), load(words[-1])
    found = list(differences(as_legacy(own) if "--legacy" in words else own, official, ""))
    print("\n".join(found))
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Runs configurations from their first job to their last and compares what became of them with what is expected.

    run.py [--write] [--verbose] FOLDER [NAME...]

FOLDER holds cases (see case.py): "examples", for the orb's examples of the same names, or "shapes".
"""

import argparse
import concurrent.futures
import os
import pathlib
import queue
import sys
import tempfile
import time

import yaml

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import case as cases  # noqa: E402
import ground as place  # noqa: E402
import parts  # noqa: E402

GROUNDS = 2


def example(path):
    """The configuration of the orb's example of this name, without what is behind a "-"; None when a case has its own."""
    source = place.ROOT / "orb/examples" / f"{path.stem.partition('-')[0]}.yml"
    return yaml.safe_load(source.read_text())["usage"] if path.parent.name == "examples" else None


def run_one(path, grounds, folder, options):
    case = cases.Case(path, example(path))
    ground = grounds.get()
    started = time.monotonic()
    said = []
    try:
        text = case.run(ground, folder, log=said.append)
    except ValueError as error:
        text = f"does not compile: {error}\n"
    finally:
        grounds.put(ground)
    if options.write:
        case.write(text)
    difference = "" if options.write else case.difference(text)
    if options.verbose or difference:
        print("\n".join(said), flush=True)
    return case.name, difference, time.monotonic() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write what came down as what is expected")
    parser.add_argument("--verbose", action="store_true", help="print what the jobs say")
    parser.add_argument("folder")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    paths = sorted((HERE / options.folder).glob("*.txt"))
    if options.folder == "examples":
        missing = {p.stem for p in (place.ROOT / "orb/examples").glob("*.yml")} ^ {p.stem.partition("-")[0] for p in paths}
        if missing and not options.write:
            sys.exit(f"examples and their cases differ: {', '.join(sorted(missing))}")
    paths = [path for path in paths if not options.names or path.stem in options.names]
    failed = 0
    with tempfile.TemporaryDirectory(prefix="slipway-configs-") as scratch, place.Ground(docker=True) as first, \
            place.Ground(docker=True) as second:  # fmt: skip
        grounds = queue.Queue()
        for ground in (first, second):
            grounds.put(ground)
        with concurrent.futures.ThreadPoolExecutor(GROUNDS) as pool:
            for name, difference, seconds in pool.map(
                lambda path: run_one(path, grounds, pathlib.Path(scratch), options), paths
            ):
                failed += bool(difference)
                print(f"{'not ok' if difference else 'ok'} {name} ({seconds:.1f} s)", flush=True)
                if difference:
                    print(difference, flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    try:
        sys.exit(main())
    except parts.CannotStart as error:
        sys.exit(f"error: {error}")

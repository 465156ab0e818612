#!/usr/bin/env python3
"""Runs configurations from their first job to their last and compares what became of them with what is expected.

    run.py [--write] [--verbose] FOLDER [NAME...]

FOLDER holds cases (see case.py): "examples", for the orb's examples of the same names, or "shapes".
"""

import argparse
import concurrent.futures
import contextlib
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


def run_one(case, grounds, folder, options):
    ground = grounds.get()
    started = time.monotonic()
    said = []
    try:
        text = case.run(ground, folder, said.append)
    except place.DoesNotCompile as error:
        text = "".join(f"does not compile: {problem}\n" for problem in error.problems)
    finally:
        grounds.put(ground)
    if options.write:
        case.write(text)
    difference = "" if options.write else case.difference(text)
    if options.verbose or difference:
        print("\n".join(said), flush=True)
    return text, difference, time.monotonic() - started


def run_all(made, options, stories=None):
    """Runs cases side by side; 1 when one did not come as expected."""
    made = [case for case in made if not options.names or case.name in options.names]
    failed = 0
    with contextlib.ExitStack() as stack:
        scratch = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="slipway-configs-")))
        grounds = queue.Queue()
        for _ in range(min(GROUNDS, len(made))):
            grounds.put(stack.enter_context(place.Ground(docker=True)))
        with concurrent.futures.ThreadPoolExecutor(GROUNDS) as pool:
            results = pool.map(lambda case: run_one(case, grounds, scratch, options), made)
            for case, (text, difference, seconds) in zip(made, results):
                failed += bool(difference)
                print(f"{'not ok' if difference else 'ok'} {case.name} ({seconds:.1f} s)", flush=True)
                if difference:
                    print(difference, flush=True)
                if stories is not None:
                    stories[case.name] = text
    return 1 if failed else 0


def read_options(folder):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write what came down as what is expected")
    parser.add_argument("--verbose", action="store_true", help="print what the jobs say")
    if folder:
        parser.add_argument("folder")
    parser.add_argument("names", nargs="*")
    return parser.parse_args()


def finish(main):
    try:
        sys.exit(main())
    except parts.CannotStart as error:
        sys.exit(f"error: {error}")


def main():
    options = read_options(folder=True)
    paths = sorted((HERE / options.folder).glob("*.txt"))
    if options.folder == "examples":
        missing = {p.stem for p in (place.ROOT / "orb/examples").glob("*.yml")} ^ {p.stem.partition("-")[0] for p in paths}
        if missing:
            sys.exit(f"examples and their cases differ: {', '.join(sorted(missing))}")
    return run_all([cases.Case(path, example(path)) for path in paths], options)


if __name__ == "__main__":
    finish(main)

"""Runs slipway and its peers in turn on the same input and prints medians and ratios."""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from functools import partial

import archives
import tools
from machines import MB, Engine, Measure, Registry, fresh_machine, machine, storage_folder

TITLES = {
    "startup": "Start of the program (--version)",
    "push-cold": "docker-archive of {scale} MB to an empty repository",
    "push-small-change": "docker-archive on a fresh machine, all but a 1 MB layer already in the repository",
    "push-unchanged": "docker-archive on a fresh machine, everything there, under a new tag",
    "push-one-layer": "docker-archive with one layer of {one} MB to an empty repository",
    "push-many-layers": "docker-archive with 100 layers, {scale} MB together, to an empty repository",
    "push-incompressible": "docker-archive of {noise} MB that do not compress, to an empty repository",
    "daemon-cold": "docker-daemon, {scale} MB, to an empty repository",
    "daemon-known": "docker-daemon on a fresh machine, everything there, under a new tag",
    "layers": "docker-archive with 10, 100 and 1000 layers of {small} kB each",
    "memory": "docker-archive of {huge} MB with one layer of {huge_layer} MB",
}
# What a scenario is held against: its name, the peer ("floor" is no peer), the ratio.
GOALS = [
    ("push-cold", "skopeo", 0.25), ("push-cold", "crane", 0.25), ("push-cold", "floor", 1.6),
    ("push-small-change", "skopeo", 0.03), ("push-small-change", "crane", 0.03),
    ("daemon-cold", "docker", 0.45),
]  # fmt: skip


class Bench:
    def __init__(self, args):
        self.args = args
        self.slipway = os.path.abspath(args.slipway)
        self.folder = tempfile.mkdtemp(prefix="slipway-bench-", dir="/var/tmp")
        self.storage = storage_folder(self.folder)
        self.pool = archives.Pool(600 * MB)
        self.engine = None
        self.images = {}
        self.seeds = {}
        self.results = {}

    def close(self):
        if self.engine:
            self.engine.stop()
        for folder in (self.folder, self.storage):
            shutil.rmtree(folder, ignore_errors=True)

    def registry(self, seed=None):
        return Registry(self.args.registry, self.storage, seed)

    # The images, each made when it is wanted.

    def image(self, name):
        if name not in self.images:
            path = os.path.join(self.folder, f"{name}.tar")
            getattr(self, f"make_{name}")(path)
            self.images[name] = path
        return self.images[name]

    def layer(self, name, size):
        return archives.layer_tar(name, self.pool.take(size))

    def make_one(self, path):
        scale = self.args.scale * MB
        self.big = [self.layer("base", scale * 3 // 4), self.layer("middle", scale // 4)]
        archives.write_archive(path, "bench/app:1", [*self.big, self.layer("small1", MB)])

    def make_two(self, path):
        self.image("one")
        archives.write_archive(path, "bench/app:2", [*self.big, self.layer("small2", MB)])

    def make_single(self, path):
        archives.write_archive(path, "bench/app:2", [self.layer("single", self.args.one * MB)])

    def make_many(self, path):
        size = max(self.args.scale * MB // 100, 1000)
        archives.write_archive(path, "bench/app:2", [self.layer(f"many{n}", size) for n in range(100)])

    def make_noise(self, path):
        layers = [archives.layer_tar(f"noise{n}", self.pool.noise(self.args.noise * MB // 2)) for n in range(2)]
        archives.write_archive(path, "bench/app:2", layers)

    # Pushes, one tool after the other, until each had its runs or its time.

    def rounds(self, runs):
        """`runs`: name -> function that runs the tool once and gives its figure."""
        figures = {}
        for turn in range(self.args.runs):
            for name, run in runs.items():
                spent = sum(figure.wall for figure in figures.get(name, []))
                if turn == 0 or spent < self.args.budget:
                    figures.setdefault(name, []).append(run())
        return figures

    def measured(self, registry, argv, engine=None, env=None):
        os.sync()  # what others wrote is not this one's burden
        before, asked = registry.received(), registry.requests()
        figure = Measure(argv, env or fresh_machine(self.folder, engine), engine)
        figure.received = registry.received() - before
        figure.requests = registry.requests() - asked
        return figure

    def seed(self, name, make):
        """The storage of a registry that `make` has pushed to, kept under that name."""
        if name not in self.seeds:
            registry = self.registry()
            make(registry)
            self.seeds[name] = os.path.join(self.storage, "seed-" + name)
            shutil.move(registry.data, self.seeds[name])
            registry.stop()
        return self.seeds[name]

    def push_archives(self, first, second, floor=False):
        """Times the push of `second` to a registry that already holds `first` (None: empty)."""
        archive = self.image(second)

        def push(name, command):
            seed = first and self.seed(
                f"{first}-{name}",
                lambda registry: Measure(command(self.image(first), f"{registry.host}/bench/app:1"),
                                         fresh_machine(self.folder)))  # fmt: skip
            registry = self.registry(seed)
            figure = self.measured(registry, command(archive, f"{registry.host}/bench/app:2"))
            registry.stop()
            return figure

        runs = {name: partial(push, name, command) for name, command in tools.from_archive(self.slipway).items()}
        if floor:
            runs["floor"] = partial(self.floor, archive)
        return self.rounds(runs)

    def start_engine(self):
        if not self.engine:
            self.engine = Engine(self.folder)
            self.engine.load(self.image("one"))

    def push_engine(self, known):
        """Times the push of an image of the engine, which is in the registry already or not."""
        self.start_engine()

        def push(name, command):
            seed = known and self.seed(f"engine-{name}", lambda registry: self.push_once(name, command, registry, "1"))
            registry = self.registry(seed)
            figure = self.push_once(name, command, registry, "2")
            registry.stop()
            return figure

        commands = tools.from_engine(self.slipway)
        return self.rounds({name: partial(push, name, command) for name, command in commands.items()})

    def push_once(self, name, command, registry, tag):
        ref = f"{registry.host}/bench/app:{tag}"
        if name == "docker":
            self.engine.docker("tag", "bench/app:1", ref)
        return self.measured(registry, command(self.engine, "bench/app:1", ref), self.engine)

    # Scenarios: name -> function.

    def startup(self):
        runs = max(self.args.runs, 20)
        commands = tools.versions(self.slipway)
        return {name: [Measure(argv) for _ in range(runs)] for name, argv in commands.items()}

    def push_cold(self):
        return self.push_archives(None, "one", floor=True)

    def push_small_change(self):
        return self.push_archives("one", "two")

    def push_unchanged(self):
        return self.push_archives("one", "one")

    def push_one_layer(self):
        return self.push_archives(None, "single", floor=True)

    def push_many_layers(self):
        return self.push_archives(None, "many")

    def push_incompressible(self):
        return self.push_archives(None, "noise")

    def daemon_cold(self):
        return self.push_engine(False)

    def daemon_known(self):
        return self.push_engine(True)

    def floor(self, archive):
        """Reading, hashing and compressing the same bytes on all processors."""
        figure = Measure([self.args.floor, archive])
        figure.wall = float(subprocess.check_output([self.args.floor, archive]))
        return figure

    def push_ours(self, archive):
        registry = self.registry()
        ref = f"{registry.host}/bench/app:1"
        figure = self.measured(registry, [self.slipway, "image", "push", f"docker-archive:{archive}", ref])
        registry.stop()
        return figure

    def layers(self):
        figures = {}
        for count in (10, 100, 1000):
            path = os.path.join(self.folder, f"layers{count}.tar")
            size = self.args.small * 1000
            archives.write_archive(path, "bench/app:1", [self.layer(f"l{n}", size) for n in range(count)])
            figures[f"{count} layers"] = [self.push_ours(path) for _ in range(min(self.args.runs, 3))]
            os.remove(path)
        return figures

    def memory(self):
        path = os.path.join(self.folder, "huge.tar")
        archives.write_huge(path, "bench/app:1", self.pool, [self.args.huge_layer, self.args.huge - self.args.huge_layer])
        figures = {"slipway": [self.push_ours(path)]}
        os.remove(path)
        return figures

    def run(self, name):
        missing = Engine.missing() if name.startswith("daemon-") else None
        if missing:
            print(f"\nSkipped: {name}: {missing}")
            return
        self.results[name] = getattr(self, name.replace("-", "_"))()
        show(TITLES[name].format(**vars(self.args)), self.results[name])


def median(figures, field):
    return statistics.median(getattr(figure, field) for figure in figures)


def show(title, figures):
    print(f"\n### {title}\n")
    first = next(iter(figures.values()))[0]
    ours = median(figures["slipway"], "wall") if "slipway" in figures else None
    head = ["tool", "runs", "wall s", "slipway/tool", "CPU s", "peak MB"]
    if hasattr(first, "received"):
        head += ["received MB", "requests"]
    print("| " + " | ".join(head) + " |")
    print("|" + " --- |" * len(head))
    for name, runs in figures.items():
        wall = median(runs, "wall")
        row = [name, str(len(runs)), f"{wall:.3f}", f"{ours / wall:.3f}" if ours else "",
               f"{median(runs, 'cpu'):.3f}", f"{median(runs, 'peak') / MB:.1f}"]  # fmt: skip
        if hasattr(runs[0], "received"):
            row += [f"{median(runs, 'received') / MB:.1f}", f"{median(runs, 'requests'):.0f}"]
        print("| " + " | ".join(row) + " |")
    sys.stdout.flush()


def show_goals(results):
    rows = []
    for scenario, peer, goal in GOALS:
        figures = results.get(scenario, {})
        if peer in figures:
            ratio = median(figures["slipway"], "wall") / median(figures[peer], "wall")
            rows.append((f"{scenario}: wall time of {peer}'s", ratio, goal))
    if "push-cold" in results and "skopeo" in results["push-cold"]:
        cold = results["push-cold"]
        rows.append(("push-cold: bytes of skopeo's",
                     median(cold["slipway"], "received") / median(cold["skopeo"], "received"), 1.25))  # fmt: skip
    if "push-cold" in results and "docker" in results.get("daemon-cold", {}):
        ratio = median(results["push-cold"]["slipway"], "wall") / median(results["daemon-cold"]["docker"], "wall")
        rows.append(("push-cold: wall time of docker push's, from the engine", ratio, 0.10))
    if "daemon-known" in results:
        rows.append(("daemon-known: seconds", median(results["daemon-known"]["slipway"], "wall"), 0.3))
    if "memory" in results:
        rows.append(("memory: peak in MB", median(results["memory"]["slipway"], "peak") / MB, 64))
    if "layers" in results:
        many, few = results["layers"]["1000 layers"], results["layers"]["100 layers"]
        rows.append(("layers: time of 1000 layers, of 100", median(many, "wall") / median(few, "wall"), 11))
    if rows:
        print("\n### Goals\n\n| figure | is | at most |\n| --- | --- | --- |")
        for text, value, goal in rows:
            print(f"| {text} | {value:.3f} | {goal} |")


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--slipway", required=True)
    parser.add_argument("--floor", required=True)
    parser.add_argument("--registry", required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--budget", type=float, default=12, help="seconds after which a tool gets no more runs")
    parser.add_argument("--scale", type=int, default=300, help="size of an image in MB")
    parser.add_argument("--quick", action="store_true", help="two runs of small images; ratios are rough")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO")
    args = parser.parse_args()
    args.one, args.noise, args.small, args.huge, args.huge_layer = 1000, 200, 300, 4000, 3000
    if args.quick:
        args.runs, args.budget, args.scale = 2, 3, 60
        args.one, args.noise, args.small, args.huge, args.huge_layer = 100, 40, 30, 400, 300
    unknown = [name for name in args.scenarios if name not in TITLES]
    if unknown:
        parser.error(f"there is no scenario {unknown[0]}; there are: {', '.join(TITLES)}")
    return args


def main():
    args = parse_arguments()
    bench = Bench(args)
    print(f"Machine: {machine()}. Medians of up to {args.runs} runs; the registry ({os.path.basename(args.registry)}) "
          f"is on loopback and keeps its blobs {'in memory' if bench.storage.startswith('/dev/shm') else 'on disk'}.")  # fmt: skip
    try:
        for name in args.scenarios or TITLES:
            bench.run(name)
    finally:
        bench.close()
    show_goals(bench.results)


if __name__ == "__main__":
    main()

"""Runs slipway and its peers in turn on the same input and prints medians and ratios."""

import argparse
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import archives

MB = archives.MB


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Registry:
    """A fresh docker-registry on loopback; its access log tells what was sent."""

    def __init__(self, folder):
        self.folder = tempfile.mkdtemp(dir=folder)
        self.port = free_port()
        config = os.path.join(self.folder, "config.yml")
        with open(config, "w") as file:
            file.write(
                "version: 0.1\n"
                "log: {level: error, accesslog: {disabled: false}}\n"
                f"storage: {{filesystem: {{rootdirectory: {self.folder}/data}}}}\n"
                f"http: {{addr: '127.0.0.1:{self.port}'}}\n"
            )
        self.log = open(os.path.join(self.folder, "log"), "w+b")
        self.process = subprocess.Popen(
            ["docker-registry", "serve", config], stdout=self.log, stderr=subprocess.STDOUT
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        self.stop()
        sys.exit("bench: docker-registry did not start")

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    def requests(self):
        self.log.flush()
        with open(self.log.name, "rb") as file:
            return len(re.findall(rb'"(?:GET|HEAD|POST|PATCH|PUT) /v2/\S* HTTP', file.read()))

    def stored_bytes(self):
        total = 0
        for path, _, files in os.walk(os.path.join(self.folder, "data")):
            total += sum(os.path.getsize(os.path.join(path, f)) for f in files if f == "data")
        return total

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Measure:
    """One finished command: wall seconds, CPU seconds, peak memory.

    GNU time stands between: a process that Python starts is charged with Python's own memory.
    """

    def __init__(self, argv, env=None):
        start = time.perf_counter()
        with tempfile.NamedTemporaryFile("r") as report:
            result = subprocess.run(
                ["/usr/bin/time", "-o", report.name, "-f", "%U %S %M", *argv],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env,
            )  # fmt: skip
            if result.returncode != 0:
                sys.exit(f"bench: {' '.join(argv)} failed:\n{result.stdout.decode(errors='replace')}")
            user, system, peak = report.read().split()
        self.wall = time.perf_counter() - start
        self.cpu = float(user) + float(system)
        self.peak = int(peak) * 1024


def pushers(slipway):
    """The push commands: name -> function of (archive, reference) giving argv."""
    tools = {
        "slipway": lambda archive, ref: [slipway, "image", "push", f"docker-archive:{archive}", ref]
    }
    if shutil.which("skopeo"):
        tools["skopeo"] = lambda archive, ref: [
            "skopeo", "copy", "--quiet", "--insecure-policy", "--dest-tls-verify=false",
            f"docker-archive:{archive}", f"docker://{ref}",
        ]  # fmt: skip
    if shutil.which("crane"):
        tools["crane"] = lambda archive, ref: ["crane", "push", "--insecure", archive, ref]
    return tools


def fresh_machine(folder):
    """The environment of a machine that has never pushed: no caches, no credentials."""
    home = tempfile.mkdtemp(dir=folder)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "DOCKER_", "XDG_"))}
    env.update(HOME=home, XDG_DATA_HOME=home, XDG_RUNTIME_DIR=home, TMPDIR=folder)
    # skopeo run as root keeps its cache in a fixed place.
    shutil.rmtree("/var/lib/containers/cache", ignore_errors=True)
    return env


def push_scenario(tools, folder, runs, first, second):
    """Times the push of `second` to a registry that already holds `first` (None: empty)."""
    figures = {}
    for _ in range(runs):
        for name, command in tools.items():
            registry = Registry(folder)
            if first:
                Measure(command(first, f"{registry.host}/bench/app:1"), fresh_machine(folder))
            before, asked = registry.stored_bytes(), registry.requests()
            figure = Measure(command(second, f"{registry.host}/bench/app:2"), fresh_machine(folder))
            figure.sent = registry.stored_bytes() - before
            figure.requests = registry.requests() - asked
            figures.setdefault(name, []).append(figure)
            registry.stop()
    return figures


def startup_scenario(slipway, runs):
    commands = {"slipway": [slipway, "--version"]}
    for name, argv in {
        "skopeo": ["skopeo", "--version"],
        "crane": ["crane", "version"],
        "aws": ["aws", "--version"],
    }.items():
        if shutil.which(argv[0]):
            commands[name] = argv
    figures = {}
    for _ in range(runs):
        for name, argv in commands.items():
            figures.setdefault(name, []).append(Measure(argv))
    return figures


def median(figures, field):
    return statistics.median(getattr(figure, field) for figure in figures)


def show(title, figures):
    print(f"\n### {title}\n")
    has_traffic = hasattr(next(iter(figures.values()))[0], "sent")
    head = ["tool", "wall s", "slipway/tool", "CPU s", "peak MB"]
    if has_traffic:
        head += ["stored MB", "requests"]
    print("| " + " | ".join(head) + " |")
    print("|" + " --- |" * len(head))
    ours = median(figures["slipway"], "wall")
    for name, runs in figures.items():
        wall = median(runs, "wall")
        row = [name, f"{wall:.3f}", f"{ours / wall:.3f}", f"{median(runs, 'cpu'):.3f}",
               f"{median(runs, 'peak') / MB:.1f}"]  # fmt: skip
        if has_traffic:
            row += [f"{median(runs, 'sent') / MB:.1f}", f"{median(runs, 'requests'):.0f}"]
        print("| " + " | ".join(row) + " |")


def make_archives(folder, scale):
    """The images of the scenarios: name -> (archive already pushed or None, archive to push)."""
    pool = archives.Pool(600 * MB)

    def layer(name, size):
        return archives.layer_tar(name, pool.take(size))

    base, middle = layer("base", scale * MB * 3 // 4), layer("middle", scale * MB // 4)
    small = [layer(f"small{n}", MB) for n in range(2)]
    one = os.path.join(folder, "one.tar")
    two = os.path.join(folder, "two.tar")
    archives.write_archive(one, "bench/app:1", [base, middle, small[0]])
    archives.write_archive(two, "bench/app:2", [base, middle, small[1]])
    single = os.path.join(folder, "single.tar")
    archives.write_archive(single, "bench/app:2", [layer("single", scale * MB)])
    many = os.path.join(folder, "many.tar")
    archives.write_archive(
        many, "bench/app:2", [layer(f"many{n}", max(scale * MB // 100, 1000)) for n in range(100)]
    )
    return {
        "push-cold": (None, one),
        "push-small-change": (one, two),
        "push-unchanged": (one, one),
        "push-one-layer": (None, single),
        "push-many-layers": (None, many),
    }


TITLES = {
    "push-cold": "Push of a {scale} MB image to an empty repository",
    "push-small-change": "Push on a fresh machine, all but a 1 MB layer already in the repository",
    "push-unchanged": "Push on a fresh machine of an image that is already there, under a new tag",
    "push-one-layer": "Push of one layer of {scale} MB to an empty repository",
    "push-many-layers": "Push of 100 layers, {scale} MB together, to an empty repository",
}


def machine():
    with open("/proc/cpuinfo") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    name = model.group(1) if model else "unknown CPU"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{os.cpu_count()} x {name}, {memory:.0f} GB"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--slipway", required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--scale", type=int, default=400, help="size of an image in MB")
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO")
    args = parser.parse_args()
    wanted = args.scenarios or ["startup", *TITLES]
    unknown = [name for name in wanted if name != "startup" and name not in TITLES]
    if unknown:
        parser.error(f"there is no scenario {unknown[0]}; there are: startup, {', '.join(TITLES)}")
    slipway = os.path.abspath(args.slipway)
    print(f"Machine: {machine()}. Medians of {args.runs} runs, loopback registry.")
    if "startup" in wanted:
        show("Start of the program (--version)", startup_scenario(slipway, max(args.runs, 20)))
    pushes = [name for name in TITLES if name in wanted]
    if not pushes:
        return
    folder = tempfile.mkdtemp(prefix="slipway-bench-", dir="/var/tmp")
    try:
        images = make_archives(folder, args.scale)
        for name in pushes:
            figures = push_scenario(pushers(slipway), folder, args.runs, *images[name])
            show(TITLES[name].format(scale=args.scale), figures)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()

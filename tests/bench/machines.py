"""What stands around a push: a fresh registry, a Docker engine of one's own, a machine without caches."""

import glob
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

MB = 1000 * 1000
TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_of(pid):
    """CPU seconds that a process has used."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def received_by(pid):
    """Bytes that a process has read, from sockets and files."""
    with open(f"/proc/{pid}/io") as file:
        return int(re.search(r"rchar: (\d+)", file.read()).group(1))


def storage_folder(folder):
    """Registries keep blobs in memory where there is room: the disk is not to be measured."""
    try:
        if shutil.disk_usage("/dev/shm").free > 6000 * MB:
            return tempfile.mkdtemp(prefix="slipway-bench-", dir="/dev/shm")
    except OSError:
        pass
    return tempfile.mkdtemp(dir=folder)


class Registry:
    """A registry on loopback, empty or with the content of `seed`; its log tells what was asked."""

    def __init__(self, program, folder, seed=None):
        self.folder = tempfile.mkdtemp(dir=folder)
        self.data = os.path.join(self.folder, "data")
        self.port = free_port()
        if seed:
            shutil.copytree(seed, self.data)
        config = os.path.join(self.folder, "config.yml")
        with open(config, "w") as file:
            file.write(
                "version: 0.1\n"
                "log: {level: error, accesslog: {disabled: false}}\n"
                f"storage: {{filesystem: {{rootdirectory: {self.data}}}}}\n"
                f"http: {{addr: '127.0.0.1:{self.port}'}}\n"
            )
        self.log = open(os.path.join(self.folder, "log"), "w+b")
        self.process = subprocess.Popen([program, "serve", config], stdout=self.log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        self.stop()
        sys.exit("bench: the registry did not start")

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    def requests(self):
        self.log.flush()
        with open(self.log.name, "rb") as file:
            return len(re.findall(rb'"(?:GET|HEAD|POST|PATCH|PUT|DELETE) /v2/\S* HTTP', file.read()))

    def uploads(self):
        """The requests that brought bytes or asked for room, as methods."""
        self.log.flush()
        with open(self.log.name, "rb") as file:
            return [line.decode() for line in re.findall(rb'"(POST|PATCH|PUT) /v2/\S* HTTP', file.read())]

    def received(self):
        return received_by(self.process.pid)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Engine:
    """A Docker engine with nothing in it, on its own socket."""

    def __init__(self, folder):
        self.folder = tempfile.mkdtemp(dir=folder)
        self.host = f"unix://{self.folder}/docker.sock"
        log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen(
            [
                "dockerd", "--bridge=none", "--iptables=false", "--ip6tables=false", "--host", self.host,
                "--data-root", f"{self.folder}/data", "--exec-root", f"{self.folder}/exec",
                "--pidfile", f"{self.folder}/pid",
            ],
            stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        end = time.monotonic() + 60
        while self.docker("version").returncode != 0:
            if time.monotonic() > end or self.process.poll() is not None:
                self.stop()
                raise OSError("dockerd does not start")
            time.sleep(0.1)

    @staticmethod
    def missing():
        """Why there can be no engine; None when there can."""
        for tool in ("docker", "dockerd"):
            if not shutil.which(tool):
                return f"there is no {tool}"
        return None if os.geteuid() == 0 else "only root can start dockerd"

    def docker(self, *words):
        return subprocess.run(["docker", "--host", self.host, *words], capture_output=True, text=True)

    def load(self, archive):
        done = self.docker("load", "--input", archive)
        if done.returncode != 0:
            sys.exit(f"bench: docker load failed: {done.stderr}")

    def forget(self):
        """Drops what the engine knows of earlier pushes, as on a machine that has made none."""
        for path in glob.glob(f"{self.folder}/data/image/*/distribution"):
            shutil.rmtree(path, ignore_errors=True)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def fresh_machine(folder, engine=None):
    """The environment of a machine that has never pushed: no caches, no credentials."""
    home = tempfile.mkdtemp(dir=folder)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "DOCKER_", "XDG_"))}
    env.update(HOME=home, XDG_DATA_HOME=home, XDG_RUNTIME_DIR=home, TMPDIR=folder)
    if engine:
        env["DOCKER_HOST"] = engine.host
        engine.forget()
    # skopeo run as root keeps its cache in a fixed place.
    shutil.rmtree("/var/lib/containers/cache", ignore_errors=True)
    return env


class Measure:
    """One finished command: wall seconds, CPU seconds, peak memory.

    GNU time stands between: a process that Python starts is charged with Python's own memory. With
    an engine, the CPU time that the engine used meanwhile is part of it.
    """

    def __init__(self, argv, env=None, engine=None):
        before = cpu_of(engine.process.pid) if engine else 0
        start = time.perf_counter()
        with tempfile.NamedTemporaryFile("r") as report:
            result = subprocess.run(
                ["/usr/bin/time", "-o", report.name, "-f", "%U %S %M", *argv],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env,
            )  # fmt: skip
            self.wall = time.perf_counter() - start
            if result.returncode != 0:
                sys.exit(f"bench: {' '.join(argv)} failed:\n{result.stdout.decode(errors='replace')}")
            user, system, peak = report.read().split()
        self.cpu = float(user) + float(system)
        if engine:
            self.cpu += cpu_of(engine.process.pid) - before
        self.peak = int(peak) * 1024


def machine():
    with open("/proc/cpuinfo") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    name = model.group(1) if model else "unknown CPU"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return f"{os.cpu_count()} x {name}, {memory:.0f} GB"

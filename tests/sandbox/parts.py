"""The parts of the sandbox: how each is started, known to be ready, and ended by its own process id."""

import ctypes
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

import seed

SUPPORT = pathlib.Path(__file__).resolve().parent.parent / "support"
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)

ACCESS_KEY = "AKIASLIPWAYSANDBOX00"
SECRET_KEY = "sandbox/Secret+Key/0123456789abcdefghijk"
REGION = "us-east-1"
# moto's GetAuthorizationToken gives this password, for user AWS.
REGISTRY_PASSWORD = seed.ACCOUNT + "-auth-token"

REGISTRY_CONFIG = """\
version: 0.1
log: {{level: info, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: {folder}/registry}}
  delete: {{enabled: true}}
http: {{addr: "127.0.0.1:0"}}
auth:
  htpasswd: {{realm: sandbox, path: {folder}/htpasswd}}
"""


# Of the containerd behind an engine: everything is its own, and what Kubernetes needs stays away.
CONTAINERD_CONFIG = """\
version = 2
root = "{folder}/containerd"
state = "{folder}/containerd-state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime"]
[grpc]
  address = "{folder}/containerd.sock"
[ttrpc]
  address = "{folder}/containerd.ttrpc"
"""


class CannotStart(Exception):
    """A part does not come up; the text says which and why."""


def start_time(pid):
    """When a process began, in clock ticks since boot, so that a reused id is told apart; None if gone."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def write_whole(path, text):
    """Writes a file so that a reader sees all of it or nothing."""
    part = path.with_name(path.name + ".part")
    part.write_text(text)
    part.rename(path)


def _die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


class Sandbox:
    """Everything that runs, as a context manager; `env` is what a command inside it needs. `docker` is the kind of
    engine: none (""), any that runs or the machine's own ("any"), or one with the containerd image store ("store")."""

    def __init__(self, folder, docker):
        self.folder = folder
        self.docker = docker
        self.children = []
        self.env = {}

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_):
        self._stop()

    def _stop(self):
        for child in reversed(self.children):
            if child.poll() is None:
                child.terminate()
        for child in reversed(self.children):
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.children.clear()

    def _spawn(self, name, command, ready, timeout=60, **options):
        """Starts a part and waits until `ready` (a pattern) is in its log; returns the match."""
        program = shutil.which(command[0])
        if program is None:
            raise CannotStart(f'there is no "{command[0]}" on PATH; tests/setup installs it')
        path = self.folder / f"{name}.log"
        with open(path, "wb") as log:
            child = subprocess.Popen(
                [program, *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=_die_with_parent,
                **options,
            )
        self.children.append(child)
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            text = path.read_text(errors="replace")
            if match := re.search(ready, text):
                return match
            if child.poll() is not None:
                break
            time.sleep(0.02)
        raise CannotStart(f"{name} does not start:\n{path.read_text(errors='replace')[-2000:]}")

    def _start(self):
        if self.docker:
            self._docker_begin()
        registry = self._registry()
        moto = self._spawn("moto", ["moto_server", "-H", "127.0.0.1", "-p", "0"], r"Running on (http://\S+)")[1]
        standin = self._python("aws_standin", "--moto", moto)
        proxy = self._python("registry_proxy", "--registry", registry, "--ecr", moto)
        seed.seed(moto, ACCESS_KEY, SECRET_KEY, REGION)
        self.env.update(self._variables(registry, moto, standin, proxy))
        if self.docker:
            self._docker_ready()

    def _python(self, name, *arguments):
        command = [sys.executable, str(SUPPORT / f"{name}.py"), *arguments]
        return self._spawn(name, command, r"listening on (http://\S+)")[1]

    def _registry(self):
        line = subprocess.run(
            ["htpasswd", "-nbB", "AWS", REGISTRY_PASSWORD], check=True, capture_output=True, text=True
        ).stdout
        (self.folder / "htpasswd").write_text(line.strip() + "\n")
        config = self.folder / "registry.yml"
        config.write_text(REGISTRY_CONFIG.format(folder=self.folder))
        command = ["docker-registry", "serve", str(config)]
        return self._spawn("registry", command, r"listening on (127\.0\.0\.1:\d+)")[1]

    def _variables(self, registry, moto, standin, proxy):
        docker_config = self.folder / "docker-config"
        docker_config.mkdir()
        home = self.folder / "home"
        home.mkdir()
        return {
            "SLIPWAY_SANDBOX": str(self.folder),
            "SLIPWAY_SANDBOX_STANDIN": standin,
            "SLIPWAY_SANDBOX_MOTO": moto,
            "SLIPWAY_SANDBOX_PROXY": proxy,
            "SLIPWAY_SANDBOX_REGISTRY": registry,
            "SLIPWAY_SANDBOX_REGISTRY_PASSWORD": REGISTRY_PASSWORD,
            "AWS_ENDPOINT_URL": standin,
            "AWS_ECR_ACCOUNT_URL": proxy.removeprefix("http://"),
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_ACCOUNT_ID": seed.ACCOUNT,
            # Nothing of the person who runs this takes part.
            "AWS_CONFIG_FILE": str(self.folder / "aws-config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.folder / "aws-credentials"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            "DOCKER_CONFIG": str(docker_config),
            "HOME": str(home),
            "DOCKER_BUILDKIT": "0",
            "no_proxy": "127.0.0.1,localhost",
            "NO_PROXY": "127.0.0.1,localhost",
        }

    def _docker_begin(self):
        """Starts an engine in the background when none answers, or one with the containerd image store."""
        store = self.docker == "store"
        if not store and _engine_answers(os.environ):
            return
        if os.geteuid() != 0:
            raise CannotStart("no Docker engine is running, and only root can start one; start it, or run this as root")
        sock = f"unix://{self.folder}/docker.sock"
        path = os.environ["PATH"] + ":/usr/sbin:/sbin"
        program = _program_of("SLIPWAY_DOCKERD29") if store else "dockerd"
        command = [
            program, "--bridge=none", "--iptables=false", "--ip6tables=false", "--host", sock,
            "--data-root", f"{self.folder}/docker", "--exec-root", f"{self.folder}/docker-exec",
            "--pidfile", f"{self.folder}/docker.pid",
        ]  # fmt: skip
        if store:
            # Its debug log tells of each request.
            command += ["--debug", "--containerd", self._containerd(path)]
        elif shutil.which("dockerd", path=path) is None:
            raise CannotStart('there is no "dockerd"; tests/setup installs it')
        self._spawn("dockerd", ["env", f"PATH={path}", *command], r"API listen on|Starting up")
        self.env["DOCKER_HOST"] = sock

    def _containerd(self, path):
        """Starts a containerd, whose helpers lie beside it; returns its address."""
        program = _program_of("SLIPWAY_CONTAINERD")
        config = self.folder / "containerd.toml"
        config.write_text(CONTAINERD_CONFIG.format(folder=self.folder))
        path = f"{os.path.dirname(program)}:{path}"
        command = ["env", f"PATH={path}", program, "--config", str(config)]
        self._spawn("containerd", command, r"containerd successfully booted")
        return f"{self.folder}/containerd.sock"

    def _docker_ready(self):
        end = time.monotonic() + 60
        while not _engine_answers({**os.environ, **self.env}):
            if time.monotonic() > end:
                log = self.folder / "dockerd.log"
                text = log.read_text(errors="replace")[-2000:] if log.exists() else ""
                raise CannotStart(f"the Docker engine does not start:\n{text}")
            time.sleep(0.1)


def _program_of(variable):
    program = os.environ.get(variable, "")
    if not os.access(program, os.X_OK):
        raise CannotStart(f"{variable} does not name a program that can be run: \"{program}\"")
    return program


def _engine_answers(environment):
    try:
        command = ["docker", "version", "--format", "{{.Server.Version}}"]
        done = subprocess.run(command, env=environment, capture_output=True, timeout=20, check=False)
    except FileNotFoundError as error:
        raise CannotStart('there is no "docker" on PATH; tests/setup installs it') from error
    return done.returncode == 0

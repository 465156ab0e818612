"""The ground that configurations run on: a registry, a Docker engine, and AWS, all on loopback; and one job after the
other, as CircleCI would start them, each on a machine that knows nothing of the one before."""

import json
import os
import pathlib
import re
import shlex
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/sandbox"), str(ROOT / "tests/support"), str(ROOT / "tests/configs")]

import aws  # noqa: E402
import parts  # noqa: E402
import registry_proxy  # noqa: E402

PROGRAM = os.environ["SLIPWAY_PROGRAM"]
SIMULATED = os.environ["SLIPWAY_SIMULATED"]
ORB_REFERENCE = "acme/slipway@1.0.0"
REVISION = "0123456789abcdef0123456789abcdef01234567"
SECRET = "sandbox/Secret+Key/of/{}abcdefghij"
REGISTRIES = ("us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-northeast-1")
# What CircleCI sets.
OF_THE_BUILD = {
    "CIRCLE_SHA1": REVISION,
    "CIRCLE_BRANCH": "main",
    "CIRCLE_BUILD_NUM": "42",
    "CIRCLE_PROJECT_REPONAME": "web",
}
# What deploys lasts minutes, which are simulated; everything else is the program as it is.
WRAPPER = f"""\
#!/bin/sh
case ${{1:-}} in
    ecs) exec "{SIMULATED}" "$@" ;;
    *) exec "{PROGRAM}" "$@" ;;
esac
"""
# What is in an image that stands in for one of Docker Hub: a shell, and commands that do nothing.
STAND_IN = """\
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
COPY sudo /usr/local/bin/sudo
COPY nothing /usr/local/bin/apt-get
COPY nothing /usr/local/bin/ping
"""
# Builds of two grounds give their images the same names.
ENGINE = threading.Lock()


# So long is the name of a step that has none of its own.
NAME_MAX = 70


class DoesNotCompile(Exception):
    """What the program says about the configuration, without files and lines."""

    def __init__(self, said):
        super().__init__(said)
        found = [re.match(r"\S.*?\.yml:\d+:\d+: (.*?)(; parameters are: .*)?$", line) for line in said.splitlines()]
        self.problems = [match[1] for match in found if match]


class Ground(parts.Sandbox):
    """Everything that runs, as a context manager."""

    def __init__(self, docker):
        super().__init__(pathlib.Path(tempfile.mkdtemp(prefix="slipway-ground-", dir="/tmp")), docker=docker)

    def __exit__(self, *_):
        super().__exit__()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self):
        if self.docker:
            self._docker_begin()
        registry = self._registry()
        moto = self._spawn("moto", ["moto_server", "-H", "127.0.0.1", "-p", "0"], r"Running on (http://\S+)")[1]
        self.aws = aws.Aws(moto)
        self.proxy = registry_proxy.Proxy(registry, moto, self._certificate())
        for server in (self.aws, self.proxy):
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        tools = self.folder / "tools"
        tools.mkdir()
        docker = shlex.join([sys.executable, str(ROOT / "tests/support/buildx.py"), shutil.which("docker") or "docker"])
        helper = f'#!/bin/bash\nexec -a "$0" "{PROGRAM}" "$@"\n'
        for name, text in {"slipway": WRAPPER, "docker-credential-slipway": helper,
                           "docker": f'#!/bin/sh\nexec {docker} "$@"\n'}.items():
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)
        if self.docker:
            self._docker_ready()

    def _certificate(self):
        names = [f"DNS:*.dkr.ecr.{region}.amazonaws.com" for region in REGISTRIES] + ["DNS:public.ecr.aws"]
        command = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2",
            "-subj", "/CN=registries", "-addext", "subjectAltName=" + ",".join(names),
            "-keyout", str(self.folder / "key.pem"), "-out", str(self.folder / "ca.pem"),
        ]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "ca.pem", self.folder / "key.pem")
        return context

    def begin(self, accounts):
        """An empty registry, and nothing in AWS but these accounts."""
        shutil.rmtree(self.folder / "registry" / "docker", ignore_errors=True)
        self.aws.begin(accounts)
        self.proxy.reset(None)

    def environment(self, account):
        """What a job finds, but for what its project sets."""
        return {
            "PATH": f"{self.folder}/tools:{os.environ['PATH']}",
            **{name: self.env[name] for name in ("DOCKER_HOST",) if name in self.env},
            "DOCKER_BUILDKIT": "0",
            "AWS_ENDPOINT_URL": f"http://{self.aws.address}",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            "AWS_CA_BUNDLE": str(self.folder / "ca.pem"),
            "HTTPS_PROXY": f"http://{self.proxy.address}",
            "SLIPWAY_SIMULATION": f"http://{self.aws.address}",
            "AWS_REGION": account.region,
            "AWS_ECR_ACCOUNT_URL": account.registry,
        }


class Project:
    """A repository with these files, or with those of `tree` and these: its Dockerfile is of an image that needs nothing from
    anywhere."""

    DOCKERFILE = 'FROM scratch\nCOPY busybox /bin/busybox\nCOPY page /www/\nENTRYPOINT ["/bin/busybox", "echo", "web"]\n'

    def __init__(self, folder, files, tree=None):
        self.folder = folder
        own = {} if tree else {"Dockerfile": self.DOCKERFILE, "page": "hello\n"}
        if tree:
            shutil.copytree(tree, folder)
        else:
            folder.mkdir()
        for name, text in {**own, **files}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        if not tree:
            shutil.copy(shutil.which("busybox"), folder / "busybox")
        for words in (["init", "-q", "-b", "main"], ["add", "-A"],
                      ["-c", "user.name=Kim", "-c", "user.email=kim@example.com", "commit", "-q", "-m",
                       "First"]):  # fmt: skip
            subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True)


class Result:
    """How a job ended."""

    def __init__(self, done, timings):
        self.status = done.returncode
        self.output = done.stdout
        self.steps = json.loads(timings.read_text()) if timings.exists() else []

    @property
    def errors(self):
        lines = [line.removeprefix("error: ") for line in self.output.splitlines() if line.startswith("error: ")]
        return [line for line in lines if not line.startswith('step "')]


class Run:
    """One configuration, compiled, in its folder."""

    def __init__(self, ground, folder, config, variables, orbs):
        self.ground, self.folder = ground, folder
        self.variables = variables
        self.skip = {}
        (folder / "workspace").mkdir(parents=True)
        source = folder / "config.yml"
        source.write_text(yaml.safe_dump(config, sort_keys=False))
        self.compiled = folder / "compiled.yml"
        words = [f"{name}={path}" for name, path in {ORB_REFERENCE: ROOT / "orb", **orbs}.items()]
        command = [PROGRAM, "config", "process", str(source), "--output", "json"]
        done = subprocess.run(
            [*command, *(word for orb in words for word in ("--orb", orb))], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise DoesNotCompile(done.stderr)
        self.compiled.write_text(done.stdout)
        self.config = json.loads(done.stdout)

    def jobs(self):
        """Name and requirements of each job, in an order that keeps these; approvals are given."""
        waiting = {}
        for workflow in self.config["workflows"].values():
            for job in workflow["jobs"] if isinstance(workflow, dict) else []:
                name, settings = (job, {}) if isinstance(job, str) else next(iter(job.items()))
                waiting[name] = settings
        while waiting:
            ready = [name for name, settings in waiting.items() if not set(settings.get("requires", [])) & set(waiting)]
            for name in ready:
                settings = waiting.pop(name)
                yield name, settings.get("requires", []), settings.get("type") == "approval"

    def engine(self, *words):
        environment = {**os.environ, **self.ground.env, "DOCKER_BUILDKIT": "0"}
        subprocess.run(["docker", *words], check=True, capture_output=True, env=environment)

    def stand_in(self, image):
        """Puts a small image into the engine in the place of one that would come from Docker Hub."""
        folder = self.folder / "stand-in"
        if not folder.exists():
            folder.mkdir()
            shutil.copy(shutil.which("busybox"), folder / "busybox")
            (folder / "Dockerfile").write_text(STAND_IN)
            for name, text in {"sudo": '#!/bin/sh\nexec "$@"\n', "nothing": "#!/bin/sh\n"}.items():
                (folder / name).write_text(text)
                (folder / name).chmod(0o755)
        with ENGINE:
            self.engine("build", "-q", "-t", image, str(folder))

    def archive(self, path, image):
        """Leaves an image in the workspace, as a job of theirs would."""
        self.stand_in(image)
        target = self.folder / "workspace" / path
        target.parent.mkdir(parents=True)
        self.engine("save", "-o", str(target), image)

    def skipped(self, job):
        """The options that leave steps out."""
        runs = [step["run"] for step in job["steps"] if isinstance(step, dict) and "run" in step]
        runs = [{"command": run} if isinstance(run, str) else run for run in runs]
        lines = [run["command"].strip().splitlines()[0].strip() for run in runs]
        short = [line if len(line) <= NAME_MAX else line[: NAME_MAX - 3] + "..." for line in lines]
        names = [run.get("name", line) for run, line in zip(runs, short)]
        return [f"--skip={name}" for name in self.skip if name in names]

    def execute(self, job, account):
        machine = self.folder / "machine"
        shutil.rmtree(machine, ignore_errors=True)
        (machine / "home").mkdir(parents=True)
        timings = machine / "timings.json"
        environment = {
            **self.ground.environment(account),
            "HOME": str(machine / "home"),
            "DOCKER_CONFIG": str(machine / "home/.docker"),
            "PROJECT": str(self.project.folder),
            **self.variables,
        }
        steps = self.config["jobs"][job]
        if steps.get("resource_class", "").startswith("arm."):
            environment["DOCKER_DEFAULT_PLATFORM"] = "linux/arm64"
        command = [
            PROGRAM, "local", "execute", job, "--config", str(self.compiled), "--workdir", str(machine / "work"),
            "--checkout", str(self.project.folder), "--workspace", str(self.folder / "workspace"), "--timings",
            str(timings),
            *(f"--env={name}={value}" for name, value in {**OF_THE_BUILD, **self.variables}.items()
              if name.startswith("CIRCLE_")),
            *self.skipped(steps),
        ]  # fmt: skip
        uses_engine = "docker" in json.dumps(steps["steps"])
        if uses_engine:
            ENGINE.acquire()
        try:
            done = subprocess.run(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True, timeout=300, check=False, cwd=self.folder,
            )  # fmt: skip
        finally:
            if uses_engine:
                ENGINE.release()
        # The next job comes minutes later.
        self.ground.aws.pass_time(180)
        return Result(done, timings)

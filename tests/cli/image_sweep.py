"""Images are pushed, put together, copied and tagged, and the command is killed, cut off, or loses its registry, at
every point of its course: real registries (distribution) stand behind proxies that strike once, at the n-th time a
request gets to some phase, for all n. Afterwards every tag that is there names a whole image, with all its children,
configurations and layers; nothing lies in TMPDIR; and the same command again completes with the same digest.

    image_sweep.py Push.test_killed        one command, one kind of blow
"""

import gzip
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

import image_files  # noqa: E402
import real_registry  # noqa: E402
import striking_proxy  # noqa: E402
from image_files import INDEX, MANIFEST, config, layer  # noqa: E402

PROGRAM = os.environ["SLIPWAY_PROGRAM"]
# The program with a clock of its own, on which all waiting is over at once.
SIMULATED = os.environ["SLIPWAY_SIMULATED"]
NETWORK = 4
RESUMES = "what has arrived stays: the same command again goes on from there"


def noise(name, size):
    """A layer that does not compress, so that its body has several pieces."""
    return layer(name, random.Random(name).randbytes(size))


def write_archive(path, architecture, layers):
    image_files.write_archive(path, config(architecture, layers), layers)


class Layout(image_files.Layout):
    """An image for two platforms that share a layer, and, unless it is plain, an attestation."""

    def __init__(self, folder, plain):
        super().__init__(folder)
        common = noise("common", 150_000)
        images = [self.image(name, [common, noise(name, size)]) for name, size in (("amd64", 90_000), ("arm64", 100))]
        more = [] if plain else [self.attestation(images[0])]
        self.finish(self.add_document(INDEX, {"manifests": images + more}))

    def image(self, architecture, layers):
        members = {
            "config": self.add("application/vnd.oci.image.config.v1+json", config(architecture, layers)),
            "layers": [
                self.add("application/vnd.oci.image.layer.v1.tar+gzip", gzip.compress(data, 1, mtime=0))
                for data in layers
            ],
        }
        return self.add_document(MANIFEST, members) | {"platform": {"os": "linux", "architecture": architecture}}

    def attestation(self, subject):
        members = {
            "config": self.add("application/vnd.oci.empty.v1+json", b"{}"),
            "layers": [self.add("application/vnd.in-toto+json", b'{"_type": "https://in-toto.io/Statement/v0.1"}')],
        }
        annotations = {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": subject["digest"],
        }
        platform = {"os": "unknown", "architecture": "unknown"}
        return self.add_document(MANIFEST, members) | {"annotations": annotations, "platform": platform}


class Sweep:
    """The sweeps of one command; subclasses say which."""

    registry_count = 1
    # The registries that are written to, in the order of their tags; the others are read.
    targets = (-1,)
    tags = ("v1",)
    phases = striking_proxy.PHASES
    # Whether the registries are asked past the proxies, which is faster.
    direct = False

    @classmethod
    def setUpClass(cls):
        missing = [tool for tool in real_registry.TOOLS if not shutil.which(tool)]
        if missing:
            raise unittest.SkipTest(f"{' and '.join(missing)} is not installed; tests/setup does it")
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.temp = cls.folder / "temp"
        cls.temp.mkdir()
        # A build beside the test must not change the program, and what it makes of a layer, between two points.
        cls.program = shutil.copy(PROGRAM, cls.folder)
        cls.simulated = shutil.copy(SIMULATED, cls.folder)
        cls.striker = striking_proxy.Striker()
        cls.registries, cls.proxies = [], []
        for i in range(cls.registry_count):
            registry = real_registry.Registry(cls.folder / f"registry-{i}")
            cls.addClassCleanup(registry.stop)
            cls.registries.append(registry)
            cls.proxies.append(striking_proxy.Proxy(registry, cls.striker))
        cls.set_environment()
        cls.prepare()
        cls.settle()
        cls.striker.arm(None)
        cls.digest = cls.completed("undisturbed")
        cls.times = dict(cls.striker.times)

    @classmethod
    def host(cls, which=-1):
        """The address of a registry, by default of the last one that is written to."""
        return (cls.registries if cls.direct else cls.proxies)[which].address

    @classmethod
    def other_host(cls, which=-1):
        """The same registry under another name: then layers are streamed instead of being shared."""
        return cls.host(which).replace("127.0.0.1", "localhost")

    @classmethod
    def write_logins(cls):
        names = [name(which) for which in range(cls.registry_count) for name in (cls.host, cls.other_host)]
        auths = {name: {"auth": real_registry.LOGIN} for name in names}
        (cls.folder / "config.json").write_text(json.dumps({"auths": auths}))

    @classmethod
    def set_environment(cls):
        cls.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(cls.folder),
            "DOCKER_CONFIG": str(cls.folder),
            "TMPDIR": str(cls.temp),
        }

    @classmethod
    def run_once(cls, *arguments):
        cls.write_logins()
        subprocess.run([cls.program, "image", *arguments], env=cls.env, check=True, capture_output=True)

    @classmethod
    def write_layout(cls, plain=True):
        folder = cls.folder / "layout"
        Layout(folder, plain)
        return f"oci:{folder}"

    @classmethod
    def prepare(cls):
        """Makes what the command starts from."""

    @classmethod
    def arguments(cls, name):
        """The command that writes refs(name)."""
        raise NotImplementedError

    @classmethod
    def refs(cls, name):
        """Pairs of a repository and a tag, in the order they are written to each registry. They are new for each
        name."""
        return [(name, tag) for tag in cls.tags]

    @classmethod
    def addresses(cls, name):
        return [f"{cls.host(which)}/{repository}:{tag}" for which in cls.targets for repository, tag in cls.refs(name)]

    @classmethod
    def start(cls, name, program=None):
        """Begins the command; its lines go to a file, so that nothing waits for a reader."""
        cls.write_logins()
        with open(cls.folder / "told", "wb") as out:
            command = [program or cls.program, "image", *cls.arguments(name)]
            return subprocess.Popen(command, env=cls.env, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    @classmethod
    def end(cls, process):
        """Waits until nothing goes on any more; returns the exit code and what was told."""
        status = process.wait(60)
        cls.settle()
        return status, (cls.folder / "told").read_text()

    @classmethod
    def settle(cls):
        for proxy in cls.proxies:
            proxy.settle()

    @classmethod
    def written(cls, name):
        """The digest of each tag that is there, all of whose images are whole."""
        return [digest for which in cls.targets for digest in cls.written_to(which, name)]

    @classmethod
    def written_to(cls, which, name):
        digests = [cls.registries[which].image(repository, tag) for repository, tag in cls.refs(name)]
        return [digest for digest in digests if digest]

    @classmethod
    def tag_count(cls, name):
        return len(cls.targets) * len(cls.refs(name))

    @classmethod
    def completed(cls, name):
        """Runs the command undisturbed; returns the digest that all tags name."""
        status, told = cls.end(cls.start(name))
        digests = cls.written(name)
        if status != 0 or len(digests) != cls.tag_count(name) or len(set(digests)) != 1:
            raise AssertionError(f"{name}: exit {status}, {digests}:\n{told}")
        return digests[0]

    def strike_everywhere(self, kind, blow, judge, program=None, but=()):
        """One run per point; `blow` gets the process and the proxy, and judge() the exit code and what was told by a
        command that was struck."""
        phases = [phase for phase in self.phases if phase not in but]
        struck = dict.fromkeys(phases, 0)
        for phase in phases:
            for number in range(self.times[phase]):
                with self.subTest(kind=kind, phase=phase, number=number):
                    struck[phase] += self.strike(f"{kind}/{phase}-{number}", (phase, number), blow, judge, program)
        print(f"{type(self).__name__} {kind}: {sum(struck.values())} points struck, {struck}", file=sys.stderr)
        for phase in striking_proxy.FIXED_PHASES:
            if phase in phases:
                self.assertEqual(struck[phase], self.times[phase])

    def strike(self, name, point, blow, judge, program):
        started = threading.Event()

        def blow_when_started(proxy):
            started.wait()
            blow(process, proxy)

        self.striker.arm(blow_when_started, *point)
        type(self).direct = False
        process = self.start(name, program)
        started.set()
        status, told = self.end(process)
        try:
            self.judge(name, status, told, judge)
        except AssertionError as e:
            raise AssertionError(f"{e}\n{self.evidence(name, told)}") from None
        return self.striker.struck

    def judge(self, name, status, told, judge_struck):
        """What must hold after a command that was struck, and after the same command again if it failed."""
        if self.striker.struck:
            judge_struck(name, status, told)
        else:
            self.assertEqual(status, 0)
        self.assertEqual(self.striker.premature, [], "manifests came before what they name")
        self.assertLessEqual(set(self.written(name)), {self.digest})
        self.assertEqual(os.listdir(self.temp), [])
        if status == 0:
            self.assertEqual(self.written(name), [self.digest] * self.tag_count(name))
        else:
            type(self).direct = True
            self.assertEqual(self.completed(name), self.digest)

    def evidence(self, name, told):
        """All that may tell why a point failed."""
        lines = []
        for which in self.targets:
            for image, like in zip(self.refs(name), self.refs("undisturbed"), strict=True):
                title = f"{':'.join(image)} in {self.host(which)}"
                try:
                    lines += [f"{title}: {line}" for line in self.registries[which].differences(image, like)]
                except (LookupError, ValueError) as e:
                    lines.append(f"{title}: {e!r}")
        lines += ["told by the struck command:", told, "asked of the registries:", *self.striker.course]
        return "\n".join(lines)

    def judge_completed(self, _, status, told):
        self.assertEqual(status, 0, told)

    def test_killed(self):
        """A command that was killed completes when it is run again."""

        def kill(process, _):
            process.kill()
            process.wait()

        def judge(_, status, told):
            self.assertEqual(status, -signal.SIGKILL, told)

        # To be killed when the registry has done a request is the same as when the next one comes.
        self.strike_everywhere("killed", kill, judge, but=["done"])

    def test_cut(self):
        """A connection that is cut is made again."""
        self.strike_everywhere("cut", lambda *_: None, self.judge_completed)

    def test_restarted(self):
        """A registry that is restarted gets all there is."""

        def restart(_, proxy):
            self.striker.let_store()
            proxy.registry.restart()

        self.strike_everywhere("restarted", restart, self.judge_completed)

    def test_gone(self):
        """A registry that goes for good is named, what was written before is whole, and it is said what that is."""

        def go(_, proxy):
            self.striker.gone = proxy

        def judge(name, status, told):
            self.assertEqual(status, NETWORK, told)
            *_, error, advice = ["", *told.splitlines()]
            if advice == RESUMES:
                self.assertTrue(any(self.registries[which].has_any(self.refs(name)[0][0]) for which in self.targets))
            else:
                self.assertEqual(self.written(name), [], told)
                error = advice
            self.assertTrue(error.startswith("error: "), told)
            self.assertIn(self.striker.gone.address.split(":")[1], error)
            self.assertTrue(error.endswith(self.standing(name)), f"{told}\nends with {self.standing(name)}")

        self.strike_everywhere("gone", go, judge, self.simulated, but=["sending", "done", "answering"])

    def standing(self, name):
        """How an error has to end, by what the registries have."""
        counts = [len(self.written_to(which, name)) for which in self.targets]
        of = len(self.refs(name))
        if sum(counts) == 0:
            return " (no tag was written)" if len(counts) > 1 else ")"
        if len(counts) == 1:
            return f" (tags in place: {counts[0]} of {of})"
        places = [f'{self.host(which)}/{self.refs(name)[0][0]}' for which in self.targets]
        shares = [f'{count or "none"} of {of} in "{place}"' for count, place in zip(counts, places, strict=True)]
        return f" (tags in place: {', '.join(shares)})"


class Push(Sweep, unittest.TestCase):
    tags = ("v1", "latest")

    @classmethod
    def prepare(cls):
        cls.archive = cls.folder / "image.tar"
        write_archive(cls.archive, "amd64", [noise("a", 200_000), noise("b", 150_000), noise("c", 100)])

    @classmethod
    def arguments(cls, name):
        return ["push", f"docker-archive:{cls.archive}", *cls.addresses(name)]


class PushTwo(Push):
    """To two registries at once. What is within requests is struck where there is one."""

    registry_count = 2
    targets = (0, 1)
    tags = ("v1",)
    phases = ("asked",)

    @classmethod
    def prepare(cls):
        cls.archive = cls.folder / "image.tar"
        write_archive(cls.archive, "amd64", [noise("a", 90_000)])


class Streamed(Sweep, unittest.TestCase):
    """Layers that are sent while they are being packed; what was sent is not kept, but read again where it lies."""

    @classmethod
    def prepare(cls):
        layers = [noise("a", 5_000_000), noise("b", 4_700_000), noise("c", 100)]
        layout = image_files.Layout(cls.folder / "layout")
        members = {
            "config": layout.add("application/vnd.oci.image.config.v1+json", config("amd64", layers)),
            "layers": [layout.add("application/vnd.oci.image.layer.v1.tar", data) for data in layers],
        }
        layout.finish(layout.add_document(MANIFEST, members))

    @classmethod
    def arguments(cls, name):
        return ["push", f"oci:{cls.folder}/layout", *cls.addresses(name)]


class PushAll(Sweep, unittest.TestCase):
    """An image of two platforms with its attestation, as it is in a layout."""

    @classmethod
    def prepare(cls):
        cls.layout = cls.write_layout(plain=False)

    @classmethod
    def arguments(cls, name):
        return ["push", "--all-platforms", cls.layout, *cls.addresses(name)]


class Copy(Sweep, unittest.TestCase):
    """One image, within a registry that has two names, so that layers are not shared."""

    tags = ("v1", "latest")

    @classmethod
    def prepare(cls):
        archive = cls.folder / "image.tar"
        write_archive(archive, "amd64", [noise("a", 200_000), noise("b", 100)])
        cls.run_once("push", f"docker-archive:{archive}", f"{cls.host()}/source:v1")

    @classmethod
    def arguments(cls, name):
        return ["copy", f"{cls.other_host()}/source:v1", *cls.addresses(name)]


class CopyIndex(Sweep, unittest.TestCase):
    """An image of two platforms, from one registry to another."""

    registry_count = 2

    @classmethod
    def prepare(cls):
        cls.run_once("push", "--all-platforms", cls.write_layout(), f"{cls.host(0)}/source:v1")

    @classmethod
    def arguments(cls, name):
        return ["copy", f"{cls.host(0)}/source:v1", *cls.addresses(name)]


class Index(Sweep, unittest.TestCase):
    """Two images of another repository, whose layers are shared."""

    @classmethod
    def prepare(cls):
        for platform in ("amd64", "arm64"):
            archive = cls.folder / f"{platform}.tar"
            write_archive(archive, platform, [noise("common", 1000), noise(platform, 1000)])
            cls.run_once("push", f"docker-archive:{archive}", f"{cls.host()}/parts:{platform}")

    @classmethod
    def arguments(cls, name):
        manifests = [f"--manifest={cls.host()}/parts:{platform}" for platform in ("amd64", "arm64")]
        return ["index", "create", *cls.addresses(name), *manifests]


class Tag(Sweep, unittest.TestCase):
    """Further tags of an image of two platforms."""

    @classmethod
    def prepare(cls):
        cls.run_once("push", "--all-platforms", cls.write_layout(), f"{cls.host()}/tagged:v1")

    @classmethod
    def refs(cls, name):
        return [("tagged", name.replace("/", ".") + end) for end in ("-a", "-b")]

    @classmethod
    def arguments(cls, name):
        return ["tag", f"{cls.host()}/tagged:v1", *(tag for _, tag in cls.refs(name))]


if __name__ == "__main__":
    unittest.main()

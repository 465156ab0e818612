"""A copy from repository to repository is killed, or cut off, at every point of its course; see push_sweep.py.
The source is the same registry under another name, so that layers are streamed and not shared."""

import json
import subprocess
import unittest

import push_sweep

SOURCE = "source:v1"


class CopySweep(push_sweep.Sweep):
    @classmethod
    def start(cls, repository):
        source = f"localhost:{cls.proxy.address.rpartition(':')[2]}/{SOURCE}"
        if not hasattr(cls, "source"):
            cls.source = source
            cls.provide(source)
        command = [push_sweep.PROGRAM, "image", "copy", source]
        command += [f"{cls.proxy.address}/{repository}:{tag}" for tag in push_sweep.TAGS]
        with open(cls.folder / "told", "wb") as out:
            return subprocess.Popen(command, env=cls.env, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    @classmethod
    def provide(cls, source):
        """Pushes the image that is copied, and gives the login for both names of the registry."""
        auths = json.loads((cls.folder / "config.json").read_text())["auths"]
        auths |= {source.split("/")[0]: auth for auth in list(auths.values())}
        (cls.folder / "config.json").write_text(json.dumps({"auths": auths}))
        command = [push_sweep.PROGRAM, "image", "push", f"docker-archive:{cls.archive}", source]
        subprocess.run(command, env=cls.env, check=True, capture_output=True)
        cls.proxy.arm(None)

    # As long as a push's, and nothing in it depends on what is sent.
    test_a_registry_that_is_restarted_gets_all_there_is = None


if __name__ == "__main__":
    unittest.main()

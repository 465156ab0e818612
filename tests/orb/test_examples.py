"""Each example of the orb compiles against it, and every job has an example or a name that says what it does."""

import os
import pathlib
import subprocess
import tempfile
import unittest

import yaml

ORB = pathlib.Path(__file__).resolve().parent.parent.parent / "orb"
PROGRAM = os.environ.get("SLIPWAY_PROGRAM", "slipway")


class Examples(unittest.TestCase):
    def test_each_compiles(self):
        paths = sorted((ORB / "examples").glob("*.yml"))
        self.assertGreaterEqual(len(paths), 15)
        for path in paths:
            with self.subTest(example=path.stem), tempfile.TemporaryDirectory() as scratch:
                config = pathlib.Path(scratch) / "config.yml"
                config.write_text(yaml.safe_dump(yaml.safe_load(path.read_text())["usage"], sort_keys=False))
                words = [PROGRAM, "config", "process", str(config), "--orb", f"acme/slipway@1.0.0={ORB}"]
                done = subprocess.run(words, capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, 0, done.stderr)
                # Nothing of an expression is left in what runs.
                self.assertNotIn("<< ", done.stdout)


if __name__ == "__main__":
    unittest.main()

"""What CircleCI's editors accept: the packed orb, every example and the project's own configuration against the JSON
schema of circleci-yaml-language-server, and the packed orb by the server itself.

Neither is here: SLIPWAY_CIRCLECI_SCHEMA names the schema.json, SLIPWAY_LANGUAGE_SERVER the program that its
cmd/start_server builds to. Skipped without them.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SCHEMA = os.environ.get("SLIPWAY_CIRCLECI_SCHEMA", "")
SERVER = os.environ.get("SLIPWAY_LANGUAGE_SERVER", "")
PROGRAM = os.environ.get("SLIPWAY_PROGRAM", "slipway")


def packed():
    done = subprocess.run([PROGRAM, "orb", "pack", str(ROOT / "orb")], check=True, capture_output=True, text=True)
    return done.stdout


REFERENCE = re.compile(r"<<\s*parameters\.([\w-]+)\s*>>")
SAMPLES = {"boolean": True, "integer": 1, "string": "text", "env_var_name": "NAME", "executor": "default"}


def filled(value, parameters):
    """The value with references to parameters that are all of a text replaced by the default, or by a sample: the
    schema knows what a finished value looks like, and takes few references in the place of one."""
    if isinstance(value, dict):
        return {key: filled(child, parameters) for key, child in value.items()}
    if isinstance(value, list):
        return [filled(child, parameters) for child in value]
    match = REFERENCE.fullmatch(value) if isinstance(value, str) else None
    parameter = parameters.get(match[1]) if match else None
    if not parameter or parameter["type"] == "steps":
        return value
    if parameter["type"] == "enum":
        return parameter.get("default") or parameter["enum"][0]
    return parameter.get("default") or SAMPLES[parameter["type"]]


def filled_orb():
    orb = yaml.safe_load(packed())
    for kind in ("commands", "jobs", "executors"):
        for name, part in orb[kind].items():
            orb[kind][name] = filled(part, part.get("parameters") or {})
    return orb


class Yamllint(unittest.TestCase):
    def test_the_packed_orb_passes_yamllint(self):
        """With the rules that CircleCI's own lint job has: relaxed, long lines allowed."""
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            file.write(packed())
            file.flush()
            rules = "{extends: relaxed, rules: {line-length: disable}}"
            try:
                done = subprocess.run(["yamllint", "--strict", "-d", rules, file.name], capture_output=True, text=True)
            except FileNotFoundError:
                self.skipTest("yamllint is not installed")
        self.assertEqual(done.returncode, 0, done.stdout)


@unittest.skipUnless(SCHEMA, "SLIPWAY_CIRCLECI_SCHEMA does not name the schema")
class Schema(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        import jsonschema

        cls.validator = jsonschema.Draft7Validator(json.loads(pathlib.Path(SCHEMA).read_text()))

    def check(self, document):
        # Through JSON: dates and keys such as `on` become what a schema can judge.
        document = json.loads(json.dumps(document, default=str))
        problems = [f"{'/'.join(map(str, p.absolute_path))}: {p.message[:300]}" for p in self.validator.iter_errors(document)]
        self.assertEqual(problems, [])

    def test_the_packed_orb(self):
        self.check(filled_orb())

    def test_the_packed_orb_inside_a_configuration(self):
        orb = filled_orb()
        inline = {key: orb[key] for key in ("commands", "jobs", "executors") if key in orb}
        self.check({"version": 2.1, "orbs": {"slipway": inline}, "workflows": {"w": {"jobs": ["slipway/ship"]}}})

    def test_every_example(self):
        for path in sorted((ROOT / "orb" / "examples").glob("*.yml")):
            with self.subTest(example=path.stem):
                self.check(yaml.safe_load(path.read_text())["usage"])

    def test_what_every_example_compiles_to(self):
        for path in sorted((ROOT / "orb" / "examples").glob("*.yml")):
            usage = json.dumps(yaml.safe_load(path.read_text())["usage"])
            orbs = re.findall(r"acme/slipway@[0-9.]+", usage)
            command = [PROGRAM, "config", "process", "--quiet", "-", "--orb", f"{orbs[0]}={ROOT / 'orb'}"]
            with self.subTest(example=path.stem):
                done = subprocess.run(command, input=usage, check=True, capture_output=True, text=True)
                compiled = yaml.safe_load(done.stdout)
                # The names that orbs' jobs have there are not for people to write.
                self.check({"version": 2.1,
                            "jobs": {name.replace("/", "-"): job for name, job in compiled["jobs"].items()}})

    def test_the_projects_own_configuration(self):
        for name in ("config.yml", "test-deploy.yml"):
            with self.subTest(file=name):
                self.check(yaml.safe_load((ROOT / ".circleci" / name).read_text()))


@unittest.skipUnless(SERVER, "SLIPWAY_LANGUAGE_SERVER does not name the language server")
class LanguageServer(unittest.TestCase):
    def test_it_finds_no_error_in_the_packed_orb(self):
        import lsp_diagnostics

        orb = filled_orb()
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "orb.yml"
            path.write_text(yaml.safe_dump(orb, width=100000))
            found = lsp_diagnostics.diagnostics(SERVER, path)
        # Severity 1 is an error, 2 a warning.
        errors = [d["message"] for d in found if d["severity"] == 1]
        self.assertGreater(len(found), len(errors), "it warns of jobs and commands of the same name, at least")
        self.assertEqual([e for e in errors if not self.is_mistaken(e, orb)], [])

    @staticmethod
    def is_mistaken(error, orb):
        """Images are looked up in the network, and a step that has the name of a job is taken for the job."""
        if error.startswith("Docker image not found"):
            return True
        match = re.fullmatch(r"Parameter ([\w-]+) is not defined for ([\w-]+)", error)
        if not match or match[2] not in orb["jobs"] or match[2] not in orb["commands"]:
            return False
        return match[1] in orb["commands"][match[2]]["parameters"]


if __name__ == "__main__":
    sys.exit(unittest.main())

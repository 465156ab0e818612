"""The orb's source, read by an independent YAML parser: the 2019 interface is all there, everything is
described, every parameter is used, and no parameter's text is pasted into a script."""

import csv
import pathlib
import re
import unittest

import wrapped_jobs
import yaml

HERE = pathlib.Path(__file__).resolve().parent
ORB = HERE.parent.parent / "orb"
REFERENCE = re.compile(r"<<[#^/]?\s*parameters\.([\w-]+)\s*>>")


def load(path):
    return yaml.safe_load(path.read_text())


COMPONENTS = {
    f"{path.parent.name}/{path.stem}": load(path)
    for folder in ("commands", "jobs", "executors", "examples")
    for path in sorted((ORB / folder).glob("*.yml"))
}


def walk(value):
    """All strings in a YAML value, keys left out."""
    if isinstance(value, dict):
        for child in value.values():
            yield from walk(child)
    elif isinstance(value, list):
        for child in value:
            yield from walk(child)
    elif isinstance(value, str):
        yield value


def called(steps):
    """Names of the steps, those under conditions included, in order."""
    for step in steps if isinstance(steps, list) else []:
        if isinstance(step, str):
            yield step
            continue
        for name, body in step.items():
            if name in ("when", "unless"):
                yield from called(body["steps"])
            else:
                yield name


def runs(component):
    for step in component.get("steps", []):
        if isinstance(step, dict) and "run" in step:
            yield step["run"]


class Contract(unittest.TestCase):
    def test_the_2019_interface_is_all_there(self):
        with open(HERE / "contract_2019.tsv", encoding="utf-8", newline="") as file:
            rows = [row for row in csv.reader(file, delimiter="\t") if not row[0].startswith("#")]
        self.assertEqual(len(rows), 51)
        for component, name, kind, default in rows:
            with self.subTest(component=component, parameter=name):
                declared = COMPONENTS[component]["parameters"][name]
                self.assertEqual(declared["type"], kind)
                if default == "-":
                    self.assertNotIn("default", declared)
                elif default != "*":
                    text = declared["default"]
                    self.assertEqual(str(text).lower() if isinstance(text, bool) else str(text), default)

    def test_the_newest_interface_compiles(self):
        with open(HERE / "contract_newest.tsv", encoding="utf-8", newline="") as file:
            rows = [row for row in csv.reader(file, delimiter="\t") if not row[0].startswith("#")]
        self.assertEqual(len(rows), 312)
        for component, name, kind, default in rows:
            with self.subTest(component=component, parameter=name):
                declared = COMPONENTS[component]["parameters"][name]
                kind, _, values = kind.partition(" ")
                self.assertEqual(declared["type"], kind)
                self.assertGreaterEqual(set(declared.get("enum", [])), set(values.split(",")) - {""})
                if default == "-":
                    self.assertNotIn("default", declared)
                else:
                    text = str(declared["default"])
                    self.assertIn(default, ("*", text.lower() if isinstance(declared["default"], bool) else text))

    def test_nothing_but_the_old_required_parameters_is_required(self):
        required = {
            (component, name)
            for component, body in COMPONENTS.items()
            if component.startswith("jobs/")
            for name, declared in body.get("parameters", {}).items()
            if "default" not in declared
        }
        expected = {
            ("jobs/build_and_push_image", "repo"),
            ("jobs/deploy-service-update", "family"),
            ("jobs/deploy-service-update", "cluster-name"),
        }
        self.assertEqual(required & {r for r in required if r[0] in {e[0] for e in expected}}, expected)

    def test_jobs_have_the_parameters_of_the_commands_they_run(self):
        self.assertEqual([str(path) for path in wrapped_jobs.differing()], [])

    def test_every_published_name_puts_slipway_in_place_itself(self):
        # A configuration for the older orbs has no step for that.
        internal = {"install", "refuse", "registry"}
        for component, body in COMPONENTS.items():
            folder, _, name = component.partition("/")
            if folder in ("commands", "jobs") and name not in internal:
                with self.subTest(component=component):
                    own = [step for step in called(body["steps"]) if f"commands/{step}" in COMPONENTS and step != "refuse"]
                    if own[:1] != ["install"]:
                        # Another name of a command that does, or a command whose first step it is.
                        self.assertIn("install", list(called(COMPONENTS[f"commands/{own[0]}"]["steps"])))

    def test_everything_is_described(self):
        for component, body in COMPONENTS.items():
            with self.subTest(component=component):
                self.assertTrue(body.get("description", "").strip())
                for name, declared in body.get("parameters", {}).items():
                    self.assertTrue(declared.get("description", "").strip(), name)
        root = load(ORB / "@orb.yml")
        self.assertTrue(root["description"].strip())
        self.assertEqual(set(root["display"]), {"home_url", "source_url"})

    def test_parameters_are_declared_and_used(self):
        # Kept for older configurations; nothing is left for them to do.
        unused = {
            ("jobs/build_and_push_image", "profile-name"),
            ("executors/default", "tag"),
        }
        for component, body in COMPONENTS.items():
            if component.startswith("examples/"):
                continue
            declared = set(body.get("parameters", {}))
            rest = {key: value for key, value in body.items() if key != "parameters"}
            used = {name for text in walk(rest) for name in REFERENCE.findall(text)}
            with self.subTest(component=component):
                self.assertEqual(used - declared, set())
                self.assertEqual({(component, n) for n in declared - used} - unused, set())

    def test_parameters_reach_scripts_through_the_environment_only(self):
        for component, body in COMPONENTS.items():
            for run in runs(body):
                with self.subTest(component=component):
                    self.assertRegex(run["command"], r"^<<include\(scripts/[\w-]+\.sh\)>>$")
                    self.assertTrue(run["name"])

    def test_the_migration_page_names_what_exists(self):
        text = (ORB / "README.md").read_text()
        rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in text.splitlines() if row.startswith("| ")]
        checked = 0
        for row in rows:
            where = re.match(r"`((?:jobs|commands|executors)/[\w-]+)`", row[0])
            here = re.match(r"`((?:jobs|commands|executors)/[\w-]+)`(?::(.*))?$", row[2]) if len(row) > 2 else None
            if here:
                component, names = here[1], re.findall(r"`([\w-]+)`", here[2] or "")
            elif where and not where[1].startswith("executors/"):
                component, names = where[1], re.findall(r"`([\w-]+)`", row[2])
            else:
                continue
            with self.subTest(row=row):
                self.assertIn(component, COMPONENTS)
                self.assertEqual([n for n in names if n not in COMPONENTS[component]["parameters"]], [])
                checked += len(names) + 1
        self.assertGreater(checked, 45)

    def test_every_script_is_included(self):
        included = {
            match
            for body in COMPONENTS.values()
            for run in runs(body)
            for match in re.findall(r"scripts/[\w-]+\.sh", run["command"])
        }
        self.assertEqual({f"scripts/{path.name}" for path in (ORB / "scripts").iterdir()}, included)

    def test_examples_are_named_after_what_they_are_for(self):
        examples = [name for name in COMPONENTS if name.startswith("examples/")]
        self.assertGreaterEqual(len(examples), 5)
        for name in examples:
            self.assertNotIn("example", name.removeprefix("examples/"))


if __name__ == "__main__":
    unittest.main()

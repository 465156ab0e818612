#!/usr/bin/env python3
"""What each parameter of each command, job and executor does: every value of a boolean and of an enum, another value than
the default of everything else, and the default, which is what a use without the parameter does.

uses.txt has, for each component, a use with nothing but what is required, and all that comes of it: the steps, the words
of the programs that they call, and what they leave for later steps. parameters.tsv has a row for each value: what differs
from that then. Steps run in bash as on CircleCI; the programs are stand-ins that write down their words.

    test_parameters.py             checks all of it
    test_parameters.py --missing [OTHERS]
                                   prints a row for each value that has none, to be read and put into parameters.tsv; OTHERS
                                   are parameters without which it does nothing, as JSON
    test_parameters.py --records   prints uses.txt anew
"""

import concurrent.futures
import difflib
import json
import os
import pathlib
import re
import shlex
import shutil
import sys
import tempfile
import unittest

import orb_uses
import parameter_table

RECORDS = pathlib.Path(__file__).resolve().parent / "uses.txt"

# What a project has: its variables, and files in its folder.
PROJECT = {
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "AKIA",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_ACCOUNT_ID": "123456789012",
    "CIRCLE_JOB": "build",
    # What an earlier step of the job registered.
    "CCI_ORB_AWS_ECS_REGISTERED_TASK_DFN": "arn",
}
FILES = {"Dockerfile": "", "app/Dockerfile": "", "pushed": "host/web@sha256:1\n"}
# What a line of a record begins with that is a call of a program.
CALL = "    $ "
# Kept for configurations of other orbs; nothing is left for them to do.
WITHOUT_EFFECT = {("jobs/build_and_push_image", "profile-name"), ("executors/default", "tag")}


def pieces(record):
    """A record cut where a difference is best told: at lines, and before each option."""
    for line in record:
        piece = []
        for word in shlex.split(line)[1:] if line.startswith(CALL) else ():
            if piece and word.startswith("-"):
                yield shlex.join(piece)
                piece = []
            piece.append(word)
        yield shlex.join(piece) if piece else line.strip()


def difference(before, after):
    """What differs between two records, as one line; "" when nothing does. What an error keeps from happening is left out."""
    before, after = list(pieces(before)), list(pieces(after))
    ends = [record[-1] if record[-1].startswith("ends with ") else "" for record in (before, after)]
    told = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag != "equal":
            told += [f"- {piece}" for piece in before[a:b] if ends[1] in ("", ends[0]) or piece == ends[0]]
            told += [f"+ {piece}" for piece in after[c:d] if ends[0] in ("", ends[1]) or piece == ends[1]]
    return " | ".join(told)


class State:
    """A project's folder after some steps: what the last one did, and whether it ended the job."""

    def __init__(self, folder, lines=(), ended=False):
        self.folder, self.lines, self.ended = folder, lines, ended

    def files(self):
        return {
            str(path.relative_to(self.folder / "work")): path.read_text()
            for path in sorted((self.folder / "work").rglob("*"))
            if path.is_file()
        }

    def exports(self):
        return (self.folder / "bash_env").read_text().splitlines()


class World:
    """Where uses are run. A step in a state that was met before is not run again."""

    def __init__(self, folder):
        self.folder = folder
        self.tools = folder / "tools"
        self.states = folder / "states"
        self.tools.mkdir()
        self.states.mkdir()
        orb_uses.write_programs(self.tools)
        self.packed = orb_uses.pack(folder)
        self.known = {}
        first = self.states / "first"
        for name, text in FILES.items():
            (first / "work" / name).parent.mkdir(parents=True, exist_ok=True)
            (first / "work" / name).write_text(text)
        (first / "tmp").mkdir()
        (first / "bash_env").touch()
        self.first = State(first)

    def records(self, folder, name, uses):
        """What each use does; a use is its parameters, and variables of the job in capitals."""
        parameters = [{key: value for key, value in use.items() if not key.isupper()} for use in uses]
        jobs = orb_uses.compiled(folder, name, parameters, self.packed, self.folder)
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            return list(pool.map(lambda job, use: self.record(job, use, folder), jobs, uses))

    def record(self, job, use, folder):
        variables = {key: str(value) for key, value in use.items() if key.isupper()}
        # The job around a command is this test's own, and so are the steps of an executor.
        lines = [f"  {key} {json.dumps(value)}" for key, value in job.items() if key != "steps" and folder != "commands"]
        state, key = self.first, json.dumps(variables)
        for step in job["steps"] if folder != "executors" else []:
            name, body = (step, {}) if isinstance(step, str) else next(iter(step.items()))
            if name != "run":
                lines.append(f"  {name}" + "".join(f" {k}={v}" for k, v in body.items()))
                continue
            rest = [f" {k}={v}" for k, v in body.items() if k not in ("name", "command", "environment")]
            lines.append(f"  run {body['name']}{''.join(rest)}")
            key += json.dumps(body)
            state = self.known.get(key) or self.known.setdefault(key, self.after(state, body, variables))
            lines += state.lines
            if state.ended:
                break
        return lines

    def after(self, before, run, variables):
        """The state after a step that is run in the state `before`."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.states))
        shutil.copytree(before.folder, folder, dirs_exist_ok=True, symlinks=True)
        calls = folder / "calls"
        calls.write_text("")
        environment = {"PATH": f"{self.tools}:{os.environ['PATH']}", "CALLS": str(calls), "TMPDIR": str(folder / "tmp")}
        environment["PROGRAM"] = orb_uses.PROGRAM
        if "BOOLEANS" in variables:
            given = run.get("environment", {}).items()
            run = {**run, "environment": {k: str(v).lower() if isinstance(v, bool) else v for k, v in given}}
        done = orb_uses.execute(run, folder / "work", folder, {**PROJECT, **environment, **variables})
        state = State(folder)
        told = ["$ " + shlex.join(call.split("\037")) for call in calls.read_text().split("\036")[:-1]]
        told += [f"leaves {line}" for line in state.exports()[len(before.exports()) :]]
        known = before.files()
        told += [f"writes {shlex.join([name, text])}" for name, text in state.files().items() if known.get(name) != text]
        if done.returncode != 0:
            told.append(f"ends with {done.returncode}: {(done.stderr.decode().strip().splitlines() or [''])[-1]}")
        state.lines = ["    " + self.plain(line) for line in told]
        state.ended = done.returncode != 0
        return state

    def plain(self, line):
        """Without what is another one each time."""
        line = re.sub(re.escape(str(self.states)) + r"/\w+", "~", line)
        return re.sub(r"\btmp\.\w+", "tmp.X", line).replace("\n", "\\n")


def recorded():
    """uses.txt: component to (use, record)."""
    found = {}
    for line in RECORDS.read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            component, _, use = line.partition(" ")
            found[component] = (json.loads(use), [])
        elif line.startswith(" "):
            found[component][1].append(line)
    return found


class Parameters(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.world = World(pathlib.Path(cls.scratch.name))
        cls.table = parameter_table.Table()

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    def test_each_value_has_a_row(self):
        missing, count = [], 0
        for folder, name, parameters in orb_uses.components():
            component = f"{folder}/{name}"
            count += sum(len(parameter_table.wanted(declared)) + ("default" in declared) for declared in parameters.values())
            missing += [f"{component}: {parameter}: {value}" for parameter, value in self.table.missing(component, parameters)]
        print(f"{count} values of parameters, {count - len(missing)} of them tried")
        self.assertEqual(missing, [], "test_parameters.py --missing prints the rows")

    def test_rows_are_about_what_there_is(self):
        there = {f"{folder}/{name}": parameters for folder, name, parameters in orb_uses.components()}
        for parameter, value, others, names, change in self.table.rows:
            for component in names:
                with self.subTest(component=component, parameter=parameter, value=value):
                    unknown = {parameter, *(name for name in others if not name.isupper())} - set(there[component])
                    self.assertEqual(unknown, set())
                    self.assertEqual(change == "nothing", (component, parameter) in WITHOUT_EFFECT)

    def test_uses_do_what_is_written(self):
        records = recorded()
        for folder, name, parameters in orb_uses.components():
            component = f"{folder}/{name}"
            with self.subTest(component=component):
                self.assertIn(component, records, "test_parameters.py --records prints uses.txt")
                self.check(folder, name, orb_uses.required(name, parameters), *records[component])

    def check(self, folder, name, needed, use, expected):
        self.assertEqual(use, needed)
        rows = self.table.of(f"{folder}/{name}")
        uses = [needed, {**needed, "BOOLEANS": "words"}]
        for parameter, value, others, *_ in rows:
            uses += [{**needed, **others}, {**needed, **others, parameter: value}]
        # The scripts know both spellings of a boolean.
        uses += [{**use, "BOOLEANS": "words"} for use, row in zip(uses[3::2], rows) if isinstance(row[1], bool)]
        records = self.world.records(folder, name, uses)
        in_words = iter(records[2 + 2 * len(rows) :])
        self.assertEqual("\n".join(records[0]), "\n".join(expected))
        self.assertEqual(records[1], records[0])
        for row, before, after in zip(rows, records[2::2], records[3::2]):
            parameter, value, others, _, change = row
            with self.subTest(component=f"{folder}/{name}", parameter=parameter, value=value, others=others):
                self.assertEqual((difference(before, after) or "nothing").split(" | "), change.split(" | "))
                if isinstance(value, bool):
                    self.assertEqual(next(in_words), after)


def print_missing(world, others="{}"):
    table, found, given = parameter_table.Table(), {}, json.loads(others)
    for folder, name, parameters in orb_uses.components():
        component, use = f"{folder}/{name}", {**orb_uses.required(name, parameters), **given}
        values = [(parameter, value) for parameter, value in table.missing(component, parameters) if parameter not in given]
        if not values or any(other not in parameters and not other.isupper() for other in given):
            continue
        before, *after = world.records(folder, name, [use, *({**use, parameter: value} for parameter, value in values)])
        for (parameter, value), record in zip(values, after):
            change = difference(before, record) or "nothing"
            if (change == "nothing") == ((component, parameter) in WITHOUT_EFFECT) and "+ ends with" not in change:
                row = (parameter, json.dumps(value), others if given else "", change)
                found.setdefault(row, []).append(component)
    for (parameter, value, told, change), names in sorted(found.items()):
        print(parameter, value, told, " ".join(names), change, sep="\t")


def print_records(world):
    print("# What each component does when it is given nothing but what it must have; test_parameters.py reads it.")
    for folder, name, parameters in orb_uses.components():
        needed = orb_uses.required(name, parameters)
        print(f"\n{folder}/{name} {json.dumps(needed)}", *world.records(folder, name, [needed])[0], sep="\n")


def main():
    printers = {"--missing": print_missing, "--records": print_records}
    if sys.argv[1:2] and sys.argv[1] in printers:
        with tempfile.TemporaryDirectory() as scratch:
            printers[sys.argv[1]](World(pathlib.Path(scratch)), *sys.argv[2:])
    else:
        unittest.main()


if __name__ == "__main__":
    main()

"""No text of a parameter is ever run by a shell: every string parameter of every command and job of the orb is fed with
quotes, substitutions, new lines and globs, alone and together with all others, and the steps are run as CircleCI
runs them. Where the text would be evaluated, a marker file appears.

Each parameter is fed where it takes effect: in the uses of parameters.tsv, which show that its text gets to a program.
What the steps call is replaced by stand-ins, so that all of them run to their ends.
"""

import concurrent.futures
import os
import pathlib
import tempfile
import unittest

import orb_uses
import parameter_table

EVIL = [
    "$(touch marker)",
    "`touch marker`",
    "'; touch marker; '",
    '"; touch marker; "',
    "x\ntouch marker\n",
    "x; touch marker & touch marker | touch marker",
    "'\"$(touch marker)\"'`touch marker`\\",
    "a[$(touch marker)]",
    "* ? [a-z] {a,b} ~ $PATH --output marker",
    "${x:=$(touch marker)}",
]
# In quotes of either kind, and without.
WORST = EVIL[6]
# Says where an image is, answers what is asked of the program in the form it answers, and hands back texts it is to expand:
# the worst that a variable could hold.
STAND_IN = """\
#!/bin/sh
case "$1 ${2:-}" in
    "env subst") for word do :; done; printf '%s\\n' "$word" ;;
    "ecr login") echo 127.0.0.1:5000 ;;
    "image push" | "image copy" | "image index" | "image exists") echo 127.0.0.1:5000/web:1@sha256:0 ;;
    "image digest") echo sha256:0 ;;
    "ecs run-task") printf '{\\n  "taskArn": "arn"\\n}\\n' ;;
    "--version "*) echo "slipway 0.1.0" ;;
esac
"""
NOTHING = "#!/bin/sh\nexit 0\n"
PROGRAMS = {"slipway": STAND_IN, "recorded": STAND_IN, **dict.fromkeys(("docker", "curl", "wget", "sudo", "cp", "ecs-cli"), NOTHING)}


class Case:
    """A use of a command or job; capitals are variables of the job."""

    def __init__(self, component, title, text, parameters, values):
        self.title, self.text = f"{component}, {title}", text
        self.values = {**orb_uses.required(component.rpartition("/")[2], parameters), **{n: v for n, v in values.items() if not n.isupper()}}
        self.variables = {n: v for n, v in values.items() if n.isupper()}

    def run(self, job, tools):
        """What went wrong, or ""."""
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(scratch)
            work = folder / "work"
            work.mkdir()
            (work / "Dockerfile").touch()
            (folder / "bash_env").touch()
            environment = {"PATH": f"{tools}:{os.environ['PATH']}", "TMPDIR": scratch, "CALLS": "/dev/null", **self.variables}
            # The last one reads what the others left for later steps.
            for run in [*orb_uses.runs(job), {"command": ":"}]:
                # Where there is no text, none can be run.
                if any(self.text in str(v) for v in run.get("environment", {}).values()) or (folder / "bash_env").stat().st_size:
                    orb_uses.execute(run, work, folder, environment)
            return f"ran text of {self.title}" if list(folder.rglob("marker")) else ""


def texts_of(parameters):
    return [n for n, d in parameters.items() if d["type"] == "string"]


def with_all(name, parameters):
    """All texts at once, with every branch that a switch opens, and with every choice."""
    texts = texts_of(parameters)
    switches = [n for n, d in parameters.items() if d["type"] == "boolean"]
    choices = [{n: value} for n, d in parameters.items() for value in d.get("enum", ())]
    for text in EVIL:
        for switched in (False, True):
            values = {**dict.fromkeys(texts, text), **(dict.fromkeys(switches, True) if switched else {})}
            yield Case(name, f"all: {text!r}", text, parameters, values)
    for choice in choices:
        for switched in (False, True):
            values = {**dict.fromkeys(texts, WORST), **(dict.fromkeys(switches, True) if switched else {}), **choice}
            yield Case(name, f"all, with {choice}", WORST, parameters, values)


def one_by_one(component, parameters, rows):
    """Each text where the table says that it has an effect."""
    texts = texts_of(parameters)
    for parameter, _, others, *_ in rows:
        if parameter in texts:
            yield Case(component, f"{parameter} with {others}", WORST, parameters, {**others, parameter: WORST})


class Injection(unittest.TestCase):
    def test_no_text_of_a_parameter_is_run(self):
        table = parameter_table.Table()
        with tempfile.TemporaryDirectory() as scratch:
            tools = pathlib.Path(scratch)
            orb_uses.write_programs(tools, PROGRAMS)
            packed = orb_uses.pack(tools)
            count, problems = 0, []
            with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
                for folder, name, parameters in orb_uses.components(("commands", "jobs")):
                    component = f"{folder}/{name}"
                    alone = list(one_by_one(component, parameters, table.of(component)))
                    cases = [*alone, *with_all(component, parameters)]
                    jobs = orb_uses.compiled(folder, name, [case.values for case in cases], packed, tools)
                    problems += filter(None, pool.map(lambda case, job: case.run(job, tools), cases, jobs))
                    count += len(cases)
            print(f"{count} uses")
            self.assertEqual(problems[:20], [])

    def test_each_text_is_tried_where_it_has_an_effect(self):
        table, tried = parameter_table.Table(), 0
        for folder, name, parameters in orb_uses.components(("commands", "jobs")):
            component = f"{folder}/{name}"
            rows = table.of(component)
            with self.subTest(component=component):
                self.assertEqual([n for n in texts_of(parameters) if n not in {parameter for parameter, *_ in rows}], [])
                tried += len(texts_of(parameters))
        print(f"{tried} texts")

    def test_what_is_no_text_holds_none(self):
        """The other types: CircleCI takes nothing else for them than what they say, and steps are the caller's own."""
        kinds = {d["type"] for _, _, parameters in orb_uses.components() for d in parameters.values()}
        self.assertEqual(kinds, {"string", "boolean", "integer", "enum", "steps", "executor"})


if __name__ == "__main__":
    unittest.main()

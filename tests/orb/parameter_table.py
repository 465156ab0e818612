"""parameters.tsv: a row for each value of a parameter that is tried, and what it changes."""

import csv
import json
import pathlib

ROWS = pathlib.Path(__file__).resolve().parent / "parameters.tsv"

# What a parameter is given unless a row says otherwise: a text that a shell would split, or what fits its name or type.
TEXT = "a text"
SAMPLES = {
    "account_id": "210987654321",
    "aws_domain": "amazonaws.com.cn",
    "image_file": "pushed",
    "region": "us-east-1",
    "slipway_version": "2.0.0",
}
TYPES = {"steps": [{"run": {"name": "Own step", "command": "true"}}], "integer": 7}


def wanted(declared):
    """The values of a parameter that are to be tried; None stands for any other one than the default."""
    default = declared.get("default")
    if declared["type"] in ("boolean", "enum"):
        every = declared.get("enum", [True, False])
        return [value for value in every if value != default]
    return [None]


def sample(name, declared):
    if declared["type"] == "executor":
        return "s/default" if declared["default"] == "container" else "s/container"
    return SAMPLES.get(name.replace("-", "_"), TYPES.get(declared["type"], TEXT))


class Table:
    """parameters.tsv."""

    def __init__(self):
        self.rows = []
        with open(ROWS, encoding="utf-8", newline="") as file:
            for line in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                if line and not line[0].startswith("#"):
                    parameter, value, others, names, change = line
                    self.rows.append((parameter, json.loads(value), json.loads(others or "{}"), names.split(), change))

    def of(self, component):
        return [row for row in self.rows if component in row[3]]

    def missing(self, component, parameters):
        """Parameters and values that no row has."""
        rows = self.of(component)
        for name, declared in parameters.items():
            tried = [value for parameter, value, *_ in rows if parameter == name and value != declared.get("default")]
            for value in wanted(declared):
                if not tried if value is None else value not in tried:
                    yield name, sample(name, declared) if value is None else value

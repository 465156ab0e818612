#!/usr/bin/env python3
"""Checks against botocore's models of the ECS and CloudWatch Logs APIs, which are not ours.

usage: model_check.py PROGRAM SOURCE_DIR

1. Definitions with every member of the model set, as DescribeTaskDefinition answers them, come out of
   "slipway ecs render" unchanged but for the members that RegisterTaskDefinition does not have, and
   botocore accepts the result as its input.
2. Every member name in the answers that tests/ecs invents exists in the models.
Exits with 77 when botocore is not installed.
"""
import json
import pathlib
import re
import subprocess
import sys

try:
    import botocore.session
    from botocore.validate import ParamValidator
except ImportError:
    print("botocore (PyPI) is not installed")
    sys.exit(77)

# Names that tests use on purpose: the error envelope, our own facts, and what no model knows.
INVENTED = {"__type", "message", "previousImage", "futureField", "unexpected"}
TIMESTAMP = 1767225600.25


def example(shape, seed, depth=0):
    """A value for the shape with every member set; `seed` varies texts and numbers."""
    kind = shape.type_name
    if kind == "structure":
        return {name: example(member, seed + i, depth + 1) for i, (name, member) in enumerate(shape.members.items())}
    if kind == "list":
        return [example(shape.member, seed + i, depth + 1) for i in range(1 + seed % 2)]
    if kind == "map":
        return {f"Key_{seed}.x": example(shape.value, seed, depth + 1), "": ""} if depth else {}
    if kind == "string":
        return shape.enum[seed % len(shape.enum)] if getattr(shape, "enum", None) else ("" if seed % 5 == 0 else f"te'xt {seed} \u00fc")
    if kind == "boolean":
        return seed % 2 == 0
    if kind == "integer":
        return (0, 1, -1, 2147483647)[seed % 4]
    if kind == "long":
        return (0, 9007199254740993)[seed % 2]
    if kind in ("double", "float"):
        return 0.5
    if kind == "timestamp":
        return TIMESTAMP
    raise SystemExit(f"no example for {kind}")


def check_round_trip(model, program):
    described = model.operation_model("DescribeTaskDefinition").output_shape.members["taskDefinition"]
    request = model.operation_model("RegisterTaskDefinition").input_shape
    read_only = set(described.members) - set(request.members)
    assert len(read_only) == 9, read_only
    for seed in range(12):
        definition = example(described, seed)
        definition["family"] = "f"
        for i, container in enumerate(definition["containerDefinitions"]):
            container["name"] = f"c{i}"
        document = {"taskDefinition": definition, "tags": [{"key": "k", "value": ""}, {"key": "aws:x", "value": "y"}]}
        result = subprocess.run([program, "ecs", "render", "--file", "-"], input=json.dumps(document),
                                capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        rendered = json.loads(result.stdout)
        expected = {name: value for name, value in definition.items() if name not in read_only}
        expected["tags"] = [{"key": "k", "value": ""}]
        assert rendered == expected, (rendered, expected)
        assert list(rendered) == [name for name in definition if name not in read_only] + ["tags"], "order"
        report = ParamValidator().validate(rendered, request)
        assert not report.has_errors(), report.generate_report()


def member_names(model):
    names = set()
    for shape_name in model.shape_names:
        shape = model.shape_for(shape_name)
        if shape.type_name == "structure":
            names.update(shape.members)
    return names


def check_invented_answers(models, source):
    known = INVENTED.union(*(member_names(model) for model in models))
    for path in sorted((pathlib.Path(source) / "tests" / "ecs").glob("test_*.c")):
        if path.name == "test_taskdef.c":
            continue  # its documents are odd on purpose
        text = re.sub(r'"\s*\n\s*"', "", path.read_text())
        unknown = {name for name in re.findall(r"'(\w+)':", text) if name not in known and len(name) > 1}
        assert not unknown, f"{path.name}: not in the API models: {sorted(unknown)}"


def main():
    program, source = sys.argv[1:]
    session = botocore.session.get_session()
    ecs = session.get_service_model("ecs")
    check_round_trip(ecs, program)
    check_invented_answers([ecs, session.get_service_model("logs")], source)


main()

#!/usr/bin/env python3
"""Checks against botocore's models of the ECS, EventBridge and CloudWatch Logs APIs, which are not ours.

usage: model_check.py PROGRAM TYPES_PROGRAM SOURCE_DIR

1. Definitions with every member of the model set, as DescribeTaskDefinition answers them, come out of
   "slipway ecs render" unchanged but for the members that RegisterTaskDefinition does not have, and
   botocore accepts the result as its input.
2. Random edits of such definitions give what a second implementation, below, gives.
3. Every member name in the answers that tests/ecs invents exists in the models.
4. The program's table of types, by which it reads YAML, is the model's.
Exits with 77 when botocore is not installed.
"""
import copy
import json
import pathlib
import random
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
INVENTED = {
    *("__type", "message", "kind", "updated", "previousImage", "digest", "errors"),
    *("states", "healthy", "unhealthy", "futureField", "unexpected"),
}
# An AppSpec is a file; no API has a model of it.
APPSPEC = {"TargetService", "Properties", "TaskDefinition", "LoadBalancerInfo", "ContainerName", "ContainerPort",
           "Base",
           "CapacityProvider", "Weight"}
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
        if getattr(shape, "enum", None):
            return shape.enum[seed % len(shape.enum)]
        return "" if seed % 5 == 0 else f"te'xt {seed} \u00fc"
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


def render(program, document, options=()):
    result = subprocess.run([program, "ecs", "render", "--file", "-", *options], input=json.dumps(document),
                            capture_output=True, text=True, check=False)
    assert result.returncode == 0, (result.stderr, options)
    return json.loads(result.stdout)


def named(definition):
    definition["family"] = "f"
    for i, container in enumerate(definition["containerDefinitions"]):
        container["name"] = f"c{i}"
    return definition


def check_round_trip(model, program):
    described = model.operation_model("DescribeTaskDefinition").output_shape.members["taskDefinition"]
    request = model.operation_model("RegisterTaskDefinition").input_shape
    read_only = set(described.members) - set(request.members)
    assert len(read_only) == 9, read_only
    for seed in range(12):
        definition = named(example(described, seed))
        document = {"taskDefinition": definition, "tags": [{"key": "k", "value": ""}, {"key": "aws:x", "value": "y"}]}
        rendered = render(program, document)
        expected = {name: value for name, value in definition.items() if name not in read_only}
        expected["tags"] = [{"key": "k", "value": ""}]
        assert rendered == expected, (rendered, expected)
        assert list(rendered) == [name for name in definition if name not in read_only] + ["tags"], "order"
        report = ParamValidator().validate(rendered, request)
        assert not report.has_errors(), report.generate_report()


def set_item(items, key, name, value_key, value):
    for i, item in enumerate(items):
        if item[key] == name:
            item[value_key] = value
            items[i + 1:] = [later for later in items[i + 1:] if later[key] != name]
            return
    items.append({key: name, value_key: value})


def without(container, key, name):
    if key in container:
        container[key] = [item for item in container[key] if item["name"] != name]


def edit(definition, kind, container, name, value):
    if kind == "image":
        container["image"] = value
    elif kind == "tag-image":
        # The tag's colon comes after the last slash; a digest goes.
        head, slash, last = container["image"].split("@")[0].rpartition("/")
        container["image"] = head + slash + last.split(":")[0] + ":" + value
    elif kind == "env":
        without(container, "secrets", name)
        set_item(container.setdefault("environment", []), "name", name, "value", value)
    elif kind == "secret":
        without(container, "environment", name)
        set_item(container.setdefault("secrets", []), "name", name, "valueFrom", value)
    elif kind == "remove-env":
        without(container, "environment", name)
    elif kind == "remove-secret":
        without(container, "secrets", name)
    elif kind == "label":
        container.setdefault("dockerLabels", {})[name] = value
    else:
        set_item(definition.setdefault("tags", []), "key", name, "value", value)


def check_edits(model, program):
    request = model.operation_model("RegisterTaskDefinition").input_shape
    images = ["app", "app:1", "localhost:5000/app", "localhost:5000/a/b:1", "h.example/a:1@sha256:" + "0" * 64]
    # In the order in which the program applies its options.
    kinds = ["image", "tag-image", "remove-env", "remove-secret", "env", "secret", "label", "tags"]
    for seed in range(25):
        chance = random.Random(seed)
        definition = named(example(request, seed))
        for container in definition["containerDefinitions"]:
            container["image"] = chance.choice(images)
            for key in ("environment", "secrets", "dockerLabels"):
                if chance.random() < 0.3:
                    del container[key]
        expected = copy.deepcopy(definition)
        options = []
        tagged = set()
        for kind in kinds:
            for _ in range(chance.randrange(3)):
                container = chance.choice(expected["containerDefinitions"])
                name = chance.choice(["A", "B.c", f"te'xt {seed + 1} \u00fc"])
                value = chance.choice(["" if kind != "secret" else "arn", "x=y", "a,b:c d\n", "\u00fc", "v1.2_3"])
                if kind == "tags" and name in tagged:
                    continue  # a tag that is given twice is refused
                tagged.update([name] if kind == "tags" else [])
                text = {"image": f"{container['name']}={chance.choice(images)}",
                        "tag-image": f"{container['name']}=v1.2_3",
                        "tags": f"{name}={value}", "remove-env": f"{container['name']}:{name}",
                        "remove-secret": f"{container['name']}:{name}"}.get(kind, f"{container['name']}:{name}={value}")
                options += [f"--{kind}", text]
                edit(expected, kind, container, name, text.split("=", 1)[1] if "=" in text else None)
        rendered = render(program, definition, options)
        assert rendered == expected, (options, rendered, expected)


def types_of(shape):
    kind = shape.type_name
    if kind == "structure":
        return {"object": {name: types_of(member) for name, member in shape.members.items()}}
    if kind == "list":
        return {"list": types_of(shape.member)}
    if kind == "map":
        return {"map": types_of(shape.value)}
    return {"string": "text", "integer": "number", "long": "number", "boolean": "boolean"}[kind]


def check_types(model, types_program):
    table = json.loads(subprocess.run([types_program], capture_output=True, text=True, check=True).stdout)
    expected = types_of(model.operation_model("RegisterTaskDefinition").input_shape)
    assert table == expected, (table, expected)


def member_names(model):
    names = set()
    for shape_name in model.shape_names:
        shape = model.shape_for(shape_name)
        if shape.type_name == "structure":
            names.update(shape.members)
    return names


def check_invented_answers(models, source):
    known = INVENTED.union(APPSPEC, *(member_names(model) for model in models))
    for path in sorted((pathlib.Path(source) / "tests" / "ecs").glob("test_*.c")):
        if path.name.startswith("test_taskdef"):
            continue  # its documents are odd on purpose
        text = re.sub(r'"\s*\n\s*"', "", path.read_text())
        unknown = {name for name in re.findall(r"'(\w+)':", text) if name not in known and len(name) > 1}
        assert not unknown, f"{path.name}: not in the API models: {sorted(unknown)}"


def main():
    program, types_program, source = sys.argv[1:]
    session = botocore.session.get_session()
    ecs = session.get_service_model("ecs")
    check_round_trip(ecs, program)
    check_edits(ecs, program)
    check_types(ecs, types_program)
    check_invented_answers([ecs, *map(session.get_service_model, ("codedeploy", "events", "logs", "scheduler"))],
                           source)


main()

"""Checks a list of what is inside (CycloneDX JSON) against the sources that a release is built from: each of them is in
it, and so is the compiler, whose start files are in every program, and nothing else.

usage: check_sbom.py BOM SOURCES
       check_sbom.py --schema BOM    by the format's own schema, and as its own library reads it: cyclonedx-python-lib
                                     with json-validation, of tests/requirements.txt; exit code 77 without it
"""

import json
import re
import sys


def sources(path):
    with open(path, encoding="utf-8") as file:
        return {line.split()[0]: line.split() for line in file if line.strip() and not line.startswith("#")}


def by_schema(path):
    try:
        from cyclonedx.model.bom import Bom
        from cyclonedx.schema import SchemaVersion
        from cyclonedx.validation.json import JsonStrictValidator
    except ImportError:
        print("cyclonedx-python-lib is not installed")
        sys.exit(77)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    problem = JsonStrictValidator(SchemaVersion.V1_5).validate_str(text)
    assert problem is None, problem
    bom = Bom.from_json(json.loads(text))
    assert bom.validate()
    # A package URL that is not in its canonical form is found by nobody.
    wanted = {component["purl"] for component in json.loads(text)["components"]}
    assert {component.purl.to_string() for component in bom.components} == wanted


def main():
    if sys.argv[1] == "--schema":
        by_schema(sys.argv[2])
        return
    bom_path, sources_path = sys.argv[1:]
    with open(bom_path, encoding="utf-8") as file:
        text = file.read()
    bom = json.loads(text)
    assert (bom["bomFormat"], bom["specVersion"], bom["version"]) == ("CycloneDX", "1.5", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}", bom["serialNumber"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", bom["metadata"]["timestamp"])
    wanted = sources(sources_path)
    found = {part["name"]: part for part in bom["components"]}
    assert set(found) == {"gcc", *wanted}, set(found) ^ {"gcc", *wanted}
    assert len(bom["components"]) == len(found)
    compiler = found.pop("gcc")
    assert compiler["licenses"] == [{"expression": "GPL-3.0-or-later WITH GCC-exception-3.1"}]
    assert re.fullmatch(r"\d+\.\d+\.\d+", compiler["version"]), compiler["version"]
    assert "crtbeginS.o" in compiler["description"] and "crtendS.o" in compiler["description"]
    for name, part in found.items():
        _, archive, sha256, licence, cpe, files, _ = wanted[name]
        linked = part["description"].removeprefix("linked statically: ").split()
        assert linked and set(linked) <= set(files.split(",")), linked
        assert re.fullmatch(r"\d+(\.\d+)+", part["version"]), part["version"]
        assert part["version"] in archive
        assert part["purl"].startswith(f"pkg:generic/{name}@{part['version']}?")
        assert part["cpe"].startswith(f"cpe:2.3:a:{cpe}:{part['version']}:") and part["cpe"].count(":") == 12
        assert part["licenses"] == [{"license": {"id": licence}}]
        (source,) = part["externalReferences"]
        assert source["url"].endswith("/" + archive)
        assert source["hashes"] == [{"alg": "SHA-256", "content": sha256}]
    refs = {"slipway"} | {part["bom-ref"] for part in bom["components"]}
    for dependency in bom["dependencies"]:
        assert {dependency["ref"], *dependency["dependsOn"]} == refs


if __name__ == "__main__":
    main()

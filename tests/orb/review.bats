#!/usr/bin/env bats
# tests/orb/review.py: the orb passes it, and each rule finds what it is for.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR"
    cp -R "$SLIPWAY_SOURCE/orb" orb
}

review() { run --separate-stderr python3 "$SLIPWAY_SOURCE/tests/orb/review.py" orb; }

# finds RULE FILE: one finding, of that rule, in that file.
finds() {
    review
    [ "$status" -eq 1 ]
    [ "${#stderr_lines[@]}" -eq 1 ] || { echo "$stderr"; return 1; }
    [[ ${stderr_lines[0]} == *"$2: $1: "* ]]
}

@test "the orb passes, also on a tag of its major version" {
    review
    [ "$status" -eq 0 ]
    [ "$stderr" = "" ]
    CIRCLE_TAG=v1.2.3 review
    [ "$status" -eq 0 ]
}

@test "RC001 and RC005 to RC007: what the orb says of itself" {
    sed -i '/source_url:/d' orb/@orb.yml
    review
    [[ ${stderr_lines[0]} == "@orb.yml: RC001: "* ]]
    [[ ${stderr_lines[1]} == "@orb.yml: RC006: "* ]]
    cp "$SLIPWAY_SOURCE/orb/@orb.yml" orb/@orb.yml
    sed -i 's|home_url:.*|home_url: soon|' orb/@orb.yml
    finds RC007 @orb.yml
    printf 'version: 2.1\ndescription: Ships.\ndisplay: {home_url: https://a.b/, source_url: https://a.b/}\n' >orb/@orb.yml
    finds RC005 @orb.yml
}

@test "RC002 to RC004: descriptions and examples" {
    sed -i 's/^description:.*/description: ""/' orb/commands/refuse.yml
    python3 - <<'END'
import re
text = open("orb/commands/refuse.yml").read()
open("orb/commands/refuse.yml", "w").write(re.sub(r'description: ""\n(  .*\n)*?(?=\w)', 'description: ""\n', text, count=1))
END
    finds RC002 orb/commands/refuse.yml
    cp "$SLIPWAY_SOURCE/orb/commands/refuse.yml" orb/commands/refuse.yml
    mv orb/examples/build_and_deploy.yml orb/examples/deploy_example.yml
    finds RC004 orb/examples/deploy_example.yml
    rm orb/examples/*.yml
    finds RC003 examples
}

@test "RC008, RC009, RC012: steps" {
    printf 'description: A command.\nsteps:\n  - run: echo hello\n' >orb/commands/other.yml
    finds RC008 orb/commands/other.yml
    printf 'description: A command.\nsteps:\n  - when:\n      condition: true\n      steps:\n        - run: {name: Long, command: "%065d"}\n' 0 >orb/commands/other.yml
    finds RC009 orb/commands/other.yml
    cat >orb/commands/other.yml <<'END'
description: A command.
parameters:
  version: {type: string, default: $VERSION, description: A version.}
steps:
  - restore_cache: {key: "a-<< parameters.version >>"}
END
    finds RC012 orb/commands/other.yml
}

@test "SW001: titles of steps" {
    sed -i 's/name: Deploy the service</name: Deploy << parameters.family >></' orb/commands/update_service.yml
    finds SW001 orb/commands/update_service.yml
}

@test "RC011: the version in examples" {
    sed -i 's/slipway@[0-9.]*/slipway@volatile/' orb/examples/build_and_deploy.yml
    finds RC011 orb/examples/build_and_deploy.yml
    cp "$SLIPWAY_SOURCE/orb/examples/build_and_deploy.yml" orb/examples/build_and_deploy.yml
    CIRCLE_TAG=v2.0.0 review
    [ "$status" -eq 1 ]
    [[ ${stderr_lines[0]} == *"RC011"*"is not of major version 2" ]]
}

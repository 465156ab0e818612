#!/usr/bin/env bats
# CircleCI's own programs as judges: SLIPWAY_CIRCLECI_V0 names one of the 0.1 line, SLIPWAY_CIRCLECI_V1 one of the 1.0 line.

bats_require_minimum_version 1.5.0

setup() {
    load ../cli/moto
    cd "$BATS_TEST_TMPDIR"
    : >servers
    export HOME=$PWD CIRCLECI_CLI_TELEMETRY_OPTOUT=1 CIRCLECI_NO_TELEMETRY=1
}

teardown() {
    BATS_FILE_TMPDIR=$BATS_TEST_TMPDIR stop_servers
}

need_v0() { [ -n "${SLIPWAY_CIRCLECI_V0:-}" ] || skip "SLIPWAY_CIRCLECI_V0 does not name CircleCI's program (0.1)"; }
need_v1() { [ -n "${SLIPWAY_CIRCLECI_V1:-}" ] || skip "SLIPWAY_CIRCLECI_V1 does not name CircleCI's program (1.0)"; }
v0() { "$SLIPWAY_CIRCLECI_V0" --skip-update-check "$@"; }
same() { python3 "$SLIPWAY_SOURCE/tests/orb/same_values.py" "$@"; }

# This orb, and those it takes the place of, where they are at hand.
sources() {
    local folder
    for folder in "$SLIPWAY_SOURCE/orb" "${SLIPWAY_AWS_ECR_ORB:-}" "${SLIPWAY_AWS_ECS_ORB:-}"; do
        [ -z "$folder" ] || echo "$folder"
    done
}

# CircleCI's newer program makes a section of each folder that holds YAML.
@test "no folder of the orb but its sections holds YAML" {
    run find "$SLIPWAY_SOURCE/orb" -mindepth 2 -name '*.y*ml' -not -path '*/orb/commands/*' -not -path '*/orb/jobs/*' \
        -not -path '*/orb/executors/*' -not -path '*/orb/examples/*'
    [ "$output" = '' ]
}

@test "the program of the 0.1 line packs the same" {
    need_v0
    for folder in $(sources); do
        "$SLIPWAY_PROGRAM" orb pack "$folder" >own.yml
        v0 orb pack "$folder" >official.yml
        "$SLIPWAY_PROGRAM" orb validate official.yml
        same --legacy own.yml official.yml
    done
}

@test "the program of the 1.0 line packs the same" {
    need_v1
    for folder in $(sources); do
        "$SLIPWAY_PROGRAM" orb pack "$folder" >own.yml
        "$SLIPWAY_CIRCLECI_V1" orb pack "$folder" >official.yml
        "$SLIPWAY_PROGRAM" orb validate official.yml
        same own.yml official.yml
    done
}

# A registry with this orb in it, and the first configuration of the README.
begin_registry() {
    BATS_FILE_TMPDIR=$BATS_TEST_TMPDIR start_server circleci '(http://[0-9.:]+)' \
        python3 -u "$SLIPWAY_SOURCE/tests/support/circleci_standin.py"
    export CIRCLECI_CLI_HOST=${BASH_REMATCH[1]} CIRCLECI_CLI_TOKEN=owner-token
    "$SLIPWAY_PROGRAM" orb create acme/slipway --org-id 0fbf2e6c-0e1c-4a5e-9b3a-6a5d1b1f0a11
    "$@" orb pack "$SLIPWAY_SOURCE/orb" >packed.yml
    sed -n '/^```yaml/,/^```/{/^```/!p;}; /^```$/q' "$SLIPWAY_SOURCE/README.md" >config.yml
    "$SLIPWAY_PROGRAM" config process config.yml --orb "acme/slipway=$SLIPWAY_SOURCE/orb" >own.yml
}

# From a push of the orb to a configuration that uses it, by CircleCI's program, which shows and judges what it is answered.
@test "the program of the 0.1 line publishes this orb, and processes configurations with it" {
    need_v0
    begin_registry v0
    v0 orb validate packed.yml
    v0 orb publish packed.yml acme/slipway@1.0.0
    run v0 config validate config.yml
    [ "$status" -eq 0 ]
    [ "$output" = 'Config file at config.yml is valid.' ]
    v0 config process config.yml >official.yml
    same own.yml official.yml
    sed -i 's/repo:/rep:/' config.yml
    run v0 config validate config.yml
    [ "$status" -eq 255 ]
    [[ $output == *'stdin:10:11: Unexpected argument(s): rep; did you mean "repo"?'* ]]
    # Its own configuration, with parameters.
    v0 config process "$SLIPWAY_SOURCE/.circleci/config.yml" --pipeline-parameters '{"context": "ours"}' >official.yml
    grep -q 'context: ours' official.yml
}

# It sends all pipeline values that there are, and asks the third generation of the API.
@test "the program of the 1.0 line processes configurations with this orb" {
    need_v1
    begin_registry "$SLIPWAY_CIRCLECI_V1"
    "$SLIPWAY_PROGRAM" orb publish packed.yml acme/slipway@1.0.0
    export CIRCLE_HOST=$CIRCLECI_CLI_HOST CIRCLE_TOKEN=owner-token
    run "$SLIPWAY_CIRCLECI_V1" config validate config.yml
    [ "$status" -eq 0 ]
    "$SLIPWAY_CIRCLECI_V1" config process config.yml >official.yml
    same own.yml official.yml
    sed -i 's/repo:/rep:/' config.yml
    run "$SLIPWAY_CIRCLECI_V1" config validate config.yml
    [ "$status" -ne 0 ]
    [[ $output == *'Unexpected argument(s): rep; did you mean "repo"?'* ]]
}

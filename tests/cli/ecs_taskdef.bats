#!/usr/bin/env bats
# slipway ecs render, diff on files: no AWS is needed for what is not registered.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR"
    export AWS_REGION=eu-west-1 AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=y
}

# Runs with stdout in "out" and stderr in "err"; sets $status.
ecs() {
    status=0
    "$SLIPWAY_PROGRAM" ecs "$@" >out 2>err || status=$?
}

fails() {
    [ "$status" -eq "$1" ] || { cat out err; return 1; }
    [ ! -s out ]
    [ "$(head -n 1 err)" = "error: $2" ] || { cat err; return 1; }
}

@test "render reads YAML, with texts as they were written" {
    cat >td.yml <<'YAML'
family: kim
cpu: 256
containerDefinitions:
- name: web
  image: nginx:1.10
  environment:
  - {name: VERSION, value: 1.10}
YAML
    ecs render --file td.yml
    [ "$status" -eq 0 ]
    [ ! -s err ]
    jq -e '.cpu == "256" and .containerDefinitions[0].environment == [{name: "VERSION", value: "1.10"}]' out
    ecs render --file - <td.yml
    [ "$status" -eq 0 ]
    jq -e '.family == "kim"' out
}

@test "--expand-file puts the environment's values into the file's texts" {
    printf 'family: kim\ncontainerDefinitions:\n- name: web\n  image: r/web:${IMAGE_TAG}\n' >td.yml
    IMAGE_TAG=v2 ecs render --file td.yml --expand-file
    [ "$status" -eq 0 ]
    jq -e '.containerDefinitions[0].image == "r/web:v2"' out
    ecs render --file td.yml --expand-file
    fails 2 'td.yml: containerDefinitions[0].image: variable "IMAGE_TAG" is not set; set it, or give a default: ${IMAGE_TAG:-text}'
    IMAGE_TAG=v2 ecs render --file td.yml
    jq -e '.containerDefinitions[0].image == "r/web:${IMAGE_TAG}"' out
}

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
memory: 512
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
    fails 2 'td.yml: containerDefinitions[0].image: variable "IMAGE_TAG" is not set; set it (on CircleCI: in the project or in a context), or give a default: ${IMAGE_TAG:-text}'
    IMAGE_TAG=v2 ecs render --file td.yml
    jq -e '.containerDefinitions[0].image == "r/web:${IMAGE_TAG}"' out
}

# A definition to change, in td.json.
definition() {
    cat >td.json <<'JSON'
{"family": "kim", "executionRoleArn": "arn:e", "containerDefinitions": [
  {"name": "web", "image": "r/web:1", "memory": 128, "environment": [{"name": "OLD", "value": "1"}],
   "secrets": [{"name": "TOKEN", "valueFrom": "arn:x"}]},
  {"name": "log", "image": "r/log:1", "memory": 64}]}
JSON
}

@test "options change what they name, whatever their order" {
    definition
    ecs render --file td.json --set /containerDefinitions/side/user=app --ulimit side:nofile=1024 \
        --add-container side=r/side:1 --remove-container log --env web:TOKEN=plain --unset /containerDefinitions/web/secrets \
        --command "web=serve 'a b'" --port web=80 --volume data=fs-12345678 --mount web=data:/data:ro --cpu 256 --memory '1 GB' \
        --task-role arn:r --runtime-platform linux/arm64 --requires-compatibilities FARGATE --container-memory web=256
    [ "$status" -eq 0 ]
    diff <(jq -S . out) - <<'JSON'
{
  "containerDefinitions": [
    {
      "command": [
        "serve",
        "a b"
      ],
      "environment": [
        {
          "name": "OLD",
          "value": "1"
        },
        {
          "name": "TOKEN",
          "value": "plain"
        }
      ],
      "image": "r/web:1",
      "memory": 256,
      "mountPoints": [
        {
          "containerPath": "/data",
          "readOnly": true,
          "sourceVolume": "data"
        }
      ],
      "name": "web",
      "portMappings": [
        {
          "containerPort": 80
        }
      ]
    },
    {
      "image": "r/side:1",
      "name": "side",
      "ulimits": [
        {
          "hardLimit": 1024,
          "name": "nofile",
          "softLimit": 1024
        }
      ],
      "user": "app"
    }
  ],
  "cpu": "256",
  "executionRoleArn": "arn:e",
  "family": "kim",
  "memory": "1 GB",
  "requiresCompatibilities": [
    "FARGATE"
  ],
  "runtimePlatform": {
    "cpuArchitecture": "ARM64",
    "operatingSystemFamily": "LINUX"
  },
  "taskRoleArn": "arn:r",
  "volumes": [
    {
      "efsVolumeConfiguration": {
        "fileSystemId": "fs-12345678"
      },
      "name": "data"
    }
  ]
}
JSON
}

@test "--env-file sets the variables of a file; --env comes after it" {
    definition
    printf '# ours\nexport OLD="two\\nlines" # new\nNAME=x=y\nLEVEL=info\n' >web.env
    ecs render --file td.json --env web:LEVEL=debug --env-file web=web.env
    [ "$status" -eq 0 ]
    jq -e '.containerDefinitions[0].environment == [{name: "OLD", value: "two\nlines"}, {name: "NAME", value: "x=y"},
        {name: "LEVEL", value: "debug"}]' out
    ecs render --file td.json --env-file web=missing.env
    fails 2 '--env-file: cannot open "missing.env": No such file or directory'
    printf 'A=1\ns3cret\n' >web.env
    ecs render --file td.json --env-file web=web.env
    fails 2 '--env-file: web.env:2: the line is not NAME=value'
    ecs render --file td.json --env-file web.env
    fails 2 '--env-file: expected CONTAINER=FILE, e.g. web=.env'
}

@test "what an option cannot do is told, with what exists" {
    definition
    ecs render --file td.json --container-cpu nope=5
    fails 2 'container "nope" is not in task definition td.json; it has: web, log'
    ecs render --file td.json --set /containerDefinitions/nope/cpu=5
    fails 2 'pointer "/containerDefinitions/nope/cpu": "nope" is not in /containerDefinitions; it has: web, log'
    ecs render --file td.json --command 'web='
    fails 2 '--command: container "web": the value is empty; is a variable in it unset? --unset removes a field'
    ecs render --file td.json --remove-label web:x --set /containerDefinitions/web/memroy=5
    [ "$status" -eq 0 ]
    diff err - <<'ERR'
container "web" has no docker label "x" to remove
/containerDefinitions/web/memroy is not a field that ECS documents ("memory" is); it is sent as it is
ERR
}

@test "render writes a file, as JSON or YAML, that reads back the same" {
    definition
    ecs render --file td.json --output-file new.json
    [ "$status" -eq 0 ]
    [ ! -s out ]
    [ "$(stat -c %a new.json)" = 600 ]
    diff <(jq -S . td.json) <(jq -S . new.json)
    ecs render --file td.json --output yaml --output-file new.yaml --env 'web:N=010' --env web:Y=yes
    [ "$status" -eq 0 ]
    grep -q "value: '010'" new.yaml
    ecs render --file new.yaml
    jq -e '.containerDefinitions[0].environment[1:] == [{name: "N", value: "010"}, {name: "Y", value: "yes"}]' out
    ecs render --file td.json --output-file missing/new.json
    [ "$status" -eq 1 ]
    [[ $(tail -n 1 err) == 'error: --output-file: '* ]]
}

@test "--set-file sets a field to what a file holds" {
    definition
    printf '["run", "a b"]' >command.json
    printf 'two\nlines=x\n' >text
    ecs render --file td.json --set-file /containerDefinitions/web/command=command.json \
        --set-file /containerDefinitions/web/environment/OLD/value=text
    [ "$status" -eq 0 ]
    jq -e '.containerDefinitions[0] | .command == ["run", "a b"] and .environment[0].value == "two\nlines=x\n"' out
    ecs render --file td.json --set-file /cpu=missing
    fails 2 '--set-file: cannot open "missing": No such file or directory'
    ecs render --file td.json --set-file /cpu
    fails 2 '--set-file: expected /POINTER=FILE, e.g. /containerDefinitions/web/command=cmd.json'
    printf '\xff' >bad
    ecs render --file td.json --set-file /cpu=bad
    fails 2 '--set-file: bad: the text is not UTF-8'
}

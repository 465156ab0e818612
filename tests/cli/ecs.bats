#!/usr/bin/env bats
# slipway ecs ... against moto: exit codes, results and what people are told. How a rollout ends is
# tested where it can be acted out: tests/ecs/test_follow.c.

bats_require_minimum_version 1.5.0

setup_file() {
    load moto
    start_moto
    python3 - <<'PYTHON'
import boto3, os
ecs = boto3.client("ecs", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name="eu-west-1")
ecs.create_cluster(clusterName="prod")
ecs.register_task_definition(
    family="kim",
    containerDefinitions=[
        {"name": "web", "image": "r/web:1", "memory": 128,
         "environment": [{"name": "LEVEL", "value": "s3cret-level"}],
         "ulimits": [{"name": "nofile", "softLimit": 1048576, "hardLimit": 1048576}],
         "dockerLabels": {"Mixed.Case": "Kept"}},
        {"name": "log", "image": "localhost:5000/log", "memory": 64},
    ],
    volumes=[{"name": "v", "host": {"sourcePath": "/x"}}],
    tags=[{"key": "team", "value": "shop"}])
ecs.create_service(cluster="prod", serviceName="kim", taskDefinition="kim:1", desiredCount=1)
PYTHON
}

teardown_file() {
    load moto
    stop_servers
}

setup() {
    cd "$BATS_TEST_TMPDIR"
}

# Runs with stdout in "out" and stderr in "err"; sets $status.
ecs() {
    status=0
    "$SLIPWAY_PROGRAM" ecs "$@" >out 2>err || status=$?
}

# The command failed with that exit code, no result, and this message in the first line.
fails() {
    [ "$status" -eq "$1" ] || { cat out err; return 1; }
    [ ! -s out ]
    [[ $(grep -m 1 '^error: ' err) == "error: "$2 ]] || { cat err; return 1; }
}

newest_of() {
    python3 - "$1" <<'PYTHON'
import boto3, json, os, sys
ecs = boto3.client("ecs", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name="eu-west-1")
print(json.dumps(ecs.describe_task_definition(taskDefinition=sys.argv[1])["taskDefinition"], default=str))
PYTHON
}

newest() {
    ecs render --family kim
    jq -r '.containerDefinitions[0].image' out
}

@test "render prints what would be registered, with nothing but the change" {
    ecs render --family kim
    [ "$status" -eq 0 ]
    [ ! -s err ]
    cp out before
    jq -e 'has("taskDefinitionArn") or has("revision") or has("status") | not' out
    jq -e '.tags == [{"key": "team", "value": "shop"}]' out
    ecs render --family kim:1 --tag-image log=2 --env log:A=b=c --label web:x=y --tags stage=prod
    [ "$status" -eq 0 ]
    jq '.containerDefinitions[1].image = "localhost:5000/log:2"
        | .containerDefinitions[1].environment = [{"name": "A", "value": "b=c"}]
        | .containerDefinitions[0].dockerLabels.x = "y"
        | .tags += [{"key": "stage", "value": "prod"}]' before >expected
    diff <(jq -S . expected) <(jq -S . out)
}

@test "tags of the task definition in every form that AWS's tools take" {
    ecs render --family kim:1 --tags ' key=stage,value=prod  key=team,value=a=b ' --tags '[{"key": "x", "value": "1 2"}]' --tags plain=
    [ "$status" -eq 0 ]
    jq -ec '.tags' out >tags
    [ "$(cat tags)" = '[{"key":"team","value":"a=b"},{"key":"stage","value":"prod"},{"key":"x","value":"1 2"},{"key":"plain","value":""}]' ]
    ecs render --family kim:1 --tags stage
    fails 2 '--tags: "stage" is not a tag; write "KEY=VALUE"'
    ecs render --family kim:1 --tags '[{"key": "x"}]'
    fails 2 '--tags: tags: entry 1 lacks "Key" or "Value"'
}

@test "render takes files as the AWS CLI writes them" {
    ecs render --family kim
    jq '{taskDefinition: (. + {revision: 3, registeredAt: "2026-07-01T12:00:00+00:00", ipcMode: null} | del(.tags)), tags}' out >file.json
    cp out before
    ecs render --file file.json
    [ "$status" -eq 0 ]
    diff <(jq -S . before) <(jq -S . out)
    ecs render --file - <file.json
    diff <(jq -S . before) <(jq -S . out)
}

@test "files that are no task definition" {
    ecs render --file missing.json
    fails 2 '*missing.json*'
    echo '{"Family": "kim"' >broken.json
    ecs render --file broken.json
    fails 2 'broken.json:*'
    echo '{"ContainerDefinitions": []}' >cfn.json
    ecs render --file cfn.json
    fails 2 'cfn.json: "ContainerDefinitions" is CloudFormation*'
    ecs render
    fails 2 '*--family*'
}

@test "render, diff and register start from what a service runs" {
    ecs render --cluster prod --service kim
    [ "$status" -eq 0 ]
    cp out running
    ecs render --task-definition kim:1
    cmp out running
    ecs diff --cluster prod --service kim --tag-image web=9
    [ "$status" -eq 0 ]
    [ "$(cat out)" = '~ containerDefinitions[web].image: "r/web:1" -> "r/web:9"' ]
    ecs register --cluster prod --service kim
    fails 1 'an update that changes nothing: kim:1 is what is wanted already; --allow-unchanged accepts it'
    ecs render --service kim
    fails 2 '--service needs --cluster, the service*'
    ecs render --cluster prod --service nope
    [ "$status" -eq 1 ]
}

@test "diff --exit-code and --color" {
    ecs diff --family kim:1 --image web=r/web:2 --exit-code --color always
    [ "$status" -eq 1 ]
    [ "$(cat out)" = $'\e[33m~ containerDefinitions[web].image: "r/web:1" -> "r/web:2"\e[0m' ]
    [ "$(cat err)" = 'error: 1 difference to kim:1' ]
    ecs diff --family kim:1 --exit-code
    [ "$status" -eq 0 ]
    NO_COLOR=1 ecs diff --family kim:1 --image web=r/web:2 --color auto
    [ "$(cat out)" = '~ containerDefinitions[web].image: "r/web:1" -> "r/web:2"' ]
}

@test "what ECS would refuse is warned of, and never sent" {
    ecs diff --family kim:1 --secret web:TOKEN=arn:x
    [ "$status" -eq 0 ]
    [ "$(head -n 1 err)" = 'warning: ECS would not take this: container "web" has secrets, which needs an execution role; --execution-role sets it' ]
    ecs register --family kim:1 --secret web:TOKEN=arn:x --container-memory log=8
    fails 2 'ECS would not take kim:1 as it is changed: container "web" has secrets, which needs an execution role; --execution-role sets it'
    ecs deploy --cluster prod --family kim --mount web=nope:/x
    fails 2 'ECS would not take kim:* as it is changed: container "web" mounts volume "nope", which is not defined; --volume defines it'
}

@test "diff shows names, and values only when asked" {
    ecs diff --family kim:1 --image web=r/web:2 --env web:LEVEL=other-s3cret --remove-env web:NOPE
    [ "$status" -eq 0 ]
    diff out - <<'OUT'
~ containerDefinitions[web].image: "r/web:1" -> "r/web:2"
~ containerDefinitions[web].environment[LEVEL].value: (value hidden) -> (value hidden)
OUT
    diff err - <<'ERR'
container "web" has no environment variable "NOPE" to remove
2 differences to kim:1
ERR
    ecs diff --family kim:1 --env web:LEVEL=other --show-values
    [ "$(cat out)" = '~ containerDefinitions[web].environment[LEVEL].value: "s3cret-level" -> "other"' ]
    ecs diff --family kim:1 --env web:LEVEL=other --output json
    jq -e '. == [{"op": "~", "path": "containerDefinitions[web].environment[LEVEL].value",
                  "from": "(value hidden)", "to": "(value hidden)"}]' out
    ecs diff --family kim:1
    [ "$status" -eq 0 ]
    [ ! -s out ]
    [ "$(cat err)" = 'no difference to kim:1' ]
}

@test "register makes a revision and hands its ARN on" {
    ecs register --family kim --image web=r/web:registered --export-env later
    [ "$status" -eq 0 ]
    arn=$(cat out)
    [[ $arn == arn:aws:ecs:eu-west-1:123456789012:task-definition/kim:* ]]
    [ "$(cat err)" = "registered ${arn##*/}" ]
    [ "$(. ./later && echo "$CCI_ORB_AWS_ECS_REGISTERED_TASK_DFN")" = "$arn" ]
    [ "$(newest)" = r/web:registered ]
    ecs register --family kim --image web=r/web:registered
    fails 1 "an update that changes nothing: ${arn##*/} is what is wanted already; --allow-unchanged accepts it"
    ecs register --family kim --image web=r/web:registered --allow-unchanged --output json
    [ "$status" -eq 0 ]
    jq -e --arg arn "$arn" '. == {family: "kim", taskDefinition: $arn, registered: false}' out
}

@test "a file that says what is registered already registers nothing" {
    ecs render --family kim
    cp out file.json
    ecs register --file file.json
    fails 1 'an update that changes nothing: kim:*'
    jq '.family = "fresh" | del(.tags)' file.json >fresh.json
    ecs register --file fresh.json
    [ "$status" -eq 0 ]
    [ "$(cat out)" = arn:aws:ecs:eu-west-1:123456789012:task-definition/fresh:1 ]
}

@test "deploy registers, updates and reports" {
    ecs deploy --cluster prod --family kim \
        --image-updates 'container=web,image-and-tag=r/web:deployed,container=log,tag=9' \
        --env-updates 'container=web,name=HOSTS,value="a,b"' \
        --label-updates 'container=web,team=shop' --export-env later --report report.json
    [ "$status" -eq 0 ] || { cat err; false; }
    arn=$(cat out)
    jq -e --arg arn "$arn" '.status == "ok" and .exitCode == 0 and .registered and .updated
        and .taskDefinition == $arn and .cluster == "prod" and .service == "kim"
        and .images[1] == {container: "log", image: "localhost:5000/log:9", previousImage: "localhost:5000/log"}' report.json
    grep -qF "service kim: kim:" err
    grep -qF '  log: localhost:5000/log -> localhost:5000/log:9' err
    [ "$(. ./later && echo "$CCI_ORB_AWS_ECS_DEPLOYED_REVISION")" = "$arn" ]
    ecs render --family kim
    jq -e '.containerDefinitions[0].environment | contains([{name: "HOSTS", value: "a,b"}])' out
    ecs status --cluster prod --service kim --output json
    jq -e --arg arn "$arn" '.taskDefinition == $arn' out
}

@test "a deployment that is not followed says so, and how to" {
    ecs deploy --cluster prod --family kim --env web:ROUND=unfollowed
    [ "$status" -eq 0 ]
    [ "$(tail -1 err)" = "the rollout is not followed; to see how it ends: slipway ecs wait --cluster prod --service kim" ]
}

@test "a file that cannot be written does not hide that the service was updated" {
    # No file may grow: what goes wrong is found when it is written, and not before.
    for option in --export-env --report; do
        run bash -c "trap '' XFSZ; ulimit -f 0
            \"\$SLIPWAY_PROGRAM\" ecs deploy --cluster prod --family kim --env web:ROUND=$option $option facts 2>&1 >/dev/null | cat"
        [ "${lines[-1]}" = "error: $option: cannot write \"facts\": File too large; the service was updated all the same" ] || { echo "$output"; false; }
    done
}

# Every member of the JSON in "out" is one that the command's help names.
documented() {
    local help member
    help=$("$SLIPWAY_PROGRAM" ecs "$1" --help | sed -n '/^Result with --output json/,/^options/p')
    [ -n "$help" ]
    jq -r 'if type == "array" then .[0] else . end | keys[]' out >members
    [ -s members ]
    while read -r member; do
        grep -qw -- "$member" <<<"$help" || { echo "ecs $1: \"$member\" is not in: $help"; return 1; }
    done <members
}

@test "what is printed as JSON is what the help says" {
    ecs status --cluster prod --service kim -o json
    documented status
    ecs diff --family kim --image web=r/web:json -o json
    documented diff
    ecs check --cluster prod --service kim -o json
    documented check
    ecs register --family kim --image web=r/web:json -o json
    documented register
    ecs deploy --cluster prod --family kim --image web=r/web:json2 --wait --timeout 1s --poll-interval 1s -o json
    documented deploy
    jq '.rollout' out >rollout
    mv rollout out
    documented deploy
    ecs deregister --family kim --keep 100 --dry-run -o json
    documented deregister
}

@test "deploying the same again is an error, unless it may be" {
    ecs deploy --cluster prod --family kim --image web=r/web:twice
    [ "$status" -eq 0 ]
    arn=$(cat out)
    ecs deploy --cluster prod --family kim --image web=r/web:twice
    fails 1 "nothing to deploy: service kim in cluster \"prod\" already runs ${arn##*/} with web=r/web:twice, *"
    ecs deploy --cluster prod --family kim --image web=r/web:twice --allow-unchanged
    [ "$status" -eq 0 ]
    [ "$(cat out)" = "$arn" ]
    ecs deploy --cluster prod --service kim --force
    [ "$status" -eq 0 ]
    [ "$(cat out)" = "$arn" ]
}

@test "what does not exist is named with what does, before anything is registered" {
    image=$(newest)
    ecs deploy --cluster nope --family kim --image web=r/web:x
    fails 1 'cluster "nope" does not exist in region eu-west-1 of this account: *; clusters: prod'
    ecs deploy --cluster prod --service nope --family kim --image web=r/web:x
    fails 1 'service "nope" does not exist in cluster "prod"; services in it: kim; --create (create_service in the orb) would make it'
    ecs deploy --cluster prod --service kim --family nope --image web=r/web:x
    fails 1 'task definition "nope" cannot be read: *; families that exist: *kim*'
    ecs deploy --cluster prod --family kim --image nginx=r/web:x
    fails 2 'container "nginx" is not in task definition kim:*; it has: web, log'
    ecs wait --cluster prod --service nope
    fails 1 'service "nope" does not exist in cluster "prod"; services in it: kim'
    ecs status --cluster nope --service kim
    fails 1 'cluster "nope" does not exist*'
    [ "$(newest)" = "$image" ]
}

@test "files that cannot be written are found before anything is changed" {
    export AWS_ENDPOINT_URL=http://127.0.0.1:9
    ecs deploy --cluster prod --family kim --image web=r/web:x --export-env gone/later
    fails 1 '--export-env: cannot open "gone/later" for appending: No such file or directory'
    ecs deploy --cluster prod --family kim --image web=r/web:x --report gone/report.json
    fails 1 '--report: cannot write "gone/report.json": No such file or directory'
    ecs deploy --cluster prod --family kim --image web=r/web:x --report .
    fails 1 '--report: cannot write ".": it is a folder'
    ecs rollback --cluster prod --service kim --report gone/report.json
    fails 1 '--report: cannot write "gone/report.json": No such file or directory'
    ecs register --family kim --image web=r/web:x --export-env gone/later
    fails 1 '--export-env: cannot open "gone/later" for appending: No such file or directory'
}

@test "wrong usage is told before AWS is asked" {
    export AWS_ENDPOINT_URL=http://127.0.0.1:9
    ecs deploy --family kim
    fails 2 '*--cluster*'
    ecs deploy --cluster prod
    fails 2 'what to deploy is not known; give --family or --service'
    ecs deploy --cluster '' --family kim
    fails 2 '--cluster is empty'
    ecs status --cluster '' --service kim
    fails 2 'the name of the cluster is empty; is the variable in it set?'
    ecs wait --cluster prod --service ''
    fails 2 'the name of the service is empty; is the variable in it set?'
    ecs deploy --cluster prod --family kim --wait --timeout 0
    fails 2 "--timeout is 0; leave --wait out to wait for nothing"
    ecs wait --cluster prod --service kim --timeout 0
    fails 2 "--timeout is 0; 'slipway ecs status' tells how things stand"
    ecs deploy --cluster prod --family kim --image web
    fails 2 '--image: expected [[]CONTAINER=]IMAGE, e.g. web=nginx:1.27'
    ecs deploy --cluster prod --family kim --image web=r/web:
    fails 2 '--image: container "web": image "r/web:" has an empty tag; is a variable in it unset?'
    ecs deploy --cluster prod --family kim --env-updates 'container=web,name=A,value=1,hunter2'
    fails 2 "--env-updates: piece 4 has no '='; expected container=NAME,name=VARIABLE,value=TEXT*"
    [ "$(grep -c hunter2 err)" -eq 0 ]
}

@test "nobody answers: exit 4" {
    export AWS_ENDPOINT_URL=http://127.0.0.1:9
    ecs status --cluster prod --service kim
    fails 4 '*127.0.0.1*'
}

@test "waiting ends at the deadline with where the rollout stands" {
    ecs wait --cluster prod --service kim --timeout 1s --poll-interval 1s
    [ "$status" -eq 13 ]
    grep -q '^error: the rollout of kim:[0-9]* to service "kim" is not done after 1.0 s; it stands at ' err
    ecs deploy --cluster prod --family kim --image web=r/web:late --wait --max-poll-attempts 1 --poll-interval 1s
    [ "$status" -eq 13 ]
    ecs deploy --cluster prod --family kim --image web=r/web:late --allow-unchanged --wait \
        --max-poll-attempts 1 --poll-interval 1s --no-fail-on-timeout --report report.json
    [ "$status" -eq 0 ]
    grep -q '^warning: the rollout of ' err
    jq -e '.rollout.verdict == "in progress"' report.json
}

@test "rollback goes back to the revision before and says so" {
    ecs deploy --cluster prod --family kim --image web=r/web:good
    [ "$status" -eq 0 ]
    good=$(cat out)
    ecs deploy --cluster prod --family kim --image web=r/web:bad
    bad=$(cat out)
    ecs rollback --cluster prod --service kim --to "${bad##*:}"
    fails 1 "nothing to go back to: service \"kim\" runs ${bad##*/} already; *"
    ecs rollback --cluster prod --service kim --export-env later --report report.json
    [ "$status" -eq 0 ] || { cat err; false; }
    [ "$(cat out)" = "$good" ]
    grep -q "^going back from ${bad##*/} to ${good##*/}: " err
    grep -qF '  web: r/web:bad -> r/web:good' err
    [ "$(. ./later && echo "$CCI_ORB_AWS_ECS_DEPLOYED_REVISION")" = "$good" ]
    jq -e --arg good "$good" --arg bad "$bad" '.status == "ok" and .updated and (.registered | not)
        and .taskDefinition == $good and .previousTaskDefinition == $bad' report.json
    ecs status --cluster prod --service kim --output json
    jq -e --arg good "$good" '.taskDefinition == $good' out
}

@test "rollback refuses what cannot be gone back to" {
    ecs deploy --cluster prod --family kim --image web=r/web:gone
    gone=$(cat out)
    ecs deploy --cluster prod --family kim --image web=r/web:stays
    [ "$status" -eq 0 ]
    python3 - "$gone" <<'PYTHON'
import boto3, os, sys
ecs = boto3.client("ecs", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name="eu-west-1")
ecs.deregister_task_definition(taskDefinition=sys.argv[1])
PYTHON
    ecs rollback --cluster prod --service kim --to "$gone"
    fails 1 "${gone##*/} cannot be gone back to: it was deregistered (INACTIVE); active revisions: *kim:1*"
    ecs rollback --cluster prod --service kim --to kim:4000
    fails 1 'there is no revision kim:4000; active revisions: *'
    ecs rollback --cluster prod --service kim --to latest
    fails 2 '--to: "latest" is no revision; expected a number, FAMILY:REVISION or an ARN'
    ecs rollback --cluster prod --service nope
    fails 1 'service "nope" does not exist in cluster "prod"; services in it: kim'
    ecs rollback --cluster prod
    fails 2 '*--service*'
}

@test "a stop signal ends the waiting, not the rollout" {
    "$SLIPWAY_PROGRAM" ecs wait --cluster prod --service kim --timeout 60s >out 2>err &
    pid=$!
    for _ in $(seq 100); do
        grep -q 'running' err && break
        sleep 0.1
    done
    kill -TERM "$pid"
    status=0
    wait "$pid" || status=$?
    [ "$status" -eq 15 ]
    grep -q '^error: stopped waiting for the rollout of ' err
}

@test "deregister keeps the newest revisions and what a service runs" {
    python3 - <<'PYTHON'
import boto3, os
ecs = boto3.client("ecs", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name="eu-west-1")
for revision in range(5):
    ecs.register_task_definition(family="old", containerDefinitions=[{"name": "a", "image": f"r/a:{revision}", "memory": 64}])
ecs.create_service(cluster="prod", serviceName="old", taskDefinition="old:2", desiredCount=1)
PYTHON
    ecs deregister --family old --keep 2 --dry-run
    [ "$status" -eq 0 ]
    [ "$(cat out)" = $'would deregister old:1\nwould deregister old:3' ]
    [ "$(cat err)" = 'old:2 stays: service old in cluster prod uses it' ]
    ecs deregister --family old --keep 2 --delete --cluster prod --output json
    [ "$status" -eq 0 ]
    jq -e '.kept == ["old:4", "old:5"] and .inUse == ["old:2"] and .deregistered == ["old:1", "old:3"]
        and .deleted == ["old:1", "old:3"] and .failures == []' out
    ecs deregister --family old --keep 2
    [ "$status" -eq 0 ]
    [ ! -s out ]
    ecs deregister --family nope --keep 1
    [ "$status" -eq 1 ]
    [[ $(cat err) == 'error: family "nope" has no active revisions; families that exist: '* ]]
    ecs deregister --family old --keep 0
    [ "$status" -eq 2 ]
}

@test "deregister is told a revision instead of a family: nothing is asked of AWS" {
    for family in old:3 arn:aws:ecs:eu-west-1:123456789012:task-definition/old:3; do
        AWS_ENDPOINT_URL=http://127.0.0.1:1 ecs deregister --family "$family" --keep 1
        fails 2 '--family takes a family, not one of its revisions: give old'
    done
}

@test "an image finds its container by the repository, or because it is the only one" {
    ecs render --family kim --image localhost:5000/log@sha256:1111111111111111111111111111111111111111111111111111111111111111
    [ "$status" -eq 0 ]
    [ "$(jq -r '.containerDefinitions[1].image' out)" = localhost:5000/log@sha256:1111111111111111111111111111111111111111111111111111111111111111 ]
    [ "$(cat err)" = 'the image goes to container "log" of task definition kim:'"$(jq -r .revision <(newest_of kim))" ]
    ecs render --family kim --image other.example/web:2
    fails 2 'which container gets the image? no container of task definition kim:* runs an image of other.example/web; name it, as in web=IMAGE; it has: web (r/web), log (localhost:5000/log)'
    ecs render --family kim --tag-image v2
    fails 2 "which container's image gets the tag? task definition kim:* has not just one; name it, as in web=TAG; it has: web (r/web), log (localhost:5000/log)"
}

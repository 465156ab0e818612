#!/usr/bin/env bats
# What slipway ecs deploy does to services beside their task definition, against moto.

bats_require_minimum_version 1.5.0

setup_file() {
    load moto
    start_moto
    python3 - <<'PYTHON'
import boto3, os
ecs = boto3.client("ecs", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name="eu-west-1")
ecs.create_cluster(clusterName="prod")
for family in ("kim", "lee"):
    ecs.register_task_definition(
        family=family,
        containerDefinitions=[{"name": "web", "image": "r/web:1", "memory": 128, "portMappings": [{"containerPort": 80}]}])
ecs.register_task_definition(
    family="net", networkMode="awsvpc", containerDefinitions=[{"name": "web", "image": "r/web:1", "memory": 128}])
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
deploy() {
    status=0
    "$SLIPWAY_PROGRAM" ecs deploy --cluster prod "$@" >out 2>err || status=$?
}

# The command failed with that exit code, no result, and this message in the first line.
fails() {
    [ "$status" -eq "$1" ] || { cat out err; return 1; }
    [ ! -s out ]
    [[ $(grep -m 1 '^error: ' err) == "error: "$2 ]] || { cat err; return 1; }
}

# What moto holds of a service: the value of an expression in Python.
service_value() {
    python3 - "$@" <<'PYTHON'
import boto3, os, sys
ecs = boto3.client("ecs", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name="eu-west-1")
service = ecs.describe_services(cluster="prod", services=[sys.argv[1]], include=["TAGS"])["services"][0]
print(eval(sys.argv[2], {"service": service}))
PYTHON
}

@test "a service that does not exist is made only when asked to" {
    deploy --family lee
    fails 1 'service "lee" does not exist in cluster "prod"; services in it: kim; --create (create_service in the orb) would make it'
    deploy --family lee --create --launch-type EC2 --desired-count 2 --service-tags team=shop \
        --load-balancer web:80=arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/t/1 --report report.json
    [ "$status" -eq 0 ] || { cat err; false; }
    [[ $(cat out) == arn:aws:ecs:eu-west-1:123456789012:task-definition/lee:1 ]]
    grep -q '^service "lee" does not exist in cluster "prod": it will be created$' err
    grep -q '^service lee: (new service) -> lee:1, deployment ' err
    jq -e '.created and .updated and (.registered | not) and .status == "ok"' report.json
    [ "$(service_value lee 'service["desiredCount"], service["launchType"], service["tags"][0]["value"]')" = "(2, 'EC2', 'shop')" ]
    [ "$(service_value lee 'service["loadBalancers"][0]["containerPort"]')" = 80 ]
}

@test "what is made once is updated from then on" {
    deploy --family lee --service again --create --desired-count 1
    [ "$status" -eq 0 ]
    deploy --family lee --service again --create --image web=r/web:2
    [ "$status" -eq 0 ] || { cat err; false; }
    [ "$(grep -c 'will be created' err)" -eq 0 ]
    [[ $(cat out) == *:task-definition/lee:2 ]]
    [ "$(service_value again 'service["desiredCount"]')" = 1 ]
}

@test "settings go with the deployment, and alone" {
    deploy --service kim --desired-count 3 --propagate-tags SERVICE --enable-execute-command --managed-tags=
    [ "$status" -eq 0 ] || { cat err; false; }
    [ "$(service_value kim 'service["desiredCount"], service["propagateTags"], service["enableExecuteCommand"]')" = \
        "(3, 'SERVICE', True)" ]
    deploy --service kim --desired-count=3 --image web=r/web:3
    [ "$status" -eq 0 ]
    deploy --service kim
    fails 1 'nothing to deploy: service kim in cluster "prod" already runs kim:2 *'
}

@test "wrong settings are told before AWS is asked" {
    export AWS_ENDPOINT_URL=http://127.0.0.1:9
    deploy --service kim --minimum-healthy-percent 101
    fails 2 'option "--minimum-healthy-percent" does not take "101"; give a whole number from 0 to 100'
    deploy --service kim --launch-type EC2
    fails 2 '--launch-type needs --create: it is for a service that is made'
    deploy --service kim --load-balancer web
    fails 2 '--load-balancer: expected CONTAINER:PORT=TARGET-GROUP-ARN, *'
    deploy --service kim --service-settings @missing.json
    fails 2 '--service-settings: *missing.json*'
}

@test "what does not fit is refused before anything is registered" {
    deploy --family net --create --image web=r/web:2
    fails 2 'task definition net:1 has the network mode awsvpc: give --subnets (and --security-groups)'
    deploy --family lee --service new --create --image web=r/web:9 --load-balancer web:81=arn:aws:x
    fails 20 "the service's load balancer sends to container \"web\" port 81, which task definition lee:* does not have; it has: web:80"
    run --separate-stderr "$SLIPWAY_PROGRAM" ecs render --family net
    [ "$(jq -r '.containerDefinitions[0].image' <<<"$output")" = r/web:1 ]
}

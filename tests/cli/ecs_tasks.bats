#!/usr/bin/env bats
# slipway ecs run-task against moto: exit codes, results and what people are told. How a task can end
# is tested where it can be acted out: tests/ecs/test_task_run.c and tests/e2e/tasks.bats.

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
        {"name": "web", "image": "r/web:1", "memory": 128, "essential": True,
         "logConfiguration": {"logDriver": "awslogs", "options": {
             "awslogs-group": "/kim", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "ecs"}}}])
ecs.register_task_definition(
    family="net", networkMode="awsvpc", containerDefinitions=[{"name": "web", "image": "r/web:1", "memory": 128}])
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
run_task() {
    status=0
    "$SLIPWAY_PROGRAM" ecs run-task --cluster prod --launch-type FARGATE "$@" >out 2>err || status=$?
}

# The command failed with that exit code, no result, and this message in the first line.
fails() {
    [ "$status" -eq "$1" ] || { cat out err; return 1; }
    [ ! -s out ]
    [[ $(grep -m 1 '^error: ' err) == "error: "$2 ]] || { cat err; return 1; }
}

# What moto holds of a task, by its ARN: the value of an expression in Python.
task_value() {
    python3 - "$@" <<'PYTHON'
import boto3, os, sys
ecs = boto3.client("ecs", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name="eu-west-1")
task = ecs.describe_tasks(cluster="prod", tasks=[sys.argv[1]], include=["TAGS"])["tasks"][0]
print(eval(sys.argv[2], {"task": task}))
PYTHON
}

@test "a task is started as the options say, and its ARN is the result" {
    run_task --task-definition kim --started-by ci --group nightly --tags team=shop \
        --command 'web=rake db:migrate' --env web:LEVEL=a=b
    [ "$status" -eq 0 ] || { cat err; false; }
    arn=$(cat out)
    [[ $arn == arn:aws:ecs:eu-west-1:123456789012:task/prod/* ]]
    [ "$(cat err)" = "started task ${arn##*/} of kim:1" ]
    [ "$(task_value "$arn" 'task["startedBy"], task["group"], task["launchType"]')" = "('ci', 'nightly', 'FARGATE')" ]
    [ "$(task_value "$arn" 'task["overrides"]["containerOverrides"]')" = \
        "[{'name': 'web', 'command': ['rake', 'db:migrate'], 'environment': [{'name': 'LEVEL', 'value': 'a=b'}]}]" ]
    [ "$(task_value "$arn" 'task["tags"]')" = "[{'key': 'team', 'value': 'shop'}]" ]
}

@test "size, roles, disk and placement of one run" {
    run_task --task-definition kim --cpu 512 --memory 1024 --task-role arn:t --execution-role arn:e \
        --ephemeral-storage 50 --placement-constraint distinctInstance --placement-strategy type=random \
        --tags key=team,value=shop --no-public-ip
    [ "$status" -eq 0 ] || { cat err; false; }
    arn=$(cat out)
    [ "$(task_value "$arn" 'task["overrides"]["cpu"], task["overrides"]["taskRoleArn"], task["tags"][0]["value"]')" = \
        "('512', 'arn:t', 'shop')" ]
    run_task --task-definition kim --ephemeral-storage 0
    fails 2 'option "--ephemeral-storage" does not take "0"; *'
    run_task --task-definition kim --placement-strategy spread:
    fails 2 '--placement-strategy: expected random, spread:FIELD or binpack:FIELD, *'
}

@test "waiting follows the tasks to their end" {
    run_task --task-definition kim:1 --count 2 --wait --poll-interval 1s --no-logs --output json
    [ "$status" -eq 0 ] || { cat err; false; }
    jq -e '.status == "ok" and .containerExitCode == 0 and .container == "web" and .failures == []
        and ([.tasks[].lastStatus] == ["STOPPED", "STOPPED"])' out
    grep -q '^all tasks of kim:1 ended well after .*: exit code 0 of container "web"$' err
}

@test "what a container logs is shown" {
    "$SLIPWAY_PROGRAM" ecs run-task --cluster prod --launch-type FARGATE --task-definition kim --wait \
        --poll-interval 2s >out 2>err &
    pid=$!
    for _ in $(seq 100); do
        [ -s out ] && break
        sleep 0.1
    done
    python3 - "$(cat out)" <<'PYTHON'
import boto3, os, sys, time
logs = boto3.client("logs", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name="eu-west-1")
stream = "ecs/web/" + sys.argv[1].split("/")[-1]
logs.create_log_group(logGroupName="/kim")
logs.create_log_stream(logGroupName="/kim", logStreamName=stream)
logs.put_log_events(logGroupName="/kim", logStreamName=stream,
                    logEvents=[{"timestamp": int(time.time() * 1000), "message": f"line {i}"} for i in (1, 2)])
PYTHON
    wait "$pid"
    [ "$(grep '^web | ' err)" = $'web | line 1\nweb | line 2' ]
}

@test "waiting ends at the deadline with where the task stands" {
    run_task --task-definition kim --wait --timeout 1s --poll-interval 1s --no-logs
    [ "$status" -eq 13 ]
    grep -q '^error: the tasks of kim:1 have not stopped after 1.0 s and go on; task [-0-9a-f]* is ' err
}

@test "a stop signal ends the waiting, and the task when asked to" {
    for option in --no-stop-on-cancel --stop-on-cancel; do
        "$SLIPWAY_PROGRAM" ecs run-task --cluster prod --launch-type FARGATE --task-definition kim \
            --wait --poll-interval 60s --no-logs "$option" >out 2>err &
        pid=$!
        for _ in $(seq 100); do
            grep -q ' is ' err && break
            sleep 0.1
        done
        kill -TERM "$pid"
        status=0
        wait "$pid" || status=$?
        [ "$status" -eq 15 ] || { cat err; false; }
        grep -q '^error: stopped waiting for the tasks of kim:1; task [-0-9a-f]* is ' err
        desired=$(task_value "$(cat out)" 'task["desiredStatus"]')
        if [ "$option" = --stop-on-cancel ]; then
            [ "$desired" = STOPPED ]
            grep -q '; they are being stopped$' err
        else
            [ "$desired" = RUNNING ]
        fi
    done
}

@test "what does not fit is refused before anything is started" {
    run_task --task-definition kim --exit-code-from nginx
    fails 2 'container "nginx" is not in task definition kim:1; it has: web'
    run_task --task-definition kim --command nginx=true
    fails 2 'container "nginx" is not in task definition kim:1; it has: web'
    run_task --task-definition nope
    fails 1 'task definition "nope" cannot be read: *; families that exist: *kim*'
    run_task --task-definition net
    fails 2 'task definition net:1 has the network mode awsvpc: give --subnets (and --security-groups)'
    run_task --task-definition kim --subnets subnet-1
    fails 2 'task definition kim:1 has not the network mode awsvpc: leave out --subnets (in the orb, run_task has awsvpc: false for that)'
    status=0
    "$SLIPWAY_PROGRAM" ecs run-task --cluster nope --task-definition kim >out 2>err || status=$?
    fails 1 'task definition kim:1 cannot be run: *ClusterNotFoundException*; clusters: prod'
}

@test "wrong usage is told before AWS is asked" {
    export AWS_ENDPOINT_URL=http://127.0.0.1:9
    run_task
    fails 2 '*--task-definition*'
    run_task --task-definition ''
    fails 2 '--cluster or --task-definition is empty'
    run_task --task-definition kim --count 11
    fails 2 '*--count*'
    run_task --task-definition kim --capacity-provider own
    fails 2 '--launch-type and --capacity-provider exclude each other; give one of them'
    run_task --task-definition kim --overrides @missing.json
    fails 2 '--overrides: *missing.json*'
    run_task --task-definition kim --env web=hunter2
    fails 2 '--env: expected CONTAINER:NAME=VALUE, e.g. web:LEVEL=debug'
    [ "$(grep -c hunter2 err)" -eq 0 ]
}

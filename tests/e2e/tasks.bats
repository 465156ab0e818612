#!/usr/bin/env bats
# One-off tasks and rollbacks from end to end: how they end is acted out by the stand-in for AWS.

load helper

setup_file() { begin_sandbox; }
teardown_file() { end_sandbox; }
setup() { rest_sandbox; }

run_task() {
    run --separate-stderr slipway ecs run-task --cluster default-kim5 --task-definition kim-app-nginx \
        --launch-type FARGATE --poll-interval 1s "$@"
}

rollback() {
    run --separate-stderr slipway ecs rollback --cluster default-kim5 --service kim-app-nginx --wait \
        --poll-interval 1s
}

@test "a task that ends well" {
    run_task --wait
    succeeds
    [[ $output == arn:aws:ecs:us-east-1:123456789012:task/default-kim5/* ]]
    [[ $stderr == *'ended well after '*': exit code 0 of container "nginx"'* ]]
    [ "$(calls RunTask)" -eq 1 ]
}

@test "a task whose container fails" {
    scenario '{"task": {"exitCode": 42}}'
    run_task --wait
    ends_with 1 'container "nginx" of task * ended with exit code 42; look at the last lines of the container'\''s log'
    run_task --exit-code-from nginx
    ends_with 42 'container "nginx" of task * ended with exit code 42; *'
}

@test "a task that somebody stops" {
    scenario '{"task": {"stopCode": "UserInitiated", "stoppedReason": "by kim"}}'
    run_task --exit-code-from nginx
    ends_with 1 'task * was stopped before it was done (UserInitiated); *by kim; somebody stopped the task; *'
}

@test "a task that cannot be placed" {
    scenario '{"task": {"failure": "RESOURCE:CPU"}}'
    run_task --wait
    ends_with 1 '1 of 1 task of kim-app-nginx:* could not be started: RESOURCE:CPU; no instance has enough free CPU units: *'
    [ -z "$output" ]
    [ "$(calls DescribeTasks)" -eq 0 ]
}

@test "throttling starts nothing twice" {
    scenario '{"throttle": 3}'
    run_task
    succeeds
    [ "$(wc -l <<<"$output")" -eq 1 ]
}

@test "a rollback is followed to its end" {
    first=$(service_revision)
    deploy_parameters
    export CIRCLE_SHA1=to-be-undone
    step update-service
    succeeds
    rollback
    succeeds
    [[ $stderr == *"the rollout of kim-app-nginx:"*" completed after "* ]]
    [ "$(service_revision)" = "$output" ]
    [ "${output##*/}" = "${first##*/}" ]
}

@test "a rollback that fails" {
    deploy_parameters
    export CIRCLE_SHA1=to-be-undone-badly
    step update-service
    succeeds
    scenario '{"rollout": "fail-no-rollback"}'
    rollback
    ends_with 10 '*tasks failed to start*'
}

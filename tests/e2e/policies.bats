#!/usr/bin/env bats
# The policies of orb/policies against what the jobs ask of AWS and of the registry: each right that a job uses is in its
# policy, and each that the policy calls needed is used.

load helper

setup_file() {
    begin_sandbox --docker
    project=$BATS_FILE_TMPDIR/project
    records=$BATS_FILE_TMPDIR/records
    mkdir "$records"
    cp -R "$SLIPWAY_SOURCE/tests/demo-project" "$project"
    cp "$(command -v busybox)" "$project/busybox"
    printf '{"Version": "2012-10-17", "Statement": [{"Sid": "pull", "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}]}' >"$project/policy.json"
    printf '{"rules": [{"rulePriority": 1, "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1}, "action": {"type": "expire"}}]}' >"$project/lifecycle.json"
    export project records
}

teardown_file() { end_sandbox; }
setup() {
    rest_sandbox
    runs=0
}

# record JOB STATUS [PARAMETERS]: runs a job with these parameters, in YAML's short form, and writes down what it used.
record() {
    local job=$1 wanted=$2
    printf 'version: 2.1\norbs: {slipway: acme/slipway@1.0.0}\nworkflows: {w: {jobs: [slipway/%s: {%s}]}}\n' "$job" "$3" >config.yml
    rm -rf work docker
    post "$SLIPWAY_SANDBOX_PROXY/_proxy/reset" ''
    # A job of its own machine is not signed in.
    mkdir docker
    export DOCKER_CONFIG=$PWD/docker
    run --separate-stderr slipway local execute "slipway/$job" --config config.yml --workdir work --checkout "$project" \
        --orb "acme/slipway@1.0.0=$SLIPWAY_SOURCE/orb" --env CIRCLE_PROJECT_REPONAME=kim-app-nginx
    curl -sS "$SLIPWAY_SANDBOX_STANDIN/_standin/calls" >calls.json
    curl -sS "$SLIPWAY_SANDBOX_PROXY/_proxy/log" >log.json
    runs=$((runs + 1))
    jq -n --slurpfile calls calls.json --slurpfile log log.json '{rights: $calls[0].rights, registry: $log[0]}' \
        >"$records/$job.$BATS_TEST_NUMBER-$runs.json"
    post "$SLIPWAY_SANDBOX_STANDIN/_standin/reset" ''
    [ "$status" -eq "$wanted" ] || { printf '%s ended with %s:\n%s\n%s\n' "$job" "$status" "$output" "$stderr"; return 1; }
}

@test "images" {
    record build_and_push_image 0 'repo: kim/made, create_repo: true, repo_tag: "Key=a,Value=b", tag: one, set_repo_policy: true,
        repo_policy_path: policy.json, lifecycle_policy_path: lifecycle.json'
    record build_and_push_image 0 'repo: kim/made, tag: two, extra_build_args: --label other=1, skip_when_tags_exist: true'
    record build_image 0 'repo: kim/built, tag: one, push_image: false'
    record create_repo 0 'repo: kim/built, repo_tag: "Key=a,Value=b"'
    record build_image 0 'repo: kim/built, tag: one, lifecycle_policy_path: lifecycle.json'
    moto_ecr CreateRepository '{"repositoryName": "kim/pushed"}' >/dev/null
    record build_image 0 'repo: kim/pushed, tag: one, push_image: false'
    record push_image 0 'repo: kim/pushed, tag: one'
    moto_ecr CreateRepository '{"repositoryName": "kim/older"}' >/dev/null
    record build-image 0 'repo: kim/older, tag: one'
    record push-image 0 'repo: kim/older, tag: one'
}

@test "images that are in the registry" {
    record tag_image 0 'repo: kim/made, source_tag: one, target_tag: three'
    record create_index 0 'repo: kim/made, tag: both, from_tags: one'
    moto_ecr CreateRepository '{"repositoryName": "kim/promoted"}' >/dev/null
    record promote_image 0 'from: "${AWS_ECR_ACCOUNT_URL}/kim/made:one", to: "${AWS_ECR_ACCOUNT_URL}/kim/promoted"'
    record set_repo_policy 0 'repo: kim/made, repo_policy_path: policy.json'
    record tag_repo 0 'repo: kim/made, tag: "Key=team,Value=web"'
    # Scans are for images of ECR's own host; that there is none ends the job, once it was asked for.
    record wait_scan 1 'image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/kim/none:one"'
}

service='family: kim-app-nginx, cluster'

@test "deployments" {
    record deploy-service-update 0 "$service-name: default-kim5, container-env-var-updates: 'container=nginx,name=A,value=1',
        verify-revision-is-deployed: true, poll-interval: 1"
    scenario '{"rollout": "fail-rollback"}'
    record deploy-service-update 11 "$service-name: default-kim5, container-env-var-updates: 'container=nginx,name=A,value=2',
        verify-revision-is-deployed: true, poll-interval: 1"
    moto_ecr CreateRepository '{"repositoryName": "kim-app-nginx"}' >/dev/null
    record deploy_service_update 0 "$service: default-kim5, container_env_var_updates: 'container=nginx,name=A,value=3',
        verify_revision_is_deployed: true, poll_interval: 1"
    record deploy_service_update 0 "$service: default-kim5, service_name: made, create_service: true, desired_count: '1', pin: true,
        container_image_name_updates: 'container=nginx,image-and-tag=\${AWS_ECR_ACCOUNT_URL}/kim/made:one,container=log-router,image-and-tag=\${AWS_ECR_ACCOUNT_URL}/kim/made:two'"
    record deploy_services 0 "cluster: default-kim5, services: kim-app-nginx, container_env_var_updates: 'container=nginx,name=A,value=9',
        container_image_name_updates: 'container=nginx,image-and-tag=\${AWS_ECR_ACCOUNT_URL}/kim/made:one,container=log-router,image-and-tag=\${AWS_ECR_ACCOUNT_URL}/kim/made:two',
        pin: true, poll_interval: 1"
    record verify-revision-is-deployed 0 "$service-name: default-kim5, task-definition-arn: $(service_revision), poll-interval: 1"
    record verify_revision_is_deployed 0 "$service: default-kim5, task_definition_arn: $(service_revision), poll_interval: 1"
    record rollback 0 'cluster: default-kim5, service_name: kim-app-nginx, poll_interval: 1'
    # The cluster has no instances, which a check says.
    record check 20 "$service: default-kim5"
}

@test "all in one" {
    record ship 0 'cluster: default-kim5, container: nginx, repo: kim/shipped, create_repo: true'
}

@test "tasks, task definitions and rules" {
    record run_task 0 'cluster: default-kim5, task_definition: kim-app-nginx, awsvpc: false, wait_task_stopped: true'
    moto events AWSEvents.PutRule '{"Name": "nightly", "ScheduleExpression": "rate(1 day)"}' >/dev/null
    moto events AWSEvents.PutTargets "$(jq -nc --arg t "$(service_revision)" '{Rule: "nightly", Targets: [{Id: "a", RoleArn: "arn:aws:iam::123456789012:role/r",
        Arn: "arn:aws:ecs:us-east-1:123456789012:cluster/default-kim5", EcsParameters: {TaskDefinitionArn: $t, TaskCount: 1}}]}')" >/dev/null
    record update_task_definition 0 'family: kim-app-nginx, container_env_var_updates: "container=nginx,name=A,value=5",
        deploy_scheduled_task: true, rule_name: nightly'
    printf '{"family": "kim-app-nginx", "containerDefinitions": [{"name": "a", "image": "a", "memory": 64}]}' >from.json
    record update_task_definition_from_json 0 "task_definition_json: $PWD/from.json, deploy_scheduled_task: true, rule_name: nightly"
    record deploy_ecs_scheduled_task 0 'rule_name: nightly, task_definition: "kim-app-nginx:1"'
    record deregister 0 'family: kim-app-nginx, keep: 1, delete: true'
}

@test "the policies are what was used" {
    run python3 "$SLIPWAY_SOURCE/tests/e2e/policies.py" "$records" "$SLIPWAY_SOURCE/orb/policies"
    [ "$status" -eq 0 ] || { echo "$output"; return 1; }
}

#!/usr/bin/env bats
# slipway ecs check against moto: the traps that a newcomer falls into, in the order in which they are met, each
# with its finding, its cause and its command. What follows after a deployment that went ahead is tested in
# tests/ecs/test_traps.c.

# shellcheck disable=SC2154 # run sets variables
bats_require_minimum_version 1.5.0

setup_file() {
    load registry
    load moto
    start_registry
    cd "$BATS_FILE_TMPDIR"
    make_archive image.tar text acme/web:v1
    export IMAGE=$REGISTRY/web:v1
    "$SLIPWAY_PROGRAM" image push --quiet docker-archive:image.tar "$IMAGE"
    start_moto
    python3 "$BATS_TEST_DIRNAME/../support/ecs_check_world.py" --image "$IMAGE" good host-port no-load-balancer \
        no-listener target-type closed-ports other-vpc health-path container-name image-tag execution-role trust \
        log-group secret parameter no-instances zone host-port+container-name
}

teardown_file() {
    load registry
    load moto
    stop_servers
    stop_registry
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    options=()
}

# The service of the tests is "web" in the cluster that is called like the trap.
world() { cluster=$1; }
check() { run --separate-stderr "$SLIPWAY_PROGRAM" ecs check --cluster "$cluster" --service web "${options[@]}" "$@"; }

# blocks CHECK CAUSE TEXT COMMAND: the only check that blocks is this one; globs.
blocks() { finds block 20 "$@"; }
warns() { finds warn 0 "$@"; }
finds() {
    check --output json
    [ "$status" -eq "$2" ] || { jq -c '.checks[] | select(.level != "ok")' <<<"$output"; echo "$stderr"; return 1; }
    jq -e --arg check "$3" --arg level "$1" '[.checks[] | select(.level == "block" and $level == "block") | .check] | unique
        == if $level == "block" then [$check] else [] end' <<<"$output"
    found=$(jq -c --arg check "$3" --arg level "$1" '.checks[] | select(.check == $check and .level == $level)' <<<"$output" | head -1)
    [ "$(jq -r .cause <<<"$found")" = "$4" ] || { echo "$found"; return 1; }
    # shellcheck disable=SC2053 # patterns
    [[ $(jq -r .text <<<"$found") == $5 ]] || { echo "$found"; return 1; }
    # shellcheck disable=SC2053
    [[ $(jq -r '.command // ""' <<<"$found") == $6 ]] || { echo "$found"; return 1; }
    jq -e '.advice | length > 0' <<<"$found"
}

@test "a service without any trap is not blocked" {
    world good
    check
    [ "$status" -eq 0 ] || { echo "$output" "$stderr"; return 1; }
    [[ $output != *"block  "* ]]
    [[ $output == *"ok     security-groups: the load balancer may connect to the tasks' ports"* ]]
    [[ $output == *"ok     image: the images exist"* ]]
    [[ $output == *"ok     platform: the images are for the processors that run them"* ]]
    [[ ${lines[-1]} == "0 blocks, "* ]]
}

@test "trap 1: a fixed host port" {
    world host-port
    blocks host-port port-taken 'container "web" has the fixed host port 80, so each instance can run one task: 2 tasks are wanted and 1 instance could run one' \
        'aws ecs update-service --cluster * --service web *minimumHealthyPercent=0,maximumPercent=100'
}

@test "trap 2: no load balancer, or one without a listener" {
    world no-load-balancer
    warns load-balancer no-load-balancer '*nothing leads to port 8080 of container "web"*' \
        'aws ecs update-service --cluster * --service web --load-balancers targetGroupArn=*,containerName=web,containerPort=8080'
    world no-listener
    blocks listener target-unused 'no listener of any load balancer sends to target group "*"' 'aws elbv2 create-listener *'
    world target-type
    blocks target-type target-type 'target group "*" has target type ip; network mode bridge needs type instance' 'aws elbv2 create-target-group *'
}

@test "trap 3: closed ephemeral ports" {
    world closed-ports
    blocks security-groups elb-timeout 'the security group of the instances (sg-*) does not accept the load balancer (sg-*) on ports 32768-60999*' \
        'aws ec2 authorize-security-group-ingress --group-id sg-* --protocol tcp --port 32768-65535 --source-group sg-*'
}

@test "trap 4: a target group in another VPC" {
    world other-vpc
    blocks target-vpc target-vpc 'target group "*" lies in vpc-*, but the tasks run in vpc-*' 'aws elbv2 create-target-group * --vpc-id vpc-*'
}

@test "trap 5: the health check's path" {
    world health-path
    warns health-check elb-codes 'target group "*" asks for "/", the container'"'"'s own health check for "/healthz"' \
        'aws elbv2 modify-target-group --target-group-arn arn:* --health-check-path /healthz'
}

@test "trap 6: percentages without a step" {
    world good
    options=(--minimum-healthy-percent 50 --maximum-percent 100) # moto keeps none
    blocks percentages percentages 'the rollout cannot take a step: of 1 wanted task at least 1 must stay *' \
        'aws ecs update-service * minimumHealthyPercent=100,maximumPercent=200'
}

@test "trap 7: the container's name" {
    world container-name
    blocks balanced-container container-name '*sends to container "web" port 8080, which task definition container-name:1 does not have; it has: app:8080' ''
}

@test "trap 8: the image's tag" {
    world image-tag
    blocks image image-missing 'image "*/web:v1-missing" of container "web" does not exist; the repository has: v1' 'slipway image exists *'
}

@test "trap 9: the execution role" {
    world execution-role
    blocks execution-role role 'the execution role "missing" does not exist' 'aws iam create-role --role-name * *'
    world trust
    blocks execution-role role 'the trust policy of the execution role "trust" does not let ecs-tasks.amazonaws.com assume it' \
        'aws iam update-assume-role-policy --role-name * *'
}

@test "what else does not exist" {
    world log-group
    blocks log-group log-group 'the log group "/missing" of container "web" does not exist' 'aws logs create-log-group --log-group-name /missing --region eu-west-1'
    world secret
    blocks secrets secret-missing 'the secret of container "web" does not exist: arn:aws:secretsmanager:eu-west-1:123456789012:secret:nothing-AbCdEf' ''
    world parameter
    blocks secrets secret-missing 'the parameter "/nothing" does not exist' 'aws ssm put-parameter --name /nothing *'
    world no-instances
    blocks instances no-instances 'cluster "no-instances" has no instances' 'aws ecs list-container-instances --cluster no-instances'
    world zone
    warns target-zone target-zone 'tasks can run in eu-west-1c, which load balancer "*" does not serve (it serves eu-west-1a, eu-west-1b)' \
        'aws elbv2 set-subnets *'
}

@test "several traps are told at once, and what blocks comes last" {
    world host-port-container-name
    check
    [ "$status" -eq 20 ]
    [[ $stderr == *"error: the deployment would fail: host-port: "*"; also: balanced-container"* ]]
    [[ ${lines[-1]} == "2 blocks, "* ]]
    [[ ${lines[-2]} == "         fix: "* ]]
}

@test "changes are checked as they would be deployed" {
    world good
    check --tag-image web=nothing --output json
    [ "$status" -eq 20 ]
    jq -e '.blocked and (.checks | map(select(.level == "block") | .check) == ["image"])' <<<"$output"
    check --desired-count 5 --minimum-healthy-percent 100 --maximum-percent 100
    [ "$status" -eq 20 ]
    [[ $output == *"of 5 wanted tasks at least 5 must stay (minimumHealthyPercent 100)"* ]]
}

@test "deploy --check registers nothing when a check blocks" {
    world closed-ports
    run --separate-stderr "$SLIPWAY_PROGRAM" ecs deploy --cluster "$cluster" --service web --env web:A=1 --check --report report.json --summary summary.md
    [ "$status" -eq 20 ]
    [ -z "$output" ]
    [[ $stderr == *"block  security-groups: "* ]]
    [[ $stderr == *"         run: aws ec2 authorize-security-group-ingress "* ]]
    jq -e '.registered == false and .exitCode == 20 and (.checks | map(.check) | index("security-groups") != null)' report.json
    [ "$(head -1 summary.md)" = "## Deployment of web: failed (exit 20)" ]
    grep -q '^\*\*block\*\* security-groups: ' summary.md
    [ "$(stat -c %a summary.md)" = 600 ]
    run -1 "$SLIPWAY_PROGRAM" ecs render --task-definition closed-ports:2
    world good
    run --separate-stderr "$SLIPWAY_PROGRAM" ecs deploy --cluster "$cluster" --service web --env web:A=1 --check
    [ "$status" -eq 0 ]
    [[ $output == *"task-definition/good:2" ]]
}

@test "what is not there to be checked is an error" {
    world good
    run --separate-stderr "$SLIPWAY_PROGRAM" ecs check --cluster good --service nothing
    [ "$status" -eq 1 ]
    [[ $stderr == *'service "nothing" does not exist in cluster "good"; services in it: web'* ]]
    run --separate-stderr "$SLIPWAY_PROGRAM" ecs check --cluster good
    [ "$status" -eq 2 ]
    run --separate-stderr "$SLIPWAY_PROGRAM" ecs check --cluster '' --service web
    [ "$status" -eq 2 ]
}

@test "status shows the service at a glance" {
    run --separate-stderr "$SLIPWAY_PROGRAM" ecs status --cluster zone --service web
    [ "$status" -eq 0 ]
    [[ ${lines[0]} == "service web is ACTIVE: 0 of 1 tasks running, "*"; it runs zone:1" ]]
    [[ $output == *$'\nimages\n  web: '"$IMAGE"$'\n'* ]]
    [[ $output == *$'\ntargets\n  arn:aws:'*': none registered'* ]]
    run --separate-stderr "$SLIPWAY_PROGRAM" ecs status --cluster zone --service web --output json
    jq -e '.images[0].container == "web" and (.targets | length == 1) and .causes == [] and .notShown == []' <<<"$output"
}

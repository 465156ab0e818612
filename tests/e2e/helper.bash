# shellcheck shell=bash
# Loaded by the end-to-end tests: a sandbox per file, the orb's steps as a job runs them, and what AWS and
# the registry hold afterwards, asked without slipway.

bats_require_minimum_version 1.5.0

# begin_sandbox [--docker]: for setup_file. The sandbox ends with this file's process at the latest.
begin_sandbox() {
    mkdir "$BATS_FILE_TMPDIR/bin"
    ln -s "$SLIPWAY_PROGRAM" "$BATS_FILE_TMPDIR/bin/slipway"
    local variables
    variables=$("$SLIPWAY_SOURCE/tests/sandbox/sandbox" up "$@" --watch $$ 3>&-) || return
    eval "$variables"
    export PATH=$BATS_FILE_TMPDIR/bin:$PATH
}

end_sandbox() {
    [ -z "${SLIPWAY_SANDBOX:-}" ] || "$SLIPWAY_SOURCE/tests/sandbox/sandbox" down 3>&-
}

# For setup: nothing of an earlier test plays on.
rest_sandbox() {
    cd "$BATS_TEST_TMPDIR" || return
    post "$SLIPWAY_SANDBOX_STANDIN/_standin/reset" ''
    post "$SLIPWAY_SANDBOX_PROXY/_proxy/reset" ''
    export BASH_ENV=$BATS_TEST_TMPDIR/bash_env
    : >"$BASH_ENV"
    export CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567
}

# From now on the program of the steps does not sleep: its clock is moved by its pauses. What follows a rollout or a task at
# the orb's own pace does so without the wait; the services of the sandbox go on with every look.
without_pauses() {
    mkdir -p bin
    ln -sf "$SLIPWAY_SIMULATED" bin/slipway
    PATH=$PWD/bin:$PATH
}

post() { curl -sS --fail --data "$2" "$1" >/dev/null; }
scenario() { post "$SLIPWAY_SANDBOX_STANDIN/_standin/scenario" "$1"; }
faults() { post "$SLIPWAY_SANDBOX_PROXY/_proxy/faults" "$1"; }
# How often an action was called; without a name, how many calls there were.
calls() { curl -sS --fail "$SLIPWAY_SANDBOX_STANDIN/_standin/calls" | jq --arg a "${1:-}" 'if $a == "" then .total else .by_action[$a] // 0 end'; }

# moto's answer to a call, past the stand-in: neither counted nor signed.
moto() {
    curl -sS --fail --data "$3" \
        -H "X-Amz-Target: $2" -H 'Content-Type: application/x-amz-json-1.1' \
        -H "Authorization: AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/$1/aws4_request" \
        "$SLIPWAY_SANDBOX_MOTO/"
}
moto_ecs() { moto ecs "AmazonEC2ContainerServiceV20141113.$1" "$2"; }
moto_ecr() { moto ecr "AmazonEC2ContainerRegistry_V20150921.$1" "$2"; }

registry() { curl -sS -u "AWS:$SLIPWAY_SANDBOX_REGISTRY_PASSWORD" "http://$SLIPWAY_SANDBOX_REGISTRY/v2/$1"; }

newest_revision() { moto_ecs DescribeTaskDefinition '{"taskDefinition":"kim-app-nginx","include":["TAGS"]}'; }
newest_arn() { newest_revision | jq -r .taskDefinition.taskDefinitionArn; }
service_revision() {
    moto_ecs DescribeServices '{"cluster":"default-kim5","services":["kim-app-nginx"]}' | jq -r '.services[0].taskDefinition'
}

# All that a step could have changed.
facts() {
    moto_ecs ListTaskDefinitions '{}' | jq -c .taskDefinitionArns
    service_revision
    registry nginx/tags/list
}

# The parameters of the 2019 configuration's two jobs, as CircleCI would set them for the scripts.
image_parameters() {
    export SLIPWAY_REGION=AWS_REGION SLIPWAY_REGISTRY=AWS_ECR_ACCOUNT_URL SLIPWAY_REPO=nginx
    export SLIPWAY_ACCESS_KEY_VAR=AWS_ACCESS_KEY_ID SLIPWAY_SECRET_KEY_VAR=AWS_SECRET_ACCESS_KEY
    export SLIPWAY_TAG='${CIRCLE_SHA1}' SLIPWAY_DOCKERFILE=Dockerfile SLIPWAY_CONTEXT=. SLIPWAY_EXTRA_ARGS=''
}

deploy_parameters() {
    export SLIPWAY_REGION='$AWS_REGION' SLIPWAY_FAMILY=kim-app-nginx SLIPWAY_CLUSTER=default-kim5 SLIPWAY_SERVICE=''
    export SLIPWAY_ACCESS_KEY_VAR='$AWS_ACCESS_KEY_ID' SLIPWAY_SECRET_KEY_VAR='$AWS_SECRET_ACCESS_KEY'
    export SLIPWAY_IMAGE_UPDATES='container=nginx,image-and-tag=${AWS_ECR_ACCOUNT_URL}/nginx:${CIRCLE_SHA1}'
    export SLIPWAY_ENV_UPDATES='' SLIPWAY_WAIT=false SLIPWAY_FAIL_ON_TIMEOUT=true
    export SLIPWAY_MAX_POLL_ATTEMPTS=50 SLIPWAY_POLL_INTERVAL=1
}

# Runs a step of the orb as a job does.
step() { run --separate-stderr bash -eo pipefail "$SLIPWAY_SOURCE/orb/scripts/$1.sh"; }

# ends_with STATUS TEXT: the exit code, and exactly one error, whose text is this (a glob pattern).
ends_with() {
    local errors
    errors=$(grep '^error: ' <<<"$stderr" || true)
    # shellcheck disable=SC2053 # a pattern on purpose
    if [ "$status" -ne "$1" ] || [[ $errors == *$'\n'* ]] || [[ $errors != "error: "$2 ]]; then
        printf 'expected exit code %s and: error: %s\ngot %s, stdout:\n%s\nstderr:\n%s\n' \
            "$1" "$2" "$status" "$output" "$stderr"
        return 1
    fi
}

succeeds() {
    if [ "$status" -ne 0 ]; then
        printf 'exit code %s, stdout:\n%s\nstderr:\n%s\n' "$status" "$output" "$stderr"
        return 1
    fi
}

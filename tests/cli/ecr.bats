#!/usr/bin/env bats
# slipway ecr ... and docker-credential-slipway against moto; docker, skopeo and crane judge the
# configuration that is written.

bats_require_minimum_version 1.5.0

setup_file() {
    load moto
    start_moto
    start_server registry '^[0-9]+$' \
        python3 "$SLIPWAY_SOURCE/tests/support/login_registry.py" AWS "$moto_password"
    export REGISTRY=127.0.0.1:$server_line
}

teardown_file() {
    load moto
    stop_servers
}

setup() {
    load moto
    cd "$BATS_TEST_TMPDIR"
    mkdir bin home
    export DOCKER_CONFIG=$BATS_TEST_TMPDIR/docker HOME=$BATS_TEST_TMPDIR/home
    export DOCKER_HOST=unix:///nonexistent XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR
    unset DOCKER_AUTH_CONFIG
    ln -s "$SLIPWAY_PROGRAM" bin/slipway
    ln -s "$SLIPWAY_PROGRAM" bin/docker-credential-slipway
    PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

# Runs with stdout in "out" and stderr in "err"; sets $status.
slip() {
    status=0
    slipway "$@" >out 2>err || status=$?
}

# helper ACTION [INPUT]
helper() {
    status=0
    printf '%s' "${2:-}" | docker-credential-slipway "$1" >out 2>err || status=$?
}

# is FILE TEXT: the file holds exactly the text and a newline.
is() {
    printf '%s\n' "$2" | diff - "$1"
}

# lacks PATTERN FILE...: none of the files matches.
lacks() {
    local status=0
    grep -q -- "$@" || status=$?
    [ "$status" -eq 1 ]
}

has_tool() {
    command -v "$1" >/dev/null || skip "$1 is not installed"
}

# Docker's client says this when it has found a login; older ones in other words.
docker_has_login() {
    [[ $output == *'[Username: AWS]'* || $output == *'Authenticating with existing credentials'* ]]
}

ecr_host=123456789012.dkr.ecr.eu-west-1.amazonaws.com
auth_text=$(printf 'AWS:%s' "$moto_password" | base64)

@test "login without a host takes the caller's registry" {
    slip ecr login
    [ "$status" -eq 0 ]
    is out "$ecr_host"
    is err "logged in to $ecr_host as AWS
the login is in $DOCKER_CONFIG/config.json"
    lacks "$moto_password" out err
    [ "$(stat -c %a "$DOCKER_CONFIG/config.json")" = 600 ]
    [ "$(stat -c %a "$DOCKER_CONFIG")" = 700 ]
}

@test "login takes several hosts, URLs and repository URIs" {
    slip ecr login "https://$REGISTRY/v2/" "$ecr_host/nginx" --registry "$ecr_host"
    [ "$status" -eq 0 ]
    is out "$REGISTRY
$ecr_host"
}

@test "login expands a variable's bare name" {
    export AWS_ECR_ACCOUNT_URL=$REGISTRY
    slip ecr login --expand --registry AWS_ECR_ACCOUNT_URL
    [ "$status" -eq 0 ]
    is out "$REGISTRY"
}

@test "login goes to the region of the host" {
    slip ecr login 123456789012.dkr.ecr.ap-south-1.amazonaws.com --debug
    [ "$status" -eq 0 ]
    grep -q 'signed for ap-south-1' err
    lacks "$moto_password\|$auth_text" err
}

@test "login refuses hosts that are not ECR, before any call" {
    slip ecr login "$ecr_host" ghcr.io
    [ "$status" -eq 2 ]
    [ ! -s out ]
    [ "$(head -n 1 err)" = 'error: "ghcr.io" is not an Amazon ECR registry, such as 123456789012.dkr.ecr.us-east-1.amazonaws.com or public.ecr.aws' ]
    [ ! -e "$DOCKER_CONFIG" ]
}

@test "login refuses an empty host" {
    slip ecr login --registry ''
    [ "$status" -eq 2 ]
    [ "$(head -n 1 err)" = 'error: a registry host is empty; is the variable behind it set?' ]
}

@test "login leaves a malformed configuration alone" {
    mkdir "$DOCKER_CONFIG"
    printf '{\n "auths": oops\n}' >"$DOCKER_CONFIG/config.json"
    slip ecr login "$REGISTRY"
    [ "$status" -eq 2 ]
    [ ! -s out ]
    grep -q "^error: $DOCKER_CONFIG/config.json:2:" err
    [ "$(cat "$DOCKER_CONFIG/config.json")" = '{
 "auths": oops
}' ]
}

@test "login without credentials is exit code 3" {
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    AWS_EC2_METADATA_DISABLED=true slip ecr login "$REGISTRY"
    [ "$status" -eq 3 ]
    [ ! -s out ]
    [ ! -e "$DOCKER_CONFIG" ]
}

@test "parallel logins lose nothing" {
    local i pids=()
    for i in 1 2 3 4 5 6 7 8; do
        slipway ecr login "127.0.0.1:900$i" >/dev/null 2>&1 3>&- &
        pids+=($!)
    done
    for i in "${pids[@]}"; do
        wait "$i"
    done
    [ "$(grep -c '"127.0.0.1:900[1-8]"' "$DOCKER_CONFIG/config.json")" -eq 8 ]
    [ "$(ls -A "$DOCKER_CONFIG")" = config.json ]
}

@test "docker finds the login" {
    has_tool docker
    slip ecr login "$REGISTRY"
    run docker login "$REGISTRY" </dev/null
    docker_has_login
}

@test "skopeo and crane find the login" {
    has_tool skopeo
    has_tool crane
    slip ecr login "$REGISTRY"
    [ "$(skopeo login --get-login "$REGISTRY")" = AWS ]
    [ "$(crane auth get "$REGISTRY")" = "{\"Username\":\"AWS\",\"Secret\":\"$moto_password\"}" ]
}

@test "what docker login wrote is kept" {
    has_tool docker
    echo "$moto_password" | docker login --username AWS --password-stdin "$REGISTRY"
    cp "$DOCKER_CONFIG/config.json" before
    slip ecr login "$REGISTRY"
    [ "$status" -eq 0 ]
    cmp before "$DOCKER_CONFIG/config.json"
    slip ecr login "$ecr_host"
    grep -q "\"$REGISTRY\"" "$DOCKER_CONFIG/config.json"
    # The bytes are laid out as docker would write them.
    run docker logout "$ecr_host"
    cmp before "$DOCKER_CONFIG/config.json"
}

@test "a helper that cannot store is bypassed, and docker follows" {
    has_tool docker
    printf '#!/bin/sh\necho "the keychain is locked"\nexit 1\n' >bin/docker-credential-locked
    chmod +x bin/docker-credential-locked
    mkdir "$DOCKER_CONFIG"
    echo '{"credsStore": "locked"}' >"$DOCKER_CONFIG/config.json"
    slip ecr login "$REGISTRY"
    [ "$status" -eq 0 ]
    is err "logged in to $REGISTRY as AWS
warning: docker's credential helper cannot keep the login: docker-credential-locked store: the keychain is locked
the login is in $DOCKER_CONFIG/config.json, which now goes before that helper"
    run docker login "$REGISTRY" </dev/null
    docker_has_login
}

@test "a login in DOCKER_AUTH_CONFIG goes before ours, and is told of" {
    export DOCKER_AUTH_CONFIG="{\"auths\":{\"$REGISTRY\":{\"auth\":\"dXNlcjpvdGhlcg==\"}}}"
    slip ecr login "$REGISTRY"
    [ "$status" -eq 0 ]
    [ "$(tail -n 1 err)" = "warning: DOCKER_AUTH_CONFIG has a login of its own for $REGISTRY, which docker 28.3 and later prefers; unset it" ]
}

@test "a password without a standard output goes nowhere" {
    code=0
    "$SLIPWAY_PROGRAM" ecr get-login-password >&- 2>err || code=$?
    [ "$code" -eq 1 ]
    is err 'error: cannot write the result to standard output'
}

@test "a login that cannot be kept is not told as one" {
    mkdir "$DOCKER_CONFIG"
    printf '{' >"$DOCKER_CONFIG/config.json"
    slip ecr login "$REGISTRY"
    [ "$status" -eq 2 ]
    [ ! -s out ]
    [ "$(cat "$DOCKER_CONFIG/config.json")" = '{' ]
    run grep -c 'logged in' err
    [ "$output" -eq 0 ]
}

@test "install-helper writes no password" {
    slip ecr login --install-helper "$REGISTRY"
    [ "$status" -eq 0 ]
    is out "$REGISTRY"
    is err "logged in to $REGISTRY as AWS
docker-credential-slipway now answers for it, by $DOCKER_CONFIG/config.json"
    lacks "auth" "$DOCKER_CONFIG/config.json"
    slip ecr login --install-helper "$REGISTRY"
    is err "logged in to $REGISTRY as AWS
docker-credential-slipway answers already for it, by $DOCKER_CONFIG/config.json"
    helper list
    is out "{\"$REGISTRY\":\"AWS\"}"
}

@test "install-helper warns of options that the helper will not have" {
    slip ecr login --install-helper --endpoint-url "$AWS_ENDPOINT_URL" "$REGISTRY"
    [ "$status" -eq 0 ]
    [ "$(head -n 1 err)" = "warning: docker calls the helper without the options given here; set AWS_PROFILE, AWS_ACCESS_KEY_ID and the like where docker runs" ]
    slip ecr login --install-helper --access-key-var OWN_KEY_ID --secret-key-var AWS_SECRET_ACCESS_KEY "$REGISTRY"
    [[ "$(head -n 1 err)" == "warning: docker calls the helper without "* ]]
    # The variables that the helper reads as well.
    slip ecr login --install-helper --access-key-var '${AWS_ACCESS_KEY_ID}' --secret-key-var AWS_SECRET_ACCESS_KEY "$REGISTRY"
    lacks "warning" err
}

@test "docker, skopeo and crane use the helper" {
    has_tool docker
    has_tool skopeo
    has_tool crane
    slip ecr login --install-helper "$REGISTRY"
    run docker login "$REGISTRY" </dev/null
    docker_has_login
    [ "$(skopeo login --get-login --authfile "$DOCKER_CONFIG/config.json" "$REGISTRY")" = AWS ]
    [ "$(crane auth get "$REGISTRY")" = "{\"Username\":\"AWS\",\"Secret\":\"$moto_password\"}" ]
    # docker login stores through the helper, docker logout erases.
    echo "$moto_password" | docker login --username AWS --password-stdin "$REGISTRY"
    docker logout "$REGISTRY"
}

@test "get-login-password prints the password alone" {
    slip ecr get-login-password
    [ "$status" -eq 0 ]
    is out "$moto_password"
    [ ! -s err ]
}

@test "create-repository creates once" {
    slip ecr create-repository team/once
    [ "$status" -eq 0 ]
    is out "$ecr_host/team/once"
    is err 'created the repository "team/once"'
    slip ecr create-repository team/once --immutable
    [ "$status" -eq 0 ]
    is out "$ecr_host/team/once"
    is err 'the repository "team/once" exists already and is left as it is
warning: its tags can be moved although --immutable was given'
}

@test "create-repository prints facts as JSON" {
    slip ecr create-repository team/json --output json --quiet --immutable --no-scan-on-push \
        --encryption AES256 --tag team=web --tag 'Key=a,Value=b'
    [ "$status" -eq 0 ]
    is out '{
  "repositoryName": "team/json",
  "repositoryUri": "'"$ecr_host"'/team/json",
  "repositoryArn": "arn:aws:ecr:eu-west-1:123456789012:repository/team/json",
  "created": true
}'
    [ ! -s err ]
}

# repositories REGION: those that moto has in a region.
repositories() {
    python3 - "$1" <<'PYTHON'
import boto3, os, sys
ecr = boto3.client("ecr", endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name=sys.argv[1])
for found in ecr.describe_repositories()["repositories"]:
    print(found["repositoryUri"])
PYTHON
}

@test "create-repository creates in further regions and registries" {
    slip ecr create-repository team/many --more-registries "ap-south-1, 123456789012.dkr.ecr.sa-east-1.amazonaws.com,127.0.0.1:5000"
    [ "$status" -eq 0 ]
    [ "$(repositories ap-south-1)" = 123456789012.dkr.ecr.ap-south-1.amazonaws.com/team/many ]
    [ "$(repositories sa-east-1)" = 123456789012.dkr.ecr.sa-east-1.amazonaws.com/team/many ]
    [ "$(grep -c 'created the repository "team/many"' err)" -eq 3 ]
    printf '{"rules": [{"rulePriority": 1, "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1}, "action": {"type": "expire"}}]}' >policy.json
    slip ecr set-lifecycle-policy team/many policy.json --more-registries ap-south-1
    is err 'set the lifecycle policy of "team/many"'
    slip ecr set-lifecycle-policy team/many policy.json --more-registries ap-south-2
    [ "$status" -eq 1 ]
    [[ $(cat err) == 'error: registry ap-south-2: cannot set the lifecycle policy of "team/many": '* ]]
    AWS_ENDPOINT_URL=http://127.0.0.1:1 slip ecr create-repository team/many --more-registries h.example
    is err 'error: --more-registries: "h.example" is neither a region nor the host of a private registry of Amazon ECR'
    [ "$status" -eq 2 ]
}

@test "login to further registries, by their regions" {
    slip ecr login 123456789012.dkr.ecr.us-east-1.amazonaws.com --more-registries "eu-west-1,$REGISTRY,123456789012.dkr.ecr.us-east-1.amazonaws.com"
    [ "$status" -eq 0 ]
    is out "123456789012.dkr.ecr.us-east-1.amazonaws.com
123456789012.dkr.ecr.eu-west-1.amazonaws.com
$REGISTRY"
    [ "$(jq '.auths | length' "$DOCKER_CONFIG/config.json")" = 3 ]
    slip ecr login --region us-east-1 --more-registries eu-west-1
    is out "123456789012.dkr.ecr.us-east-1.amazonaws.com
123456789012.dkr.ecr.eu-west-1.amazonaws.com"
    AWS_ENDPOINT_URL=http://127.0.0.1:1 slip ecr login "$REGISTRY" --more-registries h.example
    [ "$status" -eq 2 ]
    [[ $(cat err) == 'error: "h.example" is not an Amazon ECR registry, '* ]]
}

@test "create-repository explains a bad name without a call" {
    AWS_ENDPOINT_URL=http://127.0.0.1:1 slip ecr create-repository Team/Web
    [ "$status" -eq 2 ]
    [ ! -s out ]
    [ "$(head -n 1 err)" = "error: repository name \"Team/Web\": 'T' at position 1 is not allowed; ECR takes lower case only" ]
}

@test "policies are set from a file and from standard input" {
    slip ecr create-repository team/policy
    statement='{"Sid": "pull", "Effect": "Allow", "Principal": "*", "Action": ["ecr:BatchGetImage"]}'
    echo "{\"Version\": \"2008-10-17\", \"Statement\": [$statement]}" >policy.json
    slip ecr set-policy team/policy policy.json
    [ "$status" -eq 0 ]
    [ ! -s out ]
    is err 'set the policy of "team/policy"'
    rule='{"rulePriority": 1, "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1}, "action": {"type": "expire"}}'
    slip ecr set-lifecycle-policy team/policy - <<<"{\"rules\": [$rule]}"
    [ "$status" -eq 0 ]
    is err 'set the lifecycle policy of "team/policy"'
    slip ecr set-policy team/policy none.json
    [ "$status" -eq 2 ]
    slip ecr set-policy team/missing policy.json
    [ "$status" -eq 1 ]
    grep -q '^error: cannot set the policy of "team/missing": .*RepositoryNotFoundException' err
}

@test "a repository gets resource tags" {
    slip ecr create-repository team/tagged
    slip ecr tag-repository team/tagged a=1 '[{"Key": "b", "Value": "two words"}]'
    [ "$status" -eq 0 ]
    [ ! -s out ]
    is err 'set 2 resource tags of "team/tagged"'
    slip ecr tag-repository team/tagged --account-id 123456789012 'Key=a,Value=3'
    [ "$status" -eq 0 ]
    is err 'set 1 resource tag of "team/tagged"'
    slip ecr tag-repository team/missing a=1
    [ "$status" -eq 1 ]
    grep -q '^error: cannot tag the repository "team/missing": .*RepositoryNotFoundException' err
    slip ecr tag-repository team/tagged a
    [ "$status" -eq 2 ]
    slip ecr tag-repository team/tagged a=b a=c
    [ "$status" -eq 2 ]
    [ "$(head -n 1 err)" = 'error: tag "a" is given more than once; a key has one value' ]
    slip ecr create-repository team/twice --tag a=b --tag 'Key=a,Value=c'
    [ "$status" -eq 2 ]
    [ "$(head -n 1 err)" = 'error: tag "a" is given more than once; a key has one value' ]
    # Nothing was asked for.
    slip ecr tag-repository team/twice a=1
    [ "$status" -eq 1 ]
}

@test "wait-scan finds no image, and no registry but ECR" {
    slip ecr wait-scan "$ecr_host/team/none:1"
    [ "$status" -eq 1 ]
    [ ! -s out ]
    grep -q '^error: scan of "team/none:1": .*RepositoryNotFoundException' err
    slip ecr wait-scan public.ecr.aws/team/none:1
    [ "$status" -eq 2 ]
    [ "$(head -n 1 err)" = "error: \"public.ecr.aws\" is not a private Amazon ECR registry; the image's name begins with one, as in 123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1" ]
}

@test "helper get answers for ECR and for a registry on this machine" {
    helper get "$ecr_host"
    [ "$status" -eq 0 ]
    is out "{\"ServerURL\":\"$ecr_host\",\"Username\":\"AWS\",\"Secret\":\"$moto_password\"}"
    [ ! -s err ]
    helper get $' https://127.0.0.1:5000/v2/\n'
    [ "$status" -eq 0 ]
    is out "{\"ServerURL\":\"https://127.0.0.1:5000/v2/\",\"Username\":\"AWS\",\"Secret\":\"$moto_password\"}"
}

@test "helper get says not found for other hosts in the words clients know" {
    helper get ghcr.io
    [ "$status" -eq 1 ]
    is out 'credentials not found in native keychain'
    [ ! -s err ]
}

@test "helper get says the cause on both streams when it fails" {
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    AWS_EC2_METADATA_DISABLED=true helper get "$ecr_host"
    [ "$status" -eq 1 ]
    [ "$(wc -l <out)" -eq 1 ]
    [ "$(cat err)" = "docker-credential-slipway: $(cat out)" ]
    [ "$(cat out)" != 'credentials not found in native keychain' ]
}

@test "helper get without a server" {
    helper get $' \n'
    [ "$status" -eq 1 ]
    is out 'no credentials server URL'
    [ ! -s err ]
}

@test "helper store and erase are quiet for ECR" {
    helper store "{\"ServerURL\":\"$ecr_host\",\"Username\":\"AWS\",\"Secret\":\"x\"}"
    [ "$status" -eq 0 ]
    [ ! -s out ]
    [ ! -s err ]
    helper erase "$ecr_host"
    [ "$status" -eq 0 ]
    [ ! -s out ]
    [ ! -s err ]
}

@test "helper store refuses what it would not give back" {
    helper store '{"ServerURL":"ghcr.io","Username":"me","Secret":"hunter2hunter2"}'
    [ "$status" -eq 1 ]
    is out 'docker-credential-slipway serves Amazon ECR only and keeps no password for "ghcr.io"'
    lacks hunter2 out err
    helper store '{"Username":"me","Secret":"x"}'
    is out 'no credentials server URL'
    helper store "{\"ServerURL\":\"$ecr_host\",\"Secret\":\"x\"}"
    is out 'no credentials username'
    [ "$status" -eq 1 ]
    helper store 'no json'
    [ "$status" -eq 1 ]
    grep -q '^standard input:1:' out
}

@test "helper limits the length of a line" {
    helper get "$(printf '%065537d' 0)"
    [ "$status" -eq 1 ]
    is out 'a line of the request is longer than 65536 bytes'
}

@test "helper version, usage and unknown actions" {
    version=$(slipway --version)
    helper version
    is out "docker-credential-slipway (slipway) ${version#slipway }"
    helper --help
    [ "$status" -eq 0 ]
    is out 'Usage: docker-credential-slipway <store|get|erase|list|version>'
    helper frobnicate
    [ "$status" -eq 1 ]
    is out 'docker-credential-slipway: unknown action: frobnicate'
    [ ! -s err ]
    status=0
    docker-credential-slipway >out 2>err || status=$?
    [ "$status" -eq 1 ]
    is out 'Usage: docker-credential-slipway <store|get|erase|list|version>'
}

@test "helper list without a configuration is empty" {
    helper list unused
    [ "$status" -eq 0 ]
    is out '{}'
}

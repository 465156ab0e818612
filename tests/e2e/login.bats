#!/usr/bin/env bats
# Logins that slipway makes, used by docker itself: its engine pushes to and pulls from the registry.

load helper

setup_file() {
    begin_sandbox --docker
    ln -s "$SLIPWAY_PROGRAM" "$BATS_FILE_TMPDIR/bin/docker-credential-slipway"
}
teardown_file() { end_sandbox; }

setup() {
    rest_sandbox
    export DOCKER_CONFIG=$BATS_TEST_TMPDIR/docker
    cp "$(command -v busybox)" busybox
    printf 'FROM scratch\nCOPY busybox /bin/busybox\n' >Dockerfile
    image=$AWS_ECR_ACCOUNT_URL/nginx:login-$BATS_TEST_NUMBER
}

build() { DOCKER_BUILDKIT=0 docker build --quiet --tag "$image" . >/dev/null; }
is_pushed() { registry nginx/tags/list | jq -e --arg tag "login-$BATS_TEST_NUMBER" '.tags | index($tag)' >/dev/null; }

@test "without a login docker may not push" {
    build
    run docker push "$image"
    [ "$status" -ne 0 ]
    run is_pushed
    [ "$status" -ne 0 ]
}

@test "docker pushes and pulls after ecr login" {
    build
    run -0 --separate-stderr slipway ecr login "$AWS_ECR_ACCOUNT_URL"
    docker push --quiet "$image"
    is_pushed
    docker pull --quiet "$image"
}

@test "docker pushes and pulls through the credential helper, with no password on disk" {
    build
    run -0 --separate-stderr slipway ecr login --install-helper "$AWS_ECR_ACCOUNT_URL"
    docker push --quiet "$image"
    is_pushed
    docker pull --quiet "$image"
    run grep -r auth "$DOCKER_CONFIG"
    [ "$status" -eq 1 ]
}

@test "docker login and logout work beside the credential helper" {
    run -0 --separate-stderr slipway ecr login --install-helper "$AWS_ECR_ACCOUNT_URL"
    slipway ecr get-login-password | docker login --username AWS --password-stdin "$AWS_ECR_ACCOUNT_URL"
    docker logout "$AWS_ECR_ACCOUNT_URL"
    build
    docker push --quiet "$image"
    is_pushed
}

@test "docker takes the login that goes around a broken helper" {
    build
    mkdir "$DOCKER_CONFIG"
    echo '{"credsStore": "broken"}' >"$DOCKER_CONFIG/config.json"
    run -0 --separate-stderr slipway ecr login "$AWS_ECR_ACCOUNT_URL"
    [[ $stderr == *'warning: docker'\''s credential helper cannot keep the login: '* ]]
    docker push --quiet "$image"
    is_pushed
}

@test "the credential helper says why docker gets no login" {
    build
    run -0 --separate-stderr slipway ecr login --install-helper "$AWS_ECR_ACCOUNT_URL"
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    export AWS_EC2_METADATA_DISABLED=true
    run docker push "$image"
    [ "$status" -ne 0 ]
    [[ $output == *'docker-credential-slipway: cannot get a login token for Amazon ECR: '* ]]
}

#!/usr/bin/env bats
# Building and pushing with the orb's steps, against a real Docker engine and a real registry: what works, and
# every way in which it can go wrong.

load helper

setup_file() {
    begin_sandbox --docker
    unset DOCKER_BUILDKIT
}
teardown_file() { end_sandbox; }

setup() {
    rest_sandbox
    image_parameters
    mkdir project && cd project || return
    cp "$(command -v busybox)" busybox
    printf 'FROM scratch\nCOPY busybox /bin/busybox\nCOPY page /page\nENTRYPOINT ["/bin/busybox"]\n' >Dockerfile
    echo "page of $BATS_TEST_NUMBER" >page
    CIRCLE_SHA1=test-$BATS_TEST_NUMBER
    image=$AWS_ECR_ACCOUNT_URL/nginx:$CIRCLE_SHA1
    before=$(facts)
}

unchanged() {
    [ "$(facts)" = "$before" ] || { diff <(echo "$before") <(facts); return 1; }
}

log_in() { step ecr-login && succeeds; }

build() { step build-image && succeeds; }

# Bytes of blobs that went to the registry since the last reset.
uploaded() {
    curl -sS "$SLIPWAY_SANDBOX_PROXY/_proxy/log" | jq '[.[] | select(.path | test("/blobs/uploads/")) | .sent] | add // 0'
}

blob_uploads() {
    curl -sS "$SLIPWAY_SANDBOX_PROXY/_proxy/log" |
        jq '[.[] | select(.status == 201 and (.path | test("/blobs/uploads/")))] | length'
}

@test "the image of the 2019 configuration is built and pushed, and others can read it" {
    log_in
    build
    step push-image
    succeeds
    digest=$(skopeo inspect --tls-verify=false --creds "AWS:$SLIPWAY_SANDBOX_REGISTRY_PASSWORD" --format '{{.Digest}}' "docker://$image")
    [[ $output == *"$digest"* ]]
    if command -v crane >/dev/null; then crane validate --insecure --remote "$image"; fi
    docker rmi "$image" >/dev/null
    [ "$(docker run --rm --network none "$image" cat /page)" = "page of $BATS_TEST_NUMBER" ]
}

@test "the second push sends only the layer that changed" {
    log_in
    build
    step push-image
    succeeds
    echo "another page" >page
    CIRCLE_SHA1=$CIRCLE_SHA1-b
    build
    post "$SLIPWAY_SANDBOX_PROXY/_proxy/reset" ''
    step push-image
    succeeds
    # One small layer and the image's configuration.
    [ "$(blob_uploads)" -eq 2 ]
    [ "$(uploaded)" -lt 10000 ]
}

# The layers and configurations of the saved image: engines save them in the order of their names, which are
# "DIGEST/layer.tar" and "DIGEST.json", and since Docker 25 "blobs/sha256/DIGEST".
saved() { tar -tvf saved.tar | grep -E '[0-9a-f]{64}(/layer\.tar|\.json)?$'; }

# make_saved PATTERN FILE COMMAND...: builds the image with a FILE that COMMAND prints, until `saved` has such a text.
make_saved() {
    local pattern=$1 file=$2
    shift 2
    for _ in {1..40}; do
        "$@" >"$file"
        docker build -q -t "$image" . >/dev/null 2>&1
        docker save "$image" >saved.tar
        [[ ! $(saved) =~ $pattern ]] || return 0
    done
    echo "forty images, and none was saved as $pattern" && return 1
}

# The layer of 30 MB is what the repository has; it is built until the engine's archive has it behind what is new.
@test "the engine's archive is read up to what the repository lacks, and no further" {
    printf 'FROM scratch\nCOPY big /big\nCOPY page /page\n' >Dockerfile
    log_in
    # Near the end, and then the last one.
    make_saved $' 300[0-9]{5} [^\n]* (blobs/sha256/)?[c-f][0-9a-f]{63}' big head -c 30000000 /dev/urandom
    step push-image
    succeeds
    CIRCLE_SHA1=$CIRCLE_SHA1-b
    image=$AWS_ECR_ACCOUNT_URL/nginx:$CIRCLE_SHA1
    make_saved $' 300[0-9]{5} [^\n]*$' page date +%N

    exec 9> >(exec python3 "$SLIPWAY_SOURCE/tests/support/engine_tap.py" "$BATS_TEST_TMPDIR/tap" "${DOCKER_HOST#unix://}" count)
    until [ -S "$BATS_TEST_TMPDIR/tap" ]; do sleep 0.05; done
    export DOCKER_HOST=unix://$BATS_TEST_TMPDIR/tap
    step push-image
    exec 9>&-
    succeeds
    [ "$(stat -c %s saved.tar)" -gt 30000000 ]
    [ "$(cat count)" -lt 3000000 ]
    crane validate --insecure --remote "$image" || ! command -v crane
}

# As with a remote Docker: the real client leads to the engine, and what comes from there is counted.
@test "an engine that a context of the docker client names" {
    head -c 30000000 /dev/urandom >page
    build
    exec 9> >(exec python3 "$SLIPWAY_SOURCE/tests/support/engine_tap.py" "$BATS_TEST_TMPDIR/tap" "${DOCKER_HOST#unix://}" count)
    until [ -S "$BATS_TEST_TMPDIR/tap" ]; do sleep 0.05; done
    export DOCKER_CONFIG=$BATS_TEST_TMPDIR/docker
    docker context create elsewhere --docker "host=unix://$BATS_TEST_TMPDIR/tap"
    export DOCKER_CONTEXT=elsewhere
    unset DOCKER_HOST
    step push-image
    succeeds
    # What was under way when the push closed the connection arrives after it.
    until first=$(cat count) && sleep 0.2 && [ "$first" = "$(cat count)" ]; do :; done
    [ "$first" -gt 30000000 ]
    log_in
    crane validate --insecure --remote "$image" || ! command -v crane
    # The image that the tag names is asked first: it tells of all layers.
    step push-image
    exec 9>&-
    succeeds
    [[ $stderr == *$'\n'"0 B sent"* ]]
    [ $(($(cat count) - first)) -lt 20000 ]
}

# The image that tells of the layers is not among those that the registry's list would lead to.
@test "a push learns from the images that were pushed last" {
    # Not signed in: the keys are what it has, and what asks Amazon ECR.
    export DOCKER_CONFIG=$BATS_TEST_TMPDIR/docker
    printf 'FROM scratch\nCOPY page /page\n' >Dockerfile
    for tag in first z1 z2 z3 z4 z5; do
        echo "page of $tag" >page
        CIRCLE_SHA1=$tag
        build
        step push-image
        succeeds
    done
    manifest='{"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json", "layers": []}'
    moto_ecr PutImage "$(jq -nc --arg m "$manifest" '{repositoryName: "nginx", imageManifest: $m, imageTag: "first"}')" >/dev/null
    docker tag "$AWS_ECR_ACCOUNT_URL/nginx:first" "$AWS_ECR_ACCOUNT_URL/nginx:again"
    CIRCLE_SHA1=again
    step push-image
    succeeds
    [[ $stderr == *"learned from tag first"* ]]
    [ "$(calls DescribeImages)" -ge 1 ]
    moto_ecr BatchDeleteImage '{"repositoryName": "nginx", "imageIds": [{"imageTag": "first"}]}' >/dev/null
}

@test "several tags are pushed in one go" {
    export SLIPWAY_TAG='${CIRCLE_SHA1}-one, ${CIRCLE_SHA1}-two'
    log_in
    build
    step push-image
    succeeds
    [[ $(registry nginx/tags/list) == *"$CIRCLE_SHA1-one"* ]]
    [[ $(registry nginx/tags/list) == *"$CIRCLE_SHA1-two"* ]]
}

@test "a build gets its extra arguments as words" {
    printf 'FROM scratch\nARG GREETING\nLABEL greeting=$GREETING\nCOPY page /page\n' >Dockerfile
    export NAME=world SLIPWAY_EXTRA_ARGS='--build-arg "GREETING=hello ${NAME}" --label by=slipway'
    build
    [ "$(docker inspect --format '{{.Config.Labels.greeting}}/{{.Config.Labels.by}}' "$image")" = "hello world/slipway" ]
}

@test "the password is in no argument and no output, and docker can use the login" {
    log_in
    [[ $output$stderr != *"$SLIPWAY_SANDBOX_REGISTRY_PASSWORD"* ]]
    docker build -q -t "$image" . >/dev/null
    docker push "$image" >/dev/null
}

@test "the variable of the registry is not set" {
    unset AWS_ECR_ACCOUNT_URL AWS_ACCOUNT_ID
    step ecr-login
    ends_with 2 '*AWS_ECR_ACCOUNT_URL*'
    step build-image
    ends_with 2 '*AWS_ECR_ACCOUNT_URL*'
    step push-image
    ends_with 2 '*AWS_ECR_ACCOUNT_URL*'
    unchanged
}

@test "the registry is a host that is not ECR's" {
    export AWS_ECR_ACCOUNT_URL=registry.example.com
    step ecr-login
    ends_with 2 '*registry.example.com*'
}

@test "no keys" {
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    step ecr-login
    ends_with 3 '*AWS_ACCESS_KEY_ID*'
}

@test "the repository is missing" {
    export SLIPWAY_REPO=apache
    log_in
    build
    step push-image
    ends_with 1 '*apache*create*'
}

@test "a missing repository is created when asked, and one that exists is fine" {
    export SLIPWAY_REPO=made/here
    step create-repository
    succeeds
    step create-repository
    succeeds
    log_in
    build
    step push-image
    succeeds
    [[ $(registry made/here/tags/list) == *"$CIRCLE_SHA1"* ]]
}

@test "the Docker engine is down" {
    log_in
    export DOCKER_HOST=unix://$BATS_TEST_TMPDIR/nothing.sock
    step build-image
    ends_with 4 '*nothing.sock*'
    step push-image
    ends_with 4 '*nothing.sock*'
    unchanged
}

@test "the Dockerfile is missing" {
    export SLIPWAY_DOCKERFILE=docker/Dockerfile
    step build-image
    ends_with 2 '*"docker/Dockerfile"*'
}

@test "the context is missing" {
    export SLIPWAY_CONTEXT=app
    step build-image
    ends_with 2 '*"app"*'
}

@test "the build fails" {
    echo 'COPY nothing /nothing' >>Dockerfile
    step build-image
    ends_with 1 '*docker build*'
    log_in
    step push-image
    ends_with 1 "*$CIRCLE_SHA1*"
    unchanged
}

@test "a tag with a character that no tag may have" {
    export SLIPWAY_TAG='feature/login'
    step build-image
    ends_with 2 '*feature/login*'
    step push-image
    ends_with 2 '*feature/login*'
    unchanged
}

@test "a variable in the tag is not set" {
    export SLIPWAY_TAG='${RELEASE}'
    step build-image
    ends_with 2 '*RELEASE*'
}

@test "text of a parameter is never executed" {
    export SLIPWAY_TAG='$(touch executed)' SLIPWAY_EXTRA_ARGS='; touch executed'
    step build-image
    ends_with 2 '*'
    export SLIPWAY_TAG=fine
    step build-image
    ends_with 2 '*'
    [ ! -e executed ]
}

@test "the registry answers 500 for a while" {
    log_in
    build
    faults '[{"match": "(POST|PATCH|PUT) ", "status": 500, "times": 3}]'
    step push-image
    succeeds
    [[ $(registry nginx/tags/list) == *"$CIRCLE_SHA1"* ]]
}

@test "the registry answers 500 for ever" {
    log_in
    build
    faults '[{"match": "(POST|PATCH|PUT) ", "status": 500, "times": -1}]'
    step push-image
    ends_with 4 '*500*'
    unchanged
}

@test "the registry refuses the password" {
    mkdir -p "$BATS_TEST_TMPDIR/docker"
    export DOCKER_CONFIG=$BATS_TEST_TMPDIR/docker
    printf '{"auths":{"%s":{"auth":"%s"}}}' "$AWS_ECR_ACCOUNT_URL" "$(printf 'AWS:wrong' | base64)" >"$DOCKER_CONFIG/config.json"
    build
    step push-image
    ends_with 3 "*$AWS_ECR_ACCOUNT_URL*"
    unchanged
}

#!/usr/bin/env bats
# Pushing from a Docker engine with the containerd image store, a real one: SLIPWAY_DOCKERD29 and SLIPWAY_CONTAINERD name
# the programs (dockerd 29 or newer, and containerd 2 beside its shim). What BuildKit builds is tried where SLIPWAY_BUILDX
# names the buildx plugin as well.

load helper

setup_file() {
    # Each test says that it is skipped.
    [ -n "${SLIPWAY_DOCKERD29:-}" ] && [ -n "${SLIPWAY_CONTAINERD:-}" ] || return 0
    begin_sandbox --docker-store
    if [ -n "${SLIPWAY_BUILDX:-}" ]; then
        mkdir "$DOCKER_CONFIG/cli-plugins"
        ln -s "$SLIPWAY_BUILDX" "$DOCKER_CONFIG/cli-plugins/docker-buildx"
    fi
    # What the engine gives is counted on its way.
    engine=$DOCKER_HOST
    count=$BATS_FILE_TMPDIR/count
    exec 9> >(exec python3 "$SLIPWAY_SOURCE/tests/support/engine_tap.py" "$BATS_FILE_TMPDIR/tap" "${engine#unix://}" "$count")
    until [ -S "$BATS_FILE_TMPDIR/tap" ]; do sleep 0.05; done
    tapped=unix://$BATS_FILE_TMPDIR/tap
    export engine count tapped
}
teardown_file() {
    exec 9>&-
    end_sandbox
}

setup() {
    [ -n "${SLIPWAY_SANDBOX:-}" ] || skip "SLIPWAY_DOCKERD29 and SLIPWAY_CONTAINERD do not name these programs"
    rest_sandbox
    image_parameters
    mkdir project && cd project || return
    cp "$(command -v busybox)" busybox
    head -c 5000000 /dev/urandom >noise
    echo "page of $BATS_TEST_NUMBER" >page
    printf 'FROM scratch\nCOPY busybox /bin/busybox\nCOPY noise /noise\nCOPY page /page\nENTRYPOINT ["/bin/busybox"]\n' >Dockerfile
    CIRCLE_SHA1=test-$BATS_TEST_NUMBER
    image=$AWS_ECR_ACCOUNT_URL/nginx:$CIRCLE_SHA1
    unset DOCKER_BUILDKIT
    slipway ecr login "$AWS_ECR_ACCOUNT_URL" 2>/dev/null
    digest=
    engine_by=("DOCKER_HOST=$tapped")
}

with_buildx() { [ -n "${SLIPWAY_BUILDX:-}" ] || skip "SLIPWAY_BUILDX does not name the buildx plugin"; }

# How often the engine has exported an image.
all_exports() { grep -cE 'request-url=[^ ]*/get["? ]' "$SLIPWAY_SANDBOX/dockerd.log" || true; }

# pushes ARGUMENT...: pushes through the tap; then $given is what the engine gave, $exports how often it exported.
pushes() {
    local before
    before=$(cat "$count")
    exports=$(all_exports)
    run --separate-stderr env "${engine_by[@]}" slipway image push "$@"
    succeeds
    digest=${output##*@}
    given=$(($(cat "$count") - before))
    exports=$(($(all_exports) - exports))
}

# Others read what was pushed, and the engine unpacks it.
is_read_by_others() {
    skopeo copy --src-tls-verify=false --src-creds "AWS:$SLIPWAY_SANDBOX_REGISTRY_PASSWORD" "docker://$image" dir:copied >/dev/null
    rm -rf copied
    if command -v crane >/dev/null; then crane validate --insecure --remote "$image"; fi
    docker image rm --force "$image" >/dev/null
    docker pull -q "$image"
    container=$(docker create --network none "$image")
    docker cp "$container:/page" page-of-image
    docker rm "$container" >/dev/null
    [ "$(cat page-of-image)" = "page of $BATS_TEST_NUMBER" ]
}

# The digest of the manifest that the engine has of the image for its own platform.
stored() {
    curl -sS --unix-socket "${engine#unix://}" "http://docker/images/$image/json?manifests=1" |
        jq -r '[.Manifests[] | select(.Kind == "image" and (.ImageData.Platform.architecture == "amd64"))][0].Descriptor.digest'
}

# once_more: another tag of the same image takes no layer, and no more than a moment.
once_more() {
    docker tag "$image" "$image-again"
    pushes "$image-again"
    [ "$exports" -eq 0 ]
    [ "$given" -lt 20000 ]
    [[ $stderr == *"0 B sent"* ]]
}

@test "what either builder built is pushed as it is, and again with nothing but a tag" {
    for builder in 0 1; do
        [ "$builder" = 0 ] || [ -n "${SLIPWAY_BUILDX:-}" ] || continue
        export DOCKER_BUILDKIT=$builder
        image=$AWS_ECR_ACCOUNT_URL/nginx:builder-$builder
        run --separate-stderr slipway image build -t "builder-$builder" --registry "$AWS_ECR_ACCOUNT_URL" --repo nginx
        succeeds
        pushes "$image"
        [ "$exports" -eq 0 ]
        [ "$digest" = "$(stored)" ]
        once_more
        [ "$digest" = "$(stored)" ]
        is_read_by_others
    done
}

@test "the orb's steps build and push, and the second push reads only the layer that changed" {
    step build-image
    succeeds
    export DOCKER_HOST=$tapped
    step push-image
    succeeds
    echo "page of $BATS_TEST_NUMBER " >page
    CIRCLE_SHA1=$CIRCLE_SHA1-b
    image=$AWS_ECR_ACCOUNT_URL/nginx:$CIRCLE_SHA1
    step build-image
    succeeds
    before=$(cat "$count")
    step push-image
    succeeds
    [ $(($(cat "$count") - before)) -lt 20000 ]
    [ "$(grep -c ': sent' <<<"$stderr")" -eq 2 ]
    [[ $stderr == *"6."*" MB already there"* ]]
}

@test "an image that was loaded from an archive is pushed as the engine keeps it" {
    # What the other builder builds skopeo cannot write into an archive.
    with_buildx
    step build-image
    succeeds
    pushes "$image"
    # As other engines save it: with layers that are not packed.
    skopeo copy --src-tls-verify=false --src-creds "AWS:$SLIPWAY_SANDBOX_REGISTRY_PASSWORD" "docker://$image" "docker-archive:saved.tar:$image" >/dev/null
    docker image rm --force "$image" >/dev/null
    docker load -q -i saved.tar
    image=$AWS_ECR_ACCOUNT_URL/nginx:loaded
    docker tag "$AWS_ECR_ACCOUNT_URL/nginx:$CIRCLE_SHA1" "$image"
    pushes "$image"
    [ "$digest" = "$(stored)" ]
    [ "$exports" -eq 0 ]
    once_more
    is_read_by_others
}

@test "layers that the engine keeps unpacked are packed, and recognised the next time" {
    with_buildx
    slipway ecr create-repository unpacked >/dev/null
    image=$AWS_ECR_ACCOUNT_URL/unpacked:first
    docker buildx build -q --provenance=false --output "type=image,name=$image,compression=uncompressed,force-compression=true" . >/dev/null
    pushes "$image"
    [ "$exports" -eq 0 ]
    [ "$given" -gt 5000000 ]
    [ "$digest" != "$(stored)" ]
    once_more
    [[ $stderr == *"learned from "* ]]
    is_read_by_others
}

@test "an image that was pulled goes on byte for byte" {
    step build-image
    succeeds
    pushes "$image"
    docker image rm --force "$image" >/dev/null
    docker pull -q "$image"
    docker tag "$image" "$AWS_ECR_ACCOUNT_URL/other:pulled"
    slipway ecr create-repository other >/dev/null 2>&1
    before=$digest
    pushes "$AWS_ECR_ACCOUNT_URL/other:pulled"
    [ "$digest" = "$before" ]
    [ "$exports" -eq 0 ]
}

@test "of an image for several platforms one is pushed, or all with their attestations" {
    with_buildx
    docker buildx build -q --platform linux/amd64,linux/arm64 --provenance=true -t "$image" . >/dev/null
    pushes "$image"
    [ "$digest" = "$(stored)" ]
    [ "$exports" -eq 0 ]
    pushes --platform linux/arm64 "docker-daemon:$image" "$image-arm64"
    [ "$(skopeo inspect --override-arch arm64 --tls-verify=false --creds "AWS:$SLIPWAY_SANDBOX_REGISTRY_PASSWORD" \
        --format '{{.Architecture}}' "docker://$image-arm64")" = arm64 ]
    pushes --all-platforms "docker-daemon:$image" "$image-all"
    [ "$digest" = "$(docker image inspect --format '{{.Id}}' "$image")" ]
    [ "$exports" -eq 0 ]
    pushes --all-platforms "docker-daemon:$image" "$image-all"
    [[ $stderr == *"0 B sent"* ]]
    run --separate-stderr slipway image push --platform linux/s390x "docker-daemon:$image" "$image-s390x"
    ends_with 2 'the Docker engine at * does not have image "'"$image"'" for linux/s390x; it has: linux/amd64, linux/arm64'
    is_read_by_others
}

@test "of an index with one platform there, that one is pushed" {
    with_buildx
    docker buildx build -q --platform linux/amd64,linux/arm64 --provenance=false -t "$image" . >/dev/null
    pushes --all-platforms "docker-daemon:$image" "$image"
    docker image rm --force "$image" >/dev/null
    docker buildx prune --all --force >/dev/null
    docker pull -q --platform linux/arm64 "$image"
    pushes "docker-daemon:$image" "$image-one"
    [ "$(skopeo inspect --override-arch arm64 --tls-verify=false --creds "AWS:$SLIPWAY_SANDBOX_REGISTRY_PASSWORD" \
        --format '{{.Architecture}}' "docker://$image-one")" = arm64 ]
}

@test "where only the docker client reaches the engine it is the same" {
    step build-image
    succeeds
    docker context create tapped --docker "host=$tapped" >/dev/null
    engine_by=(-u DOCKER_HOST DOCKER_CONTEXT=tapped)
    pushes "$image"
    [ "$digest" = "$(stored)" ]
    [ "$exports" -eq 0 ]
    echo 'COPY Dockerfile /made-of' >>Dockerfile
    CIRCLE_SHA1=$CIRCLE_SHA1-b
    image=$AWS_ECR_ACCOUNT_URL/nginx:$CIRCLE_SHA1
    step build-image
    succeeds
    pushes "$image"
    [ "$digest" = "$(stored)" ]
    [ "$(grep -c ': sent' <<<"$stderr")" -eq 2 ]
    [ "$given" -lt 20000 ]
    once_more
    is_read_by_others
    docker context rm tapped >/dev/null
}

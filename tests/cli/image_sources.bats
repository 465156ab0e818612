#!/usr/bin/env bats
# Where images come from: what is read of the source, and what other programs' archives and layouts look like.

bats_require_minimum_version 1.5.0

setup_file() {
    load registry
    start_registry
}

teardown_file() {
    load registry
    stop_registry
}

setup() {
    load registry
    cd "$BATS_TEST_TMPDIR" || return
    repo=test-$BATS_TEST_NUMBER
    image=$REGISTRY/$repo:v1
    make_archive image.tar "$BATS_TEST_NUMBER" acme/web:v1
}

slipway() { run --separate-stderr "$SLIPWAY_PROGRAM" "$@"; }

# What a pipeline of "docker save" would be: an archive and much padding, from a program that dies when nobody reads.
@test "standard input is read to its end, so that the program that writes it does not fail" {
    set -o pipefail
    (cat image.tar && head -c 3000000 /dev/zero) | "$SLIPWAY_PROGRAM" image push --quiet docker-archive:- "$image" >pushed
    [ "$(cat pushed)" = "$image@$(judge "$image")" ]
    (gzip <image.tar && head -c 3000000 /dev/zero) | "$SLIPWAY_PROGRAM" image push --quiet docker-archive:- "$image-b" >pushed
    [ "$(cat pushed)" = "$image-b@$(judge "$image")" ]
}

@test "an export is ended when all of the image has come" {
    mkdir bin
    cat >bin/docker <<'END'
#!/bin/sh
case "$*" in
    "image inspect"*) cat inspect.json ;;
    "image save"*) cat image.tar /dev/zero ;;
esac
END
    chmod +x bin/docker
    tar -xf image.tar
    config=$(echo ./[0-9a-f]*.json)
    jq -c --arg id "sha256:$(basename "$config" .json)" '{Id: $id, RootFS: {Layers: .rootfs.diff_ids}}' "$config" >inspect.json
    export PATH=$PWD/bin:$PATH DOCKER_HOST=ssh://remote-docker
    slipway image push docker-daemon:web:v1 "$image"
    [ "$status" -eq 0 ]
    [ "$output" = "$image@$(judge "$image")" ]
}

# shellcheck shell=bash
# Loaded by bats files about images: each has a registry of its own (registry.bash), and each test a folder to work in,
# $repo, a name that no other test uses, $image in it, and image.tar to push. What more a file needs it does in a
# setup_file() or setup() of its own.

bats_require_minimum_version 1.5.0
load registry

setup_file() { start_registry; }
teardown_file() { stop_registry; }

name_image() {
    cd "$BATS_TEST_TMPDIR" || return
    repo=test-$BATS_TEST_NUMBER
    # shellcheck disable=SC2034 # used by the files that load this one
    image=$REGISTRY/$repo:v1
}

setup() {
    name_image
    make_archive image.tar "$BATS_TEST_NUMBER" acme/web:v1
}

slipway() { run --separate-stderr "$SLIPWAY_PROGRAM" "$@"; }

# An engine that only the docker client reaches (ssh, TLS, contexts), with the image web:v1. The client is a stand-in; what it
# is told is in the file calls.
reach_by_client() {
    mkdir bin engine image
    cat >bin/docker <<END
#!/bin/sh
echo "\$*" >>calls
exec python3 "$SLIPWAY_SOURCE/tests/support/engine_on_stdio.py" engine
END
    chmod +x bin/docker
    cp image.tar engine/web:v1.tar
    tar -C image -xf image.tar
    jq -c '{Id: "sha256:1", RootFS: {Layers: .rootfs.diff_ids}}' image/[0-9a-f]*.json >engine/web:v1.json
    export PATH=$PWD/bin:$PATH DOCKER_HOST=ssh://remote-docker
}

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

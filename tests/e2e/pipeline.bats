#!/usr/bin/env bats
# The second half of the project's pipeline, run on this machine: the packed orb installs the release from a server and
# deploys with it in the sandbox. The first half's work is done by hand.

load helper

setup_file() {
    load ../orb/built
    export RELEASE=$BATS_FILE_TMPDIR/release
    built=$BATS_FILE_TMPDIR/built/slipway
    make_built "$built"
    "$SLIPWAY_SOURCE/.circleci/release/package" "$RELEASE" "x86-64=$built" "arm64=$built" >/dev/null
    version=$("$SLIPWAY_PROGRAM" --version | sed 's/^slipway //')
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    : >"$BATS_FILE_TMPDIR/no-reference"
    "$SLIPWAY_SOURCE/.circleci/release/continue" --print "$RELEASE" "$BATS_FILE_TMPDIR/no-reference" |
        sed "s/8765/$port/g" >"$BATS_FILE_TMPDIR/config.yml"
    export version
}

setup() {
    cd "$BATS_TEST_TMPDIR"
    mkdir -p home job/build/release
    cp -R "$RELEASE" "job/build/release/v$version"
    git init -q job
}

# run_job NAME OPTION...: with no slipway on PATH, and what the cache would have brought in place.
run_job() {
    run env HOME="$PWD/home" no_proxy=127.0.0.1 "$SLIPWAY_PROGRAM" local execute "$@" --config "$BATS_FILE_TMPDIR/config.yml" \
        --checkout "$SLIPWAY_SOURCE" --workdir job --env CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567
    [ "$status" -eq 0 ] || { echo "$output"; return 1; }
}

@test "the orb installs its release" {
    run_job install-base
    [[ $output == *"downloading http://127.0.0.1:"* ]]
    [[ $output == *"slipway $version at $PWD/home/.local/bin/slipway"* ]]
    cmp home/.local/bin/slipway "$SLIPWAY_PROGRAM"
}

@test "the orb builds, pushes and deploys in the sandbox" {
    run_job deploy --skip "Install the tools of the sandbox"
    [[ $output == *"the rollout of kim-app-nginx:2 to service \"kim-app-nginx\" completed"* ]]
    [[ $output == *"runs kim-app-nginx:2"* ]]
}

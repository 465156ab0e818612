#!/usr/bin/env bats
# orb/scripts/install.sh against a file server on loopback: what it installs, and what it refuses.

bats_require_minimum_version 1.5.0

setup_file() {
    releases=$BATS_FILE_TMPDIR/releases
    mkdir -p "$releases"
    make_release 9.9.9 x86-64 'echo "slipway 9.9.9"'
    make_release 9.9.9 arm64 'echo "slipway 9.9.9"'
    make_release 8.0.0 x86-64 'echo "slipway 7.0.0"'
    mkdir -p "$releases/v6.0.0"
    echo "not compressed" | tee "$releases/v6.0.0/slipway-6.0.0-linux-x86-64" >"$releases/v6.0.0/slipway-6.0.0-linux-x86-64.gz"
    serve "$releases"
}

teardown_file() {
    kill "$SERVER_PID" 2>/dev/null || true
}

# make_release VERSION ARCHITECTURE BODY: a release whose program is a shell script.
make_release() {
    local program=$releases/v$1/slipway-$1-linux-$2
    mkdir -p "$releases/v$1"
    printf '#!/bin/sh\n%s\n' "$3" >"$program"
    gzip -9nc "$program" >"$program.gz"
}

serve() {
    python3 -u -m http.server 0 --bind 127.0.0.1 --directory "$1" >"$BATS_FILE_TMPDIR/server.log" 2>&1 3>&- &
    export SERVER_PID=$!
    local tries=0
    until grep -q 'port [0-9]' "$BATS_FILE_TMPDIR/server.log" 2>/dev/null; do
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || { echo "the file server does not start" >&2; return 1; }
        sleep 0.05
    done
    SERVER_URL=http://127.0.0.1:$(sed -n 's/.* port \([0-9]*\).*/\1/p' "$BATS_FILE_TMPDIR/server.log" | head -n 1)
    export SERVER_URL RELEASES=$1
}

setup() {
    export HOME=$BATS_TEST_TMPDIR/home BASH_ENV=$BATS_TEST_TMPDIR/bash_env
    mkdir -p "$HOME"
    : >"$BASH_ENV"
    script=$SLIPWAY_SOURCE/orb/scripts/install.sh
    stubs=$BATS_TEST_TMPDIR/stubs
    mkdir -p "$stubs"
    # Only these tools are on PATH, so that each test decides what else is there.
    tools bash uname sed sha256sum gzip mktemp rm mkdir chmod mv ln cat cp sleep
    stub uname 'case $1 in -s) echo Linux ;; -m) echo x86_64 ;; esac'
    tools curl
    unset SLIPWAY_VERSION SLIPWAY_INSTALL_DIR SLIPWAY_SHA256_X86_64 SLIPWAY_SHA256_ARM64 SLIPWAY_CACHE
    unset SLIPWAY_CHOSEN_VERSION SLIPWAY_CACHE_KEY_FILE
    export SLIPWAY_DOWNLOAD_URL=$SERVER_URL SLIPWAY_RETRY_DELAY=0
    no_proxy=127.0.0.1 && export no_proxy
}

tools() {
    local tool
    for tool in "$@"; do
        ln -sf "$(PATH=/usr/bin:/bin command -v "$tool")" "$stubs/$tool"
    done
}

stub() {
    rm -f "$stubs/$1"
    printf '#!/bin/sh\n%s\n' "$2" >"$stubs/$1"
    chmod 755 "$stubs/$1"
}

checksum() { sha256sum "$RELEASES/v$1/slipway-$1-linux-$2" | cut -d' ' -f1; }

# want VERSION [ARCHITECTURE]: asks for a release by its version and checksum.
want() {
    export SLIPWAY_VERSION=$1
    if [ "${2:-x86-64}" = arm64 ]; then
        SLIPWAY_SHA256_ARM64=$(checksum "$1" arm64) && export SLIPWAY_SHA256_ARM64
    else
        SLIPWAY_SHA256_X86_64=$(checksum "$1" x86-64) && export SLIPWAY_SHA256_X86_64
    fi
}

# Runs the script as a step does, with stdout in $output and stderr in $stderr.
install_slipway() {
    run --separate-stderr env PATH="$stubs" /bin/bash -eo pipefail "$script"
}

@test "a release is downloaded, checked, unpacked and put on PATH for later steps" {
    want 9.9.9
    install_slipway
    [ "$status" -eq 0 ]
    [ "$stderr" = "" ]
    [ "${lines[0]}" = "downloading $SERVER_URL/v9.9.9/slipway-9.9.9-linux-x86-64.gz" ]
    [ "${lines[1]}" = "slipway 9.9.9 at $HOME/.local/bin/slipway" ]
    [ "$(head -1 "$BASH_ENV")" = "export PATH='$HOME/.local/bin':\"\$PATH\"" ]
    [ "$(readlink "$HOME/.local/bin/docker-credential-slipway")" = slipway ]
    # A later step finds it, and keeps to it without being told.
    [ "$(env PATH=/usr/bin:/bin bash -c 'slipway --version')" = "slipway 9.9.9" ]
    unset SLIPWAY_VERSION SLIPWAY_SHA256_X86_64
    install_slipway
    [ "$output" = "slipway 9.9.9 at $HOME/.local/bin/slipway" ]
}

# in_shell WORD...: the script in another shell, with stdout in $output and stderr in $stderr.
in_shell() {
    run --separate-stderr env PATH="$stubs" "$@" "$script"
}

@test "it works in dash, in busybox's shell, and in bash as sh" {
    local shell count=0
    for shell in dash "busybox sh" "bash --posix"; do
        command -v "${shell%% *}" >/dev/null || continue
        count=$((count + 1))
        rm -rf "$HOME/.local"
        : >"$BASH_ENV"
        want 9.9.9
        # shellcheck disable=SC2086 # the shell and its word
        in_shell "$(command -v "${shell%% *}")" ${shell#"${shell%% *}"}
        [ "$status" -eq 0 ]
        [ "$stderr" = "" ]
        [ "${lines[1]}" = "slipway 9.9.9 at $HOME/.local/bin/slipway" ]
        grep -q '/.local/bin' "$BASH_ENV"
    done
    [ "$count" -ge 2 ]
}

@test "the tools of busybox are enough" {
    busybox=$(command -v busybox) || skip "busybox is not installed"
    "$busybox" --list | grep -qx wget || skip "this busybox has no wget"
    # As on alpine: no bash, no curl, and whatever else there is, busybox does it.
    rm -rf "$stubs" && mkdir "$stubs"
    local tool
    for tool in sh sed sha256sum gzip mktemp rm mkdir chmod mv ln cat cp sleep wget; do
        ln -s "$busybox" "$stubs/$tool"
    done
    stub uname 'case $1 in -s) echo Linux ;; -m) echo x86_64 ;; esac'
    mkdir -p "$HOME/.local/bin"
    want 9.9.9
    run --separate-stderr env PATH="$stubs:$HOME/.local/bin" "$busybox" sh -eo pipefail "$script"
    [ "$status" -eq 0 ]
    [ "$stderr" = "" ]
    [ "${lines[1]}" = "slipway 9.9.9 at $HOME/.local/bin/slipway" ]
    # A later step finds it without BASH_ENV.
    [ "$(env PATH="$HOME/.local/bin:/bin" sh -c 'slipway --version')" = "slipway 9.9.9" ]
}

@test "without bash the folder must be on PATH" {
    rm "$stubs/bash"
    want 9.9.9
    in_shell /bin/sh
    [ "$status" -eq 2 ]
    [ "$stderr" = 'error: cannot install slipway: there is no bash here to set PATH for later steps; set the parameter install-dir to a folder that is on PATH and can be written to' ]
    export SLIPWAY_INSTALL_DIR=$stubs
    in_shell /bin/sh
    [ "$status" -eq 0 ]
    [ "${lines[1]}" = "slipway 9.9.9 at $stubs/slipway" ]
}

@test "without gzip the program is downloaded as it is" {
    rm "$stubs/gzip"
    want 9.9.9
    install_slipway
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "downloading $SERVER_URL/v9.9.9/slipway-9.9.9-linux-x86-64" ]
    [ "${lines[1]}" = "slipway 9.9.9 at $HOME/.local/bin/slipway" ]
}

@test "a user without rights to anything but the home folder is enough" {
    [ "$(id -u)" -eq 0 ] || skip "this user is no other than itself"
    command -v setpriv >/dev/null || skip "setpriv is not installed"
    chown -R 65534 "$HOME" "$BASH_ENV"
    chmod 755 "$BATS_TEST_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR"
    cp "$script" "$BATS_TEST_TMPDIR/install.sh"
    want 9.9.9
    run --separate-stderr setpriv --reuid=65534 --regid=65534 --clear-groups \
        env PATH="$stubs" TMPDIR=/tmp /bin/bash -eo pipefail "$BATS_TEST_TMPDIR/install.sh"
    [ "$status" -eq 0 ]
    [ "${lines[1]}" = "slipway 9.9.9 at $HOME/.local/bin/slipway" ]
}

@test "a cache spares the download, and is not trusted" {
    export SLIPWAY_CACHE=1
    want 9.9.9
    install_slipway
    [ "$status" -eq 0 ]
    kept=$HOME/.cache/slipway/slipway-$SLIPWAY_SHA256_X86_64
    cmp "$kept" "$RELEASES/v9.9.9/slipway-9.9.9-linux-x86-64"
    rm -rf "$HOME/.local"
    SLIPWAY_DOWNLOAD_URL=http://127.0.0.1:9 install_slipway
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "taking slipway 9.9.9 from the cache" ]
    [ "${lines[1]}" = "slipway 9.9.9 at $HOME/.local/bin/slipway" ]
    rm -rf "$HOME/.local"
    echo 'echo "evil"' >>"$kept"
    install_slipway
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "downloading $SERVER_URL/v9.9.9/slipway-9.9.9-linux-x86-64.gz" ]
    cmp "$kept" "$RELEASES/v9.9.9/slipway-9.9.9-linux-x86-64"
}

@test "the key of the cache is what is wanted" {
    export SLIPWAY_CACHE_KEY_FILE=$BATS_TEST_TMPDIR/key
    want 9.9.9
    install_slipway
    [ "$status" -eq 0 ]
    [ "$(cat "$SLIPWAY_CACHE_KEY_FILE")" = "9.9.9 x86-64 $(checksum 9.9.9 x86-64)" ]
    [ ! -e "$HOME/.local" ]
}

@test "a server that stumbles is asked again" {
    stub curl 'echo x >>"$HOME/tries"; [ "$(wc -l <"$HOME/tries")" -lt 3 ] && exit 22; exec /usr/bin/curl "$@"'
    tools wc
    want 9.9.9
    install_slipway
    [ "$status" -eq 0 ]
    [ "$(wc -l <"$HOME/tries")" -eq 3 ]
}

@test "a leading v of the version and a trailing slash of the URL do no harm" {
    export SLIPWAY_VERSION=v9.9.9 SLIPWAY_DOWNLOAD_URL=$SERVER_URL/
    SLIPWAY_SHA256_X86_64=$(checksum 9.9.9 x86-64) && export SLIPWAY_SHA256_X86_64
    install_slipway
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "downloading $SERVER_URL/v9.9.9/slipway-9.9.9-linux-x86-64.gz" ]
}

@test "an arm64 machine gets the arm64 archive and its checksum" {
    stub uname 'case $1 in -s) echo Linux ;; -m) echo aarch64 ;; esac'
    want 9.9.9 arm64
    install_slipway
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "downloading $SERVER_URL/v9.9.9/slipway-9.9.9-linux-arm64.gz" ]
}

@test "wget does when curl is missing" {
    rm "$stubs/curl"
    tools wget
    want 9.9.9
    install_slipway
    [ "$status" -eq 0 ]
    [ "${lines[1]}" = "slipway 9.9.9 at $HOME/.local/bin/slipway" ]
}

@test "openssl does when sha256sum is missing" {
    rm "$stubs/sha256sum"
    tools openssl
    want 9.9.9
    install_slipway
    [ "$status" -eq 0 ]
}

@test "another folder can be given, also from the home folder" {
    # shellcheck disable=SC2088 # the script expands it
    export SLIPWAY_VERSION=9.9.9 SLIPWAY_INSTALL_DIR='~/tools/bin'
    SLIPWAY_SHA256_X86_64=$(checksum 9.9.9 x86-64) && export SLIPWAY_SHA256_X86_64
    install_slipway
    [ "$status" -eq 0 ]
    [ "${lines[1]}" = "slipway 9.9.9 at $HOME/tools/bin/slipway" ]
}

@test "a slipway of the wanted version is used as it is" {
    stub slipway 'echo "slipway 9.9.9"'
    export SLIPWAY_VERSION=9.9.9 SLIPWAY_DOWNLOAD_URL=http://127.0.0.1:9
    install_slipway
    [ "$status" -eq 0 ]
    [ "$output" = "slipway 9.9.9 at $stubs/slipway" ]
    [ "$(cat "$BASH_ENV")" = "export SLIPWAY_CHOSEN_VERSION='9.9.9'" ]
}

@test "version installed takes whatever is there" {
    stub slipway 'echo "slipway 5.0.0"'
    export SLIPWAY_VERSION=installed
    install_slipway
    [ "$status" -eq 0 ]
    [ "$output" = "slipway 5.0.0 at $stubs/slipway" ]
}

@test "version installed without a slipway is an error" {
    export SLIPWAY_VERSION=installed
    install_slipway
    [ "$status" -eq 2 ]
    [ "$stderr" = 'error: cannot install slipway: the version is "installed", but there is no slipway on PATH' ]
}

@test "a slipway of another version is passed over" {
    stub slipway 'echo "slipway 5.0.0"'
    want 9.9.9
    install_slipway
    [ "$status" -eq 0 ]
    [ "${lines[1]}" = "slipway 9.9.9 at $HOME/.local/bin/slipway" ]
}

@test "the program built here has the version that the orb asks for" {
    [ -x "$SLIPWAY_PROGRAM" ] || skip "no program was built"
    ln -s "$SLIPWAY_PROGRAM" "$stubs/slipway"
    install_slipway
    [ "$status" -eq 0 ]
    [[ $output =~ ^slipway\ [0-9.]+\ at\ .*/stubs/slipway$ ]]
}

@test "a wrong checksum installs nothing" {
    export SLIPWAY_VERSION=9.9.9
    SLIPWAY_SHA256_X86_64=$(printf '0%.0s' {1..64}) && export SLIPWAY_SHA256_X86_64
    install_slipway
    [ "$status" -eq 1 ]
    [ "$stderr" = "error: cannot install slipway: wrong checksum: the program of $SERVER_URL/v9.9.9/slipway-9.9.9-linux-x86-64.gz has the SHA-256 $(checksum 9.9.9 x86-64), and $SLIPWAY_SHA256_X86_64 was expected; nothing was installed" ]
    [ ! -e "$HOME/.local/bin/slipway" ]
    [ "$(cat "$BASH_ENV")" = "" ]
}

@test "an orb that no release has made says so instead of skipping the check" {
    install_slipway
    [ "$status" -eq 2 ]
    [[ $stderr == "error: cannot install slipway: this orb knows no checksum of an x86-64 program; set the parameter sha256-x86-64, or put slipway "*" on PATH" ]]
}

@test "another version needs its own checksum" {
    export SLIPWAY_VERSION=9.9.9
    install_slipway
    [ "$status" -eq 2 ]
    [ "$stderr" = "error: cannot install slipway: no checksum is known for version 9.9.9; set the parameter sha256-x86-64 to that of its x86-64 program" ]
}

@test "a text that is no checksum is refused before the download" {
    export SLIPWAY_VERSION=9.9.9 SLIPWAY_SHA256_X86_64=abc
    install_slipway
    [ "$status" -eq 2 ]
    [ "$stderr" = 'error: cannot install slipway: the SHA-256 of the x86-64 program has 64 digits, not 3: "abc"' ]
    export SLIPWAY_SHA256_X86_64='$(touch x)'
    install_slipway
    [ "$status" -eq 2 ]
    [ "$stderr" = 'error: cannot install slipway: "$(touch x)" is no SHA-256: it has 64 digits from 0 to f, in lower case' ]
}

@test "a version that does not exist is named with its address" {
    export SLIPWAY_VERSION=1.2.3
    SLIPWAY_SHA256_X86_64=$(printf '0%.0s' {1..64}) && export SLIPWAY_SHA256_X86_64
    install_slipway
    [ "$status" -eq 4 ]
    [[ $stderr == *404* ]]
    [ "${stderr_lines[-1]}" = "error: cannot install slipway: cannot download $SERVER_URL/v1.2.3/slipway-1.2.3-linux-x86-64.gz; is there a network, and is version 1.2.3 there?" ]
}

@test "no network is named with the address" {
    export SLIPWAY_VERSION=9.9.9 SLIPWAY_DOWNLOAD_URL=http://127.0.0.1:9
    SLIPWAY_SHA256_X86_64=$(printf '0%.0s' {1..64}) && export SLIPWAY_SHA256_X86_64
    install_slipway
    [ "$status" -eq 4 ]
    [ "${stderr_lines[-1]}" = "error: cannot install slipway: cannot download http://127.0.0.1:9/v9.9.9/slipway-9.9.9-linux-x86-64.gz; is there a network, and is version 9.9.9 there?" ]
}

@test "neither curl nor wget is an error that says what to do" {
    rm "$stubs/curl"
    want 9.9.9
    install_slipway
    [ "$status" -eq 2 ]
    [ "$stderr" = "error: cannot install slipway: neither curl nor wget is here to download slipway 9.9.9; use an image that has one, or one that has slipway" ]
}

@test "another processor and another system are named" {
    stub uname 'case $1 in -s) echo Linux ;; -m) echo riscv64 ;; esac'
    install_slipway
    [ "$status" -eq 2 ]
    [ "$stderr" = 'error: cannot install slipway: there is no release for the processor "riscv64"; there are x86-64 and arm64' ]
    stub uname 'case $1 in -s) echo Darwin ;; -m) echo arm64 ;; esac'
    install_slipway
    [ "$status" -eq 2 ]
    [ "$stderr" = 'error: cannot install slipway: there is no release for Darwin; use a Linux executor' ]
}

@test "a file that is not compressed is refused" {
    want 6.0.0
    install_slipway
    [ "$status" -eq 1 ]
    [ "${stderr_lines[-1]}" = "error: cannot install slipway: $SERVER_URL/v6.0.0/slipway-6.0.0-linux-x86-64.gz is no compressed program" ]
    [ ! -e "$HOME/.local/bin/slipway" ]
}

@test "a program that says another version is refused" {
    want 8.0.0
    install_slipway
    [ "$status" -eq 1 ]
    [ "$stderr" = "error: cannot install slipway: $HOME/.local/bin/slipway does not run here, or is not version 8.0.0" ]
}

@test "a folder that cannot be made is named" {
    : >"$BATS_TEST_TMPDIR/file"
    export SLIPWAY_VERSION=9.9.9 SLIPWAY_INSTALL_DIR=$BATS_TEST_TMPDIR/file/bin
    SLIPWAY_SHA256_X86_64=$(checksum 9.9.9 x86-64) && export SLIPWAY_SHA256_X86_64
    install_slipway
    [ "$status" -eq 1 ]
    [ "${stderr_lines[-1]}" = "error: cannot install slipway: cannot make the folder $BATS_TEST_TMPDIR/file/bin; set the parameter install-dir to one that can be written to" ]
}

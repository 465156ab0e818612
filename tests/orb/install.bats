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
    echo "no archive" >"$releases/v6.0.0/slipway-6.0.0-linux-x86-64.tar.gz"
    serve "$releases"
}

teardown_file() {
    kill "$SERVER_PID" 2>/dev/null || true
}

# make_release VERSION ARCHITECTURE BODY: an archive whose program is a shell script.
make_release() {
    local folder=$releases/v$1 work=$BATS_FILE_TMPDIR/make
    mkdir -p "$folder" "$work"
    printf '#!/bin/sh\n%s\n' "$3" >"$work/slipway"
    tar -czf "$folder/slipway-$1-linux-$2.tar.gz" -C "$work" slipway
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
    tools uname sed sha256sum tar gzip mktemp rm mkdir chmod mv ln cat
    stub uname 'case $1 in -s) echo Linux ;; -m) echo x86_64 ;; esac'
    tools curl
    unset SLIPWAY_VERSION SLIPWAY_INSTALL_DIR SLIPWAY_SHA256_X86_64 SLIPWAY_SHA256_ARM64
    export SLIPWAY_DOWNLOAD_URL=$SERVER_URL
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

checksum() { sha256sum "$RELEASES/v$1/slipway-$1-linux-$2.tar.gz" | cut -d' ' -f1; }

# Runs the script as a step does, with stdout in $output and stderr in $stderr.
install_slipway() {
    run --separate-stderr env PATH="$stubs" /bin/bash -eo pipefail "$script"
}

@test "a release is downloaded, checked, unpacked and put on PATH for later steps" {
    export SLIPWAY_VERSION=9.9.9
    SLIPWAY_SHA256_X86_64=$(checksum 9.9.9 x86-64) && export SLIPWAY_SHA256_X86_64
    install_slipway
    [ "$status" -eq 0 ]
    [ "$stderr" = "" ]
    [ "${lines[0]}" = "downloading $SERVER_URL/v9.9.9/slipway-9.9.9-linux-x86-64.tar.gz" ]
    [ "${lines[1]}" = "slipway 9.9.9 at $HOME/.local/bin/slipway" ]
    [ "$(head -1 "$BASH_ENV")" = "export PATH='$HOME/.local/bin':\"\$PATH\"" ]
    [ "$(readlink "$HOME/.local/bin/docker-credential-slipway")" = slipway ]
    # A later step finds it, and keeps to it without being told.
    [ "$(env PATH=/usr/bin:/bin bash -c 'slipway --version')" = "slipway 9.9.9" ]
    unset SLIPWAY_VERSION SLIPWAY_SHA256_X86_64
    install_slipway
    [ "$output" = "slipway 9.9.9 at $HOME/.local/bin/slipway" ]
}

@test "it works in a plain sh too" {
    export SLIPWAY_VERSION=9.9.9
    SLIPWAY_SHA256_X86_64=$(checksum 9.9.9 x86-64) && export SLIPWAY_SHA256_X86_64
    run --separate-stderr env PATH="$stubs" /bin/sh "$script"
    [ "$status" -eq 0 ]
    [ "${lines[1]}" = "slipway 9.9.9 at $HOME/.local/bin/slipway" ]
}

@test "a leading v of the version and a trailing slash of the URL do no harm" {
    export SLIPWAY_VERSION=v9.9.9 SLIPWAY_DOWNLOAD_URL=$SERVER_URL/
    SLIPWAY_SHA256_X86_64=$(checksum 9.9.9 x86-64) && export SLIPWAY_SHA256_X86_64
    install_slipway
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "downloading $SERVER_URL/v9.9.9/slipway-9.9.9-linux-x86-64.tar.gz" ]
}

@test "an arm64 machine gets the arm64 archive and its checksum" {
    stub uname 'case $1 in -s) echo Linux ;; -m) echo aarch64 ;; esac'
    export SLIPWAY_VERSION=9.9.9
    SLIPWAY_SHA256_ARM64=$(checksum 9.9.9 arm64) && export SLIPWAY_SHA256_ARM64
    install_slipway
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "downloading $SERVER_URL/v9.9.9/slipway-9.9.9-linux-arm64.tar.gz" ]
}

@test "wget does when curl is missing" {
    rm "$stubs/curl"
    tools wget
    export SLIPWAY_VERSION=9.9.9
    SLIPWAY_SHA256_X86_64=$(checksum 9.9.9 x86-64) && export SLIPWAY_SHA256_X86_64
    install_slipway
    [ "$status" -eq 0 ]
    [ "${lines[1]}" = "slipway 9.9.9 at $HOME/.local/bin/slipway" ]
}

@test "openssl does when sha256sum is missing" {
    rm "$stubs/sha256sum"
    tools openssl
    export SLIPWAY_VERSION=9.9.9
    SLIPWAY_SHA256_X86_64=$(checksum 9.9.9 x86-64) && export SLIPWAY_SHA256_X86_64
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
    [ "$stderr" = 'slipway install: the version is "installed", but there is no slipway on PATH' ]
}

@test "a slipway of another version is passed over" {
    stub slipway 'echo "slipway 5.0.0"'
    export SLIPWAY_VERSION=9.9.9
    SLIPWAY_SHA256_X86_64=$(checksum 9.9.9 x86-64) && export SLIPWAY_SHA256_X86_64
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
    [ "$stderr" = "slipway install: wrong checksum: $SERVER_URL/v9.9.9/slipway-9.9.9-linux-x86-64.tar.gz has the SHA-256 $(checksum 9.9.9 x86-64), and $SLIPWAY_SHA256_X86_64 was expected; nothing was installed" ]
    [ ! -e "$HOME/.local/bin/slipway" ]
    [ "$(cat "$BASH_ENV")" = "" ]
}

@test "an orb that no release has made says so instead of skipping the check" {
    install_slipway
    [ "$status" -eq 2 ]
    [[ $stderr == "slipway install: this orb knows no checksum of a x86-64 archive; set the parameter sha256-x86-64, or put slipway "*" on PATH" ]]
}

@test "another version needs its own checksum" {
    export SLIPWAY_VERSION=9.9.9
    install_slipway
    [ "$status" -eq 2 ]
    [ "$stderr" = "slipway install: no checksum is known for version 9.9.9; set the parameter sha256-x86-64 to that of its x86-64 archive" ]
}

@test "a text that is no checksum is refused before the download" {
    export SLIPWAY_VERSION=9.9.9 SLIPWAY_SHA256_X86_64=abc
    install_slipway
    [ "$status" -eq 2 ]
    [ "$stderr" = 'slipway install: the SHA-256 of the x86-64 archive has 64 digits, not 3: "abc"' ]
    export SLIPWAY_SHA256_X86_64='$(touch x)'
    install_slipway
    [ "$status" -eq 2 ]
    [ "$stderr" = 'slipway install: "$(touch x)" is no SHA-256: it has 64 digits from 0 to f, in lower case' ]
}

@test "a version that does not exist is named with its address" {
    export SLIPWAY_VERSION=1.2.3
    SLIPWAY_SHA256_X86_64=$(printf '0%.0s' {1..64}) && export SLIPWAY_SHA256_X86_64
    install_slipway
    [ "$status" -eq 4 ]
    [[ $stderr == *404* ]]
    [ "${stderr_lines[-1]}" = "slipway install: cannot download $SERVER_URL/v1.2.3/slipway-1.2.3-linux-x86-64.tar.gz; is there a network, and is version 1.2.3 there?" ]
}

@test "no network is named with the address" {
    export SLIPWAY_VERSION=9.9.9 SLIPWAY_DOWNLOAD_URL=http://127.0.0.1:9
    SLIPWAY_SHA256_X86_64=$(printf '0%.0s' {1..64}) && export SLIPWAY_SHA256_X86_64
    install_slipway
    [ "$status" -eq 4 ]
    [ "${stderr_lines[-1]}" = "slipway install: cannot download http://127.0.0.1:9/v9.9.9/slipway-9.9.9-linux-x86-64.tar.gz; is there a network, and is version 9.9.9 there?" ]
}

@test "neither curl nor wget is an error that says what to do" {
    rm "$stubs/curl"
    export SLIPWAY_VERSION=9.9.9
    SLIPWAY_SHA256_X86_64=$(checksum 9.9.9 x86-64) && export SLIPWAY_SHA256_X86_64
    install_slipway
    [ "$status" -eq 2 ]
    [ "$stderr" = "slipway install: neither curl nor wget is here to download $SERVER_URL/v9.9.9/slipway-9.9.9-linux-x86-64.tar.gz; use an image that has one, or one that has slipway" ]
}

@test "another processor and another system are named" {
    stub uname 'case $1 in -s) echo Linux ;; -m) echo riscv64 ;; esac'
    install_slipway
    [ "$status" -eq 2 ]
    [ "$stderr" = 'slipway install: there is no release for the processor "riscv64"; there are x86-64 and arm64' ]
    stub uname 'case $1 in -s) echo Darwin ;; -m) echo arm64 ;; esac'
    install_slipway
    [ "$status" -eq 2 ]
    [ "$stderr" = 'slipway install: there is no release for Darwin; use a Linux executor' ]
}

@test "an archive that is none is refused" {
    export SLIPWAY_VERSION=6.0.0
    SLIPWAY_SHA256_X86_64=$(checksum 6.0.0 x86-64) && export SLIPWAY_SHA256_X86_64
    install_slipway
    [ "$status" -eq 1 ]
    [ "${stderr_lines[-1]}" = "slipway install: there is no program called slipway in $SERVER_URL/v6.0.0/slipway-6.0.0-linux-x86-64.tar.gz" ]
    [ ! -e "$HOME/.local/bin/slipway" ]
}

@test "a program that says another version is refused" {
    export SLIPWAY_VERSION=8.0.0
    SLIPWAY_SHA256_X86_64=$(checksum 8.0.0 x86-64) && export SLIPWAY_SHA256_X86_64
    install_slipway
    [ "$status" -eq 1 ]
    [ "$stderr" = "slipway install: $HOME/.local/bin/slipway does not run here, or is not version 8.0.0" ]
}

@test "a folder that cannot be made is named" {
    : >"$BATS_TEST_TMPDIR/file"
    export SLIPWAY_VERSION=9.9.9 SLIPWAY_INSTALL_DIR=$BATS_TEST_TMPDIR/file/bin
    SLIPWAY_SHA256_X86_64=$(checksum 9.9.9 x86-64) && export SLIPWAY_SHA256_X86_64
    install_slipway
    [ "$status" -eq 1 ]
    [ "${stderr_lines[-1]}" = "slipway install: cannot make the folder $BATS_TEST_TMPDIR/file/bin; set the parameter install-dir to one that can be written to" ]
}

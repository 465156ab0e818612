#!/usr/bin/env bats
# A released program in bare roots: nothing but busybox, certificates where each distribution keeps
# them, and real roots if there are any (SLIPWAY_ROOTS: a folder with one folder per distribution).

bats_require_minimum_version 1.5.0

setup_file() {
    # Each test says that it is skipped.
    [ -n "${SLIPWAY_RELEASE:-}" ] || return 0
    load release
    load ../cli/moto
    need_release
    cd "$BATS_FILE_TMPDIR"
    : >servers
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out ca.pem -days 2 \
        -subj /CN=localhost -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' 2>openssl.log
    start_server https '(http://[0-9.:]+)' python3 -u "$SLIPWAY_SOURCE/tests/support/https_server.py" ca.pem key.pem
    export HTTPS=https${BASH_REMATCH[1]#http}
    mkdir served
    ln -s "$release" "served/v$("$program" --version | sed 's/^slipway //')"
    start_server files ' port ([0-9]+)' python3 -u -m http.server 0 --bind 127.0.0.1 --directory served
    export FILES=http://127.0.0.1:${BASH_REMATCH[1]}
}

teardown_file() {
    [ -f "$BATS_FILE_TMPDIR/servers" ] || return 0
    load ../cli/moto
    stop_servers
}

setup() {
    load release
    need_release
    cd "$BATS_TEST_TMPDIR"
    version=$("$program" --version | sed 's/^slipway //')
}

# Runs a command with another root; without rights, in a user namespace.
in_root() {
    local root=$1
    shift
    local -a as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(unshare -r)
    env -i HOME=/tmp PATH=/usr/local/bin:/usr/bin:/bin "${as_root[@]}" "$(PATH=$PATH:/usr/sbin command -v chroot)" "$root" "$@"
}

# A root with busybox alone.
make_root() {
    local busybox applet
    busybox=$(command -v busybox) || skip "busybox is not installed"
    run ldd "$busybox"
    [ "$status" -ne 0 ] || skip "this busybox is not static"
    mkdir -p root/{bin,usr/bin,usr/local/bin,tmp,etc,dev}
    : >root/dev/null
    for applet in $("$busybox" --list); do
        ln -sf busybox "root/bin/$applet"
    done
    rm -f root/bin/busybox
    cp "$busybox" root/bin/busybox
    cp "$program" root/usr/bin/slipway
    in_root root /bin/true || skip "no right to change the root"
}

# What the program says to an HTTPS server whose certificate it believes.
believed='/graphql-unstable has no data'

ask_https() { in_root "$1" /bin/sh -c "CIRCLECI_CLI_TOKEN=t ${2:-} slipway orb create a/b --host $HTTPS 2>&1 || true"; }

@test "in a root with busybox alone" {
    make_root
    [ "$(in_root root slipway --version)" = "slipway $version" ]
    mkdir root/tmp/orb
    printf 'version: 2.1\ndescription: Nothing much.\n' >root/tmp/orb/@orb.yml
    in_root root slipway orb validate /tmp/orb
    # Without certificates a server is not believed.
    [[ $(ask_https root) != *"$believed"* ]]
}

@test "certificates are found where each distribution keeps them" {
    make_root
    for place in etc/ssl/certs/ca-certificates.crt etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem \
        etc/pki/tls/certs/ca-bundle.crt var/lib/ca-certificates/ca-bundle.pem etc/ssl/ca-bundle.pem etc/ssl/cert.pem; do
        rm -rf root/etc/ssl root/etc/pki root/var/lib
        mkdir -p "root/${place%/*}"
        cp "$BATS_FILE_TMPDIR/ca.pem" "root/$place"
        [[ $(ask_https root) == *"$believed"* ]] || { echo "not found at $place: $(ask_https root)"; return 1; }
    done
    rm -rf root/etc/ssl root/etc/pki root/var/lib
    cp "$BATS_FILE_TMPDIR/ca.pem" root/tmp/own.pem
    [[ $(ask_https root SSL_CERT_FILE=/tmp/own.pem) == *"$believed"* ]]
}

@test "the orb's install script in a root with busybox alone" {
    make_root
    rm root/usr/bin/slipway
    sed -e "s/^released_version=.*/released_version=$version/" -e "s/^released_sha256_x86_64=.*/released_sha256_x86_64=$(sha256sum <"$program" | cut -d' ' -f1)/" \
        "$SLIPWAY_SOURCE/orb/scripts/install.sh" >root/tmp/install.sh
    run in_root root /bin/sh -c "SLIPWAY_DOWNLOAD_URL=$FILES sh -eo pipefail /tmp/install.sh"
    [ "$status" -eq 0 ] || { echo "$output"; return 1; }
    [ "$(in_root root slipway --version)" = "slipway $version" ]
}

# Real distributions, where somebody has unpacked them.
@test "in the roots of distributions" {
    [ -n "${SLIPWAY_ROOTS:-}" ] || skip "SLIPWAY_ROOTS does not name a folder with roots"
    for root in "$SLIPWAY_ROOTS"/*/; do
        cp "$program" "$root/tmp/slipway"
        [ "$(in_root "$root" /tmp/slipway --version)" = "slipway $version" ]
        in_root "$root" /tmp/slipway completion bash >/dev/null
        rm "$root/tmp/slipway"
    done
}

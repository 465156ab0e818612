#!/usr/bin/env bats
# A released program in bare roots: nothing but busybox, roots laid out as distributions and CI images are, with the tools
# that those have, and real ones if there are any (SLIPWAY_ROOTS: a folder with one folder per distribution).

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
    version=$("$program" --version | sed 's/^slipway //')
    mkdir served
    ln -s "$release" "served/v$version"
    start_server files ' port ([0-9]+)' python3 -u -m http.server 0 --bind 127.0.0.1 --directory served
    export FILES=http://127.0.0.1:${BASH_REMATCH[1]}
    # As the orb of this release has it.
    sed -e "s/^released_version=.*/released_version=$version/" \
        -e "s/^released_sha256_x86_64=.*/released_sha256_x86_64=$(sha256sum <"$program" | cut -d' ' -f1)/" \
        -e "s/^released_sha256_arm64=.*/released_sha256_arm64=$(sha256sum <"$program" | cut -d' ' -f1)/" \
        "$SLIPWAY_SOURCE/orb/scripts/install.sh" >install.sh
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
    path=/usr/local/bin:/usr/bin:/bin home=/tmp user=''
}

# Runs a command with another root, as $user, with $path and $home and nothing else of this environment; without rights,
# in a user namespace.
in_root() {
    local root=$1
    shift
    local -a as_root=() options=()
    [ "$(id -u)" -eq 0 ] || as_root=(unshare -r)
    [ -z "$user" ] || options=("--userspec=$user")
    env -i HOME="$home" PATH="$path" "${as_root[@]}" "$(PATH=$PATH:/usr/sbin command -v chroot)" "${options[@]}" "$root" "$@"
}

# A root with busybox alone.
make_root() {
    local busybox applet
    busybox=$(command -v busybox) || skip "busybox is not installed"
    run ldd "$busybox"
    [ "$status" -ne 0 ] || skip "this busybox is not static"
    mkdir -p root/{bin,usr/bin,usr/local/bin,tmp,etc,dev}
    chmod 1777 root/tmp
    : >root/dev/null
    chmod 666 root/dev/null
    for applet in $("$busybox" --list); do
        ln -sf busybox "root/bin/$applet"
    done
    rm -f root/bin/busybox
    cp "$busybox" root/bin/busybox
    in_root root /bin/true || skip "no right to change the root"
}

# add_tools TOOL...: programs of this machine, with the libraries that they are linked with.
add_tools() {
    local tool file
    mkdir -p root/{bin,usr/bin,usr/local/bin,tmp,etc,dev}
    chmod 1777 root/tmp
    : >root/dev/null
    chmod 666 root/dev/null
    for tool in "$@"; do
        file=$(PATH=/usr/bin:/bin type -P "$tool") || skip "$tool is not installed"
        cp -L "$file" "root/usr/bin/$tool"
        ldd "$file" | grep -oE '/[^ ]+' | while read -r file; do
            mkdir -p "root/${file%/*}"
            cp -L "$file" "root/$file"
        done
    done
    in_root root /usr/bin/true || skip "no right to change the root"
}

# What the program says to an HTTPS server whose certificate it believes.
believed='/graphql-unstable has no data'

# ask_https ROOT PROGRAM [VARIABLE=VALUE]
ask_https() { in_root "$1" "$2" -c "CIRCLECI_CLI_TOKEN=t ${3:-} slipway orb create a/b --host $HTTPS 2>&1 || true"; }

# install_in ROOT SHELL: what the orb's install step does, in the shell that runs a job's steps there.
install_in() {
    local shell=$2
    cp "$BATS_FILE_TMPDIR/install.sh" "$1/tmp/install.sh"
    run in_root "$1" "$shell" -c "export SLIPWAY_DOWNLOAD_URL=$FILES; $3 exec $shell -eo pipefail /tmp/install.sh"
    [ "$status" -eq 0 ] || { echo "$output"; return 1; }
    [[ $output == *"downloading $FILES/v$version/slipway-$version-linux-"* ]]
}

@test "in a root with busybox alone" {
    make_root
    cp "$program" root/usr/bin/slipway
    [ "$(in_root root slipway --version)" = "slipway $version" ]
    mkdir root/tmp/orb
    printf 'version: 2.1\ndescription: Nothing much.\n' >root/tmp/orb/@orb.yml
    in_root root slipway orb validate /tmp/orb
    # Without certificates a server is not believed.
    [[ $(ask_https root /bin/sh) != *"$believed"* ]]
}

@test "certificates are found where each distribution keeps them" {
    make_root
    cp "$program" root/usr/bin/slipway
    for place in etc/ssl/certs/ca-certificates.crt etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem \
        etc/pki/tls/certs/ca-bundle.crt var/lib/ca-certificates/ca-bundle.pem etc/ssl/ca-bundle.pem etc/ssl/cert.pem; do
        rm -rf root/etc/ssl root/etc/pki root/var/lib
        mkdir -p "root/${place%/*}"
        cp "$BATS_FILE_TMPDIR/ca.pem" "root/$place"
        [[ $(ask_https root /bin/sh) == *"$believed"* ]] || { echo "not found at $place: $(ask_https root /bin/sh)"; return 1; }
    done
    rm -rf root/etc/ssl root/etc/pki root/var/lib
    cp "$BATS_FILE_TMPDIR/ca.pem" root/tmp/own.pem
    [[ $(ask_https root /bin/sh SSL_CERT_FILE=/tmp/own.pem) == *"$believed"* ]]
}

# Busybox is sh, wget and everything else; there is no bash to carry PATH from step to step.
@test "as on Alpine Linux: installed by busybox, certificates in /etc/ssl/certs with a link to them" {
    make_root
    printf 'ID=alpine\nVERSION_ID=3.23.0\n' >root/etc/os-release
    mkdir -p root/etc/ssl/certs
    cp "$BATS_FILE_TMPDIR/ca.pem" root/etc/ssl/certs/ca-certificates.crt
    ln -s certs/ca-certificates.crt root/etc/ssl/cert.pem
    path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin home=/root
    mkdir root/root
    install_in root /bin/sh
    [[ $output == *"slipway $version at /usr/local/bin/slipway" ]]
    [ "$(in_root root slipway --version)" = "slipway $version" ]
    [ "$(in_root root docker-credential-slipway version)" = "docker-credential-slipway (slipway) $version" ]
    [[ $(ask_https root /bin/sh) == *"$believed"* ]]
}

# bash and curl, but neither gzip, nor wget, nor tar; links from all old places of certificates to the new one.
@test "as on Amazon Linux: installed by bash and curl without gzip, certificates behind links in /etc/pki" {
    add_tools bash sh curl sed sha256sum mktemp uname rm mkdir chmod mv ln cp cat sleep true
    printf 'ID="amzn"\nID_LIKE="fedora"\nVERSION_ID="2023"\n' >root/etc/os-release
    mkdir -p root/etc/pki/ca-trust/extracted/pem root/etc/pki/tls/certs root/etc/ssl root/root
    cp "$BATS_FILE_TMPDIR/ca.pem" root/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem
    ln -s /etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem root/etc/pki/tls/certs/ca-bundle.crt
    ln -s ../pki/tls/certs root/etc/ssl/certs
    path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin home=/root
    install_in root /usr/bin/bash "export BASH_ENV=/tmp/bash_env;"
    [[ $output == *"/slipway-$version-linux-"*4$'\n'"slipway $version at /root/.local/bin/slipway" ]]
    path=$home/.local/bin:$path
    [[ $(ask_https root /usr/bin/bash) == *"$believed"* ]]
    # The old places are links; without the new one nothing is believed.
    rm root/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem
    [[ $(ask_https root /usr/bin/bash) != *"$believed"* ]]
}

# Steps run as a user that may write to its home and to /tmp; there is no sudo.
@test "as in the convenience images: installed by a user without rights, found by the next step" {
    [ "$(id -u)" -eq 0 ] || skip "only root runs a command as another user"
    add_tools bash sh curl gzip sed sha256sum mktemp uname rm mkdir chmod mv ln cp cat sleep true
    mkdir -p root/etc/ssl/certs root/home/circleci
    cp "$BATS_FILE_TMPDIR/ca.pem" root/etc/ssl/certs/ca-certificates.crt
    chown 3434:3434 root/home/circleci
    chmod 755 root
    path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin home=/home/circleci user=3434:3434
    install_in root /usr/bin/bash "export BASH_ENV=/tmp/bash_env; : >/tmp/bash_env;"
    [[ $output == *"slipway $version at /home/circleci/.local/bin/slipway" ]]
    # The next step is a new bash with the same BASH_ENV.
    [ "$(in_root root /usr/bin/bash -c 'BASH_ENV=/tmp/bash_env exec bash -c "slipway --version"')" = "slipway $version" ]
    path=$home/.local/bin:$path
    [[ $(ask_https root /usr/bin/bash) == *"$believed"* ]]
}

# each_real_root COMMAND: for each distribution below $SLIPWAY_ROOTS, with a copy of it in "root".
each_real_root() {
    [ -n "${SLIPWAY_ROOTS:-}" ] || skip "SLIPWAY_ROOTS does not name a folder with roots"
    [ "$(id -u)" -eq 0 ] || skip "only root can copy and enter them"
    for distribution in "$SLIPWAY_ROOTS"/*/; do
        rm -rf root
        cp -a --reflink=auto "$distribution" root
        [ -e root/dev/null ] || : >root/dev/null
        chmod 666 root/dev/null
        echo "in $distribution"
        "$@"
    done
}

run_in_real_root() {
    cp "$program" root/tmp/slipway
    [ "$(in_root root /tmp/slipway --version)" = "slipway $version" ]
    in_root root /tmp/slipway completion bash >/dev/null
    rm root/tmp/slipway
}

# The root's own bundle, and the one more certificate in it.
install_in_real_root() {
    local bundle shell=/bin/sh
    # A root without any bundle of certificates has none to add to.
    for bundle in etc/ssl/certs/ca-certificates.crt etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem var/lib/ca-certificates/ca-bundle.pem; do
        [ ! -f "root/$bundle" ] || break
    done
    [ ! -x root/bin/bash ] || shell=/bin/bash
    path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin home=/root
    if [ ! -x root/usr/bin/curl ] && [ ! -e root/usr/bin/wget ] && [ ! -e root/bin/wget ]; then
        echo "neither curl nor wget: nothing can be installed"
        return
    fi
    install_in root "$shell" "export BASH_ENV=/tmp/bash_env;"
    path=$home/.local/bin:$path
    [ "$(in_root root slipway --version)" = "slipway $version" ]
    [ -f "root/$bundle" ] || return 0
    [[ $(ask_https root "$shell") != *"$believed"* ]]
    cat "$BATS_FILE_TMPDIR/ca.pem" >>"root/$bundle"
    [[ $(ask_https root "$shell") == *"$believed"* ]]
}

@test "in the roots of distributions" { each_real_root run_in_real_root; }

@test "the orb's install script in the roots of distributions, and whom the program believes there" {
    each_real_root install_in_real_root
}

# alpine_root: a copy of a real root of Alpine Linux in "root".
alpine_root() {
    local distribution
    [ -n "${SLIPWAY_ROOTS:-}" ] || skip "SLIPWAY_ROOTS does not name a folder with roots"
    [ "$(id -u)" -eq 0 ] || skip "only root can copy and enter it"
    for distribution in "$SLIPWAY_ROOTS"/*/; do
        grep -qx 'ID=alpine' "$distribution/etc/os-release" || continue
        cp -a --reflink=auto "$distribution" root
        : >root/dev/null
        chmod 666 root/dev/null
        return
    done
    skip "none of the roots is Alpine Linux"
}

# The steps as the compiled configuration has them, in the shell that runs them there; the checkout is here already, and
# so is what the cache would bring.
@test "the pipeline's job for Alpine Linux, in a real root of it" {
    alpine_root
    mkdir -p root/home/project/build/release
    cp -R "$release" "root/home/project/build/release/v$version"
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    : >reference
    "$SLIPWAY_SOURCE/.circleci/release/continue" --print "$release" reference | sed "s/8765/$port/g" >config.yml
    "$program" config process --quiet --output json config.yml |
        jq -c '.jobs["install-alpine"].steps[] | objects | .run // empty | select(.name | startswith("Install what") | not)' >steps
    [ "$(wc -l <steps)" -ge 3 ]
    path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin home=/root
    number=0
    while read -r step; do
        number=$((number + 1))
        jq -r '(.environment // {} | to_entries[] | "export \(.key)=\(.value | tostring | @sh)"), "cd /home/project", .command' \
            <<<"$step" >"root/tmp/step-$number.sh"
        if [ "$(jq .background <<<"$step")" = true ]; then
            export -f in_root
            export path home user
            setsid bash -c "in_root root /bin/sh -eo pipefail /tmp/step-$number.sh" >server.log 2>&1 3>&- &
            server=$!
        else
            in_root root /bin/sh -eo pipefail "/tmp/step-$number.sh" </dev/null || { kill -- -"$server"; return 1; }
        fi
    done <steps >output
    kill -- -"$server"
    cat output
    grep -q "^slipway $version at /usr/local/bin/slipway$" output
    [ "$(tail -n 1 output)" = "slipway $version" ]
}

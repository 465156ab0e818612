#!/bin/sh
# Puts slipway on PATH: the one that is there, or a release that matches its pinned checksum.
set -eu

# Written by the release.
released_version=0.1.0
released_sha256_x86_64=unreleased
released_sha256_arm64=unreleased
released_url=https://github.com/acme/slipway/releases/download

fail() {
    echo "slipway install: $1" >&2
    exit "${2:-1}"
}

has() { command -v "$1" >/dev/null 2>&1; }

installed_version() { slipway --version 2>/dev/null | sed -n '1s/^slipway \([^ ]*\).*/\1/p'; }

detect_architecture() {
    [ "$(uname -s)" = Linux ] || fail "there is no release for $(uname -s); use a Linux executor" 2
    case $(uname -m) in
        x86_64 | amd64) arch=x86-64 given=${SLIPWAY_SHA256_X86_64:-} released=$released_sha256_x86_64 ;;
        aarch64 | arm64) arch=arm64 given=${SLIPWAY_SHA256_ARM64:-} released=$released_sha256_arm64 ;;
        *) fail "there is no release for the processor \"$(uname -m)\"; there are x86-64 and arm64" 2 ;;
    esac
}

# A checksum must be known before anything is downloaded: that of the release which this orb was made
# with or, for another version, one that the configuration gives.
choose_checksum() {
    sha256=$given
    if [ -z "$sha256" ]; then
        [ "$version" = "$released_version" ] ||
            fail "no checksum is known for version $version; set the parameter sha256-$arch to that of its $arch archive" 2
        sha256=$released
    fi
    case $sha256 in
        unreleased) fail "this orb knows no checksum of a $arch archive; set the parameter sha256-$arch, or put slipway $version on PATH" 2 ;;
        *[!0-9a-f]*) fail "\"$sha256\" is no SHA-256: it has 64 digits from 0 to f, in lower case" 2 ;;
    esac
    [ ${#sha256} -eq 64 ] || fail "the SHA-256 of the $arch archive has 64 digits, not ${#sha256}: \"$sha256\"" 2
}

download() {
    if has curl; then
        set -- curl --fail --silent --show-error --location --retry 2 --connect-timeout 20 --output "$2" "$1"
    elif has wget; then
        set -- wget --no-verbose --tries=3 --timeout=20 -O "$2" "$1"
    else
        fail "neither curl nor wget is here to download $1; use an image that has one, or one that has slipway" 2
    fi
    "$@" || fail "cannot download $url; is there a network, and is version $version there?" 4
}

# Sets "actual" to the SHA-256 of a file.
take_checksum() {
    if has sha256sum; then
        actual=$(sha256sum "$1")
    elif has openssl; then
        actual=$(openssl dgst -sha256 -r "$1")
    else
        fail "neither sha256sum nor openssl is here to check the download" 2
    fi
    actual=${actual%% *}
}

# Moved over, not written over: a slipway that is running keeps its file.
place_program() {
    mkdir -p "$dir" || fail "cannot make the folder $dir; set the parameter install-dir to one that can be written to"
    chmod 755 "$work/slipway"
    mv -f "$work/slipway" "$dir/slipway" || fail "cannot write to $dir; set the parameter install-dir to a folder that can be written to"
    ln -sf slipway "$dir/docker-credential-slipway"
    PATH=$dir:$PATH
    [ -z "${BASH_ENV:-}" ] || echo "export PATH='$dir':\"\$PATH\"" >>"$BASH_ENV"
}

install_release() {
    detect_architecture
    choose_checksum
    url=${SLIPWAY_DOWNLOAD_URL:-$released_url}
    url=${url%/}/v$version/slipway-$version-linux-$arch.tar.gz
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    echo "downloading $url"
    download "$url" "$work/slipway.tar.gz"
    take_checksum "$work/slipway.tar.gz"
    [ "$actual" = "$sha256" ] ||
        fail "wrong checksum: $url has the SHA-256 $actual, and $sha256 was expected; nothing was installed"
    tar -xzf "$work/slipway.tar.gz" -C "$work" slipway || fail "there is no program called slipway in $url"
    place_program
    [ "$(installed_version)" = "$version" ] || fail "$dir/slipway does not run here, or is not version $version"
}

# What an earlier step of the job chose is kept where a later one leaves it open.
version=${SLIPWAY_VERSION:-${SLIPWAY_CHOSEN_VERSION:-$released_version}}
version=${version#v}
dir=${SLIPWAY_INSTALL_DIR:-$HOME/.local/bin}
case $dir in
    *\'*) fail "the folder's name must not hold a quote: $dir" 2 ;;
    \~/*) dir=$HOME/${dir#??} ;;
    /*) ;;
    *) dir=$PWD/$dir ;;
esac

if [ "$version" = installed ]; then
    has slipway || fail "the version is \"installed\", but there is no slipway on PATH" 2
elif [ "$(installed_version)" != "$version" ]; then
    install_release
fi
[ "$version" = "$released_version" ] || [ -z "${BASH_ENV:-}" ] || echo "export SLIPWAY_CHOSEN_VERSION='$version'" >>"$BASH_ENV"
echo "slipway $(installed_version) at $(command -v slipway)"

#!/bin/sh
# Puts slipway on PATH: the one that is there, or a release whose program has the pinned SHA-256. Needs curl or
# wget and nothing else that a small image lacks.
set -eu

# Written by the release.
released_version=0.1.0
released_sha256_x86_64=unreleased
released_sha256_arm64=unreleased
released_url=https://github.com/acme/slipway/releases/download

fail() {
    echo "error: cannot install slipway: $1" >&2
    exit "${2:-1}"
}

has() { command -v "$1" >/dev/null 2>&1; }

# Whether the slipway on PATH has the wanted version; leaves the one it has in "found".
is_installed() {
    found=$(slipway --version 2>/dev/null) || return 1
    case $found in 'slipway '*) found=${found#slipway } ;; *) return 1 ;; esac
    found=${found%%[!0-9A-Za-z.+~-]*}
    [ "$found" = "$version" ] || [ "$version" = installed ]
}

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
            fail "no checksum is known for version $version; set the parameter sha256-$arch to that of its $arch program" 2
        sha256=$released
    fi
    case $sha256 in
        unreleased) fail "this orb knows no checksum of an $arch program; set the parameter sha256-$arch, or put slipway $version on PATH" 2 ;;
        *[!0-9a-f]*) fail "\"$sha256\" is no SHA-256: it has 64 digits from 0 to f, in lower case" 2 ;;
    esac
    [ ${#sha256} -eq 64 ] || fail "the SHA-256 of the $arch program has 64 digits, not ${#sha256}: \"$sha256\"" 2
}

# Busybox's wget knows few options, and some builds of it crash at a time limit.
fetch() {
    if has curl; then
        curl --fail --silent --show-error --location --connect-timeout 20 --output "$2" "$1"
        return
    fi
    case $(wget --version 2>/dev/null) in
        *GNU*) wget --no-verbose --timeout=20 -O "$2" "$1" ;;
        *) wget -q -O "$2" "$1" ;;
    esac
}

# download URL FILE
download() {
    tries=1
    echo "downloading $1"
    until fetch "$1" "$2"; do
        [ "$tries" -lt 3 ] || fail "cannot download $1; is there a network, and is version $version there?" 4
        sleep "${SLIPWAY_RETRY_DELAY:-$tries}"
        tries=$((tries + 1))
    done
}

# Prints the SHA-256 of a file.
checksum_of() {
    if has sha256sum; then
        sum=$(sha256sum "$1")
    elif has openssl; then
        sum=$(openssl dgst -sha256 -r "$1")
    elif has shasum; then
        sum=$(shasum -a 256 "$1")
    else
        fail "neither sha256sum, openssl nor shasum is here to check the download" 2
    fi
    echo "${sum%% *}"
}

# A cache is a place like any other: what comes out of it is checked.
in_cache() { [ -n "$cache" ] && [ -f "$cache/slipway-$sha256" ] && [ "$(checksum_of "$cache/slipway-$sha256")" = "$sha256" ]; }

# The compressed program where it can be unpacked; it is checked unpacked, and so is what is run.
download_program() {
    has curl || has wget || fail "neither curl nor wget is here to download slipway $version; use an image that has one, or one that has slipway" 2
    url=${SLIPWAY_DOWNLOAD_URL:-$released_url}
    url=${url%/}/v$version/slipway-$version-linux-$arch
    if has gzip; then
        url=$url.gz
        download "$url" "$work/slipway.gz"
        gzip -dc "$work/slipway.gz" >"$work/slipway" || fail "$url is no compressed program"
    else
        download "$url" "$work/slipway"
    fi
    actual=$(checksum_of "$work/slipway")
    [ "$actual" = "$sha256" ] ||
        fail "wrong checksum: the program of $url has the SHA-256 $actual, and $sha256 was expected; nothing was installed"
    if [ -n "$cache" ]; then
        mkdir -p "$cache" || fail "cannot make the folder $cache"
        cp "$work/slipway" "$cache/slipway-$sha256" || fail "cannot keep the program in $cache"
    fi
}

# Only bash reads the PATH of the steps before it; without bash the folder has to be on PATH already.
choose_folder() {
    dir=${SLIPWAY_INSTALL_DIR:-}
    case $dir in
        *\'*) fail "the folder's name must not hold a quote: $dir" 2 ;;
        \~/*) dir=$home/${dir#??} ;;
        /*) ;;
        ?*) dir=$PWD/$dir ;;
        *) dir=$home/.local/bin ;;
    esac
    [ -z "${SLIPWAY_INSTALL_DIR:-}" ] && ! has bash || return 0
    for dir in "$home/.local/bin" /usr/local/bin /usr/bin; do
        case :$PATH: in *":$dir:"*) [ ! -w "$dir" ] || return 0 ;; esac
    done
    fail "there is no bash here to set PATH for later steps; set the parameter install-dir to a folder that is on PATH and can be written to" 2
}

# Moved over, not written over: a slipway that is running keeps its file.
place_program() {
    mkdir -p "$dir" || fail "cannot make the folder $dir; set the parameter install-dir to one that can be written to"
    chmod 755 "$work/slipway"
    mv -f "$work/slipway" "$dir/slipway" || fail "cannot write to $dir; set the parameter install-dir to a folder that can be written to"
    ln -sf slipway "$dir/docker-credential-slipway"
    [ -z "${BASH_ENV:-}" ] || echo "export PATH='$dir':\"\$PATH\"" >>"$BASH_ENV"
    PATH=$dir:$PATH
}

install_release() {
    detect_architecture
    choose_checksum
    choose_folder
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    if in_cache; then
        echo "taking slipway $version from the cache"
        cp "$cache/slipway-$sha256" "$work/slipway"
    else
        download_program
    fi
    place_program
    is_installed || fail "$dir/slipway does not run here, or is not version $version"
}

# The cache's key is the checksum of a file that says what is wanted.
write_cache_key() {
    detect_architecture
    echo "$version $arch $given" >"$SLIPWAY_CACHE_KEY_FILE"
}

home=${HOME:-/tmp}
# What an earlier step of the job chose is kept where a later one leaves it open.
version=${SLIPWAY_VERSION:-${SLIPWAY_CHOSEN_VERSION:-$released_version}}
version=${version#v}
cache=''
case ${SLIPWAY_CACHE:-false} in 1 | true) cache=$home/.cache/slipway ;; esac

if [ -n "${SLIPWAY_CACHE_KEY_FILE:-}" ]; then
    write_cache_key
    exit
elif ! is_installed; then
    [ "$version" != installed ] || fail "the version is \"installed\", but there is no slipway on PATH" 2
    install_release
fi
[ "$version" = "$released_version" ] || [ -z "${BASH_ENV:-}" ] || echo "export SLIPWAY_CHOSEN_VERSION='$version'" >>"$BASH_ENV"
echo "slipway $found at $(command -v slipway)"

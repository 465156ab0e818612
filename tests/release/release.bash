# shellcheck shell=bash
# Sourced by the tests of released programs.

# Skips the file when there is no release; sets $release, and $program to the one that runs here.
need_release() {
    [ -n "${SLIPWAY_RELEASE:-}" ] || skip "SLIPWAY_RELEASE does not name a folder with a release"
    release=$(cd "$SLIPWAY_RELEASE" && pwd)
    # The name may be relative to where the tests were started.
    export SLIPWAY_RELEASE=$release
    program=$(program_of "$(case $(uname -m) in aarch64) echo arm64 ;; *) echo x86-64 ;; esac)")
    [ -x "$program" ] || skip "the release has no program for this machine"
}

# program_of ARCHITECTURE: its path, or nothing.
program_of() {
    local file
    for file in "$release"/slipway-*-linux-"$1"; do
        [ ! -f "$file" ] || echo "$file"
    done
}

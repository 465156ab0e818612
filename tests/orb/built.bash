# shellcheck shell=bash
# Sourced by tests that make a release without building its static programs.

# make_built PROGRAM: the program under test as build-static leaves one, with a list that says what all releases are
# linked with.
make_built() {
    mkdir -p "${1%/*}"
    cp "$SLIPWAY_PROGRAM" "$1"
    {
        sed -E '/^(#|$)/d; s/^([^ ]+) .* ([^ ]+) [^ ]+$/\1 \2/; s/,/ /g' "$SLIPWAY_SOURCE/.circleci/release/sources.txt"
        echo "gcc-12.2.0 crtbeginS.o crtendS.o"
    } >"$1.linked"
}

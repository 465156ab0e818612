#!/usr/bin/env bats
# A release, from the built program to an orb whose install step fetches it.

bats_require_minimum_version 1.5.0

setup_file() {
    load built
    export RELEASES=$BATS_FILE_TMPDIR/releases PROGRAM=$BATS_FILE_TMPDIR/built/slipway
    version=$("$SLIPWAY_PROGRAM" --version | sed 's/^slipway //')
    make_built "$PROGRAM"
    "$SLIPWAY_SOURCE/.circleci/release/package" "$RELEASES/v$version" "x86-64=$PROGRAM"
    python3 -u -m http.server 0 --bind 127.0.0.1 --directory "$RELEASES" >"$BATS_FILE_TMPDIR/server.log" 2>&1 3>&- &
    export SERVER_PID=$! version
    until grep -q 'port [0-9]' "$BATS_FILE_TMPDIR/server.log"; do
        kill -0 "$SERVER_PID" || return 1
        sleep 0.05
    done
    SERVER_URL=http://127.0.0.1:$(sed -n 's/.* port \([0-9]*\).*/\1/p' "$BATS_FILE_TMPDIR/server.log" | head -n 1)
    export SERVER_URL
}

teardown_file() { kill "$SERVER_PID" 2>/dev/null || true; }

setup() {
    load built
    cd "$BATS_TEST_TMPDIR"
    cp "$RELEASES/v$version/orb.yml" orb.yml
    cat >config.yml <<END
version: 2.1
orbs: {slipway: acme/slipway@1.0.0}
jobs:
  install:
    docker: [{image: cimg/base:2025.01}]
    steps:
      - slipway/install:
          download-url: $SERVER_URL
      - run: slipway --version
workflows:
  install: {jobs: [install]}
END
}

# The install job in a home and with a PATH that have no slipway.
run_install() {
    mkdir -p home
    run --separate-stderr env HOME="$PWD/home" no_proxy=127.0.0.1 PATH=/usr/bin:/bin:/usr/sbin:/sbin \
        "$SLIPWAY_PROGRAM" local execute install --config config.yml --orb acme/slipway@1.0.0=orb.yml --workdir work
}

@test "the orb of a release installs this release" {
    [ "$(uname -m)" = x86_64 ] || skip "the release of this test is for x86-64"
    run_install
    [ "$status" -eq 0 ] || { echo "$output$stderr"; return 1; }
    [[ $output$stderr == *"downloading $SERVER_URL/v$version/slipway-$version-linux-x86-64.gz"* ]]
    [[ $output$stderr == *"slipway $version at $PWD/home/.local/bin/slipway"* ]]
    cmp home/.local/bin/slipway "$SLIPWAY_PROGRAM"
}

@test "a program that was changed after the release is refused" {
    [ "$(uname -m)" = x86_64 ] || skip "the release of this test is for x86-64"
    file=$RELEASES/v$version/slipway-$version-linux-x86-64.gz
    cp "$file" kept
    printf x | gzip >>"$file"
    run_install
    cp kept "$file"
    [ "$status" -eq 1 ]
    [[ $output$stderr == *"wrong checksum"* ]]
    [ ! -e home/.local/bin/slipway ]
}

@test "the same program gives the same release, and every file has its checksum" {
    "$SLIPWAY_SOURCE/.circleci/release/package" again "x86-64=$PROGRAM" >/dev/null
    diff again/SHA256SUMS "$RELEASES/v$version/SHA256SUMS"
    (cd again && sha256sum --check --quiet SHA256SUMS)
    [ "$(ls again)" = "SHA256SUMS
orb.yml
slipway-$version-linux-x86-64
slipway-$version-linux-x86-64.gz
slipway-$version.cdx.json" ]
}

@test "the orb knows the programs of both architectures and where they will be" {
    SLIPWAY_RELEASE_URL=https://example.com/files/ "$SLIPWAY_SOURCE/.circleci/release/package" out \
        "x86-64=$PROGRAM" "arm64=$PROGRAM" >/dev/null
    sum=$(sed -n "s/  slipway-$version-linux-arm64\$//p" out/SHA256SUMS)
    [ ${#sum} -eq 64 ]
    grep -q "released_sha256_arm64=$sum" out/orb.yml
    grep -q "released_version=$version" out/orb.yml
    grep -q "released_url=https://example.com/files\$" out/orb.yml
    CIRCLE_PROJECT_USERNAME=kim CIRCLE_PROJECT_REPONAME=ship "$SLIPWAY_SOURCE/.circleci/release/package" fork \
        "x86-64=$PROGRAM" >/dev/null
    grep -q "released_url=https://github.com/kim/ship/releases/download\$" fork/orb.yml
    grep -q 'source_url: https://github.com/kim/ship$' fork/orb.yml
    run -1 grep -c github.com/acme fork/orb.yml
}

@test "the list of what is inside is CycloneDX and names every library with its checksum" {
    bom=$RELEASES/v$version/slipway-$version.cdx.json
    python3 "$SLIPWAY_SOURCE/tests/orb/check_sbom.py" "$bom" "$SLIPWAY_SOURCE/.circleci/release/sources.txt"
    [ "$(jq -r '.metadata.component | .name + " " + .version' "$bom")" = "slipway $version" ]
    [ "$(jq -r '.components[] | select(.name == "openssl") | .version' "$bom")" = \
        "$(sed -n 's/^openssl openssl_\([0-9.]*\)[.]orig.*/\1/p' "$SLIPWAY_SOURCE/.circleci/release/sources.txt")" ]
}

@test "the list of what is inside passes the schema of CycloneDX" {
    python3 "$SLIPWAY_SOURCE/tests/orb/check_sbom.py" --schema "$RELEASES/v$version/slipway-$version.cdx.json" ||
        { [ $? -eq 77 ] && skip "cyclonedx-python-lib (PyPI) is not installed"; }
}

@test "what two architectures are linked with is put together" {
    make_built arm/slipway
    sed -i 's/^gcc-.*/& libgcc.a/' arm/slipway.linked
    "$SLIPWAY_SOURCE/.circleci/release/package" out "x86-64=$PROGRAM" arm64=arm/slipway >/dev/null
    python3 "$SLIPWAY_SOURCE/tests/orb/check_sbom.py" "out/slipway-$version.cdx.json" "$SLIPWAY_SOURCE/.circleci/release/sources.txt"
    [ "$(jq -r '.components[] | select(.name == "gcc") | .description' "out/slipway-$version.cdx.json")" = \
        'start files and helpers of the compiler: crtbeginS.o crtendS.o libgcc.a' ]
}

# A map as the linker writes it: libraries with the member that was taken, and object files.
make_map() {
    {
        printf 'Archive member included to satisfy reference by file (symbol)\n\n'
        printf '%s(member.o)\n                              src/main.c.o (symbol)\n' \
            src/libslipway.a /work/lib/lib{curl,crypto,ssl,expat,isal,jansson,nghttp2,yaml,zstd}.a /work/musl/lib/libc.a "$@"
        printf '\nDiscarded input sections\n\n .text 0x0 /unused/libother.a(other.o)\n\nMemory Configuration\n\n'
        printf 'LOAD %s\n' /work/musl/lib/{rcrt1,crti}.o /usr/lib/gcc/x86_64-linux-gnu/12/crtbeginS.o src/cli/main.c.o \
            /tmp/ccAbCdEf.ltrans0.ltrans.o /work/lib/libz.a /usr/lib/gcc/x86_64-linux-gnu/12/libgcc.a \
            /usr/lib/gcc/x86_64-linux-gnu/12/crtendS.o /work/musl/lib/crtn.o
    } >map
}

@test "the linker's map tells what is linked" {
    make_map
    run --separate-stderr "$SLIPWAY_SOURCE/.circleci/release/linked" map 12.2.0
    [ "$status" -eq 0 ] || { echo "$stderr"; return 1; }
    [ "$output" = "curl libcurl.a
expat libexpat.a
gcc-12.2.0 crtbeginS.o crtendS.o
jansson libjansson.a
libisal libisal.a
libyaml libyaml.a
libzstd libzstd.a
musl libc.a rcrt1.o crti.o crtn.o
nghttp2 libnghttp2.a
openssl libcrypto.a libssl.a" ]
    make_map /usr/lib/gcc-cross/aarch64-linux-gnu/12/libgcc.a
    "$SLIPWAY_SOURCE/.circleci/release/linked" map 12.2.0 | grep -qx 'gcc-12.2.0 libgcc.a crtbeginS.o crtendS.o'
}

@test "a library without a source, a source without a library and no map at all are errors" {
    make_map /work/lib/libz.a
    run --separate-stderr "$SLIPWAY_SOURCE/.circleci/release/linked" map 12.2.0
    [ "$status" -eq 1 ]
    [ "$stderr" = 'linked: "/work/lib/libz.a" is linked, and no line of sources.txt accounts for it' ]
    make_map
    sed -i '/libexpat/d' map
    run --separate-stderr "$SLIPWAY_SOURCE/.circleci/release/linked" map 12.2.0
    [ "$status" -eq 1 ]
    [ "$stderr" = 'linked: nothing is linked of expat, which sources.txt names' ]
    run --separate-stderr "$SLIPWAY_SOURCE/.circleci/release/linked" "$PROGRAM.linked" 12.2.0
    [ "$status" -eq 1 ]
    [[ $stderr == *'" is no map of the linker' ]]
}

# fetch_sources: with apt-get and the archive of old versions as stand-ins; its output in $output and $stderr.
fetch_sources() {
    mkdir -p bin
    printf '#!/bin/bash\n%s\n' "$1" >bin/apt-get
    chmod +x bin/apt-get
    run --separate-stderr env PATH="$PWD/bin:$PATH" SLIPWAY_SNAPSHOT_URL="$SERVER_URL/snapshot" no_proxy=127.0.0.1 \
        recipe/fetch fetched
}

@test "sources come from Debian, replaced ones from its archive, and only with the right checksum" {
    mkdir recipe
    cp "$SLIPWAY_SOURCE/.circleci/release/fetch" recipe
    echo one >one_1.0.orig.tar.gz
    echo two >two_2.0.orig.tar.gz
    for name in one_1.0 two_2.0; do
        echo "${name%_*} $name.orig.tar.gz $(sha256sum <$name.orig.tar.gz | cut -d' ' -f1) MIT a:b lib.a $(sha1sum <$name.orig.tar.gz | cut -d' ' -f1)"
    done >recipe/sources.txt
    # Debian has the first, and of the second only a newer version.
    mkdir -p "$RELEASES/snapshot/file"
    cp two_2.0.orig.tar.gz "$RELEASES/snapshot/file/$(sha1sum <two_2.0.orig.tar.gz | cut -d' ' -f1)"
    export ONE=$PWD/one_1.0.orig.tar.gz
    debian='case "${*: -2}" in *"--tar-only one") cp "$ONE" . ;; *"--tar-only two") : >two_3.0.orig.tar.gz ;; esac; echo "$*" >>calls'
    fetch_sources "$debian"
    [ "$status" -eq 0 ] || { echo "$stderr"; return 1; }
    cmp fetched/one_1.0.orig.tar.gz one_1.0.orig.tar.gz
    cmp fetched/two_2.0.orig.tar.gz two_2.0.orig.tar.gz
    [ "$(wc -l <fetched/calls)" -eq 3 ]
    # What is there is not fetched again, and is not trusted.
    fetch_sources "$debian"
    [ "$(wc -l <fetched/calls)" -eq 3 ]
    echo evil >fetched/two_2.0.orig.tar.gz
    fetch_sources "$debian"
    [ "$status" -eq 1 ]
    [ "$stderr" = "fetch: $PWD/fetched/two_2.0.orig.tar.gz is not the file that sources.txt names: it has the SHA-256 $(echo evil | sha256sum | cut -d' ' -f1)" ]
    rm -r fetched "$RELEASES/snapshot"
    fetch_sources "$debian"
    [ "$status" -eq 1 ]
    [ "${stderr_lines[-1]}" = "fetch: cannot fetch two_2.0.orig.tar.gz of Debian's source package two; put it into $PWD/fetched" ]
    [ ! -e fetched/two_2.0.orig.tar.gz ]
}

@test "with a cache the second job downloads nothing" {
    [ "$(uname -m)" = x86_64 ] || skip "the release of this test is for x86-64"
    sed -i 's|^\( *\)download-url:.*|&\n\1cache: true|' config.yml
    run_install
    [ "$status" -eq 0 ] || { echo "$output$stderr"; return 1; }
    [[ $output$stderr == *"downloading $SERVER_URL/"* ]]
    rm -rf home/.local work
    run_install
    [ "$status" -eq 0 ] || { echo "$output$stderr"; return 1; }
    [[ $output$stderr == *"taking slipway $version from the cache"* ]]
}

@test "what is no program, and an unknown architecture, are refused" {
    run --separate-stderr "$SLIPWAY_SOURCE/.circleci/release/package" out x86-64=/nowhere
    [ "$status" -eq 1 ]
    [ "$stderr" = 'package: "/nowhere" is no program' ]
    run --separate-stderr "$SLIPWAY_SOURCE/.circleci/release/package" out "riscv=$PROGRAM"
    [ "$status" -eq 1 ]
    [ "$stderr" = 'package: "riscv" is no architecture; there are x86-64 and arm64' ]
    run --separate-stderr "$SLIPWAY_SOURCE/.circleci/release/package" out "x86-64=$SLIPWAY_PROGRAM"
    [ "$status" -eq 1 ]
    [ "$stderr" = "package: \"$SLIPWAY_PROGRAM.linked\" is missing; build-static writes it: what is linked into the program" ]
}

#!/usr/bin/env bats
# The installed tree: what is there, and that it works from there.

bats_require_minimum_version 1.5.0

setup_file() {
    export PREFIX=$BATS_FILE_TMPDIR/prefix
    cmake --install "$SLIPWAY_BUILD" --prefix "$PREFIX" >"$BATS_FILE_TMPDIR/install.log"
}

setup() {
    cd "$BATS_TEST_TMPDIR"
    PATH=$PREFIX/bin:$PATH
    lib=$(echo "$PREFIX"/lib*/pkgconfig/slipway.pc "$PREFIX"/lib/*/pkgconfig/slipway.pc | tr ' ' '\n' | grep -v '\*' | head -n 1)
    completions=$PREFIX/share/bash-completion/completions/slipway
}

has_tool() {
    command -v "$1" >/dev/null || skip "$1 is not installed"
}

# completes WORD...: what bash offers for the last word.
completes() {
    bash -c 'source "$0"
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _slipway
        printf "%s\n" "${COMPREPLY[@]}"' "$completions" "$@"
}

@test "all parts are there" {
    for file in bin/slipway bin/docker-credential-slipway include/slipway/ecr.h \
        share/man/man1/slipway.1 share/man/man1/slipway-ecr-login.1 share/man/man1/slipway-help.1 \
        share/bash-completion/completions/slipway share/zsh/site-functions/_slipway \
        share/fish/vendor_completions.d/slipway.fish share/doc/slipway/LICENSE \
        share/doc/slipway/README.md; do
        [ -s "$PREFIX/$file" ] || { echo "missing: $file"; return 1; }
    done
}

@test "the program runs under both names" {
    run -0 --separate-stderr slipway --version
    [[ $output =~ ^slipway\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
    version=${output#slipway }
    run -0 --separate-stderr docker-credential-slipway version
    [ "$output" = "docker-credential-slipway (slipway) $version" ]
    run -1 --separate-stderr docker-credential-slipway get <<<ghcr.io
    [ "$output" = 'credentials not found in native keychain' ]
}

@test "the tree can be moved" {
    cp -a "$PREFIX" moved
    run -0 moved/bin/docker-credential-slipway version
}

@test "each command has a man page" {
    slipway help | sed -n '/^commands:/,/^$/s/^  \([a-z -]*[a-z]\)  .*/\1/p' | tr ' ' - >commands
    [ -s commands ]
    while read -r command; do
        [ -s "$PREFIX/share/man/man1/slipway-$command.1" ] || { echo "no page: $command"; return 1; }
    done <commands
    pages=("$PREFIX"/share/man/man1/*.1)
    [ "$(wc -l <commands)" -eq $((${#pages[@]} - 1)) ]
}

@test "man pages render without a warning" {
    has_tool man
    for page in "$PREFIX"/share/man/man1/*.1; do
        MANROFFSEQ='' MANWIDTH=80 man --warnings -l "$page" >page.txt 2>warnings
        [ ! -s warnings ] || { cat "$page" warnings; return 1; }
        grep -q '^NAME' page.txt
    done
}

@test "man pages please mandoc" {
    has_tool mandoc
    # Pages carry no date, so that the same source gives the same bytes.
    for page in "$PREFIX"/share/man/man1/*.1; do
        mandoc -T lint -W warning "$page" >found || true
        sed '/missing date/d; /STYLE/d' found >wrong
        [ ! -s wrong ] || { cat wrong; return 1; }
    done
}

@test "bash completes commands, options and values" {
    [ "$(completes slipway ecr lo)" = login ]
    [ "$(completes slipway ecr login --reg)" = '--registry
--region' ]
    [ "$(completes slipway ecr login --regis)" = --registry ]
    [ "$(completes slipway ecr create-repository --output '')" = 'text
json' ]
    [ "$(completes slipway ecr create-repository --output = j)" = json ]
    [ "$(completes slipway ecr create-repository web --no)" = --no-scan-on-push ]
    [ "$(completes slipway help ecr lo)" = login ]
    [ "$(completes slipway image in)" = 'index
inspect' ]
    [ "$(completes slipway image index '')" = create ]
    [ "$(completes slipway image index create --attestations d)" = drop ]
    [ "$(completes slipway completion '')" = 'bash
zsh
fish' ]
    [ "$(completes slipway --v)" = --version ]
}

@test "bash completes in a real completion" {
    run -0 bash -c 'source "$0"; complete -p slipway' "$completions"
    [ "$output" = 'complete -o bashdefault -o default -F _slipway slipway' ]
}

@test "bash, zsh and fish take their scripts" {
    bash -n "$completions"
    has_tool zsh
    zsh -n "$PREFIX/share/zsh/site-functions/_slipway"
    has_tool fish
    fish -n "$PREFIX/share/fish/vendor_completions.d/slipway.fish"
    run -0 --separate-stderr fish --no-config -c '
        source $argv[1]; complete -C "slipway ecr lo"; complete -C "slipway ecr create-repository --output j"
        complete -C "slipway image ind"; complete -C "slipway image index create --attestations d"
        ' "$PREFIX/share/fish/vendor_completions.d/slipway.fish"
    [ "${lines[0]}" = $'login\tlog docker in to Amazon ECR' ]
    [ "${lines[1]}" = $'json\tform of the result' ]
    [ "${lines[2]%%$'\t'*}" = index ]
    [ "${lines[3]%%$'\t'*}" = drop ]
}

@test "the library can be used from its headers" {
    has_tool pkg-config
    cat >user.c <<'END'
#include <slipway/ecr.h>
#include <stdio.h>
int main(void)
{
    struct sw_ecr_host host;
    if (!sw_ecr_host_parse(sw_str("123456789012.dkr.ecr.us-east-1.amazonaws.com"), &host)) {
        return 1;
    }
    return puts(host.region) < 0;
}
END
    export PKG_CONFIG_PATH=${lib%/*}
    grep -q -- '-fsanitize' "$SLIPWAY_BUILD/build.ninja" && skip "the library is built with sanitizers"
    # shellcheck disable=SC2046 # words are meant to be split
    ${CC:-cc} -std=c17 -D_GNU_SOURCE user.c -o user $(pkg-config --cflags --libs slipway)
    [ "$(./user)" = us-east-1 ]
}

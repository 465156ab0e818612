#!/usr/bin/env bats
# slipway orb create and orb publish against a stand-in for CircleCI's registry.

bats_require_minimum_version 1.5.0

setup_file() {
    load moto
    : >"$BATS_FILE_TMPDIR/servers"
}

teardown_file() {
    load moto
    stop_servers
}

# Each test has a registry of its own.
setup() {
    load moto
    cd "$BATS_TEST_TMPDIR"
    start_server "circleci-$BATS_TEST_NUMBER" '(http://[0-9.:]+)' \
        python3 -u "$SLIPWAY_SOURCE/tests/support/circleci_standin.py"
    export CIRCLECI_CLI_HOST=${BASH_REMATCH[1]} CIRCLECI_CLI_TOKEN=owner-token
    unset CIRCLE_TOKEN
    mkdir -p src/commands
    printf 'version: 2.1\ndescription: Greets.\n' >src/@orb.yml
    printf 'description: Greets somebody.\nsteps:\n  - run: {name: Greet, command: echo hello}\n' >src/commands/greet.yml
}

organization=0fbf2e6c-0e1c-4a5e-9b3a-6a5d1b1f0a11

# Runs with stdout in "out" and stderr in "err"; sets $status.
slip() {
    status=0
    "$SLIPWAY_PROGRAM" "$@" >out 2>err || status=$?
}

# is FILE TEXT: the file holds exactly the text and a newline.
is() {
    printf '%s\n' "$2" | diff - "$1"
}

# lacks TEXT FILE...: none of the files has it.
lacks() {
    local status=0
    grep -q -- "$@" || status=$?
    [ "$status" -eq 1 ]
}

state() { curl -sS --noproxy '*' "$CIRCLECI_CLI_HOST/_state" | jq -r "$1"; }

create() {
    slip orb create acme/greeter --org-id "$organization"
    [ "$status" -eq 0 ]
}

@test "a newcomer's first publication: namespace, orb, development version" {
    slip orb publish src acme/greeter@dev:main
    [ "$status" -eq 1 ]
    is err "error: there is no namespace \"acme\"; an owner of your organisation claims it with 'slipway orb create acme/greeter --org-id ID' (Organization Settings show the id)"
    slip orb create acme/greeter --org-id "$organization"
    [ "$status" -eq 0 ]
    is out acme/greeter
    is err "created the namespace acme
created the public orb acme/greeter"
    slip orb publish src acme/greeter@dev:main
    [ "$status" -eq 0 ]
    is out acme/greeter@dev:main
    is err "published acme/greeter@dev:main, which everybody can read
it expires in 90 days unless it is published again, and members of the organisation can overwrite it"
    # What was sent is the packed folder.
    "$SLIPWAY_PROGRAM" orb pack src >packed.yml
    state '.orbs["acme/greeter"].versions["dev:main"]' | sed '$d' | diff packed.yml -
}

@test "creating again changes nothing, another visibility is refused" {
    create
    slip orb create acme/greeter
    [ "$status" -eq 0 ]
    is err "there is already the public orb acme/greeter"
    slip orb create acme/greeter --private
    [ "$status" -eq 1 ]
    is err 'error: the orb "acme/greeter" is there and is public; an orb stays what it was created as'
    slip orb create acme/hidden --private -o json
    [ "$status" -eq 0 ]
    [ "$(jq -c . out)" = '{"namespace":"acme","orb":"hidden","namespace_created":false,"orb_created":true,"private":true}' ]
    slip orb create acme/greeter@1.0.0
    [ "$status" -eq 2 ]
    [ "$(head -n 1 err)" = 'error: an orb is created without a version: acme/greeter' ]
}

@test "an orb that was not created is named" {
    create
    slip orb publish src acme/other@dev:main
    [ "$status" -eq 1 ]
    is err "error: there is no orb \"other\" in the namespace \"acme\"; create it with 'slipway orb create acme/other'"
}

@test "a production version is published once" {
    create
    slip orb publish src acme/greeter@1.0.0 -o json
    [ "$status" -eq 0 ]
    [ "$(jq -c . out)" = '{"reference":"acme/greeter@1.0.0","namespace":"acme","orb":"greeter","version":"1.0.0","published":true,"private":false}' ]
    is err "published acme/greeter@1.0.0, which everybody can read"
    slip orb publish src acme/greeter@1.0.0
    [ "$status" -eq 1 ]
    [ ! -s out ]
    is err "error: acme/greeter@1.0.0 is published already, with the same source, and a version never changes; give --skip-published when that is fine"
    slip orb publish src acme/greeter@1.0.0 --skip-published
    [ "$status" -eq 0 ]
    is out acme/greeter@1.0.0
    is err "acme/greeter@1.0.0 was published before, with the same source"
    sed -i s/Greets./Greets-everybody./ src/@orb.yml
    slip orb publish src acme/greeter@1.0.0 --skip-published
    [ "$status" -eq 1 ]
    is err "error: acme/greeter@1.0.0 is published already, with another source, and a version never changes; publish the next version"
}

@test "a development version is overwritten" {
    create
    slip orb publish src acme/greeter@dev:x
    sed -i s/Greets./Greets-everybody./ src/@orb.yml
    slip orb publish src acme/greeter@dev:x
    [ "$status" -eq 0 ]
    [[ $(state '.orbs["acme/greeter"].versions["dev:x"]') == *Greets-everybody.* ]]
}

@test "increment counts up from the latest version" {
    create
    local step want
    while read -r step want; do
        slip orb publish increment src acme/greeter "$step"
        [ "$status" -eq 0 ]
        is out "acme/greeter@$want"
    done <<END
patch 0.0.1
minor 0.1.0
major 1.0.0
patch 1.0.1
9.0.0 9.0.0
minor 9.1.0
END
    slip orb publish increment src acme/greeter@1.0.0 patch
    [ "$status" -eq 2 ]
    [ "$(head -n 1 err)" = 'error: "increment" finds the version itself: write the orb as acme/greeter' ]
    slip orb publish increment src acme/greeter big
    [ "$status" -eq 2 ]
    [ "$(head -n 1 err)" = 'error: "big" does not say how a version goes on; there are major, minor, patch, and a version x.y.z itself' ]
}

@test "promote makes a development version permanent" {
    create
    slip orb publish src acme/greeter@dev:tested
    slip orb publish promote acme/greeter@dev:tested minor
    [ "$status" -eq 0 ]
    is out acme/greeter@0.1.0
    slip orb publish promote acme/greeter@dev:tested 2.0.0
    [ "$status" -eq 0 ]
    is out acme/greeter@2.0.0
    slip orb publish promote acme/greeter@dev:tested 2.0.0
    [ "$status" -eq 1 ]
    slip orb publish promote acme/greeter@dev:tested 2.0.0 --skip-published
    [ "$status" -eq 0 ]
    is out acme/greeter@2.0.0
    [ "$(state '.orbs["acme/greeter"].versions | .["2.0.0"] == .["dev:tested"]')" = true ]
    slip orb publish promote acme/greeter@dev:gone patch
    [ "$status" -eq 1 ]
    is err 'error: there is no version acme/greeter@dev:gone: was it published, and within 90 days?'
    slip orb publish promote acme/greeter@1.0.0 patch
    [ "$status" -eq 2 ]
    is err 'error: only a development version can be promoted, such as acme/greeter@dev:main'
}

@test "a packed file is sent as it is" {
    create
    "$SLIPWAY_PROGRAM" orb pack src >packed.yml
    echo '# a comment stays' >>packed.yml
    slip orb publish packed.yml acme/greeter@dev:file
    [ "$status" -eq 0 ]
    [[ $(state '.orbs["acme/greeter"].versions["dev:file"]') == *'# a comment stays'* ]]
}

@test "an orb with a mistake is not sent" {
    create
    printf 'steps:\n  - nothing-like-it\n' >src/commands/greet.yml
    slip orb publish src acme/greeter@dev:main
    [ "$status" -eq 2 ]
    grep -q '^src/commands/greet.yml:2:5: .*nothing-like-it' err
    [ "$(state '.orbs["acme/greeter"].versions | length')" -eq 0 ]
    slip orb publish src acme/greeter@dev:main --no-validate
    [ "$status" -eq 0 ]
}

@test "rights: members publish development versions, strangers nothing, and tokens stay unseen" {
    create
    CIRCLECI_CLI_TOKEN=member-token slip orb publish src acme/greeter@dev:main
    [ "$status" -eq 0 ]
    CIRCLECI_CLI_TOKEN=member-token slip orb publish src acme/greeter@1.0.0 --debug
    [ "$status" -eq 3 ]
    [ "$(tail -n 1 err)" = 'error: cannot publish acme/greeter@1.0.0: CircleCI says "User does not have access to publish SemVer orbs in this namespace.": the user of the token in CIRCLECI_CLI_TOKEN lacks the right; members of the organisation that owns the namespace publish development versions, its owners and admins everything else' ]
    lacks member-token err out
    CIRCLECI_CLI_TOKEN=other-token slip orb publish src acme/greeter@dev:main
    [ "$status" -eq 3 ]
    [[ $(cat err) == *'CircleCI says "AUTHORIZATION_FAILURE"'* ]]
    CIRCLECI_CLI_TOKEN=expired slip orb publish src acme/greeter@dev:main
    [ "$status" -eq 3 ]
    is err 'error: cannot publish acme/greeter@dev:main: CircleCI says "You must log in first.": is the token in CIRCLECI_CLI_TOKEN still valid?'
}

@test "the token comes from the environment only" {
    create
    unset CIRCLECI_CLI_TOKEN
    slip orb publish src acme/greeter@dev:main
    [ "$status" -eq 3 ]
    is err 'error: there is no token for CircleCI: put a personal API token (User Settings, Personal API Tokens) into the variable CIRCLECI_CLI_TOKEN'
    CIRCLE_TOKEN=owner-token slip orb publish src acme/greeter@dev:main
    [ "$status" -eq 0 ]
    MINE=owner-token slip orb publish src acme/greeter@dev:main --token-var MINE
    [ "$status" -eq 0 ]
    slip orb publish src acme/greeter@dev:main --token-var owner-token
    [ "$status" -eq 2 ]
    lacks owner-token err
    CIRCLE_TOKEN='two words' slip orb publish src acme/greeter@dev:main
    [ "$status" -eq 3 ]
    is err 'error: the value of CIRCLE_TOKEN is no token: it holds blanks or other characters that no token has'
}

@test "a host that is not CircleCI, and one that is not there" {
    curl -sS --noproxy '*' -d '{"body":"<html>","times":1}' "$CIRCLECI_CLI_HOST/_fail" >/dev/null
    slip orb publish src acme/greeter@dev:main
    [ "$status" -eq 4 ]
    [[ $(cat err) == 'error: cannot look up the orb "acme/greeter": '*'/graphql-unstable does not answer in JSON'*'is this a CircleCI host?' ]]
    slip orb publish src acme/greeter@dev:main --host "$CIRCLECI_CLI_HOST/elsewhere"
    [ "$status" -eq 1 ]
    [[ $(cat err) == *'/elsewhere/graphql-unstable answers HTTP status 404 (not found); is this a CircleCI host?' ]]
    slip orb publish src acme/greeter@dev:main --host http://ci.example.com
    [ "$status" -eq 2 ]
    slip orb publish src acme/greeter@dev:main --host nonsense
    [ "$status" -eq 2 ]
    [[ $(cat err) == 'error: the CircleCI host "nonsense": '* ]]
}

@test "a service that stumbles is asked again" {
    create
    curl -sS --noproxy '*' -d '{"status":503,"times":1}' "$CIRCLECI_CLI_HOST/_fail" >/dev/null
    slip orb publish src acme/greeter@dev:main
    [ "$status" -eq 0 ]
    grep -q 'service unavailable' err
}

@test "wrong operands say what is right" {
    local usage="error: orb publish takes FILE|DIR NAMESPACE/ORB@VERSION, or increment FILE|DIR NAMESPACE/ORB STEP, or promote NAMESPACE/ORB@dev:LABEL STEP"
    slip orb publish src acme/greeter@dev:x patch
    [ "$status" -eq 2 ]
    [ "$(head -n 1 err)" = "$usage" ]
    slip orb publish increment src acme/greeter
    [ "$(head -n 1 err)" = "$usage" ]
    slip orb publish src acme/greeter
    [ "$status" -eq 2 ]
    [ "$(head -n 1 err)" = 'error: "acme/greeter" lacks a version: write acme/greeter@dev:LABEL or acme/greeter@x.y.z, or use "increment"' ]
    slip orb publish src greeter@1.0.0
    [ "$(head -n 1 err)" = 'error: "greeter@1.0.0" does not name an orb; it looks like acme/slipway or acme/slipway@1.0.0' ]
    slip orb publish - acme/greeter@dev:x
    [ "$status" -eq 2 ]
    [ "$(head -n 1 err)" = 'error: an orb is published from a file or a folder, not from standard input' ]
    slip orb publish nowhere acme/greeter@dev:x
    [ "$status" -ne 0 ]
    [[ $(cat err) == *nowhere* ]]
}

@test "mistakes are told before a token is asked for" {
    unset CIRCLECI_CLI_TOKEN
    printf 'steps:\n  - nothing-like-it\n' >src/commands/greet.yml
    local words first
    while IFS=: read -r words first; do
        # shellcheck disable=SC2086 # words of a command line
        slip orb publish ${words//%/:}
        [ "$status" -eq 2 ]
        grep -qF "$first" err || { cat err; return 1; }
        lacks 'no token' err
    done <<END
increment src acme/greeter huge:error: "huge" does not say how a version goes on
promote acme/greeter@dev%main huge:error: "huge" does not say how a version goes on
promote acme/greeter@1.0.0 patch:error: only a development version can be promoted
increment src acme/greeter@1.0.0 patch:error: "increment" finds the version itself
src acme/greeter@volatile:error: "volatile" is no version of an orb
- acme/greeter@dev%main:error: an orb is published from a file or a folder
src acme/greeter@dev%main:nothing-like-it
increment src acme/greeter patch:nothing-like-it
END
}

# What a program asked since request number $1: who, the question without its layout, and the values. What only looks something
# up is left out: how much of it a program does is its own business.
changes() {
    curl -sS --noproxy '*' "$CIRCLECI_CLI_HOST/_requests" | jq -cS --argjson from "$1" '.[$from:][]
        | .token as $token | (.body | fromjson) | select(.query | test("mutation"))
        | [$token, (.query | gsub("[\\s,]+"; "")), (.variables | del(.registryNamespaceId))]'
}

asked() { curl -sS --noproxy '*' "$CIRCLECI_CLI_HOST/_requests" | jq length; }

# The stand-in's manners are those that CircleCI's own program expects, and what that program sends is what slipway sends.
@test "CircleCI's own program publishes to the stand-in too, with the same requests" {
    [ -n "${SLIPWAY_CIRCLECI_V0:-}" ] || skip "SLIPWAY_CIRCLECI_V0 does not name CircleCI's program"
    official() { HOME=$BATS_TEST_TMPDIR "$SLIPWAY_CIRCLECI_V0" --skip-update-check --host "$CIRCLECI_CLI_HOST" --token owner-token "$@"; }
    "$SLIPWAY_PROGRAM" orb pack src >packed.yml
    create
    slip orb publish packed.yml acme/greeter@dev:main
    slip orb publish increment packed.yml acme/greeter minor
    slip orb publish promote acme/greeter@dev:main patch
    changes 0 >own
    own=$(asked)
    official namespace create bcme --org-id "$organization" --no-prompt
    official orb create bcme/greeter --no-prompt
    official orb publish packed.yml bcme/greeter@dev:main
    official orb publish increment packed.yml bcme/greeter minor
    official orb publish promote bcme/greeter@dev:main patch
    changes "$own" | sed s/bcme/acme/g >theirs
    [ "$(wc -l <own)" -eq 5 ]
    diff own theirs
    [ "$(state '.orbs | map(.versions) | .[0] == .[1]')" = true ]
    # Each goes on where the other stopped.
    slip orb publish promote bcme/greeter@dev:main major
    is out bcme/greeter@1.0.0
    run official orb publish increment packed.yml acme/greeter major
    [ "$status" -eq 0 ]
    [ "$(state '.orbs["acme/greeter"].versions | keys | join(" ")')" = "0.1.0 0.1.1 1.0.0 dev:main" ]
}

#!/usr/bin/env bats
# The project's own pipeline: both halves compile, and what publishes is run against stand-ins.

bats_require_minimum_version 1.5.0

setup_file() {
    load ../cli/moto
    load built
    : >"$BATS_FILE_TMPDIR/servers"
    export RELEASE=$BATS_FILE_TMPDIR/release
    built=$BATS_FILE_TMPDIR/built/slipway
    make_built "$built"
    "$SLIPWAY_SOURCE/.circleci/release/package" "$RELEASE" "x86-64=$built" "arm64=$built" >/dev/null
    version=$("$SLIPWAY_PROGRAM" --version | sed 's/^slipway //')
    export version
}

teardown_file() {
    load ../cli/moto
    stop_servers
}

setup() {
    load ../cli/moto
    cd "$BATS_TEST_TMPDIR"
    release=$SLIPWAY_SOURCE/.circleci/release
    unset CIRCLECI_CLI_TOKEN CIRCLE_TOKEN SLIPWAY_ORB CIRCLE_TAG CIRCLE_BRANCH GITHUB_TOKEN
    export CIRCLE_SHA1=0123456789abcdef0123456789abcdef01234567
    export CIRCLE_ORGANIZATION_ID=0fbf2e6c-0e1c-4a5e-9b3a-6a5d1b1f0a11 no_proxy=127.0.0.1
    : >reference
}

# A registry of its own for the test, and a context with what publishing needs.
begin_registry() {
    start_server "circleci-$BATS_TEST_NUMBER" '(http://[0-9.:]+)' python3 -u "$SLIPWAY_SOURCE/tests/support/circleci_standin.py"
    export CIRCLECI_CLI_HOST=${BASH_REMATCH[1]} CIRCLECI_CLI_TOKEN=owner-token SLIPWAY_ORB=kim/ship
}

state() { curl -sS "$CIRCLECI_CLI_HOST/_state" | jq -r "$1"; }

jobs_of() { jq -r '[.workflows | del(.version)[].jobs[] | if type == "object" then keys[0] else . end] | join(" ")'; }

@test "the first half compiles and has no mistake" {
    "$SLIPWAY_PROGRAM" config validate --strict "$SLIPWAY_SOURCE/.circleci/config.yml"
    jobs=$("$SLIPWAY_PROGRAM" config process --quiet -o json "$SLIPWAY_SOURCE/.circleci/config.yml" | jobs_of)
    [ "$jobs" = "lint test program-x86-64 program-arm64 reproduce-x86-64 reproduce-arm64 package publish-dev continue" ]
}

@test "the second half compiles with the packed orb in it, and with a reference" {
    "$release/continue" --print "$RELEASE" reference >inline.yml
    "$SLIPWAY_PROGRAM" config validate --strict inline.yml
    echo kim/ship@dev:0123456789ab >reference
    "$release/continue" --print "$RELEASE" reference >referred.yml
    grep -qx '  slipway: kim/ship@dev:0123456789ab' referred.yml
    diff <("$SLIPWAY_PROGRAM" config process --quiet inline.yml) \
        <("$SLIPWAY_PROGRAM" config process --quiet referred.yml --orb "kim/ship@dev:0123456789ab=$RELEASE/orb.yml" | sed '/^# Orb /d')
    jobs=$("$SLIPWAY_PROGRAM" config process --quiet -o json inline.yml | jobs_of)
    [ "$jobs" = "install-base install-machine install-alpine deploy publish" ]
}

@test "only the two jobs that publish see the context" {
    "$release/continue" --print "$RELEASE" reference >inline.yml
    for file in "$SLIPWAY_SOURCE/.circleci/config.yml" inline.yml; do
        "$SLIPWAY_PROGRAM" config process --quiet -o json "$file" |
            jq -r '.workflows | del(.version)[].jobs[] | select(type == "object") | to_entries[] | select(.value.context) | .key'
    done >with_context
    [ "$(paste -sd' ' with_context)" = "publish-dev publish" ]
}

# filter_of JOB KIND: the expression that a job's filter of tags or branches has, on standard input the compiled jobs.
filter_of() { jq -r --arg job "$1" --arg kind "$2" 'select(has($job)) | .[$job].filters[$kind] | (.only // .ignore)'; }

@test "every job is built on every branch and tag, and only a version's tag publishes" {
    "$release/continue" --print "$RELEASE" reference >inline.yml
    for file in "$SLIPWAY_SOURCE/.circleci/config.yml" inline.yml; do
        "$SLIPWAY_PROGRAM" config process --quiet -o json "$file" --pipeline-parameters '{"context": "mine"}' |
            jq -c '.workflows | del(.version)[].jobs[]'
    done >job_list
    # A job without a filter is not built on tags, and what requires it would wait for ever.
    [ "$(jq -r 'to_entries[0] | select(.value.filters.tags.only != "/.*/" or .value.filters.branches) | .key' job_list)" = publish ]
    [ "$(jq -r 'to_entries[0] | select(.value.context) | .key + " " + .value.context' job_list | paste -sd,)" = "publish-dev mine,publish mine" ]
    [ "$(filter_of publish branches <job_list)" = '/.*/' ]
    tags=$(filter_of publish tags <job_list)
    tags=${tags:1:-1}
    for tag in v1.2.3 v10.20.30; do
        [[ $tag =~ $tags ]]
    done
    for tag in 1.2.3 v1.2 v1.2.3-rc1 v1.2.3.4 xv1.2.3; do
        [[ ! $tag =~ $tags ]]
    done
}

@test "scripts that the configuration runs are there" {
    grep -ohE '[.]circleci/release/[a-z-]+' "$SLIPWAY_SOURCE/.circleci/config.yml" "$SLIPWAY_SOURCE/.circleci/test-deploy.yml" |
        sort -u >scripts
    [ "$(wc -l <scripts)" -ge 6 ]
    while read -r script; do
        [ -x "$SLIPWAY_SOURCE/$script" ]
    done <scripts
    [ "$("$release/version")" = "$version" ]
}

@test "a development version is published under the commit and the branch, the orb created before" {
    begin_registry
    CIRCLE_BRANCH=Feature/Faster_push run --separate-stderr "$release/publish" dev "$RELEASE" reference
    [ "$status" -eq 0 ]
    [ "$(cat reference)" = kim/ship@dev:0123456789ab ]
    [ "$(state '.orbs["kim/ship"].versions | keys | join(" ")')" = "dev:0123456789ab dev:feature-faster_push" ]
    # The examples name the orb as it is called here, and nothing of the token is told.
    [[ $(state '.orbs["kim/ship"].versions["dev:0123456789ab"]') == *"kim/ship@$version"* ]]
    [[ $output$stderr != *owner-token* ]]
    # Again, as when a job is run again.
    CIRCLE_BRANCH=main "$release/publish" dev "$RELEASE" reference
}

@test "without a context nothing is published, and the packed orb is tested" {
    run "$release/publish" dev "$RELEASE" reference
    [ "$status" -eq 0 ]
    [ "$output" = "nothing is published: CIRCLECI_CLI_TOKEN and SLIPWAY_ORB are not both set" ]
    [ ! -s reference ]
}

@test "a tag publishes the version that it names, once" {
    begin_registry
    CIRCLE_TAG=v9.9.9 run --separate-stderr "$release/publish" production "$RELEASE"
    [ "$status" -eq 1 ]
    [ "$stderr" = "publish: the tag is \"v9.9.9\", and the sources have version $version: set the version in CMakeLists.txt, commit, and tag that commit v$version" ]
    export CIRCLE_TAG=v$version
    "$release/publish" production "$RELEASE"
    "$release/publish" production "$RELEASE"
    [ "$(state '.orbs["kim/ship"].versions | keys | join(" ")')" = "$version" ]
    unset SLIPWAY_ORB
    run --separate-stderr "$release/publish" production "$RELEASE"
    [ "$status" -eq 1 ]
    [ "$stderr" = "publish: SLIPWAY_ORB is not set; it is the orb to publish, such as acme/slipway" ]
}

@test "the pipeline is continued with the key that CircleCI gave" {
    begin_registry
    export CIRCLE_CONTINUATION_KEY=the-key
    run "$release/continue" "$RELEASE" reference
    [ "$status" -eq 0 ]
    [ "$output" = '{"message": "Success"}' ]
    curl -sS "$CIRCLECI_CLI_HOST/_requests" | jq -r '.[-1].body' >sent
    [ "$(jq -r '."continuation-key"' sent)" = the-key ]
    jq -r .configuration sent | diff - <("$release/continue" --print "$RELEASE" reference; echo)
    CIRCLECI_CLI_HOST=$CIRCLECI_CLI_HOST/elsewhere run "$release/continue" "$RELEASE" reference
    [ "$status" -ne 0 ]
}

begin_github() {
    start_server "github-$BATS_TEST_NUMBER" '(http://[0-9.:]+)' python3 -u "$SLIPWAY_SOURCE/tests/support/github_standin.py"
    export GITHUB_API_URL=${BASH_REMATCH[1]} GITHUB_TOKEN=github-token CIRCLE_TAG=v$version
    export CIRCLE_PROJECT_USERNAME=kim CIRCLE_PROJECT_REPONAME=ship
}

@test "the programs are released beside the source, whole or not at all" {
    begin_github
    run "$release/upload" "$RELEASE"
    [ "$status" -eq 0 ]
    [ "${lines[-1]}" = "released https://github.com/kim/ship/releases/1" ]
    curl -sS "$GITHUB_API_URL/_state" >state.json
    [ "$(jq -r '.[] | .tag_name + " " + (.draft | tostring)' state.json)" = "v$version false" ]
    diff <(jq -r '.[0].assets[].name' state.json | sort) <(find "$RELEASE" -type f -printf '%f\n' | sort)
    [ "$(jq -r '.[0].assets[] | select(.name == "orb.yml") | .digest' state.json)" = "sha256:$(sha256sum <"$RELEASE/orb.yml" | cut -d' ' -f1)" ]
    # Again: nothing is sent twice.
    run "$release/upload" "$RELEASE"
    [ "$status" -eq 0 ]
    [ "${lines[0]}" = "SHA256SUMS is there already" ]
    [ "$(curl -sS "$GITHUB_API_URL/_state" | jq -c 'map(.assets | length)')" = "[$(find "$RELEASE" -type f | wc -l)]" ]
}

@test "an upload that breaks off leaves a draft, and the next run ends it" {
    begin_github
    curl -sS --data '' "$GITHUB_API_URL/_break" >/dev/null
    mkdir bin
    # Without curl's own tries, which would hide the break.
    printf '#!/bin/bash\nset -- "${@/--retry/--max-redirs}"\nexec %s "$@"\n' "$(command -v curl)" >bin/curl
    chmod +x bin/curl
    PATH=$PWD/bin:$PATH run "$release/upload" "$RELEASE"
    [ "$status" -ne 0 ]
    [ "$(curl -sS "$GITHUB_API_URL/_state" | jq -c 'map(.draft)')" = '[true]' ]
    run "$release/upload" "$RELEASE"
    [ "$status" -eq 0 ]
    [ "$(curl -sS "$GITHUB_API_URL/_state" | jq -c 'map([.draft, ([.assets[].state] | unique)])')" = '[[false,["uploaded"]]]' ]
}

@test "the repository is what is set, what CircleCI says, or what was cloned" {
    unset CIRCLE_PROJECT_USERNAME CIRCLE_PROJECT_REPONAME SLIPWAY_SOURCE_URL
    mkdir -p clone/.circleci/release
    cp "$release/repository" clone/.circleci/release
    git init -q clone
    repository=clone/.circleci/release/repository
    [ -z "$(GIT_CEILING_DIRECTORIES=$PWD "$repository")" ]
    git -C clone remote add origin x
    for url in git@github.com:kim/ship.git https://github.com/kim/ship https://x:y@github.com/kim/ship.git ssh://git@github.com/kim/ship.git; do
        git -C clone remote set-url origin "$url"
        [ "$("$repository")" = https://github.com/kim/ship ]
    done
    for url in https://github.com.example.com/kim/ship https://example.com/kim/ship.git git@notgithub.com:kim/ship.git /srv/ship; do
        git -C clone remote set-url origin "$url"
        [ -z "$("$repository")" ] || { echo "$url"; return 1; }
    done
    export CIRCLE_PROJECT_USERNAME=ada
    [ -z "$("$repository")" ]
    [ "$(CIRCLE_PROJECT_REPONAME=boat "$repository")" = https://github.com/ada/boat ]
    [ "$(CIRCLE_PROJECT_REPONAME=boat SLIPWAY_SOURCE_URL=https://example.com/x/ "$repository")" = https://example.com/x ]
    CIRCLE_TAG=v1.0.0 GITHUB_TOKEN=t SLIPWAY_SOURCE_URL=https://example.com/x run --separate-stderr "$release/upload" "$RELEASE"
    [ "$status" -eq 1 ]
    [ "$stderr" = 'upload: the sources are at "https://example.com/x", and releases are made on GitHub: set SLIPWAY_SOURCE_URL to https://github.com/OWNER/NAME' ]
}

@test "a wrong token, and a missing one" {
    begin_github
    GITHUB_TOKEN=wrong run --separate-stderr "$release/upload" "$RELEASE"
    [ "$status" -ne 0 ]
    unset GITHUB_TOKEN
    run --separate-stderr "$release/upload" "$RELEASE"
    [ "$status" -eq 1 ]
    [ "$stderr" = "upload: GITHUB_TOKEN is not set" ]
}

# run_job CONFIG NAME OPTION...: the steps of a job on a checkout of these sources, with the variables that CircleCI and the
# context bring; nothing of this machine's own settings is read or written.
run_job() {
    local config=$1
    shift
    mkdir -p home
    run env HOME="$PWD/home" GIT_CONFIG_NOSYSTEM=1 "$SLIPWAY_PROGRAM" local execute "$@" --config "$config" \
        --checkout "$SLIPWAY_SOURCE" --workspace workspace --env CIRCLE_SHA1="$CIRCLE_SHA1" \
        --env CIRCLE_ORGANIZATION_ID="$CIRCLE_ORGANIZATION_ID" --env CIRCLE_PROJECT_USERNAME=kim \
        --env CIRCLE_PROJECT_REPONAME=ship
    [ "$status" -eq 0 ] || { echo "$output"; return 1; }
}

@test "the job that looks at every file runs" {
    for tool in clang-format yamllint shellcheck; do
        command -v "$tool" >/dev/null || skip "$tool is not installed"
    done
    run_job "$SLIPWAY_SOURCE/.circleci/config.yml" lint --skip "Install the tools" --workdir work
    [[ $output == *"Review the orb"* ]]
}

@test "the job that builds again finds a byte that differs" {
    load built
    make_built workspace/programs/arm64/slipway
    mkdir -p work/build/again
    cp workspace/programs/arm64/* work/build/again
    git init -q work
    run_job "$SLIPWAY_SOURCE/.circleci/config.yml" reproduce-arm64 --skip "Install the tools" --skip "Build the arm64 program" --workdir work
    rm -rf work
    mkdir -p work/build/again
    cp workspace/programs/arm64/* work/build/again
    printf x >>work/build/again/slipway
    git init -q work
    run ! run_job "$SLIPWAY_SOURCE/.circleci/config.yml" reproduce-arm64 --skip "Install the tools" --skip "Build the arm64 program" --workdir work
    [[ $output == *"build/again/slipway and build/programs/arm64/slipway differ"* ]]
}

# What build-static leaves is there; the release is tried by tests/release. The rest is as on CircleCI, from the built
# programs to the release beside the source and the version in the registry.
@test "the jobs of a tag run, one after the other" {
    begin_registry
    begin_github
    export CIRCLE_CONTINUATION_KEY=the-key
    first=$SLIPWAY_SOURCE/.circleci/config.yml
    mkdir -p workspace/programs
    load built
    for architecture in x86-64 arm64; do
        make_built "workspace/programs/$architecture/slipway"
    done

    run_job "$first" package --skip "Install the tools" --skip "Try the programs" --workdir package --artifacts artifacts
    ls "workspace/release/v$version" >files
    [ "$(wc -l <files)" -eq 7 ]
    diff -r "workspace/release/v$version" "artifacts/build/release/v$version"
    grep -q github.com/kim/ship "workspace/release/v$version/orb.yml"

    run_job "$first" publish-dev --workdir publish-dev
    [ "$(cat workspace/orb-reference)" = kim/ship@dev:0123456789ab ]
    # A tag is on no branch.
    [ "$(state '.orbs["kim/ship"].versions | keys | join(" ")')" = "dev:0123456789ab" ]

    run_job "$first" continue --workdir continue
    curl -sS "$CIRCLECI_CLI_HOST/_requests" | jq -r '[.[] | select(.path | endswith("/continue"))][-1].body' >sent
    [ "$(jq -r '."continuation-key"' sent)" = the-key ]
    jq -r .configuration sent >second.yml
    grep -qx '  slipway: kim/ship@dev:0123456789ab' second.yml

    # What the cache brings the jobs of the second half.
    mkdir -p publish/build
    cp -R workspace/release publish/build
    git init -q publish
    run_job second.yml publish --workdir publish --orb "kim/ship@dev:0123456789ab=workspace/release/v$version/orb.yml"
    [ "$(curl -sS "$GITHUB_API_URL/_state" | jq -r '.[] | .tag_name + " " + (.draft | tostring)')" = "v$version false" ]
    diff files <(curl -sS "$GITHUB_API_URL/_state" | jq -r '.[0].assets[].name' | LC_ALL=C sort)
    [ "$(state '.orbs["kim/ship"].versions | keys | join(" ")')" = "$version dev:0123456789ab" ]
}

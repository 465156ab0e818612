#!/usr/bin/env bats
# Configurations that do not compile: the file, line and column of the mistake, and exit code 2.

load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    mkdir bin
    ln -s "$SLIPWAY_PROGRAM" bin/slipway
    PATH=$PWD/bin:$PATH
    mkdir .circleci
    cp "$SLIPWAY_SOURCE/tests/demo-project/.circleci/config.yml" .circleci/config.yml
}

process() { run --separate-stderr slipway config process .circleci/config.yml --orb "acme/slipway@1.0.0=$SLIPWAY_SOURCE/orb"; }

edit() { sed -i "$1" .circleci/config.yml; }

@test "the 2019 configuration compiles" {
    [ "$(wc -l <.circleci/config.yml)" -eq 17 ]
    process
    succeeds
    [ "$(grep -c . <<<"$output")" -gt 100 ]
    [ "$stderr" = "" ]
}

@test "a parameter that the job does not have" {
    edit 's/repo: /repository: /'
    process
    ends_with 2 '.circleci/config.yml:*repository*'
}

@test "a parameter with a slip of the pen" {
    edit 's/cluster-name: /cluster-nam: /'
    process
    ends_with 2 '.circleci/config.yml:16:*cluster-nam*'
}

@test "a required parameter is missing" {
    edit '/family:/d'
    process
    ends_with 2 '.circleci/config.yml:*family*'
}

@test "a value of the wrong type" {
    edit "s/repo: 'nginx'/repo: 12/"
    process
    ends_with 2 '.circleci/config.yml:10:*repo*'
}

@test "a job that the orb does not have" {
    edit 's/deploy-service-update/deploy-service/'
    process
    ends_with 2 '.circleci/config.yml:*deploy-service*'
}

@test "an orb that is not given" {
    run --separate-stderr slipway config process .circleci/config.yml
    ends_with 2 '.circleci/config.yml:*acme/slipway@1.0.0*'
}

@test "what is no YAML" {
    printf 'version: 2.1\njobs: [\n' >.circleci/config.yml
    process
    ends_with 2 '.circleci/config.yml:*'
}

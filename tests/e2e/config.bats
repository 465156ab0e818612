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

# finds POSITION TEXT: the first line on stderr says where and what (a glob pattern); nothing is compiled.
finds() {
    ends_with 2 'config file ".circleci/config.yml" is not valid: * error*'
    # shellcheck disable=SC2053 # a pattern on purpose
    if [ "$output" != "" ] || [[ ${stderr_lines[0]} != ".circleci/config.yml:$1: "$2 ]]; then
        printf 'expected %s: %s\ngot %s\n' "$1" "$2" "$stderr"
        return 1
    fi
}

edit() { sed -i "$1" .circleci/config.yml; }

@test "the 2019 configuration compiles" {
    [ "$(wc -l <.circleci/config.yml)" -eq 17 ]
    process
    succeeds
    slipway config process .circleci/config.yml --orb "acme/slipway@1.0.0=$SLIPWAY_SOURCE/orb" >compiled.yml 2>/dev/null
    [ "$stderr" = "compiled .circleci/config.yml: 17 lines became $(wc -l <compiled.yml)" ]
    [ "$(wc -l <compiled.yml)" -gt 300 ]
}

@test "a parameter that the job does not have" {
    edit 's/repo: /repository: /'
    process
    finds 10:11 'Unexpected argument(s): repository; *repo,*'
}

@test "a parameter with a slip of the pen" {
    edit 's/cluster-name: /cluster-nam: /'
    process
    finds 16:11 'Unexpected argument(s): cluster-nam; did you mean "cluster-name"?*'
}

@test "a required parameter is missing" {
    edit '/family:/d'
    process
    finds 12:9 'Missing required argument(s): family'
}

@test "a value of the wrong type" {
    edit "s/repo: 'nginx'/repo: 12/"
    process
    finds 10:17 'Type error for argument repo: expected type: string, actual value: 12 (type integer)'
}

@test "a job that the orb does not have" {
    edit 's/deploy-service-update/deploy-service/'
    process
    finds 12:9 'Cannot find a definition for job named aws-ecs/deploy-service; *deploy-service-update*'
}

@test "an orb that is not given" {
    run --separate-stderr slipway config process .circleci/config.yml
    finds 3:12 'Cannot find acme/slipway@1.0.0: *--orb acme/slipway@1.0.0=PATH*'
}

@test "what is no YAML" {
    printf 'version: 2.1\njobs: [\n' >.circleci/config.yml
    process
    ends_with 2 '.circleci/config.yml:*'
}

#!/usr/bin/env bats
# Every command line of the README is one that the program takes: it gets as far as asking for what is not there.

bats_require_minimum_version 1.5.0
load registry

setup() {
    cd "$BATS_TEST_TMPDIR"
    mkdir -p bin home services/web dist .circleci
    ln -s "$SLIPWAY_PROGRAM" bin/slipway
    ln -s "$SLIPWAY_SOURCE/orb" orb
    # Neither an engine nor a pager is asked.
    printf '#!/bin/sh\nexit 1\n' >bin/docker
    printf '#!/bin/sh\ncat >/dev/null\n' >bin/man
    chmod 755 bin/docker bin/man
    export PATH=$PWD/bin:$PATH HOME=$PWD/home
    # Nobody listens there; nobody is asked to publish without a token.
    export AWS_ENDPOINT_URL=http://127.0.0.1:9 http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 AWS_MAX_ATTEMPTS=1
    export AWS_EC2_METADATA_DISABLED=true
    export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE AWS_SECRET_ACCESS_KEY=secret AWS_REGION=eu-west-1 AWS_ECR_ACCOUNT_URL=127.0.0.1:9
    export REGISTRY=127.0.0.1:9 registry=127.0.0.1:9 CIRCLE_SHA1=0123456789 CIRCLE_BRANCH=feature/login
    unset CIRCLECI_CLI_TOKEN CIRCLE_TOKEN AWS_PROFILE AWS_SESSION_TOKEN AWS_DEFAULT_REGION AWS_CONFIG_FILE BASH_ENV DOCKER_HOST
}

# The files that the commands name.
write_files() {
    NUMBERS=1 make_archive image.tar text web:1
    touch .env.ci services/web/Dockerfile
    echo '{"family": "web", "containerDefinitions": [{"name": "web", "image": "web:1", "memory": 128}]}' >task-definition.json
    echo '{}' | tee lifecycle.json >policy.json
    printf 'services:\n  - service: web\n    image: web=web:2\n' >deploy.yml
    printf 'version: 2.1\njobs: {build: {machine: {image: ubuntu-2404:current}, steps: [run: "true"]}}\nworkflows: {w: {jobs: [build]}}\n' >plain.yml
    printf 'version: 2.1\norbs: {aws-ecr: acme/slipway@1.0.0}\nworkflows: {w: {jobs: [aws-ecr/build_and_push_image: {repo: web, slipway-version: installed}]}}\n' >with-orb.yml
}

# Whole commands, a line each: what ends in a backslash or a pipe goes on, and "..." stands for what is too long to read.
commands() {
    sed -n '/^```sh$/,/^```$/{/^```/!p;}' "$SLIPWAY_SOURCE/README.md" |
        sed -E -e ':more' -e '/(\\|\|)$/{N;s/\\?\n */ /;b more' -e '}' \
            -e "s/sha256:[.]{3}/sha256:$(printf '1%.0s' {1..64})/" -e 's/arn:aws:[.]{3}/arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup\/web\/1/' |
        grep '^slipway '
}

# The headings of a page as GitHub links to them.
anchors() {
    sed -n 's/^##* //p' "$1" | tr '[:upper:]' '[:lower:]' | sed -e 's/[^[:alnum:] _-]//g' -e 's/ /-/g'
}

@test "every link of every page leads somewhere" {
    cd "$SLIPWAY_SOURCE"
    local page link file links=0
    for page in README.md CHANGELOG.md */README.md .circleci/README.md src/*/README.md; do
        while read -r link; do
            file=$(dirname "$page")/${link%%#*}
            [ -n "${link%%#*}" ] || file=$page
            [ -e "$file" ] || { echo "$page: $link"; return 1; }
            if [[ $link == *#* ]]; then anchors "$file" | grep -Fqx -- "${link#*#}" || { echo "$page: $link"; return 1; }; fi
            links=$((links + 1))
        done < <(grep -o ']([^) ]*)' "$page" | sed -e 's/^](//' -e 's/)$//' | grep -v '^https\?:')
    done
    [ "$links" -ge 30 ]
}

@test "the program takes every command of the README" {
    write_files
    commands >commands.txt
    [ "$(wc -l <commands.txt)" -ge 60 ]
    while read -r line; do
        status=0
        case $line in *--orb*) cp with-orb.yml .circleci/config.yml ;; *) cp plain.yml .circleci/config.yml ;; esac
        bash -c "$line" >out 2>err </dev/null || status=$?
        # 2: wrong usage or wrong input; 126 and above: the shell's, or a crash.
        if [ "$status" -eq 2 ] || [ "$status" -ge 126 ]; then
            echo "exit $status: $line"
            cat err
            return 1
        fi
    done <commands.txt
}

#!/usr/bin/env bats
# slipway config process and config validate: what is printed where, and how mistakes are shown.

bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_TMPDIR"
    mkdir -p .circleci
    unset CIRCLE_BRANCH CIRCLE_TAG CIRCLE_SHA1 CIRCLE_REPOSITORY_URL
}

slipway() {
    status=0
    "$SLIPWAY_PROGRAM" "$@" >out 2>err || status=$?
}

# The configuration of 2019, where only the two lines under orbs differ from what its author wrote.
config_of_2019() {
    cat >.circleci/config.yml <<'END'
version: 2.1
orbs:
  aws-ecr: acme/slipway@1.0.0
  aws-ecs: acme/slipway@1.0.0
workflows:
  build-and-deploy:
    jobs:
      - aws-ecr/build_and_push_image:
          account-url: AWS_ECR_ACCOUNT_URL
          repo: 'nginx'
          tag: '${CIRCLE_SHA1}'
      - aws-ecs/deploy-service-update:
          requires:
            - aws-ecr/build_and_push_image
          family: 'kim-app-nginx'
          cluster-name: 'default-kim5'
          container-image-name-updates: 'container=nginx,image-and-tag=${AWS_ECR_ACCOUNT_URL}/nginx:${CIRCLE_SHA1}'
END
}

@test "without a configuration where it is looked for, another one can be named" {
    for command in process validate; do
        slipway config "$command"
        [ "$status" -eq 2 ]
        [ "$(cat err)" = 'error: cannot open ".circleci/config.yml": No such file or directory; name the configuration when it is elsewhere' ]
        slipway config "$command" elsewhere.yml
        [ "$(cat err)" = 'error: cannot open "elsewhere.yml": No such file or directory' ]
    done
}

@test "a simple configuration is printed compiled, and people are told the lines" {
    cat >.circleci/config.yml <<'END'
version: 2.1

# comments and empty lines do not count
jobs:
  build:
    docker: [image: cimg/base:stable]
    steps:
      - run: echo << pipeline.number >>
END
    slipway config process
    [ "$status" -eq 0 ]
    diff - out <<'END'
version: 2
jobs:
  build:
    docker:
    - image: cimg/base:stable
    steps:
    - run:
        command: echo 1
workflows:
  workflow:
    jobs:
    - build
  version: 2
END
    [ "$(cat err)" = "compiled .circleci/config.yml: 6 lines became 13" ]
}

@test "the 2019 configuration compiles against this orb, from its folder and packed" {
    config_of_2019
    slipway config process --orb "acme/slipway@1.0.0=$SLIPWAY_SOURCE/orb"
    [ "$status" -eq 0 ]
    [ "$(head -n 3 out)" = "# Orb 'acme/slipway@1.0.0' resolved to 'acme/slipway@1.0.0'
# Orb 'acme/slipway@1.0.0' resolved to 'acme/slipway@1.0.0'
version: 2" ]
    grep -q '^  aws-ecr/build_and_push_image:$' out
    grep -q '^    - aws-ecs/deploy-service-update:$' out
    [ "$(grep -c '<<.*parameters' out)" -eq 0 ]
    cp out from-folder
    slipway orb pack "$SLIPWAY_SOURCE/orb" --output-file packed.yml
    [ "$status" -eq 0 ]
    slipway config process -o json --orb acme/slipway=packed.yml
    [ "$status" -eq 0 ]
    cp out packed.json
    slipway config process -o json --orb "acme/slipway=$SLIPWAY_SOURCE/orb"
    python3 -c 'import json, sys; a, b = [json.load(open(f)) for f in sys.argv[1:]]; sys.exit(a != b)' \
        out packed.json
    slipway config validate --strict --orb acme/slipway=packed.yml
    [ "$status" -eq 0 ]
    [ "$(cat out)" = 'Config file at ".circleci/config.yml" is valid.' ]
    [ ! -s err ]
}

@test "an orb without a file is an error that names the option" {
    config_of_2019
    slipway config process
    [ "$status" -eq 2 ]
    [ ! -s out ]
    diff - err <<'END'
.circleci/config.yml:3:12: Cannot find acme/slipway@1.0.0: no local file is given for it; add --orb acme/slipway@1.0.0=PATH, where PATH is a packed orb or an orb's source folder
.circleci/config.yml:4:12: Cannot find acme/slipway@1.0.0: no local file is given for it; add --orb acme/slipway@1.0.0=PATH, where PATH is a packed orb or an orb's source folder
error: config file ".circleci/config.yml" is not valid: 2 errors
END
}

@test "a misspelt parameter is shown at its place, with what there is" {
    config_of_2019
    sed -i 's/repo:/repository:/' .circleci/config.yml
    slipway config process --orb "acme/slipway@1.0.0=$SLIPWAY_SOURCE/orb"
    [ "$status" -eq 2 ]
    [ ! -s out ]
    head -n 1 err | grep -q '^\.circleci/config\.yml:10:11: Unexpected argument(s): repository; parameters are: .*, repo, '
    grep -qx "  Error calling workflow: 'build-and-deploy' (.circleci/config.yml:6:3)" err
    grep -qx "  Error calling job: 'aws-ecr/build_and_push_image' (.circleci/config.yml:8:9)" err
    grep -q '^\.circleci/config\.yml:8:9: Missing required argument(s): repo$' err
}

@test "pipeline parameters and values are given as options" {
    cat >c.yml <<'END'
version: 2.1
parameters:
  image: {type: string, default: none}
jobs:
  build:
    docker: [image: << pipeline.parameters.image >>]
    steps: [run: "<< pipeline.git.branch >>"]
END
    echo 'image: from-file' >p.yml
    slipway config process c.yml --pipeline-parameters p.yml --pipeline-value git.branch=main
    [ "$status" -eq 0 ]
    grep -q 'image: from-file' out
    grep -q 'command: main' out
    slipway config process c.yml --pipeline-parameters '{"image": "inline"}'
    grep -q 'image: inline' out
    slipway config process c.yml --pipeline-parameters '{"image": 1}'
    [ "$status" -eq 2 ]
    head -n 1 err | grep -q 'Type error for argument image: expected type: string, actual value: 1 (type integer)'
    slipway config process c.yml --pipeline-value branch
    [ "$status" -eq 2 ]
    slipway config process c.yml --orb noequals
    [ "$status" -eq 2 ]
    [ "$(grep -c -- '--orb: "noequals" must be REF=PATH' err)" -eq 1 ]
}

@test "standard input is read, and a missing file is said" {
    printf 'version: 2.1\njobs: {build: {machine: true, steps: [checkout]}}\n' >c.yml
    slipway config process - <c.yml
    [ "$status" -eq 0 ]
    grep -q '^  build:$' out
    slipway config process gone.yml
    [ "$status" -ne 0 ]
    grep -q '^error: .*gone\.yml' err
}

@test "YAML mistakes have a place" {
    printf 'version: 2.1\njobs:\n  a: 1\n  a: 2\n' >c.yml
    slipway config validate c.yml
    [ "$status" -eq 2 ]
    [ "$(head -n 1 err)" = 'error: c.yml:4:3: mapping key "a" already defined at line 3' ]
}

@test "validate looks at what does not run, process does not" {
    cat >c.yml <<'END'
version: 2.1
jobs:
  build: {machine: true, steps: [checkout]}
  unused: {machine: true, steps: [nowhere]}
workflows:
  w: {jobs: [build]}
END
    slipway config process c.yml
    [ "$status" -eq 0 ]
    slipway config validate c.yml
    [ "$status" -eq 2 ]
    head -n 1 err | grep -q '^c\.yml:4:35: Cannot find a definition for command named nowhere'
}

#!/usr/bin/env bats
# The 2019 configuration, its two jobs run step by step as CircleCI would: from a project with a Dockerfile to
# a new revision that the service runs. Only the orb's reference is answered from this source tree.

load helper

setup_file() {
    begin_sandbox --docker
    project=$BATS_FILE_TMPDIR/project
    cp -R "$SLIPWAY_SOURCE/tests/demo-project" "$project"
    cp "$(command -v busybox)" "$project/busybox"
    git -C "$project" init -q -b main
    git -C "$project" add -A
    git -C "$project" -c user.name=Kim -c user.email=kim@example.com commit -q -m "First page"
    export project
}

teardown_file() { end_sandbox; }

setup() {
    rest_sandbox
    CIRCLE_SHA1=$(git -C "$project" rev-parse HEAD)
    cp "$project/.circleci/config.yml" config.yml
    before=$(facts)
}

# execute JOB WORD...: runs a job of config.yml.
execute() {
    run --separate-stderr slipway local execute "$1" --config config.yml --orb "acme/slipway@1.0.0=$SLIPWAY_SOURCE/orb" \
        --workdir "$BATS_TEST_TMPDIR/work" --checkout "$project" --env "CIRCLE_SHA1=$CIRCLE_SHA1" \
        --timings timings.json "${@:2}"
}

step_names() { jq -r '.[].name' timings.json | paste -sd '|'; }

@test "both jobs, one after the other" {
    execute aws-ecr/build_and_push_image
    succeeds
    [ "$(step_names)" = "Checkout code|Install slipway|Log in to Amazon ECR|Build the image|Push the image to Amazon ECR" ]
    [[ $(registry nginx/tags/list) == *"$CIRCLE_SHA1"* ]]
    rm -rf work
    execute aws-ecs/deploy-service-update
    succeeds
    [ "$(step_names)" = "Install slipway|Deploy kim-app-nginx to default-kim5" ]
    [ "$(newest_revision | jq -r '.taskDefinition.containerDefinitions[0].image')" = "$AWS_ECR_ACCOUNT_URL/nginx:$CIRCLE_SHA1" ]
    [ "$(service_revision)" = "$(newest_arn)" ]
}

@test "a repository is created before the build when the configuration asks for it" {
    sed -i "s/repo: 'nginx'/repo: 'kim\/new'\n          create-repo: true/" config.yml
    execute aws-ecr/build_and_push_image
    succeeds
    [ "$(step_names)" = "Checkout code|Install slipway|Create the repository if it is missing|Log in to Amazon ECR|Build the image|Push the image to Amazon ECR" ]
    [[ $(registry kim/new/tags/list) == *"$CIRCLE_SHA1"* ]]
}

@test "a step that fails ends the job, and the steps behind it do not run" {
    sed -i "s/repo: 'nginx'/repo: 'nginx'\n          dockerfile: missing/" config.yml
    execute aws-ecr/build_and_push_image
    [ "$status" -eq 2 ]
    [[ $stderr$output == *'"missing"'* ]]
    [ "$(jq -r 'map(select(.status != "ok") | .name) | join("|")' timings.json)" = "Build the image|Push the image to Amazon ECR" ]
    [ "$(facts)" = "$before" ]
}

@test "with verification the deployment job follows the rollout and fails with it" {
    sed -i "s/cluster-name: .*/&\n          verify-revision-is-deployed: true\n          poll-interval: 1/" config.yml
    CIRCLE_SHA1=0000000000000000000000000000000000000001
    scenario '{"rollout": "success"}'
    execute aws-ecs/deploy-service-update
    succeeds
    CIRCLE_SHA1=0000000000000000000000000000000000000002
    rm -rf work
    scenario '{"rollout": "fail-rollback"}'
    execute aws-ecs/deploy-service-update
    [ "$status" -eq 11 ]
    [[ $stderr$output == *"rolled back"* ]]
}

@test "no secret is in the output of the jobs" {
    execute aws-ecr/build_and_push_image
    succeeds
    [[ $output$stderr != *"$AWS_SECRET_ACCESS_KEY"* ]]
    [[ $output$stderr != *"$SLIPWAY_SANDBOX_REGISTRY_PASSWORD"* ]]
}

@test "a configuration with the newer names, and steps that bring the keys" {
    cat >keys.sh <<END
export AWS_ACCESS_KEY_ID=$AWS_ACCESS_KEY_ID
export AWS_SECRET_ACCESS_KEY=$AWS_SECRET_ACCESS_KEY
END
    cat >config.yml <<END
version: 2.1
orbs:
  aws-ecr: acme/slipway@1.0.0
  aws-ecs: acme/slipway@1.0.0
workflows:
  build-and-deploy:
    jobs:
      - aws-ecr/build_and_push_image:
          auth:
            - run: {name: Bring the keys, command: cat $PWD/keys.sh >>"\$BASH_ENV"}
          repo: nginx
          tag: newer-\${CIRCLE_SHA1},newest
          path: .
          build_path: .
          extra_build_args: --label by=kim
      - aws-ecs/deploy_service_update:
          requires: [aws-ecr/build_and_push_image]
          auth:
            - run: {name: Bring the keys, command: cat $PWD/keys.sh >>"\$BASH_ENV"}
          family: kim-app-nginx
          cluster: default-kim5
          container_image_name_updates: container=nginx,image-and-tag=\${AWS_ECR_ACCOUNT_URL}/nginx:newer-\${CIRCLE_SHA1}
          container_docker_label_updates: container=nginx,release=newer
          verify_revision_is_deployed: true
          poll_interval: 1
END
    unset AWS_REGION AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    execute aws-ecr/build_and_push_image
    succeeds
    [ "$(step_names)" = "Checkout code|Bring the keys|Install slipway|Log in to Amazon ECR|Build the image|Push the image to Amazon ECR" ]
    [[ $(registry nginx/tags/list) == *"newer-$CIRCLE_SHA1"* ]]
    [[ $(registry nginx/tags/list) == *newest* ]]
    rm -rf work
    execute aws-ecs/deploy_service_update
    succeeds
    [ "$(newest_revision | jq -r '.taskDefinition.containerDefinitions[0].image')" = "$AWS_ECR_ACCOUNT_URL/nginx:newer-$CIRCLE_SHA1" ]
    [ "$(newest_revision | jq -r '.taskDefinition.containerDefinitions[0].dockerLabels.release')" = newer ]
}

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
    [ "$(step_names)" = "Install slipway|Deploy the service" ]
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
    without_pauses
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

# newest_deploy PARAMETER...: runs a deployment with the newer names and these further parameters.
newest_deploy() {
    cat >config.yml <<END
version: 2.1
orbs:
  aws-ecs: acme/slipway@1.0.0
workflows:
  deploy:
    jobs:
      - aws-ecs/deploy_service_update:
          family: kim-app-nginx
          cluster: default-kim5
END
    printf '          %s\n' "$@" >>config.yml
    rm -rf work
    execute aws-ecs/deploy_service_update
}

present_service() { moto_ecs DescribeServices '{"cluster":"default-kim5","services":["kim-app-nginx"]}' | jq '.services[0]'; }

@test "the newer names: tags, the number of tasks, and a revision to start from" {
    base=$(newest_revision | jq -r .taskDefinition.revision)
    newest_deploy 'container_env_var_updates: container=nginx,name=STEP,value=1' \
        'task_definition_tags: key=stage,value=prod key=by,value=${CIRCLE_SHA1:0:7}' 'desired_count: "1"'
    succeeds
    [ "$(service_revision)" = "$(newest_arn)" ]
    [ "$(newest_revision | jq -c '[.tags[] | select(.key == "stage" or .key == "by") | .value]')" = "[\"prod\",\"${CIRCLE_SHA1:0:7}\"]" ]
    [ "$(present_service | jq .desiredCount)" = 1 ]
    newest_deploy 'container_env_var_updates: container=nginx,name=OTHER,value=2' "previous_revision_number: '$base'"
    succeeds
    [ "$(service_revision)" = "$(newest_arn)" ]
    [ "$(newest_revision | jq -c '[.taskDefinition.containerDefinitions[0].environment[].name] | [any(. == "OTHER"), any(. == "STEP")]')" = "[true,false]" ]
}

@test "the newer names: the newest revision as it is" {
    moto_ecs RegisterTaskDefinition "$(newest_revision | jq -c '{family: .taskDefinition.family, containerDefinitions: .taskDefinition.containerDefinitions}')" >/dev/null
    newest=$(newest_arn)
    [ "$(service_revision)" != "$newest" ]
    newest_deploy 'skip_task_definition_registration: true'
    succeeds
    [ "$(service_revision)" = "$newest" ]
    [ "$(newest_arn)" = "$newest" ]
}

@test "the newer names: what is not done is said, and nothing is deployed" {
    while IFS='|' read -r parameters expected; do
        IFS=';' read -ra words <<<"$parameters"
        newest_deploy "${words[@]}"
        [ "$status" -eq 2 ]
        [[ $stderr$output == *"error: $expected"* ]]
        [ "$(facts)" = "$before" ]
    done <<'END'
codedeploy_application_name: kim|the codedeploy_ parameters and deployment_config_name are for services whose controller is CodeDeploy
deployment_config_name: kim|the codedeploy_ parameters
public_ip: ENABLED|subnets, security_groups, public_ip, target_group
subnets: subnet-1|subnets, security_groups, public_ip, target_group
create_service: true;service_name: made;target_group: "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/t/0123456789abcdef"|
skip_task_definition_registration: true;previous_revision_number: "1"|skip_task_definition_registration deploys the newest revision as it is
END
}

# newest_build PARAMETER...: runs a build with these further parameters.
newest_build() {
    cat >config.yml <<END
version: 2.1
orbs:
  aws-ecr: acme/slipway@1.0.0
workflows:
  build:
    jobs:
      - aws-ecr/build_and_push_image:
END
    printf '          %s\n' "$@" >>config.yml
    rm -rf work
    execute aws-ecr/build_and_push_image
}

@test "the newer names: a repository with its policies" {
    printf '{"Version": "2012-10-17", "Statement": [{"Sid": "pull", "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}]}' >policy.json
    printf '{"rules": [{"rulePriority": 1, "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1}, "action": {"type": "expire"}}]}' >lifecycle.json
    newest_build 'repo: kim/policies' 'create_repo: true' 'set_repo_policy: true' "repo_policy_path: $PWD/policy.json" \
        "lifecycle_policy_path: $PWD/lifecycle.json" 'tag: a,b' 'binfmt_version: x' 'repo_image_tag_mutability: IMMUTABLE'
    succeeds
    [ "$(step_names)" = "Checkout code|Install slipway|Create the repository if it is missing|Set the repository policy|Set the lifecycle policy|Log in to Amazon ECR|Build the image|Push the image to Amazon ECR" ]
    [ "$(registry kim/policies/tags/list | jq -c '.tags | sort')" = '["a","b"]' ]
}

@test "the newer names: nothing is built when every tag is there" {
    newest_build 'repo: nginx' 'tag: skip-1' 'skip_when_tags_exist: true'
    succeeds
    [[ $(registry nginx/tags/list) == *skip-1* ]]
    newest_build 'repo: nginx' 'tag: skip-1' 'skip_when_tags_exist: true' 'dockerfile: missing'
    succeeds
    [[ $output$stderr == *"every tag is there already"* ]]
    newest_build 'repo: nginx' 'tag: skip-1,skip-2' 'skip_when_tags_exist: true'
    succeeds
    [[ $(registry nginx/tags/list) == *skip-2* ]]
}

@test "the newer names: a build that is not pushed, and builds that cannot be" {
    newest_build 'repo: nginx' 'tag: unpushed' 'push_image: false'
    succeeds
    [[ $(registry nginx/tags/list) != *unpushed* ]]
    while IFS='|' read -r parameter expected; do
        IFS=';' read -ra words <<<"$parameter"
        newest_build 'repo: nginx' 'tag: refused' "${words[@]}"
        [ "$status" -eq 2 ]
        [[ $stderr$output == *"error: $expected"* ]]
    done <<'END'
remote_docker_layer_caching: true|remote_docker_layer_caching needs setup_remote_docker
container_registry_login: true|container_registry_login is on, but there are no steps in registry_login
public_registry: true;lifecycle_policy_path: p.json|lifecycle_policy_path is for private registries
set_repo_policy: true|there is no file with the repository policy
END
    [[ $(registry nginx/tags/list) != *refused* ]]
}

@test "the newer names: a revision is registered, with changes or from a file, and followed once it is deployed" {
    cat >config.yml <<END
version: 2.1
orbs:
  aws-ecs: acme/slipway@1.0.0
jobs:
  own-steps:
    docker: [{image: cimg/base:2025.01}]
    steps:
      - aws-ecs/update_task_definition:
          family: kim-app-nginx
          container_docker_label_updates: container=nginx,release=own
          extra_command_label: " (own)"
      - aws-ecs/update_service: {family: kim-app-nginx, cluster: default-kim5, skip_task_definition_registration: true}
      - aws-ecs/verify_revision_is_deployed:
          family: kim-app-nginx
          cluster: default-kim5
          task_definition_arn: \${CCI_ORB_AWS_ECS_REGISTERED_TASK_DFN}
          poll_interval: 1
workflows:
  register:
    jobs:
      - own-steps
      - aws-ecs/update_task_definition: {family: kim-app-nginx, container_env_var_updates: "container=nginx,name=BY,value=job"}
      - aws-ecs/update_task_definition_from_json: {task_definition_json: $PWD/from.json, rule_name: r}
      - aws-ecs/update_task_definition: {name: scheduled, family: kim-app-nginx, deploy_scheduled_task: true, rule_name: nightly}
END
    execute own-steps
    succeeds
    put="Install slipway"
    [ "$(step_names)" = "$put|Register the task definition (own)|$put|Deploy the service|$put|Follow the rollout" ]
    [ "$(newest_revision | jq -r '.taskDefinition.containerDefinitions[0].dockerLabels.release')" = own ]
    [ "$(service_revision)" = "$(newest_arn)" ]
    running=$(service_revision)
    rm -rf work
    execute aws-ecs/update_task_definition
    succeeds
    [ "$(newest_revision | jq -r '.taskDefinition.containerDefinitions[0].environment[] | select(.name == "BY") | .value')" = job ]
    newest_revision | jq '.taskDefinition | .containerDefinitions |= map(.dockerLabels.release = "file") |
        .volumes = [{name: "cache"}] | .executionRoleArn = "arn:aws:iam::123456789012:role/r"' >from.json
    rm -rf work
    execute aws-ecs/update_task_definition_from_json
    succeeds
    [ "$(newest_revision | jq -r '.taskDefinition.containerDefinitions[0].dockerLabels.release')" = file ]
    moto events AWSEvents.PutRule '{"Name": "nightly", "ScheduleExpression": "rate(1 day)"}' >/dev/null
    moto events AWSEvents.PutTargets "$(jq -nc --arg t "$running" '{Rule: "nightly", Targets: [{Id: "a", RoleArn: "arn:aws:iam::123456789012:role/r",
        Arn: "arn:aws:ecs:us-east-1:123456789012:cluster/default-kim5", EcsParameters: {TaskDefinitionArn: $t, TaskCount: 1}}]}')" >/dev/null
    sed -i 's/name: scheduled, family: kim-app-nginx,/& container_env_var_updates: "container=nginx,name=BY,value=night",/' config.yml
    rm -rf work
    execute scheduled
    succeeds
    [ "$(moto events AWSEvents.ListTargetsByRule '{"Rule": "nightly"}' | jq -r '.Targets[0].EcsParameters.TaskDefinitionArn')" = "$(newest_arn)" ]
    [ "$(service_revision)" = "$running" ]
}

@test "the newer names: two images in one job of one's own, each as one step" {
    cat >config.yml <<END
version: 2.1
orbs:
  aws-ecr: acme/slipway@1.0.0
jobs:
  two:
    machine: {image: ubuntu-2404:current}
    steps:
      - aws-ecr/build_and_push_image: {repo: nginx, tag: first, auth: [run: {name: Sign in, command: "true"}]}
      - run: {name: Move the Dockerfile, command: mkdir sub && mv Dockerfile sub/}
      - aws-ecr/build_and_push_image: {repo: nginx, tag: second, path: sub, checkout: false, skip_when_tags_exist: true}
workflows:
  build:
    jobs: [two]
END
    execute two
    succeeds
    one="Install slipway|Log in to Amazon ECR"
    both="Build the image|Push the image to Amazon ECR"
    [ "$(step_names)" = "Checkout code|Sign in|$one|$both|Move the Dockerfile|$one|Look for the tags|$both" ]
    [ "$(registry nginx/tags/list | jq '.tags | index("first") != null and index("second") != null')" = true ]
}

@test "the newer names: the small steps, each by itself" {
    printf '{"Version": "2012-10-17", "Statement": [{"Sid": "pull", "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}]}' >policy.json
    cat >config.yml <<END
version: 2.1
orbs:
  aws-ecr: acme/slipway@1.0.0
jobs:
  small-steps:
    machine: {image: ubuntu-2404:current}
    steps:
      - checkout
      - aws-ecr/ecr_login
      - aws-ecr/create_repo: {repo: kim/small, repo_tag: "Key=stage,Value=test"}
      - aws-ecr/tag_repo: {repo: kim/small, tag: '[{\\"Key\\": \\"team\\", \\"Value\\": \\"web one\\"}]'}
      - run: cp $PWD/policy.json .
      - aws-ecr/set_repo_policy: {repo: kim/small, repo_policy_path: policy.json}
      - aws-ecr/build_image: {repo: kim/small, tag: one, push_image: false}
      - aws-ecr/push_image: {repo: kim/small, tag: one}
      - run: echo "it is \$SLIPWAY_IMAGE"
      - aws-ecr/tag_image: {repo: kim/small, source_tag: one, target_tag: "two,three"}
      - aws-ecr/build_image: {repo: kim/small, tag: four, extra_build_args: --label other=1}
      - aws-ecr/tag_image: {repo: kim/small, source_tag: four, target_tag: "two,five", skip_when_tags_exist: true}
workflows:
  small:
    jobs: [small-steps]
END
    execute small-steps
    succeeds
    [ "$(registry kim/small/tags/list | jq -c '.tags | sort')" = '["five","four","one","three","two"]' ]
    digest() { slipway image digest "$AWS_ECR_ACCOUNT_URL/kim/small:$1"; }
    [ "$(digest two)" = "$(digest one)" ]
    [ "$(digest five)" = "$(digest four)" ]
    [[ $output$stderr == *"it is $AWS_ECR_ACCOUNT_URL/kim/small@$(digest one)"* ]]
    tags=$(moto_ecr ListTagsForResource '{"resourceArn":"arn:aws:ecr:us-east-1:123456789012:repository/kim/small"}')
    [ "$(jq -c '[.tags[] | .Value] | sort' <<<"$tags")" = '["test","web one"]' ]
}

@test "the newer names: a one-off task, as a job, with its output in a file and its exit code" {
    without_pauses
    cat >config.yml <<END
version: 2.1
orbs:
  aws-ecs: acme/slipway@1.0.0
workflows:
  migrate:
    jobs:
      - aws-ecs/run_task:
          cluster: default-kim5
          task_definition: kim-app-nginx
          awsvpc: false
          wait_task_stopped: true
          exit_code_from: nginx
          run_task_output: facts.json
          overrides: '{"containerOverrides": [{"name": "nginx", "command": ["migrate", "\${CIRCLE_SHA1:0:7}"]}]}'
END
    execute aws-ecs/run_task
    succeeds
    [[ $(jq -r '.tasks[0].taskArn' work/facts.json) == arn:aws:ecs:us-east-1:123456789012:task/default-kim5/* ]]
    scenario '{"task": {"exitCode": 42}}'
    rm -rf work
    execute aws-ecs/run_task
    [ "$status" -eq 42 ]
    sed -i 's/awsvpc: false/awsvpc: true/' config.yml
    rm -rf work
    execute aws-ecs/run_task
    [ "$status" -eq 2 ]
    [[ $output$stderr == *"awsvpc needs subnets"* ]]
}

# service NAME: a service with a task definition and a container of that name.
service() {
    moto_ecs RegisterTaskDefinition "$(jq -nc --arg n "$1" '{family: $n, networkMode: "bridge",
        containerDefinitions: [{name: $n, image: "old", memory: 64, essential: true}]}')" >/dev/null
    moto_ecs CreateService "$(jq -nc --arg n "$1" '{cluster: "default-kim5", serviceName: $n, taskDefinition: $n,
        desiredCount: 1}')" >/dev/null
}

image_of() { moto_ecs DescribeTaskDefinition "{\"taskDefinition\": \"$1\"}" | jq -r '.taskDefinition.containerDefinitions[0].image'; }

@test "eight lines: build, push, deploy this very image and wait" {
    without_pauses
    cat >config.yml <<'END'
version: 2.1
orbs:
  slipway: acme/slipway@1.0.0
workflows:
  ship:
    jobs:
      - slipway/ship:
          cluster: default-kim5
END
    [ "$(wc -l <config.yml)" -eq 8 ]
    service web
    moto_ecr CreateRepository '{"repositoryName": "web"}' >/dev/null
    # Nothing says that the only container gets the image, nor, from now on, that the one of the repository does.
    execute slipway/ship --env CIRCLE_PROJECT_REPONAME=web
    succeeds
    [ "$(step_names)" = "Checkout code|Install slipway|Log in to Amazon ECR|Build the image|Push the image to Amazon ECR|Deploy the service" ]
    [ "$(image_of web)" = "$AWS_ECR_ACCOUNT_URL/web@$(slipway image digest "$AWS_ECR_ACCOUNT_URL/web:$CIRCLE_SHA1")" ]
    [[ $output$stderr == *"completed after"* ]]
    # Again: the very image runs already.
    rm -rf work
    execute slipway/ship --env CIRCLE_PROJECT_REPONAME=web
    succeeds
    moto_ecs RegisterTaskDefinition "$(moto_ecs DescribeTaskDefinition '{"taskDefinition": "web"}' | jq -c '.taskDefinition |
        {family, containerDefinitions: [{name: "side", image: "nginx", memory: 64}, (.containerDefinitions[0] | .name = "app")]}')" >/dev/null
    CIRCLE_SHA1=1111111111111111111111111111111111111111
    rm -rf work
    execute slipway/ship --env CIRCLE_PROJECT_REPONAME=web
    succeeds
    [[ $output$stderr == *'the image goes to container "app" of task definition web:'* ]]
    scenario '{"rollout": "fail-rollback"}'
    echo "<p>two" >>"$project/site/index.html"
    rm -rf work
    execute slipway/ship --env CIRCLE_PROJECT_REPONAME=web
    git -C "$project" checkout -q .
    [ "$status" -eq 11 ]
}

@test "the very image that was pushed goes to the deployment through the workspace" {
    cat >config.yml <<'END'
version: 2.1
orbs:
  aws-ecr: acme/slipway@1.0.0
  aws-ecs: acme/slipway@1.0.0
workflows:
  build-and-deploy:
    jobs:
      - aws-ecr/build_and_push_image: {repo: nginx, tag: moving, image_file: pushed/image}
      - aws-ecs/deploy-service-update:
          requires: [aws-ecr/build_and_push_image]
          family: kim-app-nginx
          cluster-name: default-kim5
          attach-workspace: true
          image-file: pushed/image
          container-image-name-updates: container=nginx,image-and-tag=${SLIPWAY_IMAGE}
      - aws-ecs/deploy_service_update:
          requires: [aws-ecr/build_and_push_image]
          family: kim-app-nginx
          cluster: default-kim5
          attach_workspace: true
          image_file: pushed/image
          container_image_name_updates: container=nginx,image-and-tag=${SLIPWAY_IMAGE}
          container_env_var_updates: container=nginx,name=BY,value=${SLIPWAY_IMAGE##*@}
END
    execute aws-ecr/build_and_push_image --workspace "$PWD/workspace"
    succeeds
    image=$AWS_ECR_ACCOUNT_URL/nginx@$(slipway image digest "$AWS_ECR_ACCOUNT_URL/nginx:moving")
    [ "$(cat workspace/pushed/image)" = "$image" ]
    rm -rf work
    execute aws-ecs/deploy-service-update --workspace "$PWD/workspace"
    succeeds
    [ "$(image_of kim-app-nginx)" = "$image" ]
    rm -rf work
    execute aws-ecs/deploy_service_update --workspace "$PWD/workspace"
    succeeds
    [ "$(newest_revision | jq -r '.taskDefinition.containerDefinitions[0].environment[] | select(.name == "BY") | .value')" = "${image##*@}" ]
}

@test "one image for several services, with the facts as artifacts" {
    without_pauses
    cat >config.yml <<'END'
version: 2.1
orbs:
  slipway: acme/slipway@1.0.0
workflows:
  ship:
    jobs:
      - slipway/ship:
          cluster: default-kim5
          services: many-web, ${SECOND}
          create_repo: true
          poll_interval: 1
          report_file: facts.json
          summary_file: summary.md
      - slipway/deploy_services:
          checkout: true
          deploy_file: deploy.yml
          cluster: default-kim5
          poll_interval: 1
END
    service many-web
    service many-log
    SECOND=many-log execute slipway/ship --env CIRCLE_PROJECT_REPONAME=kim/many-shipped --artifacts artifacts
    succeeds
    image=$AWS_ECR_ACCOUNT_URL/kim/many-shipped@$(slipway image digest "$AWS_ECR_ACCOUNT_URL/kim/many-shipped:$CIRCLE_SHA1")
    [ "$(image_of many-web)" = "$image" ]
    [ "$(image_of many-log)" = "$image" ]
    [ "$(jq -r '[.services[].rollout.verdict] | join(" ")' artifacts/facts.json)" = "succeeded succeeded" ]
    [ "$(grep -c '^## Deployment of ' artifacts/summary.md)" -eq 2 ]
    # Artifacts are kept of a deployment that fails, too.
    scenario '{"rollout": "fail-rollback"}'
    echo "<p>many" >>"$project/site/index.html"
    rm -rf work artifacts
    SECOND=many-log execute slipway/ship --env CIRCLE_PROJECT_REPONAME=kim/many-shipped --artifacts artifacts
    git -C "$project" checkout -q .
    [ "$status" -eq 11 ]
    [ "$(jq .exitCode artifacts/facts.json)" -eq 11 ]
    grep -q '^## Deployment of many-log: failed (exit 11)$' artifacts/summary.md
    # As a file says.
    scenario '{"rollout": "success"}'
    printf 'services:\n- {service: many-web, env: {many-web: {A: "${CIRCLE_SHA1:0:3}"}}}\n- {service: many-log, wave: 1, image: "r/log:2"}\n' >"$project/deploy.yml"
    rm -rf work
    execute slipway/deploy_services
    rm "$project/deploy.yml"
    succeeds
    [ "$(image_of many-log)" = r/log:2 ]
    [ "$(moto_ecs DescribeTaskDefinition '{"taskDefinition": "many-web"}' | jq -r '.taskDefinition.containerDefinitions[0].environment[0].value')" = "${CIRCLE_SHA1:0:3}" ]
}

@test "one push to several registries, as a job" {
    mkdir docker
    export DOCKER_CONFIG=$PWD/docker
    newest_build 'repo: kim/many' 'tag: one,two' 'create_repo: true' 'additional_registries: "${SECOND}, ${AWS_ECR_ACCOUNT_URL}"' 'skip_when_tags_exist: true'
    [ "$status" -eq 2 ]
    [[ $output$stderr == *'variable "SECOND" is not set'* ]]
    export SECOND=$SLIPWAY_SANDBOX_REGISTRY
    newest_build 'repo: kim/many' 'tag: one,two' 'create_repo: true' 'additional_registries: "${SECOND}, ${AWS_ECR_ACCOUNT_URL}"' 'skip_when_tags_exist: true' 'image_file: pushed'
    succeeds
    digest=$(slipway image digest "$AWS_ECR_ACCOUNT_URL/kim/many:one")
    for name in "$AWS_ECR_ACCOUNT_URL/kim/many:one" "$AWS_ECR_ACCOUNT_URL/kim/many:two" "$SECOND/kim/many:one" "$SECOND/kim/many:two"; do
        [[ $output == *"$name@$digest"* ]]
    done
    # Docker is logged in to each, and the name that is left is of the first.
    [ "$(jq -r '.auths | keys | sort | join(" ")' docker/config.json)" = "$(printf '%s\n' "$AWS_ECR_ACCOUNT_URL" "$SECOND" | sort | paste -sd ' ')" ]
    [ "$(cat work/pushed)" = "$AWS_ECR_ACCOUNT_URL/kim/many@$digest" ]
    newest_build 'repo: kim/many' 'public_registry: true' 'additional_registries: eu-west-1'
    [ "$status" -eq 2 ]
    [[ $output$stderr == *'error: additional_registries is for private registries; '* ]]
}

@test "old revisions go, as a job" {
    cat >config.yml <<'END'
version: 2.1
orbs:
  slipway: acme/slipway@1.0.0
workflows:
  clear:
    jobs:
      - slipway/deregister: {name: look, family: many, keep: 2, dry_run: true}
      - slipway/deregister: {name: clear, family: many, keep: 2, cluster: default-kim5}
      - slipway/deregister: {name: wrong, family: "many:3"}
END
    for i in 1 2 3 4; do
        moto_ecs RegisterTaskDefinition '{"family": "many", "containerDefinitions": [{"name": "a", "image": "r/a:'$i'", "memory": 64}]}' >/dev/null
    done
    left() { moto_ecs ListTaskDefinitions '{"familyPrefix": "many"}' | jq -r '[.taskDefinitionArns[] | split("/")[1]] | join(" ")'; }
    execute look
    succeeds
    [[ $output == *"would deregister many:1"*"would deregister many:2"* ]]
    [ "$(left)" = "many:1 many:2 many:3 many:4" ]
    rm -rf work
    execute clear
    succeeds
    [ "$(left)" = "many:3 many:4" ]
    rm -rf work
    before=$(calls)
    execute wrong
    [ "$status" -eq 2 ]
    [[ $output$stderr == *"--family takes a family, not one of its revisions: give many"* ]]
    [ "$(calls)" = "$before" ]
}

@test "a rollback, as a job" {
    newest_deploy 'container_env_var_updates: container=nginx,name=STEP,value=to-be-undone'
    before=$(service_revision)
    cat >config.yml <<'END'
version: 2.1
orbs:
  slipway: acme/slipway@1.0.0
workflows:
  undo:
    jobs:
      - slipway/rollback: {cluster: default-kim5, service_name: kim-app-nginx, poll_interval: 1}
END
    rm -rf work
    execute slipway/rollback
    succeeds
    [ "$(service_revision)" != "$before" ]
}

@test "the newer names: a service that does not exist is made" {
    newest_deploy 'service_name: made' 'create_service: true' 'desired_count: "1"' 'verify_revision_is_deployed: true' 'poll_interval: 1' \
        'target_group: arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/t/0123456789abcdef' \
        'container_name: nginx' 'container_port: "80"' 'container_env_var_updates: container=nginx,name=STEP,value=made'
    succeeds
    made=$(moto_ecs DescribeServices '{"cluster":"default-kim5","services":["made"]}' | jq -c '.services[0]')
    [ "$(jq -r .taskDefinition <<<"$made")" = "$(newest_arn)" ]
    [ "$(jq -r .desiredCount <<<"$made")" = 1 ]
    [ "$(jq -c '.loadBalancers[0] | [.containerName, .containerPort]' <<<"$made")" = '["nginx",80]' ]
    # Again: it is updated.
    newest_deploy 'service_name: made' 'create_service: true' 'container_env_var_updates: container=nginx,name=STEP,value=again'
    succeeds
}

@test "an image is promoted to other repositories, and the copy is deployed by its digest" {
    cat >config.yml <<'END'
version: 2.1
orbs:
  slipway: acme/slipway@1.0.0
workflows:
  promote:
    jobs:
      - slipway/build_and_push_image: {repo: nginx, tag: candidate}
      - slipway/promote_image:
          requires: [slipway/build_and_push_image]
          from: ${AWS_ECR_ACCOUNT_URL}/nginx:candidate
          to: ${AWS_ECR_ACCOUNT_URL}/kim/release:stable ${AWS_ECR_ACCOUNT_URL}/kim/copies
          image_file: promoted
      - slipway/deploy_service_update:
          requires: [slipway/promote_image]
          family: kim-app-nginx
          cluster: default-kim5
          attach_workspace: true
          image_file: promoted
          container_image_name_updates: container=nginx,image-and-tag=${SLIPWAY_IMAGE}
END
    for name in kim/release kim/copies; do
        moto_ecr CreateRepository "{\"repositoryName\": \"$name\"}" >/dev/null
    done
    execute slipway/build_and_push_image
    succeeds
    rm -rf work
    execute slipway/promote_image --workspace "$PWD/workspace"
    succeeds
    digest=$(slipway image digest "$AWS_ECR_ACCOUNT_URL/nginx:candidate")
    [ "$(slipway image digest "$AWS_ECR_ACCOUNT_URL/kim/release:stable")" = "$digest" ]
    [ "$(slipway image digest "$AWS_ECR_ACCOUNT_URL/kim/copies:candidate")" = "$digest" ]
    rm -rf work
    execute slipway/deploy_service_update --workspace "$PWD/workspace"
    succeeds
    [ "$(image_of kim-app-nginx)" = "$AWS_ECR_ACCOUNT_URL/kim/release@$digest" ]
}

#!/usr/bin/env bats
# Deploying with the orb's update-service step: what works, and every way in which a configuration can be
# wrong. A failure has its exit code, says one thing, and changes nothing it should not.

load helper

setup_file() { begin_sandbox; }
teardown_file() { end_sandbox; }

setup() {
    rest_sandbox
    deploy_parameters
    before=$(facts)
}

unchanged() {
    [ "$(facts)" = "$before" ] || { diff <(echo "$before") <(facts); return 1; }
}

@test "a deployment registers a revision with the new image and nothing else changed" {
    old=$(newest_revision)
    step update-service
    succeeds
    new=$(newest_revision)
    [ "$(service_revision)" = "$(newest_arn)" ]
    [ "$(jq -r '.taskDefinition.containerDefinitions[0].image' <<<"$new")" = "$AWS_ECR_ACCOUNT_URL/nginx:$CIRCLE_SHA1" ]
    strip='del(.taskDefinition | .taskDefinitionArn, .revision, .registeredAt, .containerDefinitions[0].image)'
    diff <(jq -S "$strip" <<<"$old") <(jq -S "$strip" <<<"$new")
}

@test "a deployment takes at most four calls" {
    export CIRCLE_SHA1=four-calls
    step update-service
    succeeds
    [ "$(calls)" -le 4 ]
    [ "$(calls UpdateService)" -eq 1 ]
    [ "$(calls RegisterTaskDefinition)" -eq 1 ]
}

@test "later steps get the new revision" {
    export CIRCLE_SHA1=later-steps
    step update-service
    succeeds
    arn=$(newest_arn)
    [ "$(bash -c 'echo "$CCI_ORB_AWS_ECS_REGISTERED_TASK_DFN"')" = "$arn" ]
    [ "$(bash -c 'echo "$CCI_ORB_AWS_ECS_DEPLOYED_REVISION"')" = "$arn" ]
}

@test "no keys" {
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    step update-service
    ends_with 3 '*AWS_ACCESS_KEY_ID*'
    unchanged
}

@test "a wrong secret key" {
    export AWS_SECRET_ACCESS_KEY=wrong/Secret
    step update-service
    ends_with 3 '*InvalidSignatureException*'
    [[ $stderr != *wrong/Secret* ]]
    unchanged
}

@test "an unknown access key" {
    export AWS_ACCESS_KEY_ID=AKIANOTKNOWNATALL000
    step update-service
    ends_with 3 '*UnrecognizedClientException*'
    unchanged
}

@test "an expired session token" {
    export AWS_ACCESS_KEY_ID=ASIASLIPWAYEXPIRED00 AWS_SECRET_ACCESS_KEY=expired/Secret+Key/0123456789abcdefghijk
    export AWS_SESSION_TOKEN=expired-token-of-the-sandbox
    step update-service
    ends_with 3 '*ExpiredTokenException*'
    [[ $stderr != *expired-token-of-the-sandbox* ]]
    unchanged
}

@test "temporary keys with their session token work" {
    export AWS_ACCESS_KEY_ID=ASIASLIPWAYSESSION00 AWS_SECRET_ACCESS_KEY=session/Secret+Key/0123456789abcdefghijk
    export AWS_SESSION_TOKEN=session-token-of-the-sandbox CIRCLE_SHA1=temporary-keys
    step update-service
    succeeds
    [ "$(service_revision)" = "$(newest_arn)" ]
}

@test "keys in variables of one's own work, by name and by reference" {
    export OWN_KEY=$AWS_ACCESS_KEY_ID OWN_SECRET=$AWS_SECRET_ACCESS_KEY CIRCLE_SHA1=own-keys
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
    export SLIPWAY_ACCESS_KEY_VAR=OWN_KEY SLIPWAY_SECRET_KEY_VAR='${OWN_SECRET}'
    step update-service
    succeeds
}

@test "no region" {
    unset AWS_REGION AWS_DEFAULT_REGION
    step update-service
    ends_with 2 '*AWS_REGION*'
    unchanged
}

@test "a region that is none" {
    export AWS_REGION='us east 1'
    step update-service
    ends_with 2 '*us east 1*'
    unchanged
}

@test "an unknown family" {
    export SLIPWAY_FAMILY=kim-app-apache
    step update-service
    ends_with 1 '*kim-app-apache*'
    unchanged
}

@test "an unknown family of a service that exists" {
    export SLIPWAY_FAMILY=kim-app-apache SLIPWAY_SERVICE=kim-app-nginx
    step update-service
    ends_with 1 '*kim-app-apache*'
    unchanged
}

@test "an unknown cluster" {
    export SLIPWAY_CLUSTER=default-kim6
    step update-service
    ends_with 1 '*default-kim6*'
    unchanged
}

@test "an unknown service" {
    export SLIPWAY_SERVICE=kim-app-apache
    step update-service
    ends_with 1 '*kim-app-apache*default-kim5*'
    unchanged
}

@test "a container name that the task definition does not have" {
    export SLIPWAY_IMAGE_UPDATES='container=web,image-and-tag=nginx:1'
    step update-service
    ends_with 2 'container "web" is not in task definition kim-app-nginx:*; it has: nginx, log-router'
    unchanged
}

@test "a malformed update string" {
    for updates in 'container=nginx' 'nginx=1' 'container=nginx,colour=red'; do
        export SLIPWAY_IMAGE_UPDATES=$updates
        step update-service
        ends_with 2 '*'
    done
    export SLIPWAY_IMAGE_UPDATES='' SLIPWAY_ENV_UPDATES='container=nginx,value=1,name=COLOR'
    step update-service
    ends_with 2 '*'
    unchanged
}

@test "an update string with a variable that is not set" {
    export SLIPWAY_IMAGE_UPDATES='container=nginx,tag=${RELEASE_TAG}'
    step update-service
    ends_with 2 '*RELEASE_TAG*'
    unchanged
}

@test "text of a parameter is never executed" {
    export SLIPWAY_IMAGE_UPDATES='container=nginx,tag=$(touch executed)'
    step update-service
    ends_with 2 '*$(*'
    [ ! -e executed ]
    unchanged
}

@test "an image tag that is not in the repository" {
    run --separate-stderr slipway ecs deploy --cluster default-kim5 --family kim-app-nginx \
        --image "nginx=$AWS_ECR_ACCOUNT_URL/nginx:no-such-tag" --verify-image
    ends_with 20 '*no-such-tag*'
    unchanged
}

@test "AWS throttles for a while" {
    export CIRCLE_SHA1=throttled
    scenario '{"throttle": 3}'
    step update-service
    succeeds
    [[ $stderr == *ThrottlingException* || $stderr == *"Rate exceeded"* ]]
    [ "$(service_revision)" = "$(newest_arn)" ]
    [ "$(calls UpdateService)" -ge 1 ]
}

@test "a missing right is named" {
    scenario '{"errors": {"RegisterTaskDefinition": {"code": "AccessDeniedException", "message": "User: arn:aws:iam::123456789012:user/kim is not authorized to perform: ecs:RegisterTaskDefinition on resource: *"}}}'
    step update-service
    ends_with 3 '*AccessDeniedException*ecs:RegisterTaskDefinition*'
    unchanged
}

@test "with verification a rollout is followed to its end" {
    export SLIPWAY_WAIT=true CIRCLE_SHA1=followed
    scenario '{"rollout": "success"}'
    step update-service
    succeeds
    [ "$output" = "$(newest_arn)" ]
    [[ $stderr == *"2/2 running"*"deployment completed"*"completed after"* ]]
}

@test "a rollout that fails and is rolled back" {
    export SLIPWAY_WAIT=true CIRCLE_SHA1=rolled-back
    scenario '{"rollout": "fail-rollback"}'
    step update-service
    ends_with 11 '*rolled back*'
    [[ $stderr == *"tasks failed to start"* ]]
    [[ $stderr == *"Essential container in task exited"* ]]
}

@test "a rollout that fails and is not rolled back" {
    export SLIPWAY_WAIT=true CIRCLE_SHA1=not-rolled-back
    scenario '{"rollout": "fail-no-rollback"}'
    step update-service
    ends_with 10 '*tasks failed to start*'
}

@test "a rollout that another one replaces" {
    export SLIPWAY_WAIT=true CIRCLE_SHA1=superseded
    scenario '{"rollout": "superseded"}'
    step update-service
    ends_with 12 '*superseded*took over*'
}

@test "a rollout that does not end" {
    export SLIPWAY_WAIT=true SLIPWAY_MAX_POLL_ATTEMPTS=3 CIRCLE_SHA1=never
    scenario '{"rollout": "never"}'
    step update-service
    ends_with 13 '*is not done after*0/2 running*'
    [[ $stderr == *"was unable to place a task"* ]]
}

@test "a rollout that does not end, and that is to be fine" {
    export SLIPWAY_WAIT=true SLIPWAY_MAX_POLL_ATTEMPTS=3 SLIPWAY_FAIL_ON_TIMEOUT=false CIRCLE_SHA1=never-mind
    scenario '{"rollout": "never"}'
    step update-service
    succeeds
    [[ $stderr == *"was unable to place a task"* ]]
}

@test "verify-revision-is-deployed follows a rollout that update-service began" {
    export CIRCLE_SHA1=verify-apart
    scenario '{"rollout": "fail-rollback"}'
    step update-service
    succeeds
    export SLIPWAY_TASK_DEFINITION='${CCI_ORB_AWS_ECS_REGISTERED_TASK_DFN}'
    step verify-revision-is-deployed
    ends_with 11 '*rolled back*'
}

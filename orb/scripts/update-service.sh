#!/bin/sh
# Registers the new revision and updates the service, or several; with verification on, follows the rollout.
set -eu
refuse() {
    echo "error: $1" >&2
    exit 2
}
# Parameters that need each other. What a variable in their texts leaves empty, slipway tells.
if [ -n "${SLIPWAY_DEPLOY_FILE:-}" ]; then
    [ -z "${SLIPWAY_SERVICES:-}${SLIPWAY_FAMILY:-}" ] || refuse "deploy_file lists the services and what is changed of each: leave services and family empty"
elif [ -z "${SLIPWAY_SERVICES:-}${SLIPWAY_FAMILY:-}${SLIPWAY_SERVICE:-}" ]; then
    [ -z "${SLIPWAY_SERVICES+there}" ] || refuse "no service is named: name them in the parameter services, or in the file that deploy_file names"
    refuse "no family is named: set the parameter family to that of the task definition"
elif [ -z "${SLIPWAY_CLUSTER:-}" ]; then
    refuse "no cluster is named: set the parameter cluster (cluster-name in deploy-service-update)"
fi
[ -z "${SLIPWAY_CONTAINER:-}" ] || [ -n "${SLIPWAY_NEW_IMAGE:-}" ] ||
    refuse "the parameter container says where image goes, and there is no image: set image, or leave container out"
# What a push left in the workspace is ${SLIPWAY_IMAGE} in the texts below.
if [ -n "${SLIPWAY_IMAGE_FILE:-}" ]; then
    SLIPWAY_IMAGE_FILE=$(slipway env subst -- "$SLIPWAY_IMAGE_FILE")
    [ -s "$SLIPWAY_IMAGE_FILE" ] || {
        echo "error: no image is named in the file \"$SLIPWAY_IMAGE_FILE\"; it is written by a push with the same image_file, and comes with the workflow's workspace (attach_workspace)" >&2
        exit 2
    }
    SLIPWAY_IMAGE=$(cat "$SLIPWAY_IMAGE_FILE")
    export SLIPWAY_IMAGE
fi
set --
if [ -n "${SLIPWAY_NEW_IMAGE:-}" ]; then
    # Where no container is named, slipway finds it by the image's repository.
    container=''
    [ -z "${SLIPWAY_CONTAINER:-}" ] || container=$(slipway env subst -- "$SLIPWAY_CONTAINER")
    set -- --image "${container:+$SLIPWAY_CONTAINER=}$SLIPWAY_NEW_IMAGE"
fi
case ${SLIPWAY_ONE_BY_ONE:-} in
    1 | true) set -- "$@" --one-by-one ;;
esac
case ${SLIPWAY_KEEP_GOING:-} in
    1 | true) set -- "$@" --keep-going ;;
esac
case ${SLIPWAY_FORCE:-} in
    1 | true) set -- "$@" --force ;;
esac
case ${SLIPWAY_CONTROLLER:-ECS} in
    CODE_DEPLOY)
        set -- "$@" --codedeploy-application "$SLIPWAY_CODEDEPLOY_APPLICATION" --codedeploy-group "$SLIPWAY_CODEDEPLOY_GROUP"
        [ -z "$SLIPWAY_CODEDEPLOY_CONFIG" ] || set -- "$@" --codedeploy-config "$SLIPWAY_CODEDEPLOY_CONFIG"
        [ -z "$SLIPWAY_LOAD_BALANCED_CONTAINER" ] ||
            set -- "$@" --load-balanced-container "$SLIPWAY_LOAD_BALANCED_CONTAINER" --load-balanced-port "$SLIPWAY_LOAD_BALANCED_PORT"
        [ -z "$SLIPWAY_CAPACITY_PROVIDER" ] ||
            set -- "$@" --codedeploy-capacity-provider "$SLIPWAY_CAPACITY_PROVIDER,$SLIPWAY_CAPACITY_PROVIDER_BASE,$SLIPWAY_CAPACITY_PROVIDER_WEIGHT"
        ;;
esac
case ${SLIPWAY_CONTROLLER:-ECS}:${SLIPWAY_CIRCUIT_BREAKER:-} in
    CODE_DEPLOY:1 | CODE_DEPLOY:true) SLIPWAY_ON_FAILURE=rollback ;;
    *:1 | *:true) set -- "$@" --circuit-breaker ;;
esac
case ${SLIPWAY_CHECK:-} in
    1 | true) set -- "$@" --check ;;
esac
case ${SLIPWAY_PIN:-} in
    1 | true) set -- "$@" --pin ;;
esac
case ${SLIPWAY_PROFILE:-default} in
    default) ;;
    *) set -- "$@" --profile "$SLIPWAY_PROFILE" ;;
esac
case ${SLIPWAY_CREATE:-} in
    1 | true)
        set -- "$@" --create ${SLIPWAY_LAUNCH_TYPE:+--launch-type "$SLIPWAY_LAUNCH_TYPE"}
        [ -z "$SLIPWAY_SUBNETS" ] || set -- "$@" --subnets "$SLIPWAY_SUBNETS"
        [ -z "$SLIPWAY_SECURITY_GROUPS" ] || set -- "$@" --security-groups "$SLIPWAY_SECURITY_GROUPS"
        [ "$SLIPWAY_PUBLIC_IP" != ENABLED ] || set -- "$@" --public-ip
        [ -z "$SLIPWAY_TARGET_GROUP" ] ||
            set -- "$@" --load-balancer "$SLIPWAY_CONTAINER_NAME:$SLIPWAY_CONTAINER_PORT=$SLIPWAY_TARGET_GROUP"
        ;;
esac
case $SLIPWAY_WAIT in
    1 | true)
        case ${SLIPWAY_ON_FAILURE:-nothing} in
            nothing) ;;
            *) set -- "$@" --on-failure "$SLIPWAY_ON_FAILURE" ;;
        esac
        set -- "$@" --wait --poll-interval "${SLIPWAY_POLL_INTERVAL}s"
        # How long CodeDeploy may take is what its deployment group says.
        [ "${SLIPWAY_CONTROLLER:-ECS}" = CODE_DEPLOY ] || set -- "$@" --max-poll-attempts "$SLIPWAY_MAX_POLL_ATTEMPTS"
        case $SLIPWAY_FAIL_ON_TIMEOUT in
            0 | false) set -- "$@" --no-fail-on-timeout ;;
        esac
        ;;
esac
slipway ecs deploy --expand --allow-unchanged \
    ${SLIPWAY_FAMILY:+--family "$SLIPWAY_FAMILY"} \
    ${SLIPWAY_CLUSTER:+--cluster "$SLIPWAY_CLUSTER"} \
    ${SLIPWAY_BASE_REVISION:+--task-definition "$SLIPWAY_FAMILY:$SLIPWAY_BASE_REVISION"} \
    ${SLIPWAY_SERVICE:+--service "$SLIPWAY_SERVICE"} \
    ${SLIPWAY_SERVICES:+--service "$SLIPWAY_SERVICES"} \
    ${SLIPWAY_DEPLOY_FILE:+--deploy-file "$SLIPWAY_DEPLOY_FILE"} \
    ${SLIPWAY_IMAGE_UPDATES:+--image-updates "$SLIPWAY_IMAGE_UPDATES"} \
    ${SLIPWAY_ENV_UPDATES:+--env-updates "$SLIPWAY_ENV_UPDATES"} \
    ${SLIPWAY_SECRET_UPDATES:+--secret-updates "$SLIPWAY_SECRET_UPDATES"} \
    ${SLIPWAY_LABEL_UPDATES:+--label-updates "$SLIPWAY_LABEL_UPDATES"} \
    ${SLIPWAY_TASK_DEFINITION_TAGS:+--tags "$SLIPWAY_TASK_DEFINITION_TAGS"} \
    ${SLIPWAY_DESIRED_COUNT:+--desired-count "$SLIPWAY_DESIRED_COUNT"} \
    ${BASH_ENV:+--export-env "$BASH_ENV"} \
    ${SLIPWAY_REPORT_FILE:+--report "$SLIPWAY_REPORT_FILE"} \
    ${SLIPWAY_SUMMARY_FILE:+--summary "$SLIPWAY_SUMMARY_FILE"} \
    --region "$SLIPWAY_REGION" \
    --access-key-var "$SLIPWAY_ACCESS_KEY_VAR" \
    --secret-key-var "$SLIPWAY_SECRET_KEY_VAR" \
    ${SLIPWAY_ROLE_ARN:+--role-arn "$SLIPWAY_ROLE_ARN"} \
    "$@"

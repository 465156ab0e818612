#!/bin/sh
# Points a rule or a schedule at a revision.
set -eu
set --
case ${SLIPWAY_PROFILE:-default} in
    default) ;;
    *) set -- --profile "$SLIPWAY_PROFILE" ;;
esac
slipway ecs schedule --expand \
    --task-definition "$SLIPWAY_TASK_DEFINITION" \
    ${SLIPWAY_RULE:+--rule "$SLIPWAY_RULE"} \
    ${SLIPWAY_SCHEDULE:+--schedule "$SLIPWAY_SCHEDULE"} \
    ${SLIPWAY_CLUSTER:+--cluster "$SLIPWAY_CLUSTER"} \
    --region "$SLIPWAY_REGION" \
    --access-key-var "$SLIPWAY_ACCESS_KEY_VAR" \
    --secret-key-var "$SLIPWAY_SECRET_KEY_VAR" \
    ${SLIPWAY_ROLE_ARN:+--role-arn "$SLIPWAY_ROLE_ARN"} \
    "$@"

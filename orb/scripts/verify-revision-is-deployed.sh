#!/bin/sh
# Follows the rollout of one revision. Exit code 13 says that it had not ended in time.
set -eu
case $SLIPWAY_MAX_POLL_ATTEMPTS$SLIPWAY_POLL_INTERVAL in
    *[!0-9]*)
        echo "error: max-poll-attempts and poll-interval must be numbers" >&2
        exit 2
        ;;
esac
timeout=$((SLIPWAY_MAX_POLL_ATTEMPTS * SLIPWAY_POLL_INTERVAL))s
set --
case ${SLIPWAY_PROFILE:-default} in
    default) ;;
    *) set -- --profile "$SLIPWAY_PROFILE" ;;
esac
status=0
slipway ecs wait --expand \
    --cluster "$SLIPWAY_CLUSTER" \
    --service "${SLIPWAY_SERVICE:-$SLIPWAY_FAMILY}" \
    --task-definition "$SLIPWAY_TASK_DEFINITION" \
    --poll-interval "${SLIPWAY_POLL_INTERVAL}s" \
    --timeout "$timeout" \
    --region "$SLIPWAY_REGION" \
    --access-key-var "$SLIPWAY_ACCESS_KEY_VAR" \
    --secret-key-var "$SLIPWAY_SECRET_KEY_VAR" \
    ${SLIPWAY_ROLE_ARN:+--role-arn "$SLIPWAY_ROLE_ARN"} \
    "$@" || status=$?
case $SLIPWAY_FAIL_ON_TIMEOUT:$status in
    0:13 | false:13) exit 0 ;;
esac
exit "$status"

#!/bin/sh
# Takes a service back to an earlier revision; with verification on, follows the rollout.
set -eu
set --
case ${SLIPWAY_PROFILE:-default} in
    default) ;;
    *) set -- "$@" --profile "$SLIPWAY_PROFILE" ;;
esac
case $SLIPWAY_WAIT in
    1 | true)
        set -- "$@" --wait --max-poll-attempts "$SLIPWAY_MAX_POLL_ATTEMPTS" --poll-interval "${SLIPWAY_POLL_INTERVAL}s"
        ;;
esac
slipway ecs rollback --expand \
    --cluster "$SLIPWAY_CLUSTER" \
    --service "$SLIPWAY_SERVICE" \
    ${SLIPWAY_TO:+--to "$SLIPWAY_TO"} \
    ${BASH_ENV:+--export-env "$BASH_ENV"} \
    ${SLIPWAY_REPORT_FILE:+--report "$SLIPWAY_REPORT_FILE"} \
    ${SLIPWAY_SUMMARY_FILE:+--summary "$SLIPWAY_SUMMARY_FILE"} \
    --region "$SLIPWAY_REGION" \
    --access-key-var "$SLIPWAY_ACCESS_KEY_VAR" \
    --secret-key-var "$SLIPWAY_SECRET_KEY_VAR" \
    ${SLIPWAY_ROLE_ARN:+--role-arn "$SLIPWAY_ROLE_ARN"} \
    "$@"

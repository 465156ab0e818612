#!/bin/sh
# Deregisters old revisions of a task definition that nothing uses.
set -eu
set --
case ${SLIPWAY_PROFILE:-default} in
    default) ;;
    *) set -- --profile "$SLIPWAY_PROFILE" ;;
esac
case ${SLIPWAY_DELETE:-} in
    1 | true) set -- "$@" --delete ;;
esac
case ${SLIPWAY_DRY_RUN:-} in
    1 | true) set -- "$@" --dry-run ;;
esac
slipway ecs deregister --expand \
    --family "$SLIPWAY_FAMILY" \
    --keep "$SLIPWAY_KEEP" \
    ${SLIPWAY_CLUSTER:+--cluster "$SLIPWAY_CLUSTER"} \
    --region "$SLIPWAY_REGION" \
    --access-key-var "$SLIPWAY_ACCESS_KEY_VAR" \
    --secret-key-var "$SLIPWAY_SECRET_KEY_VAR" \
    ${SLIPWAY_ROLE_ARN:+--role-arn "$SLIPWAY_ROLE_ARN"} \
    "$@"

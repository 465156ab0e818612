#!/bin/sh
# Waits for the scan of an image; findings that are severe enough fail.
set -eu
set --
case ${SLIPWAY_PROFILE:-default} in
    default) ;;
    *) set -- "$@" --profile "$SLIPWAY_PROFILE" ;;
esac
case $SLIPWAY_FAIL_ON in
    none) ;;
    *) set -- "$@" --fail-on "$SLIPWAY_FAIL_ON" ;;
esac
case ${SLIPWAY_START:-} in
    1 | true) set -- "$@" --start ;;
esac
slipway ecr wait-scan --expand \
    --timeout "$SLIPWAY_TIMEOUT" \
    --region "$SLIPWAY_REGION" \
    --access-key-var "$SLIPWAY_ACCESS_KEY_VAR" \
    --secret-key-var "$SLIPWAY_SECRET_KEY_VAR" \
    ${SLIPWAY_ROLE_ARN:+--role-arn "$SLIPWAY_ROLE_ARN"} \
    "$@" -- "$SLIPWAY_SCAN_IMAGE"

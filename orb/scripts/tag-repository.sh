#!/bin/sh
# Sets resource tags of a repository.
set -eu
set --
case ${SLIPWAY_PROFILE:-default} in
    default) ;;
    *) set -- --profile "$SLIPWAY_PROFILE" ;;
esac
slipway ecr tag-repository --expand \
    --region "$SLIPWAY_REGION" \
    --access-key-var "$SLIPWAY_ACCESS_KEY_VAR" \
    --secret-key-var "$SLIPWAY_SECRET_KEY_VAR" \
    ${SLIPWAY_ROLE_ARN:+--role-arn "$SLIPWAY_ROLE_ARN"} \
    ${SLIPWAY_ACCOUNT_ID:+--account-id "$SLIPWAY_ACCOUNT_ID"} \
    "$@" -- "$SLIPWAY_REPO" "$SLIPWAY_RESOURCE_TAG"

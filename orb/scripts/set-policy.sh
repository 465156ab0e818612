#!/bin/sh
# Puts a policy on the repository: who may use it, or which of its images expire.
set -eu
if [ -z "$SLIPWAY_POLICY_PATH" ]; then
    echo "error: there is no file with the $SLIPWAY_POLICY_KIND policy; name one in the parameter for its path" >&2
    exit 2
fi
# The region's variable has two usual names.
if [ "$SLIPWAY_REGION" = AWS_REGION ] && [ -z "${AWS_REGION:-}" ] && [ -n "${AWS_DEFAULT_REGION:-}" ]; then
    SLIPWAY_REGION=AWS_DEFAULT_REGION
fi
case $SLIPWAY_POLICY_KIND in
    lifecycle) set -- set-lifecycle-policy ;;
    *) set -- set-policy ;;
esac
case ${SLIPWAY_PUBLIC:-} in
    1 | true) set -- "$@" --public ;;
esac
case ${SLIPWAY_PROFILE:-default} in
    default) ;;
    *) set -- "$@" --profile "$SLIPWAY_PROFILE" ;;
esac
slipway ecr "$@" --expand \
    --region "$SLIPWAY_REGION" \
    --access-key-var "$SLIPWAY_ACCESS_KEY_VAR" \
    --secret-key-var "$SLIPWAY_SECRET_KEY_VAR" \
    ${SLIPWAY_ROLE_ARN:+--role-arn "$SLIPWAY_ROLE_ARN"} \
    ${SLIPWAY_MORE_REGISTRIES:+--more-registries "$SLIPWAY_MORE_REGISTRIES"} \
    -- "$SLIPWAY_REPO" "$SLIPWAY_POLICY_PATH"

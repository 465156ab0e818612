#!/bin/sh
# Creates the repository; one that exists is fine, and left as it is.
set -eu
# The region's variable has two usual names.
if [ "$SLIPWAY_REGION" = AWS_REGION ] && [ -z "${AWS_REGION:-}" ] && [ -n "${AWS_DEFAULT_REGION:-}" ]; then
    SLIPWAY_REGION=AWS_DEFAULT_REGION
fi
set --
case ${SLIPWAY_PROFILE:-default} in
    default) ;;
    *) set -- "$@" --profile "$SLIPWAY_PROFILE" ;;
esac
case ${SLIPWAY_PUBLIC:-} in
    1 | true) set -- "$@" --public ;;
esac
case ${SLIPWAY_SCAN_ON_PUSH:-true} in
    0 | false) set -- "$@" --no-scan-on-push ;;
esac
case ${SLIPWAY_TAG_MUTABILITY:-MUTABLE} in
    IMMUTABLE) set -- "$@" --immutable ;;
    IMMUTABLE_WITH_EXCLUSION) set -- "$@" --immutable --immutable-except "$SLIPWAY_TAG_EXCLUSIONS" ;;
esac
case ${SLIPWAY_ENCRYPTION:-AES256} in
    KMS) set -- "$@" --encryption KMS ;;
esac
slipway ecr create-repository --expand \
    --region "$SLIPWAY_REGION" \
    --access-key-var "$SLIPWAY_ACCESS_KEY_VAR" \
    --secret-key-var "$SLIPWAY_SECRET_KEY_VAR" \
    ${SLIPWAY_ROLE_ARN:+--role-arn "$SLIPWAY_ROLE_ARN"} \
    ${SLIPWAY_MORE_REGISTRIES:+--more-registries "$SLIPWAY_MORE_REGISTRIES"} \
    ${SLIPWAY_KMS_KEY:+--kms-key "$SLIPWAY_KMS_KEY"} \
    ${SLIPWAY_RESOURCE_TAG:+--tag "$SLIPWAY_RESOURCE_TAG"} \
    "$@" -- "$SLIPWAY_REPO"

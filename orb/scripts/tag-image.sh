#!/bin/sh
# Gives new tags to an image of the registry, by its manifest alone.
set -eu
set --
case ${SLIPWAY_PROFILE:-default} in
    default) ;;
    *) set -- "$@" --profile "$SLIPWAY_PROFILE" ;;
esac
case ${SLIPWAY_KEEP_EXISTING:-} in
    1 | true) set -- "$@" --keep-existing ;;
esac
case $SLIPWAY_SOURCE_TAG in
    sha256:*) image=$SLIPWAY_REPO@$SLIPWAY_SOURCE_TAG ;;
    *) image=$SLIPWAY_REPO:$SLIPWAY_SOURCE_TAG ;;
esac
slipway image tag --expand \
    --region "$SLIPWAY_REGION" \
    --access-key-var "$SLIPWAY_ACCESS_KEY_VAR" \
    --secret-key-var "$SLIPWAY_SECRET_KEY_VAR" \
    ${SLIPWAY_ROLE_ARN:+--role-arn "$SLIPWAY_ROLE_ARN"} \
    "$@" -- "$SLIPWAY_REGISTRY_HOST/$image" "$SLIPWAY_TAG"

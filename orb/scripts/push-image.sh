#!/bin/sh
# Pushes the image that was built under this name.
set -eu
case ${SLIPWAY_SKIP_EXISTING:-}:${SLIPWAY_TAGS_EXIST:-} in
    1:true | true:true)
        echo "every tag is there already"
        exit 0
        ;;
esac
case ${SLIPWAY_USE_LOGIN:-false} in
    1 | true) SLIPWAY_REGISTRY=${SLIPWAY_REGISTRY_HOST:-$SLIPWAY_REGISTRY} ;;
esac
case ${SLIPWAY_PUBLIC:-} in
    1 | true) SLIPWAY_REPO=$SLIPWAY_PUBLIC_ALIAS/$SLIPWAY_REPO ;;
esac
set --
case ${SLIPWAY_PROFILE:-default} in
    default) ;;
    *) set -- --profile "$SLIPWAY_PROFILE" ;;
esac
slipway image push --expand \
    --registry "$SLIPWAY_REGISTRY" \
    --repo "$SLIPWAY_REPO" \
    --tag "$SLIPWAY_TAG" \
    --access-key-var "$SLIPWAY_ACCESS_KEY_VAR" \
    --secret-key-var "$SLIPWAY_SECRET_KEY_VAR" \
    "$@"

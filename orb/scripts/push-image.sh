#!/bin/sh
# Pushes the image that was built under this name.
set -eu
case ${SLIPWAY_USE_LOGIN:-false} in
    1 | true) SLIPWAY_REGISTRY=${SLIPWAY_REGISTRY_HOST:-$SLIPWAY_REGISTRY} ;;
esac
slipway image push --expand \
    --registry "$SLIPWAY_REGISTRY" \
    --repo "$SLIPWAY_REPO" \
    --tag "$SLIPWAY_TAG"

#!/bin/sh
# Builds the image. slipway checks the Dockerfile and the context first, then runs "docker build".
set -eu
case ${SLIPWAY_USE_LOGIN:-false} in
    1 | true) SLIPWAY_REGISTRY=${SLIPWAY_REGISTRY_HOST:-$SLIPWAY_REGISTRY} ;;
esac
# With a context of its own, the path is where the Dockerfile is.
if [ -n "${SLIPWAY_BUILD_PATH:-}" ]; then
    SLIPWAY_DOCKERFILE=$SLIPWAY_CONTEXT/$SLIPWAY_DOCKERFILE
    SLIPWAY_CONTEXT=$SLIPWAY_BUILD_PATH
fi
slipway image build --expand \
    --registry "$SLIPWAY_REGISTRY" \
    --repo "$SLIPWAY_REPO" \
    --tag "$SLIPWAY_TAG" \
    --dockerfile "$SLIPWAY_DOCKERFILE" \
    --path "$SLIPWAY_CONTEXT" \
    ${SLIPWAY_PLATFORM:+--platform "$SLIPWAY_PLATFORM"} \
    ${SLIPWAY_EXTRA_ARGS:+--extra-args "$SLIPWAY_EXTRA_ARGS"}

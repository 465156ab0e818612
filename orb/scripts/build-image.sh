#!/bin/sh
# Builds the image. slipway checks the Dockerfile and the context first, then runs "docker build".
set -eu
slipway image build --expand \
    --registry "$SLIPWAY_REGISTRY" \
    --repo "$SLIPWAY_REPO" \
    --tag "$SLIPWAY_TAG" \
    --dockerfile "$SLIPWAY_DOCKERFILE" \
    --path "$SLIPWAY_CONTEXT" \
    ${SLIPWAY_EXTRA_ARGS:+--extra-args "$SLIPWAY_EXTRA_ARGS"}

#!/bin/sh
# Pushes the image that was built under this name.
set -eu
slipway image push --expand \
    --registry "$SLIPWAY_REGISTRY" \
    --repo "$SLIPWAY_REPO" \
    --tag "$SLIPWAY_TAG"

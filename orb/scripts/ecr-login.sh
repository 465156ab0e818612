#!/bin/sh
# Logs Docker in. Values are expanded by slipway, never by this shell; keys go by their variables' names.
set -eu
slipway ecr login --expand \
    ${SLIPWAY_REGISTRY:+--registry "$SLIPWAY_REGISTRY"} \
    --region "$SLIPWAY_REGION" \
    --access-key-var "$SLIPWAY_ACCESS_KEY_VAR" \
    --secret-key-var "$SLIPWAY_SECRET_KEY_VAR"

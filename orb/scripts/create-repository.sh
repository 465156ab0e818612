#!/bin/sh
# Creates the repository; one that exists is fine.
set -eu
slipway ecr create-repository --expand \
    --region "$SLIPWAY_REGION" \
    --access-key-var "$SLIPWAY_ACCESS_KEY_VAR" \
    --secret-key-var "$SLIPWAY_SECRET_KEY_VAR" \
    -- "$SLIPWAY_REPO"

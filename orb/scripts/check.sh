#!/bin/sh
# Says what would keep a deployment from succeeding. Exit code 20 says that something does.
set -eu
# What a push left in the workspace is ${SLIPWAY_IMAGE} in the texts below.
if [ -n "${SLIPWAY_IMAGE_FILE:-}" ]; then
    SLIPWAY_IMAGE_FILE=$(slipway env subst -- "$SLIPWAY_IMAGE_FILE")
    [ -s "$SLIPWAY_IMAGE_FILE" ] || {
        echo "error: no image is named in the file \"$SLIPWAY_IMAGE_FILE\"; it is written by a push with the same image_file, and comes with the workflow's workspace (attach_workspace)" >&2
        exit 2
    }
    SLIPWAY_IMAGE=$(cat "$SLIPWAY_IMAGE_FILE")
    export SLIPWAY_IMAGE
fi
set --
case ${SLIPWAY_PROFILE:-default} in
    default) ;;
    *) set -- --profile "$SLIPWAY_PROFILE" ;;
esac
slipway ecs check --expand \
    --family "$SLIPWAY_FAMILY" \
    --cluster "$SLIPWAY_CLUSTER" \
    ${SLIPWAY_SERVICE:+--service "$SLIPWAY_SERVICE"} \
    ${SLIPWAY_IMAGE_UPDATES:+--image-updates "$SLIPWAY_IMAGE_UPDATES"} \
    --region "$SLIPWAY_REGION" \
    --access-key-var "$SLIPWAY_ACCESS_KEY_VAR" \
    --secret-key-var "$SLIPWAY_SECRET_KEY_VAR" \
    ${SLIPWAY_ROLE_ARN:+--role-arn "$SLIPWAY_ROLE_ARN"} \
    "$@"

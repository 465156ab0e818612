#!/bin/sh
# Registers a new revision: of a family, with changes, or from a file.
set -eu
refuse() {
    echo "error: $1" >&2
    exit 2
}
if [ -z "${SLIPWAY_FILE:-}${SLIPWAY_FAMILY:-}" ]; then
    [ -z "${SLIPWAY_FILE+there}" ] || refuse "no task definition is named: set the parameter task_definition_json to its file"
    refuse "no family is named: set the parameter family to that of the task definition"
fi
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
if [ -n "${SLIPWAY_FILE:-}" ]; then
    set -- --file "$SLIPWAY_FILE" "$@"
elif [ -n "${SLIPWAY_BASE_REVISION:-}" ]; then
    set -- --task-definition "$SLIPWAY_FAMILY:$SLIPWAY_BASE_REVISION" "$@"
else
    set -- --family "$SLIPWAY_FAMILY" "$@"
fi
slipway ecs register --expand --allow-unchanged \
    ${SLIPWAY_IMAGE_UPDATES:+--image-updates "$SLIPWAY_IMAGE_UPDATES"} \
    ${SLIPWAY_ENV_UPDATES:+--env-updates "$SLIPWAY_ENV_UPDATES"} \
    ${SLIPWAY_SECRET_UPDATES:+--secret-updates "$SLIPWAY_SECRET_UPDATES"} \
    ${SLIPWAY_LABEL_UPDATES:+--label-updates "$SLIPWAY_LABEL_UPDATES"} \
    ${SLIPWAY_TASK_DEFINITION_TAGS:+--tags "$SLIPWAY_TASK_DEFINITION_TAGS"} \
    ${BASH_ENV:+--export-env "$BASH_ENV"} \
    --region "$SLIPWAY_REGION" \
    --access-key-var "$SLIPWAY_ACCESS_KEY_VAR" \
    --secret-key-var "$SLIPWAY_SECRET_KEY_VAR" \
    ${SLIPWAY_ROLE_ARN:+--role-arn "$SLIPWAY_ROLE_ARN"} \
    "$@"

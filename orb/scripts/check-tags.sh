#!/bin/sh
# Looks whether every tag is in the repository already, and leaves the answer for the steps that follow.
set -eu
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
status=0
answer_file=$(mktemp)
trap 'rm -f "$answer_file"' EXIT
said=$(slipway image exists --expand \
    --registry "$SLIPWAY_REGISTRY" \
    --repo "$SLIPWAY_REPO" \
    --tag "$SLIPWAY_TAG" \
    --access-key-var "$SLIPWAY_ACCESS_KEY_VAR" \
    --secret-key-var "$SLIPWAY_SECRET_KEY_VAR" \
    ${SLIPWAY_ROLE_ARN:+--role-arn "$SLIPWAY_ROLE_ARN"} \
    ${SLIPWAY_MORE_REGISTRIES:+--more-registries "$SLIPWAY_MORE_REGISTRIES"} \
    "$@" 2>&1 >"$answer_file") || status=$?
case $status in
    0) there=true answer="every tag is there already: nothing to build" ;;
    1) there=false answer="not every tag is there: the image is built" ;;
    *)
        printf '%s\n' "$said" >&2
        exit "$status"
        ;;
esac
echo "$answer"
image=$(sed -n '1s/:[^:/@]*@/@/p' "$answer_file")
[ -z "${BASH_ENV:-}" ] || [ -z "$image" ] || echo "export SLIPWAY_IMAGE='$image'" >>"$BASH_ENV"
[ -z "${BASH_ENV:-}" ] || echo "export SLIPWAY_TAGS_EXIST=$there" >>"$BASH_ENV"

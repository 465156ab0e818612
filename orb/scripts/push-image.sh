#!/bin/sh
# Pushes the image that was built under this name.
set -eu
case ${SLIPWAY_SKIP_EXISTING:-}:${SLIPWAY_TAGS_EXIST:-} in
    1:true | true:true)
        echo "every tag is there already"
        [ -z "${SLIPWAY_IMAGE_FILE:-}" ] || echo "$SLIPWAY_IMAGE" >"$(slipway env subst -- "$SLIPWAY_IMAGE_FILE")"
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
# What the build of this job wrote to a file for several platforms is pushed with all of them.
if [ -z "${SLIPWAY_ARCHIVE:-}" ] && [ -n "${SLIPWAY_BUILT_ARCHIVE:-}" ]; then
    SLIPWAY_ARCHIVE=$SLIPWAY_BUILT_ARCHIVE
    set -- "$@" --all-platforms
fi
if [ -n "${SLIPWAY_ARCHIVE:-}" ]; then
    case $SLIPWAY_ARCHIVE in
        docker-archive:* | oci-archive:* | oci:*) ;;
        *) SLIPWAY_ARCHIVE=docker-archive:$SLIPWAY_ARCHIVE ;;
    esac
    set -- "$@" "$SLIPWAY_ARCHIVE"
fi
if [ -n "${SLIPWAY_IMAGE_FILE:-}" ]; then
    # Made before the push: a file that cannot be written stops it.
    SLIPWAY_IMAGE_FILE=$(slipway env subst -- "$SLIPWAY_IMAGE_FILE")
    mkdir -p "$(dirname "$SLIPWAY_IMAGE_FILE")"
    : >"$SLIPWAY_IMAGE_FILE"
fi
pushed=$(slipway image push --expand \
    --registry "$SLIPWAY_REGISTRY" \
    --repo "$SLIPWAY_REPO" \
    --tag "$SLIPWAY_TAG" \
    --access-key-var "$SLIPWAY_ACCESS_KEY_VAR" \
    --secret-key-var "$SLIPWAY_SECRET_KEY_VAR" \
    ${SLIPWAY_ROLE_ARN:+--role-arn "$SLIPWAY_ROLE_ARN"} \
    ${SLIPWAY_MORE_REGISTRIES:+--more-registries "$SLIPWAY_MORE_REGISTRIES"} \
    "$@")
echo "$pushed"
# HOST/NAME@DIGEST, which names this very image whatever becomes of its tags.
image=${pushed%%@*}
image=${image%:*}@${pushed##*@}
[ -z "${SLIPWAY_IMAGE_FILE:-}" ] || echo "$image" >"$SLIPWAY_IMAGE_FILE"
[ -z "${BASH_ENV:-}" ] || echo "export SLIPWAY_IMAGE='$image'" >>"$BASH_ENV"

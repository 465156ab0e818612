#!/bin/sh
# Makes one image of several platforms out of images of the repository.
set -eu
refuse() {
    echo "error: $1" >&2
    exit 2
}
[ -n "$SLIPWAY_FROM_TAGS" ] || refuse "no images are named: set the parameter from_tags to the tags of the images to put together, separated by blanks"
[ -n "$SLIPWAY_TAG" ] || refuse "the new image has no name: set the parameter tag to the tags it gets"
set --
case ${SLIPWAY_PROFILE:-default} in
    default) ;;
    *) set -- --profile "$SLIPWAY_PROFILE" ;;
esac
image=$SLIPWAY_REGISTRY_HOST/$SLIPWAY_REPO
# Their variables are expanded once, by slipway.
set -f
for tag in $SLIPWAY_FROM_TAGS; do
    set -- "$@" --manifest "$image:$tag"
done
IFS=', '
for tag in $SLIPWAY_TAG; do
    set -- "$@" "$image:$tag"
done
unset IFS
set +f
if [ -n "${SLIPWAY_IMAGE_FILE:-}" ]; then
    # Made before the work: a file that cannot be written stops it.
    SLIPWAY_IMAGE_FILE=$(slipway env subst -- "$SLIPWAY_IMAGE_FILE")
    mkdir -p "$(dirname "$SLIPWAY_IMAGE_FILE")"
    : >"$SLIPWAY_IMAGE_FILE"
fi
made=$(slipway image index create --expand \
    --region "$SLIPWAY_REGION" \
    --access-key-var "$SLIPWAY_ACCESS_KEY_VAR" \
    --secret-key-var "$SLIPWAY_SECRET_KEY_VAR" \
    ${SLIPWAY_ROLE_ARN:+--role-arn "$SLIPWAY_ROLE_ARN"} \
    "$@")
echo "$made"
image=${made%%@*}
image=${image%:*}@${made##*@}
[ -z "${SLIPWAY_IMAGE_FILE:-}" ] || echo "$image" >"$SLIPWAY_IMAGE_FILE"
[ -z "${BASH_ENV:-}" ] || echo "export SLIPWAY_IMAGE='$image'" >>"$BASH_ENV"

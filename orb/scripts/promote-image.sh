#!/bin/sh
# Copies an image to other repositories, byte for byte.
set -eu
refuse() {
    echo "error: $1" >&2
    exit 2
}
[ -n "$SLIPWAY_FROM" ] || refuse "no image is named: set the parameter from to the one that is copied"
[ -n "$SLIPWAY_TO" ] || refuse "nothing says where the image goes: set the parameter to to names, separated by blanks"
set --
case ${SLIPWAY_PROFILE:-default} in
    default) ;;
    *) set -- --profile "$SLIPWAY_PROFILE" ;;
esac
set -- "$@" ${SLIPWAY_PLATFORM:+--platform "$SLIPWAY_PLATFORM"} -- "$SLIPWAY_FROM"
# Several targets are separated by blanks. Their variables are expanded once, by slipway.
set -f
for target in $SLIPWAY_TO; do
    set -- "$@" "$target"
done
set +f
if [ -n "${SLIPWAY_IMAGE_FILE:-}" ]; then
    # Made before the copy: a file that cannot be written stops it.
    SLIPWAY_IMAGE_FILE=$(slipway env subst -- "$SLIPWAY_IMAGE_FILE")
    mkdir -p "$(dirname "$SLIPWAY_IMAGE_FILE")"
    : >"$SLIPWAY_IMAGE_FILE"
fi
copied=$(slipway image copy --expand \
    --region "$SLIPWAY_REGION" \
    --access-key-var "$SLIPWAY_ACCESS_KEY_VAR" \
    --secret-key-var "$SLIPWAY_SECRET_KEY_VAR" \
    ${SLIPWAY_ROLE_ARN:+--role-arn "$SLIPWAY_ROLE_ARN"} \
    "$@")
echo "$copied"
image=$(echo "$copied" | sed -n '1s/:[^:/@]*@/@/p')
[ -z "${SLIPWAY_IMAGE_FILE:-}" ] || echo "$image" >"$SLIPWAY_IMAGE_FILE"
[ -z "${BASH_ENV:-}" ] || echo "export SLIPWAY_IMAGE='$image'" >>"$BASH_ENV"

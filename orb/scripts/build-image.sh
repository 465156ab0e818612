#!/bin/sh
# Builds the image. slipway checks the Dockerfile and the context first, then runs "docker build".
set -eu
# A builder of buildx, and emulators where there are foreign platforms.
make_builder() {
    case ${SLIPWAY_PLATFORM:-} in
        *,*) docker run --privileged --rm "tonistiigi/binfmt:$(slipway env subst -- "$SLIPWAY_BINFMT_VERSION")" --install all >/dev/null || return ;;
    esac
    docker buildx create --name "$builder" >/dev/null || docker buildx inspect "$builder" >/dev/null
}
case ${SLIPWAY_SKIP_EXISTING:-}:${SLIPWAY_TAGS_EXIST:-} in
    1:true | true:true)
        echo "every tag is there already"
        exit 0
        ;;
esac
case ${SLIPWAY_USE_LOGIN:-false} in
    1 | true) SLIPWAY_REGISTRY=${SLIPWAY_REGISTRY_HOST:-$SLIPWAY_REGISTRY} ;;
esac
case ${SLIPWAY_PUBLIC:-} in
    1 | true) SLIPWAY_REPO=$SLIPWAY_PUBLIC_ALIAS/$SLIPWAY_REPO ;;
esac
# circleci/aws-ecr 9 calls the Dockerfile's folder path. Where it means that, the Dockerfile is there and only there.
if [ -z "${SLIPWAY_BUILD_PATH:-}" ] && [ "$SLIPWAY_CONTEXT" != . ]; then
    dockerfile=$(slipway env subst -- "$SLIPWAY_DOCKERFILE")
    other=$(slipway env subst -- "$SLIPWAY_CONTEXT")/$dockerfile
    case $([ -f "$dockerfile" ] && echo here)-$([ -f "$other" ] && echo there) in
        -there) SLIPWAY_BUILD_PATH=. ;;
        here-there) echo "note: $dockerfile is built, as with circleci/aws-ecr 1.0.0; for $other set build_path, to . as a rule" >&2 ;;
    esac
fi
# With a context of its own, the path is where the Dockerfile is.
if [ -n "${SLIPWAY_BUILD_PATH:-}" ]; then
    SLIPWAY_DOCKERFILE=$SLIPWAY_CONTEXT/$SLIPWAY_DOCKERFILE
    SLIPWAY_CONTEXT=$SLIPWAY_BUILD_PATH
fi
# An earlier build's file is not this one's.
[ -z "${BASH_ENV:-}" ] || [ -z "${SLIPWAY_BUILT_ARCHIVE:-}" ] || echo "unset SLIPWAY_BUILT_ARCHIVE" >>"$BASH_ENV"
# What Docker's own builder cannot do, a builder of buildx does: several platforms, attestations, caches that are written.
# It has the job's name, so that jobs side by side have one, and a cache, each.
builder='' archive=''
case ${SLIPWAY_PLATFORM:-} in
    *,*) builder=yes archive=yes ;;
esac
case " ${SLIPWAY_EXTRA_ARGS:-} " in
    *' --attest'* | *' --provenance'[=\ ][!f]* | *' --sbom'[=\ ][!f]*) builder=yes archive=yes ;;
esac
cache_to=''
[ -z "${SLIPWAY_CACHE_TO:-}" ] || cache_to=$(slipway env subst -- "$SLIPWAY_CACHE_TO")
case $cache_to in
    '' | type=inline) ;;
    *) builder=yes ;;
esac
# Who says where the image goes, or what it is built by, knows better.
case " ${SLIPWAY_EXTRA_ARGS:-} " in
    *' --push '* | *' --load '* | *' --output'* | *' -o '*) builder='' archive='' ;;
    *' --builder'*) builder='' ;;
esac
if [ -n "$builder" ]; then
    builder=slipway-$(printf %s "${CIRCLE_PROJECT_REPONAME:+$CIRCLE_PROJECT_REPONAME-}${CIRCLE_JOB:-$$}-${CIRCLE_NODE_INDEX:-0}" | tr -c 'A-Za-z0-9-' -)
    docker buildx inspect "$builder" >/dev/null 2>&1 || make_builder || {
        echo "error: no builder for this image can be made; docker says why above: is there an engine (setup_remote_docker, or a machine executor), buildx, and a way to the image tonistiigi/binfmt?" >&2
        exit 4
    }
    SLIPWAY_EXTRA_ARGS="${SLIPWAY_EXTRA_ARGS:-} --builder $builder"
fi
# The engine keeps no image of several platforms, nor attestations: buildx writes these to a file, which the push takes.
if [ -n "$archive" ]; then
    archive=$(mktemp -d)/image.tar
    SLIPWAY_EXTRA_ARGS="${SLIPWAY_EXTRA_ARGS:-} --output type=oci,dest=$archive"
    [ -z "${BASH_ENV:-}" ] || echo "export SLIPWAY_BUILT_ARCHIVE='oci-archive:$archive'" >>"$BASH_ENV"
fi
slipway image build --expand \
    --registry "$SLIPWAY_REGISTRY" \
    --repo "$SLIPWAY_REPO" \
    --tag "$SLIPWAY_TAG" \
    --dockerfile "$SLIPWAY_DOCKERFILE" \
    --path "$SLIPWAY_CONTEXT" \
    ${SLIPWAY_PLATFORM:+--platform "$SLIPWAY_PLATFORM"} \
    ${SLIPWAY_TARGET:+--target "$SLIPWAY_TARGET"} \
    ${SLIPWAY_BUILD_ARGS:+--build-args "$SLIPWAY_BUILD_ARGS"} \
    ${SLIPWAY_BUILD_SECRETS:+--secrets "$SLIPWAY_BUILD_SECRETS"} \
    ${SLIPWAY_CACHE_FROM:+--cache-from "$SLIPWAY_CACHE_FROM"} \
    ${SLIPWAY_CACHE_TO:+--cache-to "$SLIPWAY_CACHE_TO"} \
    ${SLIPWAY_EXTRA_ARGS:+--extra-args "$SLIPWAY_EXTRA_ARGS"}

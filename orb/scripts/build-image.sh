#!/bin/sh
# Builds the image. slipway checks the Dockerfile and the context first, then runs "docker build".
set -eu
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
    if [ ! -f "$dockerfile" ] && [ -f "$(slipway env subst -- "$SLIPWAY_CONTEXT")/$dockerfile" ]; then
        SLIPWAY_BUILD_PATH=.
    fi
fi
# With a context of its own, the path is where the Dockerfile is.
if [ -n "${SLIPWAY_BUILD_PATH:-}" ]; then
    SLIPWAY_DOCKERFILE=$SLIPWAY_CONTEXT/$SLIPWAY_DOCKERFILE
    SLIPWAY_CONTEXT=$SLIPWAY_BUILD_PATH
fi
# An earlier build's file is not this one's.
[ -z "${BASH_ENV:-}" ] || [ -z "${SLIPWAY_BUILT_ARCHIVE:-}" ] || echo "unset SLIPWAY_BUILT_ARCHIVE" >>"$BASH_ENV"
# The engine keeps no image of several platforms: buildx writes it to a file, which the push takes. The builder is this
# job's own, and so is its cache.
case ${SLIPWAY_PLATFORM:-} in
    *,*)
        case " ${SLIPWAY_EXTRA_ARGS:-} " in
            *' --push '* | *' --output'* | *' -o '*) ;;
            *)
                builder=slipway-${CIRCLE_WORKFLOW_JOB_ID:-$$}
                archive=$(mktemp -d)/image.tar
                docker buildx inspect "$builder" >/dev/null 2>&1 || {
                    docker run --privileged --rm "tonistiigi/binfmt:$(slipway env subst -- "$SLIPWAY_BINFMT_VERSION")" --install all >/dev/null
                    docker buildx create --name "$builder" >/dev/null
                }
                SLIPWAY_EXTRA_ARGS="${SLIPWAY_EXTRA_ARGS:-} --builder $builder --output type=oci,dest=$archive"
                [ -z "${BASH_ENV:-}" ] || echo "export SLIPWAY_BUILT_ARCHIVE='oci-archive:$archive'" >>"$BASH_ENV"
                ;;
        esac
        ;;
esac
slipway image build --expand \
    --registry "$SLIPWAY_REGISTRY" \
    --repo "$SLIPWAY_REPO" \
    --tag "$SLIPWAY_TAG" \
    --dockerfile "$SLIPWAY_DOCKERFILE" \
    --path "$SLIPWAY_CONTEXT" \
    ${SLIPWAY_PLATFORM:+--platform "$SLIPWAY_PLATFORM"} \
    ${SLIPWAY_EXTRA_ARGS:+--extra-args "$SLIPWAY_EXTRA_ARGS"}

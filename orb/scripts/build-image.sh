#!/bin/sh
# Builds the image. slipway checks the Dockerfile and the context first, then runs "docker build".
set -eu
case ${SLIPWAY_SKIP_EXISTING:-}:${SLIPWAY_TAGS_EXIST:-} in
    1:true | true:true)
        echo "every tag is there already"
        exit 0
        ;;
esac
case ${SLIPWAY_PLATFORM:-} in
    *,*)
        case " ${SLIPWAY_EXTRA_ARGS:-} " in
            *' --push '* | *' --output'* | *' -o '*) ;;
            *)
                echo "error: platform names several, \"$SLIPWAY_PLATFORM\"; the engine keeps no such image to push from: build one a job, or have Docker push with --push in extra_build_args and push_image: false" >&2
                exit 2
                ;;
        esac
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
slipway image build --expand \
    --registry "$SLIPWAY_REGISTRY" \
    --repo "$SLIPWAY_REPO" \
    --tag "$SLIPWAY_TAG" \
    --dockerfile "$SLIPWAY_DOCKERFILE" \
    --path "$SLIPWAY_CONTEXT" \
    ${SLIPWAY_PLATFORM:+--platform "$SLIPWAY_PLATFORM"} \
    ${SLIPWAY_EXTRA_ARGS:+--extra-args "$SLIPWAY_EXTRA_ARGS"}

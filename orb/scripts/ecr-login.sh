#!/bin/sh
# Logs Docker in. Values are expanded by slipway, never by this shell; keys go by their variables' names.
set -eu
# The region's variable has two usual names.
if [ "$SLIPWAY_REGION" = AWS_REGION ] && [ -z "${AWS_REGION:-}" ] && [ -n "${AWS_DEFAULT_REGION:-}" ]; then
    SLIPWAY_REGION=AWS_DEFAULT_REGION
fi
# A text that defaults to nothing may come out empty: nothing is said about the registry then.
case ${SLIPWAY_REGISTRY:-} in
    *':-}') [ -n "$(slipway env subst -- "$SLIPWAY_REGISTRY")" ] || SLIPWAY_REGISTRY='' ;;
esac
account=${SLIPWAY_ACCOUNT_ID:-}
# Nothing is said about the registry: what the project's variables hold.
if [ -z "$account" ] && [ "$SLIPWAY_REGISTRY" = AWS_ECR_ACCOUNT_URL ] && [ -z "${AWS_ECR_ACCOUNT_URL:-}" ]; then
    account=${AWS_ACCOUNT_ID:-}
fi
if [ -n "$account" ]; then
    case $SLIPWAY_REGION in
        *[!A-Z0-9_]*) region=$SLIPWAY_REGION ;;
        *) region="\${$SLIPWAY_REGION}" ;;
    esac
    SLIPWAY_REGISTRY=$account.dkr.ecr.$region.${SLIPWAY_AWS_DOMAIN:-amazonaws.com}
fi
# Only the registry's name is wanted, for steps that need no login of Docker's.
case ${SLIPWAY_NAME_ONLY:-}:${SLIPWAY_PUBLIC:-} in
    yes:true | yes:1) host=public.ecr.aws ;;
    yes:*)
        if [ "$SLIPWAY_REGISTRY" = AWS_ECR_ACCOUNT_URL ] && [ -z "${AWS_ECR_ACCOUNT_URL:-}" ]; then
            SLIPWAY_REGISTRY=${SLIPWAY_REGISTRY_HOST:-}
        fi
        if [ -z "$SLIPWAY_REGISTRY" ]; then
            echo "error: which registry? give the account's id, or set AWS_ACCOUNT_ID or AWS_ECR_ACCOUNT_URL" >&2
            exit 2
        fi
        host=$(slipway env subst --name -- "$SLIPWAY_REGISTRY")
        case $host in
            *[!A-Za-z0-9.:_-]*)
                echo "error: \"$host\" is no registry host" >&2
                exit 2
                ;;
        esac
        ;;
esac
if [ -n "${host:-}" ]; then
    echo "$host"
    [ -z "${BASH_ENV:-}" ] || echo "export SLIPWAY_REGISTRY_HOST='$host'" >>"$BASH_ENV"
    exit 0
fi
set --
case ${SLIPWAY_PROFILE:-default} in
    default) ;;
    *) set -- "$@" --profile "$SLIPWAY_PROFILE" ;;
esac
case ${SLIPWAY_PUBLIC:-} in
    1 | true) SLIPWAY_REGISTRY='' && set -- "$@" --public ;;
esac
case ${SLIPWAY_INSTALL_HELPER:-false} in
    1 | true) set -- "$@" --install-helper ;;
esac
host=$(slipway ecr login --expand \
    ${SLIPWAY_REGISTRY:+--registry "$SLIPWAY_REGISTRY"} \
    --region "$SLIPWAY_REGION" \
    --access-key-var "$SLIPWAY_ACCESS_KEY_VAR" \
    --secret-key-var "$SLIPWAY_SECRET_KEY_VAR" \
    ${SLIPWAY_ROLE_ARN:+--role-arn "$SLIPWAY_ROLE_ARN"} \
    ${SLIPWAY_MORE_REGISTRIES:+--more-registries "$SLIPWAY_MORE_REGISTRIES"} \
    "$@")
# Each was told of. The first is the registry; what stands below are further ones.
host=${host%%"
"*}
[ -z "${BASH_ENV:-}" ] || echo "export SLIPWAY_REGISTRY_HOST='$host'" >>"$BASH_ENV"

#!/bin/sh
# Runs a one-off task; with a wait, shows its logs and ends as it ended.
set -eu
set --
case ${SLIPWAY_PROFILE:-default} in
    default) ;;
    *) set -- "$@" --profile "$SLIPWAY_PROFILE" ;;
esac
case ${SLIPWAY_AWSVPC:-true} in
    1 | true)
        if [ -z "$SLIPWAY_SUBNETS" ]; then
            echo "error: the network mode awsvpc needs subnets: name them in subnet_ids, or set awsvpc to false" >&2
            exit 2
        fi
        set -- "$@" --subnets "$SLIPWAY_SUBNETS" ${SLIPWAY_SECURITY_GROUPS:+--security-groups "$SLIPWAY_SECURITY_GROUPS"}
        case ${SLIPWAY_PUBLIC_IP:-} in
            ENABLED) set -- "$@" --public-ip ;;
        esac
        ;;
esac
# Several strategies are separated by blanks. Their variables are expanded once, by slipway.
set -f
for strategy in ${SLIPWAY_CAPACITY_PROVIDERS:-}; do
    set -- "$@" --capacity-provider "$strategy"
done
set +f
case ${SLIPWAY_MANAGED_TAGS:-} in
    1 | true) set -- "$@" --managed-tags ;;
esac
case ${SLIPWAY_EXECUTE_COMMAND:-} in
    1 | true) set -- "$@" --enable-execute-command ;;
esac
case ${SLIPWAY_PROPAGATE_TAGS:-} in
    1 | true) set -- "$@" --propagate-tags ;;
esac
case ${SLIPWAY_WAIT:-} in
    1 | true) set -- "$@" --wait ${SLIPWAY_EXIT_CODE_FROM:+--exit-code-from "$SLIPWAY_EXIT_CODE_FROM"} ;;
esac
[ -z "${SLIPWAY_OUTPUT_FILE:-}" ] || set -- "$@" --output json
status=0
said=$(slipway ecs run-task --expand \
    --cluster "$SLIPWAY_CLUSTER" \
    --task-definition "$SLIPWAY_TASK_DEFINITION" \
    --count "$SLIPWAY_COUNT" \
    ${SLIPWAY_LAUNCH_TYPE:+--launch-type "$SLIPWAY_LAUNCH_TYPE"} \
    ${SLIPWAY_PLATFORM_VERSION:+--platform-version "$SLIPWAY_PLATFORM_VERSION"} \
    ${SLIPWAY_STARTED_BY:+--started-by "$SLIPWAY_STARTED_BY"} \
    ${SLIPWAY_GROUP:+--group "$SLIPWAY_GROUP"} \
    ${SLIPWAY_PLACEMENT_CONSTRAINTS:+--placement-constraint "$SLIPWAY_PLACEMENT_CONSTRAINTS"} \
    ${SLIPWAY_PLACEMENT_STRATEGY:+--placement-strategy "$SLIPWAY_PLACEMENT_STRATEGY"} \
    ${SLIPWAY_OVERRIDES:+--overrides "$SLIPWAY_OVERRIDES"} \
    ${SLIPWAY_TAGS:+--tags "$SLIPWAY_TAGS"} \
    --region "$SLIPWAY_REGION" \
    --access-key-var "$SLIPWAY_ACCESS_KEY_VAR" \
    --secret-key-var "$SLIPWAY_SECRET_KEY_VAR" \
    ${SLIPWAY_ROLE_ARN:+--role-arn "$SLIPWAY_ROLE_ARN"} \
    "$@") || status=$?
[ -z "$said" ] || printf '%s\n' "$said"
if [ -n "${SLIPWAY_OUTPUT_FILE:-}" ] && [ -n "$said" ]; then
    printf '%s\n' "$said" >"$(slipway env subst -- "$SLIPWAY_OUTPUT_FILE")"
    said=$(printf '%s\n' "$said" | sed -n 's/^ *"taskArn": "\([^"]*\)".*/\1/p')
fi
[ -z "${BASH_ENV:-}" ] || echo "export ORB_STR_TASK_ARN='$(printf '%s' "$said" | tr "\n'" '  ')'" >>"$BASH_ENV"
exit "$status"

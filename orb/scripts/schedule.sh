#!/bin/sh
# Points a rule or a schedule at a revision.
set -eu
refuse() {
    echo "error: $1" >&2
    exit 2
}
if [ -z "${SLIPWAY_RULE:-}${SLIPWAY_SCHEDULE:-}" ]; then
    refuse "no rule is named: set the parameter rule_name, or schedule_name for a schedule of EventBridge Scheduler"
fi
# The parameter's default is what an earlier step exports.
registered=${CCI_ORB_AWS_ECS_REGISTERED_TASK_DFN:-}
# shellcheck disable=SC2016 # that text itself
case $SLIPWAY_TASK_DEFINITION:$registered in
    : | '${CCI_ORB_AWS_ECS_REGISTERED_TASK_DFN}:')
        refuse "no revision is known: no step of this job registered one; do so with update_task_definition before this step, or name one in the parameter task_definition"
        ;;
esac
set --
case ${SLIPWAY_PROFILE:-default} in
    default) ;;
    *) set -- --profile "$SLIPWAY_PROFILE" ;;
esac
slipway ecs schedule --expand \
    --task-definition "$SLIPWAY_TASK_DEFINITION" \
    ${SLIPWAY_RULE:+--rule "$SLIPWAY_RULE"} \
    ${SLIPWAY_SCHEDULE:+--schedule "$SLIPWAY_SCHEDULE"} \
    ${SLIPWAY_CLUSTER:+--cluster "$SLIPWAY_CLUSTER"} \
    --region "$SLIPWAY_REGION" \
    --access-key-var "$SLIPWAY_ACCESS_KEY_VAR" \
    --secret-key-var "$SLIPWAY_SECRET_KEY_VAR" \
    ${SLIPWAY_ROLE_ARN:+--role-arn "$SLIPWAY_ROLE_ARN"} \
    "$@"

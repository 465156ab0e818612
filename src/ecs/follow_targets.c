#include "follow.h"

#include <slipway/alloc.h>
#include <slipway/log.h>
#include <slipway/progress.h>

/* What the load balancer says of the targets, when ECS only says that they are not healthy. */

enum { LOOKS_MAX = 3, GROUPS_MAX = 5 };

/* Whether a health check failed for a reason that is not told. */
static bool is_vague(const struct sw_causes *causes)
{
    for (size_t i = 0; i < causes->count; i++) {
        if (strcmp(causes->items[i].klass->id, "elb-health") == 0) {
            return true;
        }
    }
    return false;
}

static void add_target(struct follower *follower, const char *group, const json_t *description)
{
    const json_t *health = sw_json_object(description, "TargetHealth");
    const json_t *target = sw_json_object(description, "Target");
    const char *reason = sw_json_str(health, "Reason", "");
    char *id SW_CLEANUP(sw_free_str) =
        sw_xasprintf("%s %s:%s %s", group, sw_json_str(target, "Id", ""),
                     sw_json_str(target, "Port", ""), reason);
    sw_causes_add_target(&follower->result->causes, id, sw_json_str(health, "State", ""), reason,
                         sw_json_str(health, "Description", ""));
}

static void look(struct follower *follower, const char *group)
{
    const struct sw_aws_param param = { "TargetGroupArn", group };
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *answer = NULL;
    size_t index = 0;
    const json_t *description = NULL;
    enum sw_status status =
        sw_aws_query(follower->aws, "elasticloadbalancing", "DescribeTargetHealth", "2015-12-01",
                     &param, 1, &sw_aws_once, &answer, &err);
    if (status == SW_E_DENIED) {
        follower->targets_denied = true;
        sw_say(follower->env, "what the load balancer says of the tasks is not shown: the right "
                              "elasticloadbalancing:DescribeTargetHealth is missing");
    } else if (status != SW_OK) {
        sw_debug(follower->env, "ecs", "target health cannot be asked: %s", err.msg);
    }
    json_array_foreach(sw_json_array(answer, "TargetHealthDescriptions"), index, description)
    {
        add_target(follower, group, description);
    }
}

void follow_targets(struct follower *follower, const json_t *service)
{
    size_t index = 0;
    const json_t *balancer = NULL;
    if (follower->targets_denied || follower->target_looks >= LOOKS_MAX ||
        !is_vague(&follower->result->causes)) {
        return;
    }
    follower->target_looks++;
    json_array_foreach(sw_json_array(service, "loadBalancers"), index, balancer)
    {
        const char *group = sw_json_str(balancer, "targetGroupArn", "");
        if (*group && index < GROUPS_MAX && !follower->targets_denied) {
            look(follower, group);
        }
    }
    follow_say_causes(follower);
}

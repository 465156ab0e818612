#ifndef SLIPWAY_PREFLIGHT_H
#define SLIPWAY_PREFLIGHT_H

/*
 * Looking before deploying: what can be told beforehand about a rollout that will not work.
 *
 * Each check looks at one thing: the service, the new task definition, the cluster's instances, the
 * load balancer, the network, roles, images, secrets. All of it is read once, in few calls, however
 * many checks need it, and nothing is written. A check whose facts cannot be read is skipped and
 * names the right that is missing; it never passes. Checks name the cause (rollout.h) that a
 * rollout would fail with, so that what is said before and after is the same.
 */

#include <slipway/aws.h>
#include <slipway/json.h>
#include <slipway/rollout.h>

enum sw_check_level {
    SW_CHECK_OK,
    SW_CHECK_SKIP,  /* not looked at: a right is missing, or it cannot be told from outside */
    SW_CHECK_WARN,  /* may go wrong */
    SW_CHECK_BLOCK, /* will go wrong */
};
/* "ok", "skip", "warn", "block". */
const char *sw_check_level_name(enum sw_check_level level);

/* What one check found. A check has one finding at least. */
struct sw_check_finding {
    const char *check; /* its name: "host-port" */
    const char *cause; /* id of the cause that a rollout would fail with; NULL: none */
    enum sw_check_level level;
    bool idle;     /* SW_CHECK_OK because there is nothing to look at */
    char *text;    /* owned: what is the case */
    char *advice;  /* owned: what to do; NULL: nothing */
    char *command; /* owned: the same as a command; NULL: there is none */
};
struct sw_check_report {
    struct sw_check_finding *items;
    size_t count;
    size_t capacity;
};
void sw_check_report_release(struct sw_check_report *report);
/* How many findings have that level. */
size_t sw_check_report_count(const struct sw_check_report *report, enum sw_check_level level);

/* What is checked. Texts and values are borrowed. */
struct sw_check_options {
    const char *cluster;
    const json_t *service;    /* as DescribeServices has it, with what is to be changed; NULL: not
                                 known */
    const json_t *definition; /* what is to be deployed, as it would be registered */
    const char *label;        /* names the definition: "web:12", or a file */
    bool codedeploy;          /* CodeDeploy will deploy it */
    const struct sw_strs *causes; /* only checks for these causes; NULL: all checks */
};

/*
 * Runs the checks, in the order in which a newcomer meets their causes. SW_OK whatever they find;
 * SW_E_CREDENTIALS, SW_E_STOPPED when they cannot be run. *ret is released by the caller in any
 * case.
 */
SW_NODISCARD enum sw_status sw_check_run(struct sw_aws *aws, const struct sw_check_options *options,
                                         struct sw_check_report *ret, struct sw_err *err);

/* SW_E_PREFLIGHT naming the checks that block; SW_OK when none does. */
SW_NODISCARD enum sw_status sw_check_verdict(const struct sw_check_report *report,
                                             struct sw_err *err);

/*
 * One line per finding, with what to do below those that need it, and a line with their numbers;
 * what blocks comes last. Without `all`, what is fine is left out.
 */
void sw_check_print(const struct sw_check_report *report, bool all, struct sw_buf *out);
/* [{"check", "level", "text", "cause", "advice", "command"}]. The caller's. */
json_t *sw_check_facts(const struct sw_check_report *report);

#endif

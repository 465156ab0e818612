#ifndef SLIPWAY_TESTS_CAUSE_ROW_H
#define SLIPWAY_TESTS_CAUSE_ROW_H

/* A text of AWS and the class of failures that it belongs to. */

#include "ecs_test.h"

#include <slipway/rollout.h>

#define TG "(target-group arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/web/0)"

struct text_row {
    const char *text;
    const char *id; /* "none": nothing bad */
};

static inline const char *id_of(const struct sw_cause_class *klass)
{
    return klass ? klass->id : "none";
}

#endif

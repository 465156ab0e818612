#ifndef SLIPWAY_CIRCLECI_WORKFLOW_H
#define SLIPWAY_CIRCLECI_WORKFLOW_H

/* A workflow while it is compiled. */

#include "compile.h"

/* One job that runs: an entry of the list, or one combination of its matrix. */
struct wf_member {
    const char *base;  /* its name before members of the same name are numbered */
    const char *final; /* its name in the result */
    struct sw_yaml *matrix;
    struct sw_yaml *job; /* compiled; NULL for approvals and after problems */
    struct sw_yaml *filters;
    struct sw_yaml *context;
    struct sw_yaml *requires; /* expanded, as written */
    struct sw_yaml *edges;    /* what the result requires: names or {name: statuses} */
    const char *type;
    size_t entry;
    bool dropped; /* filtered out while compiling */
};

/* One item of the list as written. */
struct wf_entry {
    struct sw_yaml *node;    /* the name, for its mark */
    struct sw_yaml *options; /* a map or NULL */
    const char *job;
    const char *alias; /* of a matrix; NULL for single jobs */
};

struct workflow {
    const char *name;
    struct wf_entry *entries;
    size_t entry_count;
    size_t entry_capacity;
    struct wf_member *members;
    size_t member_count;
    size_t member_capacity;
};

/* requires.c: fills `edges` of all members; reports unknown, ambiguous and circular names. */
void cc_workflow_requires(struct cc *cc, struct workflow *workflow);

#endif

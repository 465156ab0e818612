#ifndef SLIPWAY_ROLLOUT_H
#define SLIPWAY_ROLLOUT_H

/*
 * Following a deployment of an ECS service to its end, and saying why when it fails.
 *
 * A rollout is judged by its own deployment id and that deployment's rolloutState, never by
 * "running equals desired": a service that was rolled back looks stable too. The judge is a pure
 * function over DescribeServices answers; the follower around it polls, tells people what changes,
 * and looks up stopped tasks. Reference: Amazon ECS API, Deployment and ServiceDeployment.
 */

#include <slipway/aws.h>
#include <slipway/json.h>

/* ---- The judge ---- */

enum sw_rollout_verdict {
    SW_ROLLOUT_RUNNING,      /* look again later */
    SW_ROLLOUT_ASK,          /* our deployment has left the list: ask DescribeServiceDeployments */
    SW_ROLLOUT_DONE,         /* succeeded */
    SW_ROLLOUT_FAILED,       /* failed and stays as it is */
    SW_ROLLOUT_ROLLING_BACK, /* failed; ECS is going back. Look again to see how that ends */
    SW_ROLLOUT_ROLLED_BACK,  /* failed; ECS has gone back */
    SW_ROLLOUT_SUPERSEDED,   /* a newer deployment took over */
    SW_ROLLOUT_GONE,         /* the service is missing or not active any more */
    SW_ROLLOUT_PAUSED,       /* waits for a hook or an approval */
};

/* What is followed. Texts are borrowed. */
struct sw_rollout_target {
    const char *deployment_id;               /* "ecs-svc/123" */
    const char *task_definition;             /* the ARN that is rolled out; may be NULL */
    const char *previous_id;                 /* the PRIMARY before ours; may be NULL */
    const char *service_deployment;          /* its ARN; may be NULL */
    const char *previous_service_deployment; /* the ARN of the one before; may be NULL */
    int64_t created_ms; /* when it was created, if DescribeServices showed it before;
                           else 0 */
    bool until_drained; /* done only when older deployments are gone as well */
    bool until_running; /* done only when as many tasks run as are wanted: for a
                           deployment that was completed before and only changed size */
};

enum { SW_ROLLOUT_ID_MAX = 128, SW_ROLLOUT_ARN_MAX = 512, SW_ROLLOUT_REASON_MAX = 768 };

/*
 * What the judge knows from earlier answers (zeroed at first) and reads from the last one. Counters
 * are those of our deployment.
 */
struct sw_rollout_state {
    bool seen;        /* our deployment was in some answer */
    bool failed;      /* it was FAILED, or a rollback was seen */
    unsigned unseen;  /* answers in a row without it */
    unsigned settled; /* answers in a row that look settled, without a rolloutState */
    int64_t desired, running, pending, failed_tasks;
    int64_t old_running;   /* tasks of all other deployments */
    int64_t deployments;   /* length of the list */
    int64_t created_ms;    /* when ours was created; 0 when not known */
    bool breaker;          /* the service has its circuit breaker on */
    bool breaker_rollback; /* ... with rollback */
    bool native_shift;     /* strategy BLUE_GREEN, LINEAR or CANARY */
    bool alarms;           /* CloudWatch alarms may end the rollout */
    bool daemon;           /* one task on each instance; nobody wants a number */
    bool no_step;          /* the percentages let no task start or stop */
    bool no_grace;         /* the load balancer's health checks count from the first on */
    bool witness_denied;   /* set by the caller: its service deployment cannot be asked */
    char primary_id[SW_ROLLOUT_ID_MAX];
    char rollback_id[SW_ROLLOUT_ID_MAX];         /* the deployment that ECS went back to, or "" */
    char service_deployment[SW_ROLLOUT_ARN_MAX]; /* of ours, once the service names it, or "" */
    char rollout_state[32];                      /* of ours: "IN_PROGRESS", ..., or "" */
    char reason[SW_ROLLOUT_REASON_MAX];          /* why the verdict is what it is, for people */
};

/*
 * Judges one service of a DescribeServices answer. `service` NULL means that the answer had none.
 * Updates *state; state->reason says why for every verdict but RUNNING.
 */
enum sw_rollout_verdict sw_rollout_judge(const json_t *service,
                                         const struct sw_rollout_target *target,
                                         struct sw_rollout_state *state);
/*
 * The verdict from the status of a DescribeServiceDeployments entry, e.g. "ROLLBACK_SUCCESSFUL".
 * Only SUCCESSFUL is success.
 */
enum sw_rollout_verdict sw_rollout_judge_deployment(const json_t *service_deployment,
                                                    struct sw_rollout_state *state);
/* The ARN of the service deployment to ask, borrowed; NULL when none is known or may be asked. */
const char *sw_rollout_witness(const struct sw_rollout_target *target,
                               const struct sw_rollout_state *state);
/*
 * The verdict when that cannot be asked: the service runs something else than `target`, or the same
 * definition under another deployment.
 */
enum sw_rollout_verdict sw_rollout_judge_absent(const json_t *service,
                                                const struct sw_rollout_target *target,
                                                struct sw_rollout_state *state);
/* "succeeded", "failed", "rolling back", ... for people and reports. */
const char *sw_rollout_verdict_name(enum sw_rollout_verdict verdict);

/* ---- Causes ---- */

/* One kind of failure and what to do about it. */
struct sw_cause_class {
    const char *id;      /* "image-missing", ... */
    const char *title;   /* "the image cannot be pulled: it does not exist" */
    const char *advice;  /* what to do next */
    const char *command; /* the same as a command, names to fill in in capitals; NULL: none */
    bool fatal;          /* will not heal by itself */
};
/* The class of that id; NULL when there is none. */
const struct sw_cause_class *sw_cause_class_find(const char *id);

/* A class with what was seen of it. */
struct sw_cause {
    const struct sw_cause_class *klass;
    const struct sw_cause_class *seen_as; /* before the log told better */
    unsigned count;                       /* tasks, or events */
    char *example;                        /* owned: AWS's own words */
    char *container;                      /* owned; NULL when not known */
    char *task;                           /* owned: ARN of the first task; NULL for events */
    char *log;         /* owned: last lines of that container's log; NULL when not looked at */
    int64_t exit_code; /* -1 when not known */
    int64_t first_ms;  /* when it was first seen, by AWS's clock; 0 when not known */
    int64_t last_ms;   /* ... and last */
    bool target;       /* what a load balancer says of a target */
    char *object;      /* owned: what it is about (an image, a secret, ...); NULL when not known */
};
struct sw_causes {
    struct sw_cause *items;
    size_t count;
    size_t capacity;
    struct sw_strs seen; /* ARNs of tasks and ids of events already counted */
    const char *cluster; /* borrowed, for commands; NULL when not known */
    const char *service;
    bool events_shown; /* people saw the events: their words are not printed again */
};
void sw_causes_release(struct sw_causes *causes);

/* The class of a service event's text; NULL when it reports nothing bad. */
const struct sw_cause_class *sw_cause_of_event(const char *message);
/* The class of a line in a container's log; NULL when it says nothing about the container itself.
 */
const struct sw_cause_class *sw_cause_of_log(const char *line);
/*
 * The class of what DescribeTargetHealth says of a target; NULL for one that is well, comes or
 * goes.
 */
const struct sw_cause_class *sw_cause_of_target(const char *state, const char *reason,
                                                const char *description);
/* The class of a refusal's text: an entry of "failures", or the error of a call; never NULL. */
const struct sw_cause_class *sw_cause_of_refusal(const char *text);
/*
 * The class of a stopped task from DescribeTasks; NULL for ordinary stops. *ret_text is AWS's own
 * words for it, *ret_container the container it is about or NULL, borrowed from the task;
 * *ret_exit its exit code or -1.
 */
const struct sw_cause_class *sw_cause_of_task(const json_t *task, const char **ret_text,
                                              const char **ret_container, int64_t *ret_exit);
/* Counts the tasks of a DescribeTasks answer that belong to the deployment. */
void sw_causes_add_tasks(struct sw_causes *causes, const json_t *answer, const char *deployment_id);
/* Counts one event; `at_ms` is when AWS made it, 0 when not known. */
void sw_causes_add_event(struct sw_causes *causes, const char *id, const char *message,
                         int64_t at_ms);
/* Counts what DescribeTargetHealth says of one target; `id` is unique for target and state. */
void sw_causes_add_target(struct sw_causes *causes, const char *id, const char *state,
                          const char *reason, const char *description);
/*
 * The most telling cause, NULL when there is none: a fact (an alarm, a hook), then why tasks
 * stopped, what a load balancer says, events that will not heal, other events; among equals the
 * most frequent.
 */
const struct sw_cause *sw_causes_main(const struct sw_causes *causes);
/* The class's command with the names that are known filled in, the caller's; NULL: none. */
char *sw_cause_command(const struct sw_causes *causes, const struct sw_cause *cause);
/* One paragraph per cause, for people. */
void sw_causes_print(const struct sw_causes *causes, struct sw_buf *out);

/* ---- Following ---- */

/* What is done about a rollout that failed, or that is not done in time. */
enum sw_on_failure {
    SW_ON_FAILURE_NOTHING,
    SW_ON_FAILURE_STOP,     /* StopServiceDeployment: it stays as it stands */
    SW_ON_FAILURE_ROLLBACK, /* StopServiceDeployment with rollback, else an update to what ran */
};

struct sw_follow_options {
    const char *cluster;
    const char *service;
    struct sw_rollout_target target;
    int64_t timeout_ms;       /* 0: SW_ROLLOUT_TIMEOUT_MS */
    bool ecs_timeout;         /* it is for ECS alone: CodeDeploy takes the time of its group */
    int64_t poll_interval_ms; /* 0: 5 s in the first minute, then 10 s */
    unsigned fail_fast;       /* equal fatal task stops that end the waiting; 0: never */
    bool no_logs;             /* do not show the last log lines of failed containers */
    bool brief;               /* show only what is bad: no counters, no ordinary events */
    enum sw_on_failure on_failure;
    const char *previous_definition; /* ARN of what ran before, for SW_ON_FAILURE_ROLLBACK; NULL:
                                        see sw_service_rollback */
};
enum { SW_ROLLOUT_TIMEOUT_MS = 20 * 60 * 1000, SW_ROLLOUT_FAIL_FAST = 3 };

/* How it ended. */
struct sw_follow_result {
    enum sw_rollout_verdict verdict; /* RUNNING: not known to the end (time-out, stop, no access) */
    struct sw_rollout_state state;
    struct sw_causes causes;
    struct sw_strs events; /* those of this deployment, oldest first, with their time */
    int64_t waited_ms;
    char *repair;   /* owned: what was done about the failure, for people; NULL: nothing */
    bool repaired;  /* ... and that it worked was seen */
    char *standing; /* owned: what runs after a rollout that did not succeed, for people; NULL: not
                       known */
};
void sw_follow_result_release(struct sw_follow_result *result);

/*
 * Polls until the rollout ends, telling people about every change. SW_OK when it succeeded;
 * SW_E_ROLLOUT_FAILED, SW_E_ROLLED_BACK, SW_E_SUPERSEDED, SW_E_PAUSED by verdict; SW_E_TIMEOUT;
 * SW_E_STOPPED when the user wants to stop; SW_E_NOT_FOUND when the service is gone;
 * SW_E_CREDENTIALS or SW_E_DENIED when it cannot be watched (the deployment goes on). Throttling,
 * 5xx and broken connections never end it; only the deadline does. *ret is filled in every case.
 *
 * With on_failure, a rollout that failed or is not done in time is stopped or rolled back, and
 * followed to the end of that: SW_E_ROLLED_BACK once that was seen, SW_E_ROLLOUT_FAILED else. The
 * message says what was done.
 */
SW_NODISCARD enum sw_status sw_rollout_follow(struct sw_aws *aws,
                                              const struct sw_follow_options *options,
                                              struct sw_follow_result *ret, struct sw_err *err);

/* ---- Rollouts that wait ---- */

struct sw_continue_options {
    const char *cluster;
    const char *service; /* name or ARN */
    const char *hook;    /* id of the hook; NULL: all that wait */
    bool roll_back;      /* go back instead of on */
};
struct sw_continue_result {
    char *service_deployment;    /* its ARN */
    char *codedeploy_deployment; /* "d-ABC123", instead */
    char *stage;                 /* at which it waited, e.g. "POST_TEST_TRAFFIC_SHIFT"; of
                                    CodeDeploy "READY_WAIT", "TERMINATION_WAIT" or its status */
    struct sw_strs hooks;        /* ids of those that were answered */
};
void sw_continue_result_release(struct sw_continue_result *result);
/*
 * Answers the lifecycle hooks at which the deployment in progress waits (SW_ROLLOUT_PAUSED). One of
 * CodeDeploy goes on when it waits for its traffic to be shifted or for the end of its old tasks,
 * and back at any time; it has no hooks to choose from (SW_E_USAGE).
 * SW_E_CONFLICT when there is no deployment, or none waits; SW_E_NOT_FOUND when `hook` does not,
 * naming those that do, and for what sw_service_describe() (service.h) does not find. *ret says in
 * every case what was answered, and is released by the caller.
 */
SW_NODISCARD enum sw_status sw_rollout_continue(struct sw_aws *aws,
                                                const struct sw_continue_options *options,
                                                struct sw_continue_result *ret, struct sw_err *err);

#endif

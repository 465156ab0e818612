#ifndef SLIPWAY_CIRCLECI_COMPILE_H
#define SLIPWAY_CIRCLECI_COMPILE_H

/*
 * The configuration compiler's own header: one run (struct cc), where names are looked up (struct
 * cc_ns), and what templates see (struct cc_scope).
 *
 * Trees as written are raw: their text may hold "<< >>" tags. Expanding a raw tree in a scope gives
 * a new tree without tags, which is never expanded again. Functions that return a node return NULL
 * after they have recorded a problem; callers go on with what is left, so that one run reports many
 * problems.
 */

#include <slipway/config.h>

/* A set of commands, jobs and executors: the configuration itself, or an orb. */
struct cc_ns {
    const char *label;   /* for messages: "" or the orb's reference */
    struct sw_yaml *doc; /* a map; NULL when the orb could not be had */
    bool is_orb;
    unsigned depth; /* orbs inside orbs */
    struct cc_import *imports;
};
/* An orb under the name that `orbs:` gives it. */
struct cc_import {
    const char *alias;
    struct cc_ns *ns;
    const char *ref;      /* as written; NULL for inline orbs */
    const char *resolved; /* "acme/slipway@1.0.0" */
    bool used;
    const struct sw_yaml *at;
    struct cc_import *next;
};

struct cc_scope {
    struct cc_ns *ns;
    struct sw_yaml *parameters; /* name -> value; NULL where there are none */
    struct sw_yaml *matrix;     /* likewise */
    bool pipeline_parameters;   /* << pipeline.parameters.x >> may be used */
};

/* What is being called, innermost first: the stack of error messages. */
struct cc_frame {
    const char *kind; /* "workflow", "job", "command", "executor" */
    const char *name;
    const struct sw_yaml *at;
    const struct sw_yaml *definition; /* tells calls of the same command apart */
    const struct cc_frame *outer;
    unsigned depth;
};

struct cc {
    const struct sw_env *env;
    const struct sw_config_options *options;
    struct sw_yaml_pool *pool;
    struct sw_config_problems *problems;
    const struct cc_frame *frame;
    struct sw_yaml *pipeline;            /* "pipeline.number" -> value */
    struct sw_yaml *pipeline_parameters; /* name -> value */
    struct cc_ns *root;
    struct sw_yaml *loaded_orbs; /* path -> document */
    struct sw_yaml *header;      /* comment lines of resolved orbs, a sequence */
    bool check_all;
    unsigned advisory; /* > 0: problems are warnings (usage examples) */
    unsigned lenient;  /* > 0: what is looked at may never run with these values */
    unsigned probing;  /* > 0: problems are counted in probe_failures, not recorded */
    unsigned probe_failures;
    size_t work;    /* steps looked at so far */
    bool exhausted; /* a limit of the whole run was passed: give up */
};

/* Nodes whose `user` points to one of these are special values. */
extern const char cc_final_steps; /* a list of steps that is already expanded */
extern const char cc_placeholder; /* a value made up for a required parameter */

/* problem.c */
void cc_problem(struct cc *cc, const struct sw_yaml *at, const char *fmt, ...) SW_PRINTF(3, 4);
void cc_warning(struct cc *cc, const struct sw_yaml *at, const char *fmt, ...) SW_PRINTF(3, 4);
/* Whether the run should end: enough problems, or a limit passed. */
bool cc_done(struct cc *cc);
/* Counts one unit of work; false, with a problem, when the run has done too much. */
bool cc_spend(struct cc *cc, const struct sw_yaml *at);
/* Enters a frame (the caller's storage); false, with a problem, when calls nest too deep. */
bool cc_enter(struct cc *cc, struct cc_frame *frame);
void cc_leave(struct cc *cc);
/* "a, b, c" of a map's keys, shortened when there are many; "none" when empty. */
const char *cc_names(struct cc *cc, const struct sw_yaml *map);
/* `; did you mean "x"?` for the nearest key of `map`, or "". */
const char *cc_suggest(struct cc *cc, const struct sw_yaml *map, const char *name);
/* A pool text. */
const char *cc_text(struct cc *cc, const char *fmt, ...) SW_PRINTF(2, 3);
/* `"1" (type string)`: how a value shows in messages. */
const char *cc_show(struct cc *cc, const struct sw_yaml *value);

/* check.c: shape. */
/* The member as a map; NULL when absent, null, or (with a problem) something else. */
struct sw_yaml *cc_map_member(struct cc *cc, const struct sw_yaml *map, const char *key);
/* Problems for keys outside the NULL-terminated list. `what` names the map ("job \"build\""). */
void cc_check_keys(struct cc *cc, const struct sw_yaml *map, const char *const *permitted,
                   const char *what);

/* expr.c, scope.c: an expression. False after a problem. *ret is NULL for undefined. */
bool cc_eval(struct cc *cc, const struct cc_scope *scope, struct sw_str text,
             const struct sw_yaml *at, struct sw_yaml **ret);
/* ^[\w-]+(\.\S+)*$: names of sections, and of parameters that are no identifiers. */
bool cc_is_dotted_name(struct sw_str text);
/* A name such as "parameters.x"; same results. */
bool cc_lookup(struct cc *cc, const struct cc_scope *scope, const char *name,
               const struct sw_yaml *at, struct sw_yaml **ret);

/* template.c */
bool cc_has_tags(const struct sw_yaml *scalar);
struct sw_yaml *cc_expand_scalar(struct cc *cc, const struct cc_scope *scope,
                                 struct sw_yaml *scalar);
/* The whole tree; NULL when any part had a problem (all parts are looked at). */
struct sw_yaml *cc_expand(struct cc *cc, const struct cc_scope *scope, struct sw_yaml *raw);

/* logic.c */
bool cc_truthy(const struct sw_yaml *value);
/* Values are compared as the language does: executors by their name. */
bool cc_same(const struct sw_yaml *a, const struct sw_yaml *b);
/* A raw logic statement. False after a problem. */
bool cc_logic(struct cc *cc, const struct cc_scope *scope, struct sw_yaml *raw, bool *ret);

/* params.c */
enum cc_component { CC_PIPELINE, CC_COMMAND, CC_JOB, CC_EXECUTOR };
/* Checks declarations; `declarations` may be NULL. */
void cc_check_declarations(struct cc *cc, struct cc_ns *ns, struct sw_yaml *declarations,
                           enum cc_component component);
struct cc_call {
    struct sw_yaml *declarations; /* map or NULL */
    struct sw_yaml *args;         /* map or NULL */
    const struct cc_scope *scope; /* the caller's */
    struct cc_ns *ns;             /* the callee's, for defaults */
    const struct sw_yaml *at;     /* the call, for missing arguments */
    const char *const *ignored;   /* keys of args that are no arguments; may be NULL */
    struct sw_yaml *extra;        /* values that are already expanded (matrix); may be NULL */
    bool placeholders;            /* make up values of required parameters */
};
struct sw_yaml *cc_bind(struct cc *cc, const struct cc_call *call);
/* Checks a value against a declaration and gives it its final form. `name` for messages. */
struct sw_yaml *cc_typed(struct cc *cc, const struct cc_scope *scope, const char *name,
                         struct sw_yaml *declaration, struct sw_yaml *value);

/* ns.c */
struct cc_ns *cc_ns_new(struct cc *cc, struct sw_yaml *doc, const char *label, bool is_orb,
                        unsigned depth);
/* Imports what `orbs:` of the namespace's document names. */
void cc_import_all(struct cc *cc, struct cc_ns *ns);
/*
 * Finds an element of a section ("commands"); string aliases are followed. Sets *ret_ns to where it
 * was found. NULL without a problem when there is none; *ret_unresolved tells that its orb is
 * missing, which was already reported.
 */
struct sw_yaml *cc_find(struct cc *cc, struct cc_ns *ns, const char *section, const char *name,
                        struct cc_ns **ret_ns, bool *ret_unresolved);
/* Reports that cc_find found nothing. `what` is "job", "command" or "executor". */
void cc_not_found(struct cc *cc, struct cc_ns *ns, const char *section, const char *what,
                  const char *name, const struct sw_yaml *at);

/* orb_ref.c */
/* The path given for an orb by --orb, and the reference it stands for; NULL when none. */
const char *cc_orb_path(struct cc *cc, const char *alias, const char *ref,
                        const char **ret_resolved);

/* steps.c */
/* Appends the expansion of a raw list of steps. */
void cc_steps(struct cc *cc, const struct cc_scope *scope, struct sw_yaml *raw,
              struct sw_yaml *out);
/* primitive.c */
bool cc_is_primitive(const char *name);
void cc_primitive(struct cc *cc, const struct cc_scope *scope, const char *name,
                  struct sw_yaml *raw, const struct sw_yaml *at, struct sw_yaml *out);

/* executor.c */
/* The expanded body of an executor value (a name or a map with name and arguments). */
struct sw_yaml *cc_executor(struct cc *cc, const struct cc_scope *scope, struct sw_yaml *value);
/* A problem when a job or an executor names several kinds of environment. `what` names it. */
void cc_check_one_kind(struct cc *cc, const struct sw_yaml *map, const char *what);
/* An executor definition expanded with given arguments. */
struct sw_yaml *cc_executor_body(struct cc *cc, struct cc_ns *ns, const char *name,
                                 struct sw_yaml *definition, struct sw_yaml *args,
                                 const struct cc_scope *scope, const struct sw_yaml *at,
                                 bool placeholders);

/* job.c */
struct cc_job_call {
    const char *name; /* as the workflow names it */
    const struct sw_yaml *at;
    struct sw_yaml *args;         /* raw, may be NULL */
    struct sw_yaml *matrix;       /* expanded matrix values, or NULL */
    const struct cc_scope *scope; /* the workflow's */
    struct cc_ns *ns;
    bool placeholders;
};
/* The compiled job; *ret_type is its `type` ("build" when absent). */
struct sw_yaml *cc_job(struct cc *cc, const struct cc_job_call *call, const char **ret_type);

/* matrix.c */
/* The combinations of a raw matrix, a sequence of maps; NULL after a problem. */
struct sw_yaml *cc_matrix(struct cc *cc, const struct cc_scope *scope, struct sw_yaml *raw,
                          const char *job);

/* workflow.c */
void cc_workflows(struct cc *cc, struct sw_yaml *workflows, struct sw_yaml *out_jobs,
                  struct sw_yaml *out_workflows);

/* pipeline.c */
void cc_pipeline(struct cc *cc, struct sw_yaml *declarations);

/* unreached.c */
/* Declarations of every parameter of a namespace. */
void cc_check_sections(struct cc *cc, struct cc_ns *ns);
/* What nothing reaches. */
void cc_check_unreached(struct cc *cc, struct cc_ns *ns);

#endif

#ifndef SLIPWAY_CONFIG_H
#define SLIPWAY_CONFIG_H

/*
 * Compiling a CircleCI 2.1 configuration without the service: parameters, templates, logic, orbs
 * from local files, matrices and workflows are resolved into the plain jobs that run.
 *
 * Call order: sw_config_compile; then sw_config_compiled_json for the document,
 * sw_config_write for its text; sw_config_free. On failure the problems say everything;
 * `err` holds the first of them and their number.
 *
 * A compiled document is {"version": 2, "jobs": {NAME: {...}}, "workflows": {NAME: {"jobs": [...]},
 * "version": 2}}. A job has its executor's keys, "environment" as a list of one-key maps, and
 * "steps": a list of strings ("checkout") and one-key maps ("run": {"command": ...}). Nodes keep
 * the mark of the line they came from, also inside orbs.
 *
 * Not supported, and refused as such: functions, job-groups, serial-group, override-with, orbs from
 * URLs, and orbs for which no local file is given.
 */

#include <slipway/env.h>
#include <slipway/yaml.h>

enum {
    SW_CONFIG_PROBLEMS_MAX = 20,  /* later problems are not collected */
    SW_CONFIG_MATRIX_MAX = 10000, /* jobs of one matrix */
    SW_CONFIG_JOBS_MAX = 10000,   /* jobs of one workflow */
    SW_CONFIG_LOGIC_DEPTH_MAX = 100,
    SW_CONFIG_EXPRESSION_MAX = 2048, /* bytes */
    SW_CONFIG_CALL_DEPTH_MAX = 64,   /* commands inside commands */
    SW_CONFIG_ORB_DEPTH_MAX = 5,     /* orbs inside orbs */
};
#define SW_CONFIG_COMPILED_MAX ((size_t)8 * 1024 * 1024)   /* bytes of the compiled text */
#define SW_CONFIG_MEMORY_MAX   ((size_t)512 * 1024 * 1024) /* bytes of all trees of one run */

/* One thing that is wrong (or, as a warning, odd). */
struct sw_config_problem {
    struct sw_yaml_mark mark; /* mark.file may be NULL */
    bool warning;
    const char *text; /* "Unexpected argument(s): x" */
    const char
        *stack; /* lines "Error calling job: 'build' (file:line:column)", outermost first; or "" */
};
/* All problems of a run; owned by the list. Zero-initialise, release at the end. */
struct sw_config_problems {
    struct sw_config_problem *items;
    size_t count;
    size_t capacity;
    size_t errors; /* those that are no warnings */
    struct sw_yaml_pool *pool;
};
void sw_config_problems_release(struct sw_config_problems *problems);
/* Appends "file:line:column: text" and the indented stack, each line ended by a newline. */
void sw_config_problem_write(const struct sw_config_problem *problem, struct sw_buf *out);

/* An orb given from a local file: `ref` as in the configuration's orbs: "acme/slipway@1.0.0",
 * "acme/slipway" for any version, or the name the configuration gives it. */
struct sw_config_orb {
    const char *ref;
    const char *path; /* a packed file or an orb's source folder */
};

struct sw_config_options {
    const char *path; /* the configuration; "-" is standard input. NULL: ".circleci/config.yml" */
    const struct sw_config_orb *orbs;
    size_t orb_count;
    json_t *parameters;           /* values of pipeline parameters, an object; may be NULL */
    const struct sw_strs *values; /* pipeline values, "git.branch=main" each; may be NULL */
    bool check_all;               /* also check jobs, commands and branches that nothing reaches */
};

struct sw_config;

/*
 * Compiles. SW_E_INPUT when the configuration is wrong. `problems` may be NULL; it collects
 * warnings too, and is filled on success as well as on failure.
 */
SW_NODISCARD enum sw_status sw_config_compile(const struct sw_env *env,
                                              const struct sw_config_options *options,
                                              struct sw_config_problems *problems,
                                              struct sw_config **ret, struct sw_err *err);
void sw_config_free(struct sw_config *config);
SW_DEFINE_CLEANUP(sw_config_cleanup, struct sw_config, sw_config_free)

/* The compiled document, the caller's. */
json_t *sw_config_compiled_json(const struct sw_config *config);
/* Appends the document's text with a comment line per orb ("# Orb 'REF' resolved to 'REF'"). */
SW_NODISCARD enum sw_status sw_config_write(const struct sw_config *config, struct sw_buf *out,
                                            struct sw_err *err);
/* Lines of the configuration that are neither blank nor comment. */
size_t sw_config_source_lines(const struct sw_config *config);

/*
 * Checks an orb (packed file, source folder, or "-"): its shape, every command, job and executor
 * expanded with its own parameters, and the usage examples compiled against it. Missing
 * descriptions are warnings. Of `options`, which may be NULL, only the orbs are used: local files
 * for the orbs that this one imports.
 */
SW_NODISCARD enum sw_status sw_orb_validate(const struct sw_env *env, const char *path,
                                            const struct sw_config_options *options,
                                            struct sw_config_problems *problems,
                                            struct sw_err *err);

#endif

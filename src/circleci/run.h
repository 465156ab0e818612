#ifndef SLIPWAY_CIRCLECI_RUN_H
#define SLIPWAY_CIRCLECI_RUN_H

/* Starting a run of the compiler, and ending it. */

#include "compile.h"

/* All arguments must outlive the run. */
void cc_init(struct cc *cc, const struct sw_env *env, const struct sw_config_options *options,
             struct sw_config_problems *problems, struct sw_yaml_pool *pool);
/* The compiled document of a configuration; NULL or incomplete after problems. */
struct sw_yaml *cc_compile_document(struct cc *cc, struct sw_yaml *doc);
/* SW_OK without errors; else the first of them and how many more there are. */
enum sw_status cc_report(const struct sw_config_problems *problems, struct sw_err *err);

#endif

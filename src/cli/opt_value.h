#ifndef SLIPWAY_CLI_OPT_VALUE_H
#define SLIPWAY_CLI_OPT_VALUE_H

#include "opt.h"

/*
 * Parses `text` by the option's kind into `member`, the place in the argument struct. Strings are
 * borrowed from `text`, lists copy. SW_E_USAGE names the option, the text and what is accepted.
 */
SW_NODISCARD enum sw_status sw_opt_set_value(const struct sw_opt *opt, void *member,
                                             const char *text, struct sw_err *err);

#endif

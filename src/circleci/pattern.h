#ifndef SLIPWAY_CIRCLECI_PATTERN_H
#define SLIPWAY_CIRCLECI_PATTERN_H

#include <slipway/str.h>

enum {
    SW_PATTERN_MAX = 255,         /* characters of a pattern */
    SW_PATTERN_REPEAT_MAX = 1000, /* the n of {n} */
    SW_PATTERN_SIZE_MAX = 5000,   /* atoms when all that is repeated is written out */
    SW_PATTERN_DEPTH_MAX = 32,    /* groups in groups */
};

/*
 * Whether the whole of `text` matches `pattern`, in the common part of RE2's and Java's syntax:
 * classes, \d \w \s \b, groups, alternatives, counts, lazy counts, a leading (?i). Look-around and
 * back-references are refused, as RE2 does. Returns 1, 0, or -1 for an invalid pattern, with
 * *ret_reason (a literal) saying what is wrong with it.
 */
int sw_pattern_match(struct sw_str pattern, const char *text, const char **ret_reason);

#endif

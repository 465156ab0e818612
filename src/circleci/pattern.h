#ifndef SLIPWAY_CIRCLECI_PATTERN_H
#define SLIPWAY_CIRCLECI_PATTERN_H

#include <slipway/str.h>

/* Characters of a pattern, and the product of its {n} counts. */
enum { SW_PATTERN_MAX = 255, SW_PATTERN_REPEAT_MAX = 1000 };

/*
 * Whether the whole of `text` matches `pattern`, in the common part of RE2's and Java's syntax:
 * classes, \d \w \s \b, groups, alternatives, counts, lazy counts, a leading (?i). Look-around and
 * back-references are refused, as RE2 does. Returns 1, 0, or -1 for an invalid pattern, with
 * *ret_reason (a literal) saying what is wrong with it.
 */
int sw_pattern_match(struct sw_str pattern, const char *text, const char **ret_reason);

#endif

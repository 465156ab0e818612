#ifndef SLIPWAY_BASE_SUBST_PATTERN_H
#define SLIPWAY_BASE_SUBST_PATTERN_H

/*
 * Shell patterns (POSIX XCU 2.13) over UTF-8 text: * ? [...] with ranges, classes and negation; a
 * backslash quotes the next character. Matching walks all alternatives at once, so one attempt
 * costs at most pattern length times text length; a step budget bounds the sum of all attempts.
 */

#include <slipway/buf.h>

/* Characters of a pattern. */
enum { SW_PATTERN_MAX = 4096 };

/* How a pattern is looked for in a value, by the operators of ${NAME<op>pattern}. */
enum sw_pattern_op {
    SW_PATTERN_CUT_START,      /* #  the shortest match at the start goes */
    SW_PATTERN_CUT_START_LONG, /* ## the longest */
    SW_PATTERN_CUT_END,        /* %  the shortest match at the end goes */
    SW_PATTERN_CUT_END_LONG,   /* %% the longest */
    SW_PATTERN_REPLACE_FIRST,  /* /  the first, longest match is replaced */
    SW_PATTERN_REPLACE_ALL,    /* // every match is replaced */
    SW_PATTERN_REPLACE_START,  /* /# a match at the start is replaced */
    SW_PATTERN_REPLACE_END,    /* /% a match at the end is replaced */
    SW_PATTERN_UPPER_FIRST,    /* ^  the first character, if it matches */
    SW_PATTERN_UPPER_ALL,      /* ^^ every character that matches */
    SW_PATTERN_LOWER_FIRST,    /* ,  */
    SW_PATTERN_LOWER_ALL,      /* ,, */
};

/*
 * Appends to `out` what is left of `value` after `op` with `pattern` and, for the replacing
 * operators, `replacement`. Takes the steps that were needed (one pattern character against one
 * text character each) off *budget. SW_E_TOO_LARGE for a pattern that is too long, or that the
 * budget does not suffice for.
 */
SW_NODISCARD enum sw_status sw_pattern_apply(enum sw_pattern_op op, struct sw_str value,
                                             struct sw_str pattern, struct sw_str replacement,
                                             size_t *budget, struct sw_buf *out,
                                             struct sw_err *err);

/* The part of `s` from character `start` on, `count` characters long; both within the text. */
struct sw_str sw_utf8_slice(struct sw_str s, size_t start, size_t count);

#endif

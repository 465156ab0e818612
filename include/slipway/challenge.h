#ifndef SLIPWAY_CHALLENGE_H
#define SLIPWAY_CHALLENGE_H

/*
 * WWW-Authenticate (RFC 9110, 11.6.1): what a registry wants to see before it answers. One header
 * may carry several challenges, several headers too. Parameters other than the four below are
 * read over; names are compared without case.
 */

#include <slipway/attr.h>
#include <slipway/err.h>
#include <slipway/str.h>

enum {
    SW_CHALLENGES_MAX = 8,
    SW_CHALLENGE_HEADER_MAX = 8 * 1024,
};

struct sw_challenge {
    char *scheme; /* as received: "Basic", "Bearer", ... */
    char *realm;  /* the rest: NULL when absent */
    char *service;
    char *scope;
    char *error; /* "invalid_token", "insufficient_scope", ... */
};

struct sw_challenges {
    struct sw_challenge items[SW_CHALLENGES_MAX];
    size_t count;
};

/*
 * Appends the challenges of one header value to *list, which starts zeroed and is released by the
 * caller whatever is returned. SW_E_UNAVAILABLE on text that is no list of challenges; what was
 * read before the fault is kept. More than SW_CHALLENGES_MAX are ignored.
 */
SW_NODISCARD enum sw_status sw_challenges_parse(struct sw_challenges *list, struct sw_str header,
                                                struct sw_err *err);
/* The first challenge of that scheme (any case); NULL when there is none. Borrowed. */
const struct sw_challenge *sw_challenges_find(const struct sw_challenges *list, const char *scheme);
void sw_challenges_release(struct sw_challenges *list);

#endif

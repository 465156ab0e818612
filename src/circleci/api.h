#ifndef SLIPWAY_CIRCLECI_API_H
#define SLIPWAY_CIRCLECI_API_H

/* CircleCI's GraphQL API: one question, one answer. */

#include <slipway/json.h>
#include <slipway/orbpublish.h>

/*
 * Asks `query` with `variables` (borrowed). *ret is the answer's "data" object, the caller's. A
 * question that changes nothing is asked again when an answer fails to arrive.
 */
SW_NODISCARD enum sw_status cci_ask(const struct sw_circleci *api, const char *query,
                                    json_t *variables, json_t **ret, struct sw_err *err);
/*
 * The same for a question that changes something; `field` names the mutation. Its own "errors" are
 * a failure with their texts. *ret is "data".
 */
SW_NODISCARD enum sw_status cci_change(const struct sw_circleci *api, const char *query,
                                       json_t *variables, const char *field, json_t **ret,
                                       struct sw_err *err);

#endif

#ifndef SLIPWAY_ORBPUBLISH_H
#define SLIPWAY_ORBPUBLISH_H

/*
 * Publishing orbs: CircleCI's orb registry, asked through its GraphQL API (HOST/graphql-unstable).
 *
 * A registry holds namespaces (one per organisation), these hold orbs, and an orb holds versions:
 *   x.y.z       a production version, which can never be changed or deleted
 *   dev:LABEL   a development version, which any member may overwrite, and which expires in 90 days
 *
 * Failures: SW_E_CREDENTIALS for a missing or refused token, SW_E_DENIED where its user lacks a
 * right, SW_E_NOT_FOUND for a namespace, orb or version that is missing, SW_E_CONFLICT for a
 * production version that is there already, SW_E_INPUT for a source that is no UTF-8 text,
 * SW_E_TOO_LARGE for one beyond SW_ORB_SOURCE_MAX, SW_E_NETWORK and SW_E_UNAVAILABLE as in http.h,
 * and SW_E_FAILED with the registry's own words otherwise.
 */

#include <slipway/env.h>
#include <slipway/str.h>

#define SW_CIRCLECI_HOST "https://circleci.com"
enum { SW_ORB_LABEL_MAX = 1023 }; /* bytes of a development version's label */
/* What CircleCI takes as one configuration; larger sources are refused before they are sent. */
#define SW_ORB_SOURCE_MAX ((size_t)8 * 1024 * 1024)

/* The parts of "acme/slipway@1.0.0"; owned. */
struct sw_orb_ref {
    char *space; /* the namespace */
    char *name;
    char *version; /* NULL: none was given */
};
/* SW_E_INPUT, showing one, for what is no reference. *ret is the caller's on success. */
SW_NODISCARD enum sw_status sw_orb_ref_parse(const char *text, struct sw_orb_ref *ret,
                                             struct sw_err *err);
void sw_orb_ref_release(struct sw_orb_ref *ref);
/* Whether it begins with "dev:"; not whether its label is a good one. */
bool sw_orb_version_is_dev(const char *version);
/* SW_OK for x.y.z and dev:LABEL; anything else is SW_E_INPUT, naming what is allowed. */
SW_NODISCARD enum sw_status sw_orb_version_check(const char *version, struct sw_err *err);
/* SW_OK for what sw_orb_version_next() takes as a step; anything else is SW_E_INPUT, naming what
 * is. */
SW_NODISCARD enum sw_status sw_orb_step_check(const char *step, struct sw_err *err);
/*
 * The version that follows `latest` by `step`: major, minor or patch count it up, and a version
 * x.y.z stands for itself. The caller's. SW_E_INPUT for any other step; SW_E_UNAVAILABLE for a
 * `latest` that cannot be counted up.
 */
SW_NODISCARD enum sw_status sw_orb_version_next(const char *latest, const char *step, char **ret,
                                                struct sw_err *err);

/* The registry and who asks it. */
struct sw_circleci {
    const struct sw_env *env;
    char *url;             /* of the API */
    char *token;           /* a personal API token */
    const char *token_var; /* that holds the token */
};
/*
 * `host` NULL takes CIRCLECI_CLI_HOST, else circleci.com. The token is that of the variable
 * `token_var`; NULL takes CIRCLECI_CLI_TOKEN, else CIRCLE_TOKEN. It is kept out of logs from here
 * on. `env` is borrowed. sw_circleci_release() follows in any case.
 */
SW_NODISCARD enum sw_status sw_circleci_init(struct sw_circleci *api, const struct sw_env *env,
                                             const char *host, const char *token_var,
                                             struct sw_err *err);
void sw_circleci_release(struct sw_circleci *api);

struct sw_orb_published {
    char *version;  /* owned */
    bool unchanged; /* it was there already, with the same source */
    bool is_private;
};
void sw_orb_published_release(struct sw_orb_published *published);

/*
 * Publishes `source` as `ref`, which has a version. A production version that is there already is
 * SW_E_CONFLICT, unless `same_ok` and its source is the same.
 */
SW_NODISCARD enum sw_status sw_orb_publish(const struct sw_circleci *api,
                                           const struct sw_orb_ref *ref, struct sw_str source,
                                           bool same_ok, struct sw_orb_published *ret,
                                           struct sw_err *err);
/* Publishes `source` as the production version that follows the latest one by `step`. */
SW_NODISCARD enum sw_status sw_orb_increment(const struct sw_circleci *api,
                                             const struct sw_orb_ref *ref, struct sw_str source,
                                             const char *step, bool same_ok,
                                             struct sw_orb_published *ret, struct sw_err *err);
/* SW_OK for a reference that sw_orb_promote() takes; anything else is SW_E_INPUT, showing one. */
SW_NODISCARD enum sw_status sw_orb_promote_check(const struct sw_orb_ref *ref, struct sw_err *err);
/* Makes a production version of a development version; `step` as in sw_orb_version_next(). */
SW_NODISCARD enum sw_status sw_orb_promote(const struct sw_circleci *api,
                                           const struct sw_orb_ref *ref, const char *step,
                                           bool same_ok, struct sw_orb_published *ret,
                                           struct sw_err *err);

struct sw_orb_created {
    bool space_created;
    bool orb_created;
    bool is_private;
};
/*
 * Creates the orb, and before it the namespace for the organisation `org_id` when that is not NULL;
 * what is there already stays. An orb that is there with the other visibility is SW_E_CONFLICT.
 */
SW_NODISCARD enum sw_status sw_orb_create(const struct sw_circleci *api,
                                          const struct sw_orb_ref *ref, bool is_private,
                                          const char *org_id, struct sw_orb_created *ret,
                                          struct sw_err *err);

#endif

#include "api.h"

#include <slipway/alloc.h>
#include <slipway/log.h>

/* What the registry knows of an orb before anything is changed. */
struct state {
    char *space_id; /* NULL: there is no such namespace */
    bool exists;
    bool is_private;
    char *latest; /* production version; "0.0.0" when there is none */
};

static void state_release(struct state *state)
{
    free(state->space_id);
    free(state->latest);
}

void sw_orb_published_release(struct sw_orb_published *published)
{
    free(published->version);
    *published = (struct sw_orb_published){ 0 };
}

static enum sw_status read_state(const struct sw_circleci *api, const struct sw_orb_ref *ref,
                                 struct state *ret, struct sw_err *err)
{
    static const char query[] =
        "query($name: String!, $namespace: String) {\n"
        "  orb(name: $name) { id isPrivate versions(count: 1) { version } }\n"
        "  registryNamespace(name: $namespace) { id }\n"
        "}";
    char *SW_CLEANUP(sw_free_str) full = sw_xasprintf("%s/%s", ref->space, ref->name);
    json_auto_t *variables = json_pack("{s:s, s:s}", "name", full, "namespace", ref->space);
    json_auto_t *data = NULL;
    *ret = (struct state){ 0 };
    enum sw_status status = cci_ask(api, query, variables, &data, err);
    if (status != SW_OK) {
        return sw_wrap(err, "cannot look up the orb \"%s\"", full);
    }
    const json_t *orb = sw_json_object(data, "orb");
    const char *space = sw_json_str(sw_json_object(data, "registryNamespace"), "id", NULL);
    const json_t *newest = json_array_get(sw_json_array(orb, "versions"), 0);
    ret->space_id = space != NULL ? sw_xstrdup(space) : NULL;
    ret->exists = sw_json_str(orb, "id", NULL) != NULL;
    ret->is_private = sw_json_bool(orb, "isPrivate", false);
    ret->latest = sw_xstrdup(sw_json_str(newest, "version", "0.0.0"));
    return SW_OK;
}

static enum sw_status no_namespace(const struct sw_orb_ref *ref, struct sw_err *err)
{
    return sw_fail(err, SW_E_NOT_FOUND,
                   "there is no namespace \"%s\"; an owner of your organisation claims it with "
                   "'slipway orb create %s/%s --org-id ID' (Organization Settings show the id)",
                   ref->space, ref->space, ref->name);
}

/* The registry would say less: that the orb of a first publication has to be created. */
static enum sw_status require_orb(const struct state *state, const struct sw_orb_ref *ref,
                                  struct sw_err *err)
{
    if (state->exists) {
        return SW_OK;
    }
    if (state->space_id == NULL) {
        return no_namespace(ref, err);
    }
    return sw_fail(err, SW_E_NOT_FOUND,
                   "there is no orb \"%s\" in the namespace \"%s\"; create it with 'slipway orb "
                   "create %s/%s'",
                   ref->name, ref->space, ref->space, ref->name);
}

/* *ret_source is the caller's, NULL when there is no such version. */
static enum sw_status read_source(const struct sw_circleci *api, const struct sw_orb_ref *ref,
                                  const char *version, char **ret_source, struct sw_err *err)
{
    static const char query[] =
        "query($orbVersionRef: String!) {\n"
        "  orbVersion(orbVersionRef: $orbVersionRef) { id version source }\n"
        "}";
    char *SW_CLEANUP(sw_free_str) full = sw_xasprintf("%s/%s@%s", ref->space, ref->name, version);
    json_auto_t *variables = json_pack("{s:s}", "orbVersionRef", full);
    json_auto_t *data = NULL;
    *ret_source = NULL;
    enum sw_status status = cci_ask(api, query, variables, &data, err);
    if (status != SW_OK) {
        return sw_wrap(err, "cannot look up the version \"%s\"", full);
    }
    const json_t *found = sw_json_object(data, "orbVersion");
    if (sw_json_str(found, "id", NULL) != NULL) {
        *ret_source = sw_xstrdup(sw_json_str(found, "source", ""));
    }
    return SW_OK;
}

/* The registry may store a source without its last newline. */
static bool same_source(struct sw_str a, struct sw_str b)
{
    return sw_str_eq(sw_str_trim(a), sw_str_trim(b));
}

/*
 * A production version that is there cannot be published again. Sets *ret_same when it is there
 * and that is fine.
 */
static enum sw_status check_free(const struct sw_circleci *api, const struct sw_orb_ref *ref,
                                 const char *version, struct sw_str source, bool same_ok,
                                 bool *ret_same, struct sw_err *err)
{
    char *SW_CLEANUP(sw_free_str) there = NULL;
    *ret_same = false;
    enum sw_status status = read_source(api, ref, version, &there, err);
    if (status != SW_OK || there == NULL) {
        return status;
    }
    bool same = same_source(sw_str(there), source);
    if (same && same_ok) {
        *ret_same = true;
        return SW_OK;
    }
    return sw_fail(err, SW_E_CONFLICT,
                   "%s/%s@%s is published already, with %s source, and a version never changes; %s",
                   ref->space, ref->name, version, same ? "the same" : "another",
                   same ? "give --skip-published when that is fine" : "publish the next version");
}

static enum sw_status send_source(const struct sw_circleci *api, const struct sw_orb_ref *ref,
                                  const char *version, struct sw_str source, char **ret_version,
                                  struct sw_err *err)
{
    static const char query[] =
        "mutation($config: String!, $orbName: String, $namespaceName: String, $version: String!) {\n"
        "  publishOrb(orbName: $orbName, namespaceName: $namespaceName, orbYaml: $config, "
        "version: $version) {\n"
        "    orb { version }\n"
        "    errors { message }\n"
        "  }\n"
        "}";
    json_auto_t *variables =
        json_pack("{s:s%, s:s, s:s, s:s}", "config", source.ptr, source.len, "orbName", ref->name,
                  "namespaceName", ref->space, "version", version);
    json_auto_t *data = NULL;
    if (variables == NULL) {
        return sw_fail(err, SW_E_INPUT, "the orb's source is not UTF-8 text");
    }
    enum sw_status status = cci_change(api, query, variables, "publishOrb", &data, err);
    if (status != SW_OK) {
        return sw_wrap(err, "cannot publish %s/%s@%s", ref->space, ref->name, version);
    }
    const json_t *orb = sw_json_object(sw_json_object(data, "publishOrb"), "orb");
    *ret_version = sw_xstrdup(sw_json_str(orb, "version", version));
    return SW_OK;
}

static enum sw_status check_size(struct sw_str source, struct sw_err *err)
{
    if (source.len > SW_ORB_SOURCE_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE,
                       "the packed orb has %zu bytes, and CircleCI takes at most %zu", source.len,
                       SW_ORB_SOURCE_MAX);
    }
    return SW_OK;
}

/* What publishing a given version comes to, once the orb is known to exist. */
static enum sw_status publish_version(const struct sw_circleci *api, const struct sw_orb_ref *ref,
                                      const char *version, struct sw_str source, bool same_ok,
                                      struct sw_orb_published *ret, struct sw_err *err)
{
    if (!sw_orb_version_is_dev(version)) {
        enum sw_status status =
            check_free(api, ref, version, source, same_ok, &ret->unchanged, err);
        if (status != SW_OK) {
            return status;
        }
    }
    if (ret->unchanged) {
        ret->version = sw_xstrdup(version);
        return SW_OK;
    }
    return send_source(api, ref, version, source, &ret->version, err);
}

enum sw_status sw_orb_publish(const struct sw_circleci *api, const struct sw_orb_ref *ref,
                              struct sw_str source, bool same_ok, struct sw_orb_published *ret,
                              struct sw_err *err)
{
    struct state SW_CLEANUP(state_release) state = { 0 };
    *ret = (struct sw_orb_published){ 0 };
    if (check_size(source, err) || read_state(api, ref, &state, err) ||
        require_orb(&state, ref, err)) {
        return err->status;
    }
    ret->is_private = state.is_private;
    return publish_version(api, ref, ref->version, source, same_ok, ret, err);
}

enum sw_status sw_orb_increment(const struct sw_circleci *api, const struct sw_orb_ref *ref,
                                struct sw_str source, const char *step, bool same_ok,
                                struct sw_orb_published *ret, struct sw_err *err)
{
    struct state SW_CLEANUP(state_release) state = { 0 };
    char *SW_CLEANUP(sw_free_str) next = NULL;
    *ret = (struct sw_orb_published){ 0 };
    if (check_size(source, err) || read_state(api, ref, &state, err) ||
        require_orb(&state, ref, err) || sw_orb_version_next(state.latest, step, &next, err)) {
        return err->status;
    }
    ret->is_private = state.is_private;
    return publish_version(api, ref, next, source, same_ok, ret, err);
}

static enum sw_status send_promotion(const struct sw_circleci *api, const struct sw_orb_ref *ref,
                                     const char *version, char **ret_version, struct sw_err *err)
{
    static const char query[] =
        "mutation($orbName: String, $namespaceName: String, $devVersion: String!, "
        "$semanticVersion: String!) {\n"
        "  promoteOrb(orbName: $orbName, namespaceName: $namespaceName, devVersion: $devVersion, "
        "semanticVersion: $semanticVersion) {\n"
        "    orb { version source }\n"
        "    errors { message }\n"
        "  }\n"
        "}";
    json_auto_t *variables =
        json_pack("{s:s, s:s, s:s, s:s}", "orbName", ref->name, "namespaceName", ref->space,
                  "devVersion", ref->version, "semanticVersion", version);
    json_auto_t *data = NULL;
    enum sw_status status = cci_change(api, query, variables, "promoteOrb", &data, err);
    if (status != SW_OK) {
        return sw_wrap(err, "cannot promote %s/%s@%s to %s", ref->space, ref->name, ref->version,
                       version);
    }
    const json_t *orb = sw_json_object(sw_json_object(data, "promoteOrb"), "orb");
    *ret_version = sw_xstrdup(sw_json_str(orb, "version", version));
    return SW_OK;
}

enum sw_status sw_orb_promote_check(const struct sw_orb_ref *ref, struct sw_err *err)
{
    if (ref->version != NULL && sw_orb_version_is_dev(ref->version)) {
        return SW_OK;
    }
    return sw_fail(err, SW_E_INPUT,
                   "only a development version can be promoted, such as %s/%s@dev:main", ref->space,
                   ref->name);
}

enum sw_status sw_orb_promote(const struct sw_circleci *api, const struct sw_orb_ref *ref,
                              const char *step, bool same_ok, struct sw_orb_published *ret,
                              struct sw_err *err)
{
    struct state SW_CLEANUP(state_release) state = { 0 };
    char *SW_CLEANUP(sw_free_str) next = NULL;
    char *SW_CLEANUP(sw_free_str) source = NULL;
    *ret = (struct sw_orb_published){ 0 };
    if (sw_orb_promote_check(ref, err) || read_state(api, ref, &state, err) ||
        require_orb(&state, ref, err) || sw_orb_version_next(state.latest, step, &next, err) ||
        read_source(api, ref, ref->version, &source, err)) {
        return err->status;
    }
    if (source == NULL) {
        return sw_fail(err, SW_E_NOT_FOUND,
                       "there is no version %s/%s@%s: was it published, and within 90 days?",
                       ref->space, ref->name, ref->version);
    }
    ret->is_private = state.is_private;
    if (check_free(api, ref, next, sw_str(source), same_ok, &ret->unchanged, err)) {
        return err->status;
    }
    if (ret->unchanged) {
        ret->version = sw_xstrdup(next);
        return SW_OK;
    }
    return send_promotion(api, ref, next, &ret->version, err);
}

static enum sw_status create_space(const struct sw_circleci *api, const struct sw_orb_ref *ref,
                                   const char *org_id, char **ret_id, struct sw_err *err)
{
    static const char query[] =
        "mutation($name: String!, $organizationId: UUID!) {\n"
        "  createNamespace(name: $name, organizationId: $organizationId) {\n"
        "    namespace { id }\n"
        "    errors { message type }\n"
        "  }\n"
        "}";
    json_auto_t *variables = json_pack("{s:s, s:s}", "name", ref->space, "organizationId", org_id);
    json_auto_t *data = NULL;
    enum sw_status status = cci_change(api, query, variables, "createNamespace", &data, err);
    if (status != SW_OK) {
        return sw_wrap(err, "cannot create the namespace \"%s\"", ref->space);
    }
    const json_t *space = sw_json_object(sw_json_object(data, "createNamespace"), "namespace");
    *ret_id = sw_xstrdup(sw_json_str(space, "id", ""));
    return SW_OK;
}

static enum sw_status create_orb(const struct sw_circleci *api, const struct sw_orb_ref *ref,
                                 const char *space_id, bool is_private, struct sw_err *err)
{
    static const char query[] =
        "mutation($name: String!, $registryNamespaceId: UUID!, $isPrivate: Boolean!) {\n"
        "  createOrb(name: $name, registryNamespaceId: $registryNamespaceId, "
        "isPrivate: $isPrivate) {\n"
        "    orb { id }\n"
        "    errors { message type }\n"
        "  }\n"
        "}";
    json_auto_t *variables = json_pack("{s:s, s:s, s:b}", "name", ref->name, "registryNamespaceId",
                                       space_id, "isPrivate", is_private);
    json_auto_t *data = NULL;
    if (cci_change(api, query, variables, "createOrb", &data, err) != SW_OK) {
        return sw_wrap(err, "cannot create the orb \"%s/%s\"", ref->space, ref->name);
    }
    return SW_OK;
}

enum sw_status sw_orb_create(const struct sw_circleci *api, const struct sw_orb_ref *ref,
                             bool is_private, const char *org_id, struct sw_orb_created *ret,
                             struct sw_err *err)
{
    struct state SW_CLEANUP(state_release) state = { 0 };
    *ret = (struct sw_orb_created){ .is_private = is_private };
    enum sw_status status = read_state(api, ref, &state, err);
    if (status != SW_OK) {
        return status;
    }
    if (state.exists && state.is_private != is_private) {
        return sw_fail(err, SW_E_CONFLICT,
                       "the orb \"%s/%s\" is there and is %s; an orb stays what it was created as",
                       ref->space, ref->name, state.is_private ? "private" : "public");
    }
    if (state.exists) {
        return SW_OK;
    }
    if (state.space_id == NULL && org_id == NULL) {
        return no_namespace(ref, err);
    }
    if (state.space_id == NULL) {
        status = create_space(api, ref, org_id, &state.space_id, err);
        ret->space_created = status == SW_OK;
    }
    if (status == SW_OK) {
        status = create_orb(api, ref, state.space_id, is_private, err);
        ret->orb_created = status == SW_OK;
    }
    return status;
}

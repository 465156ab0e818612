#include <slipway/ecr.h>

#include <slipway/alloc.h>

#include "ecr_internal.h"

/* The two kinds of policy, by enum sw_ecr_policy. */
static const struct policy {
    const char *name;
    const char *action;
    const char *member;
    size_t max; /* bytes, from the API's model */
} policies[] = {
    [SW_ECR_ACCESS_POLICY] = { "policy", "SetRepositoryPolicy", "policyText", 10240 },
    [SW_ECR_LIFECYCLE_POLICY] = { "lifecycle policy", "PutLifecyclePolicy", "lifecyclePolicyText",
                                  30720 },
};

/* The policy without its white space, which counts for the limit too. */
static enum sw_status compact(const struct policy *policy, struct sw_str text, const char *where,
                              struct sw_buf *out, struct sw_err *err)
{
    json_auto_t *document = NULL;
    enum sw_status status = sw_json_parse(text, where, &document, err);
    if (status != SW_OK) {
        return status;
    }
    if (!json_is_object(document)) {
        return sw_fail(err, SW_E_INPUT, "%s: a %s is a JSON object, not %s", where, policy->name,
                       sw_json_type_name(document));
    }
    sw_json_dump(document, 0, out);
    return sw_buf_check(out, where, err);
}

enum sw_status sw_ecr_policy_set(struct sw_aws *aws, const struct sw_ecr_policy_options *options,
                                 struct sw_err *err)
{
    const struct policy *policy = &policies[options->which];
    struct sw_buf body SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&body, policy->max);
    enum sw_status status = sw_ecr_repository_check(options->repository, options->kind, err);
    if (status == SW_OK && options->kind == SW_ECR_PUBLIC &&
        options->which == SW_ECR_LIFECYCLE_POLICY) {
        status = sw_fail(err, SW_E_INPUT, "a public repository has no lifecycle policy");
    }
    if (status == SW_OK) {
        status = compact(policy, options->text, options->where, &body, err);
    }
    if (status != SW_OK) {
        return status;
    }
    json_auto_t *input = json_pack("{s:s, s:s, s:s*}", "repositoryName", options->repository,
                                   policy->member, body.ptr, "registryId", options->account);
    if (sw_ecr_call(aws, options->kind, policy->action, input, NULL, err) != SW_OK) {
        return sw_wrap(err, "cannot set the %s of \"%s\"", policy->name, options->repository);
    }
    return SW_OK;
}

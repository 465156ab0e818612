#include "codedeploy.h"

#include "ecs.h"

#include <slipway/alloc.h>
#include <slipway/digest.h>
#include <slipway/fs.h>
#include <slipway/yaml.h>

enum { APPSPEC_MAX = 512 * 1024, PORT_MAX = 65535, WEIGHT_MAX = 1000, BASE_MAX = 100000 };

enum sw_status codedeploy_call(struct sw_aws *aws, const char *action, json_t *input,
                               const struct sw_aws_call_options *options, json_t **ret,
                               struct sw_err *err)
{
    json_auto_t *owned = input;
    SW_CLEANUP(sw_free_str)
    char *target = sw_xasprintf("CodeDeploy_20141006.%s", action);
    return sw_aws_json(aws, "codedeploy", target, owned, options, ret, err);
}

enum sw_status codedeploy_get(struct sw_aws *aws, const char *id,
                              const struct sw_aws_call_options *options, json_t **ret,
                              struct sw_err *err)
{
    json_auto_t *answer = NULL;
    enum sw_status status = codedeploy_call(
        aws, "GetDeployment", json_pack("{s:s}", "deploymentId", id), options, &answer, err);
    if (status != SW_OK) {
        return status;
    }
    json_t *info = sw_json_object(answer, "deploymentInfo");
    if (!info) {
        return sw_fail(err, SW_E_UNAVAILABLE, "GetDeployment answered without the deployment");
    }
    *ret = json_incref(info);
    return SW_OK;
}

bool codedeploy_is_over(const char *status)
{
    static const char *const ends[] = { "Succeeded", "Failed", "Stopped" };
    return sw_is_one_of(status, ends, SW_COUNT(ends));
}

bool sw_codedeploy_chosen(const struct sw_codedeploy_options *options)
{
    return options->application || options->group || options->config || options->appspec ||
           options->container || options->port > 0 || options->capacity_provider;
}

/* ---- The AppSpec ---- */

/* The member in whatever case its name is written; *ret_key is the name as written. */
static json_t *member_of(json_t *object, const char *name, const char **ret_key)
{
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(object, key, value)
    {
        if (sw_str_eq_nocase(sw_str(key), sw_str(name))) {
            *ret_key = key;
            return value;
        }
    }
    *ret_key = name;
    return NULL;
}

static enum sw_status no_appspec(const char *path, const char *what, struct sw_err *err)
{
    return sw_fail(err, SW_E_INPUT,
                   "%s: is no AppSpec of an ECS service: %s; expected Resources: [TargetService: "
                   "{Type, Properties: {TaskDefinition, LoadBalancerInfo}}]",
                   path, what);
}

/* The properties of the AppSpec's target service, borrowed. */
static enum sw_status find_properties(json_t *spec, const char *path, json_t **ret,
                                      struct sw_err *err)
{
    const char *key = NULL;
    json_t *resources = member_of(spec, "resources", &key);
    json_t *service = NULL;
    if (!json_is_array(resources) || json_array_size(resources) == 0) {
        return no_appspec(path, "it has no list \"Resources\"", err);
    }
    json_t *first = json_array_get(resources, 0);
    service = member_of(first, "targetservice", &key);
    if (!service) { /* the resource may have a name of its own */
        service = json_object_iter_value(json_object_iter(first));
    }
    *ret = member_of(service, "properties", &key);
    return json_is_object(*ret) ? SW_OK : no_appspec(path, "it has no \"Properties\"", err);
}

static enum sw_status parse_appspec(struct sw_str text, const char *path, json_t **ret,
                                    struct sw_err *err)
{
    struct sw_yaml_pool *pool SW_CLEANUP(sw_yaml_pool_cleanup) = sw_yaml_pool_new();
    struct sw_yaml *tree = NULL;
    enum sw_status status = sw_yaml_parse(pool, text, path, NULL, &tree, err); /* JSON is YAML */
    if (status == SW_OK) {
        *ret = sw_yaml_to_json(tree);
    }
    return status;
}

char *codedeploy_definition_of(const char *appspec)
{
    static const char where[] = "the AppSpec";
    struct sw_err ignored = SW_ERR_INIT;
    json_auto_t *spec = NULL;
    json_t *properties = NULL;
    const char *key = NULL;
    if (parse_appspec(sw_str(appspec), where, &spec, &ignored) != SW_OK ||
        find_properties(spec, where, &properties, &ignored) != SW_OK) {
        return NULL;
    }
    const char *name = json_string_value(member_of(properties, "taskdefinition", &key));
    return name ? sw_xstrdup(name) : NULL;
}

static enum sw_status read_appspec(const char *path, json_t **ret, struct sw_err *err)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&text, APPSPEC_MAX);
    enum sw_status status = sw_fs_read_input(path, &text, err);
    if (status != SW_OK) {
        err->status = SW_E_INPUT;
        return sw_wrap(err, "--codedeploy-appspec");
    }
    return parse_appspec(sw_buf_str(&text), path, ret, err);
}

static enum sw_status from_file(const char *path, const char *task_definition, json_t **ret,
                                struct sw_err *err)
{
    json_auto_t *spec = NULL;
    json_t *properties = NULL;
    const char *key = NULL;
    enum sw_status status = read_appspec(path, &spec, err);
    if (status == SW_OK) {
        status = find_properties(spec, path, &properties, err);
    }
    if (status != SW_OK) {
        return status;
    }
    (void)member_of(properties, "taskdefinition", &key);
    (void)json_object_set_new(properties, key, json_string(task_definition));
    *ret = json_incref(spec);
    return SW_OK;
}

/* The load balancer of the service, or of its newest task set; NULL when none is known. */
static const json_t *balancer_of(const json_t *service)
{
    const json_t *found = json_array_get(sw_json_array(service, "loadBalancers"), 0);
    const json_t *set = json_array_get(sw_json_array(service, "taskSets"), 0);
    return found ? found : json_array_get(sw_json_array(set, "loadBalancers"), 0);
}

static enum sw_status add_balancer(const struct sw_codedeploy_options *options,
                                   const json_t *service, json_t *properties, struct sw_err *err)
{
    const json_t *balancer = balancer_of(service);
    const char *container =
        options->container ? options->container : sw_json_str(balancer, "containerName", NULL);
    int64_t port = options->port > 0 ? options->port : sw_json_int(balancer, "containerPort", 0);
    if (!container || port <= 0 || port > PORT_MAX) {
        return sw_fail(err, SW_E_USAGE,
                       "which %s gets the traffic is not known; give --load-balanced-container and "
                       "--load-balanced-port",
                       container ? "port" : "container");
    }
    (void)json_object_set_new(
        properties, "LoadBalancerInfo",
        json_pack("{s:s, s:I}", "ContainerName", container, "ContainerPort", (json_int_t)port));
    return SW_OK;
}

static enum sw_status bad_provider(const char *text, struct sw_err *err)
{
    return sw_fail(
        err, SW_E_USAGE,
        "--codedeploy-capacity-provider: \"%s\" is not NAME,BASE,WEIGHT with a base from "
        "0 to %d and a weight from 0 to %d, e.g. FARGATE_SPOT,0,1",
        text, BASE_MAX, WEIGHT_MAX);
}

static enum sw_status add_provider(const char *text, json_t *properties, struct sw_err *err)
{
    struct sw_str all = sw_str(text);
    ptrdiff_t last = sw_str_rfind(all, ',');
    ptrdiff_t first = sw_str_find(all, ',');
    int64_t base = 0;
    int64_t weight = 0;
    if (first <= 0 || last <= first) {
        return bad_provider(text, err);
    }
    struct sw_str name = sw_str_trim(sw_str_first(all, (size_t)first));
    struct sw_str middle = sw_str_first(all, (size_t)last);
    if (!sw_parse_int(sw_str_trim(sw_str_from(middle, (size_t)first + 1)), 0, BASE_MAX, &base) ||
        !sw_parse_int(sw_str_trim(sw_str_from(all, (size_t)last + 1)), 0, WEIGHT_MAX, &weight) ||
        name.len == 0) {
        return bad_provider(text, err);
    }
    json_t *provider =
        json_pack("{s:I, s:I}", "Base", (json_int_t)base, "Weight", (json_int_t)weight);
    (void)json_object_set_new(provider, "CapacityProvider", json_stringn(name.ptr, name.len));
    (void)json_object_set_new(properties, "CapacityProviderStrategy", json_pack("[o]", provider));
    return SW_OK;
}

enum sw_status sw_codedeploy_appspec(const struct sw_codedeploy_options *options,
                                     const json_t *service, const char *task_definition,
                                     json_t **ret, struct sw_err *err)
{
    if (!options->application || !options->group) {
        return sw_fail(err, SW_E_USAGE,
                       "a deployment by CodeDeploy needs --codedeploy-application and "
                       "--codedeploy-group");
    }
    if (options->appspec &&
        (options->container || options->port > 0 || options->capacity_provider)) {
        return sw_fail(err, SW_E_USAGE,
                       "--codedeploy-appspec says what --load-balanced-container, "
                       "--load-balanced-port and --codedeploy-capacity-provider would say; leave "
                       "them out");
    }
    if (options->appspec) {
        return from_file(options->appspec, task_definition, ret, err);
    }
    json_auto_t *properties = json_pack("{s:s}", "TaskDefinition", task_definition);
    enum sw_status status = add_balancer(options, service, properties, err);
    if (status == SW_OK && options->capacity_provider) {
        status = add_provider(options->capacity_provider, properties, err);
    }
    if (status == SW_OK) {
        *ret = json_pack("{s:f, s:[{s:{s:s, s:O}}]}", "version", 0.0, "Resources", "TargetService",
                         "Type", "AWS::ECS::Service", "Properties", properties);
    }
    return status;
}

/* ---- The deployment ---- */

void codedeploy_append_known(struct sw_aws *aws, const char *application, struct sw_err *err)
{
    struct sw_err ignored = SW_ERR_INIT;
    json_auto_t *output = NULL;
    if (strcmp(err->code, "ApplicationDoesNotExistException") == 0 &&
        codedeploy_call(aws, "ListApplications", json_object(), &sw_aws_once, &output, &ignored) ==
            SW_OK) {
        ecs_append_list(sw_json_array(output, "applications"), "", "applications", false, err);
    } else if (strcmp(err->code, "DeploymentGroupDoesNotExistException") == 0 &&
               codedeploy_call(aws, "ListDeploymentGroups",
                               json_pack("{s:s}", "applicationName", application), &sw_aws_once,
                               &output, &ignored) == SW_OK) {
        ecs_append_list(sw_json_array(output, "deploymentGroups"), "", "deployment groups", false,
                        err);
    }
}

static enum sw_status
explain_create(struct sw_aws *aws, const struct sw_codedeploy_options *options, struct sw_err *err)
{
    if (strstr(err->code, "DoesNotExist")) {
        err->status = SW_E_NOT_FOUND;
        codedeploy_append_known(aws, options->application, err);
    } else if (strcmp(err->code, "DeploymentLimitExceededException") == 0) {
        err->status = SW_E_CONFLICT;
        (void)sw_append(err, "; wait for it with slipway ecs wait, or stop it and go back with "
                             "slipway ecs continue --rollback");
    } else if (sw_err_may_be_done(err)) {
        (void)sw_append(err, "; whether the deployment was started is not known");
    }
    return err->status;
}

enum sw_status sw_codedeploy_create(struct sw_aws *aws, const struct sw_codedeploy_options *options,
                                    const json_t *appspec, char **ret_id, struct sw_err *err)
{
    static const struct sw_aws_call_options call = { .not_idempotent = true };
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    char digest[SW_DIGEST_SIZE];
    sw_buf_init(&text, APPSPEC_MAX);
    sw_json_dump(appspec, 0, &text);
    if (sw_buf_check(&text, "the AppSpec", err) != SW_OK) {
        return err->status;
    }
    sw_digest_of(sw_buf_str(&text), digest);
    json_t *input = json_pack("{s:s, s:s, s:{s:s, s:{s:s, s:s}}}", "applicationName",
                              options->application, "deploymentGroupName", options->group,
                              "revision", "revisionType", "AppSpecContent", "appSpecContent",
                              "content", text.ptr, "sha256", strchr(digest, ':') + 1);
    if (options->config) {
        (void)json_object_set_new(input, "deploymentConfigName", json_string(options->config));
    }
    if (options->auto_rollback) {
        (void)json_object_set_new(input, "autoRollbackConfiguration",
                                  json_pack("{s:b, s:[s, s]}", "enabled", 1, "events",
                                            "DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST"));
    }
    json_auto_t *answer = NULL;
    if (codedeploy_call(aws, "CreateDeployment", input, &call, &answer, err) != SW_OK) {
        return explain_create(aws, options, err);
    }
    const char *id = sw_json_str(answer, "deploymentId", NULL);
    if (!id) {
        return sw_fail(
            err, SW_E_UNAVAILABLE,
            "CreateDeployment answered without an id; whether the deployment was started "
            "is not known");
    }
    *ret_id = sw_xstrdup(id);
    return SW_OK;
}

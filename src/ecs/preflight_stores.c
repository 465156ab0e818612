#include "preflight.h"

#include <slipway/alloc.h>

/* Checks of what the definition refers to: secrets, parameters, log groups, file systems. */

/* The secret's own ARN: the JSON key, stage and version behind it name parts of it. */
static char *secret_arn(const char *from)
{
    enum { ARN_PARTS = 7 };
    struct sw_str rest = sw_str(from);
    const char *end = from;
    for (int i = 0; i < ARN_PARTS && rest.ptr; i++) {
        struct sw_str part = sw_str_cut(&rest, ':');
        end = part.ptr + part.len;
    }
    return sw_xstrndup(from, (size_t)(end - from));
}

/* DescribeSecret, which does not tell the value. */
static void judge_secret(struct preflight *preflight, const char *container, const char *from,
                         json_t *asked)
{
    char *arn SW_CLEANUP(sw_free_str) = secret_arn(from);
    struct sw_err err = SW_ERR_INIT;
    if (preflight_has(asked, arn)) {
        return;
    }
    preflight_add_once(asked, arn);
    json_auto_t *input = json_pack("{s:s}", "SecretId", arn);
    enum sw_status status =
        sw_aws_json(preflight->aws, "secretsmanager", "secretsmanager.DescribeSecret", input,
                    &preflight_patience, NULL, &err);
    if (status == SW_OK) {
        return;
    }
    if (status == SW_E_NOT_FOUND) {
        preflight_find(preflight, SW_CHECK_BLOCK,
                       "the secret of container \"%s\" does not exist: %s", container, arn);
        preflight_advise(preflight, "create it, or set its ARN right (region, account, and the six "
                                    "characters at its end)");
    } else if (status == SW_E_DENIED) {
        preflight_find(preflight, SW_CHECK_SKIP,
                       "not checked: needs the right secretsmanager:DescribeSecret");
    } else {
        preflight_find(preflight, SW_CHECK_SKIP, "not checked: %s", err.msg);
    }
}

static void judge_parameters(struct preflight *preflight)
{
    size_t index = 0;
    const json_t *name = NULL;
    const json_t *parameters = preflight_fact(preflight, FACT_PARAMETERS);
    json_array_foreach(sw_json_array(parameters, "asked"), index, name)
    {
        if (!preflight_has(sw_json_array(parameters, "found"), json_string_value(name))) {
            preflight_find(preflight, SW_CHECK_BLOCK, "the parameter \"%s\" does not exist",
                           json_string_value(name));
            preflight_advise(preflight, "create it, or set its name right");
            preflight_command(preflight,
                              "aws ssm put-parameter --name %s --type SecureString --value VALUE",
                              json_string_value(name));
        }
    }
}

void preflight_secrets(struct preflight *preflight)
{
    enum { SECRETS_MAX = 50 };
    json_auto_t *asked = json_array();
    bool parameters = false;
    size_t index = 0;
    const json_t *secret = NULL;
    json_array_foreach(preflight->secrets, index, secret)
    {
        if (!sw_json_bool(secret, "managed", false)) {
            parameters = true;
        } else if (json_array_size(asked) < SECRETS_MAX) {
            judge_secret(preflight, sw_json_str(secret, "container", "?"),
                         sw_json_str(secret, "from", ""), asked);
        }
    }
    if (parameters) {
        judge_parameters(preflight);
    }
}

static void judge_log_group(struct preflight *preflight, const char *container, const char *group,
                            const char *region)
{
    struct sw_err err = SW_ERR_INIT;
    struct sw_aws *other SW_CLEANUP(sw_aws_cleanup) = NULL;
    json_auto_t *answer = NULL;
    json_auto_t *input = json_pack("{s:s, s:i}", "logGroupNamePrefix", group, "limit", 50);
    enum sw_status status = SW_OK;
    if (region) {
        status = sw_aws_with_region(preflight->aws, region, &other, &err);
    }
    if (status == SW_OK) {
        status =
            sw_aws_json(other ? other : preflight->aws, "logs", "Logs_20140328.DescribeLogGroups",
                        input, &preflight_patience, &answer, &err);
    }
    if (status == SW_E_DENIED) {
        preflight_find(preflight, SW_CHECK_SKIP,
                       "not checked: needs the right logs:DescribeLogGroups");
    } else if (status != SW_OK) {
        preflight_find(preflight, SW_CHECK_SKIP, "not checked: %s", err.msg);
    } else if (!sw_json_find(sw_json_array(answer, "logGroups"), "logGroupName", group)) {
        preflight_find(preflight, SW_CHECK_BLOCK,
                       "the log group \"%s\" of container \"%s\" does not exist", group, container);
        preflight_advise(preflight, "create it, or set awslogs-create-group to \"true\"");
        preflight_command(preflight, "aws logs create-log-group --log-group-name %s%s%s", group,
                          region ? " --region " : "", region ? region : "");
    }
}

void preflight_log_group(struct preflight *preflight)
{
    enum { GROUPS_MAX = 20 };
    json_auto_t *asked = json_array();
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(preflight->containers, index, container)
    {
        const json_t *log = sw_json_object(container, "logConfiguration");
        const json_t *options = sw_json_object(log, "options");
        const char *group = sw_json_str(options, "awslogs-group", "");
        bool made = strcmp(sw_json_str(options, "awslogs-create-group", ""), "true") == 0;
        if (strcmp(sw_json_str(log, "logDriver", ""), "awslogs") != 0 || !*group || made ||
            preflight_has(asked, group) || json_array_size(asked) == GROUPS_MAX) {
            continue;
        }
        preflight_add_once(asked, group);
        judge_log_group(preflight, sw_json_str(container, "name", "?"), group,
                        sw_json_str(options, "awslogs-region", NULL));
    }
}

void preflight_file_system(struct preflight *preflight)
{
    size_t index = 0;
    const json_t *volume = NULL;
    json_array_foreach(sw_json_array(preflight->definition, "volumes"), index, volume)
    {
        const json_t *efs = sw_json_object(volume, "efsVolumeConfiguration");
        if (efs) {
            preflight_find(preflight, SW_CHECK_SKIP, "not checked: file system %s of volume \"%s\"",
                           sw_json_str(efs, "fileSystemId", "?"), sw_json_str(volume, "name", "?"));
            preflight_advise(preflight, "see that it has a mount target in each zone of the tasks, "
                                        "and that its security group lets them in on port 2049");
            preflight_command(preflight, "aws efs describe-mount-targets --file-system-id %s",
                              sw_json_str(efs, "fileSystemId", "?"));
        }
    }
}

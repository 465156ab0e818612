#include "ecs.h"

#include <slipway/log.h>
#include <slipway/service.h>

/* The digest of a container's image, as one of the tasks has it; NULL when none tells. */
static const char *digest_in(const json_t *tasks, const char *container)
{
    size_t index = 0;
    const json_t *task = NULL;
    json_array_foreach(tasks, index, task)
    {
        size_t at = 0;
        const json_t *item = NULL;
        json_array_foreach(sw_json_array(task, "containers"), at, item)
        {
            const char *digest = sw_json_str(item, "imageDigest", NULL);
            if (digest && strcmp(sw_json_str(item, "name", ""), container) == 0) {
                return digest;
            }
        }
    }
    return NULL;
}

/* The tasks of the deployment; NULL when they cannot be asked. The caller's. */
static json_t *tasks_of(struct sw_aws *aws, const char *cluster, const char *deployment)
{
    struct sw_err err = SW_ERR_INIT;
    json_t *answer = NULL;
    enum sw_status status = ecs_list_tasks(
        aws,
        json_pack("{s:s, s:s, s:i}", "cluster", cluster, "startedBy", deployment, "maxResults", 10),
        &answer, &err);
    if (status != SW_OK) {
        sw_debug(sw_aws_env(aws), "ecs", "the images' digests cannot be asked: %s", err.msg);
    }
    return answer;
}

void sw_deployment_read_digests(struct sw_aws *aws, const char *cluster,
                                struct sw_deployment *deployment)
{
    size_t index = 0;
    json_t *image = NULL;
    json_auto_t *answer = deployment->deployment_id && deployment->images
                              ? tasks_of(aws, cluster, deployment->deployment_id)
                              : NULL;
    json_array_foreach(deployment->images, index, image)
    {
        const char *digest =
            digest_in(sw_json_array(answer, "tasks"), sw_json_str(image, "container", ""));
        if (digest) {
            (void)json_object_set_new(image, "digest", json_string(digest));
        }
    }
}

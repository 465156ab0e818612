/*
 * Token buckets: AWS lets so many calls of a kind pass at once, then so many per second, per
 * account and region. Calls that would be refused wait here instead.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/request-throttling.html
 */
#include "bucket.h"

#include <stddef.h>
#include <string.h>

enum { MILLI = 1000 };

struct bucket {
    int64_t burst;
    int64_t per_second;
    const char *const *operations;
};

static const char *const service_read[] = { "DescribeServices", "ListServices", NULL };
static const char *const service_modify[] = { "CreateService", "DeleteService", "UpdateService",
                                              NULL };
static const char *const deployment_read[] = { "DescribeServiceDeployments",
                                               "ListServiceDeployments", NULL };
static const char *const revision_read[] = { "DescribeServiceRevisions", NULL };
static const char *const resource_read[] = {
    "DescribeContainerInstances", "DescribeTasks", "ListAttributes",
    "ListContainerInstances",     "ListTasks",     NULL
};
static const char *const resource_modify[] = { "RunTask", "StopTask", NULL };
static const char *const cluster_read[] = { "DescribeClusters", "ListClusters", NULL };
static const char *const definition_read[] = { "DescribeTaskDefinition", "ListTaskDefinitions",
                                               NULL };
static const char *const definition_modify[] = { "DeregisterTaskDefinition",
                                                 "RegisterTaskDefinition", NULL };
static const char *const definition_delete[] = { "DeleteTaskDefinitions", NULL };
static const char *const provider_read[] = { "DescribeCapacityProviders", NULL };

static const struct bucket buckets[AWS_BUCKETS] = {
    { 100, 20, service_read },   { 50, 5, service_modify },   { 50, 20, deployment_read },
    { 50, 20, revision_read },   { 100, 20, resource_read },  { 100, 40, resource_modify },
    { 50, 20, cluster_read },    { 50, 20, definition_read }, { 20, 1, definition_modify },
    { 5, 1, definition_delete }, { 50, 20, provider_read },
};

/* AWS_BUCKETS when there is none. */
static size_t bucket_of(const char *service, const char *operation)
{
    if (strcmp(service, "ecs") != 0) {
        return AWS_BUCKETS;
    }
    for (size_t i = 0; i < AWS_BUCKETS; i++) {
        for (const char *const *name = buckets[i].operations; *name; name++) {
            if (strcmp(*name, operation) == 0) {
                return i;
            }
        }
    }
    return AWS_BUCKETS;
}

/* What has flowed in since the last time, up to the brim. */
static void refill(const struct bucket *bucket, struct aws_bucket_level *level, int64_t now_ms)
{
    int64_t brim = (bucket->burst - 1) * MILLI; /* clocks do not run alike */
    if (!level->used) {
        level->used = true;
        level->milli = brim;
    } else {
        int64_t room_ms = (brim - level->milli) / bucket->per_second;
        int64_t elapsed_ms = now_ms - level->at_ms;
        level->milli = elapsed_ms > room_ms ? brim : level->milli + elapsed_ms * bucket->per_second;
    }
    level->at_ms = now_ms;
}

void aws_bucket_take(struct aws_bucket_level levels[AWS_BUCKETS], const struct sw_env *env,
                     const char *service, const char *operation)
{
    size_t i = bucket_of(service, operation);
    if (i == AWS_BUCKETS) {
        return;
    }
    struct aws_bucket_level *level = &levels[i];
    refill(&buckets[i], level, sw_env_mono_ms(env));
    if (level->milli < MILLI) {
        int64_t wait_ms =
            (MILLI - level->milli + buckets[i].per_second - 1) / buckets[i].per_second;
        sw_env_sleep_ms(env, wait_ms);
        refill(&buckets[i], level, sw_env_mono_ms(env));
    }
    level->milli -= MILLI;
}

void aws_bucket_drain(struct aws_bucket_level levels[AWS_BUCKETS], const struct sw_env *env,
                      const char *service, const char *operation)
{
    size_t i = bucket_of(service, operation);
    if (i < AWS_BUCKETS && levels[i].milli > 0) {
        levels[i].milli = 0;
        levels[i].at_ms = sw_env_mono_ms(env);
    }
}

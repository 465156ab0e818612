#ifndef SLIPWAY_AWS_BUCKET_H
#define SLIPWAY_AWS_BUCKET_H

/* How many calls of a kind AWS still lets pass just now. */

#include <slipway/env.h>

enum { AWS_BUCKETS = 11 };

struct aws_bucket_level {
    bool used;     /* full before that */
    int64_t milli; /* thousandths of calls; below 0 when a wait was cut short */
    int64_t at_ms; /* when that was so */
};

/* Takes one call out of its bucket, waiting until there is one. Other services have none. */
void aws_bucket_take(struct aws_bucket_level levels[AWS_BUCKETS], const struct sw_env *env,
                     const char *service, const char *operation);

/* AWS refused such a call, since others use the account too: the bucket is empty. */
void aws_bucket_drain(struct aws_bucket_level levels[AWS_BUCKETS], const struct sw_env *env,
                      const char *service, const char *operation);

#endif

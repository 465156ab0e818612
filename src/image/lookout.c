#include "lookout.h"

#include <string.h>

static void *look(void *ctx)
{
    struct sw_lookout *lookout = ctx;

    lookout->status = sw_registry_has_blob(lookout->registry, lookout->repository, lookout->digest,
                                           &lookout->there, &lookout->err);
    return NULL;
}

void sw_lookout_begin(struct sw_lookout *lookout, struct sw_registry *registry,
                      const char *repository, const char *digest)
{
    if (lookout->digest[0]) {
        return;
    }
    *lookout = (struct sw_lookout){ .registry = registry, .repository = repository };
    memcpy(lookout->digest, digest, SW_DIGEST_SIZE);
    lookout->running = pthread_create(&lookout->thread, NULL, look, lookout) == 0;
    if (!lookout->running) {
        (void)look(lookout);
    }
}

static void join(struct sw_lookout *lookout)
{
    if (lookout->running) {
        (void)pthread_join(lookout->thread, NULL);
        lookout->running = false;
    }
}

bool sw_lookout_tells(struct sw_lookout *lookout, const char *digest, bool *ret)
{
    *ret = false;
    if (strcmp(lookout->digest, digest) != 0) {
        return false;
    }
    join(lookout);
    *ret = lookout->status == SW_OK && lookout->there;
    return lookout->status == SW_OK;
}

void sw_lookout_release(struct sw_lookout *lookout)
{
    join(lookout);
    *lookout = (struct sw_lookout){ .running = false };
}

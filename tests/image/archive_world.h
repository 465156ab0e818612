#ifndef SLIPWAY_TEST_ARCHIVE_WORLD_H
#define SLIPWAY_TEST_ARCHIVE_WORLD_H

/* What the tests of pushing archives start from. */

#include "test.h"

#include "fake_registry.h"
#include "image_file.h"

#include <slipway/image.h>
#include <slipway/manifest.h>

#include <unistd.h>

/* A world: a registry, and an archive on disk. */
struct world {
    struct test_env t;
    struct fake_http fake;
    struct fake_registry registry;
    struct image_file file;
    char *path;
};

void world_init(struct world *world, enum image_layout layout, enum image_fault fault);
void world_release(struct world *world);

/* Pushes `source` to the comma list of references. */
enum sw_status push_source(const struct sw_env *env, const char *source, const char *refs,
                           const char *platform, const struct sw_registry_auth *auth,
                           struct sw_push_result *result, struct sw_err *err);
/* Pushes the archive. */
enum sw_status push_to(struct world *world, const char *refs, struct sw_push_result *result,
                       struct sw_err *err);
/* What the registry holds after a push, in terms of the image; `packed`: its layers are as in the
 * archive. `name` is printed. */
void check_stored(const struct world *world, const char *repository, const char *tag, bool packed,
                  const char *name);

#endif

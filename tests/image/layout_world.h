#ifndef SLIPWAY_TEST_LAYOUT_WORLD_H
#define SLIPWAY_TEST_LAYOUT_WORLD_H

/* What the tests of OCI layouts start from. */

#include "test.h"

#include "fake_registry.h"
#include "image_file.h"
#include "temp_dir.h"

#include <slipway/fs.h>
#include <slipway/image.h>
#include <slipway/manifest.h>

#include <unistd.h>

#define LAYOUT_HOST "123456789012.dkr.ecr.eu-west-1.amazonaws.com"

/* A world: a registry, an archive, and the folder it was unpacked into. */
struct world {
    struct test_env t;
    struct fake_http fake;
    struct fake_registry registry;
    struct image_file file;
    char *path;
    char *dir;
};

/* Runs a command line, which must succeed. */
void shell(const char *command);
/* Writes an archive to a file and unpacks it into a folder; both paths are the caller's. */
void unpack(const struct image_file *file, char **ret_path, char **ret_dir);

void world_init(struct world *world, enum image_layout layout, enum image_fault fault);
void world_release(struct world *world);

/* Writes a file of the unpacked layout. */
void write_file(const struct world *world, const char *name, const char *text);
/* Writes a blob under its digest, which is put into `digest`. */
void write_blob(const struct world *world, const char *text, char digest[SW_DIGEST_SIZE]);
/* How many files this process has open. */
size_t open_files(void);
/* Pushes to app:v1. */
enum sw_status push(const struct sw_env *env, const char *source, const char *platform,
                    struct sw_push_result *result, struct sw_err *err);

#endif

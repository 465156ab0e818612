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

#include <dirent.h>
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

static inline void shell(const char *command)
{
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): paths of our own */
}

static inline void unpack(const struct image_file *file, char **ret_path, char **ret_dir)
{
    SW_CLEANUP(sw_free_str) char *command = NULL;

    *ret_path = image_file_write(sw_buf_str(&file->tar));
    *ret_dir = temp_dir_new();
    command = sw_xasprintf("tar -xf '%s' -C '%s'", *ret_path, *ret_dir);
    shell(command);
}

static inline void world_init(struct world *world, enum image_layout layout, enum image_fault fault)
{
    test_env_init(&world->t);
    fake_http_init(&world->fake);
    fake_registry_init(&world->registry);
    world->fake.handler = fake_registry_answer;
    world->fake.handler_ctx = &world->registry;
    world->t.env.http = &world->fake.transport;
    image_file_build(&world->file, layout, fault);
    unpack(&world->file, &world->path, &world->dir);
}

static inline void world_release(struct world *world)
{
    (void)unlink(world->path);
    free(world->path);
    temp_dir_free(world->dir);
    image_file_release(&world->file);
    fake_registry_release(&world->registry);
    fake_http_done(&world->fake);
    test_env_release(&world->t);
}

static inline void write_file(const struct world *world, const char *name, const char *text)
{
    SW_CLEANUP(sw_free_str) char *path = sw_fs_join(world->dir, name);
    struct sw_err err = SW_ERR_INIT;

    assert_ok(sw_fs_write_atomic(path, sw_str(text), 0600, &err));
}

/* Writes a blob under its digest, which is put into `digest`. */
static inline void write_blob(const struct world *world, const char *text,
                              char digest[SW_DIGEST_SIZE])
{
    SW_CLEANUP(sw_free_str) char *name = NULL;

    sw_digest_of(sw_str(text), digest);
    name = sw_xasprintf("blobs/sha256/%s", digest + 7);
    write_file(world, name, text);
}

/* How many files this process has open. */
static inline size_t open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t count = 0;

    while (dir && readdir(dir)) {
        count++;
    }
    if (dir) {
        (void)closedir(dir);
    }
    return count;
}

/* Pushes to app:v1. */
static inline enum sw_status push(const struct sw_env *env, const char *source,
                                  const char *platform, struct sw_push_result *result,
                                  struct sw_err *err)
{
    const struct sw_push_options options = { .no_learn = true, .uploads = 1, .workers = 1 };
    SW_CLEANUP(sw_image_source_cleanup) struct sw_image_source *opened = NULL;
    SW_CLEANUP(sw_ref_release) struct sw_ref target = { 0 };
    enum sw_status status = sw_image_source_open(env, source, platform, &opened, err);

    assert_int_equal(sw_ref_parse(SW_STR(LAYOUT_HOST "/app:v1"), &target, err), SW_OK);
    return status == SW_OK ? sw_image_push(env, opened, &target, 1, &options, result, err) : status;
}

#endif

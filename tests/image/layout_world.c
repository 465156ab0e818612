#include "layout_world.h"

#include <dirent.h>

void shell(const char *command)
{
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): paths of our own */
}

void unpack(const struct image_file *file, char **ret_path, char **ret_dir)
{
    SW_CLEANUP(sw_free_str) char *command = NULL;

    *ret_path = image_file_write(sw_buf_str(&file->tar));
    *ret_dir = temp_dir_new();
    command = sw_xasprintf("tar -xf '%s' -C '%s'", *ret_path, *ret_dir);
    shell(command);
}

void world_init(struct world *world, enum image_layout layout, enum image_fault fault)
{
    fake_registry_set_up(&world->registry, &world->fake, &world->t);
    image_file_build(&world->file, layout, fault);
    unpack(&world->file, &world->path, &world->dir);
}

void world_release(struct world *world)
{
    (void)unlink(world->path);
    free(world->path);
    temp_dir_free(world->dir);
    image_file_release(&world->file);
    fake_registry_tear_down(&world->registry, &world->fake, &world->t);
}

void write_file(const struct world *world, const char *name, const char *text)
{
    SW_CLEANUP(sw_free_str) char *path = sw_fs_join(world->dir, name);
    struct sw_err err = SW_ERR_INIT;

    assert_ok(sw_fs_write_atomic(path, sw_str(text), 0600, &err));
}

void write_blob(const struct world *world, const char *text, char digest[SW_DIGEST_SIZE])
{
    SW_CLEANUP(sw_free_str) char *name = NULL;

    sw_digest_of(sw_str(text), digest);
    name = sw_xasprintf("blobs/sha256/%s", digest + 7);
    write_file(world, name, text);
}

size_t open_files(void)
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

enum sw_status push(const struct sw_env *env, const char *source, const char *platform,
                    struct sw_push_result *result, struct sw_err *err)
{
    const struct sw_push_options options = { .no_learn = true, .uploads = 1, .workers = 1 };
    SW_CLEANUP(sw_image_source_cleanup) struct sw_image_source *opened = NULL;
    SW_CLEANUP(sw_ref_release) struct sw_ref target = { 0 };
    enum sw_status status = sw_image_source_open(env, source, platform, &opened, err);

    assert_int_equal(sw_ref_parse(SW_STR(LAYOUT_HOST "/app:v1"), &target, err), SW_OK);
    return status == SW_OK ? sw_image_push(env, opened, &target, 1, &options, result, err) : status;
}

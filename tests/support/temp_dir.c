#include "temp_dir.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>

#include <assert.h>
#include <ftw.h>
#include <stdio.h>

char *temp_dir_new(void)
{
    const char *base = getenv("TMPDIR");
    char *path = sw_fs_join(base ? base : "/tmp", "slipway-test-XXXXXX");
    char *made = mkdtemp(path);

    assert(made);
    return made;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void temp_dir_free(char *path)
{
    (void)nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(path);
}

int temp_dir_setup(void **state)
{
    *state = temp_dir_new();
    return 0;
}

int temp_dir_teardown(void **state)
{
    temp_dir_free(*state);
    return 0;
}

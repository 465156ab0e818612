#include "dockerfiles.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>

#include <dirent.h>

enum {
    DEPTH_MAX = 3,
    ENTRIES_MAX = 5000, /* entries looked at; a hint is not worth more */
};

struct search {
    struct sw_strs *found;
    int depth;
    int entries;
};

static bool looks_like_one(struct sw_str name)
{
    static const char *const whole[] = { "dockerfile", "containerfile" };

    for (size_t i = 0; i < SW_COUNT(whole); i++) {
        size_t len = strlen(whole[i]);
        struct sw_str start = sw_str_first(name, len);
        struct sw_str rest = sw_str_from(name, len);
        bool suffix = name.len > len + 1 && name.ptr[name.len - len - 1] == '.' &&
                      sw_str_eq_nocase(sw_str_from(name, name.len - len), sw_str(whole[i]));

        if (suffix || (sw_str_eq_nocase(start, sw_str(whole[i])) &&
                       (rest.len == 0 || sw_str_starts(rest, ".")))) {
            return !sw_str_ends(name, ".dockerignore");
        }
    }
    return false;
}

static void search_dir(struct search *search, const char *dir);

static void look_at(struct search *search, const char *dir, const char *name)
{
    char *SW_CLEANUP(sw_free_str) path =
        strcmp(dir, ".") == 0 ? sw_xstrdup(name) : sw_fs_join(dir, name);

    if (!sw_fs_is_dir(path)) {
        if (looks_like_one(sw_str(name))) {
            sw_strs_add(search->found, sw_str(path));
        }
    } else if (name[0] != '.' && strcmp(name, "node_modules") != 0 && search->depth < DEPTH_MAX) {
        search->depth++;
        search_dir(search, path);
        search->depth--;
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX bounds it */
static void search_dir(struct search *search, const char *dir)
{
    DIR *handle = opendir(dir);
    const struct dirent *entry;

    if (!handle) {
        return;
    }
    while (search->entries < ENTRIES_MAX && (entry = readdir(handle)) != NULL) {
        search->entries++;
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            look_at(search, dir, entry->d_name);
        }
    }
    (void)closedir(handle);
}

/* Shallow paths first, then by name. */
static int compare_paths(const void *left, const void *right)
{
    const char *a = *(const char *const *)left;
    const char *b = *(const char *const *)right;
    int slashes = 0;

    for (const char *c = a; *c; c++) {
        slashes += *c == '/';
    }
    for (const char *c = b; *c; c++) {
        slashes -= *c == '/';
    }
    return slashes != 0 ? slashes : strcmp(a, b);
}

void sw_dockerfiles_find(struct sw_strs *ret)
{
    struct search search = { .found = ret };

    search_dir(&search, ".");
    if (ret->count > 0) {
        qsort(ret->items, ret->count, sizeof(*ret->items), compare_paths);
    }
    while (ret->count > SW_DOCKERFILES_MAX) {
        free(ret->items[--ret->count]);
        ret->items[ret->count] = NULL;
    }
}

#include "orb_include.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>
#include <slipway/orbpack.h>

#include <dirent.h>

/* Folders that become a section; the second list is searched for includes. */
static const char *const sections[] = { "commands", "executors", "jobs", "examples" };
static const char *const sections_with_includes[] = { "commands", "executors", "jobs" };

/* One YAML file of the tree. */
struct source {
    char *path;
    char *name;          /* without extension */
    const char *section; /* NULL: a file of the root */
    struct sw_yaml *content;
};

struct packer {
    struct sw_yaml_pool *pool;
    const char *root;
    const char *include_root;
    struct source *sources;
    size_t count;
    size_t capacity;
    bool root_seen;
    struct sw_yaml *packed;
    struct sw_err *err;
};

static void packer_release(struct packer *packer)
{
    for (size_t i = 0; i < packer->count; i++) {
        free(packer->sources[i].path);
        free(packer->sources[i].name);
    }
    free(packer->sources);
}

static const char *section_named(const char *name)
{
    for (size_t i = 0; i < SW_COUNT(sections); i++) {
        if (strcmp(sections[i], name) == 0) {
            return sections[i];
        }
    }
    return NULL;
}

/* Length of the name before ".yml" or ".yaml", 0 when the file is none of them. */
static size_t stem_length(const char *name)
{
    struct sw_str s = sw_str(name);
    if (sw_str_ends(s, ".yml")) {
        return s.len - strlen(".yml");
    }
    return sw_str_ends(s, ".yaml") ? s.len - strlen(".yaml") : 0;
}

static enum sw_status add_source(struct packer *packer, const char *path, const char *name,
                                 const char *section)
{
    size_t stem = stem_length(name);
    if (stem == 0) {
        return SW_OK;
    }
    if (packer->count == SW_ORB_FILES_MAX) {
        return sw_fail(packer->err, SW_E_TOO_LARGE, "orb folder \"%s\" has over %d files",
                       packer->root, SW_ORB_FILES_MAX);
    }
    packer->sources =
        sw_grow(packer->sources, packer->count, &packer->capacity, sizeof(*packer->sources));
    packer->sources[packer->count++] = (struct source){ .path = sw_xstrdup(path),
                                                        .name = sw_xstrndup(name, stem),
                                                        .section = section };
    return SW_OK;
}

static int skip_dotfiles(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Byte order: does not depend on the locale as alphasort does. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static enum sw_status walk(struct packer *packer, const char *dir, const char *section,
                           unsigned depth);

static enum sw_status visit(struct packer *packer, const char *dir, const char *name,
                            const char *section, unsigned depth)
{
    SW_CLEANUP(sw_free_str) char *path = sw_fs_join(dir, name);
    if (!sw_fs_is_dir(path)) {
        packer->root_seen =
            packer->root_seen ||
            (depth == 0 && (strcmp(name, "@orb.yml") == 0 || strcmp(name, "@orb.yaml") == 0));
        return add_source(packer, path, name, section);
    }
    const char *inner = depth == 0 ? section_named(name) : section;
    return inner == NULL ? SW_OK : walk(packer, path, inner, depth + 1);
}

/* NOLINTNEXTLINE(misc-no-recursion): depth is limited. */
static enum sw_status walk(struct packer *packer, const char *dir, const char *section,
                           unsigned depth)
{
    if (depth > SW_ORB_DEPTH_MAX) {
        return sw_fail(packer->err, SW_E_TOO_LARGE, "folder \"%s\" is over %d levels deep", dir,
                       SW_ORB_DEPTH_MAX);
    }
    struct dirent **entries = NULL;
    int count = scandir(dir, &entries, skip_dotfiles, by_name);
    if (count < 0) {
        return sw_fail(packer->err, SW_E_INPUT, "cannot read folder \"%s\"", dir);
    }
    enum sw_status status = SW_OK;
    for (int i = 0; i < count; i++) {
        if (status == SW_OK) {
            status = visit(packer, dir, entries[i]->d_name, section, depth);
        }
        free(entries[i]);
    }
    free(entries);
    return status;
}

/* Reads every file twice: first for the anchors, which any file may use, then for good. */
static enum sw_status parse_all(struct packer *packer)
{
    SW_CLEANUP(sw_yaml_anchors_cleanup) struct sw_yaml_anchors *anchors = sw_yaml_anchors_new();
    struct sw_yaml_options first = { .known_anchors = anchors,
                                     .ret_anchors = anchors,
                                     .lenient_aliases = true };
    struct sw_yaml_options second = { .known_anchors = anchors };
    for (unsigned pass = 1; pass <= 2; pass++) {
        for (size_t i = 0; i < packer->count; i++) {
            struct source *source = &packer->sources[i];
            enum sw_status status =
                sw_yaml_load(packer->pool, source->path, pass == 1 ? &first : &second,
                             &source->content, packer->err);
            if (status != SW_OK) {
                return status;
            }
        }
    }
    return SW_OK;
}

static enum sw_status check_is_map(struct packer *packer, struct source *source)
{
    if (source->content->type == SW_YAML_NULL) {
        source->content = sw_yaml_new_map(packer->pool, source->content);
    }
    if (source->content->type == SW_YAML_MAP) {
        return SW_OK;
    }
    return sw_yaml_fail(packer->err, SW_E_INPUT, source->content,
                        "file must hold a mapping, found: %s", sw_yaml_type_name(source->content));
}

/* Adds one element; the second of a name is refused, saying where the first one is. */
static enum sw_status add_element(struct packer *packer, struct sw_yaml *into, struct sw_yaml *key,
                                  struct sw_yaml *value)
{
    const struct sw_yaml *first = sw_yaml_get_key(into, key->text);
    if (first != NULL) {
        return sw_yaml_fail(packer->err, SW_E_INPUT, key,
                            "\"%s\" is already defined in %s:%u; two files of one section cannot "
                            "share a name",
                            key->text, first->mark.file, first->mark.line);
    }
    sw_yaml_set_node(packer->pool, into, key, value);
    return SW_OK;
}

static struct sw_yaml *section_map(struct packer *packer, const char *section,
                                   const struct sw_yaml *at)
{
    struct sw_yaml *map = sw_yaml_get(packer->packed, section);
    if (map == NULL) {
        map = sw_yaml_new_map(packer->pool, at);
        sw_yaml_set(packer->pool, packer->packed, section, map);
    }
    return map;
}

static enum sw_status merge_into(struct packer *packer, struct sw_yaml *into,
                                 const struct sw_yaml *content)
{
    for (size_t i = 0; i < content->count; i++) {
        enum sw_status status = add_element(packer, into, content->keys[i], content->items[i]);
        if (status != SW_OK) {
            return status;
        }
    }
    return SW_OK;
}

/* A file of the root: its sections are merged element by element, other keys must be new. */
static enum sw_status add_root_file(struct packer *packer, const struct sw_yaml *content)
{
    for (size_t i = 0; i < content->count; i++) {
        struct sw_yaml *key = content->keys[i];
        struct sw_yaml *value = content->items[i];
        bool section = section_named(key->text) != NULL;
        if (section && value->type == SW_YAML_NULL) {
            continue;
        }
        enum sw_status status = SW_OK;
        if (section && value->type == SW_YAML_MAP) {
            status = merge_into(packer, section_map(packer, key->text, key), value);
        } else {
            status = add_element(packer, packer->packed, key, value);
        }
        if (status != SW_OK) {
            return status;
        }
    }
    return SW_OK;
}

static enum sw_status add_to_packed(struct packer *packer, struct source *source)
{
    enum sw_status status = check_is_map(packer, source);
    if (status != SW_OK) {
        return status;
    }
    if (source->section == NULL) {
        return add_root_file(packer, source->content);
    }
    struct sw_yaml *section = section_map(packer, source->section, source->content);
    if (section->type != SW_YAML_MAP) {
        return sw_yaml_fail(packer->err, SW_E_INPUT, section, "\"%s\" must be a mapping",
                            source->section);
    }
    if (source->name[0] == '@') {
        return merge_into(packer, section, source->content);
    }
    struct sw_yaml top = { .mark = { source->content->mark.file, 1, 1 } };
    struct sw_yaml *key = sw_yaml_new_str(packer->pool, sw_str(source->name), &top);
    return add_element(packer, section, key, source->content);
}

static enum sw_status resolve_includes(struct packer *packer)
{
    for (size_t i = 0; i < SW_COUNT(sections_with_includes); i++) {
        struct sw_yaml *section = sw_yaml_get(packer->packed, sections_with_includes[i]);
        if (section == NULL) {
            continue;
        }
        struct sw_yaml *resolved = NULL;
        enum sw_status status = sw_orb_include(packer->pool, packer->root, packer->include_root,
                                               section, &resolved, packer->err);
        if (status != SW_OK) {
            return status;
        }
        sw_yaml_set(packer->pool, packer->packed, sections_with_includes[i], resolved);
    }
    return SW_OK;
}

static enum sw_status pack(struct packer *packer)
{
    if (!sw_fs_is_dir(packer->root)) {
        return sw_fail(packer->err, SW_E_INPUT, "\"%s\" is not a folder", packer->root);
    }
    enum sw_status status = walk(packer, packer->root, NULL, 0);
    if (status == SW_OK && !packer->root_seen) {
        status = sw_fail(packer->err, SW_E_INPUT,
                         "%s: @orb.yml file not found, are you sure this is the Orb root?",
                         packer->root);
    }
    if (status == SW_OK) {
        status = parse_all(packer);
    }
    struct sw_yaml at = { .mark = { sw_yaml_pool_text(packer->pool, sw_str(packer->root)), 1, 1 } };
    packer->packed = sw_yaml_new_map(packer->pool, &at);
    for (size_t i = 0; i < packer->count && status == SW_OK; i++) {
        status = add_to_packed(packer, &packer->sources[i]);
    }
    return status == SW_OK ? resolve_includes(packer) : status;
}

enum sw_status sw_orb_pack(struct sw_yaml_pool *pool, const char *dir, const char *include_root,
                           struct sw_yaml **ret, struct sw_err *err)
{
    struct packer packer = { .pool = pool,
                             .root = dir,
                             .include_root = include_root != NULL ? include_root : dir,
                             .err = err };
    enum sw_status status = pack(&packer);
    if (status == SW_OK) {
        *ret = packer.packed;
    }
    packer_release(&packer);
    return status;
}

enum sw_status sw_orb_load(struct sw_yaml_pool *pool, const char *path, struct sw_yaml **ret,
                           struct sw_err *err)
{
    if (strcmp(path, "-") != 0 && sw_fs_is_dir(path)) {
        return sw_orb_pack(pool, path, NULL, ret, err);
    }
    return sw_yaml_load(pool, path, NULL, ret, err);
}

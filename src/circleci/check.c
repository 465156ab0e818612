#include "compile.h"

struct sw_yaml *cc_map_member(struct cc *cc, const struct sw_yaml *map, const char *key)
{
    struct sw_yaml *member = sw_yaml_get(map, key);
    if (member == NULL || member->type == SW_YAML_NULL) {
        return NULL;
    }
    if (member->type != SW_YAML_MAP) {
        cc_problem(cc, member, "\"%s\" must be a mapping, found: %s", key,
                   sw_yaml_type_name(member));
        return NULL;
    }
    return member;
}

void cc_check_keys(struct cc *cc, const struct sw_yaml *map, const char *const *permitted,
                   const char *what)
{
    for (size_t i = 0; i < map->count; i++) {
        const char *key = map->keys[i]->text;
        size_t j = 0;
        while (permitted[j] != NULL && strcmp(permitted[j], key) != 0) {
            j++;
        }
        if (permitted[j] != NULL) {
            continue;
        }
        struct sw_yaml *known = sw_yaml_new_map(cc->pool, NULL);
        for (j = 0; permitted[j] != NULL; j++) {
            sw_yaml_set(cc->pool, known, permitted[j], map->keys[i]);
        }
        cc_problem(cc, map->keys[i],
                   "extraneous key [%s] is not permitted in %s%s; permitted keys: %s", key, what,
                   cc_suggest(cc, known, key), cc_names(cc, known));
    }
}

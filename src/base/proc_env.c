#include <slipway/proc.h>

#include <slipway/alloc.h>

#include <unistd.h>

void sw_proc_environ(struct sw_strs *ret)
{
    for (char **entry = environ; entry && *entry; entry++) {
        sw_strs_add(ret, sw_str(*entry));
    }
}

/* Whether "NAME=value" is of that name. */
static bool names(const char *entry, const char *name, size_t len)
{
    return strncmp(entry, name, len) == 0 && entry[len] == '=';
}

void sw_proc_setenv(struct sw_strs *list, const char *name, const char *value)
{
    size_t len = strlen(name);
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++) {
        if (names(list->items[i], name, len)) {
            free(list->items[i]);
        } else {
            list->items[kept++] = list->items[i];
        }
    }
    list->count = kept;
    if (list->items) {
        list->items[kept] = NULL;
    }
    if (value) {
        sw_strs_take(list, sw_xasprintf("%s=%s", name, value));
    }
}

const char *sw_proc_getenv(const struct sw_strs *list, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = 0; i < list->count; i++) {
        if (names(list->items[i], name, len)) {
            return list->items[i] + len + 1;
        }
    }
    return NULL;
}

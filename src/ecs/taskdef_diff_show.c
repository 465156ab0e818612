#include "ecs.h"

#include <slipway/alloc.h>

/* Differences for people. */

enum { LINE_MAX = 200 };

static const char hidden[] = "(value hidden)";

/* Puts `hidden` in the place of what is secret below the value. */
static void hide(json_t *value, const char *owner, bool secret)
{
    size_t index = 0;
    const char *key = NULL;
    void *next = NULL;
    json_t *item = NULL;
    json_array_foreach(value, index, item)
    {
        hide(item, owner, secret);
    }
    json_object_foreach_safe(value, next, key, item)
    {
        bool below = secret || ecs_is_secret_member(owner, key);
        /* The name of a variable is none of its secrets. */
        if (below && json_is_string(item) && strcmp(key, "name") != 0) {
            (void)json_object_set_new(value, key, json_string(hidden));
        } else {
            hide(item, key, below);
        }
    }
}

json_t *sw_taskdef_change_shown(const struct sw_taskdef_change *change, const json_t *value,
                                bool show_values)
{
    if (!show_values && change->secret) {
        return json_string(hidden);
    }
    json_t *shown = json_deep_copy(value);
    if (!show_values) {
        const char *dot = strrchr(change->path, '.');
        hide(shown, dot ? dot + 1 : change->path, false);
    }
    return shown;
}

static void add_value(const struct sw_taskdef_change *change, const json_t *value, bool show_values,
                      struct sw_buf *out)
{
    json_auto_t *shown = sw_taskdef_change_shown(change, value, show_values);
    if (change->secret && !show_values) {
        sw_buf_add_cstr(out, hidden);
        return;
    }
    sw_json_dump(shown, 0, out);
}

/* A long object or list over several lines, each with its sign. */
static void add_block(const struct sw_taskdef_change *change, const json_t *value, bool show_values,
                      struct sw_buf *out)
{
    json_auto_t *shown = sw_taskdef_change_shown(change, value, show_values);
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&text, SW_JSON_MAX);
    sw_json_dump(shown, 2, &text);
    for (struct sw_str rest = sw_buf_str(&text); rest.ptr;) {
        struct sw_str line = sw_str_cut(&rest, '\n');
        sw_buf_addf(out, "\n%c   %.*s", change->op, SW_STR_ARG(line));
    }
}

static void add_change(const struct sw_taskdef_change *change, bool show_values, struct sw_buf *out)
{
    struct sw_buf line SW_CLEANUP(sw_buf_release) = { 0 };
    const json_t *only = change->from ? change->from : change->to;
    sw_buf_init(&line, SW_JSON_MAX);
    sw_buf_addf(&line, "%c %s: ", change->op, change->path);
    size_t head = line.len;
    if (change->from) {
        add_value(change, change->from, show_values, &line);
    }
    if (change->from && change->to) {
        sw_buf_add_cstr(&line, " -> ");
    }
    if (change->to) {
        add_value(change, change->to, show_values, &line);
    }
    bool structured = json_is_object(only) || json_is_array(only);
    if (change->op != '~' && structured && !change->secret && line.len > LINE_MAX) {
        sw_buf_truncate(&line, head - 1);
        add_block(change, only, show_values, &line);
    }
    sw_buf_add_str(out, sw_buf_str(&line));
}

void sw_taskdef_diff_print(const struct sw_taskdef_diff *diff, bool show_values, bool color,
                           struct sw_buf *out)
{
    for (size_t i = 0; i < diff->count; i++) {
        const struct sw_taskdef_change *change = &diff->items[i];
        const char *start = change->op == '+' ? "\033[32m" : "\033[33m";
        start = change->op == '-' ? "\033[31m" : start;
        sw_buf_add_cstr(out, color ? start : "");
        add_change(change, show_values, out);
        sw_buf_addf(out, "%s\n", color ? "\033[0m" : "");
    }
}

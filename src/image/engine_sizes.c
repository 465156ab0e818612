#include "engine.h"

#include <slipway/alloc.h>
#include <slipway/json.h>
#include <slipway/log.h>

/*
 * How large the layers of an image are, by the engine's history of it. That has an entry for each
 * instruction, the last one first, and does not say which of them made a layer: those with a size
 * did, and so may have some without one (WORKDIR makes a layer without a file, ENV makes none). So
 * a layer may be the one of several entries, and the largest of them counts.
 */

enum { LIMIT_MS = 5000 /* without it, other images are asked about the layers */ };

struct history {
    int64_t *sizes; /* per entry, the first instruction first */
    size_t count;
    size_t filled; /* entries with a size */
};

static enum sw_status read_history(struct sw_str text, struct history *ret, struct sw_err *err)
{
    json_auto_t *doc = NULL;

    if (sw_json_parse(text, "history", &doc, err) != SW_OK) {
        return err->status;
    }
    ret->count = json_array_size(doc);
    ret->sizes = sw_xcalloc(ret->count + 1, sizeof(*ret->sizes));
    for (size_t i = 0; i < ret->count; i++) {
        int64_t size = sw_json_int(json_array_get(doc, ret->count - 1 - i), "Size", 0);

        ret->sizes[i] = size < 0 ? 0 : size;
        ret->filled += size > 0;
    }
    return SW_OK;
}

static size_t less(size_t one, size_t other)
{
    return one < other ? one : other;
}

/* Spreads the sizes over the layers that each may be of. */
static void spread(const struct history *history, int64_t *sizes, size_t count)
{
    const size_t blank = count - history->filled; /* layers without a size */
    const size_t empty = history->count - history->filled;
    size_t below = 0; /* entries so far without a size */
    size_t rank = 0;  /* and with one */

    for (size_t i = 0; i < count; i++) {
        sizes[i] = 0;
    }
    for (size_t i = 0; i < history->count; i++) {
        const size_t above = empty - below;

        if (history->sizes[i] == 0) {
            below++;
            continue;
        }
        for (size_t at = rank + (blank > above ? blank - above : 0);
             at <= rank + less(blank, below); at++) {
            sizes[at] = sizes[at] > history->sizes[i] ? sizes[at] : history->sizes[i];
        }
        rank++;
    }
}

void sw_engine_sizes(const struct sw_env *env, const struct sw_engine *engine, const char *name,
                     int64_t *sizes, size_t count)
{
    SW_CLEANUP(sw_buf_release) struct sw_buf text = { 0 };
    struct history history = { 0 };
    struct sw_err err = SW_ERR_INIT;
    enum sw_status status = sw_engine_get(env, engine, name, "history", LIMIT_MS, &text, &err);

    if (status == SW_OK) {
        status = read_history(sw_buf_str(&text), &history, &err);
    }
    /* A history that cannot be that of these layers, or knows no sizes, tells nothing. */
    if (status == SW_OK && history.filled > 0 && history.filled <= count &&
        history.count >= count) {
        spread(&history, sizes, count);
    } else {
        sw_debug(env, "push", "the engine does not tell the sizes of layers: %s", err.msg);
        for (size_t i = 0; i < count; i++) {
            sizes[i] = -1;
        }
    }
    free(history.sizes);
}

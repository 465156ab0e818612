#include "place.h"

#include <slipway/alloc.h>

#include <string.h>

enum sw_status sw_places_add(struct sw_places *places, const struct sw_env *env,
                             const struct sw_ref *ref, const struct sw_registry_options *options,
                             size_t *ret, struct sw_err *err)
{
    struct sw_registry *registry = NULL;
    enum sw_status status;

    for (size_t i = 0; i < places->count; i++) {
        const struct sw_push_place *place = &places->items[i];

        if (strcmp(place->host, ref->host) == 0 &&
            strcmp(place->repository, ref->repository) == 0) {
            *ret = i;
            return SW_OK;
        }
    }
    status = sw_registry_new(env, ref->host, options, &registry, err);
    if (status != SW_OK) {
        return status;
    }
    places->items =
        sw_grow(places->items, places->count, &places->capacity, sizeof(*places->items));
    *ret = places->count;
    places->items[places->count++] = (struct sw_push_place){ registry, ref->host, ref->repository };
    return SW_OK;
}

void sw_places_release(struct sw_places *places)
{
    for (size_t i = 0; i < places->count; i++) {
        sw_registry_free(places->items[i].registry);
    }
    free(places->items);
    *places = (struct sw_places){ 0 };
}

char *sw_place_suffix(const struct sw_push_place *place, size_t place_count)
{
    if (place_count < 2) {
        return sw_xstrdup("");
    }
    return sw_xasprintf(" in %s/%s", place->host, place->repository);
}

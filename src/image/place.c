#include "place.h"

#include <slipway/alloc.h>
#include <slipway/progress.h>

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

enum sw_status sw_place_share(const struct sw_push_place *place, const struct sw_strs *from,
                              const char *digest, const char **ret_from, char **ret_session,
                              struct sw_err *err)
{
    const char *found = NULL;
    bool mounted = false;
    enum sw_status status = SW_OK;

    *ret_from = NULL;
    *ret_session = NULL;
    if (from) {
        status =
            sw_registry_find_blob(place->registry, from, place->repository, digest, &found, err);
    }
    if (status == SW_OK && found) {
        status = sw_registry_mount_blob(place->registry, place->repository, digest, found, &mounted,
                                        ret_session, err);
    }
    if (mounted) {
        *ret_from = found;
    }
    return status;
}

enum sw_status sw_place_has_manifest(const struct sw_push_place *place, const char *digest,
                                     bool *ret, struct sw_err *err)
{
    struct sw_manifest_info info = { 0 };
    struct sw_err none = SW_ERR_INIT;
    enum sw_status status =
        sw_registry_head_manifest(place->registry, place->repository, digest, &info, &none);

    *ret = status == SW_OK;
    if (*ret) {
        sw_manifest_info_release(&info);
    } else if (status != SW_E_NOT_FOUND && status != SW_E_DENIED) {
        *err = none;
        return status;
    }
    return SW_OK;
}

char *sw_place_suffix(const struct sw_push_place *place, size_t place_count)
{
    if (place_count < 2) {
        return sw_xstrdup("");
    }
    return sw_xasprintf(" in %s/%s", place->host, place->repository);
}

void sw_places_tell_sum(const struct sw_env *env, int64_t sent, int64_t mounted, int64_t skipped)
{
    char sent_text[SW_SIZE_TEXT_MAX];
    char mounted_text[SW_SIZE_TEXT_MAX];
    char skipped_text[SW_SIZE_TEXT_MAX];

    sw_format_size(sent, sent_text);
    sw_format_size(mounted, mounted_text);
    sw_format_size(skipped, skipped_text);
    sw_say(env, "%s sent, %s%s%s already there", sent_text, mounted > 0 ? mounted_text : "",
           mounted > 0 ? " mounted, " : "", skipped_text);
}

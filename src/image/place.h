#ifndef SLIPWAY_IMAGE_PLACE_H
#define SLIPWAY_IMAGE_PLACE_H

/* Where blobs go: repositories of registries, each once, however many references name it. */

#include <slipway/ref.h>
#include <slipway/registry.h>

/* One repository of one registry. */
struct sw_push_place {
    struct sw_registry *registry;
    const char *host; /* borrowed from the reference that named it first */
    const char *repository;
};

struct sw_places {
    struct sw_push_place *items;
    size_t count;
    size_t capacity;
};

/*
 * The place of a reference, made with `env` and `options` when it is the first of its repository.
 * *ret is an index into places->items.
 */
SW_NODISCARD enum sw_status sw_places_add(struct sw_places *places, const struct sw_env *env,
                                          const struct sw_ref *ref,
                                          const struct sw_registry_options *options, size_t *ret,
                                          struct sw_err *err);
void sw_places_release(struct sw_places *places);

/*
 * Shares a blob with one of the repositories `from` of the place's registry (may be NULL or empty).
 * *ret_from is the one it came from, borrowed, or NULL; then *ret_session may be the upload that
 * was opened instead, the caller's.
 */
SW_NODISCARD enum sw_status sw_place_share(const struct sw_push_place *place,
                                           const struct sw_strs *from, const char *digest,
                                           const char **ret_from, char **ret_session,
                                           struct sw_err *err);

/* Whether the repository has a manifest. Not to be allowed to know means no. */
SW_NODISCARD enum sw_status sw_place_has_manifest(const struct sw_push_place *place,
                                                  const char *digest, bool *ret,
                                                  struct sw_err *err);

/* " in HOST/REPOSITORY" when there are several places to tell apart, else "". The caller's. */
char *sw_place_suffix(const struct sw_push_place *place, size_t place_count);
/* Tells people the sums of a push: "3.4 MB sent, 1.2 MB mounted, 840.0 MB already there". */
void sw_places_tell_sum(const struct sw_env *env, int64_t sent, int64_t mounted, int64_t skipped);

#endif

#include "ecs.h"

#include <slipway/ref.h>

/* The containers of a definition, by what they run. */
struct search {
    const json_t *containers;
    json_t *of_repository; /* the first that runs an image of the repository */
    size_t count;          /* how many do */
};

static bool same_repository(const struct sw_ref *wanted, const char *image)
{
    struct sw_err ignored = SW_ERR_INIT;
    struct sw_ref ref = { .host = NULL };
    bool same = *image && sw_ref_parse(sw_str(image), &ref, &ignored) == SW_OK &&
                strcmp(ref.host, wanted->host) == 0 &&
                strcmp(ref.repository, wanted->repository) == 0;
    sw_ref_release(&ref);
    return same;
}

static void look(struct search *search, const struct sw_ref *wanted)
{
    size_t index = 0;
    json_t *container = NULL;
    json_array_foreach(search->containers, index, container)
    {
        if (same_repository(wanted, sw_json_str(container, "image", ""))) {
            search->of_repository = search->count == 0 ? container : search->of_repository;
            search->count++;
        }
    }
}

static void append_containers(const json_t *containers, struct sw_err *err)
{
    size_t index = 0;
    const json_t *container = NULL;
    (void)sw_append(err, json_array_size(containers) ? "; it has: " : "; it has no containers");
    json_array_foreach(containers, index, container)
    {
        const char *image = sw_json_str(container, "image", "");
        struct sw_str name = sw_image_split(sw_str(image)).name;
        (void)sw_append(err, "%s%s (%.*s)", index ? ", " : "", sw_json_str(container, "name", "?"),
                        SW_STR_ARG(name));
    }
}

static void fail_image(const struct search *search, const struct sw_ref *ref, const char *label,
                       struct sw_err *err)
{
    (void)sw_fail(err, SW_E_INPUT,
                  "which container gets the image? %s of task definition %s %s an image of %s/%s; "
                  "name it, as in web=IMAGE",
                  search->count == 0 ? "no container" : "more than one container", label,
                  search->count == 0 ? "runs" : "run", ref->host, ref->repository);
    append_containers(search->containers, err);
}

static void fail_tag(const struct search *search, const char *label, struct sw_err *err)
{
    (void)sw_fail(err, SW_E_INPUT,
                  "which container's image gets the tag? task definition %s has not just one; name "
                  "it, as in web=TAG",
                  label);
    append_containers(search->containers, err);
}

json_t *ecs_image_owner(const json_t *definition, const struct sw_change *change, const char *label,
                        struct sw_err *err)
{
    struct search search = { .containers = sw_json_array(definition, "containerDefinitions") };
    struct sw_ref ref = { .host = NULL };
    json_t *owner = NULL;

    if (change->kind != SW_CHANGE_IMAGE_TAG) {
        if (sw_ref_parse(sw_str(change->value), &ref, err) != SW_OK) {
            return NULL;
        }
        look(&search, &ref);
    }
    if (search.count == 1) {
        owner = search.of_repository;
    } else if (json_array_size(search.containers) == 1) {
        owner = json_array_get(search.containers, 0);
    } else if (ref.host) {
        fail_image(&search, &ref, label, err);
    } else {
        fail_tag(&search, label, err);
    }
    sw_ref_release(&ref);
    return owner;
}

#include "preflight.h"

#include <slipway/alloc.h>
#include <slipway/ecr.h>
#include <slipway/inspect.h>
#include <slipway/ref.h>
#include <slipway/registry.h>

/* Checks of the images: are they there, and for the processors that will run them? */

enum { TAGS_ASKED = 200, TAGS_SHOWN = 5, IMAGES_MAX = 20 };

/* The tag nearest to the one that is missing, taken out of the list; NULL when none is left. */
static char *take_nearest(struct sw_strs *tags, const char *missing)
{
    size_t nearest = 0;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < tags->count; i++) {
        size_t distance = sw_str_distance(sw_str(missing), sw_str(tags->items[i]), SW_REF_TAG_MAX);
        if (distance < least) {
            least = distance;
            nearest = i;
        }
    }
    if (tags->count == 0) {
        return NULL;
    }
    char *tag = tags->items[nearest];
    tags->items[nearest] = tags->items[--tags->count];
    tags->items[tags->count] = NULL;
    return tag;
}

/* Tags that the repository has, the most similar first. The caller's; NULL when there is none. */
static char *similar_tags(struct sw_registry *registry, const struct sw_ref *ref)
{
    struct sw_strs tags = { .items = NULL };
    struct sw_err ignored = SW_ERR_INIT;
    char *text = NULL;
    enum sw_status status =
        sw_registry_list_tags(registry, ref->repository, TAGS_ASKED, &tags, &ignored);
    for (size_t shown = 0; status == SW_OK && shown < TAGS_SHOWN; shown++) {
        char *tag SW_CLEANUP(sw_free_str) = take_nearest(&tags, ref->tag);
        char *before SW_CLEANUP(sw_free_str) = text;
        if (!tag) {
            text = SW_TAKE(before);
            break;
        }
        text = before ? sw_xasprintf("%s, %s", before, tag) : sw_xstrdup(tag);
    }
    sw_strs_release(&tags);
    return text;
}

/* The platforms of an inspected image: those of an index, or its own. The caller's. */
static json_t *platforms_of(const json_t *facts)
{
    json_t *platforms = json_array();
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(sw_json_array(facts, "platforms"), index, item)
    {
        preflight_add_once(platforms, sw_json_str(item, "platform", ""));
    }
    preflight_add_once(platforms, sw_json_str(facts, "platform", ""));
    return platforms;
}

/* Everything there is to know of one image. The caller's. */
static json_t *look_at_image(struct preflight *preflight, const struct sw_registry_auth *auth,
                             const char *image)
{
    static const struct sw_inspect_options options = { .platform = NULL };
    struct sw_registry *registry SW_CLEANUP(sw_registry_cleanup) = NULL;
    struct sw_ref ref = { .host = NULL };
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *facts = NULL;
    char *tags = NULL;
    enum sw_status status = ecs_image_open(preflight->aws, auth, image, preflight_patience.policy,
                                           &ref, &registry, &err);
    if (status == SW_OK) {
        status = sw_image_inspect(registry, &ref, &options, &facts, &err);
    }
    if (status == SW_E_NOT_FOUND && ref.tag && !ref.digest) {
        tags = similar_tags(registry, &ref);
    }
    sw_ref_release(&ref);
    json_t *found = json_pack("{s:i, s:s, s:o, s:s*}", "status", (int)status, "error", err.msg,
                              "platforms", platforms_of(facts), "tags", tags);
    free(tags);
    return found;
}

PREFLIGHT_READER(images)
{
    struct sw_ecr_auth auth;
    size_t index = 0;
    const json_t *container = NULL;
    (void)err;
    sw_ecr_auth_init(&auth, preflight->aws);
    *ret = json_object();
    json_array_foreach(preflight->containers, index, container)
    {
        const char *image = sw_json_str(container, "image", "");
        if (!json_object_get(*ret, image) && json_object_size(*ret) < IMAGES_MAX) {
            (void)json_object_set_new(*ret, image, look_at_image(preflight, &auth.callback, image));
        }
    }
    sw_ecr_auth_release(&auth);
    return SW_OK;
}

static void judge_image(struct preflight *preflight, const char *container, const char *image,
                        const json_t *facts)
{
    enum sw_status status = (enum sw_status)sw_json_int(facts, "status", SW_OK);
    const char *tags = sw_json_str(facts, "tags", NULL);
    if (status == SW_E_NOT_FOUND) {
        preflight_find(preflight, SW_CHECK_BLOCK,
                       "image \"%s\" of container \"%s\" does not exist%s%s", image, container,
                       tags ? "; the repository has: " : "", tags ? tags : "");
        preflight_advise(preflight,
                         "push it first, or set a tag that exists; was the job that pushes it "
                         "skipped?");
        preflight_command(preflight, "slipway image exists %s", image);
    } else if (status == SW_E_INPUT) {
        preflight_find(preflight, SW_CHECK_BLOCK,
                       "the image of container \"%s\" is no reference: %s", container,
                       sw_json_str(facts, "error", ""));
        preflight_advise(preflight, "is a variable in it empty?");
    } else if (status == SW_E_DENIED) {
        preflight_find(preflight, SW_CHECK_SKIP,
                       "not checked: image \"%s\" needs the rights ecr:GetAuthorizationToken and "
                       "ecr:BatchGetImage",
                       image);
    } else if (status != SW_OK) {
        preflight_find(preflight, SW_CHECK_SKIP, "not checked: image \"%s\": %s", image,
                       sw_json_str(facts, "error", ""));
    }
}

void preflight_image(struct preflight *preflight)
{
    const json_t *images = preflight_fact(preflight, FACT_IMAGES);
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(preflight->containers, index, container)
    {
        const char *image = sw_json_str(container, "image", "");
        judge_image(preflight, sw_json_str(container, "name", "?"), image,
                    sw_json_object(images, image));
    }
}

/* "arn:aws:ecs:REGION:ACCOUNT:..." has both; false when the ARN is none. */
static bool place_of_service(const struct preflight *preflight, struct sw_str *ret_region,
                             struct sw_str *ret_account)
{
    struct sw_str rest = sw_str(sw_json_str(preflight->service, "serviceArn", ""));
    for (int i = 0; i < 3; i++) {
        (void)sw_str_cut(&rest, ':');
    }
    *ret_region = sw_str_cut(&rest, ':');
    *ret_account = sw_str_cut(&rest, ':');
    return ret_account->len == SW_ECR_ACCOUNT_LEN;
}

void preflight_image_account(struct preflight *preflight)
{
    struct sw_str region;
    struct sw_str account;
    bool any = false;
    size_t index = 0;
    const json_t *container = NULL;
    if (!place_of_service(preflight, &region, &account)) {
        return;
    }
    json_array_foreach(preflight->containers, index, container)
    {
        const char *image = sw_json_str(container, "image", "");
        struct sw_str rest = sw_str(image);
        struct sw_ecr_host host;
        if (!sw_ecr_host_parse(sw_str_cut(&rest, '/'), &host) || host.kind != SW_ECR_PRIVATE) {
            continue;
        }
        any = true;
        if (!sw_str_is(account, host.account)) {
            preflight_find(preflight, SW_CHECK_WARN,
                           "image \"%s\" lies in account %s, the service in %.*s", image,
                           host.account, SW_STR_ARG(account));
            preflight_advise(preflight,
                             "the repository's policy there must let the execution role pull; what "
                             "it says cannot be seen from here");
        } else if (!sw_str_is(region, host.region)) {
            preflight_find(preflight, SW_CHECK_WARN,
                           "image \"%s\" lies in region %s, the service in %.*s", image,
                           host.region, SW_STR_ARG(region));
            preflight_cause(preflight, "registry-unreachable");
            preflight_advise(preflight, "pulls cross regions: slow, paid, and not through VPC "
                                        "endpoints; push to this region");
        }
    }
    if (!any) {
        preflight_idle(preflight);
    }
}

/* ---- Platforms ---- */

/* The platforms of which the tasks need one: by the definition, or by the instances. */
static json_t *wanted_platforms(struct preflight *preflight)
{
    json_t *wanted = json_array();
    const json_t *platform = sw_json_object(preflight->definition, "runtimePlatform");
    const char *processor = sw_json_str(platform, "cpuArchitecture", "");
    const char *family = sw_json_str(platform, "operatingSystemFamily", "LINUX");
    const char *system = strncmp(family, "WINDOWS", 7) == 0 ? "windows" : "linux";
    size_t index = 0;
    const json_t *instance = NULL;
    if (*processor || !preflight->on_ec2) {
        char *text SW_CLEANUP(sw_free_str) =
            sw_xasprintf("%s/%s", system, strcmp(processor, "ARM64") == 0 ? "arm64" : "amd64");
        preflight_add_once(wanted, text);
        return wanted;
    }
    json_auto_t *instances = preflight_eligible(preflight);
    json_array_foreach(instances, index, instance)
    {
        const char *own = preflight_attribute(instance, "ecs.cpu-architecture");
        const char *os = preflight_attribute(instance, "ecs.os-type");
        if (own) {
            char *text SW_CLEANUP(sw_free_str) = sw_xasprintf(
                "%s/%s", os ? os : "linux", strcmp(own, "arm64") == 0 ? "arm64" : "amd64");
            preflight_add_once(wanted, text);
        }
    }
    return wanted;
}

/* Whether the image has the platform, in any variant. */
static bool has_platform(const json_t *platforms, const char *wanted)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(platforms, index, item)
    {
        struct sw_str own = sw_str(json_string_value(item));
        struct sw_str rest = sw_str_from(own, strlen(wanted));
        if (sw_str_starts(own, wanted) && (rest.len == 0 || rest.ptr[0] == '/')) {
            return true;
        }
    }
    return false;
}

static void judge_platform(struct preflight *preflight, const char *container, const char *image,
                           const json_t *platforms, const json_t *wanted)
{
    json_auto_t *missing = json_array();
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(wanted, index, item)
    {
        if (!has_platform(platforms, json_string_value(item))) {
            (void)json_array_append(missing, json_array_get(wanted, index));
        }
    }
    if (json_array_size(missing) == 0) {
        return;
    }
    bool all = json_array_size(missing) == json_array_size(wanted);
    char *has SW_CLEANUP(sw_free_str) = preflight_joined(platforms);
    char *lacks SW_CLEANUP(sw_free_str) = preflight_joined(missing);
    preflight_find(preflight, all ? SW_CHECK_BLOCK : SW_CHECK_WARN,
                   "image \"%s\" of container \"%s\" is for %s; %s %s", image, container, has,
                   all ? "the tasks run on" : "some tasks may run on", lacks);
    preflight_advise(preflight, "build it for that platform (images built on Apple silicon are "
                                "linux/arm64)");
    preflight_command(preflight, "slipway image build --platform %s ...",
                      json_string_value(json_array_get(missing, 0)));
}

void preflight_platform(struct preflight *preflight)
{
    const json_t *images = preflight_fact(preflight, FACT_IMAGES);
    json_auto_t *wanted = wanted_platforms(preflight);
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(preflight->containers, index, container)
    {
        const char *image = sw_json_str(container, "image", "");
        const json_t *platforms = sw_json_array(sw_json_object(images, image), "platforms");
        if (json_array_size(platforms) == 0) {
            preflight_find(preflight, SW_CHECK_SKIP,
                           "not checked: which platforms image \"%s\" is for is not known", image);
        } else if (json_array_size(wanted) == 0) {
            preflight_find(preflight, SW_CHECK_SKIP,
                           "not checked: which processors the instances have is not known");
        } else {
            judge_platform(preflight, sw_json_str(container, "name", "?"), image, platforms,
                           wanted);
        }
    }
}

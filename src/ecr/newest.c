#include <slipway/ecr.h>

#include <slipway/alloc.h>

#include "ecr_internal.h"

enum {
    PAGE = 1000,   /* the most that AWS gives at a time */
    PAGES_MAX = 3, /* AWS's order is none: a larger repository is known in part */
};

/* The images found so far, the newest first. */
struct found {
    struct image {
        char *tag;
        double pushed_s;
    } * items;
    size_t count;
    size_t max;
};

static void found_release(struct found *found)
{
    for (size_t i = 0; i < found->count; i++) {
        free(found->items[i].tag);
    }
    free(found->items);
}

/* Takes an image to where it belongs; the oldest gives way. */
static void take(struct found *found, const char *tag, double pushed_s)
{
    size_t at = found->count;

    while (at > 0 && found->items[at - 1].pushed_s < pushed_s) {
        at--;
    }
    if (at == found->max) {
        return;
    }
    if (found->count == found->max) {
        free(found->items[--found->count].tag);
    }
    memmove(&found->items[at + 1], &found->items[at],
            (found->count - at) * sizeof(found->items[0]));
    found->items[at] = (struct image){ sw_xstrdup(tag), pushed_s };
    found->count++;
}

/* Charts, signatures and the like are stored as images are. */
static bool is_image(const json_t *detail)
{
    static const char *const types[] = { "", "application/vnd.docker.container.image.v1+json",
                                         "application/vnd.oci.image.config.v1+json" };
    const char *type = sw_json_str(detail, "artifactMediaType", "");

    for (size_t i = 0; i < SW_COUNT(types); i++) {
        if (strcmp(type, types[i]) == 0) {
            return !json_object_get(detail, "subjectManifestDigest");
        }
    }
    return false;
}

static void take_page(struct found *found, const json_t *answer)
{
    const json_t *details = sw_json_array(answer, "imageDetails");

    for (size_t i = 0; i < json_array_size(details); i++) {
        const json_t *detail = json_array_get(details, i);
        const char *tag = json_string_value(json_array_get(sw_json_array(detail, "imageTags"), 0));

        if (tag && is_image(detail)) {
            take(found, tag, sw_json_number(detail, "imagePushedAt", 0));
        }
    }
}

static enum sw_status ask(struct sw_aws *aws, json_t *input, struct found *found,
                          struct sw_err *err)
{
    for (int page = 0; page < PAGES_MAX; page++) {
        json_auto_t *answer = NULL;
        enum sw_status status = sw_ecr_ask(aws, "DescribeImages", input, &answer, err);

        if (status != SW_OK) {
            return status;
        }
        take_page(found, answer);
        if (!json_is_string(json_object_get(answer, "nextToken"))) {
            break;
        }
        (void)json_object_set(input, "nextToken", json_object_get(answer, "nextToken"));
    }
    return SW_OK;
}

enum sw_status sw_ecr_newest_tags(struct sw_aws *aws, const struct sw_ecr_host *host,
                                  const char *repository, size_t max, struct sw_strs *ret,
                                  struct sw_err *err)
{
    SW_CLEANUP(sw_aws_cleanup) struct sw_aws *client = NULL;
    SW_CLEANUP(found_release) struct found found = { .max = max };
    json_auto_t *input = json_pack("{s:s, s:i, s:{s:s}}", "repositoryName", repository,
                                   "maxResults", PAGE, "filter", "tagStatus", "TAGGED");
    enum sw_status status = SW_OK;

    found.items = sw_xcalloc(max + 1, sizeof(*found.items));
    if (host) {
        (void)json_object_set_new(input, "registryId", json_string(host->account));
        status = sw_aws_with_endpoint(aws, host->region, host->fips, host->dualstack, &client, err);
    }
    if (status == SW_OK) {
        status = ask(client ? client : aws, input, &found, err);
    }
    for (size_t i = 0; status == SW_OK && i < found.count; i++) {
        sw_strs_add(ret, sw_str(found.items[i].tag));
    }
    return status;
}

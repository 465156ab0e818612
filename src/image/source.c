#include <slipway/image.h>

#include "intake.h"

static const struct {
    const char *prefix;
    enum sw_status (*open)(const struct sw_env *env, const char *text, const char *platform,
                           struct sw_image_source **ret, struct sw_err *err);
} kinds[] = {
    { "docker-archive:", sw_docker_archive_open },
    { "docker-daemon:", sw_docker_daemon_open },
    { "oci-archive:", sw_oci_archive_open },
    { "oci:", sw_oci_layout_open },
};

/*
 * Other programs' names for sources. Without them "containers-storage:image" would be taken for the
 * tag "image" of an image "containers-storage" on Docker Hub.
 */
static const char *const foreign[] = { "containers-storage:", "dir:", "docker://", "ocidir://",
                                       "ostree:" };

bool sw_image_source_is(const char *text)
{
    for (size_t i = 0; i < SW_COUNT(foreign); i++) {
        if (sw_str_starts(sw_str(text), foreign[i])) {
            return true;
        }
    }
    for (size_t i = 0; i < SW_COUNT(kinds); i++) {
        if (sw_str_starts(sw_str(text), kinds[i].prefix)) {
            return true;
        }
    }
    return false;
}

enum sw_status sw_image_source_open(const struct sw_env *env, const char *text,
                                    const char *platform, struct sw_image_source **ret,
                                    struct sw_err *err)
{
    for (size_t i = 0; i < SW_COUNT(kinds); i++) {
        if (sw_str_starts(sw_str(text), kinds[i].prefix)) {
            return kinds[i].open(env, text + strlen(kinds[i].prefix), platform, ret, err);
        }
    }
    return sw_fail(err, SW_E_USAGE,
                   "\"%s\" is no image source; there are docker-daemon:NAME, "
                   "docker-archive:FILE[:NAME], oci-archive:FILE[:NAME] and oci:DIR[:NAME]",
                   text);
}

void sw_image_source_free(struct sw_image_source *source)
{
    if (source) {
        source->free(source);
    }
}

#include "archive_store.h"
#include "oci_walk.h"

#include <slipway/alloc.h>

/* An OCI layout in a folder. */
struct oci_layout {
    struct sw_image_source source; /* first: sources are cast back */
    char *dir;
    char *name; /* NULL: the only image */
    char *platform;
    struct sw_archive archive;
};

static void layout_free(struct sw_image_source *source)
{
    struct oci_layout *self = (struct oci_layout *)source;

    sw_archive_release(&self->archive);
    free(self->dir);
    free(self->name);
    free(self->platform);
    free(self);
}

static enum sw_status layout_load(struct sw_image_source *source, struct sw_intake *intake,
                                  struct sw_image *ret, struct sw_err *err)
{
    struct oci_layout *self = (struct oci_layout *)source;
    enum sw_status status = sw_archive_index_dir(&self->archive, self->dir, err);

    if (status == SW_OK) {
        status = sw_oci_image_load(&self->archive, self->name, self->platform, intake, ret, err);
    }
    return status == SW_OK ? SW_OK : sw_wrap(err, "layout \"%s\"", self->dir);
}

static enum sw_status layout_load_all(struct sw_image_source *source, struct sw_tree *ret,
                                      struct sw_store *ret_store, struct sw_err *err)
{
    struct oci_layout *self = (struct oci_layout *)source;
    enum sw_status status = sw_archive_index_dir(&self->archive, self->dir, err);

    if (status == SW_OK) {
        status = sw_oci_tree(&self->archive, self->name, ret, err);
    }
    *ret_store = sw_archive_store(&self->archive);
    return status == SW_OK ? SW_OK : sw_wrap(err, "layout \"%s\"", self->dir);
}

enum sw_status sw_oci_layout_open(SW_UNUSED const struct sw_env *env, const char *text,
                                  const char *platform, struct sw_image_source **ret,
                                  struct sw_err *err)
{
    struct sw_str name = sw_str(text);
    SW_CLEANUP(sw_free_str) char *dir = sw_str_dup(sw_str_cut(&name, ':'));
    struct oci_layout *self;

    if (dir[0] == '\0') {
        return sw_fail(err, SW_E_USAGE, "oci: names no folder");
    }
    self = sw_xcalloc(1, sizeof(*self));
    self->source = (struct sw_image_source){ layout_load, layout_free, layout_load_all };
    self->dir = SW_TAKE(dir);
    self->name = name.len > 0 ? sw_str_dup(name) : NULL;
    self->platform = platform ? sw_xstrdup(platform) : NULL;
    self->archive.fd = -1;
    *ret = &self->source;
    return SW_OK;
}

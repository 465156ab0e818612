#include "image_refs.h"

#include <slipway/manifest.h>

const struct sw_opt sw_cli_image_opts[] = {
    { SW_OPT_STR, "registry", 0, offsetof(struct sw_cli_image, registry), "HOST",
      "registry host of --repo", SW_OPT_NAME, NULL, 0, 0, NULL },
    { SW_OPT_STR, "repo", 0, offsetof(struct sw_cli_image, repo), "NAME", "repository of the image",
      0, NULL, 0, 0, NULL },
    { SW_OPT_LIST, "tag", 't', offsetof(struct sw_cli_image, tags), "TAG[,TAG...]",
      "tag of the image in --repo; default latest", 0, NULL, 0, 0, NULL },
    { SW_OPT_LIST, "ref", 0, offsetof(struct sw_cli_image, refs), "REF",
      "complete reference HOST/NAME:TAG", 0, NULL, 0, 0, NULL },
    SW_CLI_MORE_REGISTRIES(struct sw_cli_image, more),
    { .kind = SW_OPT_END },
};

static void add_once(struct sw_strs *list, struct sw_str s)
{
    if (!sw_strs_has(list, s)) {
        sw_strs_add(list, s);
    }
}

static enum sw_status add_tag(struct sw_str registry, const char *repo, struct sw_str tag,
                              struct sw_strs *ret, struct sw_err *err)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) ref = { 0 };

    if (sw_ref_check_tag(tag, err)) {
        return sw_wrap(err, "--tag");
    }
    sw_buf_init(&ref, SW_BUF_TEXT_MAX);
    if (registry.len > 0) {
        sw_buf_addf(&ref, "%.*s/", SW_STR_ARG(registry));
    }
    sw_buf_addf(&ref, "%s:%.*s", repo, SW_STR_ARG(tag));
    add_once(ret, sw_buf_str(&ref));
    return SW_OK;
}

/* The image under each of its tags in one registry. */
static enum sw_status add_tags(struct sw_str registry, const struct sw_cli_image *image,
                               struct sw_strs *ret, struct sw_err *err)
{
    struct sw_strs SW_CLEANUP(sw_strs_release) tags = { 0 };

    for (size_t i = 0; i < image->tags.count; i++) {
        sw_strs_add_parts(&tags, sw_str(image->tags.items[i]), ',');
    }
    if (tags.count == 0 && image->tags.count > 0) {
        return sw_fail(err, SW_E_INPUT, "--tag is empty: is the variable that it is made of set?");
    }
    if (tags.count == 0) {
        sw_strs_add(&tags, SW_STR("latest"));
    }
    for (size_t i = 0; i < tags.count; i++) {
        if (add_tag(registry, image->repo, sw_str(tags.items[i]), ret, err)) {
            return err->status;
        }
    }
    return SW_OK;
}

static enum sw_status add_repo(const struct sw_cli_image *image, struct sw_strs *ret,
                               struct sw_err *err)
{
    struct sw_strs SW_CLEANUP(sw_strs_release) hosts = { 0 };
    struct sw_str registry;
    enum sw_status status = sw_cli_registry_host(image->registry, "--registry", &registry, err);

    if (status == SW_OK) {
        sw_strs_add(&hosts, registry);
        status = sw_cli_more_hosts(&image->more, registry, &hosts, err);
    }
    if (status == SW_OK && sw_ref_check_repository(sw_str(image->repo), err)) {
        status = sw_wrap(err, "--repo");
    }
    for (size_t i = 0; status == SW_OK && i < hosts.count; i++) {
        status = add_tags(sw_str(hosts.items[i]), image, ret, err);
    }
    return status;
}

static enum sw_status add_whole(const struct sw_strs *refs, const char *what, struct sw_strs *ret,
                                struct sw_err *err)
{
    for (size_t i = 0; refs && i < refs->count; i++) {
        struct sw_ref ref = { 0 };

        if (sw_ref_parse(sw_str(refs->items[i]), &ref, err)) {
            return what ? sw_wrap(err, "%s", what) : err->status;
        }
        sw_ref_release(&ref);
        add_once(ret, sw_str(refs->items[i]));
    }
    return SW_OK;
}

enum sw_status sw_cli_image_refs(const struct sw_cli_image *image, const struct sw_strs *more,
                                 struct sw_strs *ret, struct sw_err *err)
{
    if (!image->repo && (image->tags.count > 0 || image->registry)) {
        return sw_cli_usage(err, "%s needs --repo", image->tags.count > 0 ? "--tag" : "--registry");
    }
    if (!image->repo && image->more.texts.count > 0) {
        return sw_cli_usage(err, "--more-registries needs --repo");
    }
    if ((image->repo && add_repo(image, ret, err)) || add_whole(&image->refs, "--ref", ret, err) ||
        add_whole(more, NULL, ret, err)) {
        return err->status;
    }
    return SW_OK;
}

enum sw_status sw_cli_platform(const char *text, const char **ret, struct sw_err *err)
{
    *ret = sw_cli_text_or_null(text);
    if (*ret && !sw_platform_is(*ret)) {
        return sw_cli_usage(err, "--platform is OS/ARCH, as linux/arm64, not \"%s\"", *ret);
    }
    return SW_OK;
}

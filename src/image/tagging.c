#include "tagging.h"

#include "side_by_side.h"

#include <slipway/alloc.h>
#include <slipway/progress.h>

#include <string.h>

void sw_tagging_init(struct sw_tagging *tagging, struct sw_registry *registry,
                     const struct sw_ref *ref)
{
    *tagging = (struct sw_tagging){
        .registry = registry,
        .ref = ref,
        .text = sw_xasprintf("%s/%s:%s", ref->host, ref->repository, sw_ref_object(ref)),
    };
}

void sw_tagging_release(struct sw_tagging *tagging)
{
    free(tagging->text);
    free(tagging->before);
    *tagging = (struct sw_tagging){ 0 };
}

static enum sw_status look(struct sw_tagging *tagging, struct sw_err *err)
{
    struct sw_manifest_info info;
    struct sw_err none = SW_ERR_INIT;
    enum sw_status status = sw_registry_head_manifest(tagging->registry, tagging->ref->repository,
                                                      sw_ref_object(tagging->ref), &info, &none);

    free(tagging->before);
    tagging->before = NULL;
    if (status == SW_OK) {
        tagging->before = SW_TAKE(info.digest);
        sw_manifest_info_release(&info);
        return SW_OK;
    }
    if (status == SW_E_NOT_FOUND || status == SW_E_DENIED) {
        return SW_OK;
    }
    *err = none;
    return status;
}

static enum sw_status look_at_one(void *ctx, size_t index, struct sw_err *err)
{
    return look(((struct sw_tagging **)ctx)[index], err);
}

/* Whether the tag is the first of its registry: the request about it finds the login out. */
static bool is_first(const struct sw_tagging *tags, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (tags[i].registry == tags[index].registry) {
            return false;
        }
    }
    return true;
}

/* Looks at the first tag of each registry, or at all others. */
static enum sw_status look_at(struct sw_tagging *tags, size_t count, bool first, struct sw_err *err)
{
    struct sw_tagging **wanted = sw_xcalloc(count + 1, sizeof(struct sw_tagging *));
    enum sw_status status;
    size_t wanted_count = 0;

    for (size_t i = 0; i < count; i++) {
        if (is_first(tags, i) == first) {
            wanted[wanted_count++] = &tags[i];
        }
    }
    status = sw_side_by_side(wanted_count, first ? wanted_count : sw_threads_for(wanted_count),
                             look_at_one, (void *)wanted, err);
    free((void *)wanted);
    return status;
}

enum sw_status sw_tagging_look(struct sw_tagging *tags, size_t count, struct sw_err *err)
{
    enum sw_status status = look_at(tags, count, /* first= */ true, err);

    return status == SW_OK ? look_at(tags, count, /* first= */ false, err) : status;
}

/* An immutable tag was refused: fine when it names this very image by now. */
static enum sw_status settle_conflict(struct sw_tagging *tagging, const char *digest,
                                      struct sw_err *err)
{
    struct sw_err refused = *err;
    struct sw_err ignored = SW_ERR_INIT;

    if (look(tagging, &ignored) == SW_OK && tagging->before &&
        strcmp(tagging->before, digest) == 0) {
        return SW_OK;
    }
    *err = refused;
    (void)sw_fail(err, SW_E_CONFLICT,
                  "tag \"%s\" of \"%s/%s\" is immutable: it names %s, and this image is %s; use "
                  "another tag",
                  sw_ref_object(tagging->ref), tagging->ref->host, tagging->ref->repository,
                  tagging->before ? tagging->before : "another image", digest);
    err->http_status = refused.http_status;
    sw_err_set_code(err, refused.code);
    return err->status;
}

static enum sw_status write_one(const struct sw_env *env, struct sw_tagging *tagging,
                                const struct sw_tagged_manifest *manifest, const char *done,
                                struct sw_err *err)
{
    enum sw_status status;

    if (sw_env_stop_wanted(env)) {
        return sw_fail(err, SW_E_STOPPED, "stopped");
    }
    if (tagging->before && strcmp(tagging->before, manifest->digest) == 0) {
        tagging->in_place = true;
        sw_say(env, "%s is this image already", tagging->text);
        return SW_OK;
    }
    if (tagging->before && tagging->keep) {
        tagging->kept = true;
        sw_say(env, "%s is there already, and stays %s", tagging->text, tagging->before);
        return SW_OK;
    }
    status = sw_registry_put_manifest(tagging->registry, tagging->ref->repository,
                                      sw_ref_object(tagging->ref), manifest->media_type,
                                      manifest->bytes, err);
    if (status == SW_E_CONFLICT) {
        status = settle_conflict(tagging, manifest->digest, err);
    }
    if (status == SW_OK) {
        tagging->written = true;
        tagging->in_place = true;
        sw_say(env, "%s %s", done, tagging->text);
    }
    return status;
}

enum sw_status sw_tagging_write(const struct sw_env *env, struct sw_tagging *tags, size_t count,
                                const struct sw_tagged_manifest *manifest, const char *done,
                                struct sw_err *err)
{
    for (size_t i = 0; i < count; i++) {
        enum sw_status status = write_one(env, &tags[i], manifest, done, err);

        if (status != SW_OK) {
            return status;
        }
    }
    return SW_OK;
}

/* The tags of one client, which is that of one repository. */
struct share {
    size_t count;
    size_t in_place;
};

static struct share share_of(const struct sw_tagging *tags, size_t count,
                             const struct sw_registry *registry)
{
    struct share share = { 0 };

    for (size_t i = 0; i < count; i++) {
        if (!registry || tags[i].registry == registry) {
            share.count++;
            share.in_place += tags[i].in_place;
        }
    }
    return share;
}

/* "2 of 2 in "HOST/REPOSITORY", none of 1 in "OTHER/REPOSITORY"" */
static void add_shares(const struct sw_tagging *tags, size_t count, struct sw_buf *out)
{
    for (size_t i = 0; i < count; i++) {
        const struct share share = share_of(tags, count, tags[i].registry);

        if (!is_first(tags, i)) {
            continue;
        }
        sw_buf_add_cstr(out, i == 0 ? "" : ", ");
        if (share.in_place == 0) {
            sw_buf_add_cstr(out, "none");
        } else {
            sw_buf_addf(out, "%zu", share.in_place);
        }
        sw_buf_addf(out, " of %zu in \"%s/%s\"", share.count, tags[i].ref->host,
                    tags[i].ref->repository);
    }
}

enum sw_status sw_tagging_explain(const struct sw_tagging *tags, size_t count, struct sw_err *err)
{
    const struct share all = share_of(tags, count, NULL);
    const bool several = count > 0 && share_of(tags, count, tags[0].registry).count < count;
    struct sw_buf SW_CLEANUP(sw_buf_release) shares = { 0 };

    for (size_t i = 0; i < count; i++) {
        err->resumes = err->resumes || sw_registry_wrote(tags[i].registry);
    }
    if (all.in_place == 0) {
        return several && sw_exit_code(err->status) != sw_exit_code(SW_E_INPUT)
                   ? sw_append(err, " (no tag was written)")
                   : err->status;
    }
    sw_buf_init(&shares, SW_ERR_MSG_MAX);
    if (several) {
        add_shares(tags, count, &shares);
    } else {
        sw_buf_addf(&shares, "%zu of %zu", all.in_place, all.count);
    }
    return sw_append(err, " (tags in place: %s)", shares.ptr);
}

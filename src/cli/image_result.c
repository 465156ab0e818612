#include "image_result.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>

#include <string.h>

enum { DIGEST_FILE_MODE = 0644 };

void sw_cli_targets_release(struct sw_cli_targets *targets)
{
    for (size_t i = 0; i < targets->count; i++) {
        sw_ref_release(&targets->refs[i]);
    }
    free(targets->refs);
    *targets = (struct sw_cli_targets){ 0 };
}

enum sw_status sw_cli_targets_parse(const struct sw_strs *texts, const char *default_tag,
                                    struct sw_cli_targets *ret, struct sw_err *err)
{
    ret->refs = sw_xcalloc(texts->count ? texts->count : 1, sizeof(*ret->refs));
    for (size_t i = 0; i < texts->count; i++) {
        struct sw_ref *ref = &ret->refs[i];

        if (sw_ref_parse(sw_str(texts->items[i]), ref, err)) {
            return err->status;
        }
        ret->count++;
        if (ref->digest) {
            return sw_cli_usage(err, "\"%s\" has a digest; an image is written to a tag",
                                texts->items[i]);
        }
        if (!ref->tag && !default_tag) {
            return sw_cli_usage(err, "\"%s\" has no tag; give it one, as in \"%s:v1\"",
                                texts->items[i], texts->items[i]);
        }
        if (!ref->tag) {
            ref->tag = sw_xstrdup(default_tag);
        }
    }
    return SW_OK;
}

void sw_cli_print_targets(struct sw_cli *cli, const struct sw_cli_targets *targets,
                          const char *digest)
{
    for (size_t i = 0; i < targets->count; i++) {
        const struct sw_ref *ref = &targets->refs[i];

        sw_cli_out(cli, "%s/%s:%s@%s\n", ref->host, ref->repository, ref->tag, digest);
    }
}

json_t *sw_cli_targets_json(const struct sw_cli_targets *targets)
{
    json_t *list = json_array();

    for (size_t i = 0; i < targets->count; i++) {
        const struct sw_ref *ref = &targets->refs[i];

        (void)json_array_append_new(list,
                                    json_sprintf("%s/%s:%s", ref->host, ref->repository, ref->tag));
    }
    return list;
}

enum sw_status sw_cli_digest_file_check(const char *path, struct sw_err *err)
{
    if (sw_cli_text_or_null(path) && sw_fs_can_replace(path, err)) {
        return sw_wrap(err, "--digest-file");
    }
    return SW_OK;
}

enum sw_status sw_cli_digest_file_write(const char *path, const char *digest, struct sw_err *err)
{
    SW_CLEANUP(sw_free_str) char *line = NULL;

    if (!sw_cli_text_or_null(path)) {
        return SW_OK;
    }
    line = sw_xasprintf("%s\n", digest);
    return sw_fs_write_atomic(path, sw_str(line), DIGEST_FILE_MODE, err) == SW_OK
               ? SW_OK
               : sw_append(err, "; the image is in the registry all the same");
}

json_t *sw_cli_copy_json(const struct sw_cli_targets *targets, const struct sw_copy_result *result)
{
    json_t *written = json_array();

    for (size_t i = 0; i < result->count; i++) {
        (void)json_array_append_new(written, json_boolean(result->written[i]));
    }
    return json_pack("{s:s, s:s, s:o, s:o, s:I, s:I, s:I}", "digest", result->digest, "media_type",
                     result->media_type, "references", sw_cli_targets_json(targets), "written",
                     written, "bytes_sent", (json_int_t)result->bytes_sent, "bytes_mounted",
                     (json_int_t)result->bytes_mounted, "bytes_skipped",
                     (json_int_t)result->bytes_skipped);
}

enum sw_status sw_cli_copy_report(struct sw_cli *cli, const char *output, const char *digest_file,
                                  const struct sw_cli_targets *targets,
                                  const struct sw_copy_result *result, struct sw_err *err)
{
    enum sw_status status = sw_cli_digest_file_write(digest_file, result->digest, err);

    if (strcmp(output, "json") == 0) {
        json_auto_t *doc = sw_cli_copy_json(targets, result);

        sw_cli_out_json(cli, doc);
    } else {
        sw_cli_print_targets(cli, targets, result->digest);
    }
    return status;
}

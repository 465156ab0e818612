#ifndef SLIPWAY_CLI_IMAGE_RESULT_H
#define SLIPWAY_CLI_IMAGE_RESULT_H

/* What the commands share that give tags to images: their targets, and how they tell the result. */

#include "cli.h"

#include <slipway/copy.h>
#include <slipway/ref.h>

/* References, parsed. */
struct sw_cli_targets {
    struct sw_ref *refs;
    size_t count;
};

/*
 * Parses references that are to be written: none may have a digest; one without a tag gets
 * `default_tag`. SW_E_USAGE for a digest, and when a tag is missing and default_tag is NULL.
 */
SW_NODISCARD enum sw_status sw_cli_targets_parse(const struct sw_strs *texts,
                                                 const char *default_tag,
                                                 struct sw_cli_targets *ret, struct sw_err *err);
/* A zeroed one is fine. */
void sw_cli_targets_release(struct sw_cli_targets *targets);

/* Prints HOST/REPOSITORY:TAG@DIGEST for each. */
void sw_cli_print_targets(struct sw_cli *cli, const struct sw_cli_targets *targets,
                          const char *digest);
/* ["HOST/REPOSITORY:TAG", ...]; the caller's. */
json_t *sw_cli_targets_json(const struct sw_cli_targets *targets);

/* Whether --digest-file (may be NULL or empty: none) can be written; to be asked first. */
SW_NODISCARD enum sw_status sw_cli_digest_file_check(const char *path, struct sw_err *err);
SW_NODISCARD enum sw_status sw_cli_digest_file_write(const char *path, const char *digest,
                                                     struct sw_err *err);

/* All there is to know of a copy; the caller's. */
json_t *sw_cli_copy_json(const struct sw_cli_targets *targets, const struct sw_copy_result *result);
/*
 * Tells the result of a copy: the digest into the file, and the targets, or with output "json"
 * that object, to stdout.
 */
SW_NODISCARD enum sw_status sw_cli_copy_report(struct sw_cli *cli, const char *output,
                                               const char *digest_file,
                                               const struct sw_cli_targets *targets,
                                               const struct sw_copy_result *result,
                                               struct sw_err *err);

#endif

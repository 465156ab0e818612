#ifndef SLIPWAY_DIGEST_H
#define SLIPWAY_DIGEST_H

/*
 * Content digests of the OCI image specification, "sha256:" and 64 lower-case hex digits, and
 * streaming SHA-256 to make them.
 */

#include <slipway/attr.h>
#include <slipway/str.h>

enum {
    SW_DIGEST_SIZE = 7 + 64 + 1,       /* "sha256:<hex>" and the NUL */
    SW_DIGEST_SHORT_SIZE = 7 + 12 + 1, /* the form for people, "sha256:" and 12 digits */
};

struct sw_sha256;

/* A hash that has seen nothing yet; the caller's. */
struct sw_sha256 *sw_sha256_new(void);
void sw_sha256_free(struct sw_sha256 *hash);
SW_DEFINE_CLEANUP(sw_sha256_cleanup, struct sw_sha256, sw_sha256_free)
void sw_sha256_add(struct sw_sha256 *hash, const void *data, size_t len);
/* Bytes for a hash. */
struct sw_sha256_part {
    struct sw_sha256 *hash;
    const void *data;
    size_t len;
};
/*
 * Adds each part to its hash, two side by side, which takes hardly longer than one of them. No hash
 * may be that of two parts.
 */
void sw_sha256_add_all(const struct sw_sha256_part *parts, size_t count);
/* The digest text of everything added; the hash starts over. */
void sw_sha256_take(struct sw_sha256 *hash, char out[SW_DIGEST_SIZE]);

/* The digest text of `data`. */
void sw_digest_of(struct sw_str data, char out[SW_DIGEST_SIZE]);
/* Whether `text` is "sha256:" and 64 lower-case hex digits. */
bool sw_digest_is_valid(struct sw_str text);
/* The first 12 digits of a digest text, for lines people read. */
void sw_digest_short(const char *digest, char out[SW_DIGEST_SHORT_SIZE]);

#endif

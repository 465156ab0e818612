#ifndef SLIPWAY_REF_H
#define SLIPWAY_REF_H

/*
 * Image references: HOST[:PORT]/REPOSITORY[:TAG][@DIGEST], after the grammar of
 * https://github.com/distribution/reference (reference.go, normalize.go).
 *
 * The part before the first '/' is a host when it has a '.' or ':' in it, is "localhost", or is an
 * IPv6 address in brackets; otherwise the reference is one of Docker Hub ("docker.io", by whichever
 * of its names), where a repository without '/' is one below "library". Repository names are lower
 * case, at most 255 bytes without the host; tags have 1 to 128 of [A-Za-z0-9_.-] and do not start
 * with '.' or '-'. Well-formed, and refused all the same: 64 hex digits alone, which are an image's
 * id, and images of this machine, such as docker-archive:FILE. Errors (SW_E_INPUT) quote the text
 * and say which character is wrong, and where.
 */

#include <slipway/attr.h>
#include <slipway/buf.h>

enum {
    SW_REF_NAME_MAX = 255,
    SW_REF_TAG_MAX = 128,
};

struct sw_ref {
    char *host; /* with the port when one was given: "docker.io", "localhost:5000", "[::1]:80" */
    char *repository; /* "library/nginx" */
    char *tag;        /* NULL when the text has none */
    char *digest;     /* "sha256:..."; NULL when the text has none */
};

/* Parses `text`; no defaults are put in for tag and digest. *ret is the caller's. */
SW_NODISCARD enum sw_status sw_ref_parse(struct sw_str text, struct sw_ref *ret,
                                         struct sw_err *err);
/* Frees the parts; the struct is empty and may be released again. */
void sw_ref_release(struct sw_ref *ref);

/* Appends "HOST/REPOSITORY", then ":TAG" and "@DIGEST" as they are there. */
void sw_ref_format(const struct sw_ref *ref, struct sw_buf *out);
/* What a manifest is asked by: the digest when there is one, else the tag, else "latest". */
const char *sw_ref_object(const struct sw_ref *ref);
/* The host that serves the API: "registry-1.docker.io" for Docker Hub, else the host. */
const char *sw_ref_api_host(const char *host);

/* Checks of single parts, with messages of the same kind. */
SW_NODISCARD enum sw_status sw_ref_check_tag(struct sw_str tag, struct sw_err *err);
SW_NODISCARD enum sw_status sw_ref_check_repository(struct sw_str name, struct sw_err *err);
SW_NODISCARD enum sw_status sw_ref_check_host(struct sw_str host, struct sw_err *err);

#endif

#ifndef SLIPWAY_FAKE_REGISTRY_H
#define SLIPWAY_FAKE_REGISTRY_H

/*
 * A registry in memory behind a fake_http handler: blobs, upload sessions with one body each (in
 * the PUT that ends them or in one PATCH before), and manifests, with the manners of Amazon ECR.
 * Everything it is told is checked: a body must have the digest it is sent under, a session takes
 * one body, a manifest needs its blobs and an index its manifests. A manifest is found under its
 * tags and under its digest.
 *
 *     struct test_env t;
 *     struct fake_http fake;
 *     struct fake_registry registry;
 *     fake_registry_set_up(&registry, &fake, &t);
 *     ...
 *     fake_registry_tear_down(&registry, &fake, &t);
 */

#include "fake_http.h"
#include "test_env.h"

#include <slipway/digest.h>
#include <slipway/str.h>

enum { FAKE_REGISTRY_ITEMS_MAX = 64 };

struct fake_registry_item {
    char *key; /* "REPOSITORY DIGEST"; for manifests, "REPOSITORY TAG" as well */
    struct sw_buf bytes;
    char *media_type; /* of manifests */
};

struct fake_registry {
    const char *authorization; /* wanted header; NULL: anonymous */
    const char *challenge;     /* WWW-Authenticate of a 401 */
    bool missing;              /* no repository: 404 NAME_UNKNOWN */
    bool reading_denied;       /* every GET is 403 DENIED */
    bool immutable;            /* tags cannot be moved, not even to the same digest */
    bool foreign_layers;       /* a manifest's foreign layers need not be there */
    bool mounts;               /* blobs can be shared between repositories; else 202 */
    unsigned drop_bodies;      /* so many uploads answer 500 after the body was taken */
    long patch_status;         /* what a PATCH is answered with; 0: 202, Amazon ECR says 201 */
    bool patch_unplaced;       /* the answer to a PATCH has no Location */
    struct fake_registry_item blobs[FAKE_REGISTRY_ITEMS_MAX];
    size_t blob_count;
    struct fake_registry_item manifests[FAKE_REGISTRY_ITEMS_MAX];
    size_t manifest_count;
    unsigned sessions; /* opened so far */
    bool open_sessions[256];
    struct sw_buf session_bytes[256]; /* what a PATCH brought */
    struct sw_strs texts;             /* of answers */
};

void fake_registry_init(struct fake_registry *registry);
void fake_registry_release(struct fake_registry *registry);
fake_http_handler fake_registry_answer;

/* Makes all three: requests in that environment go to the registry, which is empty. */
void fake_registry_set_up(struct fake_registry *registry, struct fake_http *fake,
                          struct test_env *t);
/* Frees all three; fails the test as fake_http_done() does. */
void fake_registry_tear_down(struct fake_registry *registry, struct fake_http *fake,
                             struct test_env *t);
/* Empties the registry, and has it answer: what a fault sweep's `setup` begins with. A registry
 * of zeros is as good as one that was used. */
void fake_registry_renew(struct fake_registry *registry, struct fake_http *fake);

/* The manifest of a tag; NULL when there is none. */
const struct fake_registry_item *fake_registry_tag(const struct fake_registry *registry,
                                                   const char *repository, const char *tag);
const struct fake_registry_item *fake_registry_blob(const struct fake_registry *registry,
                                                    const char *repository, const char *digest);
/* Puts a manifest of Docker's type, or of any type, under a tag, unchecked. */
void fake_registry_put(struct fake_registry *registry, const char *repository, const char *tag,
                       const char *bytes);
void fake_registry_put_as(struct fake_registry *registry, const char *repository, const char *tag,
                          const char *media_type, const char *bytes);
/* Puts a blob; its digest is computed. */
void fake_registry_put_blob(struct fake_registry *registry, const char *repository,
                            struct sw_str bytes);

#endif

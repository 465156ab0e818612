#include "ca.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>

static const char *const bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Ubuntu, Alpine, Arch */
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* RHEL, Fedora, Amazon Linux */
    "/etc/pki/tls/certs/ca-bundle.crt",                  /* older RHEL and Amazon Linux */
    "/var/lib/ca-certificates/ca-bundle.pem",            /* SUSE */
    "/etc/ssl/ca-bundle.pem",                            /* older SUSE */
    "/etc/ssl/cert.pem",                                 /* Alpine, BSD */
};

static const char *const folders[] = {
    "/etc/ssl/certs",
    "/etc/pki/tls/certs",
};

static const char *first_existing(const char *const *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (sw_fs_exists(paths[i])) {
            return paths[i];
        }
    }
    return NULL;
}

/* Copies a place that somebody named, once it is known to exist. */
static enum sw_status take_named(const char *path, const char *source, char **ret,
                                 struct sw_err *err)
{
    if (!sw_fs_exists(path)) {
        return sw_fail(err, SW_E_INPUT, "no CA certificates at \"%s\", which %s names", path,
                       source);
    }
    *ret = sw_xstrdup(path);
    return SW_OK;
}

/* What SSL_CERT_FILE and SSL_CERT_DIR name; both may be unset. */
static enum sw_status take_ssl_cert(const struct sw_env *env, struct sw_http_ca *ca,
                                    struct sw_err *err)
{
    const char *file = sw_env_get(env, "SSL_CERT_FILE");
    const char *dir = sw_env_get(env, "SSL_CERT_DIR");
    enum sw_status status = SW_OK;
    if (file) {
        status = take_named(file, "SSL_CERT_FILE", &ca->file, err);
    }
    if (status == SW_OK && dir) {
        status = take_named(dir, "SSL_CERT_DIR", &ca->dir, err);
    }
    return status;
}

static void take_system(struct sw_http_ca *ca)
{
    const char *file = first_existing(bundles, SW_COUNT(bundles));
    const char *dir = file ? NULL : first_existing(folders, SW_COUNT(folders));
    ca->file = file ? sw_xstrdup(file) : NULL;
    ca->dir = dir ? sw_xstrdup(dir) : NULL;
}

enum sw_status sw_http_ca_find(const struct sw_env *env, const char *cafile, struct sw_http_ca *ret,
                               struct sw_err *err)
{
    struct sw_http_ca ca = { .file = NULL };
    enum sw_status status = SW_OK;
    const char *aws = sw_env_get(env, "AWS_CA_BUNDLE");
    if (cafile) {
        status = take_named(cafile, "the caller", &ca.file, err);
    } else if (aws) {
        status = take_named(aws, "AWS_CA_BUNDLE", &ca.file, err);
    } else {
        status = take_ssl_cert(env, &ca, err);
        if (status == SW_OK && !ca.file && !ca.dir) {
            take_system(&ca);
        }
    }
    if (status != SW_OK) {
        sw_http_ca_release(&ca);
        return status;
    }
    *ret = ca;
    return SW_OK;
}

void sw_http_ca_release(struct sw_http_ca *ca)
{
    free(ca->file);
    free(ca->dir);
    *ca = (struct sw_http_ca){ .file = NULL };
}

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

/* What is wrong with a file that somebody named as a bundle; NULL: nothing that shows. */
static const char *fault_of_file(const char *path)
{
    enum { BUNDLE_MAX = 16 * 1024 * 1024 };
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    struct sw_err ignored = SW_ERR_INIT;
    sw_buf_init(&text, BUNDLE_MAX);
    switch (sw_fs_is_dir(path) ? SW_E_INPUT : sw_fs_read(path, &text, &ignored)) {
    case SW_OK:
        break;
    case SW_E_NOT_FOUND:
        return "does not exist";
    case SW_E_INPUT:
        return "is a folder";
    case SW_E_TOO_LARGE:
        return "is too large for a bundle";
    default:
        return "cannot be read";
    }
    bool pem = sw_str_find_str(sw_buf_str(&text), SW_STR("-----BEGIN ")) >= 0 &&
               sw_str_find_str(sw_buf_str(&text), SW_STR("CERTIFICATE-----")) >= 0;
    return pem ? NULL : "holds no PEM certificate";
}

/* A list of folders, as OpenSSL takes it; those that are not there are nothing. */
static bool has_folder(const char *list)
{
    struct sw_str rest = sw_str(list);
    while (rest.ptr) {
        char *folder SW_CLEANUP(sw_free_str) = sw_str_dup(sw_str_cut(&rest, ':'));
        if (sw_fs_is_dir(folder)) {
            return true;
        }
    }
    return false;
}

static enum sw_status take_file(const char *path, const char *source, struct sw_http_ca *ca,
                                struct sw_err *err)
{
    const char *fault = fault_of_file(path);
    if (fault) {
        return sw_fail(err, SW_E_INPUT, "%s names \"%s\", which %s; %s", source, path, fault,
                       SW_HTTP_CA_ADVICE);
    }
    ca->source = source;
    ca->file = sw_xstrdup(path);
    return SW_OK;
}

/* What SSL_CERT_FILE and SSL_CERT_DIR name; both may be unset. */
static enum sw_status take_ssl_cert(const struct sw_env *env, struct sw_http_ca *ca,
                                    struct sw_err *err)
{
    const char *file = sw_env_get(env, "SSL_CERT_FILE");
    const char *dir = sw_env_get(env, "SSL_CERT_DIR");
    if (file && take_file(file, "SSL_CERT_FILE", ca, err) != SW_OK) {
        return err->status;
    }
    if (dir && !has_folder(dir)) {
        return sw_fail(err, SW_E_INPUT,
                       "SSL_CERT_DIR names \"%s\", which is no folder; name a folder of "
                       "certificates there, or unset it to trust what this machine trusts",
                       dir);
    }
    ca->dir = dir ? sw_xstrdup(dir) : NULL;
    return SW_OK;
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
        status = take_file(cafile, "the caller", &ca, err);
    } else if (aws) {
        status = take_file(aws, "AWS_CA_BUNDLE", &ca, err);
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

#include "tls_server.h"

#include "listener.h"
#include "test.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>

struct tls_server {
    SSL_CTX *ctx;
    struct listener *listener;
    atomic_uint requests;
};

enum { DAY_S = 24 * 3600 };

static void add_extension(X509 *cert, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static X509 *make_certificate(EVP_PKEY *key, const struct tls_server_options *options)
{
    X509 *cert = X509_new();
    assert_non_null(cert);
    assert_int_equal(X509_set_version(cert, X509_VERSION_3), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(cert), 1), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), -10L * DAY_S));
    assert_non_null(
        X509_gmtime_adj(X509_getm_notAfter(cert), options->expired ? -1L * DAY_S : 1L * DAY_S));
    assert_int_equal(X509_set_pubkey(cert, key), 1);
    X509_NAME *name = X509_get_subject_name(cert);
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                                (const unsigned char *)"test", -1, -1, 0),
                     1);
    assert_int_equal(X509_set_issuer_name(cert, name), 1);
    char *alt = sw_xasprintf("DNS:%s", options->name);
    add_extension(cert, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(cert, NID_subject_alt_name, alt);
    free(alt);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    return cert;
}

static void write_pem(const char *path, X509 *cert)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, cert), 1);
    assert_int_equal(fclose(file), 0);
}

static SSL_CTX *make_context(const struct tls_server_options *options)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    assert_non_null(key);
    X509 *cert = make_certificate(key, options);
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    assert_non_null(ctx);
    if (options->tls_1_1_only) {
        SSL_CTX_set_security_level(ctx, 0);
        assert_int_equal(SSL_CTX_set_min_proto_version(ctx, TLS1_1_VERSION), 1);
        assert_int_equal(SSL_CTX_set_max_proto_version(ctx, TLS1_1_VERSION), 1);
    }
    assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
    if (options->pem_path) {
        write_pem(options->pem_path, cert);
    }
    X509_free(cert);
    EVP_PKEY_free(key);
    return ctx;
}

/* Reads up to the blank line and answers; the thread makes no assertions. */
static void serve(struct tls_server *server, SSL *ssl)
{
    static const char answer[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    char head[8192];
    size_t len = 0;
    while (len < sizeof(head) - 1) {
        int got = SSL_read(ssl, head + len, (int)(sizeof(head) - 1 - len));
        if (got <= 0) {
            return;
        }
        len += (size_t)got;
        head[len] = '\0';
        if (strstr(head, "\r\n\r\n")) {
            server->requests++;
            (void)SSL_write(ssl, answer, (int)sizeof(answer) - 1);
            (void)SSL_shutdown(ssl);
            return;
        }
    }
}

static void serve_connection(void *ctx, int fd, SW_UNUSED unsigned number)
{
    struct tls_server *server = ctx;
    SSL *ssl = SSL_new(server->ctx);
    if (ssl && SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1) {
        serve(server, ssl);
    }
    SSL_free(ssl);
}

struct tls_server *tls_server_start(const struct tls_server_options *options)
{
    struct tls_server *server = sw_xcalloc(1, sizeof(*server));
    server->ctx = make_context(options);
    server->listener = listener_start(NULL, serve_connection, server);
    return server;
}

void tls_server_stop(struct tls_server *server)
{
    listener_stop(server->listener);
    SSL_CTX_free(server->ctx);
    free(server);
}

int tls_server_port(const struct tls_server *server)
{
    return listener_port(server->listener);
}

unsigned tls_server_requests(const struct tls_server *server)
{
    return server->requests;
}

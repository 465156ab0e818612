#include "temp_dir.h"
#include "test.h"
#include "tls_server.h"

#include <slipway/fs.h>
#include <slipway/http.h>

#include <signal.h>

/* Asks a server with such a certificate; `trusted` says whether it is in the CA bundle. */
static enum sw_status ask(const char *dir, struct tls_server_options options, bool trusted,
                          unsigned *ret_requests, struct sw_err *err)
{
    char *pem SW_CLEANUP(sw_free_str) = sw_fs_join(dir, "ca.pem");
    options.pem_path = pem;
    struct tls_server *server = tls_server_start(&options);
    struct test_env t;
    struct sw_env env;
    test_env_init(&t);
    test_env_make_real(&t, &env); /* without the CA bundles that the machine's variables name */
    struct sw_http_transport *http = NULL;
    enum sw_status status = sw_http_curl_new(&env, trusted ? pem : NULL, &http, err);
    assert_int_equal(status, SW_OK);

    char *url SW_CLEANUP(sw_free_str) =
        sw_xasprintf("https://localhost:%d/v2/", tls_server_port(server));
    const struct sw_http_header header = { "Authorization", "Bearer secret" };
    const struct sw_http_request request = {
        .method = "GET", .url = url, .headers = &header, .header_count = 1
    };
    struct sw_http_reply reply;
    status = http->perform(http->ctx, &request, &reply, err);
    if (status == SW_OK) {
        assert_int_equal(reply.status, 200);
        assert_string_equal(reply.body.ptr, "ok");
        sw_http_reply_release(&reply);
    } else {
        /* The port is different each time. */
        char *port SW_CLEANUP(sw_free_str) = sw_xasprintf("port %d", tls_server_port(server));
        char *at = strstr(err->msg, port);
        assert_non_null(at);
        memmove(at + 6, at + strlen(port), strlen(at + strlen(port)) + 1);
        at[5] = 'N';
    }
    sw_http_curl_free(http);
    *ret_requests = tls_server_requests(server);
    tls_server_stop(server);
    test_env_release(&t);
    return status;
}

static void test_tls__accepts_a_certificate_of_the_bundle(void **state)
{
    struct sw_err err = SW_ERR_INIT;
    unsigned requests = 0;
    assert_ok(
        ask(*state, (struct tls_server_options){ .name = "localhost" }, true, &requests, &err));
    assert_int_equal(requests, 1);
}

static void test_tls__refuses_what_cannot_be_trusted(void **state)
{
    static const struct {
        struct tls_server_options options;
        bool trusted;
        const char *reason;
    } cases[] = {
#define REMEDY "; if it is right, name a bundle with its authority in SSL_CERT_FILE"
        { { .name = "localhost" }, false, "not trusted: self-signed certificate" REMEDY },
        { { .name = "localhost", .expired = true },
          true,
          "not trusted: certificate has expired" REMEDY },
        { { .name = "registry.example.com" }, true, "for another host; is the name right?" },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_err err = SW_ERR_INIT;
        unsigned requests = 0;
        char *msg SW_CLEANUP(sw_free_str) =
            sw_xasprintf("the certificate of \"localhost\" port N is %s", cases[i].reason);
        assert_fails(ask(*state, cases[i].options, cases[i].trusted, &requests, &err), SW_E_NETWORK,
                     msg);
        assert_false(err.retryable);
        assert_true(err.not_sent);
        assert_int_equal(requests, 0);
    }
}

static void test_tls__refuses_outdated_protocols(void **state)
{
    struct sw_err err = SW_ERR_INIT;
    unsigned requests = 0;
    const struct tls_server_options options = { .name = "localhost", .tls_1_1_only = true };
    assert_fails(ask(*state, options, true, &requests, &err), SW_E_NETWORK,
                 "no TLS connection to \"localhost\" port N: tlsv1 alert protocol version");
    assert_int_equal(requests, 0);
}

int main(void)
{
    /* OpenSSL's own writes raise it when a client refuses us and goes. */
    (void)signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls__accepts_a_certificate_of_the_bundle),
        cmocka_unit_test(test_tls__refuses_what_cannot_be_trusted),
        cmocka_unit_test(test_tls__refuses_outdated_protocols),
    };
    return cmocka_run_group_tests_name("tls", tests, temp_dir_setup, temp_dir_teardown);
}

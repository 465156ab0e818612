#include "test.h"

#include "http/failure.h"

#include <errno.h>

#define HOST .host = { "registry.example.com", 20 }, .port = 443

static void test_failure__words(void **state)
{
    (void)state;
    static const struct {
        struct sw_http_failure failure;
        const char *msg;
        bool retryable;
        bool not_sent;
    } cases[] = {
        { { HOST, .kind = SW_HTTP_NO_SUCH_HOST },
          "cannot find host \"registry.example.com\"",
          true,
          true },
        { { HOST, .kind = SW_HTTP_NO_SUCH_PROXY },
          "cannot find the host of the proxy for \"registry.example.com\"",
          true,
          true },
        { { HOST, .kind = SW_HTTP_NO_SUCH_PROXY, .proxy_variable = "https_proxy" },
          "cannot find the host of the proxy for \"registry.example.com\", which is in https_proxy",
          true,
          true },
        { { HOST, .kind = SW_HTTP_NOT_CONNECTED, .os_error = ECONNREFUSED },
          "cannot connect to \"registry.example.com\" port 443: connection refused",
          true,
          true },
        { { HOST, .kind = SW_HTTP_NOT_CONNECTED, .os_error = ECONNREFUSED,
            .proxy_variable = "HTTPS_PROXY" },
          "cannot connect to \"registry.example.com\" port 443: connection refused; HTTPS_PROXY "
          "names a proxy: is it right, or does NO_PROXY lack the host?",
          true,
          true },
        /* What is in the way of a request that has begun is not the proxy's name. */
        { { HOST, .kind = SW_HTTP_BROKEN, .request_began = true, .proxy_variable = "HTTPS_PROXY" },
          "the connection to \"registry.example.com\" port 443 broke",
          true,
          false },
        { { HOST, .kind = SW_HTTP_BROKEN, .proxy_status = 403, .proxy_variable = "HTTPS_PROXY" },
          "the proxy in HTTPS_PROXY does not connect to \"registry.example.com\" port 443: it "
          "answered 403 (forbidden)",
          false,
          true },
        { { HOST, .kind = SW_HTTP_BROKEN, .proxy_status = 502, .proxy_variable = "https_proxy" },
          "the proxy in https_proxy does not connect to \"registry.example.com\" port 443: it "
          "answered 502 (bad gateway)",
          true,
          true },
        { { HOST, .kind = SW_HTTP_TLS_UNTRUSTED, .source = "AWS_CA_BUNDLE",
            .detail = "SSL certificate problem: unable to get local issuer certificate" },
          "the certificate of \"registry.example.com\" port 443 is not trusted: unable to get local "
          "issuer certificate; if it is right, name a bundle with its authority in AWS_CA_BUNDLE",
          false,
          true },
        { { HOST, .kind = SW_HTTP_NOT_CONNECTED },
          "cannot connect to \"registry.example.com\" port 443",
          true,
          true },
        { { .kind = SW_HTTP_NOT_CONNECTED,
            .unix_socket = "/var/run/docker.sock",
            .os_error = EACCES },
          "cannot connect to socket \"/var/run/docker.sock\": permission denied",
          false,
          true },
        { { .kind = SW_HTTP_NOT_CONNECTED,
            .unix_socket = "/var/run/docker.sock",
            .os_error = ECONNREFUSED },
          "cannot connect to socket \"/var/run/docker.sock\": connection refused",
          true,
          true },
        { { HOST, .kind = SW_HTTP_CONNECT_TIMEOUT, .limit_ms = 10000 },
          "cannot connect to \"registry.example.com\" port 443: no answer within 10.0 s",
          true,
          true },
        { { HOST, .kind = SW_HTTP_TLS_UNTRUSTED,
            .detail = "SSL certificate problem: self-signed certificate" },
          "the certificate of \"registry.example.com\" port 443 is not trusted: self-signed "
          "certificate; if it is right, name a bundle with its authority in SSL_CERT_FILE",
          false,
          true },
        { { HOST, .kind = SW_HTTP_TLS_FAILED,
            .detail = "error:0A000410:SSL routines::sslv3 alert handshake failure" },
          "no TLS connection to \"registry.example.com\" port 443: sslv3 alert handshake failure",
          true,
          true },
        { { HOST, .kind = SW_HTTP_NOT_TLS },
          "\"registry.example.com\" port 443 does not speak TLS; is it plain HTTP?",
          false,
          true },
        { { HOST, .kind = SW_HTTP_TLS_FAILED },
          "no TLS connection to \"registry.example.com\" port 443: no reason given",
          true,
          true },
        { { HOST, .kind = SW_HTTP_TLS_BUNDLE, .detail = "/etc/bundle.pem" },
          "cannot use the CA bundle \"/etc/bundle.pem\"; name one of PEM certificates in SSL_CERT_FILE",
          false,
          true },
        { { HOST, .kind = SW_HTTP_TLS_BUNDLE, .detail = "/x/mine.pem", .source = "AWS_CA_BUNDLE" },
          "cannot use the CA bundle \"/x/mine.pem\", which AWS_CA_BUNDLE names: its certificates cannot be "
          "read; name a file of PEM certificates there, or unset it to trust what this machine trusts",
          false,
          true },
        { { HOST, .kind = SW_HTTP_BROKEN, .os_error = ECONNRESET, .request_began = true },
          "the connection to \"registry.example.com\" port 443 broke: connection reset by peer",
          true,
          false },
        { { HOST, .kind = SW_HTTP_NO_ANSWER, .request_began = true },
          "\"registry.example.com\" port 443 closed the connection without an answer",
          true,
          false },
        { { HOST, .kind = SW_HTTP_INCOMPLETE, .got = 3, .expected = 10, .request_began = true },
          "\"registry.example.com\" port 443 closed the connection in the middle of its answer, "
          "after 3 of 10 bytes",
          true,
          false },
        { { HOST, .kind = SW_HTTP_INCOMPLETE, .expected = -1, .request_began = true },
          "\"registry.example.com\" port 443 closed the connection in the middle of its answer",
          true,
          false },
        { { HOST, .kind = SW_HTTP_STALLED, .limit_ms = 60000, .request_began = true },
          "\"registry.example.com\" port 443 is silent: not a byte within 1 min 00 s",
          true,
          false },
        { { HOST, .kind = SW_HTTP_STALLED, .limit_ms = 60000, .got = 12, .request_began = true },
          "\"registry.example.com\" port 443 is too slow: 12 bytes within 1 min 00 s",
          true,
          false },
        { { HOST, .kind = SW_HTTP_TOTAL_TIMEOUT, .limit_ms = 5000, .request_began = true },
          "\"registry.example.com\" port 443 took longer than the permitted 5.0 s",
          true,
          false },
        { { HOST, .kind = SW_HTTP_NOT_HTTP, .request_began = true },
          "\"registry.example.com\" port 443 does not speak HTTP",
          false,
          false },
        { { HOST, .kind = SW_HTTP_NOT_HTTP2, .request_began = true },
          "\"registry.example.com\" port 443 does not speak HTTP/2",
          false,
          false },
        { { HOST, .kind = SW_HTTP_GIVEN_UP, .detail = "REFUSED_STREAM" },
          "\"registry.example.com\" port 443 gave up the request: REFUSED_STREAM",
          true,
          true },
        { { HOST, .kind = SW_HTTP_OTHER, .detail = "Out of luck", .request_began = true },
          "the request to \"registry.example.com\" port 443 failed: Out of luck",
          false,
          false },
    };
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct sw_err err = SW_ERR_INIT;
        assert_fails(sw_http_fail(&cases[i].failure, &err), SW_E_NETWORK, cases[i].msg);
        assert_int_equal(err.retryable, cases[i].retryable);
        assert_int_equal(err.not_sent, cases[i].not_sent);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failure__words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

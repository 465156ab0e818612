#ifndef SLIPWAY_TESTS_CURL_WORLD_H
#define SLIPWAY_TESTS_CURL_WORLD_H

/* The real transport and clock against a server with faults. */

#include "fault_server.h"
#include "test.h"

#include <slipway/http.h>

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/* The real clock, a transport, and people's text from a test environment. */
struct world {
    struct test_env t;
    struct sw_env env;
    struct sw_http_transport *http;
    struct fault_server *server;
    char *url;
    struct sw_err err;
    struct sw_http_reply reply;
};

int setup(void **state);
int teardown(void **state);
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* Starts the server, which answers as the steps say. */
void start(struct world *world, const struct fault_step *steps, size_t count);
/* One exchange; an earlier reply is released. */
enum sw_status perform(struct world *world, const struct sw_http_request *request);
enum sw_status get(struct world *world);
/* The exchange failed as a network error with that message around the server's address. */
void assert_network_error(struct world *world, enum sw_status status, const char *before,
                          const char *after);

#define assert_good(world, call)                         \
    do {                                                 \
        if ((call) != SW_OK) {                           \
            fail_msg("%s: %s", #call, (world)->err.msg); \
        }                                                \
    } while (0)

/* A body of `length` bytes counted up from 0. */
struct source {
    int64_t at;
    int64_t end;     /* where it really ends */
    int64_t fail_at; /* negative: never */
    unsigned rewinds;
    size_t at_most; /* bytes per read; 0: all that fits */
};

enum sw_status source_read(void *ctx, char *data, size_t size, size_t *ret_len, struct sw_err *err);
enum sw_status source_rewind(void *ctx, struct sw_err *err);

#endif

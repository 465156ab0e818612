#ifndef SLIPWAY_FAKE_HTTP_H
#define SLIPWAY_FAKE_HTTP_H

/*
 * A scripted HTTP world: what the code under test is expected to ask for, and what it is answered.
 *
 *     static const struct fake_http_step steps[] = {
 *         { .method = "POST", .url = "https://ecs.us-east-1.amazonaws.com/",
 *           .headers = { { "X-Amz-Target", "...DescribeServices" } },
 *           .body_json = "{\"cluster\":\"c\"}",
 *           .status = 200, .reply = "{\"services\":[]}" },
 *         { .method = "GET", .url = "https://example.com/x", .failure = FAKE_REFUSED },
 *     };
 *     struct fake_http fake;
 *     fake_http_init(&fake);
 *     fake_http_expect_all(&fake, steps, SW_COUNT(steps));
 *     t.env.http = &fake.transport;
 *     ... run the code under test, assert on its results and on fake.requests[] ...
 *     fake_http_done(&fake);   (always: fails on leftovers and on anything unexpected)
 *
 * Steps are consumed in order. With `unordered` set, each request takes the first unused step that
 * matches it (for code that sends from several threads). Where a script is too stiff (a registry, a
 * poll loop), set a handler instead: it sees each request and fills in the answer.
 *
 * A request that fits no step is answered by a failure that is not worth retrying, is printed with
 * both sides shown, and fails fake_http_done(). Nothing here longjmps out of the code under test.
 * The transport is thread-safe. Rules of real transports are kept: malformed requests and plain
 * HTTP beyond loopback are refused, 2xx bodies go to the sink, reply_max is enforced, HEAD answers
 * have no body.
 */

#include <slipway/http.h>

#include <pthread.h>

enum { FAKE_HTTP_HEADERS_MAX = 12 };

enum fake_http_failure {
    FAKE_ANSWER = 0, /* no failure: the reply */
    FAKE_REFUSED,    /* nobody listens; the request body is not touched */
    FAKE_NO_HOST,    /* there is no such host; not worth another try */
    FAKE_TIMEOUT,    /* sent, never answered */
    FAKE_CUT_SHORT, /* half of the request body is taken, half of the reply given, then it breaks */
    FAKE_STOPPED,   /* the user interrupted the transfer */
};

/* A request as it arrived; everything is owned by the fake. */
struct fake_http_request {
    char *method;
    char *url;
    struct sw_http_header *headers; /* owned copies */
    size_t header_count;
    struct sw_buf body;
    int64_t body_length; /* as announced; -1: chunked */
    char *unix_socket;   /* NULL: none */
};
/* The first header of that name (any case); NULL when absent. */
const char *fake_http_request_header(const struct fake_http_request *request, const char *name);

struct fake_http_step {
    /* What is expected; NULL members match anything. */
    const char *method;
    const char *url;        /* exact */
    const char *url_prefix; /* the URL starts with this (session ids, signatures) */
    /* Headers (any case) that must be there with exactly that value; value NULL: must be absent.
     * Others may be there too. */
    struct sw_http_header headers[FAKE_HTTP_HEADERS_MAX];
    const char *body;      /* exact bytes, NUL-terminated; "" for none */
    const char *body_json; /* equal to the body as a JSON value: key order does not matter */
    /* Says in *ret_problem (static text) what is wrong with the request; NULL ret: all is well. */
    const char *(*check)(void *ctx, const struct fake_http_request *request);
    void *ctx;

    /* How it is answered. */
    enum fake_http_failure failure;
    long status; /* 0: 200 */
    struct sw_http_header reply_headers[FAKE_HTTP_HEADERS_MAX];
    const char *reply; /* NULL: empty */
    size_t reply_len;  /* 0: up to the NUL */

    unsigned times; /* consumed after so many requests; 0: 1 */
};

/* The answer that a handler fills in. Texts must live until the fake is done. */
struct fake_http_answer {
    enum fake_http_failure failure;
    long status; /* preset to 200 */
    struct sw_http_header headers[FAKE_HTTP_HEADERS_MAX];
    const char *body;
    size_t body_len; /* 0: up to the NUL */
};
/* Called with the fake's lock held: one at a time. */
typedef void fake_http_handler(void *ctx, const struct fake_http_request *request,
                               struct fake_http_answer *answer);

struct fake_http {
    struct sw_http_transport transport; /* env->http = &fake.transport */
    bool unordered;
    fake_http_handler *handler; /* NULL: steps. With both, steps that match come first */
    void *handler_ctx;

    struct fake_http_request *requests; /* all that arrived, in order */
    size_t request_count;
    size_t request_capacity;

    size_t sunk_bytes; /* of answers, taken by sinks */

    struct fake_http_step *steps;
    unsigned *used; /* per step */
    size_t step_count;
    size_t step_capacity;
    size_t used_capacity;
    struct sw_buf problems; /* what fake_http_done() fails with */
    bool quiet;             /* do not print problems when they happen (sweep.h) */
    pthread_mutex_t lock;
};

void fake_http_init(struct fake_http *fake);
/* Appends one step (the struct is copied, its texts are borrowed) or several. */
void fake_http_expect(struct fake_http *fake, const struct fake_http_step *step);
void fake_http_expect_all(struct fake_http *fake, const struct fake_http_step *steps, size_t count);
/* How many requests from number `from` on have this method and this text in their URL. */
size_t fake_http_count(const struct fake_http *fake, size_t from, const char *method,
                       const char *text);
/* Frees everything; fails the test when a request was unexpected or a step was not used up. */
void fake_http_done(struct fake_http *fake);
/* Frees everything without judging. */
void fake_http_release(struct fake_http *fake);

#endif

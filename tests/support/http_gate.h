#ifndef SLIPWAY_HTTP_GATE_H
#define SLIPWAY_HTTP_GATE_H

/*
 * A transport before another one that shows how many requests are under way at once. Requests of
 * one kind are held back until so many of them have come; after that all pass. Where they come one
 * after another, the first waits for ten seconds and the gate stays shut.
 *
 *     struct http_gate gate;
 *     http_gate_init(&gate, &fake.transport, "HEAD", "/blobs/", 4);
 *     t.env.http = &gate.transport;
 *     ... assert_true(gate.open); assert_int_equal(gate.most, 4); ...
 *     http_gate_release(&gate);
 */

#include <slipway/http.h>

#include <pthread.h>

struct http_gate {
    struct sw_http_transport transport;
    struct sw_http_transport *inner;
    const char *method; /* of the requests that are held; NULL: any */
    const char *part;   /* of their URL */
    unsigned wanted;    /* so many open the gate; 0: it is open */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned under_way; /* of these requests */
    unsigned most;      /* of them at any time */
    bool open;
};

void http_gate_init(struct http_gate *gate, struct sw_http_transport *inner, const char *method,
                    const char *part, unsigned wanted);
void http_gate_release(struct http_gate *gate);

#endif

#include "http_gate.h"

#include <string.h>
#include <time.h>

enum { PATIENCE_S = 10 };

static bool is_held(const struct http_gate *gate, const struct sw_http_request *request)
{
    return (!gate->method || strcmp(request->method, gate->method) == 0) &&
           strstr(request->url, gate->part) != NULL;
}

static void enter(struct http_gate *gate)
{
    struct timespec end;

    (void)clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += PATIENCE_S;
    (void)pthread_mutex_lock(&gate->lock);
    gate->under_way++;
    gate->most = gate->under_way > gate->most ? gate->under_way : gate->most;
    gate->open = gate->open || gate->under_way >= gate->wanted;
    (void)pthread_cond_broadcast(&gate->changed);
    while (!gate->open && pthread_cond_timedwait(&gate->changed, &gate->lock, &end) == 0) {
    }
    (void)pthread_mutex_unlock(&gate->lock);
}

static enum sw_status perform(void *ctx, const struct sw_http_request *request,
                              struct sw_http_reply *ret_reply, struct sw_err *err)
{
    struct http_gate *gate = ctx;
    const bool held = is_held(gate, request);
    enum sw_status status;

    if (held) {
        enter(gate);
    }
    status = gate->inner->perform(gate->inner->ctx, request, ret_reply, err);
    if (held) {
        (void)pthread_mutex_lock(&gate->lock);
        gate->under_way--;
        (void)pthread_mutex_unlock(&gate->lock);
    }
    return status;
}

void http_gate_init(struct http_gate *gate, struct sw_http_transport *inner, const char *method,
                    const char *part, unsigned wanted)
{
    *gate = (struct http_gate){
        .inner = inner, .method = method, .part = part, .wanted = wanted, .open = wanted == 0
    };
    gate->transport = (struct sw_http_transport){ .perform = perform, .ctx = gate };
    (void)pthread_mutex_init(&gate->lock, NULL);
    (void)pthread_cond_init(&gate->changed, NULL);
}

void http_gate_release(struct http_gate *gate)
{
    (void)pthread_mutex_destroy(&gate->lock);
    (void)pthread_cond_destroy(&gate->changed);
}

#include "sweep.h"

#include "test.h"

#include "http/request.h"

#include <slipway/json.h>

/* A run that makes more calls than this goes round in circles. */
enum { CALLS_MAX = 5000 };

/* The transport that stands between the code under test and the fake world. */
struct faulty {
    struct sw_http_transport transport;
    struct fake_http *fake;
    enum sweep_fault fault;
    unsigned target; /* the call that goes wrong; 0: none */
    bool lasting;
    unsigned calls;   /* so far */
    char *identity;   /* of the call that goes wrong, once it was seen */
    char **seen;      /* in the good run: identity of each call ... */
    bool *had_body;   /* ... and whether its answer had a body */
    bool had_no_body; /* in other runs: the answer to be spoilt turned out to have none */
    bool endless;
    pthread_mutex_t lock;
};

const char *sweep_fault_name(enum sweep_fault fault)
{
    static const char *const names[SWEEP_FAULT_COUNT] = {
        [SWEEP_NONE] = "no fault",
        [SWEEP_REFUSED] = "connection refused",
        [SWEEP_TIMED_OUT] = "timed out",
        [SWEEP_CUT_SHORT] = "cut short",
        [SWEEP_STATUS_403] = "status 403",
        [SWEEP_STATUS_429] = "status 429",
        [SWEEP_STATUS_500] = "status 500",
        [SWEEP_GARBAGE] = "garbage body",
        [SWEEP_WRONG_TYPE] = "JSON of another type",
        [SWEEP_WRONG_MEMBERS] = "JSON members of other types",
        [SWEEP_EMPTY_OBJECT] = "empty JSON object",
    };
    return names[fault];
}

bool sweep_is_denied_look(SW_UNUSED void *ctx, const struct sweep_run *run)
{
    return run->fault == SWEEP_STATUS_403 && strncmp(run->what, "HEAD ", 5) == 0 &&
           strstr(run->what, "/manifests/") != NULL;
}

static bool spoils_body(enum sweep_fault fault)
{
    return fault >= SWEEP_GARBAGE;
}

/* "METHOD url-without-query (target or action)"; the caller's. */
static char *identify(const struct sw_http_request *request)
{
    const char *target = "";
    struct sw_str action = { NULL, 0 };
    for (size_t i = 0; i < request->header_count; i++) {
        if (sw_str_eq_nocase(sw_str(request->headers[i].name), SW_STR("X-Amz-Target"))) {
            target = request->headers[i].value;
        }
    }
    ptrdiff_t at = sw_str_find_str(request->data, SW_STR("Action="));
    if (at >= 0) {
        struct sw_str rest = sw_str_from(request->data, (size_t)at);
        action = sw_str_cut(&rest, '&');
    }
    char *url = sw_url_display(request->url);
    char *text = sw_xasprintf("%s %s %s%.*s", request->method, url, target, SW_STR_ARG(action));
    free(url);
    return text;
}

static enum sw_status network(struct sw_err *err, bool not_sent, const char *text)
{
    enum sw_status status = sw_fail(err, SW_E_NETWORK, "%s", text);
    err->retryable = true;
    err->not_sent = not_sent;
    return status;
}

/* An answer with that status and a JSON body, as AWS would send it. */
static void answer(struct sw_http_reply *reply, long status, const char *body)
{
    sw_http_reply_init(reply);
    reply->status = status;
    sw_http_reply_add_header(reply, SW_STR("Content-Type"), SW_STR("application/json"));
    sw_buf_add_cstr(&reply->body, body);
}

/* Each member of the object (or element of the array) with a value of another type. */
static void spoil_members(json_t *value)
{
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach(value, key, member)
    {
        json_t *other = json_is_string(member)   ? json_pack("{s:b}", "unexpected", 1)
                        : json_is_object(member) ? json_array()
                        : json_is_array(member)  ? json_object()
                                                 : json_string("unexpected");
        assert_int_equal(json_object_set_new(value, key, other), 0);
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        assert_int_equal(json_array_set_new(value, i, json_integer(1)), 0);
    }
}

/* Replaces the body of a good answer. */
static void spoil_body(struct sw_buf *body, enum sweep_fault fault)
{
    struct sw_err ignored = SW_ERR_INIT;
    json_auto_t *value = NULL;
    bool parsed = sw_json_parse(sw_buf_str(body), "good answer", &value, &ignored) == SW_OK;
    sw_buf_clear(body);
    if (fault == SWEEP_WRONG_TYPE) {
        sw_buf_add_cstr(body, json_is_object(value) ? "[1]" : "{\"unexpected\":true}");
    } else if (fault == SWEEP_EMPTY_OBJECT) {
        sw_buf_add_cstr(body, "{}");
    } else if (fault == SWEEP_WRONG_MEMBERS && parsed) {
        spoil_members(value);
        sw_json_dump(value, 0, body);
    } else {
        sw_buf_add_cstr(body, "<html><body>gateway</body></html>");
    }
}

/* Collects what the world would have sent to the caller's sink. */
static enum sw_status collect(void *ctx, const char *data, size_t len, struct sw_err *err)
{
    (void)err;
    struct sw_buf *out = ctx;
    sw_buf_add(out, data, len);
    return SW_OK;
}

/* Asks the world and spoils its answer. */
static enum sw_status perform_spoilt(struct faulty *faulty, const struct sw_http_request *request,
                                     struct sw_http_reply *ret_reply, struct sw_err *err)
{
    struct sw_buf body SW_CLEANUP(sw_buf_release);
    sw_buf_init(&body, SW_BUF_TEXT_MAX);
    const struct sw_http_sink sink = { .write = collect, .ctx = &body };
    struct sw_http_request sent = *request;
    sent.sink = &sink;
    enum sw_status status =
        faulty->fake->transport.perform(faulty->fake->transport.ctx, &sent, ret_reply, err);
    if (status != SW_OK) {
        return status;
    }
    if (body.len == 0) {
        (void)pthread_mutex_lock(&faulty->lock);
        faulty->had_no_body = true;
        (void)pthread_mutex_unlock(&faulty->lock);
        return SW_OK;
    }
    if (faulty->fault == SWEEP_CUT_SHORT) {
        sw_buf_truncate(&body, body.len / 2);
    } else {
        spoil_body(&body, faulty->fault);
    }
    if (request->sink) {
        status = request->sink->write(request->sink->ctx, body.ptr, body.len, err);
    } else {
        sw_buf_add_str(&ret_reply->body, sw_buf_str(&body));
    }
    if (status == SW_OK && faulty->fault == SWEEP_CUT_SHORT) {
        status = network(err, false, "the connection broke in the middle of the answer");
    }
    if (status != SW_OK) {
        sw_http_reply_release(ret_reply);
    }
    return status;
}

/* A failure in place of the call. */
static enum sw_status perform_fault(struct faulty *faulty, const struct sw_http_request *request,
                                    struct sw_http_reply *ret_reply, struct sw_err *err)
{
    switch (faulty->fault) {
    case SWEEP_REFUSED:
        return network(err, true, "cannot connect to the fake: connection refused");
    case SWEEP_TIMED_OUT:
        return network(err, false, "the fake did not answer in time");
    case SWEEP_CUT_SHORT:
        /* The world is not asked: were it, a script would count the call as done. */
        return network(err, false, "the connection broke in the middle of the answer");
    case SWEEP_STATUS_403:
        answer(ret_reply, 403,
               "{\"__type\":\"AccessDeniedException\",\"message\":\"not authorized\"}");
        return SW_OK;
    case SWEEP_STATUS_429:
        answer(ret_reply, 429, "{\"__type\":\"ThrottlingException\",\"message\":\"slow down\"}");
        return SW_OK;
    case SWEEP_STATUS_500:
        answer(ret_reply, 500, "{\"__type\":\"ServerException\",\"message\":\"oops\"}");
        return SW_OK;
    default:
        return perform_spoilt(faulty, request, ret_reply, err);
    }
}

/* Notes a call of the good run. */
static void note_good(struct faulty *faulty, char *identity, unsigned call, bool had_body)
{
    (void)pthread_mutex_lock(&faulty->lock);
    size_t count = faulty->calls > call ? faulty->calls : call;
    faulty->seen = sw_xreallocarray(faulty->seen, count, sizeof(*faulty->seen));
    faulty->had_body = sw_xreallocarray(faulty->had_body, count, sizeof(*faulty->had_body));
    faulty->seen[call - 1] = identity;
    faulty->had_body[call - 1] = had_body;
    (void)pthread_mutex_unlock(&faulty->lock);
}

static enum sw_status perform_good(struct faulty *faulty, const struct sw_http_request *request,
                                   struct sw_http_reply *ret_reply, struct sw_err *err)
{
    return faulty->fake->transport.perform(faulty->fake->transport.ctx, request, ret_reply, err);
}

static enum sw_status faulty_perform(void *ctx, const struct sw_http_request *request,
                                     struct sw_http_reply *ret_reply, struct sw_err *err)
{
    struct faulty *faulty = ctx;
    char *identity = identify(request);
    (void)pthread_mutex_lock(&faulty->lock);
    unsigned call = ++faulty->calls;
    bool endless = call > CALLS_MAX;
    faulty->endless = faulty->endless || endless;
    bool hit = faulty->target != 0 && call == faulty->target;
    if (hit) {
        faulty->identity = sw_xstrdup(identity);
    } else if (faulty->identity && faulty->lasting) {
        hit = strcmp(faulty->identity, identity) == 0;
    }
    (void)pthread_mutex_unlock(&faulty->lock);
    if (endless) {
        free(identity);
        return sw_fail(err, SW_E_NETWORK, "the scenario made more than %d calls", CALLS_MAX);
    }
    enum sw_status status = hit ? perform_fault(faulty, request, ret_reply, err)
                                : perform_good(faulty, request, ret_reply, err);
    if (faulty->target == 0) {
        bool has_body = status == SW_OK && (request->sink || ret_reply->body.len > 0);
        note_good(faulty, identity, call, has_body);
    } else {
        free(identity);
    }
    return status;
}

static void faulty_init(struct faulty *faulty, struct fake_http *fake)
{
    *faulty = (struct faulty){ .transport = { .perform = faulty_perform }, .fake = fake };
    faulty->transport.ctx = faulty;
    (void)pthread_mutex_init(&faulty->lock, NULL);
}

static void faulty_release(struct faulty *faulty)
{
    if (faulty->seen) {
        for (unsigned i = 0; i < faulty->calls; i++) {
            free(faulty->seen[i]);
        }
    }
    free(faulty->seen);
    free(faulty->had_body);
    free(faulty->identity);
    (void)pthread_mutex_destroy(&faulty->lock);
}

/* Runs the scenario once in a fresh world; *run says which fault to play and gets the outcome. */
static void play(const struct sweep *sweep, struct faulty *faulty, struct fake_http *fake,
                 struct sweep_run *run, struct sw_err *err)
{
    fake_http_init(fake);
    fake->quiet = run->fault != SWEEP_NONE;
    faulty_init(faulty, fake);
    faulty->fault = run->fault;
    faulty->target = run->call;
    faulty->lasting = run->lasting;
    sweep->setup(sweep->ctx, fake);

    struct test_env t;
    test_env_init(&t);
    t.env.http = &faulty->transport;
    run->status = sweep->run(sweep->ctx, &t, err);
    run->err = err;
    run->fake = fake;
    test_env_release(&t);
}

/* What is wrong with how a faulty run ended; NULL: nothing. */
static const char *judge(const struct sweep *sweep, const struct faulty *faulty,
                         const struct sweep_run *run)
{
    if (faulty->endless) {
        return "goes round in circles";
    }
    if (run->status != SW_OK) {
        return run->err->msg[0] ? NULL : "ends without a message";
    }
    bool noticed = !run->lasting || faulty->had_no_body ||
                   (sweep->tolerates && sweep->tolerates(sweep->ctx, run));
    return noticed ? NULL : "ended well, as if nothing had happened";
}

static void play_fault(const struct sweep *sweep, struct sweep_run *run, struct sw_buf *problem)
{
    struct faulty faulty;
    struct fake_http fake;
    struct sw_err err = SW_ERR_INIT;
    play(sweep, &faulty, &fake, run, &err);
    const char *verdict = judge(sweep, &faulty, run);
    if (verdict) {
        sw_buf_addf(problem, "call %u (%s), %s %s: %s", run->call, run->what,
                    run->lasting ? "lasting" : "passing", sweep_fault_name(run->fault), verdict);
    } else if (sweep->verify) {
        sweep->verify(sweep->ctx, run);
    }
    faulty_release(&faulty);
    fake_http_release(&fake);
    run->err = NULL;
    run->fake = NULL;
}

/* All faults of one call, until one goes unnoticed. */
static void play_call(const struct sweep *sweep, const struct faulty *good, unsigned call,
                      struct sw_buf *problem)
{
    for (int i = SWEEP_NONE + 1; i < SWEEP_FAULT_COUNT && problem->len == 0; i++) {
        enum sweep_fault fault = (enum sweep_fault)i;
        if (spoils_body(fault) && !good->had_body[call - 1]) {
            continue;
        }
        struct sweep_run run = {
            .fault = fault, .lasting = true, .call = call, .what = good->seen[call - 1]
        };
        play_fault(sweep, &run, problem);
        if (problem->len == 0) {
            run.lasting = false;
            play_fault(sweep, &run, problem);
        }
    }
}

/* Plays the scenario without a fault and keeps its calls in *good. */
static void play_good(const struct sweep *sweep, struct faulty *good, struct sw_buf *problem)
{
    struct fake_http fake;
    struct sw_err err = SW_ERR_INIT;
    struct sweep_run run = { .fault = SWEEP_NONE, .what = "" };
    play(sweep, good, &fake, &run, &err);
    if (run.status != SW_OK) {
        sw_buf_addf(problem, "the good run fails: %s", err.msg);
    } else if (good->calls == 0) {
        sw_buf_add_cstr(problem, "the good run makes no call");
    } else if (sweep->verify) {
        sweep->verify(sweep->ctx, &run);
    }
    if (problem->len > 0) {
        fake_http_release(&fake);
    } else {
        fake_http_done(&fake);
    }
}

bool sweep_find(const struct sweep *sweep, struct sw_buf *problem)
{
    struct faulty good;
    play_good(sweep, &good, problem);
    for (unsigned call = 1; call <= good.calls && problem->len == 0; call++) {
        play_call(sweep, &good, call, problem);
    }
    faulty_release(&good);
    return problem->len > 0;
}

void sweep_all(const struct sweep *sweep)
{
    struct sw_buf problem;
    sw_buf_init(&problem, SW_BUF_TEXT_MAX);
    if (sweep_find(sweep, &problem)) {
        print_error("%s: %s\n", sweep->name, problem.ptr);
        sw_buf_release(&problem);
        fail_msg("a fault went wrong (see above)");
    }
    sw_buf_release(&problem);
}

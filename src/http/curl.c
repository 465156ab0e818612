#include "ca.h"
#include "exchange.h"
#include "failure.h"
#include "h2.h"
#include "request.h"

#include <slipway/alloc.h>

#include <curl/curl.h>

#include <pthread.h>

enum { POLL_MS = 100 /* how often a wish to stop and a stall are noticed */ };
#define UPLOAD_CHUNK   (512L * 1024)
#define DOWNLOAD_CHUNK (256L * 1024)

/*
 * One transfer at a time, and the connections it leaves open. Each handle has its own "multi" of
 * one: unlike curl_easy_perform() that lets us look up while it waits.
 */
struct handle {
    CURL *easy;
    CURLM *multi;
    struct sw_strs peers; /* to whom it has had connections */
    struct handle *next;  /* in the list of idle ones */
};

struct curl_transport {
    struct sw_http_transport transport;
    const struct sw_env *env;
    struct sw_http_ca ca;
    pthread_mutex_t lock;
    struct handle *idle; /* last used first: its connections are the freshest */
    struct sw_h2_pool *http2;
};

/* An exchange on its way through libcurl. */
struct transfer {
    struct sw_http_exchange x;
    const struct sw_http_ca *ca;
    CURL *easy;
    CURLM *multi;
    struct curl_slist *header_lines;
    char error_text[CURL_ERROR_SIZE];
};

/* libcurl's callbacks. Returning anything but the length ends the transfer. */

static size_t on_read(char *into, size_t size, size_t count, void *ctx)
{
    struct transfer *t = ctx;
    size_t len = 0;
    return sw_http_exchange_read(&t->x, into, size * count, &len) ? len : CURL_READFUNC_ABORT;
}

/* libcurl starts over by itself when a connection that it kept turns out to be dead. */
static int on_seek(void *ctx, curl_off_t offset, int origin)
{
    struct transfer *t = ctx;
    bool to_start = offset == 0 && origin == SEEK_SET;
    return to_start && sw_http_exchange_rewind(&t->x) ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

static size_t on_header(char *line, size_t size, size_t count, void *ctx)
{
    struct transfer *t = ctx;
    size_t len = size * count;
    return sw_http_exchange_header(&t->x, sw_str_n(line, len)) ? len : 0;
}

static size_t on_write(char *data, size_t size, size_t count, void *ctx)
{
    struct transfer *t = ctx;
    size_t len = size * count;
    return sw_http_exchange_write(&t->x, data, len) ? len : 0;
}

/* Setting up. */

static void add_header_line(struct transfer *t, const char *line)
{
    struct curl_slist *list = curl_slist_append(t->header_lines, line);
    if (!list) {
        abort(); /* out of memory, as in sw_xmalloc */
    }
    t->header_lines = list;
}

static void set_headers(struct transfer *t)
{
    const struct sw_http_request *request = t->x.request;
    for (size_t i = 0; i < request->header_count; i++) {
        const struct sw_http_header *header = &request->headers[i];
        struct sw_str name = sw_str(header->name);
        /* These two describe the body, and the body is ours. */
        if (sw_str_eq_nocase(name, SW_STR("Content-Length")) ||
            sw_str_eq_nocase(name, SW_STR("Transfer-Encoding"))) {
            continue;
        }
        /* libcurl wants an empty value written as "Name;". */
        char *line SW_CLEANUP(sw_free_secret_str) =
            header->value[0] ? sw_xasprintf("%s: %s", header->name, header->value)
                             : sw_xasprintf("%s;", header->name);
        add_header_line(t, line);
    }
    /* Without the wait for "100 Continue", which some registries never send. */
    add_header_line(t, "Expect:");
    (void)curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->header_lines);
}

static void set_method_and_body(struct transfer *t)
{
    const char *method = t->x.request->method;
    if (strcmp(method, "HEAD") == 0) {
        (void)curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
    } else {
        (void)curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, method);
    }
    if (!t->x.has_body) {
        return;
    }
    (void)curl_easy_setopt(t->easy, CURLOPT_UPLOAD, 1L);
    (void)curl_easy_setopt(t->easy, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_CHUNK);
    (void)curl_easy_setopt(t->easy, CURLOPT_INFILESIZE_LARGE,
                           (curl_off_t)(t->x.body_length >= 0 ? t->x.body_length : -1));
    (void)curl_easy_setopt(t->easy, CURLOPT_READFUNCTION, on_read);
    (void)curl_easy_setopt(t->easy, CURLOPT_READDATA, t);
    (void)curl_easy_setopt(t->easy, CURLOPT_SEEKFUNCTION, on_seek);
    (void)curl_easy_setopt(t->easy, CURLOPT_SEEKDATA, t);
}

static void set_tls(struct transfer *t)
{
    (void)curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYPEER, 1L);
    (void)curl_easy_setopt(t->easy, CURLOPT_SSL_VERIFYHOST, 2L);
    (void)curl_easy_setopt(t->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (t->ca->file) {
        (void)curl_easy_setopt(t->easy, CURLOPT_CAINFO, t->ca->file);
    }
    if (t->ca->dir) {
        (void)curl_easy_setopt(t->easy, CURLOPT_CAPATH, t->ca->dir);
    }
}

/* Local addresses are never reached through a proxy: this machine, and its cloud's metadata. */
static bool is_direct(const struct sw_http_exchange *x)
{
    return x->request->unix_socket || sw_host_is_loopback(x->url.host) ||
           sw_str_starts(x->url.host, "169.254.") || sw_str_starts(x->url.host, "fd00:ec2:");
}

static void set_connection(struct transfer *t)
{
    const struct sw_http_request *request = t->x.request;
#if LIBCURL_VERSION_NUM >= 0x075500
    (void)curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    (void)curl_easy_setopt(t->easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    /* One transfer per connection at a time: HTTP/2 would gain nothing. */
    (void)curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(t->easy, CURLOPT_TCP_KEEPALIVE, 1L);
    (void)curl_easy_setopt(t->easy, CURLOPT_BUFFERSIZE, DOWNLOAD_CHUNK);
    (void)curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS,
                           (long)sw_http_exchange_connect_limit(&t->x));
    (void)curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)request->total_timeout_ms);
    if (request->unix_socket) {
        (void)curl_easy_setopt(t->easy, CURLOPT_UNIX_SOCKET_PATH, request->unix_socket);
    }
    if (is_direct(&t->x)) {
        (void)curl_easy_setopt(t->easy, CURLOPT_PROXY, "");
    }
}

static void set_up(struct transfer *t)
{
    (void)curl_easy_setopt(t->easy, CURLOPT_URL, t->x.request->url);
    /* A signature may cover the path as it is. */
    (void)curl_easy_setopt(t->easy, CURLOPT_PATH_AS_IS, 1L);
    (void)curl_easy_setopt(t->easy, CURLOPT_USERAGENT, "slipway/" SLIPWAY_VERSION);
    (void)curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->error_text);
    (void)curl_easy_setopt(t->easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    (void)curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
    (void)curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_write);
    (void)curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
    set_connection(t);
    set_tls(t);
    set_headers(t);
    set_method_and_body(t);
}

/* Running. */

static int64_t info_count(const struct transfer *t, CURLINFO info)
{
    curl_off_t value = 0;
    (void)curl_easy_getinfo(t->easy, info, &value);
    return (int64_t)value;
}

/* Whether the request itself has begun, after name, connection and TLS. */
static bool request_began(const struct transfer *t)
{
    return info_count(t, CURLINFO_PRETRANSFER_TIME_T) > 0;
}

/* Whether the transfer must end now, whatever libcurl thinks. */
static bool must_end(struct transfer *t)
{
    int64_t moved = info_count(t, CURLINFO_SIZE_UPLOAD_T) + info_count(t, CURLINFO_SIZE_DOWNLOAD_T);

    return sw_http_exchange_must_end(&t->x, moved, request_began(t));
}

/* Drives the transfer to its end; the result is libcurl's unless must_end() said so. */
static CURLcode drive(struct transfer *t)
{
    CURLcode code = CURLE_ABORTED_BY_CALLBACK;
    int running = 1;
    if (curl_multi_add_handle(t->multi, t->easy) != CURLM_OK) {
        return CURLE_FAILED_INIT;
    }
    while (running && curl_multi_perform(t->multi, &running) == CURLM_OK && running) {
        if (must_end(t) || curl_multi_poll(t->multi, NULL, 0, POLL_MS, NULL) != CURLM_OK) {
            break;
        }
    }
    int left = 0;
    const CURLMsg *msg = curl_multi_info_read(t->multi, &left);
    if (msg && msg->msg == CURLMSG_DONE) {
        code = msg->data.result;
    }
    (void)curl_multi_remove_handle(t->multi, t->easy);
    return code;
}

/* Judging. */

static enum sw_http_failure_kind kind_of(const struct transfer *t, CURLcode code)
{
    static const struct {
        CURLcode code;
        enum sw_http_failure_kind kind;
    } kinds[] = {
        { CURLE_COULDNT_RESOLVE_HOST, SW_HTTP_NO_SUCH_HOST },
        { CURLE_COULDNT_RESOLVE_PROXY, SW_HTTP_NO_SUCH_PROXY },
        { CURLE_COULDNT_CONNECT, SW_HTTP_NOT_CONNECTED },
        { CURLE_PEER_FAILED_VERIFICATION, SW_HTTP_TLS_UNTRUSTED },
        { CURLE_SSL_CONNECT_ERROR, SW_HTTP_TLS_FAILED },
        { CURLE_SSL_CACERT_BADFILE, SW_HTTP_TLS_BUNDLE },
        { CURLE_SEND_ERROR, SW_HTTP_BROKEN },
        { CURLE_RECV_ERROR, SW_HTTP_BROKEN },
        { CURLE_SEND_FAIL_REWIND, SW_HTTP_BROKEN },
        { CURLE_GOT_NOTHING, SW_HTTP_NO_ANSWER },
        { CURLE_PARTIAL_FILE, SW_HTTP_INCOMPLETE },
        { CURLE_UNSUPPORTED_PROTOCOL, SW_HTTP_NOT_HTTP },
        { CURLE_WEIRD_SERVER_REPLY, SW_HTTP_NOT_HTTP },
    };
    if (t->x.stalled) {
        return SW_HTTP_STALLED;
    }
    if (code == CURLE_OPERATION_TIMEDOUT) {
        return request_began(t) ? SW_HTTP_TOTAL_TIMEOUT : SW_HTTP_CONNECT_TIMEOUT;
    }
    for (size_t i = 0; i < SW_COUNT(kinds); i++) {
        if (kinds[i].code == code) {
            return kinds[i].kind;
        }
    }
    return SW_HTTP_OTHER;
}

/* The limit that the failure is about. */
static int64_t limit_of(const struct transfer *t, enum sw_http_failure_kind kind)
{
    int64_t total_ms = t->x.request->total_timeout_ms;
    int64_t connect_ms = sw_http_exchange_connect_limit(&t->x);
    if (kind == SW_HTTP_STALLED) {
        return sw_http_exchange_stall_limit(&t->x);
    }
    if (kind == SW_HTTP_TOTAL_TIMEOUT || (total_ms > 0 && total_ms < connect_ms)) {
        return total_ms;
    }
    return connect_ms;
}

/* The variable that libcurl takes a proxy from, if it takes one; NO_PROXY is its own affair. */
static const char *proxy_variable(const struct transfer *t)
{
    static const char *const names[] = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY" };
    static const char *const plain[] = { "http_proxy", "all_proxy", "ALL_PROXY" };
    const bool tls = sw_str_is(t->x.url.scheme, "https");
    const size_t count = tls ? SW_COUNT(names) : SW_COUNT(plain);
    for (size_t i = 0; i < count && !is_direct(&t->x); i++) {
        const char *name = tls ? names[i] : plain[i];
        if (sw_env_get(t->x.env, name)) {
            return name;
        }
    }
    return NULL;
}

/* What an answer to CONNECT that is no success says; 0 when there was none. */
static long proxy_refusal(const struct transfer *t)
{
    long status = 0;
    (void)curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &status);
    return status >= 300 ? status : 0;
}

static enum sw_status fail_transfer(struct transfer *t, CURLcode code)
{
    long os_error = 0;
    (void)curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &os_error);
    struct sw_http_failure failure = {
        .kind = kind_of(t, code),
        .host = t->x.url.host,
        .port = t->x.url.port,
        .unix_socket = t->x.request->unix_socket,
        .os_error = (int)os_error,
        .detail = t->error_text[0] ? t->error_text : curl_easy_strerror(code),
        .got = info_count(t, CURLINFO_SIZE_DOWNLOAD_T),
        .expected = info_count(t, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T),
        .request_began = request_began(t),
        .proxy_variable = proxy_variable(t),
        .proxy_status = proxy_refusal(t),
        .source = t->ca->source,
    };
    failure.limit_ms = limit_of(t, failure.kind);
    if (failure.kind == SW_HTTP_STALLED) {
        failure.got = sw_http_exchange_stall_moved(&t->x);
    }
    if (failure.kind == SW_HTTP_TLS_FAILED && strstr(failure.detail, "wrong version number")) {
        failure.kind = SW_HTTP_NOT_TLS; /* OpenSSL's words for what is no TLS at all */
    }
    if (failure.kind == SW_HTTP_TLS_BUNDLE) {
        failure.detail = t->ca->file ? t->ca->file : t->ca->dir;
    }
    return sw_http_fail(&failure, t->x.err);
}

/*
 * A server may refuse an upload before it has read all of it, and close: then sending breaks, but
 * the answer is here. An error answer's body may also be cut by us, for its length.
 */
static bool refusal_arrived(const struct transfer *t, CURLcode code)
{
    if (!t->x.headers_done || sw_http_exchange_succeeded(&t->x)) {
        return false;
    }
    return t->x.body_cut || (t->x.has_body && t->x.reply.status >= 400 &&
                             (code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR ||
                              code == CURLE_PARTIAL_FILE || code == CURLE_SEND_FAIL_REWIND));
}

/* libcurl's own limit for one header line has had several codes. */
static bool is_header_limit(CURLcode code)
{
#if LIBCURL_VERSION_NUM >= 0x080600
    if (code == CURLE_TOO_LARGE) {
        return true;
    }
#endif
    return code == CURLE_OUT_OF_MEMORY;
}

static enum sw_status judge(struct transfer *t, CURLcode code)
{
    if (t->x.own_status != SW_OK) {
        return t->x.own_status;
    }
    if (code == CURLE_OK && !t->x.headers_done) {
        /* libcurl takes a connection that ends between two header lines for a short answer. */
        code = CURLE_PARTIAL_FILE;
    }
    if (code == CURLE_OK || refusal_arrived(t, code)) {
        return SW_OK;
    }
    if (is_header_limit(code)) {
        return sw_fail(t->x.err, SW_E_TOO_LARGE, "\"%.*s\" answered with an oversized header line",
                       SW_STR_ARG(t->x.url.host));
    }
    return fail_transfer(t, code);
}

/* The pool. */

/* Whom a connection leads to: a socket, or scheme, host and port. The caller's. */
static char *peer_of(const struct sw_http_request *request, const struct sw_url *url)
{
    return request->unix_socket ? sw_xstrdup(request->unix_socket)
                                : sw_xasprintf("%.*s://%.*s:%d", SW_STR_ARG(url->scheme),
                                               SW_STR_ARG(url->host), url->port);
}

/* An idle handle that knows the peer if there is one: to open a connection takes round trips. */
static struct handle *take_handle(struct curl_transport *self, const char *peer)
{
    (void)pthread_mutex_lock(&self->lock);
    struct handle **at = &self->idle;
    while (*at && !sw_strs_has(&(*at)->peers, sw_str(peer))) {
        at = &(*at)->next;
    }
    at = *at ? at : &self->idle;
    struct handle *handle = *at;
    if (handle) {
        *at = handle->next;
    }
    (void)pthread_mutex_unlock(&self->lock);
    if (!handle) {
        handle = sw_xcalloc(1, sizeof(*handle));
        handle->easy = curl_easy_init();
        handle->multi = curl_multi_init();
        if (!handle->easy || !handle->multi) {
            abort(); /* out of memory, as in sw_xmalloc */
        }
    }
    if (!sw_strs_has(&handle->peers, sw_str(peer))) {
        sw_strs_add(&handle->peers, sw_str(peer));
    }
    return handle;
}

static void give_back(struct curl_transport *self, struct handle *handle)
{
    /* Forgets everything that points to the finished exchange; connections stay. */
    curl_easy_reset(handle->easy);
    (void)pthread_mutex_lock(&self->lock);
    handle->next = self->idle;
    self->idle = handle;
    (void)pthread_mutex_unlock(&self->lock);
}

static enum sw_status run(struct curl_transport *self, struct transfer *t)
{
    char *peer SW_CLEANUP(sw_free_str) = peer_of(t->x.request, &t->x.url);
    struct handle *handle = take_handle(self, peer);
    t->ca = &self->ca;
    t->easy = handle->easy;
    t->multi = handle->multi;
    set_up(t);
    enum sw_status status = judge(t, drive(t));
    give_back(self, handle);
    curl_slist_free_all(t->header_lines);
    return status;
}

static enum sw_status curl_perform(void *ctx, const struct sw_http_request *request,
                                   struct sw_http_reply *ret_reply, struct sw_err *err)
{
    struct curl_transport *self = ctx;
    struct sw_url url;
    enum sw_status status = sw_http_check_request(request, &url, err);
    if (status != SW_OK) {
        return status;
    }
    struct transfer t = { .easy = NULL };
    sw_http_exchange_init(&t.x, self->env, request, &url, err);
    status = request->http2 ? sw_h2_perform(self->http2, &t.x) : run(self, &t);
    if (status == SW_OK) {
        *ret_reply = t.x.reply;
    } else {
        sw_http_reply_release(&t.x.reply);
    }
    return status;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode once_result = CURLE_FAILED_INIT;

static void init_library(void)
{
    once_result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

enum sw_status sw_http_curl_new(const struct sw_env *env, const char *cafile,
                                struct sw_http_transport **ret, struct sw_err *err)
{
    (void)pthread_once(&once, init_library);
    if (once_result != CURLE_OK) {
        return sw_fail(err, SW_E_FAILED, "cannot set up libcurl: %s",
                       curl_easy_strerror(once_result));
    }
    struct sw_http_ca ca;
    enum sw_status status = sw_http_ca_find(env, cafile, &ca, err);
    if (status != SW_OK) {
        return status;
    }
    struct curl_transport *self = sw_xcalloc(1, sizeof(*self));
    self->transport = (struct sw_http_transport){ .perform = curl_perform, .ctx = self };
    self->env = env;
    self->ca = ca;
    self->http2 = sw_h2_pool_new();
    (void)pthread_mutex_init(&self->lock, NULL);
    *ret = &self->transport;
    return SW_OK;
}

void sw_http_curl_free(struct sw_http_transport *transport)
{
    if (!transport) {
        return;
    }
    struct curl_transport *self = transport->ctx;
    while (self->idle) {
        struct handle *handle = self->idle;
        self->idle = handle->next;
        curl_easy_cleanup(handle->easy);
        (void)curl_multi_cleanup(handle->multi);
        sw_strs_release(&handle->peers);
        free(handle);
    }
    sw_h2_pool_free(self->http2);
    sw_http_ca_release(&self->ca);
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
}

#ifndef SLIPWAY_FAULT_SERVER_H
#define SLIPWAY_FAULT_SERVER_H

/*
 * A server on a loopback socket that misbehaves by script: for what only sockets show. It answers
 * with the bytes of the script, exactly, and keeps what arrived. Most tests want fake_http.h.
 *
 *     static const struct fault_step steps[] = {
 *         { .answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" },
 *         { .answer = "HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n", .early = true },
 *         { .then = FAULT_RESET },
 *     };
 *     struct fault_server *server = fault_server_start(NULL, steps, SW_COUNT(steps));
 *     char *url = fault_server_url(server, "/v2/");
 *     ...
 *     fault_server_stop(server);
 *
 * Steps are taken in order by requests, whatever connection they arrive on; each connection has
 * its own thread. A request beyond the script is answered with 599.
 */

#include <slipway/buf.h>

#include <stdbool.h>

/* What happens to the connection after the answer. */
enum fault_then {
    FAULT_KEEP = 0, /* waits for the next request */
    FAULT_CLOSE,    /* closes in the ordinary way */
    FAULT_DRAIN,    /* reads what still comes, then closes: the polite way to refuse an upload */
    FAULT_RESET,    /* RST */
    FAULT_HOLD,     /* reads nothing more, and says nothing, until the server goes */
    FAULT_IDLE,     /* says nothing more until the client or the server goes */
};

struct fault_step {
    bool early;         /* answers after the head, without reading the body */
    bool unread;        /* answers as soon as the connection is there, without reading */
    const char *answer; /* raw bytes; NULL: none */
    size_t answer_len;  /* 0: up to the NUL */
    size_t drip;        /* so many bytes at a time, a millisecond apart; 0: all at once */
    enum fault_then then;
    unsigned times; /* used for so many requests; 0: 1 */
};

/* A request as it arrived. */
struct fault_request {
    char *head; /* from the request line to the last header, CRLF line ends, no blank line */
    struct sw_buf body;  /* decoded when it was chunked; its first megabyte */
    size_t body_len;     /* all of it */
    bool complete;       /* its body arrived to the end */
    unsigned connection; /* from 1 */
};

struct fault_server;

/*
 * Starts on 127.0.0.1 and a free port or, with a path, on a unix socket there. The steps are
 * copied.
 */
struct fault_server *fault_server_start(const char *unix_path, const struct fault_step *steps,
                                        size_t count);
/* Ends all connections and threads, frees everything. */
void fault_server_stop(struct fault_server *server);
int fault_server_port(const struct fault_server *server);
/* "http://127.0.0.1:PORT" and the path; the caller's. */
char *fault_server_url(const struct fault_server *server, const char *path);
/* Requests that have arrived so far, and the n-th (from 0), which must be there. */
size_t fault_server_request_count(struct fault_server *server);
const struct fault_request *fault_server_request(struct fault_server *server, size_t n);
/* Connections accepted so far. */
unsigned fault_server_connections(struct fault_server *server);
/* The value of a header line of a request (any case), the caller's; NULL when absent. */
char *fault_request_header(const struct fault_request *request, const char *name);

#endif

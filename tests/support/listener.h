#ifndef SLIPWAY_LISTENER_H
#define SLIPWAY_LISTENER_H

/*
 * What the servers of the tests have in common: a socket that accepts, a thread for each
 * connection, and an end that no client can hold up.
 *
 *     server->listener = listener_start(NULL, serve, server);
 *     ...
 *     listener_stop(server->listener);
 *
 * `serve` runs in its connection's thread, at once, so all that it uses must stand before the
 * start. It makes no assertions, which may not leave a thread of their own.
 */

struct listener;

/*
 * Listens at a unix socket or, with NULL, on 127.0.0.1 and a free port. `serve` gets a connection's
 * socket, which the listener closes afterwards, and its number from 1.
 */
struct listener *listener_start(const char *unix_path,
                                void (*serve)(void *ctx, int fd, unsigned number), void *ctx);
/* Accepts no more, shuts every connection down, waits for all threads, removes the unix socket,
 * frees. */
void listener_stop(struct listener *listener);
/* 0 for a unix socket. */
int listener_port(const struct listener *listener);
/* Connections accepted so far. */
unsigned listener_connections(struct listener *listener);

/* A port of 127.0.0.1 on which nobody listens. */
int listener_closed_port(void);

#endif

#ifndef SLIPWAY_IMAGE_ENGINE_RELAY_H
#define SLIPWAY_IMAGE_ENGINE_RELAY_H

/*
 * The way to a Docker engine that only the docker client knows: ssh://, as CircleCI's remote Docker
 * has it, TLS with client certificates, contexts. "docker system dial-stdio" connects its standard
 * input and output with the engine's API; the client itself reaches engines over ssh by it. A
 * socket here hands each connection that it accepts to one, so that everything else speaks to the
 * engine as if it was local.
 */

#include <slipway/env.h>
#include <slipway/err.h>

struct sw_engine_relay;

/*
 * Listens on a socket that only this user can reach; the client is not started before somebody
 * connects. The caller's.
 */
SW_NODISCARD enum sw_status sw_engine_relay_start(const struct sw_env *env,
                                                  struct sw_engine_relay **ret, struct sw_err *err);
/* Ends the clients and removes the socket. NULL is none. */
void sw_engine_relay_stop(struct sw_engine_relay *relay);

/* The path of the socket, as long as the relay is there. */
const char *sw_engine_relay_socket(const struct sw_engine_relay *relay);
/*
 * After a connection broke: what the clients have complained of, SW_E_NETWORK, or that there is no
 * client, SW_E_FAILED. SW_OK when there is nothing to tell.
 */
SW_NODISCARD enum sw_status sw_engine_relay_failure(struct sw_engine_relay *relay,
                                                    struct sw_err *err);

#endif

#ifndef SLIPWAY_CLI_IMAGE_LOGIN_H
#define SLIPWAY_CLI_IMAGE_LOGIN_H

/* Registry clients with the logins of the AWS options and of Docker's configuration. */

#include "cli.h"

#include <slipway/ecr.h>
#include <slipway/registry.h>

/* Do not move it once it is initialised. */
struct sw_cli_login {
    struct sw_aws *aws;
    struct sw_ecr_auth auth;
};

SW_NODISCARD enum sw_status sw_cli_login_init(struct sw_cli_login *login, struct sw_cli *cli,
                                              const struct sw_cli_aws *options, struct sw_err *err);
/* A zeroed login is fine. */
void sw_cli_login_release(struct sw_cli_login *login);

/* A client of `host`, the caller's; it borrows `login`. */
SW_NODISCARD enum sw_status sw_cli_login_registry(struct sw_cli_login *login, struct sw_cli *cli,
                                                  const char *host, bool plain_http, bool push,
                                                  struct sw_registry **ret, struct sw_err *err);

#endif

#include "image_login.h"

enum sw_status sw_cli_login_init(struct sw_cli_login *login, struct sw_cli *cli,
                                 const struct sw_cli_aws *options, struct sw_err *err)
{
    enum sw_status status = sw_cli_aws_new(cli, options, &login->aws, err);

    if (status == SW_OK) {
        sw_ecr_auth_init(&login->auth, login->aws);
    }
    return status;
}

void sw_cli_login_release(struct sw_cli_login *login)
{
    if (login->aws) {
        sw_ecr_auth_release(&login->auth);
        sw_aws_free(login->aws);
        login->aws = NULL;
    }
}

enum sw_status sw_cli_login_registry(struct sw_cli_login *login, struct sw_cli *cli,
                                     const char *host, bool plain_http, bool push,
                                     struct sw_registry **ret, struct sw_err *err)
{
    const struct sw_registry_options options = { .auth = &login->auth.callback,
                                                 .plain_http = plain_http,
                                                 .push = push };

    return sw_registry_new(cli->env, host, &options, ret, err);
}

#include "ecs_codedeploy_options.h"

enum { PORT_MAX = 65535 };

#define TEXT(option, member, placeholder, text)                                           \
    {                                                                                     \
        .kind = SW_OPT_STR, .name = (option),                                             \
        .offset = offsetof(struct sw_cli_ecs_codedeploy, member), .value = (placeholder), \
        .help = (text)                                                                    \
    }

const struct sw_opt sw_cli_ecs_codedeploy_opts[] = {
    TEXT("codedeploy-application", application, "NAME",
         "the application of CodeDeploy that deploys a service whose controller is CODE_DEPLOY; "
         "default: that of the service's last deployment"),
    TEXT("codedeploy-group", group, "NAME",
         "its deployment group; default: that of the service's last deployment"),
    TEXT("codedeploy-config", config, "NAME",
         "deployment configuration, e.g. CodeDeployDefault.ECSCanary10Percent5Minutes; default: "
         "the group's"),
    TEXT("codedeploy-appspec", appspec, "FILE",
         "AppSpec, JSON or YAML; its task definition is replaced, all else stays"),
    TEXT("load-balanced-container", container, "CONTAINER",
         "the container that gets the traffic; default: as the service's load balancer says"),
    { .kind = SW_OPT_INT,
      .name = "load-balanced-port",
      .offset = offsetof(struct sw_cli_ecs_codedeploy, port),
      .value = "PORT",
      .help = "its port; default: as the service's load balancer says",
      .min = 0,
      .max = PORT_MAX },
    TEXT("codedeploy-capacity-provider", capacity_provider, "NAME,BASE,WEIGHT",
         "where CodeDeploy starts the new tasks"),
    { .kind = SW_OPT_END },
};

enum sw_status sw_cli_ecs_codedeploy_read(const struct sw_cli_ecs_codedeploy *options,
                                          struct sw_codedeploy_options *ret, struct sw_err *err)
{
    *ret = (struct sw_codedeploy_options){
        .application = sw_cli_text_or_null(options->application),
        .group = sw_cli_text_or_null(options->group),
        .config = sw_cli_text_or_null(options->config),
        .appspec = sw_cli_text_or_null(options->appspec),
        .container = sw_cli_text_or_null(options->container),
        .port = options->port,
        .capacity_provider = sw_cli_text_or_null(options->capacity_provider),
    };
    if (!ret->application != !ret->group) {
        return sw_cli_usage(err, "--codedeploy-application and --codedeploy-group go together");
    }
    return SW_OK;
}

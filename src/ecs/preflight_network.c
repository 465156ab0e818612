#include "preflight.h"

#include <slipway/alloc.h>

/* Checks of the subnets that tasks of network mode awsvpc get an interface in. */

static const json_t *own_subnets(struct preflight *preflight)
{
    const json_t *ids = preflight_awsvpc(preflight, "subnets");
    if (strcmp(preflight->mode, "awsvpc") != 0 || json_array_size(ids) == 0) {
        preflight_idle(preflight);
        return NULL;
    }
    return preflight_fact(preflight, FACT_SUBNETS);
}

void preflight_addresses(struct preflight *preflight)
{
    const json_t *ids = preflight_awsvpc(preflight, "subnets");
    int64_t extra = preflight->steps.high > preflight->steps.desired
                        ? preflight->steps.high - preflight->steps.desired
                        : 1;
    int64_t left = 0;
    size_t index = 0;
    const json_t *subnet = NULL;
    const json_t *subnets = own_subnets(preflight);
    if (!subnets) {
        return; /* own_subnets() says why */
    }
    json_array_foreach(subnets, index, subnet)
    {
        if (preflight_has(ids, sw_json_str(subnet, "subnetId", ""))) {
            left += preflight_number(subnet, "availableIpAddressCount", 0);
        }
    }
    if (left < extra) {
        preflight_find(preflight, left == 0 ? SW_CHECK_BLOCK : SW_CHECK_WARN,
                       "the service's subnets have %lld free address%s; the rollout may start %lld "
                       "tasks more",
                       (long long)left, left == 1 ? "" : "es", (long long)extra);
        preflight_advise(preflight, "use other or larger subnets, or lower maximumPercent");
    }
}

/* The route table of the subnet: its own, else the VPC's main one. */
static const json_t *table_of(const json_t *tables, const char *subnet)
{
    const json_t *main_table = NULL;
    size_t index = 0;
    const json_t *table = NULL;
    json_array_foreach(tables, index, table)
    {
        size_t at = 0;
        const json_t *association = NULL;
        json_array_foreach(sw_json_array(table, "associationSet"), at, association)
        {
            if (strcmp(sw_json_str(association, "subnetId", ""), subnet) == 0) {
                return table;
            }
            if (strcmp(sw_json_str(association, "main", ""), "true") == 0) {
                main_table = table;
            }
        }
    }
    return main_table;
}

enum exit_kind { EXIT_NONE, EXIT_INTERNET_GATEWAY, EXIT_OTHER };

/* Where the table sends what is for everybody. */
static enum exit_kind exit_of(const json_t *table)
{
    size_t index = 0;
    const json_t *route = NULL;
    json_array_foreach(sw_json_array(table, "routeSet"), index, route)
    {
        if (strcmp(sw_json_str(route, "destinationCidrBlock", ""), "0.0.0.0/0") == 0 &&
            strcmp(sw_json_str(route, "state", "active"), "active") == 0) {
            return strncmp(sw_json_str(route, "gatewayId", ""), "igw-", 4) == 0
                       ? EXIT_INTERNET_GATEWAY
                       : EXIT_OTHER;
        }
    }
    return EXIT_NONE;
}

/* The endpoints that stand in for a way out and are not there. The caller's. */
static json_t *missing_endpoints(const json_t *endpoints)
{
    static const char *const wanted[] = { ".ecr.api", ".ecr.dkr", ".s3", ".logs" };
    json_t *missing = json_array();
    for (size_t i = 0; i < SW_COUNT(wanted); i++) {
        bool found = false;
        size_t index = 0;
        const json_t *endpoint = NULL;
        json_array_foreach(endpoints, index, endpoint)
        {
            found =
                found || sw_str_ends(sw_str(sw_json_str(endpoint, "serviceName", "")), wanted[i]);
        }
        if (!found) {
            (void)json_array_append_new(missing, json_string(wanted[i] + 1));
        }
    }
    return missing;
}

static void judge_exit(struct preflight *preflight, const char *subnet, enum exit_kind kind)
{
    const json_t *configuration = sw_json_object(
        sw_json_object(preflight->service, "networkConfiguration"), "awsvpcConfiguration");
    bool address = strcmp(sw_json_str(configuration, "assignPublicIp", "DISABLED"), "ENABLED") == 0;
    if (kind == EXIT_OTHER || (kind == EXIT_INTERNET_GATEWAY && address && !preflight->on_ec2)) {
        return;
    }
    const json_t *endpoints = preflight_fact(preflight, FACT_ENDPOINTS);
    json_auto_t *missing = missing_endpoints(endpoints);
    if (!endpoints || json_array_size(missing) == 0) {
        return;
    }
    char *names SW_CLEANUP(sw_free_str) = preflight_joined(missing);
    if (kind == EXIT_NONE) {
        preflight_find(preflight, SW_CHECK_WARN,
                       "subnet %s has no route to the internet, and the VPC no endpoint for %s",
                       subnet, names);
        preflight_advise(preflight, "route 0.0.0.0/0 of the subnet to a NAT gateway, or create the "
                                    "endpoints");
    } else {
        preflight_find(preflight, SW_CHECK_WARN,
                       "subnet %s leads to the internet gateway, but tasks %s there have no public "
                       "address, and the VPC has no endpoint for %s",
                       subnet, preflight->on_ec2 ? "of network mode awsvpc on EC2" : "", names);
        preflight_advise(preflight, preflight->on_ec2
                                        ? "use subnets with a route to a NAT gateway"
                                        : "set assignPublicIp ENABLED, or use subnets with a route "
                                          "to a NAT gateway");
    }
}

void preflight_route(struct preflight *preflight)
{
    const json_t *ids = preflight_awsvpc(preflight, "subnets");
    size_t index = 0;
    const json_t *id = NULL;
    const json_t *tables = own_subnets(preflight) ? preflight_fact(preflight, FACT_ROUTES) : NULL;
    if (json_array_size(tables) == 0) {
        return;
    }
    json_array_foreach(ids, index, id)
    {
        const char *subnet = json_is_string(id) ? json_string_value(id) : "";
        judge_exit(preflight, subnet, exit_of(table_of(tables, subnet)));
    }
}

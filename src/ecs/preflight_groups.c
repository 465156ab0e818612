#include "preflight.h"

#include <slipway/alloc.h>

#include <stdio.h>

/* The check of security groups: may the load balancer connect to the tasks' ports? */

/* Ports that a load balancer must reach, and who is on both sides. */
struct way {
    int64_t low, high;
    const json_t *from;    /* ids of the load balancers' security groups */
    const json_t *to;      /* ids of the tasks' security groups */
    const json_t *sources; /* CIDRs of the load balancers' subnets */
    const json_t *targets; /* CIDRs of the tasks' subnets */
};

/* Docker's and the kernel's dynamic ports: of all AMIs that ECS has had. */
enum { DYNAMIC_LOW = 32768, DYNAMIC_HIGH = 60999, DYNAMIC_ADVISED = 65535 };

/* "10.0.0.0/16" as first and last address; false when it is none. */
static bool read_cidr(const char *text, uint32_t *ret_first, uint32_t *ret_last)
{
    struct sw_str rest = sw_str(text);
    struct sw_str address = sw_str_cut(&rest, '/');
    uint32_t value = 0;
    int64_t bits = 32;
    for (int i = 0; i < 4; i++) {
        int64_t part = 0;
        if (!sw_parse_int(sw_str_cut(&address, '.'), 0, 255, &part)) {
            return false;
        }
        value = value << 8 | (uint32_t)part;
    }
    if (address.ptr || (rest.ptr && !sw_parse_int(rest, 0, 32, &bits))) {
        return false;
    }
    uint32_t host = bits == 0 ? UINT32_MAX : (uint32_t)((UINT64_C(1) << (32 - bits)) - 1);
    *ret_first = value & ~host;
    *ret_last = value | host;
    return true;
}

static bool cidr_contains(const char *outer, const char *inner)
{
    uint32_t outer_first = 0;
    uint32_t outer_last = 0;
    uint32_t first = 0;
    uint32_t last = 0;
    return read_cidr(outer, &outer_first, &outer_last) && read_cidr(inner, &first, &last) &&
           outer_first <= first && last <= outer_last;
}

/* Whether the rule's ranges hold all the CIDRs. */
static bool holds_cidrs(const json_t *rule, const json_t *cidrs)
{
    size_t held = 0;
    size_t index = 0;
    const json_t *cidr = NULL;
    json_array_foreach(cidrs, index, cidr)
    {
        size_t at = 0;
        const json_t *range = NULL;
        json_array_foreach(sw_json_array(rule, "ipRanges"), at, range)
        {
            if (cidr_contains(sw_json_str(range, "cidrIp", ""), json_string_value(cidr))) {
                held++;
                break;
            }
        }
    }
    return held > 0 && held == json_array_size(cidrs);
}

/* Whether the rule is for one of the groups, for anybody, or for all the CIDRs. */
static bool is_for(const json_t *rule, const json_t *groups, const json_t *cidrs)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(sw_json_array(rule, "groups"), index, item)
    {
        if (preflight_has(groups, sw_json_str(item, "groupId", ""))) {
            return true;
        }
    }
    if (sw_json_find(sw_json_array(rule, "ipRanges"), "cidrIp", "0.0.0.0/0")) {
        return true;
    }
    /* What a prefix list holds is not known: in favour of the rule. */
    return json_array_size(sw_json_array(rule, "prefixListIds")) > 0 || holds_cidrs(rule, cidrs);
}

/* The end of the ports that the rule opens from `port` on; -1 when it does not open that one. */
static int64_t opens_up_to(const json_t *rule, int64_t port)
{
    const char *protocol = sw_json_str(rule, "ipProtocol", "");
    if (strcmp(protocol, "-1") == 0) {
        return INT64_MAX;
    }
    if (strcmp(protocol, "tcp") != 0 && strcmp(protocol, "6") != 0) {
        return -1;
    }
    int64_t low = preflight_number(rule, "fromPort", -1);
    int64_t high = preflight_number(rule, "toPort", -1);
    return low <= port && port <= high ? high : -1;
}

/* The first port between low and high that no rule opens; -1 when all are open. */
static int64_t first_closed(const json_t *all, const json_t *ids, const char *key,
                            const json_t *peers, const json_t *cidrs, const struct way *way)
{
    int64_t reach = way->low - 1;
    while (reach < way->high) {
        const int64_t port = reach + 1;
        reach = -1;
        size_t index = 0;
        const json_t *group = NULL;
        json_array_foreach(all, index, group)
        {
            size_t at = 0;
            const json_t *rule = NULL;
            if (!preflight_has(ids, sw_json_str(group, "groupId", ""))) {
                continue;
            }
            json_array_foreach(sw_json_array(group, key), at, rule)
            {
                int64_t end = is_for(rule, peers, cidrs) ? opens_up_to(rule, port) : -1;
                reach = end > reach ? end : reach;
            }
        }
        if (reach < 0) {
            return port;
        }
    }
    return -1;
}

/* "port 8080", or "ports 32768-60999". */
static void ports_text(const struct way *way, char out[48])
{
    if (way->low == way->high) {
        (void)snprintf(out, 48, "port %lld", (long long)way->low);
    } else {
        (void)snprintf(out, 48, "ports %lld-%lld", (long long)way->low, (long long)way->high);
    }
}

static void find_closed(struct preflight *preflight, const struct way *way, int64_t closed,
                        bool outgoing, const char *whose)
{
    char ports[48];
    char *to SW_CLEANUP(sw_free_str) = preflight_joined(way->to);
    char *from SW_CLEANUP(sw_free_str) = preflight_joined(way->from);
    const char *first_to = json_string_value(json_array_get(way->to, 0));
    const char *first_from = json_string_value(json_array_get(way->from, 0));
    bool dynamic = way->low != way->high;
    ports_text(way, ports);
    if (outgoing) {
        preflight_find(preflight, SW_CHECK_BLOCK,
                       "the load balancer's security group (%s) does not let it connect to %s of "
                       "the %s (%s)",
                       from, ports, whose, to);
        preflight_advise(preflight, "allow it");
        preflight_command(preflight,
                          "aws ec2 authorize-security-group-egress --group-id %s --ip-permissions "
                          "IpProtocol=tcp,FromPort=%lld,ToPort=%lld,UserIdGroupPairs="
                          "[{GroupId=%s}]",
                          first_from, (long long)way->low,
                          (long long)(dynamic ? DYNAMIC_ADVISED : way->high), first_to);
        return;
    }
    bool part = dynamic && closed > way->low;
    preflight_find(preflight, SW_CHECK_BLOCK,
                   "the security group of the %s (%s) does not accept the load balancer (%s) on "
                   "%s%s",
                   whose, to, from, ports,
                   part      ? ": with hostPort 0 it is luck whether a task gets an open one"
                   : dynamic ? ", of which tasks with hostPort 0 get one"
                             : "");
    preflight_advise(preflight, "allow it");
    preflight_command(
        preflight,
        "aws ec2 authorize-security-group-ingress --group-id %s --protocol tcp --port "
        "%lld%s%s --source-group %s",
        first_to, (long long)way->low, dynamic ? "-" : "", dynamic ? "65535" : "", first_from);
}

static void judge_way(struct preflight *preflight, const json_t *all, const struct way *way)
{
    const char *whose = strcmp(preflight->mode, "awsvpc") == 0 ? "tasks" : "instances";
    int64_t closed = first_closed(all, way->to, "ipPermissions", way->from, way->sources, way);
    if (closed >= 0) {
        find_closed(preflight, way, closed, false, whose);
        return;
    }
    closed = first_closed(all, way->from, "ipPermissionsEgress", way->to, way->targets, way);
    if (closed >= 0) {
        find_closed(preflight, way, closed, true, whose);
    }
}

/* ---- Who is on both sides ---- */

/* Adds the CIDRs of the subnets with those ids. */
static void add_cidrs(json_t *cidrs, const json_t *subnets, const json_t *ids)
{
    size_t index = 0;
    const json_t *subnet = NULL;
    json_array_foreach(subnets, index, subnet)
    {
        if (preflight_has(ids, sw_json_str(subnet, "subnetId", ""))) {
            preflight_add_once(cidrs, sw_json_str(subnet, "cidrBlock", ""));
        }
    }
}

/* The security groups and subnets of load balancers; true when all have security groups. */
static bool balancer_side(const json_t *balancers, json_t *groups, json_t *subnets)
{
    size_t index = 0;
    const json_t *balancer = NULL;
    bool all = true;
    json_array_foreach(balancers, index, balancer)
    {
        size_t at = 0;
        const json_t *item = NULL;
        const json_t *own = sw_json_array(balancer, "SecurityGroups");
        all = all && json_array_size(own) > 0;
        json_array_foreach(own, at, item)
        {
            preflight_add_once(groups, json_is_string(item) ? json_string_value(item) : "");
        }
        json_array_foreach(sw_json_array(balancer, "AvailabilityZones"), at, item)
        {
            preflight_add_once(subnets, sw_json_str(item, "SubnetId", ""));
        }
    }
    return all;
}

/* The security groups and subnets of what the tasks run on. */
static bool task_side(struct preflight *preflight, json_t *groups, json_t *subnets)
{
    size_t index = 0;
    const json_t *item = NULL;
    if (strcmp(preflight->mode, "awsvpc") == 0) {
        (void)json_array_extend(groups, preflight_awsvpc(preflight, "securityGroups"));
        (void)json_array_extend(subnets, preflight_awsvpc(preflight, "subnets"));
        return json_array_size(groups) > 0;
    }
    const json_t *machines = preflight_fact(preflight, FACT_MACHINES);
    json_array_foreach(machines, index, item)
    {
        size_t at = 0;
        const json_t *group = NULL;
        json_array_foreach(sw_json_array(item, "groupSet"), at, group)
        {
            preflight_add_once(groups, sw_json_str(group, "groupId", ""));
        }
        preflight_add_once(subnets, sw_json_str(item, "subnetId", ""));
    }
    return json_array_size(groups) > 0;
}

/* The ports of the tasks that a target group sends to; false when they are not known. */
static bool ports_of(const struct preflight *preflight, const char *group_arn, struct way *way)
{
    const json_t *mapping = preflight_balanced_mapping(preflight, group_arn);
    if (!mapping) {
        return false;
    }
    int64_t port = preflight_host_port_of(preflight, mapping);
    if (strcmp(preflight->mode, "awsvpc") == 0) {
        port = sw_json_int(mapping, "containerPort", 0);
    }
    way->low = port > 0 ? port : DYNAMIC_LOW;
    way->high = port > 0 ? port : DYNAMIC_HIGH;
    return true;
}

static void judge_groups(struct preflight *preflight, struct way *way)
{
    const json_t *all = preflight_fact(preflight, FACT_GROUPS);
    const json_t *target_groups = preflight_fact(preflight, FACT_TARGET_GROUPS);
    size_t index = 0;
    const json_t *group = NULL;
    if (!all) {
        return;
    }
    json_array_foreach(target_groups, index, group)
    {
        if (ports_of(preflight, sw_json_str(group, "TargetGroupArn", ""), way)) {
            judge_way(preflight, all, way);
        }
    }
}

void preflight_security_groups(struct preflight *preflight)
{
    if (json_array_size(sw_json_array(preflight->service, "loadBalancers")) == 0) {
        preflight_idle(preflight);
        return;
    }
    const json_t *balancers = preflight_fact(preflight, FACT_BALANCERS);
    json_auto_t *from = json_array();
    json_auto_t *to = json_array();
    json_auto_t *from_subnets = json_array();
    json_auto_t *to_subnets = json_array();
    json_auto_t *sources = json_array();
    json_auto_t *targets = json_array();
    if (json_array_size(balancers) == 0) {
        return;
    }
    if (!balancer_side(balancers, from, from_subnets)) {
        preflight_find(preflight, SW_CHECK_SKIP,
                       "not checked: a load balancer without security groups keeps its clients' "
                       "addresses, which are not known here");
        return;
    }
    if (!task_side(preflight, to, to_subnets)) {
        return;
    }
    const json_t *subnets = preflight_fact(preflight, FACT_SUBNETS);
    add_cidrs(sources, subnets, from_subnets);
    add_cidrs(targets, subnets, to_subnets);
    struct way way = { .from = from, .to = to, .sources = sources, .targets = targets };
    judge_groups(preflight, &way);
}

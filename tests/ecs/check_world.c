#include "check_world.h"

#define GROUP                                                                                    \
    "<DescribeTargetGroupsResponse><DescribeTargetGroupsResult><TargetGroups><member>"           \
    "<TargetGroupArn>arn:tg</TargetGroupArn><TargetGroupName>web</TargetGroupName>"              \
    "<Protocol>HTTP</Protocol><VpcId>vpc-1</VpcId><TargetType>instance</TargetType>"             \
    "<HealthCheckPath>/healthz</HealthCheckPath><HealthCheckPort>traffic-port</HealthCheckPort>" \
    "<HealthCheckIntervalSeconds>30</HealthCheckIntervalSeconds>"                                \
    "<HealthCheckTimeoutSeconds>5</HealthCheckTimeoutSeconds>"                                   \
    "<UnhealthyThresholdCount>2</UnhealthyThresholdCount>"                                       \
    "<LoadBalancerArns><member>arn:lb</member></LoadBalancerArns></member></TargetGroups>"       \
    "</DescribeTargetGroupsResult></DescribeTargetGroupsResponse>"
#define TRUST                                                                                    \
    "%7B%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22sts%3AAssumeRole" \
    "%22%2C%22Principal%22%3A%7B%22Service%22%3A%5B%22ecs-tasks.amazonaws.com%22%5D%7D%7D%5D%7D"

static const struct check_answer usual[] = {
    { "DescribeClusters", "{'clusters':[{'clusterName':'prod','status':'ACTIVE'}]}", 0 },
    { "DescribeTaskDefinition", "{'taskDefinition':{'requiresAttributes':[]}}", 0 },
    { "DescribeTargetGroups", GROUP, 0 },
    { "DescribeTargetGroupAttributes",
      "<R><DescribeTargetGroupAttributesResult><Attributes></Attributes>"
      "</DescribeTargetGroupAttributesResult></R>",
      0 },
    { "DescribeTargetHealth",
      "<R><DescribeTargetHealthResult><TargetHealthDescriptions></TargetHealthDescriptions>"
      "</DescribeTargetHealthResult></R>",
      0 },
    { "DescribeLoadBalancers",
      "<R><DescribeLoadBalancersResult><LoadBalancers><member><LoadBalancerArn>arn:lb"
      "</LoadBalancerArn><LoadBalancerName>web</LoadBalancerName><SecurityGroups><member>sg-lb"
      "</member></SecurityGroups><AvailabilityZones><member><ZoneName>us-east-1a</ZoneName>"
      "<SubnetId>subnet-1</SubnetId></member></AvailabilityZones></member></LoadBalancers>"
      "</DescribeLoadBalancersResult></R>",
      0 },
    { "DescribeInstances",
      "<R><reservationSet><item><instancesSet><item><instanceId>i-0</instanceId><vpcId>vpc-1"
      "</vpcId><subnetId>subnet-1</subnetId><instanceType>t3.small</instanceType><groupSet><item>"
      "<groupId>sg-i</groupId></item></groupSet></item></instancesSet></item></reservationSet></R>",
      0 },
    { "DescribeSecurityGroups",
      "<R><securityGroupInfo><item><groupId>sg-i</groupId><ipPermissions><item><ipProtocol>tcp"
      "</ipProtocol><fromPort>32768</fromPort><toPort>65535</toPort><groups><item><groupId>sg-lb"
      "</groupId></item></groups></item><item><ipProtocol>tcp</ipProtocol><fromPort>80</fromPort>"
      "<toPort>80</toPort><groups><item><groupId>sg-lb</groupId></item></groups></item>"
      "</ipPermissions></item><item><groupId>sg-lb</groupId><ipPermissionsEgress><item><ipProtocol>"
      "-1</ipProtocol><ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges></item>"
      "</ipPermissionsEgress></item></securityGroupInfo></R>",
      0 },
    { "DescribeSubnets",
      "<R><subnetSet><item><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId><availabilityZone>"
      "us-east-1a</availabilityZone><cidrBlock>10.0.0.0/24</cidrBlock><availableIpAddressCount>250"
      "</availableIpAddressCount></item></subnetSet></R>",
      0 },
    { "GetRole",
      "<R><GetRoleResult><Role><Arn>arn</Arn><AssumeRolePolicyDocument>" TRUST
      "</AssumeRolePolicyDocument></Role></GetRoleResult></R>",
      0 },
    { "SimulatePrincipalPolicy",
      "<R><SimulatePrincipalPolicyResult><EvaluationResults></EvaluationResults>"
      "</SimulatePrincipalPolicyResult></R>",
      0 },
    { "GetCallerIdentity",
      "<R><GetCallerIdentityResult><Arn>arn:aws:sts::123456789012:assumed-role/ci/x</Arn>"
      "</GetCallerIdentityResult></R>",
      0 },
    { "DescribeScalableTargets", "{'ScalableTargets':[]}", 0 },
    { "DescribeLogGroups", "{'logGroups':[]}", 0 },
    { "DescribeParameters", "{'Parameters':[]}", 0 },
    { "DescribeSecret", "{}", 0 },
    { "registry",
      "{'schemaVersion':2,'mediaType':'application/vnd.oci.image.index.v1+json','manifests':[{"
      "'mediaType':'application/vnd.oci.image.manifest.v1+json','size':1,'digest':'sha256:"
      "0000000000000000000000000000000000000000000000000000000000000000','platform':{'os':'linux',"
      "'architecture':'amd64'}}]}",
      0 },
};

#define INSTANCES_PAGE 100

/* A page of ARNs, and the instances of such a page. */
static const char *list_instances(struct check_world *world, const char *body)
{
    struct sw_buf text;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    bool second = strstr(body, "nextToken") != NULL;
    unsigned from = second ? INSTANCES_PAGE : 0;
    unsigned to = second || world->instances < INSTANCES_PAGE ? world->instances : INSTANCES_PAGE;
    sw_buf_add_cstr(&text, "{'containerInstanceArns':[");
    for (unsigned i = from; i < to; i++) {
        sw_buf_addf(&text, "%s'arn:ci/%u'", i > from ? "," : "", i);
    }
    sw_buf_addf(&text, "]%s}", to < world->instances ? ",'nextToken':'more'" : "");
    const char *kept = ecs_world_text(&world->w, text.ptr);
    sw_buf_release(&text);
    return kept;
}

static const char *describe_instances(struct check_world *world, const char *body)
{
    struct sw_buf text;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_buf_add_cstr(&text, "{'containerInstances':[");
    bool first = true;
    for (const char *at = strstr(body, "arn:ci/"); at; at = strstr(at + 1, "arn:ci/")) {
        sw_buf_addf(&text,
                    "%s{'ec2InstanceId':'i-%.*s','status':'ACTIVE','agentConnected':true,"
                    "'registeredResources':[{'name':'MEMORY','integerValue':1939},{'name':'CPU',"
                    "'integerValue':2048},{'name':'PORTS','stringSetValue':['22','51678']}],"
                    "'remainingResources':[{'name':'MEMORY','integerValue':1000},{'name':'CPU',"
                    "'integerValue':1024},{'name':'PORTS','stringSetValue':['22','51678','80']}],"
                    "'attributes':[{'name':'ecs.availability-zone','value':'us-east-1a'},{'name':"
                    "'ecs.cpu-architecture','value':'x86_64'},{'name':'ecs.os-type','value':'linux'"
                    "},{'name':'com.amazonaws.ecs.capability.logging-driver.awslogs'},{'name':"
                    "'ecs.capability.secrets.ssm.environment-variables'},{'name':"
                    "'ecs.capability.secrets.asm.environment-variables'}]}",
                    first ? "" : ",", (int)strspn(at + 7, "0123456789"), at + 7);
        first = false;
    }
    sw_buf_add_cstr(&text, "]}");
    const char *kept = ecs_world_text(&world->w, text.ptr);
    sw_buf_release(&text);
    return kept;
}

/* The action that a request is about, the caller's. */
static char *action_of(const struct fake_http_request *request)
{
    const char *target = fake_http_request_header(request, "X-Amz-Target");
    const char *dot = target ? strrchr(target, '.') : NULL;
    if (dot) {
        return sw_xstrdup(dot + 1);
    }
    struct sw_str body = sw_buf_str(&request->body);
    if (sw_str_starts(body, "Action=")) {
        struct sw_str rest = sw_str_from(body, strlen("Action="));
        struct sw_str action = sw_str_cut(&rest, '&');
        return sw_xstrndup(action.ptr, action.len);
    }
    return sw_xstrdup("registry");
}

static const struct check_answer *find(const struct check_answer *answers, size_t count,
                                       const char *action)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(answers[i].action, action) == 0) {
            return &answers[i];
        }
    }
    return NULL;
}

static void answer(void *ctx, const struct fake_http_request *request,
                   struct fake_http_answer *reply)
{
    struct check_world *world = ctx;
    char *action SW_CLEANUP(sw_free_str) = action_of(request);
    const struct check_answer *found = find(world->answers, world->count, action);
    sw_strs_add(&world->calls, sw_str(action));
    found = found ? found : find(usual, SW_COUNT(usual), action);
    if (world->all_denied || (found && !found->reply)) {
        reply->status = sw_str_is(sw_str(action), "registry") ? 403 : 400;
        reply->body = fake_http_request_header(request, "X-Amz-Target")
                          ? "{\"__type\":\"AccessDeniedException\",\"message\":\"no\"}"
                          : "<R><Error><Code>AccessDenied</Code><Message>no</Message></Error></R>";
    } else if (found) {
        reply->status = found->status ? found->status : 200;
        reply->body = ecs_world_text(&world->w, found->reply);
    } else if (request->body.len == 0) {
        reply->status = 400;
    } else if (strcmp(action, "ListContainerInstances") == 0) {
        reply->body = list_instances(world, request->body.ptr);
    } else if (strcmp(action, "DescribeContainerInstances") == 0) {
        reply->body = describe_instances(world, request->body.ptr);
    } else {
        reply->status = 400;
        reply->body = "{\"__type\":\"NobodyAnswers\"}";
    }
}

void check_world_init(struct check_world *world, const struct check_answer *answers, size_t count)
{
    *world = (struct check_world){ .answers = answers, .count = count, .instances = 1 };
    ecs_world_init(&world->w);
    world->w.fake.handler = answer;
    world->w.fake.handler_ctx = world;
}

void check_world_run(struct check_world *world, const char *service, const char *definition)
{
    struct sw_err err = SW_ERR_INIT;
    json_auto_t *of_service = test_json(service ? service : CHECK_SERVICE("1", "100", "200"));
    json_auto_t *of_tasks = test_json(definition ? definition : CHECK_DEFINITION("0", ""));
    const struct sw_check_options options = {
        .cluster = "prod", .service = of_service, .definition = of_tasks, .label = "web:1"
    };
    sw_check_report_release(&world->report);
    assert_ok(sw_check_run(world->w.aws, &options, &world->report, &err));
}

const struct sw_check_finding *check_world_found(const struct check_world *world, const char *check)
{
    const struct sw_check_finding *worst = NULL;
    for (size_t i = 0; i < world->report.count; i++) {
        const struct sw_check_finding *found = &world->report.items[i];
        if (strcmp(found->check, check) == 0 && (!worst || found->level > worst->level)) {
            worst = found;
        }
    }
    if (!worst) {
        fail_msg("there is no check \"%s\"", check);
        abort();
    }
    return worst;
}

size_t check_world_calls(const struct check_world *world, const char *action)
{
    size_t count = 0;
    for (size_t i = 0; i < world->calls.count; i++) {
        count += strcmp(world->calls.items[i], action) == 0 ? 1 : 0;
    }
    return count;
}

void check_world_done(struct check_world *world)
{
    sw_check_report_release(&world->report);
    sw_strs_release(&world->calls);
    ecs_world_done(&world->w);
}

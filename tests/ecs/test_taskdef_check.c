/* The rules of ECS about task definitions: each broken once, and none by what ECS takes. */

#include "ecs_test.h"

#include <slipway/taskdef.h>

/* The problems, one a line. */
static char *problems_of(const char *json)
{
    json_auto_t *definition = test_json(json);
    struct sw_strs problems = { .items = NULL };
    struct sw_buf out;
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    sw_taskdef_check(definition, &problems);
    for (size_t i = 0; i < problems.count; i++) {
        sw_buf_addf(&out, "%s%s", i ? "\n" : "", problems.items[i]);
    }
    sw_strs_release(&problems);
    return sw_buf_take(&out);
}

#define TASK(members, container) \
    "{'family':'f'" members ",'containerDefinitions':[{'name':'web','image':'w:1'" container "}]}"
#define EC2(container) TASK("", ",'memory':64" container)
#define FARGATE_SIZE(cpu, memory)                                                    \
    TASK(",'requiresCompatibilities':['FARGATE'],'networkMode':'awsvpc','cpu':'" cpu \
         "','memory':'" memory "'",                                                  \
         "")
#define FARGATE(container)                                                                     \
    TASK(",'requiresCompatibilities':['FARGATE'],'networkMode':'awsvpc','cpu':'256','memory':" \
         "'512'",                                                                              \
         container)

static void test_taskdef_check__each_rule_is_told_with_its_object(void **state)
{
    static const struct {
        const char *json, *problems;
    } cases[] = {
        { EC2(""), "" },
        { FARGATE(""), "" },
        { "{'family':'a b','containerDefinitions':[]}",
          "family \"a b\" is no name: letters, digits, '-' and '_', 255 at most\n"
          "there is no container" },
        { "{'family':'f','memory':'512','containerDefinitions':[{'name':'a.b','image':'x'}]}",
          "container \"a.b\" has no valid name: letters, digits, '-' and '_', 255 at most" },
        { "{'family':'f','memory':'512','containerDefinitions':[{'name':'a','image':'x'},"
          "{'name':'a','image':'x'}]}",
          "container \"a\" is there twice" },
        { EC2(",'essential':false"), "no container is essential; at least one must be" },
        { "{'family':'f','containerDefinitions':[{'name':'a','memory':4}]}",
          "container \"a\" has no image; --image sets it" },
        { TASK("", ""), "container \"web\" has neither memory nor memoryReservation, and the task "
                        "has no memory; --container-memory sets it" },
        { TASK(",'memory':'1 GB'", ""), "" },
        { TASK(",'cpu':'.25 vCPU','memory':'1GB'", ""), "" },
        { TASK(",'cpu':'abc'", ",'memory':4"),
          "cpu \"abc\" is no size; ECS takes CPU units such as 256, or vCPU such as .25 vCPU; --cpu "
          "sets it" },
        { TASK(",'memory':'12x'", ""),
          "memory \"12x\" is no size; ECS takes MiB such as 512, or GB such as 0.5 GB; --memory sets "
          "it" },
        { TASK(",'cpu':'. vCPU','memory':'1.2.3 GB'", ""),
          "cpu \". vCPU\" is no size; ECS takes CPU units such as 256, or vCPU such as .25 vCPU; "
          "--cpu sets it\n"
          "memory \"1.2.3 GB\" is no size; ECS takes MiB such as 512, or GB such as 0.5 GB; "
          "--memory sets it" },
        { FARGATE_SIZE("-256", "512"),
          "cpu \"-256\" is no size; ECS takes CPU units such as 256, or vCPU such as .25 vCPU; "
          "--cpu sets it" },
        { TASK("", ",'memoryReservation':64"), "" },
        { EC2(",'memoryReservation':65"),
          "container \"web\" reserves memory 65, which is more than its limit 64" },
        { TASK(",'memory':'0.5 GB'", ",'memory':513"),
          "container \"web\" has memory 513, which is more than the task's 512" },
        /* Variables. */
        { EC2(",'environment':[{'name':'A','value':''},{'name':'A','value':'s3cret'},{'name':'B'},"
              "{'value':'s3cret'}]"),
          "container \"web\": environment variable \"B\" has no \"value\"\n"
          "container \"web\": environment variable 4 has no name\n"
          "container \"web\": environment variable \"A\" is there twice" },
        { TASK(",'executionRoleArn':'arn:r'",
               ",'memory':4,'environment':[{'name':'A','value':''}],'secrets':[{'name':'A',"
               "'valueFrom':'arn:s'},{'name':'B','valueFrom':'p'}]"),
          "container \"web\": \"A\" is an environment variable and a secret; --remove-env or "
          "--remove-secret takes one away" },
        { EC2(",'secrets':[{'name':'A','valueFrom':'p'}]"),
          "container \"web\" has secrets, which needs an execution role; --execution-role sets it" },
        { EC2(",'environmentFiles':[{'value':'arn:aws:s3:::b/x.txt','type':'s3'}]"),
          "container \"web\": environment file \"arn:aws:s3:::b/x.txt\" does not end in .env" },
        /* Ports. */
        { TASK(",'networkMode':'host'",
               ",'memory':4,'portMappings':[{'containerPort':80,'hostPort':8080},"
               "{'containerPort':81,'hostPort':81},{'containerPort':82,'hostPort':0},"
               "{'containerPort':83}]"),
          "container \"web\": with network mode host the host port of 80 cannot be 8080; leave it "
          "out" },
        { EC2(",'portMappings':[{'containerPort':80,'hostPort':8080}]"), "" },
        /* What is named must be there. */
        { EC2(",'mountPoints':[{'sourceVolume':'v','containerPath':'/x'}]"),
          "container \"web\" mounts volume \"v\", which is not defined; --volume defines it" },
        { TASK(",'volumes':[{'name':'v'},{'name':'v'}]", ",'memory':4"),
          "volume \"v\" is there twice" },
        { EC2(",'dependsOn':[{'containerName':'x','condition':'START'}],'volumesFrom':"
              "[{'sourceContainer':'y'}],'links':['z:alias']"),
          "container \"web\": \"links\" names container \"z\", which is not there\n"
          "container \"web\": \"dependsOn\" names container \"x\", which is not there\n"
          "container \"web\": \"volumesFrom\" names container \"y\", which is not there" },
        { EC2(",'dependsOn':[{'containerName':'web','condition':'START'}]"),
          "container \"web\" depends on itself" },
        { "{'family':'f','memory':'512','containerDefinitions':[{'name':'a','image':'x',"
          "'dependsOn':[{'containerName':'b','condition':'HEALTHY'}]},{'name':'b','image':'x'}]}",
          "container \"a\" waits for container \"b\" to be healthy, which has no health check; "
          "--health-check sets it" },
        /* Health checks and logs. */
        { EC2(",'healthCheck':{'command':['curl','x'],'interval':1,'timeout':200,'retries':0,"
              "'startPeriod':301}"),
          "container \"web\": the command of the health check begins with CMD, CMD-SHELL or NONE, "
          "not with \"curl\"\n"
          "container \"web\": \"interval\" of the health check is 1; ECS takes 5 to 300\n"
          "container \"web\": \"timeout\" of the health check is 200; ECS takes 2 to 120\n"
          "container \"web\": \"retries\" of the health check is 0; ECS takes 1 to 10\n"
          "container \"web\": \"startPeriod\" of the health check is 301; ECS takes 0 to 300" },
        { EC2(",'healthCheck':{'retries':3}"),
          "container \"web\": the command of the health check begins with CMD, CMD-SHELL or NONE, "
          "not with \"\"" },
        { EC2(",'healthCheck':{'command':['CMD','']}"), "" },
        { EC2(",'logConfiguration':{'options':{'a':'b'}}"),
          "container \"web\" has log options but no log driver; --log-driver sets it" },
        /* Fargate. */
        { TASK(",'requiresCompatibilities':['EC2','FARGATE']", ",'memory':4"),
          "Fargate needs cpu and memory of the task; --cpu and --memory set them\n"
          "Fargate needs network mode awsvpc, not \"bridge\"; --network-mode sets it" },
        { FARGATE(",'privileged':true,'logConfiguration':{'logDriver':'syslog'}"),
          "container \"web\": log driver \"syslog\" is not offered on Fargate; awslogs, splunk and "
          "awsfirelens are\n"
          "container \"web\" is privileged, which Fargate does not offer" },
        { FARGATE(",'logConfiguration':{'logDriver':'awslogs'}"),
          "container \"web\" logs to CloudWatch on Fargate, which needs an execution role; "
          "--execution-role sets it" },
        { "{'family':'f','requiresCompatibilities':['FARGATE'],'networkMode':'awsvpc','cpu':'256',"
          "'memory':'512','containerDefinitions':[{'name':'web','image':"
          "'123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1'}]}",
          "container \"web\" has an image in ECR, which needs an execution role; --execution-role "
          "sets it" },
        { TASK(",'requiresCompatibilities':['FARGATE'],'networkMode':'awsvpc','cpu':'256','memory':"
               "'512','volumes':[{'name':'a','host':{'sourcePath':'/x'}},{'name':'b',"
               "'dockerVolumeConfiguration':{}},{'name':'c','host':{}}]",
               ""),
          "volume \"a\" is a path of the host, which Fargate has not\n"
          "volume \"b\" is a docker volume, which Fargate has not" },
        { FARGATE_SIZE(".25 vCPU", "2GB"), "" },
        { FARGATE_SIZE("256", "1536"), "Fargate does not offer memory 1536 with cpu 256; it offers "
                                       "512 to 2048 in steps of 512, without 1536" },
        { FARGATE_SIZE("256", "4096"), "Fargate does not offer memory 4096 with cpu 256; it offers "
                                       "512 to 2048 in steps of 512, without 1536" },
        { FARGATE_SIZE("512", "512"), "Fargate does not offer memory 512 with cpu 512; it offers "
                                      "1024 to 4096 in steps of 1024" },
        { FARGATE_SIZE("4 vCPU", "30 GB"), "" },
        { FARGATE_SIZE("8192", "18432"), "Fargate does not offer memory 18432 with cpu 8192; it "
                                         "offers 16384 to 61440 in steps of 4096" },
        { FARGATE_SIZE("16384", "122880"), "" },
        { FARGATE_SIZE("300", "512"), "Fargate does not offer cpu 300; it offers 256, 512, 1024, "
                                      "2048, 4096, 8192 and 16384" },
        /* Larger ones may be offered tomorrow. */
        { FARGATE_SIZE("32768", "131072"), "" },
        /* Limits. */
        { TASK(",'ephemeralStorage':{'sizeInGiB':20}", ",'memory':4"),
          "ephemeral storage of 20 GiB; ECS takes 21 to 200" },
        { TASK(",'tags':[{'key':'a','value':''},{'key':'a','value':''},{'key':'','value':'x'}]",
               ",'memory':4"),
          "tag \"\" has a key of 0 bytes; ECS takes 1 to 128\ntag \"a\" is there twice" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case %s\n", cases[i].json);
        SW_CLEANUP(sw_free_str) char *problems = problems_of(cases[i].json);
        assert_string_equal(problems, cases[i].problems);
    }
}

static void test_taskdef_check__sizes_and_counts_have_limits(void **state)
{
    struct sw_buf text;
    char value[1001];

    (void)state;
    memset(value, 'x', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_buf_add_cstr(&text, "{'family':'f','memory':'512','containerDefinitions':[{'name':'web',"
                           "'image':'w:1','environment':[{'name':'V','value':''}");
    for (size_t i = 0; i < 64; i++) {
        sw_buf_addf(&text, ",{'name':'V%zu','value':'%s'}", i, value);
    }
    sw_buf_add_cstr(&text, "]}]}");
    SW_CLEANUP(sw_free_str) char *large = problems_of(text.ptr);
    assert_string_equal(large, "the definition has 65777 bytes; ECS takes 65536; the largest part "
                               "is \"environment\" of container \"web\" with 65679");
    sw_buf_clear(&text);
    sw_buf_add_cstr(&text, "{'family':'f','memory':'512','containerDefinitions':[{'name':'c',"
                           "'image':'w:1'}");
    for (size_t i = 0; i < 10; i++) {
        sw_buf_addf(&text, ",{'name':'c%zu','image':'w:1'}", i);
    }
    sw_buf_add_cstr(&text, "]}");
    SW_CLEANUP(sw_free_str) char *many = problems_of(text.ptr);
    assert_string_equal(many, "there are 11 containers; ECS takes 10");
    sw_buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taskdef_check__each_rule_is_told_with_its_object),
        cmocka_unit_test(test_taskdef_check__sizes_and_counts_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "ecs_test.h"
#include "temp_dir.h"

#include <slipway/fs.h>
#include <slipway/taskdef.h>

/* Reads `text` as the file `name` in a folder of its own; *ret_json is the caller's. */
static enum sw_status read_file(struct test_env *world, const char *name, const char *text,
                                bool expand, char **ret_json, struct sw_err *err)
{
    char *dir = temp_dir_new();
    char *path = sw_fs_join(dir, name);
    struct sw_taskdef taskdef = { .definition = NULL };
    assert_int_equal(sw_fs_append(path, sw_str(text), 0600, err), SW_OK);
    enum sw_status status = sw_taskdef_read(&world->env, path, expand, &taskdef, err);
    *ret_json = status == SW_OK ? test_json_text(taskdef.definition) : NULL;
    sw_taskdef_release(&taskdef);
    /* Messages are compared without the folder. */
    struct sw_buf *said = &world->said;
    size_t len = strlen(dir) + 1;
    for (char *at = strstr(err->msg, dir); at; at = strstr(err->msg, dir)) {
        memmove(at, at + len, strlen(at + len) + 1);
    }
    for (char *at = strstr(said->ptr, dir); at; at = strstr(said->ptr, dir)) {
        memmove(at, at + len, strlen(at + len) + 1);
    }
    free(path);
    temp_dir_free(dir);
    return status;
}

#define HEAD       "family: f\ncontainerDefinitions:\n- name: a\n"
#define JSON(rest) "{'family':'f','containerDefinitions':[{'name':'a'" rest "}]}"

static void test_taskdef_file__yaml_scalars_are_texts_where_the_api_wants_texts(void **state)
{
    static const struct {
        const char *yaml, *json;
    } cases[] = {
        { HEAD
          "  environment:\n"
          "  - {name: A, value: 010}\n  - {name: yes, value: yes}\n  - {name: C, value: 1.10}\n"
          "  - {name: D, value: 0x1F}\n  - {name: E, value: 12:30}\n"
          "  - {name: F, value: ''}\n  - {name: G, value: 'null'}\n  - name: H\n    value: |\n"
          "      two\n      lines\n",
          JSON(",'environment':[{'name':'A','value':'010'},{'name':'yes','value':'yes'},"
               "{'name':'C','value':'1.10'},{'name':'D','value':'0x1F'},"
               "{'name':'E','value':'12:30'},{'name':'F','value':''},"
               "{'name':'G','value':'null'},{'name':'H','value':'two\\nlines\\n'}]") },
        { HEAD "  dockerLabels: {on: off, n: 007}\n  logConfiguration:\n    logDriver: awslogs\n"
               "    options: {awslogs-create-group: true, max-buffer-size: 25m}\n"
               "  command: [sleep, 010, true]\n  user: 1000\ncpu: 0256\nmemory: 1 GB\n"
               "tags: [{key: 1, value: no}]\n",
          "{'family':'f','containerDefinitions':[{'name':'a','dockerLabels':{'on':'off','n':'007'},"
          "'logConfiguration':{'logDriver':'awslogs','options':{'awslogs-create-group':'true',"
          "'max-buffer-size':'25m'}},'command':['sleep','010','true'],'user':'1000'}],"
          "'cpu':'0256','memory':'1 GB','tags':[{'key':'1','value':'no'}]}" },
        /* Numbers and booleans where the API wants those, written bare or in quotes. */
        { HEAD "  cpu: 0\n  memory: '128'\n  essential: yes\n  privileged: 'false'\n"
               "  ulimits: [{name: nofile, softLimit: 9223372036854775807, hardLimit: -1}]\n",
          JSON(",'cpu':0,'memory':128,'essential':true,'privileged':false,"
               "'ulimits':[{'name':'nofile','softLimit':9223372036854775807,'hardLimit':-1}]") },
        /* The describe shape, an alias, null members, and what ECS will know tomorrow. */
        { "taskDefinition:\n  family: f\n  revision: 3\n  registeredAt: 2026-07-01T12:00:00+00:00\n"
          "  containerDefinitions:\n  - &a\n    name: a\n    image:\n  - <<: *a\n    name: b\n"
          "tags:\n- {key: k, value: 1}\n",
          "{'family':'f','containerDefinitions':[{'name':'a'},{'name':'b'}],"
          "'tags':[{'key':'k','value':'1'}]}" },
        { HEAD "  futureField: {depth: 010}\n", JSON(",'futureField':{'depth':8}") },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case %s\n", cases[i].yaml);
        struct test_env world;
        struct sw_err err = SW_ERR_INIT;
        SW_CLEANUP(sw_free_str) char *json = NULL;
        test_env_init(&world);
        assert_ok(read_file(&world, "td.yaml", cases[i].yaml, false, &json, &err));
        assert_string_equal(json, cases[i].json);
        test_env_release(&world);
    }
}

static void test_taskdef_file__json_or_yaml_is_told_by_name_and_beginning(void **state)
{
    static const struct {
        const char *name, *text;
    } cases[] = {
        { "td.yaml", "{family: f, containerDefinitions: [{name: a}]}" },
        { "td.YML", HEAD },
        { "td", HEAD },
        { "td", " \n{\"family\":\"f\",\"containerDefinitions\":[{\"name\":\"a\"}]}" },
        { "td.json", "{\"family\":\"f\",\"containerDefinitions\":[{\"name\":\"a\"}]}" },
        { "td.yaml", "{\"family\":\"f\",\"containerDefinitions\":[{\"name\":\"a\"}]}" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        struct test_env world;
        struct sw_err err = SW_ERR_INIT;
        SW_CLEANUP(sw_free_str) char *json = NULL;
        test_env_init(&world);
        assert_ok(read_file(&world, cases[i].name, cases[i].text, false, &json, &err));
        assert_string_equal(json, JSON(""));
        assert_string_equal(world.said.ptr, "");
        test_env_release(&world);
    }
}

static void test_taskdef_file__what_cannot_be_read_whole_is_refused(void **state)
{
    static const struct {
        const char *name, *text, *message;
    } cases[] = {
        { "td.json", HEAD, "td.json:1:6: invalid token" },
        { "td.yaml", "family: f\nfamily: g\n",
          "td.yaml:2:1: mapping key \"family\" already defined at line 1" },
        { "td.yaml", "", "td.yaml: the document is null; expected a task definition object" },
        { "td.yaml", HEAD "  cpu: 0x10\n",
          "td.yaml: containerDefinitions[0].cpu is string; expected a whole number" },
        { "td.yaml", HEAD "  portMappings:\n  - containerPort: 0080\n",
          "td.yaml: containerDefinitions[0].portMappings[0].containerPort is string; expected a "
          "whole number" },
        { "td.yaml", HEAD "  portMappings:\n  - hostPort: 22:22\n",
          "td.yaml: containerDefinitions[0].portMappings[0].hostPort is string; expected a whole "
          "number" },
        { "td.yaml", HEAD "  essential: perhaps\n",
          "td.yaml: containerDefinitions[0].essential is string; expected true or false" },
        { "td.yaml", HEAD "  command: echo hello\n",
          "td.yaml: containerDefinitions[0].command is string; expected a list of texts" },
        { "td.yaml", HEAD "  environment: {A: b}\n",
          "td.yaml: containerDefinitions[0].environment is object; expected a list" },
        { "td.yaml", HEAD "  environment: [A]\n",
          "td.yaml: containerDefinitions[0].environment[0] is string; expected an object" },
        { "td.yaml", HEAD "  image: [a]\n",
          "td.yaml: containerDefinitions[0].image is array; expected a text" },
        { "td.yaml", HEAD "  command: [a, ~]\n",
          "td.yaml: containerDefinitions[0].command[1] is null; remove it or give it a value" },
        { "td.yaml", HEAD "  portMappings:\n  - ContainerPort: 80\n",
          "td.yaml: containerDefinitions[0].portMappings[0].ContainerPort: the field is spelled "
          "\"containerPort\"" },
        { "td.json",
          "{\"family\":\"f\",\"containerDefinitions\":[{\"name\":\"a\",\"dockerLabels\":"
          "{\"v\":1.10}}]}",
          "td.json: containerDefinitions[0].dockerLabels.v is real; expected a text: put it in "
          "quotes" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case %s\n", cases[i].text);
        struct test_env world;
        struct sw_err err = SW_ERR_INIT;
        SW_CLEANUP(sw_free_str) char *json = NULL;
        test_env_init(&world);
        assert_fails(read_file(&world, cases[i].name, cases[i].text, false, &json, &err),
                     SW_E_INPUT, cases[i].message);
        test_env_release(&world);
    }
}

static void test_taskdef_file__unknown_fields_travel_and_are_named(void **state)
{
    struct test_env world;
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_free_str) char *json = NULL;

    (void)state;
    test_env_init(&world);
    assert_ok(read_file(&world, "td.yaml", HEAD "  memoryReservaton: 5\nmonitoring: {on: true}\n",
                        false, &json, &err));
    assert_string_equal(json, "{'family':'f','containerDefinitions':[{'name':'a',"
                              "'memoryReservaton':5}],'monitoring':{'on':true}}");
    assert_string_equal(
        world.said.ptr,
        "warning: td.yaml: containerDefinitions[0].memoryReservaton is not a field that ECS "
        "documents (\"memoryReservation\" is); it is sent as it is\n"
        "warning: td.yaml: monitoring is not a field that ECS documents; it is sent as it is\n");
    test_env_release(&world);
}

static void test_taskdef_file__variables_are_expanded_after_parsing(void **state)
{
    static const struct {
        const char *text, *json, *message;
    } cases[] = {
        { HEAD "  image: ${REPO}:${TAG:-latest}\n  cpu: ${CPU}\n  environment:\n"
               "  - {name: A, value: \"${EVIL}\"}\n  - {name: B, value: '\\${TAG}'}\n",
          JSON(",'image':'r/x:latest','cpu':64,'environment':[{'name':'A',"
               "'value':'\\', privileged: true\\n- name: z'},{'name':'B','value':'${TAG}'}]"),
          NULL },
        { HEAD "  environment: [{name: A, value: \"${NOPE}\"}]\n", NULL,
          "td.yaml: containerDefinitions[0].environment[0].value: variable \"NOPE\" is not set; "
          "set it (on CircleCI: in the project or in a context), or give a default: ${NOPE:-text}" },
        { HEAD "  image: $(id)\n", NULL,
          "td.yaml: containerDefinitions[0].image: \"$(id)\" is not run: text is never executed, "
          "and only date is answered, as in $(date +%F); run it in an earlier step: echo \"export NAME='$(id)'\" >> \"$BASH_ENV\", and write ${NAME} here (\\$ stands for a plain $)" },
        { HEAD "  cpu: ${REPO}\n", NULL,
          "td.yaml: containerDefinitions[0].cpu is string; expected a whole number" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case %s\n", cases[i].text);
        struct test_env world;
        struct sw_err err = SW_ERR_INIT;
        SW_CLEANUP(sw_free_str) char *json = NULL;
        test_env_init(&world);
        test_env_set(&world, "REPO", "r/x");
        test_env_set(&world, "CPU", "64");
        test_env_set(&world, "EVIL", "\", privileged: true\n- name: z");
        enum sw_status status = read_file(&world, "td.yaml", cases[i].text, true, &json, &err);
        if (cases[i].json) {
            assert_ok(status);
            assert_string_equal(json, cases[i].json);
        } else {
            assert_fails(status, SW_E_INPUT, cases[i].message);
        }
        test_env_release(&world);
    }
}

static void test_taskdef_file__variables_stay_when_expansion_is_not_asked_for(void **state)
{
    struct test_env world;
    struct sw_err err = SW_ERR_INIT;
    SW_CLEANUP(sw_free_str) char *json = NULL;

    (void)state;
    test_env_init(&world);
    assert_ok(read_file(&world, "td.yaml", HEAD "  image: ${REPO}\n", false, &json, &err));
    assert_string_equal(json, JSON(",'image':'${REPO}'"));
    test_env_release(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taskdef_file__yaml_scalars_are_texts_where_the_api_wants_texts),
        cmocka_unit_test(test_taskdef_file__json_or_yaml_is_told_by_name_and_beginning),
        cmocka_unit_test(test_taskdef_file__what_cannot_be_read_whole_is_refused),
        cmocka_unit_test(test_taskdef_file__unknown_fields_travel_and_are_named),
        cmocka_unit_test(test_taskdef_file__variables_are_expanded_after_parsing),
        cmocka_unit_test(test_taskdef_file__variables_stay_when_expansion_is_not_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

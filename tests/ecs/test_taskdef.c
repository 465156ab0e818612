#include "ecs_test.h"
#include "json_file.h"

#include <slipway/taskdef.h>

static const char *const documents[] = { "odd.json", "kim.json", "fargate.json" };

static json_t *load_document(const char *name)
{
    SW_CLEANUP(sw_free_str) char *path = sw_xasprintf("%s/taskdef/%s", TEST_DATA_DIR, name);
    return json_file_read(path);
}

/* The definition of tests/data/taskdef/<name>, as it came from the wire. */
static json_t *load_definition(const char *name)
{
    json_auto_t *document = load_document(name);
    json_t *definition = NULL;
    struct sw_err err = SW_ERR_INIT;
    assert_ok(sw_taskdef_from_document(document, SW_TASKDEF_WIRE, name, &definition, &err));
    return definition;
}

static char *dump(const json_t *value)
{
    struct sw_buf out;
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    sw_json_dump(value, 0, &out);
    return sw_buf_take(&out);
}

/* Applies one option to the definition; the notes are joined by "; ". */
static char *apply_option(json_t *definition, enum sw_change_kind kind, const char *text)
{
    struct sw_changes changes = { .items = NULL };
    struct sw_strs notes = { .items = NULL };
    struct sw_err err = SW_ERR_INIT;
    assert_ok(sw_changes_add_option(&changes, kind, "--o", text, &err));
    assert_ok(sw_taskdef_apply(definition, &changes, "odd:7", &notes, &err));
    struct sw_buf out;
    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i < notes.count; i++) {
        sw_buf_addf(&out, "%s%s", i ? "; " : "", notes.items[i]);
    }
    sw_changes_release(&changes);
    sw_strs_release(&notes);
    return sw_buf_take(&out);
}

static void test_taskdef__only_the_nine_members_and_reserved_tags_go(void **state)
{
    static const char *const gone[] = {
        "taskDefinitionArn",  "revision",        "status",
        "requiresAttributes", "compatibilities", "registeredAt",
        "registeredBy",       "deregisteredAt",  "deleteRequestedAt",
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(documents); i++) {
        print_message("case %s\n", documents[i]);
        json_auto_t *document = load_document(documents[i]);
        json_auto_t *definition = load_definition(documents[i]);
        json_auto_t *expected = json_deep_copy(json_object_get(document, "taskDefinition"));
        for (size_t k = 0; k < SW_COUNT(gone); k++) {
            (void)json_object_del(expected, gone[k]);
            assert_null(json_object_get(definition, gone[k]));
        }
        json_auto_t *tags = json_incref(json_object_get(definition, "tags"));
        (void)json_object_del(definition, "tags");
        /* Byte for byte: order and types of everything else are kept. */
        SW_CLEANUP(sw_free_str) char *want = dump(expected);
        SW_CLEANUP(sw_free_str) char *have = dump(definition);
        assert_string_equal(have, want);
        SW_CLEANUP(sw_free_str) char *tag_text = tags ? test_json_text(tags) : sw_xstrdup("none");
        static const char *const tag_texts[] = { "[{'key':'team','value':''}]", "none",
                                                 "[{'key':'team','value':'shop'}]" };
        assert_string_equal(tag_text, tag_texts[i]);
    }
}

static void test_taskdef__a_register_shaped_definition_is_a_fixed_point(void **state)
{
    (void)state;
    for (size_t i = 0; i < SW_COUNT(documents); i++) {
        json_auto_t *once = load_definition(documents[i]);
        json_t *twice = NULL;
        struct sw_err err = SW_ERR_INIT;
        assert_ok(sw_taskdef_from_document(once, SW_TASKDEF_WIRE, "x", &twice, &err));
        SW_CLEANUP(sw_free_str) char *want = dump(once);
        SW_CLEANUP(sw_free_str) char *have = dump(twice);
        assert_string_equal(have, want);
        assert_true(sw_taskdef_equal(once, twice, false));
        json_decref(twice);
    }
}

static void test_taskdef__files_lose_nulls_and_get_the_apis_types(void **state)
{
    static const struct {
        const char *file, *definition;
    } cases[] = {
        { "{'family':'f','ipcMode':null,'containerDefinitions':[{'name':'a','x':{'y':null}}],"
          "'cpu':256,'memory':512,'placementConstraints':null,'tags':[]}",
          "{'family':'f','containerDefinitions':[{'name':'a','x':{}}],'cpu':'256','memory':'512'}" },
        /* The four places where files have their tags and their wrapper. */
        { "{'taskDefinition':{'family':'f','containerDefinitions':[],'revision':1},"
          "'tags':[{'key':'k','value':'v'}]}",
          "{'family':'f','containerDefinitions':[],'tags':[{'key':'k','value':'v'}]}" },
        { "{'taskDefinition':{'family':'f','containerDefinitions':[],"
          "'tags':[{'key':'k','value':'v'}]},'tags':null}",
          "{'family':'f','containerDefinitions':[],'tags':[{'key':'k','value':'v'}]}" },
        { "{'family':'f','tags':[{'key':'aws:x','value':'v'}],'containerDefinitions':[]}",
          "{'family':'f','containerDefinitions':[]}" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case %s\n", cases[i].file);
        json_auto_t *file = test_json(cases[i].file);
        json_t *definition = NULL;
        struct sw_err err = SW_ERR_INIT;
        assert_ok(sw_taskdef_from_document(file, SW_TASKDEF_FILE, "td.json", &definition, &err));
        SW_CLEANUP(sw_free_str) char *text = test_json_text(definition);
        assert_string_equal(text, cases[i].definition);
        json_decref(definition);
    }
}

static void test_taskdef__files_that_are_none_are_refused_by_name(void **state)
{
    static const struct {
        const char *file, *message;
    } cases[] = {
        { "[]", "td.json: the document is array; expected a task definition object" },
        { "{'taskDefinition':'x'}", "td.json: \"taskDefinition\" is string; expected an object" },
        { "{'Family':'f','ContainerDefinitions':[]}",
          "td.json: \"Family\" is CloudFormation's spelling; a task definition is written as in the "
          "ECS API, e.g. \"containerDefinitions\" (aws ecs describe-task-definition prints that "
          "form)" },
        { "{'family':'f','container_definitions':[]}",
          "td.json: \"container_definitions\" is Terraform's spelling; a task definition is written "
          "as in the ECS API, e.g. \"containerDefinitions\" (aws ecs describe-task-definition "
          "prints that form)" },
        { "{'family':'f','containerDefinitions':[{'name':'a','Image':'x'}]}",
          "td.json: \"Image\" is CloudFormation's spelling; a task definition is written as in the "
          "ECS API, e.g. \"containerDefinitions\" (aws ecs describe-task-definition prints that "
          "form)" },
        { "{'family':'f'}",
          "td.json: \"containerDefinitions\" is missing; expected an array of containers" },
        { "{'family':'f','containerDefinitions':'[]'}",
          "td.json: \"containerDefinitions\" is string; expected an array of containers" },
        { "{'family':'f','containerDefinitions':[{'name':'a'},{}]}",
          "td.json: containerDefinitions[1] has no \"name\"" },
        { "{'family':'f','containerDefinitions':[1]}",
          "td.json: containerDefinitions[0] is no object" },
        { "{'family':'f','containerDefinitions':[{'name':'a','command':['x',null]}]}",
          "td.json: containerDefinitions[0].command[1] is null; remove it or give it a value" },
        { "{'containerDefinitions':[]}", "td.json: \"family\" is missing; expected the family's "
                                         "name" },
        { "{'family':'f','containerDefinitions':[],'tags':{}}",
          "td.json: \"tags\" is object; expected an array" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case %s\n", cases[i].file);
        json_auto_t *file = test_json(cases[i].file);
        json_t *definition = NULL;
        struct sw_err err = SW_ERR_INIT;
        assert_fails(sw_taskdef_from_document(file, SW_TASKDEF_FILE, "td.json", &definition, &err),
                     SW_E_INPUT, cases[i].message);
        assert_null(definition);
    }
}

static void test_taskdef__each_edit_changes_what_it_names(void **state)
{
    static const struct {
        enum sw_change_kind kind;
        const char *option, *diff, *notes;
    } cases[] = {
        { SW_CHANGE_IMAGE, "web=nginx:2",
          "~ containerDefinitions[web].image: "
          "\"localhost:5000/"
          "web:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\" -> "
          "\"nginx:2\"\n",
          "" },
        { SW_CHANGE_IMAGE_TAG, "sidecar=2",
          "~ containerDefinitions[sidecar].image: \"busybox\" -> \"busybox:2\"\n", "" },
        { SW_CHANGE_IMAGE_TAG, "web=2",
          "~ containerDefinitions[web].image: "
          "\"localhost:5000/"
          "web:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\" -> "
          "\"localhost:5000/web:2\"\n",
          "container \"web\": the digest "
          "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef of the present "
          "image is dropped" },
        { SW_CHANGE_ENV, "web:LEVEL=debug",
          "~ containerDefinitions[web].environment[LEVEL].value: \"info\" -> \"debug\"\n", "" },
        { SW_CHANGE_ENV, "web:NEW=",
          "+ containerDefinitions[web].environment[NEW]: {\"name\":\"NEW\",\"value\":\"\"}\n", "" },
        { SW_CHANGE_ENV, "sidecar:A=1",
          "+ containerDefinitions[sidecar].environment[A]: {\"name\":\"A\",\"value\":\"1\"}\n",
          "" },
        { SW_CHANGE_ENV_REMOVE, "web:EMPTY",
          "- containerDefinitions[web].environment[EMPTY]: {\"name\":\"EMPTY\",\"value\":\"\"}\n",
          "" },
        { SW_CHANGE_ENV_REMOVE, "web:NOPE", "",
          "container \"web\" has no environment variable \"NOPE\" to remove" },
        { SW_CHANGE_SECRET, "web:LEVEL=arn:x",
          "- containerDefinitions[web].environment[LEVEL]: "
          "{\"name\":\"LEVEL\",\"value\":\"info\"}\n"
          "+ containerDefinitions[web].secrets[LEVEL]: "
          "{\"name\":\"LEVEL\",\"valueFrom\":\"arn:x\"}\n",
          "container \"web\": \"LEVEL\" was an environment variable and becomes a secret" },
        { SW_CHANGE_ENV, "web:TOKEN=x",
          "+ containerDefinitions[web].environment[TOKEN]: {\"name\":\"TOKEN\",\"value\":\"x\"}\n"
          "- containerDefinitions[web].secrets[TOKEN]: "
          "{\"name\":\"TOKEN\",\"valueFrom\":\"arn:aws:secretsmanager:eu-west-1:123456789012:"
          "secret:x-AbCdEf:key:AWSCURRENT:\"}\n",
          "container \"web\": \"TOKEN\" was a secret and becomes an environment variable" },
        { SW_CHANGE_SECRET_REMOVE, "web:NOPE", "",
          "container \"web\" has no secret \"NOPE\" to remove" },
        { SW_CHANGE_LABEL, "web:x=y=z",
          "~ containerDefinitions[web].dockerLabels.x: \"\" -> \"y=z\"\n", "" },
        { SW_CHANGE_LABEL, "sidecar:a=b", "+ containerDefinitions[sidecar].dockerLabels.a: \"b\"\n",
          "" },
        { SW_CHANGE_TAG, "team=shop", "~ tags[team].value: \"\" -> \"shop\"\n", "" },
        { SW_CHANGE_TAG, "new=1", "+ tags[new]: {\"key\":\"new\",\"value\":\"1\"}\n", "" },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case %s\n", cases[i].option);
        json_auto_t *before = load_definition("odd.json");
        json_auto_t *after = load_definition("odd.json");
        SW_CLEANUP(sw_free_str) char *notes = apply_option(after, cases[i].kind, cases[i].option);
        assert_string_equal(notes, cases[i].notes);
        struct sw_taskdef_diff diff;
        sw_taskdef_diff(before, after, &diff);
        struct sw_buf text;
        sw_buf_init(&text, SW_BUF_TEXT_MAX);
        sw_taskdef_diff_print(&diff, true, false, &text);
        assert_string_equal(text.ptr, cases[i].diff);
        assert_int_equal(sw_taskdef_equal(before, after, false), diff.count == 0);
        sw_buf_release(&text);
        sw_taskdef_diff_release(&diff);

        /* A second time changes nothing more. */
        SW_CLEANUP(sw_free_str) char *once = dump(after);
        SW_UNUSED SW_CLEANUP(sw_free_str) char *again =
            apply_option(after, cases[i].kind, cases[i].option);
        SW_CLEANUP(sw_free_str) char *twice = dump(after);
        assert_string_equal(twice, once);
    }
}

static void test_taskdef__environment_values_are_not_shown_unasked(void **state)
{
    (void)state;
    json_auto_t *before = load_definition("odd.json");
    json_auto_t *after = load_definition("odd.json");
    SW_UNUSED SW_CLEANUP(sw_free_str) char *notes =
        apply_option(after, SW_CHANGE_ENV, "web:LEVEL=debug");
    struct sw_taskdef_diff diff;
    sw_taskdef_diff(before, after, &diff);
    struct sw_buf text;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_taskdef_diff_print(&diff, false, true, &text);
    assert_string_equal(text.ptr, "\033[33m~ containerDefinitions[web].environment[LEVEL].value: "
                                  "(value hidden) -> (value hidden)\033[0m\n");
    sw_buf_release(&text);
    sw_taskdef_diff_release(&diff);
}

/* The differences between two definitions as people see them, without colour. */
static char *shown(const char *from, const char *to, bool show_values)
{
    json_auto_t *before = test_json(from);
    json_auto_t *after = test_json(to);
    struct sw_taskdef_diff diff;
    struct sw_buf text;
    sw_taskdef_diff(before, after, &diff);
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    sw_taskdef_diff_print(&diff, show_values, false, &text);
    sw_taskdef_diff_release(&diff);
    return sw_buf_take(&text);
}

static void test_taskdef__secrets_are_hidden_wherever_they_stand(void **state)
{
    static const char before[] = "{'containerDefinitions':[{'name':'a','logConfiguration':{"
                                 "'logDriver':'splunk','options':{'splunk-url':'u'}}}]}";
    static const char after[] =
        "{'containerDefinitions':[{'name':'a','logConfiguration':{'logDriver':'splunk','options':{"
        "'splunk-url':'v','splunk-token':'s3cret'}},'dockerLabels':{'DB_PASSWORD':'s3cret',"
        "'TOKEN_FILE':'/run/x'}},{'name':'b','image':'registry.example.com/some/repository/name:1','environment':[{'name':'A','value':'s3cret'}],"
        "'logConfiguration':{'options':{'api-key':'s3cret'}},'command':['run']}]}";

    (void)state;
    SW_CLEANUP(sw_free_str) char *hidden = shown(before, after, false);
    assert_string_equal(
        hidden, "~ containerDefinitions[a].logConfiguration.options.splunk-url: \"u\" -> \"v\"\n"
                "+ containerDefinitions[a].logConfiguration.options.splunk-token: (value hidden)\n"
                "+ containerDefinitions[a].dockerLabels.DB_PASSWORD: (value hidden)\n"
                "+ containerDefinitions[a].dockerLabels.TOKEN_FILE: \"/run/x\"\n"
                "+ containerDefinitions[b]:\n"
                "+   {\n"
                "+     \"name\": \"b\",\n"
                "+     \"image\": \"registry.example.com/some/repository/name:1\",\n"
                "+     \"environment\": [\n"
                "+       {\n"
                "+         \"name\": \"A\",\n"
                "+         \"value\": \"(value hidden)\"\n"
                "+       }\n"
                "+     ],\n"
                "+     \"logConfiguration\": {\n"
                "+       \"options\": {\n"
                "+         \"api-key\": \"(value hidden)\"\n"
                "+       }\n"
                "+     },\n"
                "+     \"command\": [\n"
                "+       \"run\"\n"
                "+     ]\n"
                "+   }\n");
    SW_CLEANUP(sw_free_str) char *whole = shown(before, after, true);
    assert_non_null(strstr(whole, "\"api-key\": \"s3cret\""));
    SW_CLEANUP(sw_free_str) char *new_family = shown("{}", after, false);
    assert_null(strstr(new_family, "s3cret"));
}

static void test_taskdef__unknown_containers_name_the_known_ones(void **state)
{
    struct sw_changes changes = { .items = NULL };
    struct sw_strs notes = { .items = NULL };
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    json_auto_t *definition = load_definition("kim.json");
    assert_ok(sw_changes_add_option(&changes, SW_CHANGE_IMAGE, "--image", "web=nginx:1", &err));
    assert_fails(sw_taskdef_apply(definition, &changes, "kim-app-nginx:12", &notes, &err),
                 SW_E_INPUT,
                 "container \"web\" is not in task definition kim-app-nginx:12; it has: nginx, "
                 "log-router");
    json_auto_t *empty = test_json("{'family':'f','containerDefinitions':[]}");
    assert_fails(sw_taskdef_apply(empty, &changes, "f", &notes, &err), SW_E_INPUT,
                 "container \"web\" is not in task definition f; it has no containers");
    sw_changes_release(&changes);
}

static void test_taskdef__a_tag_needs_an_image(void **state)
{
    struct sw_changes changes = { .items = NULL };
    struct sw_strs notes = { .items = NULL };
    struct sw_err err = SW_ERR_INIT;

    (void)state;
    json_auto_t *definition = test_json("{'family':'f','containerDefinitions':[{'name':'web'}]}");
    assert_ok(sw_changes_add_option(&changes, SW_CHANGE_IMAGE_TAG, "--tag", "web=1", &err));
    assert_fails(
        sw_taskdef_apply(definition, &changes, "f:1", &notes, &err), SW_E_INPUT,
        "container \"web\" of task definition f:1 has no image whose tag could be changed; "
        "give the whole image");
    sw_changes_release(&changes);
}

static void test_taskdef__equal_means_the_same_to_ecs(void **state)
{
    static const struct {
        const char *name, *a, *b;
        bool equal;
    } cases[] = {
        { "vCPU", "{'cpu':'0.25 vCPU','memory':'1 GB'}", "{'cpu':'256','memory':'1024'}", true },
        { "vCPU spelling", "{'cpu':'.5 vcpu','memory':'0.5GB'}", "{'cpu':'512','memory':'512'}",
          true },
        { "other size", "{'cpu':'1 vCPU'}", "{'cpu':'256'}", false },
        { "sets",
          "{'requiresCompatibilities':['EC2','FARGATE'],'containerDefinitions':[{'name':'a'},"
          "{'name':'b','environment':[{'name':'X','value':'1'},{'name':'Y','value':'2'}]}]}",
          "{'requiresCompatibilities':['FARGATE','EC2'],'containerDefinitions':[{'name':'b',"
          "'environment':[{'name':'Y','value':'2'},{'name':'X','value':'1'}]},{'name':'a'}]}",
          true },
        { "filled in by ECS",
          "{'containerDefinitions':[{'name':'a','cpu':0,'essential':true,'mountPoints':[],"
          "'portMappings':[{'containerPort':80,'hostPort':0,'protocol':'tcp'}]}],'volumes':[]}",
          "{'containerDefinitions':[{'name':'a','portMappings':[{'containerPort':80}]}]}", true },
        { "awsvpc host port",
          "{'networkMode':'awsvpc','containerDefinitions':[{'name':'a','portMappings':"
          "[{'containerPort':80,'hostPort':80,'protocol':'tcp'}]}]}",
          "{'networkMode':'awsvpc','containerDefinitions':[{'name':'a','portMappings':"
          "[{'containerPort':80}]}]}",
          true },
        { "bridge host port",
          "{'containerDefinitions':[{'name':'a','portMappings':[{'containerPort':80,"
          "'hostPort':80}]}]}",
          "{'containerDefinitions':[{'name':'a','portMappings':[{'containerPort':80}]}]}", false },
        { "essential", "{'containerDefinitions':[{'name':'a','essential':false}]}",
          "{'containerDefinitions':[{'name':'a'}]}", false },
        { "command order", "{'containerDefinitions':[{'name':'a','command':['x','y']}]}",
          "{'containerDefinitions':[{'name':'a','command':['y','x']}]}", false },
        { "udp",
          "{'containerDefinitions':[{'name':'a','portMappings':[{'containerPort':53,"
          "'protocol':'udp'}]}]}",
          "{'containerDefinitions':[{'name':'a','portMappings':[{'containerPort':53}]}]}", false },
        { "big integers", "{'containerDefinitions':[{'name':'a','n':9007199254740993}]}",
          "{'containerDefinitions':[{'name':'a','n':9007199254740992}]}", false },
        { "same name twice",
          "{'containerDefinitions':[{'name':'a','environment':[{'name':'X','value':'1'},"
          "{'name':'X','value':'2'}]}]}",
          "{'containerDefinitions':[{'name':'a','environment':[{'name':'X','value':'2'}]}]}",
          false },
        { "tags", "{'tags':[{'key':'a','value':'1'}]}", "{}", false },
    };

    (void)state;
    for (size_t i = 0; i < SW_COUNT(cases); i++) {
        print_message("case %s\n", cases[i].name);
        json_auto_t *a = test_json(cases[i].a);
        json_auto_t *b = test_json(cases[i].b);
        assert_int_equal(sw_taskdef_equal(a, b, false), cases[i].equal);
        assert_int_equal(sw_taskdef_equal(b, a, false), cases[i].equal);
    }
    json_auto_t *tagged = test_json("{'tags':[{'key':'a','value':'1'}],'family':'f'}");
    json_auto_t *untagged = test_json("{'family':'f'}");
    assert_true(sw_taskdef_equal(tagged, untagged, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taskdef__only_the_nine_members_and_reserved_tags_go),
        cmocka_unit_test(test_taskdef__a_register_shaped_definition_is_a_fixed_point),
        cmocka_unit_test(test_taskdef__files_lose_nulls_and_get_the_apis_types),
        cmocka_unit_test(test_taskdef__files_that_are_none_are_refused_by_name),
        cmocka_unit_test(test_taskdef__each_edit_changes_what_it_names),
        cmocka_unit_test(test_taskdef__environment_values_are_not_shown_unasked),
        cmocka_unit_test(test_taskdef__secrets_are_hidden_wherever_they_stand),
        cmocka_unit_test(test_taskdef__unknown_containers_name_the_known_ones),
        cmocka_unit_test(test_taskdef__a_tag_needs_an_image),
        cmocka_unit_test(test_taskdef__equal_means_the_same_to_ecs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Properties of all task definitions, over random ones with any of the members that ECS documents:
 * what is described and not changed is what was there, through files as well; and a field that is
 * set is the only one that changes.
 */

#include "ecs_test.h"

#include <slipway/taskdef.h>
#include <slipway/yaml.h>

#include "ecs/ecs.h"
#include "ecs/taskdef_type.h"

enum { SEEDS = 150 };

/* A small generator, the same everywhere (Numerical Recipes' constants). */
static uint32_t next(uint32_t *seed, uint32_t bound)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (*seed >> 8) % bound;
}

static json_t *random_text(uint32_t *seed)
{
    /* Texts that YAML, shells and sloppy readers take for something else. */
    static const char *const texts[] = { "",      "yes",        "010",          "1.10",  "null",
                                         "~",     "a b",        "- x",          "'q'",   "\"d\"",
                                         "#no",   "k: v",       "${X}",         "1e3",   "0x1F",
                                         "12:30", "\xc3\xbc",   "two\nlines\n", "*star", "&and",
                                         "!tag",  "2026-01-01", "{}",           "[]" };
    return json_string(texts[next(seed, SW_COUNT(texts))]);
}

static json_t *random_number(uint32_t *seed)
{
    static const json_int_t numbers[] = { 0, 1, -1, 80, 65535, 9007199254740993, INT64_MAX };
    return json_integer(numbers[next(seed, SW_COUNT(numbers))]);
}

static json_t *random_value(const struct ecs_type *type, uint32_t *seed);

static json_t *random_object(const struct ecs_type *type, uint32_t *seed)
{
    json_t *object = json_object();
    for (const struct ecs_member *member = type->members; member->name; member++) {
        if (next(seed, 3) > 0) {
            (void)json_object_set_new(object, member->name, random_value(member->type, seed));
        }
    }
    return object;
}

static json_t *random_value(const struct ecs_type *type, uint32_t *seed)
{
    json_t *value = NULL;
    switch (type->kind) {
    case ECS_TEXT:
        return random_text(seed);
    case ECS_INT:
        return random_number(seed);
    case ECS_BOOL:
        return json_boolean(next(seed, 2));
    case ECS_LIST:
        value = json_array();
        for (uint32_t i = next(seed, 3); i > 0; i--) {
            (void)json_array_append_new(value, random_value(type->item, seed));
        }
        return value;
    case ECS_MAP:
        value = json_object();
        for (uint32_t i = next(seed, 3); i > 0; i--) {
            SW_CLEANUP(sw_free_str) char *key = sw_xasprintf("K%u.yes", i);
            (void)json_object_set_new(value, key, random_value(type->item, seed));
        }
        return value;
    case ECS_OBJECT:
        break;
    }
    return random_object(type, seed);
}

/* A definition with a family, named containers, and at times what ECS does not document yet. */
static json_t *random_definition(uint32_t seed)
{
    json_t *definition = random_object(&ecs_taskdef_type, &seed);
    (void)json_object_set_new(definition, "family", json_string("f"));
    if (!json_object_get(definition, "containerDefinitions")) {
        (void)json_object_set_new(definition, "containerDefinitions", json_array());
    }
    size_t index = 0;
    json_t *container = NULL;
    json_array_foreach(json_object_get(definition, "containerDefinitions"), index, container)
    {
        (void)json_object_set_new(container, "name", json_sprintf("c%zu", index));
        if (next(&seed, 3) == 0) {
            (void)json_object_set_new(container, "tomorrow",
                                      json_pack("{s:[i, b, s]}", "Deep", 0, 0, ""));
        }
    }
    /* An empty list of tags is left out, as ECS refuses it. */
    if (json_array_size(json_object_get(definition, "tags")) == 0) {
        (void)json_object_del(definition, "tags");
    }
    return definition;
}

static void assert_same(json_t *have, json_t *want, const char *what, uint32_t seed)
{
    SW_CLEANUP(sw_free_str) char *left = test_json_text(have);
    SW_CLEANUP(sw_free_str) char *right = test_json_text(want);
    if (strcmp(left, right) != 0) {
        fail_msg("%s, seed %u:\n%s\n%s", what, seed, left, right);
    }
}

static json_t *read_document(const json_t *document, enum sw_taskdef_origin origin, uint32_t seed)
{
    json_t *definition = NULL;
    struct sw_err err = SW_ERR_INIT;
    if (sw_taskdef_from_document(document, origin, "x", &definition, &err) != SW_OK) {
        fail_msg("seed %u: %s", seed, err.msg);
    }
    return definition;
}

static void test_taskdef_property__described_and_not_changed_is_equal(void **state)
{
    static const char *const read_only[] = { "taskDefinitionArn", "revision", "status",
                                             "requiresAttributes", "registeredAt" };

    (void)state;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        json_auto_t *definition = random_definition(seed);
        json_auto_t *described = json_deep_copy(definition);
        json_auto_t *tags = json_incref(json_object_get(described, "tags"));
        (void)json_object_del(described, "tags");
        for (size_t i = 0; i < SW_COUNT(read_only); i++) {
            (void)json_object_set_new(described, read_only[i], json_integer(1));
        }
        json_auto_t *answer = json_pack("{s:O, s:O*}", "taskDefinition", described, "tags", tags);
        json_auto_t *back = read_document(answer, SW_TASKDEF_WIRE, seed);
        assert_true(json_equal(back, definition));
        assert_true(sw_taskdef_equal(back, definition, false));
        json_auto_t *file = read_document(answer, SW_TASKDEF_FILE, seed);
        assert_same(file, back, "as a file", seed);
    }
}

/* What render writes is what it was, whichever form is chosen. */
static void test_taskdef_property__files_read_back_the_same(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        json_auto_t *definition = random_definition(seed);
        struct sw_yaml_pool *pool SW_CLEANUP(sw_yaml_pool_cleanup) = sw_yaml_pool_new();
        struct sw_err err = SW_ERR_INIT;
        struct sw_buf text;
        json_auto_t *document = NULL;
        sw_buf_init(&text, SW_BUF_TEXT_MAX);
        assert_ok(sw_yaml_emit(sw_yaml_from_json(pool, definition, NULL), &text, &err));
        assert_ok(ecs_taskdef_parse(sw_buf_str(&text), "x.yaml", "x.yaml", &document, &err));
        json_auto_t *back = read_document(document, SW_TASKDEF_FILE, seed);
        assert_same(back, definition, "through YAML", seed);
        sw_buf_release(&text);
    }
}

/* A random place in the tree: its pointer, and the value that is there. */
static void random_place(json_t *value, const struct ecs_type *type, uint32_t *seed,
                         struct sw_buf *pointer, json_t **ret, const struct ecs_type **ret_type)
{
    *ret = value;
    *ret_type = type;
    size_t count = json_is_array(value) ? json_array_size(value) : json_object_size(value);
    if (count == 0 || (pointer->len > 0 && next(seed, 6) == 0)) {
        return;
    }
    size_t pick = next(seed, (uint32_t)count);
    if (json_is_array(value)) {
        sw_buf_addf(pointer, "/%zu", pick);
        random_place(json_array_get(value, pick), type ? type->item : NULL, seed, pointer, ret,
                     ret_type);
        return;
    }
    void *iter = json_object_iter(value);
    for (size_t i = 0; i < pick; i++) {
        iter = json_object_iter_next(value, iter);
    }
    const char *key = json_object_iter_key(iter);
    sw_buf_addf(pointer, "/%s", key);
    random_place(json_object_iter_value(iter), ecs_type_member(type, key), seed, pointer, ret,
                 ret_type);
}

/* The value as --set takes it: texts as they are, the rest as JSON. */
static char *option_text(const char *pointer, const json_t *value, const struct ecs_type *type)
{
    SW_CLEANUP(sw_free_str) char *json = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    bool text = json_is_string(value) && type;
    return sw_xasprintf("%s=%s", pointer, text ? json_string_value(value) : json);
}

/* Setting what is there changes nothing; setting and setting back changes nothing either. */
static void test_taskdef_property__set_changes_its_place_alone(void **state)
{
    (void)state;
    for (uint32_t seed = 1; seed <= SEEDS * 4; seed++) {
        uint32_t chance = seed;
        json_auto_t *definition = random_definition(seed % SEEDS + 1);
        json_auto_t *before = json_deep_copy(definition);
        struct sw_buf pointer SW_CLEANUP(sw_buf_release) = { 0 };
        json_t *place = NULL;
        const struct ecs_type *type = NULL;
        sw_buf_init(&pointer, SW_BUF_TEXT_MAX);
        random_place(definition, &ecs_taskdef_type, &chance, &pointer, &place, &type);
        json_auto_t *old = json_deep_copy(place);
        json_auto_t *new_value = type ? random_value(type, &chance) : json_pack("[i]", 7);
        json_t *const values[] = { new_value, old };
        for (size_t i = 0; i < SW_COUNT(values); i++) {
            SW_CLEANUP(sw_free_str) char *text = option_text(pointer.ptr, values[i], type);
            struct sw_changes changes = { .items = NULL };
            struct sw_strs notes = { .items = NULL };
            struct sw_err err = SW_ERR_INIT;
            assert_ok(sw_changes_add_option(&changes, SW_CHANGE_SET, "--set", text, &err));
            if (sw_taskdef_apply(definition, &changes, "f", &notes, &err) != SW_OK) {
                fail_msg("seed %u: %s", seed, err.msg);
            }
            sw_strs_release(&notes);
            sw_changes_release(&changes);
        }
        assert_same(definition, before, pointer.ptr, seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taskdef_property__described_and_not_changed_is_equal),
        cmocka_unit_test(test_taskdef_property__files_read_back_the_same),
        cmocka_unit_test(test_taskdef_property__set_changes_its_place_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

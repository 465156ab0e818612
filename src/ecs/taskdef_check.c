#include "taskdef_check.h"

#include <slipway/alloc.h>

#include <stdarg.h>
#include <stdio.h>

/* Rules of RegisterTaskDefinition about the whole; container_check.c has those of containers. */

enum {
    SIZE_MAX_BYTES = 64 * 1024,
    CONTAINERS_MAX = 10,
    NAME_MAX_BYTES = 255,
    TAGS_MAX = 50,
    TAG_KEY_MAX = 128,
    TAG_VALUE_MAX = 256,
    STORAGE_MIN_GIB = 21,
    STORAGE_MAX_GIB = 200,
};

void ecs_problem(const struct ecs_check *check, const char *fmt, ...)
{
    char text[SW_ERR_MSG_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    /* Two rules may find the same, e.g. for the same name in two places. */
    if (!sw_strs_has(check->problems, sw_str(text))) {
        sw_strs_take(check->problems, sw_xstrdup(text));
    }
}

static bool is_name(const char *text)
{
    struct sw_str name = sw_str(text);
    for (size_t i = 0; i < name.len; i++) {
        if (!sw_is_alnum(name.ptr[i]) && name.ptr[i] != '-' && name.ptr[i] != '_') {
            return false;
        }
    }
    return name.len > 0 && name.len <= NAME_MAX_BYTES;
}

static void check_names(const struct ecs_check *check)
{
    static const char form[] = "letters, digits, '-' and '_', 255 at most";
    const char *family = sw_json_str(check->definition, "family", "");
    if (!is_name(family)) {
        ecs_problem(check, "family \"%s\" is no name: %s", family, form);
    }
    size_t index = 0;
    const json_t *container = NULL;
    json_array_foreach(check->containers, index, container)
    {
        const char *name = sw_json_str(container, "name", "");
        if (!is_name(name)) {
            ecs_problem(check, "container \"%s\" has no valid name: %s", name, form);
        }
    }
}

void ecs_check_unique(const struct ecs_check *check, const json_t *list, const char *key,
                      const char *what)
{
    struct sw_strs names SW_CLEANUP(sw_strs_release) = { 0 };
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(list, index, item)
    {
        const char *name = sw_json_str(item, key, NULL);
        if (name && sw_strs_has(&names, sw_str(name))) {
            ecs_problem(check, "%s \"%s\" is there twice", what, name);
        } else if (name) {
            sw_strs_add(&names, sw_str(name));
        }
    }
}

static void check_containers(const struct ecs_check *check)
{
    size_t count = json_array_size(check->containers);
    size_t index = 0;
    const json_t *container = NULL;
    bool essential = false;
    json_array_foreach(check->containers, index, container)
    {
        essential = essential || sw_json_bool(container, "essential", true);
    }
    if (count == 0) {
        ecs_problem(check, "there is no container");
    } else if (!essential) {
        ecs_problem(check, "no container is essential; at least one must be");
    }
    if (count > CONTAINERS_MAX) {
        ecs_problem(check, "there are %zu containers; ECS takes %d", count, CONTAINERS_MAX);
    }
    ecs_check_unique(check, check->containers, "name", "container");
}

static size_t size_of(const json_t *value)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init(&text, SW_JSON_MAX);
    sw_json_dump(value, 0, &text);
    return text.len;
}

/* Too large a definition is so because of one member, mostly the environment. */
static void check_size(const struct ecs_check *check)
{
    size_t total = size_of(check->definition);
    size_t largest = 0;
    const char *owner = "";
    const char *member = "";
    size_t index = 0;
    json_t *container = NULL;
    if (total <= SIZE_MAX_BYTES) {
        return;
    }
    json_array_foreach(check->containers, index, container)
    {
        const char *key = NULL;
        json_t *value = NULL;
        json_object_foreach(container, key, value)
        {
            size_t size = size_of(value);
            if (size > largest) {
                largest = size;
                owner = sw_json_str(container, "name", "");
                member = key;
            }
        }
    }
    ecs_problem(check,
                "the definition has %zu bytes; ECS takes %d; the largest part is \"%s\" of "
                "container \"%s\" with %zu",
                total, SIZE_MAX_BYTES, member, owner, largest);
}

static void check_tags(const struct ecs_check *check)
{
    const json_t *tags = sw_json_array(check->definition, "tags");
    size_t index = 0;
    const json_t *tag = NULL;
    if (json_array_size(tags) > TAGS_MAX) {
        ecs_problem(check, "there are %zu tags; ECS takes %d", json_array_size(tags), TAGS_MAX);
    }
    json_array_foreach(tags, index, tag)
    {
        const char *key = sw_json_str(tag, "key", "");
        if (!*key || strlen(key) > TAG_KEY_MAX) {
            ecs_problem(check, "tag \"%.60s\" has a key of %zu bytes; ECS takes 1 to %d", key,
                        strlen(key), TAG_KEY_MAX);
        }
        if (strlen(sw_json_str(tag, "value", "")) > TAG_VALUE_MAX) {
            ecs_problem(check, "tag \"%.60s\" has a value of more than %d bytes", key,
                        TAG_VALUE_MAX);
        }
    }
    ecs_check_unique(check, tags, "key", "tag");
}

static void check_storage(const struct ecs_check *check)
{
    const json_t *storage = sw_json_object(check->definition, "ephemeralStorage");
    int64_t gib = sw_json_int(storage, "sizeInGiB", STORAGE_MIN_GIB);
    if (gib < STORAGE_MIN_GIB || gib > STORAGE_MAX_GIB) {
        ecs_problem(check, "ephemeral storage of %lld GiB; ECS takes %d to %d", (long long)gib,
                    STORAGE_MIN_GIB, STORAGE_MAX_GIB);
    }
}

/* https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html */
static const struct {
    int64_t cpu, least, most, step;
} fargate_sizes[] = {
    { 256, 512, 2048, 512 },        { 512, 1024, 4096, 1024 },   { 1024, 2048, 8192, 1024 },
    { 2048, 4096, 16384, 1024 },    { 4096, 8192, 30720, 1024 }, { 8192, 16384, 61440, 4096 },
    { 16384, 32768, 122880, 8192 },
};

static bool fits(size_t row, int64_t memory)
{
    bool in_steps = (memory - fargate_sizes[row].least) % fargate_sizes[row].step == 0;
    /* A quarter of a CPU goes with 0.5, 1 and 2 GB, not with 1.5. */
    bool skipped = fargate_sizes[row].cpu == 256 && memory == 1536;
    return in_steps && !skipped && memory >= fargate_sizes[row].least &&
           memory <= fargate_sizes[row].most;
}

/* Sizes beyond the table may be offered tomorrow. */
static void check_fargate_size(const struct ecs_check *check)
{
    if (check->cpu == ECS_SIZE_BAD || check->memory == ECS_SIZE_BAD) {
        return; /* check_task_sizes() says so */
    }
    if (check->cpu == 0 || check->memory == 0) {
        ecs_problem(check, "Fargate needs cpu and memory of the task; --cpu and --memory set them");
        return;
    }
    for (size_t i = 0; i < SW_COUNT(fargate_sizes); i++) {
        if (check->cpu == fargate_sizes[i].cpu) {
            if (!fits(i, check->memory)) {
                ecs_problem(check,
                            "Fargate does not offer memory %lld with cpu %lld; it offers %lld to "
                            "%lld in steps of %lld%s",
                            (long long)check->memory, (long long)check->cpu,
                            (long long)fargate_sizes[i].least, (long long)fargate_sizes[i].most,
                            (long long)fargate_sizes[i].step,
                            check->cpu == 256 ? ", without 1536" : "");
            }
            return;
        }
    }
    if (check->cpu < fargate_sizes[SW_COUNT(fargate_sizes) - 1].cpu) {
        ecs_problem(check,
                    "Fargate does not offer cpu %lld; it offers 256, 512, 1024, 2048, 4096, 8192 "
                    "and 16384",
                    (long long)check->cpu);
    }
}

static void check_fargate(const struct ecs_check *check)
{
    const char *mode = sw_json_str(check->definition, "networkMode", "");
    size_t index = 0;
    const json_t *volume = NULL;
    check_fargate_size(check);
    if (strcmp(mode, "awsvpc") != 0) {
        ecs_problem(check, "Fargate needs network mode awsvpc, not \"%s\"; --network-mode sets it",
                    *mode ? mode : "bridge");
    }
    json_array_foreach(sw_json_array(check->definition, "volumes"), index, volume)
    {
        const char *name = sw_json_str(volume, "name", "");
        if (sw_json_str(sw_json_object(volume, "host"), "sourcePath", NULL)) {
            ecs_problem(check, "volume \"%s\" is a path of the host, which Fargate has not", name);
        }
        if (sw_json_object(volume, "dockerVolumeConfiguration")) {
            ecs_problem(check, "volume \"%s\" is a docker volume, which Fargate has not", name);
        }
    }
}

static void check_task_sizes(const struct ecs_check *check)
{
    static const char *const keys[] = { "cpu", "memory" };
    for (size_t i = 0; i < SW_COUNT(keys); i++) {
        if (ecs_task_size_of(check->definition, keys[i]) == ECS_SIZE_BAD) {
            char *text SW_CLEANUP(sw_free_str) =
                json_dumps(json_object_get(check->definition, keys[i]), JSON_ENCODE_ANY);
            ecs_problem(check, "%s %s is no size; ECS takes %s; --%s sets it", keys[i], text,
                        ecs_task_size_forms(keys[i]), keys[i]);
        }
    }
}

static bool wants_fargate(const json_t *definition)
{
    size_t index = 0;
    const json_t *item = NULL;
    json_array_foreach(sw_json_array(definition, "requiresCompatibilities"), index, item)
    {
        if (json_is_string(item) && strcmp(json_string_value(item), "FARGATE") == 0) {
            return true;
        }
    }
    return false;
}

void sw_taskdef_check(const json_t *definition, struct sw_strs *problems)
{
    const struct ecs_check check = {
        .definition = definition,
        .containers = sw_json_array(definition, "containerDefinitions"),
        .cpu = ecs_task_size_of(definition, "cpu"),
        .memory = ecs_task_size_of(definition, "memory"),
        .fargate = wants_fargate(definition),
        .problems = problems,
    };
    check_names(&check);
    check_task_sizes(&check);
    check_containers(&check);
    ecs_check_unique(&check, sw_json_array(definition, "volumes"), "name", "volume");
    ecs_check_containers(&check);
    if (check.fargate) {
        check_fargate(&check);
    }
    check_storage(&check);
    check_tags(&check);
    check_size(&check);
}

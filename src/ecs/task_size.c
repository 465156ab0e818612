#include "ecs.h"

/* Sizes of whole tasks, which AWS takes as texts: units and MiB, or vCPU and GB. */

enum { FRACTION_DIGITS = 4 };

/* https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html */
static const struct {
    const char *key;
    const char *unit;
    int64_t per_unit;
    const char *forms;
} sizes[] = {
    { "cpu", "vcpu", 1024, "CPU units such as 256, or vCPU such as .25 vCPU" },
    { "memory", "gb", 1024, "MiB such as 512, or GB such as 0.5 GB" },
};

static size_t row_of(const char *key)
{
    return strcmp(key, sizes[0].key) == 0 ? 0 : 1;
}

const char *ecs_task_size_forms(const char *key)
{
    return sizes[row_of(key)].forms;
}

/* "0.25" of so many. */
static bool parse_decimal(struct sw_str number, int64_t per_unit, int64_t *ret)
{
    enum { UNITS_MAX = 1000000 };
    if (number.len == 0 || sw_str_is(number, ".")) {
        return false;
    }
    struct sw_str whole = sw_str_cut(&number, '.');
    int64_t units = 0;
    if (whole.len > 0 && !sw_parse_int(whole, 0, UNITS_MAX, &units)) {
        return false;
    }
    int64_t fraction = 0;
    int64_t scale = 1;
    for (size_t i = 0; i < number.len; i++) {
        if (!sw_is_digit(number.ptr[i])) {
            return false;
        }
        if (i < FRACTION_DIGITS) {
            fraction = fraction * 10 + (number.ptr[i] - '0');
            scale *= 10;
        }
    }
    *ret = units * per_unit + fraction * per_unit / scale;
    return true;
}

bool ecs_task_size(const char *key, const char *text, int64_t *ret)
{
    struct sw_str rest = sw_str_trim(sw_str(text));
    struct sw_str number = { rest.ptr, 0 };
    while (number.len < rest.len &&
           (sw_is_digit(rest.ptr[number.len]) || rest.ptr[number.len] == '.')) {
        number.len++;
    }
    struct sw_str unit = sw_str_trim(sw_str_from(rest, number.len));
    if (unit.len == 0) {
        return sw_parse_int(number, 0, INT32_MAX, ret);
    }
    return sw_str_eq_nocase(unit, sw_str(sizes[row_of(key)].unit)) &&
           parse_decimal(number, sizes[row_of(key)].per_unit, ret);
}

int64_t ecs_task_size_of(const json_t *definition, const char *key)
{
    const json_t *value = json_object_get(definition, key);
    int64_t size = 0;
    if (json_is_string(value)) {
        return ecs_task_size(key, json_string_value(value), &size) ? size : ECS_SIZE_BAD;
    }
    if (json_is_integer(value)) {
        return sw_json_count(definition, key, ECS_SIZE_BAD);
    }
    return 0;
}

/* Prints the table of RegisterTaskDefinition's types as JSON, for model_check.py. */

#include "ecs/taskdef_type.h"

#include <stdio.h>

static json_t *tree(const struct ecs_type *type)
{
    static const char *const names[] = {
        [ECS_TEXT] = "text", [ECS_INT] = "number", [ECS_BOOL] = "boolean",
        [ECS_LIST] = "list", [ECS_MAP] = "map",    [ECS_OBJECT] = "object",
    };
    if (type->kind == ECS_LIST || type->kind == ECS_MAP) {
        return json_pack("{s:o}", names[type->kind], tree(type->item));
    }
    if (type->kind != ECS_OBJECT) {
        return json_string(names[type->kind]);
    }
    json_t *members = json_object();
    for (const struct ecs_member *member = type->members; member->name; member++) {
        (void)json_object_set_new(members, member->name, tree(member->type));
    }
    return json_pack("{s:o}", names[type->kind], members);
}

int main(void)
{
    json_auto_t *types = tree(&ecs_taskdef_type);
    return json_dumpf(types, stdout, JSON_COMPACT) == 0 && fflush(stdout) == 0 ? 0 : 1;
}

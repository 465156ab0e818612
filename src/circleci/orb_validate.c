#include "compile.h"
#include "run.h"

#include <slipway/alloc.h>
#include <slipway/orbpack.h>

/*
 * An orb is checked by using it: its elements are expanded with made-up arguments, and its usage
 * examples are compiled with the orb in the place of the one they name.
 */

static const char *const permitted_keys[] = { "version", "description", "display",
                                              "orbs",    "commands",    "executors",
                                              "jobs",    "examples",    NULL };

static void check_display(struct cc *cc, const struct sw_yaml *orb)
{
    static const char *const permitted[] = { "home_url", "source_url", NULL };
    struct sw_yaml *display = cc_map_member(cc, orb, "display");
    for (size_t i = 0; display != NULL && i < display->count; i++) {
        const struct sw_yaml *url = display->items[i];
        bool ok = url->type == SW_YAML_STR &&
                  (strncmp(url->text, "https://", 8) == 0 || strncmp(url->text, "http://", 7) == 0);
        if (!ok) {
            cc_problem(cc, url, "display.%s must be a URL, found: %s", display->keys[i]->text,
                       cc_show(cc, url));
        }
    }
    if (display != NULL) {
        cc_check_keys(cc, display, permitted, "display");
    }
}

static void check_top(struct cc *cc, const struct sw_yaml *orb)
{
    const struct sw_yaml *version = sw_yaml_get(orb, "version");
    cc_check_keys(cc, orb, permitted_keys, "the orb");
    if (version == NULL) {
        cc_problem(cc, orb, "orb version is required: version: 2.1");
    } else if (strcmp(version->text, "2.1") != 0) {
        cc_problem(cc, version, "orb version must be 2.1, found: %s", cc_show(cc, version));
    }
    if (sw_yaml_get(orb, "description") == NULL) {
        cc_warning(cc, orb, "the orb has no description");
    }
    check_display(cc, orb);
}

static void check_descriptions(struct cc *cc, const struct sw_yaml *orb, const char *section,
                               const char *what)
{
    const struct sw_yaml *elements = sw_yaml_get(orb, section);
    for (size_t i = 0; elements != NULL && elements->type == SW_YAML_MAP && i < elements->count;
         i++) {
        const struct sw_yaml *element = elements->items[i];
        const struct sw_yaml *text = sw_yaml_get(element, "description");
        if (text == NULL || text->type != SW_YAML_STR || text->len == 0) {
            cc_warning(cc, elements->keys[i], "%s \"%s\" has no description", what,
                       elements->keys[i]->text);
        }
        const struct sw_yaml *parameters = sw_yaml_get(element, "parameters");
        for (size_t j = 0;
             parameters != NULL && parameters->type == SW_YAML_MAP && j < parameters->count; j++) {
            if (sw_yaml_get(parameters->items[j], "description") == NULL) {
                cc_warning(cc, parameters->keys[j],
                           "parameter \"%s\" of %s \"%s\" has no description",
                           parameters->keys[j]->text, what, elements->keys[i]->text);
            }
        }
    }
}

/* "acme/slipway" of "acme/slipway@1.0"; NULL for what is no reference. */
static const char *name_of(struct cc *cc, const struct sw_yaml *ref)
{
    struct sw_str rest = sw_str(ref->text);
    return ref->type == SW_YAML_STR ? sw_yaml_pool_text(cc->pool, sw_str_cut(&rest, '@')) : NULL;
}

/* How much speaks for an orb named in the examples being this one. */
static size_t weigh(struct cc *cc, const struct sw_yaml *orb, const char *name)
{
    const struct sw_yaml *examples = sw_yaml_get(orb, "examples");
    const struct sw_yaml *url = sw_yaml_get(sw_yaml_get(orb, "display"), "source_url");
    const char *slash = strrchr(name, '/');
    bool in_url = url != NULL && slash != NULL && strstr(url->text, slash + 1) != NULL;
    size_t weight = in_url ? 1 : 0;
    for (size_t i = 0; i < examples->count; i++) {
        const struct sw_yaml *orbs = sw_yaml_get(sw_yaml_get(examples->items[i], "usage"), "orbs");
        for (size_t j = 0; orbs != NULL && orbs->type == SW_YAML_MAP && j < orbs->count; j++) {
            const char *other = name_of(cc, orbs->items[j]);
            weight += other != NULL && strcmp(other, name) == 0 ? 2 : 0;
        }
    }
    return weight;
}

/* The name under which the examples use this orb: an orb's source does not say its own name. */
static const char *own_name(struct cc *cc, const struct sw_yaml *orb, const struct sw_yaml *orbs)
{
    const char *best = NULL;
    size_t best_weight = 0;
    for (size_t i = 0; i < orbs->count; i++) {
        const char *name = name_of(cc, orbs->items[i]);
        size_t weight = name == NULL ? 0 : weigh(cc, orb, name);
        if (weight > best_weight) {
            best = name;
            best_weight = weight;
        }
    }
    return best;
}

/* The usage with this orb written inline where it is named. */
static struct sw_yaml *with_this_orb(struct cc *cc, const struct sw_yaml *usage,
                                     struct sw_yaml *orb)
{
    static const char *const kept[] = { "commands", "jobs", "executors", "orbs" };
    struct sw_yaml *copy = sw_yaml_copy(cc->pool, usage);
    struct sw_yaml *orbs = sw_yaml_get(usage, "orbs");
    if (orbs == NULL || orbs->type != SW_YAML_MAP) {
        return copy;
    }
    struct sw_yaml *replaced = sw_yaml_new_map(cc->pool, orbs);
    struct sw_yaml *own = sw_yaml_new_map(cc->pool, orb);
    for (size_t i = 0; i < SW_COUNT(kept); i++) {
        struct sw_yaml *section = sw_yaml_get(orb, kept[i]);
        if (section != NULL) {
            sw_yaml_set(cc->pool, own, kept[i], section);
        }
    }
    const char *mine = own_name(cc, orb, orbs);
    for (size_t i = 0; i < orbs->count; i++) {
        const char *name = name_of(cc, orbs->items[i]);
        bool same = name != NULL && mine != NULL && strcmp(name, mine) == 0;
        sw_yaml_set_node(cc->pool, replaced, orbs->keys[i], same ? own : orbs->items[i]);
    }
    sw_yaml_set(cc->pool, copy, "orbs", replaced);
    return copy;
}

static void check_example(struct cc *cc, const struct sw_yaml *key, const struct sw_yaml *example,
                          struct sw_yaml *orb)
{
    static const char *const permitted[] = { "description", "usage", "result", NULL };
    if (example->type != SW_YAML_MAP) {
        cc_problem(cc, example, "example \"%s\" must be a mapping, found: %s", key->text,
                   sw_yaml_type_name(example));
        return;
    }
    cc_check_keys(cc, example, permitted, cc_text(cc, "example \"%s\"", key->text));
    const struct sw_yaml *usage = sw_yaml_get(example, "usage");
    if (usage == NULL || usage->type != SW_YAML_MAP) {
        cc_problem(cc, usage == NULL ? key : usage,
                   "required key [usage] not found in example \"%s\"", key->text);
        return;
    }
    struct cc_frame frame = { .kind = "example", .name = key->text, .at = key };
    if (cc_enter(cc, &frame)) {
        struct cc_ns *root = cc->root;
        cc->advisory++;
        (void)cc_compile_document(cc, with_this_orb(cc, usage, orb));
        cc->advisory--;
        cc->root = root;
        cc_leave(cc);
    }
}

static void check_orb(struct cc *cc, struct sw_yaml *orb)
{
    if (orb->type != SW_YAML_MAP) {
        cc_problem(cc, orb, "an orb must be a mapping, found: %s", sw_yaml_type_name(orb));
        return;
    }
    check_top(cc, orb);
    check_descriptions(cc, orb, "commands", "command");
    check_descriptions(cc, orb, "jobs", "job");
    check_descriptions(cc, orb, "executors", "executor");
    check_descriptions(cc, orb, "examples", "example");
    cc->root = cc_ns_new(cc, orb, "the orb", true, 0);
    cc_pipeline(cc, NULL);
    cc_import_all(cc, cc->root);
    cc_check_sections(cc, cc->root);
    cc_check_unreached(cc, cc->root);
    struct sw_yaml *examples = cc_map_member(cc, orb, "examples");
    for (size_t i = 0; examples != NULL && i < examples->count && !cc_done(cc); i++) {
        check_example(cc, examples->keys[i], examples->items[i], orb);
    }
}

enum sw_status sw_orb_validate(const struct sw_env *env, const char *path,
                               const struct sw_config_options *options,
                               struct sw_config_problems *problems, struct sw_err *err)
{
    SW_CLEANUP(sw_yaml_pool_cleanup) struct sw_yaml_pool *pool = sw_yaml_pool_new();
    struct sw_config_options all = { .check_all = true };
    if (options != NULL) {
        all.orbs = options->orbs;
        all.orb_count = options->orb_count;
    }
    struct sw_yaml *orb = NULL;
    enum sw_status status = sw_orb_load(pool, path, &orb, err);
    if (status != SW_OK) {
        return status;
    }
    struct sw_config_problems own = { 0 };
    struct cc cc;
    cc_init(&cc, env, &all, problems != NULL ? problems : &own, pool);
    check_orb(&cc, orb);
    status = cc_report(cc.problems, err);
    sw_config_problems_release(&own);
    return status;
}

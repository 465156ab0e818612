#include "compile.h"

#include <slipway/alloc.h>
#include <slipway/orbpack.h>

enum { ALIAS_DEPTH_MAX = 5 };

struct cc_ns *cc_ns_new(struct cc *cc, struct sw_yaml *doc, const char *label, bool is_orb,
                        unsigned depth)
{
    struct cc_ns *ns = sw_yaml_pool_alloc(cc->pool, sizeof(*ns));
    *ns = (struct cc_ns){ .label = label, .doc = doc, .is_orb = is_orb, .depth = depth };
    return ns;
}

static struct cc_import *add_import(struct cc *cc, struct cc_ns *ns, const struct sw_yaml *key)
{
    struct cc_import *import = sw_yaml_pool_alloc(cc->pool, sizeof(*import));
    *import = (struct cc_import){ .alias = key->text, .at = key };
    struct cc_import **slot = &ns->imports;
    while (*slot != NULL) {
        slot = &(*slot)->next;
    }
    *slot = import;
    return import;
}

/* The orb's document; each file is read once, however many names it has. */
static struct sw_yaml *load(struct cc *cc, const char *path, const struct sw_yaml *at)
{
    struct sw_yaml *doc = sw_yaml_get(cc->loaded_orbs, path);
    if (doc != NULL) {
        return doc;
    }
    struct sw_err err = SW_ERR_INIT;
    if (sw_orb_load(cc->pool, path, &doc, &err) != SW_OK) {
        cc_problem(cc, at, "cannot load the orb from \"%s\": %s", path, err.msg);
        return NULL;
    }
    if (doc->type != SW_YAML_MAP) {
        cc_problem(cc, at, "orb \"%s\" must hold a mapping, found: %s", path,
                   sw_yaml_type_name(doc));
        return NULL;
    }
    sw_yaml_set(cc->pool, cc->loaded_orbs, path, doc);
    return doc;
}

/* "ns/name@version": at least a slash, and one "@" for a version. */
static bool is_reference(const char *ref)
{
    const char *slash = strchr(ref, '/');
    const char *at = strchr(ref, '@');
    return slash != NULL && slash != ref && slash[1] != '\0' && strpbrk(ref, " \t:") == NULL &&
           (at == NULL || (at > slash + 1 && at[1] != '\0'));
}

static bool is_dev_reference(const char *ref)
{
    const char *label = strstr(ref, "@dev:");
    return label != NULL && strchr(ref, '/') != NULL && strchr(ref, '/') < label;
}

static struct sw_yaml *import_reference(struct cc *cc, struct cc_import *import,
                                        const struct sw_yaml *at)
{
    const char *ref = import->ref;
    const char *path = cc_orb_path(cc, import->alias, ref, &import->resolved);
    if (path != NULL) {
        struct sw_yaml *doc = load(cc, path, at);
        if (doc != NULL) {
            const char *line = cc_text(cc, "Orb '%s' resolved to '%s'", ref, import->resolved);
            sw_yaml_add(cc->pool, cc->header, sw_yaml_new_str(cc->pool, sw_str(line), at));
        }
        return doc;
    }
    if (strncmp(ref, "http://", 7) == 0 || strncmp(ref, "https://", 8) == 0) {
        cc_problem(cc, at,
                   "orbs from URLs are not supported offline: download it and give --orb "
                   "%s=PATH",
                   import->alias);
    } else if (!is_reference(ref) && !is_dev_reference(ref)) {
        cc_problem(cc, at, "Invalid orb reference: '%s'", ref);
    } else if (cc->advisory > 0) {
        cc_warning(cc, at, "%s is not looked into: no local file is given for it with --orb", ref);
    } else {
        cc_problem(
            cc, at,
            "Cannot find %s: no local file is given for it; add --orb %s=PATH, where PATH is "
            "a packed orb or an orb's source folder",
            ref, ref);
    }
    return NULL;
}

/* A map is an orb written inline; {} is a place for one that --orb gives. */
static struct sw_yaml *import_inline(struct cc *cc, struct cc_import *import, struct sw_yaml *value)
{
    static const char *const permitted[] = { "commands", "jobs",        "executors",
                                             "orbs",     "description", "display",
                                             "examples", "version",     NULL };
    const char *path = cc_orb_path(cc, import->alias, NULL, &import->resolved);
    if (path != NULL) {
        return load(cc, path, value);
    }
    if (value->type == SW_YAML_MAP) {
        cc->advisory++;
        cc_check_keys(cc, value, permitted, cc_text(cc, "inline orb \"%s\"", import->alias));
        cc->advisory--;
        return value;
    }
    cc_problem(cc, value,
               "orb \"%s\" must be a reference such as \"acme/slipway@1.0.0\" or a mapping, "
               "found: %s",
               import->alias, sw_yaml_type_name(value));
    return NULL;
}

static void import_one(struct cc *cc, struct cc_ns *ns, const struct sw_yaml *key,
                       struct sw_yaml *raw)
{
    struct cc_import *import = add_import(cc, ns, key);
    struct cc_scope scope = { .ns = ns, .pipeline_parameters = !ns->is_orb };
    struct sw_yaml *value = sw_yaml_is_scalar(raw) ? cc_expand_scalar(cc, &scope, raw) : raw;
    struct sw_yaml *doc = NULL;
    if (value != NULL && value->type == SW_YAML_STR) {
        import->ref = value->text;
        doc = import_reference(cc, import, raw);
    } else if (value != NULL) {
        doc = import_inline(cc, import, value);
    }
    const char *label = import->resolved != NULL ? import->resolved : import->alias;
    import->ns = cc_ns_new(cc, doc, label, true, ns->depth + 1);
    if (doc != NULL) {
        cc_import_all(cc, import->ns);
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): depth is limited. */
void cc_import_all(struct cc *cc, struct cc_ns *ns)
{
    struct sw_yaml *orbs = cc_map_member(cc, ns->doc, "orbs");
    if (orbs == NULL) {
        return;
    }
    if (ns->depth >= SW_CONFIG_ORB_DEPTH_MAX) {
        cc_problem(cc, orbs, "orbs nest over %d levels deep", SW_CONFIG_ORB_DEPTH_MAX);
        return;
    }
    /* An orb that imports itself under many names grows with the power of the depth. */
    for (size_t i = 0; i < orbs->count && cc_spend(cc, orbs->items[i]); i++) {
        import_one(cc, ns, orbs->keys[i], orbs->items[i]);
    }
}

static struct cc_import *find_import(struct cc_ns *ns, struct sw_str alias)
{
    for (struct cc_import *import = ns->imports; import != NULL; import = import->next) {
        if (sw_str_is(alias, import->alias)) {
            return import;
        }
    }
    return NULL;
}

/* NOLINTNEXTLINE(misc-no-recursion): depth is limited. */
static struct sw_yaml *find(struct cc *cc, struct cc_ns *ns, const char *section, const char *name,
                            struct cc_ns **ret_ns, bool *ret_unresolved, unsigned depth)
{
    if (ns->doc == NULL) {
        *ret_unresolved = true;
        return NULL;
    }
    struct sw_yaml *elements = sw_yaml_get(ns->doc, section);
    struct sw_yaml *element = sw_yaml_get(elements, name);
    struct sw_str rest = sw_str(name);
    struct sw_str alias = sw_str_cut(&rest, '/');
    if (element == NULL && rest.ptr != NULL) {
        struct cc_import *import = find_import(ns, alias);
        if (import == NULL) {
            return NULL;
        }
        import->used = true;
        return find(cc, import->ns, section, rest.ptr, ret_ns, ret_unresolved, depth);
    }
    if (element != NULL && element->type == SW_YAML_STR && depth < ALIAS_DEPTH_MAX) {
        struct sw_yaml *target =
            find(cc, ns, section, element->text, ret_ns, ret_unresolved, depth + 1);
        if (target == NULL && !*ret_unresolved) {
            cc_problem(cc, element,
                       "Unable to determine target for invocation %s (renamed from local element "
                       "%s); an alias is a single 'orb-alias/element-name' reference",
                       element->text, name);
            *ret_unresolved = true;
        }
        return target;
    }
    *ret_ns = ns;
    return element;
}

struct sw_yaml *cc_find(struct cc *cc, struct cc_ns *ns, const char *section, const char *name,
                        struct cc_ns **ret_ns, bool *ret_unresolved)
{
    *ret_unresolved = false;
    return find(cc, ns, section, name, ret_ns, ret_unresolved, 0);
}

void cc_not_found(struct cc *cc, struct cc_ns *ns, const char *section, const char *what,
                  const char *name, const struct sw_yaml *at)
{
    struct sw_str rest = sw_str(name);
    struct sw_str alias = sw_str_cut(&rest, '/');
    struct cc_import *import = rest.ptr != NULL ? find_import(ns, alias) : NULL;
    if (rest.ptr != NULL && import == NULL) {
        struct sw_yaml *aliases = sw_yaml_new_map(cc->pool, NULL);
        for (const struct cc_import *i = ns->imports; i != NULL; i = i->next) {
            sw_yaml_set(cc->pool, aliases, i->alias, ns->doc);
        }
        const char *wanted = sw_yaml_pool_text(cc->pool, alias);
        cc_problem(cc, at,
                   "Cannot find a definition for %s named %s: no orb \"%s\" is imported%s; "
                   "orbs: %s",
                   what, name, wanted, cc_suggest(cc, aliases, wanted), cc_names(cc, aliases));
        return;
    }
    if (import != NULL && import->ref == NULL && import->ns->doc->count == 0) {
        cc_problem(
            cc, at,
            "Cannot find a definition for %s named %s: orb \"%s\" is an empty place; fill it "
            "with --orb %s=PATH",
            what, name, import->alias, import->alias);
        return;
    }
    const struct sw_yaml *known = sw_yaml_get(import != NULL ? import->ns->doc : ns->doc, section);
    const char *local = import != NULL ? rest.ptr : name;
    const char *home = import != NULL ? cc_text(cc, " of orb \"%s\"", import->alias)
                       : ns->is_orb   ? cc_text(cc, " of orb \"%s\"", ns->label)
                                      : "";
    cc_problem(cc, at, "Cannot find a definition for %s named %s%s; %s%s: %s", what, name,
               cc_suggest(cc, known, local), section, home, cc_names(cc, known));
}

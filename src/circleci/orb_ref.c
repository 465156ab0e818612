#include "compile.h"

/* The parts of "acme/slipway@1.0.0". */
struct reference {
    struct sw_str name;
    struct sw_str version; /* ptr NULL: none */
};

static struct reference parse(const char *text)
{
    struct sw_str rest = sw_str(text);
    struct reference reference = { .name = sw_str_cut(&rest, '@') };
    reference.version = rest;
    return reference;
}

/* Whether the version that a file stands for satisfies the one asked for: "1" takes any 1.x.y. */
static bool version_fits(struct sw_str wanted, struct sw_str have)
{
    if (have.ptr == NULL || wanted.ptr == NULL || sw_str_is(wanted, "volatile") ||
        sw_str_eq(wanted, have)) {
        return true;
    }
    return have.len > wanted.len && memcmp(have.ptr, wanted.ptr, wanted.len) == 0 &&
           have.ptr[wanted.len] == '.';
}

const char *cc_orb_path(struct cc *cc, const char *alias, const char *ref,
                        const char **ret_resolved)
{
    for (size_t i = 0; i < cc->options->orb_count; i++) {
        const struct sw_config_orb *orb = &cc->options->orbs[i];
        if (alias != NULL && strcmp(orb->ref, alias) == 0) {
            *ret_resolved = ref != NULL ? ref : alias;
            return orb->path;
        }
        if (ref == NULL) {
            continue;
        }
        struct reference wanted = parse(ref);
        struct reference have = parse(orb->ref);
        if (sw_str_eq(wanted.name, have.name) && version_fits(wanted.version, have.version)) {
            *ret_resolved = have.version.ptr != NULL ? orb->ref : ref;
            return orb->path;
        }
    }
    return NULL;
}

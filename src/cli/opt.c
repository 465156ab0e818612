#include "opt.h"

#include "opt_value.h"

#include <slipway/alloc.h>
#include <slipway/subst.h>

#include <stdio.h>

/* The walk over one command line. */
struct parser {
    const struct sw_opt *opts;
    const struct sw_env *env;
    char *args; /* the command's argument struct */
    struct sw_strs *owned;
    bool expand;
    struct sw_strs seen; /* names of options that were given */
    struct sw_err *err;
};

/* A table entry with its offset inside the whole struct resolved. */
struct found {
    const struct sw_opt *opt;
    size_t offset;
};

static bool find_in(const struct sw_opt *opts, size_t base, struct sw_str name, char letter,
                    struct found *ret)
{
    for (const struct sw_opt *opt = opts; opt->kind != SW_OPT_END; opt++) {
        if (opt->kind == SW_OPT_INCLUDE) {
            if (find_in(opt->include, base + opt->offset, name, letter, ret)) {
                return true;
            }
        } else if ((letter && opt->letter == letter) || (!letter && sw_str_is(name, opt->name))) {
            *ret = (struct found){ opt, base + opt->offset };
            return true;
        }
    }
    return false;
}

struct nearest {
    struct sw_str wanted;
    const char *name;
    size_t distance;
    const char *longer; /* the first name that `wanted` is the beginning of */
};

enum { PREFIX_MIN = 3 };

/* How many slips a word of that length can have and still be told from another one. */
static size_t slips_max(size_t len)
{
    return len <= 4 ? 1 : len <= 7 ? 2 : 3;
}

static void consider(void *ctx, const struct sw_opt *opt)
{
    struct nearest *nearest = ctx;
    size_t d = sw_str_distance(nearest->wanted, sw_str(opt->name), nearest->distance);

    if (d < nearest->distance && !(opt->flags & SW_OPT_HIDDEN)) {
        nearest->distance = d;
        nearest->name = opt->name;
    }
    if (!nearest->longer && nearest->wanted.len >= PREFIX_MIN && !(opt->flags & SW_OPT_HIDDEN) &&
        strncmp(opt->name, nearest->wanted.ptr, nearest->wanted.len) == 0) {
        nearest->longer = opt->name;
    }
}

const char *sw_opt_nearest(const struct sw_opt *opts, struct sw_str name)
{
    struct nearest nearest = { .wanted = name, .distance = slips_max(name.len) + 1 };

    sw_opt_each(opts, consider, &nearest);
    return nearest.longer ? nearest.longer : nearest.name;
}

const struct sw_opt *sw_opt_find(const struct sw_opt *opts, struct sw_str name, size_t *ret_offset)
{
    struct found found;

    if (!find_in(opts, 0, name, 0, &found)) {
        return NULL;
    }
    *ret_offset = found.offset;
    return found.opt;
}

static enum sw_status unknown_option(struct parser *p, struct sw_str name)
{
    const char *nearest = sw_opt_nearest(p->opts, name);

    if (nearest) {
        return sw_fail(p->err, SW_E_USAGE, "unknown option \"--%.*s\"; did you mean \"--%s\"?",
                       SW_STR_ARG(name), nearest);
    }
    return sw_fail(p->err, SW_E_USAGE, "unknown option \"--%.*s\"", SW_STR_ARG(name));
}

/*
 * Whether `text` can only be meant as a variable's name: no region and no registry host is written
 * in upper-case letters with underscores.
 */
static bool is_meant_as_name(struct sw_str text)
{
    bool has_upper = false;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] >= 'a' && text.ptr[i] <= 'z') {
            return false;
        }
        has_upper = has_upper || (text.ptr[i] >= 'A' && text.ptr[i] <= 'Z');
    }
    return has_upper && sw_is_env_name(text);
}

/* A bare name of a variable that is unset or empty has no meaning of its own: say so here. */
static enum sw_status check_name(struct parser *p, const char *text, const char *what)
{
    if (!is_meant_as_name(sw_str(text)) || sw_env_get(p->env, text)) {
        return SW_OK;
    }
    return sw_fail(
        p->err, SW_E_INPUT,
        "%s: variable \"%s\" is %s; set it in the project or a context, or give the value itself",
        what, text, sw_env_get_raw(p->env, text) ? "empty" : "not set");
}

/* Expands `text` when --expand was given; *ret points into argv or into p->owned. */
static enum sw_status expand(struct parser *p, const char *text, unsigned flags, const char *what,
                             const char **ret)
{
    struct sw_subst_options options = { .unset_is_error = true,
                                        .bare_name = (flags & SW_OPT_NAME) != 0 };
    struct sw_buf SW_CLEANUP(sw_buf_release) out = { 0 };

    if (!p->expand || (flags & SW_OPT_RAW)) {
        *ret = text;
        return SW_OK;
    }
    if (options.bare_name && check_name(p, text, what)) {
        return p->err->status;
    }
    sw_buf_init(&out, SW_SUBST_MAX);
    if (sw_subst(p->env, sw_str(text), &options, what, &out, p->err) ||
        sw_buf_check(&out, what, p->err)) {
        return p->err->status;
    }
    sw_strs_take(p->owned, sw_buf_take(&out));
    *ret = p->owned->items[p->owned->count - 1];
    return SW_OK;
}

static enum sw_status store(struct parser *p, struct found found, const char *text)
{
    char *SW_CLEANUP(sw_free_str) what = sw_xasprintf("--%s", found.opt->name);
    const char *value = NULL;

    if (expand(p, text, found.opt->flags, what, &value)) {
        return p->err->status;
    }
    sw_strs_add(&p->seen, sw_str(found.opt->name));
    return sw_opt_set_value(found.opt, p->args + found.offset, value, p->err);
}

bool sw_opt_is_flag(const struct sw_opt *opt)
{
    return opt->kind == SW_OPT_FLAG || opt->kind == SW_OPT_SWITCH;
}

static enum sw_status set_flag(struct parser *p, struct found found, bool on)
{
    void *member = p->args + found.offset;

    if (found.opt->kind == SW_OPT_SWITCH) {
        *(enum sw_switch *)member = on ? SW_SWITCH_ON : SW_SWITCH_OFF;
    } else {
        *(bool *)member = on;
    }
    sw_strs_add(&p->seen, sw_str(found.opt->name));
    return SW_OK;
}

static enum sw_status need_value(struct parser *p, const struct sw_opt *opt)
{
    return sw_fail(p->err, SW_E_USAGE, "option \"--%s\" needs a value: --%s %s", opt->name,
                   opt->name, opt->value);
}

/* "--name", "--name=value", "--no-name"; *at is moved over a value in the next word. */
static enum sw_status parse_long(struct parser *p, int argc, char *const *argv, int *at)
{
    struct sw_str rest = sw_str(argv[*at] + 2);
    struct sw_str name = sw_str_cut(&rest, '=');
    struct found found;

    if (find_in(p->opts, 0, name, 0, &found)) {
        if (sw_opt_is_flag(found.opt)) {
            return rest.ptr ? store(p, found, rest.ptr) : set_flag(p, found, true);
        }
        if (rest.ptr) {
            return store(p, found, rest.ptr);
        }
        if (*at + 1 >= argc) {
            return need_value(p, found.opt);
        }
        return store(p, found, argv[++*at]);
    }
    if (sw_str_starts(name, "no-") && !rest.ptr &&
        find_in(p->opts, 0, sw_str_from(name, 3), 0, &found) && sw_opt_is_flag(found.opt)) {
        return set_flag(p, found, false);
    }
    return unknown_option(p, name);
}

/* "-x", "-xvalue", "-x value", and several flags in one word. */
static enum sw_status parse_short(struct parser *p, int argc, char *const *argv, int *at)
{
    for (const char *letter = argv[*at] + 1; *letter; letter++) {
        struct found found;

        if (!find_in(p->opts, 0, SW_STR(""), *letter, &found)) {
            return sw_fail(p->err, SW_E_USAGE, "unknown option \"-%c\"", *letter);
        }
        if (sw_opt_is_flag(found.opt)) {
            if (set_flag(p, found, true)) {
                return p->err->status;
            }
            continue;
        }
        if (letter[1]) {
            return store(p, found, letter + 1);
        }
        if (*at + 1 >= argc) {
            return need_value(p, found.opt);
        }
        return store(p, found, argv[++*at]);
    }
    return SW_OK;
}

static enum sw_status add_operand(struct parser *p, struct sw_strs *operands, const char *text)
{
    const char *value = NULL;

    if (expand(p, text, 0, "operand", &value)) {
        return p->err->status;
    }
    sw_strs_add(operands, sw_str(value));
    return SW_OK;
}

struct missing {
    const struct parser *p;
    const struct sw_opt *opt;
};

static void find_missing(void *ctx, const struct sw_opt *opt)
{
    struct missing *missing = ctx;

    if (!missing->opt && (opt->flags & SW_OPT_REQUIRED) &&
        !sw_strs_has(&missing->p->seen, sw_str(opt->name))) {
        missing->opt = opt;
    }
}

static bool has_word(int argc, char *const *argv, const char *word)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], word) == 0) {
            return true;
        }
    }
    return false;
}

static enum sw_status parse_words(struct parser *p, int argc, char *const *argv,
                                  struct sw_strs *operands)
{
    bool only_operands = false;

    for (int at = 0; at < argc; at++) {
        const char *word = argv[at];
        enum sw_status status;

        if (only_operands || word[0] != '-' || word[1] == '\0') {
            status = add_operand(p, operands, word);
        } else if (strcmp(word, "--") == 0) {
            only_operands = true;
            continue;
        } else if (word[1] == '-') {
            status = parse_long(p, argc, argv, &at);
        } else {
            status = parse_short(p, argc, argv, &at);
        }
        if (status) {
            return status;
        }
    }
    return SW_OK;
}

enum sw_status sw_opt_parse(const struct sw_opt *opts, int argc, char *const *argv,
                            const struct sw_env *env, void *args, struct sw_strs *operands,
                            struct sw_strs *owned, struct sw_err *err)
{
    struct parser p = { .opts = opts, .env = env, .args = args, .owned = owned, .err = err };
    struct missing missing = { .p = &p };
    struct found found;
    enum sw_status status;

    /* Expansion holds for the whole line, wherever the flag stands. */
    p.expand = has_word(argc, argv, "--expand") && find_in(opts, 0, SW_STR("expand"), 0, &found);
    status = parse_words(&p, argc, argv, operands);
    if (status == SW_OK && !sw_strs_has(&p.seen, SW_STR("help"))) {
        sw_opt_each(opts, find_missing, &missing);
        if (missing.opt) {
            status = sw_fail(err, SW_E_USAGE, "option \"--%s %s\" is required: %s",
                             missing.opt->name, missing.opt->value, missing.opt->help);
        }
    }
    sw_strs_release(&p.seen);
    return status;
}

void sw_opt_each(const struct sw_opt *opts, void (*fn)(void *ctx, const struct sw_opt *opt),
                 void *ctx)
{
    for (const struct sw_opt *opt = opts; opt->kind != SW_OPT_END; opt++) {
        if (opt->kind == SW_OPT_INCLUDE) {
            sw_opt_each(opt->include, fn, ctx);
        } else {
            fn(ctx, opt);
        }
    }
}

static bool is_text(const struct sw_opt *opt)
{
    return (opt->kind == SW_OPT_STR || opt->kind == SW_OPT_LIST) && !strstr(opt->value, "FILE") &&
           !strstr(opt->value, "CONTEXT");
}

static bool is_utf8(const struct sw_opt *opt, const void *member)
{
    const struct sw_strs *list = member;

    if (opt->kind == SW_OPT_STR) {
        const char *text = *(const char *const *)member;

        return !text || sw_str_is_utf8(sw_str(text));
    }
    for (size_t i = 0; i < list->count; i++) {
        if (!sw_str_is_utf8(sw_str(list->items[i]))) {
            return false;
        }
    }
    return true;
}

enum sw_status sw_opt_check_texts(const struct sw_opt *opts, const void *args, struct sw_err *err)
{
    enum sw_status status = SW_OK;

    for (const struct sw_opt *opt = opts; status == SW_OK && opt->kind != SW_OPT_END; opt++) {
        const void *member = (const char *)args + opt->offset;

        if (opt->kind == SW_OPT_INCLUDE) {
            status = sw_opt_check_texts(opt->include, member, err);
        } else if (is_text(opt) && !is_utf8(opt, member)) {
            status = sw_fail(err, SW_E_INPUT, "--%s: the text is not UTF-8", opt->name);
        }
    }
    return status;
}

void sw_opt_release(const struct sw_opt *opts, void *args)
{
    for (const struct sw_opt *opt = opts; opt->kind != SW_OPT_END; opt++) {
        void *member = (char *)args + opt->offset;

        if (opt->kind == SW_OPT_INCLUDE) {
            sw_opt_release(opt->include, member);
        } else if (opt->kind == SW_OPT_LIST) {
            sw_strs_release(member);
        }
    }
}

#include "compile.h"

#include <slipway/alloc.h>

const char cc_final_steps = 0;
const char cc_placeholder = 0;

enum { WORK_MAX = 500000, NAMES_MAX = 600 };

void sw_config_problems_release(struct sw_config_problems *problems)
{
    free(problems->items);
    sw_yaml_pool_free(problems->pool);
    *problems = (struct sw_config_problems){ 0 };
}

void sw_config_problem_write(const struct sw_config_problem *problem, struct sw_buf *out)
{
    if (problem->mark.file != NULL) {
        sw_buf_addf(out, "%s:%u:%u: ", problem->mark.file, problem->mark.line,
                    problem->mark.column);
    }
    sw_buf_addf(out, "%s%s\n", problem->warning ? "warning: " : "", problem->text);
    struct sw_str stack = sw_str(problem->stack);
    while (stack.len > 0) {
        struct sw_str line = sw_str_cut(&stack, '\n');
        sw_buf_addf(out, "  %.*s\n", SW_STR_ARG(line));
    }
}

/* Writes the frames outermost first. */
/* NOLINTNEXTLINE(misc-no-recursion): frames are limited. */
static void write_stack(const struct cc_frame *frame, struct sw_buf *out)
{
    if (frame == NULL) {
        return;
    }
    write_stack(frame->outer, out);
    sw_buf_addf(out, "Error calling %s: '%s'", frame->kind, frame->name);
    if (frame->at != NULL && frame->at->mark.file != NULL) {
        sw_buf_addf(out, " (%s:%u:%u)", frame->at->mark.file, frame->at->mark.line,
                    frame->at->mark.column);
    }
    sw_buf_add_char(out, '\n');
}

/* The same thing is said once, however many calls lead to it. */
static bool already_said(const struct sw_config_problems *problems, const struct sw_yaml *at,
                         const char *text)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct sw_config_problem *old = &problems->items[i];
        bool same_place = at == NULL ? old->mark.file == NULL
                                     : old->mark.line == at->mark.line &&
                                           old->mark.column == at->mark.column &&
                                           old->mark.file != NULL && at->mark.file != NULL &&
                                           strcmp(old->mark.file, at->mark.file) == 0;
        if (same_place && strcmp(old->text, text) == 0) {
            return true;
        }
    }
    return false;
}

static void record(struct cc *cc, const struct sw_yaml *at, bool warning, const char *text)
{
    struct sw_config_problems *problems = cc->problems;
    if (cc->probing > 0) {
        cc->probe_failures += warning ? 0 : 1;
        return;
    }
    warning = warning || cc->advisory > 0;
    bool full = warning ? problems->count >= (size_t)2 * SW_CONFIG_PROBLEMS_MAX
                        : problems->errors >= SW_CONFIG_PROBLEMS_MAX;
    if (full || already_said(problems, at, text)) {
        return;
    }
    SW_CLEANUP(sw_buf_release) struct sw_buf stack;
    sw_buf_init(&stack, SW_BUF_TEXT_MAX);
    write_stack(cc->frame, &stack);
    /* The list outlives the run's pool. */
    struct sw_config_problem problem = {
        .warning = warning,
        .text = sw_yaml_pool_text(problems->pool, sw_str(text)),
        .stack = sw_yaml_pool_text(problems->pool, sw_buf_str(&stack)),
    };
    if (at != NULL && at->mark.file != NULL) {
        problem.mark = at->mark;
        problem.mark.file = sw_yaml_pool_text(problems->pool, sw_str(at->mark.file));
    }
    problems->items =
        sw_grow(problems->items, problems->count, &problems->capacity, sizeof(*problems->items));
    problems->items[problems->count++] = problem;
    problems->errors += warning ? 0 : 1;
}

static void record_formatted(struct cc *cc, const struct sw_yaml *at, bool warning, const char *fmt,
                             va_list args) __attribute__((format(printf, 4, 0)));

static void record_formatted(struct cc *cc, const struct sw_yaml *at, bool warning, const char *fmt,
                             va_list args)
{
    char text[SW_ERR_MSG_MAX];
    (void)vsnprintf(text, sizeof(text), fmt, args);
    record(cc, at, warning, text);
}

void cc_problem(struct cc *cc, const struct sw_yaml *at, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    record_formatted(cc, at, false, fmt, args);
    va_end(args);
}

void cc_warning(struct cc *cc, const struct sw_yaml *at, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    record_formatted(cc, at, true, fmt, args);
    va_end(args);
}

bool cc_done(struct cc *cc)
{
    return cc->exhausted || cc->problems->errors >= SW_CONFIG_PROBLEMS_MAX;
}

bool cc_spend(struct cc *cc, const struct sw_yaml *at)
{
    if (cc->exhausted) {
        return false;
    }
    if (++cc->work <= WORK_MAX && sw_yaml_pool_bytes(cc->pool) <= SW_CONFIG_MEMORY_MAX) {
        return true;
    }
    unsigned probing = cc->probing;
    cc->probing = 0;
    cc_problem(cc, at, "the configuration expands to more than this program can hold");
    cc->probing = probing;
    cc->exhausted = true;
    return false;
}

bool cc_enter(struct cc *cc, struct cc_frame *frame)
{
    frame->outer = cc->frame;
    frame->depth = cc->frame == NULL ? 1 : cc->frame->depth + 1;
    if (frame->depth > SW_CONFIG_CALL_DEPTH_MAX) {
        cc_problem(cc, frame->at, "calls nest over %d levels deep", SW_CONFIG_CALL_DEPTH_MAX);
        return false;
    }
    cc->frame = frame;
    return true;
}

void cc_leave(struct cc *cc)
{
    cc->frame = cc->frame->outer;
}

const char *cc_names(struct cc *cc, const struct sw_yaml *map)
{
    if (map == NULL || map->type != SW_YAML_MAP || map->count == 0) {
        return "none";
    }
    SW_CLEANUP(sw_buf_release) struct sw_buf names;
    sw_buf_init(&names, SW_BUF_TEXT_MAX);
    for (size_t i = 0; i < map->count; i++) {
        if (names.len > NAMES_MAX) {
            sw_buf_addf(&names, " and %zu more", map->count - i);
            break;
        }
        sw_buf_addf(&names, "%s%s", i == 0 ? "" : ", ", map->keys[i]->text);
    }
    return sw_yaml_pool_text(cc->pool, sw_buf_str(&names));
}

const char *cc_suggest(struct cc *cc, const struct sw_yaml *map, const char *name)
{
    size_t limit = (strlen(name) + 1) / 3;
    size_t best = limit < 4 ? limit + 1 : 5;
    const char *nearest = NULL;
    for (size_t i = 0; map != NULL && map->type == SW_YAML_MAP && i < map->count; i++) {
        size_t distance = sw_str_distance(sw_str(name), sw_str(map->keys[i]->text), best);
        if (distance < best) {
            best = distance;
            nearest = map->keys[i]->text;
        }
    }
    return nearest == NULL ? "" : cc_text(cc, "; did you mean \"%s\"?", nearest);
}

const char *cc_text(struct cc *cc, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    SW_CLEANUP(sw_free_str) char *text = sw_xvasprintf(fmt, args);
    va_end(args);
    return sw_yaml_pool_text(cc->pool, sw_str(text));
}

const char *cc_show(struct cc *cc, const struct sw_yaml *value)
{
    SW_CLEANUP(sw_buf_release) struct sw_buf text;
    sw_buf_init(&text, SW_BUF_TEXT_MAX);
    if (value->type == SW_YAML_STR) {
        sw_buf_addf(&text, "\"%.200s\"", value->text);
    } else if (value->type == SW_YAML_NULL) {
        sw_buf_add_cstr(&text, "null");
    } else if (sw_yaml_is_scalar(value)) {
        sw_yaml_scalar_text(value, &text);
    } else {
        sw_buf_addf(&text, "a %s of %zu", sw_yaml_type_name(value), value->count);
    }
    sw_buf_addf(&text, " (type %s)", sw_yaml_type_name(value));
    return sw_yaml_pool_text(cc->pool, sw_buf_str(&text));
}

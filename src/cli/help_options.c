#include "help.h"

#include <slipway/alloc.h>

#include <inttypes.h>

enum { CHOICES_SHOWN_MAX = 40, DEFAULT_TEXT_MAX = 64, MS_PER_S = 1000, S_PER_MIN = 60 };

/* One walk over a command's table. */
struct walk {
    const char *args; /* the argument struct with its defaults */
    enum sw_help_group wanted;
    const char *section; /* the one that is walked; NULL for what has none */
    sw_help_option_fn *fn;
    void *ctx;
};

const char *sw_help_group_title(enum sw_help_group group)
{
    static const char *const titles[] = { "options", "AWS options", "common options" };
    return titles[group];
}

static void format_duration(int64_t millis, char out[DEFAULT_TEXT_MAX])
{
    int64_t seconds = millis / MS_PER_S;
    if (seconds % S_PER_MIN == 0) {
        (void)snprintf(out, DEFAULT_TEXT_MAX, "%" PRId64 "m", seconds / S_PER_MIN);
    } else {
        (void)snprintf(out, DEFAULT_TEXT_MAX, "%" PRId64 "s", seconds);
    }
}

/* The value that the command's defaults give the option; "" when there is none. */
static void default_text(const struct sw_opt *opt, const char *member, char out[DEFAULT_TEXT_MAX])
{
    int64_t number = 0;
    out[0] = '\0';
    switch (opt->kind) {
    case SW_OPT_STR:
    case SW_OPT_ENUM: {
        const char *text = *(const char *const *)(const void *)member;
        (void)snprintf(out, DEFAULT_TEXT_MAX, "%s", text ? text : "");
        break;
    }
    case SW_OPT_INT:
    case SW_OPT_BYTES:
    case SW_OPT_DURATION:
        number = *(const int64_t *)(const void *)member;
        if (number > 0 && opt->kind == SW_OPT_DURATION) {
            format_duration(number, out);
        } else if (number > 0) {
            (void)snprintf(out, DEFAULT_TEXT_MAX, "%" PRId64, number);
        }
        break;
    default:
        break;
    }
}

/* Help with what the table knows besides; a help that speaks of the default does so better. */
static void add_help(struct sw_buf *out, const struct sw_opt *opt, const char *member)
{
    char text[DEFAULT_TEXT_MAX];
    default_text(opt, member, text);
    sw_buf_add_cstr(out, opt->help);
    if (text[0] != '\0' && !strstr(opt->help, "default")) {
        sw_buf_addf(out, "; default %s", text);
    }
    if (opt->kind == SW_OPT_LIST) {
        sw_buf_add_cstr(out, " (repeatable)");
    }
    if (opt->flags & SW_OPT_REQUIRED) {
        sw_buf_add_cstr(out, " (required)");
    }
}

static void show(const struct walk *walk, const struct sw_opt *opt, size_t offset)
{
    struct sw_buf help SW_CLEANUP(sw_buf_release) = { 0 };
    const char *member = walk->args + offset;
    bool can_be_off = opt->kind == SW_OPT_SWITCH ||
                      (opt->kind == SW_OPT_FLAG && *(const bool *)(const void *)member);
    char *name SW_CLEANUP(sw_free_str) = sw_xasprintf("%s%s", can_be_off ? "[no-]" : "", opt->name);
    bool has_choices =
        opt->kind == SW_OPT_ENUM && opt->choices && strlen(opt->choices) <= CHOICES_SHOWN_MAX;
    sw_buf_init(&help, SW_BUF_TEXT_MAX);
    add_help(&help, opt, member);
    const struct sw_help_option option = {
        .opt = opt,
        .group = walk->wanted,
        .section = walk->section,
        .name = name,
        .value = has_choices ? opt->choices : opt->value,
        .help = help.ptr,
    };
    walk->fn(walk->ctx, &option);
}

static enum sw_help_group group_of(const struct sw_opt *include, enum sw_help_group outer)
{
    if (include == sw_cli_common_opts) {
        return SW_HELP_COMMON;
    }
    return include == sw_cli_aws_opts ? SW_HELP_AWS : outer;
}

static void walk_table(const struct walk *walk, const struct sw_opt *opts, size_t base,
                       enum sw_help_group group)
{
    for (const struct sw_opt *opt = opts; opt->kind != SW_OPT_END; opt++) {
        if (opt->kind == SW_OPT_INCLUDE && opt->help) {
            continue; /* a section is walked by itself */
        }
        if (opt->kind == SW_OPT_INCLUDE) {
            walk_table(walk, opt->include, base + opt->offset, group_of(opt->include, group));
        } else if (group == walk->wanted && !(opt->flags & SW_OPT_HIDDEN)) {
            show(walk, opt, base + opt->offset);
        }
    }
}

void sw_help_each_option(const struct sw_command *command, enum sw_help_group group,
                         sw_help_option_fn *fn, void *ctx)
{
    char *args SW_CLEANUP(sw_free_str) = sw_xcalloc(1, command->args_size);
    struct walk walk = { .args = args, .wanted = group, .fn = fn, .ctx = ctx };
    if (command->defaults) {
        command->defaults(args);
    }
    walk_table(&walk, command->opts, 0, SW_HELP_OWN);
    for (const struct sw_opt *opt = command->opts; opt->kind != SW_OPT_END; opt++) {
        if (opt->kind == SW_OPT_INCLUDE && opt->help) {
            walk.section = opt->help;
            walk_table(&walk, opt->include, opt->offset, SW_HELP_OWN);
        }
    }
}

bool sw_help_new_section(const struct sw_help_option *option, const char **said)
{
    if (!option->section || (*said && strcmp(*said, option->section) == 0)) {
        return false;
    }
    *said = option->section;
    return true;
}

const char *sw_help_example_title(const struct sw_command *command)
{
    return strstr(command->example, "\nslipway ") ? "examples" : "example";
}

static void count_option(void *ctx, const struct sw_help_option *option)
{
    (void)option;
    *(size_t *)ctx += 1;
}

bool sw_help_has_group(const struct sw_command *command, enum sw_help_group group)
{
    size_t count = 0;
    sw_help_each_option(command, group, count_option, &count);
    return count > 0;
}

const struct sw_command *sw_help_next_command(size_t *at)
{
    while (sw_commands[*at]) {
        const struct sw_command *command = sw_commands[(*at)++];
        if (!command->hidden) {
            return command;
        }
    }
    return NULL;
}

const struct sw_command *sw_help_find_command(struct sw_str name)
{
    for (size_t i = 0; sw_commands[i]; i++) {
        if (sw_str_is(name, sw_commands[i]->name)) {
            return sw_commands[i];
        }
    }
    return NULL;
}

bool sw_help_takes_file(const struct sw_opt *opt)
{
    static const char *const names[] = { "FILE", "FILE|JSON", "PATH", "REF=PATH" };
    return opt->value && sw_is_one_of(opt->value, names, SW_COUNT(names));
}

bool sw_help_takes_folder(const struct sw_opt *opt)
{
    static const char *const names[] = { "DIR", "CONTEXT" };
    return opt->value && sw_is_one_of(opt->value, names, SW_COUNT(names));
}

const struct sw_help_exit sw_help_exits[] = {
    { 0, "done" },
    { 1, "it was tried and failed; something that was named does not exist" },
    { 2, "wrong usage, or wrong input" },
    { 3, "credentials are missing, wrong or expired, or lack a right" },
    { 4, "network trouble, or the other side is unavailable" },
    { 10, "the rollout failed and was not rolled back" },
    { 11, "the rollout failed and was rolled back" },
    { 12, "another deployment took over" },
    { 13, "the rollout had not ended when the time was up" },
    { 14, "the rollout waits for a hook or an approval" },
    { 15, "stopped by the user" },
    { 20, "a check before the deployment blocks it" },
    { 0, NULL },
};

/* Where wrapped text is being put. */
struct wrap {
    struct sw_buf *out;
    size_t indent;
    size_t width;
    size_t column; /* 0: nothing on the line yet */
    bool hang;     /* the first line starts where the caller left off */
};

static void end_line(struct wrap *wrap)
{
    if (wrap->column > 0) {
        sw_buf_add_char(wrap->out, '\n');
        wrap->column = 0;
    }
}

static void add_word(struct wrap *wrap, struct sw_str word)
{
    if (wrap->column > 0 && wrap->column + 1 + word.len > wrap->width) {
        end_line(wrap);
    }
    if (wrap->column == 0) {
        sw_buf_addf(wrap->out, "%*s", wrap->hang ? 0 : (int)wrap->indent, "");
        wrap->hang = false;
        wrap->column = wrap->indent;
    } else {
        sw_buf_add_char(wrap->out, ' ');
        wrap->column++;
    }
    sw_buf_add_str(wrap->out, word);
    wrap->column += word.len;
}

void sw_help_wrap(struct sw_buf *out, struct sw_str text, size_t indent, size_t width, bool hang)
{
    struct wrap wrap = { .out = out, .indent = indent, .width = width, .hang = hang };
    while (text.ptr) {
        struct sw_str line = sw_str_cut(&text, '\n');
        if (line.len == 0) {
            end_line(&wrap);
            sw_buf_add_char(out, '\n');
        } else if (sw_is_space(line.ptr[0])) {
            end_line(&wrap);
            sw_buf_addf(out, "%*s%.*s\n", (int)indent, "", SW_STR_ARG(line));
        } else {
            while (line.ptr) {
                add_word(&wrap, sw_str_cut(&line, ' '));
            }
        }
    }
    end_line(&wrap);
}

#ifndef SLIPWAY_CLI_OPT_H
#define SLIPWAY_CLI_OPT_H

/*
 * Option tables. A command declares its options once, as data; parsing, --help, man pages, shell
 * completions and the README's reference come from the same table. Values are bound by offset into
 * the command's own argument struct, so parsing has no side effect and can be tested.
 *
 * Syntax: --name value, --name=value, -x value, -xvalue, flags as --name and --no-name, "--" ends
 * options. Options and operands may be mixed. A name given twice keeps the last value, except for
 * repeatable kinds.
 */

#include <slipway/env.h>
#include <slipway/err.h>
#include <slipway/str.h>

#include <stddef.h>

enum sw_opt_kind {
    SW_OPT_END = 0,
    SW_OPT_STR,      /* const char * */
    SW_OPT_FLAG,     /* bool; the text values true/false/1/0 are accepted after '=' */
    SW_OPT_SWITCH,   /* enum sw_switch; a flag of which it counts whether it was given at all; an
                        empty text after '=' does not */
    SW_OPT_INT,      /* int64_t within min..max */
    SW_OPT_DURATION, /* int64_t milliseconds; "90", "90s", "10m", "1.5h" */
    SW_OPT_BYTES,    /* int64_t; "512", "64k", "10M", "1G" (powers of 1024) */
    SW_OPT_ENUM,     /* const char *, one of `choices` ("text|json") */
    SW_OPT_LIST,     /* struct sw_strs; repeatable */
    SW_OPT_INCLUDE,  /* `include` is another table whose offsets start at `offset`; `help`, when it
                        has one, is the heading that its options stand under in help */
};

enum sw_opt_flags {
    SW_OPT_REQUIRED = 1u << 0,
    SW_OPT_HIDDEN = 1u << 1,
    /* With --expand: a bare name of a set environment variable stands for its value, so that
     * "AWS_REGION", "$AWS_REGION" and "us-east-1" can all be written. */
    SW_OPT_NAME = 1u << 2,
    /* With --expand this value is left alone (it is a variable's name, or a secret's). */
    SW_OPT_RAW = 1u << 3,
};

struct sw_opt {
    enum sw_opt_kind kind;
    const char *name;  /* long name without dashes */
    char letter;       /* short name, or 0 */
    size_t offset;     /* offsetof in the command's argument struct */
    const char *value; /* placeholder in help ("REF", "SECONDS"); NULL for flags */
    const char *help;  /* one line, lower case, no full stop */
    unsigned flags;
    const char *choices; /* SW_OPT_ENUM */
    int64_t min, max;    /* SW_OPT_INT */
    const struct sw_opt *include;
};

/*
 * Parses argv[0..argc) (the words after the command's name) by `opts` into `args`. Operands are
 * appended to `operands`. Strings point into argv or, after expansion, into memory owned by
 * `owned`. When the table has a flag named "expand" and it is given, ${VAR} text in every value and
 * operand is expanded by sw_subst (subst.h) before it is parsed; --env-file-like effects do not
 * exist. SW_E_USAGE names the option and what is accepted; unknown options get the nearest name.
 */
SW_NODISCARD enum sw_status sw_opt_parse(const struct sw_opt *opts, int argc, char *const *argv,
                                         const struct sw_env *env, void *args,
                                         struct sw_strs *operands, struct sw_strs *owned,
                                         struct sw_err *err);
/* Frees what the table's SW_OPT_LIST members hold. */
void sw_opt_release(const struct sw_opt *opts, void *args);

/*
 * Whether all texts but names of files, whose placeholder says FILE or CONTEXT, are UTF-8, as what
 * goes out in JSON must be. SW_E_INPUT names the option.
 */
SW_NODISCARD enum sw_status sw_opt_check_texts(const struct sw_opt *opts, const void *args,
                                               struct sw_err *err);

/*
 * The option of that long name, and where its value is in the argument struct; NULL when the table
 * has none. sw_opt_nearest() is the name that was probably meant, or NULL.
 */
const struct sw_opt *sw_opt_find(const struct sw_opt *opts, struct sw_str name, size_t *ret_offset);
const char *sw_opt_nearest(const struct sw_opt *opts, struct sw_str name);

/* Whether the option takes no value from the next word: a flag or a switch. */
bool sw_opt_is_flag(const struct sw_opt *opt);

/* Calls fn for each option in order, included tables unfolded. */
void sw_opt_each(const struct sw_opt *opts, void (*fn)(void *ctx, const struct sw_opt *opt),
                 void *ctx);

#endif

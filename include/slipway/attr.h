#ifndef SLIPWAY_ATTR_H
#define SLIPWAY_ATTR_H

/*
 * Compiler attributes and the small helpers used everywhere.
 *
 * SW_CLEANUP(fn) runs fn(&variable) when the variable goes out of scope. Declare and assign in one
 * statement. A function uses either cleanup attributes or goto, never both.
 * SW_TAKE(p) hands a pointer out of such a variable: it yields the value and leaves NULL behind.
 */

#define SW_NODISCARD                    __attribute__((warn_unused_result))
#define SW_PRINTF(fmt_index, first_arg) __attribute__((format(printf, fmt_index, first_arg)))
#define SW_CLEANUP(fn)                  __attribute__((cleanup(fn)))
#define SW_UNUSED                       __attribute__((unused))
#define SW_NORETURN                     __attribute__((noreturn))
#define SW_COUNT(array)                 (sizeof(array) / sizeof((array)[0]))

#define SW_TAKE(p)                     \
    __extension__({                    \
        __typeof__(p) sw_taken_ = (p); \
        (p) = NULL;                    \
        sw_taken_;                     \
    })

/* A setting that is switched on or off, or left as it is. */
enum sw_switch { SW_SWITCH_UNSET = 0, SW_SWITCH_ON, SW_SWITCH_OFF };

/* Defines `name`, a cleanup function for variables of type `type *`, on top of `free_fn(type *)`.
 */
/* NOLINTBEGIN(bugprone-macro-parentheses): a type name cannot be put in parentheses. */
#define SW_DEFINE_CLEANUP(name, type, free_fn)     \
    static inline SW_UNUSED void name(type **slot) \
    {                                              \
        free_fn(*slot);                            \
        *slot = NULL;                              \
    }
/* NOLINTEND(bugprone-macro-parentheses) */

#endif

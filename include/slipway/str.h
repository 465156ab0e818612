#ifndef SLIPWAY_STR_H
#define SLIPWAY_STR_H

/*
 * Borrowed text: a pointer and a length, not NUL-terminated, passed by value. Whoever made the
 * bytes keeps them. All classification is ASCII; no locale is consulted.
 */

#include <slipway/err.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct sw_str {
    const char *ptr; /* may be NULL when len is 0 */
    size_t len;
};

/* A view of a string literal, for initialisers and arguments. */
#define SW_STR(literal) ((struct sw_str){ ("" literal), sizeof(literal) - 1 })
/* printf("%.*s", SW_STR_ARG(s)) */
#define SW_STR_ARG(s) ((int)(s).len), ((s).ptr ? (s).ptr : "")

/* A view of a NUL-terminated string; NULL gives the empty view. */
static inline struct sw_str sw_str(const char *s)
{
    return (struct sw_str){ s, s ? strlen(s) : 0 };
}
static inline struct sw_str sw_str_n(const char *s, size_t len)
{
    return (struct sw_str){ s, len };
}

bool sw_str_eq(struct sw_str a, struct sw_str b);
bool sw_str_eq_nocase(struct sw_str a, struct sw_str b);
/* Whether `s` equals the NUL-terminated `text`. */
bool sw_str_is(struct sw_str s, const char *text);
bool sw_str_starts(struct sw_str s, const char *prefix);
bool sw_str_ends(struct sw_str s, const char *suffix);

/* Offset of the first/last `c`, or -1. */
ptrdiff_t sw_str_find(struct sw_str s, char c);
ptrdiff_t sw_str_rfind(struct sw_str s, char c);
/* Offset of the first occurrence of `needle`, or -1; an empty needle is at 0. */
ptrdiff_t sw_str_find_str(struct sw_str s, struct sw_str needle);
/* The part from `start` (clamped) to the end, and the first `len` (clamped) bytes. */
struct sw_str sw_str_from(struct sw_str s, size_t start);
struct sw_str sw_str_first(struct sw_str s, size_t len);
/* Without ASCII white space at both ends. */
struct sw_str sw_str_trim(struct sw_str s);
/*
 * Cuts *s at the first `sep`: returns what is before it and leaves what follows in *s.
 * Without `sep` the whole is returned and *s becomes {NULL, 0}. Loop while (s.ptr).
 */
struct sw_str sw_str_cut(struct sw_str *s, char sep);

/* A NUL-terminated copy; the caller's. */
char *sw_str_dup(struct sw_str s);

/*
 * Edit distance of two short names, at most `limit`; to offer what was probably meant. Two letters
 * in the wrong order are one slip. Names over 48 bytes are as far apart as can be.
 */
size_t sw_str_distance(struct sw_str a, struct sw_str b, size_t limit);

bool sw_is_digit(char c);
bool sw_is_alpha(char c);
bool sw_is_alnum(char c);
bool sw_is_space(char c);
bool sw_is_hex(char c);
char sw_lower(char c);
char sw_upper(char c);
/* Whether `s` is a POSIX environment variable name: [A-Za-z_][A-Za-z0-9_]*. */
bool sw_is_env_name(struct sw_str s);

/*
 * The whole of `s` as a decimal number between `min` and `max`. No sign but a leading '-', no
 * blanks. Returns false, leaving *ret alone, when it is none.
 */
SW_NODISCARD bool sw_parse_int(struct sw_str s, int64_t min, int64_t max, int64_t *ret);

/*
 * Overwrites control characters (C0, DEL, and C1 in UTF-8) by blanks, except those in `keep`, and
 * each byte that belongs to no UTF-8 character by "?": what a remote says must not steer a terminal
 * or fake a line of its own, and must fit into JSON.
 */
void sw_blank_controls(char *text, size_t len, const char *keep);
/*
 * Writes the trimmed text as one line without control characters, cut between two characters when
 * it does not fit; `size` is of `out` and counts the NUL.
 */
void sw_str_to_line(struct sw_str text, char *out, size_t size);

/* Whether one of the words is `text`. */
bool sw_is_one_of(const char *text, const char *const *words, size_t count);

/* Strict UTF-8 (no surrogates, no overlong forms) without NUL bytes. */
bool sw_str_is_utf8(struct sw_str s);
/* How many UTF-8 characters `s` has; a byte that belongs to none counts as one. */
size_t sw_utf8_count(struct sw_str s);

/* A growing list of owned strings, NULL-terminated once it holds anything. */
struct sw_strs {
    char **items;
    size_t count;
    size_t capacity;
};
void sw_strs_add(struct sw_strs *list, struct sw_str s);
/* Takes ownership of `s`, which came from malloc. */
void sw_strs_take(struct sw_strs *list, char *s);
/* Adds the parts of `text` between `sep`s without the white space around them; empty ones are none.
 */
void sw_strs_add_parts(struct sw_strs *list, struct sw_str text, char sep);
/*
 * Adds the words of a command line: blanks separate, single and double quotes group, a backslash
 * takes the next character as it is, within double quotes only those of `escaped`. Nothing is
 * expanded (for that see subst.h). SW_E_INPUT when a quote is not closed.
 */
SW_NODISCARD enum sw_status sw_strs_add_words(struct sw_strs *list, struct sw_str text,
                                              const char *escaped, struct sw_err *err);
bool sw_strs_has(const struct sw_strs *list, struct sw_str s);
/* Frees the strings and the array; the list is empty and usable again. */
void sw_strs_release(struct sw_strs *list);

#endif

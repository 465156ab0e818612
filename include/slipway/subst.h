#ifndef SLIPWAY_SUBST_H
#define SLIPWAY_SUBST_H

/*
 * Expanding ${VAR} text as a POSIX shell (and the common bash forms) would, without ever running
 * anything. Reference: POSIX XCU 2.6.2, Bash manual "Shell Parameter Expansion".
 *
 * Supported: $NAME, ${NAME}, ${NAME:-w} ${NAME-w} ${NAME:+w} ${NAME+w} ${NAME:=w} ${NAME=w}
 * (assigns nothing), ${NAME:?w} ${NAME?w} (error with that text), ${#NAME}, ${NAME:off} and
 * ${NAME:off:len} (negative offsets as bash), ${NAME#p} ${NAME##p} ${NAME%p} ${NAME%%p},
 * ${NAME/p/r} ${NAME//p/r} ${NAME/#p/r} ${NAME/%p/r}, ${NAME^} ${NAME^^} ${NAME,} ${NAME,,} (also
 * with a pattern), patterns with * ? [...]; words w, p, r are expanded themselves, nested to a
 * depth limit. Offsets are sums and differences of decimal numbers, in parentheses if wanted.
 *
 * Text is read as between double quotes, with three differences that keep plain text plain: a
 * double quote stands for itself; a backslash means something only in a row of backslashes that
 * ends at $ or ` (two give one, the odd one makes $ or ` plain); and "&" in r is plain. Characters
 * are UTF-8; a byte that is none counts as one character. ^ and , change ASCII letters only.
 *
 * $(date) and `date` give the time as date(1) prints it in the C locale, without running it: in
 * the zone that TZ names, or with -u in UTC, and as +FORMAT, in quotes or not, says; of a format,
 * %a %A %b %B %C %d %D %e %F %g %G %h %H %I %j %m %M %n %p %r %R %s %S %t %T %u %U %V %w %W %y %Y
 * %z %Z %% are known.
 *
 * Refused with SW_E_INPUT: every other $(...) and `...`, since text is never executed; ${!NAME} and
 * ${NAME@x}; $1, $@, $$ and the like, which name nothing here; what is not closed; ${...} nested
 * deeper than SW_SUBST_DEPTH_MAX.
 */

#include <slipway/buf.h>
#include <slipway/env.h>

/* Depth of ${...} inside ${...}. */
enum { SW_SUBST_DEPTH_MAX = 16 };
/* Bytes of a text, of a value that is cut or searched, and of a result. */
#define SW_SUBST_MAX ((size_t)1024 * 1024)

struct sw_subst_options {
    bool unset_is_error; /* $NAME of an unset variable: SW_E_INPUT naming it; else empty */
    bool bare_name;      /* the whole text may be a bare variable name that is set: its value */
};

/*
 * Appends the expansion of `text` to `out`. `what` names the text in errors ("--tag"). On failure
 * `out` is as it was. SW_E_TOO_LARGE over SW_SUBST_MAX bytes, over `out`'s maximum, or when a
 * pattern needs too many steps.
 */
SW_NODISCARD enum sw_status sw_subst(const struct sw_env *env, struct sw_str text,
                                     const struct sw_subst_options *options, const char *what,
                                     struct sw_buf *out, struct sw_err *err);

/*
 * Splits `text` into words as a shell does after expansion: blanks separate, single and double
 * quotes group, backslash escapes; $NAME forms are expanded except in single quotes, and an
 * unquoted expansion is split at blanks too. No globbing, no braces, no tilde, no comments.
 * Operators (; | & < > ( ) unquoted) are refused with SW_E_INPUT. A new line is a blank.
 * The words are appended to *ret_words, which is unchanged on failure; at most SW_SUBST_WORDS_MAX,
 * else SW_E_TOO_LARGE.
 */
enum { SW_SUBST_WORDS_MAX = 10000 };
SW_NODISCARD enum sw_status sw_subst_words(const struct sw_env *env, struct sw_str text,
                                           const struct sw_subst_options *options, const char *what,
                                           struct sw_strs *ret_words, struct sw_err *err);

#endif

#ifndef SLIPWAY_BASE_SUBST_EXPAND_H
#define SLIPWAY_BASE_SUBST_EXPAND_H

/*
 * The expander behind sw_subst() and sw_subst_words(): it reads from a view that it shortens, and
 * writes to a sink. What a sink does with unquoted text is the difference between a plain text, a
 * pattern (unquoted characters are special) and a list of words (unquoted blanks separate).
 */

#include <slipway/subst.h>

enum sink_kind {
    SINK_TEXT,
    SINK_PATTERN, /* quoted characters get a backslash */
    SINK_WORDS,
};

struct sink {
    enum sink_kind kind;
    struct sw_buf *text;   /* the text, the pattern, or the word that is being put together */
    bool in_word;          /* SINK_WORDS: a word has begun, even if it is empty */
    struct sw_strs *words; /* SINK_WORDS */
    size_t words_bytes;    /* their sum */
};

/* What one call may cost; a few tenths of a second. */
#define SW_SUBST_BUDGET ((size_t)50 * 1000 * 1000)

struct expander {
    const struct sw_env *env;
    bool unset_is_error;
    int depth;     /* of ${...} */
    size_t budget; /* of bytes looked at and steps of patterns: bounds the time */
    int skipping;  /* inside a word that is not used: it is read, not evaluated */
};

void sw_subst_emit(struct sink *sink, struct sw_str text, bool quoted);
/* SINK_WORDS: ends the word that has begun. */
void sw_subst_end_word(struct sink *sink);
/* SW_E_TOO_LARGE when a limit is passed; asked after every piece, so that no time is wasted. */
enum sw_status sw_subst_check(const struct sink *sink, struct sw_err *err);

/* Takes the first `len` bytes off *in. */
static inline struct sw_str sw_subst_take(struct sw_str *in, size_t len)
{
    struct sw_str part = sw_str_first(*in, len);
    *in = sw_str_from(*in, len);
    return part;
}
static inline bool sw_subst_at(struct sw_str in, char c)
{
    return in.len > 0 && in.ptr[0] == c;
}
/* The start of `source` for an error text: up to the end of the line, not too long. */
struct sw_str sw_subst_snippet(struct sw_str source);
enum sw_status sw_subst_unterminated(struct sw_str source, const char *closing, struct sw_err *err);

/* Expands the form at the start of *in, which is '$' or '`'. */
enum sw_status sw_subst_dollar(struct expander *ex, struct sw_str *in, bool quoted,
                               struct sink *sink, struct sw_err *err);
/*
 * Appends what date(1) prints for a command as in the text, $(date...) or `date...`, with the
 * options and formats that subst.h names; *ret_known is false, and nothing else happens, when it is
 * another command. A conversion that is not known is SW_E_INPUT; `out` may have a part of it then.
 */
enum { SW_SUBST_DATE_MAX = 256 }; /* bytes of such a command */
enum sw_status sw_subst_date(const struct sw_env *env, struct sw_str command, bool *ret_known,
                             struct sw_buf *out, struct sw_err *err);
/* Reads a quoted part whose opening quote is at the start of *in. */
enum sw_status sw_subst_double_quoted(struct expander *ex, struct sw_str *in, struct sink *sink,
                                      struct sw_err *err);
enum sw_status sw_subst_single_quoted(struct sw_str *in, struct sink *sink, struct sw_err *err);
/*
 * Reads a backslash and what it quotes. Between double quotes it means something only before the
 * characters of `special`; elsewhere (`special` NULL) it quotes anything.
 */
void sw_subst_backslash(struct sw_str *in, const char *special, struct sink *sink);
/*
 * Reads and expands a word inside ${...} up to the first unquoted character of `stops`, which is
 * left in *in. An error naming `source`, where the ${...} began, when the text ends before.
 */
enum sw_status sw_subst_read_word(struct expander *ex, struct sw_str source, struct sw_str *in,
                                  bool quoted, const char *stops, struct sink *sink,
                                  struct sw_err *err);

#endif

#include <slipway/alloc.h>
#include <slipway/buf.h>
#include <slipway/str.h>

/* Whether the character at `i` takes the next one as it is while `quote` (0: none) is open. */
static bool is_escape(struct sw_str text, size_t i, char quote, const char *escaped)
{
    return text.ptr[i] == '\\' && quote != '\'' && i + 1 < text.len && text.ptr[i + 1] != '\0' &&
           (!quote || strchr(escaped, text.ptr[i + 1]));
}

/* Appends the word at the front of *text to `word` and takes it off. */
static enum sw_status cut_word(struct sw_str *text, const char *escaped, struct sw_buf *word,
                               struct sw_err *err)
{
    char quote = 0;
    size_t i = 0;
    for (; i < text->len && (quote || !sw_is_space(text->ptr[i])); i++) {
        char c = text->ptr[i];
        if (is_escape(*text, i, quote, escaped)) {
            sw_buf_add_char(word, text->ptr[++i]);
        } else if (quote && c == quote) {
            quote = 0;
        } else if (!quote && (c == '"' || c == '\'')) {
            quote = c;
        } else {
            sw_buf_add_char(word, c);
        }
    }
    if (quote) {
        return sw_fail(err, SW_E_INPUT, "a quote %c is not closed", quote);
    }
    *text = sw_str_from(*text, i);
    return SW_OK;
}

enum sw_status sw_strs_add_words(struct sw_strs *list, struct sw_str text, const char *escaped,
                                 struct sw_err *err)
{
    struct sw_str rest = sw_str_trim(text);
    while (rest.len > 0) {
        struct sw_buf word SW_CLEANUP(sw_buf_release) = { 0 };
        sw_buf_init(&word, text.len);
        if (cut_word(&rest, escaped, &word, err) != SW_OK) {
            return err->status;
        }
        sw_strs_take(list, sw_buf_take(&word));
        rest = sw_str_trim(rest);
    }
    return SW_OK;
}

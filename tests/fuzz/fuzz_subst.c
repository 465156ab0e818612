/* Expanding text: the input is the value of $V, a newline, and the text. */

#include "fuzz.h"

#include <slipway/alloc.h>
#include <slipway/subst.h>

static const char *get(void *ctx, const char *name)
{
    const char *value = ctx;
    if (strcmp(name, "V") == 0) {
        return value;
    }
    if (strcmp(name, "W") == 0) {
        return "a*b/c  d";
    }
    return strcmp(name, "E") == 0 ? "" : NULL;
}

static const struct sw_subst_options strict = { .unset_is_error = true };
static const struct sw_subst_options lenient = { .unset_is_error = false };

/* Expands into a buffer that holds something already; the buffer is the caller's. */
static enum sw_status expand(const struct sw_env *env, struct sw_str text,
                             const struct sw_subst_options *options, struct sw_buf *out)
{
    struct sw_err err = SW_ERR_INIT;
    sw_buf_init(out, SW_BUF_TEXT_MAX);
    sw_buf_add_cstr(out, "<");
    enum sw_status status = sw_subst(env, text, options, "text", out, &err);
    FUZZ_CHECK(out->ptr[0] == '<' && out->len <= SW_SUBST_MAX + 1);
    if (status != SW_OK) {
        FUZZ_CHECK(status == SW_E_INPUT || status == SW_E_TOO_LARGE);
        FUZZ_CHECK(strncmp(err.msg, "text: ", 6) == 0 && out->len == 1);
    }
    return status;
}

static void check_text(const struct sw_env *env, struct sw_str text)
{
    struct sw_buf one SW_CLEANUP(sw_buf_release);
    struct sw_buf two SW_CLEANUP(sw_buf_release);
    enum sw_status status = expand(env, text, &strict, &one);
    enum sw_status lenient_status = expand(env, text, &lenient, &two);
    /* What works with every variable set works the same when unset ones are allowed. */
    if (status == SW_OK) {
        FUZZ_CHECK(lenient_status == SW_OK && sw_str_eq(sw_buf_str(&one), sw_buf_str(&two)));
    }
    /* Plain text stays as it is. */
    if (sw_str_find(text, '$') < 0 && sw_str_find(text, '`') < 0) {
        FUZZ_CHECK(status == SW_OK && sw_str_eq(sw_str_from(sw_buf_str(&one), 1), text));
    }
}

static void check_words(const struct sw_env *env, struct sw_str text)
{
    struct sw_err err = SW_ERR_INIT;
    struct sw_strs words SW_CLEANUP(sw_strs_release) = { 0 };
    size_t bytes = 0;
    enum sw_status status = sw_subst_words(env, text, &lenient, "text", &words, &err);
    if (status != SW_OK) {
        FUZZ_CHECK(status == SW_E_INPUT || status == SW_E_TOO_LARGE);
        FUZZ_CHECK(words.count == 0 && err.msg[0] != '\0');
    }
    for (size_t i = 0; i < words.count; i++) {
        bytes += strlen(words.items[i]);
    }
    FUZZ_CHECK(words.count <= SW_SUBST_WORDS_MAX && bytes <= 2 * SW_SUBST_MAX);
}

/* Quoted text is one word, the same one. */
static void check_quoted(const struct sw_env *env, struct sw_str text)
{
    struct sw_err err = SW_ERR_INIT;
    struct sw_strs words SW_CLEANUP(sw_strs_release) = { 0 };
    struct sw_buf quoted SW_CLEANUP(sw_buf_release);
    sw_buf_init(&quoted, SW_BUF_TEXT_MAX);
    sw_buf_add_shell_quoted(&quoted, text);
    if (sw_str_find(text, '\0') >= 0 || quoted.len > SW_SUBST_MAX) {
        return;
    }
    FUZZ_CHECK(sw_subst_words(env, sw_buf_str(&quoted), &strict, "text", &words, &err) == SW_OK);
    FUZZ_CHECK(words.count == 1 && sw_str_is(text, words.items[0]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sw_str text = sw_str_n((const char *)data, size);
    struct sw_str value = sw_str_cut(&text, '\n');
    char *value_text SW_CLEANUP(sw_free_str) = sw_str_dup(value);
    const struct sw_env env = { .clock = &fuzz_clock, .get = get, .get_ctx = value_text };
    check_text(&env, text);
    check_words(&env, text);
    check_quoted(&env, text);
    return 0;
}

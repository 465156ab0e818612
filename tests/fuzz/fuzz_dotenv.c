/* Files of variables: any text; what is read is read again when it is written in single quotes. */

#include "fuzz.h"

#include <slipway/buf.h>
#include <slipway/dotenv.h>

struct seen {
    size_t count;
    struct sw_buf quoted; /* the variables, written again */
    struct sw_buf plain;  /* "NAME\n<value>\n" */
    bool quotable;        /* no value holds a single quote */
};

static enum sw_status collect(void *ctx, struct sw_str name, struct sw_str value,
                              struct sw_err *err)
{
    struct seen *seen = ctx;
    (void)err;
    FUZZ_CHECK(name.len > 0 && sw_str_find(name, '=') < 0 && sw_str_find(name, '\n') < 0);
    seen->count++;
    seen->quotable = seen->quotable && sw_str_find(value, '\'') < 0;
    sw_buf_addf(&seen->quoted, "%.*s='%.*s'\n", SW_STR_ARG(name), SW_STR_ARG(value));
    sw_buf_addf(&seen->plain, "%.*s\n%.*s\n", SW_STR_ARG(name), SW_STR_ARG(value));
    return SW_OK;
}

static enum sw_status parse(struct sw_str text, struct seen *seen)
{
    struct sw_err err = SW_ERR_INIT;
    *seen = (struct seen){ .quotable = true };
    sw_buf_init(&seen->quoted, SW_BUF_TEXT_MAX);
    sw_buf_add_char(&seen->quoted, '\n'); /* a byte order mark is one only where a file begins */
    sw_buf_init(&seen->plain, SW_BUF_TEXT_MAX);
    enum sw_status status = sw_dotenv_parse(text, ".env", collect, seen, &err);
    FUZZ_CHECK(status == SW_OK || err.msg[0] != '\0');
    return status;
}

static void release(struct seen *seen)
{
    sw_buf_release(&seen->quoted);
    sw_buf_release(&seen->plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen first;
    if (parse(sw_str_n((const char *)data, size), &first) == SW_OK && first.quotable) {
        struct seen again;
        FUZZ_CHECK(parse(sw_buf_str(&first.quoted), &again) == SW_OK);
        FUZZ_CHECK(again.count == first.count);
        FUZZ_CHECK(sw_str_eq(sw_buf_str(&again.plain), sw_buf_str(&first.plain)));
        release(&again);
    }
    release(&first);
    return 0;
}

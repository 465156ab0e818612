#include <slipway/buf.h>
#include <slipway/dotenv.h>

/* The text that is left, and where it stands. */
struct reader {
    struct sw_str rest;
    const char *file;
    size_t line;
    struct sw_err *err;
};

static enum sw_status bad_line(const struct reader *reader, size_t line, const char *problem)
{
    return sw_fail(reader->err, SW_E_INPUT, "%s:%zu: %s", reader->file, line, problem);
}

static void skip_blanks(struct reader *reader)
{
    while (reader->rest.len > 0 && (reader->rest.ptr[0] == ' ' || reader->rest.ptr[0] == '\t')) {
        reader->rest = sw_str_from(reader->rest, 1);
    }
}

static struct sw_str take_line(struct reader *reader)
{
    reader->line++;
    return sw_str_cut(&reader->rest, '\n');
}

/* Behind a quoted value only a comment may stand. */
static enum sw_status end_line(struct reader *reader, size_t line)
{
    struct sw_str tail = sw_str_trim(take_line(reader));
    return tail.len == 0 || tail.ptr[0] == '#'
               ? SW_OK
               : bad_line(reader, line, "something stands behind the closing quote");
}

/* The character that a backslash and `c` stand for; 0 when the backslash stands for itself. */
static char escaped(char c)
{
    switch (c) {
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case '"':
    case '\\':
    case '$':
        return c;
    default:
        return 0;
    }
}

static enum sw_status read_quoted(struct reader *reader, struct sw_buf *value)
{
    const char quote = reader->rest.ptr[0];
    const size_t first = reader->line + 1;
    size_t i = 1;
    for (; i < reader->rest.len && reader->rest.ptr[i] != quote; i++) {
        char c = reader->rest.ptr[i];
        char next = '\0';
        if (quote == '"' && c == '\\' && i + 1 < reader->rest.len) {
            next = escaped(reader->rest.ptr[i + 1]);
        }
        if (next) {
            c = next;
            i++;
        } else {
            reader->line += c == '\n';
        }
        sw_buf_add_char(value, c);
    }
    if (i >= reader->rest.len) {
        return bad_line(reader, first, "the quote has no end");
    }
    reader->rest = sw_str_from(reader->rest, i + 1);
    return end_line(reader, first);
}

static void read_bare(struct reader *reader, struct sw_buf *value)
{
    struct sw_str line = take_line(reader);
    size_t end = 0;
    while (end < line.len &&
           !(line.ptr[end] == '#' && (end == 0 || sw_is_space(line.ptr[end - 1])))) {
        end++;
    }
    sw_buf_add_str(value, sw_str_trim(sw_str_first(line, end)));
}

/* Takes "export NAME=" off; false when the line is none. */
static bool read_name(struct reader *reader, struct sw_str *ret)
{
    struct sw_str line = reader->rest;
    struct sw_str whole = sw_str_cut(&line, '\n');
    ptrdiff_t equals = sw_str_find(whole, '=');
    if (equals < 0) {
        return false;
    }
    struct sw_str name = sw_str_trim(sw_str_first(whole, (size_t)equals));
    if (sw_str_starts(name, "export ") || sw_str_starts(name, "export\t")) {
        name = sw_str_trim(sw_str_from(name, strlen("export ")));
    }
    for (size_t i = 0; i < name.len; i++) {
        if (sw_is_space(name.ptr[i]) || strchr("\"'#$", name.ptr[i])) {
            return false;
        }
    }
    *ret = name;
    reader->rest = sw_str_from(reader->rest, (size_t)equals + 1);
    return name.len > 0;
}

static enum sw_status read_value(struct reader *reader, struct sw_buf *value)
{
    skip_blanks(reader);
    if (reader->rest.len > 0 && (reader->rest.ptr[0] == '"' || reader->rest.ptr[0] == '\'')) {
        return read_quoted(reader, value);
    }
    read_bare(reader, value);
    return SW_OK;
}

enum sw_status sw_dotenv_parse(struct sw_str text, const char *file,
                               enum sw_status (*each)(void *ctx, struct sw_str name,
                                                      struct sw_str value, struct sw_err *err),
                               void *ctx, struct sw_err *err)
{
    struct reader reader = { .rest = text, .file = file, .err = err };
    enum sw_status status = SW_OK;
    if (text.len > SW_DOTENV_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE, "%s: longer than %zu bytes", file, SW_DOTENV_MAX);
    }
    if (!sw_str_is_utf8(text) || sw_str_find(text, '\0') >= 0) {
        return sw_fail(err, SW_E_INPUT, "%s: the text is not UTF-8, or has a NUL byte", file);
    }
    if (sw_str_starts(text, "\xef\xbb\xbf")) {
        reader.rest = sw_str_from(text, 3);
    }
    while (status == SW_OK && reader.rest.len > 0) {
        struct sw_str name;
        struct sw_buf value;
        skip_blanks(&reader);
        if (reader.rest.len == 0 || strchr("#\r\n", reader.rest.ptr[0])) {
            (void)take_line(&reader);
            continue;
        }
        if (!read_name(&reader, &name)) {
            return bad_line(&reader, reader.line + 1, "the line is not NAME=value");
        }
        sw_buf_init_secret(&value, SW_DOTENV_MAX);
        status = read_value(&reader, &value);
        if (status == SW_OK) {
            status = each(ctx, name, sw_buf_str(&value), err);
        }
        sw_buf_release(&value);
    }
    return status;
}

/* Parser of the shared config and credentials files. */
#include "profile.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>

#include <stdlib.h>

struct parser {
    struct aws_profiles *profiles;
    enum aws_file file;
    const char *path;
    size_t line;
    size_t section;   /* index of the current one */
    bool in_section;  /* false before the first, and inside one that is skipped */
    bool skipping;    /* keys of a section that does not concern us */
    char *parent_key; /* "key =" without value: indented lines are its parts */
};

static void section_release(struct aws_section *section)
{
    for (size_t i = 0; i < section->key_count; i++) {
        free(section->keys[i].name);
        sw_free_secret(section->keys[i].value);
    }
    free(section->keys);
    free(section->name);
}

void aws_profiles_release(struct aws_profiles *profiles)
{
    for (size_t i = 0; i < profiles->count; i++) {
        section_release(&profiles->sections[i]);
    }
    free(profiles->sections);
    *profiles = (struct aws_profiles){ 0 };
}

static enum sw_status bad_line(const struct parser *parser, const char *problem, struct sw_err *err)
{
    return sw_fail(err, SW_E_INPUT, "\"%s\" line %zu: %s", parser->path, parser->line, problem);
}

static ptrdiff_t find_section(const struct aws_profiles *profiles, enum aws_section_kind kind,
                              struct sw_str name)
{
    for (size_t i = 0; i < profiles->count; i++) {
        if (profiles->sections[i].kind == kind && sw_str_is(name, profiles->sections[i].name)) {
            return (ptrdiff_t)i;
        }
    }
    return -1;
}

const struct aws_section *aws_profiles_find(const struct aws_profiles *profiles,
                                            enum aws_section_kind kind, const char *name)
{
    ptrdiff_t index = find_section(profiles, kind, sw_str(name));
    return index < 0 ? NULL : &profiles->sections[index];
}

static struct aws_key *find_key(const struct aws_section *section, struct sw_str name)
{
    for (size_t i = 0; i < section->key_count; i++) {
        if (sw_str_is(name, section->keys[i].name)) {
            return &section->keys[i];
        }
    }
    return NULL;
}

const char *aws_section_get(const struct aws_section *section, const char *key)
{
    const struct aws_key *found = section ? find_key(section, sw_str(key)) : NULL;
    return found && found->value[0] ? found->value : NULL;
}

/* Without the comment that may follow a blank. */
static struct sw_str without_comment(struct sw_str text)
{
    for (size_t i = 1; i < text.len; i++) {
        if ((text.ptr[i] == '#' || text.ptr[i] == ';') && sw_is_space(text.ptr[i - 1])) {
            return sw_str_trim(sw_str_first(text, i));
        }
    }
    return sw_str_trim(text);
}

static struct sw_str without_quotes(struct sw_str text)
{
    if (text.len >= 2 && (text.ptr[0] == '"' || text.ptr[0] == '\'') &&
        text.ptr[text.len - 1] == text.ptr[0]) {
        return sw_str_n(text.ptr + 1, text.len - 2);
    }
    return text;
}

/* Takes a leading word and the blanks behind it off `title`. */
static bool cut_word(struct sw_str *title, const char *word)
{
    struct sw_str rest = sw_str_from(*title, strlen(word));
    if (!sw_str_starts(*title, word) || rest.len == 0 || !sw_is_space(rest.ptr[0])) {
        return false;
    }
    *title = without_quotes(sw_str_trim(rest));
    return true;
}

/* What "[title]" stands for; false for sections that do not concern us. */
static bool classify(enum aws_file file, struct sw_str *title, enum aws_section_kind *kind)
{
    *kind = AWS_SECTION_PROFILE;
    if (file == AWS_FILE_CREDENTIALS) {
        *title = without_quotes(*title);
        return true;
    }
    if (sw_str_is(*title, "default") || cut_word(title, "profile")) {
        return true;
    }
    *kind = AWS_SECTION_SERVICES;
    return cut_word(title, "services");
}

static enum sw_status open_section(struct parser *parser, struct sw_str line, struct sw_err *err)
{
    line = without_comment(line);
    if (!sw_str_ends(line, "]")) {
        return bad_line(parser, "a section's title has no closing bracket", err);
    }
    struct sw_str title = sw_str_trim(sw_str_n(line.ptr + 1, line.len - 2));
    enum aws_section_kind kind = AWS_SECTION_OTHER;
    free(SW_TAKE(parser->parent_key));
    parser->in_section = true;
    parser->skipping = !classify(parser->file, &title, &kind);
    if (parser->skipping) {
        return SW_OK;
    }
    if (title.len == 0) {
        return bad_line(parser, "a section has no name", err);
    }
    struct aws_profiles *profiles = parser->profiles;
    ptrdiff_t index = find_section(profiles, kind, title);
    if (index < 0) {
        if (profiles->count == AWS_SECTIONS_MAX) {
            return sw_fail(err, SW_E_TOO_LARGE, "\"%s\" has more than %d sections", parser->path,
                           AWS_SECTIONS_MAX);
        }
        profiles->sections = sw_grow(profiles->sections, profiles->count, &profiles->capacity,
                                     sizeof(*profiles->sections));
        profiles->sections[profiles->count] =
            (struct aws_section){ .kind = kind, .name = sw_str_dup(title) };
        index = (ptrdiff_t)profiles->count++;
    }
    parser->section = (size_t)index;
    return SW_OK;
}

static char *lower_dup(struct sw_str text)
{
    char *copy = sw_str_dup(text);
    for (char *c = copy; *c; c++) {
        *c = sw_lower(*c);
    }
    return copy;
}

/* Takes `name`. */
static enum sw_status set_key(struct parser *parser, char *name, struct sw_str value,
                              struct sw_err *err)
{
    struct aws_section *section = &parser->profiles->sections[parser->section];
    struct aws_key *key = find_key(section, sw_str(name));
    if (key) {
        free(name);
        sw_free_secret(key->value);
        key->value = sw_str_dup(value);
        return SW_OK;
    }
    if (section->key_count == AWS_KEYS_MAX) {
        free(name);
        return sw_fail(err, SW_E_TOO_LARGE, "\"%s\": section \"%s\" has more than %d keys",
                       parser->path, section->name, AWS_KEYS_MAX);
    }
    section->keys =
        sw_grow(section->keys, section->key_count, &section->key_capacity, sizeof(*section->keys));
    section->keys[section->key_count++] =
        (struct aws_key){ .name = name, .value = sw_str_dup(value) };
    return SW_OK;
}

static enum sw_status read_key(struct parser *parser, struct sw_str line, struct sw_err *err)
{
    bool indented = sw_is_space(line.ptr[0]);
    if (!parser->in_section) {
        return bad_line(parser, "a key stands before the first section", err);
    }
    if (parser->skipping) {
        return SW_OK;
    }
    struct sw_str value = line;
    struct sw_str name = sw_str_trim(sw_str_cut(&value, '='));
    if (!value.ptr && indented) {
        return SW_OK; /* goes on with a value of more than one line: nothing we use has any */
    }
    if (!value.ptr || name.len == 0) {
        return bad_line(parser, "expected \"key = value\"", err);
    }
    value = without_comment(value);
    char *key = lower_dup(name);
    if (indented && parser->parent_key) {
        char *part = sw_xasprintf("%s.%s", parser->parent_key, key);
        free(key);
        return set_key(parser, part, value, err);
    }
    free(parser->parent_key);
    parser->parent_key = value.len == 0 ? sw_xstrdup(key) : NULL;
    return set_key(parser, key, value, err);
}

static enum sw_status read_line(struct parser *parser, struct sw_str line, struct sw_err *err)
{
    struct sw_str trimmed = sw_str_trim(line);
    if (trimmed.len == 0 || trimmed.ptr[0] == '#' || trimmed.ptr[0] == ';') {
        return SW_OK;
    }
    if (line.ptr[0] == '[') {
        return open_section(parser, trimmed, err);
    }
    return read_key(parser, line, err);
}

enum sw_status aws_profiles_parse(struct aws_profiles *profiles, enum aws_file file,
                                  const char *path, struct sw_str text, struct sw_err *err)
{
    struct parser parser = { .profiles = profiles, .file = file, .path = path };
    enum sw_status status = SW_OK;
    if (sw_str_find(text, '\0') >= 0) {
        return sw_fail(err, SW_E_INPUT, "\"%s\" is no text file", path);
    }
    if (sw_str_starts(text, "\xEF\xBB\xBF")) {
        text = sw_str_from(text, 3);
    }
    while (text.ptr && status == SW_OK) {
        struct sw_str line = sw_str_cut(&text, '\n');
        parser.line++;
        status = read_line(&parser, line, err);
    }
    free(parser.parent_key);
    return status;
}

enum sw_status aws_profiles_load(struct aws_profiles *profiles, enum aws_file file,
                                 const char *path, struct sw_err *err)
{
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init_secret(&text, AWS_FILE_MAX);
    if (!sw_fs_exists(path)) {
        return SW_OK;
    }
    enum sw_status status = sw_fs_read(path, &text, err);
    if (status != SW_OK) {
        return sw_wrap(err, "cannot read AWS %s file",
                       file == AWS_FILE_CONFIG ? "config" : "credentials");
    }
    return aws_profiles_parse(profiles, file, path, sw_buf_str(&text), err);
}

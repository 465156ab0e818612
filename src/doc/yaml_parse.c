#include "yaml_scalar.h"

#include <slipway/alloc.h>
#include <slipway/fs.h>

#include <yaml.h>

/* An anchor and the node it names; the name is the pool's or the table's. */
struct anchor {
    char *name;
    struct sw_yaml *node; /* NULL while the node is still being read */
};

struct sw_yaml_anchors {
    struct anchor *items;
    size_t count;
    size_t capacity;
};

/* A collection that is being filled. */
struct level {
    struct sw_yaml *node;
    struct sw_yaml *key;   /* a key whose value comes next */
    size_t anchor;         /* index + 1 into the document's anchors, 0: none */
    size_t unresolved;     /* the reader's count when the level was opened */
    struct sw_yaml *merge; /* values of "<<" keys, a sequence; NULL: none */
};

struct reader {
    struct sw_yaml_pool *pool;
    const char *file;
    const struct sw_yaml_options *options;
    struct sw_yaml_anchors anchors;
    struct level levels[SW_YAML_DEPTH_MAX];
    size_t depth;
    size_t nodes;
    size_t unresolved; /* aliases that lenient reading let pass */
    struct sw_yaml *root;
    struct sw_err *err;
};

struct sw_yaml_anchors *sw_yaml_anchors_new(void)
{
    return sw_xcalloc(1, sizeof(struct sw_yaml_anchors));
}

static void anchors_clear(struct sw_yaml_anchors *anchors)
{
    for (size_t i = 0; i < anchors->count; i++) {
        free(anchors->items[i].name);
    }
    free(anchors->items);
}

void sw_yaml_anchors_free(struct sw_yaml_anchors *anchors)
{
    if (anchors != NULL) {
        anchors_clear(anchors);
        free(anchors);
    }
}

/* The newest anchor of that name: a name may be given again further down. */
static struct anchor *anchor_find(const struct sw_yaml_anchors *anchors, const char *name)
{
    for (size_t i = anchors == NULL ? 0 : anchors->count; i > 0; i--) {
        if (strcmp(anchors->items[i - 1].name, name) == 0) {
            return &anchors->items[i - 1];
        }
    }
    return NULL;
}

static size_t anchor_add(struct sw_yaml_anchors *anchors, const char *name, struct sw_yaml *node)
{
    anchors->items =
        sw_grow(anchors->items, anchors->count, &anchors->capacity, sizeof(*anchors->items));
    anchors->items[anchors->count++] = (struct anchor){ sw_xstrdup(name), node };
    return anchors->count;
}

enum sw_status sw_yaml_fail(struct sw_err *err, enum sw_status status, const struct sw_yaml *at,
                            const char *fmt, ...)
{
    char text[SW_ERR_MSG_MAX];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (at == NULL || at->mark.file == NULL) {
        return sw_fail(err, status, "%s", text);
    }
    return sw_fail(err, status, "%s:%u:%u: %s", at->mark.file, at->mark.line, at->mark.column,
                   text);
}

static struct sw_yaml place(const struct reader *reader, const yaml_mark_t *mark)
{
    return (struct sw_yaml){ .mark = { reader->file, (unsigned)mark->line + 1,
                                       (unsigned)mark->column + 1 } };
}

static enum sw_status fail_at(struct reader *reader, enum sw_status status, const yaml_mark_t *mark,
                              const char *text)
{
    struct sw_yaml at = place(reader, mark);
    return sw_yaml_fail(reader->err, status, &at, "%s", text);
}

/* YAML's own tags say nothing that the type does not say; all others are kept. */
static const char *foreign_tag(struct reader *reader, const yaml_char_t *tag)
{
    const char *text = (const char *)tag;
    if (text == NULL || strcmp(text, "!") == 0 ||
        strncmp(text, "tag:yaml.org,2002:", strlen("tag:yaml.org,2002:")) == 0) {
        return NULL;
    }
    return sw_yaml_pool_text(reader->pool, sw_str(text));
}

static bool has_tag(const yaml_char_t *tag, const char *name)
{
    return tag != NULL && strcmp((const char *)tag, name) == 0;
}

static enum sw_yaml_style style_of(yaml_scalar_style_t style)
{
    switch (style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE:
        return SW_YAML_STYLE_SINGLE;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
        return SW_YAML_STYLE_DOUBLE;
    case YAML_LITERAL_SCALAR_STYLE:
        return SW_YAML_STYLE_LITERAL;
    case YAML_FOLDED_SCALAR_STYLE:
        return SW_YAML_STYLE_FOLDED;
    case YAML_PLAIN_SCALAR_STYLE:
    case YAML_ANY_SCALAR_STYLE:
        break;
    }
    return SW_YAML_STYLE_PLAIN;
}

static enum sw_status new_scalar(struct reader *reader, const yaml_event_t *event,
                                 struct sw_yaml **ret)
{
    struct sw_str text =
        sw_str_n((const char *)event->data.scalar.value, event->data.scalar.length);
    if (text.len > SW_YAML_SCALAR_MAX) {
        return fail_at(reader, SW_E_TOO_LARGE, &event->start_mark, "scalar is over 4 MiB");
    }
    if (text.len > 0 && memchr(text.ptr, '\0', text.len) != NULL) {
        return fail_at(reader, SW_E_INPUT, &event->start_mark, "text contains a NUL byte");
    }
    struct sw_yaml at = place(reader, &event->start_mark);
    struct sw_yaml *node = sw_yaml_new_str(reader->pool, text, &at);
    node->style = style_of(event->data.scalar.style);
    node->tag = foreign_tag(reader, event->data.scalar.tag);
    const yaml_char_t *tag = event->data.scalar.tag;
    /* "!!str 012" stays text, "!!int '5'" is typed though it is quoted. */
    bool typed =
        tag != NULL && node->tag == NULL && !has_tag(tag, "!") && !has_tag(tag, YAML_STR_TAG);
    if ((event->data.scalar.plain_implicit && node->style == SW_YAML_STYLE_PLAIN) || typed) {
        sw_yaml_scalar_resolve(node);
    }
    *ret = node;
    return SW_OK;
}

/* Adds the keys of a merged mapping that are not there yet: earlier sources win. */
static enum sw_status merge_one(struct reader *reader, struct sw_yaml *map,
                                const struct sw_yaml *source)
{
    if (source->type != SW_YAML_MAP) {
        return sw_yaml_fail(reader->err, SW_E_INPUT, source,
                            "merge key \"<<\" needs a mapping, found: %s",
                            sw_yaml_type_name(source));
    }
    for (size_t i = 0; i < source->count; i++) {
        if (sw_yaml_get(map, source->keys[i]->text) == NULL) {
            sw_yaml_set_node(reader->pool, map, source->keys[i], source->items[i]);
        }
    }
    return SW_OK;
}

/* Merged keys come first, in their order, whatever the mapping itself sets again. */
static enum sw_status merge_all(struct reader *reader, struct level *level)
{
    if (level->merge == NULL) {
        return SW_OK;
    }
    struct sw_yaml *merged = sw_yaml_new_map(reader->pool, level->node);
    for (size_t i = 0; i < level->merge->count; i++) {
        const struct sw_yaml *value = level->merge->items[i];
        bool list = value->type == SW_YAML_SEQ;
        for (size_t j = 0; j < (list ? value->count : 1); j++) {
            enum sw_status status = merge_one(reader, merged, list ? value->items[j] : value);
            if (status != SW_OK) {
                return status;
            }
        }
    }
    for (size_t i = 0; i < level->node->count; i++) {
        sw_yaml_set_node(reader->pool, merged, level->node->keys[i], level->node->items[i]);
    }
    merged->tag = level->node->tag;
    level->node = merged;
    return SW_OK;
}

static enum sw_status take_key(struct reader *reader, struct level *level, struct sw_yaml *key)
{
    if (!sw_yaml_is_scalar(key)) {
        return sw_yaml_fail(reader->err, SW_E_INPUT, key, "a %s cannot be a mapping key",
                            sw_yaml_type_name(key));
    }
    bool merge = key->style == SW_YAML_STYLE_PLAIN && strcmp(key->text, "<<") == 0;
    const struct sw_yaml *first = merge ? NULL : sw_yaml_get_key(level->node, key->text);
    if (first != NULL) {
        return sw_yaml_fail(reader->err, SW_E_INPUT, key,
                            "mapping key \"%s\" already defined at line %u", key->text,
                            first->mark.line);
    }
    if (level->node->count >= SW_YAML_KEYS_MAX) {
        return sw_yaml_fail(reader->err, SW_E_TOO_LARGE, key, "mapping has over %d keys",
                            SW_YAML_KEYS_MAX);
    }
    if (key->type == SW_YAML_BOOL || key->type == SW_YAML_NULL) {
        key->type = SW_YAML_STR; /* "on:" names a workflow, nobody means the key "true" */
    }
    level->key = key;
    return SW_OK;
}

static enum sw_status take_value(struct reader *reader, struct level *level, struct sw_yaml *value)
{
    struct sw_yaml *key = level->key;
    level->key = NULL;
    if (key->style == SW_YAML_STYLE_PLAIN && strcmp(key->text, "<<") == 0) {
        if (level->merge == NULL) {
            level->merge = sw_yaml_new_seq(reader->pool, key);
        }
        sw_yaml_add(reader->pool, level->merge, value);
        return SW_OK;
    }
    sw_yaml_set_node(reader->pool, level->node, key, value);
    return SW_OK;
}

/* Puts a finished node where it belongs. */
static enum sw_status attach(struct reader *reader, struct sw_yaml *node)
{
    if (node->expanded > SW_YAML_EXPANDED_MAX) {
        return sw_yaml_fail(reader->err, SW_E_TOO_LARGE, node, "aliases expand to over %d nodes",
                            SW_YAML_EXPANDED_MAX);
    }
    if (reader->depth == 0) {
        reader->root = node;
        return SW_OK;
    }
    struct level *level = &reader->levels[reader->depth - 1];
    if (level->node->type == SW_YAML_SEQ) {
        sw_yaml_add(reader->pool, level->node, node);
        return SW_OK;
    }
    return level->key == NULL ? take_key(reader, level, node) : take_value(reader, level, node);
}

static enum sw_status open_level(struct reader *reader, const yaml_event_t *event,
                                 const yaml_char_t *anchor, const yaml_char_t *tag, bool is_map)
{
    if (reader->depth == SW_YAML_DEPTH_MAX) {
        return fail_at(reader, SW_E_TOO_LARGE, &event->start_mark, "nested over 128 levels deep");
    }
    struct sw_yaml at = place(reader, &event->start_mark);
    struct level *level = &reader->levels[reader->depth++];
    *level = (struct level){
        .node = is_map ? sw_yaml_new_map(reader->pool, &at) : sw_yaml_new_seq(reader->pool, &at),
        .unresolved = reader->unresolved,
    };
    level->node->tag = foreign_tag(reader, tag);
    if (anchor != NULL) {
        level->anchor = anchor_add(&reader->anchors, (const char *)anchor, NULL);
    }
    return SW_OK;
}

static enum sw_status close_level(struct reader *reader)
{
    struct level *level = &reader->levels[reader->depth - 1];
    enum sw_status status = merge_all(reader, level);
    if (status != SW_OK) {
        return status;
    }
    if (level->anchor > 0 && level->unresolved == reader->unresolved) {
        reader->anchors.items[level->anchor - 1].node = level->node;
    }
    reader->depth--;
    return attach(reader, level->node);
}

static enum sw_status take_alias(struct reader *reader, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    const struct anchor *found = anchor_find(&reader->anchors, name);
    if (found == NULL && reader->options != NULL) {
        found = anchor_find(reader->options->known_anchors, name);
    }
    struct sw_yaml at = place(reader, &event->start_mark);
    if ((found == NULL || found->node == NULL) && reader->options != NULL &&
        reader->options->lenient_aliases) {
        reader->unresolved++;
        return attach(reader, sw_yaml_new_map(reader->pool, &at));
    }
    if (found == NULL) {
        return sw_yaml_fail(reader->err, SW_E_INPUT, &at, "unknown anchor \"%s\" referenced", name);
    }
    if (found->node == NULL) {
        return sw_yaml_fail(reader->err, SW_E_INPUT, &at, "anchor \"%s\" refers to itself", name);
    }
    return attach(reader, found->node);
}

static enum sw_status take_scalar(struct reader *reader, const yaml_event_t *event)
{
    struct sw_yaml *node = NULL;
    enum sw_status status = new_scalar(reader, event, &node);
    if (status == SW_OK && event->data.scalar.anchor != NULL) {
        (void)anchor_add(&reader->anchors, (const char *)event->data.scalar.anchor, node);
    }
    return status == SW_OK ? attach(reader, node) : status;
}

static enum sw_status take_event(struct reader *reader, const yaml_event_t *event)
{
    if (++reader->nodes > SW_YAML_NODES_MAX) {
        return fail_at(reader, SW_E_TOO_LARGE, &event->start_mark, "document has too many nodes");
    }
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return take_scalar(reader, event);
    case YAML_ALIAS_EVENT:
        return take_alias(reader, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_level(reader, event, event->data.sequence_start.anchor,
                          event->data.sequence_start.tag, false);
    case YAML_MAPPING_START_EVENT:
        return open_level(reader, event, event->data.mapping_start.anchor,
                          event->data.mapping_start.tag, true);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_level(reader);
    case YAML_DOCUMENT_START_EVENT:
        if (reader->root != NULL) {
            return fail_at(reader, SW_E_INPUT, &event->start_mark,
                           "a second document starts here; only one is read");
        }
        return SW_OK;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return SW_OK;
}

/* What libyaml's words for a frequent mistake mean. */
static const char *advice_for(const char *problem)
{
    return strcmp(problem, "found character that cannot start any token") == 0
               ? "; indent with blanks, not with tabs, and quote a text that begins with @, ` or %"
               : "";
}

static enum sw_status parser_failed(struct reader *reader, const yaml_parser_t *parser)
{
    const char *problem = parser->problem == NULL ? "unreadable text" : parser->problem;
    if (parser->error == YAML_READER_ERROR) {
        return sw_fail(reader->err, SW_E_INPUT, "%s: %s at byte %zu", reader->file, problem,
                       parser->problem_offset);
    }
    struct sw_yaml at = place(reader, &parser->problem_mark);
    if (parser->context == NULL) {
        return sw_yaml_fail(reader->err, SW_E_INPUT, &at, "unable to parse YAML: %s%s", problem,
                            advice_for(problem));
    }
    return sw_yaml_fail(reader->err, SW_E_INPUT, &at,
                        "unable to parse YAML: %s (%s from line %zu, column %zu)%s", problem,
                        parser->context, parser->context_mark.line + 1,
                        parser->context_mark.column + 1, advice_for(problem));
}

static enum sw_status read_events(struct reader *reader, yaml_parser_t *parser)
{
    for (bool done = false; !done;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            return parser_failed(reader, parser);
        }
        done = event.type == YAML_STREAM_END_EVENT;
        enum sw_status status = take_event(reader, &event);
        yaml_event_delete(&event);
        if (status != SW_OK) {
            return status;
        }
    }
    return SW_OK;
}

static void export_anchors(const struct reader *reader)
{
    if (reader->options == NULL || reader->options->ret_anchors == NULL) {
        return;
    }
    for (size_t i = 0; i < reader->anchors.count; i++) {
        if (reader->anchors.items[i].node != NULL) {
            (void)anchor_add(reader->options->ret_anchors, reader->anchors.items[i].name,
                             reader->anchors.items[i].node);
        }
    }
}

enum sw_status sw_yaml_parse(struct sw_yaml_pool *pool, struct sw_str text, const char *file,
                             const struct sw_yaml_options *options, struct sw_yaml **ret,
                             struct sw_err *err)
{
    if (text.len > SW_YAML_TEXT_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE, "%s: document is over %zu bytes", file,
                       SW_YAML_TEXT_MAX);
    }
    if (sw_str_starts(text, "\xef\xbb\xbf")) {
        text = sw_str_from(text, 3); /* a byte order mark says nothing in UTF-8 */
    }
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        return sw_fail(err, SW_E_FAILED, "%s: cannot start the YAML parser", file);
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)(text.ptr ? text.ptr : ""),
                                 text.len);
    struct reader *reader = sw_xcalloc(1, sizeof(*reader));
    reader->pool = pool;
    reader->file = sw_yaml_pool_text(pool, sw_str(file));
    reader->options = options;
    reader->err = err;
    enum sw_status status = read_events(reader, &parser);
    if (status == SW_OK) {
        export_anchors(reader);
        struct sw_yaml at = { .mark = { reader->file, 1, 1 } };
        *ret = reader->root != NULL ? reader->root : sw_yaml_new_null(pool, &at);
    }
    yaml_parser_delete(&parser);
    anchors_clear(&reader->anchors);
    free(reader);
    return status;
}

enum sw_status sw_yaml_load(struct sw_yaml_pool *pool, const char *path,
                            const struct sw_yaml_options *options, struct sw_yaml **ret,
                            struct sw_err *err)
{
    SW_CLEANUP(sw_buf_release) struct sw_buf text;
    sw_buf_init(&text, SW_YAML_TEXT_MAX);
    enum sw_status status = sw_fs_read_input(path, &text, err);
    if (status != SW_OK) {
        return status;
    }
    const char *name = strcmp(path, "-") == 0 ? "stdin" : path;
    return sw_yaml_parse(pool, sw_buf_str(&text), name, options, ret, err);
}

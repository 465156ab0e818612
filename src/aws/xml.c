/* XML answers as JSON, with expat. */
#include "xml.h"

#include <slipway/alloc.h>

#include <expat.h>

#include <limits.h>
#include <stdlib.h>

struct level {
    char *name;
    json_t *children; /* object, NULL until there is one; owned */
    bool list;        /* all children so far are <member>, or all are <item> */
    struct sw_buf text;
};

struct reader {
    XML_Parser parser;
    struct level levels[AWS_XML_DEPTH_MAX];
    size_t depth;
    size_t nodes;
    size_t text_max;
    json_t *root;
    struct sw_err *err;
    enum sw_status status;
};

static void stop(struct reader *reader, enum sw_status status)
{
    reader->status = status;
    XML_StopParser(reader->parser, XML_FALSE);
}

static void XMLCALL on_start(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
    struct reader *reader = ctx;
    (void)attributes;
    if (reader->status != SW_OK) {
        return;
    }
    if (reader->depth == AWS_XML_DEPTH_MAX || reader->nodes == AWS_XML_NODES_MAX) {
        stop(reader, sw_fail(reader->err, SW_E_TOO_LARGE,
                             "an XML answer has more than %d levels or %d elements",
                             AWS_XML_DEPTH_MAX, AWS_XML_NODES_MAX));
        return;
    }
    struct level *level = &reader->levels[reader->depth++];
    reader->nodes++;
    *level = (struct level){ .name = sw_xstrdup(name), .list = true };
    sw_buf_init_secret(&level->text, reader->text_max);
}

static void XMLCALL on_text(void *ctx, const XML_Char *text, int len)
{
    struct reader *reader = ctx;
    if (reader->depth > 0 && len > 0) {
        sw_buf_add(&reader->levels[reader->depth - 1].text, text, (size_t)len);
    }
}

/* Puts a child under its name; the second of one name makes an array of both. Takes `value`. */
static void add_child(struct level *parent, const char *name, json_t *value)
{
    if (!parent->children) {
        parent->children = json_object();
    }
    parent->list = parent->list && (strcmp(name, "member") == 0 || strcmp(name, "item") == 0);
    json_t *present = json_object_get(parent->children, name);
    if (!present) {
        json_object_set_new(parent->children, name, value);
        return;
    }
    /* A first child that is an array itself is told apart from our array by the count kept. */
    char *count_key SW_CLEANUP(sw_free_str) = sw_xasprintf("\n%s", name);
    if (json_object_get(parent->children, count_key)) {
        json_array_append_new(present, value);
        return;
    }
    json_t *array = json_array();
    json_array_append(array, present);
    json_array_append_new(array, value);
    json_object_set_new(parent->children, name, array);
    json_object_set_new(parent->children, count_key, json_true());
}

/* Takes the marks of add_child() off; *ret_repeated says whether the last name had one. */
static bool drop_marks(json_t *object)
{
    bool repeated = false;
    const char *key = NULL;
    json_t *value = NULL;
    void *next = NULL;
    json_object_foreach_safe(object, next, key, value)
    {
        if (key[0] == '\n') {
            json_object_del(object, key);
            repeated = true;
        }
    }
    return repeated;
}

/* The value of an element at its end; the caller's. */
static json_t *finish(struct level *level)
{
    json_t *children = SW_TAKE(level->children);
    if (!children) {
        struct sw_str text = sw_str_trim(sw_buf_str(&level->text));
        json_t *string = json_stringn(text.ptr, text.len);
        return string ? string : json_string("");
    }
    bool repeated = drop_marks(children);
    if (!level->list || json_object_size(children) != 1) {
        return children;
    }
    json_t *only = json_object_iter_value(json_object_iter(children));
    json_t *list = NULL;
    if (repeated) {
        list = json_incref(only);
    } else {
        list = json_array();
        json_array_append(list, only);
    }
    json_decref(children);
    return list;
}

static void level_release(struct level *level)
{
    free(level->name);
    json_decref(level->children);
    sw_buf_release(&level->text);
}

static void XMLCALL on_end(void *ctx, const XML_Char *name)
{
    struct reader *reader = ctx;
    (void)name;
    if (reader->status != SW_OK) {
        return;
    }
    struct level *level = &reader->levels[--reader->depth];
    json_t *value = finish(level);
    if (reader->depth > 0) {
        add_child(&reader->levels[reader->depth - 1], level->name, value);
    } else {
        reader->root = json_object();
        json_object_set_new(reader->root, level->name, value);
    }
    level_release(level);
}

static void XMLCALL on_doctype(void *ctx, const XML_Char *name, const XML_Char *system_id,
                               const XML_Char *public_id, int has_internal_subset)
{
    struct reader *reader = ctx;
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal_subset;
    stop(reader, sw_fail(reader->err, SW_E_INPUT,
                         "an XML answer has a document type declaration, which AWS never sends"));
}

static void run(struct reader *reader, struct sw_str text)
{
    if (text.len > INT_MAX) {
        reader->status = sw_fail(reader->err, SW_E_TOO_LARGE, "an XML answer is too long");
        return;
    }
    enum XML_Status result =
        XML_Parse(reader->parser, text.len > 0 ? text.ptr : "", (int)text.len, XML_TRUE);
    if (result != XML_STATUS_OK && reader->status == SW_OK) {
        reader->status =
            sw_fail(reader->err, SW_E_INPUT, "an XML answer is malformed at %lu:%lu: %s",
                    (unsigned long)XML_GetCurrentLineNumber(reader->parser),
                    (unsigned long)XML_GetCurrentColumnNumber(reader->parser) + 1,
                    XML_ErrorString(XML_GetErrorCode(reader->parser)));
    }
}

enum sw_status aws_xml_parse(struct sw_str text, json_t **ret, struct sw_err *err)
{
    struct reader *reader = sw_xcalloc(1, sizeof(*reader));
    reader->err = err;
    reader->text_max = text.len;
    reader->parser = XML_ParserCreate("UTF-8");
    if (!reader->parser) {
        free(reader);
        return sw_fail(err, SW_E_FAILED, "cannot set up the XML parser");
    }
    XML_SetUserData(reader->parser, reader);
    XML_SetElementHandler(reader->parser, on_start, on_end);
    XML_SetCharacterDataHandler(reader->parser, on_text);
    XML_SetStartDoctypeDeclHandler(reader->parser, on_doctype);
    run(reader, text);
    while (reader->depth > 0) {
        level_release(&reader->levels[--reader->depth]);
    }
    enum sw_status status = reader->status;
    if (status == SW_OK) {
        *ret = SW_TAKE(reader->root);
    }
    json_decref(reader->root);
    XML_ParserFree(reader->parser);
    free(reader);
    return status;
}

#include "yaml_scalar.h"

#include <slipway/alloc.h>

#include <yaml.h>

struct writer {
    yaml_emitter_t emitter;
    struct sw_buf *out;
    struct sw_err *err;
};

static int write_bytes(void *ctx, unsigned char *data, size_t len)
{
    struct sw_buf *out = ctx;
    sw_buf_add(out, data, len);
    return out->overflowed ? 0 : 1;
}

/* libyaml's interface takes mutable text that it only reads. */
static yaml_char_t *yaml_text(const char *text)
{
    union {
        const char *in;
        yaml_char_t *out;
    } cast = { .in = text };
    return cast.out;
}

static enum sw_status emit_event(struct writer *writer, yaml_event_t *event, int made)
{
    if (made && yaml_emitter_emit(&writer->emitter, event)) {
        return SW_OK;
    }
    if (writer->out->overflowed) {
        return sw_buf_check(writer->out, "YAML text", writer->err);
    }
    const char *problem = writer->emitter.problem;
    return sw_fail(writer->err, SW_E_FAILED, "cannot write YAML: %s",
                   problem == NULL ? "text is not UTF-8" : problem);
}

/*
 * Literal blocks show text of several lines as it is. libyaml itself falls back to double quotes
 * for what a block cannot hold; it misses text that begins with a line break or a blank, whose
 * indentation readers disagree on.
 */
static yaml_scalar_style_t str_style(const struct sw_yaml *node)
{
    struct sw_str s = sw_str_n(node->text, node->len);
    if (sw_str_find(s, '\n') >= 0) {
        bool awkward = sw_is_space(s.ptr[0]) || sw_str_find(s, '\r') >= 0;
        return awkward ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_LITERAL_SCALAR_STYLE;
    }
    if (!sw_yaml_scalar_is_plain_str(s)) {
        return node->style == SW_YAML_STYLE_DOUBLE ? YAML_DOUBLE_QUOTED_SCALAR_STYLE
                                                   : YAML_SINGLE_QUOTED_SCALAR_STYLE;
    }
    return YAML_PLAIN_SCALAR_STYLE;
}

static enum sw_status emit_text(struct writer *writer, const char *tag, struct sw_str text,
                                yaml_scalar_style_t style)
{
    yaml_event_t event;
    int made = yaml_scalar_event_initialize(&event, NULL, yaml_text(tag), yaml_text(text.ptr),
                                            (int)text.len, tag == NULL, tag == NULL, style);
    return emit_event(writer, &event, made);
}

static enum sw_status emit_scalar(struct writer *writer, const struct sw_yaml *node)
{
    SW_CLEANUP(sw_buf_release) struct sw_buf text;
    sw_buf_init(&text, SW_YAML_SCALAR_MAX);
    yaml_scalar_style_t style = YAML_PLAIN_SCALAR_STYLE;
    sw_yaml_scalar_text(node, &text);
    if (sw_buf_check(&text, "a text", writer->err) != SW_OK) {
        return writer->err->status;
    }
    if (node->type == SW_YAML_NULL) {
        sw_buf_add_cstr(&text, "null");
    } else if (node->type == SW_YAML_STR) {
        style = str_style(node);
    }
    return emit_text(writer, node->tag, sw_buf_str(&text), style);
}

/* A key that is a number keeps its spelling: keys are told apart by it. */
static enum sw_status emit_key(struct writer *writer, const struct sw_yaml *key)
{
    yaml_scalar_style_t style = key->type == SW_YAML_STR ? str_style(key) : YAML_PLAIN_SCALAR_STYLE;
    return emit_text(writer, key->tag, sw_str_n(key->text, key->len), style);
}

static enum sw_status emit_node(struct writer *writer, const struct sw_yaml *node, unsigned depth);

static enum sw_status emit_seq(struct writer *writer, const struct sw_yaml *node, unsigned depth)
{
    yaml_event_t event;
    int made = yaml_sequence_start_event_initialize(&event, NULL, yaml_text(node->tag),
                                                    node->tag == NULL, YAML_BLOCK_SEQUENCE_STYLE);
    enum sw_status status = emit_event(writer, &event, made);
    for (size_t i = 0; status == SW_OK && i < node->count; i++) {
        status = emit_node(writer, node->items[i], depth + 1);
    }
    if (status != SW_OK) {
        return status;
    }
    made = yaml_sequence_end_event_initialize(&event);
    return emit_event(writer, &event, made);
}

static enum sw_status emit_map(struct writer *writer, const struct sw_yaml *node, unsigned depth)
{
    yaml_event_t event;
    int made = yaml_mapping_start_event_initialize(&event, NULL, yaml_text(node->tag),
                                                   node->tag == NULL, YAML_BLOCK_MAPPING_STYLE);
    enum sw_status status = emit_event(writer, &event, made);
    for (size_t i = 0; status == SW_OK && i < node->count; i++) {
        status = emit_key(writer, node->keys[i]);
        if (status == SW_OK) {
            status = emit_node(writer, node->items[i], depth + 1);
        }
    }
    if (status != SW_OK) {
        return status;
    }
    made = yaml_mapping_end_event_initialize(&event);
    return emit_event(writer, &event, made);
}

/* NOLINTNEXTLINE(misc-no-recursion): depth is limited. */
static enum sw_status emit_node(struct writer *writer, const struct sw_yaml *node, unsigned depth)
{
    if (depth > 2 * SW_YAML_DEPTH_MAX) {
        return sw_fail(writer->err, SW_E_TOO_LARGE, "YAML tree is nested over %d levels deep",
                       2 * SW_YAML_DEPTH_MAX);
    }
    switch (node->type) {
    case SW_YAML_SEQ:
        return emit_seq(writer, node, depth);
    case SW_YAML_MAP:
        return emit_map(writer, node, depth);
    default:
        return emit_scalar(writer, node);
    }
}

static enum sw_status emit_document(struct writer *writer, const struct sw_yaml *node)
{
    yaml_event_t event;
    int made = yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
    enum sw_status status = emit_event(writer, &event, made);
    if (status == SW_OK) {
        made = yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1);
        status = emit_event(writer, &event, made);
    }
    if (status == SW_OK) {
        status = emit_node(writer, node, 0);
    }
    if (status == SW_OK) {
        made = yaml_document_end_event_initialize(&event, 1);
        status = emit_event(writer, &event, made);
    }
    if (status == SW_OK) {
        made = yaml_stream_end_event_initialize(&event);
        status = emit_event(writer, &event, made);
    }
    return status;
}

enum sw_status sw_yaml_emit(const struct sw_yaml *node, struct sw_buf *out, struct sw_err *err)
{
    struct writer writer = { .out = out, .err = err };
    if (!yaml_emitter_initialize(&writer.emitter)) {
        return sw_fail(err, SW_E_FAILED, "cannot start the YAML emitter");
    }
    yaml_emitter_set_output(&writer.emitter, write_bytes, out);
    yaml_emitter_set_unicode(&writer.emitter, 1);
    yaml_emitter_set_indent(&writer.emitter, 2);
    yaml_emitter_set_width(&writer.emitter, -1);
    size_t start = out->len;
    enum sw_status status = emit_document(&writer, node);
    yaml_emitter_delete(&writer.emitter);
    /* libyaml ends a document that holds a "|+" block with a marker, which only a stream of several
     * documents needs. */
    static const char marker[] = "\n...\n";
    if (status == SW_OK && sw_str_ends(sw_str_from(sw_buf_str(out), start), marker)) {
        sw_buf_truncate(out, out->len - strlen(marker) + 1);
    }
    return status;
}

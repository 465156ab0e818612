#include <slipway/alloc.h>
#include <slipway/taskdef.h>

#include <stdio.h>

/* One "key=value" between commas. */
struct piece {
    struct sw_str key;
    struct sw_str value; /* borrowed, or from `unquoted` */
    char *unquoted;      /* owned; the text of a quoted value */
    size_t place;        /* counts from 1, for messages */
};

struct pieces {
    struct piece *items;
    size_t count;
    size_t capacity;
};

static void pieces_release(struct pieces *pieces)
{
    for (size_t i = 0; i < pieces->count; i++) {
        free(pieces->items[i].unquoted);
    }
    free(pieces->items);
}

/* What is being read, for messages. */
struct reader {
    enum sw_updates_kind kind;
    const char *what;
    struct sw_changes *changes;
    struct sw_err *err;
};

static const char *expected_form(enum sw_updates_kind kind)
{
    static const char *const forms[] = {
        [SW_UPDATES_IMAGE] = "container=NAME,image-and-tag=IMAGE:TAG (or image=IMAGE, or tag=TAG), "
                             "e.g. container=web,image-and-tag=nginx:1.27",
        [SW_UPDATES_ENV] = "container=NAME,name=VARIABLE,value=TEXT, e.g. "
                           "container=web,name=LOG_LEVEL,value=info (a value with commas is "
                           "written in double quotes)",
        [SW_UPDATES_SECRET] = "container=NAME,name=VARIABLE,valueFrom=ARN, e.g. "
                              "container=web,name=PASSWORD,valueFrom=arn:aws:ssm:...",
        [SW_UPDATES_LABEL] = "container=NAME,KEY=VALUE, e.g. container=web,team=shop (a value with "
                             "commas is written in double quotes)",
    };
    return forms[kind];
}

/* Messages name the place and the key, never a value: it may be a secret. */
static enum sw_status bad_piece(const struct reader *reader, size_t place, const char *problem)
{
    return sw_fail(reader->err, SW_E_INPUT, "%s: piece %zu %s; expected %s", reader->what, place,
                   problem, expected_form(reader->kind));
}

/*
 * The length of a quoted value at the start of `text`, closing quote included, when the quote wraps
 * a whole value; 0 when the quote is an ordinary character.
 */
static size_t quoted_length(struct sw_str text)
{
    if (text.len < 2 || text.ptr[0] != '"') {
        return 0;
    }
    for (size_t i = 1; i < text.len; i++) {
        if (text.ptr[i] == '\\' && i + 1 < text.len) {
            i++;
        } else if (text.ptr[i] == '"') {
            size_t rest = i + 1;
            while (rest < text.len && sw_is_space(text.ptr[rest])) {
                rest++;
            }
            return rest == text.len || text.ptr[rest] == ',' ? i + 1 : 0;
        }
    }
    return 0;
}

static char *unquote(struct sw_str quoted)
{
    char *text = sw_xmalloc(quoted.len);
    size_t len = 0;
    for (size_t i = 1; i + 1 < quoted.len; i++) {
        char next = quoted.ptr[i + 1];
        if (quoted.ptr[i] == '\\' && (next == '\\' || (next == '"' && i + 2 < quoted.len))) {
            i++;
        }
        text[len++] = quoted.ptr[i];
    }
    text[len] = '\0';
    return text;
}

/* Takes the next piece off *rest. Returns false when it is empty. */
static bool next_piece(struct sw_str *rest, struct piece *ret)
{
    struct sw_str text = *rest;
    ptrdiff_t comma = sw_str_find(text, ',');
    ptrdiff_t equals = sw_str_find(text, '=');
    *ret = (struct piece){ .place = 0 };
    if (equals >= 0 && (comma < 0 || equals < comma)) {
        ret->key = sw_str_trim(sw_str_first(text, (size_t)equals));
        size_t start = (size_t)equals + 1;
        while (start < text.len && sw_is_space(text.ptr[start])) {
            start++;
        }
        size_t quoted = quoted_length(sw_str_from(text, start));
        if (quoted > 0) {
            ret->unquoted = unquote(sw_str_n(text.ptr + start, quoted));
            ret->value = sw_str(ret->unquoted);
            *rest = sw_str_from(text, start + quoted);
            (void)sw_str_cut(rest, ',');
            return true;
        }
    }
    struct sw_str piece = sw_str_cut(rest, ',');
    if (sw_str_trim(piece).len == 0) {
        return false;
    }
    if (ret->key.ptr) {
        ret->value = sw_str_trim(sw_str_from(piece, (size_t)equals + 1));
    }
    return true;
}

static enum sw_status split(const struct reader *reader, struct sw_str text, struct pieces *ret)
{
    for (size_t place = 1; text.ptr; place++) {
        struct piece piece;
        if (!next_piece(&text, &piece)) {
            continue;
        }
        piece.place = place;
        if (!piece.key.ptr) {
            return bad_piece(reader, place, "has no '='");
        }
        if (ret->count >= (size_t)3 * SW_CHANGES_MAX) {
            free(piece.unquoted);
            return sw_fail(reader->err, SW_E_TOO_LARGE, "%s: more than %d changes", reader->what,
                           SW_CHANGES_MAX);
        }
        ret->items = sw_grow(ret->items, ret->count, &ret->capacity, sizeof(*ret->items));
        ret->items[ret->count++] = piece;
        if (piece.key.len == 0) {
            return bad_piece(reader, place, "has nothing in front of '='");
        }
    }
    return SW_OK;
}

static bool key_is(const struct pieces *pieces, size_t at, const char *key)
{
    return at < pieces->count && sw_str_is(pieces->items[at].key, key);
}

/*
 * Image keys are quoted. Elsewhere an unexpected key may be what follows a comma inside a secret
 * value, so it is not.
 */
static enum sw_status unexpected_key(const struct reader *reader, const struct piece *piece)
{
    if (reader->kind != SW_UPDATES_IMAGE) {
        return bad_piece(reader, piece->place, "has an unexpected key");
    }
    char problem[120];
    struct sw_str key = sw_str_first(piece->key, 64);
    (void)snprintf(problem, sizeof(problem), "has the unexpected key \"%.*s\"", SW_STR_ARG(key));
    return bad_piece(reader, piece->place, problem);
}

/*
 * One image change at pieces[at], which follows "container=". Takes "image" and "tag" together
 * when they stand side by side. Returns through *ret_used how many pieces it took.
 */
static enum sw_status add_image(const struct reader *reader, const struct pieces *pieces, size_t at,
                                struct sw_str container, size_t *ret_used)
{
    const struct piece *piece = &pieces->items[at];
    const struct sw_str none = { NULL, 0 };
    *ret_used = 1;
    if (sw_str_is(piece->key, "tag")) {
        if (sw_image_check_tag(piece->value, reader->err) != SW_OK) {
            return sw_wrap(reader->err, "%s: piece %zu", reader->what, piece->place);
        }
        sw_changes_add(reader->changes, SW_CHANGE_IMAGE_TAG, container, none, piece->value);
        return SW_OK;
    }
    bool whole = sw_str_is(piece->key, "image-and-tag");
    if (!whole && !sw_str_is(piece->key, "image")) {
        return unexpected_key(reader, piece);
    }
    if (sw_image_check(piece->value, reader->err) != SW_OK) {
        return sw_wrap(reader->err, "%s: piece %zu", reader->what, piece->place);
    }
    struct sw_image_parts parts = sw_image_split(piece->value);
    bool bare = parts.tag.len == 0 && parts.digest.len == 0;
    sw_changes_add(reader->changes, !whole && bare ? SW_CHANGE_IMAGE_NAME : SW_CHANGE_IMAGE,
                   container, none, piece->value);
    return SW_OK;
}

/* "name=N,value=V" or "name=N,valueFrom=V" at pieces[at]. */
static enum sw_status add_named(const struct reader *reader, const struct pieces *pieces, size_t at,
                                struct sw_str container, size_t *ret_used)
{
    bool secret = reader->kind == SW_UPDATES_SECRET;
    const char *value_key = secret ? "valueFrom" : "value";
    if (!key_is(pieces, at, "name")) {
        return unexpected_key(reader, &pieces->items[at]);
    }
    struct sw_str name = pieces->items[at].value;
    if (name.len == 0) {
        return bad_piece(reader, pieces->items[at].place, "has an empty name");
    }
    if (at + 1 >= pieces->count) {
        char problem[64];
        (void)snprintf(problem, sizeof(problem), "has no \"%s=\" behind it", value_key);
        return bad_piece(reader, pieces->items[at].place, problem);
    }
    if (!key_is(pieces, at + 1, value_key)) {
        return unexpected_key(reader, &pieces->items[at + 1]);
    }
    struct sw_str value = pieces->items[at + 1].value;
    if (secret && value.len == 0) {
        return bad_piece(reader, pieces->items[at + 1].place, "has an empty valueFrom");
    }
    sw_changes_add(reader->changes, secret ? SW_CHANGE_SECRET : SW_CHANGE_ENV, container, name,
                   value);
    *ret_used = 2;
    return SW_OK;
}

/* "KEY=VALUE", or "key=KEY,value=VALUE", which the orbs document. */
static enum sw_status add_label(const struct reader *reader, const struct pieces *pieces, size_t at,
                                struct sw_str container, size_t *ret_used)
{
    const struct piece *piece = &pieces->items[at];
    struct sw_str key = piece->key;
    struct sw_str value = piece->value;
    *ret_used = 1;
    if (sw_str_is(key, "key") && key_is(pieces, at + 1, "value")) {
        key = piece->value;
        value = pieces->items[at + 1].value;
        *ret_used = 2;
    }
    if (key.len == 0) {
        return bad_piece(reader, piece->place, "has an empty label name");
    }
    sw_changes_add(reader->changes, SW_CHANGE_LABEL, container, key, value);
    return SW_OK;
}

static enum sw_status read_item(const struct reader *reader, const struct pieces *pieces, size_t at,
                                struct sw_str container, size_t *ret_used)
{
    if (reader->changes->count >= SW_CHANGES_MAX) {
        return sw_fail(reader->err, SW_E_TOO_LARGE, "%s: more than %d changes", reader->what,
                       SW_CHANGES_MAX);
    }
    switch (reader->kind) {
    case SW_UPDATES_IMAGE:
        return add_image(reader, pieces, at, container, ret_used);
    case SW_UPDATES_LABEL:
        return add_label(reader, pieces, at, container, ret_used);
    case SW_UPDATES_ENV:
    case SW_UPDATES_SECRET:
        break;
    }
    return add_named(reader, pieces, at, container, ret_used);
}

static enum sw_status read_pieces(const struct reader *reader, const struct pieces *pieces)
{
    struct sw_str container = { NULL, 0 };
    bool idle = false; /* the last "container=" has had no effect yet */
    size_t at = 0;
    while (at < pieces->count) {
        const struct piece *piece = &pieces->items[at];
        if (sw_str_is(piece->key, "container")) {
            if (idle) {
                break;
            }
            container = piece->value;
            if (container.len == 0) {
                return bad_piece(reader, piece->place, "has an empty container name");
            }
            idle = true;
            at++;
            continue;
        }
        if (!container.ptr) {
            return bad_piece(reader, piece->place, "comes before any \"container=\"");
        }
        size_t used = 0;
        enum sw_status status = read_item(reader, pieces, at, container, &used);
        if (status != SW_OK) {
            return status;
        }
        idle = false;
        at += used;
    }
    if (idle) {
        return bad_piece(reader, pieces->items[at - 1].place, "names a container but no change");
    }
    return SW_OK;
}

enum sw_status sw_changes_add_updates(struct sw_changes *changes, enum sw_updates_kind kind,
                                      const char *what, struct sw_str text, struct sw_err *err)
{
    const struct reader reader = { .kind = kind, .what = what, .changes = changes, .err = err };
    if (sw_str_trim(text).len == 0) {
        return SW_OK;
    }
    if (text.len > SW_UPDATES_MAX) {
        return sw_fail(err, SW_E_TOO_LARGE, "%s: longer than %zu bytes", what, SW_UPDATES_MAX);
    }
    if (!sw_str_is_utf8(text)) {
        return sw_fail(err, SW_E_INPUT, "%s: the text is not UTF-8", what);
    }
    struct pieces pieces = { .items = NULL };
    enum sw_status status = split(&reader, text, &pieces);
    if (status == SW_OK && pieces.count == 0) {
        status = sw_fail(err, SW_E_INPUT, "%s: nothing but commas; expected %s", what,
                         expected_form(kind));
    }
    if (status == SW_OK) {
        status = read_pieces(&reader, &pieces);
    }
    pieces_release(&pieces);
    return status;
}

#ifndef SLIPWAY_YAML_H
#define SLIPWAY_YAML_H

/*
 * YAML as a tree with positions. Text is read with YAML 1.1 typing (https://yaml.org/type/), as
 * CircleCI's own parser does: yes/no/on/off are booleans, 012 is octal, 1:30 is sexagesimal; a
 * timestamp stays a string. A plain scalar keeps its source text beside its type.
 *
 * Call order: sw_yaml_pool_new, sw_yaml_parse or sw_yaml_load, read the tree, sw_yaml_pool_free.
 *
 * Ownership: nodes and their texts live in the pool and are freed with it, never one by one. A
 * parsed tree may hold one node several times, where the text had an alias: treat parsed nodes as
 * read-only and build new ones with the sw_yaml_new_* functions. A pool is used by one thread at a
 * time.
 *
 * Anchors, aliases and merge keys ("<<: *a", "<<: [*a, *b]") are resolved while parsing. Refused:
 * duplicate keys (both lines are named), several documents, keys that are no scalars, an alias of
 * an unknown or unfinished anchor, and whatever passes the limits below. Every error
 * reads "file:line:column: text" and is SW_E_INPUT (SW_E_TOO_LARGE for limits); one of the whole
 * text, or of a byte that is no UTF-8, names the file only.
 */

#include <slipway/buf.h>

#include <jansson.h>

/* Limits of one document. */
#define SW_YAML_TEXT_MAX   ((size_t)8 * 1024 * 1024) /* bytes of the document */
#define SW_YAML_SCALAR_MAX ((size_t)4 * 1024 * 1024) /* bytes of one scalar */
enum {
    SW_YAML_DEPTH_MAX = 128,
    SW_YAML_NODES_MAX = 500000,     /* nodes in the text */
    SW_YAML_EXPANDED_MAX = 2000000, /* nodes when every alias is counted with all it holds */
    SW_YAML_KEYS_MAX = 20000,       /* keys of one mapping */
};

enum sw_yaml_type {
    SW_YAML_NULL,
    SW_YAML_BOOL,
    SW_YAML_INT,
    SW_YAML_FLOAT, /* also integers beyond 64 bits */
    SW_YAML_STR,
    SW_YAML_SEQ,
    SW_YAML_MAP,
};

/* How a scalar was written, and is to be written again where that is possible. */
enum sw_yaml_style {
    SW_YAML_STYLE_AUTO, /* as short as its type allows; literal block when it has several lines */
    SW_YAML_STYLE_PLAIN,
    SW_YAML_STYLE_SINGLE,
    SW_YAML_STYLE_DOUBLE,
    SW_YAML_STYLE_LITERAL,
    SW_YAML_STYLE_FOLDED,
};

/* Where a node stands; line and column count from 1, 0 when there is no such place. */
struct sw_yaml_mark {
    const char *file;
    unsigned line;
    unsigned column;
};

struct sw_yaml {
    enum sw_yaml_type type;
    enum sw_yaml_style style; /* scalars */
    struct sw_yaml_mark mark;
    const char *tag; /* an explicit tag that is not one of YAML's own, or NULL */
    /* Scalars: the source text, NUL-terminated and without NUL inside. */
    const char *text;
    size_t len;
    bool boolean;    /* SW_YAML_BOOL */
    int64_t integer; /* SW_YAML_INT */
    double number;   /* SW_YAML_FLOAT */
    /* SW_YAML_SEQ: items[0..count). SW_YAML_MAP: keys[i] (scalars) and items[i] its value. */
    struct sw_yaml **items;
    struct sw_yaml **keys;
    size_t count;
    size_t capacity;
    size_t expanded; /* nodes of this tree, itself included, aliases counted in full */
    /* Free for whoever builds trees; never looked at here. NULL after parsing. */
    const void *user;
};

struct sw_yaml_pool;
struct sw_yaml_pool *sw_yaml_pool_new(void);
void sw_yaml_pool_free(struct sw_yaml_pool *pool);
SW_DEFINE_CLEANUP(sw_yaml_pool_cleanup, struct sw_yaml_pool, sw_yaml_pool_free)
/* Bytes handed out so far: builders of big trees stop at a limit of their own. */
size_t sw_yaml_pool_bytes(const struct sw_yaml_pool *pool);
/* Zeroed memory, and a NUL-terminated copy of a text, that live as long as the pool. */
void *sw_yaml_pool_alloc(struct sw_yaml_pool *pool, size_t size);
const char *sw_yaml_pool_text(struct sw_yaml_pool *pool, struct sw_str s);

/* Anchors that outlive one document, so that a later one may use them (orb packing). */
struct sw_yaml_anchors;
struct sw_yaml_anchors *sw_yaml_anchors_new(void);
void sw_yaml_anchors_free(struct sw_yaml_anchors *anchors);
SW_DEFINE_CLEANUP(sw_yaml_anchors_cleanup, struct sw_yaml_anchors, sw_yaml_anchors_free)

struct sw_yaml_options {
    /* Anchors of other documents: read when the document itself has none of that name. */
    const struct sw_yaml_anchors *known_anchors;
    /* The document's own anchors are added here; the nodes stay in the pool. */
    struct sw_yaml_anchors *ret_anchors;
    /* An alias without anchor is an empty mapping instead of an error, and what holds it is not
     * added to ret_anchors (first pass over several documents). */
    bool lenient_aliases;
};

/*
 * Parses one document. `file` names it in errors and marks (copied). An empty document is a null
 * node. `options` may be NULL.
 */
SW_NODISCARD enum sw_status sw_yaml_parse(struct sw_yaml_pool *pool, struct sw_str text,
                                          const char *file, const struct sw_yaml_options *options,
                                          struct sw_yaml **ret, struct sw_err *err);
/* Reads and parses a file that the user named (sw_fs_read_input(), whose failures it has); "-" is
 * standard input, named "stdin" in errors. */
SW_NODISCARD enum sw_status sw_yaml_load(struct sw_yaml_pool *pool, const char *path,
                                         const struct sw_yaml_options *options,
                                         struct sw_yaml **ret, struct sw_err *err);

/* "null", "boolean", "integer", "number", "string", "sequence" or "mapping". */
const char *sw_yaml_type_name(const struct sw_yaml *node);
bool sw_yaml_is_scalar(const struct sw_yaml *node);
/* Whether the node is a string equal to `text`. */
bool sw_yaml_is_str(const struct sw_yaml *node, const char *text);
/* The value of a key, NULL when the node is no mapping or has no such key. */
struct sw_yaml *sw_yaml_get(const struct sw_yaml *map, const char *key);
/* The key's own node (for its mark), NULL likewise. */
struct sw_yaml *sw_yaml_get_key(const struct sw_yaml *map, const char *key);
/* Deep equality of values: types and contents; maps without regard to order; 1 and 1.0 differ. */
bool sw_yaml_equal(const struct sw_yaml *a, const struct sw_yaml *b);
/*
 * The canonical text of a scalar as it goes into other text: true/false, decimal integers, the
 * shortest decimal of a float, a string itself, nothing for null.
 */
void sw_yaml_scalar_text(const struct sw_yaml *scalar, struct sw_buf *out);

/* Building. Nodes get the mark of `at` (may be NULL). */
struct sw_yaml *sw_yaml_new_str(struct sw_yaml_pool *pool, struct sw_str s,
                                const struct sw_yaml *at);
struct sw_yaml *sw_yaml_new_bool(struct sw_yaml_pool *pool, bool value, const struct sw_yaml *at);
struct sw_yaml *sw_yaml_new_int(struct sw_yaml_pool *pool, int64_t value, const struct sw_yaml *at);
struct sw_yaml *sw_yaml_new_null(struct sw_yaml_pool *pool, const struct sw_yaml *at);
struct sw_yaml *sw_yaml_new_seq(struct sw_yaml_pool *pool, const struct sw_yaml *at);
struct sw_yaml *sw_yaml_new_map(struct sw_yaml_pool *pool, const struct sw_yaml *at);
/* A copy of the node itself; a collection's copy holds the same children in an array of its own. */
struct sw_yaml *sw_yaml_copy(struct sw_yaml_pool *pool, const struct sw_yaml *node);
void sw_yaml_add(struct sw_yaml_pool *pool, struct sw_yaml *seq, struct sw_yaml *item);
/* Sets a key (a new node at `value`'s place); an existing key keeps its position. */
void sw_yaml_set(struct sw_yaml_pool *pool, struct sw_yaml *map, const char *key,
                 struct sw_yaml *value);
/* Likewise with the key's own node. */
void sw_yaml_set_node(struct sw_yaml_pool *pool, struct sw_yaml *map, struct sw_yaml *key,
                      struct sw_yaml *value);
/* A tree from a JSON value; integers, reals, strings, booleans and null keep their type. */
struct sw_yaml *sw_yaml_from_json(struct sw_yaml_pool *pool, json_t *json,
                                  const struct sw_yaml *at);
/* The tree as a JSON value, the caller's. Map keys become strings. */
json_t *sw_yaml_to_json(const struct sw_yaml *node);

/* Orders map keys of a whole tree: digit runs compare as numbers, other bytes by value, letters
 * after the rest. Returns a new tree that shares the scalars. */
struct sw_yaml *sw_yaml_sorted(struct sw_yaml_pool *pool, struct sw_yaml *node);

/*
 * Appends the tree as a block-style document: 2 blanks, sequences not indented below their key,
 * literal blocks for text of several lines, quotes only where a YAML 1.1 reader would take the text
 * for something else. Ends with a newline. Reading it again gives an equal tree. SW_E_TOO_LARGE for
 * a tree that is too deep or passes the buffer's limit; SW_E_FAILED when libyaml cannot write it.
 */
SW_NODISCARD enum sw_status sw_yaml_emit(const struct sw_yaml *node, struct sw_buf *out,
                                         struct sw_err *err);

/* Sets *err to "file:line:column: text" of `at` and returns `status`. */
enum sw_status sw_yaml_fail(struct sw_err *err, enum sw_status status, const struct sw_yaml *at,
                            const char *fmt, ...) SW_PRINTF(4, 5);

#endif

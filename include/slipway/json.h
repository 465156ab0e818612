#ifndef SLIPWAY_JSON_H
#define SLIPWAY_JSON_H

/*
 * JSON over jansson (https://jansson.readthedocs.io). Values are json_t; owned ones are held in
 * json_auto_t variables. Key order is kept. Integers are 64 bit and never pass through a double.
 *
 * Readers below take the object and a `where` text that names it in errors ("DescribeServices
 * answer", "config.json"); the error says where, the key, what was expected and what was found.
 */

#include <slipway/buf.h>

#include <jansson.h>

/* Default limit for a JSON text. */
#define SW_JSON_MAX ((size_t)32 * 1024 * 1024)

/*
 * Parses `text` (strict JSON, any top-level value, duplicate keys refused, depth limited).
 * `where` names it in errors: "where:line:column: ...". SW_E_INPUT on bad text; callers that read
 * a remote's answer turn that into SW_E_UNAVAILABLE. The result is the caller's.
 */
SW_NODISCARD enum sw_status sw_json_parse(struct sw_str text, const char *where, json_t **ret,
                                          struct sw_err *err);

/* The value in compact form, or indented by `indent` blanks, appended without newline. */
void sw_json_dump(const json_t *value, int indent, struct sw_buf *out);

/*
 * Lenient getters: the member when it is there with that type, else the fallback. Results are
 * borrowed from `object`, which may be NULL or no object.
 */
const char *sw_json_str(const json_t *object, const char *key, const char *fallback);
int64_t sw_json_int(const json_t *object, const char *key, int64_t fallback);
/*
 * A count or size of AWS, 0 to INT32_MAX; the fallback also for any other number, so that many of
 * them can be added up.
 */
int64_t sw_json_count(const json_t *object, const char *key, int64_t fallback);
double sw_json_number(const json_t *object, const char *key, double fallback);
/*
 * A time as AWS writes it, seconds since 1970 with fractions, in milliseconds; 0 when it is
 * missing, or nonsense: before 1970 or after the year 9999.
 */
int64_t sw_json_time_ms(const json_t *object, const char *key);
bool sw_json_bool(const json_t *object, const char *key, bool fallback);
json_t *sw_json_array(const json_t *object, const char *key);
/*
 * The first item of an array whose member `key` is the string `text`; a member that is missing, or
 * no string, counts as "". Borrowed; NULL when there is none, or `list` is no array.
 */
json_t *sw_json_find(const json_t *list, const char *key, const char *text);
/* Whether this is an array of strings, and not empty. */
bool sw_json_are_texts(const json_t *list);
json_t *sw_json_object(const json_t *object, const char *key);

/* Field tables: a document is read by data, not by code. Unknown members are ignored. */
enum sw_json_kind {
    SW_JSON_STR,    /* const char *, borrowed from the document */
    SW_JSON_INT,    /* int64_t */
    SW_JSON_NUMBER, /* double */
    SW_JSON_BOOL,   /* bool */
    SW_JSON_ARRAY,  /* json_t *, borrowed */
    SW_JSON_OBJECT, /* json_t *, borrowed */
};
struct sw_json_field {
    const char *key;
    enum sw_json_kind kind;
    size_t offset; /* offsetof in the struct that is filled */
    bool required;
};
/*
 * Fills the struct at `into` from `object` by `fields`. Absent or null optional members leave their
 * field alone. SW_E_INPUT naming `where`, key, expected and found type.
 */
SW_NODISCARD enum sw_status sw_json_read(const json_t *object, const char *where,
                                         const struct sw_json_field *fields, size_t count,
                                         void *into, struct sw_err *err);

/* "object", "array", "string", "integer", "real", "boolean" or "null". */
const char *sw_json_type_name(const json_t *value);

#endif

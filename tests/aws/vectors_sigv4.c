/*
 * vectors_sigv4 CASE STEP: one step of one case of the SigV4 test suite. The suite's folder is in
 * the environment variable SLIPWAY_SIGV4_VECTORS; without it the test counts as skipped (77).
 * Each step starts from the suite's own result of the step before, so that a failure names the
 * step that is wrong.
 */
#include <slipway/alloc.h>
#include <slipway/fs.h>
#include <slipway/json.h>
#include <slipway/sigv4.h>

#include <stdio.h>
#include <stdlib.h>

enum { EXIT_SKIP = 77, HEADERS_MAX = 32 };

struct vector {
    char *dir;
    struct sw_buf request_text;
    json_t *context;
    struct sw_str method, path, query, body;
    struct sw_strs names, values;
    struct sw_http_header headers[HEADERS_MAX];
    struct sw_credentials credentials;
    struct sw_sigv4_options options;
};

static void die(const char *what, const char *detail)
{
    (void)fprintf(stderr, "%s: %s\n", what, detail);
    exit(EXIT_FAILURE);
}

static void check(enum sw_status status, const struct sw_err *err)
{
    if (status != SW_OK) {
        die(sw_status_name(status), err->msg);
    }
}

static void read_file(const struct vector *vector, const char *name, struct sw_buf *out)
{
    struct sw_err err = SW_ERR_INIT;
    char *path = sw_fs_join(vector->dir, name);
    sw_buf_init(out, SW_BUF_TEXT_MAX);
    check(sw_fs_read(path, out, &err), &err);
    free(path);
}

static void read_context(struct vector *vector)
{
    struct sw_err err = SW_ERR_INIT;
    struct sw_buf text;
    read_file(vector, "context.json", &text);
    check(sw_json_parse(sw_buf_str(&text), "context.json", &vector->context, &err), &err);
    sw_buf_release(&text);
    const json_t *context = vector->context;
    const json_t *keys = sw_json_object(context, "credentials");
    const char *token = sw_json_str(keys, "token", NULL);
    vector->credentials = (struct sw_credentials){
        .access_key_id = sw_xstrdup(sw_json_str(keys, "access_key_id", "")),
        .secret_access_key = sw_xstrdup(sw_json_str(keys, "secret_access_key", "")),
        .session_token = token ? sw_xstrdup(token) : NULL,
    };
    vector->options = (struct sw_sigv4_options){
        .region = sw_json_str(context, "region", ""),
        .service = sw_json_str(context, "service", ""),
        .expires_s = sw_json_int(context, "expiration_in_seconds", 0),
        .raw_path = !sw_json_bool(context, "normalize", true),
        .sign_body = sw_json_bool(context, "sign_body", false),
        .omit_session_token = sw_json_bool(context, "omit_session_token", false),
    };
    if (!sw_time_parse(sw_json_str(context, "timestamp", ""), &vector->options.wall_ms)) {
        die("context.json", "no timestamp");
    }
}

/* "GET /a path?query HTTP/1.1": the target may hold blanks. */
static void read_request_line(struct vector *vector, struct sw_str line)
{
    vector->method = sw_str_cut(&line, ' ');
    struct sw_str target = sw_str_first(line, (size_t)sw_str_rfind(line, ' '));
    vector->path = sw_str_cut(&target, '?');
    vector->query = target;
}

/* A header with its continuation lines, which start with a blank. */
static struct sw_str cut_header(struct sw_str *text)
{
    const char *start = text->ptr;
    struct sw_str line = sw_str_cut(text, '\n');
    size_t len = line.len;
    while (text->ptr && text->len > 0 && text->ptr[0] == ' ') {
        line = sw_str_cut(text, '\n');
        len = (size_t)(line.ptr + line.len - start);
    }
    return sw_str_n(start, len);
}

static void read_request(struct vector *vector)
{
    read_file(vector, "request.txt", &vector->request_text);
    struct sw_str text = sw_buf_str(&vector->request_text);
    read_request_line(vector, sw_str_cut(&text, '\n'));
    while (text.ptr) {
        struct sw_str value = cut_header(&text);
        if (value.len == 0) {
            break;
        }
        struct sw_str name = sw_str_cut(&value, ':');
        sw_strs_add(&vector->names, name);
        sw_strs_add(&vector->values, value);
    }
    for (size_t i = 0; i < vector->names.count && i < HEADERS_MAX; i++) {
        vector->headers[i].name = vector->names.items[i];
        vector->headers[i].value = vector->values.items[i];
    }
    vector->body = text;
}

static struct sw_sigv4_request request_of(const struct vector *vector)
{
    return (struct sw_sigv4_request){
        .method = vector->method,
        .path = vector->path,
        .query = vector->query,
        .headers = vector->headers,
        .header_count = vector->names.count,
        .body = vector->body,
    };
}

static void step_canonical(const struct vector *vector, const char *mode, struct sw_buf *out)
{
    (void)mode;
    struct sw_err err = SW_ERR_INIT;
    struct sw_sigv4_request request = request_of(vector);
    check(sw_sigv4_canonical_request(&request, &vector->options, &vector->credentials, out, &err),
          &err);
}

static void read_expected(const struct vector *vector, const char *mode, const char *step,
                          struct sw_buf *out)
{
    char *name = sw_xasprintf("%s-%s.txt", mode, step);
    read_file(vector, name, out);
    free(name);
}

static void step_string_to_sign(const struct vector *vector, const char *mode, struct sw_buf *out)
{
    struct sw_err err = SW_ERR_INIT;
    struct sw_buf canonical SW_CLEANUP(sw_buf_release) = { 0 };
    read_expected(vector, mode, "canonical-request", &canonical);
    check(sw_sigv4_string_to_sign(&vector->options, sw_buf_str(&canonical), out, &err), &err);
}

static void step_signature(const struct vector *vector, const char *mode, struct sw_buf *out)
{
    struct sw_err err = SW_ERR_INIT;
    struct sw_buf to_sign SW_CLEANUP(sw_buf_release) = { 0 };
    read_expected(vector, mode, "string-to-sign", &to_sign);
    unsigned char key[SW_SIGV4_KEY_SIZE];
    char signature[SW_SIGV4_SIGNATURE_SIZE];
    check(sw_sigv4_signing_key(&vector->options, sw_str(vector->credentials.secret_access_key), key,
                               &err),
          &err);
    check(sw_sigv4_signature(key, sw_buf_str(&to_sign), signature, &err), &err);
    sw_buf_add_cstr(out, signature);
}

/* The signed request as it would be written. */
static void step_signed_request(const struct vector *vector, const char *mode, struct sw_buf *out)
{
    (void)mode;
    struct sw_err err = SW_ERR_INIT;
    struct sw_sigv4_request request = request_of(vector);
    struct sw_sigv4_signed sig = { 0 };
    check(sw_sigv4_sign(&request, &vector->options, &vector->credentials, &sig, &err), &err);
    struct sw_str query = sig.query ? sw_str(sig.query) : vector->query;
    sw_buf_addf(out, "%.*s %.*s", SW_STR_ARG(vector->method), SW_STR_ARG(vector->path));
    sw_buf_addf(out, "%s%.*s HTTP/1.1\n", query.len > 0 ? "?" : "", SW_STR_ARG(query));
    for (size_t i = 0; i < vector->names.count; i++) {
        sw_buf_addf(out, "%s:%s\n", vector->headers[i].name, vector->headers[i].value);
    }
    for (size_t i = 0; i < sig.header_count; i++) {
        sw_buf_addf(out, "%s:%s\n", sig.headers[i].name, sig.headers[i].value);
    }
    sw_buf_addf(out, "\n%.*s", SW_STR_ARG(vector->body));
    sw_sigv4_signed_release(&sig);
}

static int run_step(struct vector *vector, const char *mode, const char *step)
{
    static const struct {
        const char *name;
        void (*run)(const struct vector *vector, const char *mode, struct sw_buf *out);
    } steps[] = {
        { "canonical-request", step_canonical },
        { "string-to-sign", step_string_to_sign },
        { "signature", step_signature },
        { "signed-request", step_signed_request },
    };
    struct sw_buf expected SW_CLEANUP(sw_buf_release) = { 0 };
    struct sw_buf got SW_CLEANUP(sw_buf_release) = { 0 };
    read_expected(vector, mode, step, &expected);
    sw_buf_init(&got, SW_BUF_TEXT_MAX);
    vector->options.mode = strcmp(mode, "query") == 0 ? SW_SIGV4_QUERY : SW_SIGV4_HEADER;
    for (size_t i = 0; i < SW_COUNT(steps); i++) {
        if (strcmp(step, steps[i].name) == 0) {
            steps[i].run(vector, mode, &got);
        }
    }
    if (sw_str_eq(sw_buf_str(&expected), sw_buf_str(&got))) {
        return EXIT_SUCCESS;
    }
    (void)fprintf(stderr, "--- expected %s %s\n%s\n--- got\n%s\n", mode, step, expected.ptr,
                  got.ptr);
    return EXIT_FAILURE;
}

static void vector_release(struct vector *vector)
{
    free(vector->dir);
    sw_buf_release(&vector->request_text);
    json_decref(vector->context);
    sw_strs_release(&vector->names);
    sw_strs_release(&vector->values);
    sw_credentials_release(&vector->credentials);
}

int main(int argc, char **argv)
{
    const char *root = getenv("SLIPWAY_SIGV4_VECTORS");
    if (!root || !root[0]) {
        (void)fputs("skipped: SLIPWAY_SIGV4_VECTORS is not set to the folder of the test suite\n",
                    stderr);
        return EXIT_SKIP;
    }
    if (argc != 4) {
        die("usage", "vectors_sigv4 CASE header|query STEP");
    }
    struct vector vector = { .dir = sw_fs_join(root, argv[1]) };
    read_context(&vector);
    read_request(&vector);
    int result = run_step(&vector, argv[2], argv[3]);
    vector_release(&vector);
    return result;
}

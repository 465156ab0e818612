/* Secrets for a build: docker is told where they are, never what they are. */
#include <slipway/build.h>

#include <slipway/fs.h>
#include <slipway/log.h>
#include <slipway/subst.h>

enum { ID_MAX = 128, ID_SHOWN = 64 };

/* What a text says; parts are borrowed from it. */
struct secret {
    struct sw_str id;
    struct sw_str variable;
    struct sw_str file;
};

static enum sw_status bad_form(struct sw_err *err)
{
    return sw_fail(err, SW_E_INPUT,
                   "expected VARIABLE, id=ID,env=VARIABLE or id=ID,src=FILE, e.g. "
                   "id=npm,env=NPM_TOKEN");
}

static bool is_id(struct sw_str id)
{
    for (size_t i = 0; i < id.len; i++) {
        if (!sw_is_alnum(id.ptr[i]) && !strchr("_.-/:", id.ptr[i])) {
            return false;
        }
    }
    return id.len > 0 && id.len <= ID_MAX;
}

static enum sw_status read_field(struct sw_str field, struct secret *ret, struct sw_err *err)
{
    struct sw_str value = field;
    struct sw_str key = sw_str_trim(sw_str_cut(&value, '='));

    value = sw_str_trim(value);
    if (value.len == 0) {
        return bad_form(err);
    }
    if (sw_str_is(key, "id")) {
        ret->id = value;
    } else if (sw_str_is(key, "env")) {
        ret->variable = value;
    } else if (sw_str_is(key, "src") || sw_str_is(key, "source")) {
        ret->file = value;
    } else if (!sw_str_is(key, "type") || !(sw_str_is(value, "env") || sw_str_is(value, "file"))) {
        return bad_form(err);
    }
    return SW_OK;
}

static enum sw_status read_fields(struct sw_str text, struct secret *ret, struct sw_err *err)
{
    if (sw_str_find(text, '=') < 0) {
        ret->id = text;
        ret->variable = text;
    } else {
        while (text.ptr) {
            if (read_field(sw_str_cut(&text, ','), ret, err) != SW_OK) {
                return err->status;
            }
        }
    }
    if (!is_id(ret->id) || (ret->variable.ptr && ret->file.ptr)) {
        return bad_form(err);
    }
    if (!ret->variable.ptr && !ret->file.ptr) {
        ret->variable = ret->id;
    }
    return SW_OK;
}

static enum sw_status add_variable(const struct sw_env *env, const struct secret *secret,
                                   struct sw_buf *out, struct sw_err *err)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) name = { 0 };
    const char *value;

    if (!sw_is_env_name(secret->variable)) {
        return sw_fail(
            err, SW_E_INPUT,
            "secret \"%.*s\": env takes the name of a variable, as in env=NPM_TOKEN, not "
            "what it holds",
            SW_STR_ARG(sw_str_first(secret->id, ID_SHOWN)));
    }
    sw_buf_init(&name, SW_BUF_TEXT_MAX);
    sw_buf_add_str(&name, secret->variable);
    value = sw_env_get(env, name.ptr);
    if (!value) {
        return sw_fail(err, SW_E_INPUT, "secret \"%.*s\": variable \"%s\" is %s",
                       SW_STR_ARG(sw_str_first(secret->id, ID_SHOWN)), name.ptr,
                       sw_env_get_raw(env, name.ptr) ? "empty" : "not set");
    }
    sw_redact_add(sw_str(value));
    sw_buf_addf(out, "id=%.*s,env=%s", SW_STR_ARG(secret->id), name.ptr);
    return SW_OK;
}

/* Docker reads the text as a line of CSV: what has a comma or a quote is quoted. */
static void add_path(struct sw_str path, struct sw_buf *out)
{
    bool quoted = sw_str_find(path, ',') >= 0 || sw_str_find(path, '"') >= 0;

    sw_buf_add_cstr(out, quoted ? "\"src=" : "src=");
    for (size_t i = 0; i < path.len; i++) {
        sw_buf_add_cstr(out, path.ptr[i] == '"' ? "\"" : "");
        sw_buf_add_char(out, path.ptr[i]);
    }
    sw_buf_add_cstr(out, quoted ? "\"" : "");
}

static enum sw_status add_file(const struct sw_env *env, const struct secret *secret, bool expand,
                               struct sw_buf *out, struct sw_err *err)
{
    static const struct sw_subst_options strict = { .unset_is_error = true };
    struct sw_buf SW_CLEANUP(sw_buf_release) path = { 0 };

    sw_buf_init(&path, SW_SUBST_MAX);
    if (!expand) {
        sw_buf_add_str(&path, secret->file);
    } else if (sw_subst(env, secret->file, &strict, "src", &path, err) != SW_OK) {
        return err->status;
    }
    if (!sw_fs_exists(path.ptr) || sw_fs_is_dir(path.ptr)) {
        return sw_fail(err, SW_E_INPUT, "secret \"%.*s\": the file \"%s\" %s",
                       SW_STR_ARG(sw_str_first(secret->id, ID_SHOWN)), path.ptr,
                       sw_fs_exists(path.ptr) ? "is a folder" : "does not exist");
    }
    sw_buf_addf(out, "id=%.*s,", SW_STR_ARG(secret->id));
    add_path(sw_buf_str(&path), out);
    return SW_OK;
}

enum sw_status sw_build_secret_add(const struct sw_env *env, struct sw_str text, bool expand,
                                   struct sw_strs *ret, struct sw_err *err)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) out = { 0 };
    struct secret secret = { .id = { NULL, 0 } };
    enum sw_status status = read_fields(sw_str_trim(text), &secret, err);

    sw_buf_init(&out, SW_BUF_TEXT_MAX);
    if (status == SW_OK) {
        status = secret.variable.ptr ? add_variable(env, &secret, &out, err)
                                     : add_file(env, &secret, expand, &out, err);
    }
    if (status == SW_OK) {
        sw_strs_take(ret, sw_buf_take(&out));
    }
    return status;
}

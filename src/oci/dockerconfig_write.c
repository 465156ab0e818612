#include <slipway/dockerconfig.h>

#include <slipway/alloc.h>
#include <slipway/fs.h>
#include <slipway/json.h>
#include <slipway/log.h>

#include "dockerconfig_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

enum { LOCK_POLL_MS = 50, CONFIG_MODE = 0600, FOLDER_MODE = 0700 };

/* One change of the file: opened, locked and read; saved or abandoned. */
struct edit {
    char *path;
    int lock_fd;
    json_t *root;
};

static void edit_release(struct edit *edit)
{
    json_decref(edit->root);
    sw_close_fd(&edit->lock_fd); /* gives the lock back */
    free(edit->path);
}

/* Whether flock failed because somebody holds the lock. */
static bool lock_is_held(int error)
{
    return error == EWOULDBLOCK || error == EINTR;
}

/* Hands a descriptor out of a variable that would close it. */
static int take_fd(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

/*
 * Locks the folder itself: no lock file is left behind, and the lock ends with the process. On file
 * systems that cannot lock folders, work goes on without: the replacement is atomic anyway.
 */
static enum sw_status lock_folder(const struct sw_env *env, const char *dir, int *ret_fd,
                                  struct sw_err *err)
{
    int fd SW_CLEANUP(sw_close_fd) = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return sw_fail(err, SW_E_FAILED, "cannot open \"%s\": %s", dir, strerror(errno));
    }
    int64_t deadline = sw_env_mono_ms(env) + SW_DOCKER_LOCK_TIMEOUT_MS;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (!lock_is_held(errno)) {
            sw_debug(env, "auth", "cannot lock %s: %s; going on", dir, strerror(errno));
            break;
        }
        if (sw_env_stop_wanted(env)) {
            return sw_fail(err, SW_E_STOPPED, "stopped while waiting for the lock on \"%s\"", dir);
        }
        if (sw_env_mono_ms(env) >= deadline) {
            return sw_fail(err, SW_E_FAILED,
                           "another process has held the lock on \"%s\" for %d s; try again "
                           "when it is done",
                           dir, SW_DOCKER_LOCK_TIMEOUT_MS / 1000);
        }
        sw_env_sleep_ms(env, LOCK_POLL_MS);
    }
    *ret_fd = take_fd(&fd);
    return SW_OK;
}

/* The member `name` as an object, made when it is missing or null; borrowed from the root. */
static enum sw_status member_object(struct edit *edit, const char *name, json_t **ret,
                                    struct sw_err *err)
{
    json_t *member = json_object_get(edit->root, name);
    if (!member || json_is_null(member)) {
        member = json_object();
        (void)json_object_set_new(edit->root, name, member);
    }
    if (!json_is_object(member)) {
        return sw_fail(err, SW_E_INPUT, "%s: \"%s\" is %s, not an object; correct the file",
                       edit->path, name, sw_json_type_name(member));
    }
    *ret = member;
    return SW_OK;
}

static enum sw_status edit_open(const struct sw_env *env, struct edit *edit, struct sw_err *err)
{
    enum sw_status status = sw_docker_config_path(env, &edit->path, err);
    if (status != SW_OK) {
        return status;
    }
    char *dir SW_CLEANUP(sw_free_str) = sw_fs_dirname(edit->path);
    status = sw_fs_mkdirs(dir, FOLDER_MODE, err);
    if (status == SW_OK) {
        status = lock_folder(env, dir, &edit->lock_fd, err);
    }
    return status == SW_OK ? sw_docker_config_load(edit->path, &edit->root, err) : status;
}

/* docker indents by tabs. Strings hold no raw newlines, so blanks after one are indentation. */
static void add_tab_indented(struct sw_buf *out, struct sw_str text)
{
    bool line_start = true;
    for (size_t i = 0; i < text.len; i++) {
        bool indents = line_start && text.ptr[i] == ' ';
        line_start = indents || text.ptr[i] == '\n';
        if (indents) {
            sw_buf_add_char(out, '\t');
        } else {
            sw_buf_add(out, &text.ptr[i], 1);
        }
    }
}

static enum sw_status edit_save(const struct edit *edit, struct sw_err *err)
{
    struct sw_buf spaced SW_CLEANUP(sw_buf_release) = { 0 };
    struct sw_buf text SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init_secret(&spaced, SW_DOCKER_CONFIG_MAX);
    sw_buf_init_secret(&text, SW_DOCKER_CONFIG_MAX);
    sw_json_dump(edit->root, 1, &spaced);
    add_tab_indented(&text, sw_buf_str(&spaced));
    enum sw_status status = sw_buf_check(&spaced, edit->path, err);
    if (status != SW_OK) {
        return status;
    }
    return sw_fs_write_atomic(edit->path, sw_buf_str(&text), CONFIG_MODE, err);
}

/* Takes every form of a secret out of an "auths" entry, keeping what else it says. */
static bool drop_secrets(json_t *entry)
{
    static const char *const keys[] = { "auth", "identitytoken", "registrytoken", "username",
                                        "password" };
    bool dropped = false;
    for (size_t i = 0; i < SW_COUNT(keys); i++) {
        dropped = json_object_del(entry, keys[i]) == 0 || dropped;
    }
    return dropped;
}

/* The entry of "auths" for `key` without secrets, made when there is none; borrowed. */
static enum sw_status clean_entry(struct edit *edit, const char *key, json_t **ret,
                                  struct sw_err *err)
{
    json_t *auths = NULL;
    enum sw_status status = member_object(edit, "auths", &auths, err);
    if (status != SW_OK) {
        return status;
    }
    json_t *entry = json_object_get(auths, key);
    if (!json_is_object(entry)) {
        entry = json_object();
        (void)json_object_set_new(auths, key, entry);
    }
    (void)drop_secrets(entry);
    *ret = entry;
    return SW_OK;
}

static enum sw_status set_secret(struct edit *edit, const char *key, const char *user,
                                 const char *secret, struct sw_err *err)
{
    json_t *entry = NULL;
    enum sw_status status = clean_entry(edit, key, &entry, err);
    if (status != SW_OK) {
        return status;
    }
    struct sw_buf pair SW_CLEANUP(sw_buf_release) = { 0 };
    struct sw_buf auth SW_CLEANUP(sw_buf_release) = { 0 };
    sw_buf_init_secret(&pair, SW_DOCKER_HELPER_MAX);
    sw_buf_init_secret(&auth, 2 * SW_DOCKER_HELPER_MAX);
    sw_buf_addf(&pair, "%s:%s", user, secret);
    status = sw_buf_check(&pair, "the credentials to store", err);
    if (status != SW_OK) {
        return status;
    }
    sw_buf_add_base64(&auth, pair.ptr, pair.len);
    sw_redact_add(sw_buf_str(&auth));
    (void)json_object_set_new(entry, "auth", json_stringn(auth.ptr, auth.len));
    return SW_OK;
}

/*
 * Makes "auths" count for `key` although a helper is configured. An entry of its own in
 * "credHelpers" goes when nothing stands behind it; in front of a credsStore, the empty name is
 * docker's way to say "the file itself".
 */
static enum sw_status bypass_helper(struct edit *edit, const char *key, struct sw_err *err)
{
    json_t *helpers = NULL;
    enum sw_status status = member_object(edit, "credHelpers", &helpers, err);
    if (status != SW_OK) {
        return status;
    }
    if (sw_json_str(edit->root, "credsStore", "")[0] != '\0') {
        (void)json_object_set_new(helpers, key, json_string(""));
        return SW_OK;
    }
    (void)json_object_del(helpers, key);
    if (json_object_size(helpers) == 0) {
        (void)json_object_del(edit->root, "credHelpers");
    }
    return SW_OK;
}

void sw_docker_store_result_release(struct sw_docker_store_result *result)
{
    free(result->path);
    free(result->helper);
    free(result->helper_error);
    *result = (struct sw_docker_store_result){ 0 };
}

/* Through the configured helper; *ret_done is false when the file has to take the secret. */
static enum sw_status store_in_helper(const struct sw_env *env, struct edit *edit, const char *key,
                                      const char *user, const char *secret, bool *ret_done,
                                      struct sw_docker_store_result *result, struct sw_err *err)
{
    const char *helper = sw_docker_config_helper(edit->root, key, NULL);
    *ret_done = false;
    if (helper[0] == '\0') {
        return SW_OK;
    }
    result->helper = sw_xstrdup(helper);
    if (strcmp(helper, SW_DOCKER_OWN_HELPER) == 0) {
        result->where = SW_DOCKER_STORED_OWN;
        *ret_done = true;
        return SW_OK;
    }
    struct sw_err store_err = SW_ERR_INIT;
    enum sw_status status = sw_docker_helper_store(env, helper, key, user, secret, &store_err);
    if (status == SW_OK) {
        json_t *entry = NULL;
        result->where = SW_DOCKER_STORED_HELPER;
        *ret_done = true;
        return clean_entry(edit, key, &entry, err);
    }
    if (status == SW_E_STOPPED) {
        *err = store_err;
        return status;
    }
    result->where = SW_DOCKER_STORED_OVERRIDE;
    result->helper_error = sw_xstrdup(store_err.msg);
    return bypass_helper(edit, key, err);
}

static enum sw_status store(const struct sw_env *env, struct edit *edit, const char *host,
                            const char *user, const char *secret,
                            struct sw_docker_store_result *result, struct sw_err *err)
{
    const char *key = sw_docker_config_key(host);
    enum sw_status status = edit_open(env, edit, err);
    bool done = false;
    if (status == SW_OK) {
        status = store_in_helper(env, edit, key, user, secret, &done, result, err);
    }
    if (status == SW_OK && !done) {
        status = set_secret(edit, key, user, secret, err);
    }
    if (status == SW_OK && result->where != SW_DOCKER_STORED_OWN) {
        status = edit_save(edit, err);
    }
    return status;
}

enum sw_status sw_docker_auth_store(const struct sw_env *env, const char *host, const char *user,
                                    const char *secret, struct sw_docker_store_result *result,
                                    struct sw_err *err)
{
    struct edit edit SW_CLEANUP(edit_release) = { .lock_fd = -1 };
    struct sw_docker_store_result stored = { 0 };
    enum sw_status status = store(env, &edit, host, user, secret, &stored, err);
    if (status != SW_OK) {
        sw_docker_store_result_release(&stored);
        return status;
    }
    stored.path = SW_TAKE(edit.path);
    *result = stored;
    return SW_OK;
}

/* Takes a secret of `key` out of "auths"; whether there was one. */
static bool forget_secret(struct edit *edit, const char *key)
{
    json_t *entry = sw_json_object(sw_json_object(edit->root, "auths"), key);
    return entry && drop_secrets(entry);
}

enum sw_status sw_docker_helper_set(const struct sw_env *env, const char *host, const char *helper,
                                    char **ret_path, bool *ret_changed, struct sw_err *err)
{
    struct edit edit SW_CLEANUP(edit_release) = { .lock_fd = -1 };
    const char *key = sw_docker_config_key(host);
    json_t *helpers = NULL;
    enum sw_status status = edit_open(env, &edit, err);
    if (status == SW_OK) {
        status = member_object(&edit, "credHelpers", &helpers, err);
    }
    if (status != SW_OK) {
        return status;
    }
    bool changed = strcmp(sw_json_str(helpers, key, ""), helper) != 0;
    changed = forget_secret(&edit, key) || changed;
    if (changed) {
        (void)json_object_set_new(helpers, key, json_string(helper));
        status = edit_save(&edit, err);
    }
    if (status == SW_OK) {
        *ret_changed = changed;
        *ret_path = SW_TAKE(edit.path);
    }
    return status;
}

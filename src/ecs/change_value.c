#include "change_rule.h"
#include "request.h"

#include <slipway/alloc.h>

/* How the values of changes are read: from an option's text to the JSON that ECS wants. */

enum { PORT_MAX = 65535 };

static enum sw_status bad_form(struct sw_err *err, const char *expected)
{
    return sw_fail(err, SW_E_INPUT, "expected %s", expected);
}

enum sw_status ecs_parse_text(const struct ecs_change_texts *texts, json_t **ret,
                              struct sw_err *err)
{
    if (texts->value.len == 0) {
        return sw_fail(err, SW_E_INPUT,
                       "the value is empty; is a variable in it unset? --unset removes a field");
    }
    *ret = ecs_json_text(texts->value);
    return SW_OK;
}

enum sw_status ecs_parse_number(const struct ecs_change_texts *texts, json_t **ret,
                                struct sw_err *err)
{
    int64_t number = 0;
    if (!sw_parse_int(texts->value, 0, INT32_MAX, &number)) {
        return sw_fail(err, SW_E_INPUT, "\"%.*s\" is not a whole number from 0 to %d",
                       SW_STR_ARG(texts->value), INT32_MAX);
    }
    *ret = json_integer(number);
    return SW_OK;
}

enum sw_status ecs_parse_boolean(const struct ecs_change_texts *texts, json_t **ret,
                                 struct sw_err *err)
{
    bool yes = sw_str_is(texts->value, "true");
    if (!yes && !sw_str_is(texts->value, "false")) {
        return bad_form(err, "true or false");
    }
    *ret = json_boolean(yes);
    return SW_OK;
}

static enum sw_status parse_array(struct sw_str text, json_t **ret, struct sw_err *err)
{
    json_auto_t *list = NULL;
    struct sw_err cause = SW_ERR_INIT;
    if (sw_json_parse(text, "the value", &list, &cause) != SW_OK || !sw_json_are_texts(list)) {
        return bad_form(err, "a JSON array of texts, e.g. [\"sh\", \"-c\", \"run && done\"]");
    }
    *ret = json_incref(list);
    return SW_OK;
}

enum sw_status ecs_parse_words(const struct ecs_change_texts *texts, json_t **ret,
                               struct sw_err *err)
{
    struct sw_str rest = sw_str_trim(texts->value);
    if (rest.len == 0) {
        return ecs_parse_text(&(struct ecs_change_texts){ .value = rest }, ret, err);
    }
    if (sw_str_starts(rest, "[")) {
        return parse_array(rest, ret, err);
    }
    struct sw_strs split SW_CLEANUP(sw_strs_release) = { 0 };
    if (sw_strs_add_words(&split, rest, "\"\\$`", err) != SW_OK) {
        return err->status;
    }
    json_auto_t *words = json_array();
    for (size_t i = 0; i < split.count; i++) {
        (void)json_array_append_new(words, ecs_json_text(sw_str(split.items[i])));
    }
    *ret = json_incref(words);
    return SW_OK;
}

enum sw_status ecs_parse_health_check(const struct ecs_change_texts *texts, json_t **ret,
                                      struct sw_err *err)
{
    if (sw_str_starts(sw_str_trim(texts->value), "[")) {
        return parse_array(texts->value, ret, err);
    }
    json_t *command = NULL;
    if (ecs_parse_text(texts, &command, err) != SW_OK) {
        return err->status;
    }
    *ret = json_pack("[s, o]", "CMD-SHELL", command);
    return SW_OK;
}

enum sw_status ecs_parse_health_option(const struct ecs_change_texts *texts, json_t **ret,
                                       struct sw_err *err)
{
    static const char *const names[] = { "interval", "timeout", "retries", "startPeriod" };
    for (size_t i = 0; i < SW_COUNT(names); i++) {
        if (sw_str_is(texts->name, names[i])) {
            return ecs_parse_number(texts, ret, err);
        }
    }
    return sw_fail(err, SW_E_INPUT,
                   "a health check has no \"%.*s\"; it has: interval, timeout, retries, "
                   "startPeriod",
                   SW_STR_ARG(texts->name));
}

static bool is_port(struct sw_str text, int64_t *ret)
{
    return sw_parse_int(text, 0, PORT_MAX, ret);
}

static bool is_port_range(struct sw_str text)
{
    struct sw_str last = text;
    struct sw_str first = sw_str_cut(&last, '-');
    int64_t from = 0;
    int64_t to = 0;
    return last.ptr && is_port(first, &from) && is_port(last, &to) && from < to;
}

/* Cuts "/udp" off; false for what is no protocol. */
static bool cut_protocol(struct sw_str *text, struct sw_str *ret)
{
    ptrdiff_t slash = sw_str_find(*text, '/');
    if (slash < 0) {
        return true;
    }
    *ret = sw_str_from(*text, (size_t)slash + 1);
    *text = sw_str_first(*text, (size_t)slash);
    return sw_str_is(*ret, "tcp") || sw_str_is(*ret, "udp");
}

/* [HOST:]PORT or FROM-TO; the members of a mapping. */
static bool add_ports(struct sw_str text, json_t *mapping)
{
    int64_t host = 0;
    int64_t port = 0;
    if (is_port_range(text)) {
        return json_object_set_new(mapping, "containerPortRange", ecs_json_text(text)) == 0;
    }
    ptrdiff_t colon = sw_str_find(text, ':');
    struct sw_str last = colon < 0 ? text : sw_str_from(text, (size_t)colon + 1);
    if (!is_port(last, &port) || port == 0 ||
        (colon >= 0 && !is_port(sw_str_first(text, (size_t)colon), &host))) {
        return false;
    }
    (void)json_object_set_new(mapping, "containerPort", json_integer(port));
    if (colon >= 0) {
        (void)json_object_set_new(mapping, "hostPort", json_integer(host));
    }
    return true;
}

enum sw_status ecs_parse_port(const struct ecs_change_texts *texts, json_t **ret,
                              struct sw_err *err)
{
    struct sw_str text = texts->value;
    struct sw_str protocol = { NULL, 0 };
    json_auto_t *mapping = json_object();
    if (!cut_protocol(&text, &protocol) || !add_ports(text, mapping)) {
        return bad_form(err,
                        "[HOST:]PORT[/tcp or /udp] or FROM-TO[/tcp or /udp], e.g. 80, 0:53/udp "
                        "or 8000-8010");
    }
    if (protocol.ptr) {
        (void)json_object_set_new(mapping, "protocol", ecs_json_text(protocol));
    }
    *ret = json_incref(mapping);
    return SW_OK;
}

enum sw_status ecs_parse_port_identity(const struct ecs_change_texts *texts, json_t **ret,
                                       struct sw_err *err)
{
    struct sw_str port = texts->value;
    struct sw_str protocol = SW_STR("tcp");
    int64_t number = 0;
    if (!cut_protocol(&port, &protocol) || (!is_port(port, &number) && !is_port_range(port))) {
        return bad_form(err, "PORT[/tcp or /udp], e.g. 80 or 53/udp");
    }
    *ret = json_sprintf("%.*s/%.*s", SW_STR_ARG(port), SW_STR_ARG(protocol));
    return SW_OK;
}

/* Windows has colons in paths: the volume ends at the first, the mode begins at the last. */
enum sw_status ecs_parse_mount(const struct ecs_change_texts *texts, json_t **ret,
                               struct sw_err *err)
{
    struct sw_str path = texts->value;
    struct sw_str volume = sw_str_cut(&path, ':');
    bool read_only = sw_str_ends(path, ":ro");
    bool has_mode = read_only || sw_str_ends(path, ":rw");
    path = sw_str_first(path, path.len - (has_mode ? strlen(":ro") : 0));
    if (volume.len == 0 || path.len == 0) {
        return bad_form(err, "VOLUME:PATH[:ro or :rw], e.g. data:/var/lib/data");
    }
    *ret = json_pack("{s:o, s:o}", "sourceVolume", ecs_json_text(volume), "containerPath",
                     ecs_json_text(path));
    if (has_mode) {
        (void)json_object_set_new(*ret, "readOnly", json_boolean(read_only));
    }
    return SW_OK;
}

static enum sw_status parse_volume_json(const struct ecs_change_texts *texts, json_t *volume,
                                        struct sw_err *err)
{
    json_auto_t *members = NULL;
    enum sw_status status = sw_json_parse(texts->value, "the value", &members, err);
    if (status == SW_OK && !json_is_object(members)) {
        status = bad_form(err, "a JSON object");
    }
    if (status == SW_OK) {
        (void)json_object_update(volume, members);
        (void)json_object_set_new(volume, "name", ecs_json_text(texts->name));
    }
    return status;
}

enum sw_status ecs_parse_volume(const struct ecs_change_texts *texts, json_t **ret,
                                struct sw_err *err)
{
    json_auto_t *volume = json_pack("{s:o}", "name", ecs_json_text(texts->name));
    struct sw_str value = texts->value;
    enum sw_status status = SW_OK;
    if (sw_str_starts(value, "{")) {
        status = parse_volume_json(texts, volume, err);
    } else if (sw_str_starts(value, "/")) {
        (void)json_object_set_new(volume, "host",
                                  json_pack("{s:o}", "sourcePath", ecs_json_text(value)));
    } else if (sw_str_starts(value, "fs-")) {
        struct sw_str root = value;
        json_t *efs = json_pack("{s:o}", "fileSystemId", ecs_json_text(sw_str_cut(&root, ':')));
        if (root.ptr) {
            (void)json_object_set_new(efs, "rootDirectory", ecs_json_text(root));
        }
        (void)json_object_set_new(volume, "efsVolumeConfiguration", efs);
    } else if (value.len > 0) {
        status = bad_form(err, "nothing, a host path (/data), an EFS file system "
                               "(fs-12345678[:/path]), or a JSON object with the volume's fields");
    }
    if (status == SW_OK) {
        *ret = json_incref(volume);
    }
    return status;
}

enum sw_status ecs_parse_ulimit(const struct ecs_change_texts *texts, json_t **ret,
                                struct sw_err *err)
{
    struct sw_str hard = texts->value;
    struct sw_str soft = sw_str_cut(&hard, ':');
    int64_t limits[2] = { 0, 0 };
    hard = hard.ptr ? hard : soft;
    if (!sw_parse_int(soft, -1, INT64_MAX, &limits[0]) ||
        !sw_parse_int(hard, -1, INT64_MAX, &limits[1])) {
        return bad_form(err, "SOFT[:HARD] with whole numbers, -1 for no limit, e.g. 1024:4096");
    }
    *ret = json_pack("{s:o, s:I, s:I}", "name", ecs_json_text(texts->name), "softLimit",
                     (json_int_t)limits[0], "hardLimit", (json_int_t)limits[1]);
    return SW_OK;
}

enum sw_status ecs_parse_system_control(const struct ecs_change_texts *texts, json_t **ret,
                                        struct sw_err *err)
{
    json_t *value = NULL;
    if (ecs_parse_text(texts, &value, err) != SW_OK) {
        return err->status;
    }
    *ret = json_pack("{s:o, s:o}", "namespace", ecs_json_text(texts->name), "value", value);
    return SW_OK;
}

enum sw_status ecs_parse_env_file(const struct ecs_change_texts *texts, json_t **ret,
                                  struct sw_err *err)
{
    if (!sw_str_starts(texts->value, "arn:") || sw_str_find_str(texts->value, SW_STR(":s3:")) < 0) {
        return bad_form(err, "the ARN of a file in S3, e.g. arn:aws:s3:::bucket/web.env (a file of "
                             "this machine is --env-file)");
    }
    *ret = json_pack("{s:o, s:s}", "value", ecs_json_text(texts->value), "type", "s3");
    return SW_OK;
}

/* Architectures as docker, uname and ECS write them. */
static const char *architecture(struct sw_str text)
{
    static const struct {
        const char *text, *name;
    } names[] = {
        { "amd64", "X86_64" }, { "x86_64", "X86_64" }, { "arm64", "ARM64" }, { "aarch64", "ARM64" }
    };
    for (size_t i = 0; i < SW_COUNT(names); i++) {
        if (sw_str_eq_nocase(text, sw_str(names[i].text))) {
            return names[i].name;
        }
    }
    return NULL;
}

enum sw_status ecs_parse_platform(const struct ecs_change_texts *texts, json_t **ret,
                                  struct sw_err *err)
{
    struct sw_str last = texts->value;
    struct sw_str system = sw_str_cut(&last, '/');
    const char *arch = architecture(last.ptr ? last : SW_STR("amd64"));
    if (system.len == 0 || !arch) {
        return bad_form(err, "OS/ARCHITECTURE, e.g. linux/arm64, linux/amd64 or "
                             "WINDOWS_SERVER_2022_CORE/X86_64");
    }
    char *family = sw_str_dup(system);
    for (char *c = family; *c; c++) {
        *c = sw_upper(*c);
    }
    *ret = json_pack("{s:s, s:s}", "cpuArchitecture", arch, "operatingSystemFamily", family);
    free(family);
    return SW_OK;
}

enum sw_status ecs_parse_list(const struct ecs_change_texts *texts, json_t **ret,
                              struct sw_err *err)
{
    json_auto_t *list = ecs_json_list(texts->value);
    if (json_array_size(list) == 0) {
        return ecs_parse_text(&(struct ecs_change_texts){ .value = { NULL, 0 } }, ret, err);
    }
    *ret = json_incref(list);
    return SW_OK;
}

enum sw_status ecs_parse_tag(const struct ecs_change_texts *texts, json_t **ret, struct sw_err *err)
{
    if (sw_str_eq_nocase(sw_str_first(texts->name, 4), SW_STR("aws:"))) {
        return sw_fail(err, SW_E_INPUT, "tag \"%.*s\": keys that begin with aws: are AWS's own",
                       SW_STR_ARG(texts->name));
    }
    *ret = json_pack("{s:o, s:o}", "key", ecs_json_text(texts->name), "value",
                     ecs_json_text(texts->value));
    return SW_OK;
}

enum sw_status ecs_parse_name(const struct ecs_change_texts *texts, json_t **ret,
                              struct sw_err *err)
{
    (void)err;
    *ret = ecs_json_text(texts->name);
    return SW_OK;
}

enum sw_status ecs_parse_new_container(const struct ecs_change_texts *texts, json_t **ret,
                                       struct sw_err *err)
{
    if (sw_image_check(texts->value, err) != SW_OK) {
        return sw_wrap(err, "container \"%.*s\"", SW_STR_ARG(texts->name));
    }
    *ret = json_pack("{s:o, s:o}", "name", ecs_json_text(texts->name), "image",
                     ecs_json_text(texts->value));
    return SW_OK;
}

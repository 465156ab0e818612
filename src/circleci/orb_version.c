#include <slipway/alloc.h>
#include <slipway/orbpublish.h>

#include <stdlib.h>

/* How orbs and their versions are named. */

enum { NAME_MAX_LEN = 255 };

static bool is_name(struct sw_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!sw_is_alnum(c) && c != '-' && c != '_' && c != '.') {
            return false;
        }
    }
    return s.len > 0 && s.len <= NAME_MAX_LEN;
}

void sw_orb_ref_release(struct sw_orb_ref *ref)
{
    free(ref->space);
    free(ref->name);
    free(ref->version);
    *ref = (struct sw_orb_ref){ 0 };
}

enum sw_status sw_orb_ref_parse(const char *text, struct sw_orb_ref *ret, struct sw_err *err)
{
    struct sw_str version = sw_str(text);
    struct sw_str name = sw_str_cut(&version, '@');
    struct sw_str space = sw_str_cut(&name, '/');
    *ret = (struct sw_orb_ref){ 0 };
    if (!is_name(space) || !is_name(name)) {
        return sw_fail(err, SW_E_INPUT,
                       "\"%s\" does not name an orb; it looks like acme/slipway or "
                       "acme/slipway@1.0.0",
                       text);
    }
    ret->space = sw_str_dup(space);
    ret->name = sw_str_dup(name);
    if (version.ptr == NULL) {
        return SW_OK;
    }
    ret->version = sw_str_dup(version);
    enum sw_status status = sw_orb_version_check(ret->version, err);
    if (status != SW_OK) {
        sw_orb_ref_release(ret);
    }
    return status;
}

bool sw_orb_version_is_dev(const char *version)
{
    return sw_str_starts(sw_str(version), "dev:");
}

static bool is_label(struct sw_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if (c <= ' ' || c == 0x7f) {
            return false;
        }
    }
    return s.len > 0 && s.len <= SW_ORB_LABEL_MAX;
}

/* Reads x.y.z: three numbers without leading zeros. */
static bool read_version(const char *text, int64_t ret[3])
{
    struct sw_str rest = sw_str(text);
    for (int i = 0; i < 3; i++) {
        struct sw_str part = sw_str_cut(&rest, '.');
        if ((part.len > 1 && part.ptr[0] == '0') || !sw_parse_int(part, 0, INT32_MAX, &ret[i])) {
            return false;
        }
    }
    return rest.ptr == NULL;
}

enum sw_status sw_orb_version_check(const char *version, struct sw_err *err)
{
    int64_t numbers[3];
    bool valid = sw_orb_version_is_dev(version) ? is_label(sw_str_from(sw_str(version), 4))
                                                : read_version(version, numbers);
    if (!valid) {
        return sw_fail(err, SW_E_INPUT,
                       "\"%s\" is no version of an orb: there are x.y.z, such as 1.0.0, and "
                       "dev:LABEL, whose label has no blanks and at most %d characters",
                       version, SW_ORB_LABEL_MAX);
    }
    return SW_OK;
}

static const char *const steps[] = { "major", "minor", "patch" };

/* The number of a version that the step counts up; SW_COUNT(steps) when it is no such word. */
static size_t step_at(const char *step)
{
    size_t at = 0;
    while (at < SW_COUNT(steps) && strcmp(steps[at], step) != 0) {
        at++;
    }
    return at;
}

enum sw_status sw_orb_step_check(const char *step, struct sw_err *err)
{
    int64_t numbers[3];
    if (read_version(step, numbers) || step_at(step) < SW_COUNT(steps)) {
        return SW_OK;
    }
    return sw_fail(
        err, SW_E_INPUT,
        "\"%s\" does not say how a version goes on; there are major, minor, patch, and a "
        "version x.y.z itself",
        step);
}

enum sw_status sw_orb_version_next(const char *latest, const char *step, char **ret,
                                   struct sw_err *err)
{
    int64_t numbers[3];
    *ret = NULL;
    if (sw_orb_step_check(step, err) != SW_OK) {
        return err->status;
    }
    if (read_version(step, numbers)) {
        *ret = sw_xstrdup(step);
        return SW_OK;
    }
    size_t at = step_at(step);
    if (!read_version(latest, numbers) || numbers[at] == INT32_MAX) {
        return sw_fail(err, SW_E_UNAVAILABLE,
                       "the registry's latest version is \"%s\", which cannot be counted up",
                       latest);
    }
    numbers[at]++;
    for (size_t i = at + 1; i < SW_COUNT(steps); i++) {
        numbers[i] = 0;
    }
    *ret = sw_xasprintf("%lld.%lld.%lld", (long long)numbers[0], (long long)numbers[1],
                        (long long)numbers[2]);
    return SW_OK;
}

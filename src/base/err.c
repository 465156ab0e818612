#include <slipway/err.h>

#include <slipway/str.h>

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int exit_code;
    const char *name;
} statuses[SW_STATUS_COUNT] = {
    [SW_OK] = { 0, "ok" },
    [SW_E_FAILED] = { 1, "failed" },
    [SW_E_NOT_FOUND] = { 1, "not-found" },
    [SW_E_CONFLICT] = { 1, "conflict" },
    [SW_E_UNCHANGED] = { 1, "unchanged" },
    [SW_E_USAGE] = { 2, "usage" },
    [SW_E_INPUT] = { 2, "input" },
    [SW_E_TOO_LARGE] = { 2, "too-large" },
    [SW_E_CREDENTIALS] = { 3, "credentials" },
    [SW_E_DENIED] = { 3, "denied" },
    [SW_E_NETWORK] = { 4, "network" },
    [SW_E_UNAVAILABLE] = { 4, "unavailable" },
    [SW_E_ROLLOUT_FAILED] = { 10, "rollout-failed" },
    [SW_E_ROLLED_BACK] = { 11, "rolled-back" },
    [SW_E_SUPERSEDED] = { 12, "superseded" },
    [SW_E_TIMEOUT] = { 13, "timeout" },
    [SW_E_PAUSED] = { 14, "paused" },
    [SW_E_STOPPED] = { 15, "stopped" },
    [SW_E_PREFLIGHT] = { 20, "preflight" },
};

bool sw_err_may_be_done(const struct sw_err *err)
{
    bool lost = err->status == SW_E_NETWORK || err->status == SW_E_UNAVAILABLE ||
                err->status == SW_E_TOO_LARGE || err->status == SW_E_STOPPED;
    bool refused = err->http_status >= 300 && err->http_status < 500; /* throttled, too */
    return lost && !err->not_sent && !refused;
}

int sw_exit_code(enum sw_status status)
{
    assert(status < SW_STATUS_COUNT);
    return statuses[status].exit_code;
}

const char *sw_status_name(enum sw_status status)
{
    assert(status < SW_STATUS_COUNT);
    return statuses[status].name;
}

/* Ends a message that did not fit in "...", without leaving half a UTF-8 character before it. */
static void mark_cut(char *msg)
{
    size_t end = SW_ERR_MSG_MAX - 1 - 3;

    while (end > 0 && ((unsigned char)msg[end] & 0xC0u) == 0x80u) {
        end--;
    }
    memcpy(msg + end, "...", 4);
}

/* Messages quote remotes and files; whatever these say, a message stays one plain line. */
static void keep_one_line(struct sw_err *err)
{
    sw_blank_controls(err->msg, strlen(err->msg), "");
}

enum sw_status sw_fail(struct sw_err *err, enum sw_status status, const char *fmt, ...)
{
    va_list args;
    int len;

    assert(status != SW_OK);
    *err = (struct sw_err){ .status = status };
    va_start(args, fmt);
    len = vsnprintf(err->msg, sizeof(err->msg), fmt, args);
    va_end(args);
    if (len >= (int)sizeof(err->msg)) {
        mark_cut(err->msg);
    }
    keep_one_line(err);
    return status;
}

enum sw_status sw_wrap(struct sw_err *err, const char *fmt, ...)
{
    char inner[SW_ERR_MSG_MAX];
    va_list args;
    int prefix;
    size_t used;
    size_t inner_len;

    memcpy(inner, err->msg, sizeof(inner));
    va_start(args, fmt);
    prefix = vsnprintf(err->msg, sizeof(err->msg), fmt, args);
    va_end(args);
    used = prefix < 0 ? 0 : (size_t)prefix;
    inner_len = strlen(inner);
    if (used + 2 + inner_len < sizeof(err->msg)) {
        memcpy(err->msg + used, ": ", 2);
        memcpy(err->msg + used + 2, inner, inner_len + 1);
    } else if (used + 2 < sizeof(err->msg)) {
        memcpy(err->msg + used, ": ", 2);
        memcpy(err->msg + used + 2, inner, sizeof(err->msg) - used - 2);
        mark_cut(err->msg);
    } else {
        mark_cut(err->msg);
    }
    keep_one_line(err);
    return err->status;
}

enum sw_status sw_append(struct sw_err *err, const char *fmt, ...)
{
    size_t used = strlen(err->msg);
    va_list args;
    int len;

    va_start(args, fmt);
    len = vsnprintf(err->msg + used, sizeof(err->msg) - used, fmt, args);
    va_end(args);
    if (len >= (int)(sizeof(err->msg) - used)) {
        mark_cut(err->msg);
    }
    keep_one_line(err);
    return err->status;
}

void sw_err_set_code(struct sw_err *err, const char *code)
{
    size_t len = strnlen(code, sizeof(err->code) - 1);

    memcpy(err->code, code, len);
    err->code[len] = '\0';
}

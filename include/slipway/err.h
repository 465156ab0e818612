#ifndef SLIPWAY_ERR_H
#define SLIPWAY_ERR_H

/*
 * Errors are values. Every fallible function returns an enum sw_status (0 is success) and takes a
 * `struct sw_err *err`, never NULL, as its last parameter. The error is set once, where the cause
 * is known (sw_fail); callers that know the object add it in front (sw_wrap); main prints it once.
 *
 * Text rules: one line, lower case, no full stop, the object in double quotes, and what to do next
 * when that is known. Never a secret: texts pass through sw_redact (log.h) on the way out.
 */

#include <slipway/attr.h>

#include <stdbool.h>

/* What went wrong, in the terms a caller decides by. sw_exit_code() maps each to a process exit
 * code. */
enum sw_status {
    SW_OK = 0,
    SW_E_FAILED,         /* 1: it was tried and did not work */
    SW_E_NOT_FOUND,      /* 1: a named remote object does not exist */
    SW_E_CONFLICT,       /* 1: the remote state forbids it, e.g. an immutable tag */
    SW_E_UNCHANGED,      /* 1: a change was asked for and nothing changed */
    SW_E_USAGE,          /* 2: wrong options or operands */
    SW_E_INPUT,          /* 2: a file or value given by the user is malformed */
    SW_E_TOO_LARGE,      /* 2: an input exceeds its documented limit */
    SW_E_CREDENTIALS,    /* 3: no, wrong or expired credentials */
    SW_E_DENIED,         /* 3: valid credentials without the right */
    SW_E_NETWORK,        /* 4: no connection, broken connection, time-out of one request */
    SW_E_UNAVAILABLE,    /* 4: the remote answers 5xx, throttles, or speaks nonsense */
    SW_E_ROLLOUT_FAILED, /* 10: rollout failed, not rolled back */
    SW_E_ROLLED_BACK,    /* 11: rollout failed and was rolled back */
    SW_E_SUPERSEDED,     /* 12: another deployment took over */
    SW_E_TIMEOUT,        /* 13: rollout still in progress when the time was up */
    SW_E_PAUSED,         /* 14: rollout waits for a hook or an approval */
    SW_E_STOPPED,        /* 15: stopped by the user (SIGINT, SIGTERM) */
    SW_E_PREFLIGHT,      /* 20: a check before the deployment blocks it */
    SW_STATUS_COUNT
};

enum {
    SW_ERR_MSG_MAX = 2048,
    SW_ERR_CODE_MAX = 96,
};

/* A failure. Plain data: copying is fine, nothing to release. */
struct sw_err {
    enum sw_status status;
    long http_status;           /* 0 when no HTTP answer was involved */
    bool retryable;             /* the same call may succeed later */
    bool not_sent;              /* SW_E_NETWORK: nothing of the request can have been acted upon */
    bool resumes;               /* what was done before stays: the same again goes on from there */
    char code[SW_ERR_CODE_MAX]; /* the remote's own error code, e.g. "ClusterNotFoundException"; or
                                   "" */
    char msg[SW_ERR_MSG_MAX];
};

/* An error variable that has nothing to say yet. */
#define SW_ERR_INIT     \
    {                   \
        .status = SW_OK \
    }

/*
 * Sets *err to `status` and the formatted message, forgetting what it held; returns `status`.
 * A message beyond SW_ERR_MSG_MAX - 1 bytes is cut at a UTF-8 boundary and ends in "...".
 */
enum sw_status sw_fail(struct sw_err *err, enum sw_status status, const char *fmt, ...)
    SW_PRINTF(3, 4);

/* Puts the formatted text and ": " in front of the message of *err; returns err->status. */
enum sw_status sw_wrap(struct sw_err *err, const char *fmt, ...) SW_PRINTF(2, 3);

/* Appends the formatted text to the message of *err; returns err->status. */
enum sw_status sw_append(struct sw_err *err, const char *fmt, ...) SW_PRINTF(2, 3);

/* Sets the remote's own error code. `code` is copied, cut at SW_ERR_CODE_MAX - 1 bytes. */
void sw_err_set_code(struct sw_err *err, const char *code);

/*
 * Whether what a request asked for may have been done although it failed so: it went out, and no
 * answer says otherwise.
 */
bool sw_err_may_be_done(const struct sw_err *err);

/* The process exit code for a status; the table is in the README. */
int sw_exit_code(enum sw_status status);

/* A short name for a status ("usage", "credentials", ...), for JSON reports. */
const char *sw_status_name(enum sw_status status);

#endif

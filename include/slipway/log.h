#ifndef SLIPWAY_LOG_H
#define SLIPWAY_LOG_H

/*
 * Debug logging and the one redactor. Library code logs at debug level only; people are told things
 * through progress.h, and results go to stdout. Subjects ("http", "aws", "push", ...) can be
 * picked with SLIPWAY_TRACE=http,aws; --debug turns all on. Every line passes sw_redact().
 */

#include <slipway/buf.h>
#include <slipway/env.h>

struct sw_log {
    void (*line)(void *ctx, const char *text); /* one redacted line without newline */
    void *ctx;
    const char *subjects; /* comma list, or "all" */
};

/* Whether lines of `subject` are wanted. */
bool sw_log_wants(const struct sw_env *env, const char *subject);
/* Writes "subject: text" when wanted. */
void sw_debug(const struct sw_env *env, const char *subject, const char *fmt, ...) SW_PRINTF(3, 4);

/*
 * Makes `secret` known to the redactor: wherever it appears in text that goes out, "****" stands
 * instead. Secrets under 4 bytes and the words true/false are ignored. Thread-safe; copies.
 */
void sw_redact_add(struct sw_str secret);
/*
 * Appends `text` to `out` with known secrets and secret-looking parts (Authorization values,
 * X-Amz-Security-Token, X-Amz-Signature and X-Amz-Credential in queries, passwords in URLs,
 * Set-Cookie) masked.
 */
void sw_redact(struct sw_buf *out, struct sw_str text);
/* Wipes and forgets all secrets. */
void sw_redact_reset(void);
/*
 * Whether a name says that what it names is secret: SPLUNK_TOKEN, db-password; not
 * SECRET_ARN or TOKEN_FILE, which only say where it is.
 */
bool sw_names_secret(struct sw_str name);

#endif

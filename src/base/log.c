#include <slipway/log.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool sw_log_wants(const struct sw_env *env, const char *subject)
{
    struct sw_str subjects;

    if (!env->log || !env->log->subjects) {
        return false;
    }
    subjects = sw_str(env->log->subjects);
    while (subjects.ptr) {
        struct sw_str word = sw_str_trim(sw_str_cut(&subjects, ','));

        if (sw_str_is(word, "all") || sw_str_is(word, subject)) {
            return true;
        }
    }
    return false;
}

void sw_debug(const struct sw_env *env, const char *subject, const char *fmt, ...)
{
    struct sw_buf SW_CLEANUP(sw_buf_release) line = { 0 };
    char *text = NULL;
    va_list args;
    int len;

    if (!sw_log_wants(env, subject)) {
        return;
    }
    va_start(args, fmt);
    len = vasprintf(&text, fmt, args);
    va_end(args);
    if (len < 0) {
        return;
    }
    sw_buf_init(&line, SW_BUF_TEXT_MAX);
    sw_buf_addf(&line, "%s: ", subject);
    sw_redact(&line, sw_str_n(text, (size_t)len));
    free(text);
    env->log->line(env->log->ctx, line.ptr);
}

#ifndef SLIPWAY_PROC_H
#define SLIPWAY_PROC_H

/*
 * Running other programs, without a shell: argv goes to execvp as it is.
 */

#include <slipway/buf.h>
#include <slipway/env.h>

/* Takes a child's output as it comes. A failure ends the child and is what sw_proc_run returns. */
struct sw_proc_sink {
    enum sw_status (*write)(void *ctx, const char *data, size_t len, struct sw_err *err);
    void *ctx;
};

struct sw_proc {
    const char *const *argv; /* NULL-terminated; argv[0] is looked up on our own PATH */
    const char *const *envp; /* NULL: the caller's environment */
    const char *cwd;         /* NULL: unchanged */
    struct sw_str input;     /* written to standard input, which is then closed */
    bool inherit_stdin;      /* the child reads our standard input instead */
    struct sw_buf *out;      /* standard output is collected here up to the buffer's maximum;
                                NULL: inherited */
    const struct sw_proc_sink *out_sink; /* standard output goes here instead; may be NULL */
    struct sw_buf *err_out;              /* standard error is collected likewise */
    int64_t timeout_ms; /* 0: none. The child is ended at the deadline; with it its process group,
                           unless it shares our standard input and so our group */
    bool merge_err; /* with out_sink: standard error takes the same way, through the same pipe, so
                       that the order stays */
    int64_t silence_ms; /* 0: none. With out_sink: the longest time without a byte for it */
};

/*
 * Runs the program to its end. *ret_exit is its exit code, or 128 + signal number.
 * SW_E_NOT_FOUND when argv[0] cannot be found or executed; SW_E_INPUT when `cwd` cannot be gone to;
 * SW_E_TOO_LARGE when collected output passes its maximum (the child is ended); SW_E_TIMEOUT at the
 * deadline or after too long a silence; SW_E_STOPPED when a stop was wanted (the child got
 * SIGTERM); SW_E_FAILED when the system gives no pipe or process. What outlives the child is not
 * waited for. argv never appears in messages beyond argv[0].
 */
SW_NODISCARD enum sw_status sw_proc_run(const struct sw_env *env, const struct sw_proc *proc,
                                        int *ret_exit, struct sw_err *err);

/* The process's own environment as "NAME=value" strings, a start for sw_proc.envp. */
void sw_proc_environ(struct sw_strs *ret);
/* Sets a variable in such a list; a NULL value takes it out. */
void sw_proc_setenv(struct sw_strs *list, const char *name, const char *value);
/* Its value, borrowed; NULL when it is not there. */
const char *sw_proc_getenv(const struct sw_strs *list, const char *name);

#endif

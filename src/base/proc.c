#include <slipway/proc.h>

#include <slipway/fs.h>
#include <slipway/progress.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A running child and our ends of its pipes. Index 0: standard input, 1: output, 2: error. */
struct child {
    pid_t pid;
    int fds[3];
    int pidfd; /* readable once the child has ended; -1 on kernels without it */
    size_t input_sent;
    int64_t last_output_ms;
    bool group; /* the child leads a process group of its own, ended as a whole */
};

enum { POLL_SLICE_MS = 100, KILL_GRACE_MS = 5000 };

static bool piped(const struct sw_proc *proc, int stream)
{
    switch (stream) {
    case 0:
        return !proc->inherit_stdin;
    case 1:
        return proc->out != NULL || proc->out_sink != NULL;
    default:
        return proc->err_out != NULL;
    }
}

/* Why a child could not become the program. */
struct fault {
    int error;
    bool of_cwd; /* its folder is what was wrong */
};

/* In the child: plugs the pipes in and becomes the program. Reports a fault on `report`. */
static SW_NORETURN void become(const struct sw_proc *proc, int ends[3], bool group, int report)
{
    sigset_t none;
    struct fault fault = { .of_cwd = true };

    if (group) {
        (void)setpgid(0, 0);
    }
    for (int i = 0; i < 3; i++) {
        if (ends[i] >= 0) {
            (void)dup2(ends[i], i);
        }
    }
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)signal(SIGXFSZ, SIG_DFL);
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
    if (!proc->cwd || chdir(proc->cwd) == 0) {
        fault.of_cwd = false;
        /* execvp takes char *const[] but does not change the strings (POSIX). */
        union {
            const char *const *borrowed;
            char *const *exec;
        } argv = { proc->argv }, envp = { proc->envp };

        if (proc->envp) {
            (void)execvpe(proc->argv[0], argv.exec, envp.exec);
        } else {
            (void)execvp(proc->argv[0], argv.exec);
        }
    }
    fault.error = errno;
    (void)!write(report, &fault, sizeof(fault));
    _exit(127);
}

static void close_pair(int pair[2])
{
    sw_close_fd(&pair[0]);
    sw_close_fd(&pair[1]);
}

/* Makes the pipes: `ours` and `theirs` get one end each, -1 for inherited streams. */
static enum sw_status make_pipes(const struct sw_proc *proc, int ours[3], int theirs[3],
                                 struct sw_err *err)
{
    for (int i = 0; i < 3; i++) {
        int pair[2];

        if (!piped(proc, i)) {
            continue;
        }
        if (pipe2(pair, O_CLOEXEC)) {
            return sw_fail(err, SW_E_FAILED, "cannot make a pipe for \"%s\": %s", proc->argv[0],
                           strerror(errno));
        }
        ours[i] = i == 0 ? pair[1] : pair[0];
        theirs[i] = i == 0 ? pair[0] : pair[1];
        (void)fcntl(ours[i], F_SETFL, O_NONBLOCK);
    }
    if (proc->merge_err && theirs[1] >= 0) {
        theirs[2] = fcntl(theirs[1], F_DUPFD_CLOEXEC, 3);
    }
    return SW_OK;
}

/* Starts the child and learns whether it could become the program. */
static enum sw_status start(const struct sw_proc *proc, struct child *child, struct sw_err *err)
{
    int theirs[3] = { -1, -1, -1 };
    int report[2] = { -1, -1 };
    struct fault fault = { 0 };
    ssize_t got = 0;
    enum sw_status status = make_pipes(proc, child->fds, theirs, err);

    if (status == SW_OK && pipe2(report, O_CLOEXEC)) {
        status = sw_fail(err, SW_E_FAILED, "cannot make a pipe: %s", strerror(errno));
    }
    if (status == SW_OK) {
        child->pid = fork();
        if (child->pid == 0) {
            become(proc, theirs, child->group, report[1]);
        }
        if (child->pid < 0) {
            status = sw_fail(err, SW_E_FAILED, "cannot start \"%s\": %s", proc->argv[0],
                             strerror(errno));
        }
    }
    for (int i = 0; i < 3; i++) {
        sw_close_fd(&theirs[i]);
    }
    sw_close_fd(&report[1]);
    if (status == SW_OK) {
        do {
            got = read(report[0], &fault, sizeof(fault));
        } while (got < 0 && errno == EINTR);
    }
    close_pair(report);
    if (got == (ssize_t)sizeof(fault)) {
        (void)waitpid(child->pid, NULL, 0);
        child->pid = -1;
        status = fault.of_cwd ? sw_fail(err, SW_E_INPUT, "cannot run \"%s\" in \"%s\": %s",
                                        proc->argv[0], proc->cwd, strerror(fault.error))
                              : sw_fail(err, SW_E_NOT_FOUND, "cannot run \"%s\": %s", proc->argv[0],
                                        strerror(fault.error));
    }
    return status;
}

static void feed_input(const struct sw_proc *proc, struct child *child)
{
    struct sw_str left = sw_str_from(proc->input, child->input_sent);
    ssize_t put = left.len > 0 ? write(child->fds[0], left.ptr, left.len) : 0;

    if (put > 0) {
        child->input_sent += (size_t)put;
    }
    /* A child that does not want its input (EPIPE) is no failure of ours. */
    if ((put < 0 && errno != EAGAIN && errno != EINTR) || child->input_sent == proc->input.len) {
        sw_close_fd(&child->fds[0]);
    }
}

static enum sw_status drain_output(const struct sw_env *env, const struct sw_proc *proc,
                                   struct child *child, int stream, struct sw_err *err)
{
    struct sw_buf *into = stream == 1 ? proc->out : proc->err_out;
    char block[16384];
    ssize_t got = read(child->fds[stream], block, sizeof(block));

    if (got > 0) {
        child->last_output_ms = sw_env_mono_ms(env);
    }
    if (got > 0 && stream == 1 && proc->out_sink) {
        return proc->out_sink->write(proc->out_sink->ctx, block, (size_t)got, err);
    }
    if (got > 0) {
        sw_buf_add(into, block, (size_t)got);
        if (into->overflowed) {
            return sw_fail(err, SW_E_TOO_LARGE, "\"%s\" printed more than %zu bytes", proc->argv[0],
                           into->max);
        }
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        sw_close_fd(&child->fds[stream]);
    }
    return SW_OK;
}

/* One round of moving bytes; waits at most a slice. */
static enum sw_status pump(const struct sw_env *env, const struct sw_proc *proc,
                           struct child *child, struct sw_err *err)
{
    struct pollfd polls[4] = { [3] = { .fd = child->pidfd, .events = POLLIN } };

    for (int i = 0; i < 3; i++) {
        polls[i] = (struct pollfd){ .fd = child->fds[i], .events = i == 0 ? POLLOUT : POLLIN };
    }
    if (poll(polls, 4, POLL_SLICE_MS) <= 0) {
        return SW_OK;
    }
    if (polls[0].revents) {
        feed_input(proc, child);
    }
    for (int i = 1; i < 3; i++) {
        if (polls[i].revents && drain_output(env, proc, child, i, err)) {
            return err->status;
        }
    }
    return SW_OK;
}

static void signal_child(const struct child *child, int signal_number)
{
    (void)kill(child->group ? -child->pid : child->pid, signal_number);
}

/* Asks the child to end, gives it a moment, then insists; reaps it. */
static void end_child(const struct sw_env *env, struct child *child)
{
    int64_t deadline = sw_env_mono_ms(env) + KILL_GRACE_MS;
    int rounds = KILL_GRACE_MS / POLL_SLICE_MS;

    signal_child(child, SIGTERM);
    while (waitpid(child->pid, NULL, WNOHANG) == 0) {
        if (rounds-- == 0 || sw_env_mono_ms(env) >= deadline) {
            signal_child(child, SIGKILL);
            (void)waitpid(child->pid, NULL, 0);
            break;
        }
        (void)poll(NULL, 0, POLL_SLICE_MS);
    }
    child->pid = -1;
}

static bool has_open_output(const struct child *child)
{
    return child->fds[1] >= 0 || child->fds[2] >= 0;
}

static int exit_code_of(int wait_status)
{
    return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

static enum sw_status check_time(const struct sw_proc *proc, const struct child *child, int64_t now,
                                 int64_t started, struct sw_err *err)
{
    char limit[SW_SIZE_TEXT_MAX];

    if (proc->timeout_ms > 0 && now - started >= proc->timeout_ms) {
        sw_format_duration(proc->timeout_ms, limit);
        return sw_fail(err, SW_E_TIMEOUT, "\"%s\" did not end within %s", proc->argv[0], limit);
    }
    if (proc->silence_ms > 0 && now - child->last_output_ms >= proc->silence_ms) {
        sw_format_duration(proc->silence_ms, limit);
        return sw_fail(err, SW_E_TIMEOUT, "\"%s\" printed nothing for %s", proc->argv[0], limit);
    }
    return SW_OK;
}

/*
 * Follows the child to its end. Output that outlives the child (a grandchild holds the pipe) is not
 * waited for.
 */
static enum sw_status follow(const struct sw_env *env, const struct sw_proc *proc,
                             struct child *child, int *ret_exit, struct sw_err *err)
{
    int64_t started = sw_env_mono_ms(env);

    child->last_output_ms = started;
    for (;;) {
        int wait_status;
        enum sw_status status = pump(env, proc, child, err);

        if (status == SW_OK) {
            status = check_time(proc, child, sw_env_mono_ms(env), started, err);
        }
        if (status == SW_OK && sw_env_stop_wanted(env)) {
            status = sw_fail(err, SW_E_STOPPED, "\"%s\" was stopped", proc->argv[0]);
        }
        if (status) {
            return status;
        }
        if (waitpid(child->pid, &wait_status, WNOHANG) == child->pid) {
            child->pid = -1;
            *ret_exit = exit_code_of(wait_status);
            break;
        }
    }
    for (int rounds = 0; has_open_output(child) && rounds < 10000; rounds++) {
        struct pollfd ready[2] = { { .fd = child->fds[1], .events = POLLIN },
                                   { .fd = child->fds[2], .events = POLLIN } };

        if (poll(ready, 2, 0) <= 0) {
            break;
        }
        if (pump(env, proc, child, err)) {
            return err->status;
        }
    }
    return SW_OK;
}

enum sw_status sw_proc_run(const struct sw_env *env, const struct sw_proc *proc, int *ret_exit,
                           struct sw_err *err)
{
    struct child child = { .pid = -1, .pidfd = -1, .fds = { -1, -1, -1 } };
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    struct sigaction before;
    enum sw_status status;

    /* A child that shares our terminal input must stay in our foreground process group. */
    child.group = !proc->inherit_stdin;
    (void)sigaction(SIGPIPE, &ignore, &before);
    status = start(proc, &child, err);
    if (status == SW_OK) {
        child.pidfd = (int)syscall(SYS_pidfd_open, child.pid, 0);
        status = follow(env, proc, &child, ret_exit, err);
    }
    if (child.pid > 0) {
        end_child(env, &child);
    }
    for (int i = 0; i < 3; i++) {
        sw_close_fd(&child.fds[i]);
    }
    sw_close_fd(&child.pidfd);
    (void)sigaction(SIGPIPE, &before, NULL);
    return status;
}

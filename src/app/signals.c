#include "app/app.h"
#include "term/term.h"

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Time for a verb to end normally: close files, stop statements on servers; most need some milliseconds. Then
 * it is terminated, even during a read from a FIFO, a write to a full pipe or a computation. */
#define PATIENCE_NS 600000000

static atomic_int stop_signal;
static int64_t patience_ns = PATIENCE_NS;
static bool graceful;         /* the end takes longer, and the next signal ends the program at once */
static const char *at_second; /* or that one says this, and the one after it does */
static atomic_int times;
static int pipe_fds[2] = {-1, -1};
static timer_t patience;
static bool have_patience;

/* The patience is over. */
static void end(int sig)
{
    (void)sig;
    term_emergency_restore();
    _exit(128 + (int)stop_signal);
}

static void flag(int sig)
{
    struct itimerspec once = {.it_value = {.tv_sec = patience_ns / SD_S, .tv_nsec = patience_ns % SD_S}};
    int saved = errno;
    if (graceful && stop_signal) {
        if (!at_second || ++times > 1)
            end(sig);
        ssize_t ignored = write(STDERR_FILENO, at_second, strlen(at_second));
        (void)ignored;
    }
    if (!stop_signal && have_patience)
        timer_settime(patience, 0, &once, NULL); /* async-signal-safe by POSIX */
    stop_signal = sig;
    ssize_t ignored = write(pipe_fds[1], "", 1);
    (void)ignored;
    errno = saved;
}

static void write_text(int fd, const char *text)
{
    ssize_t ignored = write(fd, text, strlen(text));
    (void)ignored;
}

/* Async-signal-safe but for backtrace(), whose library signals_install has loaded
 * beforehand. The default action follows, so that the exit status and a core file
 * tell the truth. */
static void crash(int sig)
{
    static volatile sig_atomic_t again;
    if (!again) {
        again = 1;
        term_emergency_restore();
        char digits[3] = {(char)('0' + sig / 10), (char)('0' + sig % 10), 0};
        const char *number = digits[0] == '0' ? digits + 1 : digits;
        write_text(STDERR_FILENO, "\r\nslowdive crashed (signal ");
        write_text(STDERR_FILENO, number);
        int fd = log_fd();
        if (fd >= 0) {
            void *frames[64];
            write_text(fd, "slowdive crashed (signal ");
            write_text(fd, number);
            write_text(fd, "):\n");
            backtrace_symbols_fd(frames, backtrace(frames, ARRAY_LEN(frames)), fd);
            write_text(STDERR_FILENO, "). The log is ");
            write_text(STDERR_FILENO, log_path());
            write_text(STDERR_FILENO, "\r\n");
        } else {
            write_text(STDERR_FILENO, "). There is no log: log_file is not set or cannot be written.\r\n");
        }
    }
    signal(sig, SIG_DFL);
    raise(sig);
}

void signals_install(void)
{
    void *warm_up[1];
    backtrace(warm_up, 1);
    if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) != 0)
        pipe_fds[0] = pipe_fds[1] = -1;
    have_patience = timer_create(CLOCK_MONOTONIC,
                                 &(struct sigevent){.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM},
                                 &patience) == 0;
    struct sigaction ea = {.sa_handler = end};
    sigemptyset(&ea.sa_mask);
    sigaction(SIGALRM, &ea, NULL);
    /* One inherited as blocked would never come. */
    sigset_t ours;
    sigemptyset(&ours);
    sigaddset(&ours, SIGALRM);
    sigprocmask(SIG_UNBLOCK, &ours, NULL);
    /* All whose default is to end the process: none may leave a terminal in raw mode. */
    static const int flags[] = {SIGTERM, SIGHUP,    SIGINT,  SIGQUIT, SIGUSR1,   SIGUSR2,
                                SIGPWR,  SIGVTALRM, SIGPROF, SIGIO,   SIGSTKFLT, SIGXCPU};
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP};
    struct sigaction sa = {.sa_handler = flag, .sa_flags = SA_RESTART};
    sigemptyset(&sa.sa_mask);
    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        sigaction(flags[i], &sa, NULL);
    for (int i = SIGRTMIN; i <= SIGRTMAX; i++)
        sigaction(i, &sa, NULL);
    /* A stack of its own, so that an overflowed one can still be reported. */
    static char stack[65536];
    sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof stack}, NULL);
    struct sigaction ca = {.sa_handler = crash, .sa_flags = SA_ONSTACK | SA_NODEFER};
    sigemptyset(&ca.sa_mask);
    for (size_t i = 0; i < ARRAY_LEN(crashes); i++)
        sigaction(crashes[i], &ca, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* write(2) says so, too: EFBIG */
}

int signals_fd(void)
{
    return pipe_fds[0];
}

int signals_stop(void)
{
    return stop_signal;
}

atomic_int *signals_graceful(int64_t ns, const char *second)
{
    patience_ns = ns;
    at_second = second;
    graceful = true;
    return &stop_signal;
}

void signals_drain(void)
{
    char bytes[64];
    while (read(pipe_fds[0], bytes, sizeof bytes) > 0)
        ;
}

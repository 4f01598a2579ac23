/* restore.c - the way back to the shell: at the end, on a stop, in a crash. */
#include "term/private.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

const char PASTE_ON[] = "\033[?2004h", PASTE_OFF[] = "\033[?2004l";
static const char MOUSE_OFF[] = "\033[?1006l\033[?1000l";

/* Everything the crash handler needs, made beforehand. There is one terminal. */
static struct {
    atomic_bool armed;
    int fd;
    bool have_modes;
    struct termios modes;
    char sequence[512];
    size_t length;
} way;

static atomic_uint arrived;
static int wake_fd = -1;

static const int OURS[] = {SIGWINCH, SIGTSTP, SIGCONT};
static struct sigaction before_ours[ARRAY_LEN(OURS)];
/* newterm takes these when they stand at their default; they are the program's. */
static const int CURSES_TAKES[] = {SIGINT, SIGTERM};
static struct sigaction before_curses[ARRAY_LEN(CURSES_TAKES)];

static void on_signal(int number)
{
    int saved = errno;
    uint64_t one = 1;
    atomic_fetch_or(&arrived, number == SIGWINCH  ? RESTORE_WINCH
                              : number == SIGTSTP ? RESTORE_STOP
                                                  : RESTORE_CONTINUE);
    if (write(wake_fd, &one, sizeof one) < 0) {
        /* full: then it is readable already */
    }
    errno = saved;
}

static void take_signals(void)
{
    struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigfillset(&sa.sa_mask);
    for (size_t i = 0; i < ARRAY_LEN(OURS); i++)
        sigaction(OURS[i], &sa, NULL);
}

unsigned restore_signals(void)
{
    uint64_t count;
    if (read(wake_fd, &count, sizeof count) < 0) {
        /* nothing arrived */
    }
    return atomic_exchange(&arrived, 0);
}

int restore_signal_fd(void)
{
    return wake_fd;
}

void restore_prepare(struct term *t)
{
    way.fd = t->out_fd;
    way.have_modes = tcgetattr(t->in_fd, &way.modes) == 0;
    for (size_t i = 0; i < ARRAY_LEN(OURS); i++)
        sigaction(OURS[i], NULL, &before_ours[i]);
    for (size_t i = 0; i < ARRAY_LEN(CURSES_TAKES); i++)
        sigaction(CURSES_TAKES[i], NULL, &before_curses[i]);
    if (wake_fd < 0)
        wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

/* Appends without the padding notes of terminfo, "$<5>". */
static void add_sequence(const char *s)
{
    if (!s || s == (const char *)-1)
        return;
    while (*s && way.length < sizeof way.sequence) {
        const char *end = s[0] == '$' && s[1] == '<' ? strchr(s, '>') : NULL;
        if (end)
            s = end + 1;
        else
            way.sequence[way.length++] = *s++;
    }
}

void restore_arm(struct term *t)
{
    way.length = 0;
    if (t->modern) {
        add_sequence(MOUSE_OFF);
        add_sequence(PASTE_OFF);
    }
    add_sequence(tigetstr("sgr0"));
    add_sequence(tigetstr("op"));
    add_sequence(tigetstr("rmkx"));
    add_sequence(tigetstr("rmcup"));
    add_sequence(tigetstr("cnorm")); /* last: see show_cursor in term.c */
    add_sequence("\r\n");
    for (size_t i = 0; i < ARRAY_LEN(CURSES_TAKES); i++)
        sigaction(CURSES_TAKES[i], &before_curses[i], NULL);
    take_signals();
    atomic_store(&way.armed, true);
}

void restore_disarm(void)
{
    if (atomic_exchange(&way.armed, false) && way.have_modes)
        tcsetattr(way.fd, TCSADRAIN, &way.modes);
    for (size_t i = 0; i < ARRAY_LEN(OURS); i++)
        sigaction(OURS[i], &before_ours[i], NULL);
}

bool restore_armed(void)
{
    return atomic_load(&way.armed);
}

void restore_stop(struct term *t, bool group)
{
    struct sigaction standard = {.sa_handler = SIG_DFL}, ignore = {.sa_handler = SIG_IGN};
    (void)t;
    if (group) {
        /* The whole job, as C-z would have; this process itself below. */
        sigaction(SIGTSTP, &ignore, NULL);
        kill(0, SIGTSTP);
    }
    /* raise goes to this thread and is served before it returns: another thread
     * could otherwise take the signal while this one already repaints. In an
     * orphaned group, which no shell could continue, it does nothing. */
    sigaction(SIGTSTP, &standard, NULL);
    raise(SIGTSTP);
    take_signals();
    atomic_fetch_and(&arrived, ~(unsigned)(RESTORE_STOP | RESTORE_CONTINUE));
}

void term_emergency_restore(void)
{
    int saved = errno;
    if (!atomic_exchange(&way.armed, false))
        return;
    for (size_t done = 0; done < way.length;) {
        ssize_t n = write(way.fd, way.sequence + done, way.length - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    /* Not the draining variant: a terminal that is stopped or gone would block. */
    if (way.have_modes)
        tcsetattr(way.fd, TCSANOW, &way.modes);
    errno = saved;
}

/* copy.c - the clipboard of the user's own machine, by OSC 52 (xterm's ctlseqs,
 * "Operating System Commands"), over any number of hops. */
#include "term/private.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* xterm and others take 100,000 bytes of base64. */
enum { COPY_MAX = 74000, SCREEN_CHUNK = 76 };

static void base64(struct strbuf *out, const unsigned char *p, size_t n)
{
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        uint32_t group =
            (uint32_t)p[i] << 16 | (i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0) | (i + 2 < n ? p[i + 2] : 0);
        strbuf_char(out, DIGITS[group >> 18]);
        strbuf_char(out, DIGITS[group >> 12 & 63]);
        strbuf_char(out, i + 1 < n ? DIGITS[group >> 6 & 63] : '=');
        strbuf_char(out, i + 2 < n ? DIGITS[group & 63] : '=');
    }
}

/* Its text, in a file without a name: a pipe would make us wait for tmux to read it. */
static int text_file(const char *text)
{
    size_t n = strlen(text);
    int fd = memfd_create("copied", MFD_CLOEXEC);
    if (fd >= 0 && (write(fd, text, n) != (ssize_t)n || lseek(fd, 0, SEEK_SET) < 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Has it ended well? One that hangs is ended. */
static bool ends_well(pid_t pid)
{
    enum { STEP_MS = 5, STEPS = 100 };
    int status;
    for (int i = 0; i < STEPS; i++) {
        pid_t done = waitpid(pid, &status, WNOHANG);
        if (done == pid)
            return WIFEXITED(status) && WEXITSTATUS(status) == 0;
        if (done < 0 && errno != EINTR)
            return false;
        poll(NULL, 0, STEP_MS);
    }
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    return false;
}

/* The buffer of tmux, and with -w the clipboard of its terminal, whatever its set-clipboard says to us. */
static bool tmux_buffer(const char *text)
{
    static char *const arguments[] = {"tmux", "load-buffer", "-w", "-", NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none;
    pid_t pid;
    int fd = text_file(text);
    if (fd < 0)
        return false;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, fd, STDIN_FILENO);
    posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&attr);
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
    bool begun = posix_spawnp(&pid, arguments[0], &files, &attr, arguments, environ) == 0;
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    close(fd);
    return begun && ends_well(pid);
}

enum term_copied term_copy(struct term *t, const char *text)
{
    size_t n = strlen(text);
    const char *tmux = getenv("TMUX");
    bool done = tmux && *tmux && tmux_buffer(text);
    if (!t->modern || n > COPY_MAX)
        return done ? TERM_COPY_DONE : TERM_COPY_NOT;
    struct strbuf code = {0}, out = {0};
    base64(&code, (const unsigned char *)text, n);
    if (tmux) {
        /* Which of the two tmux heeds depends on its set-clipboard and
         * allow-passthrough; both say the same. */
        strbuf_printf(&out, "\033]52;c;%s\a", strbuf_text(&code));
        strbuf_printf(&out, "\033Ptmux;\033\033]52;c;%s\a\033\\", strbuf_text(&code));
    } else if (getenv("STY") || str_starts(t->name, "screen")) {
        /* screen passes strings on in short pieces only. */
        strbuf_str(&out, "\033P\033]52;c;");
        for (size_t i = 0; i < code.len; i += SCREEN_CHUNK) {
            strbuf_str(&out, i ? "\033\\\033P" : "");
            strbuf_add(&out, code.text + i, MIN((size_t)SCREEN_CHUNK, code.len - i));
        }
        strbuf_str(&out, "\a\033\\");
    } else {
        strbuf_printf(&out, "\033]52;c;%s\a", strbuf_text(&code));
    }
    term_write(t, out.text, out.len);
    strbuf_free(&code);
    strbuf_free(&out);
    return done ? TERM_COPY_DONE : TERM_COPY_SENT;
}

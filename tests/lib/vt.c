#include "tests/lib/vt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vterm.h>

#include "base/clock.h"
#include "base/utf8.h"

struct vt {
    int master, slave;
    int report, order; /* pipes from and to the shell */
    pid_t shell, pid;
    struct termios before;
    VTerm *term;
    VTermScreen *screen;
    struct strbuf raw, text;
    bool alternate, cursor;
    bool exited, stopped;
    int status;
};

/* ---- the shell ---- */

static void run_shell(const struct vt_options *o, int slave, int report, int order)
{
    setsid();
    ioctl(slave, TIOCSCTTY, 0);
    signal(SIGTTOU, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGTTOU, SIG_IGN);
        setpgid(0, 0);
        tcsetpgrp(slave, getpid());
        signal(SIGTTOU, SIG_DFL);
        signal(SIGHUP, SIG_DFL);
        dup2(slave, 0);
        dup2(slave, 1);
        dup2(slave, 2);
        for (int fd = 3; fd < 64; fd++)
            close(fd);
        char *env[64] = {mem_printf("PATH=%s", getenv("PATH") ? getenv("PATH") : "/usr/bin:/bin"),
                         mem_printf("HOME=%s", getenv("HOME") ? getenv("HOME") : "/")};
        for (size_t i = 0; o->env && o->env[i] && i < 60; i++)
            env[i + 2] = mem_strdup(o->env[i]);
        execve(o->argv[0], (char **)o->argv, env);
        _exit(127);
    }
    setpgid(child, child);
    tcsetpgrp(slave, child);
    int message[2] = {child, -1};
    if (write(report, message, sizeof message) < 0)
        _exit(1);
    for (;;) {
        char c;
        int status;
        if (waitpid(child, &status, WUNTRACED) < 0)
            _exit(1);
        message[1] = status;
        if (WIFSTOPPED(status))
            tcsetpgrp(slave, getpid());
        if (write(report, message, sizeof message) < 0 || !WIFSTOPPED(status))
            _exit(0);
        if (read(order, &c, 1) != 1)
            break;
        tcsetpgrp(slave, child);
        kill(-child, SIGCONT);
    }
    kill(-child, SIGKILL);
    _exit(0);
}

/* ---- the terminal ---- */

static int on_property(VTermProp property, VTermValue *value, void *user)
{
    struct vt *vt = user;
    if (property == VTERM_PROP_ALTSCREEN)
        vt->alternate = value->boolean;
    else if (property == VTERM_PROP_CURSORVISIBLE)
        vt->cursor = value->boolean;
    return 1;
}

struct vt *vt_start(const struct vt_options *o)
{
    static const VTermScreenCallbacks callbacks = {.settermprop = on_property};
    struct vt *vt = mem_alloc(sizeof *vt);
    int rows = o->rows ? o->rows : 24, cols = o->cols ? o->cols : 80, report[2], order[2], message[2] = {0};
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    if (openpty(&vt->master, &vt->slave, NULL, NULL, &size) != 0 || pipe(report) != 0 || pipe(order) != 0) {
        perror("vt_start");
        exit(2);
    }
    tcgetattr(vt->slave, &vt->before);
    vt->cursor = true;
    vt->term = vterm_new(rows, cols);
    vterm_set_utf8(vt->term, 1);
    vt->screen = vterm_obtain_screen(vt->term);
    vterm_screen_enable_altscreen(vt->screen, 1);
    vterm_screen_set_callbacks(vt->screen, &callbacks, vt);
    vterm_screen_reset(vt->screen, 1);
    vt->shell = fork();
    if (vt->shell == 0) {
        close(vt->master);
        close(report[0]);
        close(order[1]);
        run_shell(o, vt->slave, report[1], order[0]);
    }
    close(report[1]);
    close(order[0]);
    vt->report = report[0];
    vt->order = order[1];
    if (read(vt->report, message, sizeof message) == sizeof message)
        vt->pid = message[0];
    return vt;
}

void vt_free(struct vt *vt)
{
    if (!vt)
        return;
    if (!vt->exited && vt->pid > 0)
        kill(vt->pid, SIGKILL);
    close(vt->order);
    if (vt->master >= 0)
        close(vt->master);
    if (vt->slave >= 0)
        close(vt->slave);
    if (!vt->exited)
        kill(vt->shell, SIGKILL);
    waitpid(vt->shell, NULL, 0);
    close(vt->report);
    vterm_free(vt->term);
    strbuf_free(&vt->raw);
    strbuf_free(&vt->text);
    free(vt);
}

static void take_report(struct vt *vt)
{
    int message[2];
    if (read(vt->report, message, sizeof message) != sizeof message) {
        vt->exited = true;
        return;
    }
    vt->status = message[1];
    vt->stopped = WIFSTOPPED(message[1]);
    vt->exited = !vt->stopped;
}

bool vt_pump(struct vt *vt, int ms)
{
    char buf[65536];
    struct pollfd p[2] = {{.fd = vt->master, .events = POLLIN},
                          {.fd = vt->exited ? -1 : vt->report, .events = POLLIN}};
    if (poll(p, 2, ms) <= 0)
        return false;
    ssize_t n = p[0].revents ? read(vt->master, buf, sizeof buf) : 0;
    if (n > 0) {
        strbuf_add(&vt->raw, buf, (size_t)n);
        vterm_input_write(vt->term, buf, (size_t)n);
    }
    /* The report last: what was sent before the end is read first. */
    if (n <= 0 && p[1].revents)
        take_report(vt);
    return n > 0 || p[1].revents;
}

const char *vt_text(struct vt *vt)
{
    int rows, cols;
    vterm_get_size(vt->term, &rows, &cols);
    strbuf_clear(&vt->text);
    for (int y = 0; y < rows; y++) {
        for (int x = 0; x < cols; x++) {
            VTermScreenCell cell;
            char utf8[4];
            if (!vterm_screen_get_cell(vt->screen, (VTermPos){.row = y, .col = x}, &cell) ||
                cell.chars[0] == (uint32_t)-1)
                continue;
            uint32_t code = cell.chars[0] ? cell.chars[0] : ' ';
            strbuf_add(&vt->text, utf8, utf8_encode(code, utf8));
        }
        while (vt->text.len && vt->text.text[vt->text.len - 1] == ' ')
            vt->text.len--;
        strbuf_char(&vt->text, '\n');
    }
    return strbuf_text(&vt->text);
}

static bool wait_text(struct vt *vt, const char *text, bool there, int ms)
{
    int64_t deadline = clock_mono() + (int64_t)ms * 1000000;
    while ((strstr(vt_text(vt), text) != NULL) != there) {
        int64_t left = (deadline - clock_mono()) / 1000000;
        if (left <= 0 || (!vt_pump(vt, (int)left) && clock_mono() >= deadline))
            return false;
        if (vt->exited) {
            while (vt_pump(vt, 0)) {
            }
            return (strstr(vt_text(vt), text) != NULL) == there;
        }
    }
    return true;
}

bool vt_wait_text(struct vt *vt, const char *text, int ms)
{
    return wait_text(vt, text, true, ms);
}

bool vt_wait_gone(struct vt *vt, const char *text, int ms)
{
    return wait_text(vt, text, false, ms);
}

static bool wait_flag(struct vt *vt, const bool *flag, int ms)
{
    int64_t deadline = clock_mono() + (int64_t)ms * 1000000;
    while (!*flag) {
        int64_t left = (deadline - clock_mono()) / 1000000;
        if (left <= 0)
            return false;
        vt_pump(vt, (int)left);
    }
    while (vt_pump(vt, 0)) {
    }
    return true;
}

bool vt_wait_stop(struct vt *vt, int ms)
{
    return wait_flag(vt, &vt->stopped, ms);
}

bool vt_wait_exit(struct vt *vt, int *status, int ms)
{
    bool ok = wait_flag(vt, &vt->exited, ms);
    *status = vt->status;
    return ok;
}

bool vt_wait_quiet(struct vt *vt, int quiet_ms, int ms)
{
    int64_t deadline = clock_mono() + (int64_t)ms * 1000000;
    while (clock_mono() < deadline) {
        if (!vt_pump(vt, quiet_ms))
            return true;
    }
    return false;
}

void vt_send(struct vt *vt, const char *keys)
{
    size_t n = strlen(keys);
    while (n > 0) {
        ssize_t done = write(vt->master, keys, n);
        if (done <= 0)
            return;
        keys += done;
        n -= (size_t)done;
    }
}

void vt_resize(struct vt *vt, int rows, int cols)
{
    vterm_set_size(vt->term, rows, cols);
    vt_tell_size(vt, rows, cols);
}

void vt_tell_size(struct vt *vt, int rows, int cols)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    ioctl(vt->master, TIOCSWINSZ, &size);
}

void vt_signal(struct vt *vt, int number)
{
    if (vt->pid > 0 && !vt->exited)
        kill(vt->pid, number);
}

void vt_continue(struct vt *vt)
{
    vt->stopped = false;
    if (write(vt->order, "c", 1) != 1)
        perror("vt_continue");
}

void vt_hang_up(struct vt *vt)
{
    close(vt->slave);
    close(vt->master);
    vt->slave = vt->master = -1;
}

const struct strbuf *vt_raw(const struct vt *vt)
{
    return &vt->raw;
}

void vt_raw_clear(struct vt *vt)
{
    strbuf_clear(&vt->raw);
}

bool vt_alternate(const struct vt *vt)
{
    return vt->alternate;
}

bool vt_cursor(const struct vt *vt)
{
    return vt->cursor;
}

bool vt_mouse(const struct vt *vt)
{
    /* libvterm takes only the first of several modes set at once. */
    static const char *const ON[] = {"1000h", "1002h", "1003h"}, *const OFF[] = {"1000l", "1002l", "1003l"};
    const char *on = NULL, *off = NULL;
    for (const char *p = strbuf_text(&vt->raw); *p; p++) {
        for (size_t i = 0; i < ARRAY_LEN(ON); i++) {
            on = str_starts(p, ON[i]) ? p : on;
            off = str_starts(p, OFF[i]) ? p : off;
        }
    }
    return on && (!off || on > off);
}

int vt_pid(const struct vt *vt)
{
    return (int)vt->pid;
}

bool vt_modes_restored(const struct vt *vt)
{
    struct termios now;
    return tcgetattr(vt->slave, &now) == 0 && now.c_iflag == vt->before.c_iflag &&
           now.c_oflag == vt->before.c_oflag && now.c_lflag == vt->before.c_lflag &&
           now.c_cflag == vt->before.c_cflag;
}

/* ---- what may arrive ---- */

static size_t check_csi(const unsigned char *p, size_t n)
{
    size_t i = 0;
    while (i < n && p[i] >= 0x30 && p[i] <= 0x3f)
        i++;
    while (i < n && p[i] >= 0x20 && p[i] <= 0x2f)
        i++;
    return i < n && strchr("ABCDEFGHIJKLMPSTXZ@`abcdefghlmnrtu", p[i]) && p[i] ? i + 1 : 0;
}

static size_t check_osc(const unsigned char *p, size_t n)
{
    static const char COPY[] = "52;c;", COLORS[] = "104\a";
    size_t i = strlen(COPY);
    if (n >= strlen(COLORS) && memcmp(p, COLORS, strlen(COLORS)) == 0)
        return strlen(COLORS); /* the palette as it was */
    if (n < i || memcmp(p, COPY, i) != 0)
        return 0;
    while (i < n &&
           (strchr("+/=", p[i]) ? p[i]
                                : (p[i] >= '0' && p[i] <= '9') || ((p[i] | 32) >= 'a' && (p[i] | 32) <= 'z')))
        i++;
    return i < n && p[i] == '\a' ? i + 1 : 0;
}

static size_t check_escape(const unsigned char *p, size_t n)
{
    size_t k;
    if (n == 0)
        return 0;
    switch (p[0]) {
    case '[':
        k = check_csi(p + 1, n - 1);
        return k ? k + 1 : 0;
    case ']':
        if (n > 1 && p[1] == 'R') /* linux: the palette as it was */
            return 2;
        k = check_osc(p + 1, n - 1);
        return k ? k + 1 : 0;
    case '(':
    case ')':
        return n > 1 && strchr("AB0U", p[1]) ? 2 : 0;
    default:
        return strchr("=>78HM", p[0]) && p[0] ? 1 : 0;
    }
}

bool vt_check_output(const char *bytes, size_t n, struct sd_error *err)
{
    const unsigned char *p = (const unsigned char *)bytes;
    for (size_t i = 0; i < n;) {
        size_t used = 0;
        struct utf8_char c;
        if (p[i] == 0x1b) {
            used = check_escape(p + i + 1, n - i - 1);
            used += used ? 1 : 0;
        } else if (p[i] < 0x20) {
            used = strchr("\r\n\b\t\x0e\x0f", p[i]) && p[i] ? 1 : 0;
        } else {
            used = utf8_next(bytes + i, n - i, &c);
            used = c.replaced ? 0 : used;
        }
        if (!used) {
            struct strbuf b = {0};
            for (size_t k = i > 8 ? i - 8 : 0; k < n && k < i + 16; k++)
                strbuf_printf(&b, p[k] > 0x20 && p[k] < 0x7f ? "%c" : "<%02x>", p[k]);
            fail(err, "at byte %zu of %zu: %s", i, n, strbuf_text(&b));
            strbuf_free(&b);
            return false;
        }
        i += used;
    }
    return true;
}

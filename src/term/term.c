/* term.c - taking the terminal over and giving it back. */
#include "term/private.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* ---- the locale ---- */

/* Whether the user's locale (the environment's, whatever setlocale was given) has
 * UTF-8 as its nl_langinfo(CODESET). */
static bool term_utf8_locale(void)
{
    locale_t l = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    if (l) {
        bool utf8 = strcasecmp(nl_langinfo_l(CODESET, l), "UTF-8") == 0;
        freelocale(l);
        return utf8;
    }
    /* Named but not installed here, as with a locale that ssh brought along: what it
     * names is still what the user's terminal shows. */
    const char *name = getenv("LC_ALL");
    if (!name || !*name)
        name = getenv("LC_CTYPE");
    if (!name || !*name)
        name = getenv("LANG");
    return name && (strcasestr(name, "utf-8") || strcasestr(name, "utf8"));
}

/* ---- counting what is sent ---- */

static int64_t thread_written(const struct term *t)
{
    char text[512];
    ssize_t n = t->io_fd < 0 ? -1 : pread(t->io_fd, text, sizeof text - 1, 0);
    if (n <= 0)
        return SD_UNKNOWN;
    text[n] = '\0';
    const char *at = strstr(text, "wchar: ");
    return at ? strtoll(at + strlen("wchar: "), NULL, 10) : SD_UNKNOWN;
}

void term_begin_count(struct term *t, int64_t *before)
{
    *before = t->bytes == SD_UNKNOWN ? SD_UNKNOWN : thread_written(t);
}

void term_end_count(struct term *t, int64_t before)
{
    int64_t after = before == SD_UNKNOWN ? SD_UNKNOWN : thread_written(t);
    t->bytes = after == SD_UNKNOWN || t->bytes == SD_UNKNOWN ? SD_UNKNOWN : t->bytes + (after - before);
}

int64_t term_bytes(const struct term *t)
{
    return t->bytes;
}

void term_write(struct term *t, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(t->out_fd, bytes, n);
        if (done < 0 && errno == EAGAIN) {
            struct pollfd p = {.fd = t->out_fd, .events = POLLOUT};
            if (poll(&p, 1, 1000) <= 0)
                return;
            continue;
        }
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return;
        if (t->bytes != SD_UNKNOWN)
            t->bytes += done;
        bytes += done;
        n -= (size_t)done;
    }
}

/* ---- which terminal ---- */

static bool name_in(const char *name, const char *const *prefixes)
{
    for (; *prefixes; prefixes++) {
        if (str_starts(name, *prefixes))
            return true;
    }
    return false;
}

/* Descendants of xterm, as far as paste, mouse and OSC go. */
static const char *const MODERN[] = {"xterm", "screen",  "tmux",    "rxvt",    "alacritty", "foot",
                                     "kitty", "wezterm", "ghostty", "konsole", "gnome",     "vte",
                                     "st-",   "iterm",   "mintty",  NULL};
/* Their fonts and character sets are not to be relied on, whatever the locale says. */
static const char *const PLAIN[] = {"vt", "ansi", "linux", "cons25", "sun", "pcansi", "cygwin", NULL};

enum entry { ENTRY_UNKNOWN, ENTRY_DUMB, ENTRY_USABLE };

/* Can a full-screen program run on this entry? DUMB: it is known, and one cannot. */
static enum entry entry_of(const char *name, int fd)
{
    int status = 0;
    if (!name || !*name || strlen(name) > 60 || strchr(name, '/'))
        return ENTRY_UNKNOWN;
    if (setupterm(name, fd, &status) != OK) /* 1: a printer */
        return status == 1 || str_eq(name, "dumb") ? ENTRY_DUMB : ENTRY_UNKNOWN;
    const char *address = tigetstr("cup"), *clear = tigetstr("clear");
    bool ok = address && address != (char *)-1 && clear && clear != (char *)-1 && tigetflag("hc") <= 0,
         generic = tigetflag("gn") > 0;
    del_curterm(cur_term);
    return generic ? ENTRY_UNKNOWN : ok ? ENTRY_USABLE : ENTRY_DUMB;
}

struct term_about term_about(void)
{
    const char *name = getenv("TERM");
    struct term_about about = {.utf8 = term_utf8_locale(),
                               .known = entry_of(name, STDOUT_FILENO) == ENTRY_USABLE};
    int status;
    if (about.known && setupterm(name, STDOUT_FILENO, &status) == OK) {
        about.colors = MAX(tigetnum("colors"), 0);
        del_curterm(cur_term);
    }
    return about;
}

/* The entry to use; NULL and a sentence when there is none. */
static const char *choose_entry(struct term *t, const char **note, struct sd_error *err)
{
    static char sentence[256];
    static const char *const LIKE_XTERM[] = {"xterm-256color", "xterm", NULL};
    static const char *const ANY[] = {"vt100", "ansi", "vt220", "linux", NULL};
    const char *wanted = getenv("TERM");
    *note = NULL;
    enum entry entry = entry_of(wanted, t->out_fd);
    if (entry == ENTRY_USABLE)
        return wanted;
    if (entry == ENTRY_DUMB) {
        fail(err, "text cannot be positioned on the terminal \"%s\"; print a view: slowdive overview SOURCE",
             wanted);
        return NULL;
    }
    char shown[40] = "";
    for (size_t i = 0; wanted && wanted[i] && i < sizeof shown - 1; i++) {
        bool plain = (unsigned char)wanted[i] > 0x20 && (unsigned char)wanted[i] < 0x7f;
        shown[i] = (char)(plain ? wanted[i] : '?');
        shown[i + 1] = '\0';
    }
    for (int pass = wanted && name_in(wanted, MODERN) ? 0 : 1; pass < 2; pass++) {
        for (const char *const *e = pass == 0 ? LIKE_XTERM : ANY; *e; e++) {
            if (entry_of(*e, t->out_fd) != ENTRY_USABLE)
                continue;
            snprintf(sentence, sizeof sentence,
                     "The terminal %s%s%s is not known here; it is treated as %s%s.",
                     *shown ? "\"" : "(TERM is not set)", shown, *shown ? "\"" : "", *e,
                     pass == 0 ? "" : " and drawn in plain ASCII");
            *note = sentence;
            return *e;
        }
    }
    fail(err, "no terminal description is installed; install ncurses-base or set TERMINFO");
    return NULL;
}

static bool wanted(const char *tristate, bool automatic)
{
    return str_eq(tristate, "yes") || (!str_eq(tristate, "no") && automatic);
}

static enum color_mode choose_color(const struct term_options *o)
{
    const char *no_color = getenv("NO_COLOR");
    if (!wanted(o->color, !(no_color && *no_color)) || !has_colors() || start_color() == ERR)
        return COLOR_NONE;
    bool direct = tigetflag("RGB") > 0 || tigetnum("RGB") > 0 || COLORS >= 1 << 24;
    return direct ? COLOR_DIRECT : COLORS >= 256 ? COLOR_256 : COLORS >= 8 ? COLOR_8 : COLOR_NONE;
}

/* ---- open and close ---- */

enum { ESCAPE_MS_MAX = 10000 };

static FILE *open_side(int standard, const char *mode, struct sd_error *err)
{
    int fd = isatty(standard) ? fcntl(standard, F_DUPFD_CLOEXEC, 3)
                              : open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    FILE *f = fd < 0 ? NULL : fdopen(fd, mode);
    if (!f) {
        if (fd >= 0)
            close(fd);
        fail(err, "the console needs a terminal; without one, print a view: slowdive overview SOURCE");
    }
    return f;
}

static bool watch_input(struct term *t)
{
    struct epoll_event keys = {.events = EPOLLIN}, signals = {.events = EPOLLIN};
    t->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    return t->epoll_fd >= 0 && epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, t->in_fd, &keys) == 0 &&
           epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, restore_signal_fd(), &signals) == 0;
}

static void load_mono(struct term *t)
{
    static const char *const NAMES[] = {
#define STYLE_NAME(UPPER, lower, help) #lower,
        STYLES(STYLE_NAME)
#undef STYLE_NAME
            NULL};
    struct sd_error ignored;
    theme_load(&t->mono, "mono", NAMES, &ignored);
}

static void free_all(struct term *t)
{
    if (t->epoll_fd >= 0)
        close(t->epoll_fd);
    if (t->io_fd >= 0)
        close(t->io_fd);
    if (t->in)
        fclose(t->in);
    if (t->out)
        fclose(t->out);
    strbuf_free(&t->paste);
    free(t->last);
    free(t->line);
    free(t);
}

static void set_up_screen(struct term *t, const struct term_options *o)
{
    raw();
    noecho();
    nonl();
    intrflush(stdscr, FALSE);
    scrollok(stdscr, FALSE);
    leaveok(stdscr, TRUE);
    curs_set(0);
    t->cursor_x = t->cursor_y = -1;
    t->color = choose_color(o);
    if (t->color != COLOR_NONE && use_default_colors() == ERR)
        assume_default_colors(COLOR_WHITE, COLOR_BLACK);
    const char *leave = tigetstr("rmcup");
    t->no_alternate = !leave || leave == (char *)-1;
    load_mono(t);
    paint_theme(t, o->theme);
    input_start(t);
}

struct term *term_open(const struct term_options *o, const char **note, struct sd_error *err)
{
    const char *ignored;
    struct term *t = mem_alloc(sizeof *t);
    note = note ? note : &ignored;
    t->epoll_fd = t->io_fd = -1;
    t->in = open_side(STDIN_FILENO, "r", err);
    t->out = t->in ? open_side(STDOUT_FILENO, "w", err) : NULL;
    if (!t->out) {
        free_all(t);
        return NULL;
    }
    t->in_fd = fileno(t->in);
    t->out_fd = fileno(t->out);
    t->name = choose_entry(t, note, err);
    if (!t->name) {
        free_all(t);
        return NULL;
    }
    t->modern = name_in(t->name, MODERN);
    t->ascii = !wanted(o->unicode, term_utf8_locale() && !name_in(t->name, PLAIN));
    t->io_fd = open("/proc/thread-self/io", O_RDONLY | O_CLOEXEC);
    int64_t before;
    term_begin_count(t, &before);
    restore_prepare(t);
    t->escape_ms = (int)(o->escape_ns / SD_MS);
    const char *delay = getenv("ESCDELAY"); /* as every program with curses; newterm takes it, too */
    if (delay && *delay >= '0' && *delay <= '9')
        t->escape_ms = (int)MIN(strtol(delay, NULL, 10), ESCAPE_MS_MAX);
    set_escdelay(t->escape_ms);
    /* Delays for the mechanics of 1978 are of no use and would be sent as NULs. */
    setenv("NCURSES_NO_PADDING", "1", 0);
    /* On the Linux console curses would load libgpm and talk to its daemon. */
    setenv("NCURSES_GPM_TERMS", "none", 0);
    t->screen = watch_input(t) ? newterm(t->name, t->out, t->in) : NULL;
    if (!t->screen) {
        fail(err, "the terminal %s cannot be used", t->name);
        free_all(t);
        return NULL;
    }
    set_term(t->screen);
    set_up_screen(t, o);
    restore_arm(t);
    term_set_mouse(t, o->mouse);
    refresh();
    if (t->modern)
        term_write(t, PASTE_ON, strlen(PASTE_ON));
    term_end_count(t, before);
    /* Bytes were surely sent by now: a kernel that counted none counts none. */
    int64_t after = before == SD_UNKNOWN ? SD_UNKNOWN : thread_written(t);
    t->bytes = after == SD_UNKNOWN || after <= before ? SD_UNKNOWN : after - before;
    term_fit(t);
    return t;
}

/* Leaving the alternate screen brings back a saved cursor, in some terminals with its
 * visibility as it was last saved: hidden, when curses saved it while scrolling. */
static void show_cursor(struct term *t)
{
    const char *visible = tigetstr("cnorm");
    if (visible && visible != (const char *)-1)
        term_write(t, visible, strlen(visible));
}

void term_close(struct term *t)
{
    if (!t)
        return;
    term_set_mouse(t, false);
    if (t->no_alternate) {
        werase(stdscr);
        refresh();
    }
    if (t->modern)
        term_write(t, PASTE_OFF, strlen(PASTE_OFF));
    if (t->cursor_x < 0)
        curs_set(1);
    endwin();
    show_cursor(t);
    restore_disarm();
    delwin(t->pad);
    delscreen(t->screen);
    free_all(t);
}

int term_fd(const struct term *t)
{
    return t->epoll_fd;
}

void term_size(const struct term *t, int *width, int *height)
{
    (void)t;
    getmaxyx(stdscr, *height, *width);
}

bool term_ascii(const struct term *t)
{
    return t->ascii;
}

bool term_fit(struct term *t)
{
    struct winsize size;
    int height, width;
    if (ioctl(t->out_fd, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
        return false;
    getmaxyx(stdscr, height, width);
    int rows = MIN(size.ws_row, 1000), cols = MIN(size.ws_col, 1000);
    if (rows == height && cols == width)
        return false;
    resize_term(rows, cols);
    term_redraw(t);
    return true;
}

void term_set_mouse(struct term *t, bool on)
{
    if (on == t->mouse)
        return;
    int64_t before;
    term_begin_count(t, &before);
    t->mouse = on;
    /* Presses alone: waiting whether a click becomes a double one would delay it. */
    mouseinterval(0);
    mousemask(on ? BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON1_DOUBLE_CLICKED | BUTTON4_PRESSED |
                       BUTTON5_PRESSED
                 : 0,
              NULL);
    term_end_count(t, before);
}

void term_suspend(struct term *t)
{
    if (t->modern)
        term_write(t, PASTE_OFF, strlen(PASTE_OFF));
    endwin();
    show_cursor(t);
    restore_stop(t, true);
    term_fit(t);
    term_redraw(t);
    paint_update();
    if (t->modern)
        term_write(t, PASTE_ON, strlen(PASTE_ON));
}

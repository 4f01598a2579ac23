/* term.h - the terminal: the only room that includes curses. Main thread only. */
#ifndef TERM_TERM_H
#define TERM_TERM_H

#include "conf/key.h"
#include "conf/theme.h"
#include "ui/console.h"

struct term;
struct term_options {
    const char *unicode; /* auto, yes, no */
    const char *color;   /* auto, yes, no; auto respects NO_COLOR and the terminal */
    bool mouse;
    int64_t escape_ns; /* so long the rest of a key's escape sequence may take; ESCDELAY (ms) overrides it */
    const struct theme *theme;
};

enum input_kind { INPUT_NONE, INPUT_KEY, INPUT_MOUSE, INPUT_PASTE, INPUT_RESIZE, INPUT_HANGUP };
struct input {
    enum input_kind kind;
    key_code key;
    enum mouse_event mouse;
    int x, y;
    const char *text; /* pasted, valid until the next term_read */
};

/* What can be said of the terminal without taking it over. Before term_open. */
struct term_about {
    bool utf8;  /* the user's locale has it */
    bool known; /* TERM names one that a full-screen program can use */
    int colors; /* of its entry; 0: none */
};
struct term_about term_about(void);

/* Takes over the terminal: standard input and output, or /dev/tty for the one that
 * is something else. LC_CTYPE must be a UTF-8 locale by now. An unknown TERM falls
 * back to plain ASCII; *note then holds a sentence (otherwise NULL). One that cannot position text is
 * refused. Signals: takes SIGWINCH, SIGTSTP and SIGCONT (term_fd becomes readable, term_read does what is to
 * be done) and gives them back in term_close; every other signal is the program's, whose handlers may call
 * term_emergency_restore. */
struct term *term_open(const struct term_options *o, const char **note, struct sd_error *err);
void term_close(struct term *t); /* restores everything; NULL is fine */
/* For poll: readable when keys, a new size or a hangup wait. */
int term_fd(const struct term *t);
void term_size(const struct term *t, int *width, int *height);
bool term_ascii(const struct term *t);
/* Never blocks (a lone Esc takes `escape_ns`); INPUT_NONE when nothing waits. Call until
 * then before polling term_fd again. INPUT_RESIZE also after the process was stopped
 * and goes on; INPUT_HANGUP: the terminal is gone, it will not come back. */
struct input term_read(struct term *t);
/* Sends only what differs from the last paint; nothing when nothing does. */
void term_paint(struct term *t, const struct grid *g);
void term_redraw(struct term *t); /* the next paint sends everything */
void term_set_theme(struct term *t, const struct theme *theme);
void term_set_mouse(struct term *t, bool on);
enum term_copied { TERM_COPY_NOT, TERM_COPY_SENT, TERM_COPY_DONE };
/* OSC 52, also through tmux and screen: sent, and no terminal says whether it took it. In tmux also
 * `tmux load-buffer -w`, which does say: done. NOT: longer than 74 kB, or a terminal that is known
 * not to have it (linux, vt100 ...). */
enum term_copied term_copy(struct term *t, const char *text);
/* Gives the terminal back and stops the process group; when it goes on, the old
 * picture is back. For C-z; an external SIGTSTP is served by term_read. */
void term_suspend(struct term *t);
int64_t term_bytes(const struct term *t); /* written since open; SD_UNKNOWN when not measurable */

/* Async-signal-safe: puts the terminal into a usable state with plain write(2) and
 * tcsetattr. For crash and exit handlers; idempotent, any thread. */
void term_emergency_restore(void);

#endif

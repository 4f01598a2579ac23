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

/* Takes over the terminal. An unknown TERM falls back to plain ASCII; *note then
 * holds a sentence (otherwise NULL). */
struct term *term_open(const struct term_options *o, const char **note, struct sd_error *err);
void term_close(struct term *t); /* restores everything; NULL is fine */
int term_fd(const struct term *t);
void term_size(const struct term *t, int *width, int *height);
bool term_ascii(const struct term *t);
struct input term_read(struct term *t); /* never blocks; INPUT_NONE when nothing waits */
/* Sends only what differs from the last paint; nothing when nothing does. */
void term_paint(struct term *t, const struct grid *g);
void term_redraw(struct term *t);                 /* the next paint sends everything */
void term_set_theme(struct term *t, const struct theme *theme);
void term_set_mouse(struct term *t, bool on);
void term_copy(struct term *t, const char *text); /* OSC 52, also through tmux and screen; at most 74 kB */
void term_suspend(struct term *t);                /* gives the terminal back and stops the process */
int64_t term_bytes(const struct term *t);         /* written since open; SD_UNKNOWN when not measurable */

/* Async-signal-safe: puts the terminal into a usable state with plain write(2) and
 * tcsetattr. For crash and exit handlers; idempotent, any thread. */
void term_emergency_restore(void);

#endif

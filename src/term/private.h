/* private.h - what the files of src/term share. */
#ifndef TERM_PRIVATE_H
#define TERM_PRIVATE_H

#ifndef NCURSES_WIDECHAR
#define NCURSES_WIDECHAR 1
#endif
#include <curses.h>
/* It has a struct term as well. */
#define term curses_terminal
#include <term.h>
#undef term

/* term.h of curses turns common words into macros. */
#undef lines
#undef columns
#undef buttons
#undef newline
#undef tab

#include "term/term.h"

enum color_mode { COLOR_NONE, COLOR_8, COLOR_256, COLOR_DIRECT };

struct term {
    SCREEN *screen;
    FILE *in, *out;
    int in_fd, out_fd;
    int epoll_fd;
    bool ascii;
    bool modern; /* an xterm descendant: bracketed paste, OSC */
    bool mouse;
    bool no_alternate; /* nothing brings the shell's screen back: clear before leaving */
    enum color_mode color;
    const char *name; /* of the terminfo entry in use */

    /* painting */
    struct theme mono;
    struct grid_cell *last; /* what stdscr holds; NULL: nothing known */
    int last_width, last_height;
    int cursor_x, cursor_y;
    attr_t attrs[THEME_STYLES_MAX];
    short pairs[THEME_STYLES_MAX];
    bool solid[THEME_STYLES_MAX]; /* shows on a blank as well */
    cchar_t *line;                /* scratch, one row */
    int line_cap;

    /* reading */
    WINDOW *pad;     /* wgetch on stdscr would repaint it */
    int escape_ms;   /* ESCDELAY */
    int64_t read_ns; /* what the last character took: after ESC, until the next one came */
    char partial[4]; /* of a UTF-8 character that has not come whole */
    size_t n_partial;
    bool pasting;
    int64_t paste_time; /* of its last byte */
    struct strbuf paste;
    int click_x, click_y;
    int64_t click_time; /* 0: none */

    int io_fd; /* /proc/thread-self/io, -1 */
    int64_t bytes;
};

/* term.c */
void term_begin_count(struct term *t, int64_t *before);
void term_end_count(struct term *t, int64_t before);
void term_write(struct term *t, const char *bytes, size_t n); /* all of it, past curses */
bool term_fit(struct term *t); /* takes over the window's size; true when it changed */

/* paint.c */
void paint_theme(struct term *t, const struct theme *theme);
void paint_forget(struct term *t);
void paint_update(void); /* doupdate that loses no SIGTSTP */

/* input.c */
void input_start(struct term *t);

/* restore.c: signals and the way back. */
enum { RESTORE_WINCH = 1, RESTORE_STOP = 2, RESTORE_CONTINUE = 4 };
void restore_prepare(struct term *t); /* before newterm: remembers modes and handlers */
void restore_arm(struct term *t);     /* after newterm: sequences and handlers */
void restore_disarm(void);
bool restore_armed(void);       /* false: the terminal was given back by a crash */
unsigned restore_signals(void); /* what arrived since the last call */
int restore_signal_fd(void);
void restore_stop(struct term *t, bool group);

extern const char PASTE_ON[], PASTE_OFF[];

#endif

/* vt.h - a program on a pseudo terminal, with a screen that can be read.
 *
 * The program runs as a job of a tiny shell (a session leader that forks it into a
 * foreground group of its own), so that stopping and going on work as for a user.
 * Waits have a deadline in milliseconds and never sleep. */
#ifndef TESTS_VT_H
#define TESTS_VT_H

#include "base/base.h"

#include <termios.h>

struct vt;
struct vt_options {
    int rows, cols;          /* 0: 24 x 80 */
    const char *const *argv; /* NULL-terminated; argv[0] is a path */
    const char *const *env;  /* NULL-terminated "NAME=VALUE": added to PATH and HOME alone */
};

struct vt *vt_start(const struct vt_options *o);
void vt_free(struct vt *vt); /* kills what is left; NULL is fine */

void vt_send(struct vt *vt, const char *keys); /* bytes as a terminal would send them */
void vt_resize(struct vt *vt, int rows, int cols);
/* The program is told of a size, the screen stays as large as it is. libvterm 0.1 can end the test when
 * output for a larger screen reaches it after it has shrunk. */
void vt_tell_size(struct vt *vt, int rows, int cols);
void vt_signal(struct vt *vt, int number);
void vt_continue(struct vt *vt); /* fg */
void vt_hang_up(struct vt *vt);  /* the terminal goes away */

bool vt_pump(struct vt *vt, int ms); /* takes what comes within ms; false: nothing came */
bool vt_wait_text(struct vt *vt, const char *text, int ms);
bool vt_wait_gone(struct vt *vt, const char *text, int ms);
bool vt_wait_stop(struct vt *vt, int ms);
bool vt_wait_exit(struct vt *vt, int *status, int ms); /* status as of waitpid */
/* Nothing arrives for so long; false when it does not come to rest within ms. */
bool vt_wait_quiet(struct vt *vt, int quiet_ms, int ms);

const char *vt_text(struct vt *vt);               /* the screen, a line a row; valid until the next call */
const struct strbuf *vt_raw(const struct vt *vt); /* every byte received */
void vt_raw_clear(struct vt *vt);
bool vt_alternate(const struct vt *vt);
bool vt_cursor(const struct vt *vt);
bool vt_mouse(const struct vt *vt);
bool vt_modes_restored(const struct vt *vt); /* termios as before the start */
int vt_pid(const struct vt *vt);

/* Only what a well-behaved full-screen program sends: printable characters, colours,
 * cursor, erasing, modes, OSC 52. False and a sentence at anything else. */
bool vt_check_output(const char *bytes, size_t n, struct sd_error *err);

#endif

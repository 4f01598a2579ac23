/* script.h - keys and commands from a text, screens as text: the console without a
 * terminal. A step a line:
 *
 *   key NAME...      Enter, Esc, C-c, Down, or a character
 *   type TEXT        the characters one by one
 *   : COMMAND        as after :
 *   wait CONDITION   must hold: plan, rows>0, text REGEX
 *   size WxH         from here on
 *   print            the cells
 *
 * Empty lines and those that begin with # are left out. Without any `print` the last
 * screen is printed at the end. */
#ifndef UI_SCRIPT_H
#define UI_SCRIPT_H

#include "ui/console.h"

/* Runs the steps on `c`, drawing to `g`; screens are appended to `out`. False: the error
 * names the line. Ends early, without error, when a step quits. */
bool script_run(struct console *c, struct grid *g, const char *steps, struct strbuf *out,
                struct sd_error *err);

#endif

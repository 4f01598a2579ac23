/* past_shown.h - the console on a history: the newest is in the model and grows; any other span is brought by
 * the job READ_HISTORY into a model of its own, and shown once it is whole. */
#ifndef APP_PAST_SHOWN_H
#define APP_PAST_SHOWN_H

#include "ui/console.h"

struct app;
struct past_shown;

/* NULL-safe all. Main thread. */
struct past_shown *past_shown_new(struct app *a);
void past_shown_free(struct past_shown *p); /* after the console */
void past_shown_console(struct past_shown *p, struct console *c);
/* Takes a batch that belongs to a span that was asked for: it is not for the model. */
bool past_shown_take(struct past_shown *p, const struct sd_batch *b);
bool past_shown_brings(const struct past_shown *p); /* something that was asked for has not come yet */
bool past_shown_news(struct past_shown *p); /* has what the console waits for come since the last call? */

/* For the console (console_env). */
bool past_shown_reach(struct past_shown *p, sd_time at, struct console_reach *out);
struct console_looked past_shown_look(struct past_shown *p, const struct console_look *what);
void past_shown_off(struct past_shown *p);

#endif

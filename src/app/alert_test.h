/* alert_test.h - `alerts --test [ALERT]`: the exact requests of every step, without their secrets, and with
 * `yes` sends them. */
#ifndef APP_ALERT_TEST_H
#define APP_ALERT_TEST_H

#include "app/app.h"

/* alert NULL: for each escalation in use, its first alert. The exit status: EXIT_CHECK when a request could
 * not be made or sent, EXIT_USAGE with a complaint when there is nothing to be sent. */
int alert_test(struct app *a, const char *alert, sd_time at, bool yes);

#endif

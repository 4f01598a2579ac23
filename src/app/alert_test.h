/* alert_test.h - `alerts --test [ALERT]`: the exact requests of every step, without their secrets, and with
 * `yes` sends them. */
#ifndef APP_ALERT_TEST_H
#define APP_ALERT_TEST_H

#include "app/app.h"
#include "core/goals/alert_test.h"
#include "source/notify/notify_request.h"

/* One request, as it is shown, and what became of it. */
struct tested {
    const struct delivery *d;
    int64_t after_ns;
    struct notify_request r;
    struct sd_error err; /* it could not be made */
    bool made, sent;
    struct delivery_answer answer; /* of one that was sent */
};

struct testing {
    struct arena *arena;
    struct alert_test test;
    struct payload_about about;
    char host[256];
    struct tested *all; /* test.n of them */
};

/* alert NULL: for each escalation in use, its first alert. False and a sentence: there is nothing to be sent.
 * Free it also then. Nothing is sent yet. */
bool testing_make(struct testing *t, const struct goal_policy *p, const char *alert, sd_time at,
                  struct sd_error *err);
void testing_send(struct testing *t); /* blocks, for 15 s at most; any thread */
bool tested_well(const struct tested *x);
/* What is wrong with it; NULL: nothing. */
const char *tested_trouble(const struct tested *x);
/* The request without its secrets, as it is sent. Caller frees. */
char *tested_text(const struct tested *x);
void testing_free(struct testing *t);

/* alert NULL: for each escalation in use, its first alert. The exit status: EXIT_CHECK when a request could
 * not be made or sent, EXIT_USAGE with a complaint when there is nothing to be sent. */
int alert_test(struct app *a, const char *alert, sd_time at, bool yes);

#endif

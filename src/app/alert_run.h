/* alert_run.h - the end of an evaluation of alerts: who is due to be told is told. For `alerts --notify` and
 * the agent. */
#ifndef APP_ALERT_RUN_H
#define APP_ALERT_RUN_H

#include "app/alert_store.h"
#include "app/app.h"
#include "core/goals/alert_log.h"

/* What an evaluation was made with; all of it is the caller's. */
struct alert_run {
    const char *const *sources; /* what opens the console there */
    size_t n_sources;
    const struct alert_store *store;
    struct alerting *engine; /* just evaluated */
    struct alert_log *log;   /* gets a notice for each message */
    struct arena *arena;
    sd_time at;
    int64_t began; /* clock_mono() when the evaluation began */
};
/* Notes what is due, sends it, and notes what came of it: after a crash in between it is sent once more with
 * the same keys. The whole evaluation takes at most 15 s, whatever receivers do; any thread, on which all of
 * the run is then. *status: EXIT_FINE, or EXIT_CHECK when something did not arrive. False and a sentence: the
 * state cannot be written. */
bool alert_deliver(const struct alert_run *run, int *status, struct sd_error *err);

#endif

/* agent_alerts.h - the alerts of the agent: evaluated on the main thread, where the figures are; who is due
 * is told on a thread of its own, so that a receiver that hangs delays nothing. The state is read before each
 * evaluation and let go after it: people acknowledge and silence in between. */
#ifndef APP_AGENT_ALERTS_H
#define APP_AGENT_ALERTS_H

#include "app/app.h"

struct agent_alerts_options {
    struct app *app;
    const char *state; /* folder; NULL: the usual */
    const char *const *sources;
    size_t n_sources; /* what opens the console there, for the messages */
    int64_t every_ns;
    /* Changes of states, as a batch of events; main thread. */
    void (*changed)(void *ctx, const struct sd_batch *events);
    void *changed_ctx;
};

struct agent_alerts;
struct agent_alerts *agent_alerts_new(const struct agent_alerts_options *o);
/* Ends what is under way. NULL is fine. */
void agent_alerts_free(struct agent_alerts *x);
/* Is an evaluation under way? Ends one whose messages are sent, and says what became of them. */
bool agent_alerts_busy(struct agent_alerts *x);
/* Begins one; the one before is over. False: it could not be done, which is said once. */
bool agent_alerts_evaluate(struct agent_alerts *x, sd_time at);

/* Of the last evaluation. */
struct agent_alert {
    const char *alert, *instance; /* instance NULL: the total */
    const char *severity;
    bool firing;
};
size_t agent_alerts_states(const struct agent_alerts *x, const struct agent_alert **out);

#endif

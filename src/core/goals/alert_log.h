/* alert_log.h - what a run of the alerts did: messages and changes of states, in their order. Texts are
 * copied. One thread. */
#ifndef CORE_GOALS_ALERT_LOG_H
#define CORE_GOALS_ALERT_LOG_H

#include "core/goals/alerting.h"

struct alert_notice {
    sd_time at;
    const char *incident, *alert, *receiver, *error; /* error NULL: none */
    enum goal_severity severity;
    enum delivery_kind kind;
    size_t step;
    enum goal_receiver_type type;
    const char *status; /* sent, failed, retrying, withheld, planned */
    int attempts;
    const char *const *instances; /* NULL in it: the total */
    size_t n_instances;
};

struct alert_line {
    sd_time at;
    const char *alert, *instance;
    enum alert_state from, to;
    double value;
    const char *unit;
};

struct alert_log {
    struct arena *arena;
    struct alert_notice *notices;
    size_t n_notices, cap_notices;
    struct alert_line *lines;
    size_t n_lines, cap_lines;
};

void alert_log_init(struct alert_log *l);
void alert_log_free(struct alert_log *l);
/* status NULL: as `sent` says. */
void alert_log_notice(struct alert_log *l, const struct delivery *d, const struct alert_sent *sent,
                      const char *status);
/* A function alerting.changed; ctx: the log. */
void alert_log_change(void *ctx, const struct alert_change *c);

#endif

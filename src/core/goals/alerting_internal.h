/* alerting_internal.h - between the files of the engine of alerts. */
#ifndef CORE_GOALS_ALERTING_INTERNAL_H
#define CORE_GOALS_ALERTING_INTERNAL_H

#include "core/goals/alerting.h"

/* Opens, closes and forgets incidents, and lets their escalation go on, after all rules were evaluated. */
void alert_incidents_step(struct alerting *a);
void alert_incident_free(struct alert_incident *x);
void alert_sent_clear(struct alert_incident *x); /* what is noted as sent */
/* The instances among which those of an incident are. */
struct alert_instance **alert_candidates(struct alert_incident *x, size_t *n);
/* How much of the time since then until now what fires of an incident was not silenced. */
int64_t alert_loud_ns(const struct alerting *a, struct alert_incident *x, sd_time since);
/* All that fires of it; of one that is closed all that did. */
bool alert_all_silenced(const struct alerting *a, struct alert_incident *x);

/* Adds what has become due of it. */
void alert_steps(struct alerting *a, struct alert_incident *x);
/* Makes deliveries of all that is due of it now, and notes them as begun. */
void alert_deliveries(struct alerting *a, struct alert_incident *x);
bool alert_is_due(const struct alerting *a, const struct alert_sent *s);
bool alert_to_manager(const struct alerting *a, const char *receiver); /* is it an Alertmanager? */
/* Has that receiver got something of it? *step: its first step that got there. */
bool alert_has_heard(const struct alert_incident *x, const char *receiver, size_t *step);
bool alert_has_kind(const struct alert_incident *x, const char *receiver, enum delivery_kind kind);

void alert_silence_free(struct alert_silence *s);
/* Forgets silences that ended before the last evaluation. */
void alert_silences_prune(struct alerting *a);

#endif

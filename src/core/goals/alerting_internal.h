/* alerting_internal.h - between the files of the engine of alerts. */
#ifndef CORE_GOALS_ALERTING_INTERNAL_H
#define CORE_GOALS_ALERTING_INTERNAL_H

#include "core/goals/alerting.h"

/* Opens, closes and forgets incidents, and lets their escalation go on, after all rules were evaluated. */
void alert_incidents_step(struct alerting *a);
void alert_incident_free(struct alert_incident *x);
void alert_silence_free(struct alert_silence *s);
/* Forgets silences that ended before the last evaluation. */
void alert_silences_prune(struct alerting *a);

#endif

/* alert_state.h - the state of the engine of alerts as text: JSON, one object. It holds what was found and
 * who was told, never where to: addresses and keys are the policy's. Moments are ns since 1970, as texts.
 * Pure; one thread for an engine. */
#ifndef FORMAT_GOALS_ALERT_STATE_H
#define FORMAT_GOALS_ALERT_STATE_H

#include "core/goals/alerting.h"

/* Some 90,000 instances that fire each by themselves; to read as much takes ten times the memory. */
enum { ALERT_STATE_VERSION = 1, ALERT_STATE_BYTES_MAX = 64 << 20 };

void alert_state_write(const struct alerting *a, struct strbuf *out);
/* Into an engine that has only just been made. False and a sentence: it is cut, damaged or of a newer
 * program; then the engine is as good as nothing and only to be freed. */
bool alert_state_read(struct alerting *a, const char *text, size_t len, struct sd_error *err);

#endif

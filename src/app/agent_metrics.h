/* agent_metrics.h - `agent --listen`: what Prometheus fetches. In turns of the agent's loop; a loopback
 * address only, GET /metrics and nothing else. */
#ifndef APP_AGENT_METRICS_H
#define APP_AGENT_METRICS_H

#include "app/agent_alerts.h"
#include "core/history/exposed.h"
#include "store/recorder.h"

struct agent_metrics;
/* address: 127.0.0.1:9464. NULL and a sentence. */
struct agent_metrics *agent_metrics_open(struct app *a, const char *address, struct sd_error *err);
void agent_metrics_close(struct agent_metrics *m); /* NULL is fine */
void agent_metrics_take(struct agent_metrics *m, const struct sd_batch *b);
/* The states of alerts and of the recorder, from now on; NULL: there is none. */
void agent_metrics_state(struct agent_metrics *m, const struct agent_alerts *alerts,
                         const struct history_recorder_stats *recorder);
int agent_metrics_fd(const struct agent_metrics *m); /* -1: there is no server */
void agent_metrics_turn(struct agent_metrics *m);

#endif

#include "app/alert_run.h"

#include "app/alert_command.h"
#include "base/clock.h"

#include "core/goals/heartbeat.h"
#include "source/notify/notify.h"

#include <stdlib.h>
#include <unistd.h>

/* Where evaluating took nearly all of the time, so much is left for telling somebody. */
#define LEAST SD_S

/* One that did not arrive is sent again at the next evaluation. */
static void log_beat(const struct alert_run *e, const struct delivery *d, const struct delivery_answer *r,
                     int *status)
{
    bool arrived = r->status >= 200 && r->status < 300;
    const struct alert_sent s = {.attempts = 1, .error = *r->error ? (char *)r->error : NULL};
    if (!arrived)
        *status = EXIT_CHECK;
    if (!arrived)
        alert_log_notice(e->log, d, &s, "retrying");
}

bool alert_deliver(const struct alert_run *e, int *status, struct sd_error *err)
{
    const struct delivery *due;
    char host[256] = "";
    size_t n = alerting_due(e->engine, &due);
    if (!alert_store_write(e->store, e->engine, err))
        return false;
    *status = EXIT_FINE;
    struct delivery *all = mem_array(n + 1, sizeof *all);
    for (size_t i = 0; i < n; i++)
        all[i] = due[i];
    bool beat = heartbeat_due(e->engine->policy, e->engine->beat_at, e->at) &&
                heartbeat_delivery(e->engine->policy, e->at, e->arena, &all[n]);
    if (!n && !beat) {
        free(all);
        return true;
    }
    struct delivery_answer *answers = mem_array(n + 1, sizeof *answers);
    char *console = alert_command(e->sources, e->n_sources);
    gethostname(host, sizeof host - 1);
    struct payload_about about = {.host = host, .console = console};
    int64_t left = NOTIFY_ALL - (clock_mono() - e->began);
    notify_send_within(&about, all, n + beat, answers, NOTIFY_REQUEST, MAX(left, LEAST));
    if (beat && answers[n].status >= 200 && answers[n].status < 300)
        e->engine->beat_at = e->at;
    if (beat)
        log_beat(e, &all[n], &answers[n], status);
    for (size_t i = 0; i < n; i++) {
        const struct alert_sent *s = alerting_answer(e->engine, i, &answers[i]);
        alert_log_notice(e->log, &due[i], s, NULL);
        if (s->state != DELIVERY_IS_SENT)
            *status = EXIT_CHECK;
    }
    free(console);
    free(all);
    free(answers);
    return alert_store_write(e->store, e->engine, err);
}

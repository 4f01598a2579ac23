/* Any bytes as the state of alerts: refused in one sentence, or an engine that goes on with it. */
#include "conf/policy.h"
#include "format/goals/alert_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char POLICY[] =
    "kpis:\n  - {name: api, signal: http.latency, quantile: 0.95, target: 100ms, alert: {above: 2x}}\n"
    "  - {name: cpu, signal: 'metric:host.cpu', target: 0.7, alert: {above: 0.8, group: instance}}\n"
    "receivers:\n  chat: {type: webhook, url: 'http://127.0.0.1:1/c'}\n"
    "  am: {type: alertmanager, url: 'http://127.0.0.1:1'}\n"
    "escalations: {default: [{after: 0s, to: chat}, {after: 5m, to: am}]}\n"
    "silences: [{match: {alert: cpu}, weekly: 'Sun 02:00-04:00', why: backup}]\n";

/* As the console does of a moment before it. */
static void look_at(const struct goal_policy *p, const struct alerting *state)
{
    struct sd_error err = {""};
    const struct alert_input in = {.value = 1, .holds = true, .threshold = (double)NAN};
    struct alerting *look = alerting_new(p, 15 * SD_S);
    look->only_looks = true;
    if (!alerting_begin(look, (sd_time)1795911000 * SD_S, &err))
        abort();
    for (size_t r = 0; r < look->n_rules; r++)
        alerting_rule(look, r, &in, 1);
    alerting_end(look);
    alerting_unname(look, SD_UNKNOWN);
    alerting_recall(look, state);
    alerting_free(look);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct goal_policy p;
    struct sd_error err = {""};
    const struct delivery *due;
    const struct delivery_answer busy = {.status = 429, .retry_after_ns = 1};
    if (!policy_read_text(&p, "fuzz", POLICY, sizeof POLICY - 1, &err))
        abort();
    struct alerting *a = alerting_new(&p, 15 * SD_S);
    if (!alert_state_read(a, (const char *)data, size, &err)) {
        if (!*err.text)
            abort();
    } else {
        const struct alert_input in = {.value = 1, .holds = true, .threshold = (double)NAN};
        for (int i = 0; i < 2 && alerting_begin(a, (sd_time)(1795910400 + i * 900) * SD_S, &err); i++) {
            for (size_t r = 0; r < a->n_rules; r++)
                alerting_rule(a, r, &in, r == 0);
            alerting_end(a);
            for (size_t k = 0; k < alerting_due(a, &due); k++)
                alerting_answer(a, k, &busy);
        }
        struct strbuf text = {0}, copied = {0};
        alert_state_write(a, &text);
        look_at(&p, a);
        struct alerting *c = alerting_copy(a);
        alert_state_write(c, &copied);
        if (strcmp(text.text, copied.text) != 0)
            abort();
        alerting_free(c);
        strbuf_free(&copied);
        struct alerting *b = alerting_new(&p, 15 * SD_S);
        if (!alert_state_read(b, text.text, text.len, &err))
            abort();
        alerting_free(b);
        strbuf_free(&text);
    }
    alerting_free(a);
    policy_free(&p);
    return 0;
}

/* Any bytes as a policy: read or refused in one sentence, and what was read holds together. */
#include "conf/policy.h"
#include "core/goals/slo_rules.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void plain(const char *sentence)
{
    if (!*sentence)
        abort();
    for (; *sentence; sentence++)
        if ((unsigned char)*sentence < 0x20 || *sentence == 0x7f)
            abort();
}

/* Who evaluates it relies on these. */
static void sound(const struct goal_policy *p)
{
    for (size_t i = 0; i < p->n_kpis; i++) {
        const struct goal_kpi *k = &p->kpis[i];
        if (!*k->name || !k->figure.text || k->figure.window_ns <= 0 || k->alert.for_ns < 0 ||
            (k->has_alert && !isfinite(k->alert.limit.value)))
            abort();
    }
    for (size_t i = 0; i < p->n_slos; i++) {
        const struct goal_slo *s = &p->slos[i];
        if (!*s->name || !(s->objective > 0 && s->objective < 1) || s->window_ns <= 0 || s->min_events < 0)
            abort();
        if ((s->figure.signal == GOAL_HTTP_LATENCY) != sd_known(s->good_below_ns))
            abort();
        for (size_t k = 0; k < s->n_pairs; k++)
            if (s->pairs[k].long_ns <= 0 || s->pairs[k].short_ns <= 0)
                abort();
    }
    for (size_t i = 0; i < p->n_budgets; i++)
        if (!isfinite(p->budgets[i].max) && !isfinite(p->budgets[i].regress))
            abort();
    for (size_t i = 0; i < p->n_silences; i++)
        if (p->silences[i].minutes <= 0 || p->silences[i].minutes > 24 * 60)
            abort();
    for (size_t i = 0; i < p->n_notes; i++)
        plain(p->notes[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct goal_policy p;
    struct sd_error err = {""};
    struct strbuf rules = {0};
    setlocale(LC_CTYPE, "C.UTF-8");
    if (policy_read_text(&p, "fuzz.yaml", (const char *)data, size, &err)) {
        sound(&p);
        slo_rules_prometheus(&p, &rules);
        for (const char *c = strbuf_text(&rules); *c; c++)
            if ((unsigned char)*c < 0x20 && *c != '\n')
                abort();
    } else {
        plain(err.text);
        if (p.arena)
            abort();
    }
    strbuf_free(&rules);
    policy_free(&p);
    return 0;
}

#include "app/check_policy.h"

#include "base/clock.h"
#include "base/num.h"
#include "base/units.h"
#include "conf/policy.h"
#include "core/goals/policy_checks.h"
#include "view/goals/hop_checks.h"

#include <unistd.h>

enum { SIGNALS_MAX_BYTES = 256 << 20 };

bool policy_run_begin(struct policy_run *r, struct app *a)
{
    const struct goal_policy *p = &a->config->policy;
    struct sd_error err = {""};
    *r = (struct policy_run){.app = a, .end = SD_UNKNOWN, .at = SD_UNKNOWN};
    if (cli_has(a->cli, CLI_WINDOW) &&
        (!unit_parse_duration(a->cli->values[CLI_WINDOW], &r->window_ns, &err) || r->window_ns <= 0)) {
        complain("--window: %s", err.text[0] ? err.text : "must be more than 0");
        return false;
    }
    if (p->named || p->of_folder)
        r->sides[r->n++].policy = p;
    return true;
}

bool policy_run_budgets(struct policy_run *r, const char *path, const char *text, size_t len,
                        struct sd_error *err)
{
    r->has_own = true;
    if (!policy_read_text(&r->own, path, text, len, err))
        return false;
    r->sides[r->n++].policy = &r->own;
    return true;
}

bool policy_run_checks(const struct policy_run *r)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct goal_policy *p = r->sides[i].policy;
        if (policy_checks_count(p) || p->hops.n || p->size_budgets)
            return true;
    }
    return false;
}

/* ---- data ---- */

static struct signals *store_for(const struct goal_policy *p)
{
    const struct signals_limits limits = {.keep_ns = INT64_MAX, .max_bytes = SIGNALS_MAX_BYTES};
    struct signals *s = signals_new(p, &limits);
    char host[256] = "";
    if (gethostname(host, sizeof host - 1) == 0)
        signals_set_host(s, host);
    return s;
}

/* The end of what happens over time. A build or a report of Lighthouse stands until the next one; made today
 * it would end the windows of a log of last week. */
static void note_end(struct policy_run *r, const struct sd_batch *b)
{
    const sd_kinds over_time = SD_KIND_BIT(SD_HTTP) | SD_KIND_BIT(SD_LATENCY) | SD_KIND_BIT(SD_METRIC) |
                               SD_KIND_BIT(SD_STATEMENT) | SD_KIND_BIT(SD_SPANS);
    const struct sd_http *h;
    const struct sd_latency *l;
    sd_time end = batch_time(b);
    if (!(batch_kinds(b) & over_time))
        return;
    for (size_t i = 0; (h = batch_each(b, SD_HTTP, &i));)
        if (h->interval_ns > 0)
            end = MAX(end, add_sat(batch_time(b), h->interval_ns));
    for (size_t i = 0; (l = batch_each(b, SD_LATENCY, &i));)
        if (l->interval_ns > 0)
            end = MAX(end, add_sat(batch_time(b), l->interval_ns));
    r->end = MAX(r->end, end); /* unknown is the smallest */
}

static void take_now(void *ctx, const struct sd_batch *b)
{
    struct policy_run *r = ctx;
    note_end(r, b);
    for (size_t i = 0; i < r->n; i++)
        signals_take(r->sides[i].now, b);
}

static void take_before(void *ctx, const struct sd_batch *b)
{
    struct policy_run *r = ctx;
    for (size_t i = 0; i < r->n; i++)
        signals_take(r->sides[i].before, b);
}

void policy_run_listen(struct policy_run *r, struct app *a, bool before)
{
    for (size_t i = 0; i < r->n; i++) {
        struct signals *s = store_for(r->sides[i].policy);
        if (before)
            r->sides[i].before = s;
        else
            r->sides[i].now = s;
    }
    a->taken = before ? take_before : take_now;
    a->taken_ctx = r;
}

/* ---- the moment ---- */

/* The present while a source is live, else the end of the data. */
static bool choose_moment(struct policy_run *r, bool live, struct sd_error *err)
{
    const char *text = r->app->cli->values[CLI_AT];
    sd_time first = signals_first(r->sides[0].now), last = signals_last(r->sides[0].now);
    r->at = live ? clock_wall() : sd_known(r->end) ? r->end : last;
    r->standing = live ? r->at : last;
    struct sd_error why;
    if (!text)
        return true;
    if (!clock_parse_within(text, first, sd_known(r->at) ? r->at : clock_wall(), &r->at, &why))
        return fail(err, "--at: %s", why.text);
    r->standing = r->at;
    return true;
}

/* Hops are measured over the window of the policy's figures when none is given. */
static void add_hops(const struct policy_run *r, const struct goal_policy *p, bool live,
                     struct check_list *out)
{
    int64_t window = r->window_ns ? r->window_ns : 300 * SD_S;
    const struct view_ctx c = {.model = r->app->model,
                               .span = sd_known(r->at) ? (struct span){r->at - window, r->at + 1} : SPAN_ALL,
                               .now = r->at,
                               .live = live,
                               .hops = &p->hops};
    hop_checks_add(&c, p, out);
}

bool policy_run_add(struct policy_run *r, struct check_list *out, struct sd_error *err)
{
    bool live = r->app->n_sources > 0 && !r->app->replay && !rt_finished(r->app->rt);
    if (!r->n || !choose_moment(r, live, err))
        return r->n == 0;
    for (size_t i = 0; i < r->n; i++) {
        const struct policy_side *s = &r->sides[i];
        const char *notes[8];
        signals_set_live(s->now, live);
        policy_checks_add(&(struct policy_checks){.policy = s->policy,
                                                  .now = s->now,
                                                  .before = s->before,
                                                  .at = r->at,
                                                  .standing = r->standing,
                                                  .window_ns = r->window_ns},
                          out);
        add_hops(r, s->policy, live, out);
        for (size_t k = 0, n = signals_notes(s->now, notes, ARRAY_LEN(notes)); k < n; k++)
            check_note(out, "%s", notes[k]);
    }
    return true;
}

void policy_run_free(struct policy_run *r)
{
    for (size_t i = 0; i < r->n; i++) {
        signals_free(r->sides[i].now);
        signals_free(r->sides[i].before);
    }
    if (r->has_own)
        policy_free(&r->own);
}

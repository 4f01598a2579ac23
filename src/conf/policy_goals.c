/* policy_goals.c - what is measured and how good it must be: kpis, slos, budgets. */
#include "conf/policy_reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"

#define MINUTE (60 * (int64_t)1000000000)
#define DAY    (24 * 60 * MINUTE)

const char *const POLICY_SEVERITIES[] = {[GOAL_WARNING] = "warning", [GOAL_CRITICAL] = "critical", NULL};

/* ---- figures ---- */

static bool is_http(enum goal_signal s)
{
    return s == GOAL_HTTP_LATENCY || s == GOAL_HTTP_ERRORS || s == GOAL_HTTP_RATE || s == GOAL_HTTP_BYTES;
}

static bool read_signal(struct policy_reader *r, const struct tree_node *item, struct goal_figure *f)
{
    const struct tree_node *n = policy_member(item, "signal");
    if (!n) {
        policy_mistake(r, item, "a signal is missing; expected one such as http.latency");
        return false;
    }
    f->text = policy_text(r, item, "signal");
    if (!f->text)
        return false;
    if (str_starts(f->text, "metric:") && f->text[strlen("metric:")]) {
        f->signal = GOAL_METRIC;
        f->metric = f->text + strlen("metric:");
        return true;
    }
    const char *names[GOAL_METRIC];
    for (int s = 0; s < GOAL_METRIC; s++) {
        names[s] = goal_signal_name((enum goal_signal)s);
        f->signal = (enum goal_signal)s;
        if (!strcmp(names[s], f->text))
            return true;
    }
    const char *meant = tree_suggest(f->text, names, ARRAY_LEN(names));
    policy_mistake(r, n, "there is no signal \"%.60s\"; %s%s%s", f->text,
                   meant ? "did you mean \"" : "expected one such as http.latency or metric:NAME",
                   meant ? meant : "", meant ? "\"?" : "");
    return false;
}

static void read_quantile(struct policy_reader *r, const struct tree_node *item, struct goal_figure *f)
{
    const struct tree_node *n = policy_member(item, "quantile");
    f->quantile = goal_signal_has_quantile(f->signal) ? policy_share(r, item, "quantile", 0.95) : (double)NAN;
    if (!n || policy_stopped(r))
        return;
    if (!goal_signal_has_quantile(f->signal))
        policy_mistake(r, n, "quantile belongs to http.latency and db.latency, not to %.60s", f->text);
    else if (f->quantile <= 0 || f->quantile >= 1)
        policy_wrong(r, n, "quantile", "a share between 0 and 1, such as 0.95");
}

/* signal, quantile, per, aggregate, window, match; false: there is no signal. */
static bool read_figure(struct policy_reader *r, const struct tree_node *item, struct goal_figure *f)
{
    static const char *const PER[] = {
        [GOAL_TOTAL] = "total", [GOAL_PER_ENDPOINT] = "endpoint", [GOAL_PER_HOST] = "host", NULL};
    static const char *const AGGREGATES[] = {
        [GOAL_MEAN] = "mean", [GOAL_MAX] = "max", [GOAL_LAST] = "last", NULL};
    if (!read_signal(r, item, f))
        return false;
    read_quantile(r, item, f);
    f->per = (enum goal_per)policy_word(r, item, "per", PER, GOAL_TOTAL);
    f->aggregate = (enum goal_aggregate)policy_word(r, item, "aggregate", AGGREGATES, GOAL_MEAN);
    f->window_ns = policy_duration(r, item, "window", SD_S, 5 * MINUTE);
    f->window_given = policy_member(item, "window") != NULL;
    policy_match(r, item, &f->match);
    if (f->per != GOAL_TOTAL && !is_http(f->signal))
        policy_mistake(r, policy_member(item, "per"), "per belongs to the signals of http, not to %.60s",
                       f->text);
    if (policy_member(item, "aggregate") && f->signal != GOAL_METRIC)
        policy_mistake(r, policy_member(item, "aggregate"), "aggregate belongs to metric:NAME, not to %.60s",
                       f->text);
    return !policy_stopped(r);
}

/* ---- alerts ---- */

/* "2x"; NAN: it is none. */
static double times(const struct tree_node *n)
{
    double v = (double)NAN;
    size_t len = n->kind == TREE_SCALAR ? strlen(n->text) : 0;
    if (len < 2 || len > 40 || n->text[len - 1] != 'x')
        return v;
    char number[48];
    snprintf(number, sizeof number, "%.*s", (int)len - 1, n->text);
    return num_parse_real(number, &v) && v > 0 ? v : (double)NAN;
}

static void read_limit(struct policy_reader *r, const struct tree_node *n, const struct goal_kpi *k,
                       struct goal_limit *out)
{
    const struct tree_node *above = policy_member(n, "above"), *below = policy_member(n, "below");
    const struct tree_node *v = above ? above : below;
    if (!v || (above && below)) {
        policy_mistake(r, v ? below : n, "an alert needs %s above and below%s", v ? "only one of" : "one of",
                       v ? "" : ", such as above: 2x");
        return;
    }
    double factor = times(v);
    out->below = !above;
    out->value = isfinite(factor) ? factor * k->target
                                  : policy_value(r, v, k->figure.signal, above ? "above" : "below");
    if (isfinite(factor) && !isfinite(k->target))
        policy_mistake(r, v, "%.40s is a multiple of the target, and this KPI has none", v->text);
}

static const char *const MISSING[] = {
    [GOAL_KEEP] = "keep", [GOAL_FIRE] = "fire", [GOAL_OK] = "ok", "skip", "fail", NULL};
enum { MISSING_SKIP = GOAL_OK + 1 };

static void read_alert(struct policy_reader *r, const struct tree_node *n, struct goal_kpi *k)
{
    static const char *const KEYS[] = {"above",   "below", "for",        "keep_firing", "severity",
                                       "missing", "group", "escalation", NULL};
    static const char *const ALERT_MISSING[] = {
        [GOAL_KEEP] = "keep", [GOAL_FIRE] = "fire", [GOAL_OK] = "ok", NULL};
    static const char *const GROUPS[] = {"alert", "instance", NULL};
    struct goal_alert *a = &k->alert;
    if (!policy_map(r, n, KEYS, "alert", "keys such as above: 2x"))
        return;
    k->has_alert = true;
    read_limit(r, n, k, &a->limit);
    a->for_ns = policy_duration(r, n, "for", 0, 0);
    a->keep_firing_ns = policy_duration(r, n, "keep_firing", 0, 5 * MINUTE);
    a->severity = (enum goal_severity)policy_word(r, n, "severity", POLICY_SEVERITIES, GOAL_WARNING);
    a->missing = (enum goal_missing)policy_word(r, n, "missing", ALERT_MISSING, (int)a->missing);
    a->by_instance = policy_word(r, n, "group", GROUPS, 0) == 1;
    a->escalation = policy_text(r, n, "escalation");
}

/* ---- kpis ---- */

static bool begin_item(struct policy_reader *r, const struct tree_node *n, const char *const *keys,
                       const char *what)
{
    return !policy_stopped(r) && policy_map(r, n, keys, what, "keys such as name and signal");
}

static void read_kpi(struct policy_reader *r, const struct tree_node *n, struct name_index *names,
                     struct goal_kpi *k)
{
    static const char *const KEYS[] = {"name",  "signal", "quantile", "per",      "aggregate", "window",
                                       "match", "target", "alert",    "playbook", "missing",   NULL};
    *k = (struct goal_kpi){.name = "", .target = (double)NAN, .line = policy_line(r, n)};
    if (!begin_item(r, n, KEYS, "a KPI"))
        return;
    k->name = policy_name(r, n, "a KPI", names);
    if (!read_figure(r, n, &k->figure))
        return;
    const struct tree_node *target = policy_member(n, "target"), *alert = policy_member(n, "alert");
    if (target)
        k->target = policy_value(r, target, k->figure.signal, "target");
    k->playbook = policy_text(r, n, "playbook");
    /* One word for both: of `skip` and `fail` the check speaks, of the others the alert. */
    int missing = policy_word(r, n, "missing", MISSING, GOAL_KEEP);
    k->skip_missing = missing == MISSING_SKIP;
    k->alert.missing = missing < MISSING_SKIP ? (enum goal_missing)missing : GOAL_KEEP;
    if (alert && !policy_stopped(r))
        read_alert(r, alert, k);
    k->higher = k->has_alert
                    ? k->alert.limit.below
                    : k->figure.signal == GOAL_LIGHTHOUSE_SCORE || k->figure.signal == GOAL_HTTP_RATE;
}

void policy_read_kpis(struct policy_reader *r, const struct tree_node *list)
{
    struct name_index names = {0};
    size_t n, i = 0;
    if (!policy_list(r, list, "kpis", "a list", &n))
        return;
    struct goal_kpi *k = arena_alloc(r->arena, (n + 1) * sizeof *k);
    for (const struct tree_node *c = list->child; c && !policy_stopped(r); c = c->next)
        read_kpi(r, c, &names, &k[i++]);
    r->policy->kpis = k;
    r->policy->n_kpis = i;
    name_index_free(&names);
}

/* ---- slos ---- */

void policy_usual_pairs(struct policy_reader *r, struct goal_slo *s)
{
    static const struct {
        double share, factor;
        enum goal_severity severity;
    } USUAL[] = {{0.02, 14.4, GOAL_CRITICAL},
                 {0.05, 6, GOAL_CRITICAL},
                 {0.10, 3, GOAL_WARNING},
                 {0.10, 1, GOAL_WARNING}};
    struct goal_pair *p = arena_alloc(r->arena, ARRAY_LEN(USUAL) * sizeof *p);
    for (size_t i = 0; i < ARRAY_LEN(USUAL); i++) {
        int64_t whole = real_to_int(USUAL[i].share * (double)s->window_ns / USUAL[i].factor);
        p[i] = (struct goal_pair){.long_ns = whole,
                                  .short_ns = whole / 12,
                                  .factor = USUAL[i].factor,
                                  .severity = USUAL[i].severity};
    }
    s->pairs = p;
    s->n_pairs = ARRAY_LEN(USUAL);
}

/* 10 * (1 - 0.9) is 1 for people, and a little less in binary. */
void policy_note_slo(struct policy_reader *r, const struct goal_slo *s)
{
    const double one = 1 - 1e-12;
    for (size_t i = 0; i < s->n_pairs; i++)
        if (s->pairs[i].factor * (1 - s->objective) >= one)
            policy_note(
                r,
                "slo %.100s: pair %zu can never fire: at an objective of %g no burn rate is above %.4g, "
                "and its factor is %g",
                s->name, i + 1, s->objective, 1 / (1 - s->objective), s->pairs[i].factor);
}

static void read_pair(struct policy_reader *r, const struct tree_node *n, const struct goal_slo *s,
                      struct goal_pair *p)
{
    static const char *const KEYS[] = {"long", "short", "factor", "severity", NULL};
    if (!policy_map(r, n, KEYS, "a pair", "long, short, factor and severity"))
        return;
    p->long_ns = policy_duration(r, n, "long", SD_S, SD_UNKNOWN);
    p->factor = policy_number(r, n, "factor", (double)NAN);
    if (!sd_known(p->long_ns) || !isfinite(p->factor)) {
        policy_mistake(r, n, "a pair has no %s", sd_known(p->long_ns) ? "factor" : "long window");
        return;
    }
    p->short_ns = policy_duration(r, n, "short", SD_S, p->long_ns / 12);
    p->severity = (enum goal_severity)policy_word(r, n, "severity", POLICY_SEVERITIES, GOAL_WARNING);
    if (p->short_ns > p->long_ns)
        policy_mistake(r, n, "the short window of a pair is longer than the long one");
    else if (p->long_ns > s->window_ns)
        policy_mistake(r, n, "the long window of a pair is longer than the window of the objective");
}

static void read_pairs(struct policy_reader *r, const struct tree_node *list, struct goal_slo *s)
{
    enum { PAIRS_MAX = 20 };
    size_t n;
    if (!policy_list(r, list, "pairs", "a list", &n))
        return;
    if (n > PAIRS_MAX) {
        policy_mistake(r, list, "there are more than %d pairs", PAIRS_MAX);
        return;
    }
    struct goal_pair *p = arena_alloc(r->arena, (n + 1) * sizeof *p);
    for (const struct tree_node *c = list->child; c && !policy_stopped(r); c = c->next)
        read_pair(r, c, s, &p[s->n_pairs++]);
    s->pairs = p;
}

/* What an objective is about: signal, good_below, match. */
static void read_indicator(struct policy_reader *r, const struct tree_node *n, struct goal_slo *s)
{
    const struct tree_node *good = policy_member(n, "good_below");
    if (!read_signal(r, n, &s->figure))
        return;
    s->figure.quantile = (double)NAN;
    s->figure.window_ns = s->window_ns;
    policy_match(r, n, &s->figure.match);
    s->good_below_ns = policy_duration(r, n, "good_below", 1, SD_UNKNOWN);
    if (s->figure.signal != GOAL_HTTP_LATENCY && s->figure.signal != GOAL_HTTP_ERRORS)
        policy_mistake(r, policy_member(n, "signal"),
                       "%.60s has no objective; expected http.latency or http.errors", s->figure.text);
    else if (s->figure.signal == GOAL_HTTP_LATENCY && !good)
        policy_mistake(r, n, "an objective of http.latency needs good_below, such as 300ms");
    else if (s->figure.signal == GOAL_HTTP_ERRORS && good)
        policy_mistake(r, good, "good_below belongs to http.latency, not to http.errors");
}

static void read_slo(struct policy_reader *r, const struct tree_node *n, struct name_index *names,
                     struct goal_slo *s)
{
    static const char *const KEYS[] = {"name",       "objective", "window",     "signal",
                                       "good_below", "match",     "min_events", "pairs",
                                       "missing",    "playbook",  "escalation", NULL};
    static const char *const ALERT_MISSING[] = {
        [GOAL_KEEP] = "keep", [GOAL_FIRE] = "fire", [GOAL_OK] = "ok", NULL};
    const struct tree_node *pairs = policy_member(n, "pairs");
    *s = (struct goal_slo){.name = "", .line = policy_line(r, n), .good_below_ns = SD_UNKNOWN};
    if (!begin_item(r, n, KEYS, "an objective"))
        return;
    s->name = policy_name(r, n, "an objective", names);
    s->objective = policy_share(r, n, "objective", (double)NAN);
    if (policy_stopped(r))
        return;
    if (!isfinite(s->objective))
        policy_mistake(r, n, "an objective has no objective, such as 0.999");
    else if (s->objective <= 0 || s->objective >= 1)
        policy_wrong(r, policy_member(n, "objective"), "objective", "a share between 0 and 1, such as 0.999");
    s->window_ns = policy_duration(r, n, "window", 60 * SD_S, 30 * DAY);
    s->min_events = real_to_int(policy_number(r, n, "min_events", 100));
    s->missing = (enum goal_missing)policy_word(r, n, "missing", ALERT_MISSING, GOAL_KEEP);
    s->playbook = policy_text(r, n, "playbook");
    s->escalation = policy_text(r, n, "escalation");
    read_indicator(r, n, s);
    if (pairs)
        read_pairs(r, pairs, s);
    else
        policy_usual_pairs(r, s);
    if (!policy_stopped(r))
        policy_note_slo(r, s);
}

void policy_read_slos(struct policy_reader *r, const struct tree_node *list)
{
    struct name_index names = {0};
    size_t n, i = 0;
    if (!policy_list(r, list, "slos", "a list", &n))
        return;
    struct goal_slo *s = arena_alloc(r->arena, (n + 1) * sizeof *s);
    for (const struct tree_node *c = list->child; c && !policy_stopped(r); c = c->next)
        read_slo(r, c, &names, &s[i++]);
    r->policy->slos = s;
    r->policy->n_slos = i;
    name_index_free(&names);
}

/* ---- budgets ---- */

static void read_budget(struct policy_reader *r, const struct tree_node *n, struct name_index *names,
                        struct goal_budget *b)
{
    static const char *const KEYS[] = {"name",    "signal",  "quantile", "per",  "aggregate",
                                       "window",  "match",   "max",      "warn", "regress",
                                       "feature", "missing", NULL};
    static const char *const MISSES[] = {"fail", "skip", NULL};
    *b = (struct goal_budget){.name = "", .line = policy_line(r, n)};
    if (!begin_item(r, n, KEYS, "a budget"))
        return;
    b->name = policy_name(r, n, "a budget", names);
    if (!read_figure(r, n, &b->figure))
        return;
    const struct tree_node *max = policy_member(n, "max"), *regress = policy_member(n, "regress");
    b->max = max ? policy_value(r, max, b->figure.signal, "max") : (double)NAN;
    b->warn = policy_share(r, n, "warn", 0.9);
    b->regress = policy_share(r, n, "regress", (double)NAN);
    b->feature = policy_text(r, n, "feature");
    b->skip_missing = policy_word(r, n, "missing", MISSES, 0) == 1;
    if (!max && !regress)
        policy_mistake(r, n, "a budget has neither max nor regress");
    else if (regress && !goal_signal_has_quantile(b->figure.signal))
        policy_mistake(r, regress,
                       "regress compares quantiles; expected http.latency or db.latency, not %.60s",
                       b->figure.text);
}

/* A budget of sizes (format/goals/budget_file.h): what is not in there is told here with its place. */
static void check_size_budget(struct policy_reader *r, const struct tree_node *n)
{
    static const char *const KEYS[] = {"name", "type", "path", "scope", "compression", "limit", NULL};
    static const char *const TYPES[] = {"any", "js", "css", "image", "font", "html", "wasm", NULL};
    static const char *const SCOPES[] = {"total", "each", "route", NULL};
    static const char *const COMPRESSIONS[] = {"none", "gzip", "brotli", NULL};
    if (!policy_map(r, n, KEYS, "a budget of sizes", "keys such as type and limit"))
        return;
    policy_word(r, n, "type", TYPES, 0);
    policy_word(r, n, "scope", SCOPES, 0);
    policy_word(r, n, "compression", COMPRESSIONS, 0);
}

/* Which of both an item is: of sizes when it has a limit and no signal. */
static bool is_size_budget(const struct tree_node *n)
{
    return policy_member(n, "limit") && !policy_member(n, "signal");
}

void policy_read_budgets(struct policy_reader *r, const struct tree_node *list)
{
    struct name_index names = {0};
    struct strbuf sizes = {0};
    size_t n, i = 0;
    if (!policy_list(r, list, "budgets", "a list", &n))
        return;
    struct goal_budget *b = arena_alloc(r->arena, (n + 1) * sizeof *b);
    int *lines = arena_alloc(r->arena, (n + 1) * sizeof *lines);
    r->policy->size_lines = lines;
    for (const struct tree_node *c = list->child; c && !policy_stopped(r); c = c->next) {
        if (is_size_budget(c)) {
            check_size_budget(r, c);
            *lines++ = policy_line(r, c);
            strbuf_str(&sizes, sizes.len ? "," : "[");
            tree_json(&sizes, c);
        } else {
            read_budget(r, c, &names, &b[i++]);
        }
    }
    r->policy->budgets = b;
    r->policy->n_budgets = i;
    r->policy->size_budgets = sizes.len ? arena_printf(r->arena, "%s]", strbuf_text(&sizes)) : NULL;
    strbuf_free(&sizes);
    name_index_free(&names);
}

/* Of the budgets of sizes, in percent: it is kept as it is, for whoever checks them. */
void policy_read_tolerance(struct policy_reader *r, const struct tree_node *n)
{
    double v;
    char text[64];
    snprintf(text, sizeof text, "%.60s", n->kind == TREE_SCALAR ? n->text : "");
    text[strcspn(text, " %")] = 0;
    if (!num_parse_real(text, &v) || v < 0 || v > 100)
        policy_wrong(r, n, "tolerance", "a percentage from 0 to 100");
    else
        r->policy->size_tolerance = v / 100;
}

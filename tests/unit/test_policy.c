/* The policy file: every key with its default, every mistake with its place, what others wrote, and the rules
 * for Prometheus. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "conf/policy.h"
#include "core/goals/slo_rules.h"

#define MIN_NS (60 * SD_S)
#define H_NS   (60 * MIN_NS)
#define D_NS   (24 * H_NS)

static bool read_text(struct goal_policy *p, const char *text, struct sd_error *err)
{
    err->text[0] = 0;
    return policy_read_text(p, "p.yaml", text, strlen(text), err);
}

static struct goal_policy policy_of(const char *text)
{
    struct goal_policy p;
    struct sd_error err;
    if (!read_text(&p, text, &err))
        fail_msg("%s\nis refused: %s", text, err.text);
    return p;
}

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-12 * fabs(b);
}

/* ---- defaults ---- */

static void the_default_has_five_kpis_with_playbooks(void **state)
{
    (void)state;
    static const struct {
        const char *name, *signal;
        double target, above;
        enum goal_severity severity;
        const char *playbook;
    } wanted[] = {
        {"api", "http.latency", 100e6, 200e6, GOAL_WARNING, "response-time"},
        {"database", "db.latency", 50e6, 100e6, GOAL_WARNING, "database"},
        {"cpu", "metric:host.cpu", 0.70, 0.80, GOAL_WARNING, "cpu"},
        {"memory", "metric:host.memory", 0.80, 0.90, GOAL_WARNING, "memory"},
        {"errors", "http.errors", 0.001, 0.01, GOAL_CRITICAL, "errors"},
    };
    struct goal_policy p = policy_of("");
    assert_null(p.file);
    assert_int_equal(p.n_kpis, ARRAY_LEN(wanted));
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        const struct goal_kpi *k = &p.kpis[i];
        assert_string_equal(k->name, wanted[i].name);
        assert_string_equal(k->figure.text, wanted[i].signal);
        assert_true(near(k->target, wanted[i].target));
        assert_true(k->has_alert && !k->alert.limit.below && !k->higher);
        assert_true(near(k->alert.limit.value, wanted[i].above));
        assert_int_equal(k->alert.severity, wanted[i].severity);
        assert_int_equal(k->alert.for_ns, 0);
        assert_int_equal(k->alert.keep_firing_ns, 5 * MIN_NS);
        assert_int_equal(k->alert.missing, GOAL_KEEP);
        assert_int_equal(k->figure.window_ns, 5 * MIN_NS);
        assert_int_equal(k->line, 0);
        const struct goal_playbook *b = policy_playbook(&p, wanted[i].playbook);
        assert_non_null(b);
        assert_true(b->n_steps >= 3);
    }
    assert_true(near(p.kpis[0].figure.quantile, 0.95));
    assert_true(isnan(p.kpis[4].figure.quantile));
    assert_int_equal(p.n_slos + p.n_receivers + p.n_silences + p.n_budgets + p.hops.n + p.n_targets, 0);
    assert_int_equal(p.n_notes, 0);
    assert_false(p.costs.given);
    assert_true(near(policy_effort(&p, "cache"), 8));
    assert_true(isnan(policy_effort(&p, "magic")));
    policy_free(&p);
}

static void what_is_left_out_is_the_default(void **state)
{
    (void)state;
    struct goal_policy p = policy_of("kpis: []\ncosts: {month: 10000, hour: 100}\n");
    assert_string_equal(p.file, "p.yaml");
    assert_int_equal(p.n_kpis, 0);
    assert_int_equal(p.n_playbooks, 5);
    assert_int_equal(p.n_escalations, 2);
    assert_string_equal(policy_escalation(&p, NULL, GOAL_WARNING)->name, "default");
    assert_string_equal(policy_escalation(&p, NULL, GOAL_CRITICAL)->name, "critical");
    assert_string_equal(policy_escalation(&p, "nobody", GOAL_WARNING)->name, "default");
    const struct goal_escalation *e = policy_escalation(&p, "default", GOAL_CRITICAL);
    assert_int_equal(e->n_steps, 3);
    assert_int_equal(e->steps[1].after_ns, 5 * MIN_NS);
    assert_string_equal(e->steps[2].to, "lead");
    assert_int_equal(p.history.n_tiers, 4);
    assert_int_equal(p.history.tiers[3].step_ns, H_NS);
    assert_int_equal(p.history.tiers[3].keep_ns, 400 * D_NS);
    assert_true(p.history.max_size_bytes == 8000000000);
    assert_null(p.history.url);
    assert_null(p.heartbeat.to);
    assert_string_equal(p.costs.currency, "USD");
    assert_true(p.costs.wait_hour == 0 && isnan(p.costs.revenue_month));
    policy_free(&p);
    /* JSON, where a character may be two escapes. */
    p = policy_of(
        "{\"kpis\": [{\"name\": \"a\\ud83c\\udf89\\\\ud83c\\u0041\", \"signal\": \"http.errors\"}]}");
    assert_string_equal(p.kpis[0].name, "a\xf0\x9f\x8e\x89\\ud83cA");
    policy_free(&p);
    p = policy_of("kpis:\n# nothing yet\n"); /* an empty section is one that is left out */
    assert_int_equal(p.n_kpis, 5);
    policy_free(&p);
}

/* ---- every key ---- */

static void the_keys_of_a_kpi(void **state)
{
    (void)state;
    struct goal_policy p = policy_of(
        "kpis:\n"
        "- {name: slow, signal: http.latency, quantile: 99%, per: endpoint, window: 1m, target: 250ms,\n"
        "   match: {method: GET, route: '/a*', host: web*, labels.zone: eu, labels.cell: 'c*'}, missing: "
        "skip,\n"
        "   alert: {above: 1.5x, for: 2m, keep_firing: 0s, severity: critical, missing: fire,\n"
        "           group: instance, escalation: default}}\n"
        "- {name: fans, signal: 'metric:app.fans', aggregate: last, target: 3, alert: {below: 2, missing: "
        "ok}}\n"
        "- {name: net, signal: 'metric:host.net.receive_bytes', target: 10MB}\n"
        "- {name: rate, signal: http.rate, per: host, target: 100}\n"
        "- {name: weight, signal: http.bytes, target: 200 kB, missing: ok}\n"
        "- {name: score, signal: lighthouse.score, target: 90%}\n"
        "- {name: shift, signal: lighthouse.cls, target: 0.1}\n"
        "- {name: calls, signal: db.calls, alert: {above: 20}}\n");
    const struct goal_kpi *k = &p.kpis[0];
    assert_int_equal(p.n_kpis, 8);
    assert_int_equal(k->line, 2);
    assert_true(near(k->figure.quantile, 0.99));
    assert_int_equal(k->figure.per, GOAL_PER_ENDPOINT);
    assert_int_equal(k->figure.window_ns, MIN_NS);
    assert_string_equal(k->figure.match.method, "GET");
    assert_int_equal(k->figure.match.n_labels, 2);
    assert_string_equal(k->figure.match.labels[1].name, "cell");
    assert_string_equal(k->figure.match.labels[1].pattern, "c*");
    assert_true(k->skip_missing);
    assert_true(near(k->alert.limit.value, 375e6));
    assert_int_equal(k->alert.for_ns, 2 * MIN_NS);
    assert_int_equal(k->alert.keep_firing_ns, 0);
    assert_int_equal(k->alert.missing, GOAL_FIRE);
    assert_true(k->alert.by_instance);
    assert_string_equal(k->alert.escalation, "default");
    k = policy_kpi(&p, "fans");
    assert_int_equal(k->figure.signal, GOAL_METRIC);
    assert_string_equal(k->figure.metric, "app.fans");
    assert_int_equal(k->figure.aggregate, GOAL_LAST);
    assert_true(k->higher && k->alert.limit.below && k->alert.limit.value == 2);
    assert_int_equal(k->alert.missing, GOAL_OK);
    assert_true(policy_kpi(&p, "net")->target == 10e6);
    assert_true(policy_kpi(&p, "rate")->higher);
    assert_true(policy_kpi(&p, "weight")->target == 200e3);
    assert_int_equal(policy_kpi(&p, "weight")->alert.missing, GOAL_OK);
    assert_true(near(policy_kpi(&p, "score")->target, 0.9) && policy_kpi(&p, "score")->higher);
    assert_true(isnan(policy_kpi(&p, "calls")->target));
    assert_null(policy_kpi(&p, "none"));
    policy_free(&p);
}

static void the_keys_of_an_objective(void **state)
{
    (void)state;
    /* The SRE workbook's windows of 30 days; of 7 days what the formula gives. */
    static const struct {
        int64_t window, whole[4];
    } usual[] = {{30 * D_NS, {H_NS, 6 * H_NS, D_NS, 3 * D_NS}},
                 {7 * D_NS, {14 * MIN_NS, 84 * MIN_NS, 336 * MIN_NS, 1008 * MIN_NS}}};
    struct goal_policy p = policy_of(
        "slos:\n"
        "- {name: checkout, objective: 99.9%, signal: http.latency, good_below: 300ms, match: {route: "
        "'/c*'}}\n"
        "- {name: week, objective: 0.99, window: 7d, signal: http.errors, min_events: 0, missing: fire,\n"
        "   playbook: errors, escalation: critical}\n"
        "- {name: own, objective: 0.9, signal: http.errors,\n"
        "   pairs: [{long: 2h, factor: 5}, {long: 1h, short: 1m, factor: 10, severity: critical}]}\n"
        "- {name: none, objective: 0.9, signal: http.errors, pairs: []}\n");
    static const double factors[] = {14.4, 6, 3, 1};
    assert_int_equal(p.n_slos, 4);
    for (size_t i = 0; i < 2; i++) {
        const struct goal_slo *s = &p.slos[i];
        assert_int_equal(s->window_ns, usual[i].window);
        assert_int_equal(s->n_pairs, 4);
        for (size_t k = 0; k < 4; k++) {
            assert_int_equal(s->pairs[k].long_ns, usual[i].whole[k]);
            assert_int_equal(s->pairs[k].short_ns, usual[i].whole[k] / 12);
            assert_true(s->pairs[k].factor == factors[k]);
            assert_int_equal(s->pairs[k].severity, k < 2 ? GOAL_CRITICAL : GOAL_WARNING);
        }
    }
    assert_true(p.slos[0].objective == 0.999);
    assert_int_equal(p.slos[0].good_below_ns, 300 * SD_MS);
    assert_int_equal(p.slos[0].min_events, 100);
    assert_int_equal(p.slos[0].line, 2);
    const struct goal_slo *w = policy_slo(&p, "week");
    assert_int_equal(w->min_events, 0);
    assert_int_equal(w->missing, GOAL_FIRE);
    assert_string_equal(w->escalation, "critical");
    assert_true(!sd_known(w->good_below_ns));
    assert_int_equal(p.slos[2].n_pairs, 2);
    assert_int_equal(p.slos[2].pairs[0].short_ns, 10 * MIN_NS);
    assert_int_equal(p.slos[2].pairs[0].severity, GOAL_WARNING);
    assert_int_equal(p.slos[2].pairs[1].short_ns, MIN_NS);
    assert_int_equal(p.slos[3].n_pairs, 0);
    /* 10 * (1 - 0.9) is 1, and no burn rate is above 10. */
    assert_int_equal(p.n_notes, 1);
    assert_string_equal(p.notes[0], "slo own: pair 2 can never fire: at an objective of 0.9 no burn rate is "
                                    "above 10, and its factor is 10");
    policy_free(&p);
}

static void who_is_told(void **state)
{
    (void)state;
    struct goal_policy p =
        policy_of("escalations:\n"
                  "  default: [{after: 10m, to: hook}, {to: chat}, {after: 0s, to: am}]\n"
                  "receivers:\n"
                  "  chat: {type: slack, url_file: /etc/chat.url}\n"
                  "  page: {type: pagerduty, routing_key_env: PD_KEY, url: 'http://127.0.0.1:1/enqueue'}\n"
                  "  am: {type: alertmanager, url: 'http://localhost:9093'}\n"
                  "  hook: {type: webhook, url_env: HOOK}\n"
                  "  run: {type: command, command: [/usr/bin/logger, -t, slowdive]}\n"
                  "silences:\n"
                  "- {match: {alert: cpu}, weekly: 'Sun 02:00-04:00', why: backup}\n"
                  "- {match: {severity: warning}, weekly: '22:30-06:00'}\n"
                  "- {match: {alert: '*'}, weekly: 'Fri-Mon,Wed 00:00-24:00'}\n"
                  "heartbeat: {to: hook, every: 1m}\n");
    const struct goal_escalation *e = policy_escalation(&p, NULL, GOAL_CRITICAL);
    assert_int_equal(p.n_escalations, 1); /* the one for critical is gone with the section */
    assert_string_equal(e->steps[0].to, "chat");
    assert_string_equal(e->steps[1].to, "am");
    assert_string_equal(e->steps[2].to, "hook");
    assert_int_equal(p.n_receivers, 5);
    const struct goal_receiver *x = policy_receiver(&p, "page");
    assert_string_equal(goal_receiver_type_name(x->type), "pagerduty");
    assert_string_equal(x->routing_key.env, "PD_KEY");
    assert_null(x->routing_key.value);
    assert_string_equal(x->url.value, "http://127.0.0.1:1/enqueue");
    assert_string_equal(policy_receiver(&p, "chat")->url.file, "/etc/chat.url");
    assert_string_equal(policy_receiver(&p, "run")->command[2], "slowdive");
    assert_null(policy_receiver(&p, "run")->command[3]);
    static const struct {
        int day, from, minutes;
    } wanted[] = {{0, 120, 120}, {-1, 1350, 450}, {0, 0, 1440}, {1, 0, 1440},
                  {3, 0, 1440},  {5, 0, 1440},    {6, 0, 1440}};
    assert_int_equal(p.n_silences, ARRAY_LEN(wanted));
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        assert_int_equal(p.silences[i].day, wanted[i].day);
        assert_int_equal(p.silences[i].from_minute, wanted[i].from);
        assert_int_equal(p.silences[i].minutes, wanted[i].minutes);
    }
    assert_string_equal(p.silences[0].why, "backup");
    assert_string_equal(p.heartbeat.to, "hook");
    assert_int_equal(p.heartbeat.every_ns, MIN_NS);
    assert_int_equal(p.n_notes, 0);
    policy_free(&p);
}

static void plans_and_budgets(void **state)
{
    (void)state;
    struct goal_policy p = policy_of(
        "playbooks: {cpu: {title: Busy, steps: [Look, {text: Which?, view: functions, select: main}]},\n"
        "            own: {steps: [Wait]}}\n"
        "budgets:\n"
        "- {name: a, signal: http.latency, match: {route: /a}, max: 120ms, warn: 80%, feature: f, missing: "
        "skip}\n"
        "- {type: js, limit: 100kB, path: 'dist/*.js'}\n"
        "- {name: b, signal: http.latency, quantile: 0.99, regress: 10%}\n"
        "- {name: c, signal: bundle.js, max: 1MiB}\n"
        "tolerance: 5 %\n"
        "costs: {currency: EUR, month: 9, hour: 8, wait_hour: 7, revenue_month: 6, conversion_per_100ms: "
        "1%}\n"
        "efforts: {index: 0.5}\n"
        "targets:\n"
        "- {kpi: api, baseline: 150ms, target: 100ms, months: {2027-01: 115ms, 2026-12: 130ms}}\n"
        "- {kpi: cpu, baseline: 90%}\n"
        "roadmap: [{month: 2026-12, name: Quick wins, items: [indexes, caching], expect: 0.20}]\n"
        "history: {url: 'clickhouse://me@db:8123/slow', cluster: main, tiers: {1m: 1d, 10s: 1h}, max_size: "
        "1GB}\n");
    assert_int_equal(p.n_playbooks, 6);
    assert_string_equal(policy_playbook(&p, "cpu")->title, "Busy");
    assert_string_equal(policy_playbook(&p, "cpu")->steps[0].text, "Look");
    assert_string_equal(policy_playbook(&p, "cpu")->steps[1].select, "main");
    assert_string_equal(policy_playbook(&p, "own")->title, "own");
    assert_int_equal(p.n_budgets, 3);
    assert_true(p.budgets[0].max == 120e6 && near(p.budgets[0].warn, 0.8) && isnan(p.budgets[0].regress));
    assert_true(p.budgets[0].skip_missing);
    assert_string_equal(p.budgets[0].feature, "f");
    assert_true(near(p.budgets[1].regress, 0.1) && isnan(p.budgets[1].max));
    assert_true(near(p.budgets[1].warn, 0.9) && near(p.budgets[1].figure.quantile, 0.99));
    assert_true(p.budgets[2].max == 1048576);
    assert_int_equal(p.budgets[2].line, 7);
    assert_string_equal(p.size_budgets, "[{\"type\":\"js\",\"limit\":\"100kB\",\"path\":\"dist/*.js\"}]");
    assert_true(near(p.size_tolerance, 0.05));
    assert_true(p.costs.given && p.costs.revenue_month == 6 && near(p.costs.conversion_per_100ms, 0.01));
    assert_string_equal(p.costs.currency, "EUR");
    assert_true(policy_effort(&p, "index") == 0.5 && isnan(policy_effort(&p, "cache")));
    assert_int_equal(p.n_targets, 2);
    assert_true(p.targets[0].baseline == 150e6 && p.targets[0].n_months == 2);
    assert_int_equal(p.targets[0].months[0].year, 2026);
    assert_true(p.targets[0].months[1].month == 1 && p.targets[0].months[1].plan == 115e6);
    assert_true(near(p.targets[1].target, 0.7)); /* the KPI's own */
    assert_string_equal(p.roadmap[0].items[1], "caching");
    assert_int_equal(p.roadmap[0].n_items, 2);
    assert_true(near(p.roadmap[0].expect, 0.2));
    assert_string_equal(p.history.cluster, "main");
    assert_int_equal(p.history.tiers[0].step_ns, 10 * SD_S); /* the finest first */
    assert_true(p.history.max_size_bytes == 1000000000);
    policy_free(&p);
}

static void json_is_yaml_too(void **state)
{
    (void)state;
    struct goal_policy p =
        policy_of("{\"kpis\": [{\"name\": \"a\", \"signal\": \"http.errors\", \"target\": 0.01,\n"
                  "\t\"alert\": {\"above\": \"2x\"}}]}");
    assert_int_equal(p.n_kpis, 1);
    assert_true(near(p.kpis[0].alert.limit.value, 0.02));
    policy_free(&p);
}

static void paths_begin_at_home(void **state)
{
    (void)state;
    setenv("HOME", "/home/me", 1);
    struct goal_policy p = policy_of("history: {url: 'history:~/h.db'}\n"
                                     "receivers: {a: {type: slack, url_file: ~/u}}\n");
    assert_string_equal(p.history.url, "history:/home/me/h.db");
    assert_string_equal(p.receivers[0].url.file, "/home/me/u");
    policy_free(&p);
}

/* ---- mistakes ---- */

#define KPI(rest)    "kpis: [{name: a, signal: http.latency" rest "}]"
#define SLO(rest)    "slos: [{name: a, objective: 0.999, signal: http.errors" rest "}]"
#define BUDGET(rest) "budgets: [{name: a, signal: http.latency" rest "}]"

static const struct mistake {
    const char *text, *says;
} MISTAKES[] = {
    {"7", "p.yaml:1:1: a policy is not understood; expected sections such as kpis:"},
    {"kpi: []", "p.yaml:1:1: unknown key \"kpi\" in a policy; did you mean \"kpis\"?"},
    {"kpis: []\nzebra: 1", "p.yaml:2:1: unknown key \"zebra\" in a policy"},
    {"kpis: []\nkpis: []", "p.yaml:2:1: kpis is given twice; expected once, line 1 already sets it"},
    {"kpis: {}", "p.yaml:1:7: kpis is a mapping; expected a list"},
    {"kpis: [7]", "p.yaml:1:8: a KPI is not understood; expected keys such as name and signal"},
    {"kpis: [{signal: http.rate}]", "p.yaml:1:8: a KPI has no name"},
    {"kpis: [{name: [], signal: http.rate}]", "p.yaml:1:15: name is a list; expected a text"},
    {"kpis: [{name: a}]", "p.yaml:1:8: a signal is missing"},
    {"kpis: [{name: a, signal: http.latncy}]",
     "p.yaml:1:26: there is no signal \"http.latncy\"; did you mean \"http.latency\"?"},
    {"kpis: [{name: a, signal: 'metric:'}]", "there is no signal \"metric:\""},
    {"kpis: [{name: a, signal: http.rate}, {name: a, signal: http.rate}]",
     "p.yaml:1:45: a KPI named \"a\" is there before; expected each name once"},
    {KPI(", targt: 1s"), "unknown key \"targt\" in a KPI; did you mean \"target\"?"},
    {KPI(", target: 100"), "p.yaml:1:48: target is not understood; expected a duration such as 50ms"},
    {KPI(", target: -1ms"), "target is not understood"},
    {KPI(", quantile: 1"), "p.yaml:1:50: quantile is not understood; expected a share between 0 and 1"},
    {KPI(", quantile: 95"), "expected a share from 0 to 1"},
    {KPI(", per: route"), "p.yaml:1:45: per is not understood; expected total, endpoint or host"},
    {KPI(", per: hosts"), "expected total, endpoint or host - did you mean \"host\"?"},
    {KPI(", aggregate: max"), "aggregate belongs to metric:NAME, not to http.latency"},
    {KPI(", window: 0s"), "window is not understood; expected a duration of 1s and more"},
    {KPI(", missing: maybe"), "missing is not understood; expected keep, fire, ok, skip or fail"},
    {KPI(", match: /a"), "match is not understood; expected keys such as route: /checkout"},
    {KPI(", match: {path: /a}"), "unknown key \"path\" in match"},
    {KPI(", match: {labels.: a}"), "unknown key \"labels.\" in match"},
    {KPI(", match: {labels.a: []}"), "a label is a list; expected a text"},
    {KPI(", alert: 2x"), "alert is not understood; expected keys such as above: 2x"},
    {KPI(", alert: {}"), "an alert needs one of above and below, such as above: 2x"},
    {KPI(", alert: {above: 1s, below: 2s}"), "an alert needs only one of above and below"},
    {KPI(", alert: {above: 2x}"), "p.yaml:1:55: 2x is a multiple of the target, and this KPI has none"},
    {KPI(", target: 1s, alert: {above: 0x}"), "above is not understood; expected a duration"},
    {KPI(", alert: {above: 1s, for: 5}"), "for is not understood; expected a duration"},
    {KPI(", alert: {above: 1s, severity: critcal}"), "did you mean \"critical\"?"},
    {KPI(", alert: {above: 1s, group: host}"), "group is not understood; expected alert or instance"},
    {"kpis: [{name: a, signal: http.errors, target: 5}]", "expected a share from 0 to 1, such as 0.01 or 1%"},
    {"kpis: [{name: a, signal: http.errors, quantile: 0.5}]",
     "quantile belongs to http.latency and db.latency"},
    {"kpis: [{name: a, signal: db.latency, per: host}]",
     "per belongs to the signals of http, not to db.latency"},
    {"slos: [{name: a, signal: http.errors}]", "p.yaml:1:8: an objective has no objective, such as 0.999"},
    {"slos: [{name: a, objective: 99.9, signal: http.errors}]", "p.yaml:1:29: objective is not understood"},
    {"slos: [{name: a, objective: 1, signal: http.errors}]",
     "expected a share between 0 and 1, such as 0.999"},
    {"slos: [{name: a, objective: 0.9}]", "a signal is missing"},
    {"slos: [{name: a, objective: 0.9, signal: http.rate}]", "http.rate has no objective"},
    {"slos: [{name: a, objective: 0.9, signal: http.latency}]", "needs good_below, such as 300ms"},
    {SLO(", good_below: 1s"), "good_below belongs to http.latency, not to http.errors"},
    {SLO(", window: 1s"), "window is not understood"},
    {SLO(", min_events: -1"), "min_events is not understood; expected a number"},
    {SLO(", pairs: 7"), "pairs is not understood; expected a list"},
    {SLO(", pairs: [{factor: 2}]"), "a pair has no long window"},
    {SLO(", pairs: [{long: 1h}]"), "a pair has no factor"},
    {SLO(", pairs: [{long: 1h, short: 2h, factor: 2}]"),
     "the short window of a pair is longer than the long one"},
    {SLO(", pairs: [{long: 31d, factor: 2}]"), "longer than the window of the objective"},
    {SLO("}, {name: a, objective: 0.9, signal: http.errors"), "an objective named \"a\" is there before"},
    {"kpis: [{name: s/critical, signal: http.rate}]\nslos: [{name: s, objective: 0.9, signal: http.errors}]",
     "p.yaml:1:1: the KPI \"s/critical\" has the name of an alert of the objective \"s\""},
    {"escalations: []", "escalations is a list; expected names"},
    {"escalations: {a: 1}", "p.yaml:1:18: an escalation is not understood"},
    {"escalations: {a: [{after: 1m}]}", "a step does not say to which receiver; expected to: NAME"},
    {"escalations: {a: [{after: now, to: b}]}", "after is not understood; expected a duration"},
    {"receivers: {a: {}}", "p.yaml:1:16: a receiver has no type, such as slack"},
    {"receivers: {a: {type: slak}}", "did you mean \"slack\"?"},
    {"receivers: {a: {type: slack}}", "this receiver needs one of url, url_file and url_env"},
    {"receivers: {a: {type: slack, url: x, url_env: Y}}", "url is given more than once"},
    {"receivers: {a: {type: pagerduty, url: x}}",
     "needs one of routing_key, routing_key_file and routing_key_env"},
    {"receivers: {a: {type: webhook, url: x, routing_key: y}}",
     "routing_key belongs to receivers of type pagerduty"},
    {"receivers: {a: {type: command}}", "this receiver needs command"},
    {"receivers: {a: {type: command, command: 'ls -l'}}",
     "command is not understood; expected a list of texts"},
    {"receivers: {a: {type: command, command: []}}", "this receiver needs command"},
    {"receivers: {a: {type: command, command: [ls], url: x}}", "a receiver of type command has no url"},
    {"receivers: {a: {type: webhook, url: x, command: [ls]}}",
     "command belongs to receivers of type command"},
    {"silences: [{weekly: 'Sun 02:00-04:00'}]", "a silence needs match"},
    {"silences: [{match: {}, weekly: 'Sun 02:00-04:00'}]", "a silence needs match"},
    {"silences: [{match: {label.a: b}, weekly: 'Sun 02:00-04:00'}]", "did you mean \"labels.KEY\"?"},
    {"silences: [{match: {alert: a}}]", "a silence of a policy needs weekly"},
    {"silences: [{match: {alert: a}, weekly: 'Sun 2:00-4:00'}]", "p.yaml:1:40: weekly is not understood"},
    {"silences: [{match: {alert: a}, weekly: 'Xyz 02:00-04:00'}]", "weekly is not understood"},
    {"silences: [{match: {alert: a}, weekly: 'Sun 25:00-26:00'}]", "weekly is not understood"},
    {"silences: [{match: {alert: a}, weekly: 'Sun 02:00-02:00'}]", "weekly is not understood"},
    {"silences: [{match: {alert: a}, weekly: 'Sun- 02:00-04:00'}]", "weekly is not understood"},
    {"silences: [{match: {alert: a}, weekly: 'Sun 02:00-04:00 x'}]", "weekly is not understood"},
    {"playbooks: {a: {title: b}}", "a playbook has no steps"},
    {"playbooks: {a: {steps: [{view: c}]}}", "a step of a playbook has no text"},
    {"playbooks: {a: {steps: [[]]}}", "a step is a list; expected a text, or text and view"},
    {BUDGET(""), "p.yaml:1:11: a budget has neither max nor regress"},
    {BUDGET(", max: 5"), "max is not understood; expected a duration"},
    {BUDGET(", max: 5s, warn: 2"), "warn is not understood; expected a share"},
    {BUDGET(", regress: 110%"), "regress is not understood; expected a share"},
    {BUDGET(", max: 1s, type: js"), "unknown key \"type\" in a budget"},
    {"budgets: [{name: a, signal: http.errors, regress: 0.1}]", "p.yaml:1:51: regress compares quantiles"},
    {"budgets: [{limit: 1kB, typ: js}]", "unknown key \"typ\" in a budget of sizes; did you mean \"type\"?"},
    {"budgets: [{limit: 1kB, scope: every}]", "scope is not understood; expected total, each or route"},
    {"tolerance: much", "tolerance is not understood; expected a percentage from 0 to 100"},
    {"costs: {months: 1}", "unknown key \"months\" in costs; did you mean \"month\"?"},
    {"costs: {month: -1}", "month is not understood; expected a number"},
    {"efforts: {index: long}", "an effort is not understood; expected a number of hours"},
    {"targets: [{kpi: apy, target: 1s}]", "p.yaml:1:17: there is no KPI \"apy\"; did you mean \"api\"?"},
    {"targets: [{target: 1s}]", "a target is a mapping; expected kpi: NAME"},
    {"targets: [{kpi: api, target: 5}]", "target is not understood; expected a duration"},
    {"targets: [{kpi: api}, {kpi: api}]", "the KPI \"api\" has a target before"},
    {"targets: [{kpi: api, months: {2026-13: 1s}}]", "p.yaml:1:31: this month is not understood"},
    {"targets: [{kpi: api, months: {2026-12: 5}}]", "the plan of a month is not understood"},
    {"roadmap: [{name: a}]", "an item of roadmap has no month, such as 2026-12"},
    {"roadmap: [{name: a, month: soon}]", "month is not understood; expected one such as 2026-12"},
    {"roadmap: [{name: a, month: 2026-12, expect: 20}]", "expect is not understood; expected a share"},
    {"history: {url: /var/h.db}", "url is not understood; expected history:PATH or clickhouse:"},
    {"history: {max_size: big}", "max_size is not understood; expected a size"},
    {"history: {tiers: []}", "tiers is a list; expected steps"},
    {"history: {tiers: {10s: 1d, 15s: 2d}}", "the tier of 15.0 s is no multiple of the one of 10.0 s"},
    {"history: {tiers: {10s: 1d, 1m: 1h}}", "is kept no longer than the finer one"},
    {"history: {tiers: {1h: 1m}}", "a tier is kept for less than its step"},
    {"history: {tiers: {fine: 1m}}", "the step of a tier is not understood"},
    {"heartbeat: {every: 5m}", "heartbeat does not say to which receiver"},
    {"hops: [{name: a, max: 5ms, hops: [{name: b, max: 5ms}, {name: c, max: 1ms}]}]",
     "the hops of \"a\" may take 6.00 ms together, more than its max of 5.00 ms"},
    {"a: &x 1\nb: *x", "p.yaml:2:4: references such as *x are not supported"},
    {"kpis: []\n---\nslos: []", "p.yaml:3:1: a second policy begins here"},
    {"apiVersion: openslo/v2alpha\nkind: SLO",
     "apiVersion openslo/v2alpha is not known; expected openslo/v1"},
    {"apiVersion: openslo/v1\nkind: Service", "there is no objective in this file"},
    {"version: prometheus/v2\nslos: []", "version prometheus/v2 is not known; expected prometheus/v1"},
    {"version: prometheus/v1\nslos: [{name: a}]", "an item of slos has no objective, such as 99.9"},
    {"version: prometheus/v1\nslos: [{name: a, objective: 100}]", "expected a percentage below 100"},
};

static void a_mistake_is_told_with_its_place(void **state)
{
    (void)state;
    int bad = 0;
    for (size_t i = 0; i < ARRAY_LEN(MISTAKES); i++) {
        struct goal_policy p;
        struct sd_error err;
        if (read_text(&p, MISTAKES[i].text, &err))
            fail_msg("taken: %s", MISTAKES[i].text);
        if (!strstr(err.text, MISTAKES[i].says) || !str_starts(err.text, "p.yaml:") ||
            strchr(err.text, '\n')) {
            print_error("%s\nsays: %s\nnot: %s\n", MISTAKES[i].text, err.text, MISTAKES[i].says);
            bad++;
        }
        assert_null(p.arena); /* nothing of it is used */
        assert_int_equal(p.n_kpis, 0);
    }
    assert_int_equal(bad, 0);
}

static void no_sentence_holds_a_secret(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "receivers: {a: {type: slack, url: [https://h/hunter2]}}",
        "receivers: {a: {type: slack, url: https://h/hunter2, url_file: hunter2}}",
        "receivers: {a: {type: pagerduty, routing_key: {k: hunter2}}}",
        "receivers: {a: https://h/hunter2}",
        "receivers: {a: {type: https://h/hunter2}}",
        "receivers: {a: {type: command, command: 'curl https://h/hunter2'}}",
        "history: {url: 'postgres://me:hunter2@db'}",
    };
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
        struct goal_policy p;
        struct sd_error err;
        assert_false(read_text(&p, TEXTS[i], &err));
        if (strstr(err.text, "hunter2"))
            fail_msg("%s", err.text);
    }
}

/* ---- what others wrote ---- */

static void objectives_of_openslo_are_read(void **state)
{
    (void)state;
    struct goal_policy p =
        policy_of("apiVersion: openslo/v1\nkind: Service\nmetadata: {name: shop}\n"
                  "---\n"
                  "apiVersion: openslo/v1\n"
                  "kind: SLO\n"
                  "metadata: {name: up, annotations: {slowdive/route: /a*}}\n"
                  "spec:\n"
                  "  timeWindow: [{duration: 4w, isRolling: true}]\n"
                  "  budgetingMethod: Occurrences\n"
                  "  objectives: [{target: 0.99}]\n"
                  "---\n"
                  "apiVersion: openslo/v1\n"
                  "kind: SLO\n"
                  "metadata: {name: fast}\n"
                  "spec: {objectives: [{displayName: good, targetPercent: 99.5, op: lte, value: 0.3},\n"
                  "                    {targetPercent: 99.9, op: lt, value: 1}]}\n"
                  "---\n"
                  "kpis: []\n");
    assert_int_equal(p.n_kpis, 0); /* a policy may stand beside them */
    assert_int_equal(p.n_slos, 3);
    const struct goal_slo *s = policy_slo(&p, "up");
    assert_true(s->objective == 0.99);
    assert_int_equal(s->window_ns, 28 * D_NS);
    assert_int_equal(s->figure.signal, GOAL_HTTP_ERRORS);
    assert_string_equal(s->figure.match.route, "/a*");
    assert_int_equal(s->line, 11);
    assert_int_equal(s->n_pairs, 4);
    s = policy_slo(&p, "fast good");
    assert_true(s->objective == 0.995);
    assert_int_equal(s->figure.signal, GOAL_HTTP_LATENCY);
    assert_int_equal(s->good_below_ns, 300 * SD_MS);
    assert_int_equal(s->window_ns, 30 * D_NS);
    assert_non_null(policy_slo(&p, "fast 3"));
    policy_free(&p);
}

static void openslo_that_cannot_be_meant_is_refused(void **state)
{
    (void)state;
#define OPENSLO(spec) "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}\nspec: {" spec "}\n"
    static const struct mistake cases[] = {
        {OPENSLO("budgetingMethod: Timeslices, objectives: [{target: 0.9}]"),
         "p.yaml:4:25: budgetingMethod Timeslices is not supported; expected Occurrences"},
        {OPENSLO("budgetingMethod: RatioTimeslices, objectives: [{target: 0.9}]"), "RatioTimeslices"},
        {OPENSLO("objectives: []"), "objectives is a list; expected a list with a target"},
        {OPENSLO("objectives: [{op: lt}]"), "an objective needs one of target and targetPercent"},
        {OPENSLO("objectives: [{target: 99}]"), "expected a share below 1"},
        {OPENSLO("objectives: [{target: 0.9}, {target: 0.8}, 7]"), "an objective is not understood"},
        {OPENSLO("timeWindow: [{duration: 1M}], objectives: [{target: 0.9}]"), "1M has no fixed length"},
        {OPENSLO("timeWindow: [{duration: 30d, calendar: {}}], objectives: [{target: 0.9}]"),
         "by the calendar"},
        {OPENSLO("timeWindow: [{duration: 30d, isRolling: false}], objectives: [{target: 0.9}]"),
         "by the calendar"},
        {OPENSLO("timeWindow: [{duration: 1s}], objectives: [{target: 0.9}]"), "the duration of timeWindow"},
        {OPENSLO("timeWindow: 30d, objectives: [{target: 0.9}]"), "timeWindow is not understood"},
        {"apiVersion: openslo/v1\nkind: SLO\n", "needs metadata and spec"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct goal_policy p;
        struct sd_error err;
        if (read_text(&p, cases[i].text, &err) || !strstr(err.text, cases[i].says))
            fail_msg("%s\nsays: %s\nnot: %s", cases[i].text, err.text, cases[i].says);
    }
}

static void objectives_of_sloth_are_read(void **state)
{
    (void)state;
    struct goal_policy p =
        policy_of("version: prometheus/v1\n"
                  "service: shop\n"
                  "slos:\n"
                  "- name: up\n"
                  "  objective: 99.9\n"
                  "  sli: {events: {error_query: 'bad[{{.window}}]', total_query: all}}\n"
                  "  alerting: {ticket_alert: {disable: true}}\n"
                  "- {name: raw, objective: 95, sli: {raw: {error_ratio_query: ratio}}}\n");
    assert_int_equal(p.n_slos, 2);
    assert_true(p.slos[0].objective == 0.999);
    assert_string_equal(p.slos[0].query, "(bad[{{.window}}]) / (all)");
    assert_int_equal(p.slos[0].n_pairs, 2); /* pages only */
    assert_string_equal(p.slos[1].query, "ratio");
    assert_int_equal(p.slos[1].n_pairs, 4);
    assert_int_equal(p.slos[1].window_ns, 30 * D_NS);
    policy_free(&p);
}

/* ---- references, matching ---- */

static void names_that_nothing_has_are_noted(void **state)
{
    (void)state;
    struct goal_policy p = policy_of("kpis: [{name: a, signal: http.rate, playbook: none,\n"
                                     "        alert: {above: 5, escalation: nobody}}]\n"
                                     "receivers: {chat: {type: slack, url_env: U}}\n"
                                     "escalations: {default: [{to: chat}, {after: 1m, to: \"p\\eage\"}]}\n"
                                     "heartbeat: {to: dead}\n");
    assert_int_equal(p.n_notes, 4);
    assert_non_null(strstr(p.notes[0], "there is no receiver \"p"));
    assert_null(strchr(p.notes[0], '\033'));
    assert_string_equal(p.notes[1], "a: there is no playbook \"none\"");
    assert_non_null(strstr(p.notes[2], "there is no escalation \"nobody\""));
    assert_non_null(strstr(p.notes[3], "heartbeat: there is no receiver \"dead\""));
    policy_free(&p);
}

static void a_match_needs_all_its_keys(void **state)
{
    (void)state;
    static const struct goal_label zone = {.name = "zone", .pattern = "eu"};
    static const struct {
        struct goal_match m;
        bool fits;
    } cases[] = {
        {{.route = NULL}, true},
        {{.route = "/a*"}, true},
        {{.route = "/b*"}, false},
        {{.route = "/a*", .method = "POST"}, false},
        {{.method = "GET", .host = "web*"}, true},
        {{.host = "db*"}, false},
        {{.alert = "cpu"}, false},
        {{.alert = "*"}, true},
        {{.labels = &zone, .n_labels = 1}, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_true(goal_match_http(&cases[i].m, "GET", "/a/:id", "web1") == cases[i].fits);
    assert_true(goal_match_http(&(struct goal_match){.host = "*"}, NULL, NULL, NULL));
    assert_false(goal_match_http(&(struct goal_match){.host = "a"}, NULL, NULL, NULL));
}

/* ---- much of it ---- */

static void ten_thousand_alerts_are_read(void **state)
{
    (void)state;
    enum { N = 10000 };
    struct strbuf b = {0};
    struct sd_error err;
    struct goal_policy p;
    strbuf_str(&b, "kpis:\n");
    for (int i = 0; i < N; i++)
        strbuf_printf(
            &b,
            "- {name: k%d, signal: http.latency, target: 9ms, match: {route: /r%d}, alert: {above: 2x}}\n", i,
            i);
    assert_true(read_text(&p, strbuf_text(&b), &err));
    assert_int_equal(p.n_kpis, N);
    assert_string_equal(p.kpis[N - 1].name, "k9999");
    assert_true(arena_bytes(p.arena) < 16 << 20);
    policy_free(&p);
    strbuf_str(&b, "- {name: k5000, signal: http.rate}\n");
    assert_false(read_text(&p, strbuf_text(&b), &err));
    assert_non_null(strstr(err.text, "p.yaml:10002:10: a KPI named \"k5000\" is there before"));
    strbuf_clear(&b);
    strbuf_str(&b, "kpis: [{signal: http.rate, name: ");
    strbuf_pad(&b, 'n', 1 << 20);
    strbuf_str(&b, "}]");
    assert_false(read_text(&p, strbuf_text(&b), &err));
    assert_non_null(strstr(err.text, "name has 1048576 bytes; expected at most 200"));
    strbuf_clear(&b);
    for (int i = 0; i < 1000000; i++)
        strbuf_str(&b, "&a [");
    assert_false(read_text(&p, strbuf_text(&b), &err));
    assert_non_null(strstr(err.text, "nested too deeply"));
    strbuf_clear(&b);
    strbuf_str(&b, "escalations:\n");
    for (int i = 0; i < 100; i++) /* more names than are compared one by one */
        strbuf_printf(&b, "  e%d: []\n", i);
    assert_true(read_text(&p, strbuf_text(&b), &err));
    assert_int_equal(p.n_escalations, 100);
    policy_free(&p);
    strbuf_str(&b, "  e70: []\n");
    assert_false(read_text(&p, strbuf_text(&b), &err));
    assert_non_null(strstr(err.text, "p.yaml:102:3: e70 is given twice; expected once, line 72"));
    strbuf_free(&b);
}

/* ---- rules for Prometheus ---- */

static void holds(const struct strbuf *b, const char *text)
{
    if (!strstr(strbuf_text(b), text))
        fail_msg("%s\nis not in\n%s", text, strbuf_text(b));
}

static void objectives_become_rules(void **state)
{
    (void)state;
    struct strbuf b = {0};
    struct goal_policy p =
        policy_of("slos:\n"
                  "- {name: \"a\\\"{{b\", objective: 0.999, signal: http.latency, good_below: 300ms,\n"
                  "   match: {route: '/c.d*', method: GET, labels.app-id: 7}, playbook: errors}\n"
                  "- {name: whole, objective: 0.9, window: 7d, signal: http.latency, good_below: 2s,\n"
                  "   min_events: 0, pairs: [{long: 14m, short: 70s, factor: 9}]}\n");
    slo_rules_prometheus(&p, &b);
    holds(&b, "- name: \"slowdive/a\\\"{{b\"");
    holds(&b,
          "  - record: slo:bad:ratio_rate5m\n"
          "    expr: \"1 - sum(rate(http_request_duration_seconds_bucket{le=\\\"0.3\\\",method=\\\"GET\\\","
          "route=~\\\"/c\\\\\\\\.d.*\\\",app_id=\\\"7\\\"}[5m])) / ");
    holds(&b, "slo:bad:ratio_rate30d");
    holds(&b, "  - record: slo:total:increase1h\n");
    holds(&b, "  - alert: \"a\\\"{{b/critical\"\n");
    holds(&b, " > 14.4 * (1 - 0.999) and ");
    holds(&b, " >= 100) or (");
    holds(&b, "summary: \"a\\\"{{ \\\"{{\\\" }}b burns");
    holds(&b, "playbook: \"errors\"");
    holds(&b, "le=~\\\"2([.]0)?\\\"");
    holds(&b, "slo:bad:ratio_rate70s{slo=\\\"whole\\\"} > 9 * (1 - 0.9))\"");
    assert_null(strstr(strbuf_text(&b), "whole/critical"));
    policy_free(&p);
    strbuf_clear(&b);
    p = policy_of("version: prometheus/v1\nslos: [{name: q, objective: 99, sli: {raw: {error_ratio_query: "
                  "'bad[{{.window}}]/2'}}}]");
    slo_rules_prometheus(&p, &b);
    holds(&b, "expr: \"bad[1h]/2\"");
    assert_null(strstr(strbuf_text(&b), "increase"));
    policy_free(&p);
    strbuf_clear(&b);
    p = policy_of("");
    slo_rules_prometheus(&p, &b);
    holds(&b, "groups: []\n");
    policy_free(&p);
    strbuf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_has_five_kpis_with_playbooks),
        cmocka_unit_test(what_is_left_out_is_the_default),
        cmocka_unit_test(the_keys_of_a_kpi),
        cmocka_unit_test(the_keys_of_an_objective),
        cmocka_unit_test(who_is_told),
        cmocka_unit_test(plans_and_budgets),
        cmocka_unit_test(json_is_yaml_too),
        cmocka_unit_test(paths_begin_at_home),
        cmocka_unit_test(a_mistake_is_told_with_its_place),
        cmocka_unit_test(no_sentence_holds_a_secret),
        cmocka_unit_test(objectives_of_openslo_are_read),
        cmocka_unit_test(openslo_that_cannot_be_meant_is_refused),
        cmocka_unit_test(objectives_of_sloth_are_read),
        cmocka_unit_test(names_that_nothing_has_are_noted),
        cmocka_unit_test(a_match_needs_all_its_keys),
        cmocka_unit_test(ten_thousand_alerts_are_read),
        cmocka_unit_test(objectives_become_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* policy.h - what is good enough, who is told when it is not, and what it is worth: the policy file as it was
 * read (conf/policy.h), with every default filled in. Times are ns, shares 0..1, moments ns since 1970.
 * Everything lives in `arena` and does not change. A number that was not given is NAN, a time SD_UNKNOWN, a
 * text NULL. */
#ifndef CORE_GOALS_POLICY_H
#define CORE_GOALS_POLICY_H

#include "base/base.h"
#include "core/endpoints/hops.h"
#include "slowdive/types.h"

/* ---- what is measured ---- */

/* X(UPPER, name, unit, a quantile belongs to it). Others: metric:NAME. */
#define GOAL_SIGNALS(X)                                                                                      \
    X(HTTP_LATENCY, "http.latency", "ns", true)                                                              \
    X(HTTP_ERRORS, "http.errors", "share", false)                                                            \
    X(HTTP_RATE, "http.rate", "per_s", false)                                                                \
    X(HTTP_BYTES, "http.bytes", "bytes", false)                                                              \
    X(DB_LATENCY, "db.latency", "ns", true)                                                                  \
    X(DB_CALLS, "db.calls", "", false)                                                                       \
    X(BUNDLE_JS, "bundle.js", "bytes", false)                                                                \
    X(BUNDLE_CSS, "bundle.css", "bytes", false)                                                              \
    X(BUNDLE_IMAGE, "bundle.image", "bytes", false)                                                          \
    X(BUNDLE_FONT, "bundle.font", "bytes", false)                                                            \
    X(BUNDLE_TOTAL, "bundle.total", "bytes", false)                                                          \
    X(LIGHTHOUSE_SCORE, "lighthouse.score", "share", false)                                                  \
    X(LIGHTHOUSE_LCP, "lighthouse.lcp", "ns", false)                                                         \
    X(LIGHTHOUSE_CLS, "lighthouse.cls", "", false)                                                           \
    X(LIGHTHOUSE_TBT, "lighthouse.tbt", "ns", false)                                                         \
    X(LIGHTHOUSE_FCP, "lighthouse.fcp", "ns", false)                                                         \
    X(LIGHTHOUSE_SI, "lighthouse.si", "ns", false)                                                           \
    X(LIGHTHOUSE_INP, "lighthouse.inp", "ns", false)
enum goal_signal {
#define GOAL_SIGNAL_ENUM(UPPER, name, unit, quantile) GOAL_##UPPER,
    GOAL_SIGNALS(GOAL_SIGNAL_ENUM)
#undef GOAL_SIGNAL_ENUM
        GOAL_METRIC,
    GOAL_SIGNAL_N
};

enum goal_per { GOAL_TOTAL, GOAL_PER_ENDPOINT, GOAL_PER_HOST };
enum goal_aggregate { GOAL_MEAN, GOAL_MAX, GOAL_LAST };
enum goal_missing { GOAL_KEEP, GOAL_FIRE, GOAL_OK };
enum goal_severity { GOAL_WARNING, GOAL_CRITICAL };

/* `*` stands for any text (hop_match); every key that is given must match. */
struct goal_match {
    const char *method, *route, *host, *alert, *instance, *severity; /* NULL: any */
    struct goal_label {
        const char *name, *pattern;
    } const *labels;
    size_t n_labels;
};

/* One figure over time: what a KPI, SLO or budget is about. */
struct goal_figure {
    enum goal_signal signal;
    const char *text;   /* as written: "metric:host.cpu" */
    const char *metric; /* NAME of metric:NAME; else NULL */
    double quantile;    /* of signals with one; 0.95 when not given; else NAN */
    enum goal_per per;
    enum goal_aggregate aggregate;
    int64_t window_ns;
    bool window_given; /* it is in the file */
    struct goal_match match;
};

/* ---- the sections ---- */

struct goal_limit { /* of an alert */
    bool below;
    double value; /* in the unit of the signal; 2x is worked out */
};
struct goal_alert {
    struct goal_limit limit;
    int64_t for_ns, keep_firing_ns;
    enum goal_severity severity;
    enum goal_missing missing;
    bool by_instance;       /* group: instance */
    const char *escalation; /* name; NULL: by severity */
};
struct goal_kpi {
    const char *name;
    struct goal_figure figure;
    double target;     /* NAN: none */
    bool higher;       /* better is above: the alert is `below`; without one: lighthouse.score, http.rate */
    bool skip_missing; /* missing: skip, for check */
    bool has_alert;
    struct goal_alert alert;
    const char *playbook;
    int line; /* in the file; 0: compiled in */
};

struct goal_pair {
    int64_t long_ns, short_ns;
    double factor;
    enum goal_severity severity;
};
struct goal_slo {
    const char *name;
    double objective;
    int64_t window_ns;
    struct goal_figure figure; /* http.latency or http.errors */
    int64_t good_below_ns;     /* of latency */
    int64_t min_events;
    const struct goal_pair *pairs;
    size_t n_pairs;
    enum goal_missing missing;
    const char *playbook, *escalation;
    const char *query; /* of sloth: what only a Prometheus can answer; NULL */
    int line;
};

struct goal_step {
    int64_t after_ns;
    const char *to; /* a receiver */
};
struct goal_escalation {
    const char *name;
    const struct goal_step *steps;
    size_t n_steps;
};

#define GOAL_RECEIVERS(X)                                                                                    \
    X(SLACK, "slack")                                                                                        \
    X(PAGERDUTY, "pagerduty") X(ALERTMANAGER, "alertmanager") X(WEBHOOK, "webhook") X(COMMAND, "command")
enum goal_receiver_type {
#define GOAL_RECEIVER_ENUM(UPPER, name) GOAL_##UPPER,
    GOAL_RECEIVERS(GOAL_RECEIVER_ENUM)
#undef GOAL_RECEIVER_ENUM
        GOAL_RECEIVER_N
};
/* A secret is named, not read: by its value, a file, or a variable of the environment; one of the three. */
struct goal_secret {
    const char *value, *file, *env;
};
struct goal_receiver {
    const char *name;
    enum goal_receiver_type type;
    struct goal_secret url, routing_key;
    const char *const *command; /* words, NULL-terminated */
    int line;
};

struct goal_silence {
    struct goal_match match;
    int day;                  /* 0 Sunday .. 6; -1: every day; of Mon-Fri there are five silences */
    int from_minute, minutes; /* of the day, UTC; how long */
    const char *why;
};

struct goal_playbook {
    const char *name, *title;
    struct goal_play {
        const char *text, *view, *select; /* view NULL: nothing to show */
    } const *steps;
    size_t n_steps;
};

struct goal_budget {
    const char *name, *feature;
    struct goal_figure figure;
    double max;     /* NAN: only regress */
    double warn;    /* share of max above which it warns: 0.9 */
    double regress; /* NAN: none */
    bool skip_missing;
    int line;
};

struct goal_costs {
    bool given;
    const char *currency;
    double month, hour, wait_hour, revenue_month, conversion_per_100ms;
};
struct goal_effort {
    const char *technique;
    double hours;
};

struct goal_month {
    int year, month; /* month 1..12 */
    double plan;
};
struct goal_target {
    const char *kpi;
    double baseline, target;
    const struct goal_month *months;
    size_t n_months;
};
struct goal_milestone {
    int year, month;
    const char *name;
    const char *const *items;
    size_t n_items;
    double expect; /* share; NAN */
};

struct goal_tier {
    int64_t step_ns, keep_ns;
};
struct goal_history {
    const char *url; /* NULL: none */
    const char *cluster;
    const struct goal_tier *tiers;
    size_t n_tiers;
    int64_t max_size_bytes;
};
struct goal_heartbeat {
    const char *to; /* NULL: none */
    int64_t every_ns;
};

struct goal_policy {
    struct arena *arena;
    const char *file; /* NULL: compiled in */
    bool named;       /* by --policy */
    bool of_folder;   /* ./slowdive-policy.yaml: its receivers are never used */
    const struct goal_kpi *kpis;
    size_t n_kpis;
    const struct goal_slo *slos;
    size_t n_slos;
    const struct goal_escalation *escalations;
    size_t n_escalations;
    const struct goal_receiver *receivers;
    size_t n_receivers;
    const struct goal_silence *silences;
    size_t n_silences;
    const struct goal_playbook *playbooks; /* with those compiled in, unless one has its name */
    size_t n_playbooks;
    const struct goal_budget *budgets;
    size_t n_budgets;
    const int *size_lines; /* of each of these */
    const char
        *size_budgets; /* those of `budgets:` with a `limit`, a list as JSON (budget_file.h); NULL: none */
    double size_tolerance; /* a share of their limits; NAN: not given */
    struct hop_plans hops; /* in the same arena */
    struct goal_costs costs;
    const struct goal_effort *efforts;
    size_t n_efforts;
    const struct goal_target *targets;
    size_t n_targets;
    const struct goal_milestone *roadmap;
    size_t n_roadmap;
    struct goal_history history;
    struct goal_heartbeat heartbeat;
    const char *const *notes; /* sentences: a pair that can never fire, ... */
    size_t n_notes;
};

const char *goal_signal_name(enum goal_signal s); /* "http.latency"; of GOAL_METRIC "metric" */
const char *goal_signal_unit(enum goal_signal s); /* "ns", "share", "bytes", "per_s", "" */
bool goal_signal_has_quantile(enum goal_signal s);
const char *goal_severity_name(enum goal_severity s);
const char *goal_receiver_type_name(enum goal_receiver_type t);

/* ---- looking up ---- */
const struct goal_kpi *policy_kpi(const struct goal_policy *p, const char *name);
const struct goal_slo *policy_slo(const struct goal_policy *p, const char *name);
const struct goal_receiver *policy_receiver(const struct goal_policy *p, const char *name);
const struct goal_playbook *policy_playbook(const struct goal_policy *p, const char *name);
bool policy_has_escalation(const struct goal_policy *p, const char *name);
/* By name, else the one of the severity, else default; NULL: there is none. */
const struct goal_escalation *policy_escalation(const struct goal_policy *p, const char *name,
                                                enum goal_severity s);
double policy_effort(const struct goal_policy *p, const char *technique); /* hours; NAN */
/* All keys that the match has, against these; a NULL one matches `*` only. */
bool goal_match_http(const struct goal_match *m, const char *method, const char *route, const char *host);

#endif

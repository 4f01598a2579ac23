/* alerting.h - the engine of alerts: states, incidents, escalation, silences, deliveries.
 *
 * One evaluation is: alerting_begin at a moment, alerting_rule with what each rule's instances are then,
 * alerting_end. It gives the deliveries that are due (alerting_due); their answers are told with
 * alerting_answer. Pure: the clock is the caller's, nothing is sent here, and the whole state can be written
 * and read (format/goals/alert_state.h). The caller writes it before deliveries are sent and after, so that
 * one that was begun and not confirmed is sent again with the same key.
 *
 * All texts and structs are the engine's, valid until the next evaluation. One thread. */
#ifndef CORE_GOALS_ALERTING_H
#define CORE_GOALS_ALERTING_H

#include "core/goals/delivery.h"

#include <uthash.h>

#define ALERT_SHOWN_NS  (15 * 60 * SD_S) /* a resolved alert and its incident are shown for this long */
#define ALERT_TOLD_NS   (5 * 60 * SD_S)  /* Alertmanager is told of what was resolved for this long */
#define ALERT_AHEAD     4                /* evaluations that endsAt lies ahead, */
#define ALERT_AHEAD_MIN (5 * 60 * SD_S)  /* and at least so much */
#define ALERT_KEEP_NS   (5 * 60 * SD_S)  /* keep_firing of SLOs */
enum { ALERT_ATTEMPTS = 10 };

/* ---- rules: what the policy alerts about ---- */

struct alert_rule {
    const char *name; /* of an SLO NAME/critical, NAME/warning */
    const struct goal_kpi *kpi;
    const struct goal_slo *slo; /* one of the two is NULL */
    enum goal_severity severity;
    const char *unit;
    double threshold; /* of an SLO: the factor of its first pair of that severity */
    bool below;
    int64_t window_ns, for_ns, keep_firing_ns;
    enum goal_missing missing;
    bool by_instance;
    const struct goal_escalation *escalation; /* NULL: nobody is told */
    const char *playbook;                     /* name; NULL */
};
/* In the order of the policy; in the arena, as the names. Count. */
size_t alert_rules(const struct goal_policy *p, struct arena *a, struct alert_rule **out);

/* ---- states ---- */

#define ALERT_STATES(X)                                                                                      \
    X(INACTIVE, "inactive") X(PENDING, "pending") X(FIRING, "firing") X(RESOLVED, "resolved")
enum alert_state {
#define ALERT_STATE_ENUM(UPPER, name) ALERT_##UPPER,
    ALERT_STATES(ALERT_STATE_ENUM)
#undef ALERT_STATE_ENUM
        ALERT_STATE_N
};
const char *alert_state_name(enum alert_state s);

#define SENT_STATES(X)                                                                                       \
    X(DUE, "due") X(NOTED, "noted") X(SENT, "sent") X(RETRYING, "retrying") X(FAILED, "failed")
enum sent_state { /* DUE: since this evaluation; NOTED: begun, not confirmed */
#define SENT_STATE_ENUM(UPPER, name) DELIVERY_IS_##UPPER,
                  SENT_STATES(SENT_STATE_ENUM)
#undef SENT_STATE_ENUM
                      DELIVERY_STATE_N
};
const char *sent_state_name(enum sent_state s);

/* A message of an incident: what became of it. */
struct alert_sent {
    size_t step;
    char *receiver;
    enum delivery_kind kind;
    enum sent_state state;
    int attempts;
    sd_time at;       /* of the last attempt */
    sd_time retry_at; /* not before; SD_UNKNOWN: at once */
    bool heard;       /* it got there, now or before */
    char *error;      /* of the last attempt; NULL */
};

/* An instance of an incident that is over, as it was then. */
struct alert_member {
    char *instance;
    double value;
    sd_time fired_at, resolved_at;
};

struct alert_group;
struct alert_incident {
    char *key;
    char *alert;
    char *instance; /* of a rule by instance; a total has none, too */
    bool by_instance, slo;
    enum goal_severity severity;
    sd_time opened_at, closed_at; /* closed_at SD_UNKNOWN: open */
    int64_t clock_ns;             /* of the escalation: how long it has fired, silences taken off */
    sd_time clock_at;             /* until when */
    char *acked_by;
    sd_time acked_at; /* SD_UNKNOWN: not acknowledged */
    struct alert_sent *sent;
    size_t n_sent, cap_sent;
    struct alert_member *members; /* once it is closed */
    size_t n_members;
    struct alert_group *group;
    struct alert_instance *one; /* by instance: that one; NULL: it is forgotten */
};

struct alert_instance {
    char *name; /* NULL: the total */
    enum alert_state state;
    sd_time since; /* of the condition while pending or firing, else of the state */
    sd_time fired_at, resolved_at;
    sd_time false_since; /* while firing: first found false */
    double value;        /* NAN: unknown now */
    double last_value;   /* the last that was known */
    sd_time value_at;    /* when */
    bool nodata;
    char *reason; /* NULL */
    const char *unit;
    double threshold;
    int64_t window_ns;
    struct alert_incident *incident; /* while firing, and while resolved is shown */
    uint32_t seen;                   /* the evaluation */
    UT_hash_handle hh;               /* of alert_group.by_name */
};

struct alert_group { /* the instances of a rule */
    char *alert;
    bool slo;
    enum goal_severity severity;
    const struct alert_rule *rule; /* NULL: the policy has it no more */
    struct alert_instance **items;
    size_t n, cap, hint, firing;
    struct alert_instance *by_name;
    struct alert_incident *open; /* of a rule that is not by instance */
    sd_time hidden_at;           /* at that moment so many incidents were opened whose keys hide names */
    size_t hidden;
    UT_hash_handle hh; /* of alerting.by_alert */
};

struct alert_silence {
    char *id, *match, *why; /* match as it was given: KEY=VALUE,... */
    sd_time from, until;
    struct goal_match parsed;
    struct arena *arena; /* of parsed */
};

struct alert_change { /* of a state */
    sd_time at;
    const char *alert, *instance;
    enum alert_state from, to;
    double value;
};

struct alerting {
    const struct goal_policy *policy;
    struct arena *arena;
    struct alert_rule *rules;
    size_t n_rules;
    int64_t every_ns;
    sd_time at;      /* of the last evaluation; SD_UNKNOWN: none yet */
    sd_time beat_at; /* of the last sign of life that arrived; SD_UNKNOWN: none */
    bool again;      /* the one under way has the same moment as the one before */
    bool only_looks; /* set by who evaluates to show what is: nothing becomes due */
    uint32_t evaluation;
    struct alert_group **groups; /* those of the rules first, in their order */
    size_t n_groups, cap_groups;
    struct alert_group *by_alert;
    struct alert_incident **incidents; /* by opening */
    size_t n_incidents, cap_incidents;
    struct alert_silence *silences;
    size_t n_silences, cap_silences;
    int64_t next_silence;
    /* Each change of a state, as it happens; NULL: nobody asks. */
    void (*changed)(void *ctx, const struct alert_change *c);
    void *changed_ctx;
    /* what is due */
    struct delivery *due;
    struct alert_due {
        struct alert_incident *incident;
        size_t sent;
    } * due_of;
    size_t n_due, cap_due;
    struct arena *scratch; /* of due */
};

/* every_ns: between evaluations. The policy lives as long. */
struct alerting *alerting_new(const struct goal_policy *p, int64_t every_ns);
void alerting_free(struct alerting *a); /* NULL is fine */
/* The same at the same point, on its own: what is due is not in it, and nobody is told of changes. */
struct alerting *alerting_copy(const struct alerting *a);
/* Into an engine that was evaluated from data alone: what a later state of the same policy knows of the
 * moment of its last evaluation. The keys of its incidents, when they opened, who had acknowledged and been
 * told by then, and the silences. */
void alerting_recall(struct alerting *a, const struct alerting *later);

/* ---- an evaluation ---- */

struct alert_input {
    const char *instance; /* NULL: the total */
    double value;         /* NAN: no data */
    bool holds;           /* the condition; of a window with too few events false */
    const char *unit;     /* NULL: the rule's; lives as long as the engine */
    double threshold;     /* NAN: the rule's */
    int64_t window_ns;    /* 0: the rule's */
    const char *reason;   /* NULL */
};
/* False and a sentence: the moment is before that of the last evaluation. */
bool alerting_begin(struct alerting *a, sd_time at, struct sd_error *err);
/* Once for each rule, in their order. What is missing of those known before has no data. */
void alerting_rule(struct alerting *a, size_t rule, const struct alert_input *in, size_t n);
void alerting_end(struct alerting *a);

/* What is to be sent now, in the order of incidents and steps: noted as begun. To be written down, sent, and
 * answered. */
size_t alerting_due(struct alerting *a, const struct delivery **out);
/* The answer to the i-th; what it is now. */
const struct alert_sent *alerting_answer(struct alerting *a, size_t i, const struct delivery_answer *answer);

size_t alerting_firing(const struct alerting *a); /* instances that fire */
/* The step after those sent, which waits for its time: its receiver and when, SD_UNKNOWN while the clock
 * stands still. NULL: there is none. */
const char *alert_next_step(const struct alerting *a, const struct alert_incident *x, sd_time *at);

/* ---- people ---- */

/* alert: a name, ALERT{INSTANCE} or the key of an incident. Acknowledges its open incidents. */
bool alerting_ack(struct alerting *a, const char *alert, const char *by, sd_time at, struct sd_error *err);
/* match: KEY=VALUE,... The id, the engine's; NULL and a sentence. */
const char *alerting_silence(struct alerting *a, const char *match, int64_t for_ns, const char *why,
                             sd_time at, struct sd_error *err);
bool alerting_unsilence(struct alerting *a, const char *id, sd_time at, struct sd_error *err);

/* What holds an instance back. */
struct alert_held {
    const char *id;  /* of a person's silence; NULL: a weekly one of the policy */
    const char *why; /* NULL: not said */
    sd_time until;
};
/* Is that instance silenced at that moment? *held: by what; NULL ok. */
bool alert_silenced(const struct alerting *a, const struct alert_group *g, const char *instance, sd_time at,
                    struct alert_held *held);
/* How much of (from, to] all these instances were silenced. */
int64_t alert_silenced_ns(const struct alerting *a, const struct alert_group *g, const char *const *instances,
                          size_t n, sd_time from, sd_time to);

/* ---- for who reads and writes the state ---- */
struct alert_group *alerting_group(struct alerting *a, const char *alert, bool slo, enum goal_severity s);
struct alert_instance *alert_instance_of(struct alert_group *g, const char *name);   /* made when it is new */
struct alert_instance *alert_instance_find(struct alert_group *g, const char *name); /* NULL: there is none */
struct alert_incident *alerting_add_incident(struct alerting *a, const char *key);
struct alert_sent *alert_add_sent(struct alert_incident *x);
/* NULL and a sentence: `match` is wrong. */
struct alert_silence *alerting_add_silence(struct alerting *a, const char *match, struct sd_error *err);

#endif

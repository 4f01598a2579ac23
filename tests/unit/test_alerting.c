/* States, incidents, escalation, silences and deliveries of alerts, on a clock of the test's own. */
#include "tests/lib/test.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "conf/policy.h"
#include "core/goals/alerting.h"
#include "core/goals/heartbeat.h"
#include "format/goals/alert_state.h"

/* Sunday, 2026-11-29 00:00:00 UTC */
#define START (INT64_C(1795910400) * SD_S)

#define RECEIVERS                                                                                            \
    "receivers:\n"                                                                                           \
    "  chat: {type: webhook, url: 'http://127.0.0.1:1/c'}\n"                                                 \
    "  page: {type: pagerduty, routing_key: k, url: 'http://127.0.0.1:1/p'}\n"                               \
    "  lead: {type: webhook, url: 'http://127.0.0.1:1/l'}\n"                                                 \
    "  am: {type: alertmanager, url: 'http://127.0.0.1:1'}\n"
#define ESCALATION                                                                                           \
    "escalations: {default: [{after: 0s, to: chat}, {after: 5m, to: page}, {after: 10m, to: lead}]}\n"
#define KPI(more)                                                                                            \
    "kpis:\n  - {name: api, signal: http.latency, quantile: 0.95, target: 100ms, alert: {above: 2x" more     \
    "}}\n"

struct sim {
    struct goal_policy policy;
    struct alerting *a;
    struct strbuf sent;    /* "MINUTE:STEP/RECEIVER/KIND " */
    struct strbuf changes; /* "MINUTE:STATE " */
    int status;            /* how receivers answer */
    const char *failing;   /* this one alone; NULL: all */
    int64_t retry_after_ns;
};

/* Every test is done twice: with one engine, and with a new one for each evaluation that goes on from the
 * written state. */
static bool by_state;

static double minutes(sd_time at)
{
    return (double)(at - START) / (60.0 * SD_S);
}

static void note_change(void *ctx, const struct alert_change *c)
{
    struct sim *s = ctx;
    strbuf_printf(&s->changes, "%g:%s%s%s ", minutes(c->at), c->instance ? c->instance : "",
                  c->instance ? "=" : "", alert_state_name(c->to));
}

static void follow(struct sim *s)
{
    s->a->changed = note_change;
    s->a->changed_ctx = s;
}

static void go_on_from_state(struct sim *s)
{
    struct strbuf text = {0}, again = {0};
    struct sd_error err = {""};
    alert_state_write(s->a, &text);
    struct alerting *b = alerting_new(&s->policy, 15 * SD_S);
    if (!alert_state_read(b, text.text, text.len, &err))
        fail_msg("%s\n%s", err.text, text.text);
    alert_state_write(b, &again);
    assert_string_equal(text.text, again.text);
    alerting_free(s->a);
    s->a = alerting_copy(b); /* which goes on by itself */
    alerting_free(b);
    strbuf_clear(&again);
    alert_state_write(s->a, &again);
    assert_string_equal(text.text, again.text);
    follow(s);
    strbuf_free(&text);
    strbuf_free(&again);
}

static void sim_begin(struct sim *s, const char *policy)
{
    struct sd_error err = {""};
    *s = (struct sim){.status = 200, .retry_after_ns = SD_UNKNOWN};
    if (!policy_read_text(&s->policy, "test", policy, strlen(policy), &err))
        fail_msg("%s", err.text);
    s->a = alerting_new(&s->policy, 15 * SD_S);
    follow(s);
}

static void sim_end(struct sim *s)
{
    alerting_free(s->a);
    policy_free(&s->policy);
    strbuf_free(&s->sent);
    strbuf_free(&s->changes);
}

static void answer_all(struct sim *s)
{
    const struct delivery *due;
    size_t n = alerting_due(s->a, &due);
    for (size_t i = 0; i < n; i++) {
        struct delivery_answer r = {.status = 200, .retry_after_ns = s->retry_after_ns};
        if (!s->failing || !strcmp(s->failing, due[i].receiver->name))
            r.status = s->status;
        if (r.status != 200)
            snprintf(r.error, sizeof r.error, "status %d", r.status);
        strbuf_printf(&s->sent, "%g:%zu/%s/%s ", minutes(due[i].at), due[i].step, due[i].receiver->name,
                      delivery_kind_name(due[i].kind));
        alerting_answer(s->a, i, &r);
    }
}

/* One evaluation of the only rule; a value of 1 or more holds, NAN is no data. */
static void at_n(struct sim *s, double minute, const struct alert_input *in, size_t n, bool answer)
{
    struct sd_error err = {""};
    if (by_state)
        go_on_from_state(s);
    if (!alerting_begin(s->a, START + (sd_time)(minute * 60 * SD_S), &err))
        fail_msg("%s", err.text);
    alerting_rule(s->a, 0, in, n);
    alerting_end(s->a);
    if (answer)
        answer_all(s);
}

static void at(struct sim *s, double minute, double value)
{
    at_n(s, minute, &(struct alert_input){.value = value, .holds = value >= 1, .threshold = (double)NAN}, 1,
         true);
}

static void says(struct strbuf *b, const char *expected)
{
    if (strcmp(strbuf_text(b), expected) != 0)
        fail_msg("\n got: %s\nwant: %s", strbuf_text(b), expected);
    strbuf_clear(b);
}

/* ---- escalation ---- */

static void test_escalation(void **state)
{
    struct sim s;
    (void)state;
    sim_begin(&s, KPI("") ESCALATION RECEIVERS);
    for (int quarter = 4; quarter <= 4 * 14; quarter++) /* from minute 1 every 15 s */
        at(&s, quarter / 4.0, 1);
    says(&s.sent, "1:0/chat/firing 6:1/page/firing 11:2/lead/firing ");
    for (int quarter = 4 * 14 + 1; quarter <= 4 * 40; quarter++)
        at(&s, quarter / 4.0, 0);
    says(&s.sent, "19.25:0/chat/resolved 19.25:1/page/resolved 19.25:2/lead/resolved ");
    says(&s.changes, "1:firing 19.25:resolved 34.25:inactive ");
    assert_int_equal(s.a->n_incidents, 0);
    sim_end(&s);
}

/* An evaluation that comes late sends what is due by then, each step once and in order. */
static void test_late(void **state)
{
    struct sim s;
    (void)state;
    sim_begin(&s, KPI("") ESCALATION RECEIVERS);
    at(&s, 1, 1);
    at(&s, 30, 1);
    at(&s, 60, 1);
    says(&s.sent, "1:0/chat/firing 30:1/page/firing 30:2/lead/firing ");
    sim_end(&s);
}

static void test_states(void **state)
{
    struct sim s;
    (void)state;
    sim_begin(&s, KPI(", for: 2m, keep_firing: 3m") ESCALATION RECEIVERS);
    at(&s, 0, 0);
    at(&s, 1, 1);
    at(&s, 2, 0); /* pending and false: nothing */
    at(&s, 3, 1);
    at(&s, 4, 1);
    at(&s, 5, 1); /* true for 2 minutes */
    at(&s, 6, 0); /* flapping */
    at(&s, 8, 1);
    at(&s, 9, 0);
    at(&s, 11, 0);
    at(&s, 12, 0);                                   /* false for 3 minutes */
    at(&s, 13, 1);                                   /* a new one */
    assert_null(s.a->groups[0]->items[0]->incident); /* not the one that is over */
    at(&s, 15, 1);
    says(&s.changes, "1:pending 2:inactive 3:pending 5:firing 12:resolved 13:pending 15:firing ");
    says(&s.sent, "5:0/chat/firing 11:1/page/firing 12:0/chat/resolved 12:1/page/resolved 15:0/chat/firing ");
    sim_end(&s);
}

static void test_keys(void **state)
{
    struct sim s;
    const struct delivery *due;
    (void)state;
    sim_begin(&s, KPI(", keep_firing: 0s") ESCALATION RECEIVERS);
    at(&s, 1, 1);
    alerting_due(s.a, &due);
    assert_string_equal(due[0].incident, "api@2026-11-29T00:01:00.000Z");
    assert_string_equal(due[0].key, "api@2026-11-29T00:01:00.000Z/0/chat/firing");
    assert_true(due[0].threshold == 200e6);
    assert_int_equal(due[0].ends_at, START + 6 * 60 * SD_S);
    at(&s, 2, 0);
    alerting_due(s.a, &due);
    assert_string_equal(due[0].incident, "api@2026-11-29T00:01:00.000Z");
    assert_int_equal(due[0].n_instances, 1);
    assert_false(due[0].instances[0].firing);
    at(&s, 3, 1);
    alerting_due(s.a, &due);
    assert_string_equal(due[0].incident, "api@2026-11-29T00:03:00.000Z");
    sim_end(&s);
}

/* ---- missing data ---- */

static void test_missing(void **state)
{
    static const struct {
        const char *missing, *sent, *changes;
    } CASES[] = {
        {", missing: keep", "1:0/chat/firing 6:1/page/firing 11:2/lead/firing ", "1:firing "},
        {", missing: fire", "1:0/chat/firing 6:1/page/firing 11:2/lead/firing ", "1:firing "},
        {", missing: ok", "1:0/chat/firing 6:1/page/firing 7:0/chat/resolved 7:1/page/resolved ",
         "1:firing 7:resolved "},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct sim s;
        char *policy =
            mem_printf("kpis: [{name: api, signal: http.latency, target: 100ms, alert: {above: 2x%s}}]\n"
                       "%s",
                       CASES[i].missing, ESCALATION RECEIVERS);
        sim_begin(&s, policy);
        at(&s, 1, 1);
        for (int m = 2; m < 14; m++)
            at(&s, m, (double)NAN);
        says(&s.sent, CASES[i].sent);
        says(&s.changes, CASES[i].changes);
        assert_true(s.a->groups[0]->items[0]->nodata);
        free(policy);
        sim_end(&s);
    }
}

/* An alert on labels of which there are none yet: it is there, and fires when missing data does. */
static void test_no_instance(void **state)
{
    struct sim s;
    (void)state;
    sim_begin(&s, KPI(", missing: fire, keep_firing: 1m") ESCALATION RECEIVERS);
    at_n(&s, 1, NULL, 0, true);
    at_n(&s, 2, NULL, 0, true);
    const struct alert_input one = {.instance = "host=a", .value = 0, .threshold = (double)NAN};
    at_n(&s, 3, &one, 1, true);
    at_n(&s, 4, &one, 1, true);
    says(&s.changes, "1:firing 4:resolved ");
    says(&s.sent, "1:0/chat/firing 4:0/chat/resolved ");
    sim_end(&s);
}

/* ---- instances ---- */

static void test_group(void **state)
{
    struct sim s;
    const struct delivery *due;
    struct alert_input in[] = {{.instance = "a", .value = 1, .holds = true, .threshold = (double)NAN},
                               {.instance = "b", .value = 0, .threshold = (double)NAN}};
    (void)state;
    sim_begin(&s, KPI(", keep_firing: 0s") ESCALATION RECEIVERS);
    at_n(&s, 1, in, 2, true);
    in[1].holds = true;
    at_n(&s, 2, in, 2, true); /* joins */
    in[0].holds = false;
    at_n(&s, 3, in, 2, true); /* one still fires */
    at_n(&s, 6, in, 2, true);
    alerting_due(s.a, &due);
    assert_int_equal(due[0].n_instances, 1);
    assert_string_equal(due[0].instances[0].instance, "b");
    in[1].holds = false;
    at_n(&s, 7, in, 2, true);
    says(&s.sent, "1:0/chat/firing 6:1/page/firing 7:0/chat/resolved 7:1/page/resolved ");
    alerting_due(s.a, &due);
    assert_int_equal(due[0].n_instances, 2);
    sim_end(&s);
}

/* One that is pending again when the incident of its group ends begins another one. */
static void test_pending_at_the_end(void **state)
{
    struct sim s;
    struct alert_input in[] = {{.instance = "a", .value = 1, .holds = true, .threshold = (double)NAN},
                               {.instance = "b", .value = 1, .holds = true, .threshold = (double)NAN}};
    (void)state;
    sim_begin(&s, KPI(", for: 2m, keep_firing: 0s") ESCALATION RECEIVERS);
    at_n(&s, 0, in, 2, true);
    at_n(&s, 2, in, 2, true);
    in[0].holds = false;
    at_n(&s, 3, in, 2, true);
    in[0].holds = true;
    at_n(&s, 4, in, 2, true);
    in[1].holds = false;
    at_n(&s, 5, in, 2, true);
    assert_int_equal(s.a->groups[0]->items[0]->state, ALERT_PENDING);
    assert_null(s.a->groups[0]->items[0]->incident);
    at_n(&s, 6, in, 2, true);
    says(&s.sent, "2:0/chat/firing 5:0/chat/resolved 6:0/chat/firing ");
    sim_end(&s);
}

static void test_by_instance(void **state)
{
    struct sim s;
    const struct delivery *due;
    struct alert_input in[] = {{.instance = "a", .value = 1, .holds = true, .threshold = (double)NAN},
                               {.instance = "b", .value = 0, .threshold = (double)NAN}};
    (void)state;
    sim_begin(&s, KPI(", keep_firing: 0s, group: instance") ESCALATION RECEIVERS);
    at_n(&s, 1, in, 2, true);
    alerting_due(s.a, &due);
    assert_string_equal(due[0].incident, "api{a}@2026-11-29T00:01:00.000Z");
    in[1].holds = true;
    at_n(&s, 2, in, 2, true);
    in[0].holds = false;
    at_n(&s, 3, in, 2, true);
    says(&s.sent, "1:0/chat/firing 2:0/chat/firing 3:0/chat/resolved ");
    sim_end(&s);
}

/* The key is sent: people are not in it, and two who are left out are still two. */
static void test_key_without_people(void **state)
{
    struct sim s;
    const struct delivery *due;
    struct sd_error err;
    struct alert_input in[] = {
        {.instance = "host=a,user=eve", .value = 1, .holds = true, .threshold = (double)NAN},
        {.instance = "host=a,user=bob", .value = 1, .holds = true, .threshold = (double)NAN},
        {.instance = "host=a,user=jo", .value = 0, .threshold = (double)NAN}};
    (void)state;
    sim_begin(&s, KPI(", keep_firing: 0s, group: instance") ESCALATION RECEIVERS);
    at_n(&s, 1, in, 3, true);
    assert_int_equal(alerting_due(s.a, &due), 2);
    assert_string_equal(due[0].incident, "api{host=a,user=***}@2026-11-29T00:01:00.000Z");
    assert_string_equal(due[1].incident, "api{host=a,user=***~2}@2026-11-29T00:01:00.000Z");
    in[2].holds = true; /* the same moment once more: a third key */
    at_n(&s, 1, in, 3, false);
    at_n(&s, 2, in, 3, true);
    assert_int_equal(alerting_due(s.a, &due), 1);
    assert_string_equal(due[0].incident, "api{host=a,user=***~3}@2026-11-29T00:01:00.000Z");
    /* On this machine they have their names. */
    assert_true(alerting_ack(s.a, "api{host=a,user=bob}", NULL, START + 3 * 60 * SD_S, &err));
    assert_true(sd_known(s.a->incidents[1]->acked_at));
    assert_false(sd_known(s.a->incidents[0]->acked_at));
    sim_end(&s);
}

/* ---- people ---- */

static void test_ack(void **state)
{
    struct sim s;
    struct sd_error err;
    (void)state;
    sim_begin(&s, KPI(", keep_firing: 0s") ESCALATION RECEIVERS);
    assert_false(alerting_ack(s.a, "api", "eve", START, &err));
    at(&s, 1, 1);
    at(&s, 6, 1);
    assert_true(alerting_ack(s.a, "api", "eve", START + 7 * 60 * SD_S, &err));
    at(&s, 8, 1);
    at(&s, 20, 1);
    at(&s, 21, 0);
    says(&s.sent,
         "1:0/chat/firing 6:1/page/firing 8:1/page/acknowledge 21:0/chat/resolved 21:1/page/resolved ");
    at(&s, 22, 1); /* nobody has acknowledged the next one */
    at(&s, 27, 1);
    says(&s.sent, "22:0/chat/firing 27:1/page/firing ");
    sim_end(&s);
}

static void test_silence(void **state)
{
    struct sim s;
    struct sd_error err;
    (void)state;
    sim_begin(&s, KPI(", keep_firing: 0s") ESCALATION RECEIVERS);
    /* From the beginning: step 0 at its end, step 1 five minutes later. */
    assert_non_null(alerting_silence(s.a, "alert=ap*", 10 * 60 * SD_S, "x", START, &err));
    for (int m = 1; m < 10; m++)
        at(&s, m, 1);
    says(&s.sent, "");
    for (int m = 10; m < 18; m++)
        at(&s, m, 1);
    says(&s.sent, "10:0/chat/firing 15:1/page/firing ");
    /* In between: the clock stands still; who has heard of it is told of the end when the silence ends. */
    assert_non_null(
        alerting_silence(s.a, "severity=warning", 10 * 60 * SD_S, "x", START + 18 * 60 * SD_S, &err));
    for (int m = 18; m < 30; m++)
        at(&s, m, 1);
    says(&s.sent, "");
    at(&s, 30, 1); /* 20 would have been its time */
    says(&s.sent, "30:2/lead/firing ");
    char *id =
        mem_strdup(alerting_silence(s.a, "alert=api", 60 * 60 * SD_S, "x", START + 31 * 60 * SD_S, &err));
    assert_non_null(id);
    at(&s, 32, 0);
    says(&s.sent, "");
    assert_true(alerting_unsilence(s.a, id, START + 33 * 60 * SD_S, &err));
    at(&s, 34, 0);
    says(&s.sent, "34:0/chat/resolved 34:1/page/resolved 34:2/lead/resolved ");
    free(id);
    assert_false(alerting_unsilence(s.a, "s9", START, &err));
    assert_null(alerting_silence(s.a, "colour=red", SD_S, "x", START, &err));
    assert_null(alerting_silence(s.a, "", SD_S, "x", START, &err));
    assert_null(alerting_silence(s.a, "alert", SD_S, "x", START, &err));
    sim_end(&s);
}

/* Of an incident that began and ended in silence nobody hears. */
static void test_silenced_all_along(void **state)
{
    struct sim s;
    struct sd_error err;
    (void)state;
    sim_begin(&s, KPI(", keep_firing: 0s") ESCALATION RECEIVERS);
    alerting_silence(s.a, "instance=", 1, "x", START, &err);
    alerting_silence(s.a, "alert=api", 10 * 60 * SD_S, "x", START, &err);
    at(&s, 1, 1);
    at(&s, 2, 0);
    at(&s, 60, 0);
    says(&s.sent, "");
    says(&s.changes, "1:firing 2:resolved 60:inactive ");
    sim_end(&s);
}

static void test_weekly(void **state)
{
    struct sim s;
    (void)state;
    /* START is a Sunday, 00:00 UTC. */
    sim_begin(&s, KPI(", keep_firing: 0s") ESCALATION RECEIVERS
              "silences: [{match: {alert: api}, weekly: 'Sun 02:00-04:00', why: backup}]\n");
    at(&s, 119, 1);
    for (int m = 120; m < 240; m++)
        at(&s, m, 1);
    says(&s.sent, "119:0/chat/firing ");
    for (int m = 240; m < 260; m++)
        at(&s, m, 1);
    says(&s.sent, "244:1/page/firing 249:2/lead/firing ");
    sim_end(&s);
    /* One late evaluation knows of the silence in between, too. */
    sim_begin(&s, KPI(", keep_firing: 0s") ESCALATION RECEIVERS
              "silences: [{match: {alert: api}, weekly: 'Sun 02:00-04:00', why: backup}]\n");
    at(&s, 119, 1);
    at(&s, 243, 1);
    says(&s.sent, "119:0/chat/firing ");
    at(&s, 244, 1);
    says(&s.sent, "244:1/page/firing ");
    sim_end(&s);
}

/* ---- deliveries ---- */

static void test_retries(void **state)
{
    struct sim s;
    (void)state;
    sim_begin(&s, KPI(", keep_firing: 0s") ESCALATION RECEIVERS);
    s.status = 503;
    s.failing = "chat";
    for (int m = 1; m <= 14; m++)
        at(&s, m, 1);
    says(
        &s.sent,
        "1:0/chat/firing 2:0/chat/firing 3:0/chat/firing 4:0/chat/firing 5:0/chat/firing 6:0/chat/firing "
        "6:1/page/firing 7:0/chat/firing 8:0/chat/firing 9:0/chat/firing 10:0/chat/firing 11:2/lead/firing ");
    at(&s, 15, 0); /* who never got anything hears nothing of the end */
    says(&s.sent, "15:1/page/resolved 15:2/lead/resolved ");
    sim_end(&s);

    sim_begin(&s, KPI("") ESCALATION RECEIVERS);
    s.status = 404;
    at(&s, 1, 1);
    assert_int_equal(s.a->incidents[0]->sent[0].state, DELIVERY_IS_FAILED);
    at(&s, 2, 1);
    says(&s.sent, "1:0/chat/firing ");
    sim_end(&s);

    sim_begin(&s, KPI("") ESCALATION RECEIVERS);
    s.status = 429;
    s.retry_after_ns = 150 * SD_S;
    at(&s, 1, 1);
    s.status = 200;
    at(&s, 2, 1);
    at(&s, 3, 1);
    at(&s, 3.5, 1);
    at(&s, 4, 1);
    says(&s.sent, "1:0/chat/firing 3.5:0/chat/firing ");
    sim_end(&s);
}

/* At the same moment again: nothing new, but what was begun and not confirmed. */
static void test_same_moment(void **state)
{
    struct sim s;
    struct sd_error err;
    const struct delivery *due;
    const struct alert_input yes = {.value = 1, .holds = true, .threshold = (double)NAN};
    (void)state;
    sim_begin(&s, KPI("") ESCALATION RECEIVERS);
    at_n(&s, 1, &yes, 1, false); /* the program ended between noting and sending */
    at(&s, 1, 1);
    assert_int_equal(alerting_due(s.a, &due), 1);
    assert_int_equal(due[0].attempts, 2);
    at(&s, 1, 1);
    says(&s.sent, "1:0/chat/firing ");
    assert_false(alerting_begin(s.a, START, &err));
    assert_int_equal(s.a->at, START + 60 * SD_S);
    sim_end(&s);
}

static void test_alertmanager(void **state)
{
    struct sim s;
    const struct delivery *due;
    (void)state;
    sim_begin(&s, KPI(", keep_firing: 0s") "escalations: {default: [{after: 0s, to: chat}, {after: 5m, to: "
                                           "am}]}\n" RECEIVERS);
    at(&s, 1, 1);
    at(&s, 1, 1);
    at(&s, 2, 1);
    alerting_due(s.a, &due);
    assert_int_equal(due[0].ends_at, START + 7 * 60 * SD_S);
    at(&s, 3, 0);
    at(&s, 4, 0);
    at(&s, 8, 0);
    at(&s, 8.25, 0);
    at(&s, 9, 0);
    says(&s.sent, "1:0/chat/firing 1:1/am/firing 2:1/am/firing 3:0/chat/resolved 3:1/am/resolved "
                  "4:1/am/resolved 8:1/am/resolved ");
    sim_end(&s);
}

static void test_slo_rules(void **state)
{
    struct sim s;
    (void)state;
    sim_begin(
        &s,
        "kpis: []\nslos: [{name: available, objective: 0.999, window: 30d, signal: http.errors}]\n" ESCALATION
            RECEIVERS);
    assert_int_equal(s.a->n_rules, 2);
    assert_string_equal(s.a->rules[0].name, "available/critical");
    assert_string_equal(s.a->rules[1].name, "available/warning");
    assert_true(s.a->rules[0].threshold == 14.4);
    assert_int_equal(s.a->rules[0].window_ns, 3600 * SD_S);
    sim_end(&s);
}

static void test_damaged(void **state)
{
    static const char *const TEXTS[] = {
        "",
        "{",
        "[]",
        "{}",
        "{\"slowdive_alerts\":1}",
        "{\"slowdive_alerts\":2,\"next_silence\":0,\"silences\":[],\"alerts\":[],\"incidents\":[]}",
        "{\"slowdive_alerts\":1,\"at\":\"-1\",\"next_silence\":0,\"silences\":[],\"alerts\":[],\"incidents\":"
        "[]}",
        "{\"slowdive_alerts\":1,\"next_silence\":0,\"silences\":[{}],\"alerts\":[],\"incidents\":[]}",
        "{\"slowdive_alerts\":1,\"next_silence\":0,\"silences\":[],\"alerts\":[{\"alert\":\"api\","
        "\"instances\":"
        "[{\"state\":\"firing\",\"since\":\"1\",\"incident\":7}]}],\"incidents\":[]}",
    };
    struct sim s;
    (void)state;
    sim_begin(&s, KPI("") ESCALATION RECEIVERS);
    at(&s, 1, 1);
    struct strbuf whole = {0};
    struct sd_error err;
    alert_state_write(s.a, &whole);
    for (size_t i = 0; i < ARRAY_LEN(TEXTS) + whole.len - 2; i++) {
        struct alerting *a = alerting_new(&s.policy, SD_S);
        bool text = i < ARRAY_LEN(TEXTS);
        err.text[0] = 0;
        if (alert_state_read(a, text ? TEXTS[i] : whole.text, text ? strlen(TEXTS[i]) : i - ARRAY_LEN(TEXTS),
                             &err))
            fail_msg("%zu was read", i);
        assert_true(strstr(err.text, "the state of the alerts is ") == err.text);
        alerting_free(a);
    }
    strbuf_free(&whole);
    sim_end(&s);
}

/* When the last sign of life arrived is part of the state. */
static void test_heartbeat(void **state)
{
    struct sim s;
    (void)state;
    sim_begin(&s, KPI("") ESCALATION RECEIVERS "heartbeat: {to: chat, every: 5m}\n");
    at(&s, 1, 0);
    assert_false(sd_known(s.a->beat_at));
    assert_true(heartbeat_due(&s.policy, s.a->beat_at, s.a->at));
    s.a->beat_at = s.a->at;
    at(&s, 2, 0);
    assert_true(s.a->beat_at == START + 60 * SD_S);
    assert_false(heartbeat_due(&s.policy, s.a->beat_at, s.a->at));
    at(&s, 6, 0);
    assert_true(heartbeat_due(&s.policy, s.a->beat_at, s.a->at));
    sim_end(&s);
}

/* A state of the future: what it says is kept, and an evaluation before it is refused. */
static void test_future(void **state)
{
    struct sim s;
    struct strbuf text = {0};
    struct sd_error err;
    (void)state;
    sim_begin(&s, KPI("") ESCALATION RECEIVERS);
    strbuf_printf(&text,
                  "{\"slowdive_alerts\":1,\"at\":\"8999999999999999999\",\"beat_at\":"
                  "\"8999999999999999999\",\"next_silence\":3,\"silences\":[{\"id\":\"s3\",\"match\":"
                  "\"alert=api\",\"from\":\"8999999999999999998\",\"until\":\"8999999999999999999\"}],"
                  "\"alerts\":[{\"alert\":\"api\",\"severity\":\"warning\",\"slo\":false,\"instances\":[{"
                  "\"state\":\"firing\",\"since\":\"8999999999999999999\",\"fired_at\":"
                  "\"8999999999999999999\"}]}],\"incidents\":[]}");
    assert_true(alert_state_read(s.a, text.text, text.len, &err));
    assert_false(alerting_begin(s.a, START, &err));
    assert_non_null(strstr(err.text, "only goes forward"));
    assert_true(alerting_begin(s.a, INT64_MAX, &err));
    alerting_rule(s.a, 0, NULL, 0);
    alerting_end(s.a);
    assert_int_equal(alerting_firing(s.a), 1);
    strbuf_free(&text);
    sim_end(&s);
}

static void wide_evaluation(struct sim *s, struct alert_input *in, size_t n, double minute)
{
    struct sd_error err = {""};
    assert_true(alerting_begin(s->a, START + (sd_time)(minute * 60 * SD_S), &err));
    alerting_rule(s->a, 0, in, n);
    alerting_end(s->a);
    answer_all(s);
}

/* 10,000 instances, each an incident of its own: the state stays in proportion. */
static void test_wide(void **state)
{
    enum { N = 10000 };
    struct sim s;
    struct alert_input *in = mem_array(N, sizeof *in);
    char(*names)[40] = mem_array(N, sizeof *names);
    struct strbuf text = {0}, again = {0};
    struct sd_error err = {""};
    (void)state;
    for (size_t i = 0; i < N; i++) {
        snprintf(names[i], sizeof names[i], "host=db%zu,user=u%zu", i / 10, i);
        in[i] =
            (struct alert_input){.instance = names[i], .value = 1, .holds = true, .threshold = (double)NAN};
    }
    sim_begin(&s, KPI(", keep_firing: 0s, group: instance") ESCALATION RECEIVERS);
    wide_evaluation(&s, in, N, 1);
    wide_evaluation(&s, in, N, 6);
    alert_state_write(s.a, &text);
    assert_true(text.len < (size_t)N * 1000);
    struct alerting *b = alerting_new(&s.policy, 15 * SD_S), *c = NULL;
    if (!alert_state_read(b, text.text, text.len, &err))
        fail_msg("%s", err.text);
    assert_int_equal(alerting_firing(b), N);
    c = alerting_copy(b);
    alerting_free(b);
    alert_state_write(c, &again);
    assert_string_equal(text.text, again.text);
    for (size_t i = 0; i < N; i++)
        in[i].holds = false;
    alerting_free(s.a);
    s.a = c;
    strbuf_clear(&s.sent);
    wide_evaluation(&s, in, N, 7);
    assert_int_equal(alerting_firing(s.a), 0);
    strbuf_free(&text);
    strbuf_free(&again);
    free(in);
    free(names);
    sim_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_escalation),
        cmocka_unit_test(test_late),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_missing),
        cmocka_unit_test(test_no_instance),
        cmocka_unit_test(test_group),
        cmocka_unit_test(test_pending_at_the_end),
        cmocka_unit_test(test_by_instance),
        cmocka_unit_test(test_key_without_people),
        cmocka_unit_test(test_ack),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_silenced_all_along),
        cmocka_unit_test(test_weekly),
        cmocka_unit_test(test_retries),
        cmocka_unit_test(test_same_moment),
        cmocka_unit_test(test_alertmanager),
        cmocka_unit_test(test_slo_rules),
        cmocka_unit_test(test_heartbeat),
        cmocka_unit_test(test_future),
        cmocka_unit_test(test_wide),
        cmocka_unit_test(test_damaged),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    by_state = true;
    return failed + cmocka_run_group_tests_name("by state", tests, NULL, NULL);
}

#include "app/alert_desk.h"

#include "app/alert_act.h"
#include "app/alert_test.h"
#include "base/clock.h"
#include "base/thread.h"
#include "base/units.h"
#include "view/goals/alert_look.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>

/* A larger state would hold up the console each time it is written. */
enum { SHOWN_BYTES_MAX = 32 << 20 };

struct alert_desk {
    struct app *app;
    const char *folder; /* --state; NULL: the usual */
    bool may_send;
    struct alert_store store; /* only read */
    bool placed;              /* there is a folder it could be in */
    struct stat seen;         /* of what was read last; st_ino 0: nothing */
    struct alerting *state;
    struct sd_error trouble;
    struct alerts_known known;

    struct testing test; /* what was shown, and is sent on a yes */
    char *tested;        /* of that alert; NULL: none */
    pthread_t thread;
    bool sending;
    atomic_bool ended;
};

const char *alert_state_option(const struct cli *cli)
{
    struct stat st;
    const char *path = cli->values[CLI_STATE];
    return path && stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? path : NULL;
}

struct alert_desk *alert_desk_new(struct app *a, bool may_send)
{
    struct alert_desk *d = mem_alloc(sizeof *d);
    *d = (struct alert_desk){.app = a, .folder = alert_state_option(a->cli), .may_send = may_send};
    d->placed = alert_store_open(&d->store, d->folder, ALERT_READ, &d->trouble);
    d->known.folder = d->store.folder;
    d->known.sure = d->folder || !a->replay;
    alert_desk_look(d);
    return d;
}

/* ---- the state ---- */

static void read_state(struct alert_desk *d, const struct stat *now)
{
    struct alerting *a = alerting_new(&d->app->config->policy, 15 * SD_S);
    d->trouble.text[0] = 0;
    bool ok = now->st_size <= SHOWN_BYTES_MAX ||
              fail(&d->trouble, "the state in %.200s is too large to be shown here", d->store.folder);
    if (!ok || !alert_store_read(&d->store, a, &d->trouble)) {
        alerting_free(a);
        a = NULL;
    }
    alerting_free(d->state);
    d->state = a;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

bool alert_desk_look(struct alert_desk *d)
{
    struct stat now = {.st_ino = 0};
    if (!d->placed)
        return false;
    if (lstat(d->store.path, &now) < 0)
        now = (struct stat){.st_ino = 0};
    if (same_file(&now, &d->seen))
        return false;
    d->seen = now;
    if (now.st_ino) {
        read_state(d, &now);
    } else {
        alerting_free(d->state);
        d->state = NULL;
        d->trouble.text[0] = 0;
    }
    return true;
}

void alert_desk_fill(struct alert_desk *d, struct view_ctx *c)
{
    d->known.state = d->state;
    d->known.trouble = *d->trouble.text ? d->trouble.text : NULL;
    c->alerts_known = &d->known;
}

/* ---- people ---- */

static bool act(struct alert_desk *d, const struct errand *e, struct outcome *out, struct sd_error *err)
{
    struct alert_act x;
    char until[CLOCK_TEXT_MAX];
    const char *id = NULL;
    int64_t for_ns = 0;
    bool ok = alert_act_begin(&x, &d->app->config->policy, d->folder, ALERT_EVALUATE, err);
    if (ok && str_eq(e->name, "alert-ack")) {
        ok = alerting_ack(x.engine, e->args[0], *e->args[1] ? e->args[1] : NULL, x.at, err);
        outcome_message(out, SEVERITY_GOOD, "Acknowledged: no further steps are sent of it");
    } else if (ok && str_eq(e->name, "alert-silence")) {
        ok =
            unit_parse_duration(e->args[1], &for_ns, err) &&
            (id = alerting_silence(x.engine, e->args[0], for_ns, *e->args[2] ? e->args[2] : NULL, x.at, err));
        if (ok)
            outcome_message(out, SEVERITY_GOOD, "Nothing is sent about it until %s: silence %s",
                            clock_hms(x.engine->silences[x.engine->n_silences - 1].until, x.at, until), id);
    } else if (ok) {
        ok = alerting_unsilence(x.engine, e->args[0], x.at, err);
        outcome_message(out, SEVERITY_GOOD, "The silence %s is over", e->args[0]);
    }
    ok = alert_act_end(&x, ok, err);
    alert_desk_look(d);
    return ok;
}

/* ---- a test of the way to the receivers ---- */

static void *send_test(void *ctx)
{
    struct alert_desk *d = ctx;
    testing_send(&d->test);
    atomic_store(&d->ended, true);
    return NULL;
}

static void forget_test(struct alert_desk *d)
{
    if (d->tested)
        testing_free(&d->test);
    free(d->tested);
    d->tested = NULL;
}

/* The exact requests, and whether they shall be sent. */
static bool show_test(struct alert_desk *d, const char *alert, struct outcome *out, struct sd_error *err)
{
    size_t made = 0;
    forget_test(d);
    if (!testing_make(&d->test, &d->app->config->policy, alert, clock_wall(), err)) {
        testing_free(&d->test);
        return false;
    }
    d->tested = mem_strdup(alert);
    for (size_t i = 0; i < d->test.test.n; i++) {
        const struct tested *x = &d->test.all[i];
        char *text = tested_text(x);
        struct strbuf after = {0};
        payload_duration(&after, x->after_ns);
        outcome_fact(
            out, arena_strdup(out->arena, x->d->receiver->name),
            arena_printf(out->arena, "step %zu, after %s: %s", x->d->step, strbuf_text(&after), text));
        strbuf_free(&after);
        free(text);
        made += x->made;
    }
    out->question.title = arena_printf(out->arena, "Test the way to the receivers of %s?", alert);
    out->question.danger = true;
    out->question.what =
        arena_printf(out->arena, "Nothing has been sent. y sends %s now, marked [TEST].",
                     made == 1 ? "this request" : arena_printf(out->arena, "these %zu requests", made));
    out->errand.name = "alert-test-send";
    return made || fail(err, "%s", tested_trouble(&d->test.all[0]));
}

static bool begin_test(struct alert_desk *d, struct outcome *out, struct sd_error *err)
{
    if (!d->may_send)
        return fail(err, "A script sends nothing");
    if (!d->tested)
        return fail(err, "No test was shown");
    atomic_store(&d->ended, false);
    d->sending = thread_start(&d->thread, (struct thread_kind){0}, send_test, d) == 0;
    if (!d->sending)
        return fail(err, "The test was not sent: no thread could be started");
    log_line(NULL, "confirmed: a test of the receivers of %s", d->tested);
    outcome_message(out, SEVERITY_INFO, "The test is being sent; its end is said here");
    return true;
}

bool alert_desk_said(struct alert_desk *d, struct strbuf *text, enum severity *severity)
{
    size_t sent = 0, n = 0;
    const struct tested *bad = NULL;
    if (!d->sending || !atomic_load(&d->ended))
        return false;
    pthread_join(d->thread, NULL);
    d->sending = false;
    for (n = 0; n < d->test.test.n; n++) {
        const struct tested *x = &d->test.all[n];
        sent += x->made && tested_well(x);
        if (!bad && !tested_well(x))
            bad = x;
    }
    strbuf_printf(text, "Test of %s: %zu of %zu arrived", d->tested, sent, n);
    if (bad)
        strbuf_printf(text, "; %s: %s", bad->d->receiver->name,
                      tested_trouble(bad) ? tested_trouble(bad) : "it failed");
    *severity = bad ? SEVERITY_WARN : SEVERITY_GOOD;
    log_line(NULL, "%s", strbuf_text(text));
    forget_test(d);
    return true;
}

/* ---- errands ---- */

bool alert_desk_errand(struct alert_desk *d, const struct errand *e, struct outcome *out,
                       struct sd_error *err)
{
    bool test = str_starts(e->name, "alert-test");
    if (test && d->sending)
        return fail(err, "The test of %s is still being sent", d->tested);
    if (str_eq(e->name, "alert-test"))
        return show_test(d, e->args[0], out, err);
    if (str_eq(e->name, "alert-test-send"))
        return begin_test(d, out, err);
    return act(d, e, out, err);
}

void alert_desk_free(struct alert_desk *d)
{
    if (!d)
        return;
    if (d->sending)
        pthread_join(d->thread, NULL);
    forget_test(d);
    alerting_free(d->state);
    alert_store_close(&d->store);
    free(d);
}

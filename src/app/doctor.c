#include "app/doctor.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "app/commands.h"
#include "app/history.h"
#include "base/clock.h"
#include "base/redact.h"
#include "base/thread.h"
#include "base/utf8.h"

enum { EXAMS_MAX = 300, FINDINGS_MAX = 100 };
/* So long sources may take, and so much longer they are waited for. */
#define LIMIT_NS (4 * SD_S)
#define GRACE_NS (SD_S / 2)

/* ---- findings ---- */

/* One line, without secrets and control characters. */
static char *clean(const char *text)
{
    struct strbuf b = {0};
    char *shown = text ? redact(text) : NULL;
    if (shown)
        utf8_append(&b, shown, 1000);
    free(shown);
    return text ? strbuf_detach(&b) : NULL;
}

void findings_add(struct findings *f, const char *of, bool asked, const struct sd_check *c)
{
    f->items = mem_grow(f->items, f->n, &f->cap, sizeof *f->items);
    f->items[f->n++] = (struct finding){.of = clean(of),
                                        .name = clean(c->name ? c->name : "check"),
                                        .state = c->state,
                                        .asked = asked,
                                        .text = clean(c->text ? c->text : ""),
                                        .mend = clean(c->mend)};
}

void findings_free(struct findings *f)
{
    for (size_t i = 0; i < f->n; i++) {
        free(f->items[i].of);
        free(f->items[i].name);
        free(f->items[i].text);
        free(f->items[i].mend);
    }
    free(f->items);
    *f = (struct findings){0};
}

static size_t how_many(const struct findings *f, enum sd_check_state state)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++)
        n += f->items[i].state == state;
    return n;
}

char *findings_summary(const struct findings *f)
{
    size_t missing = how_many(f, SD_CHECK_MISSING), less = how_many(f, SD_CHECK_LESS);
    if (!missing && !less)
        return mem_printf("nothing is missing: %zu checks", f->n);
    return mem_printf("%zu missing, %zu would show more, %zu fine", missing, less, how_many(f, SD_CHECK_OK));
}

/* ---- one source, on its thread ---- */

struct exam {
    struct sd_source s; /* first: what the host's functions are given */
    const struct sd_source_ops *ops;
    char *shown, *target;
    void *opts;
    bool asked;
    int64_t until; /* monotonic */
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool done;
    struct findings told; /* with the lock */
};

static bool exam_should_stop(struct sd_source *s)
{
    return clock_mono() >= ((struct exam *)s)->until || signals_stop();
}

static int exam_wait(struct sd_source *s, int fd, int events, sd_time deadline)
{
    const struct exam *x = (struct exam *)s;
    struct pollfd p = {.fd = fd, .events = (short)events};
    for (;;) {
        int64_t left = deadline - clock_wall(), most = x->until - clock_mono();
        if (exam_should_stop(s))
            return -1;
        int ready = poll(&p, fd >= 0, (int)(MAX(MIN(MIN(left, most), SD_S / 10), 0) / SD_MS));
        if (ready > 0)
            return 1;
        if (left <= 0)
            return 0;
    }
}

static sd_time exam_now(struct sd_source *s)
{
    (void)s;
    return clock_wall();
}

static void exam_note(struct sd_source *s, enum sd_state state, const char *fmt, ...)
{
    (void)s, (void)state, (void)fmt;
}

static void exam_log(struct sd_source *s, const char *fmt, ...)
{
    (void)s, (void)fmt;
}

/* What is published is thrown away: there is nothing to be seen of a batch but where it is. */
static struct sd_batch *exam_batch(struct sd_source *s, sd_time at)
{
    (void)at;
    return (struct sd_batch *)s;
}

static struct sd_batch *exam_batch_of(struct sd_source *s, const char *origin, const char *machine,
                                      sd_time at)
{
    (void)origin, (void)machine;
    return exam_batch(s, at);
}

static bool exam_add(struct sd_batch *b, enum sd_kind kind, const void *record)
{
    (void)b, (void)kind, (void)record;
    return true;
}

static void exam_publish(struct sd_source *s, struct sd_batch *b)
{
    (void)s, (void)b;
}

static void exam_discard(struct sd_batch *b)
{
    (void)b;
}

static bool exam_fits(struct sd_source *s, const struct sd_batch *b)
{
    (void)s, (void)b;
    return true;
}

static bool exam_withdrawn(struct sd_source *s)
{
    return exam_should_stop(s);
}

static const struct sd_host EXAM_HOST = {
    .abi = SD_ABI,
    .size = sizeof(struct sd_host),
    .should_stop = exam_should_stop,
    .wait = exam_wait,
    .now = exam_now,
    .batch = exam_batch,
    .add = exam_add,
    .publish = exam_publish,
    .discard = exam_discard,
    .fits = exam_fits,
    .batch_of = exam_batch_of,
    .note = exam_note,
    .log = exam_log,
    .withdrawn = exam_withdrawn,
};

static void told(void *ctx, const struct sd_check *c)
{
    struct exam *x = ctx;
    pthread_mutex_lock(&x->lock);
    if (x->told.n < FINDINGS_MAX)
        findings_add(&x->told, x->shown, x->asked, c);
    pthread_mutex_unlock(&x->lock);
}

static void *examine(void *arg)
{
    struct exam *x = arg;
    x->ops->examine(&x->s, told, x);
    pthread_mutex_lock(&x->lock);
    x->done = true;
    pthread_cond_signal(&x->ended);
    pthread_mutex_unlock(&x->lock);
    return NULL;
}

static void exam_free(struct exam *x)
{
    options_free(x->ops->options, x->opts);
    findings_free(&x->told);
    pthread_mutex_destroy(&x->lock);
    pthread_cond_destroy(&x->ended);
    free(x->s.priv);
    free(x->target);
    free(x->shown);
    free(x);
}

/* Takes the options and, of target, a copy. */
static struct exam *exam_new(const struct sd_source_ops *ops, const char *target, void *opts,
                             const char *shown, bool asked)
{
    struct exam *x = mem_alloc(sizeof *x);
    x->ops = ops;
    x->shown = mem_strdup(shown);
    x->target = mem_strdup(target);
    x->opts = opts;
    x->asked = asked;
    x->until = clock_mono() + LIMIT_NS;
    x->s = (struct sd_source){.host = &EXAM_HOST,
                              .name = x->shown,
                              .target = x->target,
                              .opts = opts,
                              .priv = ops->priv_size ? mem_alloc(ops->priv_size) : NULL};
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&x->ended, &clock);
    pthread_condattr_destroy(&clock);
    pthread_mutex_init(&x->lock, NULL);
    return x;
}

static bool can_examine(const struct sd_source_ops *ops)
{
    return ops->size > offsetof(struct sd_source_ops, examine) && ops->examine;
}

/* What it has told by the end of its time; one that hangs is left behind, with all that is its own. */
static void exam_end(struct exam *x, struct findings *f)
{
    int64_t until = x->until + GRACE_NS;
    struct timespec t = {.tv_sec = (time_t)(until / SD_S), .tv_nsec = (long)(until % SD_S)};
    pthread_mutex_lock(&x->lock);
    while (!x->done && pthread_cond_timedwait(&x->ended, &x->lock, &t) != ETIMEDOUT)
        ;
    bool done = x->done, late = clock_mono() >= x->until;
    for (size_t i = 0; i < x->told.n; i++) {
        const struct finding *it = &x->told.items[i];
        findings_add(f, it->of, it->asked, &(struct sd_check){it->name, it->state, it->text, it->mend});
    }
    if (late && (!done || !x->told.n))
        findings_add(f, x->shown, x->asked,
                     &(struct sd_check){"answer", SD_CHECK_MISSING, "it did not answer within 4 s",
                                        "see why it hangs; what has been told of it stands"});
    pthread_mutex_unlock(&x->lock);
    if (done)
        exam_free(x);
}

/* ---- all of them ---- */

struct doctor {
    struct app *a;
    struct findings *f;
    struct exam *exams[EXAMS_MAX];
    size_t n;
};

static void begin(struct doctor *d, struct exam *x)
{
    pthread_t thread;
    if (d->n < EXAMS_MAX && !thread_start(&thread, (struct thread_kind){.detached = true}, examine, x)) {
        d->exams[d->n++] = x;
        return;
    }
    findings_add(d->f, x->shown, x->asked,
                 &(struct sd_check){"examined", SD_CHECK_LESS, "it was not looked at: there are too many",
                                    "name it alone: slowdive doctor SOURCE"});
    exam_free(x);
}

static void look_at(struct doctor *d, const char *target, char *const *options, bool asked)
{
    struct registry_resolved r;
    struct sd_error err;
    void *opts = NULL;
    char *shown = registry_redact(target);
    if (app_is_recording(target)) {
        findings_add(
            d->f, shown, asked,
            &(struct sd_check){"readable", SD_CHECK_OK, "a recording: slowdive replay FILE shows it", NULL});
    } else if (!registry_resolve(target, &r, &err)) {
        findings_add(d->f, shown, asked,
                     &(struct sd_check){"source", SD_CHECK_MISSING, err.text,
                                        "slowdive sources lists how sources are written"});
    } else {
        bool ok = app_source_options(d->a, options, &r, &opts, &err);
        char *mend = mem_printf("slowdive sources %s shows how it is written, and its options", r.ops->name);
        if (!ok)
            findings_add(d->f, shown, asked, &(struct sd_check){"options", SD_CHECK_MISSING, err.text, mend});
        else if (can_examine(r.ops))
            begin(d, exam_new(r.ops, r.target, opts, shown, asked));
        else
            findings_add(d->f, shown, asked,
                         &(struct sd_check){"source", SD_CHECK_OK,
                                            "nothing it needs is missing, as far as can be told without "
                                            "opening it",
                                            NULL});
        if (!ok || !can_examine(r.ops))
            options_free(r.ops->options, opts);
        registry_resolved_free(&r);
        free(mend);
    }
    free(shown);
}

static void found(void *ctx, const char *target, const char *why)
{
    (void)why;
    look_at(ctx, target, NULL, false);
}

static void refused(void *ctx, const char *sentence)
{
    struct doctor *d = ctx;
    findings_add(d->f, "postgres", false,
                 &(struct sd_check){"server", SD_CHECK_LESS, sentence, "name it, if it is the one you want"});
}

/* Its kind cannot be told by its content; its place says that it is one. */
static void unreadable(void *ctx, const char *path)
{
    char *target = mem_printf("log:%s", path);
    look_at(ctx, target, NULL, false);
    free(target);
}

/* What each kind of source needs of this machine. */
static void look_at_kinds(struct doctor *d)
{
    for (size_t i = 0; i < registry_count(); i++) {
        const struct sd_source_ops *ops = registry_at(i);
        if (can_examine(ops))
            begin(d, exam_new(ops, NULL, options_new(ops->options, ops->opts_size), ops->name, false));
    }
}

/* What the policy records into: an engine; of a file doctor_here tells. */
static void look_at_history(struct doctor *d)
{
    const char *url = d->a->config->policy.history.url;
    if (!url || !history_is_engine(url))
        return;
    char *shown = history_shown(url);
    begin(d, exam_new(&DOCTOR_HISTORY, url, NULL, shown, true));
    free(shown);
}

static void finish(struct doctor *d)
{
    for (size_t i = 0; i < d->n; i++)
        exam_end(d->exams[i], d->f);
}

static void look(struct doctor *d)
{
    const struct cli *cli = d->a->cli;
    const struct config *c = d->a->config;
    for (size_t i = 0; i < cli->n_args; i++)
        look_at(d, cli->args[i], NULL, true);
    if (!cli->n_args) {
        doctor_here(d->a, d->f);
        look_at_kinds(d);
        look_at_history(d);
        for (size_t i = 0; i < c->n_sources; i++)
            look_at(d, c->sources[i].target, c->sources[i].options, true);
        if (!c->n_sources)
            discover(
                &(struct discovery){.found = found, .refused = refused, .ctx = d, .unreadable = unreadable},
                NULL);
    }
    finish(d);
}

char *doctor_line(struct app *a)
{
    struct findings f = {0};
    struct doctor d = {.a = a, .f = &f};
    look_at_kinds(&d);
    finish(&d);
    char *summary = findings_summary(&f);
    char *line =
        mem_printf("What sources need here: %s. slowdive doctor says what, and what mends it.", summary);
    free(summary);
    findings_free(&f);
    return line;
}

/* ---- the document ---- */

static const char *const STATES[] = {"ok", "less", "missing"};

static bool holds(const struct findings *f)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->items[i].asked && f->items[i].state == SD_CHECK_MISSING)
            return false;
    return true;
}

/* What is worse first; within that as it was told. */
static void add_checks(cJSON *o, const struct findings *f)
{
    cJSON *rows = result_list(o, "checks");
    for (int state = SD_CHECK_MISSING; state >= SD_CHECK_OK; state--)
        for (size_t i = 0; i < f->n; i++) {
            const struct finding *it = &f->items[i];
            if ((int)it->state != state)
                continue;
            cJSON *row = result_row(rows);
            result_text(row, "of", it->of);
            result_text(row, "check", it->name);
            result_text(row, "state", STATES[it->state]);
            result_bool(row, "asked", it->asked);
            result_text(row, "text", it->text);
            result_text(row, "mend", it->mend);
        }
}

static cJSON *document(const struct findings *f)
{
    cJSON *o = result_new("doctor");
    char *summary = findings_summary(f);
    result_text(o, "verdict", holds(f) ? "pass" : "fail");
    result_text(o, "summary", summary);
    result_int(o, "missing", (int64_t)how_many(f, SD_CHECK_MISSING));
    result_int(o, "less", (int64_t)how_many(f, SD_CHECK_LESS));
    result_int(o, "ok", (int64_t)how_many(f, SD_CHECK_OK));
    add_checks(o, f);
    free(summary);
    return o;
}

static int doctor(struct app *a)
{
    struct findings f = {0};
    look(&(struct doctor){.a = a, .f = &f});
    int status = command_print(a, document(&f), holds(&f));
    findings_free(&f);
    return status;
}

const struct cli_command DOCTOR_COMMAND = {
    .name = "doctor",
    .args = "[SOURCE...]",
    .help = "what sources need and what is missing here, each with what mends it; exit 1 when something is "
            "missing of what is named",
    .examines = true,
    .run = doctor,
};

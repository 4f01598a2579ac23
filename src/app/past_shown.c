#include "app/past_shown.h"

#include <stdlib.h>
#include <unistd.h>

#include "app/app.h"
#include "base/clock.h"
#include "base/num.h"
#include "core/history/history.h"
#include "core/history/span.h"
#include "core/model/histories.h"
#include "view/hosts/hosts.h"
#include "view/hosts/resources.h"
#include "view/sources/sources.h"

#define PAGE_BYTES  ((size_t)128 << 20)
#define FRESH       (60 * SD_S) /* a page of the newest is shown so long until the next one is there */
#define FINE        (HISTORY_POINTS * 10 * SD_S) /* a page up to that comes in the shortest steps there are */
#define LONG        (FINE / 3)                   /* a span beyond that is brought alone */
#define AGAIN_AFTER (5 * SD_S)                   /* what could not be read is not asked for again before */
enum { PAGES = 4, ORIGINS = 16, HOSTS_MOST = 2048, ASKED = 64 };

/* What a page is for; the texts are its own. */
struct wanted {
    sd_time from, to;
    sd_time looked_at; /* where the span begins that is looked at */
    char *host;        /* NULL: all */
    char *endpoint;    /* of the machines only its requests; NULL: all */
    bool by_host, goals;
};
struct page {
    struct wanted of;
    struct model *model; /* NULL: the place is free */
    struct signals *signals;
    struct hosts_subject machines; /* its texts are used by `signals` */
    uint64_t used;
    bool lacks; /* nodes of the engine were lost when it was read */
};
struct past_shown {
    struct app *app;
    struct console *console;
    char *origin; /* the instance that is a history; NULL: none is known yet */
    struct page pages[PAGES];
    struct page coming; /* what is being brought */
    uint64_t request, uses;
    uint64_t asked[ASKED]; /* the last requests: what still comes of those withdrawn is for nobody */
    size_t n_asked;
    bool news, begun;          /* begun: the history has told of itself */
    const struct model *shown; /* on the screen; NULL: nothing yet */
    struct wanted failed;
    int64_t failed_at; /* monotonic; 0: nothing failed */
    struct strbuf waits, scope;
};

struct past_shown *past_shown_new(struct app *a)
{
    struct past_shown *p = mem_alloc(sizeof *p);
    p->app = a;
    return p;
}

static void wanted_free(struct wanted *w)
{
    free(w->host);
    free(w->endpoint);
    *w = (struct wanted){.from = 0};
}

static void page_free(struct page *g)
{
    model_free(g->model);
    signals_free(g->signals);
    free(g->machines.method);
    free(g->machines.route);
    wanted_free(&g->of);
    *g = (struct page){.model = NULL};
}

void past_shown_free(struct past_shown *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < PAGES; i++)
        page_free(&p->pages[i]);
    page_free(&p->coming);
    wanted_free(&p->failed);
    strbuf_free(&p->waits);
    strbuf_free(&p->scope);
    free(p->origin);
    free(p);
}

void past_shown_console(struct past_shown *p, struct console *c)
{
    if (p)
        p->console = c;
}

/* ---- the history among the sources ---- */

static bool newest_of(struct past_shown *p, struct sd_history *out)
{
    struct history_entry e[ORIGINS];
    size_t n = model_histories(p->app->model, e, ARRAY_LEN(e));
    for (size_t i = 0; i < n; i++) {
        if (!e[i].newest || !sd_known(e[i].newest->newest))
            continue;
        *out = *e[i].newest;
        if (!p->origin)
            p->origin = mem_strdup(e[i].origin);
        if (str_eq(p->origin, e[i].origin))
            return true;
    }
    return false;
}

/* The longest interval in what was read of that moment; 0: it was not read. */
static int64_t step_read(const struct model *m, sd_time at)
{
    struct history_entry e[ORIGINS];
    size_t n = m ? model_histories(m, e, ARRAY_LEN(e)) : 0;
    int64_t step = 0;
    for (size_t i = 0; i < n; i++)
        if (e[i].given && at > e[i].given->from && at <= e[i].given->to)
            step = MAX(step, e[i].given->step_ns);
    return step;
}

bool past_shown_reach(struct past_shown *p, sd_time at, struct console_reach *out)
{
    struct sd_history h;
    if (!newest_of(p, &h))
        return false;
    const struct history_tiers *t = &HISTORY_TIERS_DEFAULT;
    int64_t age = sub_sat(MAX(h.newest, at), at);
    size_t i = 0;
    while (i + 1 < t->n && t->items[i].keep_ns < age)
        i++;
    int64_t step = t->items[i].step_ns;
    if (p->shown)
        step = MAX(step, step_read(p->shown, at));
    *out = (struct console_reach){.first = h.oldest, .last = h.newest, .step_ns = step};
    return true;
}

/* ---- what a screen needs ---- */

static int64_t longest_window(const struct goal_policy *g)
{
    int64_t longest = 3600 * SD_S;
    for (size_t i = 0; i < g->n_kpis; i++)
        longest = MAX(longest, g->kpis[i].figure.window_ns);
    for (size_t i = 0; i < g->n_slos; i++)
        longest = MAX(longest, g->slos[i].window_ns);
    return longest;
}

static char *copy(const char *text)
{
    return text && *text ? mem_strdup(text) : NULL;
}

/* The span with as much before and after it, so that a step or two need nothing new. What is newer than the
 * newest is not waited for. */
static struct wanted wanted_by(const struct past_shown *p, const struct console_look *what,
                               const struct sd_history *h)
{
    const struct view_ctx chosen = {.choices = what->choices};
    int64_t length = MAX(span_length(what->span), SD_S);
    sd_time newest = MAX(h->newest, what->span.from);
    int64_t after = length <= LONG ? length : 0, before = what->view->compares ? length : after;
    struct wanted w = {.from = sub_sat(what->span.from, before),
                       .to = MIN(add_sat(what->span.to, after), newest),
                       .looked_at = what->span.from,
                       .host = copy(view_chosen_text(&chosen, RESOURCES_HOST_CHOICE)),
                       .goals = what->view->place == PLACE_GOALS,
                       .by_host = what->view == &hosts_view};
    if (w.goals) { /* windows end at the moment looked at */
        w.to = MIN(what->span.to, newest);
        w.from = sub_sat(w.to, MAX(length, longest_window(&p->app->config->policy)));
    }
    if (w.by_host) { /* it is about all of them */
        free(w.host);
        w.host = NULL;
        w.endpoint = copy(what->arg);
    }
    return w;
}

static bool same_subject(const struct wanted *a, const struct wanted *b)
{
    return str_eq(a->host, b->host) && str_eq(a->endpoint, b->endpoint) && a->by_host == b->by_host &&
           a->goals == b->goals;
}

/* Does the page have what is looked at, up to `grace` before its end? */
static bool has(const struct wanted *have, const struct wanted *want, const struct console_look *what,
                int64_t grace)
{
    sd_time end = MIN(what->span.to, want->to);
    bool reaches = add_sat(have->to, what->live ? grace : 0) >= end;
    if (!same_subject(have, want) || !reaches)
        return false;
    if (want->goals)
        return have->from <= add_sat(want->from, grace) && have->to <= end;
    sd_time from = what->view->compares ? want->from : what->span.from;
    if (have->from > from || sub_sat(have->to, have->from) <= FINE)
        return have->from <= from;
    /* Its steps are long, and begin and end where the span did that it was brought for. */
    return what->live ? have->from >= sub_sat(from, FRESH) : have->from == from && have->to == end;
}

/* The newest is in the app's own model, as far back as that goes. */
static bool in_the_model(const struct past_shown *p, const struct wanted *w, const struct console_look *what)
{
    struct model_usage u = model_usage(p->app->model);
    sd_time from = w->goals ? w->from : what->span.from;
    return !w->host && !w->by_host && sd_known(u.first) && from >= u.first;
}

/* ---- bringing it ---- */

static struct page page_of(const struct past_shown *p, const struct wanted *w)
{
    const struct model_limits limits = {
        .resolution_ns = SD_S, .max_bytes = PAGE_BYTES, .traces_bytes = MODEL_DEFAULTS.traces_bytes};
    const struct signals_limits all = {.keep_ns = INT64_MAX, .max_bytes = SIGNALS_DEFAULTS.max_bytes};
    char host[256] = "";
    struct page g = {.of = *w, .model = model_new(&limits)};
    g.of.host = copy(w->host);
    g.of.endpoint = copy(w->endpoint);
    g.signals = signals_new(&p->app->config->policy, &all);
    if (gethostname(host, sizeof host - 1) == 0 && *host)
        signals_set_host(g.signals, host);
    g.machines = hosts_subject(w->endpoint);
    if (w->by_host)
        hosts_want(g.signals, &g.machines, sub_sat(w->to, w->from));
    return g;
}

/* Which machines there are is known of the newest. */
static void tell_machines(const struct past_shown *p, struct page *g, sd_time oldest)
{
    const struct sd_history_host **h = mem_array(HOSTS_MOST, sizeof *h);
    size_t n = model_history_hosts(p->app->model, h, HOSTS_MOST);
    struct sd_batch *b = batch_new(p->origin, MAX(g->of.from, oldest));
    for (size_t i = 0; i < n; i++)
        batch_add(b, SD_HISTORY_HOST, h[i]);
    if (n)
        model_apply(g->model, b);
    batch_unref(b);
    free(h);
}

/* They are told of after the newest was shown, and again every few minutes: pages learn of it. */
static void machines_told(struct past_shown *p, const struct sd_batch *b)
{
    const struct sd_history_host *h;
    struct sd_history known;
    sd_time oldest = newest_of(p, &known) ? known.oldest : SD_UNKNOWN;
    for (size_t k = 0; k <= PAGES; k++) {
        struct page *g = k < PAGES ? &p->pages[k] : &p->coming;
        size_t i = 0;
        if (!g->model || !g->of.by_host || !(h = batch_each(b, SD_HISTORY_HOST, &i)))
            continue;
        struct sd_batch *told = batch_new(p->origin, MAX(g->of.from, oldest));
        for (; h; h = batch_each(b, SD_HISTORY_HOST, &i))
            batch_add(told, SD_HISTORY_HOST, h);
        model_apply(g->model, told);
        batch_unref(told);
        if (g->model == p->shown) {
            p->news = true;
            console_look_again(p->console);
        }
    }
}

static char *windows_text(const struct goal_policy *g)
{
    struct strbuf out = {0};
    for (size_t i = 0; i < g->n_kpis; i++)
        strbuf_printf(&out, "%s%lldns", out.len ? "," : "", (long long)g->kpis[i].figure.window_ns);
    for (size_t i = 0; i < g->n_slos; i++)
        for (size_t k = 0; k < g->slos[i].n_pairs; k++)
            strbuf_printf(&out, "%s%lldns,%lldns", out.len ? "," : "", (long long)g->slos[i].pairs[k].long_ns,
                          (long long)g->slos[i].pairs[k].short_ns);
    return strbuf_detach(&out);
}

static void withdraw(struct past_shown *p)
{
    if (p->request)
        rt_withdraw(p->app->rt, p->origin);
    p->request = 0;
    page_free(&p->coming);
}

static bool bring(struct past_shown *p, const struct wanted *w, struct sd_error *err)
{
    struct sd_history h;
    withdraw(p);
    char *windows = w->goals                 ? windows_text(&p->app->config->policy)
                    : w->looked_at > w->from ? mem_printf("%lldns", (long long)sub_sat(w->to, w->looked_at))
                                             : NULL;
    struct hosts_subject of = hosts_subject(w->endpoint);
    const struct sd_job_read_history job = {.from = w->from,
                                            .to = w->to,
                                            .step_ns = 0,
                                            .host = w->host,
                                            .by_host = w->by_host,
                                            .route = of.route,
                                            .goals = w->goals,
                                            .windows = windows};
    p->request = rt_request(p->app->rt, p->origin,
                            &(struct sd_request){.job = SD_JOB_READ_HISTORY, .args = &job}, err);
    free(windows);
    free(of.method);
    free(of.route);
    if (!p->request)
        return false;
    p->asked[p->n_asked++ % ASKED] = p->request;
    p->coming = page_of(p, w);
    tell_machines(p, &p->coming, newest_of(p, &h) ? h.oldest : SD_UNKNOWN);
    return true;
}

/* The place of the page that was shown longest ago, and is not on the screen. */
static struct page *free_place(struct past_shown *p)
{
    struct page *oldest = NULL, *newest = &p->pages[0];
    for (size_t i = 1; i < PAGES; i++)
        if (p->pages[i].used > newest->used)
            newest = &p->pages[i];
    for (size_t i = 0; i < PAGES; i++) {
        struct page *g = &p->pages[i];
        if (!g->model)
            return g;
        if (g != newest && (!oldest || g->used < oldest->used))
            oldest = g;
    }
    page_free(oldest);
    return oldest;
}

/* The answer is of now; what it tells is of the time that was read. */
static void take_answer(struct past_shown *p, const struct sd_batch *b)
{
    size_t i = 0;
    const struct sd_history *told = batch_each(b, SD_HISTORY, &i);
    if (!told || !sd_known(told->from))
        return;
    struct sd_batch *moved = batch_new(batch_origin(b), told->from);
    batch_add(moved, SD_HISTORY, told);
    batch_set_answer(moved, batch_answer(b));
    model_apply(p->coming.model, moved);
    batch_unref(moved);
    p->coming.lacks = told->missing != NULL;
}

static void arrived(struct past_shown *p)
{
    struct page *place = free_place(p);
    *place = p->coming;
    place->used = 0;
    p->coming = (struct page){.model = NULL};
    p->request = 0;
    p->news = true;
    if (p->console)
        console_look_again(p->console);
}

static void failed(struct past_shown *p, const char *why)
{
    wanted_free(&p->failed);
    p->failed = p->coming.of;
    p->coming.of = (struct wanted){.from = 0};
    p->failed_at = clock_mono();
    p->request = 0;
    p->news = true;
    page_free(&p->coming);
    if (p->console) {
        console_message(p->console, SEVERITY_WARN, "%s", why);
        console_look_again(p->console);
    }
}

static bool is_ours(const struct past_shown *p, uint64_t request)
{
    for (size_t i = 0; i < ASKED; i++)
        if (request && p->asked[i] == request)
            return true;
    return false;
}

/* A failure that the runtime answers with for the source bears only the number of the answer. */
bool past_shown_take(struct past_shown *p, const struct sd_batch *b)
{
    size_t i = 0;
    uint64_t request = batch_during(b) ? batch_during(b) : batch_answer(b);
    if (!p)
        return false;
    if (!p->origin && p->console && batch_each(b, SD_HISTORY, &i)) { /* who looked before now asks it */
        p->news = true;
        console_look_again(p->console);
    }
    if (p->origin && p->console && str_eq(batch_origin(b), p->origin))
        machines_told(p, b);
    i = 0;
    if (!is_ours(p, request))
        return false;
    if (request != p->request)
        return true;
    const struct sd_failure *f = batch_each(b, SD_FAILURE, &i);
    if (f) {
        failed(p, f->text ? f->text : "The history could not be read");
        return true;
    }
    if (batch_answer(b) == p->request) {
        take_answer(p, b);
        arrived(p);
        return true;
    }
    model_apply(p->coming.model, b);
    signals_take(p->coming.signals, b);
    return true;
}

/* The newest of a history is there at once: its first figures do not wait for the next second. */
static bool begins(struct past_shown *p)
{
    struct sd_history h;
    if (p->begun || !p->console || !newest_of(p, &h))
        return false;
    console_look_again(p->console);
    return p->begun = true;
}

bool past_shown_news(struct past_shown *p)
{
    bool news = p && (begins(p) || p->news);
    if (p)
        p->news = false;
    return news;
}

bool past_shown_brings(const struct past_shown *p)
{
    return p && p->request;
}

void past_shown_off(struct past_shown *p)
{
    withdraw(p);
}

/* ---- for the console ---- */

static struct page *page_with(struct past_shown *p, const struct wanted *w, const struct console_look *what,
                              int64_t grace)
{
    struct sd_history h;
    struct page *best = NULL;
    bool lacks = newest_of(p, &h) && h.missing; /* all is there again: it is read again */
    for (size_t i = 0; i < PAGES; i++) {
        struct page *g = &p->pages[i];
        if (g->model && (!g->lacks || lacks) && has(&g->of, w, what, grace) &&
            (!best || g->of.to > best->of.to ||
             sub_sat(g->of.to, g->of.from) < sub_sat(best->of.to, best->of.from)))
            best = g;
    }
    return best;
}

static void show_own(struct past_shown *p)
{
    p->shown = p->app->model;
    console_set_model(p->console, p->app->model, p->app->signals);
}

static void show(struct past_shown *p, struct page *g)
{
    g->used = ++p->uses;
    p->shown = g->model;
    console_set_model(p->console, g->model, g->signals);
}

static bool has_failed(const struct past_shown *p, const struct wanted *w)
{
    return p->failed_at && clock_mono() - p->failed_at < AGAIN_AFTER && same_subject(&p->failed, w) &&
           p->failed.from == w->from;
}

/* "2026-11-17 13:00 to 14:00 of history:PATH". */
static void say_what(struct past_shown *p, const struct sd_history *h, const struct wanted *w)
{
    char from[CLOCK_TEXT_MAX], to[CLOCK_TEXT_MAX];
    sd_time now = clock_wall();
    strbuf_clear(&p->waits);
    strbuf_printf(&p->waits, "%s to %s of %s", clock_hms(w->from, now, from), clock_hms(w->to, now, to),
                  h->url ? h->url : p->origin);
}

/* What is there is shown while the next page of the newest is brought. */
static bool show_what_is_there(struct past_shown *p, const struct wanted *w, const struct console_look *what)
{
    struct page *g = page_with(p, w, what, 0);
    bool fresh = g != NULL;
    if (!g)
        g = page_with(p, w, what, FRESH);
    if (!g)
        return false;
    show(p, g);
    struct sd_error ignored;
    if (!fresh && !p->request && !has_failed(p, w))
        bring(p, w, &ignored);
    return true;
}

static bool look(struct past_shown *p, const struct sd_history *h, const struct wanted *w,
                 const struct console_look *what)
{
    struct sd_error err = {""};
    if (in_the_model(p, w, what) || what->view == &sources_view) {
        show_own(p);
        return true;
    }
    if (show_what_is_there(p, w, what) || has_failed(p, w))
        return true;
    bool coming = p->request && has(&p->coming.of, w, what, FRESH);
    if (!coming && !bring(p, w, &err)) {
        console_message(p->console, SEVERITY_WARN, "%s", err.text);
        return true;
    }
    say_what(p, h, w);
    return false;
}

/* What the figures on the screen lack. */
static const char *missing_of(const struct past_shown *p)
{
    struct history_entry e[ORIGINS];
    size_t n = p->shown ? model_histories(p->shown, e, ARRAY_LEN(e)) : 0;
    for (size_t i = 0; i < n; i++) {
        const struct sd_history *h = p->shown == p->app->model ? e[i].newest : e[i].given;
        if (h && h->missing)
            return h->missing;
    }
    return NULL;
}

struct console_looked past_shown_look(struct past_shown *p, const struct console_look *what)
{
    struct console_looked out = {.waits = NULL, .scope = NULL};
    struct sd_history h;
    if (!p->console || !newest_of(p, &h))
        return out;
    struct wanted w = wanted_by(p, what, &h);
    if (!look(p, &h, &w, what))
        out.waits = p->waits.text;
    const char *missing = missing_of(p);
    strbuf_clear(&p->scope);
    if (w.host)
        strbuf_printf(&p->scope, "only %s", w.host);
    if (missing)
        strbuf_printf(&p->scope, "%swithout %s", w.host ? ", " : "", missing);
    if (p->scope.len)
        out.scope = p->scope.text;
    wanted_free(&w);
    return out;
}

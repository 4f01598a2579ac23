/* The verbs that print: a view, a plan, a recording. */
#include "app/app.h"

#include "app/output.h"
#include "app/verb_sources.h"
#include "base/clock.h"
#include "base/redact.h"
#include "base/units.h"
#include "core/doc_compare.h"
#include "core/goals/slo_rules.h"
#include "core/history/history.h"
#include "core/model/histories.h"
#include "view/caches/caches.h"
#include "view/goals/reports.h"
#include "view/hosts/hosts.h"
#include "view/overview/changes.h"
#include "view/shared/figures.h"
#include "view/action.h"
#include "view/view.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>

/* How long a source that never ends (a database) is watched when --for is not given,
 * and how long the answer to a request (a plan) is waited for. */
#define SAMPLE_NS  (1 * SD_S)
#define REQUEST_NS (15 * SD_S)
#define SILENT_NS  (30 * SD_S) /* so long a server that lets us in may give nothing at all */
#define STEP_NS    (50 * SD_MS)
/* The view that tells what could not be read itself; `status` is its other name as a verb. */
#define SOURCES_VIEW "sources"

/* A file is read to its end, and so is a history; what else can answer requests stays open for them. */
static bool follow_servers(const struct sd_source_ops *ops)
{
    bool keeps = ops->size > offsetof(struct sd_source_ops, flags) && (ops->flags & SD_SOURCE_KEEPS);
    return ops->request != NULL && !keeps;
}

bool app_duration(const struct app *a, enum cli_option o, int64_t *ns)
{
    struct sd_error err;
    *ns = 0;
    if (!cli_has(a->cli, o))
        return true;
    bool parsed = unit_parse_duration(a->cli->values[o], ns, &err);
    if (parsed && *ns > 0)
        return true;
    complain("--%s: %s", CLI_OPTION_INFO[o].name, parsed ? "must be more than 0" : err.text);
    return false;
}

/* ---- waiting for what a view needs ---- */

/* Why what was asked for could not be read, a sentence a line. */
static void note_failure(struct strbuf *unread, const struct source_info *info)
{
    const struct sd_status *s = info->status;
    if (s->text && strstr(s->text, info->origin))
        strbuf_printf(unread, "%s\n", s->text);
    else
        strbuf_printf(unread, "%s: %s\n", info->origin, s->text ? s->text : "failed");
}

enum { LOOKED_AT = 64 };

struct progress {
    size_t known; /* have said something of themselves */
    size_t open;  /* may still bring data for a verb: a reader before its end */
    size_t failed;
    bool lacks;   /* a part of a history is missing */
    bool sampled; /* every followed source has published */
};

/* Nodes of the engine of a history are lost: what they keep is not in the figures. */
static bool note_missing(const struct app *a, struct strbuf *unread)
{
    struct history_entry e[LOOKED_AT];
    size_t n = model_histories(a->model, e, ARRAY_LEN(e)), before = unread->len;
    for (size_t i = 0; i < n; i++) {
        const struct sd_history *h = e[i].newest ? e[i].newest : e[i].given;
        if (h && h->missing)
            strbuf_printf(unread, "%s: " HISTORY_MISSING "\n", e[i].origin, h->missing);
    }
    return unread->len > before;
}

/* `unread`: gets what failed; NULL: it is not reported. */
static struct progress read_progress(const struct app *a, struct strbuf *unread)
{
    struct source_info info[LOOKED_AT];
    size_t n = model_sources(a->model, INT64_MAX, info, ARRAY_LEN(info));
    struct progress p = {.sampled = true};
    for (size_t i = 0; i < n; i++) {
        const struct sd_status *s = info[i].status;
        if (!s)
            continue;
        p.known++;
        switch ((enum sd_state)s->state) {
        case SD_STATE_ENDED: /* with a sentence when its end was not the real one */
            if (unread && s->text)
                complain("%s", s->text);
            break;
        case SD_STATE_FAILED:
        case SD_STATE_BACKOFF: /* a verb does not wait for a server to come back */
            p.failed++;
            if (unread)
                note_failure(unread, &info[i]);
            break;
        case SD_STATE_LIVE:
        case SD_STATE_STALE:
            p.open++;
            if (unread && s->state == SD_STATE_STALE &&
                s->text) /* the source knows that something is wrong */
                note_failure(unread, &info[i]);
            if (!sd_known(s->batches) || s->batches == 0)
                p.sampled = false;
            break;
        default:
            p.open++;
            p.sampled = false;
        }
    }
    if (unread)
        p.lacks = note_missing(a, unread);
    return p;
}

static size_t followed(const struct app *a)
{
    size_t n = 0;
    struct source_info info[64];
    size_t count = model_sources(a->model, INT64_MAX, info, ARRAY_LEN(info));
    for (size_t i = 0; i < count; i++) {
        const struct sd_source_ops *ops =
            info[i].status && info[i].status->kind ? registry_named(info[i].status->kind) : NULL;
        if (ops && follow_servers(ops) &&
            (info[i].status->state == SD_STATE_LIVE || info[i].status->state == SD_STATE_STALE))
            n++;
    }
    return n;
}

/* Reads files to their end and watches servers for `for_ns` (0: a moment). False: stopped
 * by a signal. *silent: servers of which nothing came. */
static bool gather(struct app *a, int64_t for_ns, size_t *silent)
{
    int64_t start = clock_mono(), sampled_at = 0, servers_at = 0;
    *silent = 0;
    for (;;) {
        bool going = app_wait(a, for_ns ? MIN(STEP_NS, start + for_ns - clock_mono()) : STEP_NS);
        app_drain(a, SD_S);
        if (!going)
            return false;
        int64_t now = clock_mono();
        if (for_ns) {
            if (now - start >= for_ns || rt_finished(a->rt)) /* nothing more can come of what has ended */
                return true;
            continue;
        }
        if (rt_finished(a->rt))
            return true;
        struct progress p = read_progress(a, NULL);
        if (!p.sampled)
            sampled_at = 0;
        else if (!sampled_at)
            sampled_at = now;
        size_t servers = followed(a);
        /* One that fails at once does not end the wait for one that has only begun. */
        bool all_known = p.known >= MIN(a->n_sources, LOOKED_AT);
        bool only_servers = all_known && p.open == servers && p.open + p.failed > 0;
        if (only_servers && (servers == 0 || (sampled_at && now - sampled_at >= SAMPLE_NS)))
            return true;
        if (!only_servers || !servers_at)
            servers_at = now;
        if (now - servers_at >= SILENT_NS) {
            *silent = 1;
            return true;
        }
    }
}

static const struct view_action *view_action_named(const char *name)
{
    const struct view_action *a;
    for (size_t i = 0; (a = view_action_at(i)); i++)
        if (str_eq(a->name, name))
            return a;
    return NULL;
}

/* What the options choose is what actions of the console choose. */
static bool choose(const struct cli *cli, const struct view *v, const struct view_ctx *c,
                   struct view_choices *choices, struct sd_error *err)
{
    for (size_t i = 0; i < cli->n_choices; i += 2) {
        const struct view_action *a = view_action_named(cli->choices[i]);
        const struct action_ctx ctx = {.view = *c, .on = v, .arg = cli->choices[i + 1]};
        struct outcome o = {.arena = arena_new()};
        bool can = a && (!a->enabled || a->enabled(&ctx, err));
        if (can)
            a->run(&ctx, &o);
        if (can && o.choose)
            view_choose(choices, o.choose, o.choice, o.choice_text);
        outcome_free(&o);
        if (!can)
            return false;
    }
    return true;
}

static struct doc *build(const struct app *a, const struct view *v, struct span span, sd_time now, bool live)
{
    if (a->signals)
        signals_set_live(a->signals, app_is_live(a));
    struct view_choices choices = {.n = 0};
    struct sd_error err = {""};
    struct view_ctx c = {.model = a->model,
                         .span = span,
                         .now = now,
                         .live = live,
                         .arg = cli_has(a->cli, CLI_SELECT) ? a->cli->values[CLI_SELECT] : NULL,
                         .weight = a->cli->values[CLI_SAMPLE_TYPE],
                         .baseline = a->baseline,
                         .policy = &a->config->policy,
                         .hops = &a->config->policy.hops,
                         .signals = a->signals,
                         .goals_at = app_goals_time(a),
                         .show_literals = a->config->settings->show_literals,
                         .choices = &choices};
    struct strbuf sources = {0};
    for (size_t i = 0; i < a->cli->n_args; i++) {
        char *safe = redact(a->cli->args[i]);
        if (i)
            strbuf_char(&sources, ' ');
        report_quote(&sources, safe);
        free(safe);
    }
    c.sources = strbuf_text(&sources);
    bool chosen = choose(a->cli, v, &c, &choices, &err);
    struct doc *d = view_build(v, &c);
    d->missing = chosen || d->missing ? d->missing : doc_text(d, err.text);
    view_choices_free(&choices);
    strbuf_free(&sources);
    return d;
}

/* A doc that wants something of a source gets it, when the source can. */
static struct doc *build_complete(struct app *a, const struct view *v, struct span span, sd_time now,
                                  bool live)
{
    struct doc *d = build(a, v, span, now, live);
    struct sd_error err;
    if (!d->want.job || !d->want_origin || a->replay || !rt_request(a->rt, d->want_origin, &d->want, &err))
        return d;
    int64_t deadline = clock_mono() + REQUEST_NS;
    while (d->want.job && clock_mono() < deadline && app_wait(a, STEP_NS)) {
        if (!app_drain(a, SD_S))
            continue;
        doc_free(d);
        d = build(a, v, span, now, live);
    }
    return d;
}

/* ---- what could not be read ---- */

static void add_silent(struct strbuf *unread)
{
    strbuf_printf(unread, "a server accepted the connection but sent no data for %d s\n",
                  (int)(SILENT_NS / SD_S));
}

static void complain_lines(const char *lines)
{
    for (const char *p = lines; *p; p += strcspn(p, "\n"), p += *p == '\n')
        complain("%.*s", (int)strcspn(p, "\n"), p);
}

size_t app_complain_of_failed(const struct app *a)
{
    struct strbuf unread = {0};
    size_t failed = read_progress(a, &unread).failed;
    complain_lines(strbuf_text(&unread));
    strbuf_free(&unread);
    return failed;
}

void app_add_unread(struct doc *d, const char *lines)
{
    static const struct column columns[] = {
        {.key = "reason", .title = "Reason", .flags = COLUMN_LEFT, .help = "why, in one sentence"}};
    struct table *t = doc_list(d, columns, ARRAY_LEN(columns));
    for (const char *p = lines; *p; p += strcspn(p, "\n"), p += *p == '\n')
        doc_row(d, t)->cells[0] = cell_text(doc_printf(d, "%.*s", (int)strcspn(p, "\n"), p));
    doc_field(d, "unread", UNIT_NONE, cell_list(t));
    doc_section(d, SECTION_TEXT, NULL, "Not read")->text = doc_text(d, lines);
}

/* ---- the baseline ---- */

static bool read_all(struct app *b, const char *source, struct sd_error *err)
{
    size_t silent;
    if (!app_add_target(b, source, follow_servers, err))
        return false;
    app_report(b);
    if (b->n_sources && !gather(b, 0, &silent))
        return fail(err, "reading the baseline was stopped by a signal");
    return true;
}

/* Begins what is named, and waits for what comes of it. *silent as gather() says. */
static bool begin_and_gather(struct app *a, const char *const *sources, size_t n, const struct past_use *use,
                             size_t *silent, struct sd_error *err)
{
    *silent = 0;
    if (!past_plan(a, sources, n, use, err))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!app_add_target(a, sources[i], follow_servers, err))
            return false;
    if (!n)
        app_add_all(a, NULL, 0, follow_servers);
    app_report(a);
    if (!n && !a->n_sources && !a->replay)
        return fail(err, "no source is given and none was found here; name one: slowdive %s SOURCE",
                    a->cli->verb);
    return !a->n_sources || gather(a, 0, silent) || fail(err, "reading was stopped by a signal");
}

bool app_read(struct app *a, const char *const *sources, size_t n, const struct past_use *use,
              struct sd_error *err)
{
    struct strbuf unread = {0};
    size_t silent;
    bool ok = begin_and_gather(a, sources, n, use, &silent, err);
    struct progress p = ok ? read_progress(a, &unread) : (struct progress){.failed = 0};
    if (ok && (p.failed || p.lacks))
        ok = fail(err, "%.*s", (int)strcspn(strbuf_text(&unread), "\n"), strbuf_text(&unread));
    strbuf_free(&unread);
    return ok;
}

bool app_read_what_can(struct app *a, const char *const *sources, size_t n, const struct past_use *use,
                       struct strbuf *unread, struct sd_error *err)
{
    size_t silent;
    if (!begin_and_gather(a, sources, n, use, &silent, err))
        return false;
    if (silent)
        add_silent(unread);
    read_progress(a, unread);
    complain_lines(strbuf_text(unread));
    return true;
}

/* What --baseline names, read by itself: all of its data. Free with app_free(), also after false. */
static bool open_baseline(const struct app *a, struct app *b, struct sd_error *err)
{
    const char *source = a->cli->values[CLI_BASELINE];
    struct model_limits limits = *model_limits_of(a->model);
    limits.retention_ns = 0;
    limits.max_bytes = MAX(limits.max_bytes, MODEL_DEFAULTS.max_bytes);
    if (!app_init(b, a->cli, &limits, err) || !read_all(b, source, err))
        return false;
    return sd_known(model_usage(b->model).first) || fail(err, "the baseline %.200s has no data", source);
}

static struct figures *figures_of_all(const struct app *a, const struct app *b)
{
    struct model_usage u = model_usage(b->model);
    const struct view_ctx c = {
        .model = b->model, .span = SPAN_ALL, .show_literals = a->config->settings->show_literals};
    struct figures *f = figures_of(&c, (struct span){u.first, u.last + 1}, "the baseline");
    f->model = b->model;
    return f;
}

struct figures *baseline_figures(struct app *a, struct sd_error *err)
{
    a->beside = mem_alloc(sizeof *a->beside);
    return open_baseline(a, a->beside, err) ? figures_of_all(a, a->beside) : NULL;
}

/* What the view is about, also when it was not named: the field that is called so. */
static const char *subject_of(const struct view *v, const struct doc *d)
{
    for (size_t i = 0; v->about && i < d->n_fields; i++)
        if (str_eq(d->fields[i].key, v->about) && d->fields[i].value.type == CELL_TEXT)
            return d->fields[i].value.s;
    return NULL;
}

/* The same view of the baseline's data beside it. */
static void compare_with_baseline(const struct app *a, const struct view *v, struct doc *d)
{
    struct model_usage u = model_usage(a->beside->model);
    const struct view_ctx c = {.model = a->beside->model,
                               .span = SPAN_ALL,
                               .now = u.last,
                               .arg = subject_of(v, d),
                               .show_literals = a->config->settings->show_literals};
    struct doc *before = view_build(v, &c);
    doc_compare(d, before);
    doc_field(d, "baseline", UNIT_NONE, cell_text(a->cli->values[CLI_BASELINE]));
    doc_field(d, "baseline_from", UNIT_TIME, cell_int(u.first));
    doc_field(d, "baseline_to", UNIT_TIME, cell_int(u.last));
    doc_free(before);
}

/* ---- the view ---- */

/* What the options say about time. */
struct choice {
    int64_t for_ns, window_ns; /* 0: not given */
    sd_time began;             /* when the sources were opened */
    struct span files;         /* what they cover; SD_UNKNOWN: not known */
    sd_time at;                /* SD_UNKNOWN: not given */
    bool goals;                /* --at is the clock: nothing later is seen, whatever the window */
    bool sources;              /* it is about the sources as they are now */
};

/* --at alone is everything until then, as a view alone is everything until now: totals and counters too, so
 * what came later is left out of the model. With --window the span before it. */
static bool choose_moment(struct app *a, struct choice *t)
{
    struct sd_error err;
    struct model_usage u = model_usage(a->model);
    struct span all = a->replay ? (struct span){u.first, u.last} : t->files;
    t->at = SD_UNKNOWN;
    if (!cli_has(a->cli, CLI_AT))
        return true;
    if (!clock_parse_within(a->cli->values[CLI_AT], all.from, sd_known(all.to) ? all.to : clock_wall(),
                            &t->at, &err)) {
        complain("--at: %s", err.text);
        return false;
    }
    a->goals_at = t->at;
    if ((t->window_ns && !t->goals) || app_end_at(a, t->at, &err))
        return true;
    complain("%s", err.text);
    return false;
}

/* A regular file that is read to its end, no server and no pipe. */
static bool is_plain_file(const char *target)
{
    struct registry_resolved r;
    struct sd_error err;
    struct stat st;
    if (!registry_resolve(target, &r, &err))
        return false;
    bool plain = !follow_servers(r.ops) && stat(r.target, &st) == 0 && S_ISREG(st.st_mode);
    registry_resolved_free(&r);
    return plain;
}

bool app_reads_files_only(const struct app *a)
{
    bool plain = a->cli->n_args > 0;
    for (size_t i = 0; i < a->cli->n_args && plain; i++)
        plain = app_is_recording(a->cli->args[i]) || is_plain_file(a->cli->args[i]);
    return plain;
}

/* A time of day is one of the data's last day. The day of a log is known at its end, and what is later than
 * that moment is left out of the model: so files are read once more for it. */
static struct span span_of_files(const struct app *a)
{
    struct model_limits limits = MODEL_DEFAULTS;
    struct sd_error err;
    struct app b;
    size_t silent;
    struct span all = {SD_UNKNOWN, SD_UNKNOWN};
    bool plain = a->cli->n_args > 0;
    for (size_t i = 0; i < a->cli->n_args && plain; i++)
        plain = is_plain_file(a->cli->args[i]);
    if (!plain)
        return all;
    limits.retention_ns = 0;
    if (app_init(&b, a->cli, &limits, &err)) {
        bool added = true;
        for (size_t i = 0; i < a->cli->n_args && added; i++)
            added = app_add_target(&b, a->cli->args[i], follow_servers, &err);
        if (added && !b.replay && gather(&b, 0, &silent))
            all = (struct span){model_usage(b.model).first, model_usage(b.model).last};
    }
    app_free(&b);
    return all;
}

/* Are all sources receivers, which were sent what is older than the time they were watched? */
static bool received_older(const struct app *a, sd_time began)
{
    struct registry_resolved r;
    struct sd_error err;
    bool all = a->cli->n_args > 0 && model_usage(a->model).first < began;
    for (size_t i = 0; i < a->cli->n_args && all; i++) {
        all = registry_resolve(a->cli->args[i], &r, &err);
        if (!all)
            break;
        all = r.ops->size > offsetof(struct sd_source_ops, flags) && (r.ops->flags & SD_SOURCE_RECEIVES);
        registry_resolved_free(&r);
    }
    return all;
}

/* Hundreds of steps of hundreds of endpoints; what one asks of a history shall not be thinned. */
#define HISTORY_BYTES ((size_t)256 << 20)

/* A history knows how far it reaches before it is read. */
static bool plan_histories(struct app *a, const struct view *v, struct choice *t)
{
    bool alone = str_eq(v->name, "kpis") || str_eq(v->name, "slo"); /* no other figures beside them */
    const struct past_use use = {.goals = alone,
                                 .windows = t->goals || v == view_home(),
                                 .twice =
                                     v == &changes_view && !t->goals, /* the others compare with a baseline */
                                 .by_host = v == &hosts_view,
                                 .route = a->hosts.route,
                                 .progress = str_eq(v->name, "progress")};
    struct sd_error err;
    t->files = (struct span){SD_UNKNOWN, SD_UNKNOWN};
    if (!past_plan(a, a->cli->args, a->cli->n_args, &use, &err)) {
        complain("%s", err.text);
        return false;
    }
    if (a->past.any)
        app_more_memory(a, HISTORY_BYTES);
    if (cli_has(a->cli, CLI_AT))
        t->files = a->past.any ? (struct span){a->past.oldest, a->past.newest} : span_of_files(a);
    return true;
}

/* What was given of the histories, where an interval of them is cut by what was asked for: it is in the
 * figures as a whole. */
static struct span with_cut(const struct app *a, const struct choice *t, struct span s)
{
    struct history_entry e[16];
    size_t n = a->past.any && !t->goals && !a->past.twice ? model_histories(a->model, e, ARRAY_LEN(e)) : 0;
    sd_time to = SD_UNKNOWN;
    for (size_t i = 0; i < n; i++)
        if (e[i].given) {
            s.from = MIN(s.from, e[i].given->from);
            to = MAX(to, e[i].given->to);
        }
    if (sd_known(to))
        s.to = to;
    return s;
}

static struct span choose_span(const struct app *a, const struct choice *t, sd_time *now)
{
    struct model_usage usage = model_usage(a->model);
    bool past = a->past.all && sd_known(a->past.newest) && !t->sources;
    *now = sd_known(t->at)                     ? t->at
           : past                              ? a->past.newest
           : sd_known(usage.last) && a->replay ? usage.last
                                               : clock_wall();
    if (sd_known(t->at) && !t->window_ns)
        return SPAN_ALL;
    if (sd_known(t->at)) {
        struct span s = with_cut(a, t, (struct span){t->at - t->window_ns, t->at});
        *now = MAX(*now, s.to);
        return s;
    }
    if (t->for_ns && !received_older(a, t->began))
        return (struct span){t->began, clock_wall()};
    if (t->for_ns)
        return SPAN_ALL;
    if (!t->window_ns)
        return SPAN_ALL;
    sd_time to = past ? a->past.newest : sd_known(usage.last) ? usage.last + 1 : *now;
    return with_cut(a, t, (struct span){to - t->window_ns, to});
}

static int print_view(struct app *a, const struct view *v, struct span span, sd_time now, const char *unread)
{
    struct doc *d = build_complete(a, v, span, now, !a->replay);
    int status = EXIT_USAGE;
    if (signals_stop()) {
        status = 128 + signals_stop();
    } else if (d->missing) {
        complain("%s", d->missing);
    } else {
        if (*unread)
            app_add_unread(d, unread);
        if (a->beside && !v->compares)
            compare_with_baseline(a, v, d);
        status = output_doc(a, d);
    }
    doc_free(d);
    return status == EXIT_FINE && *unread ? EXIT_CHECK : status;
}

static bool nothing_was_read(const struct app *a)
{
    return !a->replay && !sd_known(model_usage(a->model).last);
}

static void complain_of_none(const struct app *a, const struct view *v)
{
    const struct sd_source_ops *ops = v->verb_source ? registry_named(v->verb_source) : NULL;
    if (ops)
        complain("%s needs something to read: %s", a->cli->verb, ops->targets);
    else
        complain("no source is given and none was found here; name one: slowdive %s SOURCE", a->cli->verb);
}

/* Reads the sources and prints; what could not be read goes to `unread`. */
static int read_and_print(struct app *a, const struct view *v, struct choice *t, struct strbuf *unread)
{
    bool status = str_eq(v->name, SOURCES_VIEW);
    sd_time now;
    if (!plan_histories(a, v, t))
        return EXIT_USAGE;
    if (!t->window_ns && !t->for_ns && !cli_has(a->cli, CLI_AT) && verb_needs_totals_only(a, v))
        app_totals_only(a);
    size_t failed = verb_add_sources(a, v, t->for_ns ? NULL : follow_servers);
    if (failed)
        strbuf_str(unread, strbuf_text(&a->problems));
    if (cli_has(a->cli, CLI_RUNS) && !verb_has_url(a->cli)) {
        complain("--runs needs the URL of a page, as in slowdive %s https://HOST/PAGE --runs 3",
                 a->cli->verb);
        return EXIT_USAGE;
    }
    app_report(a);
    if (signals_stop()) /* while a recording was read */
        return 128 + signals_stop();
    t->began = clock_wall();
    if (!a->n_sources && !a->replay) {
        if (!failed)
            complain_of_none(a, v);
        return EXIT_USAGE;
    }
    if (!choose_moment(a, t))
        return EXIT_USAGE;
    size_t silent = 0;
    if (a->n_sources && !gather(a, t->for_ns, &silent))
        return 128 + signals_stop();
    size_t told = unread->len;
    if (silent)
        add_silent(unread);
    failed += silent + read_progress(a, status ? NULL : unread).failed;
    complain_lines(strbuf_text(unread) + told);
    if (failed && !status && nothing_was_read(a))
        return EXIT_USAGE; /* the sentences above are all there is to say */
    struct span span = choose_span(a, t, &now);
    return print_view(a, v, span, now, status ? "" : strbuf_text(unread));
}

/* What costs a server something is said, and done when that was confirmed. */
static bool sample_fits(const struct app *a)
{
    const char *method = cli_has(a->cli, CLI_SAMPLE) ? a->cli->values[CLI_SAMPLE] : NULL;
    const char *cost = method ? caches_method_cost(method) : NULL;
    if (method && !cost)
        complain("--sample: there is no method \"%s\": keys, monitor or detail", method);
    else if (method && !cli_has(a->cli, CLI_YES))
        complain("--sample %s %s; without --yes it is not done", method, cost);
    else if (!method && cli_has(a->cli, CLI_YES))
        complain("--yes confirms --sample, which is missing");
    return method ? cost != NULL : !cli_has(a->cli, CLI_YES);
}

/* The objectives as rules of Prometheus: of the policy alone. */
static bool wants_rules(const struct app *a, const struct view *v)
{
    return str_eq(v->name, "slo") && str_eq(a->cli->values[CLI_FORMAT], "prometheus");
}

static int print_rules(const struct app *a)
{
    struct strbuf rules = {0};
    slo_rules_prometheus(&a->config->policy, &rules);
    bool ok = output_made(a, &rules);
    strbuf_free(&rules);
    return ok ? EXIT_FINE : EXIT_USAGE;
}

/* One reading would say nothing of keys that are looked at little by little. */
#define SAMPLE_FOR_NS (10 * SD_S)

int verb_view(struct app *a)
{
    return verb_show(a, view_named(!strcmp(a->cli->verb, "status") ? SOURCES_VIEW : a->cli->verb));
}

/* Figures of each machine over all that is read. */
static void watch_hosts(struct app *a)
{
    const struct signals_limits all = {.keep_ns = INT64_MAX, .max_bytes = HISTORY_BYTES};
    a->hosts = hosts_subject(cli_has(a->cli, CLI_SELECT) ? a->cli->values[CLI_SELECT] : NULL);
    app_watch_goals(a, &all);
    hosts_want(a->signals, &a->hosts, INT64_MAX);
}

int verb_show(struct app *a, const struct view *v)
{
    struct choice t = {0};
    struct strbuf unread = {0};
    if (wants_rules(a, v)) {
        app_report(a);
        return print_rules(a);
    }
    if (!output_ready(a) || !app_duration(a, CLI_FOR, &t.for_ns) ||
        !app_duration(a, CLI_WINDOW, &t.window_ns) || !sample_fits(a))
        return EXIT_USAGE;
    if (cli_has(a->cli, CLI_SAMPLE) && cli_has(a->cli, CLI_YES) && !t.for_ns) {
        complain("looking for %d s; --for says how long", (int)(SAMPLE_FOR_NS / SD_S));
        t.for_ns = SAMPLE_FOR_NS;
    }
    struct sd_error err;
    t.goals = v->place == PLACE_GOALS;
    t.sources = str_eq(v->name, SOURCES_VIEW);
    if (t.goals || v == view_home())
        app_watch_goals(a, NULL);
    if (v == &hosts_view)
        watch_hosts(a);
    else if (str_eq(v->name, "endpoint") && cli_has(a->cli, CLI_SELECT))
        a->hosts = hosts_subject(a->cli->values[CLI_SELECT]);
    bool compares = cli_has(a->cli, CLI_BASELINE), ready = true;
    int status = EXIT_USAGE;
    if (compares) {
        a->beside = mem_alloc(sizeof *a->beside);
        ready = open_baseline(a, a->beside, &err);
    }
    if (!ready)
        complain("--baseline: %s", err.text);
    else if (compares && v->compares)
        a->baseline = figures_of_all(a, a->beside);
    if (ready)
        status = read_and_print(a, v, &t, &unread);
    figures_free(a->baseline);
    a->baseline = NULL;
    strbuf_free(&unread);
    return status;
}

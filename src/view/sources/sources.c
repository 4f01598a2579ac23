/* Sources: state, age, errors, drops and cost of each. */
#include "view/sources/sources.h"

#include "core/schema.h"
#include "view/shared/common.h"

enum {
    S_NAME,
    S_KIND,
    S_STATE,
    S_TEXT,
    S_AGE,
    S_ERRORS,
    S_DROPS,
    S_OVERRUNS,
    S_BATCHES,
    S_RECORDS,
    S_LINES,
    S_UNPARSED,
    S_BYTES,
    S_TOOK,
    S_COST,
    S_CPU,
    S_TARGET,
    S_COLUMNS
};

static const struct column COLUMNS[S_COLUMNS] = {
    [S_NAME] = {.key = "name", .title = "Source", .flags = COLUMN_LEFT, .help = "name of the source"},
    [S_KIND] =
        {.key = "kind", .title = "Kind", .flags = COLUMN_LEFT, .priority = 3, .help = "kind of source"},
    [S_STATE] = {.key = "state",
                 .title = "State",
                 .flags = COLUMN_LEFT,
                 .help = "off, connecting, live, stale, backing off, failed or ended"},
    [S_TEXT] = {.key = "text",
                .title = "Why",
                .flags = COLUMN_LEFT | COLUMN_GROW,
                .width = 28,
                .help = "the state in one sentence"},
    [S_AGE] = {.key = "age_ns",
               .title = "Age",
               .unit = UNIT_AGE,
               .priority = 1,
               .help = "time since the last data"},
    [S_ERRORS] = {.key = "errors",
                  .title = "Errors",
                  .unit = UNIT_COUNT,
                  .priority = 2,
                  .help = "failed attempts to open or read"},
    [S_DROPS] = {.key = "drops",
                 .title = "Drops",
                 .unit = UNIT_COUNT,
                 .priority = 2,
                 .help = "batches dropped because the console was too slow"},
    [S_OVERRUNS] = {.key = "overruns",
                    .title = "Overruns",
                    .unit = UNIT_COUNT,
                    .priority = 6,
                    .help = "reads that took longer than their interval"},
    [S_BATCHES] = {.key = "batches",
                   .title = "Batches",
                   .unit = UNIT_COUNT,
                   .flags = COLUMN_HIDDEN,
                   .priority = 8,
                   .help = "batches published"},
    [S_RECORDS] = {.key = "records",
                   .title = "Records",
                   .unit = UNIT_COUNT,
                   .priority = 7,
                   .help = "records published"},
    [S_LINES] = {.key = "lines_total",
                 .title = "Lines",
                 .unit = UNIT_COUNT,
                 .priority = 4,
                 .help = "lines or records read; null when it reads none"},
    [S_UNPARSED] = {.key = "lines_unparsed",
                    .title = "Unparsed",
                    .unit = UNIT_COUNT,
                    .priority = 4,
                    .help = "of these, not understood"},
    [S_BYTES] = {.key = "bytes",
                 .title = "Bytes",
                 .unit = UNIT_BYTES,
                 .flags = COLUMN_HIDDEN,
                 .priority = 8,
                 .help = "bytes read"},
    [S_TOOK] = {.key = "took_ns",
                .title = "Took",
                .unit = UNIT_NS,
                .flags = COLUMN_HIDDEN,
                .priority = 8,
                .help = "duration of the last read"},
    [S_COST] = {.key = "cpu_share",
                .title = "CPU",
                .unit = UNIT_SHARE,
                .priority = 5,
                .help = "of one processor, by its worker, over the last ten seconds"},
    [S_CPU] = {.key = "cpu_ns",
               .title = "CPU time",
               .unit = UNIT_NS,
               .priority = 6,
               .help = "processor time of its worker since it was started"},
    [S_TARGET] = {.key = "target",
                  .title = "Target",
                  .flags = COLUMN_LEFT | COLUMN_HIDDEN,
                  .priority = 8,
                  .help = "what it reads, without secrets"},
};

static const struct column SAMPLES[] = {
    {.key = "sample",
     .title = "Sample",
     .flags = COLUMN_LEFT | COLUMN_GROW,
     .width = 30,
     .help = "one that was not understood, cut to 256 bytes"},
    {.key = "reason", .title = "Why", .flags = COLUMN_LEFT, .width = 20, .help = "why, in one sentence"},
};

static const struct column EVENTS[] = {
    {.key = "at", .title = "Time", .unit = UNIT_TIME, .help = "when it happened"},
    {.key = "source", .title = "Source", .flags = COLUMN_LEFT, .help = "name of the source"},
    {.key = "severity", .title = "Severity", .flags = COLUMN_LEFT, .help = "info, warn or bad"},
    {.key = "title", .title = "What", .flags = COLUMN_LEFT, .help = "a few words"},
    {.key = "text", .title = "Text", .flags = COLUMN_LEFT | COLUMN_GROW, .width = 30, .help = "a sentence"},
};

enum { SOURCES_MAX = 256, EVENTS_MAX = 100 };

static const char *unparsed(struct doc *d, const struct sd_intake *in)
{
    char n[UNIT_TEXT_MAX], all[UNIT_TEXT_MAX];
    if (!in || in->unparsed <= 0)
        return NULL;
    return doc_printf(d, "%s of %s %s not understood%s%s", unit_format_int(UNIT_COUNT, in->unparsed, n),
                      unit_format_int(UNIT_COUNT, in->total, all), in->unit ? in->unit : "lines",
                      in->reason ? ": " : "", in->reason ? in->reason : "");
}

/* Ten seconds ago, to tell what a source costs now. */
static const int64_t COST_NS = 10 * SD_S;

static double cost(const struct source_info *now, const struct source_info *then, size_t n_then)
{
    for (size_t i = 0; i < n_then; i++)
        if (str_eq(then[i].origin, now->origin) && then[i].status && sd_known(then[i].status->cpu_ns) &&
            sd_known(now->status->cpu_ns) && now->status->cpu_ns >= then[i].status->cpu_ns)
            return (double)(now->status->cpu_ns - then[i].status->cpu_ns) / (double)COST_NS;
    return NAN;
}

/* In full: a column of the table has no room for it. */
static void not_seen(struct doc *d, const struct source_info *info, size_t n)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < n; i++)
        if (common_caveat(info[i].status))
            strbuf_printf(&b, "%s%s: %s", b.len ? "\n" : "", info[i].origin, common_caveat(info[i].status));
    if (b.len)
        doc_section(d, SECTION_TEXT, "not_seen", "Not visible")->text = doc_text(d, b.text);
    strbuf_free(&b);
}

/* In full, for the notes of tables are cut to the screen. In JSON they are in the envelope. */
static void assumed(struct doc *d, const struct source_info *info, size_t n)
{
    struct strbuf b = {0};
    for (size_t i = 0; i < n; i++)
        if (info[i].intake && info[i].intake->note && *info[i].intake->note)
            strbuf_printf(&b, "%s%s: %s", b.len ? "\n" : "", info[i].origin, info[i].intake->note);
    if (b.len)
        doc_section(d, SECTION_TEXT, NULL, "Assumed or skipped while reading")->text = doc_text(d, b.text);
    strbuf_free(&b);
}

/* What happened in the span, the newest first: deploys, restarts, sessions that were ended. */
static void events(struct doc *d, const struct view_ctx *c)
{
    struct event_entry e[EVENTS_MAX];
    size_t n = model_events(c->model, c->span, e, EVENTS_MAX);
    struct table *t = n ? &doc_table(d, "events", "Events", EVENTS, ARRAY_LEN(EVENTS))->table : NULL;
    for (size_t i = 0; i < n; i++) {
        const struct sd_event *r = e[i].event;
        struct row *row = doc_row(d, t);
        row->cells[0] = cell_int(e[i].at);
        row->cells[1] = cell_text(doc_text(d, e[i].origin));
        row->cells[2] = cell_text(doc_text(d, r->severity));
        row->cells[3] = cell_text(doc_text(d, r->title));
        row->cells[4] = cell_text(doc_text(d, r->text));
        row->severity = str_eq(r->severity, "bad")    ? SEVERITY_BAD
                        : str_eq(r->severity, "warn") ? SEVERITY_WARN
                                                      : SEVERITY_NONE;
    }
}

static struct doc *build_sources(const struct view_ctx *c)
{
    struct source_info info[SOURCES_MAX], then[SOURCES_MAX];
    size_t n = model_sources(c->model, c->now, info, SOURCES_MAX), bad = 0;
    size_t n_then = model_sources(c->model, MAX(c->now, INT64_MIN + COST_NS) - COST_NS, then, SOURCES_MAX);
    struct doc *d = doc_new("sources", "Sources");
    common_envelope(d, c, common_span(c));
    struct section *sec = doc_table(d, "rows", "Sources", COLUMNS, S_COLUMNS);
    sec->weight = 1;
    for (size_t i = 0; i < n; i++) {
        const struct sd_status *s = info[i].status;
        const struct sd_intake *in = info[i].intake;
        struct row *r = doc_row(d, &sec->table);
        struct cell *v = r->cells;
        v[S_NAME] = cell_text(doc_text(d, info[i].origin));
        if (in) {
            v[S_LINES] = cell_int(in->total);
            v[S_UNPARSED] = cell_int(in->unparsed);
            v[S_BYTES] = cell_int(in->bytes);
            if (in->unparsed > 0)
                r->severity = SEVERITY_WARN;
        }
        if (!s) {
            v[S_TEXT] = cell_text(unparsed(d, in));
            bad += r->severity >= SEVERITY_WARN;
            continue;
        }
        v[S_KIND] = cell_text(doc_text(d, s->kind));
        v[S_STATE] = cell_text(doc_text(d, schema_state_name((enum sd_state)s->state)));
        /* An end with a sentence is an early one: that comes first. */
        bool well = s->state == SD_STATE_LIVE || (s->state == SD_STATE_ENDED && (!s->text || !*s->text));
        v[S_TEXT] = cell_text(well && unparsed(d, in) ? unparsed(d, in)
                                                      : doc_text(d, s->text && *s->text ? s->text : NULL));
        r->copy = common_grant(d, s->text);
        v[S_AGE] = cell_int(common_age(c->now, s->last_data));
        v[S_ERRORS] = cell_int(s->errors);
        v[S_DROPS] = cell_int(s->drops);
        v[S_OVERRUNS] = cell_int(s->overruns);
        v[S_BATCHES] = cell_int(s->batches);
        v[S_RECORDS] = cell_int(s->records);
        v[S_TOOK] = cell_int(s->took_ns);
        v[S_COST] = cell_real(cost(&info[i], then, n_then));
        v[S_CPU] = cell_int(s->cpu_ns);
        v[S_TARGET] = cell_text(doc_text(d, s->target));
        if (s->state == SD_STATE_FAILED || s->state == SD_STATE_BACKOFF)
            r->severity = SEVERITY_BAD;
        else if (s->state == SD_STATE_STALE || (sd_known(s->drops) && s->drops > 0))
            r->severity = SEVERITY_WARN;
        bad += r->severity >= SEVERITY_WARN;
    }
    struct model_usage u = model_usage(c->model);
    char used[UNIT_TEXT_MAX], cap[UNIT_TEXT_MAX], slot[UNIT_TEXT_MAX];
    sec->note = doc_printf(d, "memory %s of %s%s%s", unit_format_int(UNIT_BYTES, (int64_t)u.bytes, used),
                           unit_format_int(UNIT_BYTES, (int64_t)u.max_bytes, cap),
                           u.thinned_to_ns > SD_S ? ", oldest thinned to " : "",
                           u.thinned_to_ns > SD_S ? unit_format_int(UNIT_NS, u.thinned_to_ns, slot) : "");
    if (u.traces_bytes)
        sec->note = doc_printf(d, "%s, traces %s of %s", sec->note,
                               unit_format_int(UNIT_BYTES, (int64_t)u.traces_bytes, used),
                               unit_format_int(UNIT_BYTES, (int64_t)u.traces_max, cap));
    sec->empty = doc_printf(d,
                            "No source is open. Add one: slowdive /var/log/nginx/access.log or slowdive "
                            "postgres://user@host/database (in the console: :source SOURCE). slowdive "
                            "sources lists the kinds of source.%s%s",
                            c->doctor ? "\n\n" : "", c->doctor ? c->doctor : "");
    not_seen(d, info, n);
    assumed(d, info, n);
    struct intake_total in_all;
    model_intake(c->model, &in_all);
    if (bad)
        sec->note = doc_printf(d, "%zu need%s attention; %s", bad, bad == 1 ? "s" : "", sec->note);
    events(d, c);
    if (in_all.n_samples) {
        struct section *t = doc_table(d, "unparsed", "Lines not understood", SAMPLES, ARRAY_LEN(SAMPLES));
        t->weight = 1;
        for (size_t i = 0; i < in_all.n_samples; i++) {
            struct row *r = doc_row(d, &t->table);
            r->cells[0] = cell_text(doc_text(d, in_all.samples[i]));
            r->cells[1] = cell_text(doc_text(d, in_all.reasons[i]));
        }
    }
    if (n && c->doctor)
        doc_section(d, SECTION_TEXT, NULL, "Doctor")->text = doc_text(d, c->doctor);
    return d;
}

static const struct column ALSO[] = {
    {.key = "events",
     .title = "Events",
     .help = "events in the time window, if any: at, source, severity, title, text"},
    {.key = "unparsed",
     .title = "Unparsed",
     .help = "lines that were not understood, if any: sample, reason"},
};

const struct view sources_view = {
    .name = "sources",
    .place = PLACE_DATA,
    .title = "Sources",
    .summary = "the sources of the data: state, age, errors, dropped batches, processor time",
    .needs = SD_KIND_BIT(SD_STATUS),
    .build = build_sources,
    .worst = sources_worst,
    .columns = COLUMNS,
    .n_columns = S_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};

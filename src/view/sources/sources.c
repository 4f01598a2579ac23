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
    [S_NAME] = {"name", "Source", UNIT_NONE, COLUMN_LEFT, 0, 0, "name of the instance"},
    [S_KIND] = {"kind", "Kind", UNIT_NONE, COLUMN_LEFT, 3, 0, "kind of source"},
    [S_STATE] = {"state", "State", UNIT_NONE, COLUMN_LEFT, 0, 0,
                 "off, connecting, live, stale, backing off, failed or ended"},
    [S_TEXT] = {"text", "Why", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, 28, "the state in one sentence"},
    [S_AGE] = {"age_ns", "Age", UNIT_AGE, 0, 1, 0, "time since the last data"},
    [S_ERRORS] = {"errors", "Errors", UNIT_COUNT, 0, 2, 0, "failed tries to open or read"},
    [S_DROPS] = {"drops", "Drops", UNIT_COUNT, 0, 2, 0, "batches dropped because the console lagged"},
    [S_OVERRUNS] = {"overruns", "Overruns", UNIT_COUNT, 0, 6, 0,
                    "readings that took longer than their interval"},
    [S_BATCHES] = {"batches", "Batches", UNIT_COUNT, COLUMN_HIDDEN, 8, 0, "batches published"},
    [S_RECORDS] = {"records", "Records", UNIT_COUNT, 0, 7, 0, "records published"},
    [S_LINES] = {"lines_total", "Lines", UNIT_COUNT, 0, 4, 0,
                 "lines or records read; null when it reads none"},
    [S_UNPARSED] = {"lines_unparsed", "Unparsed", UNIT_COUNT, 0, 4, 0, "of these, not understood"},
    [S_BYTES] = {"bytes", "Bytes", UNIT_BYTES, COLUMN_HIDDEN, 8, 0, "bytes read"},
    [S_TOOK] = {"took_ns", "Took", UNIT_NS, COLUMN_HIDDEN, 8, 0, "duration of the last reading"},
    [S_COST] = {"cpu_share", "CPU", UNIT_SHARE, 0, 5, 0,
                "of one processor, by its worker, over the last ten seconds"},
    [S_CPU] = {"cpu_ns", "CPU time", UNIT_NS, 0, 6, 0, "processor time of its worker since it was started"},
    [S_TARGET] = {"target", "Target", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 8, 0,
                  "what it reads, without secrets"},
};

static const struct column SAMPLES[] = {
    {"sample", "Sample", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, 30,
     "one that was not understood, cut to 256 bytes"},
    {"reason", "Why", UNIT_NONE, COLUMN_LEFT, 0, 20, "why, in one sentence"},
};

enum { SOURCES_MAX = 256 };

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
        doc_section(d, SECTION_TEXT, "not_seen", "What is not seen")->text = doc_text(d, b.text);
    strbuf_free(&b);
}

static struct doc *build(const struct view_ctx *c)
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
    sec->empty = doc_text(d, "No source is open. Name one: slowdive /var/log/nginx/access.log or slowdive "
                             "postgres://user@host/database (in the console: :source and one of them). "
                             "slowdive sources lists the kinds there are.");
    not_seen(d, info, n);
    struct intake_total in_all;
    model_intake(c->model, &in_all);
    if (bad)
        sec->note = doc_printf(d, "%zu need%s a look; %s", bad, bad == 1 ? "s" : "", sec->note);
    if (in_all.n_samples) {
        struct section *t = doc_table(d, "unparsed", "What was not understood", SAMPLES, ARRAY_LEN(SAMPLES));
        t->weight = 1;
        for (size_t i = 0; i < in_all.n_samples; i++) {
            struct row *r = doc_row(d, &t->table);
            r->cells[0] = cell_text(doc_text(d, in_all.samples[i]));
            r->cells[1] = cell_text(doc_text(d, in_all.reasons[i]));
        }
    }
    return d;
}

static const struct column ALSO[] = {
    {.key = "unparsed",
     .title = "Unparsed",
     .help = "lines that were not understood, when there are some: sample, reason"},
};

const struct view sources_view = {
    .name = "sources",
    .place = PLACE_DATA,
    .title = "Sources",
    .summary = "where the data comes from: state, age, errors, drops, cost",
    .key = '5',
    .needs = 1u << SD_STATUS,
    .build = build,
    .worst = sources_worst,
    .columns = COLUMNS,
    .n_columns = S_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};

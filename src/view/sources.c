/* Sources: state, age, errors, drops and cost of each. */
#include "view/sources.h"

#include "core/schema.h"
#include "view/common.h"

enum {
    S_NAME, S_KIND, S_STATE, S_TEXT, S_AGE, S_ERRORS, S_DROPS, S_OVERRUNS, S_BATCHES, S_RECORDS, S_LINES, S_UNPARSED,
    S_BYTES, S_TOOK, S_CPU, S_TARGET, S_COLUMNS
};

static const struct column COLUMNS[S_COLUMNS] = {
    [S_NAME] = {"name", "Source", UNIT_NONE, COLUMN_LEFT, 0, 0, "name of the instance"},
    [S_KIND] = {"kind", "Kind", UNIT_NONE, COLUMN_LEFT, 3, 0, "kind of source"},
    [S_STATE] = {"state", "State", UNIT_NONE, COLUMN_LEFT, 0, 0,
                 "off, connecting, live, stale, backing off, failed or ended"},
    [S_TEXT] = {"text", "Why", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, 20, "the state in one sentence"},
    [S_AGE] = {"age_ns", "Age", UNIT_AGE, 0, 1, 0, "time since the last data"},
    [S_ERRORS] = {"errors", "Errors", UNIT_COUNT, 0, 2, 0, "failed tries to open or read"},
    [S_DROPS] = {"drops", "Drops", UNIT_COUNT, 0, 2, 0, "batches dropped because the console lagged"},
    [S_OVERRUNS] = {"overruns", "Overruns", UNIT_COUNT, 0, 6, 0, "readings that took longer than their interval"},
    [S_BATCHES] = {"batches", "Batches", UNIT_COUNT, COLUMN_HIDDEN, 8, 0, "batches published"},
    [S_RECORDS] = {"records", "Records", UNIT_COUNT, COLUMN_HIDDEN, 8, 0, "records published"},
    [S_LINES] = {"lines_total", "Lines", UNIT_COUNT, 0, 4, 0, "lines or records read; null when it reads none"},
    [S_UNPARSED] = {"lines_unparsed", "Unparsed", UNIT_COUNT, 0, 4, 0, "of these, not understood"},
    [S_BYTES] = {"bytes", "Bytes", UNIT_BYTES, COLUMN_HIDDEN, 8, 0, "bytes read"},
    [S_TOOK] = {"took_ns", "Took", UNIT_NS, COLUMN_HIDDEN, 8, 0, "duration of the last reading"},
    [S_CPU] = {"cpu_ns", "CPU", UNIT_NS, 0, 5, 0, "processor time of its worker"},
    [S_TARGET] = {"target", "Target", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 8, 0, "what it reads, without secrets"},
};

enum { SOURCES_MAX = 256 };

static struct doc *build(const struct view_ctx *c)
{
    struct source_info info[SOURCES_MAX];
    size_t n = model_sources(c->model, c->now, info, SOURCES_MAX), bad = 0;
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
            if (in->unparsed > 0 && in->reason)
                v[S_TEXT] = cell_text(doc_text(d, in->reason));
            if (in->unparsed > 0)
                r->severity = SEVERITY_WARN;
        }
        if (!s)
            continue;
        v[S_KIND] = cell_text(doc_text(d, s->kind));
        v[S_STATE] = cell_text(doc_text(d, schema_state_name((enum sd_state)s->state)));
        if (s->text && *s->text)
            v[S_TEXT] = cell_text(doc_text(d, s->text));
        v[S_AGE] = cell_int(s->last_data == SD_UNKNOWN ? SD_UNKNOWN : MAX(c->now - s->last_data, 0));
        v[S_ERRORS] = cell_int(s->errors);
        v[S_DROPS] = cell_int(s->drops);
        v[S_OVERRUNS] = cell_int(s->overruns);
        v[S_BATCHES] = cell_int(s->batches);
        v[S_RECORDS] = cell_int(s->records);
        v[S_TOOK] = cell_int(s->took_ns);
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
    sec->empty = doc_text(d, "No source is open. Name one: slowdive postgres://user@host/database "
                             "/var/log/nginx/access.log. slowdive sources lists the kinds.");
    if (bad)
        sec->note = doc_printf(d, "%zu need a look; %s", bad, sec->note);
    return d;
}

const struct view sources_view = {
    .name = "sources",
    .title = "Sources",
    .summary = "where the data comes from: state, age, errors, drops, cost",
    .key = '5',
    .needs = 1u << SD_STATUS,
    .build = build,
    .columns = COLUMNS,
    .n_columns = S_COLUMNS,
};

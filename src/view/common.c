#include "view/common.h"

#include "core/sql.h"

#include <stdlib.h>

struct span common_span(const struct view_ctx *c)
{
    if (!span_is_all(c->span))
        return c->span;
    struct model_usage u = model_usage(c->model);
    return (struct span){u.first, u.last};
}

double common_seconds(struct span s)
{
    if (s.from == SD_UNKNOWN || s.to == SD_UNKNOWN || s.to <= s.from)
        return NAN;
    return (double)(s.to - s.from) / 1e9;
}

void common_envelope(struct doc *d, const struct view_ctx *c, struct span s)
{
    static const struct column sample[] = {{.key = "sample", .title = "Sample", .help = "the text"}};
    struct intake_total in;
    model_intake(c->model, &in);
    doc_field(d, "from", UNIT_TIME, cell_int(s.from));
    doc_field(d, "to", UNIT_TIME, cell_int(s.to));
    doc_field(d, "lines_total", UNIT_COUNT, cell_int(in.total));
    doc_field(d, "lines_unparsed", UNIT_COUNT, cell_int(in.unparsed));
    struct table *t = doc_list(d, sample, ARRAY_LEN(sample));
    for (size_t i = 0; i < in.n_samples; i++)
        doc_row(d, t)->cells[0] = cell_text(doc_text(d, in.samples[i]));
    doc_field(d, "unparsed_samples", UNIT_NONE, cell_list(t));
    doc_field(d, "frames_lost", UNIT_COUNT, cell_int((int64_t)model_usage(c->model).frames_lost));
}

const char *common_note(struct doc *d, const struct view_ctx *c, int64_t n, const char *what, sd_time last)
{
    struct strbuf b = {0};
    char buf[UNIT_TEXT_MAX];
    if (span_is_all(c->span)) {
        struct span s = common_span(c);
        if (isfinite(common_seconds(s)))
            strbuf_printf(&b, "over %s", unit_format_int(UNIT_NS, s.to - s.from, buf));
    } else {
        strbuf_printf(&b, "last %s", unit_format_int(UNIT_NS, c->span.to - c->span.from, buf));
    }
    if (n != SD_UNKNOWN)
        strbuf_printf(&b, "%s%s %s", b.len ? ", " : "", unit_format_int(UNIT_COUNT, n, buf), what);
    if (last != SD_UNKNOWN && c->live && c->now - last >= 10 * SD_S)
        strbuf_printf(&b, ", %s old", unit_format_int(UNIT_AGE, c->now - last, buf));
    const char *text = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}

/* What brings each kind of record, for the sentence in an empty pane. */
static const struct {
    uint32_t kinds;
    const char *what, *how;
} BRINGERS[] = {
    {1u << SD_HTTP, "No requests have been seen",
     "Requests come from an access log: slowdive /var/log/nginx/access.log"},
    {1u << SD_STATEMENT | 1u << SD_ACTIVITY, "No database statements have been seen",
     "They come from PostgreSQL: slowdive postgres://user@host/database"},
    {1u << SD_ACTIVITY, "No database session is doing anything",
     "Sessions come from PostgreSQL: slowdive postgres://user@host/database"},
};

const char *common_empty(struct doc *d, const struct view_ctx *c, uint32_t kinds)
{
    struct source_info info[32];
    size_t n = model_sources(c->model, c->now, info, ARRAY_LEN(info));
    const char *what = "There is nothing here", *how = "Name a source: slowdive SOURCE";
    for (size_t i = 0; i < ARRAY_LEN(BRINGERS); i++)
        if (BRINGERS[i].kinds == kinds) {
            what = BRINGERS[i].what;
            how = BRINGERS[i].how;
        }
    if (n == 0)
        return doc_printf(d, "%s: no source is open. %s", what, how);
    for (size_t i = 0; i < n; i++) {
        const struct sd_status *s = info[i].status;
        if (s && (s->state == SD_STATE_FAILED || s->state == SD_STATE_BACKOFF))
            return doc_printf(d, "%s. %s: %s", what, info[i].origin, s->text ? s->text : "failed");
    }
    if (!span_is_all(c->span) && model_usage(c->model).last != SD_UNKNOWN)
        return doc_printf(d, "%s in this span of time. + looks at a longer one. %s", what, how);
    return doc_printf(d, "%s yet. %s", what, how);
}

const char *common_sql_line(struct doc *d, const struct view_ctx *c, const char *sql)
{
    if (!sql)
        return NULL;
    char *hidden = c->show_literals ? NULL : sql_hide_literals(sql);
    struct strbuf b = {0};
    bool gap = false;
    for (const char *p = hidden ? hidden : sql; *p; p++) {
        if (strchr(" \t\r\n", *p)) {
            gap = b.len > 0;
            continue;
        }
        if (gap)
            strbuf_char(&b, ' ');
        gap = false;
        strbuf_char(&b, *p);
    }
    const char *text = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    free(hidden);
    return text;
}

size_t common_points(const struct view_ctx *c, struct span s)
{
    double seconds = common_seconds(s);
    size_t want = c->graph_points > 0 ? (size_t)c->graph_points : 60;
    if (!isfinite(seconds))
        return 1;
    return (size_t)MAX(1, MIN((double)want, ceil(seconds)));
}

/* Statements for the overview: those that ran steadily and do not run now. */
#include "view/queries/queries.h"

#include "base/utf8.h"
#include "view/shared/common.h"
#include "view/shared/silent.h"

enum { SILENT_LISTED = 4, CALLS_MIN = 40, SUBJECT_WIDTH = 34 };

static bool is_silent(const struct query *q, struct span s, struct silence *out)
{
    struct query_point p[SILENT_PARTS];
    double events[SILENT_PARTS], part = (double)span_length(s) / SILENT_PARTS / (double)SD_S;
    query_series(q, s, SILENT_PARTS, p);
    for (int i = 0; i < SILENT_PARTS; i++)
        events[i] = p[i].calls_per_s * part;
    return silent_since(events, s, out);
}

static const char *subject_of(struct doc *d, const struct view_ctx *c, const struct query *q)
{
    const char *text = common_sql(d, c, query_text(q), true);
    struct strbuf b = {0};
    if (!text || utf8_width(text) <= SUBJECT_WIDTH)
        return text ? text : doc_text(d, query_key(q));
    utf8_append(&b, text, SUBJECT_WIDTH - 3);
    text = doc_printf(d, "%s...", strbuf_text(&b));
    strbuf_free(&b);
    return text;
}

/* In a window only: since a server's reset there are no parts. */
void queries_silent(const struct view_ctx *c, struct worst_list *l)
{
    struct span all = silent_span(c);
    struct silence x;
    size_t listed = 0;
    if (span_is_all(c->span) || !(all.to > all.from))
        return;
    for (size_t i = 0; i < model_queries(c->model) && listed < SILENT_LISTED; i++) {
        const struct query *q = model_query(c->model, i);
        struct query_stats now, before;
        query_stats(q, c->span, &now);
        if (!now.known || now.calls > 0)
            continue;
        query_stats(q, all, &before);
        if (before.calls < CALLS_MIN || !is_silent(q, all, &x))
            continue;
        listed++;
        silent_add(c, l, &x, subject_of(l->d, c, q),
                   (struct dive){.view = "query", .arg = doc_text(l->d, query_key(q))});
    }
}

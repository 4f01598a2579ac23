#include "view/shared/finish.h"

#include "core/table.h"
#include "view/shared/common.h"

enum { MOMENTS_MAX = 16 };

/* Figures of now are those of a view over time; a plan stays what it was. */
static sd_kinds kinds_of(const struct view *v, const struct section *s)
{
    return s->kinds ? s->kinds : v->made_of ? 0 : v->needs;
}

static void mark_lost(const struct view *v, const struct view_ctx *c, struct doc *d, struct section *s)
{
    bool all = false;
    const char *lost = common_lost(d, c, kinds_of(v, s), &all);
    if (!lost || (section_has_rows(s) && !s->table.n_rows))
        return; /* an empty pane says why itself */
    if (all)
        s->lost = lost;
    else
        s->note = s->note ? doc_printf(d, "%s, %s", lost, s->note) : lost;
}

static enum severity severity_of(const char *name)
{
    return str_eq(name, "bad") ? SEVERITY_BAD : str_eq(name, "warn") ? SEVERITY_WARN : SEVERITY_INFO;
}

/* What happened within the drawings: in all of them, for a restart of the database explains the requests. */
static void mark_moments(const struct view_ctx *c, struct doc *d, struct section *s)
{
    struct event_entry e[MOMENTS_MAX];
    bool graph = s->kind == SECTION_GRAPH, heat = s->kind == SECTION_HEATMAP;
    if (!graph && !heat)
        return;
    struct span span =
        graph ? (struct span){s->graph.from, s->graph.to} : (struct span){s->heatmap.from, s->heatmap.to};
    size_t n = model_events(c->model, span, e, MOMENTS_MAX);
    struct doc_moment *m = n ? arena_alloc(d->arena, n * sizeof *m) : NULL;
    for (size_t i = 0; i < n; i++)
        m[i] = (struct doc_moment){.at = e[i].at,
                                   .text = doc_text(d, e[i].event->title ? e[i].event->title : "event"),
                                   .severity = severity_of(e[i].event->severity)};
    s->moments = m;
    s->n_moments = n;
}

/* What `y` copies of a row: the session's pid, the statement, the endpoint; the row itself is copied next. */
static void name_things(const struct view_ctx *c, struct doc *d, struct section *s)
{
    if (!section_has_rows(s) || s->table.source)
        return;
    for (size_t i = 0; i < s->table.n_rows; i++) {
        struct row *r = &s->table.rows[i];
        const struct query *q = NULL;
        if (r->copy)
            continue;
        if (r->session.origin)
            r->copy = doc_printf(d, "%lld", (long long)r->session.pid);
        else if (str_eq(r->dive.view, "endpoint"))
            r->copy = r->dive.arg;
        else if (str_eq(r->dive.view, "query") && r->dive.arg &&
                 (q = model_find_query(c->model, r->dive.arg)))
            r->copy = common_sql(d, c, query_text(q), false);
    }
}

static void mark_grant(struct doc *d, struct section *s)
{
    bool empty = section_has_rows(s) && !s->table.n_rows;
    if (!s->copy && (empty || s->kind == SECTION_TEXT))
        s->copy = common_grant(d, empty ? s->empty : s->write ? NULL : s->text);
}

/* A short list leaves lines: all figures of the selected row stand there. */
static void tell_row(const struct view *v, struct section *s)
{
    if (s->kind != SECTION_TABLE || s->about || s->steady || !s->key ||
        strcmp(s->key, v->rows ? v->rows : "rows") != 0)
        return;
    s->about = table_row_about;
    s->about_spare = true;
}

void finish_doc(const struct view *v, const struct view_ctx *c, struct doc *d)
{
    for (size_t i = 0; i < d->n_sections; i++) {
        struct section *s = &d->sections[i];
        mark_lost(v, c, d, s);
        mark_moments(c, d, s);
        mark_grant(d, s);
        tell_row(v, s);
        name_things(c, d, s);
    }
}

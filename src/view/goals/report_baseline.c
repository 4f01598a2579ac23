/* report_baseline.c - where everything stands: of each domain the rows that its view has, in one report. */
#include <stdlib.h>
#include <string.h>

#include "core/table.h"
#include "view/goals/reports.h"
#include "view/goals/worth.h"
#include "view/shared/common.h"

enum { ROWS_MOST = 10, COLUMNS_MOST = 12, PARTS = 8 };

struct part {
    const char *key, *title, *view, *table;
    const char *columns[COLUMNS_MOST]; /* of the view's table, by their keys; -KEY: in JSON only */
    bool whole;                        /* its figures are of no window */
    const char *missing;               /* what would tell */
};

static const struct part REPORT[PARTS] = {
    {.key = "kpis",
     .title = "KPIs",
     .view = "kpis",
     .table = "rows",
     .columns = {"name", "instance", "status", "shown", "goal", "-value", "-value_unit", "-target",
                 "window_ns", "samples", "signal", "basis"},
     .missing = "unknown: a source of requests, statements or machines, and the KPIs of the policy, tell."},
    {.key = "endpoints",
     .title = "Endpoints",
     .view = "endpoints",
     .table = "rows",
     .columns = {"method", "route", "count", "rate_per_s", "error_share", "p50_ns", "p95_ns", "p99_ns",
                 "share"},
     .missing = "unknown: an access log tells, slowdive report baseline access.log."},
    {.key = "database",
     .title = "Database",
     .view = "queries",
     .table = "rows",
     .columns = {"text", "database", "calls", "calls_per_s", "mean_ns", "total_ns", "hit_ratio", "share"},
     .missing =
         "unknown: a server with pg_stat_statements tells, postgres://user@host/database, over some time."},
    {.key = "functions",
     .title = "Hot functions",
     .view = "functions",
     .table = "rows",
     .columns = {"name", "module", "self_share", "total_share", "self_samples"},
     .whole = true,
     .missing = "unknown: a profile tells, such as perf record -g, or perf:pid=PID."},
    {.key = "bundle",
     .title = "Bundle",
     .view = "bundle",
     .table = "assets",
     .columns = {"name", "type", "size_bytes", "gzip_bytes", "brotli_bytes", "initial"},
     .whole = true,
     .missing = "unknown: the folder of a build tells, slowdive report baseline dist/."},
    {.key = "lighthouse",
     .title = "Lighthouse",
     .view = "pages",
     .table = "pages",
     .columns = {"page", "form_factor", "points", "lab_lcp", "lab_tbt", "lab_cls", "users_lcp", "users_inp",
                 "-score", "weight_bytes", "runs"},
     .whole = true,
     .missing = "unknown: reports of Lighthouse tell, as JSON files."},
    {.key = "caches",
     .title = "Caches",
     .view = "caches",
     .table = "rows",
     .columns = {"name", "layer", "hit_ratio", "lookups_per_s", "misses_per_s", "bytes_used",
                 "evictions_per_s"},
     .missing = "unknown: redis://host, or an access log with the status of a cache, tells."},
    {.key = "resources",
     .title = "Resources",
     .view = "resources",
     .table = "rows",
     .columns = {"host", "cpu_share", "memory_share", "swap_share", "filesystem_share", "disk_busy_share",
                 "pressure_cpu_share", "pressure_memory_share", "pressure_io_share"},
     .missing = "unknown: the source host: tells of this machine, over some time."},
};

struct kept { /* the docs whose texts the rows have */
    struct doc *docs[PARTS];
};

static void kept_free(void *owned)
{
    struct kept *k = owned;
    for (size_t i = 0; i < PARTS; i++)
        doc_free(k->docs[i]);
    free(k);
}

static const struct section *section_of(const struct doc *d, const char *key)
{
    for (size_t i = 0; d && i < d->n_sections; i++)
        if (section_has_rows(&d->sections[i]) && str_eq(d->sections[i].key, key))
            return &d->sections[i];
    return NULL;
}

/* The columns that the table has, of those of the part; numbers of them into `from`. */
static size_t chosen(struct doc *d, const struct part *p, const struct table *t, struct column *out,
                     size_t *from)
{
    size_t n = 0;
    for (size_t i = 0; i < COLUMNS_MOST && p->columns[i]; i++) {
        bool hidden = *p->columns[i] == '-';
        int k = table_column(t, p->columns[i] + hidden);
        if (k < 0)
            continue;
        out[n] = t->columns[k];
        out[n].flags &= ~(unsigned)(COLUMN_HIDDEN | COLUMN_BAR);
        out[n].flags |= hidden ? COLUMN_HIDDEN : 0;
        out[n].priority = 0;
        out[n].unknown = out[n].unknown ? out[n].unknown : UNKNOWN_TEXT;
        out[n].title = doc_text(d, out[n].title);
        from[n++] = (size_t)k;
    }
    return n;
}

static void add_part(struct doc *d, const struct view_ctx *c, struct span w, const struct part *p,
                     struct doc **kept)
{
    const struct view *v = view_exactly(p->view);
    struct view_ctx of = *c;
    of.arg = NULL;
    of.span = p->whole ? SPAN_ALL : w;
    of.now = w.to;
    bool has = v && (!v->needs || model_has(c->model, v->needs));
    *kept = has ? view_build(v, &of) : NULL;
    const struct section *from = section_of(*kept, p->table);
    struct column *columns = arena_alloc(d->arena, COLUMNS_MOST * sizeof *columns);
    size_t numbers[COLUMNS_MOST], n = from ? chosen(d, p, &from->table, columns, numbers) : 0;
    if (!n) {
        columns[n] = (struct column){.key = "name", .title = "Name", .flags = COLUMN_LEFT, .help = "name"};
        n = 1;
        from = NULL;
    }
    struct section *s = doc_table(d, p->key, p->title, columns, n);
    for (size_t i = 0; from && i < MIN(table_rows(&from->table), (size_t)ROWS_MOST); i++) {
        const struct row *r = table_row(&from->table, i);
        struct row *into = doc_row(d, &s->table);
        for (size_t k = 0; k < n; k++)
            into->cells[k] = r->cells[numbers[k]];
    }
    s->note = from ? doc_text(d, from->note) : NULL;
    s->empty = p->missing;
}

struct doc *report_baseline(const struct view_ctx *c)
{
    struct doc *d = doc_new("baseline", "Performance baseline");
    struct span w = worth_window(c);
    struct kept *kept = mem_alloc(sizeof *kept);
    memset(kept, 0, sizeof *kept);
    common_envelope(d, c, w);
    for (size_t i = 0; i < PARTS; i++)
        add_part(d, c, w, &REPORT[i], &kept->docs[i]);
    doc_own(d, kept, kept_free);
    return d;
}

/* pages_field_loads.c - vitals over the weeks, and loads of pages, for people. */
#include <stdlib.h>

#include "base/num.h"
#include "view/pages/pages_field_panes.h"

/* ---- over the weeks ---- */

static const struct column TREND_COLUMNS[] = {
    {.key = "key",
     .title = "Visits of",
     .flags = COLUMN_LEFT | COLUMN_GROW,
     .width = 16,
     .help = "page or origin"},
    {.key = "form_factor",
     .title = "Devices",
     .flags = COLUMN_LEFT,
     .priority = 1,
     .help = "phone, desktop, ..."},
    {.key = "metric", .title = "Vital", .flags = COLUMN_LEFT, .help = "LCP, INP, CLS, FCP or TTFB"},
    {.key = "first", .title = "p75 was", .help = "in the first span"},
    {.key = "last", .title = "p75 is", .help = "in the last one"},
    {.key = "change", .title = "Change", .help = "from the first to the last"},
    {.key = "until", .title = "Until", .flags = COLUMN_LEFT, .priority = 3, .help = "last day"},
    {.key = "worse_since",
     .title = "Worse since",
     .flags = COLUMN_LEFT,
     .width = 11,
     .help = "from that day on each p75 is more than a tenth above what was usual before"},
};

uint32_t trend_worse_from(const struct sd_page_trend *f, double *before)
{
    enum { POINTS = 1000, RATIO_PERCENT = 110 };
    double earlier[POINTS];
    uint32_t n = f->ends && f->p75 ? MIN(MIN(f->ends->n, f->p75->n), (uint32_t)POINTS) : 0,
             found = UINT32_MAX;
    double least = (double)INFINITY;
    for (uint32_t i = n; i-- > 1;) {
        size_t known = 0;
        if (isfinite(f->p75->items[i]))
            least = MIN(least, f->p75->items[i]);
        for (uint32_t k = 0; k < i; k++)
            if (isfinite(f->p75->items[k]))
                earlier[known++] = f->p75->items[k];
        qsort(earlier, known, sizeof *earlier, real_ascending);
        double usual = known ? earlier[known / 2] : (double)NAN;
        if (isfinite(least) && isfinite(f->p75->items[i]) && usual > 0 &&
            least * 100 > usual * RATIO_PERCENT) {
            *before = usual;
            found = i;
        }
    }
    return found;
}

static enum severity trend_severity(const struct sd_page_trend *f, enum vital v)
{
    uint32_t n = f->ends && f->p75 ? MIN(f->ends->n, f->p75->n) : 0;
    double before;
    while (n && !isfinite(f->p75->items[n - 1]))
        n--;
    if (!n || vital_rate(v, f->p75->items[n - 1]) == VITAL_GOOD)
        return SEVERITY_NONE;
    return trend_worse_from(f, &before) != UINT32_MAX ? SEVERITY_BAD : SEVERITY_WARN;
}

static void trend_row(struct doc *d, struct table *t, const struct sd_page_trend *f, enum vital v)
{
    uint32_t n = f->ends && f->p75 ? MIN(f->ends->n, f->p75->n) : 0, first = 0, last = n;
    while (first < n && !isfinite(f->p75->items[first]))
        first++;
    while (last > first && !isfinite(f->p75->items[last - 1]))
        last--;
    if (first == last)
        return;
    double was = f->p75->items[first], is = f->p75->items[last - 1], before;
    struct row *r = doc_row(d, t);
    uint32_t since = trend_worse_from(f, &before);
    r->cells[0] = cell_text(doc_text(d, f->key && *f->key ? f->key : "all visits"));
    r->cells[1] = cell_text(doc_text(d, f->form_factor));
    r->cells[2] = cell_text(VITALS[v].title);
    r->cells[3] = cell_text(vital_text(d, v, was));
    r->cells[4] = cell_text(vital_text(d, v, is));
    r->cells[5] = cell_text(was > 0 ? doc_printf(d, "%+.0f %%", (is / was - 1) * 100) : NULL);
    r->cells[6] = cell_text(page_day(d, f->ends->items[last - 1]));
    r->cells[7] = cell_text(since < n ? page_day(d, f->ends->items[since]) : NULL);
    r->severity = trend_severity(f, v);
}

static void trends_pane(struct doc *d, const struct page_records *x)
{
    struct section *s =
        x->n ? doc_table(d, NULL, "Real users over time", TREND_COLUMNS, ARRAY_LEN(TREND_COLUMNS)) : NULL;
    static const enum severity order[] = {SEVERITY_BAD, SEVERITY_WARN, SEVERITY_NONE};
    for (size_t k = 0; k < ARRAY_LEN(order); k++)
        for (size_t i = 0; i < x->n; i++) {
            const struct sd_page_trend *f = x->items[i].r;
            enum vital v = vital_of_name(f->metric);
            if (v != VITAL_N && trend_severity(f, v) == order[k])
                trend_row(d, &s->table, f, v);
        }
    if (!s)
        return;
    s->kinds = SD_KIND_BIT(SD_PAGE_TREND);
    s->empty = "No span has enough users.";
}

/* ---- loads ---- */

static const struct column LOAD_COLUMNS[] = {
    {.key = "page",
     .title = "Load of",
     .flags = COLUMN_LEFT | COLUMN_GROW,
     .width = 20,
     .help = "title or URL"},
    {.key = "content_loaded_ns", .title = "Parsed", .unit = UNIT_NS, .help = "until the document was parsed"},
    {.key = "load_ns", .title = "Loaded", .unit = UNIT_NS, .help = "until all was loaded"},
    {.key = "requests", .title = "Requests", .unit = UNIT_COUNT, .help = "of the load"},
    {.key = "transfer_bytes", .title = "Transferred", .unit = UNIT_BYTES, .help = "headers and bodies"},
    {.key = "third", .title = "Third parties", .unit = UNIT_COUNT, .priority = 1, .help = "other origins"},
    {.key = "third_share",
     .title = "Their share",
     .unit = UNIT_SHARE,
     .flags = COLUMN_BAR,
     .priority = 2,
     .help = "of the bytes"},
};

static const struct column PARTY_COLUMNS[] = {
    {.key = "origin",
     .title = "Third party",
     .flags = COLUMN_LEFT | COLUMN_GROW,
     .width = 24,
     .help = "its origin"},
    {.key = "transfer_bytes", .title = "Transferred", .unit = UNIT_BYTES, .help = "headers and bodies"},
    {.key = "requests", .title = "Requests", .unit = UNIT_COUNT, .help = "of it"},
    {.key = "time_ns", .title = "Their time", .unit = UNIT_NS, .help = "sum of the times of its requests"},
    {.key = "page",
     .title = "Load of",
     .flags = COLUMN_LEFT,
     .width = 16,
     .priority = 1,
     .help = "title or URL"},
};

static int64_t sum_of(const struct sd_ints *x)
{
    int64_t sum = 0;
    for (uint32_t i = 0; x && i < x->n; i++)
        sum = add_sat(sum, MAX(x->items[i], 0));
    return sum;
}

static void loads_pane(struct doc *d, const struct page_records *x)
{
    struct section *s = doc_table(d, NULL, "Loads", LOAD_COLUMNS, ARRAY_LEN(LOAD_COLUMNS));
    for (size_t i = 0; i < x->n; i++) {
        const struct sd_page_load *f = x->items[i].r;
        struct row *r = doc_row(d, &s->table);
        r->cells[0] = cell_text(doc_text(d, f->page));
        r->cells[1] = cell_int(f->content_loaded_ns);
        r->cells[2] = cell_int(f->load_ns);
        r->cells[3] = cell_int(f->requests ? f->requests->n : 0);
        r->cells[4] = cell_int(f->transfer_bytes);
        r->cells[5] = cell_int(f->third_parties ? f->third_parties->n : 0);
        r->cells[6] = cell_real(num_ratio(sum_of(f->third_party_bytes), f->transfer_bytes));
    }
    s->kinds = SD_KIND_BIT(SD_PAGE_LOAD);
    s->empty = "No load was read.";
}

static void parties_pane(struct doc *d, const struct page_records *x)
{
    struct section *s = NULL;
    for (size_t i = 0; i < x->n; i++) {
        const struct sd_page_load *f = x->items[i].r;
        for (uint32_t k = 0; f->third_parties && k < f->third_parties->n; k++) {
            if (!s)
                s = doc_table(d, NULL, "Third parties of the loads", PARTY_COLUMNS, ARRAY_LEN(PARTY_COLUMNS));
            struct row *r = doc_row(d, &s->table);
            r->cells[0] = cell_text(doc_text(d, f->third_parties->items[k]));
            r->cells[1] = cell_int(page_item(f->third_party_bytes, k));
            r->cells[2] = cell_int(page_item(f->third_party_requests, k));
            r->cells[3] = cell_int(page_item(f->third_party_ns, k));
            r->cells[4] = cell_text(doc_text(d, f->page));
        }
    }
    if (!s)
        return;
    s->kinds = SD_KIND_BIT(SD_PAGE_LOAD);
    s->empty = "All requests are to the page's own origin.";
}

void pages_load_panes(struct doc *d, const struct page_records *trends, const struct page_records *loads)
{
    trends_pane(d, trends);
    if (!loads->n)
        return;
    loads_pane(d, loads);
    parties_pane(d, loads);
}

/* pages_field.c - what real users and loads of pages say: the lists of the JSON document. The panes for
 * people are in pages_field_panes.c. */
#include "view/pages/pages_field.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/num.h"
#include "core/model/pages.h"
#include "view/pages/pages_field_panes.h"

struct page_records page_records_of(const struct view_ctx *c, enum sd_kind kind)
{
    struct page_records x = {.n = model_page_count(c->model, kind, c->now)};
    x.items = mem_array(x.n + 1, sizeof *x.items);
    x.n = model_page_records(c->model, kind, c->span, c->now, x.items, x.n);
    return x;
}

/* ---- vitals ---- */

/* Milliseconds in ns; of CLS, which is plain, unknown. */
static struct cell time_cell(enum vital v, double ms)
{
    return v == VITAL_CLS || !isfinite(ms) ? cell_unknown() : cell_int(real_to_int(ms * 1e6));
}

static struct cell plain_cell(enum vital v, double value)
{
    return v == VITAL_CLS ? cell_real(value) : cell_unknown();
}

#define FIELDS(X)                                                                                            \
    X(source, UNIT_NONE, "rum or crux", cell_text(doc_text(d, f->data)))                                     \
    X(by, UNIT_NONE, "all, page, device, connection, country, navigation_type or origin",                    \
      cell_text(doc_text(d, f->by)))                                                                         \
    X(key, UNIT_NONE, "which of these", cell_text(doc_text(d, f->key)))                                      \
    X(form_factor, UNIT_NONE, "of crux: phone, desktop, tablet or all",                                      \
      cell_text(doc_text(d, f->form_factor)))                                                                \
    X(metric, UNIT_NONE, "lcp, inp, cls, fcp or ttfb", cell_text(VITALS[v].name))                            \
    X(count, UNIT_COUNT, "values", cell_int(f->count))                                                       \
    X(p75_ns, UNIT_NS, "75 % are at most that", time_cell(v, f->p75))                                        \
    X(p75_low_ns, UNIT_NS, "lower end of its 95 % interval", time_cell(v, f->p75_low))                       \
    X(p75_high_ns, UNIT_NS, "upper end", time_cell(v, f->p75_high))                                          \
    X(p75, UNIT_NONE, "of cls, which is no time", plain_cell(v, f->p75))                                     \
    X(p75_low, UNIT_NONE, "of cls", plain_cell(v, f->p75_low))                                               \
    X(p75_high, UNIT_NONE, "of cls", plain_cell(v, f->p75_high))                                             \
    X(good_share, UNIT_SHARE, "of the values", cell_real(f->good_share))                                     \
    X(needs_improvement_share, UNIT_SHARE, "of the values", cell_real(f->needs_improvement_share))           \
    X(poor_share, UNIT_SHARE, "of the values", cell_real(f->poor_share))

#define ATTRIBUTIONS(X)                                                                                      \
    X(metric, UNIT_NONE, "lcp, inp, cls, ...", cell_text(VITALS[v].name))                                    \
    X(page, UNIT_NONE, "template of the page", cell_text(doc_text(d, f->page)))                              \
    X(target, UNIT_NONE, "selector of the element", cell_text(doc_text(d, f->target)))                       \
    X(count, UNIT_COUNT, "values", cell_int(f->count))                                                       \
    X(p75_ns, UNIT_NS, "75 % are at most that", time_cell(v, f->p75))                                        \
    X(p75, UNIT_NONE, "of cls", plain_cell(v, f->p75))                                                       \
    X(script, UNIT_NONE, "that ran longest meanwhile; null: not said", cell_text(doc_text(d, f->script)))

#define TRENDS(X)                                                                                            \
    X(source, UNIT_NONE, "rum or crux", cell_text(doc_text(d, f->data)))                                     \
    X(by, UNIT_NONE, "page or origin; of rum all or device", cell_text(doc_text(d, f->by)))                  \
    X(key, UNIT_NONE, "which of these", cell_text(doc_text(d, f->key)))                                      \
    X(form_factor, UNIT_NONE, "phone, desktop, tablet or all", cell_text(doc_text(d, f->form_factor)))       \
    X(metric, UNIT_NONE, "lcp, inp, cls, fcp or ttfb", cell_text(VITALS[v].name))                            \
    X(points, UNIT_NONE, "end and p75_ns (cls: p75) of each span", cell_list(points_list(d, f, v)))

#define LIST_COLUMN(key_, unit_, help_, cell)                                                                \
    {.key = #key_, .title = #key_, .unit = unit_, .flags = COLUMN_LEFT, .help = help_},
#define LIST_CELL(key, unit, help, cell) r->cells[at++] = (cell);

static const struct column FIELD_LIST[] = {FIELDS(LIST_COLUMN)};
static const struct column ATTRIBUTION_LIST[] = {ATTRIBUTIONS(LIST_COLUMN)};
static const struct column TREND_LIST[] = {TRENDS(LIST_COLUMN)};

static void field_list(struct doc *d, const struct page_records *x)
{
    struct table *t = doc_list(d, FIELD_LIST, ARRAY_LEN(FIELD_LIST));
    for (size_t i = 0; i < x->n; i++) {
        const struct sd_page_field *f = x->items[i].r;
        enum vital v = vital_of_name(f->metric);
        size_t at = 0;
        if (v == VITAL_N)
            continue;
        struct row *r = doc_row(d, t);
        FIELDS(LIST_CELL)
    }
    doc_field(d, "field", UNIT_NONE, cell_list(t));
}

static void attribution_list(struct doc *d, const struct page_records *x)
{
    struct table *t = doc_list(d, ATTRIBUTION_LIST, ARRAY_LEN(ATTRIBUTION_LIST));
    for (size_t i = 0; i < x->n; i++) {
        const struct sd_page_attribution *f = x->items[i].r;
        enum vital v = vital_of_name(f->metric);
        size_t at = 0;
        if (v == VITAL_N)
            continue;
        struct row *r = doc_row(d, t);
        ATTRIBUTIONS(LIST_CELL)
    }
    doc_field(d, "attribution", UNIT_NONE, cell_list(t));
}

/* ---- trends ---- */

static const struct column POINT_TIMES[] = {
    {.key = "end", .title = "end", .help = "last day of the span"},
    {.key = "p75_ns",
     .title = "p75_ns",
     .unit = UNIT_NS,
     .help = "75 % are at most that; null: too few users"},
};
static const struct column POINT_PLAIN[] = {
    {.key = "end", .title = "end", .help = "last day of the span"},
    {.key = "p75", .title = "p75", .help = "75 % are at most that; null: too few users"},
};

const char *page_day(struct doc *d, sd_time t)
{
    char text[CLOCK_TEXT_MAX];
    return sd_known(t) ? doc_printf(d, "%.10s", clock_rfc3339(t, text)) : NULL;
}

static const struct table *points_list(struct doc *d, const struct sd_page_trend *f, enum vital v)
{
    struct table *t = doc_list(d, v == VITAL_CLS ? POINT_PLAIN : POINT_TIMES, ARRAY_LEN(POINT_TIMES));
    uint32_t n = f->ends && f->p75 ? MIN(f->ends->n, f->p75->n) : 0;
    for (uint32_t i = 0; i < n; i++) {
        struct row *r = doc_row(d, t);
        r->cells[0] = cell_text(page_day(d, f->ends->items[i]));
        r->cells[1] = v == VITAL_CLS ? cell_real(f->p75->items[i]) : time_cell(v, f->p75->items[i]);
    }
    return t;
}

static void trend_list(struct doc *d, const struct page_records *x)
{
    struct table *t = doc_list(d, TREND_LIST, ARRAY_LEN(TREND_LIST));
    for (size_t i = 0; i < x->n; i++) {
        const struct sd_page_trend *f = x->items[i].r;
        enum vital v = vital_of_name(f->metric);
        size_t at = 0;
        if (v == VITAL_N)
            continue;
        struct row *r = doc_row(d, t);
        TRENDS(LIST_CELL)
    }
    doc_field(d, "trend", UNIT_NONE, cell_list(t));
}

/* ---- loads ---- */

static const struct column PARTIES[] = {
    {.key = "origin", .title = "Origin", .help = "its origin"},
    {.key = "requests", .title = "Requests", .unit = UNIT_COUNT, .help = "of it"},
    {.key = "transfer_bytes", .title = "Bytes", .unit = UNIT_BYTES, .help = "headers and bodies of answers"},
    {.key = "time_ns", .title = "Time", .unit = UNIT_NS, .help = "sum of the times of its requests"},
};

#define LOADS(X)                                                                                             \
    X(page, UNIT_NONE, "its title or URL", cell_text(doc_text(d, f->page)))                                  \
    X(source, UNIT_NONE, "the file", cell_text(doc_text(d, f->file)))                                        \
    X(content_loaded_ns, UNIT_NS, "until the document was parsed", cell_int(f->content_loaded_ns))           \
    X(load_ns, UNIT_NS, "until all was loaded", cell_int(f->load_ns))                                        \
    X(requests, UNIT_COUNT, "of the load", cell_int(f->requests ? f->requests->n : 0))                       \
    X(transfer_bytes, UNIT_BYTES, "headers and bodies of all answers", cell_int(f->transfer_bytes))          \
    X(third_parties, UNIT_NONE, "origin, requests, transfer_bytes, time_ns; the heaviest first",             \
      cell_list(parties_list(d, f)))

static const struct column LOAD_LIST[] = {LOADS(LIST_COLUMN)};

int64_t page_item(const struct sd_ints *x, uint32_t i)
{
    return x && i < x->n ? x->items[i] : SD_UNKNOWN;
}

static const struct table *parties_list(struct doc *d, const struct sd_page_load *f)
{
    struct table *t = doc_list(d, PARTIES, ARRAY_LEN(PARTIES));
    for (uint32_t i = 0; f->third_parties && i < f->third_parties->n; i++) {
        struct row *r = doc_row(d, t);
        r->cells[0] = cell_text(doc_text(d, f->third_parties->items[i]));
        r->cells[1] = cell_int(page_item(f->third_party_requests, i));
        r->cells[2] = cell_int(page_item(f->third_party_bytes, i));
        r->cells[3] = cell_int(page_item(f->third_party_ns, i));
    }
    return t;
}

static void load_list(struct doc *d, const struct page_records *x)
{
    struct table *t = doc_list(d, LOAD_LIST, ARRAY_LEN(LOAD_LIST));
    for (size_t i = 0; i < x->n; i++) {
        const struct sd_page_load *f = x->items[i].r;
        struct row *r = doc_row(d, t);
        size_t at = 0;
        LOADS(LIST_CELL)
    }
    doc_field(d, "loads", UNIT_NONE, cell_list(t));
}

/* ---- the receiver ---- */

static const struct column RECEIVER[] = {
    {.key = "accepted", .title = "Accepted", .unit = UNIT_COUNT, .help = "beacons"},
    {.key = "duplicates", .title = "Replaced", .unit = UNIT_COUNT, .help = "beacons that replaced a value"},
    {.key = "rejected", .title = "Rejected", .unit = UNIT_COUNT, .help = "beacons that are not sound"},
    {.key = "ignored", .title = "Ignored", .unit = UNIT_COUNT, .help = "beacons of another name"},
    {.key = "too_large", .title = "Too large", .unit = UNIT_COUNT, .help = "bodies, or lines, above 64 KiB"},
};

/* Of all receivers and files together; without one, absent. */
static void receiver_object(struct doc *d, const struct page_records *x)
{
    int64_t sum[ARRAY_LEN(RECEIVER)] = {0};
    for (size_t i = 0; i < x->n; i++) {
        const struct sd_page_receiver *f = x->items[i].r;
        const int64_t counts[] = {f->accepted, f->duplicates, f->rejected, f->ignored, f->too_large};
        for (size_t k = 0; k < ARRAY_LEN(counts); k++)
            sum[k] = add_sat(sum[k], MAX(counts[k], 0));
    }
    if (!x->n)
        return;
    struct table *t = doc_list(d, RECEIVER, ARRAY_LEN(RECEIVER));
    struct row *r = doc_row(d, t);
    for (size_t k = 0; k < ARRAY_LEN(sum); k++)
        r->cells[k] = cell_int(sum[k]);
    t->is_object = true;
    doc_field(d, "receiver", UNIT_NONE, cell_list(t));
}

void pages_field_sections(struct doc *d, const struct view_ctx *c)
{
    struct page_records fields = page_records_of(c, SD_PAGE_FIELD),
                        elements = page_records_of(c, SD_PAGE_ATTRIBUTION),
                        trends = page_records_of(c, SD_PAGE_TREND), loads = page_records_of(c, SD_PAGE_LOAD),
                        receivers = page_records_of(c, SD_PAGE_RECEIVER);
    field_list(d, &fields);
    attribution_list(d, &elements);
    trend_list(d, &trends);
    load_list(d, &loads);
    receiver_object(d, &receivers);
    pages_field_panes(d, c, &fields, &elements, &receivers);
    pages_load_panes(d, &trends, &loads);
    free(fields.items);
    free(elements.items);
    free(trends.items);
    free(loads.items);
    free(receivers.items);
}

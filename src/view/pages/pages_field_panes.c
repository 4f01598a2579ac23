#include "view/pages/pages_field_panes.h"

#include <stdlib.h>

#include "base/num.h"

const char *vital_text(struct doc *d, enum vital v, double value)
{
    char text[UNIT_TEXT_MAX];
    if (!isfinite(value))
        return NULL;
    return VITALS[v].plain ? doc_printf(d, "%.3g", value)
                           : doc_text(d, unit_format(UNIT_NS, value * 1e6, text));
}

enum severity vital_severity(const struct sd_page_field *f, enum vital v)
{
    if (!isfinite(f->p75))
        return SEVERITY_NONE;
    enum vital_rating rating = vital_rate(v, f->p75);
    bool sure = !isfinite(f->p75_low) || vital_rate(v, f->p75_low) == rating;
    if (rating == VITAL_GOOD)
        return SEVERITY_NONE;
    return rating == VITAL_POOR && sure ? SEVERITY_BAD : SEVERITY_WARN;
}

/* ---- vitals ---- */

static const char *const RATINGS[VITAL_RATINGS] = {
    [VITAL_GOOD] = "good", [VITAL_NEEDS_IMPROVEMENT] = "needs improvement", [VITAL_POOR] = "poor"};

static const char *between(struct doc *d, enum vital v, const struct sd_page_field *f)
{
    const char *low = vital_text(d, v, f->p75_low), *high = vital_text(d, v, f->p75_high);
    return low && high ? doc_printf(d, "%s to %s", low, high) : NULL;
}

/* What it is of, and of CrUX on which devices. */
static const char *key_text(struct doc *d, const struct sd_page_field *f)
{
    const char *key = f->key && *f->key ? f->key : "all visits";
    if (str_eq(f->data, "crux"))
        return doc_printf(d, "%s (CrUX, %s)", key, f->form_factor ? f->form_factor : "all");
    return doc_text(d, key);
}

#define VITAL_ROWS(X)                                                                                        \
    X(by, "By", UNIT_NONE, COLUMN_LEFT, 0, 10, "what the visits are told apart by",                          \
      cell_text(str_eq(f->by, "navigation_type") ? "navigation" : doc_text(d, f->by)))                       \
    X(key, "Visits of", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, 14, "which page, device, ...",              \
      cell_text(key_text(d, f)))                                                                             \
    X(metric, "Vital", UNIT_NONE, COLUMN_LEFT, 0, 5, "LCP, INP, CLS, FCP or TTFB",                           \
      cell_text(VITALS[v].title))                                                                            \
    X(p75, "p75", UNIT_NONE, 0, 0, 8, "three of four visits are at most that",                               \
      cell_text(vital_text(d, v, f->p75)))                                                                   \
    X(rating, "Which is", UNIT_NONE, COLUMN_LEFT, 0, 17, "by the thresholds of the Core Web Vitals",         \
      cell_text(isfinite(f->p75) ? RATINGS[vital_rate(v, f->p75)] : NULL))                                   \
    X(between, "95 % sure between", UNIT_NONE, COLUMN_LEFT, 3, 18, "interval of the p75",                    \
      cell_text(between(d, v, f)))                                                                           \
    X(good, "Good", UNIT_SHARE, COLUMN_BAR, 1, 0, "share of the visits", cell_real(f->good_share))           \
    X(middle, "Between", UNIT_SHARE, 0, 2, 0, "share of the visits that need improvement",                   \
      cell_real(f->needs_improvement_share))                                                                 \
    X(poor, "Poor", UNIT_SHARE, 0, 0, 0, "share of the visits", cell_real(f->poor_share))                    \
    X(count, "Visits", UNIT_COUNT, 0, 1, 0, "values", cell_int(f->count))

#define ROW_COLUMN(key_, title_, unit_, flags_, priority_, width_, help_, cell)                              \
    {.key = #key_,                                                                                           \
     .title = title_,                                                                                        \
     .unit = unit_,                                                                                          \
     .flags = flags_,                                                                                        \
     .priority = priority_,                                                                                  \
     .width = width_,                                                                                        \
     .help = help_},
#define ROW_CELL(key, title, unit, flags, priority, width, help, cell) r->cells[at++] = (cell);

static const struct column VITAL_COLUMNS[] = {VITAL_ROWS(ROW_COLUMN)};

struct shown {
    const struct sd_page_field *f;
    enum vital v;
    enum severity severity;
    size_t number;
};

static bool is_page(const struct sd_page_field *f)
{
    return str_eq(f->by, "page") || str_eq(f->by, "origin") || str_eq(f->by, "all");
}

/* The gravest first, then what most visits have. */
static int gravest_first(const void *a, const void *b)
{
    const struct shown *x = a, *y = b;
    if (x->severity != y->severity)
        return x->severity > y->severity ? -1 : 1;
    double p = x->f->poor_share * (double)MAX(x->f->count, 1),
           q = y->f->poor_share * (double)MAX(y->f->count, 1);
    if (p != q && isfinite(p) && isfinite(q))
        return p > q ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static size_t choose(const struct page_records *x, bool pages, struct shown *out)
{
    size_t n = 0;
    for (size_t i = 0; i < x->n; i++) {
        const struct sd_page_field *f = x->items[i].r;
        enum vital v = vital_of_name(f->metric);
        if (v != VITAL_N && is_page(f) == pages)
            out[n++] = (struct shown){.f = f, .v = v, .severity = vital_severity(f, v), .number = i};
    }
    qsort(out, n, sizeof *out, gravest_first);
    return n;
}

static void vitals(struct doc *d, const struct view_ctx *c, const struct page_records *x, bool pages)
{
    struct shown *shown = mem_array(x->n + 1, sizeof *shown);
    size_t n = choose(x, pages, shown);
    struct section *s =
        n ? doc_table(d, NULL, pages ? "Real users, by page" : "Real users, by device and more",
                      VITAL_COLUMNS, ARRAY_LEN(VITAL_COLUMNS))
          : NULL;
    for (size_t i = 0; i < n; i++) {
        const struct sd_page_field *f = shown[i].f;
        const enum vital v = shown[i].v;
        struct row *r = doc_row(d, &s->table);
        size_t at = 0;
        VITAL_ROWS(ROW_CELL)
        r->severity = shown[i].severity;
        if (str_eq(f->by, "page"))
            r->dive = (struct dive){.names = "page", .arg = doc_text(d, f->key)};
    }
    if (n) {
        s->kinds = SD_KIND_BIT(SD_PAGE_FIELD);
        s->empty = "No visit was told of yet.";
        s->weight = 2;
        s->note = common_note(
            d, c, &(struct note){KINDS_FIELD, SD_UNKNOWN, .last = x->items[0].at, .moment = true});
    }
    free(shown);
}

/* ---- the elements they are about ---- */

#define ELEMENT_ROWS(X)                                                                                      \
    X(metric, "Vital", UNIT_NONE, COLUMN_LEFT, 0, 5, "LCP, INP, CLS, FCP or TTFB",                           \
      cell_text(VITALS[v].title))                                                                            \
    X(p75, "p75", UNIT_NONE, 0, 0, 8, "three of four visits are at most that",                               \
      cell_text(vital_text(d, v, f->p75)))                                                                   \
    X(target, "Element", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 0, 20, "selector of the element",             \
      cell_text(doc_text(d, f->target)))                                                                     \
    X(page, "Page", UNIT_NONE, COLUMN_LEFT, 0, 16, "template of the page", cell_text(doc_text(d, f->page)))  \
    X(script, "Script", UNIT_NONE, COLUMN_LEFT, 2, 20, "that ran longest meanwhile",                         \
      cell_text(doc_text(d, f->script)))                                                                     \
    X(count, "Visits", UNIT_COUNT, 0, 1, 0, "values", cell_int(f->count))

static const struct column ELEMENT_COLUMNS[] = {ELEMENT_ROWS(ROW_COLUMN)};

struct shown_element {
    const struct sd_page_attribution *f;
    enum vital v;
    enum vital_rating rating;
    size_t number;
};

static int worst_element_first(const void *a, const void *b)
{
    const struct shown_element *x = a, *y = b;
    if (x->rating != y->rating)
        return x->rating > y->rating ? -1 : 1;
    if (x->f->count != y->f->count)
        return x->f->count > y->f->count ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static void elements_pane(struct doc *d, const struct page_records *x)
{
    struct shown_element *shown = mem_array(x->n + 1, sizeof *shown);
    size_t n = 0;
    for (size_t i = 0; i < x->n; i++) {
        const struct sd_page_attribution *f = x->items[i].r;
        enum vital v = vital_of_name(f->metric);
        if (v != VITAL_N && isfinite(f->p75))
            shown[n++] = (struct shown_element){.f = f, .v = v, .rating = vital_rate(v, f->p75), .number = i};
    }
    qsort(shown, n, sizeof *shown, worst_element_first);
    struct section *s =
        n ? doc_table(d, NULL, "Elements they are about", ELEMENT_COLUMNS, ARRAY_LEN(ELEMENT_COLUMNS)) : NULL;
    for (size_t i = 0; i < n; i++) {
        const struct sd_page_attribution *f = shown[i].f;
        const enum vital v = shown[i].v;
        struct row *r = doc_row(d, &s->table);
        size_t at = 0;
        ELEMENT_ROWS(ROW_CELL)
        r->severity = shown[i].rating == VITAL_POOR                ? SEVERITY_BAD
                      : shown[i].rating == VITAL_NEEDS_IMPROVEMENT ? SEVERITY_WARN
                                                                   : SEVERITY_NONE;
    }
    if (n) {
        s->kinds = SD_KIND_BIT(SD_PAGE_ATTRIBUTION);
        s->empty = "No beacon names an element.";
        s->weight = 1;
    }
    free(shown);
}

/* ---- the receiver ---- */

static void receiver_pane(struct doc *d, const struct page_records *x)
{
    struct strbuf text = {0};
    for (size_t i = 0; i < x->n; i++) {
        const struct sd_page_receiver *f = x->items[i].r;
        char taken[UNIT_TEXT_MAX], again[UNIT_TEXT_MAX];
        strbuf_printf(&text, "%s%s: %s beacons", text.len ? "\n" : "", x->items[i].origin,
                      unit_format_int(UNIT_COUNT, f->accepted, taken));
        if (f->duplicates > 0)
            strbuf_printf(&text, ", %s later values of these",
                          unit_format_int(UNIT_COUNT, f->duplicates, again));
        if (f->rejected > 0)
            strbuf_printf(&text, ", %lld that are not sound", (long long)f->rejected);
        if (f->ignored > 0)
            strbuf_printf(&text, ", %lld of other metrics", (long long)f->ignored);
        if (f->too_large > 0)
            strbuf_printf(&text, ", %lld that are too large", (long long)f->too_large);
        if (!f->accepted && !f->rejected && !f->ignored && !f->too_large)
            strbuf_str(&text, ". slowdive rum-snippet prints what a site adds to send them");
        strbuf_char(&text, '.');
    }
    if (text.len)
        doc_section(d, SECTION_TEXT, NULL, "Beacons")->text = doc_text(d, strbuf_text(&text));
    strbuf_free(&text);
}

void pages_field_panes(struct doc *d, const struct view_ctx *c, const struct page_records *fields,
                       const struct page_records *elements, const struct page_records *receivers)
{
    vitals(d, c, fields, true);
    elements_pane(d, elements);
    vitals(d, c, fields, false);
    receiver_pane(d, receivers);
}

/* What the overview lists, gathered from the views. */
#include "view/shared/worst.h"

#include "view/shared/common.h"

#include <stdlib.h>

void worst_add(struct worst_list *l, struct worst_item item)
{
    l->items = mem_grow(l->items, l->n, &l->cap, sizeof *l->items);
    item.number = l->n;
    l->items[l->n++] = item;
}

/* What is to be first; the gravest, of these what most wait for; of equal ones in the order of the views. */
static int by_urgency(const void *x, const void *y)
{
    const struct worst_item *a = x, *b = y;
    if (a->first != b->first)
        return a->first ? -1 : 1;
    if (a->severity != b->severity)
        return (int)b->severity - (int)a->severity;
    if (a->rank < b->rank || a->rank > b->rank)
        return a->rank < b->rank ? 1 : -1;
    return (a->number > b->number) - (a->number < b->number);
}

/* The first item that `it` is the cause of; NULL: none is listed. */
static struct worst_item *symptom(const struct worst_list *l, const struct worst_item *it)
{
    for (size_t i = 0; it->causes && i < l->n; i++)
        if (str_eq(l->items[i].what, it->causes) &&
            (!it->causes_of || str_eq(l->items[i].subject, it->causes_of)))
            return &l->items[i];
    return NULL;
}

/* A chain of causes is no longer than the list. */
static void lift_causes(struct worst_list *l)
{
    for (size_t round = 0, moved = 1; moved && round < l->n; round++) {
        moved = 0;
        for (size_t i = 0; i < l->n; i++) {
            struct worst_item *of = symptom(l, &l->items[i]), cause = l->items[i];
            if (!of || of >= &l->items[i])
                continue;
            cause.first = cause.first || of->first;
            cause.severity = MAX(cause.severity, of->severity);
            memmove(of + 1, of, (size_t)(&l->items[i] - of) * sizeof *of);
            *of = cause;
            moved = 1;
        }
    }
}

void worst_sort(struct worst_list *l)
{
    if (l->n)
        qsort(l->items, l->n, sizeof *l->items, by_urgency);
    lift_causes(l);
}

/* ---- over time ---- */

enum { STEPS_MAX = 120, STOOD_MAX = 60 };

/* One thing, and from when to when it was listed. */
struct stood {
    struct worst_item item; /* at its worst */
    sd_time from, to, worst_at;
};
struct stood_list {
    struct stood *items;
    size_t n, cap;
};

static bool graver(const struct worst_item *a, const struct worst_item *b)
{
    return a->severity != b->severity ? a->severity > b->severity : a->rank > b->rank;
}

static void keep_stood(struct stood_list *l, const struct worst_item *it, struct span s)
{
    for (size_t i = 0; i < l->n; i++) {
        struct stood *o = &l->items[i];
        if (strcmp(o->item.what, it->what) != 0 || strcmp(o->item.subject, it->subject) != 0)
            continue;
        o->to = s.to;
        if (graver(it, &o->item)) {
            o->item = *it;
            o->worst_at = s.to;
        }
        return;
    }
    l->items = mem_grow(l->items, l->n, &l->cap, sizeof *l->items);
    l->items[l->n++] = (struct stood){.item = *it, .from = s.from, .to = s.to, .worst_at = s.to};
}

static int gravest_first(const void *x, const void *y)
{
    const struct stood *a = x, *b = y;
    if (a->item.severity != b->item.severity)
        return (int)b->item.severity - (int)a->item.severity;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    return (graver(&b->item, &a->item)) - (graver(&a->item, &b->item));
}

static void look_back(struct doc *d, const struct view_ctx *c, struct span all, struct stood_list *out)
{
    int64_t window = span_is_all(c->span) ? 60 * SD_S : span_length(c->span);
    window = MAX(window, span_length(all) / STEPS_MAX + 1);
    for (sd_time from = all.from; from < all.to; from = add_sat(from, window)) {
        struct view_ctx at = *c;
        struct worst_list l = {.d = d};
        at.span = (struct span){from, MIN(add_sat(from, window), all.to)};
        at.now = at.span.to;
        at.live = false;
        at.key = NULL;
        for (const struct view *const *v = VIEWS; *v; v++)
            if ((*v)->worst)
                (*v)->worst(&at, &l);
        for (size_t i = 0; i < l.n; i++)
            keep_stood(out, &l.items[i], at.span);
        free(l.items);
    }
}

enum { W_FROM, W_TO, W_WHAT, W_SUBJECT, W_WHY, W_AT, W_SEVERITY, W_COLUMNS };

static const struct column STOOD[W_COLUMNS] = {
    [W_FROM] = {.key = "from",
                .title = "From",
                .unit = UNIT_TIME,
                .help = "start of the window it was listed first"},
    [W_TO] = {.key = "to", .title = "To", .unit = UNIT_TIME, .help = "end of the last such window"},
    [W_SEVERITY] = {.key = "severity",
                    .title = "Severity",
                    .flags = COLUMN_LEFT,
                    .help = "info, warn or bad"},
    [W_WHAT] = {.key = "kind", .title = "What", .flags = COLUMN_LEFT, .help = "one word"},
    [W_SUBJECT] = {.key = "subject", .title = "Where", .flags = COLUMN_LEFT, .help = "the thing"},
    [W_WHY] = {.key = "text",
               .title = "Figures at its worst",
               .flags = COLUMN_LEFT | COLUMN_GROW,
               .help = "as text"},
    [W_AT] = {.key = "worst_at", .title = "Worst at", .unit = UNIT_TIME, .help = "end of that window"},
};

void worst_over_time(struct doc *d, const struct view_ctx *c, struct span all)
{
    struct stood_list l = {0};
    if (sd_known(all.from) && sd_known(all.to))
        look_back(d, c, all, &l);
    if (l.n)
        qsort(l.items, l.n, sizeof *l.items, gravest_first);
    struct section *s = doc_table(d, "stood_out", "What stood out when", STOOD, W_COLUMNS);
    s->empty = "Nothing stood out.";
    for (size_t i = 0; i < l.n && i < STOOD_MAX; i++) {
        const struct stood *o = &l.items[i];
        struct row *r = doc_row(d, &s->table);
        r->cells[W_FROM] = cell_int(o->from);
        r->cells[W_TO] = cell_int(o->to);
        r->cells[W_AT] = cell_int(o->worst_at);
        r->cells[W_WHAT] = cell_text(o->item.what);
        r->cells[W_SUBJECT] = cell_text(o->item.subject);
        r->cells[W_WHY] = cell_text(o->item.why);
        r->cells[W_SEVERITY] = cell_text(severity_name(o->item.severity));
        r->severity = o->item.severity;
    }
    free(l.items);
}

/* Where memory, or what a profile is of, has grown since the baseline: suspects of a leak, with what holds
 * them. Of heap snapshots these are the very objects that hold more and more, and there may be several. */
#include <stdlib.h>

#include "core/profiles/profile_growth.h"
#include "core/table.h"
#include "view/profiles/flame.h"
#include "view/profiles/profile_actions.h"
#include "view/profiles/shown_profile.h"
#include "view/shared/figures.h"

enum {
    G_confidence,
    G_growth,
    G_share,
    G_before,
    G_after,
    G_name,
    G_held_by,
    G_what, /* from here on of heap snapshots only */
    G_holds,
    G_held_before,
    G_held_after,
    G_steps,
    G_COLUMNS
};
static const struct column COLUMNS[G_COLUMNS] = {
    [G_confidence] =
        {.key = "confidence",
         .title = "Suspect",
         .flags = COLUMN_LEFT,
         .help =
             "high: a quarter of all growth, and half as much again as before at least; medium: a tenth "
             "of all growth; low: a fiftieth. Of heap snapshots high: one object that holds more and more "
             "in each step of three or more, a tenth of what the heap grew at least; of two, a quarter, and "
             "half as much again, by listeners, timers or a collection"},
    [G_growth] = {.key = "growth", .title = "Growth", .help = "after - before, in `unit`"},
    [G_share] = {.key = "growth_share",
                 .title = "Share",
                 .unit = UNIT_SHARE,
                 .flags = COLUMN_BAR,
                 .help = "of all that grew"},
    [G_before] = {.key = "before",
                  .title = "Before",
                  .priority = 3,
                  .help = "with all it holds or calls, in `unit`"},
    [G_after] = {.key = "after", .title = "After", .priority = 2, .help = "the same now"},
    [G_what] =
        {.key = "what",
         .title = "Kept by",
         .flags = COLUMN_LEFT,
         .width = 9,
         .help =
             "of heap snapshots, what keeps it: listeners of events, timers, detached elements of a page, "
             "a closure, a chain of objects, a map, set, array or object that only grows; null: else"},
    [G_name] =
        {.key = "name",
         .title = "What",
         .flags = COLUMN_LEFT | COLUMN_GROW | COLUMN_PATH,
         .width = 20,
         .help =
             "the function, or the kind of object, at this place of the tree; of heap snapshots, the object "
             "that holds more and more, with the property through which, if it is one"},
    [G_holds] = {.key = "holds",
                 .title = "Holds",
                 .flags = COLUMN_LEFT | COLUMN_PATH,
                 .priority = 4,
                 .width = 12,
                 .help =
                     "what most of the objects right below it are; null: they differ, or no heap snapshot"},
    [G_held_before] = {.key = "held_before",
                       .title = "Held before",
                       .unit = UNIT_COUNT,
                       .priority = 6,
                       .help = "objects right below it, in the first snapshot"},
    [G_held_after] = {.key = "held_after",
                      .title = "Held now",
                      .unit = UNIT_COUNT,
                      .priority = 5,
                      .help = "the same in the last one"},
    [G_steps] = {.key = "steps_grown",
                 .title = "Steps",
                 .unit = UNIT_COUNT,
                 .priority = 7,
                 .help = "between snapshots in which it grew; `steps` are all"},
    [G_held_by] = {.key = "held_by",
                   .title = "Held by",
                   .flags = COLUMN_LEFT | COLUMN_GROW,
                   .priority = 1,
                   .width = 30,
                   .help = "the way to it, its nearest holder or caller first"},
};

struct grown_view {
    struct shown_profile *shown;
    struct growth growth;
    struct heap_snapshot snapshots[SNAPSHOTS_MAX];
    size_t n_snapshots;
    struct holder_growth holders;
};

static void grown_free(void *owned)
{
    struct grown_view *g = owned;
    growth_free(&g->growth);
    holder_growth_free(&g->holders);
    for (size_t i = 0; i < g->n_snapshots; i++)
        free((void *)g->snapshots[i].holders);
    shown_profile_free(g->shown);
    free(g);
}

static const char *way_to(struct doc *d, const struct profile *t, uint32_t node)
{
    enum { MOST = 12 };
    struct strbuf way = {0};
    size_t n = 0;
    for (uint32_t i = t->nodes[node].parent; i; i = t->nodes[i].parent, n++)
        if (n < MOST)
            strbuf_printf(&way, "%s%s", n ? " \u2039 " : "", t->functions[t->nodes[i].function].name);
    if (n > MOST)
        strbuf_printf(&way, " \u2039 %zu more", n - MOST);
    const char *text = n ? doc_text(d, strbuf_text(&way)) : NULL;
    strbuf_free(&way);
    return text;
}

static const enum severity MARKS[] = {SEVERITY_NONE, SEVERITY_INFO, SEVERITY_WARN};

static void suspect_row(struct doc *d, struct table *t, const struct growth *g,
                        const struct growth_suspect *s)
{
    const struct profile_function *f = &g->tree->functions[g->tree->nodes[s->node].function];
    struct row *r = doc_row(d, t);
    r->cells[G_confidence] = cell_text(growth_confidence_name(s->confidence));
    r->cells[G_growth] = shown_value(s->growth);
    r->cells[G_share] = cell_real(s->share);
    r->cells[G_before] = shown_value(s->before);
    r->cells[G_after] = shown_value(s->after);
    r->cells[G_name] = cell_text(f->name);
    r->cells[G_held_by] = cell_text(way_to(d, g->tree, s->node));
    r->severity = MARKS[s->confidence];
    r->dive = (struct dive){.view = "function", .arg = f->name};
    r->id = s->node + UINT64_C(1);
}

/* Samples of a source that samples on and on: of a longer time there are more of all. */
static const char adds_up[] =
    "This source adds up time: of a longer time there is more of everything. What got heavier beside the "
    "baseline is in the view functions; growth is about what is held, such as memory.";

/* ---- heap snapshots ---- */

static void holder_row(struct doc *d, struct table *t, const struct holder_suspect *s)
{
    const struct sd_profile_holder *h = s->holder;
    struct row *r = doc_row(d, t);
    r->cells[G_confidence] = cell_text(growth_confidence_name(s->confidence));
    r->cells[G_growth] = shown_value(s->growth);
    r->cells[G_share] = cell_real(s->share);
    r->cells[G_before] = shown_value(s->before);
    r->cells[G_after] = shown_value(s->after);
    r->cells[G_what] = cell_text(doc_text(d, h->what));
    r->cells[G_name] =
        cell_text(h->through ? doc_printf(d, "%s.%s", h->name, h->through) : doc_text(d, h->name));
    r->cells[G_holds] = cell_text(doc_text(d, h->holds));
    r->cells[G_held_before] = cell_int(s->held_before);
    r->cells[G_held_after] = cell_int(s->held_after);
    r->cells[G_steps] = cell_int(s->steps);
    r->cells[G_held_by] = cell_text(doc_text(d, h->path));
    r->severity = MARKS[s->confidence];
    r->dive = (struct dive){.view = "function", .arg = doc_text(d, h->name)};
    r->id = (uint64_t)h->id;
}

/* Those of the baseline come first. Of one heap, by the number of bytes: other types are none of its. */
static void find_snapshots(struct grown_view *g, const struct view_ctx *c)
{
    const struct figures *b = c->baseline;
    const char *type = g->shown->found.type;
    if (!type || !str_eq(g->shown->found.unit, "bytes"))
        return;
    if (b && b->model && b->model != c->model)
        g->n_snapshots = model_snapshots(b->model, type, g->snapshots, SNAPSHOTS_MAX - 1);
    g->n_snapshots +=
        model_snapshots(c->model, type, g->snapshots + g->n_snapshots, SNAPSHOTS_MAX - g->n_snapshots);
}

static void add_holders(struct doc *d, struct section *s, struct grown_view *g)
{
    char before[UNIT_TEXT_MAX], after[UNIT_TEXT_MAX];
    const struct heap_snapshot *first = &g->snapshots[0], *last = &g->snapshots[g->n_snapshots - 1];
    g->holders = holder_growth(g->snapshots, g->n_snapshots);
    for (size_t i = 0; i < g->holders.n; i++)
        holder_row(d, &s->table, &g->holders.items[i]);
    s->note =
        doc_printf(d, "%zu snapshots: %s, at first %s%s", g->n_snapshots,
                   unit_format(UNIT_BYTES, last->bytes, after), unit_format(UNIT_BYTES, first->bytes, before),
                   g->n_snapshots == 2 ? "; a third one would tell a leak from what fills up once" : "");
    s->empty = g->holders.all > 0 ? "The heap grew, but no object in it holds much of that."
                                  : "The heap did not grow.";
}

static const char *nothing_grew(struct doc *d, const struct view_ctx *c, const struct grown_view *g)
{
    if (!g->shown->found.p || !g->shown->n_order)
        return shown_empty(d, c, g->shown);
    if (!g->shown->before)
        return "Two profiles are needed: --baseline names the earlier one; of a live source mark it with "
               ":baseline. Of heap snapshots give several, the oldest first.";
    if (g->shown->found.series)
        return adds_up;
    return g->growth.tree->n_nodes > 1 ? "Nothing grew." : "The profiles have no stacks.";
}

static struct doc *build_growth(const struct view_ctx *c)
{
    struct doc *d = doc_new("growth", "Growth");
    struct grown_view *g = mem_alloc(sizeof *g);
    struct shown_profile *x = g->shown = shown_profile(c);
    doc_own(d, g, grown_free);
    shown_envelope(d, c, x);
    doc_field(d, "unit", UNIT_NONE, cell_text(x->found.unit));
    struct column *columns = arena_copy(d->arena, COLUMNS, sizeof COLUMNS);
    columns[G_growth].unit = columns[G_before].unit = columns[G_after].unit = shown_unit(x);
    find_snapshots(g, c);
    struct section *s = doc_table(d, "rows", "Growth", columns, g->n_snapshots > 1 ? G_COLUMNS : G_what);
    s->weight = 1;
    s->kinds = KINDS_PROFILE;
    s->table.sort_column = G_growth;
    s->table.sort_reverse = true;
    doc_field(d, "steps", UNIT_COUNT,
              cell_int(g->n_snapshots > 1 ? (int64_t)g->n_snapshots - 1 : SD_UNKNOWN));
    if (g->n_snapshots > 1) {
        add_holders(d, s, g);
        return d;
    }
    if (x->before && !x->found.series) {
        char before[UNIT_TEXT_MAX], after[UNIT_TEXT_MAX];
        g->growth = profile_growth(x->before, x->found.p);
        for (size_t i = 0; i < g->growth.n; i++)
            suspect_row(d, &s->table, &g->growth, &g->growth.items[i]);
        s->note = doc_printf(d, "%s: %s, before %s", x->found.type,
                             unit_format(shown_unit(x), x->found.p->sums[0], after),
                             unit_format(shown_unit(x), x->before->sums[0], before));
    }
    s->empty = nothing_grew(d, c, g);
    return d;
}

static const struct column ALSO[] = {
    SHOWN_ENVELOPE,
    {.key = "unit", .title = "Unit", .help = "of the values: ns, bytes or count"},
    {.key = "steps",
     .title = "Steps",
     .help =
         "of several heap snapshots, in order of their age, their number less one; null: two profiles are "
         "compared"}};

const struct view growth_view = {
    .name = "growth",
    .aliases = "leaks",
    .place = PLACE_CODE,
    .title = "Growth",
    .summary = "what has grown between two profiles, ranked, with what holds it: suspects of a memory leak",
    .needs = KINDS_PROFILE,
    .links = (const char *const[]){"functions", NULL},
    .compares = true,
    .build = build_growth,
    .columns = COLUMNS,
    .n_columns = G_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};

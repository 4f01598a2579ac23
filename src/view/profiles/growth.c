/* Where memory, or what a profile is of, has grown since the baseline: suspects of a leak, with what holds
 * them. */
#include <stdlib.h>

#include "core/profiles/profile_growth.h"
#include "core/table.h"
#include "view/profiles/flame.h"
#include "view/profiles/profile_actions.h"
#include "view/profiles/shown_profile.h"
#include "view/shared/figures.h"

enum { G_confidence, G_growth, G_share, G_before, G_after, G_name, G_held_by, G_COLUMNS };
static const struct column COLUMNS[G_COLUMNS] = {
    [G_confidence] =
        {.key = "confidence",
         .title = "Suspect",
         .flags = COLUMN_LEFT,
         .help = "high: a quarter of all growth, and half as much again as before at least; medium: a tenth "
                 "of all growth; low: a fiftieth"},
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
    [G_name] = {.key = "name",
                .title = "What",
                .flags = COLUMN_LEFT | COLUMN_GROW | COLUMN_PATH,
                .width = 20,
                .help = "the function, or the kind of object, at this place of the tree"},
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
};

static void grown_free(void *owned)
{
    struct grown_view *g = owned;
    growth_free(&g->growth);
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

static void suspect_row(struct doc *d, struct table *t, const struct growth *g,
                        const struct growth_suspect *s)
{
    static const enum severity marks[] = {SEVERITY_NONE, SEVERITY_INFO, SEVERITY_WARN};
    const struct profile_function *f = &g->tree->functions[g->tree->nodes[s->node].function];
    struct row *r = doc_row(d, t);
    r->cells[G_confidence] = cell_text(growth_confidence_name(s->confidence));
    r->cells[G_growth] = shown_value(s->growth);
    r->cells[G_share] = cell_real(s->share);
    r->cells[G_before] = shown_value(s->before);
    r->cells[G_after] = shown_value(s->after);
    r->cells[G_name] = cell_text(f->name);
    r->cells[G_held_by] = cell_text(way_to(d, g->tree, s->node));
    r->severity = marks[s->confidence];
    r->dive = (struct dive){.view = "function", .arg = f->name};
    r->id = s->node + UINT64_C(1);
}

/* Samples of a source that samples on and on: of a longer time there are more of all. */
static const char adds_up[] =
    "This source adds up time: of a longer time there is more of everything. What got heavier beside the "
    "baseline is in the view functions; growth is about what is held, such as memory.";

static const char *nothing_grew(struct doc *d, const struct view_ctx *c, const struct grown_view *g)
{
    if (!g->shown->found.p || !g->shown->n_order)
        return shown_empty(d, c, g->shown);
    if (!g->shown->before)
        return "Two profiles are needed: --baseline names the earlier one; of a live source mark it with "
               ":baseline.";
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
    struct section *s = doc_table(d, "rows", "Growth", columns, G_COLUMNS);
    s->weight = 1;
    s->kinds = KINDS_PROFILE;
    s->table.sort_column = G_growth;
    s->table.sort_reverse = true;
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
    SHOWN_ENVELOPE, {.key = "unit", .title = "Unit", .help = "of the values: ns, bytes or count"}};

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

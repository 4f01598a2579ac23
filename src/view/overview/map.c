/* The map: all views by place. Of one place: what it is for and which source it needs. */
#include "view/overview/map.h"

#include "core/schema.h"
#include "view/shared/common.h"

enum { M_PLACE, M_VIEW, M_STATE, M_SUMMARY, M_NEEDS, M_ABOUT, M_COLUMNS };

static const struct column COLUMNS[M_COLUMNS] = {
    [M_PLACE] = {.key = "place",
                 .title = "Place",
                 .flags = COLUMN_LEFT,
                 .help = "place with its digit, the key that goes there"},
    [M_VIEW] = {.key = "name",
                .title = "View",
                .flags = COLUMN_LEFT,
                .help = "name of the view; null: the place has none in this version"},
    [M_STATE] = {.key = "state",
                 .title = "Data",
                 .flags = COLUMN_LEFT,
                 .help = "yes: records it is made of have come; no: they have not; null: it needs none"},
    [M_SUMMARY] = {.key = "summary",
                   .title = "Shows",
                   .flags = COLUMN_LEFT | COLUMN_GROW,
                   .width = 36,
                   .help = "what it shows"},
    [M_NEEDS] = {.key = "needs",
                 .title = "Needs",
                 .flags = COLUMN_LEFT,
                 .priority = 5,
                 .help = "the source that the place needs"},
    [M_ABOUT] = {.key = "about",
                 .title = "About",
                 .flags = COLUMN_LEFT,
                 .priority = 6,
                 .help = "what one thing it is about: endpoint, query; null: a list"},
};

static const char *place_subject(const struct model *m, size_t i)
{
    (void)m;
    return view_place_title((enum view_place)(i + PLACE_HOME));
}

static void fill(struct doc *d, const struct view_ctx *c, struct row *r, enum view_place p,
                 const struct view *v)
{
    struct cell *x = r->cells;
    x[M_PLACE] = cell_text(doc_printf(d, "%d %s", (int)p, view_place_title(p)));
    x[M_NEEDS] = cell_text(view_place_needs(p));
    x[M_SUMMARY] =
        cell_text(v ? v->summary : doc_printf(d, "%s: no view in this version", view_place_help(p)));
    if (!v) {
        r->dive = (struct dive){.view = "map", .arg = view_place_title(p)};
        return;
    }
    x[M_VIEW] = cell_text(v->name);
    x[M_STATE] = cell_text(!v->needs ? NULL : model_has(c->model, v->needs) ? "yes" : "no");
    x[M_ABOUT] = cell_text(v->about);
    r->dive = (struct dive){.view = v->name};
}

static void fill_place(struct doc *d, const struct view_ctx *c, struct table *t, enum view_place p)
{
    bool any = false;
    for (const struct view *const *v = VIEWS; *v; v++)
        if ((*v)->place == p) {
            fill(d, c, doc_row(d, t), p, *v);
            any = true;
        }
    if (!any)
        fill(d, c, doc_row(d, t), p, NULL);
}

/* Of a place without data: what it is for, and what it needs to have some. */
static void about_place(struct doc *d, const struct view_ctx *c, enum view_place p)
{
    struct section *s = doc_section(d, SECTION_TEXT, "text", view_place_title(p));
    bool views = view_beside(p, NULL, 1) != NULL;
    s->text =
        doc_printf(d, "%s: %s. It needs %s. %s", view_place_title(p), view_place_help(p), view_place_needs(p),
                   !views                             ? "This version of slowdive has no source that "
                                                        "gives this, and no view of it."
                   : view_place_has_data(p, c->model) ? "There is data of it."
                                                      : "No open source gives this.");
}

static struct doc *build_map(const struct view_ctx *c)
{
    struct doc *d = doc_new("map", c->arg ? c->arg : "Map");
    enum view_place one = view_place_of(&map_view, c->arg);
    common_envelope(d, c, common_span(c));
    if (one != PLACE_MAP)
        about_place(d, c, one);
    struct section *s = doc_table(d, "rows", "Views by place", COLUMNS, M_COLUMNS);
    s->weight = 1;
    for (int p = PLACE_HOME; p < PLACE_END; p++)
        if (one == PLACE_MAP || p == (int)one)
            fill_place(d, c, &s->table, (enum view_place)p);
    return d;
}

static const struct column ALSO[] = {
    {.key = "text", .title = "Place", .help = "of one place: what it is for and which source it needs"},
};

const struct view map_view = {
    .name = "map",
    .aliases = "places",
    .place = PLACE_MAP,
    .title = "Map",
    .summary = "all views by place, with what each needs",
    .about = "place",
    .subject = place_subject,
    .build = build_map,
    .columns = COLUMNS,
    .n_columns = M_COLUMNS,
    .also = ALSO,
    .n_also = ARRAY_LEN(ALSO),
};

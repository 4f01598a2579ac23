#include "view/loads/load_saturation.h"

#include <stdlib.h>

#include "core/insight/saturation.h"

enum { LEVELS_MOST = 200, SHOWN_MOST = 8 };

/* X(key, title, unit, flags, width, help) */
#define SATURATION_COLUMNS(X)                                                                                \
    X(rate_per_s, "From", UNIT_PER_S, 0, 0, "the lowest rate at which it was so")                            \
    X(text, "What was used up", UNIT_NONE, COLUMN_LEFT | COLUMN_GROW, 30, "in a sentence")                   \
    X(by_load, "By load", UNIT_NONE, 0, 0, "false: it was so at the lowest rate as well")                    \
    X(subject, "Subject", UNIT_NONE, COLUMN_LEFT | COLUMN_HIDDEN, 12,                                        \
      "the machine, server, pool, wait or statement")
enum {
#define SATURATION_ENUM_COLUMN(key, title, unit, flags, width, help) S_##key,
    SATURATION_COLUMNS(SATURATION_ENUM_COLUMN) S_N
};
static const struct column COLUMNS[] = {
#define SATURATION_COLUMN(k, t, u, f, w, h)                                                                  \
    {.key = #k, .title = t, .unit = u, .flags = f, .width = w, .help = h},
    SATURATION_COLUMNS(SATURATION_COLUMN)};

static size_t levels_of(const struct view_ctx *c, const struct record_entry *test,
                        struct saturation_level *out)
{
    struct record_entry *e = mem_array(LEVELS_MOST, sizeof *e);
    const struct sd_load *now = test->r;
    struct span since = {sd_known(now->began) ? now->began : INT64_MIN, add_sat(c->now, 1)};
    size_t all = model_load_steps(c->model, test->origin, SD_LOAD_LEVEL, since, e, LEVELS_MOST), n = 0;
    for (size_t i = 0; i < all; i++) {
        const struct sd_load_level *r = e[i].r;
        if (sd_known(r->from) && sd_known(r->to) && r->from < r->to)
            out[n++] = (struct saturation_level){
                .span = {r->from, r->to}, .rate_per_s = r->rate_per_s, .held = r->held == 1};
    }
    free(e);
    return n;
}

static void move_last(struct doc *d, size_t at)
{
    struct section last = d->sections[d->n_sections - 1];
    at = MIN(at, d->n_sections - 1);
    memmove(d->sections + at + 1, d->sections + at, (d->n_sections - 1 - at) * sizeof *d->sections);
    d->sections[at] = last;
}

void load_saturation_section(struct doc *d, const struct view_ctx *c, const struct record_entry *test,
                             size_t at)
{
    struct saturation_level levels[LEVELS_MOST];
    struct saturation *found = mem_array(SHOWN_MOST, sizeof *found);
    size_t n_levels = levels_of(c, test, levels);
    size_t n = n_levels ? saturation_find(c->model, levels, n_levels, found, SHOWN_MOST) : 0;
    struct section *s =
        n_levels ? doc_table(d, "used_up", "What was used up first, in the same minutes", COLUMNS, S_N)
                 : NULL;
    for (size_t i = 0; i < n; i++) {
        struct row *row = doc_row(d, &s->table);
        row->cells[S_rate_per_s] = cell_real(found[i].rate_per_s);
        row->cells[S_text] = cell_text(doc_text(d, found[i].text));
        row->cells[S_by_load] = cell_bool(!found[i].always);
        row->cells[S_subject] = cell_text(doc_text(d, found[i].subject));
        row->severity = found[i].always ? SEVERITY_NONE : SEVERITY_WARN;
        if (found[i].view)
            row->dive =
                (struct dive){.view = found[i].view, .arg = *found[i].arg ? doc_text(d, found[i].arg) : NULL};
    }
    if (s) {
        s->table.sort_column = -1;
        s->empty =
            "Nothing that is watched was used up. Sources of the system under test, such as host: and its "
            "database, show more.";
        move_last(d, at);
    }
    free(found);
}

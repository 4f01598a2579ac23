/* slo_draw.c - the burn of an objective over time, beside the requests that prove it. */
#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "view/goals/goals.h"
#include "view/shared/common.h"

enum { HEAT_ROWS = 10, HEAT_COLUMNS = 60, HEAT_GOOD = 6 }; /* rows up to the limit */
#define DRAWN_WINDOWS 4                                    /* long windows of the first pair that are drawn */

/* From its first data on, if that is within the long windows that are drawn. */
static struct span drawn_of(const struct view_ctx *c, const struct goal_slo *o)
{
    struct signal_events e;
    int64_t whole = o->n_pairs ? mul_sat(o->pairs[0].long_ns, DRAWN_WINDOWS) : o->window_ns;
    signals_events(c->signals, o, c->goals_at, whole, &e);
    return e.from < e.to ? (struct span){e.from, c->goals_at}
                         : (struct span){add_sat(c->goals_at, -whole), c->goals_at};
}

/* The pair that fires first, else the first. */
static void draw_burn(struct doc *d, const struct view_ctx *c, const struct goal_slo *o, struct span drawn)
{
    size_t n = common_points(c, drawn);
    const struct goal_pair *p = &o->pairs[0];
    char in_long[UNIT_TEXT_MAX], in_short[UNIT_TEXT_MAX];
    for (size_t i = o->n_pairs; i-- > 0;)
        if (burn_of_pair(c->signals, o, &o->pairs[i], c->goals_at).firing)
            p = &o->pairs[i];
    const char *title = doc_printf(d, "Burn of %s, limit %g, over %s and %s", o->name, p->factor,
                                   unit_format_int(UNIT_SINCE, p->long_ns, in_long),
                                   unit_format_int(UNIT_SINCE, p->short_ns, in_short));
    struct section *s = common_graph(d, NULL, title, UNIT_FACTOR, drawn, n);
    doc_line(d, &s->graph, "long");
    doc_line(d, &s->graph, "short");
    doc_line(d, &s->graph, "limit");
    double step = (double)span_length(drawn) / (double)n;
    for (size_t i = 0; i < n; i++) {
        sd_time at = add_sat(drawn.from, real_to_int(((double)i + 1) * step));
        struct burn_pair b = burn_of_pair(c->signals, o, p, at);
        s->graph.lines[0].values[i] = b.burn_long;
        s->graph.lines[1].values[i] = b.burn_short;
        s->graph.lines[2].values[i] = p->factor;
    }
    s->kinds = KINDS_HTTP;
    s->weight = 1;
    s->dive = (struct dive){.view = "objective", .arg = o->name};
}

/* Durations by time; the limit is the bound between two rows. */
static void draw_heat(struct doc *d, const struct view_ctx *c, const struct goal_slo *o, struct span drawn)
{
    char limit[UNIT_TEXT_MAX];
    struct section *s = doc_section(d, SECTION_HEATMAP, NULL, doc_printf(d, "Latency of %s", o->name));
    struct heatmap *m = &s->heatmap;
    struct hist *h = mem_alloc(sizeof *h);
    unit_format_int(UNIT_NS, o->good_below_ns, limit);
    s->note =
        doc_printf(d, "bad: above %s, the upper %d of %d rows", limit, HEAT_ROWS - HEAT_GOOD, HEAT_ROWS);
    s->empty = doc_text(d, "No request with a duration in this time.");
    s->kinds = KINDS_HTTP;
    s->weight = 1;
    s->min_height = 4;
    s->dive = (struct dive){.view = "endpoints"};
    *m = (struct heatmap){.from = drawn.from, .to = drawn.to, .unit = UNIT_NS, .rows = HEAT_ROWS};
    m->columns = MIN(common_points(c, drawn), HEAT_COLUMNS);
    m->lower = arena_alloc(d->arena, (m->rows + 1) * sizeof *m->lower);
    m->counts = arena_alloc(d->arena, m->rows * m->columns * sizeof *m->counts);
    for (size_t y = 1; y < m->rows;
         y++) /* a factor of two each; good is what is in the limit's bucket, too */
        m->lower[y] = sd_hist_lower(
            sd_hist_index(real_to_int((double)o->good_below_ns * exp2((double)y - HEAT_GOOD))) + 1);
    m->lower[m->rows] =
        add_sat(m->lower[m->rows - 1],
                m->lower[m->rows - 1]); /* the axis ends; what is slower is in the last row, too */
    double step = (double)span_length(drawn) / (double)m->columns;
    for (size_t x = 0; x < m->columns; x++) {
        sd_time from = add_sat(drawn.from, real_to_int((double)x * step));
        sd_time to = add_sat(drawn.from, real_to_int(((double)x + 1) * step));
        signals_durations(c->signals, &o->figure, NULL, 1, to, to - from, h);
        for (uint32_t i = h->lo, y = 0; i < h->hi; i++) {
            while (y + 1 < m->rows && sd_hist_lower(i) >= m->lower[y + 1])
                y++;
            uint32_t *at = &m->counts[y * m->columns + x];
            *at = add_count_sat(*at, h->bucket[i]);
            m->max = MAX(m->max, *at);
        }
    }
    free(h);
}

static void draw_share(struct doc *d, const struct view_ctx *c, const struct goal_slo *o, struct span drawn)
{
    size_t n = common_points(c, drawn);
    struct section *s =
        common_graph(d, NULL, doc_printf(d, "Failed requests of %s, beside what is allowed", o->name),
                     UNIT_SHARE, drawn, n);
    doc_line(d, &s->graph, "failed");
    doc_line(d, &s->graph, "allowed");
    double step = (double)span_length(drawn) / (double)n;
    for (size_t i = 0; i < n; i++) {
        struct signal_events e;
        signals_events(c->signals, o, add_sat(drawn.from, real_to_int(((double)i + 1) * step)),
                       MAX(real_to_int(step), 1), &e);
        s->graph.lines[0].values[i] = e.total > 0 ? (double)e.bad / (double)e.total : (double)NAN;
        s->graph.lines[1].values[i] = 1 - o->objective;
    }
    s->kinds = KINDS_HTTP;
    s->weight = 1;
    s->dive = (struct dive){.view = "statuses"};
}

void slo_draw(struct doc *d, const struct view_ctx *c, const struct goal_slo *o)
{
    struct span drawn = drawn_of(c, o);
    if (o->n_pairs)
        draw_burn(d, c, o, drawn);
    if (o->figure.signal == GOAL_HTTP_LATENCY)
        draw_heat(d, c, o, drawn);
    else
        draw_share(d, c, o, drawn);
}

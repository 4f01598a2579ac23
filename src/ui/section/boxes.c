/* Boxes: treemaps, icicles, flame graphs and waterfalls, drawn by number. What has no room is
 * gathered into a box "N more" where it would be, or counted in the last line. */
#include "ui/section/boxes.h"
#include "ui/section/graph.h"

#include "base/utf8.h"

#include <stdlib.h>

enum { WANTED = 12, MOST = 40 };

/* ---- patterns and labels ---- */

/* A cell of the pattern and colour of a kind of box. */
static void pattern_put(struct draw d, struct rect clip, int x, int y, unsigned colour, bool dim)
{
    static const struct {
        uint32_t code;
        char plain;
        enum style style;
    } patterns[] = {
        {.code = 0x2591, .plain = '.', .style = STYLE_GRAPH1},
        {.code = 0x2592, .plain = ':', .style = STYLE_GRAPH2},
        {.code = 0x2550, .plain = '=', .style = STYLE_GRAPH3},
        {.code = 0x2571, .plain = '/', .style = STYLE_GRAPH4},
        {.code = 0x253C, .plain = 'x', .style = STYLE_GRAPH5},
        {.code = 0x2593, .plain = '%', .style = STYLE_GRAPH6},
    };
    size_t k = colour % ARRAY_LEN(patterns);
    uint32_t code = d.grid->ascii ? (uint32_t)patterns[k].plain : patterns[k].code;
    grid_put(d.grid, clip, x, y, dim ? STYLE_DIM : patterns[k].style, code);
}

int label_put(struct draw d, struct rect clip, int x, int y, int room, enum style style, const char *text)
{
    if (room < 1)
        return 0;
    if (utf8_width(text) > room)
        text = str_after_path(text);
    if (utf8_width(text) <= room)
        return grid_text(d.grid, clip, x, y, room, style, text);
    int used = grid_text(d.grid, clip, x, y, room - 1, style, text);
    grid_put(d.grid, clip, x + used, y, STYLE_DIM, 0x2026);
    return used + 1;
}

/* ---- what is inside of the pane ---- */

static bool is_waterfall(const struct section *s)
{
    return s->boxes.shape == BOXES_WATERFALL;
}

static uint64_t box_id(const struct boxes *b, size_t i)
{
    return i == BOXES_ROOT ? 0 : b->source->identity(b->ctx, i);
}

/* The box that fills the pane. It is looked for by its identity once a doc. */
static size_t root_of(const struct boxes *b, const struct pane *p)
{
    if (!p->inside)
        return BOXES_ROOT;
    for (size_t k = 0; k < p->n_places && k < 1; k++)
        if (p->places[k].box < b->n && box_id(b, p->places[k].box) == p->inside)
            return p->places[k].box;
    for (size_t i = 0; i < b->n; i++)
        if (box_id(b, i) == p->inside)
            return i;
    return BOXES_ROOT;
}

/* A gathered place has the identity of the box it is in, turned around. */
static uint64_t place_id(const struct boxes *b, const struct box_place *k)
{
    uint64_t id = box_id(b, k->box);
    return k->gathered ? ~id : id ? id : 1;
}

static void find_selected(struct pane *p, const struct section *s)
{
    const struct boxes *b = &s->boxes;
    size_t n = section_items(s, p);
    for (size_t i = 0; p->identity && i < n; i++) {
        uint64_t id = is_waterfall(s) ? box_id(b, i) : place_id(b, &p->places[i]);
        if (id == p->identity) {
            p->selected = (int)i;
            return;
        }
    }
    p->selected = MAX(0, MIN(p->selected, (int)n - 1));
}

/* ---- items ---- */

static size_t boxes_items(const struct section *s, const struct pane *p)
{
    return is_waterfall(s) ? MIN(s->boxes.n, (size_t)INT32_MAX) : p->n_places;
}

static void select_box(struct section *s, struct pane *p, int item)
{
    p->selected = item;
    p->identity = is_waterfall(s) ? box_id(&s->boxes, (size_t)item) : place_id(&s->boxes, &p->places[item]);
    p->placed = true;
}

static size_t item_box(const struct section *s, const struct pane *p, size_t i)
{
    return is_waterfall(s) ? i : p->places[i].box;
}

static void boxes_item(const struct section *s, const struct pane *p, size_t i, struct item *out)
{
    struct box b = boxes_box(&s->boxes, item_box(s, p, i));
    if (!is_waterfall(s) && p->places[i].gathered)
        return;
    if (!is_waterfall(s) && p->places[i].more) /* what is innermost is what Enter leads to */
        b = boxes_box(&s->boxes, p->places[i].last);
    *out = (struct item){.dive = b.dive, .copy = b.copy, .severity = b.severity};
}

static void gathered_text(const struct boxes *b, const struct box_place *k, struct strbuf *out)
{
    char sum[UNIT_TEXT_MAX];
    strbuf_printf(out, "%zu more, %s", k->gathered, unit_format(b->unit, k->weight, sum));
}

static void boxes_text(const struct section *s, const struct pane *p, size_t i, struct strbuf *out)
{
    const struct boxes *b = &s->boxes;
    char weight[UNIT_TEXT_MAX], other[UNIT_TEXT_MAX];
    if (!is_waterfall(s) && p->places[i].gathered) {
        gathered_text(b, &p->places[i], out);
        return;
    }
    struct box x = boxes_box(b, item_box(s, p, i));
    double whole = boxes_box(b, BOXES_ROOT).weight;
    if (is_waterfall(s))
        strbuf_str(out, x.label);
    else
        place_name(b, &p->places[i], 4 * 80, out);
    strbuf_printf(out, "%s%s", *x.label ? ": " : "", unit_format(b->unit, x.weight, weight));
    if (is_waterfall(s))
        strbuf_printf(out, " from %s", unit_format(b->unit, x.start - b->start, other));
    else if (whole > 0)
        strbuf_printf(out, ", %s", unit_format(UNIT_SHARE, x.weight / whole, other));
    if (x.inside)
        strbuf_printf(out, ", %zu in it", x.inside);
}

static void boxes_move(struct section *s, struct pane *p, enum section_move m)
{
    int n = (int)boxes_items(s, p);
    section_select(s, p,
                   is_waterfall(s) ? list_move(p->selected, n, p->page, m) : place_move(p, p->selected, m));
}

static int boxes_hit(struct rect in, struct section *s, const struct pane *p, int x, int y)
{
    if (!is_waterfall(s))
        return place_at(p, x - in.x, y - in.y);
    int row = p->top + y - in.y;
    return y >= in.y && y < in.y + p->page && row < (int)boxes_items(s, p) ? row : -1;
}

/* ---- in and out ---- */

/* Boxes are walked from the outermost: what is in one that matches is a part of it. A label is looked at
 * once. */
static double matched_weight(const struct boxes *b, const struct regex *re)
{
    size_t *left = NULL, n = 0, cap = 0;
    double sum = 0;
    for (size_t i = BOXES_ROOT;;) {
        struct box x = boxes_box(b, i);
        bool hit = i != BOXES_ROOT && regex_matches(re, x.label);
        sum += hit ? x.weight : 0;
        for (size_t k = 0; k < x.children && !hit; k++) {
            left = n == cap ? mem_grow(left, n, &cap, sizeof *left) : left;
            left[n++] = b->source->child(b->ctx, i, k);
        }
        if (!n)
            break;
        i = left[--n];
    }
    free(left);
    return sum;
}

/* The numbers of the boxes may be others in a new doc. */
static void boxes_apply(struct pane *p, struct section *s)
{
    size_t root = root_of(&s->boxes, p);
    p->n_places = 0;
    double whole = s->boxes.n && !is_waterfall(s) ? boxes_box(&s->boxes, BOXES_ROOT).weight : 0;
    p->matched = p->regex && whole > 0 ? matched_weight(&s->boxes, p->regex) / whole : (double)NAN;
    if (p->inside && root == BOXES_ROOT)
        p->inside = 0; /* it is gone */
    if (!is_waterfall(s) && s->boxes.n)
        boxes_layout(&s->boxes, root, p->plot_w ? p->plot_w : 80, p->plot_h ? p->plot_h : 24, p);
    find_selected(p, s);
}

static void fill_with(struct section *s, struct pane *p, uint64_t id, uint64_t selected)
{
    p->inside = id;
    p->identity = selected;
    p->selected = 0;
    p->n_places = 0;
    boxes_apply(p, s);
}

static bool enter(struct section *s, struct pane *p)
{
    if (is_waterfall(s) || (size_t)p->selected >= p->n_places)
        return false;
    size_t i = p->places[p->selected].box;
    if (i == BOXES_ROOT || i == root_of(&s->boxes, p) ||
        !boxes_box(&s->boxes, p->places[p->selected].last).children)
        return false;
    fill_with(s, p, box_id(&s->boxes, i), 0);
    return true;
}

static bool leave(struct section *s, struct pane *p)
{
    if (is_waterfall(s) || !p->inside)
        return false;
    size_t i = root_of(&s->boxes, p);
    size_t out = i == BOXES_ROOT ? BOXES_ROOT : boxes_box(&s->boxes, i).parent;
    /* The cursor is where one came from. */
    fill_with(s, p, out < s->boxes.n ? box_id(&s->boxes, out) : 0, p->inside);
    return true;
}

/* ---- treemaps, icicles and flame graphs ---- */

static bool is_dim(const struct section *s, const struct pane *p, size_t i)
{
    struct strbuf b = {0};
    if (!p->regex)
        return false;
    boxes_text(s, p, i, &b);
    bool found = regex_matches(p->regex, strbuf_text(&b));
    strbuf_free(&b);
    return !found;
}

static void place_label(const struct section *s, const struct box_place *k, struct strbuf *out)
{
    char weight[UNIT_TEXT_MAX];
    if (k->gathered) {
        gathered_text(&s->boxes, k, out);
        return;
    }
    struct box b = boxes_box(&s->boxes, k->box);
    place_name(&s->boxes, k, k->r.w - 8, out);
    strbuf_str(out, *b.label ? " " : "");
    if (b.severity >= SEVERITY_WARN)
        strbuf_str(out, b.severity == SEVERITY_BAD ? "!! " : "! ");
    strbuf_str(out, unit_format(s->boxes.unit, k->weight, weight));
}

static void place_draw(struct draw d, const struct section *s, struct pane *p, size_t i)
{
    const struct box_place *k = &p->places[i];
    struct rect r = {d.in.x + k->r.x, d.in.y + k->r.y, k->r.w, k->r.h};
    struct box b = boxes_box(&s->boxes, k->box);
    bool dim = k->gathered || is_dim(s, p, i), chosen = d.cursor && (int)i == p->selected;
    enum style style = chosen ? STYLE_SELECTED : dim ? STYLE_DIM : STYLE_TEXT;
    struct strbuf label = {0};
    place_label(s, k, &label);
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++)
            if (k->gathered)
                grid_put(d.grid, d.in, x, y, STYLE_DIM, ' ');
            else
                pattern_put(d, d.in, x, y, b.colour, dim);
    p->hidden += p->regex && dim && !k->gathered;
    if (r.w >= 4 && r.h >= 3) {
        grid_box(d.grid, r, chosen ? STYLE_FOCUS : STYLE_BORDER, "", NULL);
        if (!k->gathered) /* grid_box clears its inside */
            for (int y = r.y + 1; y < r.y + r.h - 1; y++)
                for (int x = r.x + 1; x < r.x + r.w - 1; x++)
                    pattern_put(d, d.in, x, y, b.colour, dim);
        label_put(d, d.in, r.x + 1, r.y, r.w - 2, style, strbuf_text(&label));
    } else { /* its left edge tells it from the one before */
        for (int y = r.y; y < r.y + r.h; y++)
            grid_put(d.grid, d.in, r.x, y, chosen ? STYLE_FOCUS : STYLE_BORDER, 0x2502);
        label_put(d, d.in, r.x + 1, r.y, r.w - 1, style, strbuf_text(&label));
    }
    if (chosen)
        grid_style(d.grid, (struct rect){r.x, r.y, r.w, 1}, STYLE_SELECTED, GRID_REVERSE);
    strbuf_free(&label);
}

/* What the picture does not show, so that nothing that exists vanishes. */
static void count_line(struct draw d, const struct section *s, const struct pane *p, struct rect r)
{
    size_t shown = 0, total = boxes_box(&s->boxes, p->places[0].box).inside;
    for (size_t i = 1; i < p->n_places; i++)
        shown += p->places[i].gathered ? 0 : 1 + p->places[i].more;
    grid_printf(d.grid, r, r.x, r.y, r.w, STYLE_DIM,
                "%zu of %zu boxes shown; the others are smaller or inside a box", shown, total);
}

static void places_draw(struct draw d, const struct section *s, struct pane *p)
{
    struct rect in = d.in;
    size_t root = root_of(&s->boxes, p);
    boxes_layout(&s->boxes, root, in.w, in.h, p);
    size_t gathered = 0;
    for (size_t i = 0; i < p->n_places; i++)
        gathered += p->places[i].gathered + p->places[i].hidden;
    int line = gathered > 0;
    if (line && in.h > 1) {
        boxes_layout(&s->boxes, root, in.w, in.h - 1, p);
        d.in.h--;
    }
    plot_place(p, in, d.in);
    find_selected(p, s);
    p->hidden = 0;
    for (size_t i = 0; i < p->n_places; i++)
        place_draw(d, s, p, i);
    if (line && p->n_places)
        count_line(d, s, p, (struct rect){in.x, in.y + in.h - 1, in.w, 1});
}

/* ---- waterfalls ---- */

enum { NAME_MOST = 40, STEP = 2 };

static int names_width(const struct section *s, const struct pane *p, int rows, int width)
{
    int w = 8;
    for (int i = p->top; i < p->top + rows && (size_t)i < s->boxes.n; i++) {
        struct box b = boxes_box(&s->boxes, (size_t)i);
        w = MAX(w, utf8_width(b.label) + MIN(b.depth, 10) * STEP);
    }
    return MIN(MIN(w, NAME_MOST), width * 2 / 5);
}

static void bar_draw(struct draw d, const struct section *s, struct pane *p, size_t i, struct rect line,
                     int name)
{
    const struct boxes *b = &s->boxes;
    struct box x = boxes_box(b, i);
    char weight[UNIT_TEXT_MAX];
    bool dim = is_dim(s, p, i), chosen = d.cursor && (int)i == p->selected;
    struct rect axis = {line.x + name + 1, line.y, line.w - name - 1, 1};
    double length = b->end - b->start, scale = length > 0 ? axis.w / length : 0;
    int indent = MIN(MAX(x.depth, 0), 10) * STEP;
    label_put(d, line, line.x + indent, line.y, name - indent, dim ? STYLE_DIM : STYLE_TEXT, x.label);
    if (x.severity >= SEVERITY_WARN)
        grid_text(d.grid, line, line.x + name - 1, line.y, 2,
                  x.severity == SEVERITY_BAD ? STYLE_BAD : STYLE_WARN,
                  x.severity == SEVERITY_BAD ? "!!" : "!");
    int from = (int)lround(fmin(fmax((x.start - b->start) * scale, 0), axis.w - 1));
    int to = (int)lround(fmin(fmax((x.start + x.weight - b->start) * scale, from + 1), axis.w));
    for (int k = from; k < to; k++)
        pattern_put(d, axis, axis.x + k, axis.y, x.colour, dim);
    unit_format(b->unit, x.weight, weight);
    int w = utf8_width(weight);
    if (to + 1 + w <= axis.w)
        grid_text(d.grid, axis, axis.x + to + 1, axis.y, w, STYLE_DIM, weight);
    else if (from - 1 - w >= 0)
        grid_text(d.grid, axis, axis.x + from - 1 - w, axis.y, w, STYLE_DIM, weight);
    if (chosen) {
        grid_style(d.grid, (struct rect){line.x, line.y, name, 1}, STYLE_SELECTED, GRID_REVERSE);
        grid_put(d.grid, line, line.x + name, line.y, STYLE_SELECTED, 0x25B8);
    }
}

static void waterfall_draw(struct draw d, const struct section *s, struct pane *p)
{
    struct rect in = d.in;
    int n = (int)boxes_items(s, p), axis = in.h >= 2, rows = in.h - axis;
    p->page = MAX(rows, 1);
    find_selected(p, s);
    p->top = MAX(0, MIN(p->top, n - rows));
    p->top = MAX(MIN(p->top, p->selected), p->selected - rows + 1);
    int name = names_width(s, p, rows, in.w), bottom = in.y + in.h - 1, below = MAX(0, n - p->top - rows);
    for (int y = 0; y < rows && p->top + y < n; y++)
        bar_draw(d, s, p, (size_t)(p->top + y), (struct rect){in.x, in.y + y, in.w, 1}, name);
    if (!axis)
        return;
    char end[UNIT_TEXT_MAX], counts[64] = "";
    unit_format(s->boxes.unit, s->boxes.end - s->boxes.start, end);
    int x = in.x + name + 1, w = utf8_width(end);
    if (p->top || below)
        snprintf(counts, sizeof counts, "%d above, %d below", p->top, below);
    int used = grid_text(d.grid, in, in.x, bottom, in.w, STYLE_DIM, counts);
    if (in.x + used < x)
        grid_text(d.grid, in, x, bottom, 1, STYLE_DIM, "0");
    if (in.w - used > w + 3)
        grid_text(d.grid, in, in.x + in.w - w, bottom, w, STYLE_DIM, end);
}

/* ---- as a kind of section ---- */

static struct need boxes_need(const struct section *s, int width)
{
    (void)width;
    if (!s->boxes.n)
        return (struct need){1, text_height(s->empty, width - 2), 1};
    int rows = (int)MIN(s->boxes.n, (size_t)MOST);
    return is_waterfall(s) ? (struct need){3, 1 + MIN(rows, WANTED), 1 + rows}
                           : (struct need){4, WANTED, MOST};
}

static void boxes_draw(struct draw d, struct doc *doc, struct section *s, struct pane *p)
{
    (void)doc;
    if (!s->boxes.n) {
        p->n_places = 0;
        empty_draw(d, s, p);
    } else if (is_waterfall(s)) {
        waterfall_draw(d, s, p);
    } else {
        places_draw(d, s, p);
    }
}

const struct section_ops BOXES_OPS = {
    .need = boxes_need,
    .draw = boxes_draw,
    .move = boxes_move,
    .hit = boxes_hit,
    .items = boxes_items,
    .select = select_box,
    .item = boxes_item,
    .text = boxes_text,
    .apply = boxes_apply,
    .enter = enter,
    .leave = leave,
};

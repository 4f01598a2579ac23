/* Treemaps, icicles and flame graphs: boxes to cells. */
#include "ui/section/boxes.h"

#include "base/utf8.h"
#include "core/squarify.h"

#include <stdlib.h>

/* A cell is about twice as high as wide; rectangles are to look square. */
#define CELL_ASPECT 2.0
enum { BORDERED_W = 4, BORDERED_H = 3 }; /* from here a box has a border, and room in it */
enum { DIVIDED_W = 10, DIVIDED_H = 4 };  /* from here what is in it can be read */

struct box_place *place_add(struct pane *p, struct box_place place)
{
    p->places = mem_grow(p->places, p->n_places, &p->cap_places, sizeof *p->places);
    p->places[p->n_places] = place;
    return &p->places[p->n_places++];
}

struct span_of { /* real coordinates, in cells */
    double x, y, w, h;
};

static struct rect rounded(struct span_of s)
{
    int x = (int)lround(s.x), y = (int)lround(s.y);
    return (struct rect){x, y, (int)lround(s.x + s.w) - x, (int)lround(s.y + s.h) - y};
}

struct layout {
    const struct boxes *b;
    struct pane *p;
    int h;
};

/* ---- icicles and flame graphs ---- */

enum { SHARE_MOST = 1000 }; /* boxes of one place */

/* A box that is all of the one it is in shares its place: a line that says nothing new is a line less for
 * what is below. The innermost of them; *more: how many beside the first. */
static size_t innermost(const struct boxes *b, size_t i, struct box *x, size_t *more)
{
    for (*more = 0; x->children == 1 && !(x->self > 0) && *more < SHARE_MOST; ++*more) {
        size_t inner = b->source->child(b->ctx, i, 0);
        struct box in = boxes_box(b, inner);
        if (in.weight < x->weight || !(in.weight > 0))
            break;
        i = inner;
        *x = in;
    }
    return i;
}

/* The first and the last of several, without their paths. */
static void place_ends(const char *first, size_t between, const char *last, struct strbuf *out)
{
    strbuf_str(out, str_after_path(first));
    if (between)
        strbuf_printf(out, " \u203a %zu more", between);
    strbuf_printf(out, " \u203a %s", str_after_path(last));
}

void place_name(const struct boxes *b, const struct box_place *k, int columns, struct strbuf *out)
{
    struct box x = boxes_box(b, k->box);
    struct strbuf all = {0};
    size_t i = k->box;
    strbuf_str(&all, x.label);
    for (size_t n = 0; n < k->more && n < 100; n++) {
        i = b->source->child(b->ctx, i, 0);
        strbuf_printf(&all, " \u203a %s", boxes_box(b, i).label);
    }
    if (k->more && (utf8_width(strbuf_text(&all)) > columns || k->more > 100))
        place_ends(x.label, k->more - 1, boxes_box(b, k->last).label, out);
    else
        strbuf_str(out, strbuf_text(&all));
    strbuf_free(&all);
}

/* Boxes of a line stand beside each other from where their parent begins. */
static void stack_line(struct layout *l, size_t number, size_t place, double x, double w, int line)
{
    struct box p = boxes_box(l->b, number);
    double scale = p.weight > 0 ? w / p.weight : 0, end = x + (p.weight - p.self) * scale;
    size_t left = p.inside, k = 0;
    if (line >= l->h || !p.children) {
        l->p->places[place].hidden = left;
        return;
    }
    int y = l->b->shape == BOXES_FLAME ? l->h - 1 - line : line;
    for (; k < p.children; k++) {
        size_t i = l->b->source->child(l->b->ctx, number, k);
        struct box c = boxes_box(l->b, i);
        double wide = fmin(c.weight * scale, end - x);
        struct rect r = rounded((struct span_of){x, y, wide, 1});
        if (wide < 1 || left < 1 + c.inside)
            break; /* the others are not wider */
        left -= 1 + c.inside;
        struct box_place *own = place_add(l->p, (struct box_place){.r = r, .box = i, .weight = c.weight});
        size_t last = own->last = innermost(l->b, i, &c, &own->more);
        stack_line(l, last, l->p->n_places - 1, x, wide, line + 1);
        x += wide;
    }
    struct rect rest = rounded((struct span_of){x, y, fmax(end - x, 0), 1});
    if (left && rest.w > 0)
        place_add(
            l->p,
            (struct box_place){
                .r = rest, .box = number, .last = number, .gathered = left, .weight = (end - x) / scale});
    else
        l->p->places[place].hidden = left;
}

/* ---- treemaps ---- */

struct tile {
    size_t box;
    size_t gathered;
    size_t boxes;  /* it stands for: itself and what is in it, or those gathered */
    double weight; /* what it stands for */
    double area;   /* its part of the picture */
    bool blank;    /* what the parent has for itself */
};

static void fill_tile(struct layout *l, size_t parent, const struct tile *t, struct span_of s);

/* In coordinates in which a cell is square. */
static void fill_tiles(struct layout *l, size_t parent, const struct tile *t, size_t n, struct span_of s)
{
    double *areas = mem_array(n + 1, sizeof *areas);
    struct square_rect *r = mem_array(n + 1, sizeof *r);
    for (size_t i = 0; i < n; i++)
        areas[i] = t[i].area;
    squarify(areas, n, (struct square_rect){s.x, s.y * CELL_ASPECT, s.x + s.w, (s.y + s.h) * CELL_ASPECT}, r);
    for (size_t i = 0; i < n; i++)
        fill_tile(l, parent, &t[i],
                  (struct span_of){r[i].x0, r[i].y0 / CELL_ASPECT, r[i].x1 - r[i].x0,
                                   (r[i].y1 - r[i].y0) / CELL_ASPECT});
    free(areas);
    free(r);
}

/* The boxes in `number`, whose place is known, into r of the picture. */
static void treemap(struct layout *l, size_t number, size_t place, struct rect r)
{
    struct box p = boxes_box(l->b, number);
    double cells = (double)r.w * r.h, scale = p.weight > 0 ? cells / p.weight : 0;
    size_t left = p.inside, n = 0, cap = 0;
    struct tile *t = NULL;
    if (r.w < 1 || r.h < 1 || !(scale > 0)) {
        l->p->places[place].hidden += left;
        return;
    }
    double rest = (p.weight - p.self) * scale;
    for (size_t k = 0; k < p.children; k++) {
        size_t i = l->b->source->child(l->b->ctx, number, k);
        struct box c = boxes_box(l->b, i);
        double area = fmin(c.weight * scale, rest);
        if (area < 1 || left < 1 + c.inside)
            break; /* the others are not larger */
        t = mem_grow(t, n, &cap, sizeof *t);
        t[n++] = (struct tile){.box = i, .boxes = 1 + c.inside, .weight = c.weight, .area = area};
        left -= 1 + c.inside;
        rest -= area;
    }
    struct tile last[] = {
        {.box = number, .gathered = left, .boxes = left, .weight = rest / scale, .area = rest},
        {.blank = true, .area = p.self * scale},
    };
    for (size_t k = 0; k < ARRAY_LEN(last); k++) {
        if (last[k].area < 1e-6 || (!last[k].boxes && !last[k].blank)) {
            l->p->places[place].hidden += last[k].boxes;
            continue;
        }
        t = mem_grow(t, n, &cap, sizeof *t);
        t[n++] = last[k];
    }
    fill_tiles(l, place, t, n, (struct span_of){r.x, r.y, r.w, r.h});
    free(t);
}

static void fill_tile(struct layout *l, size_t parent, const struct tile *t, struct span_of s)
{
    struct rect r = rounded(s);
    if (t->blank)
        return;
    if (r.w < 1 || r.h < 1) { /* rounded away: counted */
        l->p->places[parent].hidden += t->boxes;
        return;
    }
    place_add(l->p, (struct box_place){
                        .r = r, .box = t->box, .last = t->box, .gathered = t->gathered, .weight = t->weight});
    if (t->gathered)
        return;
    size_t place = l->p->n_places - 1;
    bool room = r.w >= DIVIDED_W && r.h >= DIVIDED_H;
    treemap(l, t->box, place, room ? (struct rect){r.x + 1, r.y + 1, r.w - 2, r.h - 2} : (struct rect){0});
}

void boxes_layout(const struct boxes *b, size_t root, int w, int h, struct pane *p)
{
    struct layout l = {.b = b, .p = p, .h = h};
    p->n_places = 0;
    if (w < 1 || h < 1 || !b->n)
        return;
    struct box whole = boxes_box(b, root);
    bool lines = b->shape != BOXES_TREEMAP;
    struct rect r = {0, lines ? (b->shape == BOXES_FLAME ? h - 1 : 0) : 0, w, lines ? 1 : h};
    place_add(p, (struct box_place){.r = r, .box = root, .last = root, .weight = whole.weight});
    if (lines)
        stack_line(&l, root, 0, 0, w, 1);
    else if (w >= BORDERED_W && h >= BORDERED_H)
        treemap(&l, root, 0, (struct rect){1, 1, w - 2, h - 2});
    else
        treemap(&l, root, 0, r);
}

/* ---- the cursor ---- */

int place_at(const struct pane *p, int x, int y)
{
    for (size_t i = p->n_places; i-- > 0;) { /* what is inside comes after what it is in */
        struct rect r = p->places[i].r;
        if (x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h)
            return (int)i;
    }
    return -1;
}

/* By corners: to the one that is nearest in that direction, sideways steps counting more. */
static int nearest(const struct pane *p, int at, int dx, int dy)
{
    struct rect from = p->places[at].r;
    int best = at;
    int64_t least = INT64_MAX;
    for (size_t i = 0; i < p->n_places; i++) {
        int x = p->places[i].r.x - from.x, y = (p->places[i].r.y - from.y) * 2;
        int ahead = x * dx + y * dy, aside = abs(dx ? y : x);
        if (ahead <= 0)
            continue;
        int64_t far = (int64_t)ahead + 3 * (int64_t)aside;
        if (far < least) {
            least = far;
            best = (int)i;
        }
    }
    return best;
}

int place_move(const struct pane *p, int at, enum section_move m)
{
    int n = (int)p->n_places;
    if (!n)
        return 0;
    at = MAX(0, MIN(at, n - 1));
    switch (m) {
    case MOVE_LEFT:
        return nearest(p, at, -1, 0);
    case MOVE_RIGHT:
        return nearest(p, at, 1, 0);
    case MOVE_UP:
        return nearest(p, at, 0, -1);
    case MOVE_DOWN:
        return nearest(p, at, 0, 1);
    default:
        return list_move(at, n, 10, m);
    }
}

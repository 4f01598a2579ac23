/* Tables by number, boxes and flows: what is drawn, what it costs, and that nothing vanishes. The
 * pictures are in tests/data/sections; SLOWDIVE_WRITE=1 writes them anew. */
#include "tests/lib/test.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "core/table.h"
#include "ui/section/boxes.h"

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* ---- a table by number ---- */

static const struct column COLUMNS[] = {
    {.key = "name", .title = "Name", .flags = COLUMN_LEFT | COLUMN_GROW, .width = 10},
    {.key = "total_ns", .title = "Total", .unit = UNIT_NS},
    {.key = "share", .title = "Share", .unit = UNIT_SHARE},
};
enum { MANY = 300000 };

static size_t asked; /* rows, boxes and children asked for */

static void many_row(void *ctx, size_t i, struct row *r)
{
    static char names[8][24];
    (void)ctx;
    asked++;
    snprintf(names[i % 8], sizeof names[0], "kind-%zu", i % 8);
    r->cells[0] = cell_text(names[i % 8]);
    r->cells[1] = i % 10 == 9 ? cell_unknown() : cell_int((int64_t)(i * 7919 % MANY) * SD_US);
    r->cells[2] = cell_real((double)(i % 100) / 100);
    r->dive = (struct dive){.view = "endpoint", .arg = "x"};
}

static uint64_t many_identity(void *ctx, size_t i)
{
    (void)ctx;
    return i * 2 + 1;
}

static const struct table_source MANY_ROWS = {.row = many_row, .identity = many_identity};

struct world {
    struct doc *doc;
    struct section *s;
    struct pane *p;
    struct grid *g;
};

static struct world world_new(enum section_kind kind, int w, int h, bool ascii)
{
    struct world k = {.doc = doc_new("x", "X"), .p = pane_new("rows"), .g = grid_new(w, h, ascii)};
    k.s = doc_section(k.doc, kind, "rows", "Rows");
    return k;
}

static void world_free(struct world *k)
{
    pane_free(k->p);
    doc_free(k->doc);
    grid_free(k->g);
}

static char *draw(struct world *k, bool cursor)
{
    struct strbuf b = {0};
    grid_clear(k->g);
    if (k->p->changed)
        section_apply(k->s, k->p);
    section_ops(k->s)->draw(
        (struct draw){
            .grid = k->g, .in = {0, 0, k->g->width, k->g->height}, .focused = cursor, .cursor = cursor},
        k->doc, k->s, k->p);
    grid_dump(k->g, &b);
    strbuf_str(&b, "");
    return strbuf_detach(&b);
}

static void free_draw(struct world *k)
{
    free(draw(k, true));
}

static struct world many_new(void)
{
    struct world k = world_new(SECTION_TABLE, 100, 24, false);
    k.s->table.columns = COLUMNS;
    k.s->table.n_columns = ARRAY_LEN(COLUMNS);
    doc_rows(k.doc, &k.s->table, &MANY_ROWS, NULL, MANY);
    section_apply(k.s, k.p);
    return k;
}

static void a_large_table_costs_what_is_seen_of_it(void **state)
{
    (void)state;
    struct world k = many_new();
    asked = 0;
    free_draw(&k);
    assert_true(asked > 0 && asked <= 3 * 24);
    static const enum section_move moves[] = {MOVE_DOWN,    MOVE_PAGE_DOWN, MOVE_LAST,
                                              MOVE_PAGE_UP, MOVE_UP,        MOVE_FIRST};
    for (size_t i = 0; i < ARRAY_LEN(moves); i++) {
        asked = 0;
        section_ops(k.s)->move(k.s, k.p, moves[i]);
        free_draw(&k);
        assert_true(asked <= 3 * 24);
    }
    world_free(&k);
}

static void the_cursor_follows_a_number(void **state)
{
    (void)state;
    struct sd_error err;
    struct world k = many_new();
    struct table *t = &k.s->table;
    section_select(k.s, k.p, 1234);
    pane_set_sort(k.p, "total_ns", true);
    section_apply(k.s, k.p);
    assert_int_equal(table_number(t, (size_t)k.p->selected), 1234);
    for (size_t i = 1; i < table_rows(t); i++) { /* unknown comes last; what is equal keeps its order */
        struct cell a = table_row(t, i - 1)->cells[1], b = table_row(t, i)->cells[1];
        bool last = b.type == CELL_UNKNOWN;
        assert_true(last || (a.type == CELL_INT && a.i >= b.i));
        if (last && a.type == CELL_UNKNOWN)
            assert_true(table_number(t, i - 1) < table_number(t, i));
    }
    assert_true(pane_set_filter(k.p, "KIND-2", &err)); /* 1234 % 8 */
    section_apply(k.s, k.p);
    assert_int_equal(table_rows(t), MANY / 8);
    assert_int_equal(k.p->hidden, MANY - MANY / 8);
    assert_int_equal(table_number(t, (size_t)k.p->selected), 1234);
    assert_true(pane_set_filter(k.p, "^kind-3\t1\\.23 ms", &err)); /* figures are found as well */
    section_apply(k.s, k.p);
    assert_true(table_rows(t) > 0 && table_rows(t) < 200);
    assert_true(pane_set_filter(k.p, NULL, &err));
    section_apply(k.s, k.p);
    assert_int_equal(table_rows(t), MANY);
    world_free(&k);
}

/* Against sorting by comparison, for all types, with unknown cells, both ways. */
static const struct table *sorted_table;
static int sorted_sign;
static int by_cell(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    struct cell p = sorted_table->rows[x].cells[0], q = sorted_table->rows[y].cells[0];
    int order = p.type == CELL_UNKNOWN || q.type == CELL_UNKNOWN
                    ? (p.type == CELL_UNKNOWN) - (q.type == CELL_UNKNOWN)
                    : sorted_sign * cell_compare(p, q);
    return order ? order : (x > y) - (x < y);
}

static struct cell any_cell(struct doc *d, int type, uint32_t *seed)
{
    static const char *const starts[] = {"", "a", "GET /orders/", "GET /orders/12345678", "\xc3\xa9"};
    uint32_t v = next(seed);
    if (v % 7 == 0)
        return cell_unknown();
    if (type == 0)
        return cell_int((int64_t)(v % 50) - 25);
    if (type == 1)
        return v % 3 ? cell_real(((double)(v % 2000) - 1000) / 7) : cell_int((int64_t)(v % 300) - 150);
    if (type == 2)
        return cell_text(doc_printf(d, "GET /products/%u", v % 900));
    if (type == 3)
        return cell_text(doc_printf(d, "%s%u", starts[v % 5], next(seed) % 40));
    return v % 2 ? cell_text(doc_printf(d, "t%u", v % 9)) : cell_int(v % 9);
}

static void sorting_is_as_comparing_says(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 2, 23, 400, 3000};
    uint32_t seed = 5;
    for (int type = 0; type < 5; type++)
        for (size_t k = 0; k < ARRAY_LEN(sizes); k++)
            for (int reverse = 0; reverse < 2; reverse++) {
                struct doc *d = doc_new("x", "X");
                struct table *t = &doc_table(d, "rows", "Rows", COLUMNS, 1)->table;
                size_t n = sizes[k], *want = mem_array(n + 1, sizeof *want);
                for (size_t i = 0; i < n; i++) {
                    doc_row(d, t)->cells[0] = any_cell(d, type, &seed);
                    want[i] = i;
                }
                sorted_table = t;
                sorted_sign = reverse ? -1 : 1;
                qsort(want, n, sizeof *want, by_cell);
                table_choose(t, &(struct table_choice){.column = 0, .reverse = reverse});
                for (size_t i = 0; i < n; i++)
                    assert_int_equal(table_number(t, i), want[i]);
                free(want);
                doc_free(d);
            }
}

/* The lines of a tree, against looking at all rows below. */
static bool sibling_follows(const struct table *t, size_t row, int depth)
{
    for (size_t i = row + 1; i < t->n_rows && t->rows[i].depth >= depth; i++)
        if (t->rows[i].depth == depth)
            return true;
    return false;
}

static void tree_lines_are_those_of_later_siblings(void **state)
{
    (void)state;
    uint32_t seed = 9;
    for (int round = 0; round < 200; round++) {
        struct doc *d = doc_new("x", "X");
        struct section *s = doc_section(d, SECTION_TREE, "rows", "Rows");
        struct tree_lines *l = mem_alloc(sizeof *l);
        s->table.columns = COLUMNS;
        s->table.n_columns = 1;
        size_t n = 1 + next(&seed) % 60, top = next(&seed) % n;
        for (size_t i = 0; i < n; i++) {
            int before = i ? s->table.rows[i - 1].depth : -1;
            doc_row(d, &s->table)->depth = (int)(next(&seed) % (uint32_t)(before + 2));
        }
        for (size_t i = top; i < n; i++) {
            tree_lines_at(l, s, i, i == top);
            for (int level = 1; level <= s->table.rows[i].depth; level++)
                assert_int_equal(l->open[level], sibling_follows(&s->table, i, level));
        }
        free(l);
        doc_free(d);
    }
}

/* ---- boxes ---- */

struct forest {
    size_t n;
    struct node {
        double weight, self, start;
        int depth;
        size_t parent, children, inside;
        size_t *child; /* heaviest first */
        char label[32];
    } * nodes;
    struct node whole;
};

static void forest_box(void *ctx, size_t i, struct box *b)
{
    struct forest *f = ctx;
    const struct node *n = i == BOXES_ROOT ? &f->whole : &f->nodes[i];
    asked++;
    *b = (struct box){.label = n->label,
                      .weight = n->weight,
                      .self = n->self,
                      .start = n->start,
                      .colour = i == BOXES_ROOT ? 0 : (unsigned)i,
                      .depth = n->depth,
                      .children = n->children,
                      .inside = n->inside,
                      .parent = n->parent};
}

static size_t forest_child(void *ctx, size_t parent, size_t k)
{
    struct forest *f = ctx;
    asked++;
    return (parent == BOXES_ROOT ? &f->whole : &f->nodes[parent])->child[k];
}

static uint64_t forest_identity(void *ctx, size_t i)
{
    (void)ctx;
    return 1000 + i;
}

static const struct boxes_source FOREST = {
    .box = forest_box, .child = forest_child, .identity = forest_identity};

static struct forest *weighed;
static int heaviest(const void *a, const void *b)
{
    double x = weighed->nodes[*(const size_t *)a].weight, y = weighed->nodes[*(const size_t *)b].weight;
    return (x < y) - (x > y);
}

static struct node *node_or_whole(struct forest *f, size_t i)
{
    return i == BOXES_ROOT ? &f->whole : &f->nodes[i];
}

/* parents[i] < i, or BOXES_ROOT. */
static struct forest *forest_new(size_t n, const size_t *parents, const double *self)
{
    struct forest *f = mem_alloc(sizeof *f);
    *f = (struct forest){.n = n, .nodes = mem_array(n + 1, sizeof *f->nodes)};
    f->whole = (struct node){.parent = BOXES_ROOT, .inside = n, .label = "all"};
    for (size_t i = 0; i < n; i++) {
        struct node *k = &f->nodes[i];
        k->parent = parents[i];
        k->depth = parents[i] == BOXES_ROOT ? 0 : f->nodes[parents[i]].depth + 1;
        k->self = k->weight = self[i];
        k->start = (double)i;
        snprintf(k->label, sizeof k->label, "part-%zu", i);
        node_or_whole(f, parents[i])->children++;
    }
    for (size_t i = n; i-- > 0;) {
        struct node *up = node_or_whole(f, f->nodes[i].parent);
        up->weight += f->nodes[i].weight;
        if (f->nodes[i].parent != BOXES_ROOT)
            up->inside += 1 + f->nodes[i].inside;
    }
    for (size_t i = 0; i <= n; i++) {
        struct node *k = i == n ? &f->whole : &f->nodes[i];
        k->child = mem_array(k->children + 1, sizeof *k->child);
        k->children = 0;
    }
    for (size_t i = 0; i < n; i++) {
        struct node *up = node_or_whole(f, parents[i]);
        up->child[up->children++] = i;
    }
    weighed = f;
    for (size_t i = 0; i <= n; i++) {
        struct node *k = i == n ? &f->whole : &f->nodes[i];
        qsort(k->child, k->children, sizeof *k->child, heaviest);
    }
    return f;
}

static void forest_free(struct forest *f)
{
    for (size_t i = 0; i < f->n; i++)
        free(f->nodes[i].child);
    free(f->whole.child);
    free(f->nodes);
    free(f);
}

static struct world boxes_new(struct forest *f, enum boxes_shape shape, int w, int h, bool ascii)
{
    struct world k = world_new(SECTION_BOXES, w, h, ascii);
    k.s->boxes = (struct boxes){
        .shape = shape, .unit = UNIT_BYTES, .n = f->n, .end = (double)f->n + 4, .source = &FOREST, .ctx = f};
    return k;
}

static struct forest *some_forest(uint32_t *seed, size_t n)
{
    size_t *parents = mem_array(n + 1, sizeof *parents);
    double *self = mem_array(n + 1, sizeof *self);
    for (size_t i = 0; i < n; i++) {
        parents[i] = !i || next(seed) % 4 == 0 ? BOXES_ROOT : next(seed) % i;
        self[i] = next(seed) % 5 ? (double)(next(seed) % 1000) * (next(seed) % 9 ? 1 : 50) : 0;
    }
    struct forest *f = forest_new(n, parents, self);
    free(parents);
    free(self);
    return f;
}

static bool holds(struct rect a, struct rect b)
{
    return b.x >= a.x && b.y >= a.y && b.x + b.w <= a.x + a.w && b.y + b.h <= a.y + a.h;
}

static bool apart(struct rect a, struct rect b)
{
    return a.x >= b.x + b.w || b.x >= a.x + a.w || a.y >= b.y + b.h || b.y >= a.y + a.h;
}

static void check_places(const struct pane *p, struct forest *f, bool lines, int w, int h)
{
    size_t counted = p->places[0].hidden;
    for (size_t i = 1; i < p->n_places; i++) {
        const struct box_place *k = &p->places[i];
        assert_true(k->r.w > 0 && k->r.h > 0);
        assert_true(holds((struct rect){0, 0, w, h}, k->r));
        counted += k->gathered ? k->gathered : 1 + k->more + k->hidden;
        for (size_t j = 0; j < i; j++) { /* inside of what is around it, beside everything else */
            bool fine = apart(p->places[j].r, k->r) || (!lines && holds(p->places[j].r, k->r));
            assert_true(fine);
        }
        if (lines && !k->gathered) { /* an icicle's widths are those of the weights */
            double want = f->nodes[k->box].weight / f->whole.weight * w;
            assert_true(fabs(want - k->r.w) <= 1);
        }
    }
    assert_int_equal(counted, f->n);
}

static void every_box_is_drawn_or_counted(void **state)
{
    (void)state;
    uint32_t seed = 11;
    for (int round = 0; round < 400; round++) {
        struct forest *f = some_forest(&seed, 1 + next(&seed) % 200);
        int w = 1 + (int)(next(&seed) % 100), h = 1 + (int)(next(&seed) % 40);
        for (enum boxes_shape shape = BOXES_TREEMAP; shape <= BOXES_FLAME; shape++) {
            struct world k = boxes_new(f, shape, w, h, round % 2);
            boxes_layout(&k.s->boxes, BOXES_ROOT, w, h, k.p);
            check_places(k.p, f, shape != BOXES_TREEMAP, w, h);
            free_draw(&k);
            world_free(&k);
        }
        forest_free(f);
    }
}

/* Areas of the outermost boxes against their weights: each edge is within half a cell. */
static void treemap_areas_are_those_of_the_weights(void **state)
{
    (void)state;
    static const double self[] = {400, 300, 200, 100, 50, 50, 50, 25, 25};
    size_t parents[ARRAY_LEN(self)];
    for (size_t i = 0; i < ARRAY_LEN(self); i++)
        parents[i] = BOXES_ROOT;
    struct forest *f = forest_new(ARRAY_LEN(self), parents, self);
    struct world k = boxes_new(f, BOXES_TREEMAP, 82, 26, false);
    boxes_layout(&k.s->boxes, BOXES_ROOT, 82, 26, k.p);
    assert_int_equal(k.p->n_places, 1 + ARRAY_LEN(self));
    for (size_t i = 1; i < k.p->n_places; i++) {
        struct rect r = k.p->places[i].r;
        double want = self[k.p->places[i].box] / 1200 * 80 * 24;
        assert_true(fabs((double)(r.w * r.h) - want) <= (r.w + r.h) / 2.0 + 1);
    }
    world_free(&k);
    forest_free(f);
}

static void a_hundred_thousand_boxes_cost_what_is_seen_of_them(void **state)
{
    (void)state;
    enum { N = 100000, CELLS = 80 * 24 };
    size_t *parents = mem_array(N, sizeof *parents);
    double *self = mem_array(N, sizeof *self);
    for (int form = 0; form < 3; form++) { /* beside each other, in each other, both */
        for (size_t i = 0; i < N; i++) {
            parents[i] = form == 0 || !i ? BOXES_ROOT : form == 1 ? MIN(i - 1, i / 2 + 400) : (i - 1) / 8;
            parents[i] = i && form == 1 ? i - 1 : parents[i];
            self[i] = 1 + (double)(i % 1000);
        }
        struct forest *f = forest_new(N, parents, self);
        for (enum boxes_shape shape = BOXES_TREEMAP; shape <= BOXES_WATERFALL; shape++) {
            struct world k = boxes_new(f, shape, 80, 24, false);
            asked = 0;
            char *text = draw(&k, true);
            assert_true(asked <= 20 * CELLS);
            assert_non_null(strstr(text, shape == BOXES_WATERFALL ? "99977 below" : "of 100000 boxes shown"));
            free(text);
            world_free(&k);
        }
        forest_free(f);
    }
    free(parents);
    free(self);
}

static struct forest *bundle(void)
{
    static const char *const names[] = {"node_modules", "src",   "react-dom", "lodash",  "moment", "locales",
                                        "app.js",       "views", "cart.js",   "list.js", "a.css",  "b.css"};
    static const size_t parents[] = {BOXES_ROOT, BOXES_ROOT, 0, 0, 0, 4, 1, 1, 7, 7, 1, 1};
    static const double self[] = {0, 5e3, 130e3, 70e3, 60e3, 40e3, 30e3, 0, 12e3, 9e3, 300, 200};
    struct forest *f = forest_new(ARRAY_LEN(names), parents, self);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        snprintf(f->nodes[i].label, sizeof f->nodes[i].label, "%s", names[i]);
    return f;
}

static void enter_goes_in_and_escape_comes_back(void **state)
{
    (void)state;
    struct forest *f = bundle();
    struct world k = boxes_new(f, BOXES_TREEMAP, 80, 24, false);
    const struct section_ops *ops = section_ops(k.s);
    section_apply(k.s, k.p);
    free_draw(&k);
    assert_false(ops->leave(k.s, k.p)); /* all of it is there */
    section_select(k.s, k.p, 1);        /* the heaviest */
    assert_true(ops->enter(k.s, k.p));
    char *text = draw(&k, true);
    assert_null(strstr(text, "cart.js"));
    assert_non_null(strstr(text, "locales"));
    free(text);
    assert_true(ops->leave(k.s, k.p));
    assert_int_equal(k.p->places[k.p->selected].box, 0); /* the cursor is where one came from */
    struct strbuf b = {0};
    section_item_text(k.s, k.p, (size_t)k.p->selected, &b);
    assert_string_equal(b.text, "node_modules: 300 kB, 84.2 %, 4 in it");
    strbuf_free(&b);
    for (int y = 0; y < 24; y++) /* each cell is of the whole, at least */
        for (int x = 0; x < 80; x++)
            assert_true(y == 23 || ops->hit((struct rect){0, 0, 80, 24}, k.s, k.p, x, y) >= 0);
    world_free(&k);
    forest_free(f);
}

/* ---- flows ---- */

struct net {
    size_t n_nodes, n_edges;
    const char *const *labels;
    const double (*edges)[3];
};

static void net_node(void *ctx, size_t i, struct flow_node *n)
{
    const struct net *k = ctx;
    *n = (struct flow_node){.label = k->labels ? k->labels[i] : "node"};
    for (size_t e = 0; e < k->n_edges; e++)
        if (k->edges[e][0] == (double)i || k->edges[e][1] == (double)i)
            n->weight = fmax(n->weight, k->edges[e][2]);
}

static void net_edge(void *ctx, size_t i, struct flow_edge *e)
{
    const struct net *k = ctx;
    *e = (struct flow_edge){(size_t)k->edges[i][0], (size_t)k->edges[i][1], k->edges[i][2]};
}

static const struct flow_source NET = {.node = net_node, .edge = net_edge, .identity = forest_identity};

static struct world flow_new(struct net *n, int w, int h, bool ascii)
{
    struct world k = world_new(SECTION_FLOW, w, h, ascii);
    k.s->flow = (struct flow){
        .unit = UNIT_PER_S, .n_nodes = n->n_nodes, .n_edges = n->n_edges, .source = &NET, .ctx = n};
    return k;
}

static const char *const SERVICES[] = {"web", "api", "auth", "orders", "postgres", "redis", "mail"};
static const double CALLS[][3] = {{0, 1, 900}, {1, 2, 800}, {1, 3, 120}, {2, 5, 800},
                                  {3, 4, 300}, {3, 6, 4},   {6, 1, 1}};

static void flows_draw_or_count_all(void **state)
{
    (void)state;
    uint32_t seed = 3;
    for (int round = 0; round < 300; round++) { /* cycles, loops, edges to nowhere */
        double edges[60][3];
        struct net n = {
            .n_nodes = 1 + next(&seed) % 30, .n_edges = next(&seed) % 60, .edges = (const double(*)[3])edges};
        for (size_t i = 0; i < n.n_edges; i++) {
            edges[i][0] = next(&seed) % (n.n_nodes + 1);
            edges[i][1] = next(&seed) % (n.n_nodes + 1);
            edges[i][2] = next(&seed) % 1000;
        }
        struct world k = flow_new(&n, 1 + (int)(next(&seed) % 120), 1 + (int)(next(&seed) % 30), round % 2);
        free_draw(&k);
        size_t nodes = 0;
        for (size_t i = 0; i < k.p->n_places; i++)
            nodes += k.p->places[i].gathered ? k.p->places[i].gathered : 1;
        assert_true(nodes <= n.n_nodes);
        if (k.g->width >= 120 * 30) /* all layers have room */
            assert_int_equal(nodes, n.n_nodes);
        for (enum section_move m = MOVE_UP; m <= MOVE_LAST; m++) {
            section_ops(k.s)->move(k.s, k.p, m);
            free_draw(&k);
        }
        world_free(&k);
    }
}

static void the_cursor_reaches_every_layer(void **state)
{
    (void)state;
    struct net n = {ARRAY_LEN(SERVICES), ARRAY_LEN(CALLS), SERVICES, CALLS};
    struct world k = flow_new(&n, 40, 12, false);
    free_draw(&k);
    section_select(k.s, k.p, 0);
    for (int i = 0; i < 6; i++) {
        section_ops(k.s)->move(k.s, k.p, MOVE_RIGHT);
        free_draw(&k);
    }
    char *text = draw(&k, true);
    assert_non_null(strstr(text, "postgres"));
    assert_null(strstr(text, "web"));
    free(text);
    for (int i = 0; i < 6; i++)
        section_ops(k.s)->move(k.s, k.p, MOVE_LEFT);
    struct strbuf b = {0};
    section_item_text(k.s, k.p, (size_t)k.p->selected, &b);
    assert_string_equal(b.text, "web: 900/s; to api 900/s");
    strbuf_free(&b);
    world_free(&k);
}

/* ---- pictures ---- */

static void same_picture(const char *name, const char *text)
{
    char path[100];
    struct sd_error err;
    snprintf(path, sizeof path, "tests/data/sections/%s.txt", name);
    if (getenv("SLOWDIVE_WRITE")) {
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        fputs(text, f);
        fclose(f);
        return;
    }
    char *want;
    size_t len;
    assert_true(file_read(path, 1 << 20, &want, &len, &err));
    assert_string_equal(text, want);
    free(want);
}

static void pictures_of_boxes_and_flows(void **state)
{
    (void)state;
    static const char *const names[] = {"treemap", "icicle", "flame", "waterfall", "flow"};
    static const int sizes[][2] = {{80, 24}, {30, 7}, {9, 3}, {3, 1}};
    for (size_t shape = 0; shape < ARRAY_LEN(names); shape++) {
        struct strbuf b = {0};
        for (int ascii = 0; ascii < 2; ascii++)
            for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
                struct forest *f = bundle();
                struct net n = {ARRAY_LEN(SERVICES), ARRAY_LEN(CALLS), SERVICES, CALLS};
                struct world k = shape == 4
                                     ? flow_new(&n, sizes[i][0], sizes[i][1], ascii)
                                     : boxes_new(f, (enum boxes_shape)shape, sizes[i][0], sizes[i][1], ascii);
                for (size_t j = 0; j < f->n; j++) /* a waterfall needs lengths that fit its axis */
                    if (shape == 3)
                        f->nodes[j].weight = 1 + (double)(j % 4);
                char *text = draw(&k, i == 0);
                strbuf_printf(&b, "== %s %dx%d\n%s", ascii ? "ascii" : "utf8", sizes[i][0], sizes[i][1],
                              text);
                free(text);
                world_free(&k);
                forest_free(f);
            }
        same_picture(names[shape], b.text);
        strbuf_free(&b);
    }
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_table_costs_what_is_seen_of_it),
        cmocka_unit_test(the_cursor_follows_a_number),
        cmocka_unit_test(sorting_is_as_comparing_says),
        cmocka_unit_test(tree_lines_are_those_of_later_siblings),
        cmocka_unit_test(every_box_is_drawn_or_counted),
        cmocka_unit_test(treemap_areas_are_those_of_the_weights),
        cmocka_unit_test(a_hundred_thousand_boxes_cost_what_is_seen_of_them),
        cmocka_unit_test(enter_goes_in_and_escape_comes_back),
        cmocka_unit_test(flows_draw_or_count_all),
        cmocka_unit_test(the_cursor_reaches_every_layer),
        cmocka_unit_test(pictures_of_boxes_and_flows),
    };
    return cmocka_run_group_tests_name("sections", tests, NULL, NULL);
}

/* Rows by place: those built and those of a source, and the index over them. */
#include "core/table.h"

#include <stdlib.h>

size_t table_rows(const struct table *t)
{
    return t->order ? t->n_order : t->n_rows;
}

size_t table_number(const struct table *t, size_t place)
{
    return t->order ? t->order[place] : place;
}

const struct row *table_row_numbered(const struct table *t, size_t number)
{
    if (!t->source)
        return &t->rows[number];
    struct cell *cells = t->scratch->cells;
    for (size_t c = 0; c < t->n_columns; c++)
        cells[c] = cell_unknown();
    *t->scratch = (struct row){.cells = cells};
    t->source->row(t->ctx, number, t->scratch);
    return t->scratch;
}

const struct row *table_row(const struct table *t, size_t place)
{
    return table_row_numbered(t, table_number(t, place));
}

/* ---- identity ---- */

/* Where the row leads says best what it is; otherwise its number or its first text. */
static uint64_t row_hash(const struct table *t, const struct row *r)
{
    struct strbuf b = {0};
    if (r->id)
        return r->id;
    if (r->dive.view && r->dive.arg)
        strbuf_printf(&b, "%s/%s", r->dive.view, r->dive.arg);
    for (size_t c = 0; c < t->n_columns; c++) {
        if (r->cells[c].type == CELL_TEXT && !r->dive.arg) {
            strbuf_printf(&b, "/%s", r->cells[c].s);
            break;
        }
        if (r->cells[c].type == CELL_INT &&
            (!strcmp(t->columns[c].key, "id") || !strcmp(t->columns[c].key, "pid"))) {
            strbuf_printf(&b, "/%lld", (long long)r->cells[c].i);
            break;
        }
    }
    uint64_t h = str_hash(strbuf_text(&b), b.len);
    strbuf_free(&b);
    return h ? h : 1;
}

/* Of rows about one thing the later ones get numbers of their own: a set of those seen, and
 * how often, by open addressing. */
static void number_rows(struct table *t)
{
    struct seen {
        uint64_t id;
        uint32_t times;
    };
    size_t size = 16;
    while (size < t->n_rows * 2)
        size *= 2;
    struct seen *seen = mem_array(size, sizeof *seen);
    t->ids = mem_array(t->n_rows + 1, sizeof *t->ids);
    for (size_t i = 0; i < t->n_rows; i++) {
        uint64_t id = row_hash(t, &t->rows[i]);
        size_t at = (id ^ id >> 32) & (size - 1);
        while (seen[at].id && seen[at].id != id)
            at = (at + 1) & (size - 1);
        seen[at].id = id;
        uint32_t nth = seen[at].times++;
        t->ids[i] = nth ? str_hash(&(uint64_t[]){id, nth}, 2 * sizeof id) : id;
    }
    free(seen);
}

uint64_t table_identity_numbered(struct table *t, size_t number)
{
    if (t->source)
        return t->source->identity(t->ctx, number);
    if (!t->ids)
        number_rows(t);
    return t->ids[number];
}

uint64_t table_identity(struct table *t, size_t place)
{
    return table_identity_numbered(t, table_number(t, place));
}

size_t table_find(struct table *t, uint64_t id)
{
    size_t n = table_rows(t);
    for (size_t i = 0; i < n; i++)
        if (table_identity(t, i) == id)
            return i;
    return TABLE_NONE;
}

/* ---- trees ---- */

static void tree_free(struct table *t)
{
    if (!t->tree)
        return;
    free(t->tree->up);
    free(t->tree->later);
    free(t->tree);
    t->tree = NULL;
}

const struct table_tree *table_tree(struct table *t)
{
    size_t n = table_rows(t);
    if (t->tree && t->tree->n == n)
        return t->tree;
    tree_free(t);
    struct table_tree *k = t->tree = mem_alloc(sizeof *k);
    *k = (struct table_tree){.n = n, .up = mem_array(n + 1, sizeof *k->up), .later = mem_array(n + 1, 1)};
    /* last: the row just above, whose chain of parents holds this one's. */
    uint32_t last = TREE_TOP;
    uint32_t *depth = mem_array(n + 1, sizeof *depth), *sibling = mem_array(n + 1, sizeof *sibling);
    uint32_t top = TREE_TOP; /* the last row without a parent */
    for (size_t i = 0; i < n; i++) {
        depth[i] = (uint32_t)MAX(table_row(t, i)->depth, 0);
        sibling[i] = TREE_TOP; /* of row i: its last child so far */
        while (last != TREE_TOP && depth[last] >= depth[i])
            last = k->up[last];
        k->up[i] = last;
        uint32_t *before = last == TREE_TOP ? &top : &sibling[last];
        if (*before != TREE_TOP)
            k->later[*before] = true;
        *before = last = (uint32_t)i;
    }
    free(depth);
    free(sibling);
    return k;
}

/* ---- the index ---- */

static void show_all(struct table *t)
{
    free(t->order);
    t->order = NULL;
    t->n_order = 0;
    tree_free(t);
}

static void show(struct table *t, uint32_t *order, size_t n)
{
    show_all(t);
    t->order = order;
    t->n_order = n;
}

static bool is_folded(const struct table_choice *c, uint64_t id)
{
    for (size_t i = 0; i < c->n_folded; i++)
        if (c->folded[i] == id)
            return true;
    return false;
}

/* The rows below a folded one go. */
static size_t fold(struct table *t, const struct table_choice *c, uint32_t *order, size_t n)
{
    size_t out = 0;
    for (size_t i = 0; i < n;) {
        const struct row *r = table_row_numbered(t, order[i]);
        bool folded = r->closed;
        int depth = r->depth;
        if (c->n_folded && is_folded(c, table_identity_numbered(t, order[i])))
            folded = !folded;
        order[out++] = order[i++];
        while (folded && i < n && table_row_numbered(t, order[i])->depth > depth)
            i++;
    }
    return out;
}

/* The rows kept, in trees with their ancestors: those wait in `path` until a row below them is
 * kept. */
static size_t filter(struct table *t, const struct table_choice *c, uint32_t *order, size_t n)
{
    size_t out = 0, waiting = 0, cap = 0;
    struct ancestor {
        uint32_t number;
        int depth;
        bool shown;
    } *path = NULL;
    for (size_t i = 0; i < n; i++) {
        uint32_t number = order[i]; /* out <= i: nothing unread is written over */
        const struct row *r = table_row_numbered(t, number);
        int depth = r->depth;
        bool kept = c->keep(t, r, c->ctx);
        while (waiting && path[waiting - 1].depth >= depth)
            waiting--;
        if (kept)
            for (size_t k = 0; k < waiting; k++)
                if (!path[k].shown) {
                    order[out++] = path[k].number;
                    path[k].shown = true;
                }
        if (kept)
            order[out++] = number;
        path = mem_grow(path, waiting, &cap, sizeof *path);
        path[waiting++] = (struct ancestor){.number = number, .depth = depth, .shown = kept};
    }
    free(path);
    return out;
}

static bool any_closed(const struct table *t)
{
    for (size_t i = 0; !t->source && i < t->n_rows; i++)
        if (t->rows[i].closed)
            return true;
    return t->source && t->source->folds;
}

size_t table_choose(struct table *t, const struct table_choice *c)
{
    bool sorted = c->column >= 0 && (size_t)c->column < t->n_columns;
    size_t n = t->n_rows, hidden = 0;
    bool folds = c->n_folded || any_closed(t);
    if (!sorted && !c->keep && !folds) {
        show_all(t);
        return 0;
    }
    uint32_t *order = mem_array(n + 1, sizeof *order);
    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    if (c->keep) { /* first: fewer are sorted */
        size_t kept = filter(t, c, order, n);
        hidden = n - kept;
        n = kept;
    }
    if (sorted) {
        table_sort_numbers(t, c->column, c->reverse, order, n);
        t->sort_column = c->column;
        t->sort_reverse = c->reverse;
    }
    if (folds)
        n = fold(t, c, order, n);
    show(t, order, n);
    return hidden;
}

/* An outermost row that holds, and those below it. */
struct block {
    size_t first, n; /* places; n 0: none */
    bool spare;
};

/* The blocks that were there before into their slots, new ones after them; the slots with these. */
static size_t hold_slots(struct table *t, const uint64_t *before, size_t n_before, struct block *slots)
{
    size_t n = table_rows(t), out = n_before;
    for (size_t i = 0, end; i < n; i = end) {
        const struct row *r = table_row(t, i);
        bool spare = r->hold == HOLD_SPARE, holds = r->hold != HOLD_NOT;
        for (end = i + 1; end < n && table_row(t, end)->depth > 0;)
            end++;
        if (!holds)
            continue;
        uint64_t id = table_identity(t, i);
        size_t was = 0;
        while (was < n_before && before[was] != id)
            was++;
        if (was == n_before && spare)
            continue;
        slots[was < n_before ? was : out++] = (struct block){.first = i, .n = end - i, .spare = spare};
    }
    return out;
}

/* Slots that are free first, then those of spare rows. */
static void fill_slots(struct block *slots, size_t n_before, size_t n)
{
    size_t next = n_before;
    for (int spare = 0; spare < 2; spare++)
        for (size_t i = 0; i < n_before && next < n; i++)
            if (spare ? slots[i].spare : !slots[i].n) {
                slots[i] = slots[next];
                slots[next++].n = 0;
            }
}

void table_hold(struct table *t, const uint64_t *before, size_t n_before)
{
    size_t n = table_rows(t), out = 0;
    struct block *slots = mem_array(n_before + n + 1, sizeof *slots);
    uint32_t *order = mem_array(n + 1, sizeof *order);
    size_t n_slots = hold_slots(t, before, n_before, slots);
    fill_slots(slots, n_before, n_slots);
    bool held = false;
    for (size_t i = 0; i < n; i++) {
        const struct row *r = table_row(t, i);
        held = r->depth > 0 ? held : r->hold != HOLD_NOT;
        if (!held)
            order[out++] = (uint32_t)table_number(t, i);
    }
    for (size_t b = 0; b < n_slots; b++)
        for (size_t k = 0; k < slots[b].n; k++)
            order[out++] = (uint32_t)table_number(t, slots[b].first + k);
    free(slots);
    show(t, order, out);
}

void table_sort(struct table *t, int column, bool reverse)
{
    size_t n = table_rows(t);
    if (column < 0 || (size_t)column >= t->n_columns)
        return;
    uint32_t *order = mem_array(n + 1, sizeof *order);
    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)table_number(t, i);
    table_sort_numbers(t, column, reverse, order, n);
    t->sort_column = column;
    t->sort_reverse = reverse;
    if (t->source || t->order) {
        show(t, order, n);
        return;
    }
    struct row *rows = mem_array(n, sizeof *rows);
    for (size_t i = 0; i < n; i++)
        rows[i] = t->rows[order[i]];
    if (n)
        memcpy(t->rows, rows, n * sizeof *rows);
    free(rows);
    free(order);
    free(t->ids);
    t->ids = NULL;
    tree_free(t);
}

void table_limit(struct table *t, size_t n)
{
    size_t *rows = t->order ? &t->n_order : &t->n_rows;
    *rows = MIN(*rows, n);
}

void table_free(struct table *t)
{
    show_all(t);
    free(t->ids);
    t->ids = NULL;
}

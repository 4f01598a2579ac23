#include "core/doc_compare.h"

#include "core/table.h"

#include <stdlib.h>

#define PREFIX "baseline_"

enum { CHANGES = 2 };
static const struct column CHANGE_COLUMNS[CHANGES] = {
    {.key = "change",
     .title = "Change",
     .flags = COLUMN_LEFT | COLUMN_NO_JSON,
     .width = 8,
     .help = "of the column that the table is sorted by: x2.1, +35 %; new: it is not in the baseline"},
    {.key = "change_share",
     .title = "Change",
     .unit = UNIT_SHARE,
     .flags = COLUMN_HIDDEN,
     .priority = 9,
     .help = "that figure / its baseline - 1; null when one of them is unknown or the baseline is 0"},
};

static const struct column ONLY[] = {
    {.key = "rows_of", .title = "Of", .flags = COLUMN_LEFT, .help = "the key of the table it was in"},
    {.key = "name", .title = "Only in the baseline", .flags = COLUMN_LEFT | COLUMN_GROW, .help = "its name"},
    {.key = "figure", .title = "Figure", .flags = COLUMN_LEFT, .help = "the column that table is sorted by"},
    {.key = "before_text", .title = "Before", .help = "that figure in the baseline, as text"},
};

/* ---- which section, which columns ---- */

static bool is_number(struct cell c)
{
    return c.type == CELL_INT || c.type == CELL_REAL;
}

static double number_of(struct cell c)
{
    return c.type == CELL_INT ? (double)c.i : c.type == CELL_REAL ? c.f : (double)NAN;
}

/* The section of the baseline that shows the same: the n-th of that kind and key for the n-th. */
static struct section *section_beside(struct doc *before, const struct doc *now, size_t number)
{
    const struct section *s = &now->sections[number];
    size_t nth = 0;
    for (size_t i = 0; i < number; i++)
        nth += now->sections[i].kind == s->kind && str_eq(now->sections[i].key, s->key);
    for (size_t i = 0; i < before->n_sections; i++) {
        struct section *b = &before->sections[i];
        if (b->kind == s->kind && str_eq(b->key, s->key) && nth-- == 0)
            return b;
    }
    return NULL;
}

static bool has_numbers(const struct table *t, size_t column)
{
    for (size_t i = 0; i < table_rows(t); i++)
        if (is_number(table_row(t, i)->cells[column]))
            return true;
    return false;
}

struct known_row {
    uint64_t id;
    size_t place;
    bool found;
};

struct comparison {
    const struct table *before; /* NULL: the baseline has no such table */
    struct known_row *rows;     /* of it, by id */
    size_t n_rows;
    size_t *columns; /* those of numbers */
    int *in_before;  /* the same columns there; -1: it has none */
    size_t n;
    size_t main; /* the one whose change is told, in `columns`; TABLE_NONE: none */
};

static bool compared(const struct table *t, size_t column)
{
    const struct column *c = &t->columns[column];
    return !(c->flags & COLUMN_NO_JSON) && c->unit != UNIT_TIME && c->unit != UNIT_NONE &&
           has_numbers(t, column);
}

/* Sorted by it, or else the first that is seen. */
static void choose_columns(struct comparison *c, const struct table *t)
{
    c->columns = mem_array(t->n_columns + 1, sizeof *c->columns);
    c->in_before = mem_array(t->n_columns + 1, sizeof *c->in_before);
    c->main = TABLE_NONE;
    for (size_t i = 0; i < t->n_columns; i++) {
        if (!compared(t, i))
            continue;
        c->columns[c->n] = i;
        c->in_before[c->n] = c->before ? table_column(c->before, t->columns[i].key) : -1;
        bool first = c->main == TABLE_NONE && !(t->columns[i].flags & COLUMN_HIDDEN);
        if (first || (int)i == t->sort_column)
            c->main = c->n;
        c->n++;
    }
}

/* ---- rows of the baseline by what they are about ---- */

static int by_id(const void *a, const void *b)
{
    uint64_t x = ((const struct known_row *)a)->id, y = ((const struct known_row *)b)->id;
    return (x > y) - (x < y);
}

static void know_rows(struct comparison *c, struct table *before)
{
    c->before = before;
    c->n_rows = before ? table_rows(before) : 0;
    c->rows = mem_array(c->n_rows + 1, sizeof *c->rows);
    for (size_t i = 0; i < c->n_rows; i++)
        c->rows[i] = (struct known_row){.id = table_identity(before, i), .place = i};
    qsort(c->rows, c->n_rows, sizeof *c->rows, by_id);
}

/* NULL: the baseline has no such row. */
static const struct row *row_before(struct comparison *c, uint64_t id)
{
    struct known_row *k = bsearch(&(struct known_row){.id = id}, c->rows, c->n_rows, sizeof *k, by_id);
    if (!k)
        return NULL;
    k->found = true;
    return table_row(c->before, k->place);
}

/* ---- the new columns ---- */

static const struct column *columns_beside(struct doc *d, const struct comparison *c, const struct table *t)
{
    size_t n = t->n_columns + c->n + CHANGES;
    struct column *columns = arena_alloc(d->arena, n * sizeof *columns), *out = columns + t->n_columns;
    memcpy(columns, t->columns, t->n_columns * sizeof *columns);
    for (size_t i = 0; i < c->n; i++) {
        const struct column *of = &t->columns[c->columns[i]];
        bool main = i == c->main;
        *out++ = (struct column){.key = doc_printf(d, PREFIX "%s", of->key),
                                 .title = doc_printf(d, "%s before", of->title),
                                 .unit = of->unit,
                                 .flags = main ? of->flags & COLUMN_ASCENDING : COLUMN_HIDDEN,
                                 .priority = main ? 0 : 9,
                                 .help = of->help};
    }
    memcpy(out, CHANGE_COLUMNS, sizeof CHANGE_COLUMNS);
    if (c->main == TABLE_NONE)
        out[0].flags |= COLUMN_HIDDEN;
    return columns;
}

static const char *change_text(struct doc *d, const struct row *was, double before, double now)
{
    if (!was)
        return "new";
    if (!isfinite(before) || !isfinite(now) || before <= 0)
        return NULL;
    double ratio = now / before;
    return ratio >= 2 ? doc_printf(d, "x%.*f", ratio < 10 ? 1 : 0, ratio)
                      : doc_printf(d, "%+.0f %%", (ratio - 1) * 100);
}

static struct cell *cells_beside(struct doc *d, struct comparison *c, const struct table *t,
                                 const struct row *r, uint64_t id)
{
    struct cell *cells = arena_alloc(d->arena, (t->n_columns + c->n + CHANGES) * sizeof *cells);
    struct cell *out = cells + t->n_columns;
    const struct row *was = row_before(c, id);
    double before = NAN, now = NAN;
    memcpy(cells, r->cells, t->n_columns * sizeof *cells);
    for (size_t i = 0; i < c->n; i++) {
        struct cell then = was && c->in_before[i] >= 0 ? was->cells[c->in_before[i]] : cell_unknown();
        out[i] = is_number(then) ? then : cell_unknown();
        if (i == c->main) {
            before = number_of(then);
            now = number_of(cells[c->columns[i]]);
        }
    }
    out[c->n] = cell_text(c->before ? change_text(d, was, before, now) : NULL);
    out[c->n + 1] = cell_real(before > 0 ? now / before - 1 : (double)NAN);
    return cells;
}

/* ---- tables ---- */

static const char *name_of(struct doc *d, const struct row *r, const struct table *t)
{
    if (r->dive.arg)
        return doc_text(d, r->dive.arg);
    for (size_t i = 0; i < t->n_columns; i++)
        if (r->cells[i].type == CELL_TEXT)
            return doc_text(d, r->cells[i].s);
    return "?";
}

static void only_before(struct doc *d, const struct comparison *c, const char *key, struct table *list)
{
    for (size_t i = 0; i < c->n_rows; i++) {
        if (c->rows[i].found)
            continue;
        const struct row *was = table_row(c->before, c->rows[i].place);
        struct row *r = doc_row(d, list);
        r->cells[0] = cell_text(key);
        r->cells[1] = cell_text(name_of(d, was, c->before));
        int main = c->main == TABLE_NONE ? -1 : c->in_before[c->main];
        if (main < 0)
            continue;
        struct strbuf b = {0};
        cell_format(&c->before->columns[main], was->cells[main], &b);
        r->cells[2] = cell_text(c->before->columns[main].title);
        r->cells[3] = cell_text(doc_text(d, strbuf_text(&b)));
        strbuf_free(&b);
    }
}

static void compare_table(struct doc *d, struct section *s, struct section *before, struct table *gone)
{
    struct comparison c = {0};
    struct table *t = &s->table;
    size_t n = table_rows(t);
    know_rows(&c, before ? &before->table : NULL);
    choose_columns(&c, t);
    struct row *rows = arena_alloc(d->arena, (n + 1) * sizeof *rows);
    for (size_t i = 0; i < n; i++) {
        uint64_t id = table_identity(t, i);
        rows[i] = *table_row(t, i);
        rows[i].id = id;
        rows[i].cells = cells_beside(d, &c, t, &rows[i], id);
    }
    only_before(d, &c, s->key, gone);
    struct table beside = {.columns = columns_beside(d, &c, t),
                           .n_columns = t->n_columns + c.n + CHANGES,
                           .rows = rows,
                           .n_rows = n,
                           .cap_rows = n,
                           .sort_column = t->sort_column,
                           .sort_reverse = t->sort_reverse};
    table_free(t);
    *t = beside;
    free(c.rows);
    free(c.columns);
    free(c.in_before);
}

/* ---- fields ---- */

static const struct field *field_of(const struct section *s, const char *key)
{
    for (size_t i = 0; s && key && i < s->fields.n; i++)
        if (str_eq(s->fields.items[i].key, key))
            return &s->fields.items[i];
    return NULL;
}

static void compare_fields(struct doc *d, struct section *s, const struct section *before)
{
    size_t n = s->fields.n;
    struct field *was = s->fields.items;
    s->fields.items = NULL;
    s->fields.n = s->fields.cap = 0;
    for (size_t i = 0; i < n; i++) {
        const struct field *f = &was[i], *b = field_of(before, f->key);
        section_field(d, s, f->key, f->label, f->unit, f->value);
        s->fields.items[s->fields.n - 1] = *f;
        if (!f->key || f->unit == UNIT_TIME || !(is_number(f->value) || (b && is_number(b->value))))
            continue;
        section_field(d, s, doc_printf(d, PREFIX "%s", f->key),
                      f->label ? doc_printf(d, "%s before", f->label) : NULL, f->unit,
                      b && is_number(b->value) ? b->value : cell_unknown());
    }
}

void doc_compare(struct doc *now, struct doc *before)
{
    struct table *gone = doc_list(now, ONLY, ARRAY_LEN(ONLY));
    for (size_t i = 0; i < now->n_sections; i++) {
        struct section *s = &now->sections[i], *b = section_beside(before, now, i);
        if (s->kind == SECTION_TABLE && s->key)
            compare_table(now, s, b, gone);
        else if (s->kind == SECTION_FIELDS)
            compare_fields(now, s, b);
    }
    struct section *s = doc_table(now, PREFIX "only", "Only in the baseline", ONLY, ARRAY_LEN(ONLY));
    s->table.rows = gone->rows;
    s->table.n_rows = gone->n_rows;
    s->table.cap_rows = gone->cap_rows;
    s->empty = "Nothing: all of its rows are here, too.";
}

#include "core/doc.h"

#include "base/clock.h"
#include "core/table.h"

#include <stdlib.h>

const char *severity_name(enum severity s)
{
    static const char *const names[] = {"", "good", "info", "warn", "bad"};
    return (size_t)s < ARRAY_LEN(names) ? names[s] : "";
}

struct doc *doc_new(const char *view, const char *title)
{
    struct doc *d = mem_alloc(sizeof *d);
    d->arena = arena_new();
    d->view = doc_text(d, view);
    d->title = doc_text(d, title);
    return d;
}

void doc_free(struct doc *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->n_sections; i++)
        if (section_has_rows(&d->sections[i]))
            table_free(&d->sections[i].table);
    if (d->drop)
        d->drop(d->owned);
    free(d->passages);
    arena_free(d->arena);
    free(d);
}

void doc_own(struct doc *d, void *p, void (*drop)(void *p))
{
    d->owned = p;
    d->drop = drop;
}

const char *section_text(struct doc *d, struct section *s)
{
    if (s->kind == SECTION_TEXT && !s->text && s->write)
        s->text = s->write(d, s->write_ctx);
    return s->text;
}

const char *section_remark(struct arena *a, const struct section *s)
{
    const char *note = s->note && *s->note ? s->note : NULL;
    return s->lost && note ? arena_printf(a, "%s; %s", s->lost, note) : s->lost ? s->lost : note;
}

size_t section_shown_at(const struct section *s, size_t at)
{
    static const char SPACE[] = " \t\r\n\f\v";
    const char *t = s->text, *p = s->shown;
    if (!t || !p)
        return at;
    for (size_t i = 0; i < at && t[i]; i++)
        if (!strchr(SPACE, t[i])) {
            p += strspn(p, SPACE);
            p += *p != '\0';
        }
    if (t[at] && !strchr(SPACE, t[at]))
        p += strspn(p, SPACE);
    return (size_t)(p - s->shown);
}

void mixed_add(struct mixed_text *m, const struct text_language *l, const char *text)
{
    if (!text)
        return;
    if (m->n < ARRAY_LEN(m->items))
        m->items[m->n++] = (struct text_passage){.start = m->b.len, .len = strlen(text), .language = l};
    strbuf_str(&m->b, text);
}

const char *mixed_done(struct doc *d, struct mixed_text *m)
{
    const char *text = m->b.len ? doc_text(d, m->b.text) : NULL;
    for (size_t i = 0; text && i < m->n; i++) {
        d->passages = mem_grow(d->passages, d->n_passages, &d->cap_passages, sizeof *d->passages);
        d->passages[d->n_passages] = m->items[i];
        d->passages[d->n_passages++].of = text;
    }
    strbuf_free(&m->b);
    *m = (struct mixed_text){.n = 0};
    return text;
}

size_t doc_spans(const struct doc *d, const char *of, struct text_span *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n_passages && n < max; i++) {
        const struct text_passage *p = &d->passages[i];
        if (p->of != of)
            continue;
        char *part = mem_strndup(of + p->start, p->len);
        size_t more = p->language->spans(part, out + n, max - n);
        for (size_t k = n; k < n + more; k++)
            out[k].start += p->start;
        n += more;
        free(part);
    }
    return n;
}

const char *doc_text(struct doc *d, const char *s)
{
    return arena_strdup(d->arena, s);
}

const char *doc_take(struct doc *d, struct strbuf *b)
{
    size_t size = b->len + 1;
    char *text = strbuf_detach(b);
    arena_adopt(d->arena, text, size);
    return text;
}

const char *doc_printf(struct doc *d, const char *fmt, ...)
{
    struct strbuf b = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&b, fmt, ap);
    va_end(ap);
    const char *text = doc_text(d, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}

/* Everything lies in the arena, so that one free ends a doc; a growing list leaves its
 * old copies there, at most as much again as it is long. */
static void *grow(struct doc *d, void *items, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return items;
    size_t want = *cap ? *cap * 2 : 8;
    void *bigger = arena_alloc(d->arena, want * size);
    if (n)
        memcpy(bigger, items, n * size);
    *cap = want;
    return bigger;
}

struct section *doc_section(struct doc *d, enum section_kind kind, const char *key, const char *title)
{
    d->sections = grow(d, d->sections, d->n_sections, &d->cap_sections, sizeof *d->sections);
    struct section *s = &d->sections[d->n_sections++];
    *s = (struct section){.kind = kind, .key = doc_text(d, key), .title = doc_text(d, title)};
    if (section_has_rows(s))
        s->table.sort_column = -1;
    return s;
}

struct section *doc_table(struct doc *d, const char *key, const char *title, const struct column *columns,
                          size_t n_columns)
{
    struct section *s = doc_section(d, SECTION_TABLE, key, title);
    s->table.columns = columns;
    s->table.n_columns = n_columns;
    return s;
}

void doc_rows(struct doc *d, struct table *t, const struct table_source *source, void *ctx, size_t n)
{
    t->source = source;
    t->ctx = ctx;
    t->n_rows = MIN(n, UINT32_MAX - 1);
    t->scratch = arena_alloc(d->arena, sizeof *t->scratch);
    t->scratch->cells = arena_alloc(d->arena, t->n_columns * sizeof *t->scratch->cells);
}

void doc_room(struct doc *d, struct table *t, size_t n)
{
    t->rows = arena_alloc(d->arena, n * sizeof *t->rows);
    t->cap_rows = n;
}

struct row *doc_row(struct doc *d, struct table *t)
{
    t->rows = grow(d, t->rows, t->n_rows, &t->cap_rows, sizeof *t->rows);
    struct row *r = &t->rows[t->n_rows++];
    *r = (struct row){.cells = arena_alloc(d->arena, t->n_columns * sizeof *r->cells)};
    return r;
}

struct table *doc_list(struct doc *d, const struct column *columns, size_t n_columns)
{
    struct table *t = arena_alloc(d->arena, sizeof *t);
    *t = (struct table){.columns = columns, .n_columns = n_columns, .sort_column = -1};
    return t;
}

struct graph_line *doc_line(struct doc *d, struct graph *g, const char *name)
{
    g->lines = grow(d, g->lines, g->n_lines, &g->cap_lines, sizeof *g->lines);
    struct graph_line *l = &g->lines[g->n_lines++];
    l->name = doc_text(d, name);
    l->share = l->whole = NAN;
    l->values = arena_alloc(d->arena, g->n_points * sizeof *l->values);
    for (size_t i = 0; i < g->n_points; i++)
        l->values[i] = NAN;
    return l;
}

void graph_label(const struct graph *g, const struct graph_line *l, struct strbuf *out)
{
    if (g->stacked) {
        strbuf_str(out, l->name);
        return;
    }
    static const char *const units[] = {"_ns", "_per_s", "_bytes", "_share"};
    size_t n = strlen(l->name);
    for (size_t i = 0; i < ARRAY_LEN(units); i++)
        if (n > strlen(units[i]) && str_ends(l->name, units[i])) {
            n -= strlen(units[i]);
            break;
        }
    for (size_t i = 0; i < n; i++)
        strbuf_char(out, l->name[i] == '_' ? ' ' : l->name[i]);
}

double graph_sum(const struct graph *g, size_t point)
{
    double sum = NAN;
    for (size_t l = 0; l < g->n_lines; l++)
        if (isfinite(g->lines[l].values[point]))
            sum = (isnan(sum) ? 0 : sum) + g->lines[l].values[point];
    return sum;
}

static struct cell own(struct doc *d, struct cell c)
{
    if (c.type == CELL_TEXT)
        c.s = doc_text(d, c.s);
    return c;
}

void doc_field(struct doc *d, const char *key, enum unit unit, struct cell value)
{
    d->fields = grow(d, d->fields, d->n_fields, &d->cap_fields, sizeof *d->fields);
    d->fields[d->n_fields++] = (struct field){.key = doc_text(d, key), .unit = unit, .value = own(d, value)};
}

void section_field(struct doc *d, struct section *s, const char *key, const char *label, enum unit unit,
                   struct cell value)
{
    s->fields.items = grow(d, s->fields.items, s->fields.n, &s->fields.cap, sizeof *s->fields.items);
    s->fields.items[s->fields.n++] = (struct field){
        .key = doc_text(d, key), .label = doc_text(d, label), .unit = unit, .value = own(d, value)};
}

/* ---- tables ---- */

int table_column(const struct table *t, const char *key)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (!strcmp(t->columns[i].key, key))
            return (int)i;
    return -1;
}

/* ---- cells for people ---- */

static void format_list(const struct table *t, struct strbuf *out)
{
    for (size_t i = 0; i < t->n_rows; i++) {
        if (i)
            strbuf_str(out, ", ");
        bool first = true;
        for (size_t c = 0; c < t->n_columns; c++) {
            struct cell v = t->rows[i].cells[c];
            if ((t->columns[c].flags & COLUMN_HIDDEN) || v.type == CELL_UNKNOWN)
                continue;
            if (!first)
                strbuf_char(out, ' ');
            cell_format(&t->columns[c], v, out);
            first = false;
        }
    }
}

void cell_format(const struct column *c, struct cell v, struct strbuf *out)
{
    switch (v.type) {
    case CELL_UNKNOWN:
        strbuf_str(out, c->unknown ? c->unknown : "-");
        break;
    case CELL_INT:
        out->len += strlen(unit_format_int(c->unit, v.i, strbuf_room(out, UNIT_TEXT_MAX)));
        break;
    case CELL_REAL:
        out->len += strlen(unit_format(c->unit, v.f, strbuf_room(out, UNIT_TEXT_MAX)));
        break;
    case CELL_TEXT:
        strbuf_str(out, v.s);
        break;
    case CELL_BOOL:
        strbuf_str(out, v.i ? "yes" : "no");
        break;
    case CELL_LIST:
        format_list(v.list, out);
        break;
    case CELL_LEVELS: /* the printers draw them */
    case CELL_PIECES:
        break;
    }
}

#include "ui/pane.h"

#include "core/table.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <ctype.h>
#include <pcre2.h>
#include <stdlib.h>

/* ---- patterns ---- */

struct regex {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *limits;
    unsigned units; /* bit u: a figure of that unit may hold it; all for what is not plain text */
};

/* A pattern that would take forever (nested repetition) gives up instead. */
enum { MATCH_LIMIT = 100000, DEPTH_LIMIT = 1000, PATTERN_MAX = 500 };

/* The units whose figures may hold the pattern. Writing out a million figures takes longer than looking
 * for it in them. */
static unsigned units_of(const char *pattern)
{
    char plain[PATTERN_MAX + 1];
    size_t n = 0;
    for (const char *p = pattern; *p; p++) {
        bool escaped = *p == '\\' && ispunct((unsigned char)p[1]);
        if (!escaped && strchr("\\^$[|()?*+{\t", *p))
            return ~0u;
        if (*p == '.')
            continue;
        p += escaped;
        plain[n++] = *p;
    }
    plain[n] = 0;
    unsigned units = 0;
    for (unsigned u = 0; u <= UNIT_LOAD; u++)
        units |= (unsigned)unit_may_show((enum unit)u, plain) << u;
    return units;
}

struct regex *regex_new(const char *pattern, struct sd_error *err)
{
    int number;
    PCRE2_SIZE at;
    if (strlen(pattern) > PATTERN_MAX) {
        fail(err, "the pattern is longer than %d bytes", PATTERN_MAX);
        return NULL;
    }
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                      PCRE2_CASELESS | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &number, &at, NULL);
    if (!code) {
        PCRE2_UCHAR text[200];
        pcre2_get_error_message(number, text, sizeof text);
        fail(err, "not a regular expression: %s, at character %zu", (const char *)text, (size_t)at + 1);
        return NULL;
    }
    struct regex *r = mem_alloc(sizeof *r);
    *r = (struct regex){
        .code = code, .data = pcre2_match_data_create(1, NULL), .limits = pcre2_match_context_create(NULL)};
    pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* where that is forbidden it is interpreted */
    r->units = units_of(pattern);
    pcre2_set_match_limit(r->limits, MATCH_LIMIT);
    pcre2_set_depth_limit(r->limits, DEPTH_LIMIT);
    return r;
}

void regex_free(struct regex *r)
{
    if (!r)
        return;
    pcre2_match_context_free(r->limits);
    pcre2_match_data_free(r->data);
    pcre2_code_free(r->code);
    free(r);
}

static bool regex_finds(const struct regex *r, const char *text, size_t len)
{
    int found = pcre2_match(r->code, (PCRE2_SPTR)text, len, 0, 0, r->data, r->limits);
    if (found == PCRE2_ERROR_JIT_STACKLIMIT) /* the interpreter keeps its state elsewhere */
        found = pcre2_match(r->code, (PCRE2_SPTR)text, len, 0, PCRE2_NO_JIT, r->data, r->limits);
    return found >= 0;
}

bool regex_matches(const struct regex *r, const char *text)
{
    return regex_finds(r, text, strlen(text));
}

/* ---- panes ---- */

static void free_list(char **list)
{
    for (size_t i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
}

struct pane *pane_new(const char *key)
{
    struct pane *p = mem_alloc(sizeof *p);
    p->key = mem_strdup(key);
    p->about_row = -1;
    p->at = SD_UNKNOWN;
    return p;
}

void pane_free(struct pane *p)
{
    if (!p)
        return;
    free(p->key);
    free(p->sort);
    free(p->filter);
    regex_free(p->regex);
    free_list(p->columns);
    free(p->folded);
    free(p->held);
    free(p->widths);
    free(p->places);
    free(p->headings);
    free(p);
}

static bool is_folded(const struct pane *p, uint64_t id)
{
    for (size_t i = 0; i < p->n_folded; i++)
        if (p->folded[i] == id)
            return true;
    return false;
}

bool pane_is_folded(const struct pane *p, struct section *s, size_t row)
{
    if (row >= table_rows(&s->table))
        return false;
    bool closed = table_row(&s->table, row)->closed;
    return closed != (p->n_folded && is_folded(p, table_identity(&s->table, row)));
}

/* A filter and the texts it is matched with, row by row. */
struct matching {
    const struct regex *regex;
    struct strbuf text;
};

static bool row_matches(const struct table *t, const struct row *r, const struct regex *re, struct strbuf *b)
{
    strbuf_clear(b);
    for (size_t c = 0; c < t->n_columns; c++) {
        enum cell_type type = r->cells[c].type;
        if (type != CELL_TEXT && type != CELL_LIST && (t->columns[c].flags & COLUMN_HIDDEN))
            continue;
        if ((type == CELL_INT || type == CELL_REAL) && !(re->units >> t->columns[c].unit & 1))
            continue;
        cell_format(&t->columns[c], r->cells[c], b);
        strbuf_char(b, '\t');
    }
    return regex_finds(re, strbuf_text(b), b->len);
}

static bool keep_row(const struct table *t, const struct row *r, void *ctx)
{
    struct matching *m = ctx;
    return row_matches(t, r, m->regex, &m->text);
}

bool pane_row_matches(const struct table *t, const struct row *r, const struct regex *re)
{
    struct strbuf b = {0};
    bool found = row_matches(t, r, re, &b);
    strbuf_free(&b);
    return found;
}

static bool is_marked(const struct table *t)
{
    if (t->source)
        return t->source->marked;
    for (size_t i = 0; i < t->n_rows; i++)
        if (t->rows[i].severity != SEVERITY_NONE && t->rows[i].severity != SEVERITY_INFO)
            return true;
    return false;
}

/* Until the user selects one, the worst row is. */
static int worst_row(const struct pane *p, const struct table *t)
{
    if (t->source && !t->source->worst)
        return p->selected;
    for (size_t i = 0; i < table_rows(t); i++)
        if (t->source ? table_number(t, i) + 1 == t->source->worst : table_row(t, i)->worst)
            return (int)i;
    return p->selected;
}

/* Where the user has not sorted. */
static void hold_still(struct pane *p, struct table *t)
{
    bool any = false;
    for (size_t i = 0; !t->source && i < t->n_rows && !any; i++)
        any = t->rows[i].hold != HOLD_NOT;
    if (!any || p->sort) /* as the user has sorted them, spare ones too */
        return;
    table_hold(t, p->held, p->n_held);
    p->n_held = 0;
    for (size_t i = 0; i < table_rows(t); i++)
        if (table_row(t, i)->hold != HOLD_NOT) {
            p->held = mem_grow(p->held, p->n_held, &p->cap_held, sizeof *p->held);
            p->held[p->n_held++] = table_identity(t, i);
        }
}

void pane_apply(struct pane *p, struct section *s)
{
    p->changed = false;
    if (!section_has_rows(s))
        return;
    struct table *t = &s->table;
    struct matching m = {.regex = p->regex};
    p->hidden = table_choose(t, &(struct table_choice){.column = p->sort ? table_column(t, p->sort) : -1,
                                                       .reverse = p->reverse,
                                                       .keep = p->regex ? keep_row : NULL,
                                                       .ctx = &m,
                                                       .folded = p->folded,
                                                       .n_folded = p->n_folded});
    strbuf_free(&m.text);
    hold_still(p, t);
    p->marked = is_marked(t);
    size_t found = p->identity ? table_find(t, p->identity) : TABLE_NONE;
    if (found != TABLE_NONE)
        p->selected = (int)found;
    else if (!p->identity)
        p->selected = worst_row(p, t);
    p->selected = MAX(0, MIN(p->selected, (int)table_rows(t) - 1));
}

void pane_select(struct pane *p, struct section *s, int row)
{
    if (!section_has_rows(s) || !table_rows(&s->table))
        return;
    p->selected = MAX(0, MIN(row, (int)table_rows(&s->table) - 1));
    p->identity = table_identity(&s->table, (size_t)p->selected);
}

bool pane_set_filter(struct pane *p, const char *pattern, struct sd_error *err)
{
    struct regex *r = NULL;
    if (pattern && *pattern && !(r = regex_new(pattern, err)))
        return false;
    regex_free(p->regex);
    free(p->filter);
    p->regex = r;
    p->filter = r ? mem_strdup(pattern) : NULL;
    p->top = 0;
    p->hidden = 0;
    p->changed = true;
    return true;
}

void pane_set_sort(struct pane *p, const char *column, bool reverse)
{
    free(p->sort);
    p->sort = mem_strdup(column);
    p->reverse = reverse;
    p->top = 0;
    p->changed = true;
}

void pane_set_columns(struct pane *p, const char *const *keys)
{
    free_list(p->columns);
    p->columns = NULL;
    free(p->widths);
    p->widths = NULL;
    p->skipped = 0;
    size_t n = 0;
    while (keys && keys[n])
        n++;
    if (!n)
        return;
    p->columns = mem_array(n + 1, sizeof *p->columns);
    for (size_t i = 0; i < n; i++)
        p->columns[i] = mem_strdup(keys[i]);
}

/* A branch that is listed among those the user has turned is so no more, and the other way round. */
static void turn(struct pane *p, uint64_t id, bool listed)
{
    p->changed = true;
    if (!listed) {
        p->folded = mem_realloc(p->folded, (p->n_folded + 1) * sizeof *p->folded);
        p->folded[p->n_folded++] = id;
        return;
    }
    for (size_t i = 0; i < p->n_folded; i++)
        if (p->folded[i] == id) {
            p->folded[i] = p->folded[--p->n_folded];
            break;
        }
}

bool pane_fold(struct pane *p, struct section *s, int open)
{
    struct table *t = &s->table;
    size_t row = (size_t)p->selected, n = table_rows(t);
    if (s->kind != SECTION_TREE || row >= n)
        return false;
    uint64_t id = table_identity(t, row);
    bool folded = pane_is_folded(p, s, row), listed = is_folded(p, id);
    int depth = table_row(t, row)->depth;
    bool children = row + 1 < n && table_row(t, row + 1)->depth > depth;
    if ((!folded && !children) || open == !folded)
        return false;
    turn(p, id, listed);
    return true;
}

bool pane_go_to(struct pane *p, struct section *s, uint64_t identity)
{
    struct table *t = &s->table;
    size_t n = section_has_rows(s) ? t->n_rows : 0, number = 0;
    while (number < n && table_identity_numbered(t, number) != identity)
        number++;
    if (number == n)
        return false;
    int depth = table_row_numbered(t, number)->depth;
    for (size_t i = number; i-- > 0 && depth > 0;) {
        const struct row *r = table_row_numbered(t, i);
        bool closed = r->closed;
        if (r->depth >= depth)
            continue;
        depth = r->depth;
        uint64_t id = table_identity_numbered(t, i);
        bool listed = is_folded(p, id);
        if (closed != listed)
            turn(p, id, listed);
    }
    p->identity = identity;
    pane_apply(p, s);
    return table_rows(t) && table_identity(t, (size_t)p->selected) == identity;
}

bool pane_unfold(struct pane *p)
{
    bool some = p->n_folded > 0;
    p->n_folded = 0;
    p->changed = p->changed || some;
    return some;
}

int pane_heading(const struct pane *p, int x)
{
    for (size_t i = 0; i < p->n_headings; i++)
        if (x >= p->headings[i].x && x < p->headings[i].x + p->headings[i].width)
            return p->headings[i].column;
    return -1;
}

bool pane_shows(const struct pane *p, const struct column *c)
{
    if (!p->columns)
        return !(c->flags & COLUMN_HIDDEN);
    if (c->flags & COLUMN_TREE)
        return true;
    for (size_t i = 0; p->columns[i]; i++)
        if (!strcmp(p->columns[i], c->key))
            return true;
    return false;
}

void pane_row_text(const struct pane *p, const struct table *t, const struct row *r, struct strbuf *out)
{
    bool first = true;
    for (size_t c = 0; c < t->n_columns; c++) {
        if (!pane_shows(p, &t->columns[c]))
            continue;
        if (!first)
            strbuf_char(out, '\t');
        first = false;
        size_t at = out->len;
        cell_format(&t->columns[c], r->cells[c], out);
        for (size_t i = at; i < out->len; i++) /* a row is one line, wherever it is pasted */
            if (out->text[i] == '\n' || out->text[i] == '\r' || out->text[i] == '\t')
                out->text[i] = ' ';
    }
}

#include "ui/pane.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

/* ---- patterns ---- */

struct regex {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *limits;
};

/* A pattern that would take forever (nested repetition) gives up instead. */
enum { MATCH_LIMIT = 100000, DEPTH_LIMIT = 1000, PATTERN_MAX = 500 };

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
    *r = (struct regex){code, pcre2_match_data_create(1, NULL), pcre2_match_context_create(NULL)};
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

bool regex_matches(const struct regex *r, const char *text)
{
    return pcre2_match(r->code, (PCRE2_SPTR)text, strlen(text), 0, 0, r->data, r->limits) >= 0;
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
    return p;
}

void pane_free(struct pane *p)
{
    if (!p)
        return;
    free(p->key);
    free(p->identity);
    free(p->sort);
    free(p->filter);
    regex_free(p->regex);
    free_list(p->columns);
    for (size_t i = 0; i < p->n_folded; i++)
        free(p->folded[i]);
    free(p->folded);
    free(p);
}

/* Where the row leads says best what it is; otherwise its number or its first text. */
static char *identity(const struct table *t, const struct row *r)
{
    struct strbuf b = {0};
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
    return strbuf_detach(&b);
}

static bool is_folded(const struct pane *p, const char *id)
{
    for (size_t i = 0; i < p->n_folded; i++)
        if (!strcmp(p->folded[i], id))
            return true;
    return false;
}

bool pane_is_folded(const struct pane *p, const struct section *s, size_t row)
{
    if (!p->n_folded || row >= s->table.n_rows)
        return false;
    char *id = identity(&s->table, &s->table.rows[row]);
    bool folded = is_folded(p, id);
    free(id);
    return folded;
}

static void fold(const struct pane *p, struct table *t)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n_rows;) {
        char *id = identity(t, &t->rows[i]);
        bool folded = is_folded(p, id);
        int depth = t->rows[i].depth;
        free(id);
        t->rows[n++] = t->rows[i++];
        while (folded && i < t->n_rows && t->rows[i].depth > depth)
            i++;
    }
    t->n_rows = n;
}

static bool is_row(const struct table *t, size_t row, const char *id)
{
    char *own = identity(t, &t->rows[row]);
    bool same = !strcmp(own, id);
    free(own);
    return same;
}

static bool keep(const struct table *t, const struct row *r, void *ctx)
{
    return pane_row_matches(t, r, ctx);
}

void pane_apply(struct pane *p, struct section *s)
{
    if (!section_has_rows(s))
        return;
    struct table *t = &s->table;
    int column = p->sort ? table_column(t, p->sort) : -1;
    if (column >= 0)
        table_sort(t, column, p->reverse);
    p->hidden = t->n_rows;
    if (p->regex)
        table_filter(t, keep, p->regex);
    p->hidden -= t->n_rows;
    if (p->n_folded)
        fold(p, t);
    int nth = 0;
    for (size_t i = 0; p->identity && nth <= p->nth && i < t->n_rows; i++) {
        if (is_row(t, i, p->identity)) {
            p->selected = (int)i;
            nth++;
        }
    }
    /* Until the user selects one, the worst row is. */
    for (size_t i = 0; !p->identity && i < t->n_rows; i++)
        if (t->rows[i].worst)
            p->selected = (int)i;
    p->selected = MAX(0, MIN(p->selected, (int)t->n_rows - 1));
}

void pane_select(struct pane *p, const struct section *s, int row)
{
    if (!section_has_rows(s) || !s->table.n_rows)
        return;
    p->selected = MAX(0, MIN(row, (int)s->table.n_rows - 1));
    free(p->identity);
    p->identity = identity(&s->table, &s->table.rows[p->selected]);
    p->nth = 0;
    for (int i = 0; i < p->selected; i++)
        p->nth += is_row(&s->table, (size_t)i, p->identity);
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
    return true;
}

void pane_set_sort(struct pane *p, const char *column, bool reverse)
{
    free(p->sort);
    p->sort = mem_strdup(column);
    p->reverse = reverse;
    p->top = 0;
}

void pane_set_columns(struct pane *p, const char *const *keys)
{
    free_list(p->columns);
    p->columns = NULL;
    size_t n = 0;
    while (keys && keys[n])
        n++;
    if (!n)
        return;
    p->columns = mem_array(n + 1, sizeof *p->columns);
    for (size_t i = 0; i < n; i++)
        p->columns[i] = mem_strdup(keys[i]);
}

bool pane_fold(struct pane *p, const struct section *s, int open)
{
    const struct table *t = &s->table;
    if (s->kind != SECTION_TREE || p->selected >= (int)t->n_rows)
        return false;
    size_t row = (size_t)p->selected;
    char *id = identity(t, &t->rows[row]);
    bool folded = is_folded(p, id);
    bool children = row + 1 < t->n_rows && t->rows[row + 1].depth > t->rows[row].depth;
    if ((!folded && !children) || open == !folded) {
        free(id);
        return false;
    }
    if (folded) {
        for (size_t i = 0; i < p->n_folded; i++)
            if (!strcmp(p->folded[i], id)) {
                free(p->folded[i]);
                p->folded[i] = p->folded[--p->n_folded];
                break;
            }
        free(id);
    } else {
        p->folded = mem_realloc(p->folded, (p->n_folded + 1) * sizeof *p->folded);
        p->folded[p->n_folded++] = id;
    }
    return true;
}

bool pane_unfold(struct pane *p)
{
    bool some = p->n_folded > 0;
    while (p->n_folded)
        free(p->folded[--p->n_folded]);
    return some;
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

bool pane_row_matches(const struct table *t, const struct row *r, const struct regex *re)
{
    struct strbuf b = {0};
    for (size_t c = 0; c < t->n_columns; c++) {
        if (r->cells[c].type != CELL_TEXT && r->cells[c].type != CELL_LIST &&
            (t->columns[c].flags & COLUMN_HIDDEN))
            continue;
        cell_format(&t->columns[c], r->cells[c], &b);
        strbuf_char(&b, '\t');
    }
    bool found = regex_matches(re, strbuf_text(&b));
    strbuf_free(&b);
    return found;
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

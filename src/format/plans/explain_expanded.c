/* explain_expanded.c - psql's expanded display (\x): every row of the plan is a record.
 *
 *   -[ RECORD 1 ]---------------------------       * Record 1
 *   QUERY PLAN | Sort  (cost=4102.32..4102.         QUERY PLAN Sort  (cost=4102.32..41.
 *              |.42 rows=38 width=50)                        .02.42 rows=38 width=50)
 *
 * A row that is too long goes on at the same column: marked by "." or an ellipsis on both
 * sides, with old-ascii by ";" for the line between the columns. A value of several lines
 * has "+", an arrow or ":" there. */
#include "format/plans/explain_dress.h"

#include "format/plans/explain_lines.h"

static const char HEADING[] = "QUERY PLAN";
static const char *const BARS[] = {"|", "\xe2\x94\x82", "\xe2\x95\x91", ";", ":"};
static const char *const WRAPS[] = {".", "\xe2\x80\xa6"};
static const char *const BREAKS[] = {"+", "\xe2\x86\xb5"};

struct record_line {
    const char *s; /* from the column behind the bar on */
    size_t n;
    bool bar, first; /* has a bar; begins a record */
    bool joins;      /* old-ascii's ";" */
};

static size_t one_of(const char *s, size_t n, const char *const *any, size_t n_any)
{
    for (size_t i = 0; i < n_any; i++)
        if (n >= strlen(any[i]) && !memcmp(s, any[i], strlen(any[i])))
            return strlen(any[i]);
    return 0;
}

static size_t ends_in(const char *s, size_t n, const char *const *any, size_t n_any)
{
    for (size_t i = 0; i < n_any; i++)
        if (n >= strlen(any[i]) && !memcmp(s + n - strlen(any[i]), any[i], strlen(any[i])))
            return strlen(any[i]);
    return 0;
}

/* Takes the frame of border 2 off, and the blank before it. */
static void unframe(const char **s, size_t *n)
{
    size_t left = one_of(*s, *n, BARS, 3);
    if (!left)
        return;
    *s += left;
    *n -= left;
    *n -= ends_in(*s, *n, BARS, 3);
    *n -= *n && (*s)[*n - 1] == ' ';
}

static bool is_head(const char *s, size_t n)
{
    return memmem(s, n, "[ RECORD ", 9) || (n > 9 && !memcmp(s, "* Record ", 9));
}

/* Reads a line inside a record. False: it has no row of the plan. */
static bool record_line(const char *s, size_t n, bool bars, struct record_line *out)
{
    *out = (struct record_line){0};
    unframe(&s, &n);
    size_t at = 0, blanks = 0;
    while (at < n && s[at] == ' ')
        at++;
    blanks = at;
    out->first = n - at >= sizeof HEADING - 1 && !memcmp(s + at, HEADING, sizeof HEADING - 1);
    if (out->first)
        at += sizeof HEADING - 1;
    else if (blanks >= sizeof HEADING - 1)
        at = sizeof HEADING - 1;
    else
        return false;
    size_t bar = 0, probe = at;
    while (probe < n && s[probe] == ' ' && probe < at + 2)
        probe++;
    bar = bars ? one_of(s + probe, n - probe, BARS, ARRAY_LEN(BARS)) : 0;
    if (bar) {
        out->joins = s[probe] == ';';
        out->bar = true;
        at = probe + bar;
    }
    out->s = s + at;
    out->n = n - at;
    return true;
}

struct rows {
    struct strbuf *out, row;
    size_t width; /* of the widest line: where the marks are missing, blanks at the end may be, too */
    size_t piece; /* of the last line added */
};

static void end_row(struct rows *r)
{
    if (!r->row.len)
        return;
    while (r->row.len && r->row.text[r->row.len - 1] == ' ')
        r->row.len--;
    strbuf_add(r->out, strbuf_text(&r->row), r->row.len);
    strbuf_char(r->out, '\n');
    strbuf_clear(&r->row);
}

/* The line that continues the row, or is its next one. */
static void add_line(struct rows *r, const struct record_line *l)
{
    size_t mark = one_of(l->s, l->n, WRAPS, ARRAY_LEN(WRAPS)), n = l->n;
    const char *s = l->s;
    size_t end = mark ? ends_in(strbuf_text(&r->row), r->row.len, WRAPS, ARRAY_LEN(WRAPS)) : 0;
    if (end) { /* marked on both sides */
        r->row.len -= end;
        s += mark;
        n -= mark;
    } else {
        bool next = !l->joins && ends_in(strbuf_text(&r->row), r->row.len, BREAKS, ARRAY_LEN(BREAKS));
        if (next || (l->bar && !l->joins))
            end_row(r);
        else
            strbuf_pad(&r->row, ' ', r->width - MIN(r->width, r->piece));
        if (n && *s == ' ') { /* the column of the mark */
            s++;
            n--;
        }
    }
    strbuf_add(&r->row, s, n);
    r->piece = l->n;
}

static size_t widest(const char *text, const char *end, bool bars)
{
    size_t width = 0;
    for (const char *s = text; s < end; s = lines_stop(s, end) + 1) {
        struct record_line l;
        size_t n = (size_t)(lines_stop(s, end) - s);
        if (!is_head(s, n) && record_line(s, n, bars, &l))
            width = MAX(width, l.n);
    }
    return width;
}

bool explain_expanded(const char *text, size_t len, struct strbuf *out)
{
    const char *end = text + len;
    if (!memmem(text, len, "[ RECORD ", 9) && !memmem(text, len, "* Record ", 9))
        return false;
    bool bars = memmem(text, len, "[ RECORD ", 9) != NULL; /* border 0 has none */
    struct rows rows = {.out = out, .width = widest(text, end, bars)};
    bool inside = false, any = false;
    for (const char *s = text; s < end;) {
        const char *stop = lines_stop(s, end);
        size_t n = (size_t)(stop - s);
        struct record_line l;
        if (is_head(s, n)) {
            end_row(&rows);
            inside = true;
        } else if (inside && record_line(s, n, bars, &l) && (l.first || rows.row.len)) {
            any = any || l.first;
            if (l.first) {
                end_row(&rows);
                size_t blank = l.n && *l.s == ' ';
                strbuf_add(&rows.row, l.s + blank, l.n - blank);
                rows.piece = l.n;
            } else {
                add_line(&rows, &l);
            }
        } else {
            end_row(&rows);
            strbuf_add(out, s, n);
            strbuf_char(out, '\n');
        }
        s = stop + (stop < end);
    }
    end_row(&rows);
    strbuf_free(&rows.row);
    return any;
}

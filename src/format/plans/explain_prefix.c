/* explain_prefix.c - plans with something before each line: the number of the line, as a
 * grid or an editor shows it, or the sign of a comment. */
#include "format/plans/explain_dress.h"

#include <ctype.h>

#include "format/plans/explain_lines.h"

/* "12. ", " 12\t", "[12] ", "(12) ", "12| ": the number; *n bytes up to its end. -1: none. */
static long number_before(const char *s, size_t len, size_t *n)
{
    size_t i = 0, digits = 0;
    long value = 0;
    while (i < len && (s[i] == ' ' || s[i] == '\t'))
        i++;
    bool bracket = i < len && (s[i] == '[' || s[i] == '(');
    i += bracket;
    for (; i < len && isdigit((unsigned char)s[i]) && digits < 7; i++, digits++)
        value = value * 10 + (s[i] - '0');
    if (!digits)
        return -1;
    if (bracket && (i >= len || (s[i] != ']' && s[i] != ')')))
        return -1;
    if (i < len && strchr(".:|])", s[i]))
        i++;
    *n = i;
    return i == len || s[i] == ' ' || s[i] == '\t' ? value : -1;
}

/* Where the text behind the numbers begins: in one column, or one blank behind each. */
struct numbering {
    size_t widest;  /* bytes of the longest number */
    size_t nearest; /* least column at which a line has text */
    size_t lines;
    const char *first, *last; /* the numbered lines */
};

/* The run of lines numbered one after the other around the first line with figures. */
static bool find_numbering(const char *text, const char *end, struct numbering *out)
{
    struct numbering run = {.nearest = SIZE_MAX};
    long before = -1;
    bool figures = false;
    for (const char *s = text; s < end; s = lines_stop(s, end) + 1) {
        const char *stop = lines_stop(s, end);
        size_t n = 0;
        long value = number_before(s, (size_t)(stop - s), &n);
        if (value < 0 || (run.lines && value != before + 1)) {
            if (run.lines && figures)
                break;
            run = (struct numbering){.nearest = SIZE_MAX};
            figures = false;
        }
        if (value < 0)
            continue;
        size_t column = n;
        while (s + column < stop && s[column] == ' ')
            column++;
        if (s + column < stop)
            run.nearest = MIN(run.nearest, column);
        run.widest = MAX(run.widest, n);
        run.first = run.lines++ ? run.first : s;
        run.last = s;
        before = value;
        figures = figures || lines_figures(s, (size_t)(stop - s));
    }
    *out = run;
    if (run.lines == 1 && figures) { /* a plan of one node: only its name tells */
        const char *stop = lines_stop(run.first, end), *name = run.first + run.nearest;
        name += name < stop && *name == '\t';
        return lines_is_bare_node(name, lines_name(name, (size_t)(stop - name)));
    }
    return run.lines > 1 && figures;
}

static bool take_numbers(const char *text, size_t len, struct strbuf *out)
{
    const char *end = text + len;
    struct numbering numbers;
    if (!find_numbering(text, end, &numbers))
        return false;
    bool column = numbers.nearest > numbers.widest;
    for (const char *s = text; s < end;) {
        const char *stop = lines_stop(s, end);
        size_t n = 0, line = (size_t)(stop - s);
        if (s >= numbers.first && s <= numbers.last) {
            number_before(s, line, &n);
            n = column ? MIN(numbers.nearest, line) : n + (n < line);
        }
        strbuf_add(out, s + n, line - n);
        strbuf_char(out, '\n');
        s = stop + (stop < end);
    }
    return true;
}

/* ---- comments ---- */

static size_t sign_length(const char *s, size_t len)
{
    static const char *const signs[] = {"--", "//", "#", ";;", "*", "%"};
    size_t i = 0;
    while (i < len && (s[i] == ' ' || s[i] == '\t'))
        i++;
    for (size_t k = 0; k < ARRAY_LEN(signs); k++) {
        size_t n = strlen(signs[k]);
        if (len - i > n && !memcmp(s + i, signs[k], n) && (s[i + n] == ' ' || s[i + n] == '\t'))
            return i + n;
    }
    return 0;
}

/* Every line with figures has the same sign before it. */
static bool take_signs(const char *text, size_t len, struct strbuf *out)
{
    const char *end = text + len, *sign = NULL;
    size_t n = 0, lines = 0;
    for (const char *s = text; s < end; s = lines_stop(s, end) + 1) {
        const char *stop = lines_stop(s, end);
        if (!lines_figures(s, (size_t)(stop - s)))
            continue;
        size_t here = sign_length(s, (size_t)(stop - s));
        if (!here || (sign && (here != n || memcmp(s, sign, n) != 0)))
            return false;
        sign = s;
        n = here;
        lines++;
    }
    for (const char *s = text; lines && s < end;) {
        const char *stop = lines_stop(s, end);
        size_t line = (size_t)(stop - s), skip = line >= n && !memcmp(s, sign, n) ? n : 0;
        strbuf_add(out, s + skip, line - skip);
        strbuf_char(out, '\n');
        s = stop + (stop < end);
    }
    return lines > 0;
}

/* ---- the heading ---- */

/* psql's expanded display in asciidoc, CSV and troff puts the column's name before each row. */
static bool take_headings(const char *text, size_t len, struct strbuf *out)
{
    static const char *const headings[] = {"<l|QUERY PLAN <l|", "QUERY PLAN,", "QUERY PLAN\t"};
    const char *end = text + len, *heading = NULL;
    for (size_t i = 0; i < ARRAY_LEN(headings) && !heading; i++)
        if (memmem(text, len, headings[i], strlen(headings[i])))
            heading = headings[i];
    for (const char *s = text; heading && s < end;) {
        const char *stop = lines_stop(s, end);
        size_t line = (size_t)(stop - s), n = strlen(heading);
        n = line >= n && !memcmp(s, heading, n) ? n : 0;
        strbuf_add(out, s + n, line - n);
        strbuf_char(out, '\n');
        s = stop + (stop < end);
    }
    return heading != NULL;
}

bool explain_prefixed(const char *text, size_t len, struct strbuf *out)
{
    return take_numbers(text, len, out) || take_signs(text, len, out) || take_headings(text, len, out);
}

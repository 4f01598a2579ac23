/* explain_tabs.c - tabs in the indentation of a plan. EXPLAIN prints blanks; what a tab
 * stands for, a column that is a multiple of 8 or 4 or a number of blanks, shows in the
 * lines: the text of a node stands 4 columns behind its arrow's, what belongs to it 2
 * columns further right. */
#include "format/plans/explain_dress.h"

#include "format/plans/explain_lines.h"

#define OPEN_MAX 256

struct tab_way {
    size_t columns;
    bool stops; /* up to the next multiple; else always so many */
};

static const struct tab_way WAYS[] = {
    {.columns = 8, .stops = true},  {.columns = 4, .stops = true},  {.columns = 4, .stops = false},
    {.columns = 8, .stops = false}, {.columns = 2, .stops = false}, {.columns = 2, .stops = true},
    {.columns = 3, .stops = false}, {.columns = 6, .stops = false}, {.columns = 1, .stops = false}};

static size_t indentation(const char *s, const char *stop, const struct tab_way *way, size_t *columns)
{
    size_t n = 0, at = 0;
    for (; s + n < stop && (s[n] == ' ' || s[n] == '\t'); n++) {
        if (s[n] == ' ')
            at++;
        else
            at = way->stops ? (at / way->columns + 1) * way->columns : at + way->columns;
    }
    *columns = at;
    return n;
}

/* Lines that stand where EXPLAIN would have put them. */
static size_t lines_in_place(const char *text, const char *end, const struct tab_way *way)
{
    size_t open[OPEN_MAX], depth = 0, good = 0;
    size_t offset = 0; /* psql's blank before all lines, which the root may have lost */
    for (const char *s = text; s < end; s = lines_stop(s, end) + 1) {
        const char *stop = lines_stop(s, end);
        size_t column, n = indentation(s, stop, way, &column), left = (size_t)(stop - s) - n;
        if (!left)
            continue;
        bool arrow = lines_is_arrow(s + n, left);
        if (!depth) { /* the root: the column of what belongs to it comes with the next line */
            if (arrow || lines_figures(s + n, left) || lines_is_bare_node(s + n, left))
                open[depth++] = column + (arrow ? 4 : 0);
            offset = arrow ? SIZE_MAX : 0;
            continue;
        }
        if (depth == 1 && !offset) {
            offset = column > open[0] + 2 ? column - open[0] - 2 : 0;
            open[0] += offset <= 1 ? offset : 0;
        }
        size_t k = depth;
        while (k && column != open[k - 1] + 2 && column != open[k - 1] + 4)
            k--;
        good += k > 0;
        if (!arrow)
            continue;
        size_t text_at = column + 4;
        while (depth && open[depth - 1] >= text_at)
            depth--;
        if (depth < OPEN_MAX)
            open[depth++] = text_at;
    }
    return good;
}

bool explain_untab(const char *text, size_t len, struct strbuf *out)
{
    const char *end = text + len;
    bool tabs = false;
    for (const char *s = text; s < end && !tabs; s = lines_stop(s, end) + 1) {
        const char *stop = lines_stop(s, end), *at = s;
        while (at < stop && *at == ' ')
            at++;
        tabs = at < stop && *at == '\t';
    }
    if (!tabs)
        return false;
    const struct tab_way *best = &WAYS[0];
    size_t most = 0;
    for (size_t i = 0; i < ARRAY_LEN(WAYS); i++) {
        size_t good = lines_in_place(text, end, &WAYS[i]);
        if (good > most) {
            most = good;
            best = &WAYS[i];
        }
    }
    for (const char *s = text; s < end;) {
        const char *stop = lines_stop(s, end);
        size_t column, n = indentation(s, stop, best, &column);
        strbuf_pad(out, ' ', column);
        strbuf_add(out, s + n, (size_t)(stop - s) - n);
        strbuf_char(out, '\n');
        s = stop + (stop < end);
    }
    return true;
}

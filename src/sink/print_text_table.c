/* Tables and trees as text, and drawings in rows. What is shown of a row is formatted twice,
 * for the widths and for the line, so that nothing is kept of a million rows. */
#include "sink/print_internal.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "core/drawing.h"
#include "core/table.h"

#include <stdlib.h>

/* CELL_MAX: where the width is not limited one hostile text of a megabyte must not make
 * every line of its table that long; JSON and CSV have all of it. */
enum { GAP = 2, GROW_MIN = 16, TEXT_MIN = 8, CELL_MAX = 120, TREE_INDENT = 2 };

struct fit {
    int *width; /* 0: not shown */
    int *natural;
    bool *right;
    bool marked;
    int deepest;
};

static bool is_text(struct cell c)
{
    return c.type == CELL_TEXT || c.type == CELL_LIST || c.type == CELL_BOOL;
}

static bool shown(const struct column *c)
{
    return !(c->flags & COLUMN_HIDDEN);
}

static int grow_column(const struct table *t)
{
    for (size_t c = 0; c < t->n_columns; c++)
        if ((t->columns[c].flags & COLUMN_GROW) && shown(&t->columns[c]))
            return (int)c;
    return -1;
}

static int total(const struct table *t, const struct fit *f)
{
    int sum = 0;
    for (size_t c = 0; c < t->n_columns; c++)
        sum += f->width[c] ? f->width[c] + GAP : 0;
    return sum - GAP;
}

/* The least a column of text may be cut to: its own minimum, if it names one. */
static int least(const struct column *c, int natural)
{
    return MIN(natural, c->width > 0 ? c->width : (c->flags & COLUMN_GROW) ? GROW_MIN : natural);
}

static int shrink(int *width, int to, int over)
{
    int cut = MAX(0, MIN(*width - to, over));
    *width -= cut;
    return over - cut;
}

static void measure_row(const struct table *t, const struct row *r, bool *text, struct fit *f)
{
    struct strbuf b = {0};
    f->marked = f->marked || r->severity >= SEVERITY_WARN;
    f->deepest = MAX(f->deepest, r->depth);
    for (size_t c = 0; c < t->n_columns; c++) {
        const struct column *col = &t->columns[c];
        if (!shown(col))
            continue;
        strbuf_clear(&b);
        cell_format(col, r->cells[c], &b);
        int indent = (col->flags & COLUMN_TREE) ? r->depth * TREE_INDENT : 0;
        if (r->cells[c].type == CELL_PIECES)
            f->natural[c] = MAX(f->natural[c], col->width);
        f->natural[c] = MAX(f->natural[c], utf8_width(strbuf_text(&b)) + indent);
        text[c] = text[c] || is_text(r->cells[c]);
    }
    strbuf_free(&b);
}

static void measure(const struct table *t, int width, struct fit *f)
{
    bool *text = mem_array(t->n_columns, sizeof *text);
    for (size_t c = 0; c < t->n_columns; c++)
        if (shown(&t->columns[c]))
            f->natural[c] = utf8_width(t->columns[c].title);
    for (size_t i = 0; i < table_rows(t); i++)
        measure_row(t, table_row(t, i), text, f);
    for (size_t c = 0; c < t->n_columns; c++) {
        f->natural[c] = MIN(f->natural[c], MAX(width - (f->marked ? 3 : 0), CELL_MAX));
        f->right[c] = !text[c] && !(t->columns[c].flags & (COLUMN_LEFT | COLUMN_TREE));
        f->width[c] = f->natural[c];
    }
    free(text);
}

/* Natural widths first. When the line is too short: the growing column down to its
 * minimum, then columns that matter least go, then texts down to theirs, and at last
 * the growing column gives what it must. */
static void fit_columns(const struct table *t, int width, struct fit *f)
{
    int grow = grow_column(t);
    int spare = grow >= 0 ? f->width[grow] - least(&t->columns[grow], f->natural[grow]) : 0;
    while (total(t, f) - width > spare) {
        int worst = -1;
        for (size_t c = 0; c < t->n_columns; c++)
            if (f->width[c] && t->columns[c].priority > 0 && (int)c != grow &&
                (worst < 0 || t->columns[c].priority >= t->columns[worst].priority))
                worst = (int)c;
        if (worst < 0)
            break;
        f->width[worst] = 0;
    }
    int over = total(t, f) - width;
    if (grow >= 0)
        over = shrink(&f->width[grow], least(&t->columns[grow], f->natural[grow]), over);
    for (size_t c = t->n_columns; c-- > 0;)
        if (f->width[c] && !f->right[c] && (int)c != grow)
            over = shrink(&f->width[c], least(&t->columns[c], f->natural[c]), over);
    if (grow >= 0)
        shrink(&f->width[grow], TEXT_MIN, over);
}

/* For every row: does it have a later sibling? */
static bool *later_siblings(const struct table *t, int deepest)
{
    size_t n = table_rows(t);
    bool *more = mem_array(n + 1, sizeof *more);
    if (!deepest)
        return more;
    bool *seen = mem_array((size_t)deepest + 2, sizeof *seen); /* one at this depth, under the same parent */
    for (size_t i = n; i-- > 0;) {
        int depth = MAX(0, table_row(t, i)->depth);
        more[i] = seen[depth];
        seen[depth] = true;
        /* What stood further right below this row are its own descendants. */
        for (int d = depth + 1; d <= deepest && seen[d]; d++)
            seen[d] = false;
    }
    free(seen);
    return more;
}

/* `open`: of the row's ancestors, by depth, whether they have later siblings. */
static int branches(int depth_of_row, int room, const bool *open, const struct print_options *o,
                    struct strbuf *out)
{
    int used = 0;
    for (int depth = 1; depth <= depth_of_row && used + TREE_INDENT <= room; depth++) {
        bool last = depth == depth_of_row, more = open[depth];
        if (o->ascii)
            strbuf_str(out, last ? more ? "+ " : "` " : more ? "| " : "  ");
        else
            strbuf_str(out, last ? more ? "\u251c " : "\u2514 " : more ? "\u2502 " : "  ");
        used += TREE_INDENT;
    }
    return used;
}

static void heading(const struct table *t, const struct fit *f, const struct print_options *o,
                    struct strbuf *out)
{
    if (f->marked)
        strbuf_str(out, "   ");
    print_color(out, o, "4");
    bool first = true;
    for (size_t c = 0; c < t->n_columns; c++) {
        if (!f->width[c])
            continue;
        strbuf_pad(out, ' ', first ? 0 : GAP);
        first = false;
        int w = MIN(utf8_width(t->columns[c].title), f->width[c]);
        if (f->right[c])
            strbuf_pad(out, ' ', (size_t)(f->width[c] - w));
        print_put(out, o, t->columns[c].title, f->width[c]);
        if (!f->right[c])
            strbuf_pad(out, ' ', (size_t)(f->width[c] - w));
    }
    print_color(out, o, "0");
    print_end_line(out);
}

static void put_cell(const char *text, int room, bool right, const struct print_options *o,
                     struct strbuf *out)
{
    int w = utf8_width(text);
    if (right && w < room)
        strbuf_pad(out, ' ', (size_t)(room - w));
    int used = print_put(out, o, text, w > room && room > 1 ? room - 1 : room);
    if (w > room && room > 1) {
        strbuf_char(out, '~');
        used++;
    }
    if (!right && used < room)
        strbuf_pad(out, ' ', (size_t)(room - used));
}

void print_pieces(const struct line_pieces *l, int room, const struct print_options *o, struct strbuf *out)
{
    uint32_t *codes = mem_array((size_t)room, sizeof *codes);
    char character[4];
    line_characters(l, (size_t)room, codes);
    for (int i = 0; i < room; i++)
        if (o->ascii || codes[i] == LINE_NOTHING)
            strbuf_char(out, codes[i] == LINE_NOTHING ? ' ' : codes[i] == LINE_PIECE ? '=' : '#');
        else
            strbuf_add(out, character, utf8_encode(codes[i], character));
    free(codes);
}

static void line(const struct table *t, const struct row *r, const struct fit *f, const bool *open,
                 const struct print_options *o, struct strbuf *out)
{
    static const char *const marks[] = {"", "", "", "!", "!!"};
    static const char *const colors[] = {"0", "32", "36", "33", "31"};
    struct strbuf b = {0};
    bool first = true;
    if (f->marked) {
        print_color(out, o, colors[r->severity]);
        strbuf_printf(out, "%-2s ", marks[r->severity]);
        print_color(out, o, "0");
    }
    for (size_t c = 0; c < t->n_columns; c++) {
        if (!f->width[c])
            continue;
        strbuf_pad(out, ' ', first ? 0 : GAP);
        first = false;
        bool tree = t->columns[c].flags & COLUMN_TREE;
        int indent = tree ? branches(r->depth, f->width[c] - 1, open, o, out) : 0;
        if (r->cells[c].type == CELL_PIECES) {
            print_pieces(r->cells[c].pieces, f->width[c], o, out);
            continue;
        }
        strbuf_clear(&b);
        cell_format(&t->columns[c], r->cells[c], &b);
        put_cell(strbuf_text(&b), f->width[c] - indent, f->right[c], o, out);
    }
    print_end_line(out);
    strbuf_free(&b);
}

void print_text_table(const struct table *t, const struct print_options *o, struct strbuf *out)
{
    size_t n = t->n_columns;
    struct fit f = {.width = mem_array(n, sizeof(int)),
                    .natural = mem_array(n, sizeof(int)),
                    .right = mem_array(n, sizeof(bool))};
    measure(t, o->width, &f);
    if (o->width > 0)
        fit_columns(t, o->width - (f.marked ? 3 : 0), &f);
    bool *more = later_siblings(t, f.deepest), *open = mem_array((size_t)f.deepest + 2, sizeof *open);
    heading(t, &f, o, out);
    for (size_t i = 0; i < table_rows(t); i++) {
        const struct row *r = table_row(t, i);
        open[MAX(0, r->depth)] = more[i];
        line(t, r, &f, open, o, out);
    }
    free(more);
    free(open);
    free(f.width);
    free(f.natural);
    free(f.right);
}

/* ---- drawings, and names with their values ---- */

enum { INDENT = 2, LEVELS_GAP = 1, LEVELS_LEAST = 8, VALUE_MOST = 1000 };

static void level(struct strbuf *out, const struct print_options *o, double share)
{
    static const char *const blocks[] = {" ",      "\u2581", "\u2582", "\u2583", "\u2584",
                                         "\u2585", "\u2586", "\u2587", "\u2588"};
    static const char ascii[] = " .:-=+*#@";
    int i = isnan(share) ? 0 : MAX(1, MIN(1 + (int)(share * 7.999), 8)); /* zero is a low block */
    if (o->ascii)
        strbuf_char(out, ascii[i]);
    else
        strbuf_str(out, blocks[i]);
}

void print_levels(const struct levels *l, size_t columns, const struct print_options *o, struct strbuf *out)
{
    for (size_t x = 0; x < columns; x++) {
        size_t from = x * l->n / columns, to = MAX((x + 1) * l->n / columns, from + 1);
        double top = NAN;
        for (size_t i = from; i < to && i < l->n; i++)
            if (isfinite(l->values[i]))
                top = fmax(top, l->values[i]);
        level(out, o, top);
    }
}

/* Under levels: where their time begins and ends. */
static void time_axis(const struct table *t, int indent, size_t columns, const struct print_options *o,
                      struct strbuf *out)
{
    char a[CLOCK_TEXT_MAX], b[CLOCK_TEXT_MAX];
    clock_hms(t->axis_from, t->axis_to, a);
    clock_hms(t->axis_to, t->axis_to, b);
    int room = (int)columns - (int)strlen(a) - (int)strlen(b);
    if (t->axis_to <= t->axis_from || room < 1)
        return;
    print_color(out, o, "2");
    strbuf_pad(out, ' ', (size_t)indent);
    strbuf_str(out, a);
    strbuf_pad(out, ' ', (size_t)room);
    strbuf_str(out, b);
    print_color(out, o, "0");
    print_end_line(out);
}

/* Columns that the levels get: what the other columns leave, no more than there are. */
static size_t levels_width(const struct table *t, size_t c, int name, const struct print_options *o)
{
    const struct levels *l = table_row(t, 0)->cells[c].levels;
    int after = 0, room = t->columns[c].width;
    for (size_t k = c + 1; k < t->n_columns; k++)
        after += t->columns[k].width + GAP;
    if (o->width > 0)
        room = o->width - INDENT - name - LEVELS_GAP - after;
    return MIN(l->n, (size_t)MAX(room, LEVELS_LEAST));
}

void print_text_bare(const struct table *t, const struct print_options *o, struct strbuf *out)
{
    struct strbuf b = {0};
    int name = 0;
    size_t levels = 0;
    for (size_t i = 0; i < table_rows(t); i++) {
        strbuf_clear(&b);
        cell_format(&t->columns[0], table_row(t, i)->cells[0], &b);
        name = MAX(name, utf8_width(strbuf_text(&b)));
    }
    for (size_t i = 0; i < table_rows(t); i++) {
        const struct row *r = table_row(t, i);
        int used = 0;
        strbuf_pad(out, ' ', INDENT);
        for (size_t c = 0; c < t->n_columns; c++) {
            bool is_levels = r->cells[c].type == CELL_LEVELS;
            if (c)
                strbuf_pad(out, ' ', (size_t)MAX(name - used, 0) * (c == 1) + (is_levels ? LEVELS_GAP : GAP));
            if (is_levels) {
                levels = levels_width(t, c, name, o);
                print_levels(r->cells[c].levels, levels, o, out);
                continue;
            }
            strbuf_clear(&b);
            cell_format(&t->columns[c], r->cells[c], &b);
            int room = o->width > name + 10 ? o->width - name - 2 * GAP : VALUE_MOST;
            used = print_put(out, o, strbuf_text(&b), c ? room : name);
        }
        print_end_line(out);
    }
    if (levels)
        time_axis(t, INDENT + name + LEVELS_GAP, levels, o, out);
    strbuf_free(&b);
}

#include "sink/print_internal.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <stdlib.h>

/* CELL_MAX: where the width is not limited one hostile text of a megabyte must not make
 * every line of its table that long; JSON and CSV have all of it. */
enum { GAP = 2, GROW_MIN = 16, TEXT_MIN = 8, CELL_MAX = 120, TREE_INDENT = 2, HEAT_MAX_COLUMNS = 200 };

static void finish_line(struct strbuf *out)
{
    while (out->len && out->text[out->len - 1] == ' ')
        out->text[--out->len] = 0;
    strbuf_char(out, '\n');
}

/* Text neutralised; in ASCII mode everything else becomes a question mark. */
static int put(struct strbuf *out, const struct print_options *o, const char *s, int columns)
{
    struct strbuf b = {0};
    int used = utf8_append(&b, s, columns);
    if (o->ascii) {
        used = 0;
        for (const unsigned char *p = (const unsigned char *)strbuf_text(&b); *p; p++)
            if (*p < 0x80 || (*p & 0xC0) == 0xC0) {
                strbuf_char(out, *p < 0x80 ? (char)*p : '?');
                used++;
            }
    } else {
        strbuf_str(out, strbuf_text(&b));
    }
    strbuf_free(&b);
    return used;
}

static void color(struct strbuf *out, const struct print_options *o, const char *sgr)
{
    if (o->color)
        strbuf_printf(out, "\x1b[%sm", sgr);
}

static void paragraph(const char *text, int indent, const struct print_options *o, struct strbuf *out);

/* A note that does not fit beside the title goes below it. */
static void title(const struct section *s, const struct print_options *o, struct strbuf *out)
{
    if (!s->title)
        return;
    bool note = s->note && *s->note;
    bool below = note && o->width > 0 && utf8_width(s->title) + GAP + utf8_width(s->note) > o->width;
    color(out, o, "1");
    put(out, o, s->title, o->width > 0 ? o->width : CELL_MAX);
    color(out, o, "0");
    if (note && !below)
        strbuf_pad(out, ' ', GAP);
    else
        strbuf_char(out, '\n');
    if (!note)
        return;
    color(out, o, "2");
    paragraph(s->note, below ? 2 : 0, o, out);
    if (o->color) { /* the paragraph ended its line: back to its end for the reset */
        out->len--;
        color(out, o, "0");
        strbuf_char(out, '\n');
    }
}

/* ---- tables ---- */

struct fit {
    int *width; /* 0: not shown */
    int *natural;
    bool *right;
};

static bool is_text(struct cell c)
{
    return c.type == CELL_TEXT || c.type == CELL_LIST || c.type == CELL_BOOL;
}

static int grow_column(const struct table *t)
{
    for (size_t c = 0; c < t->n_columns; c++)
        if ((t->columns[c].flags & COLUMN_GROW) && !(t->columns[c].flags & COLUMN_HIDDEN))
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

/* Natural widths first. When the line is too short: the growing column down to its
 * minimum, then columns that matter least go, then texts down to theirs, and at last
 * the growing column gives what it must. */
static void fit_columns(const struct table *t, int width, char *const *texts, struct fit *f)
{
    for (size_t c = 0; c < t->n_columns; c++) {
        const struct column *col = &t->columns[c];
        bool text = false;
        if (col->flags & COLUMN_HIDDEN)
            continue; /* no text was made for it */
        f->natural[c] = utf8_width(col->title);
        for (size_t i = 0; i < t->n_rows; i++) {
            int indent = (col->flags & COLUMN_TREE) ? t->rows[i].depth * TREE_INDENT : 0;
            f->natural[c] = MAX(f->natural[c], utf8_width(texts[i * t->n_columns + c]) + indent);
            text = text || is_text(t->rows[i].cells[c]);
        }
        f->natural[c] = MIN(f->natural[c], MAX(width, CELL_MAX));
        f->right[c] = !text && !(col->flags & (COLUMN_LEFT | COLUMN_TREE));
        f->width[c] = f->natural[c];
    }
    if (width <= 0)
        return;
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

/* For every row: does it have a later sibling? And how deep the tree is. */
static bool *later_siblings(const struct table *t, int *deepest)
{
    bool *more = mem_array(t->n_rows + 1, sizeof *more);
    *deepest = 0;
    for (size_t i = 0; i < t->n_rows; i++)
        *deepest = MAX(*deepest, t->rows[i].depth);
    bool *seen = mem_array((size_t)*deepest + 2, sizeof *seen); /* one at this depth, under the same parent */
    for (size_t i = t->n_rows; i-- > 0;) {
        int depth = MAX(0, t->rows[i].depth);
        more[i] = seen[depth];
        seen[depth] = true;
        /* What stood further right below this row are its own descendants. */
        for (int d = depth + 1; d <= *deepest && seen[d]; d++)
            seen[d] = false;
    }
    free(seen);
    return more;
}

/* `open`: of the row's ancestors, by depth, whether they have later siblings. */
static int branches(const struct table *t, size_t i, int room, const bool *open,
                    const struct print_options *o, struct strbuf *out)
{
    int used = 0;
    for (int depth = 1; depth <= t->rows[i].depth && used + TREE_INDENT <= room; depth++) {
        bool last = depth == t->rows[i].depth, more = open[depth];
        if (o->ascii)
            strbuf_str(out, last ? more ? "+ " : "` " : more ? "| " : "  ");
        else
            strbuf_str(out, last ? more ? "\u251c " : "\u2514 " : more ? "\u2502 " : "  ");
        used += TREE_INDENT;
    }
    return used;
}

static void table(const struct section *s, const struct print_options *o, struct strbuf *out)
{
    static const char *const marks[] = {"", "", "", "!", "!!"};
    static const char *const colors[] = {"0", "32", "36", "33", "31"};
    const struct table *t = &s->table;
    size_t n = t->n_columns;
    char **texts = mem_array(t->n_rows * n, sizeof *texts);
    struct fit f = {mem_array(n, sizeof(int)), mem_array(n, sizeof(int)), mem_array(n, sizeof(bool))};
    bool marked = false;
    int deepest;
    bool *more = later_siblings(t, &deepest), *open = mem_array((size_t)deepest + 2, sizeof *open);
    for (size_t i = 0; i < t->n_rows; i++) {
        marked = marked || t->rows[i].severity >= SEVERITY_WARN;
        for (size_t c = 0; c < n; c++) {
            struct strbuf b = {0};
            if (t->columns[c].flags & COLUMN_HIDDEN)
                continue;
            cell_format(&t->columns[c], t->rows[i].cells[c], &b);
            texts[i * n + c] = strbuf_detach(&b);
        }
    }
    fit_columns(t, o->width ? o->width - (marked ? 3 : 0) : 0, texts, &f);

    if (marked)
        strbuf_str(out, "   ");
    color(out, o, "4");
    bool first = true;
    for (size_t c = 0; c < n; c++) {
        if (!f.width[c])
            continue;
        strbuf_pad(out, ' ', first ? 0 : GAP);
        first = false;
        int w = MIN(utf8_width(t->columns[c].title), f.width[c]);
        if (f.right[c])
            strbuf_pad(out, ' ', (size_t)(f.width[c] - w));
        put(out, o, t->columns[c].title, f.width[c]);
        if (!f.right[c])
            strbuf_pad(out, ' ', (size_t)(f.width[c] - w));
    }
    color(out, o, "0");
    finish_line(out);
    for (size_t i = 0; i < t->n_rows; i++) {
        enum severity sev = t->rows[i].severity;
        open[MAX(0, t->rows[i].depth)] = more[i];
        if (marked) {
            color(out, o, colors[sev]);
            strbuf_printf(out, "%-2s ", marks[sev]);
            color(out, o, "0");
        }
        first = true;
        for (size_t c = 0; c < n; c++) {
            if (!f.width[c])
                continue;
            const char *text = texts[i * n + c];
            strbuf_pad(out, ' ', first ? 0 : GAP);
            int indent =
                (t->columns[c].flags & COLUMN_TREE) ? branches(t, i, f.width[c] - 1, open, o, out) : 0;
            first = false;
            int room = f.width[c] - indent, w = utf8_width(text);
            if (f.right[c] && w < room)
                strbuf_pad(out, ' ', (size_t)(room - w));
            int used = w > room && room > 1 ? put(out, o, text, room - 1) : put(out, o, text, room);
            if (w > room && room > 1) {
                strbuf_char(out, '~');
                used++;
            }
            if (!f.right[c] && used < room)
                strbuf_pad(out, ' ', (size_t)(room - used));
        }
        finish_line(out);
    }
    for (size_t i = 0; i < t->n_rows * n; i++)
        free(texts[i]);
    free(texts);
    free(more);
    free(open);
    free(f.width);
    free(f.natural);
    free(f.right);
}

/* ---- drawings ---- */

static void level(struct strbuf *out, const struct print_options *o, double share)
{
    static const char *const blocks[] = {" ",      "\u2581", "\u2582", "\u2583", "\u2584",
                                         "\u2585", "\u2586", "\u2587", "\u2588"};
    static const char ascii[] = " .:-=+*#@";
    int i = share <= 0 ? 0 : 1 + (int)(share * 7.999);
    i = MAX(0, MIN(i, 8));
    if (o->ascii)
        strbuf_char(out, ascii[i]);
    else
        strbuf_str(out, blocks[i]);
}

static bool has_points(const struct graph *g)
{
    for (size_t l = 0; l < g->n_lines; l++)
        for (size_t i = 0; i < g->n_points; i++)
            if (isfinite(g->lines[l].values[i]))
                return true;
    return false;
}

/* Under a drawing: where its time begins and ends. */
static void time_axis(sd_time from, sd_time to, int indent, size_t columns, const struct print_options *o,
                      struct strbuf *out)
{
    char a[CLOCK_TEXT_MAX], b[CLOCK_TEXT_MAX];
    clock_hms(from, to, a);
    clock_hms(to, to, b);
    int room = (int)columns - (int)strlen(a) - (int)strlen(b);
    if (to <= from || room < 1)
        return;
    color(out, o, "2");
    strbuf_pad(out, ' ', (size_t)indent);
    strbuf_str(out, a);
    strbuf_pad(out, ' ', (size_t)room);
    strbuf_str(out, b);
    color(out, o, "0");
    finish_line(out);
}

/* One line of blocks for each line of the graph; each is scaled to its own largest
 * value, which stands beside it; layers, the top one first, to that of the stack. */
static void graph(const struct section *s, const struct print_options *o, struct strbuf *out)
{
    enum { FIGURES_WIDTH = 39, COLUMNS = 60 };
    const struct graph *g = &s->graph;
    int label = 0;
    for (size_t l = 0; l < g->n_lines; l++) {
        struct strbuf b = {0};
        graph_label(g, &g->lines[l], &b);
        label = MAX(label, MIN(utf8_width(strbuf_text(&b)), 24));
        strbuf_free(&b);
    }
    int room = o->width > 0 ? o->width - 2 - label - 1 - FIGURES_WIDTH : COLUMNS;
    size_t columns = MIN(g->n_points, (size_t)MAX(room, 8));
    double highest = NAN;
    for (size_t i = 0; g->stacked && i < g->n_points; i++)
        highest = fmax(highest, graph_sum(g, i));
    for (size_t k = 0; k < g->n_lines && columns; k++) {
        size_t l = g->stacked ? g->n_lines - 1 - k : k;
        const double *v = g->lines[l].values;
        double most = NAN, least_value = NAN, last = NAN;
        char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX], e[UNIT_TEXT_MAX];
        for (size_t i = 0; i < g->n_points; i++)
            if (isfinite(v[i])) {
                most = fmax(most, v[i]); /* fmax and fmin leave NAN out */
                least_value = fmin(least_value, v[i]);
                last = v[i];
            }
        double scale = g->stacked ? highest : most;
        struct strbuf name = {0};
        graph_label(g, &g->lines[l], &name);
        strbuf_str(out, "  ");
        int used = put(out, o, strbuf_text(&name), label);
        strbuf_free(&name);
        strbuf_pad(out, ' ', (size_t)(label - used + 1));
        for (size_t x = 0; x < columns; x++) {
            size_t from = x * g->n_points / columns, to = MAX((x + 1) * g->n_points / columns, from + 1);
            double top = NAN;
            for (size_t i = from; i < to && i < g->n_points; i++)
                if (isfinite(v[i]))
                    top = fmax(top, v[i]);
            if (isfinite(top)) /* zero is a low block, unknown is nothing */
                level(out, o, scale > 0 ? fmax(top / scale, 0.01) : 0.01);
            else
                level(out, o, 0);
        }
        strbuf_str(out, "  ");
        if (g->stacked && isfinite(g->lines[l].share))
            strbuf_printf(out, "%s, ", unit_format(UNIT_SHARE, g->lines[l].share, a));
        strbuf_printf(out, "last %s, %s to %s", unit_format(g->unit, last, a),
                      unit_format(g->unit, least_value, b), unit_format(g->unit, most, e));
        finish_line(out);
    }
    time_axis(g->from, g->to, 2 + label + 1, columns, o, out);
}

static void heatmap(const struct section *s, const struct print_options *o, struct strbuf *out)
{
    enum { INDENT = 13 };
    const struct heatmap *h = &s->heatmap;
    size_t columns = MIN(h->columns, (size_t)(o->width > INDENT + 8 ? o->width - INDENT : HEAT_MAX_COLUMNS));
    for (size_t y = h->rows; y-- > 0;) {
        char buf[UNIT_TEXT_MAX];
        bool below = y == 0 && h->lower[0] == 0; /* the lowest row holds all that is faster */
        unit_format_int(h->unit, h->lower[below ? 1 : y], buf);
        strbuf_printf(out, "  %s%*s ", below ? "< " : "  ", INDENT - 5, buf);
        for (size_t x = 0; x < columns; x++) {
            uint64_t c = 0;
            size_t from = x * h->columns / columns, to = MAX((x + 1) * h->columns / columns, from + 1);
            for (size_t i = from; i < to && i < h->columns; i++)
                c = MAX(c, h->counts[y * h->columns + i]);
            level(out, o, c && h->max ? log1p((double)c) / log1p(h->max) : 0);
        }
        finish_line(out);
    }
    time_axis(h->from, h->to, INDENT, columns, o, out);
}

static void fields(const struct section *s, const struct print_options *o, struct strbuf *out)
{
    int width = 0;
    for (size_t i = 0; i < s->fields.n; i++)
        if (s->fields.items[i].label)
            width = MAX(width, utf8_width(s->fields.items[i].label));
    for (size_t i = 0; i < s->fields.n; i++) {
        const struct field *f = &s->fields.items[i];
        struct strbuf b = {0};
        if (!f->label)
            continue;
        cell_format(&(struct column){.unit = f->unit}, f->value, &b);
        strbuf_str(out, "  ");
        int used = put(out, o, f->label, width);
        strbuf_pad(out, ' ', (size_t)(width - used + GAP));
        put(out, o, strbuf_text(&b), o->width > width + 10 ? o->width - width - 4 : 1000);
        finish_line(out);
        strbuf_free(&b);
    }
}

/* Bytes of the longest beginning of s[0..len) that fits: up to the last space, or all
 * that fits when there is none. */
static size_t line_break(const char *s, size_t len, int room)
{
    size_t at = 0, space = 0;
    int used = 0;
    struct utf8_char c;
    while (at < len) {
        size_t n = utf8_next(s + at, len - at, &c);
        if (!n)
            return len;
        if (used + c.width > room)
            return space ? space : at;
        used += c.width;
        at += n;
        if (c.code == ' ')
            space = at;
    }
    return len;
}

static bool is_marked(const struct section *s, size_t from, size_t to)
{
    for (size_t i = 0; s && i < s->n_marks; i++)
        if (s->marks[i].start < to && from < s->marks[i].start + s->marks[i].len)
            return true;
    return false;
}

void print_carets(const struct section *s, size_t at, size_t n, size_t indent, struct strbuf *out)
{
    struct utf8_char c;
    if (!is_marked(s, at, at + n))
        return;
    strbuf_pad(out, ' ', indent);
    for (size_t i = 0, step; i < n && (step = utf8_next(s->text + at + i, n - i, &c)); i += step)
        strbuf_pad(out, is_marked(s, at + i, at + i + step) ? '^' : ' ', (size_t)c.width);
    finish_line(out);
}

/* Lines of the text stay lines; what is longer than the width goes on below. With `marks`
 * (the text is its own) a line with marked parts is followed by one that shows them. */
static void lines(const char *text, int indent, const struct section *marks, const struct print_options *o,
                  struct strbuf *out)
{
    int room = o->width > indent + 20 ? o->width - indent : 100000;
    for (size_t at = 0; text[at];) {
        size_t len = strcspn(text + at, "\n"), done = 0;
        do {
            size_t n = line_break(text + at + done, len - done, room);
            char *line = mem_strndup(text + at + done, n);
            strbuf_pad(out, ' ', (size_t)indent);
            put(out, o, line, room);
            finish_line(out);
            free(line);
            print_carets(marks, at + done, n, (size_t)indent, out);
            done += n;
        } while (done < len);
        at += len;
        at += text[at] == '\n';
    }
}

static void paragraph(const char *text, int indent, const struct print_options *o, struct strbuf *out)
{
    lines(text, indent, NULL, o, out);
}

static void nothing(const struct section *s, const struct print_options *o, struct strbuf *out)
{
    paragraph(s->empty && *s->empty ? s->empty : "(nothing)", 2, o, out);
}

void print_text_section(const struct section *s, const struct print_options *o, struct strbuf *out)
{
    title(s, o, out);
    switch (s->kind) {
    case SECTION_TABLE:
    case SECTION_TREE:
        if (s->table.n_rows)
            table(s, o, out);
        else
            nothing(s, o, out);
        break;
    case SECTION_GRAPH:
        if (has_points(&s->graph))
            graph(s, o, out);
        else
            nothing(s, o, out);
        break;
    case SECTION_HEATMAP:
        if (s->heatmap.max)
            heatmap(s, o, out);
        else
            nothing(s, o, out);
        break;
    case SECTION_FIELDS:
        if (s->fields.n)
            fields(s, o, out);
        else
            nothing(s, o, out);
        break;
    case SECTION_TEXT:
        if (s->text && *s->text)
            lines(s->text, 2, s, o, out);
        else
            nothing(s, o, out);
        break;
    }
}

void print_text_doc(const struct doc *d, const struct print_options *o, struct strbuf *out)
{
    for (size_t i = 0; i < d->n_sections; i++) {
        if (d->sections[i].aside)
            continue;
        if (i)
            strbuf_char(out, '\n');
        print_text_section(&d->sections[i], o, out);
    }
}

#include "sink/print_internal.h"

#include "base/utf8.h"

#include <stdlib.h>

enum { GAP = 2, GROW_MIN = 16, TREE_INDENT = 2, HEAT_MAX_COLUMNS = 200 };

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

static void title(const struct section *s, const struct print_options *o, struct strbuf *out)
{
    if (!s->title)
        return;
    color(out, o, "1");
    put(out, o, s->title, 200);
    color(out, o, "0");
    if (s->note) {
        color(out, o, "2");
        strbuf_str(out, "  ");
        put(out, o, s->note, 300);
        color(out, o, "0");
    }
    strbuf_char(out, '\n');
}

/* ---- tables ---- */

struct fit {
    int *width;  /* 0: not shown */
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

/* Natural widths first; when the line is too short the columns that matter least go,
 * then the growing one is cut. */
static void fit_columns(const struct table *t, int width, char *const *texts, struct fit *f)
{
    for (size_t c = 0; c < t->n_columns; c++) {
        const struct column *col = &t->columns[c];
        bool text = false;
        f->natural[c] = utf8_width(col->title);
        for (size_t i = 0; i < t->n_rows; i++) {
            int indent = (col->flags & COLUMN_TREE) ? t->rows[i].depth * TREE_INDENT : 0;
            f->natural[c] = MAX(f->natural[c], utf8_width(texts[i * t->n_columns + c]) + indent);
            text = text || is_text(t->rows[i].cells[c]);
        }
        f->right[c] = !text && !(col->flags & (COLUMN_LEFT | COLUMN_TREE));
        f->width[c] = col->flags & COLUMN_HIDDEN ? 0 : f->natural[c];
    }
    if (width <= 0)
        return;
    int grow = grow_column(t);
    for (;;) {
        int over = total(t, f) - width;
        if (over <= 0)
            return;
        int least = grow >= 0 ? MIN(MAX(GROW_MIN, t->columns[grow].width), f->natural[grow]) : 0;
        int spare = grow >= 0 ? f->width[grow] - least : 0;
        int worst = -1;
        for (size_t c = 0; c < t->n_columns; c++)
            if (f->width[c] && t->columns[c].priority > 0 && (int)c != grow &&
                (worst < 0 || t->columns[c].priority >= t->columns[worst].priority))
                worst = (int)c;
        if (over <= spare || worst < 0) {
            if (grow >= 0)
                f->width[grow] = MAX(f->width[grow] - over, MIN(GROW_MIN, f->natural[grow]));
            return;
        }
        f->width[worst] = 0;
    }
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
    for (size_t i = 0; i < t->n_rows; i++) {
        marked = marked || t->rows[i].severity >= SEVERITY_WARN;
        for (size_t c = 0; c < n; c++) {
            struct strbuf b = {0};
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
            int indent = (t->columns[c].flags & COLUMN_TREE) ? t->rows[i].depth * TREE_INDENT : 0;
            indent = MIN(indent, f.width[c]);
            strbuf_pad(out, ' ', (size_t)((first ? 0 : GAP) + indent));
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
    free(f.width);
    free(f.natural);
    free(f.right);
}

/* ---- drawings ---- */

static void level(struct strbuf *out, const struct print_options *o, double share)
{
    static const char *const blocks[] = {" ", "\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588"};
    static const char ascii[] = " .:-=+*#@";
    int i = share <= 0 ? 0 : 1 + (int)(share * 7.999);
    i = MAX(0, MIN(i, 8));
    if (o->ascii)
        strbuf_char(out, ascii[i]);
    else
        strbuf_str(out, blocks[i]);
}

static void graph(const struct section *s, const struct print_options *o, struct strbuf *out)
{
    const struct graph *g = &s->graph;
    size_t columns = g->n_points;
    if (o->width > 40)
        columns = MIN(columns, (size_t)o->width - 36);
    else
        columns = MIN(columns, (size_t)60);
    for (size_t l = 0; l < g->n_lines && columns; l++) {
        double most = NAN, last = NAN;
        char a[UNIT_TEXT_MAX], b[UNIT_TEXT_MAX];
        for (size_t i = 0; i < g->n_points; i++) {
            double v = g->lines[l].values[i];
            if (isfinite(v)) {
                most = isfinite(most) ? fmax(most, v) : v;
                last = v;
            }
        }
        strbuf_str(out, "  ");
        int used = put(out, o, g->lines[l].name, 12);
        strbuf_pad(out, ' ', (size_t)(13 - used));
        for (size_t x = 0; x < columns; x++) {
            size_t from = x * g->n_points / columns, to = MAX((x + 1) * g->n_points / columns, from + 1);
            double v = NAN;
            for (size_t i = from; i < to && i < g->n_points; i++)
                if (isfinite(g->lines[l].values[i]))
                    v = isfinite(v) ? fmax(v, g->lines[l].values[i]) : g->lines[l].values[i];
            level(out, o, isfinite(v) && most > 0 ? v / most : 0);
        }
        strbuf_printf(out, "  last %s", unit_format(g->unit, last, a));
        strbuf_printf(out, ", most %s", unit_format(g->unit, most, b));
        finish_line(out);
    }
}

static void heatmap(const struct section *s, const struct print_options *o, struct strbuf *out)
{
    const struct heatmap *h = &s->heatmap;
    size_t columns = MIN(h->columns, (size_t)HEAT_MAX_COLUMNS);
    for (size_t y = h->rows; y-- > 0;) {
        char buf[UNIT_TEXT_MAX];
        strbuf_printf(out, "  %8s ", unit_format_int(h->unit, h->lower[y], buf));
        for (size_t x = 0; x < columns; x++) {
            uint32_t c = h->counts[y * h->columns + x];
            level(out, o, c && h->max ? log1p(c) / log1p(h->max) : 0);
        }
        finish_line(out);
    }
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

/* Lines of the text stay lines; what is longer than the width goes on below. */
static void paragraph(const char *text, int indent, const struct print_options *o, struct strbuf *out)
{
    int room = o->width > indent + 20 ? o->width - indent : 100000;
    while (*text) {
        size_t len = strcspn(text, "\n"), done = 0;
        do {
            size_t n = line_break(text + done, len - done, room);
            char *line = mem_strndup(text + done, n);
            strbuf_pad(out, ' ', (size_t)indent);
            put(out, o, line, room);
            finish_line(out);
            free(line);
            done += n;
        } while (done < len);
        text += len;
        text += *text == '\n';
    }
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
            paragraph(s->empty ? s->empty : "(nothing)", 2, o, out);
        break;
    case SECTION_GRAPH:
        graph(s, o, out);
        break;
    case SECTION_HEATMAP:
        heatmap(s, o, out);
        break;
    case SECTION_FIELDS:
        fields(s, o, out);
        break;
    case SECTION_TEXT:
        paragraph(s->text && *s->text ? s->text : s->empty ? s->empty : "(nothing)", 2, o, out);
        break;
    }
}

void print_text_doc(const struct doc *d, const struct print_options *o, struct strbuf *out)
{
    for (size_t i = 0; i < d->n_sections; i++) {
        if (i)
            strbuf_char(out, '\n');
        print_text_section(&d->sections[i], o, out);
    }
}

/* explain_cut.c - a plan copied from a terminal that is too narrow: every line longer than
 * its width was cut there, inside a word or a number, and goes on in the next line.
 *
 * A line as long as the widest one is continued when the next line cannot begin a line of
 * EXPLAIN: these are indented, or begin with a name that is known. Whether the parts meet
 * without a blank (cut) or with one (an e-mail, which breaks lines at blanks) shows in the
 * figures: "time=292.807..32" and "1.234 rows=83" are one number. */
#include "format/plans/explain_dress.h"

#include <ctype.h>
#include <stdlib.h>

#include "format/plans/explain_lines.h"

#define SHORT_MAX 2 /* blanks that were cut off the end of a full line: "  (cost=" has two */

static const char *const BARS[] = {"|", "\xe2\x94\x82", "\xe2\x95\x91"};

struct cut_line {
    const char *s;
    size_t n;      /* without blanks at its end */
    size_t cols;   /* columns of it */
    size_t indent; /* blanks before it */
    bool framed;
};

struct cut {
    struct cut_line *lines;
    size_t n, cap;
    size_t width;  /* columns of the widest line */
    size_t base;   /* blanks before a line of no indentation */
    size_t margin; /* blanks before every part that continues a line */
};

static size_t bar_length(const char *s, size_t n, bool right)
{
    for (size_t i = 0; i < ARRAY_LEN(BARS); i++) {
        size_t k = strlen(BARS[i]);
        if (n >= k && !memcmp(right ? s + n - k : s, BARS[i], k))
            return k;
    }
    return 0;
}

static bool is_rule(const char *s, size_t n)
{
    size_t dashes = 0;
    for (size_t i = 0; i < n; i++) {
        if (!strchr("-+|= ", s[i]) && (unsigned char)s[i] < 0x80)
            return false;
        dashes += s[i] == '-' || s[i] == '=' || (unsigned char)s[i] == 0xe2;
    }
    return dashes >= 4;
}

/* Does most of the text have an e-mail's ">"? A single one may be the rest of "->" or ">=". */
static bool is_quoted(const char *text, const char *end)
{
    size_t lines = 0, quoted = 0;
    for (const char *s = text; s < end; s = lines_stop(s, end) + 1) {
        lines++;
        quoted += *s == '>';
    }
    return quoted * 2 > lines;
}

static void split_lines(struct cut *c, const char *text, const char *end)
{
    bool mail = is_quoted(text, end);
    for (const char *s = text; s < end; s = lines_stop(s, end) + 1) {
        struct cut_line l = {.s = s, .n = (size_t)(lines_stop(s, end) - s)};
        while (mail && l.n && (*l.s == '>' || (*l.s == ' ' && l.n > 1 && l.s[1] == '>'))) {
            l.s++;
            l.n--;
        }
        size_t left = bar_length(l.s, l.n, false), right = bar_length(l.s, l.n, true);
        if (left && right && l.n > left + right) { /* a frame on both sides */
            l.framed = true;
            l.s += left;
            l.n -= left + right;
        }
        while (l.n && (l.s[l.n - 1] == ' ' || l.s[l.n - 1] == '\r' || l.s[l.n - 1] == '\t'))
            l.n--;
        if (l.n > 1 && *l.s == '"' && l.s[1] == ' ') /* pgAdmin's quotes */
            l.indent++;
        while (l.indent < l.n && (l.s[l.indent] == ' ' || l.s[l.indent] == '\t'))
            l.indent++;
        for (size_t i = 0; i < l.n; i++)
            l.cols += ((unsigned char)l.s[i] & 0xc0) != 0x80;
        c->lines = mem_grow(c->lines, c->n, &c->cap, sizeof *c->lines);
        c->lines[c->n++] = l;
    }
}

static bool starts_with(const char *s, size_t n, const char *what)
{
    return n >= strlen(what) && !memcmp(s, what, strlen(what));
}

static bool starts_figures(const char *s, size_t n)
{
    return starts_with(s, n, "(cost=") || starts_with(s, n, "(actual ") ||
           starts_with(s, n, "(never executed)");
}

/* Does this begin a line that EXPLAIN does not indent? */
static bool begins_line(const char *s, size_t n)
{
    static const char *const keys[] = {"Execution ",     "JIT:",
                                       "Optimizer",      "Planning",
                                       "QUERY PLAN",     "Query Identifier:",
                                       "Query Text:",    "Query Parameters:",
                                       "Serialization:", "Settings:",
                                       "Time:",          "Total runtime:",
                                       "Trigger ",       "Buffers:",
                                       "Functions:",     "Options:",
                                       "Timing:",        "Memory:",
                                       "Output:",        "CTE ",
                                       "InitPlan ",      "SubPlan ",
                                       "Worker "};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (starts_with(s, n, keys[i]))
            return true;
    const char *figures = lines_figures(s, n);
    size_t name = figures ? (size_t)(figures - s) : n;
    while (name && s[name - 1] == ' ')
        name--;
    return lines_is_arrow(s, n) || lines_is_bare_node(s, name) ||
           (n > 3 && *s == '(' && isdigit((unsigned char)s[1]) && memmem(s, n, " row", 4));
}

/* Are the figures of a node all there? */
static bool whole_node(const char *s, size_t n)
{
    const char *figures = lines_figures(s, n);
    return figures && s[n - 1] == ')' && !lines_stay_open(figures, (size_t)(s + n - figures));
}

/* Can `next` only be the rest of the line `whole`, the last part of which is `last`? */
static bool is_rest(const struct cut *c, const char *whole, size_t n, const struct cut_line *last,
                    const struct cut_line *next)
{
    const char *s = next->s + next->indent;
    size_t left = next->n - next->indent;
    if (!left || last->framed != next->framed)
        return false;
    if (is_rule(last->s, last->n) || is_rule(next->s, next->n))
        return is_rule(last->s, last->n) && is_rule(next->s, next->n) && last->cols == c->width &&
               !last->framed;
    size_t indent = 0;
    while (indent < n && whole[indent] == ' ')
        indent++;
    bool node = lines_is_arrow(whole + indent, n - indent);
    if (starts_figures(s, left))
        return node && !whole_node(whole, n) ? true : !lines_figures(whole, n) || !memcmp(s, "(a", 2);
    if (next->indent > c->base + 1)
        return false;
    if (node && !lines_figures(whole, n)) /* "->  Bitmap Heap", "->" */
        return true;
    return !whole_node(whole, n) && !begins_line(s, left);
}

/* ---- figures ---- */

/* Does s agree with the form of a node's figures, as far as both go? `#` is a number. */
static bool agrees(const char *s, const char *end, const char *form)
{
    for (; *form && s < end; form++) {
        if (*form != '#') {
            if (*s++ != *form)
                return false;
            continue;
        }
        const char *from = s;
        while (s < end && isdigit((unsigned char)*s))
            s++;
        if (s == from)
            return false;
        if (end - s > 1 && *s == '.' && isdigit((unsigned char)s[1]))
            for (s++; s < end && isdigit((unsigned char)*s);)
                s++;
        else if (end - s == 1 && *s == '.')
            return true;
    }
    return true;
}

bool explain_figures_sound(const char *s, size_t n)
{
    const char *end = s + n;
    while ((s = lines_figures(s, (size_t)(end - s))) != NULL) {
        bool sound =
            starts_with(s, (size_t)(end - s), "(cost=")      ? agrees(s, end, "(cost=#..# rows=# width=#)")
            : starts_with(s, (size_t)(end - s), "(actual r") ? agrees(s, end, "(actual rows=# loops=#)")
            : starts_with(s, (size_t)(end - s), "(actual t")
                ? agrees(s, end, "(actual time=#..# rows=# loops=#)")
                : true;
        if (!sound)
            return false;
        s++;
    }
    return true;
}

/* ---- joining ---- */

static void join_lines(const struct cut *c, struct strbuf *whole, const struct cut_line *last,
                       const struct cut_line *next, const char *between)
{
    if (between) {
        strbuf_str(whole, between);
        strbuf_add(whole, next->s + next->indent, next->n - next->indent);
        return;
    }
    size_t margin = MIN(c->margin, next->indent);
    strbuf_pad(whole, ' ', c->width - MIN(c->width, last->cols));
    strbuf_add(whole, next->s + margin, next->n - margin);
}

/* What the ways to put the lines together say. */
struct verdict {
    size_t joins;      /* lines that are continued */
    size_t open;       /* of them, lines with an open bracket, and nodes without figures */
    size_t cut, blank; /* of them, figures that are whole only without, or only with a blank */
    size_t bad;        /* figures that are whole in neither way */
    size_t brief;      /* lines left open that are shorter than a cut one can be */
};

static struct verdict try_margin(struct cut *c, size_t margin)
{
    struct verdict v = {0};
    struct strbuf whole = {0}, other = {0};
    c->margin = margin;
    for (size_t i = 0; i + 1 < c->n; i++) {
        strbuf_clear(&whole);
        strbuf_add(&whole, c->lines[i].s, c->lines[i].n);
        for (; i + 1 < c->n; i++) {
            const struct cut_line *last = &c->lines[i], *next = last + 1;
            if (!is_rest(c, strbuf_text(&whole), whole.len, last, next))
                break;
            if (last->cols + SHORT_MAX < c->width) {
                v.brief += lines_stay_open(strbuf_text(&whole), whole.len);
                break;
            }
            v.open += lines_stay_open(strbuf_text(&whole), whole.len) ||
                      (is_rule(last->s, last->n) && is_rule(next->s, next->n));
            strbuf_clear(&other);
            strbuf_add(&other, whole.text, whole.len);
            join_lines(c, &other, last, next, " ");
            join_lines(c, &whole, last, next, NULL);
            bool cut = explain_figures_sound(whole.text, whole.len),
                 blank = explain_figures_sound(other.text, other.len);
            v.joins++;
            v.cut += cut && !blank;
            v.blank += blank && !cut;
            v.bad += !blank && !cut;
        }
    }
    strbuf_free(&whole);
    strbuf_free(&other);
    return v;
}

static bool has_plan(const struct cut_line *l)
{
    return memmem(l->s, l->n, "(cost=", 6) || memmem(l->s, l->n, "(actual ", 8) ||
           memmem(l->s, l->n, "QUERY PLAN", 10);
}

/* Takes what is before the plan out; false: there is none. */
static bool measure(struct cut *c)
{
    size_t first = 0;
    while (first < c->n && !has_plan(&c->lines[first]))
        first++;
    bool root = false;
    for (size_t i = first; i < c->n; i++) {
        const struct cut_line *l = &c->lines[i];
        if (!is_rule(l->s, l->n) && !memmem(l->s, l->n, "QUERY PLAN", 10))
            c->width = MAX(c->width, l->cols);
        if (!root && memmem(l->s, l->n, "(cost=", 6)) {
            root = true;
            c->base = l->indent;
        }
    }
    return first < c->n && c->width >= 20;
}

/* An e-mail breaks a line where the next word does not fit any more. */
static bool breaks_there(const struct cut *c, const struct cut_line *l)
{
    const char *s = l[1].s + l[1].indent, *end = l[1].s + l[1].n;
    size_t word = 0;
    while (s + word < end && s[word] != ' ')
        word++;
    return l->cols + 1 + word > c->width;
}

bool explain_uncut(const char *text, size_t len, struct strbuf *out)
{
    struct cut c = {0};
    if (memmem(text, len, "\"Node Type\"", 11) || memmem(text, len, "<Node-Type>", 11) ||
        memmem(text, len, "Node Type: ", 11))
        return false;
    split_lines(&c, text, text + len);
    struct verdict best = {0};
    size_t margin = 0;
    if (measure(&c))
        for (size_t m = 0; m <= 1; m++) { /* psql with old-ascii has a blank before each part */
            struct verdict v = try_margin(&c, m);
            if (v.cut > best.cut || (!m && v.joins)) {
                best = v;
                margin = m;
            }
        }
    /* An e-mail's lines are of several lengths. */
    bool cut = best.cut > best.blank + best.bad || (best.open && !best.blank && !best.bad && !best.brief);
    bool mail = !cut && best.blank + best.brief > 0;
    c.margin = margin;
    struct strbuf whole = {0};
    for (size_t i = 0; (cut || mail) && i < c.n; i++) {
        strbuf_clear(&whole);
        strbuf_add(&whole, c.lines[i].s, c.lines[i].n);
        for (; i + 1 < c.n && (mail ? breaks_there(&c, &c.lines[i]) : c.lines[i].cols + SHORT_MAX >= c.width);
             i++) {
            if (!is_rest(&c, strbuf_text(&whole), whole.len, &c.lines[i], &c.lines[i + 1]))
                break;
            join_lines(&c, &whole, &c.lines[i], &c.lines[i + 1], mail ? " " : NULL);
        }
        strbuf_add(out, strbuf_text(&whole), whole.len);
        strbuf_char(out, '\n');
    }
    strbuf_free(&whole);
    free(c.lines);
    return cut || mail;
}

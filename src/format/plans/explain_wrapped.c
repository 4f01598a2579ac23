/* explain_wrapped.c - psql's "wrapped" output: a line that is too long goes on in the
 * next one, marked by "." (or an ellipsis) in the last column, and in the first one too
 * where the border leaves a column for it. */
#include "format/plans/explain_dress.h"

static const char *const MARKS[] = {".", "\xe2\x80\xa6"};
static const char *const SIDES[] = {"|", "\xe2\x94\x82", "\xe2\x95\x91"};

struct line {
    const char *s;
    size_t n;
    bool left, right; /* had a frame on that side, which is taken off */
};

static bool starts(const struct line *l, const char *s)
{
    return l->n >= strlen(s) && !memcmp(l->s, s, strlen(s));
}

static bool ends(const struct line *l, const char *s)
{
    return l->n >= strlen(s) && !memcmp(l->s + l->n - strlen(s), s, strlen(s));
}

static struct line line_at(const char *s, const char *end)
{
    const char *newline = memchr(s, '\n', (size_t)(end - s));
    struct line l = {.s = s, .n = (size_t)((newline ? newline : end) - s)};
    for (size_t i = 0; i < ARRAY_LEN(SIDES); i++) {
        size_t n = strlen(SIDES[i]);
        if (!l.left && starts(&l, SIDES[i])) {
            l.s += n;
            l.n -= n;
            l.left = true;
        }
        if (!l.right && ends(&l, SIDES[i])) {
            l.n -= n;
            l.right = true;
        }
    }
    return l;
}

/* Columns of a rule under a heading, ----; 0: it is none. */
static size_t rule_width(const struct line *l)
{
    size_t columns = 0;
    for (size_t i = 0; i < l->n; columns++) {
        if (l->s[i] == '-')
            i++;
        else if (l->n - i >= 3 && !memcmp(l->s + i, "\xe2\x94\x80", 3))
            i += 3;
        else
            return 0;
    }
    return columns >= 8 ? columns : 0;
}

static size_t columns_of(const struct line *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++)
        n += ((unsigned char)l->s[i] & 0xc0) != 0x80;
    return n;
}

/* A terminal may cut a line between the two dots of "cost=0.00..19.12": these are no marks. */
static bool joins_well(const struct strbuf *out, const char *rest, size_t len)
{
    struct strbuf line = {0};
    const char *newline = memrchr(out->text, '\n', out->len), *from = newline ? newline + 1 : out->text;
    strbuf_add(&line, from, out->len - (size_t)(from - out->text));
    strbuf_add(&line, rest, len);
    bool well = explain_figures_sound(strbuf_text(&line), line.len);
    strbuf_free(&line);
    return well;
}

/* Border 0 has no column for a mark at the left, and the one at the right outside the table:
 * a line that goes on with a dot of its own is no reason to take it off. */
static bool marked_right_only(const char *text, const char *end)
{
    size_t width = 0;
    for (const char *s = text; s < end;) {
        const char *newline = memchr(s, '\n', (size_t)(end - s)), *next = newline ? newline + 1 : end;
        struct line l = line_at(s, end), after = line_at(next, end);
        size_t rule = rule_width(&l);
        width = rule ? rule : width;
        for (size_t i = 0; i < ARRAY_LEN(MARKS) && next < end && width && !l.left && !rule; i++)
            if (ends(&l, MARKS[i]) && !starts(&after, MARKS[i]) && columns_of(&l) == width + 1)
                return true;
        s = next;
    }
    return false;
}

bool explain_unwrap(const char *text, size_t len, struct strbuf *out)
{
    const char *end = text + len, *copied = text;
    size_t width = 0;
    bool any = false, ruled = false, right_only = marked_right_only(text, end);
    for (const char *s = text; s < end;) {
        struct line l = line_at(s, end);
        const char *next = l.s + l.n + (l.right ? 1 : 0);
        next = memchr(next, '\n', (size_t)(end - next));
        next = next ? next + 1 : end;
        size_t rule = rule_width(&l);
        if (rule && ruled) /* the rule itself is cut: by a terminal, not by psql */
            return false;
        ruled = rule > 0;
        if (rule)
            width = rule;
        const char *mark = NULL;
        for (size_t i = 0; i < ARRAY_LEN(MARKS) && next < end && !rule; i++)
            if (ends(&l, MARKS[i]))
                mark = MARKS[i];
        if (mark) {
            struct line after = line_at(next, end);
            bool outside = right_only && !l.left && width && columns_of(&l) == width + 1;
            bool marked = !outside && starts(&after, mark) && after.left == l.left;
            /* Without a border only the width of the table tells it from a sentence's end. */
            if (marked || outside) {
                strbuf_add(out, copied, (size_t)(l.s + l.n - strlen(mark) - copied));
                copied = after.s + (marked ? strlen(mark) : 0);
                size_t rest = (size_t)(after.s + after.n - copied);
                if (rest >= strlen(mark) && ends(&after, mark))
                    rest -= strlen(mark);
                if (!joins_well(out, copied, rest))
                    return false;
                any = true;
            }
        }
        s = next;
    }
    strbuf_add(out, copied, (size_t)(end - copied));
    return any;
}

/* explain_lines.c - psql's frames and broken lines put together again. */
#include "format/plans/explain_lines.h"

#include <ctype.h>
#include <stdlib.h>

/* The next line without what surrounds it; empty lines too. */
bool lines_take(struct lines *l, const char **text, size_t *len, int *indent)
{
    if (l->at >= l->end)
        return false;
    const char *line = l->at, *newline = memchr(line, '\n', (size_t)(l->end - line));
    size_t n = newline ? (size_t)(newline - line) : (size_t)(l->end - line);
    l->at = newline ? newline + 1 : l->end;
    while (n && (line[n - 1] == ' ' || line[n - 1] == '\r'))
        n--;
    /* pgAdmin puts every line in quotes. */
    if (n >= 2 && (*line == '\'' || *line == '"') && line[n - 1] == *line) {
        line++;
        n -= 2;
    } else if (n && (*line == '"' || line[n - 1] == '"')) { /* and others take one of them off again */
        size_t quotes = 0;
        for (size_t i = 0; i < n; i++)
            quotes += line[i] == '"';
        if (quotes % 2) {
            line += *line == '"';
            n--;
        }
    }
    *indent = 0;
    while (n && (*line == ' ' || *line == '\t')) {
        line++;
        n--;
        ++*indent;
    }
    while (n && line[n - 1] == ' ')
        n--;
    *text = line;
    *len = n;
    return true;
}

/* Does a bracket or quote stay open in s? */
bool lines_stay_open(const char *s, size_t len)
{
    int depth = 0;
    char quote = 0;
    for (size_t i = 0; i < len; i++) {
        if (quote)
            quote = s[i] == quote ? 0 : quote;
        else if (s[i] == '\'' || s[i] == '"')
            quote = s[i];
        else
            depth += (s[i] == '(') - (s[i] == ')');
    }
    return depth > 0 || quote;
}

static bool continues(const char *s, size_t n)
{
    static const char *const marks[] = {"(cost=", "(actual ", "(never executed)"};
    for (size_t i = 0; i < ARRAY_LEN(marks); i++)
        if (n >= strlen(marks[i]) && !memcmp(s, marks[i], strlen(marks[i])))
            return true;
    return false;
}

/* A line that an e-mail or a narrow terminal wrapped: where a bracket stays open the next
 * lines belong to it, as far as they close it. In place when nothing was wrapped. */
void lines_unwrap(struct lines *l, const char **text, size_t *len)
{
    const char *after = l->at, *more;
    size_t n;
    int indent;
    bool joined = false;
    while (l->at < l->end) {
        const char *before = l->at;
        if (!lines_take(l, &more, &n, &indent) || !continues(more, n)) {
            l->at = before;
            break;
        }
        if (!joined) {
            strbuf_clear(&l->joined);
            strbuf_add(&l->joined, *text, *len);
        }
        joined = true;
        strbuf_str(&l->joined, "  ");
        strbuf_add(&l->joined, more, n);
        *text = l->joined.text;
        *len = l->joined.len;
        after = l->at;
    }
    if (!lines_stay_open(*text, *len))
        return;
    if (!joined) {
        strbuf_clear(&l->joined);
        strbuf_add(&l->joined, *text, *len);
    }
    size_t alone = l->joined.len;
    for (int i = 0; i < WRAPPED_LINES_MAX && lines_take(l, &more, &n, &indent); i++) {
        if (!n || (n >= 2 && !memcmp(more, "->", 2)))
            break;
        strbuf_char(&l->joined, ' ');
        strbuf_add(&l->joined, more, n);
        if (!lines_stay_open(l->joined.text, l->joined.len)) {
            /* What follows on the figures may be on yet another line. */
            *text = l->joined.text;
            *len = l->joined.len;
            return;
        }
    }
    l->at = after; /* it is cut, not wrapped */
    if (joined) {
        *len = alone;
        l->joined.text[alone] = 0;
        l->joined.len = alone;
        *text = l->joined.text;
    }
}

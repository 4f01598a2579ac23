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

bool lines_is_arrow(const char *s, size_t len)
{
    if (len < 2 || memcmp(s, "->", 2) != 0)
        return false;
    size_t i = 2;
    while (i < len && (s[i] == ' ' || s[i] == '\t'))
        i++;
    return i == len || (!isdigit((unsigned char)s[i]) && !strchr("'$(>", s[i]));
}

const char *lines_figures(const char *s, size_t len)
{
    static const char *const marks[] = {"(cost=", "(actual ", "(never executed)"};
    bool quoted = false, constant = false;
    for (size_t i = 0; i < len; i++) {
        quoted ^= s[i] == '"';
        constant ^= s[i] == '\'';
        if (quoted || s[i] != '(' || !i || s[i - 1] != ' ')
            continue;
        for (size_t m = 0; m < ARRAY_LEN(marks); m++)
            if (len - i >= strlen(marks[m]) && !memcmp(s + i, marks[m], strlen(marks[m])) &&
                !(constant && memchr(s + i, '\'', len - i))) /* an apostrophe alone is no constant */
                return s + i;
    }
    return NULL;
}

size_t lines_name(const char *s, size_t len)
{
    static const char *const marks[] = {"(cost=", "(actual ", "(never executed)"};
    const char *figures = lines_figures(s, len), *open = figures ? figures : memrchr(s, '(', len);
    bool group = figures != NULL;
    size_t left = open ? (size_t)(s + len - open) : 0;
    for (size_t i = 0; open && open > s && open[-1] == ' ' && i < ARRAY_LEN(marks) && !group; i++)
        group = left < strlen(marks[i]) && !memcmp(open, marks[i], left); /* cut off in the mark */
    if (group)
        len = (size_t)(open - s);
    while (len && s[len - 1] == ' ')
        len--;
    return len;
}

/* Behind one identifier, quoted or not; NULL: there is none. */
static const char *behind_name(const char *s, const char *end)
{
    const char *from = s;
    if (s < end && *s == '"') {
        for (s++; s < end; s++) {
            if (*s == '"' && s + 1 < end && s[1] == '"')
                s++;
            else if (*s == '"')
                return s + 1;
        }
        return NULL;
    }
    while (s < end && (isalnum((unsigned char)*s) || *s == '_' || *s == '$' || (unsigned char)*s >= 0x80))
        s++;
    return s > from ? s : NULL;
}

/* " on schema.name alias" */
static bool names_relation(const char *s, const char *end)
{
    s = behind_name(s, end);
    if (s && s < end && *s == '.')
        s = behind_name(s + 1, end);
    if (s && s < end && *s == ' ')
        s = behind_name(s + 1, end);
    return s == end;
}

/* Nodes that are a name alone, and such that say what they work on. */
static const char *const BARE_ALONE[] = {"Aggregate",
                                         "Append",
                                         "BitmapAnd",
                                         "BitmapOr",
                                         "Gather",
                                         "Gather Merge",
                                         "Group",
                                         "GroupAggregate",
                                         "Hash",
                                         "HashAggregate",
                                         "Incremental Sort",
                                         "Limit",
                                         "LockRows",
                                         "Materialize",
                                         "Memoize",
                                         "Merge Append",
                                         "MixedAggregate",
                                         "Nested Loop",
                                         "ProjectSet",
                                         "Recursive Union",
                                         "Result",
                                         "Sort",
                                         "Unique",
                                         "WindowAgg",
                                         "SetOp Except",
                                         "SetOp Except All",
                                         "SetOp Intersect",
                                         "SetOp Intersect All",
                                         "HashSetOp Except",
                                         "HashSetOp Except All",
                                         "HashSetOp Intersect",
                                         "HashSetOp Intersect All",
                                         "Values Scan",
                                         "Foreign Scan"};
static const char *const BARE_ON[] = {"Seq Scan",
                                      "Sample Scan",
                                      "Bitmap Heap Scan",
                                      "Bitmap Index Scan",
                                      "Tid Scan",
                                      "Tid Range Scan",
                                      "Subquery Scan",
                                      "Function Scan",
                                      "Table Function Scan",
                                      "Values Scan",
                                      "CTE Scan",
                                      "Named Tuplestore Scan",
                                      "WorkTable Scan",
                                      "Foreign Scan",
                                      "Foreign Insert",
                                      "Foreign Update",
                                      "Foreign Delete",
                                      "Insert",
                                      "Update",
                                      "Delete",
                                      "Merge"};
static const char *const BARE_INDEX[] = {"Index Scan", "Index Only Scan"};

/* "Index Scan Backward using i on s.t a" */
static bool is_bare_index_scan(const char *s, const char *end)
{
    for (size_t i = 0; i < ARRAY_LEN(BARE_INDEX); i++) {
        static const char backward[] = " Backward", using[] = " using ";
        size_t n = strlen(BARE_INDEX[i]), len = (size_t)(end - s);
        if (len < n || memcmp(s, BARE_INDEX[i], n) != 0)
            continue;
        const char *at = s + n;
        if ((size_t)(end - at) > sizeof backward && !memcmp(at, backward, sizeof backward - 1))
            at += sizeof backward - 1;
        at = (size_t)(end - at) > sizeof using && !memcmp(at, using, sizeof using - 1)
                 ? behind_name(at + sizeof using - 1, end)
                 : NULL;
        return at && end - at > 4 && !memcmp(at, " on ", 4) && names_relation(at + 4, end);
    }
    return false;
}

bool lines_is_bare_node(const char *s, size_t len)
{
    static const char *const before[] = {"Parallel ", "Async ", "Partial ", "Finalize "};
    if (!lines_figures(s, len))
        len = lines_name(s, len);
    const char *end = s + len;
    for (size_t pass = 0; pass < 2; pass++) /* "Parallel Async", "Partial" */
        for (size_t i = 0; i < ARRAY_LEN(before); i++)
            if ((size_t)(end - s) > strlen(before[i]) && !memcmp(s, before[i], strlen(before[i])))
                s += strlen(before[i]);
    len = (size_t)(end - s);
    for (size_t i = 0; i < ARRAY_LEN(BARE_ALONE); i++)
        if (len == strlen(BARE_ALONE[i]) && !memcmp(s, BARE_ALONE[i], len))
            return true;
    for (size_t i = 0; i < ARRAY_LEN(BARE_ON); i++) {
        size_t n = strlen(BARE_ON[i]);
        if (len > n + 4 && !memcmp(s, BARE_ON[i], n) && !memcmp(s + n, " on ", 4))
            return names_relation(s + n + 4, end);
    }
    if (is_bare_index_scan(s, end))
        return true;
    static const char custom[] = "Custom Scan (";
    if (len > sizeof custom && !memcmp(s, custom, sizeof custom - 1))
        return true;
    /* "Hash Left Join", "Nested Loop Anti Join" */
    static const char *const joins[] = {"Hash ", "Merge ", "Nested Loop "};
    static const char join[] = " Join";
    for (size_t i = 0; i < ARRAY_LEN(joins); i++)
        if (len >= strlen(joins[i]) + 4 && len < 32 && !memcmp(s, joins[i], strlen(joins[i])) &&
            !memcmp(end - (sizeof join - 1), join, sizeof join - 1))
            return true;
    return false;
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
        if (!n || lines_is_arrow(more, n))
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

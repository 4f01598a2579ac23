#include "core/sql/lex.h"

#include <stdlib.h>
#include <strings.h>

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* May start an identifier; bytes of other alphabets do. */
static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

/* From the byte after the opening quote to the byte after the closing one. */
static const char *quoted_end(const char *p, char quote, bool escapes, struct sql_token *t)
{
    for (; *p; p++) {
        if (escapes && *p == '\\' && p[1]) {
            p++;
        } else if (*p == quote) {
            if (p[1] != quote)
                return p + 1;
            p++;
        } else if (*p == '\\' && p[1] == quote) {
            t->doubtful = true;
        }
    }
    t->closed = false;
    return p;
}

/* Block comments nest. */
static const char *comment_end(const char *p, struct sql_token *t)
{
    size_t depth = 1;
    for (p += 2; *p; p++) {
        if (p[0] == '/' && p[1] == '*') {
            depth++;
            p++;
        } else if (p[0] == '*' && p[1] == '/') {
            p++;
            if (--depth == 0)
                return p + 1;
        }
    }
    t->closed = false;
    return p;
}

/* $tag$ ... $tag$; NULL when no such string starts here. */
static const char *dollar_end(const char *p, struct sql_token *t)
{
    const char *tag = p + 1;
    const char *q = tag;
    if (is_letter(*q))
        while (is_letter(*q) || is_digit(*q))
            q++;
    if (*q != '$')
        return NULL;
    size_t n = (size_t)(q + 1 - p); /* with both dollars */
    for (q++; *q; q++)
        if (*q == '$' && strncmp(q, p, n) == 0)
            return q + n;
    t->closed = false;
    return q;
}

static const char *number_end(const char *p)
{
    while (is_digit(*p) || is_letter(*p) || *p == '.' ||
           ((*p == '+' || *p == '-') && (p[-1] == 'e' || p[-1] == 'E') && is_digit(p[1])))
        p++;
    return p;
}

struct sql_token sql_lex(const char *at)
{
    struct sql_token t = {.kind = SQL_OTHER, .text = at, .len = 1, .closed = true};
    const char *p = at;
    const char *end = at + 1;
    if (*p == '\0') {
        t.kind = SQL_END;
        end = at;
    } else if (is_space(*p)) {
        t.kind = SQL_SPACE;
        while (is_space(*end))
            end++;
    } else if (p[0] == '-' && p[1] == '-') {
        t.kind = SQL_COMMENT;
        end = p + strcspn(p, "\r\n");
        t.closed = *end != '\0';
    } else if (p[0] == '/' && p[1] == '*') {
        t.kind = SQL_COMMENT;
        end = comment_end(p, &t);
    } else if (*p == '\'') {
        t.kind = SQL_STRING;
        end = quoted_end(p + 1, '\'', false, &t);
    } else if (*p == '"') {
        t.kind = SQL_QUOTED;
        end = quoted_end(p + 1, '"', false, &t);
        t.doubtful = false;
    } else if (strchr("eEbBxXnN", *p) && p[1] == '\'') {
        t.kind = SQL_STRING;
        end = quoted_end(p + 2, '\'', *p == 'e' || *p == 'E', &t);
    } else if ((*p == 'u' || *p == 'U') && p[1] == '&' && (p[2] == '\'' || p[2] == '"')) {
        t.kind = p[2] == '"' ? SQL_QUOTED : SQL_STRING;
        end = quoted_end(p + 3, p[2], false, &t);
    } else if (is_letter(*p)) {
        t.kind = SQL_WORD;
        while (is_letter(*end) || is_digit(*end) || *end == '$')
            end++;
    } else if (is_digit(*p) || (*p == '.' && is_digit(p[1]))) {
        t.kind = SQL_NUMBER;
        end = number_end(p + 1);
    } else if (*p == '$' && is_digit(p[1])) {
        t.kind = SQL_PARAM;
        while (is_digit(*end))
            end++;
    } else if (*p == '$') {
        const char *after = dollar_end(p, &t);
        if (after) {
            t.kind = SQL_STRING;
            end = after;
        }
    }
    t.len = (size_t)(end - at);
    return t;
}

size_t sql_count_tokens(const char *sql, size_t most)
{
    size_t n = 0;
    struct sql_token t;
    for (const char *p = sql; n < most && (t = sql_lex(p)).kind != SQL_END; p += t.len)
        n += t.kind != SQL_SPACE && t.kind != SQL_COMMENT;
    return n;
}

/* Open brackets, the text itself first. */
struct levels {
    struct level {
        size_t tokens; /* of the item that is read, so far */
        bool query;    /* a query is in it: what follows a comma may nest further (UNION) */
    } * items;
    size_t n, cap;
};

static bool begins_query(const struct sql_token *t)
{
    static const char *const words[] = {"select", "values", "table", "union", "except", "intersect"};
    for (size_t i = 0; t->kind == SQL_WORD && i < ARRAY_LEN(words); i++)
        if (t->len == strlen(words[i]) && !strncasecmp(t->text, words[i], t->len))
            return true;
    return false;
}

/* Does one token more stay within the tokens that may nest? *nested is their number now. */
static bool nests_further(struct levels *l, const struct sql_token *t, size_t *nested)
{
    char c = t->kind == SQL_OTHER ? *t->text : '\0';
    struct level *top = &l->items[l->n - 1];
    top->tokens++;
    ++*nested;
    top->query = top->query || begins_query(t);
    if (c == '(' || c == '[') {
        l->items = mem_grow(l->items, l->n, &l->cap, sizeof *l->items);
        l->items[l->n++] = (struct level){.tokens = 0};
    } else if ((c == ')' || c == ']') && l->n > 1) {
        *nested -= top->tokens;
        l->n--;
    } else if (c == ',' && l->n > 1 && !top->query) {
        *nested -= top->tokens;
        top->tokens = 0;
    }
    return *nested <= SQL_MAX_NESTED;
}

bool sql_bounded(const char *sql)
{
    struct levels l = {.n = 0};
    struct sql_token t;
    size_t n = 0, nested = 0;
    bool ok = strnlen(sql, SQL_MAX_BYTES + 1) <= SQL_MAX_BYTES;
    l.items = mem_grow(l.items, l.n, &l.cap, sizeof *l.items);
    l.items[l.n++] = (struct level){.tokens = 0};
    for (const char *p = sql; ok && (t = sql_lex(p)).kind != SQL_END; p += t.len)
        if (t.kind != SQL_SPACE && t.kind != SQL_COMMENT)
            ok = ++n <= SQL_MAX_TOKENS && nests_further(&l, &t, &nested);
    free(l.items);
    return ok;
}

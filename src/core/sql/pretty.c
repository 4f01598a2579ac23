/* pretty.c - lines and indents between the tokens of a statement. */
#include "core/sql/pretty.h"

#include <stdlib.h>
#include <strings.h>

#include "core/sql/lex.h"

enum { SHORT = 60, WIDE = 78, INDENT = 2, LEVELS = 32 };

static bool is(const struct sql_token *t, const char *word)
{
    return t->kind == SQL_WORD && strlen(word) == t->len && !strncasecmp(t->text, word, t->len);
}

static bool is_one_of(const struct sql_token *t, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is(t, words[i]))
            return true;
    return false;
}
#define ONE_OF(t, ...)                                                                                       \
    is_one_of((t), (const char *const[]){__VA_ARGS__},                                                       \
              sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static bool is_space(const struct sql_token *t)
{
    return t->kind == SQL_SPACE;
}

/* The next token that is neither space nor comment. */
static struct sql_token solid_after(const struct sql_token *t)
{
    struct sql_token n = *t;
    do
        n = sql_lex(n.text + n.len);
    while (n.kind == SQL_SPACE || n.kind == SQL_COMMENT);
    return n;
}

struct layout {
    struct strbuf out;
    size_t line;           /* where the line begins */
    size_t solid;          /* where the last token ends: space behind it is ours */
    int level;             /* of parentheses */
    bool query[LEVELS];    /* is it one of a subquery? The outermost is */
    int clauses[LEVELS];   /* subqueries around */
    int cases;             /* CASE without its END */
    bool between;          /* its AND is to come */
    bool gap;              /* the text had space here */
    bool fresh;            /* nothing is in the line yet */
    struct sql_token last; /* solid */
};

static bool in_query(const struct layout *l)
{
    return l->level < LEVELS && l->query[l->level];
}

static int indent_of(const struct layout *l)
{
    return INDENT * 2 * l->clauses[MIN(l->level, LEVELS - 1)];
}

/* Space at the end that is no part of a token goes. */
static void trim(struct layout *l)
{
    if (l->out.len > l->solid)
        l->out.text[l->out.len = l->solid] = '\0';
}

static void new_line(struct layout *l, int indent)
{
    if (!l->out.len)
        return;
    trim(l);
    if (l->out.text[l->out.len - 1] != '\n')
        strbuf_char(&l->out, '\n');
    l->line = l->out.len;
    strbuf_pad(&l->out, ' ', (size_t)MIN(indent, 40));
    l->gap = false;
    l->fresh = true;
}

/* Does a clause of the query begin with this word? */
static bool begins_clause(const struct layout *l, const struct sql_token *t)
{
    struct sql_token next = solid_after(t);
    if (ONE_OF(t, "select", "where", "having", "limit", "offset", "fetch", "union", "intersect", "except",
               "values", "returning", "window"))
        return true;
    if (is(t, "from"))
        return !ONE_OF(&l->last, "distinct", "delete");
    if (ONE_OF(t, "group", "order"))
        return is(&next, "by");
    if (is(t, "for"))
        return ONE_OF(&next, "update", "share", "no", "key");
    if (is(t, "on"))
        return is(&next, "conflict");
    return is(t, "set") && l->last.kind != SQL_END;
}

static bool begins_join(const struct layout *l, const struct sql_token *t)
{
    struct sql_token next = solid_after(t);
    bool before = ONE_OF(&l->last, "left", "right", "full", "inner", "cross", "natural", "outer");
    if (is(t, "join"))
        return !before;
    return ONE_OF(t, "left", "right", "full", "inner", "cross", "natural") && !before &&
           ONE_OF(&next, "join", "outer", "left", "right", "full", "inner");
}

static void before_word(struct layout *l, const struct sql_token *t)
{
    if (is(t, "case"))
        l->cases++;
    if (is(t, "end") && l->cases)
        l->cases--;
    if (!in_query(l) || l->cases)
        return;
    if (begins_clause(l, t) && !l->fresh)
        new_line(l, indent_of(l));
    else if (begins_join(l, t))
        new_line(l, indent_of(l) + INDENT);
    else if (ONE_OF(t, "and", "or") && !l->between)
        new_line(l, indent_of(l) + INDENT);
    if (is(t, "and"))
        l->between = false;
    if (is(t, "between"))
        l->between = true;
}

static void put(struct layout *l, const struct sql_token *t)
{
    if (l->gap && !l->fresh)
        strbuf_char(&l->out, ' ');
    strbuf_add(&l->out, t->text, t->len);
    l->solid = l->out.len;
    l->gap = false;
    l->fresh = false;
}

static void open_parenthesis(struct layout *l, const struct sql_token *t)
{
    struct sql_token next = solid_after(t);
    bool query = ONE_OF(&next, "select", "with");
    int around = l->clauses[MIN(l->level, LEVELS - 1)];
    put(l, t);
    if (++l->level < LEVELS) {
        l->query[l->level] = query;
        l->clauses[l->level] = around + query;
    }
    if (query)
        new_line(l, indent_of(l));
}

static void close_parenthesis(struct layout *l, const struct sql_token *t)
{
    bool query = l->level > 0 && in_query(l);
    if (l->level > 0)
        l->level--;
    if (query)
        new_line(l, indent_of(l));
    put(l, t);
}

static void add_token(struct layout *l, const struct sql_token *t)
{
    if (is_space(t)) {
        l->gap = true;
        return;
    }
    char c = t->kind == SQL_OTHER ? *t->text : 0;
    if (t->kind == SQL_WORD)
        before_word(l, t);
    if (c == '(')
        open_parenthesis(l, t);
    else if (c == ')')
        close_parenthesis(l, t);
    else
        put(l, t);
    if (c == ',' && l->out.len - l->line >= WIDE)
        new_line(l, indent_of(l) + 2 * INDENT);
    if (t->kind == SQL_COMMENT && t->len >= 2 && t->text[0] == '-')
        new_line(l, indent_of(l) + INDENT);
    if (t->kind != SQL_COMMENT)
        l->last = *t;
}

/* The bytes that are not space are the same, in the same order. */
static bool only_spaces_differ(const char *a, const char *b)
{
    static const char SPACE[] = " \t\r\n\f\v";
    for (;; a++, b++) {
        a += strspn(a, SPACE);
        b += strspn(b, SPACE);
        if (*a != *b || !*a)
            return *a == *b;
    }
}

char *sql_pretty(const char *sql)
{
    struct layout l = {.query = {true}, .fresh = true};
    struct sql_token t;
    size_t len = strlen(sql);
    if ((len <= SHORT && !strchr(sql, '\n')) || len > SQL_MAX_BYTES)
        return mem_strdup(sql);
    for (const char *p = sql; (t = sql_lex(p)).kind != SQL_END; p += t.len)
        add_token(&l, &t);
    trim(&l);
    if (l.out.text && only_spaces_differ(sql, l.out.text))
        return strbuf_detach(&l.out);
    strbuf_free(&l.out);
    return mem_strdup(sql);
}

/* ---- what stands out ---- */

/* Words that are keywords wherever they are not quoted, and those of clauses. Sorted. */
static const char *const KEYWORDS[] = {
    "all",     "analyze",   "and",      "any",       "array",     "as",           "asc",       "begin",
    "between", "by",        "case",     "cast",      "commit",    "conflict",     "copy",      "create",
    "cross",   "declare",   "default",  "delete",    "desc",      "distinct",     "do",        "drop",
    "else",    "end",       "except",   "execute",   "exists",    "explain",      "false",     "fetch",
    "filter",  "following", "for",      "from",      "full",      "group",        "having",    "ilike",
    "in",      "inner",     "insert",   "intersect", "interval",  "into",         "is",        "join",
    "lateral", "left",      "like",     "limit",     "lock",      "materialized", "merge",     "natural",
    "not",     "nothing",   "null",     "nulls",     "offset",    "on",           "only",      "or",
    "order",   "outer",     "over",     "partition", "preceding", "prepare",      "recursive", "returning",
    "right",   "rollback",  "select",   "set",       "share",     "similar",      "some",      "table",
    "then",    "true",      "truncate", "unbounded", "union",     "update",       "using",     "vacuum",
    "values",  "when",      "where",    "window",    "with",
};

static int by_word(const void *a, const void *b)
{
    const struct sql_token *t = a;
    const char *word = *(const char *const *)b;
    int order = strncasecmp(t->text, word, t->len);
    return order ? order : -(word[t->len] != '\0');
}

size_t sql_spans(const char *sql, struct text_span *out, size_t max)
{
    struct sql_token t;
    size_t n = 0;
    for (const char *p = sql; n < max && (t = sql_lex(p)).kind != SQL_END; p += t.len) {
        bool keyword = t.kind == SQL_WORD &&
                       bsearch(&t, KEYWORDS, ARRAY_LEN(KEYWORDS), sizeof *KEYWORDS, by_word) != NULL;
        bool constant = t.kind == SQL_STRING || t.kind == SQL_NUMBER || t.kind == SQL_PARAM;
        if (keyword || constant || t.kind == SQL_COMMENT)
            out[n++] = (struct text_span){.start = (size_t)(t.text - sql),
                                          .len = t.len,
                                          .part = keyword    ? TEXT_KEYWORD
                                                  : constant ? TEXT_CONSTANT
                                                             : TEXT_COMMENT};
    }
    return n;
}

const struct text_language sql_language = {.spans = sql_spans, .lay_out = sql_pretty};

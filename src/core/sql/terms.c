#include "core/sql/terms.h"

#include <stdlib.h>
#include <strings.h>

#include "core/sql/lex.h"

enum { TOKENS_MAX = 1000 };

static bool word_is(const struct sql_token *t, const char *word)
{
    return t->kind == SQL_WORD && t->len == strlen(word) && !strncasecmp(t->text, word, t->len);
}

static bool is(const struct sql_token *t, char c)
{
    return t->kind == SQL_OTHER && *t->text == c;
}

/* Keywords in conditions. They are reserved in PostgreSQL, so a column of that name is quoted. */
static bool is_keyword(const struct sql_token *t)
{
    static const char *const words[] = {"and",
                                        "or",
                                        "not",
                                        "is",
                                        "null",
                                        "true",
                                        "false",
                                        "in",
                                        "any",
                                        "all",
                                        "some",
                                        "like",
                                        "ilike",
                                        "similar",
                                        "between",
                                        "symmetric",
                                        "case",
                                        "when",
                                        "then",
                                        "else",
                                        "end",
                                        "distinct",
                                        "from",
                                        "as",
                                        "cast",
                                        "collate",
                                        "array",
                                        "row",
                                        "exists",
                                        "select",
                                        "where",
                                        "current_date",
                                        "asc",
                                        "desc",
                                        "nulls",
                                        "first",
                                        "last",
                                        "current_time",
                                        "current_timestamp",
                                        "localtime",
                                        "localtimestamp",
                                        "current_user",
                                        "user",
                                        "session_user",
                                        "isnull",
                                        "notnull",
                                        "unknown",
                                        "escape",
                                        "with",
                                        "on",
                                        "join",
                                        "limit",
                                        "order",
                                        "group",
                                        "by",
                                        "having"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (word_is(t, words[i]))
            return true;
    return false;
}

static void identifier(const struct sql_token *t, char out[TERMS_NAME_MAX])
{
    size_t n = 0;
    bool quoted = t->kind == SQL_QUOTED;
    for (size_t i = quoted; i < t->len - (quoted && t->closed && t->len > 1) && n + 1 < TERMS_NAME_MAX; i++) {
        char c = t->text[i];
        if (quoted && c == '"' && i + 1 < t->len && t->text[i + 1] == '"')
            i++;
        out[n++] = !quoted && c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    out[n] = 0;
}

static bool operator_char(const struct sql_token *t)
{
    return t->kind == SQL_OTHER && strchr("=<>!~@#&|?*+-/%^`", *t->text) != NULL;
}

/* Comparisons; arithmetic and the getting of fields say nothing about which condition it is. */
static bool compares(const char *op)
{
    static const char *const ops[] = {"=",    "<>", "!=", "<",  ">",   "<=", ">=", "~~", "!~~", "~~*",
                                      "!~~*", "~",  "~*", "!~", "!~*", "@>", "<@", "&&", "@@",  "@?",
                                      "?|",   "?&", "<<", ">>", "^@",  "%",  "?",  NULL};
    return str_find(ops, op) >= 0;
}

struct reader {
    const struct sql_token *t; /* without spaces and comments */
    size_t n;
    struct terms *out;
};

/* After "::" or inside CAST, after AS: the last token of the type that begins at i. */
static size_t type_end(const struct reader *r, size_t i)
{
    static const char *const more[] = {"precision", "varying", "with", "without", "time", "zone"};
    while (i + 2 < r->n && is(&r->t[i + 1], '.')) /* schema.type */
        i += 2;
    for (bool again = true; again && i + 1 < r->n;) {
        again = false;
        for (size_t k = 0; k < ARRAY_LEN(more) && !again; k++)
            again = word_is(&r->t[i + 1], more[k]);
        i += again;
    }
    if (i + 1 < r->n && is(&r->t[i + 1], '(')) {
        size_t k = i + 2;
        while (k < r->n && !is(&r->t[k], ')') && (r->t[k].kind == SQL_NUMBER || is(&r->t[k], ',')))
            k++;
        if (k < r->n && is(&r->t[k], ')'))
            i = k;
    }
    while (i + 2 < r->n && is(&r->t[i + 1], '[') && is(&r->t[i + 2], ']'))
        i += 2;
    return i;
}

static void add_column(struct terms *out, const struct terms_column *c)
{
    for (size_t i = 0; i < out->n_columns; i++)
        if (!strcmp(out->columns[i].name, c->name) && !strcmp(out->columns[i].table, c->table))
            return;
    if (out->n_columns == TERMS_MAX)
        out->overfull = true;
    else
        out->columns[out->n_columns++] = *c;
}

/* A name, with or without what it is of; the last token of it. */
static size_t take_name(struct reader *r, size_t i)
{
    struct terms *out = r->out;
    size_t first = i;
    while (i + 2 < r->n && is(&r->t[i + 1], '.') &&
           (r->t[i + 2].kind == SQL_WORD || r->t[i + 2].kind == SQL_QUOTED))
        i += 2;
    if (i + 1 < r->n && is(&r->t[i + 1], '(')) {
        if (out->n_functions == TERMS_MAX)
            out->overfull = true;
        else
            identifier(&r->t[i], out->functions[out->n_functions++]);
        return i;
    }
    struct terms_column c = {"", ""};
    identifier(&r->t[i], c.name);
    if (i > first)
        identifier(&r->t[i - 2], c.table);
    add_column(out, &c);
    return i;
}

static void constant(struct terms *out, const struct sql_token *t)
{
    size_t from = 0;
    while (t->kind == SQL_STRING && from < t->len && t->text[from] != '\'')
        from++; /* E'a' and 'a' */
    out->constants += str_hash(t->text + from, t->len - from) | 1;
}

/* The words and signs at the condition's own level say how it compares. */
static void own_op(struct reader *r)
{
    struct terms *out = r->out;
    int depth = 0, cases = 0;
    bool negated = false;
    char op[12] = "";
    for (size_t i = 0; i < r->n; i++) {
        const struct sql_token *t = &r->t[i], *next = i + 1 < r->n ? t + 1 : NULL;
        depth += is(t, '(') || is(t, '[');
        depth -= is(t, ')') || is(t, ']');
        cases += word_is(t, "case");
        cases -= cases > 0 && word_is(t, "end");
        if (depth > 0 || cases > 0)
            continue;
        if (word_is(t, "or")) {
            snprintf(out->op, sizeof out->op, "or");
            return;
        }
        if (*op && !(negated && !strcmp(op, "not")))
            continue;
        if (word_is(t, "not") && next && !word_is(next, "null")) {
            negated = true;
            if (i == 0)
                snprintf(op, sizeof op, "not");
        } else if (word_is(t, "is") && next) {
            bool no = word_is(next, "not") && i + 2 < r->n;
            const struct sql_token *what = next + no;
            if (word_is(what, "null"))
                snprintf(op, sizeof op, "%s", no ? "notnull" : "null");
            else
                snprintf(op, sizeof op, "is%s%.6s", no ? "n" : "",
                         word_is(what, "true")    ? "true"
                         : word_is(what, "false") ? "false"
                                                  : "");
        } else if (word_is(t, "like") || word_is(t, "ilike")) {
            snprintf(op, sizeof op, "%s~~%s", negated ? "!" : "", word_is(t, "ilike") ? "*" : "");
        } else if (word_is(t, "in")) {
            snprintf(op, sizeof op, "%sin", negated ? "not" : "");
        } else if (word_is(t, "between")) {
            snprintf(op, sizeof op, "%sbetween", negated ? "!" : "");
        } else if (operator_char(t)) {
            char sign[12];
            size_t n = 0, k = i;
            while (k < r->n && operator_char(&r->t[k]) && n + 1 < sizeof sign &&
                   (k == i || r->t[k].text == r->t[k - 1].text + 1))
                sign[n++] = *r->t[k++].text;
            sign[n] = 0;
            i = k - 1;
            if (!compares(sign))
                continue;
            const struct sql_token *after = k < r->n ? &r->t[k] : NULL;
            bool any = after && (word_is(after, "any") || word_is(after, "some")),
                 all = after && word_is(after, "all");
            if (any && !strcmp(sign, "="))
                snprintf(op, sizeof op, "in");
            else if (all && (!strcmp(sign, "<>") || !strcmp(sign, "!=")))
                snprintf(op, sizeof op, "notin");
            else
                snprintf(op, sizeof op, "%s", !strcmp(sign, "!=") ? "<>" : sign);
        }
    }
    snprintf(out->op, sizeof out->op, "%s", op);
}

/* NOT (a = 1) is planned as a <> 1. */
static void negate(struct terms *out)
{
    static const char *const opposites[][2] = {{"=", "<>"},     {"<", ">="},   {">", "<="},
                                               {"<>", "="},     {">=", "<"},   {"<=", ">"},
                                               {"in", "notin"}, {"~~", "!~~"}, {"null", "notnull"}};
    for (size_t i = 0; i < ARRAY_LEN(opposites); i++)
        if (!strcmp(out->op, opposites[i][0])) {
            snprintf(out->op, sizeof out->op, "%s", opposites[i][1]);
            return;
        }
    snprintf(out->op, sizeof out->op, "not");
}

static bool is_unit(const struct sql_token *t)
{
    static const char *const words[] = {"year", "month", "day", "hour", "minute", "second"};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (word_is(t, words[i]))
            return true;
    return false;
}

static void read_tokens(struct reader *r)
{
    struct terms *out = r->out;
    for (size_t i = 0; i < r->n; i++) {
        const struct sql_token *t = &r->t[i], *next = i + 1 < r->n ? t + 1 : NULL;
        switch (t->kind) {
        case SQL_STRING:
        case SQL_NUMBER:
        case SQL_PARAM:
            constant(out, t);
            break;
        case SQL_OTHER:
            if (is(t, ':') && next && is(next, ':') && i + 2 < r->n)
                i = type_end(r, i + 2);
            break;
        case SQL_WORD:
            if (word_is(t, "select"))
                out->subquery = true;
            if ((word_is(t, "subplan") || word_is(t, "initplan") || word_is(t, "hashed")) && next &&
                (next->kind == SQL_NUMBER || word_is(next, "subplan"))) {
                out->subquery = true;
                while (i + 1 < r->n && !is(&r->t[i + 1], ')'))
                    i++;
                break;
            }
            if (word_is(t, "as") && next && next->kind == SQL_WORD) {
                i = type_end(r, i + 1);
                break;
            }
            if (word_is(t, "at") && i + 2 < r->n && word_is(next, "time") && word_is(next + 1, "zone")) {
                i += 2;
                break;
            }
            if (next && (next->kind == SQL_STRING || (next->kind == SQL_PARAM && !is_keyword(t))))
                break; /* date '2020-01-01', interval $1 */
            if (i > 0 && r->t[i - 1].kind == SQL_STRING && is_unit(t))
                break; /* interval '3' month */
            if (is_keyword(t) && !(next && is(next, '.')))
                break;
            i = take_name(r, i);
            break;
        case SQL_QUOTED:
            i = take_name(r, i);
            break;
        default:
            break;
        }
    }
}

/* The tokens between the brackets that enclose all of them. */
static void unwrap(struct sql_token **t, size_t *n)
{
    for (;;) {
        int depth = 0;
        if (*n < 2 || !is(&(*t)[0], '(') || !is(&(*t)[*n - 1], ')'))
            return;
        for (size_t i = 0; i < *n; i++) {
            depth += is(&(*t)[i], '(');
            depth -= is(&(*t)[i], ')');
            if (depth == 0 && i + 1 < *n)
                return;
        }
        ++*t;
        *n -= 2;
    }
}

/* Tokens of text[0..len) that are neither space nor comment. SIZE_MAX: too many. */
static size_t tokens(const char *text, size_t len, struct sql_token *out, size_t max)
{
    size_t n = 0;
    struct sql_token t;
    for (const char *p = text; p < text + len && (t = sql_lex(p)).kind != SQL_END; p += t.len) {
        if (t.kind == SQL_SPACE || t.kind == SQL_COMMENT)
            continue;
        if (n == max)
            return SIZE_MAX;
        t.len = MIN(t.len, (size_t)(text + len - p));
        out[n++] = t;
    }
    return n;
}

void terms_read(const char *text, size_t len, struct terms *out)
{
    struct sql_token *all = mem_array(TOKENS_MAX, sizeof *all), *t = all;
    size_t n = tokens(text, len, all, TOKENS_MAX);
    *out = (struct terms){0};
    if (n == SIZE_MAX) {
        out->overfull = true;
    } else {
        unwrap(&t, &n);
        struct reader r = {.t = t, .n = n, .out = out};
        bool negated = n > 1 && word_is(&t[0], "not");
        struct sql_token *inner = t + negated;
        size_t n_inner = n - negated;
        unwrap(&inner, &n_inner);
        struct reader own = {.t = inner, .n = n_inner, .out = out};
        own_op(&own);
        if (negated)
            negate(out);
        read_tokens(&r);
    }
    free(all);
}

size_t terms_split(const char *condition, struct terms_part *out, size_t max)
{
    struct sql_token *all = mem_array(TOKENS_MAX, sizeof *all), *t = all;
    size_t n = tokens(condition, strlen(condition), all, TOKENS_MAX), parts = 0;
    if (n != SIZE_MAX) {
        int depth = 0, cases = 0;
        bool between = false;
        unwrap(&t, &n);
        size_t from = 0;
        for (size_t i = 0; i <= n; i++) {
            bool end = i == n;
            if (!end) {
                depth += is(&t[i], '(') || is(&t[i], '[');
                depth -= is(&t[i], ')') || is(&t[i], ']');
                cases += word_is(&t[i], "case");
                cases -= cases > 0 && word_is(&t[i], "end");
                between |= depth == 0 && word_is(&t[i], "between");
            }
            if (!end && (depth || cases || !word_is(&t[i], "and")))
                continue;
            if (!end && between) {
                between = false;
                continue;
            }
            if (parts < max && i > from)
                out[parts++] = (struct terms_part){
                    .text = t[from].text, .len = (size_t)(t[i - 1].text + t[i - 1].len - t[from].text)};
            from = i + 1;
        }
    }
    free(all);
    return parts;
}

bool terms_same_op(const struct terms *plan, const struct terms *written, bool commuted)
{
    const char *a = plan->op, *b = written->op;
    static const char *const sides[][2] = {{"<", ">"},   {">", "<"},   {"<=", ">="},
                                           {">=", "<="}, {"@>", "<@"}, {"<@", "@>"}};
    static const char *const others[][2] = {
        /* planned, written */
        {">=", "between"}, {"<=", "between"}, {"or", "!between"}, {"", "istrue"},  {"not", "isfalse"},
        {"not", "="},      {"", "="},         {"=", "in"},        {"<>", "notin"}, {">=", "~~"},
        {"<", "~~"},       {"=", "~~"},       {"<>", "istrue"},   {"not", "<>"},   {"~>=~", "~~"},
        {">=", "^@"},      {"<", "^@"}};
    if (!strcmp(a, b))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (!strcmp(a, others[i][0]) && !strcmp(b, others[i][1]))
            return true;
    for (size_t i = 0; commuted && i < ARRAY_LEN(sides); i++)
        if (!strcmp(a, sides[i][0]) && !strcmp(b, sides[i][1]))
            return true;
    return false;
}

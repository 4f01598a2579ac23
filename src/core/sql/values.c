/* values.c - constants put where a statement has parameters. */
#include "core/sql/statement.h"

#include <stdlib.h>

#include "core/sql/lex.h"

enum { VALUES_MAX = 1000 };

struct value {
    const char *text;
    size_t len, tokens;
};

static bool space(const struct sql_token *t)
{
    return t->kind == SQL_SPACE || t->kind == SQL_COMMENT;
}

static int number_of(const struct sql_token *t) /* $12 -> 12 */
{
    int n = 0;
    for (size_t i = 1; i < t->len && n < 100000; i++)
        n = n * 10 + (t->text[i] - '0');
    return n;
}

/* "$1 = 5, $2 = 'x'", as a server's log prints them: the name is skipped. */
static const char *skip_name(const char *p)
{
    struct sql_token t = sql_lex(p);
    while (space(&t))
        t = sql_lex(t.text + t.len);
    const char *from = t.text;
    if (t.kind != SQL_PARAM)
        return from;
    do
        t = sql_lex(t.text + t.len);
    while (space(&t));
    return t.kind == SQL_OTHER && *t.text == '=' ? skip_name(t.text + 1) : from;
}

/* One value: up to a comma that is not in brackets. */
static bool next_value(const char **at, struct value *v, struct sd_error *err)
{
    struct sql_token t;
    int depth = 0;
    *v = (struct value){.text = skip_name(*at)};
    const char *p = v->text;
    for (; (t = sql_lex(p)).kind != SQL_END; p += t.len) {
        bool comma = t.kind == SQL_OTHER && *t.text == ',' && depth == 0;
        if (comma)
            break;
        if (t.kind == SQL_PARAM)
            return fail(err, "a value cannot be a parameter (%.*s)", (int)MIN(t.len, 20), t.text);
        if (t.kind == SQL_COMMENT || (t.kind == SQL_OTHER && *t.text == ';'))
            return fail(err, "a value is a constant, such as 42 or 'text'; comments and ; are not allowed");
        if ((t.kind == SQL_STRING || t.kind == SQL_QUOTED) && !t.closed)
            return fail(err, "a quoted value has no end");
        if (t.kind == SQL_OTHER)
            depth += (*t.text == '(' || *t.text == '[') - (*t.text == ')' || *t.text == ']');
        if (depth < 0)
            return fail(err, "a closing bracket has no opening bracket");
        if (t.kind != SQL_SPACE) {
            v->len = (size_t)(p + t.len - v->text);
            v->tokens++;
        }
    }
    if (depth)
        return fail(err, "a bracket is not closed");
    *at = p;
    return true;
}

/* Does the bracket at its begin close at its end? */
static bool in_brackets(const struct value *v)
{
    int depth = 0;
    struct sql_token t;
    for (const char *p = v->text; p < v->text + v->len; p += t.len) {
        t = sql_lex(p);
        if (t.kind == SQL_OTHER)
            depth += (*t.text == '(') - (*t.text == ')');
        if (depth == 0)
            return p > v->text && p + t.len == v->text + v->len;
    }
    return false;
}

/* Where a list of PostgreSQL 18 begins with this parameter: all values of "(1, 2)", or the one given. */
static bool add_list(const struct value *v, const char **at, struct sql_token *t, struct strbuf *out)
{
    struct sql_token next = sql_lex(t->text + t->len);
    if (next.kind == SQL_SPACE)
        next = sql_lex(next.text + next.len);
    if (!sql_is_squashed(&next))
        return false;
    bool listed = in_brackets(v);
    strbuf_add(out, v->text + listed, v->len - 2 * (size_t)listed);
    *at = next.text; /* goes on behind the comment */
    *t = next;
    return true;
}

char *sql_with_values(const char *sql, const char *values, struct sd_error *err)
{
    int wanted = sql_parameters(sql), n = 0;
    struct value *all = mem_array(VALUES_MAX, sizeof *all);
    char *text = NULL;
    const char *at = values;
    bool ok = wanted <= VALUES_MAX || fail(err, "the statement has more than %d parameters", VALUES_MAX);
    while (ok) {
        struct value v;
        ok = next_value(&at, &v, err);
        if (ok && (v.len || *at == ',' || n))
            ok = v.len ? n < VALUES_MAX || fail(err, "there are too many values")
                       : fail(err, "value %d is missing; NULL is written NULL", n + 1);
        if (ok && v.len)
            all[n++] = v;
        if (!ok || *at != ',')
            break;
        at++;
    }
    if (ok && n != wanted)
        ok = fail(err, "the statement has %d parameter%s and there %s %d value%s", wanted,
                  wanted == 1 ? "" : "s", n == 1 ? "is" : "are", n, n == 1 ? "" : "s");
    if (ok) {
        struct strbuf out = {0};
        struct sql_token t;
        for (const char *p = sql; (t = sql_lex(p)).kind != SQL_END; p += t.len) {
            int k = t.kind == SQL_PARAM ? number_of(&t) : 0;
            if (k < 1 || k > n) {
                strbuf_add(&out, t.text, t.len);
                continue;
            }
            const struct value *v = &all[k - 1];
            if (add_list(v, &p, &t, &out))
                continue;
            /* "interval $1" takes a bare string only; a sum must stay together. */
            strbuf_printf(&out, v->tokens == 1 ? "%.*s" : "(%.*s)", (int)v->len, v->text);
        }
        text = out.text ? strbuf_detach(&out) : mem_strdup("");
    }
    free(all);
    return text;
}

#include "core/sql/statement.h"

#include <pg_query.h>
#include <stdlib.h>

#include "core/sql/lex.h"

static bool fingerprint(const char *sql, char out[17])
{
    PgQueryFingerprintResult r = pg_query_fingerprint(sql);
    bool ok = !r.error && r.fingerprint_str && strlen(r.fingerprint_str) == 16;
    if (ok)
        memcpy(out, r.fingerprint_str, 17);
    pg_query_free_fingerprint_result(r);
    return ok;
}

/* "GROUP BY ?": as a parameter, which has the fingerprint of a constant. NULL: there is no ?. */
static char *with_parameters(const char *sql)
{
    struct strbuf b = {0};
    struct sql_token t;
    bool any = false;
    for (const char *p = sql; (t = sql_lex(p)).kind != SQL_END; p += t.len) {
        bool mark = t.kind == SQL_OTHER && t.len == 1 && *t.text == '?';
        any |= mark;
        if (mark)
            strbuf_str(&b, " $1 ");
        else
            strbuf_add(&b, t.text, t.len);
    }
    if (any)
        return strbuf_detach(&b);
    strbuf_free(&b);
    return NULL;
}

bool sql_fingerprint(const char *sql, char out[17])
{
    if (!sql || !sql_bounded(sql))
        return false;
    if (fingerprint(sql, out))
        return true;
    char *text = with_parameters(sql);
    bool ok = text && sql_bounded(text) && fingerprint(text, out);
    free(text);
    return ok;
}

char *sql_normalize(const char *sql)
{
    if (!sql || !sql_bounded(sql))
        return NULL;
    PgQueryNormalizeResult r = pg_query_normalize(sql);
    char *text = r.error ? NULL : mem_strdup(r.normalized_query);
    pg_query_free_normalize_result(r);
    return text;
}

/* Strings and numbers become ?, comments go (people comment literals out). A
 * string that would end elsewhere if the server lets backslashes escape hides
 * all that follows: better too little text than a secret. */
static char *hide(const char *sql)
{
    struct strbuf out = {0};
    struct sql_token t;
    strbuf_str(&out, "");
    for (const char *p = sql; (t = sql_lex(p)).kind != SQL_END; p += t.len) {
        switch (t.kind) {
        case SQL_COMMENT:
            if (sql_is_squashed(&t))
                strbuf_add(&out, t.text, t.len);
            else if (out.len && out.text[out.len - 1] != ' ')
                strbuf_char(&out, ' ');
            break;
        case SQL_STRING:
        case SQL_NUMBER:
            strbuf_char(&out, '?');
            break;
        default:
            strbuf_add(&out, t.text, t.len);
        }
        if (t.doubtful)
            break;
    }
    while (out.len && out.text[out.len - 1] == ' ')
        out.text[--out.len] = '\0';
    return out.text ? strbuf_detach(&out) : mem_strdup("");
}

char *sql_hide_literals(const char *sql)
{
    if (!sql)
        return NULL;
    /* The normaliser leaves some constants alone (ORDER BY 1, options of utility
     * statements), so the scanner goes over its result as well. */
    char *normal = sql_normalize(sql);
    char *out = hide(normal ? normal : sql);
    free(normal);
    return out;
}

char *sql_hide_expression(const char *sql)
{
    return sql ? hide(sql) : NULL;
}

int sql_parameters(const char *sql)
{
    int highest = 0;
    struct sql_token t;
    for (const char *p = sql; p && (t = sql_lex(p)).kind != SQL_END; p += t.len) {
        if (t.kind != SQL_PARAM)
            continue;
        int n = 0;
        for (size_t i = 1; i < t.len && n < 100000; i++)
            n = n * 10 + (t.text[i] - '0');
        highest = MAX(highest, n);
    }
    return highest;
}

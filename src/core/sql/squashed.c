/* squashed.c - lists of constants as pg_stat_statements of PostgreSQL 18 keeps them: the first parameter,
 * and a comment with a comma and three points for all others. */
#include "core/sql/statement.h"

#include "core/sql/lex.h"

bool sql_is_squashed(const struct sql_token *t)
{
    static const char comment[] = "/*, ... */";
    return t->kind == SQL_COMMENT && t->len == sizeof comment - 1 && memcmp(t->text, comment, t->len) == 0;
}

char *sql_expand_lists(const char *sql)
{
    struct strbuf out = {0};
    struct sql_token t;
    int highest = sql_parameters(sql);
    bool param = false; /* is the last token, spaces apart, a parameter? */
    for (const char *p = sql; (t = sql_lex(p)).kind != SQL_END; p += t.len) {
        if (param && sql_is_squashed(&t) && highest < SQL_EXPANDED_MAX)
            for (int i = 1; i < SQL_LIST_LENGTH; i++)
                strbuf_printf(&out, ", $%d", ++highest);
        else
            strbuf_add(&out, t.text, t.len);
        param = t.kind == SQL_PARAM || (param && t.kind == SQL_SPACE);
    }
    return out.text ? strbuf_detach(&out) : mem_strdup("");
}

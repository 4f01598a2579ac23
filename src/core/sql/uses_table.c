/* uses_table.c - does a statement name a table? */
#include "core/sql/statement.h"

#include <strings.h>

#include "core/sql/lex.h"

static bool is_word(const struct sql_token *t, const char *const *words)
{
    for (; t->kind == SQL_WORD && *words; words++)
        if (t->len == strlen(*words) && strncasecmp(t->text, *words, t->len) == 0)
            return true;
    return false;
}

static bool is_name(const struct sql_token *t, const char *name)
{
    size_t n = strlen(name);
    if (t->kind == SQL_WORD)
        return t->len == n && strncasecmp(t->text, name, n) == 0;
    return t->kind == SQL_QUOTED && t->len == n + 2 && strncmp(t->text + 1, name, n) == 0;
}

static struct sql_token next(const char **at)
{
    struct sql_token t;
    do {
        t = sql_lex(*at);
        *at = t.text + t.len;
    } while (t.kind == SQL_SPACE || t.kind == SQL_COMMENT);
    return t;
}

bool sql_uses_table(const char *sql, const char *schema, const char *table)
{
    static const char *const before[] = {"from", "join", "update", "into", "using", "only", "table", NULL};
    static const char *const ends[] = {"where",  "select", "set",   "group",     "order",  "limit", "on",
                                       "values", "having", "union", "returning", "window", "for",   NULL};
    bool list = false, place = false; /* in a list of tables; a table may come now */
    struct sql_token t;
    for (const char *at = sql; (t = next(&at)).kind != SQL_END;) {
        if (is_word(&t, before)) {
            list = place = true;
            continue;
        }
        if (is_word(&t, ends))
            list = false;
        bool comma = t.kind == SQL_OTHER && *t.text == ',';
        if (!place || (t.kind != SQL_WORD && t.kind != SQL_QUOTED)) {
            place = list && comma;
            continue;
        }
        const char *after = at;
        struct sql_token dot = next(&after);
        if (dot.kind == SQL_OTHER && *dot.text == '.') {
            struct sql_token name = next(&after);
            if (is_name(&name, table) && (!schema || is_name(&t, schema)))
                return true;
        } else if (is_name(&t, table)) {
            return true;
        }
        place = false;
    }
    return false;
}

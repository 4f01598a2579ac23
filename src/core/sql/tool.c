/* tool.c - statements of tools that look at the server. */
#include "core/sql/statement.h"

#include <ctype.h>
#include <strings.h>

#include "core/sql/lex.h"

static bool begins(const struct sql_token *t, const char *name)
{
    size_t n = strlen(name);
    return t->len >= n && strncasecmp(t->text, name, n) == 0;
}

static bool is_word(const struct sql_token *t, const char *name)
{
    return t->len == strlen(name) && begins(t, name);
}

/* pg_stat_reset, pg_stat_reset_shared, pg_stat_statements_reset, pg_qualstats_reset, ... */
static bool resets(const struct sql_token *t)
{
    static const char word[] = "reset";
    if (!begins(t, "pg_"))
        return false;
    for (size_t i = 0; i + sizeof word - 1 <= t->len; i++)
        if (strncasecmp(t->text + i, word, sizeof word - 1) == 0)
            return begins(t, "pg_stat") || i + sizeof word - 1 == t->len;
    return false;
}

/* The first word of a statement; what follows it. */
static const char *after_keyword(const char *sql)
{
    while (isalpha((unsigned char)*sql))
        sql++;
    return sql;
}

char *sql_tag_own(const char *sql)
{
    if (!str_starts(sql, SQL_OWN_TAG))
        return mem_strdup(sql);
    sql += strlen(SQL_OWN_TAG);
    sql += strspn(sql, " ");
    const char *rest = after_keyword(sql);
    return mem_printf("%.*s " SQL_OWN_TAG "%s", (int)(rest - sql), sql, rest);
}

/* Tags of an earlier slowdive stand in front. */
static bool is_own(const char *sql)
{
    const char *rest = after_keyword(sql);
    return str_starts(sql, SQL_OWN_TAG) || str_starts(rest + (*rest == ' '), SQL_OWN_TAG);
}

bool sql_is_tool(const char *sql)
{
    sql += strspn(sql, " \t\r\n");
    if (is_own(sql))
        return true;
    struct sql_token t, before = {0};
    bool extension = false;
    for (const char *at = sql; (t = sql_lex(at)).kind != SQL_END; at = t.text + t.len) {
        if (t.kind == SQL_SPACE || t.kind == SQL_COMMENT)
            continue;
        if (t.kind == SQL_OTHER && *t.text == '(' && before.kind == SQL_WORD &&
            (begins(&before, "hypopg") || resets(&before)))
            return true;
        if (t.kind == SQL_WORD &&
            (is_word(&t, "hypopg_list_indexes") || is_word(&t, "hypopg_hidden_indexes")))
            return true;
        if (extension && is_word(&t, "hypopg"))
            return true; /* CREATE EXTENSION IF NOT EXISTS hypopg */
        extension |= t.kind == SQL_WORD && is_word(&t, "extension");
        before = t;
    }
    return false;
}

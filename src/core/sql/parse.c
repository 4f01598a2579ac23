/* parse.c - PostgreSQL's own parser: what it makes of a text, and whether it takes it. */
#include "core/sql/statement.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <pg_query.h>
#include <stdlib.h>

#include "core/sql/lex.h"

cJSON *sql_parse_tree(const char *sql)
{
    if (!sql_bounded(sql))
        return NULL;
    PgQueryParseResult r = pg_query_parse(sql);
    cJSON *tree = r.error || !r.parse_tree ? NULL : cJSON_Parse(r.parse_tree);
    pg_query_free_parse_result(r);
    return tree;
}

bool sql_parses(const char *sql)
{
    if (!sql_bounded(sql))
        return false;
    PgQueryParseResult r = pg_query_parse(sql);
    bool ok = !r.error;
    pg_query_free_parse_result(r);
    return ok;
}

void sql_quote(const char *name, struct strbuf *out)
{
    bool plain = islower((unsigned char)*name) || *name == '_';
    for (const char *s = name; *s && plain; s++)
        plain = islower((unsigned char)*s) || isdigit((unsigned char)*s) || *s == '_';
    if (plain) { /* PostgreSQL's own parser knows the reserved words */
        char *sql = mem_printf("CREATE TABLE %s (%s int)", name, name);
        plain = sql_parses(sql);
        free(sql);
    }
    if (plain) {
        strbuf_str(out, name);
        return;
    }
    strbuf_char(out, '"');
    for (const char *s = name; *s; s++) {
        if (*s == '"')
            strbuf_char(out, '"');
        strbuf_char(out, *s);
    }
    strbuf_char(out, '"');
}

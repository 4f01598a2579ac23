#include "source/postgres/shape.h"

#include <strings.h>

#include "core/sql/lex.h"

static bool is(struct sql_token t, const char *word)
{
    return t.kind == SQL_WORD && strlen(word) == t.len && strncasecmp(t.text, word, t.len) == 0;
}

static struct sql_token next_solid(const char **at)
{
    struct sql_token t;
    do {
        t = sql_lex(*at);
        *at = t.text + t.len;
    } while (t.kind == SQL_SPACE || t.kind == SQL_COMMENT);
    return t;
}

/* The columns of a SELECT whose word was just read. Without FROM there is one row. */
static struct shape of_select(const char *at)
{
    static const char *const ends[] = {"where", "group", "union", "order", "limit"};
    struct shape s = {.columns = 1, .rows = 1};
    int depth = 0;
    bool distinct = false, item = false;
    for (struct sql_token t; (t = next_solid(&at)).kind != SQL_END;) {
        char c = t.kind == SQL_OTHER ? *t.text : 0;
        depth += (c == '(' || c == '[') - (c == ')' || c == ']');
        if (depth > 0 || c == ')' || c == ']')
            continue;
        if (c == '*' && !item)
            return SHAPE_ANY;
        bool from = is(t, "from") && !distinct; /* IS DISTINCT FROM */
        if (from)
            s.rows = -1;
        if (from)
            return s;
        for (size_t i = 0; i < ARRAY_LEN(ends); i++)
            if (is(t, ends[i]))
                return (struct shape){.columns = s.columns, .rows = -1};
        s.columns += c == ',';
        item = c != ',' && c != '.'; /* t.* is all columns of t, a * b one */
        distinct = is(t, "distinct");
        if (distinct && s.columns == 1)
            item = false;
    }
    return s;
}

struct shape shape_of(const char *sql)
{
    const char *at = sql;
    int depth = 0;
    struct sql_token t = next_solid(&at);
    if (is(t, "explain"))
        return (struct shape){.columns = 1, .rows = -1, .least = 1};
    if (is(t, "with"))
        while ((t = next_solid(&at)).kind != SQL_END && (depth > 0 || !is(t, "select")))
            depth += t.kind == SQL_OTHER ? (*t.text == '(') - (*t.text == ')') : 0;
    return is(t, "select") ? of_select(at) : SHAPE_ANY;
}

bool shape_fits(struct shape s, int columns, int rows, char *why, size_t size)
{
    if (s.columns >= 0 && columns != s.columns)
        snprintf(why, size, "the server answered with %d column%s where %d were asked for", columns,
                 columns == 1 ? "" : "s", s.columns);
    else if ((s.rows >= 0 && rows != s.rows) || rows < s.least)
        snprintf(why, size, "the server answered with %d row%s where %d were asked for", rows,
                 rows == 1 ? "" : "s", MAX(s.rows, s.least));
    else
        return true;
    return false;
}

/* sql_line.c - SQL on one line: what is copied gets pasted, into a shell as well. */
#include "core/sql/statement.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "core/sql/lex.h"

/* Length of the character at `p` when it may stand in a line as it is, otherwise 0. */
static size_t harmless_length(const char *p, size_t left)
{
    uint32_t code;
    size_t n = utf8_decode(p, left, &code);
    return n && utf8_harmless(code) ? n : 0;
}

static bool is_harmless(const char *p, size_t len)
{
    for (size_t i = 0, n; i < len; i += n)
        if (!(n = harmless_length(p + i, len - i)))
            return false;
    return true;
}

bool sql_is_line(const char *sql)
{
    return is_harmless(sql, strlen(sql));
}

/* Characters of a name or string, a doubled quote as one, with escapes for what no line
 * may hold: \XXXX in U&"", \uXXXX in E''. False: bytes that are no UTF-8. */
static bool add_escaped(const char *p, size_t len, char quote, bool halve, struct strbuf *out)
{
    for (size_t i = 0, n; i < len; i += n) {
        uint32_t code;
        n = utf8_decode(p + i, len - i, &code);
        if (!n)
            return false;
        if (!utf8_harmless(code))
            strbuf_printf(out,
                          quote == '"'    ? (code > 0xffff ? "\\+%06x" : "\\%04x")
                          : code > 0xffff ? "\\U%08x"
                                          : "\\u%04x",
                          code);
        else if (*(p + i) == '\\')
            strbuf_str(out, "\\\\");
        else if (*(p + i) == quote)
            strbuf_printf(out, "%c%c", quote, quote);
        else
            strbuf_add(out, p + i, n);
        if (halve && p[i] == quote && i + 1 < len && p[i + 1] == quote)
            n = 2;
    }
    return true;
}

static bool add_quoted(const struct sql_token *t, struct strbuf *out)
{
    const char *p = t->text;
    if (*p == '"') {
        strbuf_str(out, "U&\"");
        bool ok = add_escaped(p + 1, t->len - 2, '"', true, out);
        strbuf_char(out, '"');
        return ok;
    }
    if (*p != '\'' && *p != '$')
        return false;
    size_t frame = *p == '$' ? (size_t)(strchr(p + 1, '$') + 1 - p) : 1;
    strbuf_str(out, "E'");
    bool ok = add_escaped(p + frame, t->len - 2 * frame, '\'', *p == '\'', out);
    strbuf_char(out, '\'');
    return ok;
}

static bool add_token(const struct sql_token *t, struct strbuf *out)
{
    if (!t->closed && t->kind != SQL_COMMENT)
        return false;
    if (t->kind == SQL_SPACE || (t->kind == SQL_COMMENT && !sql_is_squashed(t))) {
        if (out->len && out->text[out->len - 1] != ' ')
            strbuf_char(out, ' ');
        return true;
    }
    if (!is_harmless(t->text, t->len))
        return (t->kind == SQL_QUOTED || t->kind == SQL_STRING) && add_quoted(t, out);
    strbuf_add(out, t->text, t->len);
    return true;
}

char *sql_one_line(const char *sql)
{
    struct strbuf out = {0};
    struct sql_token t;
    bool ok = true;
    if (!sql)
        return NULL;
    for (const char *p = sql; ok && (t = sql_lex(p)).kind != SQL_END; p += t.len)
        ok = add_token(&t, &out);
    while (out.len && out.text[out.len - 1] == ' ')
        out.text[--out.len] = '\0';
    /* A string may go on in the next line, and only there. */
    if (ok && !sql_is_line(sql) && sql_parses(sql) && !sql_parses(strbuf_text(&out)))
        ok = false;
    char *line = ok ? mem_strdup(strbuf_text(&out)) : NULL;
    strbuf_free(&out);
    return line;
}

/* Constants that a recording has hidden come as '?', which the parser does not take. */
static char *with_constants(const char *sql, bool *comments)
{
    struct strbuf out = {0};
    struct sql_token t;
    for (const char *p = sql; (t = sql_lex(p)).kind != SQL_END; p += t.len) {
        *comments = *comments || t.kind == SQL_COMMENT;
        if (t.kind == SQL_OTHER && *t.text == '?')
            strbuf_char(&out, '0');
        else
            strbuf_add(&out, t.text, t.len);
    }
    return out.text ? strbuf_detach(&out) : mem_strdup("");
}

/* CREATE INDEX, or the REINDEX of one index. */
static bool builds_index(const cJSON *statement)
{
    const cJSON *reindex = cJSON_GetObjectItemCaseSensitive(statement, "ReindexStmt");
    const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(reindex, "kind"));
    return cJSON_GetObjectItemCaseSensitive(statement, "IndexStmt") || str_eq(kind, "REINDEX_OBJECT_INDEX");
}

static bool is_build_index(const char *sql)
{
    cJSON *tree = sql_parse_tree(sql);
    const cJSON *statements = cJSON_GetObjectItemCaseSensitive(tree, "stmts");
    const cJSON *first = cJSON_GetArrayItem(statements, 0);
    bool is =
        cJSON_GetArraySize(statements) == 1 && builds_index(cJSON_GetObjectItemCaseSensitive(first, "stmt"));
    cJSON_Delete(tree);
    return is;
}

bool sql_builds_index(const char *sql)
{
    bool comments = false;
    if (!sql || !sql_is_line(sql) || !sql_bounded(sql))
        return false;
    char *text = with_constants(sql, &comments);
    bool is = !comments && (is_build_index(sql) || is_build_index(text));
    free(text);
    return is;
}

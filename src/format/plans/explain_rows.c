/* explain_rows.c - plans whose lines are values: what a grid, a driver or a shell of a
 * programming language makes of the rows that EXPLAIN returns.
 *
 *   [{"QUERY PLAN": "Limit  (cost=..."}, ...]         rows of JSON, as one document or a line each
 *   INSERT INTO t VALUES ('Limit  (cost=...');        rows of SQL
 *   [('Limit  (cost=...',), ("  ->  Sort ...",)]      tuples, lists, dictionaries
 *   'Limit  (cost=...)\n  ->  Sort ...'               one string, as a shell shows it */
#include "format/plans/explain_dress.h"

#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "base/utf8.h"
#include "format/plans/explain_lines.h"

#define DEPTH_MAX 8

static const char HEADING[] = "QUERY PLAN";

/* ---- JSON ---- */

static bool is_of_plan(const char *s)
{
    static const char *const marks[] = {"(cost=", "(actual ", "(never executed)", "Node Type", "<Plan>"};
    for (size_t i = 0; i < ARRAY_LEN(marks); i++)
        if (strstr(s, marks[i]))
            return true;
    return lines_is_bare_node(s, strlen(s));
}

/* The first string that is part of a plan: its key tells which member of the rows it is. */
static const cJSON *find_value(const cJSON *item, int depth)
{
    if (cJSON_IsString(item))
        return is_of_plan(item->valuestring) ? item : NULL;
    const cJSON *child;
    if (depth >= DEPTH_MAX)
        return NULL;
    cJSON_ArrayForEach(child, item)
    {
        const cJSON *found = find_value(child, depth + 1);
        if (found)
            return found;
    }
    return NULL;
}

static void take_values(const cJSON *item, const char *key, int depth, struct strbuf *out)
{
    if (cJSON_IsString(item) && str_eq(item->string, key)) {
        strbuf_str(out, item->valuestring);
        if (!str_ends(item->valuestring, "\n"))
            strbuf_char(out, '\n');
    }
    const cJSON *child;
    if (depth < DEPTH_MAX)
        cJSON_ArrayForEach(child, item) take_values(child, key, depth + 1, out);
}

bool explain_json_rows(const char *text, size_t len, struct strbuf *out)
{
    const char *s = text, *end = text + len;
    char *key = NULL;
    bool found = false;
    while (s < end && isspace((unsigned char)*s))
        s++;
    if (s == end || (*s != '[' && *s != '{') || memmem(text, len, "\"Node Type\"", 11))
        return false;
    while (s < end) {
        const char *stop = NULL;
        cJSON *json = cJSON_ParseWithLengthOpts(s, (size_t)(end - s), &stop, 0);
        if (!json) { /* log lines between; the rest of what is broken */
            s = lines_stop(MAX(s, stop ? stop : s), end);
        } else {
            const cJSON *value = found ? NULL : find_value(json, 0);
            if (value) {
                key = mem_strdup(value->string);
                found = true;
            }
            if (found)
                take_values(json, key, 0, out);
            s = stop;
        }
        cJSON_Delete(json);
        while (s < end && *s != '[' && *s != '{')
            s++;
    }
    free(key);
    return found;
}

/* ---- literals ---- */

/* Appends the escaped character behind the backslash at s; the bytes it takes. */
static size_t unescape(const char *s, size_t len, struct strbuf *out)
{
    if (len < 2)
        return 1;
    char letters[4];
    switch (s[1]) {
    case 'n':
        strbuf_char(out, '\n');
        return 2;
    case 'r':
        return 2;
    case 't':
        strbuf_char(out, '\t');
        return 2;
    case 'x':
    case 'u': {
        size_t digits = s[1] == 'x' ? 2 : 4;
        char hex[5] = "", *stop;
        if (len < 2 + digits)
            break;
        memcpy(hex, s + 2, digits);
        unsigned long code = strtoul(hex, &stop, 16);
        if (stop != hex + digits || !code)
            break;
        strbuf_add(out, letters, utf8_encode((uint32_t)code, letters));
        return 2 + digits;
    }
    case '\\':
    case '"':
    case '\'':
        strbuf_char(out, s[1]);
        return 2;
    default:
        break;
    }
    strbuf_char(out, *s);
    return 1;
}

/* What SQL has before a literal's quote: E'..' has backslashes, N'..' is of another character set; 0:
 * nothing. */
static char literal_prefix(const char *text, const char *quote)
{
    char c = quote > text ? (char)toupper((unsigned char)quote[-1]) : 0;
    bool alone = quote - text < 2 || !(isalnum((unsigned char)quote[-2]) || quote[-2] == '_');
    return *quote == '\'' && (c == 'E' || c == 'N') && alone ? c : 0;
}

/* The literal whose quote stands at s, without its quotes; behind it. */
static const char *take_literal(const char *s, const char *end, bool sql, bool escapes, struct strbuf *out)
{
    char quote = *s++;
    while (s < end) {
        if (*s == quote && sql && s + 1 < end && s[1] == quote) {
            strbuf_char(out, quote);
            s += 2;
        } else if (*s == quote) {
            return s + 1;
        } else if (*s == '\\' && escapes) {
            s += unescape(s, (size_t)(end - s), out);
        } else {
            strbuf_char(out, *s++);
        }
    }
    return s;
}

/* What stands before and behind a literal that is a value. */
static bool is_value(const char *text, const char *open, const char *behind, const char *end)
{
    const char *s = open;
    while (s > text && (s[-1] == ' ' || s[-1] == '\t' || s[-1] == '\n'))
        s--;
    bool begins = s == text || strchr("([{,:=>;", s[-1]) || (s < open && memchr(s, '\n', (size_t)(open - s)));
    while (behind < end && (*behind == ' ' || *behind == '\t'))
        behind++;
    return begins && (behind == end || strchr(",)]};\n\r", *behind));
}

static bool names_sql(const char *s, size_t n)
{
    static const char *const words[] = {"INSERT INTO", "VALUES"};
    for (size_t i = 0; i < n; i++)
        for (size_t w = 0; w < ARRAY_LEN(words); w++)
            if (n - i >= strlen(words[w]) && !strncasecmp(s + i, words[w], strlen(words[w])))
                return true;
    return false;
}

/* The first mark of a plan in the text; NULL. */
static const char *first_mark(const char *text, size_t len)
{
    static const char *const marks[] = {"(cost=", "(actual ", "(never executed)", "\"Node Type\""};
    const char *first = NULL;
    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        const char *at = memmem(text, first ? (size_t)(first - text) : len, marks[i], strlen(marks[i]));
        first = at ? at : first;
    }
    return first;
}

static const char *line_begin(const char *text, const char *s)
{
    while (s > text && s[-1] != '\n')
        s--;
    return s;
}

/* Is the line up to the mark the beginning of a value: [('Limit  (cost= ? */
static bool begins_value(const char *line, const char *mark)
{
    bool bracket = false;
    for (; line < mark; line++) {
        if (*line == '\'' || *line == '"')
            return bracket;
        if (strchr("[({=", *line))
            bracket = true;
        else if (!isspace((unsigned char)*line) && !isalpha((unsigned char)*line))
            return false;
    }
    return false;
}

static const char YAML_NODE[] = "Node Type: \"";

/* Are the quotes those of JSON or YAML? */
static bool own_quotes(const char *text, size_t len)
{
    return memmem(text, len, "\"Node Type\"", 11) || memmem(text, len, YAML_NODE, sizeof YAML_NODE - 1);
}

bool explain_literals(const char *text, size_t len, struct strbuf *out)
{
    const char *mark = first_mark(text, len), *end = text + len;
    if (!mark)
        return false;
    const char *line = line_begin(text, mark), *stop = lines_stop(line, end);
    bool sql = names_sql(text, (size_t)(mark - text)) && memchr(line, '\'', (size_t)(mark - line));
    bool quoted = memchr(line, '\'', (size_t)(mark - line)) || memchr(line, '"', (size_t)(mark - line));
    bool shown = quoted && memmem(line, (size_t)(stop - line), "\\n", 2);
    if (!sql && (own_quotes(text, len) || (!shown && !begins_value(line, mark))))
        return false;
    struct strbuf literal = {0};
    bool any = false;
    for (const char *s = text; s < end;) {
        if (*s != '\'' && (*s != '"' || sql)) {
            s++;
            continue;
        }
        strbuf_clear(&literal);
        char prefix = sql ? literal_prefix(text, s) : 0;
        const char *behind = take_literal(s, end, sql, !sql || prefix == 'E', &literal);
        if (is_value(text, prefix ? s - 1 : s, behind, end) && !str_eq(strbuf_text(&literal), HEADING)) {
            strbuf_add(out, literal.text, literal.len);
            strbuf_char(out, '\n');
            any = true;
        }
        s = behind;
    }
    strbuf_free(&literal);
    return any;
}

bool explain_escaped(const char *text, size_t len, struct strbuf *out)
{
    const char *mark = first_mark(text, len), *end = text + len;
    if (!mark || *mark == '"' || memmem(text, len, YAML_NODE, sizeof YAML_NODE - 1))
        return false;
    const char *line = line_begin(text, mark);
    if (!memmem(line, (size_t)(lines_stop(mark, end) - line), "\\n", 2))
        return false;
    for (const char *s = text; s < end;) {
        if (*s == '\\')
            s += unescape(s, (size_t)(end - s), out);
        else
            strbuf_char(out, *s++);
    }
    return true;
}

#include "format/plans/explain_tree.h"

#include "format/plans/explain_reader.h"

#include <stdlib.h>

/* Inside a JSON string the quote would have a backslash before it. */
void explain_whole_identifier(cJSON *entry, const char **at, const char *end)
{
    static const char key[] = "\"Query Identifier\"";
    cJSON *item = cJSON_GetObjectItemCaseSensitive(entry, "Query Identifier");
    if (!cJSON_IsNumber(item))
        return;
    const char *s = *at;
    while ((s = memmem(s, (size_t)(end - s), key, sizeof key - 1)) != NULL) {
        s += sizeof key - 1;
        if (s[-(int)sizeof key] != '\\')
            break;
    }
    if (!s)
        return;
    while (s < end && (*s == ' ' || *s == '\n' || *s == '\t' || *s == ':'))
        s++;
    char digits[24];
    size_t n = 0;
    while (s + n < end && n < sizeof digits - 1 && (s[n] == '-' || (s[n] >= '0' && s[n] <= '9'))) {
        digits[n] = s[n];
        n++;
    }
    digits[n] = 0;
    *at = s;
    cJSON *textual = cJSON_CreateString(digits);
    if (textual && !cJSON_ReplaceItemInObjectCaseSensitive(entry, "Query Identifier", textual))
        cJSON_Delete(textual);
}

#define ROWS_DEPTH_MAX 6 /* of what a driver puts around the document */

/* May a member of this name hold the rows that EXPLAIN returned, or the plan in a row? */
static bool names_rows(const char *key)
{
    static const char *const words[] = {"plan",   "explain", "row",    "result", "data",
                                        "record", "query",   "output", "value"};
    for (size_t i = 0; key && i < ARRAY_LEN(words); i++)
        if (strcasestr(key, words[i]))
            return true;
    return !key; /* of an array */
}

/* Plans in an item of the document; the number of them. Drivers make a row of the
 * document, {"QUERY PLAN": [{"Plan": ...}]}, and results of such rows. */
static size_t take_item(cJSON *item, int depth, const char **start, const char *end, struct explain *out,
                        struct sd_error *err)
{
    size_t n = 0;
    bool entry = cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(item, "Plan")) ||
                 (depth <= 1 && cJSON_GetObjectItemCaseSensitive(item, "Node Type"));
    if (cJSON_IsObject(item) && entry) {
        explain_whole_identifier(item, start, end);
        struct plan *p = explain_tree(item, err);
        if (p)
            explain_keep(out, p);
        return p != NULL;
    }
    for (cJSON *child = depth < ROWS_DEPTH_MAX ? item->child : NULL; child; child = child->next)
        if (names_rows(child->string))
            n += take_item(child, depth + 1, start, end, out, err);
    return n;
}

/* Plans of one JSON document; the number of them. */
static size_t take_plan(cJSON *json, const char *start, const char *end, struct explain *out,
                        struct sd_error *err)
{
    size_t n = take_item(json, 0, &start, end, out, err);
    if (!n && !err->text[0] && (cJSON_IsObject(json) || (json->child && cJSON_IsObject(json->child))))
        fail(err, "There is no plan in it: an object with the key \"Plan\" was expected.");
    return n;
}

static const char *next_line(const char *s, const char *end)
{
    const char *newline = s < end ? memchr(s, '\n', (size_t)(end - s)) : NULL;
    return newline ? newline + 1 : end;
}

/* First position at or after `s` where a line begins with { or [, or NULL. */
static const char *find_start(const char *s, const char *end)
{
    while (s < end) {
        while (s < end && (*s == ' ' || *s == '\t' || *s == '\n'))
            s++;
        if (s < end && (*s == '{' || *s == '['))
            return s;
        s = next_line(s, end);
    }
    return NULL;
}

/* The part of a broken document that is whole: text[0..len) up to the last member that
 * ended, and the brackets that close what is open there. */
#define OPEN_MAX 990 /* as deep as cJSON follows */

static cJSON *mend(const char *text, size_t len)
{
    char open[OPEN_MAX], open_then[OPEN_MAX];
    size_t depth = 0, depth_then = 0, good = 0;
    bool value = true; /* a value may come here; else a key or what follows a value */
    while (len && (text[len - 1] == '\n' || text[len - 1] == ' '))
        len--; /* a number at the very end may go on behind the cut */
    for (size_t i = 0; i < len;) {
        char c = text[i];
        if (c == '{' || c == '[') {
            if (depth >= OPEN_MAX)
                break;
            open[depth++] = c;
            value = c == '[';
            i++;
        } else if (c == '}' || c == ']') {
            if (!depth || open[depth - 1] != (c == '}' ? '{' : '['))
                break;
            depth--;
            i++;
        } else if (c == '"') {
            size_t end = i + 1;
            while (end < len && text[end] != '"')
                end += text[end] == '\\' ? 2 : 1;
            if (end >= len)
                break;
            i = end + 1;
            if (!value) /* a key */
                continue;
        } else if (c == ',' || c == ':') {
            value = c == ':' || (depth && open[depth - 1] == '[');
            i++;
            continue;
        } else if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
            i++;
            continue;
        } else {
            size_t end = i;
            while (end < len && !strchr(",:{}[]\" \n\t\r", text[end]))
                end++;
            if (end >= len || end == i) /* a number may be cut as well */
                break;
            i = end;
        }
        good = i;
        depth_then = depth;
        memcpy(open_then, open, depth);
    }
    struct strbuf b = {0};
    strbuf_add(&b, text, good);
    while (depth_then)
        strbuf_char(&b, open_then[--depth_then] == '{' ? '}' : ']');
    cJSON *json = cJSON_ParseWithLength(strbuf_text(&b), b.len);
    strbuf_free(&b);
    return json;
}

static bool looks_like_a_plan(const char *s, const char *stop)
{
    return memmem(s, (size_t)(stop - s), "\"Plan\"", 6) || memmem(s, (size_t)(stop - s), "\"Node Type\"", 11);
}

/* cJSON stops where a number or word begins, or behind a string's first quote: is there
 * no end of it? */
static bool nothing_whole(const char *s, const char *end)
{
    if (s >= end - 1)
        return true;
    if (*s != '"')
        return end - s < 5 && !memchr(s, '}', (size_t)(end - s)) && !memchr(s, ']', (size_t)(end - s));
    for (s++; s < end && *s != '"'; s++)
        s += *s == '\\';
    return s >= end;
}

/* Behind a broken document that began `column` letters into its line: its rest stands
 * further right, or closes it. */
static const char *skip_rest(const char *s, const char *end, size_t column)
{
    while ((s = next_line(s, end)) < end) {
        size_t indent = 0;
        while (s + indent < end && (s[indent] == ' ' || s[indent] == '\t'))
            indent++;
        if (s + indent < end && (s[indent] == '{' || s[indent] == '[') && indent <= column)
            break;
    }
    return s;
}

bool explain_json(const char *text, size_t len, struct explain *out, struct sd_error *err)
{
    const char *end = text + len, *s = text, *counted = text;
    struct sd_error why = {""};
    size_t line_broken = 0, lines = 1, had = out->n_plans;
    bool cut = false;
    while ((s = find_start(s, end)) != NULL) {
        const char *stop = NULL;
        if (explain_direct(s, end, &stop, out)) {
            s = stop;
            continue;
        }
        stop = NULL;
        cJSON *json = cJSON_ParseWithLengthOpts(s, (size_t)(end - s), &stop, 0);
        if (!stop || stop <= s) /* cJSON reports the start when it ran out of memory */
            stop = s + 1;
        if (json) {
            take_plan(json, s, stop, out, &why);
            cJSON_Delete(json);
            s = stop;
            continue;
        }
        /* Only a plan is reported; a log has other brackets too. */
        if (!looks_like_a_plan(s, stop)) {
            s = next_line(stop, end);
            continue;
        }
        for (; counted < stop; counted++)
            lines += *counted == '\n';
        line_broken = lines;
        const char *rest = stop;
        while (rest < end && (*rest == ' ' || *rest == '\n' || *rest == '\t' || *rest == '\r'))
            rest++;
        cut = nothing_whole(rest > s && rest[-1] == '"' ? rest - 1 : rest, end);
        size_t before = out->n_plans;
        json = mend(s, (size_t)((cut ? end : stop) - s));
        size_t kept = json ? take_plan(json, s, stop, out, &why) : 0;
        cJSON_Delete(json);
        for (size_t i = before; kept && i < out->n_plans; i++)
            if (i + 1 == out->n_plans)
                plan_note(out->plans[i],
                          cut ? "The JSON is cut off at line %zu: the plan is shown up to there."
                              : "The JSON is broken at line %zu: the plan is shown up to there.",
                          line_broken);
        if (!kept && out->n_plans > had)
            plan_note(out->plans[out->n_plans - 1],
                      "Another plan in the input is %s at line %zu; it was left out.",
                      cut ? "cut off" : "broken", line_broken);
        size_t column = 0;
        while (s - column > text && s[-(ptrdiff_t)column - 1] != '\n')
            column++;
        s = skip_rest(stop, end, column);
    }
    if (out->n_plans > had)
        return true;
    if (line_broken)
        return fail(err,
                    cut ? "The plan's JSON is cut off at line %zu, before the type of its first node."
                        : "The plan's JSON is broken at line %zu, before the type of its first node.",
                    line_broken);
    if (why.text[0])
        return fail(err, "%s", why.text);
    return fail(err, "The JSON cannot be read: no plan was found in it.");
}

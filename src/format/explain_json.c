#include "format/explain_tree.h"

#include <stdlib.h>

/* cJSON keeps numbers as doubles; a query identifier has 64 bits. Its digits are taken
 * from the text: the next such key at or after *at. Inside a JSON string the quote would
 * have a backslash before it. */
static void whole_identifier(cJSON *entry, const char **at, const char *end)
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

/* Plans of one JSON document; the number of them. */
static size_t take(cJSON *json, const char *start, const char *end, struct explain *out, struct sd_error *err)
{
    size_t n = 0;
    cJSON *entry = cJSON_IsArray(json) ? json->child : json;
    for (; entry; entry = entry->next) {
        if (!cJSON_IsObject(entry))
            continue;
        whole_identifier(entry, &start, end);
        struct plan *p = explain_tree(entry, err);
        if (p) {
            explain_keep(out, p);
            n++;
        }
    }
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

bool explain_json(const char *text, size_t len, struct explain *out, struct sd_error *err)
{
    const char *end = text + len, *s = text;
    /* A byte order mark and a whole document on one line that begins with words. */
    if (len >= 3 && !memcmp(s, "\xef\xbb\xbf", 3))
        s += 3;
    struct sd_error why = {""};
    size_t line_broken = 0, lines = 1;
    const char *counted = text;
    bool cut = false;
    while ((s = find_start(s, end)) != NULL) {
        const char *stop = NULL;
        cJSON *json = cJSON_ParseWithLengthOpts(s, (size_t)(end - s), &stop, 0);
        if (!stop || stop <= s) /* cJSON reports the start when it ran out of memory */
            stop = s + 1;
        if (json) {
            take(json, s, stop, out, &why);
            cJSON_Delete(json);
            s = stop;
            continue;
        }
        /* Only what was a plan is worth a word; a log has other brackets too. */
        if (memmem(s, (size_t)(stop - s), "\"Plan\"", 6) || memmem(s, (size_t)(stop - s), "\"Node Type\"", 11)) {
            for (; counted < stop; counted++)
                lines += *counted == '\n';
            line_broken = lines;
            const char *rest = stop;
            while (rest < end && (*rest == ' ' || *rest == '\n' || *rest == '\t'))
                rest++;
            cut = rest >= end - 1;
        }
        s = next_line(stop, end);
    }
    if (out->n_plans && line_broken)
        plan_note(out->plans[out->n_plans - 1], "Another plan in the input is %s at line %zu; it was left out.",
                  cut ? "cut off" : "broken", line_broken);
    if (out->n_plans)
        return true;
    if (line_broken)
        return fail(err, cut ? "The plan's JSON is cut off at line %zu: the end is missing."
                             : "The plan's JSON is broken at line %zu.", line_broken);
    if (why.text[0])
        return fail(err, "%s", why.text);
    return fail(err, "The JSON cannot be read: no plan was found in it.");
}

/* explain_yaml.c - EXPLAIN (FORMAT YAML), made into the tree its JSON would have given.
 *
 * EXPLAIN prints a small, fixed part of YAML: block mappings and lists, scalars bare or
 * quoted as in JSON, and flow lists in grouping sets. Exactly that is read, line by
 * line; a YAML library would refuse a plan that is cut or wrapped, which this keeps. */
#include "format/plans/explain_tree.h"

#include <stdlib.h>

#define DEPTH_MAX         900 /* nested blocks; a plan's node takes two */
#define WRAPPED_LINES_MAX 64  /* lines one quoted value may be wrapped over */

struct lines {
    const char *at, *end; /* what is left of the input */
    const char *text;     /* the line: its content and where that stands; NULL: none left */
    size_t len;
    size_t indent;
    size_t number;
    struct strbuf joined; /* a wrapped line */
    bool cut;             /* a value is cut off at the end */
    size_t broken;        /* line of something that is no YAML of EXPLAIN's; 0 */
};

static void next_line(struct lines *l)
{
    for (l->text = NULL; l->at < l->end && !l->text;) {
        const char *newline = memchr(l->at, '\n', (size_t)(l->end - l->at));
        const char *stop = newline ? newline : l->end, *s = l->at;
        while (s < stop && (*s == ' ' || *s == '\t'))
            s++;
        l->indent = (size_t)(s - l->at);
        l->number++;
        while (stop > s && (stop[-1] == ' ' || stop[-1] == '\r' || stop[-1] == '\t'))
            stop--;
        l->at = newline ? newline + 1 : l->end;
        if (stop > s && memcmp(s, "---", MIN(3, (size_t)(stop - s))) != 0) {
            l->text = s;
            l->len = (size_t)(stop - s);
        }
    }
}

/* The closing quote of text[from], or len. */
static size_t quote_end(const char *text, size_t len, size_t from)
{
    for (size_t i = from + 1; i < len; i++) {
        if (text[i] == '\\')
            i++;
        else if (text[i] == '"')
            return i;
    }
    return len;
}

/* A quoted value that does not end in its line goes on in the next ones. */
static size_t unwrap(struct lines *l, size_t from)
{
    size_t close = quote_end(l->text, l->len, from);
    for (int i = 0; close >= l->len && i < WRAPPED_LINES_MAX; i++) {
        size_t indent = l->indent;
        if (l->text != l->joined.text) {
            strbuf_clear(&l->joined);
            strbuf_add(&l->joined, l->text, l->len);
        }
        next_line(l);
        if (l->text) {
            strbuf_char(&l->joined, ' ');
            strbuf_add(&l->joined, l->text, l->len);
        }
        bool ended = !l->text;
        l->text = l->joined.text;
        l->len = l->joined.len;
        l->indent = indent;
        close = quote_end(l->text, l->len, from);
        if (ended)
            break;
    }
    return close;
}

static cJSON *scalar(struct lines *l, size_t from, const char *key)
{
    while (from < l->len && l->text[from] == ' ')
        from++;
    if (from >= l->len)
        return cJSON_CreateNull();
    if (l->text[from] == '"') {
        size_t close = unwrap(l, from);
        if (close >= l->len) {
            l->cut = true;
            return NULL;
        }
        cJSON *quoted = cJSON_ParseWithLength(l->text + from, close - from + 1);
        return quoted ? quoted : cJSON_CreateNull();
    }
    if (l->text[from] == '[') {
        cJSON *flow = cJSON_ParseWithLength(l->text + from, l->len - from);
        if (flow)
            return flow;
    }
    char *word = mem_strndup(l->text + from, l->len - from), *end;
    double v = strtod(word, &end);
    cJSON *item = !strcmp(word, "true") || !strcmp(word, "false") ? cJSON_CreateBool(*word == 't')
                  /* a double cannot hold the identifier's 64 bits */
                  : end != word && !*end && !str_eq(key, "Query Identifier") ? cJSON_CreateNumber(v)
                                                                             : cJSON_CreateString(word);
    free(word);
    return item;
}

static size_t colon(const struct lines *l)
{
    for (size_t i = 0; i < l->len && l->text[i] != '"'; i++)
        if (l->text[i] == ':' && (i + 1 == l->len || l->text[i + 1] == ' '))
            return i;
    return l->len;
}

static cJSON *block(struct lines *l, int depth);

static cJSON *list(struct lines *l, int depth)
{
    cJSON *array = cJSON_CreateArray();
    size_t indent = l->indent;
    while (l->text && l->indent == indent && *l->text == '-') {
        size_t skip = 1;
        while (skip < l->len && l->text[skip] == ' ')
            skip++;
        l->text += skip;
        l->len -= skip;
        l->indent += skip;
        cJSON *item = NULL;
        if (!l->len) { /* "-" alone: what belongs to it stands further right */
            next_line(l);
            if (l->text && l->indent > indent)
                item = block(l, depth + 1);
        } else if (*l->text == '-' || (*l->text != '"' && *l->text != '[' && colon(l) < l->len)) {
            item = block(l, depth + 1);
        } else {
            item = scalar(l, 0, NULL);
            next_line(l);
        }
        if (item)
            cJSON_AddItemToArray(array, item);
    }
    return array;
}

static cJSON *mapping(struct lines *l, int depth)
{
    cJSON *object = cJSON_CreateObject();
    size_t indent = l->indent;
    while (l->text && l->indent == indent && *l->text != '-') {
        size_t at = colon(l);
        if (at >= l->len) {
            if (l->at >= l->end)
                l->cut = true;
            else if (!l->broken)
                l->broken = l->number;
            next_line(l);
            continue;
        }
        char *key = mem_strndup(l->text, at);
        cJSON *item = NULL;
        if (at + 1 == l->len) {
            next_line(l);
            if (l->text && (l->indent > indent || (l->indent == indent && *l->text == '-')))
                item = block(l, depth + 1);
        } else {
            item = scalar(l, at + 1, key);
            next_line(l);
        }
        if (item)
            cJSON_AddItemToObject(object, key, item);
        free(key);
    }
    return object;
}

/* What stands at the line's indentation; lines further right that fit nowhere are left out. */
static cJSON *block(struct lines *l, int depth)
{
    size_t indent = l->indent;
    cJSON *item = NULL;
    if (depth < DEPTH_MAX)
        item = *l->text == '-' ? list(l, depth) : mapping(l, depth);
    while (l->text && l->indent > indent) {
        if (!l->broken)
            l->broken = l->number;
        next_line(l);
    }
    return item;
}

static bool begins(const struct lines *l)
{
    static const char *const first[] = {
        "Plan:", "Query Text:", "Query Parameters:", "Query Identifier:", "Node Type:"};
    const char *s = l->text;
    size_t len = l->len;
    while (len && (*s == '-' || *s == ' ')) {
        s++;
        len--;
    }
    for (size_t i = 0; i < ARRAY_LEN(first); i++)
        if (len >= strlen(first[i]) && !memcmp(s, first[i], strlen(first[i])))
            return true;
    return false;
}

bool explain_yaml(const char *text, size_t len, struct explain *out, struct sd_error *err)
{
    struct lines l = {.at = text, .end = text + len};
    struct sd_error why = {""};
    size_t had = out->n_plans;
    next_line(&l);
    while (l.text) {
        if (!begins(&l)) {
            next_line(&l);
            continue;
        }
        cJSON *item = block(&l, 0), *entry = cJSON_IsArray(item) ? item->child : item;
        for (; entry; entry = cJSON_IsArray(item) ? entry->next : NULL) {
            struct plan *p = cJSON_IsObject(entry) ? explain_tree(entry, &why) : NULL;
            if (p) {
                explain_keep(out, p);
                if (l.broken)
                    plan_note(p, "Line %zu of the YAML is not part of a plan; it was left out.", l.broken);
                l.broken = 0;
            }
        }
        cJSON_Delete(item);
    }
    strbuf_free(&l.joined);
    if (out->n_plans > had && l.cut)
        plan_note(out->plans[out->n_plans - 1], "The YAML is cut off at line %zu.", l.number);
    if (out->n_plans > had)
        return true;
    return fail(err, "%s", why.text[0] ? why.text : "The YAML cannot be read: no plan was found in it.");
}

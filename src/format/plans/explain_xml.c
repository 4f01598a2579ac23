/* explain_xml.c - EXPLAIN (FORMAT XML), made into the tree its JSON would have given.
 *
 * EXPLAIN's XML has elements and text: no CDATA, no entities of its own, attributes only
 * on the root. Everything else is passed over; what is cut or does not close ends the
 * reading, and the nodes before it are kept. */
#include "format/plans/explain_tree.h"

#include <ctype.h>
#include <stdlib.h>

#define DEPTH_MAX      900
#define NAME_MAX_BYTES 64

struct xml {
    const char *at, *end, *start;
    bool cut;           /* the input ended inside an element */
    const char *broken; /* where it stopped making sense; NULL */
};

/* EXPLAIN writes "I/O Read Time" as I-O-Read-Time: every letter that no tag may have
 * becomes a dash. The way back is through the keys there are. */
static bool tag_is_key(const char *tag, const char *key)
{
    for (; *tag && *key; tag++, key++) {
        bool plain = isalnum((unsigned char)*key) || *key == '_' || *key == '.' || *key == '-';
        if (*tag != (plain ? *key : '-'))
            return false;
    }
    return !*tag && !*key;
}

static void untag(char *tag)
{
    for (size_t i = 0; i < plan_n_node_fields; i++)
        if (strlen(plan_node_fields[i].key) < NAME_MAX_BYTES && tag_is_key(tag, plan_node_fields[i].key)) {
            memcpy(tag, plan_node_fields[i].key, strlen(plan_node_fields[i].key));
            return;
        }
    for (; *tag; tag++)
        if (*tag == '-')
            *tag = ' ';
}

static void add_text(struct strbuf *out, const char *s, const char *end)
{
    static const struct {
        const char *name;
        char c;
    } entities[] = {{.name = "&lt;", .c = '<'},    {.name = "&gt;", .c = '>'},
                    {.name = "&amp;", .c = '&'},   {.name = "&quot;", .c = '"'},
                    {.name = "&apos;", .c = '\''}, {.name = "&#x0d;", .c = '\r'}};
    while (s < end) {
        size_t used = 0;
        for (size_t i = 0; *s == '&' && i < ARRAY_LEN(entities) && !used; i++) {
            size_t n = strlen(entities[i].name);
            if ((size_t)(end - s) >= n && !memcmp(s, entities[i].name, n)) {
                strbuf_char(out, entities[i].c);
                used = n;
            }
        }
        if (!used) {
            if (*s)
                strbuf_char(out, *s);
            used = 1;
        }
        s += used;
    }
}

/* Steps behind the next tag; its name (with '/' in front when it closes) into `name`, the
 * text before it into `text`. False at the end of the input. */
static bool next_tag(struct xml *x, char name[NAME_MAX_BYTES], bool *empty, struct strbuf *text)
{
    while (x->at < x->end) {
        const char *open = memchr(x->at, '<', (size_t)(x->end - x->at));
        if (!open)
            break;
        const char *close = memchr(open, '>', (size_t)(x->end - open));
        if (text)
            add_text(text, x->at, open);
        if (!close) {
            x->at = open;
            break;
        }
        x->at = close + 1;
        if (open[1] == '?' || open[1] == '!')
            continue;
        size_t n = 0;
        for (open++; open < close && n < NAME_MAX_BYTES - 1 && !isspace((unsigned char)*open) &&
                     (*open != '/' || n == 0);
             open++)
            name[n++] = *open;
        name[n] = 0;
        *empty = close[-1] == '/' && n && *name != '/';
        return true;
    }
    x->cut = true;
    return false;
}

static bool is_list_of(const char *name, const char *child)
{
    size_t n = strlen(child);
    return !strcmp(child, "Item") || (!strncmp(name, child, n) && !strcmp(name + n, "s"));
}

/* XML has one tag for both groups of an incremental sort, in this order, and one for what either of
 * them took in memory and on disk. */
static bool sort_tag(const cJSON *item, char tag[NAME_MAX_BYTES])
{
    bool groups = !strcmp(tag, "Incremental-Sort-Groups");
    if (!groups && strcmp(tag, "Sort-Space") != 0)
        return false;
    const cJSON *methods = cJSON_GetObjectItemCaseSensitive(item, "Sort Methods Used"), *each;
    bool disk = methods && methods->child;
    cJSON_ArrayForEach(each, methods) disk =
        disk && cJSON_IsString(each) && str_starts(each->valuestring, "external");
    disk = disk || cJSON_GetObjectItemCaseSensitive(item, "Sort Space Memory");
    bool second = groups && cJSON_GetObjectItemCaseSensitive(item, "Full-sort Groups");
    snprintf(tag, NAME_MAX_BYTES, "%s",
             groups ? second ? "Pre-sorted Groups" : "Full-sort Groups"
             : disk ? "Sort Space Disk"
                    : "Sort Space Memory");
    return true;
}

/* Behind <name>: up to its end. NULL: nothing whole in it. */
static cJSON *element(struct xml *x, const char *name, int depth)
{
    cJSON *item = NULL;
    struct strbuf text = {0};
    char tag[NAME_MAX_BYTES];
    bool empty, closed = false;
    while (!x->cut && !x->broken && !closed && next_tag(x, tag, &empty, &text)) {
        if (*tag == '/') {
            closed = !strcmp(tag + 1, name);
            if (!closed)
                x->broken = x->at;
            continue;
        }
        if (!item)
            item = is_list_of(name, tag) ? cJSON_CreateArray() : cJSON_CreateObject();
        if (depth >= DEPTH_MAX) {
            x->broken = x->at;
            continue;
        }
        cJSON *child = empty ? cJSON_CreateString("") : element(x, tag, depth + 1);
        if (!child)
            continue;
        if (!sort_tag(item, tag))
            untag(tag);
        if (cJSON_IsArray(item))
            cJSON_AddItemToArray(item, child);
        else
            cJSON_AddItemToObject(item, tag, child);
    }
    if (!item && closed)
        item = cJSON_CreateString(strbuf_text(&text));
    strbuf_free(&text);
    return item;
}

static size_t line_of(const struct xml *x, const char *at)
{
    size_t n = 1;
    for (const char *s = x->start; s < at; s++)
        n += *s == '\n';
    return n;
}

bool explain_xml(const char *text, size_t len, struct explain *out, struct sd_error *err)
{
    struct xml x = {.at = text, .end = text + len, .start = text};
    struct sd_error why = {""};
    char tag[NAME_MAX_BYTES];
    bool empty, ended = false;
    size_t had = out->n_plans;
    const char *broken = NULL;
    while (!ended && next_tag(&x, tag, &empty, NULL)) {
        bool query = !strcmp(tag, "Query"), plan = !strcmp(tag, "Plan"), node = false;
        /* auto_explain has no <Query>: <explain> itself is one. */
        if (!strcmp(tag, "explain")) {
            const char *before = x.at;
            if (next_tag(&x, tag, &empty, NULL) && strcmp(tag, "Query") != 0) {
                x.at = before;
                query = true;
                snprintf(tag, sizeof tag, "explain");
            } else {
                x.at = before;
                continue;
            }
        }
        if ((!query && !plan) || empty)
            continue;
        cJSON *entry = element(&x, tag, 0);
        ended = x.cut;
        broken = x.broken;
        x.broken = NULL;
        if (broken) { /* what follows is the rest of it, up to the next document */
            const char *next = memmem(x.at, (size_t)(x.end - x.at), "<explain", strlen("<explain"));
            x.at = next ? next : x.end;
        }
        node = plan && cJSON_GetObjectItemCaseSensitive(entry, "Node Type");
        struct plan *p = cJSON_IsObject(entry) && (query || node) ? explain_tree(entry, &why) : NULL;
        if (p) {
            explain_keep(out, p);
            if (broken)
                plan_note(p, "The XML is broken at line %zu; the rest was left out.", line_of(&x, broken));
            else if (x.cut)
                plan_note(p, "The XML is cut off at line %zu: its end is missing.", line_of(&x, x.end));
        }
        cJSON_Delete(entry);
    }
    if (out->n_plans > had)
        return true;
    if (why.text[0])
        return fail(err, "%s", why.text);
    return fail(err, ended ? "The XML is cut off before its first plan node ends."
                           : "The XML cannot be read: no plan was found in it.");
}

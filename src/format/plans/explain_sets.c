#include "format/plans/explain_sets.h"

#include <stdlib.h>

void explain_split(cJSON *array, const char *s)
{
    int depth = 0;
    char quote = 0;
    const char *start = s;
    for (;; s++) {
        if (*s == 0 || (*s == ',' && depth <= 0 && !quote)) {
            char *item = mem_strndup(start, (size_t)(s - start));
            cJSON_AddItemToArray(array, cJSON_CreateString(item));
            free(item);
            if (!*s)
                return;
            start = s + 1 + strspn(s + 1, " ");
        } else if (quote) {
            quote = *s == quote ? 0 : quote;
        } else if (*s == '\'' || *s == '"') {
            quote = *s;
        } else {
            depth += (*s == '(' || *s == '[') - (*s == ')' || *s == ']');
        }
    }
}

static const cJSON *get(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* ---- grouping sets ---- */

static cJSON *last_of(cJSON *array)
{
    return array->child ? cJSON_GetArrayItem(array, cJSON_GetArraySize(array) - 1) : NULL;
}

static cJSON *new_set(cJSON *sets)
{
    cJSON *set = cJSON_CreateObject();
    cJSON_AddItemToArray(sets, set);
    return set;
}

static void add_keys(cJSON *set, const char *name, const char *keys)
{
    cJSON *all = cJSON_GetObjectItemCaseSensitive(set, name), *one = cJSON_CreateArray();
    if (!all)
        all = cJSON_AddArrayToObject(set, name);
    if (strcmp(keys, "()") != 0)
        explain_split(one, keys);
    cJSON_AddItemToArray(all, one);
}

bool explain_add_set(cJSON *node, const char *line)
{
    static const char group[] = "Group Key: ", hash[] = "Hash Key: ", sort[] = "Sort Key: ";
    bool is_group = str_starts(line, group), is_hash = str_starts(line, hash);
    if (!is_group && !is_hash && !str_starts(line, sort))
        return false;
    cJSON *sets = cJSON_GetObjectItemCaseSensitive(node, "Grouping Sets");
    const char *keys = strchr(line, ':') + 2;
    if (is_group && !sets && !get(node, "Group Key") && strcmp(keys, "()") != 0) {
        explain_split(cJSON_AddArrayToObject(node, "Group Key"), keys);
        return true;
    }
    if (!sets) {
        cJSON *first = cJSON_DetachItemFromObjectCaseSensitive(node, "Group Key");
        sets = cJSON_AddArrayToObject(node, "Grouping Sets");
        if (first)
            cJSON_AddItemToArray(cJSON_AddArrayToObject(new_set(sets), "Group Keys"), first);
    }
    cJSON *set = last_of(sets);
    if (is_hash) {
        add_keys(new_set(sets), "Hash Keys", keys);
    } else if (is_group) {
        add_keys(!set || get(set, "Hash Keys") ? new_set(sets) : set, "Group Keys", keys);
    } else {
        explain_split(cJSON_AddArrayToObject(new_set(sets), "Sort Key"), keys);
    }
    return true;
}

/* XML's way to write an empty list. */
static bool is_blank(const cJSON *item)
{
    const char *s = cJSON_GetStringValue(item);
    return s && !s[strspn(s, " \t\r\n")];
}

/* One line each; NULL: only count. */
static size_t add_line(struct arena *a, const char **out, const char *label, const cJSON *keys)
{
    struct strbuf b = {0};
    const cJSON *key;
    if (!out)
        return 1;
    strbuf_printf(&b, "%s: ", label);
    cJSON_ArrayForEach(key, keys) if (cJSON_IsString(key))
        strbuf_printf(&b, "%s%s", key == keys->child ? "" : ", ", key->valuestring);
    if (!keys->child)
        strbuf_str(&b, "()");
    *out = arena_strdup(a, strbuf_text(&b));
    strbuf_free(&b);
    return 1;
}

static size_t add_lines(struct arena *a, const char **out, const cJSON *sets)
{
    static const char *const names[][2] = {{"Group Keys", "Group Key"}, {"Hash Keys", "Hash Key"}};
    size_t n = 0;
    const cJSON *set, *keys;
    cJSON_ArrayForEach(set, sets)
    {
        const cJSON *sort = get(set, "Sort Key");
        if (cJSON_IsArray(sort))
            n += add_line(a, out ? out + n : NULL, "Sort Key", sort);
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
            cJSON_ArrayForEach(keys, get(set, names[i][0]))
            {
                if (cJSON_IsArray(keys) || is_blank(keys))
                    n += add_line(a, out ? out + n : NULL, names[i][1], keys);
            }
        }
    }
    return n;
}

struct plan_list explain_sets(struct arena *a, const cJSON *sets)
{
    struct plan_list l = {.n = add_lines(a, NULL, sets)};
    l.items = arena_alloc(a, (l.n + 1) * sizeof *l.items);
    add_lines(a, l.items, sets);
    return l;
}

cJSON *explain_sets_json(const struct plan_list *lines)
{
    cJSON *node = cJSON_CreateObject();
    for (size_t i = 0; i < lines->n; i++)
        explain_add_set(node, lines->items[i]);
    cJSON *sets = cJSON_DetachItemFromObjectCaseSensitive(node, "Grouping Sets");
    if (!sets) { /* one set alone */
        cJSON *first = cJSON_DetachItemFromObjectCaseSensitive(node, "Group Key");
        sets = cJSON_CreateArray();
        if (first)
            cJSON_AddItemToArray(cJSON_AddArrayToObject(new_set(sets), "Group Keys"), first);
    }
    cJSON_Delete(node);
    return sets;
}

/* ---- the groups of an incremental sort ---- */

static const char *const SPACES[] = {"Memory", "Disk"};

/* A number, or its text as XML and YAML have it. */
static double number(const cJSON *item)
{
    return cJSON_IsString(item) ? strtod(item->valuestring, NULL) : cJSON_GetNumberValue(item);
}

const char *explain_groups(struct arena *a, const cJSON *groups)
{
    struct strbuf b = {0};
    const cJSON *count = get(groups, "Group Count"), *methods = get(groups, "Sort Methods Used"), *each;
    double n = number(count);
    if (!(n >= 0 && n <= 1e15))
        return NULL;
    strbuf_printf(&b, "%.0f  Sort Method%s: ", n, cJSON_GetArraySize(methods) > 1 ? "s" : "");
    cJSON_ArrayForEach(each, methods) if (cJSON_IsString(each))
        strbuf_printf(&b, "%s%s", each == methods->child ? "" : ", ", each->valuestring);
    for (size_t i = 0; i < ARRAY_LEN(SPACES); i++) {
        char key[32];
        snprintf(key, sizeof key, "Sort Space %s", SPACES[i]);
        const cJSON *space = get(groups, key);
        double peak = number(get(space, "Peak Sort Space Used")),
               average = number(get(space, "Average Sort Space Used"));
        if (peak > 0 && peak <= 1e15)
            strbuf_printf(&b, "  Average %s: %.0fkB  Peak %s: %.0fkB", SPACES[i],
                          average > 0 && average <= 1e15 ? average : 0, SPACES[i], peak);
    }
    const char *text = arena_strdup(a, strbuf_text(&b));
    strbuf_free(&b);
    return text;
}

cJSON *explain_groups_json(const char *text)
{
    cJSON *groups = cJSON_CreateObject(), *methods = cJSON_CreateArray();
    cJSON_AddNumberToObject(groups, "Group Count", strtod(text, NULL));
    cJSON_AddItemToObject(groups, "Sort Methods Used", methods);
    const char *names = strstr(text, "Sort Method");
    if (names && (names = strstr(names, ": ")) != NULL) {
        const char *end = strstr(names + 2, "  ");
        char *list = end ? mem_strndup(names + 2, (size_t)(end - names - 2)) : mem_strdup(names + 2);
        explain_split(methods, list);
        free(list);
    }
    for (size_t i = 0; i < ARRAY_LEN(SPACES); i++) {
        char key[32];
        snprintf(key, sizeof key, "Average %s: ", SPACES[i]);
        const char *average = strstr(text, key);
        snprintf(key, sizeof key, "Peak %s: ", SPACES[i]);
        const char *peak = strstr(text, key);
        if (!peak)
            continue;
        snprintf(key, sizeof key, "Sort Space %s", SPACES[i]);
        cJSON *space = cJSON_AddObjectToObject(groups, key);
        if (average)
            cJSON_AddNumberToObject(space, "Average Sort Space Used",
                                    strtod(strstr(average, ": ") + 2, NULL));
        cJSON_AddNumberToObject(space, "Peak Sort Space Used", strtod(strstr(peak, ": ") + 2, NULL));
    }
    return groups;
}

/* ---- the targets of a write ---- */

static const char *const NAMES[] = {"Schema", "Relation Name", "Alias"};

struct plan_list explain_targets(struct arena *a, const cJSON *tables)
{
    struct plan_list l = {0};
    const cJSON *table;
    l.items = arena_alloc(a, ((size_t)cJSON_GetArraySize(tables) * ARRAY_LEN(NAMES) + 1) * sizeof *l.items);
    cJSON_ArrayForEach(table, tables)
    {
        if (!cJSON_IsString(get(table, "Relation Name")))
            continue;
        for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
            const char *s = cJSON_GetStringValue(get(table, NAMES[i]));
            l.items[l.n++] = arena_strdup(a, s ? s : "");
        }
    }
    return l;
}

cJSON *explain_targets_json(const struct plan_list *targets)
{
    cJSON *tables = cJSON_CreateArray();
    for (size_t i = 0; i + ARRAY_LEN(NAMES) <= targets->n; i += ARRAY_LEN(NAMES)) {
        cJSON *table = cJSON_CreateObject();
        for (size_t k = 0; k < ARRAY_LEN(NAMES); k++)
            if (*targets->items[i + k])
                cJSON_AddStringToObject(table, NAMES[k], targets->items[i + k]);
        cJSON_AddItemToArray(tables, table);
    }
    return tables;
}

/* explain_node.c - the line of a node in EXPLAIN's text format: its name, what it works on and
 * its figures. */
#include "format/plans/explain_node.h"

#include <ctype.h>
#include <stdlib.h>

static void set_text(cJSON *o, const char *key, const char *s, size_t n)
{
    char *copy = mem_strndup(s, n);
    cJSON_AddStringToObject(o, key, copy);
    free(copy);
}

/* `what` in s, outside of quoted names; NULL. */
static const char *find_unquoted(const char *s, const char *what)
{
    bool quoted = false;
    for (; *s; s++) {
        quoted ^= *s == '"';
        if (!quoted && str_starts(s, what))
            return s;
    }
    return NULL;
}

static bool replace_flag(cJSON *o, const char *key, const char **s, const char *prefix)
{
    if (!str_starts(*s, prefix))
        return false;
    cJSON_AddTrueToObject(o, key);
    *s += strlen(prefix);
    return true;
}

/* One identifier as PostgreSQL prints it, unquoted into out; the rest of the text. */
static const char *identifier(const char *s, struct strbuf *out)
{
    strbuf_clear(out);
    if (*s != '"') {
        size_t n = strcspn(s, " .");
        strbuf_add(out, s, n);
        return s + n;
    }
    for (s++; *s; s++) {
        if (*s == '"' && s[1] == '"')
            s++;
        else if (*s == '"')
            return s + 1;
        strbuf_char(out, *s);
    }
    return s;
}

/* "schema.name alias" under the given key. */
static void set_relation(cJSON *n, const char *key, const char *s)
{
    struct strbuf a = {0}, b = {0};
    s = identifier(s, &a);
    if (*s == '.') {
        s = identifier(s + 1, &b);
        cJSON_AddStringToObject(n, "Schema", strbuf_text(&a));
        cJSON_AddStringToObject(n, key, strbuf_text(&b));
    } else {
        cJSON_AddStringToObject(n, key, strbuf_text(&a));
    }
    if (*s == ' ') {
        identifier(s + 1, &a);
        cJSON_AddStringToObject(n, "Alias", strbuf_text(&a));
    }
    strbuf_free(&a);
    strbuf_free(&b);
}

static const struct {
    const char *text, *type, *key, *value;
} TYPES[] = {{.text = "HashAggregate", .type = "Aggregate", .key = "Strategy", .value = "Hashed"},
             {.text = "GroupAggregate", .type = "Aggregate", .key = "Strategy", .value = "Sorted"},
             {.text = "MixedAggregate", .type = "Aggregate", .key = "Strategy", .value = "Mixed"},
             {.text = "Aggregate", .type = "Aggregate", .key = "Strategy", .value = "Plain"},
             {.text = "Insert", .type = "ModifyTable", .key = "Operation", .value = "Insert"},
             {.text = "Update", .type = "ModifyTable", .key = "Operation", .value = "Update"},
             {.text = "Delete", .type = "ModifyTable", .key = "Operation", .value = "Delete"},
             {.text = "Merge", .type = "ModifyTable", .key = "Operation", .value = "Merge"},
             {.text = "Hash Join", .type = "Hash Join", .key = "Join Type", .value = "Inner"},
             {.text = "Merge Join", .type = "Merge Join", .key = "Join Type", .value = "Inner"},
             {.text = "Nested Loop", .type = "Nested Loop", .key = "Join Type", .value = "Inner"}};

static const struct {
    const char *type, *key;
} OBJECTS[] = {{.type = "Bitmap Index Scan", .key = "Index Name"},
               {.type = "CTE Scan", .key = "CTE Name"},
               {.type = "WorkTable Scan", .key = "CTE Name"},
               {.type = "Function Scan", .key = "Function Name"},
               {.type = "Table Function Scan", .key = "Table Function Name"},
               {.type = "Subquery Scan", .key = "Alias"},
               {.type = "Values Scan", .key = "Alias"},
               {.type = "Named Tuplestore Scan", .key = "Tuplestore Name"}};

/* "Parallel Index Scan Backward using i on s.t a" */
static void set_name(cJSON *n, const char *name)
{
    const char *s = name;
    replace_flag(n, "Parallel Aware", &s, "Parallel ");
    replace_flag(n, "Async Capable", &s, "Async ");
    static const char *const modes[] = {"Partial", "Finalize"};
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        if (str_starts(s, modes[i]) && s[strlen(modes[i])] == ' ') {
            cJSON_AddStringToObject(n, "Partial Mode", modes[i]);
            s += strlen(modes[i]) + 1;
        }
    }
    const char *using = find_unquoted(s, " using "), *on = find_unquoted(s, " on ");
    size_t len = using && (!on || using < on) ? (size_t)(using - s) : on ? (size_t)(on - s) : strlen(s);
    char *type = mem_strndup(s, len);
    static const char backward[] = " Backward";
    if (str_ends(type, backward)) {
        type[strlen(type) - strlen(backward)] = 0;
        cJSON_AddStringToObject(n, "Scan Direction", "Backward");
    }
    bool known = false;
    for (size_t i = 0; i < ARRAY_LEN(TYPES) && !known; i++) {
        if ((known = !strcmp(type, TYPES[i].text))) {
            cJSON_AddStringToObject(n, "Node Type", TYPES[i].type);
            cJSON_AddStringToObject(n, TYPES[i].key, TYPES[i].value);
        }
    }
    static const char *const joins[] = {"Hash ", "Merge ", "Nested Loop "};
    for (size_t i = 0; i < ARRAY_LEN(joins) && !known && str_ends(type, " Join"); i++) {
        size_t prefix = strlen(joins[i]);
        if ((known = str_starts(type, joins[i]) && strlen(type) > prefix + strlen(" Join"))) {
            set_text(n, "Join Type", type + prefix, strlen(type) - prefix - strlen(" Join"));
            cJSON_AddStringToObject(n, "Node Type",
                                    i == 0   ? "Hash Join"
                                    : i == 1 ? "Merge Join"
                                             : "Nested Loop");
        }
    }
    static const char custom[] = "Custom Scan (", setop[] = "SetOp ";
    const char *command = strstr(type, setop);
    if (!known && command && command - type <= 4) {
        cJSON_AddStringToObject(n, "Node Type", "SetOp");
        cJSON_AddStringToObject(n, "Strategy", str_starts(type, "Hash") ? "Hashed" : "Sorted");
        cJSON_AddStringToObject(n, "Command", command + sizeof setop - 1);
    } else if (!known && str_starts(type, custom) && str_ends(type, ")")) {
        cJSON_AddStringToObject(n, "Node Type", "Custom Scan");
        set_text(n, "Custom Plan Provider", type + sizeof custom - 1, strlen(type) - sizeof custom);
    } else if (!known) {
        cJSON_AddStringToObject(n, "Node Type", type);
    }
    if (using && (!on || using < on)) {
        struct strbuf index = {0};
        identifier(using + strlen(" using "), &index);
        cJSON_AddStringToObject(n, "Index Name", strbuf_text(&index));
        strbuf_free(&index);
    }
    if (on) {
        const char *key = "Relation Name";
        for (size_t i = 0; i < ARRAY_LEN(OBJECTS); i++)
            if (!strcmp(type, OBJECTS[i].type))
                key = OBJECTS[i].key;
        set_relation(n, key, on + strlen(" on "));
    }
    free(type);
}

/* ---- figures ---- */

/* One number at *s with `before` in front of it and one of `ends` behind. */
static bool take_figure(const char **s, const char *before, const char *ends, double *v)
{
    if (!str_starts(*s, before))
        return false;
    const char *from = *s + strlen(before), *at = from;
    while (isdigit((unsigned char)*at))
        at++;
    if (at == from)
        return false;
    if (*at == '.' && isdigit((unsigned char)at[1]))
        for (at++; isdigit((unsigned char)*at);)
            at++;
    if (!*at ? *ends : !strchr(ends, *at))
        return false;
    *v = strtod(from, NULL);
    *s = at;
    return true;
}

bool explain_set_actual(cJSON *n, const char *s)
{
    double start, total, rows, loops;
    bool timed = str_starts(s, "time=");
    if (timed && (!take_figure(&s, "time=", ".", &start) || !take_figure(&s, "..", " ", &total)))
        return false;
    s += strspn(s, " ");
    if (!take_figure(&s, "rows=", " ", &rows))
        return false;
    s += strspn(s, " ");
    if (!take_figure(&s, "loops=", "), ", &loops) && !take_figure(&s, "loops=", "", &loops))
        return false;
    if (timed) {
        cJSON_AddNumberToObject(n, "Actual Startup Time", start);
        cJSON_AddNumberToObject(n, "Actual Total Time", total);
    }
    cJSON_AddNumberToObject(n, "Actual Rows", rows);
    cJSON_AddNumberToObject(n, "Actual Loops", loops);
    return true;
}

static bool set_cost(cJSON *n, const char *s)
{
    double start, total, rows, width;
    if (!take_figure(&s, "(cost=", ".", &start) || !take_figure(&s, "..", " ", &total))
        return false;
    s += strspn(s, " ");
    if (!take_figure(&s, "rows=", " ", &rows))
        return false;
    s += strspn(s, " ");
    if (!take_figure(&s, "width=", ")", &width))
        return false;
    cJSON_AddNumberToObject(n, "Startup Cost", start);
    cJSON_AddNumberToObject(n, "Total Cost", total);
    cJSON_AddNumberToObject(n, "Plan Rows", rows);
    cJSON_AddNumberToObject(n, "Plan Width", width);
    return true;
}

bool explain_node_line(cJSON *n, const char *line)
{
    static const char actual[] = "(actual ", never[] = "(never executed)";
    const char *numbers = lines_figures(line, strlen(line));
    char *name = mem_strndup(line, lines_name(line, strlen(line)));
    set_name(n, name);
    free(name);
    if (!numbers)
        return strlen(line) == lines_name(line, strlen(line));
    bool whole = !str_starts(numbers, "(cost=") || set_cost(n, numbers);
    const char *at = strstr(numbers, actual);
    if (at) {
        whole = explain_set_actual(n, at + sizeof actual - 1) && whole;
    } else if (strstr(numbers, never)) {
        cJSON_AddNumberToObject(n, "Actual Rows", 0);
        cJSON_AddNumberToObject(n, "Actual Loops", 0);
        cJSON_AddNumberToObject(n, "Actual Total Time", 0);
    } else if (strchr(numbers, '(') != strrchr(numbers, '(')) {
        whole = false; /* the beginning of another group */
    }
    return whole;
}

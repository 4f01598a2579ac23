/* explain_text.c - EXPLAIN's text format, made into the tree its JSON would have given.
 *
 * Indentation is the structure: a node belongs to the nearest node before it that
 * stands further left; "Key: value" lines belong to the node (or the worker) above. */
#include "format/plans/explain_dress.h"
#include "format/plans/explain_lines.h"
#include "format/plans/explain_node.h"
#include "format/plans/explain_sets.h"
#include "format/plans/explain_tree.h"

#include <ctype.h>
#include <stdlib.h>

#define MAX_DEPTH 400 /* deeper nodes join the deepest */

struct level {
    int indent;
    cJSON *node, *plans;
};

struct parser {
    struct explain *out;
    struct sd_error *err;
    cJSON *entry; /* the plan being read; NULL before the first */
    struct level stack[MAX_DEPTH];
    int depth;
    cJSON *worker; /* properties further right than worker_indent are its */
    int worker_indent;
    char subplan[256]; /* heads the next node */
    int subplan_indent;
    enum { TOP_NONE, TOP_PLANNING, TOP_JIT, TOP_OTHER } section;
    int section_indent;
    struct strbuf query, parameters; /* auto_explain's "Query Text:", before the plan */
    bool in_query;
    int query_indent;
    const char *lonely; /* a line that may be the root of a plan without costs */
    size_t lonely_len;
    struct strbuf lonely_text;
    int lonely_indent;
    int root_indent; /* of the plan's first line */
    size_t nodes;
    size_t arrows;
    int arrow_first; /* where the first arrow stood */
    bool arrows_differ;
    size_t damaged;   /* nodes whose figures are cut off */
    size_t alone;     /* plans of one node that no PostgreSQL has */
    char unknown[64]; /* the first of them */
};

static void set_text(cJSON *o, const char *key, const char *s, size_t n)
{
    char *copy = mem_strndup(s, n);
    cJSON_AddStringToObject(o, key, copy);
    free(copy);
}

static void set_number(cJSON *o, const char *key, const char *digits)
{
    char *end;
    double v = strtod(digits, &end);
    if (end != digits)
        cJSON_AddNumberToObject(o, key, v);
}

/* The text after `name` in s, when it stands there; NULL. */
static const char *after(const char *s, const char *name)
{
    const char *at = strstr(s, name);
    return at ? at + strlen(name) : NULL;
}

static void set_after(cJSON *o, const char *key, const char *s, const char *name)
{
    const char *digits = after(s, name);
    if (digits)
        set_number(o, key, digits);
}

/* The text format leaves out what is 0, of every node: where any node tells blocks (or
 * I/O times), the others' are known too. */
static void unsaid_is_zero(struct plan *plan)
{
    static const char *const groups[] = {" Blocks", " Time"};
    for (size_t g = 0; g < ARRAY_LEN(groups); g++) {
        bool any = false;
        for (size_t pass = 0; pass < 2; pass++) {
            for (size_t f = 0; f < plan_n_node_fields && (!pass || any); f++) {
                const struct plan_field *field = &plan_node_fields[f];
                if (!str_ends(field->key, groups[g]) || (strstr(field->key, "I/O") != NULL) != (g == 1) ||
                    strstr(field->key, "Heap"))
                    continue;
                if (g == 1 && pass && (str_starts(field->key, "Shared") || str_starts(field->key, "Local")))
                    continue; /* the other versions' names of the same */
                for (size_t i = 0; i < plan->n_nodes; i++) {
                    double *at = (double *)((char *)plan->nodes[i] + field->offset);
                    if (!pass)
                        any |= !isnan(*at);
                    else if (isnan(*at))
                        *at = 0;
                }
            }
        }
    }
}

/* A Limit with three inputs: what looks like its children is all that is below it. */
static bool too_many_inputs(const struct plan_node *n)
{
    int inputs = 0, wanted = explain_inputs_wanted(n);
    for (const struct plan_node *c = n->child; c; c = c->next)
        inputs += !plan_is_initplan(c) && !str_eq(c->relationship, "SubPlan");
    return wanted && inputs > MAX(wanted, 2) && !str_starts(n->type, "Bitmap");
}

static void finish(struct parser *p)
{
    if (!p->entry)
        return;
    struct plan *plan = explain_tree(p->entry, p->err);
    if (plan && plan->n_nodes == 1 && !plan_type_known(plan->nodes[0]->type)) {
        if (!p->alone++)
            snprintf(p->unknown, sizeof p->unknown, "%.60s", plan->nodes[0]->type);
        plan_free(plan);
    } else if (plan && p->arrows > 1 && !p->arrows_differ && too_many_inputs(plan->nodes[0])) {
        fail(p->err,
             "The blanks before the lines are lost, which tell the nodes that belong together: the plan "
             "cannot be read.");
        plan_free(plan);
    } else if (plan) {
        unsaid_is_zero(plan);
        if (p->damaged)
            plan_note(plan,
                      p->damaged == 1
                          ? "The figures of %zu node are cut off or damaged; they were left out."
                          : "The figures of %zu nodes are cut off or damaged; they were left out.",
                      p->damaged);
        explain_keep(p->out, plan);
    }
    p->damaged = p->arrows = 0;
    p->arrows_differ = false;
    cJSON_Delete(p->entry);
    p->entry = NULL;
    p->depth = 0;
    p->worker = NULL;
    p->section = TOP_NONE;
}

static const char *relationship(const struct parser *p, const struct level *parent)
{
    if (p->subplan[0])
        return str_starts(p->subplan, "SubPlan") ? "SubPlan" : "InitPlan";
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(parent->node, "Node Type"));
    if (str_eq(type, "Append") || str_eq(type, "Merge Append") || str_eq(type, "BitmapAnd") ||
        str_eq(type, "BitmapOr"))
        return "Member";
    if (str_eq(type, "Subquery Scan"))
        return "Subquery";
    const cJSON *sibling;
    cJSON_ArrayForEach(sibling, parent->plans)
    {
        if (str_eq(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(sibling, "Parent Relationship")),
                   "Outer"))
            return "Inner";
    }
    return "Outer";
}

static void node_line(struct parser *p, int indent, const char *line, bool arrow)
{
    if (!arrow || !p->entry) {
        finish(p);
        p->entry = cJSON_CreateObject();
        if (p->query.len)
            cJSON_AddStringToObject(p->entry, "Query Text", p->query.text);
        if (p->parameters.len)
            cJSON_AddStringToObject(p->entry, "Query Parameters", p->parameters.text);
        strbuf_clear(&p->query);
        strbuf_clear(&p->parameters);
        p->in_query = false;
    }
    if (p->nodes++ > EXPLAIN_MAX_NODES)
        return;
    if (arrow && !p->arrows)
        p->arrow_first = indent;
    p->arrows_differ = p->arrows_differ || (arrow && indent != p->arrow_first);
    p->arrows += arrow;
    /* The root of a SubPlan stands further right than its siblings, its heading does not. */
    int left = p->subplan[0] ? MIN(indent, p->subplan_indent) : indent;
    while (p->depth && (p->stack[p->depth - 1].indent >= left || p->depth == MAX_DEPTH))
        p->depth--;
    cJSON *n = cJSON_CreateObject();
    if (p->depth) {
        struct level *parent = &p->stack[p->depth - 1];
        cJSON_AddStringToObject(n, "Parent Relationship", relationship(p, parent));
        if (!parent->plans)
            parent->plans = cJSON_AddArrayToObject(parent->node, "Plans");
        cJSON_AddItemToArray(parent->plans, n);
    } else {
        if (cJSON_GetObjectItemCaseSensitive(p->entry, "Plan")) { /* further left than its own root */
            cJSON_Delete(n);
            return;
        }
        cJSON_AddItemToObject(p->entry, "Plan", n);
    }
    p->stack[p->depth++] = (struct level){.indent = indent, .node = n};
    if (p->subplan[0])
        cJSON_AddStringToObject(n, "Subplan Name", p->subplan);
    p->subplan[0] = 0;
    p->worker = NULL;
    p->section = TOP_NONE;
    p->lonely = NULL;

    if (!explain_node_line(n, line))
        p->damaged++;
}

/* "shared hit=1 read=2, temp written=3": each figure under "Shared Hit Blocks", ... */
static void set_groups(cJSON *o, const char *s, const char *suffix, bool io)
{
    char group[16] = "";
    while (*s) {
        size_t n = strcspn(s, " ,=");
        if (s[n] == '=') {
            char key[64], what[16];
            snprintf(what, sizeof what, "%.*s", (int)n, s);
            what[0] = (char)toupper((unsigned char)what[0]);
            snprintf(key, sizeof key, "%s%s%s%s %s", group, group[0] ? " " : "", io ? "I/O " : "", what,
                     suffix);
            set_number(o, key, s + n + 1);
            s += n + strcspn(s + n, " ,");
        } else {
            /* 15 and 16 say "shared/local", which older and newer keys call plain I/O time. */
            snprintf(group, sizeof group, "%.*s", (int)MIN(n, sizeof group - 1),
                     strncmp(s, "shared/local", n) == 0 && n == 12 ? "" : s);
            group[0] = (char)toupper((unsigned char)group[0]);
            s += n;
        }
        while (*s == ' ' || *s == ',')
            s++;
    }
}

static const struct {
    const char *name, *key;
} SUBFIELDS[] = {{.name = "Buckets: ", .key = "Hash Buckets"},
                 {.name = "Memory Usage: ", .key = "Peak Memory Usage"},
                 {.name = "Disk Usage: ", .key = "Disk Usage"},
                 {.name = "Planned Partitions: ", .key = "Planned Partitions"},
                 {.name = "Hits: ", .key = "Cache Hits"},
                 {.name = "Misses: ", .key = "Cache Misses"},
                 {.name = "Evictions: ", .key = "Cache Evictions"},
                 {.name = "Overflows: ", .key = "Cache Overflows"}};

/* "Delete on s.part alias" below "Delete on s.whole". */
static bool target_line(cJSON *o, const char *line)
{
    static const char *const words[] = {"Insert on ", "Update on ", "Delete on ", "Merge on "};
    bool is = false;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        is = is || str_starts(line, words[i]);
    if (!is)
        return false;
    cJSON *tables = cJSON_GetObjectItemCaseSensitive(o, "Target Tables"), *table = cJSON_CreateObject();
    explain_node_line(table, line);
    if (!tables)
        tables = cJSON_AddArrayToObject(o, "Target Tables");
    cJSON_AddItemToArray(tables, table);
    return true;
}

/* "system ('5'::real) REPEATABLE ('7'::double precision)" */
static void sampling(cJSON *o, const char *s)
{
    const char *open = strstr(s, " ("), *seed = strstr(s, ") REPEATABLE (");
    size_t n = strlen(s);
    if (!open || n < 1 || s[n - 1] != ')')
        return;
    set_text(o, "Sampling Method", s, (size_t)(open - s));
    const char *end = seed && seed > open ? seed : s + n - 1;
    char *parameters = mem_strndup(open + 2, (size_t)(end - open - 2));
    explain_split(cJSON_AddArrayToObject(o, "Sampling Parameters"), parameters);
    free(parameters);
    if (seed && seed > open)
        set_text(o, "Repeatable Seed", seed + strlen(") REPEATABLE ("),
                 (size_t)(s + n - 1 - seed) - strlen(") REPEATABLE ("));
}

/* "inserted=1 updated=2" of MERGE. */
static void tuples(cJSON *o, const char *s)
{
    static const char *const names[][2] = {{"inserted=", "Tuples Inserted"},
                                           {"updated=", "Tuples Updated"},
                                           {"deleted=", "Tuples Deleted"},
                                           {"skipped=", "Tuples Skipped"}};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        set_after(o, names[i][1], s, names[i][0]);
}

static void property(cJSON *o, const char *type, const char *line)
{
    const char *colon = strstr(line, ": ");
    if (str_eq(type, "ModifyTable") && target_line(o, line))
        return;
    if (!colon || (str_eq(type, "Aggregate") && explain_add_set(o, line)))
        return;
    const char *value = colon + 2;
    size_t n = (size_t)(colon - line);
    if (str_starts(line, "Sort Method: ")) {
        value += strspn(value, " ");
        const char *space = strstr(value, "  ");
        set_text(o, "Sort Method", value, space ? (size_t)(space - value) : strlen(value));
        const char *disk = after(value, "Disk: "), *memory = after(value, "Memory: ");
        if (disk || memory) {
            cJSON_AddStringToObject(o, "Sort Space Type", disk ? "Disk" : "Memory");
            set_number(o, "Sort Space Used", disk ? disk : memory);
        }
    } else if (str_starts(line, "Full-sort Groups: ") || str_starts(line, "Pre-sorted Groups: ")) {
        cJSON_AddItemToObject(o, line[0] == 'F' ? "Full-sort Groups" : "Pre-sorted Groups",
                              explain_groups_json(value));
    } else if (str_starts(line, "Buffers: ")) {
        set_groups(o, value, "Blocks", false);
    } else if (str_starts(line, "I/O Timings: ")) {
        set_groups(o, value, "Time", true);
    } else if (str_starts(line, "Heap Blocks: ")) {
        set_after(o, "Exact Heap Blocks", value, "exact=");
        set_after(o, "Lossy Heap Blocks", value, "lossy=");
    } else if (str_starts(line, "Sampling: ")) {
        sampling(o, value);
    } else if (str_starts(line, "Tuples: ")) {
        tuples(o, value);
    } else if (str_starts(line, "Storage: ")) { /* "Storage: Memory  Maximum Storage: 17kB" */
        set_text(o, "Storage", value, strcspn(value, " "));
        set_after(o, "Maximum Storage", line, "Maximum Storage: ");
    } else if (str_starts(line, "WAL: ")) {
        set_after(o, "WAL Records", value, "records=");
        set_after(o, "WAL FPI", value, "fpi=");
        set_after(o, "WAL Bytes", value, "bytes=");
        set_after(o, "WAL Buffers Full", value, "buffers full=");
    } else if (str_starts(line, "Buckets: ") || str_starts(line, "Batches: ") ||
               str_starts(line, "Planned Partitions: ") || str_starts(line, "Hits: ") ||
               str_starts(line, "Memory Usage: ")) {
        for (size_t i = 0; i < ARRAY_LEN(SUBFIELDS); i++)
            set_after(o, SUBFIELDS[i].key, line, SUBFIELDS[i].name);
        const char *batches = after(line, "Batches: ");
        bool hash = str_eq(type, "Hash") || strstr(line, "Buckets: ");
        if (batches) {
            set_number(o, hash ? "Hash Batches" : "HashAgg Batches", batches);
            const char *planned = after(batches, "(originally ");
            if (planned)
                set_number(o, "Original Hash Batches", planned);
        }
    } else {
        char key[64];
        if (n >= sizeof key)
            return;
        snprintf(key, sizeof key, "%.*s", (int)n, line);
        if (!strcmp(key, "Vectorized Filter"))
            cJSON_AddStringToObject(o, key, value);
        for (size_t i = 0; i < plan_n_node_fields; i++) {
            if (strcmp(plan_node_fields[i].key, key) != 0)
                continue;
            if (plan_node_fields[i].type == PLAN_LIST)
                explain_split(cJSON_AddArrayToObject(o, key), value);
            else
                cJSON_AddStringToObject(o, key, value);
        }
    }
}

static void settings(cJSON *entry, const char *s)
{
    cJSON *o = cJSON_AddObjectToObject(entry, "Settings");
    while (*s) {
        const char *equals = strstr(s, " = '"), *end = equals ? strchr(equals + 4, '\'') : NULL;
        if (!end)
            return;
        char *name = mem_strndup(s, (size_t)(equals - s));
        set_text(o, name, equals + 4, (size_t)(end - equals - 4));
        free(name);
        s = end + 1 + strspn(end + 1, ", ");
    }
}

/* Lines about the whole plan; true when it was one. */
static bool top_line(struct parser *p, int indent, const char *line)
{
    static const struct {
        const char *text, *key;
    } times[] = {{.text = "Planning Time: ", .key = "Planning Time"},
                 {.text = "Planning time: ", .key = "Planning Time"},
                 {.text = "Execution Time: ", .key = "Execution Time"},
                 {.text = "Execution time: ", .key = "Execution Time"},
                 {.text = "Total runtime: ", .key = "Execution Time"}};
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        if (str_starts(line, times[i].text)) {
            set_number(p->entry, times[i].key, line + strlen(times[i].text));
            p->section = TOP_NONE;
            return true;
        }
    }
    if (str_starts(line, "Query Identifier: ")) {
        const char *id = line + strlen("Query Identifier: ");
        set_text(p->entry, "Query Identifier", id, strcspn(id, " "));
        return true;
    }
    if (str_starts(line, "Settings: ")) {
        settings(p->entry, line + strlen("Settings: "));
        return true;
    }
    if (str_starts(line, "Trigger ")) {
        const char *time = strstr(line, ": time=");
        cJSON *list = cJSON_GetObjectItemCaseSensitive(p->entry, "Triggers");
        if (!list)
            list = cJSON_AddArrayToObject(p->entry, "Triggers");
        cJSON *t = cJSON_CreateObject();
        cJSON_AddItemToArray(list, t);
        if (time) {
            static const char constraint[] = "Trigger for constraint ";
            bool of =
                str_starts(line, constraint); /* "Trigger for constraint orders_fkey on items: time=..." */
            const char *name = line + (of ? strlen(constraint) : strlen("Trigger "));
            const char *on = strstr(name, " on ");
            set_text(t, of ? "Constraint Name" : "Trigger Name", name,
                     (size_t)((on && on < time ? on : time) - name));
            if (on && on < time)
                set_text(t, "Relation", on + 4, (size_t)(time - on - 4));
            set_number(t, "Time", time + strlen(": time="));
            set_after(t, "Calls", time, "calls=");
        }
        return true;
    }
    if (!strcmp(line, "Planning:") || !strcmp(line, "JIT:") || str_starts(line, "Serialization: ")) {
        p->section = *line == 'P' ? TOP_PLANNING : *line == 'J' ? TOP_JIT : TOP_OTHER;
        p->section_indent = indent;
        if (p->section == TOP_PLANNING)
            cJSON_AddObjectToObject(p->entry, "Planning");
        if (p->section == TOP_JIT)
            cJSON_AddObjectToObject(p->entry, "JIT");
        const char *ms = p->section == TOP_OTHER ? after(line, "time=") : NULL;
        if (ms) {
            cJSON *serialization = cJSON_AddObjectToObject(p->entry, "Serialization");
            const char *format = after(line, "format=");
            set_number(serialization, "Time", ms);
            set_after(serialization, "Output Volume", line, "output=");
            if (format)
                set_text(serialization, "Format", format, strcspn(format, " "));
        }
        return true;
    }
    if (p->section == TOP_NONE || indent <= p->section_indent)
        return false;
    if (p->section == TOP_PLANNING && str_starts(line, "Memory: ")) {
        cJSON *planning = cJSON_GetObjectItemCaseSensitive(p->entry, "Planning");
        set_after(planning, "Memory Used", line, "used=");
        set_after(planning, "Memory Allocated", line, "allocated=");
    }
    if (p->section == TOP_PLANNING && str_starts(line, "Buffers: "))
        set_groups(cJSON_GetObjectItemCaseSensitive(p->entry, "Planning"), line + strlen("Buffers: "),
                   "Blocks", false);
    cJSON *jit = cJSON_GetObjectItemCaseSensitive(p->entry, "JIT");
    if (p->section == TOP_JIT && str_starts(line, "Functions: "))
        set_number(jit, "Functions", line + strlen("Functions: "));
    if (p->section == TOP_JIT && str_starts(line, "Timing: "))
        set_after(cJSON_AddObjectToObject(jit, "Timing"), "Total", line, "Total ");
    return true;
}

/* Citus prints plans of other servers below nodes without figures, Task and Distributed
 * Subplan, each with times of its own. True when the line was one. */
static bool part_line(struct parser *p, int indent, const char *line)
{
    static const char duration[] = "Subplan Duration: ", execution[] = "Execution Time: ",
                      planning[] = "Planning Time: ";
    bool time = str_starts(line, duration) || str_starts(line, execution);
    if (indent <= p->root_indent + 1 || (!time && !str_starts(line, planning)))
        return false;
    int at = p->depth - 1;
    while (at > 0 && (p->stack[at].indent >= indent ||
                      cJSON_GetObjectItemCaseSensitive(p->stack[at].node, "Total Cost")))
        at--;
    if (at <= 0)
        return false;
    cJSON *part = p->stack[at].node;
    if (time && !cJSON_GetObjectItemCaseSensitive(part, "Actual Total Time")) {
        set_number(part, "Actual Total Time", strchr(line, ':') + 2);
        cJSON_AddNumberToObject(part, "Actual Loops", 1);
    }
    return true;
}

static void one_line(struct parser *p, int indent, const char *line)
{
    static const char *const heads[] = {"CTE ", "InitPlan ", "SubPlan "};
    size_t len = strlen(line);
    if (lines_is_arrow(line, len)) {
        const char *name = line + 2 + strspn(line + 2, " ");
        /* A plan without costs: its root says nothing but its name, which may be unknown. */
        if (!p->entry && p->lonely && !lines_figures(line, len) && isupper((unsigned char)*p->lonely)) {
            char *root = mem_strndup(p->lonely, p->lonely_len);
            node_line(p, p->lonely_indent, root, false);
            free(root);
        }
        node_line(p, indent, name, true);
        return;
    }
    bool below = p->subplan[0] && p->entry;
    if (lines_figures(line, len) && !str_starts(line, "Worker ")) {
        p->root_indent = below ? p->root_indent : indent;
        node_line(p, below ? indent : -1, line, below);
        return;
    }
    /* COSTS OFF: a root has nothing but its name, and stands left of what is its own. */
    if (!below && (!p->entry || indent <= p->root_indent) && lines_is_bare_node(line, len)) {
        p->root_indent = indent;
        node_line(p, -1, line, false);
        return;
    }
    if (!p->entry)
        return;
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        if (str_starts(line, heads[i])) {
            snprintf(p->subplan, sizeof p->subplan, "%s", line);
            p->subplan_indent = indent;
            return;
        }
    }
    if (p->worker && indent > p->worker_indent &&
        !strcmp(line, "JIT:")) { /* in the plan's own figures, too */
        p->section = TOP_OTHER;
        p->section_indent = indent;
        return;
    }
    if (part_line(p, indent, line) || top_line(p, indent, line) || !p->depth)
        return;
    struct level *at = &p->stack[p->depth - 1];
    if (str_starts(line, "Worker ") && isdigit((unsigned char)line[7])) {
        cJSON *workers = cJSON_GetObjectItemCaseSensitive(at->node, "Workers");
        if (!workers)
            workers = cJSON_AddArrayToObject(at->node, "Workers");
        p->worker = cJSON_CreateObject();
        p->worker_indent = indent;
        cJSON_AddItemToArray(workers, p->worker);
        set_number(p->worker, "Worker Number", line + 7);
        const char *colon = strchr(line, ':'), *rest = colon ? colon + 1 + strspn(colon + 1, " ") : "";
        if (str_starts(rest, "actual "))
            explain_set_actual(p->worker, rest + strlen("actual "));
        else
            property(p->worker, NULL, rest);
        return;
    }
    if (p->worker && indent <= p->worker_indent && strchr(line, ':')) /* not a table's rule or row number */
        p->worker = NULL;
    property(p->worker ? p->worker : at->node,
             cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(at->node, "Node Type")), line);
}

/* auto_explain's "Query Text:" and the lines of the statement, up to the plan's root.
 * True when the line was part of it. */
static bool query_line(struct parser *p, const char *line, int indent)
{
    static const char text[] = "Query Text: ", parameters[] = "Query Parameters: ";
    if (str_starts(line, text)) {
        finish(p);
        strbuf_clear(&p->query);
        strbuf_str(&p->query, line + strlen(text));
        p->in_query = true;
        p->query_indent = indent;
        return true;
    }
    if (str_starts(line, parameters)) {
        strbuf_clear(&p->parameters);
        strbuf_str(&p->parameters, line + strlen(parameters));
        p->in_query = false;
        return true;
    }
    if (!p->in_query || lines_figures(line, strlen(line)))
        return false;
    strbuf_char(&p->query, '\n');
    strbuf_pad(&p->query, ' ', (size_t)MAX(0, indent - p->query_indent));
    strbuf_str(&p->query, line);
    return true;
}

bool explain_text(const char *text, size_t len, struct explain *out, struct sd_error *err)
{
    struct sd_error why = {""};
    struct parser *p = mem_alloc(sizeof *p);
    struct strbuf copy = {0}, blanks = {0};
    if (explain_untab(text, len, &blanks)) {
        text = strbuf_text(&blanks);
        len = blanks.len;
    }
    struct lines l = {.at = text, .end = text + len};
    size_t n, had = out->n_plans;
    const char *line;
    int indent;
    p->out = out;
    p->err = &why;
    while (lines_take(&l, &line, &n, &indent)) {
        if (!n)
            continue;
        strbuf_clear(&copy);
        strbuf_add(&copy, line, n);
        if (query_line(p, copy.text, indent))
            continue;
        lines_unwrap(&l, &line, &n);
        strbuf_clear(&copy);
        strbuf_add(&copy, line, n);
        one_line(p, indent, copy.text);
        if (!p->entry) {
            strbuf_clear(&p->lonely_text);
            strbuf_add(&p->lonely_text, line, n);
            p->lonely = p->lonely_text.text;
            p->lonely_len = n;
            p->lonely_indent = -1;
        }
    }
    bool cut = p->entry && copy.len && lines_stay_open(copy.text, copy.len);
    finish(p);
    strbuf_free(&copy);
    strbuf_free(&blanks);
    strbuf_free(&l.joined);
    strbuf_free(&p->lonely_text);
    strbuf_free(&p->query);
    strbuf_free(&p->parameters);
    size_t alone = p->alone;
    char unknown[sizeof p->unknown];
    memcpy(unknown, p->unknown, sizeof unknown);
    free(p);
    if (cut && out->n_plans > had)
        plan_note(out->plans[out->n_plans - 1], "The text is cut off in its last line.");
    if (alone && out->n_plans > had)
        plan_note(out->plans[out->n_plans - 1],
                  "%zu lines with figures begin with no node of PostgreSQL (\"%s\"); they were left out.",
                  alone, unknown);
    if (out->n_plans > had)
        return true;
    if (alone)
        return fail(err,
                    "The plan cannot be read: \"%s\" is no node of PostgreSQL, or something around the lines "
                    "is not understood.",
                    unknown);
    return fail(err, "%s",
                why.text[0] ? why.text
                            : "This looks like EXPLAIN's text format, but no plan node could be read.");
}

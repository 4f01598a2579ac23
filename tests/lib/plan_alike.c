#include "tests/lib/plan_alike.h"

#include <stdio.h>

#include "format/plans/explain_reader.h"
#include "format/plans/explain_tree.h"

static char said[300];

static bool differ(const char *where, size_t at, const char *what)
{
    snprintf(said, sizeof said, "%s %zu: %s", where, at, what);
    return true;
}

static bool texts_differ(const char *a, const char *b)
{
    return !a != !b || (a && strcmp(a, b) != 0);
}

static bool reals_differ(double a, double b)
{
    return isnan(a) != isnan(b) || (!isnan(a) && (a != b || signbit(a) != signbit(b)));
}

static bool lists_differ(const struct plan_list *a, const struct plan_list *b)
{
    bool any = a->n != b->n;
    for (size_t i = 0; !any && i < a->n; i++)
        any = texts_differ(a->items[i], b->items[i]);
    return any;
}

static bool records_differ(const char *what, size_t at, const struct plan_field *fields, size_t n,
                           const void *a, const void *b)
{
    for (size_t i = 0; i < n; i++) {
        const void *x = (const char *)a + fields[i].offset, *y = (const char *)b + fields[i].offset;
        bool any = false;
        switch (fields[i].type) {
        case PLAN_TEXT:
            any = texts_differ(*(const char *const *)x, *(const char *const *)y);
            break;
        case PLAN_LIST:
            any = lists_differ(x, y);
            break;
        case PLAN_FLAG:
            any = *(const int *)x != *(const int *)y;
            break;
        case PLAN_REAL:
        case PLAN_NS:
            any = reals_differ(*(const double *)x, *(const double *)y);
            break;
        }
        if (any)
            return differ(what, at, fields[i].key);
    }
    return false;
}

static bool nodes_differ(const struct plan_node *a, const struct plan_node *b)
{
    size_t at = (size_t)a->id;
    if (a->depth != b->depth || !a->parent != !b->parent || (a->parent && a->parent->id != b->parent->id))
        return differ("node", at, "its place");
    if (records_differ("node", at, plan_node_fields, plan_n_node_fields, a, b))
        return true;
    if (a->n_workers != b->n_workers)
        return differ("node", at, "number of workers");
    for (size_t i = 0; i < a->n_workers; i++)
        if (records_differ("worker of node", at, plan_worker_fields, plan_n_worker_fields, &a->workers[i],
                           &b->workers[i]))
            return true;
    return false;
}

static bool wholes_differ(const struct plan *a, const struct plan *b)
{
    const double x[] = {
        a->planning_ns,        a->execution_ns,          a->planning_shared_hit, a->planning_shared_read,
        a->planning_memory_kb, a->planning_allocated_kb, a->jit_functions,       a->jit_ns,
        a->serialization_ns,   a->serialization_kb};
    const double y[] = {
        b->planning_ns,        b->execution_ns,          b->planning_shared_hit, b->planning_shared_read,
        b->planning_memory_kb, b->planning_allocated_kb, b->jit_functions,       b->jit_ns,
        b->serialization_ns,   b->serialization_kb};
    for (size_t i = 0; i < ARRAY_LEN(x); i++)
        if (reals_differ(x[i], y[i]))
            return differ("figure of the plan", i, "value");
    if (texts_differ(a->query, b->query) || texts_differ(a->parameters, b->parameters) ||
        texts_differ(a->serialization_format, b->serialization_format) || lists_differ(&a->notes, &b->notes))
        return differ("plan", 0, "a text");
    if (a->n_settings != b->n_settings || a->n_triggers != b->n_triggers)
        return differ("plan", 0, "settings or triggers");
    for (size_t i = 0; i < a->n_settings; i++)
        if (texts_differ(a->settings[i].name, b->settings[i].name) ||
            texts_differ(a->settings[i].value, b->settings[i].value))
            return differ("setting", i, "text");
    for (size_t i = 0; i < a->n_triggers; i++)
        if (records_differ("trigger", i, plan_trigger_fields, plan_n_trigger_fields, &a->triggers[i],
                           &b->triggers[i]))
            return true;
    return false;
}

const char *plan_difference(const struct plan *a, const struct plan *b)
{
    said[0] = 0;
    if (a->n_nodes != b->n_nodes) {
        differ("plan", 0, "number of nodes");
        return said;
    }
    for (size_t i = 0; i < a->n_nodes; i++)
        if (nodes_differ(a->nodes[i], b->nodes[i]))
            return said;
    wholes_differ(a, b);
    return said;
}

/* The digits of an identifier are looked for in the text: where several stand there, or one that is no plan's
 * own, the reader of trees may take another. */
static bool identifiers_are_plain(const char *text, size_t len)
{
    static const char key[] = "Query Identifier";
    const char *at = memmem(text, len, key, sizeof key - 1);
    return !at || !memmem(at + 1, len - (size_t)(at + 1 - text), key, sizeof key - 1);
}

bool plan_read_twice(const char *text, size_t len, struct sd_error *why)
{
    struct explain e = {0};
    struct sd_error err = {""};
    const char *stop, *behind = NULL, *from = text;
    why->text[0] = 0;
    if (!explain_direct(text, text + len, &stop, &e))
        return false;
    cJSON *json = cJSON_ParseWithLengthOpts(text, len, &behind, 0);
    if (!json || behind != stop)
        fail(why, "the tree does not end where the plan does");
    cJSON *entry = cJSON_IsArray(json) ? json->child : json;
    size_t i = 0;
    for (; entry && i < e.n_plans && !why->text[0]; i++) {
        explain_whole_identifier(entry, &from, behind);
        struct plan *p = explain_tree(entry, &err);
        const char *difference = p ? plan_difference(e.plans[i], p) : err.text;
        if (*difference)
            fail(why, "plan %zu: %s", i + 1, difference);
        else if (identifiers_are_plain(text, len) && p->query_id != e.plans[i]->query_id)
            fail(why, "plan %zu: its query identifier", i + 1);
        plan_free(p);
        entry = cJSON_IsArray(json) ? entry->next : NULL;
    }
    if (!why->text[0] && (entry || i != e.n_plans))
        fail(why, "there are not as many plans");
    cJSON_Delete(json);
    explain_free(&e);
    return true;
}

/* explain_json_write.c - a plan as EXPLAIN (FORMAT JSON) would have printed it, from the
 * same tables that read it. */
#include "format/plans/explain_input.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "format/plans/explain_sets.h"

static cJSON *text_list(const struct plan_list *l)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; i < l->n; i++)
        cJSON_AddItemToArray(array, cJSON_CreateString(l->items[i]));
    return array;
}

static void add_real(cJSON *to, const char *key, double v)
{
    if (isfinite(v))
        cJSON_AddNumberToObject(to, key, v);
}

static void add_text(cJSON *to, const char *key, const char *s)
{
    if (s)
        cJSON_AddStringToObject(to, key, s);
}

/* What FORMAT JSON nests. */
static cJSON *nested(const char *key, const void *at)
{
    if (str_eq(key, "Grouping Sets"))
        return explain_sets_json(at);
    if (str_eq(key, "Target Tables"))
        return explain_targets_json(at);
    if (str_eq(key, "Full-sort Groups") || str_eq(key, "Pre-sorted Groups"))
        return explain_groups_json(*(const char *const *)at);
    return NULL;
}

static void add_nested(cJSON *to, const char *key, const void *at)
{
    cJSON *item = nested(key, at);
    if (!item)
        return;
    cJSON_DeleteItemFromObjectCaseSensitive(to, key);
    cJSON_AddItemToObject(to, key, item);
}

/* What is unknown is left out, as EXPLAIN does. */
static void add_fields(cJSON *to, const struct plan_field *fields, size_t n, const void *record)
{
    for (size_t i = 0; i < n; i++) {
        const struct plan_field *f = &fields[i];
        const void *at = (const char *)record + f->offset;
        switch (f->type) {
        case PLAN_TEXT:
            add_text(to, f->key, *(const char *const *)at);
            if (*(const char *const *)at)
                add_nested(to, f->key, at);
            break;
        case PLAN_LIST:
            if (!((const struct plan_list *)at)->n)
                break;
            cJSON_AddItemToObject(to, f->key, text_list(at));
            add_nested(to, f->key, at);
            break;
        case PLAN_FLAG:
            if (*(const int *)at >= 0)
                cJSON_AddBoolToObject(to, f->key, *(const int *)at);
            break;
        case PLAN_REAL:
            add_real(to, f->key, *(const double *)at);
            break;
        case PLAN_NS:
            add_real(to, f->key, *(const double *)at / 1e6);
            break;
        }
    }
}

/* As deep as the plan is; the readers bound that. */
static cJSON *node(const struct plan_node *n)
{
    cJSON *object = cJSON_CreateObject();
    add_fields(object, plan_node_fields, plan_n_node_fields, n);
    if (n->grouping_sets.n) /* the first of them */
        cJSON_DeleteItemFromObjectCaseSensitive(object, "Group Key");
    if (n->n_workers) {
        cJSON *workers = cJSON_AddArrayToObject(object, "Workers");
        for (size_t i = 0; i < n->n_workers; i++) {
            cJSON *w = cJSON_CreateObject();
            add_fields(w, plan_worker_fields, plan_n_worker_fields, &n->workers[i]);
            cJSON_AddItemToArray(workers, w);
        }
    }
    if (n->child) {
        cJSON *plans = cJSON_AddArrayToObject(object, "Plans");
        for (const struct plan_node *c = n->child; c; c = c->next)
            cJSON_AddItemToArray(plans, node(c));
    }
    return object;
}

static void planning(cJSON *to, const struct plan *p)
{
    cJSON *object = cJSON_CreateObject();
    add_real(object, "Shared Hit Blocks", p->planning_shared_hit);
    add_real(object, "Shared Read Blocks", p->planning_shared_read);
    add_real(object, "Memory Used", p->planning_memory_kb);
    add_real(object, "Memory Allocated", p->planning_allocated_kb);
    if (object->child)
        cJSON_AddItemToObject(to, "Planning", object);
    else
        cJSON_Delete(object);
    add_real(to, "Planning Time", p->planning_ns / 1e6);
}

char *explain_to_json(const struct plan *p)
{
    cJSON *array = cJSON_CreateArray(), *entry = cJSON_CreateObject();
    cJSON_AddItemToArray(array, entry);
    add_text(entry, "Query Text", p->query);
    add_text(entry, "Query Parameters", p->parameters);
    if (p->n_nodes)
        cJSON_AddItemToObject(entry, "Plan", node(p->nodes[0]));
    if (p->n_settings) {
        cJSON *settings = cJSON_AddObjectToObject(entry, "Settings");
        for (size_t i = 0; i < p->n_settings; i++)
            add_text(settings, p->settings[i].name, p->settings[i].value);
    }
    if (p->query_id != SD_UNKNOWN) { /* no double holds it */
        char digits[24];
        snprintf(digits, sizeof digits, "%lld", (long long)p->query_id);
        cJSON_AddRawToObject(entry, "Query Identifier", digits);
    }
    planning(entry, p);
    if (p->n_triggers) {
        cJSON *triggers = cJSON_AddArrayToObject(entry, "Triggers");
        for (size_t i = 0; i < p->n_triggers; i++) {
            cJSON *t = cJSON_CreateObject();
            add_fields(t, plan_trigger_fields, plan_n_trigger_fields, &p->triggers[i]);
            cJSON_AddItemToArray(triggers, t);
        }
    }
    if (isfinite(p->jit_functions) || isfinite(p->jit_ns)) {
        cJSON *jit = cJSON_AddObjectToObject(entry, "JIT");
        add_real(jit, "Functions", p->jit_functions);
        add_real(cJSON_AddObjectToObject(jit, "Timing"), "Total", p->jit_ns / 1e6);
    }
    if (isfinite(p->serialization_ns)) {
        cJSON *serialization = cJSON_AddObjectToObject(entry, "Serialization");
        add_real(serialization, "Time", p->serialization_ns / 1e6);
        add_real(serialization, "Output Volume", p->serialization_kb);
        add_text(serialization, "Format", p->serialization_format);
    }
    add_real(entry, "Execution Time", p->execution_ns / 1e6);
    char *text = cJSON_PrintUnformatted(array), *mine = mem_strdup(text ? text : "[]");
    cJSON_free(text);
    cJSON_Delete(array);
    return mine;
}

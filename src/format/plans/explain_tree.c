#include "format/plans/explain_tree.h"
#include "base/hash.h"
#include "base/num.h"
#include "format/plans/explain_reader.h"
#include "format/plans/explain_sets.h"

#include <errno.h>
#include <stdlib.h>

static void keys_make(struct explain_keys *k, const struct plan_field *fields, size_t n)
{
    memset(k, 0, sizeof *k);
    for (size_t i = 0; i < n; i++) {
        size_t at = hash_words(fields[i].key, strlen(fields[i].key)) % EXPLAIN_KEY_SLOTS;
        while (k->slot[at])
            at = (at + 1) % EXPLAIN_KEY_SLOTS;
        k->slot[at] = &fields[i];
    }
}

const struct plan_field *explain_key(const struct explain_keys *keys, const char *key, size_t len)
{
    size_t at = hash_words(key, len) % EXPLAIN_KEY_SLOTS;
    for (; keys->slot[at]; at = (at + 1) % EXPLAIN_KEY_SLOTS)
        if (!strncmp(keys->slot[at]->key, key, len) && !keys->slot[at]->key[len])
            return keys->slot[at];
    return NULL;
}

void explain_reader_begin(struct explain_reader *r)
{
    *r = (struct explain_reader){.plan = plan_new()};
    keys_make(&r->node, plan_node_fields, plan_n_node_fields);
    keys_make(&r->worker, plan_worker_fields, plan_n_worker_fields);
    keys_make(&r->trigger, plan_trigger_fields, plan_n_trigger_fields);
}

static double number(const cJSON *item)
{
    if (cJSON_IsNumber(item))
        return explain_figure(item->valuedouble);
    double v; /* a text of YAML, XML and text readers */
    return cJSON_IsString(item) && num_parse_real(item->valuestring, &v) ? explain_figure(v) : NAN;
}

static int flag(const cJSON *item)
{
    if (cJSON_IsBool(item))
        return cJSON_IsTrue(item);
    if (cJSON_IsString(item))
        return !strcmp(item->valuestring, "true") || !strcmp(item->valuestring, "yes");
    return -1;
}

static const char *text(struct arena *a, const cJSON *item)
{
    return cJSON_IsString(item) ? arena_strdup(a, item->valuestring) : NULL;
}

static struct plan_list list(struct arena *a, const cJSON *item)
{
    struct plan_list out = {0};
    int n = cJSON_IsArray(item) ? cJSON_GetArraySize(item) : cJSON_IsString(item);
    if (!n)
        return out;
    out.items = arena_alloc(a, (size_t)n * sizeof *out.items);
    const cJSON *each = cJSON_IsArray(item) ? item->child : item;
    for (int i = 0; i < n; i++, each = each->next)
        if (cJSON_IsString(each))
            out.items[out.n++] = arena_strdup(a, each->valuestring);
    return out;
}

void explain_set(struct arena *a, const struct plan_field *f, void *record, const cJSON *item)
{
    void *at = (char *)record + f->offset;
    switch (f->type) {
    case PLAN_TEXT: {
        const char *s = text(a, item);
        if (s)
            *(const char **)at = s;
        break;
    }
    case PLAN_LIST:
        *(struct plan_list *)at = list(a, item);
        break;
    case PLAN_FLAG:
        *(int *)at = flag(item);
        break;
    case PLAN_REAL:
        *(double *)at = number(item);
        break;
    case PLAN_NS:
        *(double *)at = number(item) * 1e6;
        break;
    }
}

static void read_record(struct arena *a, const struct explain_keys *keys, void *record, const cJSON *object)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, object)
    {
        const struct plan_field *f =
            item->string ? explain_key(keys, item->string, strlen(item->string)) : NULL;
        if (f)
            explain_set(a, f, record, item);
    }
}

/* Below 13 a node's workers came as several arrays under the same key. */
static void read_workers(struct explain_reader *r, struct plan_node *n, const cJSON *array)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, array)
    {
        if (!cJSON_IsObject(item))
            continue;
        double num = number(cJSON_GetObjectItemCaseSensitive(item, "Worker Number"));
        struct plan_worker *w = NULL;
        for (size_t i = 0; i < n->n_workers && !w; i++)
            if (n->workers[i].number == num)
                w = &n->workers[i];
        if (!w && n->n_workers >= 1024)
            return;
        if (!w)
            w = plan_add_worker(r->plan, n);
        read_record(r->plan->arena, &r->worker, w, item);
        const cJSON *full = cJSON_GetObjectItemCaseSensitive(item, "Full-sort Groups"),
                    *presorted = cJSON_GetObjectItemCaseSensitive(item, "Pre-sorted Groups");
        w->full_sort_groups = full ? explain_groups(r->plan->arena, full) : w->full_sort_groups;
        w->presorted_groups = presorted ? explain_groups(r->plan->arena, presorted) : w->presorted_groups;
    }
}

/* ---- plans inside a node ----
 * Citus has them in "Distributed Query": "Subplans", and the "Tasks" of a "Job", each with the
 * plan of another server somewhere below. In the text format these are nodes without figures. */

#define PARTS_DEPTH_MAX 12

static struct plan_node *read_node(struct explain_reader *r, struct plan_node *parent, const cJSON *object);

static const cJSON *plan_in(const cJSON *item)
{
    const cJSON *plan = cJSON_GetObjectItemCaseSensitive(item, "Plan");
    return cJSON_IsString(cJSON_GetObjectItemCaseSensitive(plan, "Node Type")) ? plan : NULL;
}

static bool holds_plan(const cJSON *item, int depth)
{
    const cJSON *child;
    if (plan_in(item))
        return true;
    if (depth < PARTS_DEPTH_MAX && (cJSON_IsArray(item) || cJSON_IsObject(item)))
        cJSON_ArrayForEach(child, item) if (holds_plan(child, depth + 1)) return true;
    return false;
}

bool explain_holds_plan(const cJSON *value)
{
    return holds_plan(value, 0);
}

static void set_part_time(struct plan_node *n, const cJSON *object, const char *key)
{
    double ms = number(cJSON_GetObjectItemCaseSensitive(object, key));
    if (isnan(ms) || !isnan(n->loop_total_ns))
        return;
    n->loop_total_ns = ms * 1e6;
    n->loops = 1;
}

/* `key` is the name of the item, or of the array it is in. */
static void read_parts(struct explain_reader *r, struct plan_node *parent, const cJSON *item, const char *key,
                       int depth)
{
    static const struct {
        const char *key, *type;
    } heads[] = {{.key = "Tasks", .type = "Task"}, {.key = "Subplans", .type = "Distributed Subplan"}};
    const cJSON *plan = plan_in(item), *child;
    if (plan) {
        read_node(r, parent, plan);
        if (isnan(parent->total_cost))
            set_part_time(parent, item, "Execution Time");
        return;
    }
    struct plan_node *head = parent;
    for (size_t i = 0; cJSON_IsObject(item) && i < ARRAY_LEN(heads); i++) {
        if (strcmp(heads[i].key, key) != 0)
            continue;
        head = plan_add(r->plan, parent);
        head->type = heads[i].type;
        set_part_time(head, item, "Subplan Duration");
    }
    cJSON_ArrayForEach(child, item)
    {
        if (depth < PARTS_DEPTH_MAX && holds_plan(child, depth))
            read_parts(r, head, child, child->string ? child->string : key, depth + 1);
    }
}

/* "Full-sort Groups", "Pre-sorted Groups" of an incremental sort: what did not fit in memory. */
static void read_groups(struct explain_reader *r, struct plan_node *n, const cJSON *groups)
{
    const cJSON *disk = cJSON_GetObjectItemCaseSensitive(groups, "Sort Space Disk");
    double kb = number(cJSON_GetObjectItemCaseSensitive(disk, "Peak Sort Space Used"));
    if (!(kb > 0) || kb <= n->sort_space_kb)
        return;
    n->sort_space_kb = kb;
    n->sort_space_type = arena_strdup(r->plan->arena, "Disk");
    n->sort_method = n->sort_method ? n->sort_method : arena_strdup(r->plan->arena, "external merge");
}

bool explain_nested(struct explain_reader *r, struct plan_node *n, const char *key, const cJSON *value)
{
    struct arena *a = r->plan->arena;
    if (!strcmp(key, "Full-sort Groups") || !strcmp(key, "Pre-sorted Groups")) {
        read_groups(r, n, value);
        const char *said = explain_groups(a, value);
        *(key[0] == 'F' ? &n->full_sort_groups : &n->presorted_groups) = said;
    } else if (!strcmp(key, "Workers")) {
        read_workers(r, n, value);
    } else if (!strcmp(key, "Grouping Sets")) {
        const cJSON *first = cJSON_GetObjectItemCaseSensitive(value->child, "Group Keys");
        if (!first)
            first = cJSON_GetObjectItemCaseSensitive(value->child, "Hash Keys");
        if (!n->group_key.n)
            n->group_key = list(a, first && cJSON_IsArray(first->child) ? first->child : first);
        n->grouping_sets = explain_sets(a, value);
    } else if (!strcmp(key, "Target Tables")) {
        n->target_tables = explain_targets(a, value);
    } else {
        return false;
    }
    return true;
}

/* Depth is bounded by the parser (CJSON_NESTING_LIMIT; two levels a node). NULL: too many nodes. */
static struct plan_node *read_node(struct explain_reader *r, struct plan_node *parent, const cJSON *object)
{
    if (r->plan->n_nodes >= EXPLAIN_MAX_NODES) {
        r->full = true;
        return NULL;
    }
    struct plan_node *n = plan_add(r->plan, parent);
    read_record(r->plan->arena, &r->node, n, object);
    if (!n->filter) /* TimescaleDB checks some conditions in many rows at once */
        n->filter = text(r->plan->arena, cJSON_GetObjectItemCaseSensitive(object, "Vectorized Filter"));
    const cJSON *item, *child;
    cJSON_ArrayForEach(item, object)
    {
        if (!item->string || (!cJSON_IsArray(item) && !cJSON_IsObject(item)) ||
            explain_nested(r, n, item->string, item))
            continue;
        if (!strcmp(item->string, "Plans")) {
            cJSON_ArrayForEach(child, item)
            {
                /* Where the input was cut a node may have nothing yet. */
                if (cJSON_IsString(cJSON_GetObjectItemCaseSensitive(child, "Node Type")))
                    read_node(r, n, child);
                else
                    r->nameless++;
            }
        } else if (explain_holds_plan(item)) {
            read_parts(r, n, item, item->string, 0);
        }
    }
    return n;
}

static double member(const cJSON *object, const char *key)
{
    return number(cJSON_GetObjectItemCaseSensitive(object, key));
}

void explain_rest(struct explain_reader *r, const cJSON *entry)
{
    struct plan *p = r->plan;
    const cJSON *item, *each;
    cJSON_ArrayForEach(item, entry)
    {
        const char *key = item->string;
        if (!key)
            continue;
        if (!strcmp(key, "Planning Time")) {
            p->planning_ns = number(item) * 1e6;
        } else if (!strcmp(key, "Execution Time") || !strcmp(key, "Total Runtime")) {
            p->execution_ns = number(item) * 1e6;
        } else if (!strcmp(key, "Query Text")) {
            p->query = text(p->arena, item);
        } else if (!strcmp(key, "Query Parameters")) {
            p->parameters = text(p->arena, item);
        } else if (!strcmp(key, "Query Identifier")) {
            /* A double cannot hold it: the JSON reader hands it over as text. */
            if (cJSON_IsString(item)) {
                char *end;
                errno = 0;
                long long id = strtoll(item->valuestring, &end, 10);
                if (end != item->valuestring && !*end && !errno && id != SD_UNKNOWN)
                    p->query_id = id;
            }
        } else if (!strcmp(key, "Planning")) {
            p->planning_shared_hit = member(item, "Shared Hit Blocks");
            p->planning_shared_read = member(item, "Shared Read Blocks");
            p->planning_memory_kb = member(item, "Memory Used");
            p->planning_allocated_kb = member(item, "Memory Allocated");
        } else if (!strcmp(key, "JIT")) {
            p->jit_functions = member(item, "Functions");
            p->jit_ns = member(cJSON_GetObjectItemCaseSensitive(item, "Timing"), "Total") * 1e6;
        } else if (!strcmp(key, "Serialization")) {
            p->serialization_ns = member(item, "Time") * 1e6;
            p->serialization_kb = member(item, "Output Volume");
            p->serialization_format = text(p->arena, cJSON_GetObjectItemCaseSensitive(item, "Format"));
        } else if (!strcmp(key, "Settings") && cJSON_IsObject(item)) {
            int n = cJSON_GetArraySize(item);
            p->settings = arena_alloc(p->arena, ((size_t)n + 1) * sizeof *p->settings);
            p->n_settings = 0;
            cJSON_ArrayForEach(each, item)
            {
                if (cJSON_IsString(each) && each->string)
                    p->settings[p->n_settings++] =
                        (struct plan_setting){.name = arena_strdup(p->arena, each->string),
                                              .value = arena_strdup(p->arena, each->valuestring)};
            }
        } else if (!strcmp(key, "Triggers") && cJSON_IsArray(item)) {
            int n = cJSON_GetArraySize(item);
            p->triggers = arena_alloc(p->arena, ((size_t)n + 1) * sizeof *p->triggers);
            p->n_triggers = 0;
            cJSON_ArrayForEach(each, item)
            {
                if (!cJSON_IsObject(each))
                    continue;
                struct plan_trigger *t = &p->triggers[p->n_triggers++];
                plan_unknown(plan_trigger_fields, plan_n_trigger_fields, t);
                read_record(p->arena, &r->trigger, t, each);
            }
        }
    }
}

struct plan *explain_tree(const cJSON *entry, struct sd_error *err)
{
    const cJSON *root = cJSON_GetObjectItemCaseSensitive(entry, "Plan");
    if (!cJSON_IsObject(root) && cJSON_GetObjectItemCaseSensitive(entry, "Node Type"))
        root = entry;
    if (!cJSON_IsObject(root)) {
        fail(err, "There is no plan in it: an object with the key \"Plan\" was expected.");
        return NULL;
    }
    if (!cJSON_IsString(cJSON_GetObjectItemCaseSensitive(root, "Node Type"))) {
        fail(err, "The plan cannot be read: its first node has no \"Node Type\".");
        return NULL;
    }
    struct explain_reader *r = mem_alloc(sizeof *r);
    explain_reader_begin(r);
    struct plan *p = r->plan;
    read_node(r, NULL, root);
    if (root != entry)
        explain_rest(r, entry);
    if (r->full)
        plan_note(p, "The plan has more than %d nodes; the rest was left out.", EXPLAIN_MAX_NODES);
    if (r->nameless)
        plan_note(p,
                  r->nameless == 1 ? "%zu node has no type; it was left out."
                                   : "%zu nodes have no type; they were left out.",
                  r->nameless);
    free(r);
    return p;
}

void explain_keep(struct explain *out, struct plan *p)
{
    out->plans = mem_grow(out->plans, out->n_plans, &out->cap_plans, sizeof *out->plans);
    out->plans[out->n_plans++] = p;
}

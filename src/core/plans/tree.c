#include "core/plans/tree.h"

#define FIELD_OF(record, kind, name, key) {key, PLAN_##kind, offsetof(struct record, name)},
#define NODE_FIELD(type, name, key)       FIELD_OF(plan_node, type, name, key)
#define WORKER_FIELD(type, name, key)     FIELD_OF(plan_worker, type, name, key)
#define TRIGGER_FIELD(type, name, key)    FIELD_OF(plan_trigger, type, name, key)

const struct plan_field plan_node_fields[] = {PLAN_NODE_FIELDS(NODE_FIELD)};
const size_t plan_n_node_fields = ARRAY_LEN(plan_node_fields);
const struct plan_field plan_worker_fields[] = {PLAN_WORKER_FIELDS(WORKER_FIELD)};
const size_t plan_n_worker_fields = ARRAY_LEN(plan_worker_fields);
const struct plan_field plan_trigger_fields[] = {PLAN_TRIGGER_FIELDS(TRIGGER_FIELD)};
const size_t plan_n_trigger_fields = ARRAY_LEN(plan_trigger_fields);

void plan_unknown(const struct plan_field *fields, size_t n, void *record)
{
    for (size_t i = 0; i < n; i++) {
        void *at = (char *)record + fields[i].offset;
        if (fields[i].type == PLAN_REAL || fields[i].type == PLAN_NS)
            *(double *)at = NAN;
        else if (fields[i].type == PLAN_FLAG)
            *(int *)at = -1;
    }
}

#define UNKNOWN_TEXT NULL
#define UNKNOWN_LIST                                                                                         \
    {                                                                                                        \
        0                                                                                                    \
    }
#define UNKNOWN_FLAG           -1
#define UNKNOWN_REAL           NAN
#define UNKNOWN_NS             NAN
#define UNKNOWN(type, name, k) .name = UNKNOWN_##type,
static const struct plan_node UNKNOWN_NODE = {PLAN_NODE_FIELDS(UNKNOWN)};

struct plan *plan_new(void)
{
    struct arena *a = arena_new();
    struct plan *p = arena_alloc(a, sizeof *p);
    p->arena = a;
    p->planning_ns = p->execution_ns = NAN;
    p->planning_shared_hit = p->planning_shared_read = p->planning_memory_kb = p->planning_allocated_kb = NAN;
    p->jit_functions = p->jit_ns = p->serialization_ns = p->serialization_kb = NAN;
    p->elapsed_ns = p->total_cost = NAN;
    p->query_id = p->at = SD_UNKNOWN;
    return p;
}

void plan_free(struct plan *p)
{
    if (p)
        arena_free(p->arena);
}

/* Arena arrays grow by doubling at powers of two; what is left behind is freed with the plan. */
static void *grow(struct arena *a, const void *items, size_t n, size_t size)
{
    if (n && (n & (n - 1)))
        return (void *)items;
    void *more = arena_alloc(a, (n ? n * 2 : 1) * size);
    if (n)
        memcpy(more, items, n * size);
    return more;
}

struct plan_node *plan_add(struct plan *p, struct plan_node *parent)
{
    struct plan_node *n = arena_copy(p->arena, &UNKNOWN_NODE, sizeof UNKNOWN_NODE);
    p->nodes = grow(p->arena, p->nodes, p->n_nodes, sizeof *p->nodes);
    p->nodes[p->n_nodes++] = n;
    n->id = (int)p->n_nodes;
    n->parent = parent;
    if (parent) {
        n->depth = parent->depth + 1;
        *(parent->last ? &parent->last->next : &parent->child) = n;
        parent->last = n;
    }
    return n;
}

struct plan_worker *plan_add_worker(struct plan *p, struct plan_node *n)
{
    n->workers = grow(p->arena, n->workers, n->n_workers, sizeof *n->workers);
    struct plan_worker *w = &n->workers[n->n_workers++];
    memset(w, 0, sizeof *w);
    plan_unknown(plan_worker_fields, plan_n_worker_fields, w);
    return w;
}

void plan_note(struct plan *p, const char *fmt, ...)
{
    struct strbuf text = {0};
    va_list ap;
    va_start(ap, fmt);
    strbuf_vprintf(&text, fmt, ap);
    va_end(ap);
    p->notes.items = grow(p->arena, p->notes.items, p->notes.n, sizeof *p->notes.items);
    p->notes.items[p->notes.n++] = arena_strdup(p->arena, strbuf_text(&text));
    strbuf_free(&text);
}

bool plan_is_scan(const struct plan_node *n)
{
    return n->relation && !plan_is_modify(n);
}

bool plan_is_join(const struct plan_node *n)
{
    return str_eq(n->type, "Nested Loop") || str_eq(n->type, "Hash Join") || str_eq(n->type, "Merge Join");
}

bool plan_is_remote(const struct plan_node *n)
{
    return n->type && (str_starts(n->type, "Foreign ") || str_starts(n->type, "Custom Scan"));
}

bool plan_is_modify(const struct plan_node *n)
{
    return str_eq(n->type, "ModifyTable");
}

bool plan_is_gather(const struct plan_node *n)
{
    return str_eq(n->type, "Gather") || str_eq(n->type, "Gather Merge");
}

bool plan_is_initplan(const struct plan_node *n)
{
    return str_eq(n->relationship, "InitPlan");
}

const char *plan_cte_name(const struct plan_node *n)
{
    return plan_is_initplan(n) && n->subplan && str_starts(n->subplan, "CTE ") ? n->subplan + 4 : NULL;
}

bool plan_inside(const struct plan_node *n, const struct plan_node *top)
{
    while (n && n->depth > top->depth)
        n = n->parent;
    return n == top;
}

void plan_node_name(const struct plan_node *n, struct strbuf *out)
{
    const char *type = n->type ? n->type : "(unknown node)";
    if (n->parallel_aware == 1)
        strbuf_str(out, "Parallel ");
    if (n->async_capable == 1)
        strbuf_str(out, "Async ");
    if (n->partial_mode && !str_eq(n->partial_mode, "Simple")) {
        strbuf_str(out, n->partial_mode);
        strbuf_char(out, ' ');
    }
    if (str_eq(type, "Aggregate") && n->strategy) {
        strbuf_str(out, str_eq(n->strategy, "Sorted")   ? "GroupAggregate"
                        : str_eq(n->strategy, "Hashed") ? "HashAggregate"
                        : str_eq(n->strategy, "Mixed")  ? "MixedAggregate"
                                                        : "Aggregate");
    } else if (plan_is_modify(n) && n->operation) {
        strbuf_str(out, n->operation);
    } else if (str_eq(type, "SetOp") && n->command) {
        strbuf_printf(out, "%sSetOp %s", str_eq(n->strategy, "Hashed") ? "Hash" : "", n->command);
    } else if (plan_is_join(n) && n->join_type && !str_eq(n->join_type, "Inner")) {
        /* "Hash Left Join", "Nested Loop Left Join" */
        bool loop = str_eq(type, "Nested Loop");
        strbuf_add(out, type, loop ? strlen(type) : strlen(type) - strlen(" Join"));
        strbuf_char(out, ' ');
        strbuf_str(out, n->join_type);
        strbuf_str(out, " Join");
    } else if (str_eq(type, "Custom Scan") && n->provider) {
        strbuf_printf(out, "Custom Scan (%s)", n->provider);
    } else {
        strbuf_str(out, type);
        if (str_ends(type, "Scan") && str_eq(n->direction, "Backward"))
            strbuf_str(out, " Backward");
    }
}

void plan_node_where(const struct plan_node *n, struct strbuf *out)
{
    const char *what = n->relation         ? n->relation
                       : n->cte            ? n->cte
                       : n->function       ? n->function
                       : n->table_function ? n->table_function
                                           : n->tuplestore;
    if (n->index) {
        strbuf_str(out, what || !str_eq(n->type, "Bitmap Index Scan") ? " using " : " on ");
        strbuf_str(out, n->index);
    }
    if (what) {
        strbuf_str(out, " on ");
        if (n->schema && !str_eq(n->schema, "public") && n->relation) {
            strbuf_str(out, n->schema);
            strbuf_char(out, '.');
        }
        strbuf_str(out, what);
    }
    if (n->alias && !str_eq(n->alias, what)) {
        strbuf_str(out, what ? " " : " on ");
        strbuf_str(out, n->alias);
    }
}

/* A hash join whose hash table is empty reads no more of its other side, unless it returns those rows. */
static bool hash_is_empty(const struct plan_node *join)
{
    if (!str_eq(join->type, "Hash Join") || str_eq(join->join_type, "Left") ||
        str_eq(join->join_type, "Anti") || str_eq(join->join_type, "Full"))
        return false;
    for (const struct plan_node *c = join->child; c; c = c->next)
        if (str_eq(c->relationship, "Inner") && !c->never_executed && c->rows <= 0)
            return true;
    return false;
}

bool plan_cut_short(const struct plan_node *n)
{
    for (; n->parent; n = n->parent) {
        const struct plan_node *p = n->parent;
        /* Below a node that reads everything first, the reader above does not matter. */
        if (str_eq(p->type, "Sort") || str_eq(p->type, "Hash") ||
            (str_eq(p->type, "Aggregate") && !str_eq(p->strategy, "Sorted")))
            return false;
        if (str_eq(p->type, "Limit") || str_eq(p->type, "Merge Join"))
            return true;
        if (str_eq(n->relationship, "Outer") && hash_is_empty(p))
            return true;
        if (plan_is_join(p) && str_eq(n->relationship, "Inner") &&
            (str_eq(p->join_type, "Semi") || str_eq(p->join_type, "Anti") || p->inner_unique == 1))
            return true;
        if (str_eq(n->relationship, "SubPlan") || plan_is_initplan(n))
            return true;
    }
    return false;
}

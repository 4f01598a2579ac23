#include "core/plans/advice.h"
#include "core/sql/statement.h"

#include <ctype.h>
#include <stdlib.h>

#include "core/plans/conditions.h"

#define MAX_TARGETS 64 /* nodes looked at, those with the largest share first */

/* ---- writing SQL ---- */

/* ---- existing indexes ---- */

#define MAX_KEYS 32
static size_t key_columns(const struct sd_index *ix, char (*out)[64])
{
    size_t n = 0;
    const char *s = ix->columns ? ix->columns : "";
    while (*s && n < MAX_KEYS) {
        while (*s == ' ' || *s == ',')
            s++;
        size_t len = strcspn(s, ",");
        while (len && s[len - 1] == ' ')
            len--;
        if (!len)
            break;
        snprintf(out[n++], 64, "%.*s", (int)len, s);
        s += strcspn(s, ",");
    }
    return n;
}

static bool among(const char *name, const char *const *columns, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(columns[i], name))
            return true;
    return false;
}

/* Does an index serve the filter already: its first columns are ours (the ones compared
 * for equality in any order), or it is unique on some of them? */
static bool serves(const struct sd_index *ix, const char *const *columns, size_t n, size_t n_equal)
{
    char keys[MAX_KEYS][64];
    size_t n_keys = key_columns(ix, keys);
    if (!n_keys || ix->is_partial == 1 || ix->is_valid == 0)
        return false;
    bool hash =
        ix->definition && strstr(ix->definition, " USING ") && !strstr(ix->definition, " USING btree");
    if (hash)
        return false;
    size_t same = 0;
    while (same < n_keys && same < n_equal && among(keys[same], columns, n_equal))
        same++;
    if (ix->is_unique == 1 && same == n_keys)
        return true;
    return same == n_equal && (n == n_equal || (n_keys > same && !strcmp(keys[same], columns[n_equal])));
}

/* ---- conditions and orders of a node ---- */

struct target {
    struct plan *plan;
    const struct plan_node *node; /* reads the relation */
    const struct plan_facts *facts;
    const char *query;
    struct plan_conditions cond;
    struct index_def def;
    size_t n_equal;       /* leading keys compared by = */
    const char *left_out; /* a second range, one column too many; NULL */
};

static const char *advice_figure(struct plan *p, enum unit u, double v)
{
    char buf[UNIT_TEXT_MAX];
    return arena_strdup(p->arena, unit_format(u, v, buf));
}

static double rows_of(const struct plan *p, const struct plan_node *n)
{
    return p->analyzed ? n->rows : n->plan_rows;
}

/* Of one execution of the node, by all its processes. */
static double each_run(const struct plan *p, const struct plan_node *n, double rows)
{
    return p->analyzed ? rows / MAX(1, n->loops / MAX(1, n->processes)) : rows;
}

static double removed_by_filter(const struct plan_node *n)
{
    return isnan(n->loop_removed_filter) ? 0 : n->loop_removed_filter * n->loops;
}

static double removed_by_join(const struct plan_node *n)
{
    return isnan(n->loop_removed_join) || !str_eq(n->type, "Hash Join") ? 0 : n->loop_removed_join * n->loops;
}

static double share_of(const struct plan *p, const struct plan_node *n)
{
    double share = p->timed ? n->exclusive_share : n->cost_share;
    return isnan(share) ? 0 : share;
}

static bool has_key(const struct index_def *d, const struct index_key *k)
{
    for (size_t i = 0; i < d->n_keys; i++)
        if (d->keys[i].column == k->column && (k->column >= 0 || str_eq(d->keys[i].expr, k->expr)))
            return true;
    return false;
}

static const char *key_name(const struct target *t, const struct index_key *k)
{
    return k->column >= 0 ? t->cond.rel->columns[k->column].name : k->expr;
}

static void push(struct target *t, const struct index_key *k)
{
    if (has_key(&t->def, k))
        return;
    if (t->def.n_keys == ADVISE_MAX_COLUMNS)
        t->left_out = k->column >= 0 ? key_name(t, k) : "an expression";
    else
        t->def.keys[t->def.n_keys++] = *k;
}

enum way { WAY_NONE, WAY_EQUAL, WAY_RANGE, WAY_INSIDE };

static enum way way_of(const struct plan_condition *c)
{
    if (c->why)
        return WAY_NONE;
    switch (c->pred.kind) {
    case PRED_RANGE:
    case PRED_PREFIX:
        return WAY_RANGE;
    default:
        return pred_inside(c->pred.kind) ? WAY_INSIDE : WAY_EQUAL;
    }
}

static struct index_key prefix_key(const struct pred *p)
{
    struct index_key k = p->key;
    k.opclass = p->kind == PRED_PREFIX ? "text_pattern_ops" : NULL;
    return k;
}

/* Columns compared by =, of the conditions from `from` on. */
static void push_equal(struct target *t, size_t from)
{
    for (size_t i = from; i < t->cond.n; i++)
        if (way_of(&t->cond.items[i]) == WAY_EQUAL)
            push(t, &t->cond.items[i].pred.key);
    t->n_equal = t->def.n_keys;
}

/* One range after them. */
static void push_range(struct target *t)
{
    for (size_t i = 0; i < t->cond.n; i++) {
        const struct plan_condition *c = &t->cond.items[i];
        if (way_of(c) != WAY_RANGE || has_key(&t->def, &c->pred.key))
            continue;
        struct index_key k = prefix_key(&c->pred);
        if (t->def.n_keys > t->n_equal)
            t->left_out = k.column >= 0 ? key_name(t, &k) : "an expression";
        else
            push(t, &k);
    }
}

/* GIN, or GiST and SP-GiST for ranges, geometry and networks. */
static enum index_method method_for(const struct target *t, const struct pred *p)
{
    if (p->kind != PRED_SPACE && p->kind != PRED_NEAREST)
        return INDEX_GIN;
    return p->key.column >= 0 && type_of_network(t->cond.rel->columns[p->key.column].type) ? INDEX_SPGIST
                                                                                           : INDEX_GIST;
}

static const char *gin_opclass(const struct target *t, const struct pred *p, bool *fits)
{
    const char *type = p->key.column >= 0 ? t->cond.rel->columns[p->key.column].type
                       : p->key.type      ? p->key.type
                                          : "";
    bool text = !strcmp(type, "text") || !strcmp(type, "varchar");
    *fits = p->kind == PRED_CONTAINS ? text
            : p->kind == PRED_SEARCH ? !strcmp(type, "tsvector")
            : p->kind == PRED_SPACE  ? type_of_space(type)
                                     : !strcmp(type, "jsonb") || type[0] == '_';
    return p->kind == PRED_CONTAINS ? "gin_trgm_ops" : NULL;
}

/* The keys for the filter of a scan. NULL, or why there are none. */
static const char *choose(struct target *t)
{
    struct plan *p = t->plan;
    const struct plan_condition *rest = NULL, *gin = NULL;
    push_equal(t, 0);
    push_range(t);
    for (size_t i = 0; i < t->cond.n; i++) {
        const struct plan_condition *c = &t->cond.items[i];
        if (way_of(c) == WAY_INSIDE)
            gin = c;
        else if (c->why && !c->harmless)
            rest = c;
    }
    if (t->cond.unread)
        return "The filter cannot be read.";
    if (gin && !t->def.n_keys && !rest) {
        bool fits;
        struct index_key k = gin->pred.key;
        k.opclass = gin_opclass(t, &gin->pred, &fits);
        if (!fits)
            return "The filter tests the content of a column; the index depends on the type of the column, "
                   "which is not in the plan.";
        t->def.method = method_for(t, &gin->pred);
        push(t, &k);
        return NULL;
    }
    const char *what = rest  ? rest->why
                       : gin ? "a search within the column, which needs a special index"
                             : NULL;
    if (what)
        return arena_printf(
            p->arena,
            t->def.n_keys ? "Part of the filter is %s; the plan does not show which part selects the rows."
                          : "The filter is %s.",
            what);
    if (!t->def.n_keys)
        return t->cond.n ? arena_printf(p->arena, "The filter is only %s.", t->cond.items[0].why)
                         : "The filter cannot be read.";
    return NULL;
}

/* ---- the rows ---- */

static const char *no_table(const struct plan_node *n, const char *schema)
{
    if (n->is_part && !n->table)
        return "It is a chunk of a hypertable that the plan does not name: the index belongs on the "
               "hypertable.";
    return str_eq(schema, "pg_catalog") || str_eq(schema, "information_schema") ||
                   (!schema && str_starts(n->relation, "pg_"))
               ? "System catalogs cannot have additional indexes."
               : NULL;
}

static const char *too_small(const struct target *t, double rows)
{
    const struct sd_table *table = plan_facts_table(t->facts, t->node);
    bool sized = table && sd_known(table->size_bytes);
    if (rows >= ADVISE_MIN_ROWS && !(sized && table->size_bytes < ADVISE_MIN_BYTES))
        return NULL;
    return arena_printf(t->plan->arena,
                        "The table is small (%s rows%s%s): a sequential scan is the best plan.",
                        advice_figure(t->plan, UNIT_COUNT, rows), sized ? ", " : "",
                        sized ? advice_figure(t->plan, UNIT_BYTES, (double)table->size_bytes) : "");
}

static const char *too_cheap(const struct target *t, double share)
{
    struct plan *p = t->plan;
    if (share < ADVISE_MIN_SHARE)
        return arena_printf(p->arena, "The scan is only %s of the %s.", advice_figure(p, UNIT_SHARE, share),
                            p->timed ? "time" : "cost");
    if (p->timed && share * p->elapsed_ns < ADVISE_MIN_NS)
        return arena_printf(p->arena, "The scan takes only %s.",
                            advice_figure(p, UNIT_NS, share * p->elapsed_ns));
    return NULL;
}

/* ---- the suggestion ---- */

/* An index that the plan already uses on the same columns. */
static const char *used_already(const struct target *t)
{
    for (size_t i = 0; i < t->plan->n_nodes; i++) {
        const struct plan_node *n = t->plan->nodes[i];
        const char *cond = n->index_cond ? n->index_cond : n->recheck_cond;
        if (n == t->node || !cond || !str_eq(n->relation, t->node->relation))
            continue;
        struct target other = {.plan = t->plan, .node = n};
        plan_conditions_init(&other.cond, n, n->schema, t->query);
        plan_conditions_add(&other.cond, cond);
        push_equal(&other, 0);
        push_range(&other);
        size_t same = 0;
        for (size_t k = 0; k < t->def.n_keys; k++)
            for (size_t o = 0; o < other.def.n_keys; o++)
                same += !strcmp(key_name(t, &t->def.keys[k]), key_name(&other, &other.def.keys[o]));
        plan_conditions_free(&other.cond);
        if (same >= t->def.n_keys)
            return n->index ? n->index : "an index";
    }
    return NULL;
}

static const char *exists(const struct target *t, const char *schema)
{
    const char *names[ADVISE_MAX_COLUMNS];
    for (size_t i = 0; i < t->def.n_keys; i++) {
        if (t->def.keys[i].column < 0 || t->def.keys[i].opclass)
            return NULL;
        names[i] = key_name(t, &t->def.keys[i]);
    }
    for (size_t i = 0; i < t->facts->n_indexes; i++) {
        const struct sd_index *ix = t->facts->indexes[i];
        if (str_eq(ix->table, t->node->relation) && !(schema && ix->schema && !str_eq(ix->schema, schema)) &&
            serves(ix, names, t->def.n_keys, t->n_equal))
            return arena_printf(t->plan->arena,
                                "The index %s (%s) exists for this filter and was not used: check the "
                                "statistics (ANALYZE) and the types of the compared values.",
                                ix->name, ix->columns);
    }
    return NULL;
}

/* Writes the index of t->def into a; `why` is its evidence. */
static void write_advice(struct target *t, struct advice *a, double share, const char *why)
{
    struct plan *p = t->plan;
    const struct plan_facts *f = t->facts;
    const char **taken = mem_array(f->n_indexes + 1, sizeof *taken);
    struct strbuf ddl = {0}, columns = {0};
    for (size_t i = 0; i < f->n_indexes; i++)
        taken[i] = f->indexes[i]->name;
    t->def.rel = t->cond.rel;
    t->def.predicate_share = 1;
    char *name = index_def_name(&t->def, t->cond.catalog, taken, f->n_indexes);
    index_def_ddl(&t->def, name, &ddl);
    index_def_columns(&t->def, &columns);
    for (size_t i = 0; i < t->def.n_keys; i++)
        a->names[a->n_names++] = arena_strdup(p->arena, key_name(t, &t->def.keys[i]));
    a->ddl = sql_builds_index(ddl.text) ? arena_strdup(p->arena, ddl.text) : NULL;
    a->columns = arena_printf(p->arena, "%.*s", (int)columns.len - 2, columns.text + 1);
    a->method = index_method_name(t->def.method);
    a->saves_share = MIN(1, share);
    a->saves_ns = p->timed ? p->elapsed_ns * a->saves_share : NAN;
    const char *opclass = t->def.keys[t->def.n_keys - 1].opclass;
    a->why = arena_printf(
        p->arena, "%s%s%s%s%s.", why, t->left_out ? "; further columns would add nothing: " : "",
        t->left_out ? t->left_out : "",
        str_eq(opclass, "text_pattern_ops") ? "; with the collation C an index on the plain column is enough"
        : str_eq(opclass, "gin_trgm_ops")   ? "; needs the extension pg_trgm"
                                            : "",
        f->indexes_known ? "" : "; it is not known which indexes exist");
    if (!a->ddl)
        a->why = "An index would help, but its names cannot be written on one line of SQL.";
    strbuf_free(&ddl);
    strbuf_free(&columns);
    free(name);
    free(taken);
}

/* ---- a filter that keeps little of a sequential scan ---- */

static void filter_scan(struct target *t, struct advice *a)
{
    struct plan *p = t->plan;
    const struct plan_node *n = t->node;
    struct plan_scanned s;
    if (!plan_scanned(p, n, t->facts, &s)) {
        a->why = n->never_executed ? "The scan was never executed."
                                   : "It is not known how selective the filter is.";
        return;
    }
    double runs = p->analyzed ? MAX(1, n->loops / MAX(1, n->processes)) : 1, rows = s.read / runs;
    if (s.lower_bound && rows < ADVISE_MIN_ROWS) {
        a->why = arena_printf(p->arena, "The scan is cheap (cost %s): an index would save too little.",
                              advice_figure(p, UNIT_COST, n->total_cost));
        return;
    }
    if ((a->why = too_small(t, rows)))
        return;
    double selectivity = s.kept / s.read;
    if (selectivity > ADVISE_SELECTIVITY) {
        a->why =
            s.lower_bound
                ? "It is not known how selective the filter is: the plan does not contain the number of rows "
                  "of the table."
                : arena_printf(p->arena,
                               "The filter keeps %s of the rows: an index is useful below about %.0f %%.",
                               advice_figure(p, UNIT_SHARE, selectivity), ADVISE_SELECTIVITY * 100);
        return;
    }
    double share = share_of(p, n) * (1 - selectivity);
    if ((a->why = too_cheap(t, share)))
        return;
    plan_conditions_add(&t->cond, n->filter);
    if ((a->why = choose(t)) || (a->why = exists(t, a->schema)))
        return;
    const char *used = used_already(t);
    if (used) {
        a->why = arena_printf(p->arena,
                              "Another part of the plan uses %s on these columns: the index exists.", used);
        return;
    }
    write_advice(
        t, a, share,
        arena_printf(
            p->arena, "The filter keeps %s of %s%s rows%s", advice_figure(p, UNIT_COUNT, s.kept / runs),
            s.lower_bound ? "at least " : "", advice_figure(p, UNIT_COUNT, rows),
            t->n_equal && t->def.n_keys > t->n_equal ? "; columns compared by = come before the range" : ""));
}

/* ---- ORDER BY ... LIMIT above a scan ---- */

static const struct plan_node *above(const struct plan_node *n)
{
    for (n = n->parent; n && plan_is_gather(n); n = n->parent)
        ;
    return n;
}

static bool sorted_for_few(struct target *t, struct advice *a)
{
    struct plan *p = t->plan;
    const struct plan_node *n = t->node, *sort = above(n), *limit = sort ? above(sort) : NULL;
    struct ordering order;
    if (!limit || !str_eq(sort->type, "Sort") || !str_eq(limit->type, "Limit"))
        return false;
    double sorted = rows_of(p, n), wanted = rows_of(p, limit);
    double share = (share_of(p, n) + share_of(p, sort)) * (1 - wanted / MAX(1, sorted));
    if (!(sorted >= ADVISE_MIN_ROWS) || !(wanted <= ADVISE_SELECTIVITY * sorted) || too_small(t, sorted) ||
        too_cheap(t, share))
        return false;
    /* With a range or worse between the two, many rows may be passed over before enough are found. */
    plan_conditions_add(&t->cond, n->index_cond ? n->index_cond : n->recheck_cond);
    plan_conditions_add(&t->cond, n->filter);
    bool fixed = !t->cond.unread && plan_conditions_order(&t->cond, &sort->sort_key, &order);
    for (size_t i = 0; i < t->cond.n && fixed; i++)
        fixed = t->cond.items[i].why
                    ? t->cond.items[i].harmless
                    : way_of(&t->cond.items[i]) == WAY_EQUAL && t->cond.items[i].pred.kind != PRED_IN;
    if (!fixed)
        return false;
    push_equal(t, 0);
    size_t before = t->def.n_keys, reverse = 0;
    for (size_t i = 0; i < order.n; i++)
        reverse += order.keys[i].desc && order.keys[i].nulls_first;
    for (size_t i = 0; i < order.n; i++) {
        struct index_key k = order.keys[i];
        if (reverse == order.n) /* an index is read backwards, too */
            k.desc = k.nulls_first = false;
        push(t, &k);
    }
    if (t->left_out || t->def.n_keys == before || exists(t, a->schema) || used_already(t))
        return false;
    write_advice(t, a, share,
                 arena_printf(p->arena, "%s rows are sorted to return the first %s%s",
                              advice_figure(p, UNIT_COUNT, sorted), advice_figure(p, UNIT_COUNT, wanted),
                              before ? "; columns compared by = come before the order" : ""));
    return true;
}

/* ---- an index read from end to end ---- */

/* Is the scan's order what the LIMIT above wants: nothing sorts in between? */
static bool walked_for_limit(const struct plan_node *n)
{
    const struct plan_node *up = above(n);
    while (up && str_eq(up->type, "Nested Loop") && n == up->child) {
        n = up;
        up = above(up);
    }
    return up && str_eq(up->type, "Limit");
}

/* The columns of the index that is walked, as far as they are known. */
static void push_order(struct target *t)
{
    char keys[MAX_KEYS][64];
    for (size_t i = 0; i < t->facts->n_indexes; i++) {
        const struct sd_index *ix = t->facts->indexes[i];
        if (!str_eq(ix->name, t->node->index) || !str_eq(ix->table, t->node->relation))
            continue;
        size_t n = key_columns(ix, keys);
        for (size_t k = 0; k < n; k++) {
            int at = db_catalog_position(t->cond.rel, keys[k]);
            if (at < 0) {
                db_catalog_column(t->cond.catalog, t->cond.rel, keys[k], "");
                at = (int)t->cond.rel->n_columns - 1;
            }
            push(t, &(struct index_key){.column = at});
        }
        return;
    }
}

/* Equal columns first, then the order, or a range where nothing waits for an order. */
static bool walks_index(struct target *t, struct advice *a)
{
    struct plan *p = t->plan;
    const struct plan_node *n = t->node;
    struct plan_scanned s;
    if (str_eq(n->type, "Bitmap Heap Scan") || n->index_cond || !n->filter ||
        !plan_scanned(p, n, t->facts, &s) || !(s.read >= ADVISE_MIN_ROWS) || s.kept > ADVISE_WALKED * s.read)
        return false;
    double share = share_of(p, n) * (1 - s.kept / s.read);
    if (too_small(t, each_run(p, n, s.read)) || too_cheap(t, share))
        return false;
    plan_conditions_add(&t->cond, n->filter);
    if ((a->why = choose(t)) || (a->why = exists(t, a->schema)))
        return false;
    if (walked_for_limit(n) && t->def.method == INDEX_BTREE) {
        if (!t->n_equal)
            return false; /* the range would end the order */
        t->def.n_keys = t->n_equal;
        t->left_out = NULL;
        push_order(t);
    }
    write_advice(t, a, share,
                 arena_printf(p->arena, "%s is read from end to end: of %s rows the filter keeps %s",
                              n->index ? n->index : "The index", advice_figure(p, UNIT_COUNT, s.read),
                              advice_figure(p, UNIT_COUNT, s.kept)));
    return true;
}

/* ---- an index that finds too much ---- */

static bool finds_too_much(struct target *t, struct advice *a)
{
    struct plan *p = t->plan;
    const struct plan_node *n = t->node;
    double read = n->rows + removed_by_filter(n);
    const char *cond = n->index_cond ? n->index_cond : n->recheck_cond;
    if (!p->analyzed || !cond || !n->filter || !(read >= ADVISE_MIN_ROWS) ||
        n->rows > ADVISE_SELECTIVITY * read || each_run(p, n, read) < 2) /* by a key */
        return false;
    double share = share_of(p, n) * (1 - n->rows / read);
    for (const struct plan_node *c = n->child; c; c = c->next) /* the bitmap of it */
        share += share_of(p, c) * (1 - n->rows / read);
    if (too_cheap(t, share))
        return false;
    plan_conditions_add(&t->cond, cond);
    size_t own = t->cond.n;
    push_equal(t, 0);
    size_t leading = t->def.n_keys;
    plan_conditions_add(&t->cond, n->filter);
    push_equal(t, own);
    push_range(t);
    bool more = t->def.n_keys > leading && !t->cond.unread;
    for (size_t i = own; i < t->cond.n && more; i++)
        more = !t->cond.items[i].why || t->cond.items[i].harmless;
    /* What is added has to be of the filter. */
    bool of_filter = false;
    for (size_t k = leading; k < t->def.n_keys; k++)
        for (size_t i = own; i < t->cond.n; i++)
            of_filter = of_filter || (!t->cond.items[i].why &&
                                      has_key(&(struct index_def){.keys = {t->def.keys[k]}, .n_keys = 1},
                                              &t->cond.items[i].pred.key));
    if (!more || !of_filter || exists(t, a->schema))
        return false;
    write_advice(t, a, share,
                 arena_printf(p->arena, "%s finds %s rows, of which the filter keeps %s",
                              n->index ? n->index : "The index", advice_figure(p, UNIT_COUNT, read),
                              advice_figure(p, UNIT_COUNT, n->rows)));
    return true;
}

/* ---- a join that reads a whole table for few rows ---- */

static bool within(const struct plan_node *n, const struct plan_node *top)
{
    for (; n; n = n->parent)
        if (n == top)
            return true;
    return false;
}

static bool joined_for_few(struct target *t, struct advice *a)
{
    struct plan *p = t->plan;
    const struct plan_node *n = t->node, *join = above(n), *side = n;
    while (join && (str_eq(join->type, "Hash") || str_eq(join->type, "Materialize"))) {
        side = join;
        join = above(join);
    }
    const char *cond = join && str_eq(join->type, "Hash Join")     ? join->hash_cond
                       : join && str_eq(join->type, "Nested Loop") ? join->join_filter
                                                                   : NULL;
    if (!cond || !join->child || !join->child->next)
        return false;
    const struct plan_node *other = within(side, join->child) ? join->child->next : join->child;
    bool loop = str_eq(join->type, "Nested Loop");
    /* An outer join keeps the rows of this side whatever the other holds; for a semi-join the number of rows
     * per lookup is not known. */
    if (!str_eq(join->join_type, "Inner") && !(str_eq(join->join_type, "Left") && other == join->child))
        return false;
    double read = each_run(p, n, rows_of(p, n) + removed_by_filter(n)),
           lookups = each_run(p, other, rows_of(p, other));
    double found = each_run(p, join, rows_of(p, join) + removed_by_join(join)),
           times = loop ? MAX(1, lookups) : 1;
    /* Fewer found than looked up: the column is probably a key, and has its index. */
    if (!(read >= ADVISE_MIN_ROWS) || !(lookups * ADVISE_LOOKUP_ROWS <= read * times) ||
        (loop && other != join->child) || !(found <= ADVISE_SELECTIVITY * read * times) || found <= lookups)
        return false;
    double share = share_of(p, n);
    for (const struct plan_node *up = n->parent; up && up != join->parent; up = up->parent)
        share += share_of(p, up);
    share *= 1 - found / (read * times);
    if (too_small(t, read) || too_cheap(t, share))
        return false;
    plan_conditions_add(&t->cond, cond);
    size_t joined = 0;
    for (size_t i = 0; i < t->cond.n; i++)
        joined += way_of(&t->cond.items[i]) == WAY_EQUAL && t->cond.items[i].pred.kind == PRED_JOIN;
    plan_conditions_add(&t->cond, n->filter);
    if (!joined || t->cond.unread)
        return false;
    push_equal(t, 0);
    if (exists(t, a->schema) || used_already(t))
        return false;
    write_advice(t, a, share,
                 arena_printf(p->arena, "The join looks up %s rows in %s",
                              advice_figure(p, UNIT_COUNT, lookups), advice_figure(p, UNIT_COUNT, read)));
    return true;
}

/* ---- the plan ---- */

static void suggest(struct target *t, struct advice *a)
{
    static const struct {
        bool (*find)(struct target *, struct advice *);
        bool of_seq, of_index;
    } rules[] = {{.find = sorted_for_few, .of_seq = true, .of_index = true},
                 {.find = walks_index, .of_seq = false, .of_index = true},
                 {.find = finds_too_much, .of_seq = false, .of_index = true},
                 {.find = joined_for_few, .of_seq = true, .of_index = false}};
    const struct plan_node *n = t->node;
    const struct sd_table *table = plan_facts_table(t->facts, n);
    bool seq = str_eq(n->type, "Seq Scan"), filtered = seq && n->filter;
    a->schema = n->table_schema        ? n->table_schema
                : table && !n->is_part ? arena_strdup(t->plan->arena, table->schema)
                                       : NULL;
    a->table = n->table ? n->table : n->relation;
    if ((a->why = no_table(n, a->schema)))
        return;
    for (size_t i = 0; i < ARRAY_LEN(rules) && !a->ddl; i++) {
        if (seq ? !rules[i].of_seq : !rules[i].of_index)
            continue;
        *t = (struct target){.plan = t->plan, .node = n, .facts = t->facts, .query = t->query};
        plan_conditions_init(&t->cond, n, a->schema, t->query);
        bool found = rules[i].find(t, a);
        plan_conditions_free(&t->cond);
        if (found)
            return;
    }
    if (!filtered)
        return;
    *t = (struct target){.plan = t->plan, .node = n, .facts = t->facts, .query = t->query};
    plan_conditions_init(&t->cond, n, a->schema, t->query);
    filter_scan(t, a);
    plan_conditions_free(&t->cond);
}

static int by_saving(const void *a, const void *b)
{
    const struct advice *x = a, *y = b;
    if (!x->ddl != !y->ddl)
        return x->ddl ? -1 : 1;
    double sx = isnan(x->saves_share) ? 0 : x->saves_share, sy = isnan(y->saves_share) ? 0 : y->saves_share;
    if (sx < sy || sx > sy)
        return sx < sy ? 1 : -1;
    return x->node->id - y->node->id;
}

/* The same table scanned twice, or by several parts of a UNION: one index for both. */
static bool merged(struct advice_list *l, const struct advice *a)
{
    for (size_t k = 0; k < l->n && a->ddl; k++) {
        struct advice *other = &l->items[k];
        if (!other->ddl || strcmp(other->ddl, a->ddl) != 0)
            continue;
        other->saves_share = MIN(1, other->saves_share + a->saves_share);
        other->saves_ns += a->saves_ns;
        return true;
    }
    return false;
}

void advise_plan(struct plan *p, const struct plan_facts *facts, const char *query, struct advice_list *out)
{
    size_t looked_at = 0;
    *out = (struct advice_list){0};
    for (size_t i = 0; i < p->n_nodes; i++) {
        const struct plan_node *n = p->nodes[i];
        bool seq = str_eq(n->type, "Seq Scan");
        bool index = str_eq(n->type, "Index Scan") || str_eq(n->type, "Bitmap Heap Scan") ||
                     str_eq(n->type, "Index Only Scan");
        /* Most nodes of a large plan are too cheap to check. */
        if (!n->relation || (!seq && !index) ||
            (share_of(p, n) < ADVISE_MIN_SHARE / 5 && looked_at >= MAX_TARGETS))
            continue;
        looked_at++;
        struct advice a = {.node = n, .saves_ns = NAN, .saves_share = NAN, .unproven = true};
        struct target t = {.plan = p, .node = n, .facts = facts, .query = query};
        suggest(&t, &a);
        if ((!a.ddl && !(n->filter && (seq || a.why))) || merged(out, &a))
            continue;
        out->items = mem_grow(out->items, out->n, &out->cap, sizeof *out->items);
        out->items[out->n++] = a;
    }
    if (out->n)
        qsort(out->items, out->n, sizeof *out->items, by_saving);
}

void advise_free(struct advice_list *l)
{
    free(l->items);
    *l = (struct advice_list){0};
}

const struct advice *advise_for(const struct advice_list *l, const struct plan_node *n)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->items[i].node == n)
            return &l->items[i];
    return NULL;
}

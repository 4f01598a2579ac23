#include "core/plans/clause_private.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <strings.h>

/* ---- names ---- */

/* "orders_1" -> "orders": how a plan tells the second of the same name. */
static void without_number(char *name)
{
    size_t n = strlen(name), digits = 0;
    while (digits < n && name[n - 1 - digits] >= '0' && name[n - 1 - digits] <= '9')
        digits++;
    if (digits && n > digits + 1 && name[n - 1 - digits] == '_')
        name[n - 1 - digits] = 0;
}

static bool named(const struct sql_clause *c, const char *name)
{
    for (size_t i = 0; i < c->n_items; i++)
        if (!strcmp(c->items[i].name, name))
            return true;
    return false;
}

/* The name of the FROM item that a plan calls `name`. False: the statement has none. */
static bool item_name(const struct sql_clause *c, const char *name, char out[NAME_MAX_BYTES])
{
    snprintf(out, NAME_MAX_BYTES, "%s", name);
    if (!named(c, out))
        without_number(out);
    return named(c, out);
}

/* A subquery, function, CTE or view: its parts have other names in the plan. */
static bool derived(const struct sql_clause *c, const char *name, const char *plan_table)
{
    for (size_t i = 0; i < c->n_items; i++)
        if (!strcmp(c->items[i].name, name) &&
            (!c->items[i].table[0] || (plan_table && strcmp(c->items[i].table, plan_table) != 0)))
            return true;
    return false;
}

static bool above(const struct sql_clause *c, int upper, int lower)
{
    for (int s = lower; s >= 0; s = c->parents[s])
        if (s == upper)
            return true;
    return false;
}

/* ---- conditions ---- */

/* The plan's column against one as written. `self`: the node's own table, for columns
 * without a name before them; NULL: a join's. */
static bool same_column(const struct sql_clause *c, const struct terms_column *planned,
                        const struct terms_column *written, const char *self)
{
    char table[NAME_MAX_BYTES];
    if (strcmp(planned->name, written->name) != 0)
        return false;
    if (!written->table[0])
        return true;
    const char *of = planned->table[0] ? planned->table : self;
    if (!of)
        return true;
    if (!item_name(c, of, table))
        return derived(c, written->table, NULL);
    return !strcmp(table, written->table) || derived(c, written->table, NULL);
}

/* The same columns on both sides, each used once. */
static bool same_columns(const struct sql_clause *c, const struct terms *planned, const struct terms *written,
                         const char *self)
{
    bool used[TERMS_MAX] = {false};
    if (planned->n_columns != written->n_columns || planned->overfull || written->overfull)
        return false;
    for (size_t i = 0; i < planned->n_columns; i++) {
        bool found = false;
        for (int exact = 1; exact >= 0 && !found; exact--)
            for (size_t k = 0; k < written->n_columns && !found; k++)
                if (!used[k] && (!exact || written->columns[k].table[0]) &&
                    same_column(c, &planned->columns[i], &written->columns[k], self))
                    found = used[k] = true;
        if (!found)
            return false;
    }
    return true;
}

static bool by_using(const struct terms *planned, const struct terms *named)
{
    if (planned->n_columns != 2 || strcmp(planned->op, "=") != 0 ||
        strcmp(planned->columns[0].name, planned->columns[1].name) != 0)
        return false;
    for (size_t i = 0; i < named->n_columns; i++)
        if (!strcmp(named->columns[i].name, planned->columns[0].name))
            return true;
    return false;
}

static bool same_functions(const struct terms *a, const struct terms *b)
{
    if (a->n_functions != b->n_functions)
        return false;
    for (size_t i = 0; i < a->n_functions; i++)
        if (strcasecmp(a->functions[i], b->functions[i]) != 0)
            return false;
    return true;
}

static bool matches(const struct sql_clause *c, const struct terms *planned, const struct spot *s,
                    const char *self, bool commuted)
{
    if (s->kind == KIND_USING)
        return by_using(planned, &s->terms);
    if (s->kind != KIND_CONDITION || !terms_same_op(planned, &s->terms, commuted))
        return false;
    if (!planned->n_columns)
        return planned->n_functions && !s->terms.n_columns && same_functions(planned, &s->terms);
    return same_columns(c, planned, &s->terms, self);
}

/* How near a condition's query is to the FROM item's: 0 the same, 1 around it, 2 inside. */
static int distance(const struct sql_clause *c, int scope, const int *homes, size_t n)
{
    int best = 3;
    for (size_t i = 0; i < n; i++) {
        int d = scope == homes[i] ? 0 : above(c, scope, homes[i]) ? 1 : above(c, homes[i], scope) ? 2 : 3;
        best = MIN(best, d);
    }
    return best;
}

static void mark(struct clauses *out, struct range at)
{
    for (size_t i = 0; i < out->n; i++)
        if (out->items[i].start < at.end && at.start < out->items[i].start + out->items[i].len)
            return;
    if (out->n == CLAUSES_MAX)
        return;
    size_t i = out->n++;
    for (; i > 0 && out->items[i - 1].start > at.start; i--)
        out->items[i] = out->items[i - 1];
    out->items[i] = (struct clause){at.start, at.end - at.start};
}

/* One part of a node's condition: every place that could be it, brought down to as many
 * as the node has such parts. */
static bool find_part(const struct sql_clause *c, const struct terms *planned, size_t alike, const char *self,
                      const int *homes, size_t n_homes, struct clauses *out)
{
    const struct spot *found[PARTS_MAX];
    size_t n = 0;
    for (int commuted = 0; commuted < 2 && !n; commuted++) {
        int nearest = 3;
        for (size_t i = 0; i < c->n_spots; i++) {
            const struct spot *s = &c->spots[i];
            if (!matches(c, planned, s, self, commuted))
                continue;
            int d = n_homes ? distance(c, s->scope, homes, n_homes) : 0;
            if (d < nearest) {
                nearest = d;
                n = 0;
            }
            if (d == nearest && d < 3 && n < PARTS_MAX)
                found[n++] = s;
        }
    }
    if (n > alike) { /* the constants, or the functions, may tell them apart */
        for (int by = 0; by < 2 && n > alike; by++) {
            size_t same = 0;
            const struct spot *kept[PARTS_MAX];
            for (size_t i = 0; i < n; i++)
                if (by ? same_functions(&found[i]->terms, planned)
                       : found[i]->terms.constants == planned->constants)
                    kept[same++] = found[i];
            if (same) {
                memcpy(found, kept, same * sizeof *found);
                n = same;
            }
        }
    }
    if (n == 0 || n > alike)
        return false;
    for (size_t i = 0; i < n; i++)
        mark(out, found[i]->at);
    return true;
}

static bool find_condition(const struct sql_clause *c, const char *condition, const char *self,
                           const int *homes, size_t n_homes, struct clauses *out)
{
    struct terms_part parts[PARTS_MAX];
    struct terms *t;
    bool found = false;
    if (!condition)
        return false;
    size_t n = terms_split(condition, parts, PARTS_MAX);
    t = mem_array(n + 1, sizeof *t);
    for (size_t i = 0; i < n; i++)
        terms_read(parts[i].text, parts[i].len, &t[i]);
    for (size_t i = 0; i < n; i++) {
        size_t alike = 0;
        for (size_t k = 0; k < n; k++)
            alike += !strcmp(t[k].op, t[i].op) && same_columns(c, &t[k], &t[i], self);
        found |= find_part(c, &t[i], MAX(alike, 1), self, homes, n_homes, out);
    }
    free(t);
    return found;
}

/* ---- orders and groups ---- */

static bool find_keys(const struct sql_clause *c, const struct plan_list *list, enum kind kind,
                      struct clauses *out)
{
    int best_scope = -1;
    size_t most = 0, ties = 0;
    struct terms *t = mem_array(list->n + 1, sizeof *t);
    for (size_t i = 0; i < list->n; i++)
        terms_read(list->items[i], strlen(list->items[i]), &t[i]);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t scope = 0; scope < c->n_scopes; scope++) {
            size_t hits = 0;
            if (pass && (int)scope != best_scope)
                continue;
            for (size_t k = 0; k < c->n_spots; k++) {
                const struct spot *s = &c->spots[k];
                bool same = false;
                if (s->kind != kind || s->scope != (int)scope)
                    continue;
                for (size_t i = 0; i < list->n && !same; i++)
                    same = t[i].n_columns
                               ? same_columns(c, &t[i], &s->terms, NULL)
                               : t[i].n_functions && !s->terms.n_columns && same_functions(&t[i], &s->terms);
                hits += same;
                if (same && pass)
                    mark(out, s->at);
            }
            if (pass)
                continue;
            ties = hits && hits == most ? ties + 1 : hits > most ? 0 : ties;
            if (hits > most) {
                most = hits;
                best_scope = (int)scope;
            }
        }
        if (!most || ties)
            break;
    }
    free(t);
    return most && !ties;
}

/* The one place of that kind in the statement. */
static bool find_only(const struct sql_clause *c, enum kind kind, struct clauses *out)
{
    const struct spot *only = NULL;
    for (size_t i = 0; i < c->n_spots; i++) {
        if (c->spots[i].kind != kind)
            continue;
        if (only)
            return false;
        only = &c->spots[i];
    }
    if (only)
        mark(out, only->at);
    return only != NULL;
}

/* ---- nodes ---- */

static int scope_depth(const struct sql_clause *c, int scope)
{
    int depth = 0;
    while ((scope = c->parents[scope]) >= 0)
        depth++;
    return depth;
}

/* Of two tables of the same name a plan calls the outer one by it, and the one of the
 * subquery orders_1: the tables of subqueries come later in the planner's list. */
static size_t outer_or_inner(const struct sql_clause *c, const struct from_item **items, bool outer)
{
    int a = scope_depth(c, items[0]->scope), b = scope_depth(c, items[1]->scope);
    if (a == b)
        return 2;
    if ((a < b) != outer)
        items[0] = items[1];
    return 1;
}

/* The FROM items a node may be about. */
static size_t items_of(const struct sql_clause *c, const struct plan_node *n, int *homes,
                       const struct from_item **one)
{
    const char *table = n->relation   ? n->relation
                        : n->cte      ? n->cte
                        : n->function ? n->function
                                      : n->table_function;
    const char *alias = n->alias ? n->alias : table;
    char name[NAME_MAX_BYTES];
    const struct from_item *items[PARTS_MAX];
    size_t found = 0;
    *one = NULL;
    if (!alias || !item_name(c, alias, name))
        return 0;
    for (int exact = 1; exact >= 0 && !found; exact--) /* a partition has another name than its table */
        for (size_t i = 0; i < c->n_items && found < PARTS_MAX; i++)
            if (!strcmp(c->items[i].name, name) && (!exact || str_eq(c->items[i].table, table)))
                items[found++] = &c->items[i];
    if (found == 2)
        found = outer_or_inner(c, items, !strcmp(alias, name));
    for (size_t i = 0; i < found; i++)
        homes[i] = items[i]->scope;
    *one = found == 1 ? items[0] : NULL;
    return found;
}

static bool find_table(const struct sql_clause *c, const struct from_item *item, struct clauses *out)
{
    if (!item || item->location == SIZE_MAX)
        return false;
    size_t i = clause_token_at(c, item->location), last = i;
    if (i == c->n_tokens || c->tokens[i].start != item->location)
        return false;
    size_t start = c->tokens[i].start;
    while (last + 2 < c->n_tokens && clause_token_is(c, last + 1, "."))
        last += 2;
    if (strcmp(item->name, item->table) != 0) { /* with its alias */
        size_t k = last + 1;
        if (k < c->n_tokens && clause_token_is(c, k, "as"))
            k++;
        if (k < c->n_tokens && (c->tokens[k].kind == SQL_WORD || c->tokens[k].kind == SQL_QUOTED))
            last = k;
    }
    mark(out, (struct range){start, c->tokens[last].end});
    return true;
}

/* A bitmap's index scan is about its table; a hash about its join; a gather about what
 * it gathers. */
static const struct plan_node *responsible(const struct plan_node *n)
{
    static const char *const by_parent[] = {"Bitmap Index Scan", "BitmapAnd",  "BitmapOr", "Hash",
                                            "Memoize",           "Materialize"};
    static const char *const by_child[] = {"Gather", "Gather Merge", "LockRows"};
    for (int steps = 0; steps < DEPTH_MAX; steps++) {
        bool up = false, down = false;
        for (size_t i = 0; i < ARRAY_LEN(by_parent); i++)
            up |= str_eq(n->type, by_parent[i]);
        for (size_t i = 0; i < ARRAY_LEN(by_child); i++)
            down |= str_eq(n->type, by_child[i]);
        const struct plan_node *to = up ? n->parent : down ? n->child : NULL;
        if (!to)
            return n;
        n = to;
    }
    return n;
}

static bool find_scan(const struct sql_clause *c, const struct plan_node *n, bool filter_only,
                      struct clauses *out)
{
    int homes[PARTS_MAX];
    const struct from_item *one;
    size_t n_homes = items_of(c, n, homes, &one);
    bool found = false;
    if (!n_homes) /* through a view, or made by the planner */
        return false;
    const char *self = n->alias ? n->alias : n->relation;
    const char *const all[] = {n->filter, n->index_cond, n->recheck_cond, n->tid_cond};
    bool some = false;
    for (size_t i = 0; i < (filter_only && n->filter ? 1 : ARRAY_LEN(all)); i++) {
        some |= all[i] != NULL;
        found |= find_condition(c, all[i], self, homes, n_homes, out);
    }
    if (some && !found && n->filter)
        return false;
    return found || find_table(c, one, out);
}

/* A nested loop's condition stands with its inner side. */
static const struct plan_node *inner_scan(const struct plan_node *n)
{
    const struct plan_node *c = n->child ? n->child->next : NULL;
    for (int steps = 0; c && steps < DEPTH_MAX; steps++, c = c->child)
        if (c->relation && c->index_cond)
            return c;
        else if (!str_eq(c->type, "Memoize") && !str_eq(c->type, "Materialize") &&
                 !str_eq(c->type, "Bitmap Heap Scan"))
            break;
    return NULL;
}

static bool find_join(const struct sql_clause *c, const struct plan_node *n, bool filter_only,
                      struct clauses *out)
{
    const char *const all[] = {n->join_filter, n->hash_cond, n->merge_cond, n->filter};
    bool found = false;
    for (size_t i = 0; i < (filter_only && n->join_filter ? 1 : ARRAY_LEN(all)); i++)
        found |= find_condition(c, all[i], NULL, NULL, 0, out);
    const struct plan_node *inner = found || n->join_filter ? NULL : inner_scan(n);
    return found || (inner && find_scan(c, inner, false, out));
}

/* Is the text there complete? It must parse in its place. */
static bool whole(const struct sql_clause *c, const struct clause *at, const char *before, const char *after)
{
    char *sql = mem_printf("%s%.*s%s", before, (int)at->len, c->sql + at->start, after);
    bool ok = sql_parses(sql);
    free(sql);
    return ok;
}

static bool proven(const struct sql_clause *c, struct clauses *out)
{
    static const char *const around[][2] = {{"SELECT 1 WHERE ", ""}, {"SELECT 1 ORDER BY ", ""},
                                            {"SELECT 1 FROM ", ""},  {"SELECT 1 ", ""},
                                            {"SELECT ", " 1"},       {"SELECT 1 FROM a JOIN b ", ""}};
    size_t n = 0;
    for (size_t i = 0; i < out->n; i++) {
        bool ok = false;
        for (size_t k = 0; k < ARRAY_LEN(around) && !ok; k++)
            ok = whole(c, &out->items[i], around[k][0], around[k][1]);
        if (ok)
            out->items[n++] = out->items[i];
    }
    out->n = n;
    return n > 0;
}

static bool is_one_of(const char *rule, const char *const *rules)
{
    return rule && str_find(rules, rule) >= 0;
}

static bool find_clauses(const struct sql_clause *c, const struct plan_node *n, const char *rule,
                         struct clauses *out)
{
    static const char *const filters[] = {"seq_scan_filter", "index_filter", "order_index", "join_filter",
                                          "or_join",         "late_filter",  NULL};
    bool filter_only = is_one_of(rule, filters);
    n = responsible(n);
    if (rule && !strcmp(rule, "large_offset"))
        return find_only(c, KIND_OFFSET, out);
    if (str_eq(n->type, "Limit")) {
        bool some = find_only(c, KIND_LIMIT, out);
        return find_only(c, KIND_OFFSET, out) || some;
    }
    if (str_eq(n->type, "Sort") || str_eq(n->type, "Incremental Sort"))
        return find_keys(c, &n->sort_key, KIND_ORDER, out) || find_keys(c, &n->sort_key, KIND_GROUP, out) ||
               (n->parent && str_eq(n->parent->type, "Unique") && find_only(c, KIND_DISTINCT, out));
    if (str_eq(n->type, "Aggregate") || str_eq(n->type, "Group")) {
        if (n->filter && find_condition(c, n->filter, NULL, NULL, 0, out))
            return true;
        return find_keys(c, &n->group_key, KIND_GROUP, out) ||
               (n->group_key.n && find_only(c, KIND_DISTINCT, out));
    }
    if (str_eq(n->type, "Unique"))
        return find_only(c, KIND_DISTINCT, out);
    if (plan_is_join(n))
        return find_join(c, n, filter_only, out);
    if (n->relation || n->cte || n->function || n->table_function || n->alias)
        return find_scan(c, n, filter_only, out);
    return false;
}

bool sql_clause_find(const struct sql_clause *c, const struct plan_node *n, const char *rule,
                     struct clauses *out)
{
    out->n = 0;
    return c && n && find_clauses(c, n, rule, out) && proven(c, out);
}

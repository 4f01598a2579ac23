/* subquery.c - subqueries: NOT IN, counting for existence, one run for each row. */
#include "core/rewrite/private.h"

#include <stdlib.h>

enum { LOOKED_MAX = 32 };   /* thousands of partitions say the same */
#define LIST_LARGE 100000.0 /* rows of a hashed list: as many as work_mem may soon not hold */

static bool simple(const Select *s)
{
    return s && s->op == PG_QUERY__SET_OPERATION__SETOP_NONE && !s->n_distinct_clause && !s->n_group_clause &&
           !s->having_clause && !s->n_values_lists && !s->limit_count && !s->limit_offset &&
           !s->with_clause && !s->n_window_clause && !s->n_locking_clause && s->n_from_clause &&
           s->n_target_list == 1 && IS(s->target_list[0], RES_TARGET);
}

static Select *select_of(const Node *sublink)
{
    const Node *n = IS(sublink, SUB_LINK) ? sublink->sub_link->subselect : NULL;
    return IS(n, SELECT_STMT) ? n->select_stmt : NULL;
}

static const struct plan_node *subplan_of(const struct plan_node *n)
{
    for (const struct plan_node *c = n->child; c; c = c->next)
        if (str_eq(c->relationship, "SubPlan"))
            return c;
    return NULL;
}

static bool reads_table(const struct rewriter *r, const struct plan_node *top, const char *name)
{
    for (size_t i = 0; i < r->plan->n_nodes; i++)
        if (plan_inside(r->plan->nodes[i], top) && name &&
            (plan_scans(r->plan->nodes[i], name) || str_eq(r->plan->nodes[i]->relation, name)))
            return true;
    return false;
}

static bool from_has(const struct ast_froms *f, const char *name)
{
    for (size_t i = 0; i < f->n; i++)
        if (str_eq(f->items[i].name, name))
            return true;
    return false;
}

/* What the statement itself reads from. */
static void outer_from(struct rewriter *r, struct ast_froms *out)
{
    PgQuery__RangeVar *table = IS(r->tree.stmt, DELETE_STMT)   ? r->tree.stmt->delete_stmt->relation
                               : IS(r->tree.stmt, UPDATE_STMT) ? r->tree.stmt->update_stmt->relation
                                                               : NULL;
    *out = (struct ast_froms){.plain = true};
    if (r->select)
        ast_froms(r->select, out);
    else if (table)
        out->items[out->n++] = (struct ast_from){
            .name = table->alias ? table->alias->aliasname : table->relname, .table = table};
}

static Node **where_of(struct rewriter *r)
{
    Node *n = r->tree.stmt;
    return r->select            ? &r->select->where_clause
           : IS(n, DELETE_STMT) ? &n->delete_stmt->where_clause
           : IS(n, UPDATE_STMT) ? &n->update_stmt->where_clause
                                : NULL;
}

/* An expression of the outer query, written for use inside of a subquery: every column with its table. NULL:
 * unknown. `optional`: a column may be NULL because there is no row. */
struct qualifying {
    struct rewriter *r;
    const struct ast_froms *from;
    bool failed, nullable;
};

static bool see_unqualified(void *ctx, Node **slot)
{
    struct qualifying *q = ctx;
    if (IS(*slot, SUB_LINK)) {
        q->failed = true;
        return false;
    }
    if (!IS(*slot, COLUMN_REF))
        return true;
    const struct ast_from *owner = plan_owner(q->r, q->from, *slot);
    const char *column = ast_column(*slot);
    if (!owner || !owner->name || !column) {
        q->failed = true;
        return false;
    }
    const struct catalog_column *c = plan_column(q->r, owner->table, column);
    q->nullable = q->nullable || !c || !c->not_null || owner->optional;
    if (!ast_qualifier(*slot))
        *slot = ast_expr(&q->r->tree, "%s.%s", say_name(q->r, owner->name), say_name(q->r, column));
    q->failed = q->failed || !*slot;
    return false;
}

static const char *qualified(struct rewriter *r, const struct ast_froms *from, Node *n, bool *nullable)
{
    const char *text = ast_closed(&r->tree, n);
    Node *copy = text ? ast_expr(&r->tree, "%s", text) : NULL;
    struct qualifying q = {.r = r, .from = from};
    if (!copy)
        return NULL;
    ast_walk_slot(&copy, see_unqualified, &q);
    *nullable = q.nullable || !IS(copy, COLUMN_REF);
    return q.failed ? NULL : ast_closed(&r->tree, copy);
}

/* ---- NOT IN ---- */

static bool is_not_in(const Node *n)
{
    if (IS(n, BOOL_EXPR) && n->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR &&
        n->bool_expr->n_args == 1)
        n = n->bool_expr->args[0];
    else if (!IS(n, SUB_LINK) || n->sub_link->sub_link_type != PG_QUERY__SUB_LINK_TYPE__ALL_SUBLINK ||
             strcmp(ast_last(n->sub_link->n_oper_name, n->sub_link->oper_name), "<>") != 0)
        return false;
    return IS(n, SUB_LINK) && (n->sub_link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__ALL_SUBLINK ||
                               (n->sub_link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK &&
                                !n->sub_link->n_oper_name));
}

static const Node *sublink_of(const Node *n)
{
    return IS(n, SUB_LINK) ? n : n->bool_expr->args[0];
}

static bool filters_not_in(const struct plan_node *n, bool all)
{
    if (all && n->filter && strstr(n->filter, "(SubPlan") &&
        subplan_of(n)) /* <> ALL does not say what it compares */
        return true;
    return n->filter &&
           (strstr(n->filter, "NOT (hashed SubPlan") || strstr(n->filter, "NOT (SubPlan") ||
            strstr(n->filter, "NOT (ANY (") || strstr(n->filter, "<> ALL") ||
            strstr(n->filter, "NOT (alternatives")) &&
           subplan_of(n);
}

static void write_not_exists(struct rewriter *r, Node **slot, struct rewrite *it)
{
    const Node *link = sublink_of(*slot);
    Select *inner = select_of(link);
    struct ast_froms from, inside;
    bool outer_nullable = true, inner_nullable = true;
    outer_from(r, &from);
    it->before = ast_text(&r->tree, *slot);
    if (!inner || inner->n_target_list != 1)
        return;
    const char *x = qualified(r, &from, link->sub_link->testexpr, &outer_nullable);
    if (!x)
        return;
    ast_froms(inner, &inside);
    bool clash = false;
    for (size_t i = 0; i < inside.n; i++)
        clash = clash || !inside.items[i].name || from_has(&from, inside.items[i].name);
    bool copies = inner->n_distinct_clause == 1 &&
                  inner->distinct_clause[0]->node_case == PG_QUERY__NODE__NODE__NOT_SET;
    size_t n_distinct = inner->n_distinct_clause;
    if (copies)
        inner->n_distinct_clause = 0;
    Node *value = IS(inner->target_list[0], RES_TARGET) ? inner->target_list[0]->res_target->val : NULL;
    if (!clash && simple(inner) && value && !ast_aggregates(inner) && ast_closed(&r->tree, value) &&
        (ast_column(value) || !IS(value, COLUMN_REF))) {
        const char *v = ast_closed(&r->tree, value),
                   *where = inner->where_clause ? ast_text(&r->tree, inner->where_clause) : NULL;
        bool either = where && IS(inner->where_clause, BOOL_EXPR) &&
                      inner->where_clause->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR;
        Node *old = inner->where_clause, *target = inner->target_list[0];
        const struct ast_from *owner = plan_owner(r, &inside, value);
        const struct catalog_column *c = owner ? plan_column(r, owner->table, ast_column(value)) : NULL;
        inner_nullable = !c || !c->not_null || owner->optional;
        Select *one = ast_select(&r->tree, "SELECT 1");
        inner->where_clause =
            where ? ast_expr(&r->tree, either ? "(%s) AND %s = %s" : "%s AND %s = %s", where, v, x)
                  : ast_expr(&r->tree, "%s = %s", v, x);
        inner->target_list[0] = one ? one->target_list[0] : target;
        const char *sub = inner->where_clause && one ? ast_select_text(&r->tree, inner) : NULL;
        it->after = sub ? SAY("NOT EXISTS (%s)", sub) : NULL;
        inner->where_clause = old;
        inner->target_list[0] = target;
    } else {
        const char *sub = ast_select_text(&r->tree, inner);
        it->after =
            sub ? SAY("NOT EXISTS (SELECT 1 FROM (%s) AS listed (value) WHERE listed.value = %s)", sub, x)
                : NULL;
    }
    inner->n_distinct_clause = n_distinct;
    Node *instead = it->after ? ast_expr(&r->tree, "%s", it->after) : NULL;
    it->statement = rewrite_with(r, slot, instead);
    if (!outer_nullable && !inner_nullable)
        it->caveat = NULL;
}

void find_not_in(struct rewriter *r)
{
    Node **where = where_of(r);
    struct ast_parts parts = {.n = 0};
    Node **slot = NULL;
    size_t n_not_in = 0;
    if (where && *where)
        ast_conjuncts(where, &parts);
    for (size_t i = 0; i < parts.n; i++) {
        if (!is_not_in(*parts.items[i]))
            continue;
        n_not_in++;
        slot = parts.items[i];
    }
    if (n_not_in != 1)
        return;
    for (size_t i = 0; i < r->plan->n_nodes; i++) {
        const struct plan_node *n = r->plan->nodes[i],
                               *sub = filters_not_in(n, IS(*slot, SUB_LINK)) ? subplan_of(n) : NULL;
        struct plan_scanned s;
        if (!sub || n->never_executed)
            continue;
        bool hashed = strstr(n->filter, "hashed SubPlan") != NULL,
             known = plan_scanned(r->plan, n, r->in->facts, &s);
        double checked = known ? s.read : known_or(n->rows, 0) + known_or(n->rows_removed, 0);
        double list = r->plan->analyzed ? sub->loop_rows : sub->plan_rows;
        struct saving saved = saving_own(r, n, 1), below = saving_total(r, sub, 1);
        if (r->plan->analyzed)
            saved = (struct saving){saved.ns + below.ns, MIN(1, saved.share + below.share),
                                    saved.cost + below.cost};
        else if (!hashed) /* its cost is inside the node's */
            saved = saving_total(r, n, 1);
        struct rewrite *it = rewrite_found(r, n, hashed ? list / LIST_LARGE : list, saved, checked);
        if (!it)
            continue;
        it->evidence =
            hashed ? SAY("a list of %s rows is kept in memory and searched %s times", say_count(r, list),
                         say_count(r, checked))
            : r->plan->analyzed
                ? SAY("for each of %s rows the list was searched, about %s rows each time: %s",
                      say_count(r, checked), say_count(r, list), say_time(r, known_or(sub->total_ns, 0)))
                : SAY("for each of %s rows a list of %s rows would be searched", say_count(r, checked),
                      say_count(r, list));
        it->advice = "Write NOT EXISTS: the planner can use an anti join, hashed once or with an index.";
        it->check = "The plan shows an Anti Join instead of a Filter with NOT (SubPlan).";
        it->caveat = "If the list contains a NULL, NOT IN returns no row; it also returns no row whose "
                     "compared value is NULL (unless the list is empty). NOT EXISTS returns these rows. If "
                     "neither can be NULL, the results are the same.";
        write_not_exists(r, slot, it);
        return;
    }
}

/* ---- count(*) > 0 ---- */

struct count {
    Node **slot;
    Select *select; /* what is counted */
    Node *counted;  /* count(x); NULL: count(*) */
    bool exists, guessed, whole;
};

struct counts {
    struct rewriter *r;
    struct count items[16];
    size_t n;
};

/* count(...) of a SELECT without groups. */
static bool counting(const Node *f, Node **counted)
{
    *counted = NULL;
    if (!str_eq(ast_function(f), "count") || f->func_call->over || f->func_call->agg_filter)
        return false;
    if (f->func_call->agg_star)
        return true;
    *counted = f->func_call->n_args == 1 ? f->func_call->args[0] : NULL;
    return *counted != NULL;
}

static bool existence(const char *op, const Node *with, bool turned, bool *exists, bool *guessed)
{
    int64_t k = 0;
    *guessed = IS(with, PARAM_REF);
    if (!*guessed && (!IS(with, A_CONST) || !ast_integer(with, &k)))
        return false;
    if (turned)
        op = !strcmp(op, ">")    ? "<"
             : !strcmp(op, "<")  ? ">"
             : !strcmp(op, ">=") ? "<="
             : !strcmp(op, "<=") ? ">="
                                 : op;
    *exists = k == 0 ? !strcmp(op, ">") || !strcmp(op, "<>") : k == 1 && !*guessed && !strcmp(op, ">=");
    if (*exists)
        return true;
    return k == 0 ? !strcmp(op, "=") || !strcmp(op, "<=") : k == 1 && !*guessed && !strcmp(op, "<");
}

static bool see_count(void *ctx, Node **slot)
{
    struct counts *all = ctx;
    const char *op = ast_operator(*slot);
    if (!op || all->n == ARRAY_LEN(all->items))
        return true;
    PgQuery__AExpr *e = (*slot)->a_expr;
    for (int turned = 0; turned < 2; turned++) {
        Node *side = turned ? e->rexpr : e->lexpr, *with = turned ? e->lexpr : e->rexpr;
        struct count c = {.slot = slot};
        Select *s = NULL;
        Node *f = side;
        if (IS(side, SUB_LINK) && side->sub_link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK) {
            s = select_of(side);
            f = s && simple(s) ? s->target_list[0]->res_target->val : NULL;
        } else if (all->r->select && simple(all->r->select) &&
                   all->r->select->target_list[0]->res_target->val == *slot) {
            s = all->r->select; /* SELECT count(*) > 0 FROM ... */
            c.whole = true;
        }
        if (!s || !f || !counting(f, &c.counted) || s->n_sort_clause ||
            !existence(op, with, turned, &c.exists, &c.guessed))
            continue;
        c.select = s;
        all->items[all->n++] = c;
        return false;
    }
    return true;
}

static void write_exists(struct rewriter *r, struct count *c, struct rewrite *it)
{
    Select *s = c->select;
    Node *target = s->target_list[0], *where = s->where_clause;
    Select *one = ast_select(&r->tree, "SELECT 1");
    const char *old = where ? ast_text(&r->tree, where) : NULL,
               *counted = c->counted ? ast_closed(&r->tree, c->counted) : NULL;
    bool either =
        where && IS(where, BOOL_EXPR) && where->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR;
    if (!one || (where && !old) || (c->counted && !counted))
        return;
    it->before = c->whole ? SAY("SELECT %s", ast_text(&r->tree, *c->slot)) : ast_text(&r->tree, *c->slot);
    if (counted)
        s->where_clause =
            old ? ast_expr(&r->tree, either ? "(%s) AND %s IS NOT NULL" : "%s AND %s IS NOT NULL", old,
                           counted)
                : ast_expr(&r->tree, "%s IS NOT NULL", counted);
    s->target_list[0] = one->target_list[0];
    const char *sub = ast_select_text(&r->tree, s), *name = target->res_target->name;
    s->target_list[0] = target;
    s->where_clause = where;
    if (!sub)
        return;
    it->after = SAY("%sEXISTS (%s)", c->exists ? "" : "NOT ", sub);
    if (c->whole) {
        Select *whole = ast_select(&r->tree, "SELECT %s%s%s", it->after, *name ? " AS " : "",
                                   *name ? say_name(r, name) : "");
        it->statement = whole ? ast_select_text(&r->tree, whole) : NULL;
        it->after = it->statement;
    } else {
        it->statement = rewrite_with(r, c->slot, ast_expr(&r->tree, "%s", it->after));
    }
}

void find_count(struct rewriter *r)
{
    struct counts all = {.r = r};
    ast_walk_slot(&r->tree.stmt, see_count, &all);
    for (size_t k = 0; k < all.n; k++) {
        struct count *c = &all.items[k];
        struct ast_froms from;
        size_t looked = 0;
        ast_froms(c->select, &from);
        for (size_t i = 0; i < r->plan->n_nodes && looked < LOOKED_MAX; i++) {
            const struct plan_node *n = r->plan->nodes[i];
            const struct plan_node *below = n->child;
            bool placed = c->whole
                              ? !n->parent || plan_is_gather(n->parent)
                              : str_eq(n->relationship, "SubPlan") || str_eq(n->relationship, "InitPlan");
            if (!str_eq(n->type, "Aggregate") || !placed || n->never_executed)
                continue;
            looked++;
            if (!reads_table(r, n, from.items[0].name))
                continue;
            /* Finalize Aggregate, Gather, Partial Aggregate: what is counted is below. */
            while (below && (plan_is_gather(below) || str_eq(below->type, "Aggregate")))
                below = below->child;
            if (!below)
                continue;
            double asked = r->plan->analyzed ? MAX(1, known_or(n->loops, 1))
                           : str_eq(n->relationship, "SubPlan") && n->parent
                               ? MAX(1, known_or(n->parent->plan_rows, 1))
                               : 1;
            double rows = r->plan->analyzed ? below->rows : below->plan_rows * asked,
                   part = 1 - MIN(1, asked / MAX(1, rows));
            struct saving saved = saving_total(r, n, r->plan->analyzed ? part : part * asked);
            struct rewrite *it = rewrite_found(r, n, rows / asked, saved, rows);
            if (!it)
                continue;
            it->evidence = SAY("%s rows %s counted to check %s whether there is one", say_count(r, rows),
                               r->plan->analyzed ? "were" : "would be",
                               asked > 1 ? SAY("%s times", say_count(r, asked)) : "once");
            it->advice = "Use EXISTS: it stops at the first row.";
            it->check = "The plan shows no Aggregate there, and the scan returns at most one row each time.";
            it->caveat = c->guessed ? "Only if the count is compared with 0." : NULL;
            write_exists(r, c, it);
            break;
        }
    }
}

/* ---- correlated scalar subqueries ---- */

struct links {
    Node **items[16];
    struct rewriter *r;
    size_t n;
};

static bool see_scalar(void *ctx, Node **slot)
{
    struct links *l = ctx;
    if (!IS(*slot, SUB_LINK))
        return !IS(*slot, RANGE_SUBSELECT);
    if ((*slot)->sub_link->sub_link_type == PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK &&
        l->n < ARRAY_LEN(l->items))
        l->items[l->n++] = slot;
    return false;
}

enum side { SIDE_NONE, SIDE_INNER, SIDE_OUTER, SIDE_BOTH };

struct sides {
    struct rewriter *r;
    const struct ast_froms *inner, *outer;
    enum side side;
    bool subquery;
};

static bool see_side(void *ctx, Node **slot)
{
    struct sides *s = ctx;
    if (IS(*slot, SUB_LINK))
        s->subquery = true;
    if (!IS(*slot, COLUMN_REF))
        return true;
    const char *table = ast_qualifier(*slot);
    bool inner =
        table ? from_has(s->inner, table) : true; /* a bare name is the nearest table's, when that has it */
    if (!table && s->inner->n == 1 && plan_relation(s->r, s->inner->items[0].table))
        inner = plan_column(s->r, s->inner->items[0].table, ast_column(*slot)) != NULL;
    s->side |= inner ? SIDE_INNER : SIDE_OUTER;
    return false;
}

static enum side side_of(struct rewriter *r, const struct ast_froms *inner, const struct ast_froms *outer,
                         Node *n, bool *subquery)
{
    struct sides s = {.r = r, .inner = inner, .outer = outer};
    ast_walk_slot(&n, see_side, &s);
    *subquery = *subquery || s.subquery;
    return s.side;
}

struct correlation {
    const char *inner[4], *outer[4]; /* inner = outer */
    Node *inner_node[4];
    size_t n;
    const char *rest; /* conditions of the inner tables alone; NULL: none */
};

static bool correlated(struct rewriter *r, Select *s, const struct ast_froms *inner,
                       const struct ast_froms *outer, struct correlation *out)
{
    struct ast_parts parts = {.n = 0};
    struct strbuf rest = {0};
    bool subquery = false, ok = s->where_clause != NULL;
    *out = (struct correlation){0};
    if (ok)
        ast_conjuncts(&s->where_clause, &parts);
    for (size_t i = 0; i < parts.n && ok; i++) {
        Node *n = *parts.items[i];
        enum side side = side_of(r, inner, outer, n, &subquery);
        const char *text = ast_text(&r->tree, n);
        if (side == SIDE_INNER || side == SIDE_NONE) {
            bool either = IS(n, BOOL_EXPR) && n->bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR;
            strbuf_printf(&rest, "%s%s%s%s", rest.len ? " AND " : "", either ? "(" : "", text ? text : "",
                          either ? ")" : "");
            ok = text != NULL;
            continue;
        }
        ok = str_eq(ast_operator(n), "=") && out->n < ARRAY_LEN(out->inner);
        if (!ok)
            break;
        Node *a = n->a_expr->lexpr, *b = n->a_expr->rexpr;
        enum side sa = side_of(r, inner, outer, a, &subquery), sb = side_of(r, inner, outer, b, &subquery);
        if (sa == SIDE_OUTER) {
            Node *swap = a;
            enum side turn = sa;
            a = b;
            b = swap;
            sa = sb;
            sb = turn;
        }
        bool ignored;
        out->inner_node[out->n] = a;
        out->inner[out->n] = ast_closed(&r->tree, a);
        out->outer[out->n] = qualified(r, outer, b, &ignored);
        ok = sa == SIDE_INNER && sb == SIDE_OUTER && IS(a, COLUMN_REF) && out->inner[out->n] &&
             out->outer[out->n];
        out->n++;
    }
    out->rest = rest.len ? arena_strdup(r->arena, rest.text) : NULL;
    strbuf_free(&rest);
    return ok && !subquery && out->n > 0;
}

/* The FROM text of a SELECT: "a JOIN b ON ...". */
static const char *from_text(struct rewriter *r, Select *s)
{
    Select only = PG_QUERY__SELECT_STMT__INIT;
    Select *one = ast_select(&r->tree, "SELECT 1 FROM x");
    if (!one)
        return NULL;
    only = *one;
    only.n_from_clause = s->n_from_clause;
    only.from_clause = s->from_clause;
    const char *sql = ast_select_text(&r->tree, &only);
    return sql && str_starts(sql, "SELECT 1 FROM ") ? sql + strlen("SELECT 1 FROM ") : NULL;
}

static const char *one_of(struct rewriter *r, const char *names, const char *column)
{
    return names && column && str_eq(names, say_name(r, column)) ? names : NULL;
}

/* Does the outer query name all its columns with their tables? Another table in its FROM
 * could make a bare name ambiguous. A bare * would return the other table's columns, too. */
struct bare {
    bool name, star;
};

static bool see_bare(void *ctx, Node **slot)
{
    struct bare *b = ctx;
    if (IS(*slot, SUB_LINK))
        return false;
    if (IS(*slot, COLUMN_REF)) {
        b->star = b->star || (!ast_column(*slot) && (*slot)->column_ref->n_fields == 1);
        b->name = b->name || (ast_column(*slot) && !ast_qualifier(*slot));
    }
    return true;
}

static struct bare bare_names(Select *s)
{
    struct bare b = {false, false};
    for (size_t i = 0; i < s->n_target_list; i++)
        ast_walk_slot(&s->target_list[i], see_bare, &b);
    if (s->where_clause)
        ast_walk_slot(&s->where_clause, see_bare, &b);
    for (size_t i = 0; i < s->n_sort_clause; i++)
        ast_walk_slot(&s->sort_clause[i], see_bare, &b);
    return b;
}

/* The join that computes the subquery's values; `value` is the expression that replaces the subquery. */
static const char *as_join(struct rewriter *r, Select *s, const struct ast_froms *outer, const char **value)
{
    struct ast_froms inner;
    struct correlation c;
    ast_froms(s, &inner);
    Node *v = s->target_list[0]->res_target->val;
    const char *from = from_text(r, s), *text = v ? ast_text(&r->tree, v) : NULL,
               *f = v ? ast_function(v) : NULL;
    bool subquery = false;
    if (!from || !text || !correlated(r, s, &inner, outer, &c) ||
        side_of(r, &inner, outer, v, &subquery) == SIDE_BOTH || subquery ||
        side_of(r, &inner, outer, v, &subquery) == SIDE_OUTER)
        return NULL;
    for (size_t i = 0; i < s->n_from_clause; i++) /* LATERAL or ON may reach outside */
        if (!inner.plain || side_of(r, &inner, outer, s->from_clause[i], &subquery) & SIDE_OUTER)
            return NULL;
    const char *alias = from_has(outer, "per_key") ? "per_key_2" : "per_key";
    struct strbuf b = {0};
    const char *join = NULL;
    if (ast_aggregates(s) && f) { /* a single aggregate, not an expression of some */
        strbuf_printf(&b, "LEFT JOIN (SELECT ");
        for (size_t i = 0; i < c.n; i++)
            strbuf_printf(&b, "%s AS key_%zu, ", c.inner[i], i + 1);
        strbuf_printf(&b, "%s AS per_value FROM %s%s%s GROUP BY ", text, from, c.rest ? " WHERE " : "",
                      c.rest ? c.rest : "");
        for (size_t i = 0; i < c.n; i++)
            strbuf_printf(&b, "%s%s", i ? ", " : "", c.inner[i]);
        strbuf_printf(&b, ") %s ON ", alias);
        for (size_t i = 0; i < c.n; i++)
            strbuf_printf(&b, "%s%s.key_%zu = %s", i ? " AND " : "", alias, i + 1, c.outer[i]);
        *value = !strcmp(f, "count") ? SAY("COALESCE(%s.per_value, 0)", alias) : SAY("%s.per_value", alias);
        join = arena_strdup(r->arena, b.text);
    } else if (!ast_aggregates(s) && !bare_names(r->select).name && inner.n == 1 && inner.items[0].table &&
               c.n == 1 && !from_has(outer, inner.items[0].name) &&
               one_of(r, plan_unique(r, inner.items[0].table), ast_column(c.inner_node[0]))) {
        bool ignored;
        const char *read = qualified(r, &inner, v, &ignored),
                   *key = qualified(r, &inner, c.inner_node[0], &ignored);
        Node *rest = c.rest ? ast_expr(&r->tree, "%s", c.rest) : NULL;
        const char *also = rest ? qualified(r, &inner, rest, &ignored) : NULL;
        /* A constant would appear where no row was found. */
        if (read && key && IS(v, COLUMN_REF) && (!c.rest || also)) {
            join = SAY("LEFT JOIN %s ON %s = %s%s%s", from, key, c.outer[0], also ? " AND " : "",
                       also ? also : "");
            *value = read;
        }
    }
    strbuf_free(&b);
    return join;
}

/* Few rows by index for few keys: grouping the whole table would cost more. */
static bool cheap_lookups(struct rewriter *r, const struct plan_node *sub, const char *table)
{
    for (size_t i = 0; i < r->plan->n_nodes; i++) {
        const struct plan_node *n = r->plan->nodes[i];
        const struct sd_table *t = plan_facts_table(r->in->facts, n);
        if (plan_inside(n, sub) && plan_scans(n, table) && t && t->rows > 0 && r->plan->analyzed &&
            known_or(n->rows, 0) + known_or(n->rows_removed, 0) < 0.2 * t->rows)
            return true;
    }
    return false;
}

static void write_join(struct rewriter *r, Node **slot, const char *join, const char *value,
                       struct rewrite *it)
{
    Select *s = r->select;
    PgQuery__ResTarget *named = NULL;
    Select *inner = select_of(*slot);
    for (size_t i = 0; i < s->n_target_list; i++)
        if (IS(s->target_list[i], RES_TARGET) && &s->target_list[i]->res_target->val == slot)
            named = s->target_list[i]->res_target;
    char *old_name = named ? named->name : NULL;
    const char *from = from_text(r, s);
    it->before = ast_text(&r->tree, *slot);
    it->after = SAY("%s ... %s", value, join);
    Select *joined = from ? ast_select(&r->tree, "SELECT 1 FROM %s %s", from, join) : NULL;
    Node *instead = ast_expr(&r->tree, "%s", value), **old_from = s->from_clause;
    if (!joined || !instead)
        return;
    if (named && !*named->name) { /* the column keeps its name */
        const PgQuery__ResTarget *t = inner->target_list[0]->res_target;
        const char *name = *t->name               ? t->name
                           : ast_function(t->val) ? ast_function(t->val)
                                                  : ast_column(t->val);
        if (name)
            named->name = arena_strdup(r->arena, name);
    }
    s->from_clause = joined->from_clause;
    it->statement = rewrite_with(r, slot, instead);
    s->from_clause = old_from;
    if (named)
        named->name = old_name;
}

void find_correlated(struct rewriter *r)
{
    struct links l = {.r = r};
    struct counts counted = {.r = r}; /* these are rewritten with EXISTS instead */
    struct ast_froms outer;
    Select *s = r->select;
    if (!s || s->op != PG_QUERY__SET_OPERATION__SETOP_NONE || s->n_from_clause != 1 || ast_aggregates(s) ||
        s->n_locking_clause || bare_names(s).star)
        return;
    ast_froms(s, &outer);
    for (size_t i = 0; i < s->n_target_list; i++)
        ast_walk_slot(&s->target_list[i], see_scalar, &l);
    if (s->where_clause)
        ast_walk_slot(&s->where_clause, see_scalar, &l);
    ast_walk_slot(&r->tree.stmt, see_count, &counted);
    for (size_t k = 0; k < l.n; k++) {
        Select *inner = select_of(*l.items[k]);
        struct ast_froms from;
        const char *value = NULL;
        for (size_t c = 0; c < counted.n; c++)
            if (counted.items[c].select == inner)
                inner = NULL;
        if (!inner || !simple(inner) || inner->n_sort_clause || ast_volatile(*l.items[k]))
            continue;
        ast_froms(inner, &from);
        const char *join = NULL;
        size_t looked = 0;
        for (size_t i = 0; i < r->plan->n_nodes && looked < LOOKED_MAX; i++) {
            const struct plan_node *n = r->plan->nodes[i];
            if (!str_eq(n->relationship, "SubPlan") || n->never_executed || !n->parent)
                continue;
            looked++;
            if (!reads_table(r, n, from.items[0].name) || cheap_lookups(r, n, from.items[0].name))
                continue;
            double runs = r->plan->analyzed ? known_or(n->loops, 0) : known_or(n->parent->plan_rows, 0);
            struct saving saved = saving_total(r, n, r->plan->analyzed ? 1 : runs);
            if (!join)
                join = as_join(r, inner, &outer, &value);
            struct rewrite *it = join ? rewrite_found(r, n, runs, saved, runs) : NULL;
            if (!it)
                continue;
            it->evidence = r->plan->timed
                               ? SAY("%s ran %s times: %s", n->subplan ? n->subplan : "the subquery",
                                     say_count(r, runs), say_time(r, n->total_ns))
                               : SAY("%s %s %s times", n->subplan ? n->subplan : "the subquery",
                                     r->plan->analyzed ? "ran" : "would run", say_count(r, runs));
            it->advice = "Compute it once for all keys and join: useful if most keys are needed.";
            it->check = "The plan has no SubPlan; the joined side is read once.";
            write_join(r, l.items[k], join, value, it);
            break;
        }
    }
}
